/* hum_filter, dc_filter, align, declick. */
#include "engine/audio/audio.h"
#include "tests/figures/figures.h"

#include <glob.h>

void figures_repair(void);

enum { RATE = 48000 };

static double power_db(const td_unit_state *u, double freq_hz)
{
    return 10 * log10(td_unit_power_at(u, freq_hz));
}

static void hum_filter(void)
{
    td_unit_state *u = sound_unit(48000, "hum_filter", "at=50 harmonics=6 depth=40");
    enum { FRAMES = 48000 * 6 };
    sound s = sound_new(FRAMES);
    for (int h = 1; h <= 6; h++)
        for (int i = 0; i < FRAMES; i++) s.ch[0][i] += (float)(0.1 * sin(2 * M_PI * fmod(50.0 * h * i / 48000, 1)));
    sound_run(u, s);
    double error = 0, between = 0, above = 0;
    for (int h = 1; h <= 6; h++) {
        double left = sound_amplitude(s.ch[0] + FRAMES - 96000, 96000, 50 * h, 48000);
        error = fmax(error, fabs(20 * log10(left / 0.1) + 40));
        if (h < 6) between = fmax(between, -power_db(u, 50 * h + 25));
    }
    for (double f = 350; f < 20000; f *= 1.01) above = fmax(above, f >= 500 ? fabs(power_db(u, f)) : 0);
    figure("hum_filter", "six tones of 50 Hz hum: depth of 40 dB", AT_MOST, 0.5, error, "dB");
    figure("hum_filter", "loss halfway between tones", AT_MOST, 0.2, between, "dB");
    figure("hum_filter", "loss from 500 Hz on", AT_MOST, 0.1, above, "dB");
    sound_free(s);
    double pink = 0, left = 0; /* a bin's power falls with frequency */
    for (double f = 20; f < 20000; f *= 1.0005) pink += 1, left += td_unit_power_at(u, f);
    figure("hum_filter", "level of pink noise", AT_MOST, 0.2, fabs(10 * log10(left / pink)), "dB");
    td_unit_free(u);
}

static void dc_filter(void)
{
    td_unit_state *u = sound_unit(48000, "dc_filter", "");
    sound s = sound_new(48000 * 4);
    for (size_t i = 0; i < s.frames; i++) s.ch[0][i] = 0.1f;
    sound_run(u, s);
    figure("dc_filter", "an offset of -20 dBFS after 4 s", AT_MOST, -140,
           20 * log10(fabs((double)s.ch[0][s.frames - 1])), "dBFS");
    figure("dc_filter", "loss at 20 Hz", AT_MOST, 0.1, -power_db(u, 20), "dB");
    sound_free(s);
    td_unit_free(u);
}

/* Against the sine itself, moved: levels of the error below the sine, up to 0.9 of half the rate. */
static double align_error_db(double freq_hz, double frames)
{
    enum { FRAMES = 4000 };
    char spec[64];
    snprintf(spec, sizeof spec, "delay=%.17g", frames / 48);
    td_unit_state *u = sound_unit(48000, "align", spec);
    sound s = sound_sine(FRAMES, 48000, freq_hz, 0.5);
    sound_run(u, s);
    double late = (double)td_unit_latency(u) + frames, error = 0;
    for (int i = 1000; i < FRAMES; i++) {
        double want = 0.5 * sin(2 * M_PI * fmod(freq_hz / 48000 * (i - late), 1.0));
        error += pow((double)s.ch[0][i] - want, 2);
    }
    td_unit_free(u);
    sound_free(s);
    return 10 * log10(error / (FRAMES - 1000) / 0.125);
}

static void align(void)
{
    double low = -999, high = -999;
    for (int i = 0; i < 10; i++)
        for (double f = 100; f <= 21600; f += 1343.75) {
            double db = align_error_db(f, -480 + 74.37 * i);
            double *now = f <= 19200 ? &low : &high;
            *now = fmax(*now, db);
        }
    figure("align", "fractional delay against the moved sine, to 0.8 of Nyquist", AT_MOST, -100, low, "dB");
    figure("align", "fractional delay against the moved sine, to 0.9 of Nyquist", AT_MOST, -100, high, "dB");
}

/* ---- declick ---------------------------------------------------------------------------------------------------- */

/* Tones over a little noise. */
static sound chord(void)
{
    sound s = sound_noise(3 * RATE, 1, 0.003);
    for (size_t i = 0; i < s.frames; i++)
        for (unsigned c = 0; c < 2; c++)
            s.ch[c][i] +=
                (float)(0.2 * sin(0.0144 * (double)i) + 0.1 * sin(0.0363 * (double)i) + 0.05 * sin(0.29 * (double)i));
    return s;
}

/* How many samples it changes from `from` on; takes s over. */
static double touched(sound s, double rate_hz, size_t from)
{
    sound was = sound_copy(s);
    td_unit_state *u = sound_unit(rate_hz, "declick", "");
    size_t late = td_unit_latency(u), n = 0;
    sound_run(u, s);
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = from; i + late < s.frames; i++) n += was.ch[c][i] != s.ch[c][i + late];
    td_unit_free(u);
    sound_free(s), sound_free(was);
    return (double)n;
}

/* Clicks of n samples on the left, six a second: how much nearer they come to what was there, and what changes on the
 * right, which has none. */
static double nearer_db(size_t n, double *beside)
{
    sound clean = chord(), click = sound_noise(3 * RATE, 2, 0.8), dirty = sound_copy(clean);
    for (size_t i = 8000; i < dirty.frames; i++)
        if (i % 8000 < n) dirty.ch[0][i] += click.ch[0][i];
    sound hurt = sound_copy(dirty);
    td_unit_state *u = sound_unit(RATE, "declick", "");
    size_t late = td_unit_latency(u);
    sound_run(u, dirty);
    double nearer = sound_residual_db(clean, hurt, 0) - sound_residual_db(clean, dirty, late);
    for (size_t i = 0; i + late < clean.frames; i++)
        *beside = fmax(*beside, fabs((double)clean.ch[1][i] - (double)dirty.ch[1][i + late]));
    td_unit_free(u);
    sound_free(clean), sound_free(click), sound_free(dirty), sound_free(hurt);
    return nearer;
}

static sound strokes(void)
{
    sound s = sound_noise(2 * RATE, 3, 0.9);
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < s.frames; i++) s.ch[c][i] *= (float)exp(-(double)(i % 12000) / 1500);
    return s;
}

static sound saw(void)
{
    sound s = sound_new(2 * RATE);
    for (size_t i = 0; i < s.frames; i++) s.ch[0][i] = s.ch[1][i] = (float)((double)(i % 441) / 441 - 0.5) * 0.8f;
    return s;
}

/* The session of demo/, which holds no click. */
static double real_stems_touched(size_t *stems)
{
    glob_t files;
    double n = 0;
    if (glob("demo/stems/*.flac", 0, NULL, &files)) return (double)NAN;
    *stems = files.gl_pathc;
    for (size_t f = 0; f < files.gl_pathc; f++) {
        td_source *r;
        if (td_source_open(files.gl_pathv[f], NULL, RATE, &r, NULL)) abort();
        sound s = sound_new(RATE * 30);
        for (size_t at = 0, got; at < s.frames; at += got) {
            float *const to[] = { s.ch[0] + at, s.ch[1] + at };
            if (td_source_read(r, to, s.frames - at, &got, NULL)) abort();
            if (got == 0) break;
        }
        td_source_close(r);
        n += touched(s, RATE, 0);
    }
    globfree(&files);
    return n;
}

static void declick(void)
{
    double least = INFINITY, beside = 0;
    for (size_t n = 1; n <= 29; n += 2) least = fmin(least, nearer_db(n, &beside));
    figure("declick", "clicks of 1 to 29 samples, nearer to what was there", AT_LEAST, 18, least, "dB");
    figure("declick", "what it changes on a side without", AT_MOST, 0, beside, "");
    figure("declick", "samples of a chord it changes", AT_MOST, 0, touched(chord(), RATE, 0), "");
    figure("declick", "samples of strokes of noise it changes", AT_MOST, 0, touched(strokes(), RATE, 0), "");
    figure("declick", "samples of a saw it changes, its first edges aside", AT_MOST, 0, touched(saw(), RATE, 12000),
           "");
    size_t stems = 0;
    double n = real_stems_touched(&stems);
    figure("declick", "real stems that were read", AT_LEAST, 10, (double)stems, "");
    figure("declick", "samples of them it changes", AT_MOST, 0, n, "");
}

void figures_repair(void)
{
    hum_filter();
    dc_filter();
    align();
    declick();
}
