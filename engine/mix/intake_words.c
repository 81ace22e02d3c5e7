#include "engine/mix/intake_words.h"

#include <stdio.h>
#include <string.h>

/* ---- words ------------------------------------------------------------------------------------------------------- */

typedef struct words {
    const char *what;   /* is wrong */
    const char *remedy; /* a sentence; NULL: nothing a client could do, left out of the letter */
} words;

#define AGAIN_EN "Please export it again as WAV or FLAC, 24 bit, from the start of the song to its end."
#define AGAIN_DE "Bitte exportieren Sie sie neu als WAV oder FLAC mit 24 Bit, vom Anfang bis zum Ende des Stücks."
#define CUT_EN   "Please export it again as WAV or FLAC, 24 bit, or upload it again, if it was cut on the way."
#define CUT_DE                                                                                                    \
    "Bitte exportieren Sie sie neu als WAV oder FLAC mit 24 Bit, oder laden Sie sie noch einmal hoch, falls sie " \
    "unterwegs abgeschnitten wurde."
#define LOUD_EN "If you have a take that is not clipped, please export it with at least 3 dB of headroom."
#define LOUD_DE "Gibt es eine unverzerrte Fassung, exportieren Sie sie bitte mit mindestens 3 dB Luft nach oben."

static const struct {
    td_detail detail;
    words says[TD_LANGUAGES];
} faults[TD_FAULT_COUNT] = {
    [TD_FAULT_UNREADABLE] = { TD_DETAIL_FORMAT,
                              { { "this is not an audio file we can read", AGAIN_EN },
                                { "das ist keine Audiodatei, die wir lesen können", AGAIN_DE } } },
    [TD_FAULT_DAMAGED] = { TD_NO_DETAIL,
                           { { "the file is damaged; part of it is missing", CUT_EN },
                             { "die Datei ist beschädigt, ein Teil fehlt", CUT_DE } } },
    [TD_FAULT_EMPTY] = { TD_NO_DETAIL,
                         { { "the file holds no sound at all", CUT_EN }, { "die Datei enthält keinen Ton", CUT_DE } } },
    [TD_FAULT_CHANNELS] = { TD_NO_DETAIL,
                            { { "the file has more than two channels",
                                "Please export it as stereo, or each channel as a mono file." },
                              { "die Datei hat mehr als zwei Kanäle",
                                "Bitte exportieren Sie sie als Stereodatei oder jeden Kanal als Monodatei." } } },
    [TD_FAULT_RATE] = { TD_DETAIL_RATE,
                        { { "its sample rate is out of range",
                            "Please export it at the rate of your session, 44.1 to 96 kHz." },
                          { "die Abtastrate liegt außerhalb des Üblichen",
                            "Bitte exportieren Sie sie mit der Rate Ihrer Session, 44,1 bis 96 kHz." } } },
    [TD_FAULT_HOSTILE] = { TD_NO_DETAIL,
                           { { "the file's structure is not that of an exported stem", AGAIN_EN },
                             { "die Datei ist nicht aufgebaut wie eine exportierte Spur", AGAIN_DE } } },
    [TD_FAULT_SILENT] = { TD_NO_DETAIL,
                          { { "the file is silent and will be left out",
                              "If something should be heard, please check whether the track was muted, and export it "
                              "again." },
                            { "die Datei ist stumm und bleibt weg",
                              "Sollte etwas zu hören sein, war die Spur vielleicht stummgeschaltet; dann exportieren "
                              "Sie sie bitte neu." } } },
    [TD_FAULT_CLIPPED] = { TD_DETAIL_PLACES, { { "it is clipped", LOUD_EN }, { "sie ist übersteuert", LOUD_DE } } },
    [TD_FAULT_DC] = { TD_DETAIL_DB,
                      { { "it has a constant offset (DC)",
                          "If a plug-in adds it, please export the track without that plug-in." },
                        { "sie hat einen Gleichspannungsversatz",
                          "Fügt ein Plug-in ihn hinzu, exportieren Sie die Spur bitte ohne dieses." } } },
    [TD_FAULT_STARTS_LATE] = { TD_DETAIL_LENGTH,
                               { { "it seems to start late in the song: it is shorter than the others and sounds from "
                                   "its first moment on",
                                   "Was it exported without the silence in front? Then it would play at the wrong "
                                   "time: please "
                                   "export all files from the start of the song." },
                                 { "sie beginnt wohl spät im Stück: sie ist kürzer als die anderen und klingt vom "
                                   "ersten Augenblick an",
                                   "Wurde sie ohne die Stille davor exportiert? Dann erklänge sie zur falschen Zeit: "
                                   "bitte "
                                   "exportieren Sie alle Dateien ab Beginn des Stücks." } } },
    [TD_FAULT_LENGTH_DIFFERS] = { TD_DETAIL_LENGTH,
                                  { { "its length differs from the others", NULL },
                                    { "ihre Länge weicht von den anderen ab", NULL } } },
    [TD_FAULT_RATE_DIFFERS] = { TD_DETAIL_RATE,
                                { { "its sample rate differs; it is converted", NULL },
                                  { "ihre Abtastrate weicht ab; sie wird gewandelt", NULL } } },
    [TD_FAULT_LOW_RATE] = { TD_DETAIL_RATE,
                            { { "its sample rate is low, so the highest treble is missing",
                                "If the recording was made at 44.1 kHz or more, please export it at that rate." },
                              { "ihre Abtastrate ist niedrig, die höchsten Höhen fehlen",
                                "Wurde mit 44,1 kHz oder mehr aufgenommen, exportieren Sie sie bitte mit dieser "
                                "Rate." } } },
    [TD_FAULT_LOSSY_FILE] = { TD_DETAIL_FORMAT,
                              { { "the file is lossily compressed",
                                  "If you have an original, please export it as WAV or FLAC." },
                                { "die Datei ist verlustbehaftet komprimiert",
                                  "Gibt es ein Original, exportieren Sie es bitte als WAV oder FLAC." } } },
    [TD_FAULT_LOSSY_SOURCE] = { TD_NO_DETAIL,
                                { { "it seems to have gone through lossy compression (such as MP3): its treble breaks "
                                    "off",
                                    "A sample or an effect can sound so too. If you have an original, please export it "
                                    "as WAV or FLAC." },
                                  { "sie wurde wohl verlustbehaftet komprimiert (etwa als MP3): ihre Höhen brechen ab",
                                    "Auch ein Sample oder ein Effekt kann so klingen. Gibt es ein Original, "
                                    "exportieren Sie es "
                                    "bitte als WAV oder FLAC." } } },
    [TD_FAULT_MONO_AS_STEREO] = { TD_NO_DETAIL,
                                  { { "stereo file with two equal sides", NULL },
                                    { "Stereodatei mit zwei gleichen Seiten", NULL } } },
    [TD_FAULT_ONE_SIDED] = { TD_NO_DETAIL,
                             { { "only one side of this stereo file holds sound",
                                 "If that is not meant, please export it as mono or with both sides." },
                               { "nur eine Seite dieser Stereodatei enthält Ton",
                                 "Ist das nicht gewollt, exportieren Sie sie bitte mono oder mit beiden Seiten." } } },
    [TD_FAULT_POLARITY_FLIPPED] = { TD_NO_DETAIL,
                                    { { "left and right cancel each other in mono; one side seems to be inverted",
                                        "If that is no effect of yours, please export it without the inversion." },
                                      { "links und rechts löschen sich in Mono aus; eine Seite scheint verpolt",
                                        "Ist das kein gewollter Effekt, exportieren Sie sie bitte ohne die "
                                        "Verpolung." } } },
    [TD_FAULT_DUPLICATE] = { TD_DETAIL_TWIN,
                             { { "it sounds exactly like another of the files",
                                 "Did another track mean to be here? Then please send that one." },
                               { "sie klingt genau wie eine andere der Dateien",
                                 "Sollte hier eine andere Spur stehen, schicken Sie bitte diese." } } },
    [TD_FAULT_INVERTED] = { TD_DETAIL_TWIN,
                            { { "it is another of the files upside down, and the two cancel",
                                "If that is no second microphone, please send the track that was meant." },
                              { "sie ist eine andere der Dateien, nur verpolt, und beide löschen sich aus",
                                "Ist das kein zweites Mikrofon, schicken Sie bitte die gemeinte Spur." } } },
    [TD_FAULT_HUM] = { TD_DETAIL_HUM,
                       { { "it has mains hum", "If you have a take without it, please send that one." },
                         { "sie hat Netzbrumm", "Gibt es eine Aufnahme ohne, schicken Sie bitte diese." } } },
    [TD_FAULT_NOISE] = { TD_DETAIL_DB,
                         { { "its noise floor is high", "If you have a cleaner take, please send that one." },
                           { "ihr Grundrauschen ist hoch",
                             "Gibt es eine sauberere Aufnahme, schicken Sie bitte diese." } } },
    [TD_FAULT_NONFINITE] = { TD_NO_DETAIL,
                             { { "it holds values that are no sound, set to silence",
                                 "A plug-in may have failed during the export: please listen to it, and export it "
                                 "again if it clicks." },
                               { "sie enthält ungültige Werte, die wir stummschalten",
                                 "Vielleicht versagte beim Export ein Plug-in: bitte anhören und neu exportieren, "
                                 "falls es knackt." } } },
    [TD_FAULT_TRUNCATED] = { TD_NO_DETAIL,
                             { { "the file ends early", CUT_EN }, { "die Datei bricht vorzeitig ab", CUT_DE } } },
    [TD_FAULT_UNKNOWN_ROLE] = { TD_NO_DETAIL,
                                { { "its name does not tell us what it is",
                                    "Please tell us which instrument or voice it holds." },
                                  { "ihr Name verrät uns nicht, was sie enthält",
                                    "Bitte sagen Sie uns, welches Instrument oder welche Stimme es ist." } } },
    [TD_FAULT_DOUBLE_ROLE] = { TD_NO_DETAIL,
                               { { "its name fits more than one instrument", "Please tell us which one it is." },
                                 { "ihr Name passt auf mehr als ein Instrument",
                                   "Bitte sagen Sie uns, welches es ist." } } },
    [TD_FAULT_SET_ASIDE] = { TD_NO_DETAIL,
                             { { "it lies in a folder whose name reads like other takes or old versions",
                                 "If it is not to be heard, please send the files without that folder." },
                               { "sie liegt in einem Ordner, der nach anderen Takes oder alten Fassungen klingt",
                                 "Soll sie nicht erklingen, schicken Sie die Dateien bitte ohne diesen Ordner." } } },
    [TD_FAULT_VOICES_ALONE] = { TD_NO_DETAIL,
                                { { "it reads like a mix to compare with, and without it there are only voices",
                                    "Is it the music they sing to? Then please tell us." },
                                  { "sie klingt nach einer Mischung zum Vergleich, und ohne sie gibt es nur Stimmen",
                                    "Ist sie die Musik dazu? Dann sagen Sie es uns bitte." } } },
};

#define UNPACK_EN "Please unpack it and send the audio files in it."
#define UNPACK_DE "Bitte entpacken Sie es und schicken Sie die Audiodateien darin."
#define AUDIO_EN  "Please send the audio file itself, as WAV or FLAC."
#define AUDIO_DE  "Bitte schicken Sie die Audiodatei selbst, als WAV oder FLAC."

/* What was sent instead of sound, by the format its first bytes told. */
static const struct {
    td_fault_code code;
    const char *format;
    words says[TD_LANGUAGES];
} instead[] = {
    { TD_FAULT_EMPTY, "", { { "the file holds no bytes at all", CUT_EN }, { "die Datei ist leer: 0 Byte", CUT_DE } } },
    { TD_FAULT_UNREADABLE,
      "archive",
      { { "this is an archive, not an audio file", UNPACK_EN },
        { "das ist ein Archiv, keine Audiodatei", UNPACK_DE } } },
    { TD_FAULT_UNREADABLE,
      "picture",
      { { "this is a picture, not an audio file", AUDIO_EN }, { "das ist ein Bild, keine Audiodatei", AUDIO_DE } } },
    { TD_FAULT_UNREADABLE,
      "program",
      { { "this is a program, not an audio file", AUDIO_EN },
        { "das ist ein Programm, keine Audiodatei", AUDIO_DE } } },
    { TD_FAULT_UNREADABLE,
      "text",
      { { "this is a text, not an audio file", AUDIO_EN }, { "das ist ein Text, keine Audiodatei", AUDIO_DE } } },
    { TD_FAULT_UNREADABLE,
      "web page",
      { { "this is a web page, not an audio file", AUDIO_EN },
        { "das ist eine Webseite, keine Audiodatei", AUDIO_DE } } },
    { TD_FAULT_UNREADABLE,
      "midi",
      { { "this is a MIDI file, which holds notes and no sound", AGAIN_EN },
        { "das ist eine MIDI-Datei, die Noten enthält und keinen Ton", AGAIN_DE } } },
};

/* Cut in front or at the end, nobody can tell who does not know the song. */
static const words shorter[TD_LANGUAGES] = {
    { "its length differs from the others",
      "Does it start where the song starts? If something is missing in front, it would play at the wrong time: please "
      "export all files from the start of the song." },
    { "ihre Länge weicht von den anderen ab",
      "Beginnt sie, wo das Stück beginnt? Fehlt vorn etwas, erklänge sie zur falschen Zeit: bitte exportieren Sie alle "
      "Dateien ab Beginn des Stücks." },
};

static const words *instead_of(const td_finding *f, td_language l)
{
    for (size_t i = 0; f->format && i < sizeof instead / sizeof *instead; i++)
        if (instead[i].code == f->code && !strcmp(instead[i].format, f->format)) return &instead[i].says[l];
    return NULL;
}

static const words *words_of(const td_finding *f, td_language l)
{
    const words *w = instead_of(f, l);
    return w ? w : f->played_on ? &shorter[l] : &faults[f->code].says[l];
}

/* ---- in words ---------------------------------------------------------------------------------------------------- */

/* By tenths, where seconds would look the same. */
static const char *length_of(const td_finding *f, double length_s, char out[24])
{
    char clock[16];
    long long tenths = llrint(length_s * 10);
    if (fabs(f->length_s - f->value) >= 1) return td_clock(length_s, out);
    snprintf(out, 24, "%s.%d", td_clock((double)(tenths / 10), clock), (int)(tenths % 10));
    return out;
}

static const char *describe(const td_finding *f, td_language l, char *out, size_t size)
{
    char clock[16], name[300], own[24], its[24];
    switch (faults[f->code].detail) {
    case TD_DETAIL_PLACES:
        snprintf(out, size, l == TD_GERMAN ? " (zuerst bei %s; %.0f Stellen)" : " (first at %s; %.0f places)",
                 td_clock(f->at_s, clock), f->value);
        break;
    case TD_DETAIL_DB:
        snprintf(out, size, " (%.0f dBFS)", f->value);
        break;
    case TD_DETAIL_HUM:
        snprintf(out, size, " (%.0f Hz, %.0f dB)", f->at_hz, f->value);
        break;
    case TD_DETAIL_LENGTH:
        snprintf(out, size, l == TD_GERMAN ? " (%s, die anderen: %s)" : " (%s, the others: %s)",
                 length_of(f, f->length_s, own), length_of(f, f->value, its));
        break;
    case TD_DETAIL_RATE:
        snprintf(out, size, " (%.0f Hz)", f->value);
        break;
    case TD_DETAIL_TWIN:
        snprintf(out, size, " (%s)", td_printable(f->twin, name, sizeof name));
        break;
    case TD_DETAIL_FORMAT:
        snprintf(out, size, " (%s)", f->format);
        break;
    case TD_NO_DETAIL:
        *out = 0;
        break;
    }
    return out;
}

const char *td_finding_text(const td_finding *f, td_language language, char *out, size_t size)
{
    char more[320] = "";
    td_detail kind = faults[f->code].detail;
    bool known = kind == TD_DETAIL_TWIN     ? f->twin != NULL
                 : kind == TD_DETAIL_FORMAT ? f->format && *f->format
                                            : !isnan(f->value);
    if (known && !instead_of(f, language)) describe(f, language, more, sizeof more);
    snprintf(out, size, "%s%s", words_of(f, language)->what, more);
    return out;
}

const char *td_finding_remedy(const td_finding *f, td_language language)
{
    return words_of(f, language)->remedy;
}

td_detail td_fault_detail(td_fault_code code)
{
    return faults[code].detail;
}
