#include "engine/mix/intake.h"

#include "engine/base/json.h"
#include "engine/mix/features.h"
#include "engine/mix/mix.h"
#include "engine/mix/stemsum.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- thresholds -------------------------------------------------------------------------------------------------- */

#define CLIPS               2 /* one run at full scale may be a peak that was normalised */
#define DC_DBFS             (-50.0)
#define ABSENT_POWER        1e-6 /* -60 dB */
#define FLIPPED_CORRELATION (-0.8)
#define TWIN_POWER          1e-4 /* relative, per 100 ms: the same sound through another file format */
#define TWIN_BANDS          1e-3 /* the same of third octaves, over the whole song */
#define TWIN_LIKENESS       0.9
#define AT_ONCE_S           0.1
#define CUTOFF_PART         0.9     /* of half the file's rate */
#define HUM_DB              (-50.0) /* against what plays */
#define HUM_MARGIN_DB       3.0
#define LOUD_HUM_DB         (-15.0) /* what plays low may hold a note as long */
#define NOISE_DBFS          (-65.0)
#define NOISE_DB            (-35.0) /* against what plays */
#define CUT_S               2.0     /* so much shorter than the others, and sounding from its first sample */
#define SHORTER_S           1.0     /* than the others: asked about, unless they only ring out behind it */
#define RING_S              10.0    /* no longer */
#define RING_POWER          0.001   /* -30 dB against the song: what rises over that plays */
#define RING_RISE           4.0     /* 6 dB */

/* ---- words ------------------------------------------------------------------------------------------------------- */

typedef enum detail {
    NO_DETAIL,
    DETAIL_DB,
    DETAIL_HUM,
    DETAIL_LENGTH,
    DETAIL_RATE,
    DETAIL_PLACES,
    DETAIL_TWIN,
    DETAIL_FORMAT
} detail;

typedef struct words {
    const char *what;   /* is wrong */
    const char *remedy; /* a sentence; NULL: nothing a client could do, left out of the message */
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
    detail detail;
    words says[TD_LANGUAGES];
} faults[TD_FAULT_COUNT] = {
    [TD_FAULT_UNREADABLE] = { DETAIL_FORMAT,
                              { { "this is not an audio file we can read", AGAIN_EN },
                                { "das ist keine Audiodatei, die wir lesen können", AGAIN_DE } } },
    [TD_FAULT_DAMAGED] = { NO_DETAIL,
                           { { "the file is damaged; part of it is missing", CUT_EN },
                             { "die Datei ist beschädigt, ein Teil fehlt", CUT_DE } } },
    [TD_FAULT_EMPTY] = { NO_DETAIL,
                         { { "the file holds no sound at all", CUT_EN }, { "die Datei enthält keinen Ton", CUT_DE } } },
    [TD_FAULT_CHANNELS] = { NO_DETAIL,
                            { { "the file has more than two channels",
                                "Please export it as stereo, or each channel as a mono file." },
                              { "die Datei hat mehr als zwei Kanäle",
                                "Bitte exportieren Sie sie als Stereodatei oder jeden Kanal als Monodatei." } } },
    [TD_FAULT_RATE] = { DETAIL_RATE,
                        { { "its sample rate is out of range",
                            "Please export it at the rate of your session, 44.1 to 96 kHz." },
                          { "die Abtastrate liegt außerhalb des Üblichen",
                            "Bitte exportieren Sie sie mit der Rate Ihrer Session, 44,1 bis 96 kHz." } } },
    [TD_FAULT_HOSTILE] = { NO_DETAIL,
                           { { "the file's structure is not that of an exported stem", AGAIN_EN },
                             { "die Datei ist nicht aufgebaut wie eine exportierte Spur", AGAIN_DE } } },
    [TD_FAULT_SILENT] = { NO_DETAIL,
                          { { "the file is silent and will be left out",
                              "If something should be heard, please check whether the track was muted, and export it "
                              "again." },
                            { "die Datei ist stumm und bleibt weg",
                              "Sollte etwas zu hören sein, war die Spur vielleicht stummgeschaltet; dann exportieren "
                              "Sie sie bitte neu." } } },
    [TD_FAULT_CLIPPED] = { DETAIL_PLACES, { { "it is clipped", LOUD_EN }, { "sie ist übersteuert", LOUD_DE } } },
    [TD_FAULT_DC] = { DETAIL_DB,
                      { { "it has a constant offset (DC)",
                          "If a plug-in adds it, please export the track without that plug-in." },
                        { "sie hat einen Gleichspannungsversatz",
                          "Fügt ein Plug-in ihn hinzu, exportieren Sie die Spur bitte ohne dieses." } } },
    [TD_FAULT_STARTS_LATE] = { DETAIL_LENGTH,
                               { { "it is shorter than the others and sounds from its first moment on",
                                   "Was it exported without the silence in front? Then it would play at the wrong "
                                   "time: please "
                                   "export all files from the start of the song." },
                                 { "sie ist kürzer als die anderen und klingt vom ersten Augenblick an",
                                   "Wurde sie ohne die Stille davor exportiert? Dann erklänge sie zur falschen Zeit: "
                                   "bitte "
                                   "exportieren Sie alle Dateien ab Beginn des Stücks." } } },
    [TD_FAULT_LENGTH_DIFFERS] = { DETAIL_LENGTH,
                                  { { "its length differs from the others", NULL },
                                    { "ihre Länge weicht von den anderen ab", NULL } } },
    [TD_FAULT_RATE_DIFFERS] = { DETAIL_RATE,
                                { { "its sample rate differs; it is converted", NULL },
                                  { "ihre Abtastrate weicht ab; sie wird gewandelt", NULL } } },
    [TD_FAULT_LOW_RATE] = { DETAIL_RATE,
                            { { "its sample rate is low, so the highest treble is missing",
                                "If the recording was made at 44.1 kHz or more, please export it at that rate." },
                              { "ihre Abtastrate ist niedrig, die höchsten Höhen fehlen",
                                "Wurde mit 44,1 kHz oder mehr aufgenommen, exportieren Sie sie bitte mit dieser "
                                "Rate." } } },
    [TD_FAULT_LOSSY_FILE] = { DETAIL_FORMAT,
                              { { "the file is lossily compressed",
                                  "If you have an original, please export it as WAV or FLAC." },
                                { "die Datei ist verlustbehaftet komprimiert",
                                  "Gibt es ein Original, exportieren Sie es bitte als WAV oder FLAC." } } },
    [TD_FAULT_LOSSY_SOURCE] = { NO_DETAIL,
                                { { "it seems to have gone through lossy compression (such as MP3): its treble breaks "
                                    "off",
                                    "A sample or an effect can sound so too. If you have an original, please export it "
                                    "as WAV or FLAC." },
                                  { "sie wurde wohl verlustbehaftet komprimiert (etwa als MP3): ihre Höhen brechen ab",
                                    "Auch ein Sample oder ein Effekt kann so klingen. Gibt es ein Original, "
                                    "exportieren Sie es "
                                    "bitte als WAV oder FLAC." } } },
    [TD_FAULT_MONO_AS_STEREO] = { NO_DETAIL,
                                  { { "stereo file with two equal sides", NULL },
                                    { "Stereodatei mit zwei gleichen Seiten", NULL } } },
    [TD_FAULT_ONE_SIDED] = { NO_DETAIL,
                             { { "only one side of this stereo file holds sound",
                                 "If that is not meant, please export it as mono or with both sides." },
                               { "nur eine Seite dieser Stereodatei enthält Ton",
                                 "Ist das nicht gewollt, exportieren Sie sie bitte mono oder mit beiden Seiten." } } },
    [TD_FAULT_POLARITY_FLIPPED] = { NO_DETAIL,
                                    { { "left and right cancel each other in mono; one side seems to be inverted",
                                        "If that is no effect of yours, please export it without the inversion." },
                                      { "links und rechts löschen sich in Mono aus; eine Seite scheint verpolt",
                                        "Ist das kein gewollter Effekt, exportieren Sie sie bitte ohne die "
                                        "Verpolung." } } },
    [TD_FAULT_DUPLICATE] = { DETAIL_TWIN,
                             { { "it sounds exactly like another of the files",
                                 "Did another track mean to be here? Then please send that one." },
                               { "sie klingt genau wie eine andere der Dateien",
                                 "Sollte hier eine andere Spur stehen, schicken Sie bitte diese." } } },
    [TD_FAULT_INVERTED] = { DETAIL_TWIN,
                            { { "it is another of the files upside down, and the two cancel",
                                "If that is no second microphone, please send the track that was meant." },
                              { "sie ist eine andere der Dateien, nur verpolt, und beide löschen sich aus",
                                "Ist das kein zweites Mikrofon, schicken Sie bitte die gemeinte Spur." } } },
    [TD_FAULT_HUM] = { DETAIL_HUM,
                       { { "it has mains hum", "If you have a take without it, please send that one." },
                         { "sie hat Netzbrumm", "Gibt es eine Aufnahme ohne, schicken Sie bitte diese." } } },
    [TD_FAULT_NOISE] = { DETAIL_DB,
                         { { "its noise floor is high", "If you have a cleaner take, please send that one." },
                           { "ihr Grundrauschen ist hoch",
                             "Gibt es eine sauberere Aufnahme, schicken Sie bitte diese." } } },
    [TD_FAULT_NONFINITE] = { NO_DETAIL,
                             { { "it holds values that are no sound, set to silence",
                                 "A plug-in may have failed during the export: please listen to it, and export it "
                                 "again if it clicks." },
                               { "sie enthält ungültige Werte, die wir stummschalten",
                                 "Vielleicht versagte beim Export ein Plug-in: bitte anhören und neu exportieren, "
                                 "falls es knackt." } } },
    [TD_FAULT_TRUNCATED] = { NO_DETAIL,
                             { { "the file ends early", CUT_EN }, { "die Datei bricht vorzeitig ab", CUT_DE } } },
    [TD_FAULT_UNKNOWN_ROLE] = { NO_DETAIL,
                                { { "its name does not tell us what it is",
                                    "Please tell us which instrument or voice it holds." },
                                  { "ihr Name verrät uns nicht, was sie enthält",
                                    "Bitte sagen Sie uns, welches Instrument oder welche Stimme es ist." } } },
    [TD_FAULT_DOUBLE_ROLE] = { NO_DETAIL,
                               { { "its name fits more than one instrument", "Please tell us which one it is." },
                                 { "ihr Name passt auf mehr als ein Instrument",
                                   "Bitte sagen Sie uns, welches es ist." } } },
    [TD_FAULT_SET_ASIDE] = { NO_DETAIL,
                             { { "it lies in a folder whose name reads like other takes or old versions",
                                 "If it is not to be heard, please send the files without that folder." },
                               { "sie liegt in einem Ordner, der nach anderen Takes oder alten Fassungen klingt",
                                 "Soll sie nicht erklingen, schicken Sie die Dateien bitte ohne diesen Ordner." } } },
    [TD_FAULT_VOICES_ALONE] = { NO_DETAIL,
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

/* ---- what is heard ----------------------------------------------------------------------------------------------- */

typedef struct hearing {
    const td_session *session;
    const td_survey *survey;
    const td_stem *stem;
    const td_signal *signal;
    td_band_power bands;
    double ll, rr, lr; /* of all bands */
    double usual_s;    /* length of most stems */
    bool glance;       /* only what nothing has to be read for */
    size_t index;
    const td_stem_findings *in; /* what was found so far */
    td_error *err;
    td_status status; /* of tests that read */
} hearing;

static bool is_silent(hearing *h, td_finding *f)
{
    (void)f;
    return td_is_silent(h->signal->peak_dbfs);
}

static bool is_clipped(hearing *h, td_finding *f)
{
    f->value = h->signal->clips;
    f->at_s = h->signal->clip_at_s[0];
    return h->signal->clips >= CLIPS;
}

static bool has_dc(hearing *h, td_finding *f)
{
    f->value = td_to_db(fabs(h->signal->dc));
    return f->value > DC_DBFS;
}

static void compare_lengths(const hearing *h, td_finding *f)
{
    f->value = h->usual_s;
    f->length_s = (double)h->stem->frames / h->session->rate_hz;
}

/* A tail only falls: it neither rises nor holds its level. */
static bool only_rings(const td_signal *sum, double from_s, double to_s)
{
    size_t first = (size_t)(from_s / TD_STEP_S), end = (size_t)(to_s / TD_STEP_S), middle = (first + end) / 2;
    double mean = 0, lowest = INFINITY, half[2] = { 0 };
    for (size_t i = 0; i < sum->steps; i++) mean += (double)sum->k[i] / (double)sum->steps;
    for (size_t i = first; i < end && i < sum->steps; i++) {
        double now = (double)sum->k[i];
        half[i >= middle] += now;
        if (now > RING_POWER * mean && now > RING_RISE * lowest) return false;
        lowest = fmin(lowest, now);
    }
    return RING_RISE * half[1] < half[0] || half[1] < RING_POWER * mean * (double)(end - middle);
}

/* Whether a file ends while the others play on: then its start is to be asked about. */
static bool others_play_on(const hearing *h, double length_s)
{
    double missing_s = h->usual_s - length_s;
    if (missing_s <= SHORTER_S || missing_s > RING_S || !h->survey) return missing_s > SHORTER_S;
    return !only_rings(td_survey_signal(h->survey, td_survey_sum(h->survey)), length_s, h->usual_s);
}

static bool was_cut(hearing *h, td_finding *f)
{
    compare_lengths(h, f);
    return h->signal->first_sound_s < AT_ONCE_S && f->length_s < h->usual_s - CUT_S;
}

static bool is_lossy(hearing *h, td_finding *f)
{
    f->format = h->stem->info.format;
    return h->stem->info.lossy;
}

/* What once was lossy: its spectrum breaks off where no converter's filter would cut. */
static bool was_lossy(hearing *h, td_finding *f)
{
    (void)f;
    return !h->stem->info.lossy && h->signal->cutoff_hz < CUTOFF_PART * h->stem->info.rate_hz / 2;
}

static bool is_one_sided(hearing *h, td_finding *f)
{
    (void)f;
    return h->stem->info.channels == 2 && fmin(h->ll, h->rr) < ABSENT_POWER * fmax(h->ll, h->rr);
}

static bool is_mono_as_stereo(hearing *h, td_finding *f)
{
    (void)f;
    return h->stem->info.channels == 2 && td_survey_sides_equal(&h->bands);
}

static bool is_flipped(hearing *h, td_finding *f)
{
    (void)f;
    return h->stem->info.channels == 2 && h->lr < FLIPPED_CORRELATION * sqrt(h->ll * h->rr);
}

static bool as_loud(const td_signal *a, const td_signal *b)
{
    size_t n = a->steps < b->steps ? a->steps : b->steps;
    double apart = 0, all = 0;
    for (size_t i = 0; i < n; i++) {
        apart += fabs((double)a->ms[i] - (double)b->ms[i]);
        all += (double)a->ms[i];
        if (i % 100 == 99 && apart > all) return false; /* most pairs part early */
    }
    return all > 0 && apart < TWIN_POWER * all;
}

/* Steady tones are as loud as each other throughout, whatever they play. */
static bool same_tone(hearing *h, size_t other)
{
    td_band_power own, its;
    double apart = 0, all = 0;
    h->status = td_survey_bands(h->survey, td_survey_stem(h->survey, h->index), NULL, &own, h->err);
    if (!h->status) h->status = td_survey_bands(h->survey, other, NULL, &its, h->err);
    for (size_t b = 0; !h->status && b < TD_BANDS; b++) {
        apart += fabs(own.ll[b] + own.rr[b] - its.ll[b] - its.rr[b]);
        all += own.ll[b] + own.rr[b];
    }
    return !h->status && apart < TWIN_BANDS * all;
}

/* A step of a stem, one channel after the other; the second of a mono stem stays as it is. */
static td_status read_step(const hearing *h, size_t stem, size_t step, float *out, size_t frames)
{
    const td_stem *t = &h->session->stem[stem];
    td_source *source;
    float *to[2] = { out, out + frames };
    td_status st = td_stem_open(t, h->session->rate_hz, &source, h->err);
    if (st) return st;
    bool there = td_source_seek(source, step * frames);
    for (size_t i = 0, got; !st && i <= (there ? 0 : step); i++) st = td_source_read(source, to, frames, &got, h->err);
    td_source_close(source);
    return st;
}

/* Of two that are as loud in every step: how alike their waves are where they are loudest; -1: upside down. */
static double likeness(hearing *h, size_t other)
{
    size_t frames = h->session->rate_hz / 10, loudest = 0;
    float *wave = calloc(4 * frames, sizeof *wave);
    double product = 0, own = 0, its = 0;
    for (size_t i = 1; i < h->signal->steps; i++)
        if (h->signal->ms[i] > h->signal->ms[loudest]) loudest = i;
    h->status = wave ? read_step(h, h->index, loudest, wave, frames) : td_no_memory(h->err);
    if (!h->status) h->status = read_step(h, other, loudest, wave + 2 * frames, frames);
    for (size_t i = 0; !h->status && i < 2 * frames; i++) {
        double x = (double)wave[i], y = (double)wave[2 * frames + i];
        product += x * y;
        own += x * x;
        its += y * y;
    }
    free(wave);
    return own * its > 0 ? product / sqrt(own * its) : 0;
}

/* A later one is the copy. */
static bool has_twin(hearing *h, td_finding *f, double sign)
{
    for (size_t i = 0; i < h->index && !h->status; i++) {
        if (h->session->stem[i].bus == UINT_MAX) continue;
        size_t signal = td_survey_stem(h->survey, i);
        f->twin = h->session->stem[i].name;
        if (as_loud(h->signal, td_survey_signal(h->survey, signal)) && same_tone(h, signal) &&
            sign * likeness(h, i) > TWIN_LIKENESS)
            return !h->status;
    }
    return false;
}

static bool is_duplicate(hearing *h, td_finding *f)
{
    return has_twin(h, f, 1);
}

static bool is_inverted(hearing *h, td_finding *f)
{
    return !(h->in->faults & TD_FAULT_BIT(DUPLICATE)) && has_twin(h, f, -1);
}

/* A feature of the stem that conditions ask for as well; NaN where it cannot be measured. */
static double feature(hearing *h, const char *name, double *at_hz)
{
    double value = NAN, q;
    td_condition none = { .kind = TD_COND_COMPARE };
    h->status = td_feature_measure(h->survey, h->session, td_feature_find(name), td_survey_stem(h->survey, h->index),
                                   &none, &value, at_hz, &q, h->err);
    return value;
}

static bool is_one_of(const td_stem *m, const char *const *roles)
{
    while (*roles && !td_role_covers(*roles, m->role.name)) roles++;
    return *roles != NULL;
}

/* Hum never stops: a pause quieter than it unmasks the low note of a bass, and so does a hum louder than any. Tails of
 * drums fill the pauses. */
static bool hums(hearing *h, td_finding *f)
{
    static const char *const no_cable[] = { "drums", "percussion", "synths", "fx", NULL };
    static const char *const low[] = { "bass", "keys", "other", NULL };
    double at_hz;
    if (is_one_of(h->stem, no_cable)) return false;
    f->value = feature(h, "hum", &f->at_hz);
    if (h->status || !(f->value > HUM_DB) || (f->value > LOUD_HUM_DB && is_one_of(h->stem, low))) return false;
    return !(feature(h, "noise_floor", &at_hz) <= h->signal->rms_dbfs + f->value - HUM_MARGIN_DB); /* NaN: no pause */
}

/* Only what is recorded close and pauses: in the pauses of a tom one hears the other drums. */
static bool is_noisy(hearing *h, td_finding *f)
{
    static const char *const close[] = { "vocals", "speech", "guitars", "bass", "keys", NULL };
    double at_hz;
    if (h->in->faults & TD_FAULT_BIT(HUM) || !is_one_of(h->stem, close)) return false; /* the hum is the noise */
    f->value = feature(h, "noise_floor", &at_hz);
    return f->value > NOISE_DBFS && f->value > h->signal->rms_dbfs + NOISE_DB;
}

static bool has_nonfinite(hearing *h, td_finding *f)
{
    (void)f;
    return h->signal->nonfinite > 0;
}

/* Silence has no other faults, so it comes first. */
static const struct {
    td_fault_code code;
    bool (*heard)(hearing *h, td_finding *f);
    bool reads; /* spectra or sound; twins only where levels hardly leave a doubt */
} tests[] = {
    { TD_FAULT_SILENT, is_silent, false },
    { TD_FAULT_CLIPPED, is_clipped, false },
    { TD_FAULT_DC, has_dc, false },
    { TD_FAULT_STARTS_LATE, was_cut, false },
    { TD_FAULT_LOSSY_FILE, is_lossy, false },
    { TD_FAULT_LOSSY_SOURCE, was_lossy, false },
    { TD_FAULT_NONFINITE, has_nonfinite, false },
    { TD_FAULT_MONO_AS_STEREO, is_mono_as_stereo, true },
    { TD_FAULT_ONE_SIDED, is_one_sided, true },
    { TD_FAULT_POLARITY_FLIPPED, is_flipped, true },
    { TD_FAULT_DUPLICATE, is_duplicate, false },
    { TD_FAULT_INVERTED, is_inverted, false },
    { TD_FAULT_HUM, hums, true },
    { TD_FAULT_NOISE, is_noisy, true },
};

static void keep(td_stem_findings *in, td_finding f)
{
    in->faults |= 1u << f.code;
    in->finding[in->n_findings++] = f;
}

static td_finding finding(td_fault_code code)
{
    return (td_finding){ .code = code, .at_s = NAN, .value = NAN, .at_hz = NAN, .length_s = NAN };
}

/* What the file showed, with its figure. */
static void keep_shown(const hearing *h, td_stem_findings *in, td_fault_code code)
{
    td_finding f = finding(code);
    if (faults[code].detail == DETAIL_RATE) f.value = h->stem->info.rate_hz;
    if (faults[code].detail == DETAIL_LENGTH) compare_lengths(h, &f);
    f.played_on = code == TD_FAULT_LENGTH_DIFFERS && others_play_on(h, f.length_s);
    if (code == TD_FAULT_UNREADABLE || code == TD_FAULT_EMPTY) f.format = h->stem->info.format;
    for (size_t i = 0; faults[code].detail == DETAIL_TWIN && i < h->index && !f.twin; i++)
        if (!strcmp(h->session->stem[i].sha256, h->stem->sha256)) f.twin = h->session->stem[i].name;
    keep(in, f);
}

static td_status sum_bands(hearing *h)
{
    td_status st = td_survey_bands(h->survey, td_survey_stem(h->survey, h->index), NULL, &h->bands, h->err);
    if (st) return st;
    h->ll = h->rr = h->lr = 0;
    for (size_t b = 0; b < TD_BANDS; b++) {
        h->ll += h->bands.ll[b];
        h->rr += h->bands.rr[b];
        h->lr += h->bands.lr[b];
    }
    return TD_OK;
}

static td_status listen(hearing *h, td_stem_findings *in)
{
    h->status = h->glance ? TD_OK : sum_bands(h);
    for (size_t t = 0; t < sizeof tests / sizeof *tests && !h->status; t++) {
        td_finding f = finding(tests[t].code);
        if (in->faults & 1u << f.code || (h->glance && tests[t].reads) || !tests[t].heard(h, &f)) continue;
        keep(in, f);
        if (f.code == TD_FAULT_SILENT) break; /* and nothing else is wrong with silence */
    }
    return h->status;
}

static int compare_findings(const void *a, const void *b)
{
    return (int)((const td_finding *)a)->code - (int)((const td_finding *)b)->code;
}

static td_status judge(hearing *h, td_stem_findings *in)
{
    in->true_peak_dbtp = NAN;
    for (td_fault_code code = 0; code < TD_FAULT_COUNT; code++) {
        if (h->stem->faults & 1u << code) keep_shown(h, in, code);
    }
    td_status st = TD_OK;
    if (h->survey && h->stem->bus != UINT_MAX) {
        h->signal = td_survey_signal(h->survey, td_survey_stem(h->survey, h->index));
        st = listen(h, in);
    }
    qsort(in->finding, in->n_findings, sizeof *in->finding, compare_findings);
    in->verdict = td_faults_verdict(in->faults);
    return st;
}

static td_status judge_all(const td_session *session, const td_survey *survey, bool glance, td_findings **out,
                           td_error *err)
{
    *out = NULL;
    td_arena *arena = td_arena_new();
    td_findings *in = arena ? td_arena_alloc(arena, sizeof *in) : NULL;
    td_stem_findings *stem = arena ? td_arena_array(arena, session->n_stems, sizeof *stem) : NULL;
    if (!in || !stem) {
        td_arena_free(arena);
        return td_no_memory(err);
    }
    *in = (td_findings){ .stem = stem, .n_stems = session->n_stems, .arena = arena };
    hearing h = { .session = session, .survey = survey, .glance = glance, .err = err };
    h.usual_s = (double)td_session_usual_frames(session) / session->rate_hz;
    for (size_t i = 0; i < in->n_stems && !h.status; i++) {
        h.index = i;
        h.stem = &session->stem[i];
        h.in = &stem[i];
        h.status = judge(&h, &stem[i]);
        if (stem[i].verdict > in->verdict) in->verdict = stem[i].verdict;
    }
    if (h.status) {
        td_intake_free(in);
        return h.status;
    }
    *out = in;
    return TD_OK;
}

td_status td_intake_make(const td_session *session, const td_survey *survey, td_findings **out, td_error *err)
{
    return judge_all(session, survey, false, out, err);
}

td_status td_intake_glance(const td_session *session, const td_survey *survey, td_findings **out, td_error *err)
{
    return judge_all(session, survey, true, out, err);
}

typedef struct peak_work {
    const td_session *session;
    td_findings *in;
} peak_work;

static td_status measure_peak(void *shared, size_t index, td_error *err)
{
    const peak_work *w = shared;
    const td_stem *m = &w->session->stem[index];
    const char *const path[] = { m->path, m->path_right };
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < 2 && path[i] && td_faults_verdict(m->faults) != TD_REJECT; i++) {
        td_mix_file f;
        st = td_mix_measure_file(path[i], &f, err);
        if (!st) w->in->stem[index].true_peak_dbtp = fmax(w->in->stem[index].true_peak_dbtp, f.true_peak_dbtp);
    }
    return st;
}

td_status td_intake_measure_peaks(const td_session *session, td_pool *pool, td_findings *in, td_error *err)
{
    return td_pool_run(pool, in->n_stems, measure_peak, &(peak_work){ session, in }, err);
}

void td_intake_free(td_findings *in)
{
    if (in) td_arena_free(in->arena);
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
    case DETAIL_PLACES:
        snprintf(out, size, l == TD_GERMAN ? " (zuerst bei %s; %.0f Stellen)" : " (first at %s; %.0f places)",
                 td_clock(f->at_s, clock), f->value);
        break;
    case DETAIL_DB:
        snprintf(out, size, " (%.0f dBFS)", f->value);
        break;
    case DETAIL_HUM:
        snprintf(out, size, " (%.0f Hz, %.0f dB)", f->at_hz, f->value);
        break;
    case DETAIL_LENGTH:
        snprintf(out, size, l == TD_GERMAN ? " (%s, die anderen: %s)" : " (%s, the others: %s)",
                 length_of(f, f->length_s, own), length_of(f, f->value, its));
        break;
    case DETAIL_RATE:
        snprintf(out, size, " (%.0f Hz)", f->value);
        break;
    case DETAIL_TWIN:
        snprintf(out, size, " (%s)", td_printable(f->twin, name, sizeof name));
        break;
    case DETAIL_FORMAT:
        snprintf(out, size, " (%s)", f->format);
        break;
    case NO_DETAIL:
        *out = 0;
        break;
    }
    return out;
}

const char *td_finding_text(const td_finding *f, td_language language, char *out, size_t size)
{
    char more[320] = "";
    detail kind = faults[f->code].detail;
    bool known = kind == DETAIL_TWIN     ? f->twin != NULL
                 : kind == DETAIL_FORMAT ? f->format && *f->format
                                         : !isnan(f->value);
    if (known && !instead_of(f, language)) describe(f, language, more, sizeof more);
    snprintf(out, size, "%s%s", words_of(f, language)->what, more);
    return out;
}

/* ---- for programs ------------------------------------------------------------------------------------------------ */

static const char *verdict_name(td_verdict v)
{
    static const char *const names[] = { [TD_ACCEPT] = "accept", [TD_WARN] = "warn", [TD_REJECT] = "reject" };
    return names[v];
}

/* Levels of the file itself: what the order adds when the stem enters its bus is taken off again. */
static void add_heard(json_t *j, const td_stem *m, const td_stem_findings *in, const td_signal *g)
{
    td_sides sides = td_stem_sides(m->info.channels, m->level_db, m->pan, m->flip);
    double entry_db = td_to_db(fmax(fabs(sides.left), fabs(sides.right)));
    json_object_set_new(j, "loudness_lufs", td_json_db(g->loudness_lufs - m->level_db));
    json_object_set_new(j, "loudness_range_lu", td_json_db(g->range_lu));
    json_object_set_new(j, "true_peak_dbtp", td_json_db(in->true_peak_dbtp));
    json_object_set_new(j, "peak_dbfs", td_json_db(g->peak_dbfs - entry_db));
    json_object_set_new(j, "rms_dbfs", td_json_db(g->rms_dbfs - entry_db));
    json_object_set_new(j, "crest_db", td_json_db(g->crest_db));
    json_object_set_new(j, "first_sound_s", td_json_number(g->first_sound_s, 0.1));
    json_object_set_new(j, "last_sound_s", td_json_number(g->last_sound_s, 0.1));
}

static json_t *file_json(const td_stem *m, const td_stem_findings *in)
{
    json_t *j = json_object(), *codes = json_array(), *findings = json_array();
    char text[512];
    for (size_t i = 0; i < in->n_findings; i++) {
        json_array_append_new(codes, json_string(td_fault_name(in->finding[i].code)));
        json_array_append_new(findings, json_string(td_finding_text(&in->finding[i], TD_ENGLISH, text, sizeof text)));
    }
    json_object_set_new(j, "file", td_json_text(m->name));
    json_object_set_new(j, "verdict", json_string(verdict_name(in->verdict)));
    json_object_set_new(j, "codes", codes);
    json_object_set_new(j, "findings", findings);
    if (m->fault_text[0]) json_object_set_new(j, "refused", td_json_text(m->fault_text));
    json_object_set_new(j, "role", td_json_text(m->role.name));
    json_object_set_new(j, "role_guess", json_boolean(m->role.guess));
    json_object_set_new(j, "role_why", td_json_text(m->role.why));
    json_object_set_new(j, "format", td_json_text(m->info.format));
    json_object_set_new(j, "encoding", td_json_text(m->info.encoding));
    json_object_set_new(j, "rate_hz", json_integer(m->info.rate_hz));
    json_object_set_new(j, "channels", json_integer(m->info.channels));
    json_object_set_new(j, "duration_s", td_json_number((double)m->info.frames / m->info.rate_hz, 0.001));
    json_object_set_new(j, "sha256", td_json_text(m->sha256));
    return j;
}

td_status td_intake_json(const td_session *session, const td_survey *survey, const td_findings *in, td_text *out)
{
    json_t *j = json_object(), *files = json_array();
    json_object_set_new(j, "v", json_integer(1));
    for (size_t i = 0; i < in->n_stems; i++) {
        json_t *file = file_json(&session->stem[i], &in->stem[i]);
        if (survey && session->stem[i].bus != UINT_MAX)
            add_heard(file, &session->stem[i], &in->stem[i], td_survey_signal(survey, td_survey_stem(survey, i)));
        json_array_append_new(files, file);
    }
    json_object_set_new(j, "files", files);
    char *text = json_dumps(j, TD_JSON_STYLE);
    json_decref(j);
    if (!text) return TD_NOMEM;
    td_text_addf(out, "%s\n", text);
    free(text);
    return out->broken ? TD_NOMEM : TD_OK;
}

/* ---- for the client ---------------------------------------------------------------------------------------------- */

static const struct {
    const char *thanks, *track, *tracks, *of; /* number of tracks; title */
    const char *need_one, *need_many;         /* number of tracks */
    const char *noticed, *also_noticed, *fine, *regards;
} phrases[TD_LANGUAGES] = {
    [TD_ENGLISH] = { "Hello,\n\nthank you for your ", "track", "%zu tracks", " of \"%s\"",
                     "\nBefore we can mix, we need your help with one of them:\n",
                     "\nBefore we can mix, we need your help with %zu of them:\n",
                     "\nWe noticed the following. Where it is meant to be so, there is nothing to do:\n",
                     "\nWe noticed this as well. Where it is meant to be so, there is nothing to do:\n",
                     "\nAll is well with them, and we can begin.\n", "\nKind regards\n" },
    [TD_GERMAN] = { "Guten Tag,\n\nvielen Dank für Ihre ", "Spur", "%zu Spuren", " zu „%s“",
                    "\nBevor wir mischen können, brauchen wir bei einer davon Ihre Hilfe:\n",
                    "\nBevor wir mischen können, brauchen wir bei %zu davon Ihre Hilfe:\n",
                    "\nUns ist Folgendes aufgefallen. Wo es so gewollt ist, brauchen Sie nichts zu tun:\n",
                    "\nAußerdem ist uns Folgendes aufgefallen. Wo es so gewollt ist, brauchen Sie nichts zu tun:\n",
                    "\nEs ist alles in Ordnung, und wir können beginnen.\n", "\nMit freundlichen Grüßen\n" },
};

/* What a client hears about: all that a new export or an answer would mend. A refused file's lesser faults are left
 * out, for it comes anew anyway. */
static bool is_told(const td_stem_findings *in, const td_finding *f, td_language l)
{
    bool asked = f->code == TD_FAULT_LENGTH_DIFFERS && in->faults & TD_FAULT_BIT(STARTS_LATE);
    return words_of(f, l)->remedy && td_fault_verdict(f->code) == in->verdict && !asked;
}

static size_t tell(const td_session *session, const td_findings *in, td_verdict verdict, td_language l, td_text *out)
{
    char name[320], text[512];
    size_t told = 0;
    for (size_t i = 0; i < in->n_stems; i++) {
        const td_stem_findings *m = &in->stem[i];
        bool named = false;
        for (size_t k = 0; k < m->n_findings && m->verdict == verdict; k++) {
            const td_finding *f = &m->finding[k];
            if (!is_told(m, f, l)) continue;
            if (!named) td_text_addf(out, "\n  %s\n", td_printable(session->stem[i].name, name, sizeof name));
            td_text_addf(out, "  - %s. %s\n", td_finding_text(f, l, text, sizeof text), words_of(f, l)->remedy);
            told += !named;
            named = true;
        }
    }
    return told;
}

td_status td_intake_message(const td_session *session, const td_findings *in, td_language language, td_text *out)
{
    td_text refused = { 0 }, noticed = { 0 };
    size_t n_refused = tell(session, in, TD_REJECT, language, &refused);
    size_t n_noticed = tell(session, in, TD_WARN, language, &noticed);
    td_text_add(out, phrases[language].thanks);
    td_text_addf(out, in->n_stems == 1 ? phrases[language].track : phrases[language].tracks, in->n_stems);
    if (session->title) td_text_addf(out, phrases[language].of, session->title);
    td_text_add(out, ".\n");
    if (n_refused == 1) td_text_add(out, phrases[language].need_one);
    if (n_refused > 1) td_text_addf(out, phrases[language].need_many, n_refused);
    td_text_add(out, td_text_or_empty(&refused));
    if (n_noticed) td_text_add(out, n_refused ? phrases[language].also_noticed : phrases[language].noticed);
    td_text_add(out, td_text_or_empty(&noticed));
    if (!n_refused && !n_noticed) td_text_add(out, phrases[language].fine);
    td_text_add(out, phrases[language].regards);
    bool broken = out->broken || refused.broken || noticed.broken;
    td_text_free(&refused);
    td_text_free(&noticed);
    return broken ? TD_NOMEM : TD_OK;
}
