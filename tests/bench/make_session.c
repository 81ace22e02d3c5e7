/* make_session FOLDER [STEMS 24] [SECONDS 240] [SEED 1]: a song of invented stems, for figures of speed and memory.
 *
 * 48 kHz, 24 bit, 125 bpm, mono and stereo, every file equally long. The same arguments give the same bytes on every
 * machine. It is music in what costs a mixer: sharp transients and long tails, rests of exact zeros, sections that thin
 * out, levels that nobody set. Every stem is a score (which notes start on a sixteenth) played by an instrument (what a
 * voice gives, sample by sample):
 *
 *     sixteenth -> score -> notes -> voices, up to 16 at a time -> sum, placed left and right -> file */
#include "engine/audio/audio.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RATE = 48000,
    STEP = 5760, /* frames a sixteenth: 125 bpm */
    BAR = 16,    /* sixteenths */
    VOICES = 16,
    STRING_MAX = 2048,
    NOTES_MAX = 4,
};

/* ---- instruments ------------------------------------------------------------------------------------------------- */

/* A resonance or, undamped, an oscillator: two samples of memory. */
typedef struct resonator {
    double a, b, y1, y2;
} resonator;

/* One sounding note. What an instrument does not need stays zero. */
typedef struct voice {
    double freq_hz, velocity, place; /* place -1..1 */
    size_t age, frames;              /* of the note; it may ring on */
    double level, fade;              /* envelope, and what it is multiplied with each sample */
    double noise_before;
    resonator part[4];
    float string[STRING_MAX];
    size_t length;
} voice;

typedef struct instrument {
    double low_hz, drop_hz; /* where a drum's tone ends, and how much higher it starts */
    double ring_s;          /* time to fall by 60 dB */
    double noise;           /* share of noise in a drum; brightness of a string */
    void (*start)(voice *v, const struct instrument *i, td_random *r);
    double (*sample)(voice *v, const struct instrument *i, td_random *r);
} instrument;

static double noise(td_random *r) /* -1..1 */
{
    return 2 * td_random_uniform(r);
}

static double chance(td_random *r) /* 0..1 */
{
    return 0.5 + td_random_uniform(r);
}

/* What falls by 60 dB in seconds, each sample. */
static double fade_of(double seconds)
{
    return td_exp(-6.907755278982137 / (seconds * RATE)); /* ln 1000 */
}

static void resonate(resonator *p, double freq_hz, double width_hz)
{
    double radius = td_exp(-TD_PI * width_hz / RATE);
    *p = (resonator){ .a = 2 * radius * td_cos(2 * TD_PI * freq_hz / RATE), .b = -radius * radius };
}

static double ring(resonator *p, double in)
{
    double y = in + p->a * p->y1 + p->b * p->y2;
    p->y2 = p->y1;
    p->y1 = y;
    return y;
}

static void start_drum(voice *v, const instrument *i, td_random *r)
{
    (void)r;
    v->level = v->velocity;
    v->fade = fade_of(i->ring_s);
}

/* A tone that drops in pitch, and high-passed noise. */
static double play_drum(voice *v, const instrument *i, td_random *r)
{
    double t = (double)v->age / RATE;
    double turns = i->low_hz * t + i->drop_hz * 0.02 * (1 - td_exp(-t / 0.02));
    double hiss = noise(r), bright = hiss - v->noise_before;
    v->noise_before = hiss;
    v->level *= v->fade;
    return v->level * ((1 - i->noise) * td_sin(2 * TD_PI * (turns - floor(turns))) + 0.5 * i->noise * bright);
}

/* A plucked string: noise that circles in a delay and loses its treble (Karplus and Strong 1983). */
static void start_string(voice *v, const instrument *i, td_random *r)
{
    double smooth = 0;
    v->length = (size_t)(RATE / v->freq_hz);
    if (v->length > STRING_MAX) v->length = STRING_MAX;
    for (size_t k = 0; k < v->length; k++) {
        smooth += i->noise * (noise(r) - smooth);
        v->string[k] = (float)(v->velocity * smooth);
    }
    v->level = 1;
    v->fade = fade_of(i->ring_s);
}

static double play_string(voice *v, const instrument *i, td_random *r)
{
    (void)i, (void)r;
    size_t at = v->age % v->length, next = (at + 1) % v->length;
    double y = (double)v->string[at];
    v->string[at] = (float)(0.5 * (y + (double)v->string[next]));
    if (v->age > v->frames) v->level *= 0.9995; /* the hand on the string */
    v->level *= v->fade;
    return v->level * y;
}

static void start_tone(voice *v, const instrument *i, td_random *r)
{
    (void)i;
    for (int p = 0; p < 4; p++) {
        resonate(&v->part[p], v->freq_hz * (p + 1) * (1 + 0.002 * noise(r)), 0);
        v->part[p].y1 = td_sin(2 * TD_PI * v->freq_hz * (p + 1) / RATE) / (p + 1);
    }
    v->level = 1;
}

/* Four harmonics that swell and fall. */
static double play_tone(voice *v, const instrument *i, td_random *r)
{
    (void)r;
    double y = 0, swell = fmin(1, (double)v->age / (0.2 * i->ring_s * RATE));
    for (int p = 0; p < 4; p++) y += ring(&v->part[p], 0);
    if (v->age > v->frames) v->level *= fade_of(0.3);
    return 0.3 * v->velocity * v->level * swell * y;
}

static void start_voice(voice *v, const instrument *i, td_random *r)
{
    (void)i;
    static const double vowel[4][3] = {
        { 730, 1090, 2440 }, { 530, 1840, 2480 }, { 270, 2290, 3010 }, { 570, 840, 2410 }
    };
    size_t k = (size_t)(4 * chance(r));
    for (int p = 0; p < 3; p++) resonate(&v->part[p], vowel[k][p], 60 + 30 * p);
    v->level = 1;
}

/* Pulses through three formants (vowels of Peterson and Barney 1952), a consonant in front. */
static double play_voice(voice *v, const instrument *i, td_random *r)
{
    double t = (double)v->age / RATE, y = 0;
    double turns = v->freq_hz * t + 0.04 * td_sin(2 * TD_PI * fmod(5.5 * t, 1)); /* vibrato */
    double pulse = floor(turns) > v->noise_before ? 1 : 0;
    v->noise_before = floor(turns);
    double consonant = t < 0.06 ? 0.3 * i->noise * noise(r) : 0;
    for (int p = 0; p < 3; p++) y += ring(&v->part[p], pulse * (1 - 0.3 * p)) * 0.05;
    if (v->age > v->frames) v->level *= v->fade;
    return v->velocity * (v->level * y + consonant);
}

static void start_wind(voice *v, const instrument *i, td_random *r)
{
    (void)i, (void)r;
    v->level = 1;
}

/* Noise through a band that rises for as long as the note lasts. */
static double play_wind(voice *v, const instrument *i, td_random *r)
{
    double rise = (double)v->age / (double)v->frames;
    if (v->age % 64 == 0) {
        resonator before = v->part[0];
        resonate(&v->part[0], i->low_hz + rise * rise * i->drop_hz, 400);
        v->part[0].y1 = before.y1;
        v->part[0].y2 = before.y2;
    }
    if (v->age > v->frames) v->level *= v->fade;
    return 0.02 * v->velocity * fmin(1, rise) * v->level * ring(&v->part[0], noise(r));
}

#define DRUM(low, drop, ring, share)                  \
    {                                                 \
        low, drop, ring, share, start_drum, play_drum \
    }
static const instrument kick = DRUM(48, 300, 0.5, 0.05), snare = DRUM(180, 60, 0.35, 0.6), hat = DRUM(6000, 0, 0.12, 1),
                        tom = DRUM(90, 120, 0.8, 0.1), cymbals = DRUM(3100, 0, 1.5, 0.95),
                        room = DRUM(70, 90, 0.9, 0.4), tambourine = DRUM(7500, 0, 0.2, 0.9);
static const instrument bass = { .ring_s = 4, .noise = 0.2, .start = start_string, .sample = play_string };
static const instrument guitar = { .ring_s = 5, .noise = 0.6, .start = start_string, .sample = play_string };
static const instrument piano = { .ring_s = 6, .noise = 0.9, .start = start_string, .sample = play_string };
static const instrument organ = { .ring_s = 0.1, .start = start_tone, .sample = play_tone };
static const instrument pad = { .ring_s = 4, .start = start_tone, .sample = play_tone };
static const instrument singer = { .noise = 1, .start = start_voice, .sample = play_voice };
static const instrument riser = { .low_hz = 300, .drop_hz = 7000, .start = start_wind, .sample = play_wind };

/* ---- scores ------------------------------------------------------------------------------------------------------ */

typedef struct note {
    double key, velocity, sixteenths; /* key as in MIDI; 69 is 440 Hz */
} note;

/* The notes that start on a sixteenth; how many. */
typedef size_t (*score)(size_t sixteenth, td_random *r, note *out);

static const double roots[4] = { 40, 45, 36, 43 }; /* E A C G, two bars each */
static const double thirds[4] = { 3, 3, 4, 4 };

static size_t chord_at(size_t sixteenth)
{
    return sixteenth / (2 * BAR) % 4;
}

/* How full the song is in each section of eight bars. */
static double fullness(size_t sixteenth)
{
    static const double section[8] = { 0.3, 1, 0.6, 1, 0.2, 0.8, 1, 1 };
    return section[sixteenth / (8 * BAR) % 8];
}

static size_t one(note *out, double key, double velocity, double sixteenths)
{
    out[0] = (note){ key, velocity, sixteenths };
    return 1;
}

static size_t four_on_the_floor(size_t s, td_random *r, note *out)
{
    bool beat = s % 4 == 0 || (s % BAR == 14 && fullness(s) > 0.7);
    return beat && fullness(s) > 0.25 ? one(out, 36, 0.8 + 0.2 * chance(r), 1) : 0;
}

static size_t backbeat(size_t s, td_random *r, note *out)
{
    if (s % 8 == 4 && fullness(s) > 0.5) return one(out, 38, 0.8 + 0.2 * chance(r), 1);
    return fullness(s) > 0.9 && chance(r) < 0.06 ? one(out, 38, 0.15, 1) : 0; /* ghost notes */
}

static size_t eighths(size_t s, td_random *r, note *out)
{
    return s % 2 == 0 && fullness(s) > 0.5 ? one(out, 42, 0.3 + 0.5 * chance(r), 1) : 0;
}

static size_t fills(size_t s, td_random *r, note *out)
{
    return s % (4 * BAR) >= 4 * BAR - 6 ? one(out, 45, 0.5 + 0.5 * chance(r), 1) : 0;
}

static size_t whole_kit(size_t s, td_random *r, note *out)
{
    size_t n = four_on_the_floor(s, r, out);
    n += backbeat(s, r, out + n);
    return n + eighths(s, r, out + n);
}

static size_t bass_line(size_t s, td_random *r, note *out)
{
    if (s % 2 || fullness(s) < 0.25 || chance(r) < 0.2) return 0;
    return one(out, roots[chord_at(s)] + (s % BAR == 14 ? 12 : 0), 0.7 + 0.3 * chance(r), 1.8);
}

static size_t triad(size_t s, double octave, double velocity, double sixteenths, note *out)
{
    size_t c = chord_at(s);
    const double steps[3] = { 0, thirds[c], 7 };
    for (size_t k = 0; k < 3; k++) out[k] = (note){ roots[c] + octave + steps[k], velocity, sixteenths };
    return 3;
}

static size_t strummed(size_t s, td_random *r, note *out)
{
    if (s % 2 || fullness(s) < 0.5) return 0;
    return triad(s, 12, (s % 4 ? 0.3 : 0.6) + 0.2 * chance(r), 2, out);
}

static size_t comped(size_t s, td_random *r, note *out)
{
    return s % 6 == 0 ? triad(s, 24, 0.4 + 0.3 * chance(r), 5, out) : 0;
}

static size_t held(size_t s, td_random *r, note *out)
{
    (void)r;
    return s % (2 * BAR) == 0 && fullness(s) > 0.5 ? triad(s, 24, 0.5, 30, out) : 0;
}

/* Phrases of two bars, and two bars of rest. */
static size_t melody(size_t s, td_random *r, note *out)
{
    static const double scale[5] = { 0, 3, 5, 7, 10 };
    if (s % (4 * BAR) >= 2 * BAR || s % 3 || fullness(s) < 0.3) return 0;
    return one(out, 52 + scale[(size_t)(5 * chance(r))], 0.5 + 0.5 * chance(r), 2.5);
}

static size_t chorus(size_t s, td_random *r, note *out)
{
    return fullness(s) > 0.9 ? melody(s, r, out) : 0;
}

static size_t before_sections(size_t s, td_random *r, note *out)
{
    (void)r;
    return s % (8 * BAR) == 6 * BAR ? one(out, 60, 0.8, 2 * BAR) : 0;
}

/* ---- the band ---------------------------------------------------------------------------------------------------- */

/* In the order in which fewer stems are taken, so that a small session is a band as well. */
static const struct part {
    const char *name;
    unsigned channels;
    const instrument *instrument;
    score score;
    double octave, peak; /* keys up; how loud, linear */
} parts[] = {
    { "Kick", 1, &kick, four_on_the_floor, 0, 0.7 },
    { "Snare Top", 1, &snare, backbeat, 0, 0.5 },
    { "Bass DI", 1, &bass, bass_line, 0, 0.4 },
    { "Gtr Rhythm 1", 1, &guitar, strummed, 0, 0.25 },
    { "Lead Vox", 1, &singer, melody, 0, 0.3 },
    { "Piano", 2, &piano, comped, 0, 0.2 },
    { "Overheads", 2, &cymbals, eighths, 0, 0.15 },
    { "BV 1", 1, &singer, chorus, 12, 0.15 },
    { "HiHat", 1, &hat, eighths, 0, 0.2 },
    { "Room", 2, &room, whole_kit, 0, 0.2 },
    { "Gtr Rhythm 2", 1, &guitar, strummed, 0, 0.25 },
    { "Pad", 2, &pad, held, 0, 0.1 },
    { "Snare Bottom", 1, &snare, backbeat, 0, 0.2 },
    { "Tom 1", 1, &tom, fills, 0, 0.6 },
    { "Tom 2", 1, &tom, fills, -5, 0.6 },
    { "Tambourine", 1, &tambourine, eighths, 0, 0.1 },
    { "Bass Amp", 1, &bass, bass_line, 0, 0.5 },
    { "Gtr Lead", 1, &guitar, melody, 12, 0.3 },
    { "Acoustic Gtr", 2, &guitar, strummed, 12, 0.15 },
    { "Organ", 2, &organ, held, 0, 0.1 },
    { "Lead Vox Dbl", 1, &singer, chorus, 0, 0.2 },
    { "BV 2", 1, &singer, chorus, 7, 0.15 },
    { "BV 3", 2, &singer, chorus, 0, 0.1 },
    { "Riser", 2, &riser, before_sections, 0, 0.3 },
};

#define N_PARTS (sizeof parts / sizeof *parts)

typedef struct player {
    const struct part *part;
    td_random random;
    voice voice[VOICES];
} player;

/* Takes the voice that is free, or else the oldest. */
static void strike(player *p, note n)
{
    voice *v = &p->voice[0];
    for (size_t i = 0; i < VOICES && v->level > 0; i++) {
        if (p->voice[i].level <= 0 || p->voice[i].age > v->age) v = &p->voice[i];
    }
    *v = (voice){ .freq_hz = 440 * td_exp2((n.key + p->part->octave - 69) / 12),
                  .velocity = n.velocity * p->part->peak,
                  .place = p->part->channels == 2 ? noise(&p->random) : 0,
                  .frames = (size_t)(n.sixteenths * STEP),
                  .fade = fade_of(0.1) };
    p->part->instrument->start(v, p->part->instrument, &p->random);
}

static void play(player *p, float *left, float *right)
{
    memset(left, 0, STEP * sizeof *left);
    memset(right, 0, STEP * sizeof *right);
    for (size_t i = 0; i < VOICES; i++) {
        voice *v = &p->voice[i];
        for (size_t k = 0; k < STEP && v->level > 0; k++) {
            double y = p->part->instrument->sample(v, p->part->instrument, &p->random);
            left[k] += (float)(y * (1 - 0.5 * v->place));
            right[k] += (float)(y * (1 + 0.5 * v->place));
            v->age++;
            if (v->level < 1e-4) v->level = 0; /* -80 dB: gone */
        }
    }
}

static td_status write_stem(const char *path, player *p, uint64_t frames, td_error *err)
{
    td_file_spec spec = { .codec = TD_CODEC_WAV, .bits = 24, .rate_hz = RATE, .channels = p->part->channels };
    float left[STEP], right[STEP];
    const float *const ch[2] = { left, right };
    note notes[NOTES_MAX];
    td_writer *w;
    td_status st = td_writer_open(path, &spec, NULL, &w, err);
    if (st) return st;
    for (uint64_t at = 0; !st && at < frames; at += STEP) {
        size_t n = p->part->score((size_t)(at / STEP), &p->random, notes);
        for (size_t i = 0; i < n; i++) strike(p, notes[i]);
        play(p, left, right);
        st = td_writer_write(w, ch, (size_t)(frames - at < STEP ? frames - at : STEP), err);
    }
    if (!st) return td_writer_commit(w, true, err);
    td_writer_abort(w);
    return st;
}

static td_status make_stem(const char *folder, size_t index, uint64_t frames, uint64_t seed, td_error *err)
{
    char path[4096];
    size_t round = index / N_PARTS;
    const struct part *part = &parts[index % N_PARTS];
    player *p = calloc(1, sizeof *p);
    if (!p) return td_no_memory(err);
    p->part = part;
    td_random_seed(&p->random, seed * 1000 + index);
    if (round)
        snprintf(path, sizeof path, "%s/%03zu %s take %zu.wav", folder, index + 1, part->name, round + 1);
    else
        snprintf(path, sizeof path, "%s/%03zu %s.wav", folder, index + 1, part->name);
    td_status st = write_stem(path, p, frames, err);
    free(p);
    return st;
}

int main(int argc, char **argv)
{
    unsigned long stems = argc > 2 ? strtoul(argv[2], NULL, 10) : 24,
                  seconds = argc > 3 ? strtoul(argv[3], NULL, 10) : 240;
    unsigned long seed = argc > 4 ? strtoul(argv[4], NULL, 10) : 1;
    td_error err;
    char text[1400];
    if (argc < 2 || !stems || !seconds || stems > 999) {
        fprintf(stderr, "make_session FOLDER [STEMS 24] [SECONDS 240] [SEED 1]\n");
        return 2;
    }
    td_status st = td_folder_make(argv[1], &err);
    for (size_t i = 0; !st && i < stems; i++) st = make_stem(argv[1], i, (uint64_t)seconds * RATE, seed, &err);
    if (st) fprintf(stderr, "%s\n", td_error_text(&err, text, sizeof text));
    return td_status_exit(st);
}
