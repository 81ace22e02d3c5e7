#include "engine/mix/role_words.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* One row a role: name, rank, and its words in English and shorthand, in German, and in French, Spanish and Italian.
 * Words are lower case without accents and umlauts; blanks in them do not count, and a plural s needs no entry. */
/* clang-format off */
#define ROLES(X) \
    X("drums.bus", BROAD, "drums, drm, dr, kit, drumkit, drum bus, drum stem, drum machine", \
      "schlagzeug, schlgz, trommeln", "batterie, bateria, batteria") \
    X("drums.kick", EXACT, "kick, kik, kck, kd, bd, bass drum, kick drum", "fussdrum, grosse trommel", \
      "grosse caisse, gc, bombo, cassa") \
    X("drums.kick.in", DETAIL, "kick in, kick inside, k in, beater, kick beater", "kick innen, bassdrum innen", "") \
    X("drums.kick.out", DETAIL, "kick out, kick outside, k out", "kick aussen, bassdrum aussen", "") \
    X("drums.kick.sub", DETAIL, "sub kick, kick sub, k sub, ns10", "", "") \
    X("drums.kick.trigger", DETAIL, "kick trig, kick sample, kick trigger, kick smp", "", "") \
    X("drums.snare", EXACT, "snare, snare drum, sn, snr, sd, sna", "kleine trommel, schnarrtrommel", \
      "caisse claire, cc, caja, rullante, redoblante, tarola") \
    X("drums.snare.top", DETAIL, "snare top, sn top, snare up", "snare oben", "caisse claire haut") \
    X("drums.snare.bottom", DETAIL, "snare bottom, snare bot, sn bot, snare under", "snare unten", \
      "caisse claire bas") \
    X("drums.snare.side", DETAIL, "snare side, sn side", "snare seite", "") \
    X("drums.rim", EXACT, "rim, rimshot, sidestick, xstick, cross stick", "", "") \
    X("drums.clap", EXACT, "clap, clp, handclap", "klatschen, klatscher, haendeklatschen", "palmas, battimani") \
    X("drums.snap", EXACT, "snap, finger snap", "schnipsen, schnipp, fingerschnipsen", "") \
    X("drums.tom", EXACT, "tom, tomtom, all toms", "", "timbal") \
    X("drums.tom.rack", DETAIL, "rack tom, rtom, hi tom, high tom, mid tom, tom hi, tom mid, rack", "haengetom", \
      "tom alto, tom alta, tom aigu, timpano tom, tom medium") \
    X("drums.tom.floor", DETAIL, "floor tom, floor, ft, ftom, lo tom, low tom, tom lo, tom low", "standtom, stehtom", \
      "tom basso, tom bajo, tom grave, tom basse, goliat, tom de piso, tom de suelo, timpano a terra") \
    X("drums.hihat", EXACT, "hihat, hh, hat, chh, ohh, open hat, closed hat, hi hat open, hi hat closed", "highhat", \
      "charley, charleston, charles, charli") \
    X("drums.ride", EXACT, "ride, rd, ride cymbal, ride cym", "ridebecken", "") \
    X("drums.crash", EXACT, "crash, cr, splash, china, crash cymbal, crash cym", "crashbecken", "") \
    X("drums.cymbals", EXACT, "cym, cymbal", "becken", "cymbale, plato, platillo, piatti, piatto") \
    X("drums.overhead", EXACT, "oh, ohs, overhead, ovhd", "galgen, ueberkopf", \
      "aereo, aerien, panoramici, panoramico") \
    X("drums.room", EXACT, "drum room, drums room, drm room, kit room", \
      "schlagzeugraum, drumraum, raummikro, raummikrofon", "") \
    X("drums.mono", EXACT, "mono room, drum mono, drums mono, mono oh, mono drums, knee", "", "") \
    X("drums.far", EXACT, "drum far, drums far, far room, room far", "", "") \
    X("drums.loop", EXACT, "drum loop, top loop, break beat, drum beat, amen, drum break, drum fill, beatbox", \
      "schlagzeugloop", "") \
    X("percussion", BROAD, "perc, percussion, prc, percu", "perkussion", "percussioni, percusiones") \
    X("percussion.shaker", EXACT, "shaker, shk, shkr, egg shaker, cabasa", \
      "schuettler, rassel, rasseln, schuettelei", "maraca") \
    X("percussion.tambourine", EXACT, "tamb, tambourine, tambo, tamborine", "schellenkranz, schellenring, tamburin", \
      "pandero, pandereta, tambourin, tamburello") \
    X("percussion.conga", EXACT, "conga", "", "tumbadora") \
    X("percussion.bongo", EXACT, "bongo", "", "") \
    X("percussion.cowbell", EXACT, "cowbell, agogo", "kuhglocke", "cencerro, campanaccio, cloche") \
    X("percussion.triangle", EXACT, "triangle, tri", "triangel", "triangulo, triangolo") \
    X("percussion.cajon", EXACT, "cajon", "", "") \
    X("percussion.other", EXACT, "guiro, woodblock, djembe, darbuka, tabla, timbale, claves, vibraslap, " \
      "sleigh bells, surdo, taiko, hand drum, frame drum", "holzblock, schellen, rahmentrommel, stampfer", "sonagli") \
    X("percussion.timpani", EXACT, "timp, timpani", "pauke, pauken, kesselpauken", \
      "timbales, timpano, timbales orchestre") \
    X("percussion.bass_drum", EXACT, "gran cassa, orch bd, concert bass drum, orchestral bass drum", \
      "konzerttrommel", "grosse caisse orchestre, bombo sinfonico") \
    X("percussion.snare", EXACT, "concert snare, orch snare, orchestral snare", "", "caisse claire orchestre") \
    X("percussion.cymbals", EXACT, "orch cymbals, concert cymbals, sus cym, suspended cymbal", "orchesterbecken", \
      "piatti sospesi") \
    X("percussion.mallets", EXACT, "glock, xylo, vibes, marimba, tubular bells, crotales, mallets, kalimba, steel drum, " \
      "steel pan", \
      "glockenspiel, xylophon, vibraphon, roehrenglocken", \
      "xilofono, vibrafono, vibraphone, xylophone, campane tubolari, campanas") \
    X("percussion.gong", EXACT, "gong, tam tam", "", "") \
    X("bass", BROAD, "bass, bs, bass gtr, bs gtr, bass gt, ebass, bass guitar, electric bass, elec bass, fretless", \
      "bassgitarre, basslauf", "basse, bajo, basso, guitare basse, bajo electrico, basso elettrico") \
    X("bass.di", DETAIL, "bass di, di bass, bs di, bass gtr di", "bass direkt", "basse di, bajo di, basso di") \
    X("bass.amp", DETAIL, "bass amp, bass cab, bass mic, amp bass, bs amp, svt, ampeg, bass rig", "bass verstaerker", \
      "basse ampli, bajo ampli, basso ampli") \
    X("bass.synth", EXACT, "synth bass, syn bass, bass synth, bass syn, moog bass, bass moog, reese, acid bass, " \
      "tb303, wobble", "synthiebass", "basse synthe, bajo synth, basso synth, bajo sintetizador") \
    X("bass.sub", EXACT, "sub bass, 808 bass, bass 808, bass sub, sub 808, 808 sub", "", "sub basse, sub bajo") \
    X("bass.upright", EXACT, "upright, upright bass, acoustic bass, standup bass, bass upright, double bass, " \
      "dbl bass, contrabass", "bassgeige, kontrabass", "contrebasse, contrabajo, contrabbasso") \
    X("guitars", BROAD, "gtr, gt, guitar, guit, strat, tele, les paul, gat", "gitarre, git, gitarren, gita, klampfe", \
      "guitare, guitarra, chitarra, chitarre") \
    X("guitars.electric", EXACT, "egtr, eg, electric gtr, electric guitar, elec gtr, el gtr, dist gtr, power gtr, " \
      "rhythm gtr, rtm gtr", "e gitarre, e gitarren, egit, stromgitarre, zerrgitarre, rhythmusgitarre, verzerrt", \
      "guitare elec, guitare electrique, guitarra electrica, chitarra elettrica, saturee") \
    X("guitars.lead", DETAIL, "solo gtr, lead gtr, ld gtr, solo guitar, lead guitar", \
      "sologitarre, leadgitarre, lead git, solo git", "guitare solo, guitarra solista, chitarra solista") \
    X("guitars.clean", DETAIL, "clean gtr, clean guitar, gtr clean, cln gtr, gtr cln", "cleangitarre, git clean", \
      "guitare claire, guitarra limpia, chitarra pulita") \
    X("guitars.di", DETAIL, "gtr di, di gtr, guitar di, di guitar", "git di", "") \
    X("guitars.acoustic", EXACT, "agtr, ag, acgtr, acoustic gtr, acoustic guitar, aco gtr, strum, steel string", \
      "akustikgitarre, a gitarre, a git, akustik git, akgit, westerngitarre, western, schlaggitarre", \
      "guitare acoustique, guitare seche, guitarra acustica, chitarra acustica") \
    X("guitars.nylon", DETAIL, "nylon, classical gtr, classical guitar, spanish guitar, nylon gtr", \
      "konzertgitarre, klassische gitarre, nylongitarre", \
      "guitare classique, guitarra clasica, guitarra espanola, chitarra classica, flamenca") \
    X("guitars.twelve", DETAIL, "12str, 12 string, twelve string, 12 str gtr, 12 string gtr", \
      "zwoelfsaiter, zwoelfsaitige", "doce cuerdas, 12 corde") \
    X("guitars.other", EXACT, "banjo, mandolin, mando, uke, ukulele, lap steel, pedal steel, dobro, sitar", \
      "mandoline, zither, laute", "bouzouki, charango, mandolino, oud, banjo tenor") \
    X("keys.piano", EXACT, "piano, pno, pf, grand, grand piano, upright piano, rhodes, rds, wurli, wurlitzer, " \
      "epiano, electric piano, clav, clavinet", "klavier, fluegel, e klavier", "pianoforte, piano droit") \
    X("keys.organ", EXACT, "organ, org, hammond, b3, leslie, farfisa", "orgel, kirchenorgel, hammondorgel", \
      "orgue, organo") \
    X("keys.other", EXACT, "keys, kbd, keyboard, accordion, accord, celesta, harpsichord, mellotron, harmonium, " \
      "melodica, harmonica, blues harp", "tasten, akkordeon, ziehharmonika, mundharmonika, cembalo, spinett", \
      "clavier, teclado, tastiera, tastiere, fisarmonica, armonica, acordeon, clavecin, accordeon") \
    X("synths", BROAD, "syn, synth, poly, minilogue, juno, prophet, supersaw", "synthie, synthesizer, synthi", \
      "synthe, synthetiseur, sintetizador, sinte, sintetizzatore") \
    X("synths.lead", EXACT, "lead syn, ld syn, lead synth, synth lead, syn lead", "", "synthe lead, sinte lead") \
    X("synths.pad", EXACT, "pad, pd, synth pad", "flaeche, flaechen, teppich, streicherteppich", "nappe, tappeto") \
    X("synths.arp", EXACT, "arp, arpeggio, arpeggiator", "", "arpege, arpegio") \
    X("synths.pluck", EXACT, "pluck, plk", "", "") \
    X("synths.stab", EXACT, "stab, chord stab", "", "") \
    X("synths.bells", EXACT, "synth bell, bell synth", "", "") \
    X("synths.chord", EXACT, "synth chord, chord synth", "", "") \
    X("synths.sequence", EXACT, "sequence, sequencer, synth seq", "sequenz, sequenzen", "sequenza, secuencia") \
    X("strings", BROAD, "str, string, string section, string quartet", "streicher, strch, streichquartett", \
      "corde, cuerdas, archi") \
    X("strings.violin", EXACT, "vln, violin, fiddle", \
      "geige, geigen, violine, violinen, 1 violinen, 2 violinen, erste geigen, zweite geigen", \
      "violon, violino, violini") \
    X("strings.viola", EXACT, "vla, viola", "bratsche, bratschen", "viole") \
    X("strings.cello", EXACT, "vc, vlc, cello, celli", "violoncello, violoncelli", "violoncelle, violonchelo, chelo") \
    X("strings.double_bass", EXACT, "db, cb, basses, string bass, double basses", "kontrabaesse", \
      "contrebasses, contrabajos, contrabbassi") \
    X("brass", BROAD, "brass, horns, brs, horn section", "blaeser, blech, blechblaeser, blasersatz", \
      "cuivre, vientos metal, metales, ottoni, fiati") \
    X("brass.trumpet", EXACT, "tpt, trp, trumpet, flugelhorn, cornet", "trompete, trompeten, kornett", \
      "trompette, tromba, trompeta, bugle") \
    X("brass.trombone", EXACT, "tbn, tromb, trombone, bone, bass trombone, bass bone", \
      "posaune, posaunen, bassposaune", "trombon, tromboni") \
    X("brass.horn", EXACT, "horn, hn, fr horn, french horn, f horn", "waldhorn, hoerner, waldhoerner", \
      "cor, trompa, corno, corni, cor d harmonie") \
    X("brass.tuba", EXACT, "tba, tuba, euphonium, sousaphone", "", "bombardino") \
    X("woodwinds", BROAD, "ww, winds, woodwind, bagpipe", "holz, holzblaeser, dudelsack", \
      "bois, vientos madera, maderas, legni, cornemuse, gaita, cornamusa") \
    X("woodwinds.sax", EXACT, "sax, alto sax, tenor sax, bari sax, bari, baritone sax, soprano sax, saxophone, " \
      "sax alto, sax tenor, sax bari", "saxophon, saxofon, altsax, altsaxophon, tenorsaxophon", \
      "saxo, sassofono, sassofoni, saxo alto, saxo tenor") \
    X("woodwinds.flute", EXACT, "flute, fl, picc, piccolo, alto flute, bass flute, whistle, tin whistle", \
      "floete, floeten, querfloete, querfloeten", "flauto, flauta, flauti, flute traversiere") \
    X("woodwinds.recorder", EXACT, "recorder", "blockfloete, blockfloeten", \
      "flute a bec, flauta dulce, flauto dolce") \
    X("woodwinds.clarinet", EXACT, "clarinet, cl, clar, bass clarinet", "klarinette, klarinetten, bassklarinette", \
      "clarinette, clarinete, clarinetto, clarinetti") \
    X("woodwinds.oboe", EXACT, "oboe, ob, eng horn, english horn, cor anglais", "oboen, englischhorn", \
      "hautbois, corno inglese, corno ingles, oboi") \
    X("woodwinds.bassoon", EXACT, "bassoon, bsn", "fagott, fagotte, kontrafagott", "basson, fagotto, fagot, fagotti") \
    X("harp", EXACT, "harp, hrp", "harfe, harfen", "harpe, arpa, arpe") \
    X("orchestra.main", EXACT, "decca, decca tree, ab main, ortf, main mics, main pair, main tree", \
      "hauptmikro, hauptmikrofon, hauptsystem", "couple principal, par principal, coppia principale") \
    X("orchestra.surround", EXACT, "surr, surround", "", "ambiance arriere") \
    X("orchestra.room", EXACT, "hall mics, orchestra room, room tree", "saalmikro, orchesterraum", "") \
    X("vocals.lead", BROAD, "lv, ldv, lead vox, ld vox, lead voc, lead vocal, main vox, main vocal, vox, voc, " \
      "vocal, vx, singer, rap, vox lead, vocal lead, acapella, a cappella, acappella, accapella", \
      "gesang, ges, leadgesang, hauptstimme, hauptgesang, stimme, saenger, saengerin, sprechgesang", \
      "voix, chant, voz, voce, voci, voix lead, voz principal, voce principale, canto, chanteuse") \
    X("vocals.double", EXACT, "lv d, lead dbl, lead double, vox dbl, vox double, vocal double", \
      "dopplung, doppler, gedoppelt, doppelung, gesangsdopplung", "doublage, doppia voce, doblaje") \
    X("vocals.adlib", EXACT, "adlib", "zwischenrufe, zwischenruf", "") \
    X("vocals.harmony", EXACT, "harmony, hrm, vox harm, vocal harm", \
      "zweite stimme, 2 stimme, dritte stimme, 3 stimme, terz", \
      "armonia, armonie, harmonie, seconde voix, segunda voz, seconda voce") \
    X("vocals.backing", EXACT, "bv, bvs, bgv, bgvox, bkg vox, backing vox, backing vocal, bck vox, bkgs, bgvocals, " \
      "background vocals, gang vox, gang vocals, crowd vox, crowd vocals, group vox, ooh, aah, ahhs, choir vox", "chor gesang, hintergrund, " \
      "hintergrundgesang, begleitstimme, begleitstimmen, hintergrundchor, backgroundgesang, satzgesang", \
      "choeurs, coros, cori, voix de fond, segundas voces, controcanto, coristi") \
    X("choir", EXACT, "choir, chr, satb, gospel choir", "chor, choere", "choeur, coro, chorale, coral") \
    X("choir.soprano", EXACT, "soprano, sop", "sopran, soprane, soprani", "") \
    X("choir.alto", EXACT, "alto voice, altos, alto vox", "altstimme, altistinnen", "") \
    X("choir.tenor", EXACT, "tenor, tenor voice, tenor vox", "tenoere, tenorstimme", "tenori") \
    X("choir.bass", EXACT, "bass voice, bass vox, choir bass, bass singer", "bassstimme, chorbass, chorbaesse", \
      "voix basse, basses du choeur") \
    X("choir.children", EXACT, "boys choir, childrens choir, kids choir", "kinderchor, knabenchor", \
      "choeur d enfants, coro de ninos, coro di bambini, voci bianche") \
    X("speech", EXACT, "speech, spoken, spoken word, vo, voiceover, narr, narrator, narration, dialog, dialogue, podcast", \
      "sprecher, sprecherin, sprache, erzaehler, erzaehlerin, moderation", \
      "narrateur, narrador, narratore, locutor, voix off, voz en off, parlato") \
    X("fx", BROAD, "fx, sfx, efx, effects, riser, uplifter, downlifter, sweep, rev cym, reverse cymbal, " \
      "reverse cym, ambience fx, audience, applause, foley, vinyl, whoosh, swoosh, dj scratch, " \
      "scratches, scratching, turntable, drone", \
      "effekt, effekte, effekten, geraeusch, geraeusche, rauschen, publikum, applaus", \
      "applaudissement, applauso, aplauso, effet, efectos, effetti, bruitage, ruido, rumore, rumori") \
    X("returns.reverb", EXACT, "verb, reverb, hall fx, room fx, plate verb, reverb return, vrb", \
      "nachhall, hallfahne", "reverbe, riverbero, reverberation, reverberacion") \
    X("returns.delay", EXACT, "dly, delay, echo, slapback", "verzoegerung", "retard, eco, ritardo") \
    X("ignore", DECISIVE, "click track, metronome, guide, guide vox, scratch vox, " \
      "scratch vocal, scratch gtr, scratch guitar, scratch track, smpte, ltc, talkback, slate, countin, " \
      "count off, timecode", "metronom, einzaehler, vorzaehler, pilotspur, pilot, fuehrungsspur, klickspur", \
      "claqueta, clic, claquette, voix temoin, guia, metronomo") \
    X("mix.rough", DECISIVE, "rough, rough mix, ruff mix, 2 mix, bounce mix, full mix, " \
      "stereo mix, demo mix, mix down", "rohmix, vorabmix, gesamtmix, rohmischung, summenmix", \
      "mezcla, missaggio, mixage, premix, maquette, mezcla de referencia") \
    X("mix.reference", DECISIVE, "reference, ref track, reference track, ref song", "referenz, referenzsong", \
      "reference mix, referencia, riferimento")

const td_word_row td_beside_rows[] = {
    { "drums.kick.in", "in, inside, inner, beater, 91, innen, int", .rank = TD_RANK_DETAIL, .after = "drums.kick" },
    { "drums.kick.out", "out, outside, outer, fet, aussen, ext", .rank = TD_RANK_DETAIL, .after = "drums.kick" },
    { "drums.kick.sub", "sub, subkick, ns10", .rank = TD_RANK_DETAIL, .after = "drums.kick" },
    { "drums.kick.trigger", "trig, trigger, sample, smp", .rank = TD_RANK_DETAIL, .after = "drums.kick" },
    { "drums.kick", "click", .rank = TD_RANK_EXACT, .after = "drums.kick" },
    { "drums.snare.top", "top, up, t, oben, haut, arriba, sopra", .rank = TD_RANK_DETAIL, .after = "drums.snare" },
    { "drums.snare.bottom", "bot, btm, bottom, under, b, unten, bas, abajo, sotto", .rank = TD_RANK_DETAIL,
      .after = "drums.snare" },
    { "drums.snare.side", "side, seite", .rank = TD_RANK_DETAIL, .after = "drums.snare" },
    { "drums.overhead", "aereos, over, overs", .rank = TD_RANK_EXACT, .after = "drums" },
    { "drums.mono", "mono", .rank = TD_RANK_PLACE, .after = "drums.bus" },
    { "bass.di", "di, direct, direkt", .rank = TD_RANK_DETAIL, .after = "bass" },
    { "bass.amp", "amp, cab, mic, ampli, verstaerker, mikro", .rank = TD_RANK_DETAIL, .after = "bass" },
    { "guitars.di", "di, direct, direkt", .rank = TD_RANK_DETAIL, .after = "guitars" },
    { "guitars.lead", "lead, ld, solo, solista", .rank = TD_RANK_DETAIL, .after = "guitars" },
    { "synths.lead", "lead, ld, solo", .rank = TD_RANK_EXACT, .after = "synths" },
    { "strings.double_bass", "bass, bs, basse", .rank = TD_RANK_EXACT, .after = "strings" },

    { "choir.bass", "bass, basses, baesse, basse, bassi, bajo", .rank = TD_RANK_EXACT, .in = TD_WITH_VOICES },
    { "choir.alto", "alto, alt, contralto", .rank = TD_RANK_EXACT, .in = TD_WITH_VOICES },
    { "choir.tenor", "tenor", .rank = TD_RANK_EXACT, .in = TD_WITH_VOICES },
    { "woodwinds.sax", "alto, tenor, bari", .rank = TD_RANK_EXACT, .in = TD_WITH_WINDS },
    { "strings.viola", "alto, altos", .rank = TD_RANK_EXACT, .in = TD_WITH_STRINGS },
    { "choir.alto", "alto, alt, contralto", .rank = TD_RANK_WEAK, .guess = true },
    { "strings.double_bass", "kontrabass, double bass, dbl bass, contrabass, contrebasse, contrabajo, contrabbasso",
      .rank = TD_RANK_EXACT, .in = TD_WITH_STRINGS },
    { "strings.violin", "v1, v2", .rank = TD_RANK_EXACT, .in = TD_WITH_STRINGS },
    { "percussion.bass_drum", "grosse trommel, gran cassa, grosse caisse, bass drum, cassa, bombo", .rank = TD_RANK_EXACT,
      .in = TD_ORCHESTRAL },
    { "percussion.snare", "kleine trommel, snare drum, caisse claire, caja", .rank = TD_RANK_EXACT, .in = TD_ORCHESTRAL },
    { "percussion.cymbals", "becken, piatti, cymbals, cymbal, cymbales, platos, platillos", .rank = TD_RANK_EXACT,
      .in = TD_ORCHESTRAL },
    { "orchestra.main", "main, tree, ab", .rank = TD_RANK_WEAK, .in = TD_ORCHESTRAL },
    { "orchestra.room", "room, rm, amb, ambience, raum, saal, hall, salle, sala, ambiente", .rank = TD_RANK_PLACE,
      .in = TD_WITH_MAIN },
    { "orchestra.room", "hall, saal", .rank = TD_RANK_PLACE, .in = TD_ORCHESTRAL, .guess = true },
    { "bass.sub", "808", .rank = TD_RANK_WEAK, .in = TD_WITH_KICK, .guess = true },
    { "drums.kick", "808", .rank = TD_RANK_WEAK, .guess = true },

    { "drums.bus", "drum", .rank = TD_RANK_WEAK },
    { "drums.tom.rack", "t1, t2", .rank = TD_RANK_WEAK },
    { "drums.tom.floor", "t3, t4", .rank = TD_RANK_WEAK },
    { "drums.loop", "beat", .rank = TD_RANK_WEAK, .after = "drums" },
    { "drums.loop", "beat", .rank = TD_RANK_WEAK, .guess = true, .sung_to = true },
    { "drums.loop", "loop, break", .rank = TD_RANK_WEAK },
    { "drums.overhead", "over", .rank = TD_RANK_WEAK },
    { "drums.room", "room, rm, amb, ambience, crush, raum, salle, ambiance, sala, ambiente", .rank = TD_RANK_PLACE },
    { "drums.far", "far", .rank = TD_RANK_PLACE },
    { "orchestra.main", "tree", .rank = TD_RANK_WEAK, .guess = true },
    { "orchestra.room", "saal", .rank = TD_RANK_PLACE, .guess = true },
    { "percussion.gong", "tam", .rank = TD_RANK_WEAK },
    { "bass.sub", "sub", .rank = TD_RANK_WEAK },
    { "bass.synth", "moog", .rank = TD_RANK_WEAK },
    { "guitars.electric", "elec, electric, dist, distorted, crunch, od, overdrive, zerre, electrica, elettrica, "
      "electrique",
      .rank = TD_RANK_WEAK },
    { "guitars.clean", "clean, cln, limpia, pulita", .rank = TD_RANK_WEAK },
    { "guitars.acoustic", "acoustic, aco, akustik, acoustique, acustica", .rank = TD_RANK_WEAK },
    { "guitars.other", "slide", .rank = TD_RANK_WEAK },
    { "keys.piano", "ep", .rank = TD_RANK_WEAK },
    { "keys.other", "key", .rank = TD_RANK_WEAK },
    { "synths.sequence", "seq", .rank = TD_RANK_WEAK },
    { "synths.bells", "bell, bells", .rank = TD_RANK_WEAK },
    { "synths.chord", "chord", .rank = TD_RANK_WEAK },
    { "vocals.double", "dbl, double, dub, stack, dobl", .rank = TD_RANK_WEAK },
    { "vocals.adlib", "hype", .rank = TD_RANK_WEAK },
    { "vocals.harmony", "harm, 3rd, 5th, oct", .rank = TD_RANK_WEAK },
    { "vocals.backing", "bg, bck, bkg, backing, background, gang, shout", .rank = TD_RANK_WEAK },
    { "speech", "dx", .rank = TD_RANK_WEAK },
    { "fx", "crowd", .rank = TD_RANK_WEAK, .guess = true },
    { "fx", "reverse, noise, impact, boom, hit, atmo, atmos, texture", .rank = TD_RANK_WEAK },
    { "returns.reverb", "rev, plate, spring", .rank = TD_RANK_WEAK },
    { "returns.reverb", "hall", .rank = TD_RANK_WEAK, .guess = true },
    { "synths", "vocoder, talkbox", .rank = TD_RANK_WEAK, .guess = true },
    { "ignore", "scratch", .rank = TD_RANK_DECISIVE, .guess = true },
    { "ignore", "click, clk, klick, cue, tb, count", .rank = TD_RANK_EXACT },
    { "mix.rough", "2 track, 2trk, two track", .rank = TD_RANK_DECISIVE, .guess = true, .sung_to = true },
    { "mix.rough", "instrumental, inst, instru, strumentale", .rank = TD_RANK_WEAK, .guess = true, .sung_to = true },
    { "mix.rough", "mix, master, print, summe, vorlage", .rank = TD_RANK_WEAK, .guess = true },
    { "other", "backing track, playback, halbplayback, karaoke, minus one", .rank = TD_RANK_EXACT, .guess = true },
    { "mix.reference", "ref", .rank = TD_RANK_WEAK },
};
const size_t td_n_beside_rows = COUNT(td_beside_rows);

const char *const td_buses[] = { "drums", "percussion", "bass", "guitars", "keys", "synths", "strings", "brass",
    "woodwinds", "harp", "orchestra", "vocals", "choir", "speech", "fx", "returns", "other", NULL };

#define NAME_ONLY(role, rank, en, de, romance) role,
/* what a job or recipe may write: the buses that are no role of the table themselves, and all roles */
static const char *const role_names[] = { "drums", "keys", "orchestra", "vocals", "returns", "other",
    ROLES(NAME_ONLY) };

#define ROW(role, rank, en, de, romance) { role, TD_RANK_##rank, { en, de, romance } },
const td_role_row td_role_rows[] = { ROLES(ROW) };
const size_t td_n_role_rows = COUNT(td_role_rows);
/* clang-format on */

bool td_role_known(const char *role)
{
    for (size_t i = 0; i < COUNT(role_names); i++) {
        if (!strcmp(role_names[i], role)) return true;
    }
    return false;
}

size_t td_role_names(const char *const **out)
{
    *out = role_names;
    return COUNT(role_names);
}
