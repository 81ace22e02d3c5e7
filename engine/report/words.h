/* engine/report/words.h - what the page says, in the languages it speaks. Room-internal. Reasons of a plan stay
 * English.
 */
#ifndef TD_REPORT_WORDS_H
#define TD_REPORT_WORDS_H

#include "engine/mix/intake.h"

/* clang-format off */
#define TD_WORD_MAP(X)                                                                                                 \
    X(REPORT, "Mix report", "Mix-Bericht")                                                                             \
    X(MIXES, "Mixes", "Mischungen")                                                                                    \
    X(MIX, "Mix", "Mischung")                                                                                          \
    X(RECIPE, "Recipe", "Rezept")                                                                                      \
    X(REVISION, "revision", "Stand")                                                                                   \
    X(LOUDNESS, "Loudness", "Lautheit")                                                                                \
    X(TRUE_PEAK, "True peak", "True Peak")                                                              \
    X(SAMPLE_PEAK, "Sample peak", "Samplespitze")                                                                      \
    X(RANGE, "Loudness range", "Lautheitsumfang")                                                                      \
    X(PLR, "Peak to loudness", "Spitze zu Lautheit")                                                                   \
    X(CORRELATION, "Correlation", "Korrelation")                                                                       \
    X(WANTED, "wanted", "gewünscht")                                                                                   \
    X(REACHED, "reached", "erreicht")                                                                                  \
    X(VERDICT, "Verdict", "Urteil")                                                                                    \
    X(OK, "ok", "ok")                                                                                                  \
    X(MISSED, "missed", "verfehlt")                                                                                    \
    X(FAILED, "failed", "misslungen")                                                                                  \
    X(ALL_REACHED, "Every target is reached.", "Alle Vorgaben sind erreicht.")                                         \
    X(SOME_MISSED, "Not every target is reached; the tables below say which and why.",                                 \
      "Nicht alle Vorgaben sind erreicht; welche und warum, steht unten in den Tabellen.")                             \
    X(LOUDNESS_OVER_TIME, "Loudness over time", "Lautheit im Verlauf")                                                 \
    X(MOMENTARY, "momentary (400 ms)", "momentan (400 ms)")                                                            \
    X(SHORT_TERM, "short-term (3 s)", "kurzzeitig (3 s)")                                                              \
    X(INTEGRATED, "integrated", "gesamt")                                                                              \
    X(TARGET, "target", "Vorgabe")                                                                                     \
    X(SPECTRUM, "Spectrum", "Spektrum")                                                                                \
    X(SPECTRUM_UNIT, "dB over Hz, third octaves", "dB über Hz, Terzen")               \
    X(THIS_MIX, "this mix", "diese Mischung")                                                                          \
    X(REFERENCE, "reference", "Referenz")                                                                              \
    X(ROUGH, "Rough mix", "Rohmischung")                                                                               \
    X(HALF_OF, "middle half of finished mixes", "mittlere Hälfte fertiger Mischungen")                                 \
    X(IN_WORDS, "What was decided", "Was entschieden wurde")                                                           \
    X(FILES, "Files", "Dateien")                                                                                       \
    X(FILE, "File", "Datei")                                                                                           \
    X(FORMAT, "Format", "Format")                                                                                      \
    X(COMPARED, "To compare", "Zum Vergleich")                                                                         \
    X(MATCHED, "All at one loudness: mixes were turned down at most, files brought along also up, as far as their "    \
      "peaks allow. Loudness:",                                                                                        \
      "Alle gleich laut: Mischungen wurden höchstens leiser gestellt, Mitgebrachtes auch lauter, so weit die Spitzen " \
      "reichen. Lautheit:")                                        \
    X(UNMATCHED, "Not brought to one loudness: each file is as loud as its own target, or as it was brought along. "   \
      "The last column makes them as loud as the softest, which stands at",                                            \
      "Nicht auf eine Lautheit gebracht: Jede Datei ist so laut wie ihre eigene Vorgabe oder wie sie mitgebracht "     \
      "wurde. Die letzte Spalte macht sie so laut wie die leiseste; diese liegt bei")                                  \
    X(TURNED, "Turned by, dB", "Geändert um, dB")                                                                              \
    X(TO_TURN, "To equal, dB", "Bis gleich, dB")                                                                     \
    X(LEFT_OUT, "Left out", "Weggelassen")                                                                             \
    X(RESIDUAL, "The group stems and the residual add up to the premaster; the residual stands at",                    \
      "Gruppen-Stems und Residual ergeben zusammen den Premaster; das Residual liegt bei")                             \
    X(GAIN_REDUCTION, "Gain reduction", "Pegelreduktion")                                                              \
    X(STEP, "Step", "Schritt")                                                                                         \
    X(ASKED, "Asked", "Verlangt")                                                                                      \
    X(PLANNED, "Planned", "Geplant")                                                                                   \
    X(GOALS_MISSED, "Missed by more than 0.1\u00a0dB", "Um mehr als 0,1\u00a0dB verfehlt")                             \
    X(GOALS_MOVED, "Thresholds stayed where they were set", "Die Schwellen blieben, wo sie standen") \
    X(REDUCTION_NOTE, "In dB. \u2264: the most it may take; \u2248: what it takes no more than for 95\u00a0% of the time.", \
      "In dB. \u2264: so viel höchstens; \u2248: zu 95\u00a0% der Zeit nicht mehr.")                                        \
    X(MEDIAN, "Median", "Median")                                                                                      \
    X(NEARLY, "95\u00a0%", "95\u00a0%")                                                                                          \
    X(MOST, "Most", "Höchstens")                                                                                       \
    X(AT, "At", "Bei")                                                                                                 \
    X(OVER_TIME, "Over time", "Verlauf")                                                                               \
    X(LIMITER, "limiter", "Limiter")                                                                                   \
    X(STEREO, "Stereo", "Stereo")                                                                                      \
    X(GONIOMETER, "Goniometer", "Goniometer")                                                                          \
    X(GONIOMETER_NOTE, "root scale", "Wurzelmaß")                                                \
    X(CORRELATION_OVER_TIME, "Correlation over time", "Korrelation im Verlauf")                                        \
    X(ONE_SECOND, "mean of 1 s", "Mittel über 1 s")                                                                    \
    X(WIDTH, "Width", "Breite")                                                                                        \
    X(WIDTH_UNIT, "side against middle, dB over Hz", "Seite gegen Mitte, dB über Hz")                                                  \
    X(MONO_LOSS, "Loss in mono", "Verlust in Mono")                                                                    \
    X(LEFT, "L", "L")                                                                                                  \
    X(RIGHT, "R", "R")                                                                                                 \
    X(BUSES, "Groups", "Gruppen")                                                                                      \
    X(BUS, "Group", "Gruppe")                                                                                          \
    X(PEAK_BEFORE, "Peak", "Spitze")                                                                                   \
    X(CLIP_GAIN, "Clip gain", "Clip-Gain")                                                                             \
    X(STAGED, "Staged", "Gepegelt")                                                                                 \
    X(WITH_FIXES, "With fixes", "Korrigiert")                                                                     \
    X(MAKEUP, "Make-up", "Ausgleich")                                                                                  \
    X(FADER, "Fader", "Fader")                                                                                         \
    X(CREST, "Crest before, after", "Crest vorher, nachher")                                                           \
    X(SHARE, "Share of the mix", "Anteil am Mix")                                                             \
    X(TONE, "Tone", "Klang")                                                                                           \
    X(TONE_NOTE, "How far this mix lies from the middle of finished mixes of its kind. A sanity check and no verdict: "\
      "eight of ten mixes lie inside the usual range.",                                                                \
      "Wie weit diese Mischung von der Mitte fertiger Mischungen ihrer Art liegt. Eine Plausibilitätsprüfung, kein "   \
      "Urteil: Acht von zehn Mischungen liegen im üblichen Bereich.")                                                  \
    X(REGION, "Region", "Bereich")                                                                                     \
    X(OFF, "Off", "Abstand")                                                                                           \
    X(USUAL, "Usual", "Üblich")                                                                                        \
    X(IS_USUAL, "usual", "üblich")                                                                                     \
    X(IS_UNUSUAL, "unusual", "ungewöhnlich")                                                                           \
    X(IS_RARE, "rare", "selten")                                                                                       \
    X(AGAINST_ROUGH, "Against the rough mix, the rest with loudness aligned:",                                         \
      "Gegen die Rohmischung, alles Weitere bei gleicher Lautheit:")                                                   \
    X(AGAINST_REFERENCE, "Against the reference, the rest with loudness aligned:",                                     \
      "Gegen die Referenz, alles Weitere bei gleicher Lautheit:")                                                      \
    X(ON_AVERAGE, "on average", "im Mittel")                                                                           \
    X(AT_MOST, "at most", "höchstens")                                                                                 \
    X(TRANSLATION, "On other speakers", "Auf anderen Lautsprechern")                                                   \
    X(TRANSLATION_NOTE, "Computed from third octaves through typical responses, no measurement of a product; figures in LU.",         \
      "Aus Terzen durch typische Frequenzgänge gerechnet, keine Messung eines Produkts; Angaben in LU.")                              \
    X(DEVICE, "Speaker", "Lautsprecher")                                                                               \
    X(SOFTER, "Softer by", "Leiser um")                                                                                \
    X(VOICE_CHANGE, "Vocals to rest", "Gesang zum Rest")                                                               \
    X(GETS_LOST, "Gets lost", "Geht verloren")                                                                         \
    X(WEAK_IN_MONO, "Weak in mono", "Schwach in Mono")                                                                 \
    X(NOTHING, "nothing", "nichts")                                                                                    \
    X(ALLOWED, "up to", "bis")                                                                                         \
    X(PHONE, "phone", "Telefon")                                                                                       \
    X(SPEAKER, "smart speaker", "smarter Lautsprecher")                                                                \
    X(BOX, "bluetooth box", "Bluetooth-Box")                                                                           \
    X(CAR, "car", "Auto")                                                                                              \
    X(CLUB, "club", "Club")                                                                                            \
    X(DECISIONS, "Decisions", "Entscheidungen")                                                                        \
    X(DECISIONS_COUNT, "decisions", "Entscheidungen")                                                                  \
    X(SOLVED, "solved", "ausgerechnet")                                                                                \
    X(AS_WRITTEN, "as written", "wie geschrieben")                                                                     \
    X(FIXES, "fixes", "Korrekturen")                                                                                   \
    X(SETTINGS, "Settings", "Einstellung")                                                                             \
    X(REASON, "Reason", "Grund")                                                                                       \
    X(ALSO, "Also decided", "Außerdem entschieden")                                                                    \
    X(NOT_MADE, "Not made", "Nicht gemacht")                                                                           \
    X(NOT_USED, "Not used", "Nicht gebraucht")                                                                         \
    X(WARNINGS, "Warnings", "Hinweise")                                                                                \
    X(STEMS, "Stems", "Spuren")                                                                                        \
    X(STEM, "Stem", "Spur")                                                                                            \
    X(ROLE, "Role", "Rolle")                                                                                           \
    X(GUESSED, "guessed", "geraten")                                                                                   \
    X(FOUND, "Found", "Befund")                                                                                        \
    X(ORIGIN, "Origin", "Herkunft")                                                                                    \
    X(ORIGIN_NOTE, "The same session and plan give the same bytes.", "Gleiche Session und gleicher Plan ergeben "      \
      "dieselben Bytes.")                                                                                              \
    X(SESSION, "Session", "Session")                                                                                   \
    X(PLAN, "Plan", "Plan")                                                                                            \
    X(FIGURES, "Figures", "Zahlen")                                                                                    \
    X(TIME, "Time", "Zeit")                                                                                            \
    X(FREQUENCY, "Frequency", "Frequenz")                                                                              \
    X(MIX_BUS, "mix bus", "Mixbus")                                                                                    \
    X(OF_FILE, "measured on", "gemessen an")                                                                           \
    X(BALANCE_EVEN, "The groups stand as loud as they were staged.",                                                   \
      "Die Gruppen stehen so laut, wie sie eingepegelt wurden.")                                                       \
    X(BALANCE_DELIVERED, "The balance is that of the files as they were delivered.",                                   \
      "Das Lautstärkeverhältnis ist das der gelieferten Dateien.")                                                     \
    X(BALANCE_ROUGH, "The balance follows the rough mix.", "Das Lautstärkeverhältnis folgt der Rohmischung.")          \
    X(BALANCE_LOUDNESS, "The balance was built by loudness: first the accompaniment, then the lead.",                  \
      "Das Lautstärkeverhältnis entstand nach Lautheit: erst die Begleitung, dann die Hauptstimme.")                   \
    X(BALANCE_FOCUS, "The balance was built outward from the voice in focus.",                                         \
      "Das Lautstärkeverhältnis entstand um die Hauptstimme herum.")                                                   \
    X(BALANCE_MOVED, "From there faders were moved:", "Von dort aus wurden Fader bewegt:")                             \
    X(REVISED, "Revised:", "Überarbeitet:")                                                                            \
    X(BY_HAND, "By hand:", "Von Hand:")                                                                                \
    X(SHAPES_TONE, "shapes the tone of the whole", "formt den Klang des Ganzen")                                       \
    X(HOLDS_MIX, "holds the whole mix together", "hält die ganze Mischung zusammen")                                   \
    X(EVENS_OUT, "evens out", "gleicht Lautstärken aus")                                                               \
    X(MAKES_WAY, "makes way for others", "macht anderem Platz")                                                        \
    X(HOLDS_BANDS, "holds bands down where they grow loud", "hält Bänder nieder, wo sie laut werden")                  \
    X(SOFTENS_S, "softens s sounds", "mildert S-Laute")                                                                \
    X(CLOSES, "closes in pauses", "schließt in Pausen")                                                                \
    X(HOLDS_PEAKS, "holds peaks", "fängt Spitzen ab")                                                                  \
    X(TOOK_UP_TO, "took up to", "nahm bis zu")                                                                         \
    X(OFF_MOSTLY, "for 95\u00a0% of the time no more than", "zu 95\u00a0% der Zeit nicht mehr als")                              \
    X(DRIVEN, "The limiter brings it up by", "Der Limiter wird angefahren mit")                                             \
    X(AND_TAKES, "and takes off up to", "und senkt Spitzen um bis zu")                                                 \
    X(FIXES_MADE, "Single tracks were corrected where it was heard:",                                                  \
      "Einzelne Spuren wurden korrigiert, wo es zu hören war:")                                                        \
    X(CARD, "Against the plain sum", "Gegen die bloße Summe")                                                          \
    X(CARD_NOTE, "The mix beside all stems at equal gain. Limits are those nine of ten finished mixes keep; only what is marked ok or missed had to be met. Taste is not measured. The loudness range of a file counts its tail; here it ends with the song, for a sound that dies away is no dynamics. Better and worse are differences from half a decibel on; masking: half a point, tilt: 0.15 dB an octave.",\
      "Die Mischung neben allen Spuren mit gleicher Verstärkung. Die Grenzen halten neun von zehn fertigen Mischungen ein; nur was ok oder verfehlt heißt, war zu erfüllen. Geschmack wird nicht gemessen. Der Lautheitsumfang einer Datei zählt ihren Ausklang mit; hier endet er mit dem Stück, denn was verklingt, ist keine Dynamik. Besser und schlechter heißt ein Unterschied ab einem halben Dezibel; Verdeckung: ab einem halben Punkt, Neigung: ab 0,15 dB je Oktave.")\
    X(FIGURE, "Figure", "Größe")                                                                                       \
    X(SUM, "Sum", "Summe")                                                                                             \
    X(LIMITS, "Limits", "Grenzen")                                                                                     \
    X(AGAINST_SUM, "Against the sum", "Gegen die Summe")                                                               \
    X(AHEAD, "better", "besser")                                                                                       \
    X(LEVEL, "no loss", "kein Verlust")                                                                                \
    X(BEHIND, "worse", "schlechter")                                                                                   \
    X(CARD_TB, "Tone: distance from finished mixes", "Klang: Abstand von fertigen Mischungen")                         \
    X(CARD_TS, "Tone: tilt against them", "Klang: Neigung gegen sie")                                                  \
    X(CARD_MK, "Covered by other groups, all", "Von anderen Gruppen verdeckt, gesamt")                                 \
    X(CARD_MK_LEAD, "Covered: lead, 1 to 4 kHz", "Verdeckt: Hauptstimme, 1 bis 4 kHz")                                 \
    X(CARD_MK_WORST, "Covered: worst group", "Verdeckt: am stärksten betroffene Gruppe")                               \
    X(CARD_LV, "Lead to rest, off the usual", "Hauptstimme zum Rest, Abstand vom Üblichen")                            \
    X(CARD_LR, "Loudness range without the tail", "Lautheitsumfang ohne Ausklang")                                     \
    X(CARD_GB, "Groups, off the usual", "Gruppen, Abstand vom Üblichen")                                               \
    X(CARD_CR, "Peak to RMS (crest)", "Spitze zu RMS (Crest)")                                                        \
    X(CARD_PSR, "Peak to loudness, densest tenth", "Spitze zu Lautheit, dichtestes Zehntel")                           \
    X(CARD_ST_LOW, "Correlation below 120 Hz", "Korrelation unter 120 Hz")                                             \
    X(CARD_ST_OCTAVE, "Correlation, widest octave", "Korrelation, breiteste Oktave")                                   \
    X(CARD_MF_WORST, "Loss in mono, widest group", "Verlust in Mono, breiteste Gruppe")                                \
    X(CARD_IM, "Left over right", "Links über rechts")                                                                 \
    X(CARD_WD, "Width against the reference", "Breite gegen die Referenz")                                             \
    X(CARD_BM, "Middle against the reference", "Mitte gegen die Referenz")                                             \
    X(CARD_BS, "Sides against the reference", "Seiten gegen die Referenz")                                             \
    X(CARD_PK, "Peaks over their limit", "Spitzen über ihrer Grenze")                                                  \
    X(CARD_LT, "Loudness off its target", "Lautheit neben der Vorgabe")                                                \
    X(CARD_LT_HELD, "Loudness given up at the limiter's bound",                                                        \
      "Lautheit, die an der Grenze des Limiters aufgegeben wurde")                                                     \
    X(CARD_GR, "Gain reduction off what was asked", "Pegelreduktion neben der verlangten")                             \
    X(VU_MAX, "VU, highest", "VU, höchster")                                                                           \
    X(VU_MEAN, "VU, mean", "VU, Mittel")                                                                               \
    X(VU_NOTE, "VU: 0 is a sine of −18 dBFS; groups behind their faders, the mix bus at its input.",                   \
      "VU: 0 ist ein Sinus von −18 dBFS; Gruppen hinter ihren Fadern, der Mixbus an seinem Eingang.")                  \
    X(COVERED, "Covered", "Verdeckt")                                                                                  \
    X(MONO, "mono", "mono")                                                                                            \
    X(AS_DELIVERED, "as delivered", "wie geliefert")                                                                   \
    X(CHAIN_NEUTRAL, "the chain leaves the loudness alone", "die Kette lässt die Lautheit, wie sie ist")               \
    X(PLAN_SPEAKS, "", "Einstellungen, Gründe und Hinweise stehen hier, wie der Plan sie schreibt: auf Englisch.")     \
    X(SUB, "sub", "Tiefbass")                                                                                          \
    X(LOW, "low", "Bass")                                                                                              \
    X(LOW_MID, "low mid", "untere Mitten")                                                                             \
    X(MID, "mid", "Mitten")                                                                                            \
    X(PRESENCE, "presence", "Präsenz")                                                                                 \
    X(TREBLE, "treble", "Höhen")                                                                                       \
    X(TILT, "tilt", "Neigung")                                                                                         \
    X(DB_OCTAVE, "dB/oct", "dB/Okt.")                                                                                  \
    X(MADE_BY, "made by topdown", "erstellt mit topdown")
/* clang-format on */

typedef enum td_word {
#define X(name, english, german) TD_WORD_##name,
    TD_WORD_MAP(X)
#undef X
        TD_WORDS
} td_word;

const char *td_word_in(td_language language, td_word word);

#endif
