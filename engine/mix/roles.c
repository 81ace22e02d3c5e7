#include "engine/mix/roles.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How much a word says, from least to most. The strongest word of the winning bus names the role. A word of rank PLACE
 * or WEAK, or of two letters ("OD", "DB"), names a bus only where no other word does. */
typedef enum rank {
    BROAD,    /* the whole bus: "drums", "gtr" */
    PLACE,    /* where a microphone stood: "room" belongs to the instrument beside it */
    WEAK,     /* a manner more than an instrument: "clean", "double", "loop" */
    EXACT,    /* an instrument */
    DETAIL,   /* a part of one: "snare top" */
    DECISIVE, /* whatever else the name says: a guide vocal is no vocal */
} rank;

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
    X("drums.loop", EXACT, "drum loop, top loop, break beat, drum beat, amen, drum break", "schlagzeugloop", "") \
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
    X("percussion.mallets", EXACT, "glock, xylo, vibes, marimba, tubular bells, crotales, mallets, kalimba", \
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
      "melodica", "tasten, akkordeon, ziehharmonika, cembalo, spinett", \
      "clavier, teclado, tastiera, tastiere, fisarmonica, acordeon, clavecin, accordeon") \
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
    X("woodwinds", BROAD, "ww, winds, woodwind", "holz, holzblaeser", "bois, vientos madera, maderas, legni") \
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
      "vocal, vx, singer, rap, vox lead, vocal lead", \
      "gesang, ges, leadgesang, hauptstimme, hauptgesang, stimme, saenger, saengerin, sprechgesang", \
      "voix, chant, voz, voce, voci, voix lead, voz principal, voce principale, canto, chanteuse") \
    X("vocals.double", EXACT, "lv d, lead dbl, lead double, vox dbl, vox double, vocal double", \
      "dopplung, doppler, gedoppelt, doppelung, gesangsdopplung", "doublage, doppia voce, doblaje") \
    X("vocals.adlib", EXACT, "adlib", "zwischenrufe, zwischenruf", "") \
    X("vocals.harmony", EXACT, "harmony, hrm, vox harm, vocal harm", \
      "zweite stimme, 2 stimme, dritte stimme, 3 stimme, terz", \
      "armonia, armonie, harmonie, seconde voix, segunda voz, seconda voce") \
    X("vocals.backing", EXACT, "bv, bvs, bgv, bgvox, bkg vox, backing vox, backing vocal, bkgs, bgvocals, " \
      "background vocals, gang vox, gang vocals, group vox, ooh, aah, ahhs, choir vox", "chor gesang, hintergrund, " \
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
    X("speech", EXACT, "spoken, spoken word, vo, voiceover, narr, narrator, narration, dialog, dialogue, podcast", \
      "sprecher, sprecherin, sprache, erzaehler, erzaehlerin, moderation", \
      "narrateur, narrador, narratore, locutor, voix off, voz en off, parlato") \
    X("fx", BROAD, "fx, sfx, efx, effects, riser, uplifter, downlifter, sweep, rev cym, reverse cymbal, " \
      "reverse cym, ambience fx, foley, vinyl, whoosh, swoosh, dj scratch, drone", \
      "effekt, effekte, effekten, geraeusch, geraeusche, rauschen", \
      "effet, efectos, effetti, bruitage, ruido, rumore, rumori") \
    X("returns.reverb", EXACT, "verb, reverb, hall fx, room fx, plate verb, reverb return, vrb", \
      "nachhall, hallfahne", "reverbe, riverbero, reverberation, reverberacion") \
    X("returns.delay", EXACT, "dly, delay, echo, slapback", "verzoegerung", "retard, eco, ritardo") \
    X("ignore", DECISIVE, "click track, metronome, guide, guide vox, scratch, smpte, ltc, talkback, slate, countin, " \
      "count off, timecode", "metronom, einzaehler, vorzaehler, pilotspur, pilot, fuehrungsspur, klickspur", \
      "claqueta, clic, claquette, voix temoin, guia, metronomo") \
    X("mix.rough", DECISIVE, "rough, rough mix, ruff mix, 2 mix, 2trk, 2 track, two track, bounce mix, full mix, " \
      "stereo mix, demo mix, mix down", "rohmix, vorabmix, gesamtmix, rohmischung, summenmix", \
      "mezcla, missaggio, mixage, premix, maquette, mezcla de referencia") \
    X("mix.reference", DECISIVE, "reference, ref track, reference track, ref song", "referenz, referenzsong", \
      "reference mix, referencia, riferimento")

/* Words that say less, or something else, depending on what stands beside them. They are looked at before the table
 * above, in this order. */
typedef enum context {
    ANYWHERE,
    WITH_STRINGS = 1,   /* other strings are in the session */
    ORCHESTRAL = 2,     /* strings or woodwinds, and neither drum kit nor guitars nor synths */
    WITH_WINDS = 4,     /* saxophones or brass */
    WITH_VOICES = 8,    /* choir voices and no drum kit */
    WITH_MAIN = 16,     /* a main microphone system */
    WITH_KICK = 32,
} context;

typedef struct word_row {
    const char *role, *words;
    rank rank;
    const char *after; /* counts only when a word to its left named this role */
    context in;        /* counts only in such a session */
    bool guess;
} word_row;

static const word_row beside[] = {
    { "drums.kick.in", "in, inside, inner, beater, 91, innen, int", .rank = DETAIL, .after = "drums.kick" },
    { "drums.kick.out", "out, outside, outer, fet, aussen, ext", .rank = DETAIL, .after = "drums.kick" },
    { "drums.kick.sub", "sub, subkick, ns10", .rank = DETAIL, .after = "drums.kick" },
    { "drums.kick.trigger", "trig, trigger, sample, smp", .rank = DETAIL, .after = "drums.kick" },
    { "drums.kick", "click", .rank = EXACT, .after = "drums.kick" },
    { "drums.snare.top", "top, up, t, oben, haut, arriba, sopra", .rank = DETAIL, .after = "drums.snare" },
    { "drums.snare.bottom", "bot, btm, bottom, under, b, unten, bas, abajo, sotto", .rank = DETAIL,
      .after = "drums.snare" },
    { "drums.snare.side", "side, seite", .rank = DETAIL, .after = "drums.snare" },
    { "drums.overhead", "aereos, over, overs", .rank = EXACT, .after = "drums" },
    { "drums.mono", "mono", .rank = PLACE, .after = "drums.bus" },
    { "bass.di", "di, direct, direkt", .rank = DETAIL, .after = "bass" },
    { "bass.amp", "amp, cab, mic, ampli, verstaerker, mikro", .rank = DETAIL, .after = "bass" },
    { "guitars.di", "di, direct, direkt", .rank = DETAIL, .after = "guitars" },
    { "guitars.lead", "lead, ld, solo, solista", .rank = DETAIL, .after = "guitars" },
    { "synths.lead", "lead, ld, solo", .rank = EXACT, .after = "synths" },
    { "strings.double_bass", "bass, bs, basse", .rank = EXACT, .after = "strings" },

    { "choir.bass", "bass, basses, baesse, basse, bassi, bajo", .rank = EXACT, .in = WITH_VOICES },
    { "choir.alto", "alto, alt, contralto", .rank = EXACT, .in = WITH_VOICES },
    { "choir.tenor", "tenor", .rank = EXACT, .in = WITH_VOICES },
    { "woodwinds.sax", "alto, tenor, bari", .rank = EXACT, .in = WITH_WINDS },
    { "strings.viola", "alto, altos", .rank = EXACT, .in = WITH_STRINGS },
    { "choir.alto", "alto, alt, contralto", .rank = WEAK, .guess = true },
    { "strings.double_bass", "kontrabass, double bass, dbl bass, contrabass, contrebasse, contrabajo, contrabbasso",
      .rank = EXACT, .in = WITH_STRINGS },
    { "strings.violin", "v1, v2", .rank = EXACT, .in = WITH_STRINGS },
    { "percussion.bass_drum", "grosse trommel, gran cassa, grosse caisse, bass drum, cassa, bombo", .rank = EXACT,
      .in = ORCHESTRAL },
    { "percussion.snare", "kleine trommel, snare drum, caisse claire, caja", .rank = EXACT, .in = ORCHESTRAL },
    { "percussion.cymbals", "becken, piatti, cymbals, cymbal, cymbales, platos, platillos", .rank = EXACT,
      .in = ORCHESTRAL },
    { "orchestra.main", "main, tree, ab", .rank = WEAK, .in = ORCHESTRAL },
    { "orchestra.room", "room, rm, amb, ambience, raum, saal, hall, salle, sala, ambiente", .rank = PLACE,
      .in = WITH_MAIN },
    { "orchestra.room", "hall, saal", .rank = PLACE, .in = ORCHESTRAL, .guess = true },
    { "bass.sub", "808", .rank = WEAK, .in = WITH_KICK, .guess = true },
    { "drums.kick", "808", .rank = WEAK, .guess = true },

    { "drums.tom.rack", "t1, t2", .rank = WEAK },
    { "drums.tom.floor", "t3, t4", .rank = WEAK },
    { "drums.loop", "loop, beat, break", .rank = WEAK },
    { "drums.overhead", "over", .rank = WEAK },
    { "drums.room", "room, rm, amb, ambience, crush, raum, salle, ambiance, sala, ambiente", .rank = PLACE },
    { "drums.far", "far", .rank = PLACE },
    { "bass.sub", "sub", .rank = WEAK },
    { "bass.synth", "moog", .rank = WEAK },
    { "guitars.electric", "elec, electric, dist, distorted, crunch, od, overdrive, zerre, electrica, elettrica, "
      "electrique",
      .rank = WEAK },
    { "guitars.clean", "clean, cln, limpia, pulita", .rank = WEAK },
    { "guitars.acoustic", "acoustic, aco, akustik, acoustique, acustica", .rank = WEAK },
    { "guitars.other", "slide", .rank = WEAK },
    { "keys.piano", "ep", .rank = WEAK },
    { "keys.other", "key", .rank = WEAK },
    { "synths.sequence", "seq", .rank = WEAK },
    { "synths.bells", "bell, bells", .rank = WEAK },
    { "synths.chord", "chord", .rank = WEAK },
    { "vocals.double", "dbl, double, dub, stack, dobl", .rank = WEAK },
    { "vocals.adlib", "hype", .rank = WEAK },
    { "vocals.harmony", "harm, 3rd, 5th, oct", .rank = WEAK },
    { "vocals.backing", "bg, bkg, backing, background, gang, shout, crowd", .rank = WEAK },
    { "speech", "dx", .rank = WEAK },
    { "fx", "reverse, noise, impact, boom, hit, atmo, atmos, texture", .rank = WEAK },
    { "returns.reverb", "rev, plate, spring", .rank = WEAK },
    { "returns.reverb", "hall", .rank = WEAK, .guess = true },
    { "ignore", "click, clk, klick, cue, tb, count", .rank = EXACT },
    { "mix.rough", "mix, master, print, instrumental, inst, summe, vorlage", .rank = WEAK, .guess = true },
    { "mix.reference", "ref", .rank = WEAK },
};

const char *const td_buses[] = { "drums", "percussion", "bass", "guitars", "keys", "synths", "strings", "brass",
    "woodwinds", "harp", "orchestra", "vocals", "choir", "speech", "fx", "returns", "other", NULL };

#define NAME_ONLY(role, rank, en, de, romance) role,
/* what a job or recipe may write: the buses that are no role of the table themselves, and all roles */
static const char *const role_names[] = { "drums", "keys", "orchestra", "vocals", "returns", "other",
    ROLES(NAME_ONLY) };

typedef struct role_row {
    const char *role;
    rank rank;
    const char *words[3];
} role_row;

#define ROW(role, rank, en, de, romance) { role, rank, { en, de, romance } },
static const role_row roles[] = { ROLES(ROW) };
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum { WORDS_MAX = 32, WORD_SIZE = 32, JOIN_MAX = 5, HITS_MAX = 16 };

/* A name in words: lower case, ASCII, letters or digits only. */
typedef struct words {
    char word[WORDS_MAX][WORD_SIZE];
    size_t n, first; /* words before `first` are track numbers and what all names share */
} words;

/* ---- from bytes to words ----------------------------------------------------------------------------------------- */

/* The base letter of U+00C0 to U+017F; a blank where there is none. */
static const char latin[] = "AAAAAAACEEEEIIIIDNOOOOO OUUUUYTsaaaaaaaceeeeiiiidnooooo ouuuuyty"
                            "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlLlLlNnNnNnnNnOoOoOoOo"
                            "RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";

static int hex_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

/* One byte of a name that may come from a URL. */
static unsigned char next_byte(const char **s)
{
    const char *p = *s;
    if (p[0] == '%' && hex_digit(p[1]) > 0 && hex_digit(p[2]) >= 0) {
        *s = p + 3;
        return (unsigned char)(hex_digit(p[1]) * 16 + hex_digit(p[2]));
    }
    *s = p + 1;
    return (unsigned char)*p;
}

/* The next letter or digit without its accent; ' ' for anything that parts words, 0 for what does not count (combining
 * accents, so that composed and decomposed umlauts read alike). Bytes that are no UTF-8 are taken as Latin-1. */
static char next_letter(const char **s)
{
    unsigned c = next_byte(s);
    if (c >= 0xc2 && c < 0xf0) {
        const char *after = *s;
        unsigned extra = c >= 0xe0 ? 2 : 1, code = c & (c >= 0xe0 ? 0x0fu : 0x1fu);
        while (extra && *after) {
            unsigned more = next_byte(&after);
            if ((more & 0xc0) != 0x80) break;
            code = code << 6 | (more & 0x3f);
            extra--;
        }
        if (!extra) {
            *s = after;
            c = code;
        }
    }
    if (c < 0x80) return isalnum((int)c) ? (char)c : ' ';
    if (c >= 0x300 && c < 0x370) return 0;
    return c >= 0xc0 && c < 0x180 ? latin[c - 0xc0] : ' ';
}

/* Length of a name without the extension of a sound file. */
static size_t stem_length(const char *name)
{
    static const char *const extensions[] = { "wav", "wave", "bwf", "rf64", "w64", "aif",  "aiff", "aifc", "flac",
                                              "mp3", "m4a",  "aac", "ogg",  "oga", "opus", "caf",  "au",   "wma" };
    size_t n = strlen(name);
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && dot > name && i < COUNT(extensions); i++) {
        if (!strcasecmp(dot + 1, extensions[i])) n = (size_t)(dot - name);
    }
    return n;
}

/* Does a new word begin at c? Between letters and digits, at "kI" of "kickIn", and at "To" of "SNTop". */
static bool border(char before, char c, char following)
{
    if (!before) return false;
    if (isdigit((unsigned char)before) || isdigit((unsigned char)c))
        return !isdigit((unsigned char)before) != !isdigit((unsigned char)c);
    if (!isupper((unsigned char)c)) return false;
    return islower((unsigned char)before) || islower((unsigned char)following);
}

static void split(const char *name, words *w)
{
    char letter[256];
    size_t n = 0;
    for (const char *s = name, *end = name + stem_length(name); s < end && n < sizeof letter - 1;) {
        char c = next_letter(&s);
        if (c) letter[n++] = c;
    }
    letter[n] = 0;
    memset(w, 0, sizeof *w);
    size_t length = 0;
    for (size_t i = 0; i < n && w->n < WORDS_MAX; i++) {
        char before = i && letter[i - 1] != ' ' ? letter[i - 1] : 0;
        if (length && (letter[i] == ' ' || border(before, letter[i], letter[i + 1]))) {
            w->n++;
            length = 0;
        }
        if (letter[i] != ' ' && length < WORD_SIZE - 1 && w->n < WORDS_MAX)
            w->word[w->n][length++] = (char)tolower((unsigned char)letter[i]);
    }
    if (length) w->n++;
}

/* ---- from words to the table ------------------------------------------------------------------------------------- */

typedef struct hit {
    const char *role, *token;
    int token_length;
    rank rank;
    context in;
    bool guess;
    size_t letters;
} hit;

/* What a session or the words to the left allow. */
typedef struct scope {
    unsigned contexts;
    const hit *left;
    size_t n_left;
} scope;

/* Umlauts are written "ae" or "a", and sharp s "ss" or "s": both sides drop the e after a, o, u and the second s. */
static bool folds_away(char before, char c)
{
    return (c == 'e' && before && strchr("aou", before)) || (c == 's' && before == 's');
}

static void fold(const char *s, char *out, size_t size)
{
    char before = 0;
    size_t n = 0;
    for (; *s && n < size - 1; before = *s++) {
        if (!folds_away(before, *s)) out[n++] = *s;
    }
    out[n] = 0;
}

static bool is_token(const char *folded, const char *token, size_t length)
{
    char before = 0;
    for (size_t i = 0; i < length; i++) {
        if (token[i] == ' ') continue;
        if (!folds_away(before, token[i]) && *folded++ != token[i]) return false;
        before = token[i];
    }
    return !*folded;
}

/* The token of a comma-separated list that reads like folded; NULL when none does. */
static const char *find_token(const char *list, const char *folded, int *length)
{
    while (*list) {
        size_t n = strcspn(list, ",");
        if (*list == *folded && is_token(folded, list, n)) {
            *length = (int)n;
            return list;
        }
        list += n;
        list += strspn(list, ", ");
    }
    return NULL;
}

static bool allowed(const word_row *row, const scope *sc)
{
    if (row->in && !(sc->contexts & row->in)) return false;
    for (size_t i = 0; row->after && i < sc->n_left; i++) {
        if (td_role_covers(row->after, sc->left[i].role)) return true;
    }
    return !row->after;
}

static bool look_up_folded(const char *folded, const scope *sc, hit *h)
{
    for (size_t i = 0; i < COUNT(beside); i++) {
        const word_row *b = &beside[i];
        if (!allowed(b, sc) || !(h->token = find_token(b->words, folded, &h->token_length))) continue;
        h->role = b->role, h->rank = b->rank, h->in = b->in, h->guess = b->guess;
        return true;
    }
    for (size_t i = 0; i < COUNT(roles); i++) {
        for (size_t l = 0; l < COUNT(roles[i].words); l++) {
            if (!(h->token = find_token(roles[i].words[l], folded, &h->token_length))) continue;
            h->role = roles[i].role, h->rank = roles[i].rank, h->in = ANYWHERE, h->guess = false;
            return true;
        }
    }
    return false;
}

/* The row of some joined words; a plural s is ignored where the table has no plural of its own. */
static bool look_up(const char *joined, const scope *sc, hit *h)
{
    char folded[JOIN_MAX * WORD_SIZE];
    fold(joined, folded, sizeof folded);
    h->letters = strlen(joined);
    if (look_up_folded(folded, sc, h)) return true;
    size_t n = strlen(folded);
    if (n < 4 || folded[n - 1] != 's') return false;
    folded[n - 1] = 0;
    return look_up_folded(folded, sc, h);
}

static const scope nothing_around = { 0 };

static bool names_something(const char *joined, hit *h)
{
    return look_up(joined, &nothing_around, h);
}

static const char *join(const words *w, size_t at, size_t n, char *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) strcat(out, w->word[at + i]);
    return out;
}

/* ---- what does not count ----------------------------------------------------------------------------------------- */

static bool is_number(const char *s)
{
    return *s && s[strspn(s, "0123456789")] == 0;
}

/* Drops a track number in front, but not "808", and not the "12" of "12 string" unless all files are numbered. */
static void drop_number(words *w, bool numbered)
{
    char two[JOIN_MAX * WORD_SIZE];
    hit h;
    if (w->first + 1 >= w->n || strlen(w->word[w->first]) > 3 || !is_number(w->word[w->first])) return;
    if (names_something(w->word[w->first], &h)) return;
    if (numbered || !names_something(join(w, w->first, 2, two), &h)) w->first++;
}

/* A word in front that every name has, while something remains; a word that could be the instrument stays. */
static bool drop_shared(words *w, size_t n)
{
    hit h;
    const char *word = w->word[w->first];
    for (size_t i = 0; i < n; i++) {
        if (w[i].first + 1 >= w[i].n || strcmp(w[i].word[w[i].first], word)) return false;
    }
    if (names_something(word, &h) && h.rank != WEAK && h.rank != PLACE) return false;
    for (size_t i = 0; i < n; i++) w[i].first++;
    return true;
}

static void drop_front(words *w, size_t n)
{
    do {
        size_t numbers = 0;
        for (size_t i = 0; i < n; i++) numbers += is_number(w[i].word[w[i].first]);
        for (size_t i = 0; i < n; i++) drop_number(&w[i], n > 1 && numbers * 2 > n);
    } while (n > 1 && drop_shared(w, n));
}

/* ---- sides and tempo --------------------------------------------------------------------------------------------- */

static const struct {
    const char *words;
    char side;
} sides[] = {
    { "l, left, links, li, gauche, izq, izquierda, izquierdo, sinistra, sinistro, sx", 'L' },
    { "r, right, rechts, re, droite, der, derecha, derecho, destra, destro, dx", 'R' },
    { "m, mono", 'M' },
};

static char side_of(const words *w, size_t i)
{
    int length;
    /* the hands of a piano are no channels */
    if (i + 1 < w->n && (td_starts_with(w->word[i + 1], "hand") || !strcmp(w->word[i + 1], "hd"))) return 0;
    for (size_t s = 0; s < COUNT(sides); s++) {
        if (find_token(sides[s].words, w->word[i], &length)) return sides[s].side;
    }
    return 0;
}

/* "ohl", "tomr": a known word with the side stuck to it. Takes the side off and returns it; 0 when there is none. */
static char side_stuck_to(char *word)
{
    hit h;
    size_t n = strlen(word);
    if (n < 3 || !strchr("lr", word[n - 1]) || names_something(word, &h)) return 0;
    char last = word[n - 1];
    word[n - 1] = 0;
    if (names_something(word, &h)) return (char)toupper((unsigned char)last);
    word[n - 1] = last;
    return 0;
}

static void read_side(words *w, td_role *out)
{
    size_t at = w->n;
    for (size_t i = w->first; i < w->n; i++) {
        char side = side_of(w, i);
        if (!side || (side == 'M' && at < w->n)) continue;
        out->side = side;
        at = i;
    }
    for (size_t i = w->first; at == w->n && i < w->n; i++) {
        char side = side_stuck_to(w->word[i]);
        if (side) out->side = side;
    }
    size_t used = 0;
    for (size_t i = w->first; i < w->n; i++) {
        size_t length = strlen(w->word[i]);
        if (i == at) continue;
        if (used + length + 2 > sizeof out->pair_key) {
            out->side = 0; /* a key cut short could pair what does not belong together */
            break;
        }
        if (used) out->pair_key[used++] = ' ';
        memcpy(out->pair_key + used, w->word[i], length);
        used += length;
    }
}

/* "124bpm", "bpm 92.5", "124 BPM": beats per minute, 0 when none are named. */
static double read_tempo(const char *name)
{
    const char *bpm = strcasestr(name, "bpm");
    if (!bpm) return 0;
    const char *start = bpm;
    while (start > name && strchr(" _-", start[-1])) start--;
    const char *digits = start;
    while (digits > name && (isdigit((unsigned char)digits[-1]) || (digits[-1] == '.' && digits < start))) digits--;
    while (*digits == '.') digits++;
    if (digits == start) digits = bpm + 3 + strspn(bpm + 3, " _-=");
    double value = 0, place = 1;
    bool fraction = false;
    for (; isdigit((unsigned char)*digits) || (*digits == '.' && !fraction); digits++) {
        if (*digits == '.') {
            fraction = true;
            continue;
        }
        value = value * 10 + (*digits - '0');
        if (fraction) place *= 10;
    }
    value /= place;
    return value >= 30 && value <= 300 ? value : 0;
}

/* ---- from words to a role ---------------------------------------------------------------------------------------- */

/* The known words of a name from left to right, the longest at each place. */
static size_t find_hits(const words *w, unsigned contexts, hit *hits)
{
    size_t n = 0;
    char joined[JOIN_MAX * WORD_SIZE];
    for (size_t at = w->first; at < w->n && n < HITS_MAX;) {
        scope sc = { contexts, hits, n };
        size_t length = w->n - at < JOIN_MAX ? w->n - at : JOIN_MAX;
        while (length && !look_up(join(w, at, length, joined), &sc, &hits[n])) length--;
        n += length > 0;
        at += length ? length : 1;
    }
    return n;
}

static size_t bus_length(const char *role)
{
    return strcspn(role, ".");
}

static bool same_bus(const char *a, const char *b)
{
    return bus_length(a) == bus_length(b) && !strncmp(a, b, bus_length(a));
}

/* How strongly a word claims the bus. */
static int claim(const hit *h)
{
    if (h->rank == DECISIVE) return 3;
    if (h->rank == PLACE) return 0;
    return h->rank == WEAK || h->letters <= 2 ? 1 : 2;
}

static const char *context_text(context in)
{
    switch (in) {
    case WITH_STRINGS:
        return " beside strings";
    case ORCHESTRAL:
        return " in an orchestra";
    case WITH_WINDS:
        return " beside winds";
    case WITH_VOICES:
        return " beside choir voices";
    case WITH_MAIN:
        return " beside main microphones";
    case WITH_KICK:
        return " beside a kick";
    default:
        return "";
    }
}

static void unknown(td_role *out)
{
    out->source = TD_ROLE_UNKNOWN;
    out->guess = true;
    out->two_buses = false;
    snprintf(out->name, sizeof out->name, "other");
    snprintf(out->why, sizeof out->why, "no known word in the name");
}

static void settle(const hit *hits, size_t n, td_role *out)
{
    unknown(out);
    const hit *bus = NULL, *rival = NULL, *role = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!bus || claim(&hits[i]) > claim(bus))
            bus = &hits[i], rival = NULL;
        else if (!rival && claim(&hits[i]) == claim(bus) && !same_bus(hits[i].role, bus->role))
            rival = &hits[i];
    }
    if (!bus) return;
    for (size_t i = 0; i < n; i++) {
        if (same_bus(hits[i].role, bus->role) && (!role || hits[i].rank > role->rank)) role = &hits[i];
    }
    snprintf(out->name, sizeof out->name, "%s", role->role);
    out->source = TD_ROLE_FROM_NAME;
    out->two_buses = rival != NULL;
    out->guess = rival || role->guess;
    if (rival) {
        snprintf(out->why, sizeof out->why, "two buses in the name: %.*s, %.*s; the leftmost taken",
                 (int)bus_length(bus->role), bus->role, (int)bus_length(rival->role), rival->role);
    } else {
        snprintf(out->why, sizeof out->why, "token '%.*s'%s", role->token_length, role->token, context_text(role->in));
    }
}

/* ---- a session of names ------------------------------------------------------------------------------------------ */

static bool any(const td_role *r, size_t n, const char *what)
{
    for (size_t i = 0; i < n; i++) {
        if (!r[i].guess && td_role_covers(what, r[i].name)) return true;
    }
    return false;
}

static bool any_of(const td_role *r, size_t n, const char *const *what)
{
    while (*what && !any(r, n, *what)) what++;
    return *what != NULL;
}

static unsigned contexts_of(const td_role *r, size_t n)
{
    /* kick, snare and room are missing on purpose: orchestras have a bass drum, a snare drum and a room as well */
    static const char *const band[] = { "drums.bus",  "drums.hihat", "drums.tom", "drums.overhead",
                                        "drums.loop", "guitars",     "synths",    NULL };
    static const char *const winds[] = { "woodwinds.sax", "brass", NULL };
    static const char *const orchestra[] = { "strings", "woodwinds", NULL };
    bool has_band = any_of(r, n, band), has_winds = any_of(r, n, winds);
    unsigned c = 0;
    if (any(r, n, "strings")) c |= WITH_STRINGS;
    if (any_of(r, n, orchestra) && !has_band) c |= ORCHESTRAL;
    if (has_winds) c |= WITH_WINDS;
    if (!has_band && (any(r, n, "choir.soprano") || (any(r, n, "choir.tenor") && !has_winds))) c |= WITH_VOICES;
    if (any(r, n, "orchestra.main")) c |= WITH_MAIN;
    if (any(r, n, "drums.kick")) c |= WITH_KICK;
    return c;
}

static void read_all(const words *w, size_t n, unsigned contexts, td_role *out)
{
    hit hits[HITS_MAX];
    for (size_t i = 0; i < n; i++) settle(hits, find_hits(&w[i], contexts, hits), &out[i]);
}

void td_roles_read(const char *const *names, size_t n, td_role *out)
{
    memset(out, 0, n * sizeof *out);
    words *w = calloc(n ? n : 1, sizeof *w);
    for (size_t i = 0; i < n && !w; i++) unknown(&out[i]);
    if (!w) return;
    for (size_t i = 0; i < n; i++) split(names[i], &w[i]);
    drop_front(w, n);
    for (size_t i = 0; i < n; i++) {
        read_side(&w[i], &out[i]);
        out[i].tempo_bpm = read_tempo(names[i]);
    }
    /* what one name says may change what another means, once or twice over: violins make "Main" the main microphones,
     * and these make "Room" the orchestra's */
    unsigned contexts = 0;
    for (int round = 0; round < 3; round++) {
        read_all(w, n, contexts, out);
        unsigned found = contexts_of(out, n);
        if (found == contexts) break;
        contexts = found;
    }
    free(w);
}

td_role td_role_read(const char *name)
{
    td_role r;
    td_roles_read(&name, 1, &r);
    return r;
}

bool td_role_covers(const char *what, const char *role)
{
    size_t n = strlen(what);
    return !strcmp(what, "all") || (!strncmp(what, role, n) && (role[n] == 0 || role[n] == '.'));
}

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
