/* Pictures of what moves level over time: compressors and their kin. */
#include "engine/meter/meter.h"
#include "tests/figures/pictures.h"
#include <string.h>

enum { RATE = PICTURE_RATE, POINTS = 2400 };

static const draw_axis level_in = { "level in (dBFS)", -60, 0, 10 };

static const char *const models[] = { "glue", "punch", "opto", "fet", "tube", "dual", "clean" };
enum { MODELS = sizeof models / sizeof *models };

/* The clean compressor shares curves with others: dashed, and drawn last, it hides none and is seen. */
static draw_style style_of(const char *name)
{
    return strcmp(name, "clean") ? DRAW_SOLID : DRAW_DASHED;
}

/* A sine whose level in dB is `inside` from from_ms to to_ms, else `outside`. */
static sound burst(double freq_hz, double outside, double inside, double from_ms, double to_ms, double end_ms)
{
    sound s = sound_sine((size_t)(end_ms * RATE / 1000), RATE, freq_hz, 1);
    for (size_t i = 0; i < s.frames; i++) {
        double ms = (double)i * 1000 / RATE;
        float gain = (float)pow(10, (ms >= from_ms && ms < to_ms ? inside : outside) / 20);
        for (int c = 0; c < 2; c++) s.ch[c][i] *= gain;
    }
    return s;
}

static void every(const float *x, size_t frames, size_t n, double *ms, double *y)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = i * (frames - 1) / (n - 1);
        ms[i] = (double)at * 1000 / RATE;
        y[i] = (double)x[at];
    }
}

/* The level of settled sines, out over in. */
static void static_curve(draw *d, const char *name, int colour, const char *processor, const char *spec,
                         double settle_s)
{
    double in[61], out[61];
    for (int i = 0; i <= 60; i++) {
        sound s = sound_sine((size_t)(settle_s * RATE), RATE, 1000, pow(10, (i - 60) / 20.0));
        picture_run(processor, spec, s, NULL);
        in[i] = i - 60;
        out[i] = 20 * log10(sound_rms(s.ch[0] + s.frames - 4800, 4800) * M_SQRT2);
        sound_free(s);
    }
    draw_curve(d, name, colour, style_of(name), in, out, 61);
}

/* Gain over time, from the first detector; over from_ms to end_ms of the sound. */
static void gain_curve(draw *d, const char *name, int colour, const char *processor, const char *spec, sound s,
                       double from_ms, double scale)
{
    static double ms[POINTS], db[POINTS];
    float *gr = calloc(s.frames, sizeof *gr);
    picture_run(processor, spec, s, gr);
    size_t from = (size_t)(from_ms * RATE / 1000);
    every(gr + from, s.frames - from, POINTS, ms, db);
    for (int i = 0; i < POINTS; i++) db[i] = fabs(scale) > 0 ? db[i] * scale : -100 * (1 - db[i] / (double)gr[from]);
    draw_curve(d, name, colour, style_of(name), ms, db, POINTS);
    free(gr);
    sound_free(s);
}

/* ---- compressor ------------------------------------------------------------------------------------------------- */

/* What is left of the reduction after a burst, in per cent of it. */
static void release(draw *d, const char *title, double burst_ms, double shown_ms)
{
    static double ms[POINTS], left[POINTS];
    draw_panel(d, title, (draw_axis){ "time after the burst (ms)", 0, shown_ms, shown_ms / 5 },
               (draw_axis){ "reduction left (%)", 0, 100, 20 });
    for (int m = 0; m < MODELS; m++) {
        char spec[64];
        snprintf(spec, sizeof spec, "model=%s threshold=-24", models[m]);
        sound s = burst(3000, -200, -6, 0, burst_ms, burst_ms + shown_ms);
        float *gr = calloc(s.frames, sizeof *gr);
        picture_run("compressor", spec, s, gr);
        size_t end = (size_t)(burst_ms * RATE / 1000);
        every(gr + end, s.frames - end, POINTS, ms, left);
        for (int i = 0; i < POINTS; i++) left[i] *= 100 / (double)gr[end];
        draw_curve(d, models[m], m, style_of(models[m]), ms, left, POINTS);
        free(gr);
        sound_free(s);
    }
}

void picture_compressor(draw *d)
{
    char spec[64];
    draw_panel(d,
               "Settled: threshold \xe2\x88\x92"
               "24 dBFS, ratio and knee not set",
               level_in, (draw_axis){ "level out (dBFS)", -60, 0, 10 });
    for (int m = 0; m < MODELS; m++) {
        snprintf(spec, sizeof spec, "model=%s threshold=-24", models[m]);
        static_curve(d, models[m], m, "compressor", spec, 1.5);
    }
    draw_panel(d, "A burst 18 dB over, attack not set", (draw_axis){ "time (ms)", 0, 100, 20 },
               (draw_axis){ "reduction (dB)", 0, 16, 4 });
    for (int m = 0; m < MODELS; m++) {
        snprintf(spec, sizeof spec, "model=%s threshold=-24", models[m]);
        gain_curve(d, models[m], m, "compressor", spec, burst(3000, -200, -6, 0, 100, 100), 0, 1);
    }
    release(d, "Release after 50 ms of it", 50, 1000);
    release(d, "Release after 5 s of it", 5000, 5000);
}

/* ---- gate, expander, transient ---------------------------------------------------------------------------------- */

/* Strokes that fall by 100 dB a second, over noise. */
static sound strokes(void)
{
    sound s = sound_noise(RATE, 3, 1);
    for (size_t i = 0; i < s.frames; i++) {
        double t = fmod((double)i / RATE, 0.5) - 0.1;
        double x = t < 0 ? 0 : 0.5 * pow(10, -100 * t / 20) * sin(2 * M_PI * 180 * t);
        for (int c = 0; c < 2; c++) s.ch[c][i] = (float)(x + 0.006 * (double)s.ch[c][i]);
    }
    return s;
}

/* The highest of 5 ms, before and after, dB. */
static void envelopes(draw *d, const char *title, sound before, sound after)
{
    enum { N = 400 };
    double ms[N], db[N];
    draw_panel(d, title, (draw_axis){ "time (ms)", 0, 1000, 200 }, (draw_axis){ "peak (dBFS)", -72, 0, 12 });
    for (int k = 0; k < 2; k++) {
        sound s = k ? after : before;
        size_t n = s.frames / N;
        for (size_t i = 0; i < N; i++) {
            ms[i] = (double)(i * n) * 1000 / RATE;
            db[i] = 20 * log10(sound_peak(s.ch[0] + i * n, i + 2 < N ? 2 * n : n) + 1e-5);
        }
        draw_curve(d, k ? "after" : "before", k ? 0 : 5, k ? DRAW_SOLID : DRAW_THIN, ms, db, N);
    }
}

static void downward(draw *d, const char *name, const char *spec, const char *title)
{
    sound before = strokes(), after = sound_copy(before);
    picture_run(name, spec, after, NULL);
    envelopes(d, title, before, after);
    sound_free(before);
    sound_free(after);
}

void picture_gate(draw *d)
{
    draw_panel(d,
               "Settled, threshold \xe2\x88\x92"
               "40 dBFS",
               level_in, (draw_axis){ "level out (dBFS)", -80, 0, 20 });
    static_curve(d, "range 20 dB", 0, "gate", "range=20", 1);
    static_curve(d, "range 60 dB", 1, "gate", "range=60", 1);
    downward(d, "gate", "threshold=-30 range=30 hold=40 release=60",
             "Drum strokes with bleed: range 30 dB, hold 40 ms");
}

void picture_expander(draw *d)
{
    draw_panel(d,
               "Settled, threshold \xe2\x88\x92"
               "40 dBFS, range 24 dB",
               level_in, (draw_axis){ "level out (dBFS)", -90, 0, 15 });
    static_curve(d, "1.5:1", 0, "expander", "ratio=1.5 range=24 release=50 hysteresis=0", 1);
    static_curve(d, "2:1", 1, "expander", "ratio=2 range=24 release=50 hysteresis=0", 1);
    static_curve(d, "4:1", 2, "expander", "ratio=4 range=24 release=50 hysteresis=0", 1);
    downward(d, "expander", "threshold=-30 ratio=2 range=12", "Drum strokes with bleed: 2:1, range 12 dB");
}

void picture_transient(draw *d)
{
    static const struct {
        const char *name, *spec;
    } setting[] = { { "attack +6 dB", "attack=6" },
                    { "attack \xe2\x88\x92"
                      "6 dB",
                      "attack=-6" },
                    { "sustain +6 dB", "sustain=6" },
                    { "sustain \xe2\x88\x92"
                      "6 dB",
                      "sustain=-6" } };
    draw_panel(d, "Gain over a stroke that falls by 100 dB a second", (draw_axis){ "time (ms)", 0, 500, 100 },
               (draw_axis){ "gain (dB)", -9, 9, 3 });
    for (int k = 0; k < 4; k++) {
        sound s = burst(500, -200, -6, 100, 500, 500);
        for (size_t i = RATE / 10; i < s.frames; i++)
            for (int c = 0; c < 2; c++) s.ch[c][i] *= (float)pow(10, -100 * ((double)i / RATE - 0.1) / 20);
        gain_curve(d, setting[k].name, k, "transient", setting[k].spec, s, 0, -1);
    }
    sound before = strokes(), after = sound_copy(before);
    picture_run("transient", "attack=6 sustain=-6", after, NULL);
    envelopes(d,
              "Drum strokes: attack +6 dB, sustain \xe2\x88\x92"
              "6 dB",
              before, after);
    sound_free(before);
    sound_free(after);
}

/* ---- rider, automation, vu -------------------------------------------------------------------------------------- */

void picture_rider(draw *d)
{
    enum { PHRASES = 8, PHRASE = 72000, LENGTH = PHRASE + 36000, N = 400 };
    static const double db[PHRASES] = { -20, -25, -17, -23, -15, -21, -26, -18 };
    sound s = sound_noise(PHRASES * LENGTH, 9, 1), before;
    for (size_t i = 0; i < s.frames; i++)
        for (int c = 0; c < 2; c++) s.ch[c][i] *= (float)pow(10, (i % LENGTH < PHRASE ? db[i / LENGTH] : -60) / 20);
    before = sound_copy(s);
    picture_run("rider", "", s, NULL);
    double at[N], level[2][N], fader[N];
    for (size_t i = 0; i < N; i++) {
        size_t from = i * (s.frames / N);
        at[i] = (double)from / RATE;
        for (int k = 0; k < 2; k++)
            level[k][i] = 20 * log10(sound_rms((k ? s : before).ch[0] + from, s.frames / N) * M_SQRT2);
        fader[i] = level[1][i] - level[0][i];
    }
    draw_panel(d, "Phrases of different loudness", (draw_axis){ "time (s)", 0, 18, 3 },
               (draw_axis){ "level (dBFS)", -36, -12, 6 });
    draw_curve(d, "before", 5, DRAW_THIN, at, level[0], N);
    draw_curve(d, "after", 0, DRAW_SOLID, at, level[1], N);
    draw_panel(d, "The fader, at rest in pauses", (draw_axis){ "time (s)", 0, 18, 3 },
               (draw_axis){ "gain (dB)", -6, 6, 2 });
    draw_curve(d, NULL, 0, DRAW_SOLID, at, fader, N);
    sound_free(s);
    sound_free(before);
}

void picture_automation(draw *d)
{
    static double ms[POINTS], gain[POINTS];
    sound s = sound_new(2 * RATE);
    for (size_t i = 0; i < s.frames; i++) s.ch[0][i] = s.ch[1][i] = 1;
    picture_run("automation",
                "| point at=0 gain=0 | point at=500 gain=0 | point at=1000 gain=-9 | point at=1300 gain=3 | "
                "point at=1600 mute=1 | point at=1800 mute=0",
                s, NULL);
    every(s.ch[0], s.frames, POINTS, ms, gain);
    for (int i = 0; i < POINTS; i++) gain[i] = 20 * log10(gain[i] + 1e-4);
    draw_panel(d, "Points at 0.5, 1, 1.3 s; muted from 1.6 to 1.8 s", (draw_axis){ "time (ms)", 0, 2000, 400 },
               (draw_axis){ "gain (dB)", -30, 6, 6 });
    draw_curve(d, NULL, 0, DRAW_SOLID, ms, gain, POINTS);
    sound_free(s);
}

void picture_vu(draw *d)
{
    enum { N = 800, HOP = RATE / N };
    double ms[N], reads[N];
    td_vu *m;
    if (td_vu_new(RATE, &m)) abort();
    double highest = 0;
    for (int i = 0; i < N; i++) { /* the needle rises and turns once: up to there its maximum is where it stands */
        float one[HOP];
        for (int k = 0; k < HOP; k++) one[k] = 1;
        td_vu_add(m, one, one, HOP);
        double now = pow(10, td_vu_max_dbfs(m) / 20) / (M_PI / 2);
        ms[i] = (i + 1) * 1000.0 / N;
        reads[i] = now > highest || i < N / 4 ? 100 * now : NAN;
        highest = now;
    }
    draw_panel(d, "The needle after a step", (draw_axis){ "time (ms)", 0, 400, 50 },
               (draw_axis){ "reading (%)", 0, 110, 10 });
    draw_curve(d, NULL, 0, DRAW_SOLID, ms, reads, N / 2);
    td_vu_free(m);
}

/* ---- clipper, limiter ------------------------------------------------------------------------------------------- */

void picture_clipper(draw *d)
{
    enum { N = 480 };
    static const double knee[] = { 0, 2, 6 };
    double ms[N], x[N];
    draw_panel(d,
               "A sine 6 dB over the ceiling of \xe2\x88\x92"
               "6 dBFS",
               (draw_axis){ "time (ms)", 0, 4, 1 }, (draw_axis){ "sample", -1, 1, 0.5 });
    for (int k = 0; k < 3; k++) {
        char spec[64], name[32];
        sound s = sound_sine(RATE / 4, RATE, 500, 1);
        snprintf(spec, sizeof spec, "ceiling=-6 knee=%g", knee[k]);
        snprintf(name, sizeof name, "knee %g dB", knee[k]);
        picture_run("clipper", spec, s, NULL);
        for (int i = 0; i < N; i++) ms[i] = i * 1000.0 / RATE, x[i] = (double)s.ch[0][RATE / 10 + i];
        draw_curve(d, name, k, DRAW_SOLID, ms, x, N);
        sound_free(s);
    }
    draw_panel(d,
               "Peak out over peak in, ceiling \xe2\x88\x92"
               "6 dBFS",
               (draw_axis){ "peak in (dBFS)", -24, 6, 6 }, (draw_axis){ "peak out (dBFS)", -24, 0, 6 });
    for (int k = 0; k < 3; k++) {
        char spec[64], name[32];
        double in[61], out[61];
        snprintf(spec, sizeof spec, "ceiling=-6 knee=%g", knee[k]);
        snprintf(name, sizeof name, "knee %g dB", knee[k]);
        for (int i = 0; i <= 60; i++) {
            in[i] = -24 + i * 0.5;
            sound s = sound_sine(RATE / 10, RATE, 500, pow(10, in[i] / 20));
            picture_run("clipper", spec, s, NULL);
            out[i] = 20 * log10(sound_peak(s.ch[0], s.frames));
            sound_free(s);
        }
        draw_curve(d, name, k, DRAW_SOLID, in, out, 61);
    }
}

void picture_limiter(draw *d)
{
    enum { N = 4800, FROM = RATE / 2 - 960 };
    static double ms[N], x[N];
    draw_panel(d,
               "A burst 9 dB over a ceiling of \xe2\x88\x92"
               "6 dBFS",
               (draw_axis){ "time (ms)", -20, 80, 20 }, (draw_axis){ "sample", -1.5, 1.5, 0.5 });
    for (int k = 0; k < 2; k++) {
        sound s = burst(400, -12, 3, 500, 530, 1000);
        if (k) picture_run("limiter", "ceiling=-6", s, NULL);
        for (int i = 0; i < N; i++) ms[i] = (FROM + i) * 1000.0 / RATE - 500, x[i] = (double)s.ch[0][FROM + i];
        draw_curve(d, k ? "after" : "before", k ? 0 : 5, DRAW_THIN, ms, x, N);
        sound_free(s);
    }
    static const double edge[] = { -20, 80 };
    for (int side = -1; side <= 1; side += 2) {
        const double ceiling[] = { side * pow(10, -0.3), side * pow(10, -0.3) };
        draw_curve(d, side < 0 ? "ceiling" : NULL, 1, DRAW_DASHED, edge, ceiling, 2);
    }
    draw_panel(d, "Reduction; after 400 ms of it (dashed)", (draw_axis){ "time (ms)", -20, 780, 100 },
               (draw_axis){ "reduction (dB)", 0, 10, 2 });
    static const char *const specs[] = { "ceiling=-6", "ceiling=-6 release=30", "ceiling=-6 release=200" },
                             *const names[] = { "release auto", "30 ms", "200 ms" };
    for (int k = 0; k < 6; k++) {
        enum { SHOWN = 38400 };
        static double at[SHOWN], db[SHOWN];
        sound s = burst(400, -12, 3, 500, k < 3 ? 530 : 900, 1300);
        float *gr = calloc(s.frames, sizeof *gr);
        picture_run("limiter", specs[k % 3], s, gr);
        for (int i = 0; i < SHOWN; i++) at[i] = (FROM + i) * 1000.0 / RATE - 500, db[i] = (double)gr[FROM + i];
        draw_curve(d, k < 3 ? names[k] : NULL, k % 3, k < 3 ? DRAW_SOLID : DRAW_DASHED, at, db, SHOWN);
        free(gr);
        sound_free(s);
    }
}
