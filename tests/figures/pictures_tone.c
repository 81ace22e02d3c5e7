/* Pictures of what changes the spectrum: filters, moving bands, colours. */
#include "tests/bent.h"
#include "tests/figures/pictures.h"

enum { RATE = PICTURE_RATE, POINTS = 300 };

static const draw_axis gain_db = { "gain (dB)", -15, 9, 3 };

/* ---- filters ---------------------------------------------------------------------------------------------------- */

/* The cookbook's prototypes at s = j f / f0, a the square root of the gain. */
static double complex bell(double complex s, double q, double a)
{
    return (s * s + s * (a / q) + 1) / (s * s + s / (a * q) + 1);
}

static double complex high_shelf(double complex s, double q, double a)
{
    return a * (a * s * s + sqrt(a) / q * s + 1) / (s * s + sqrt(a) / q * s + a);
}

static double complex low_cut(double complex s, double q, double a)
{
    (void)a;
    return s * s / (s * s + s / q + 1);
}

void picture_eq(draw *d)
{
    static const struct {
        const char *name, *spec;
        double complex (*analog)(double complex s, double q, double a);
        double at, q, gain;
    } band[] = {
        { "low cut 80 Hz", "| low_cut at=80", low_cut, 80, M_SQRT1_2, 0 },
        { "bell 400 Hz", "| bell at=400 gain=-3 q=1", bell, 400, 1, -3 },
        { "bell 12 kHz", "| bell at=12000 gain=6 q=1", bell, 12000, 1, 6 },
        { "bell 16 kHz", "| bell at=16000 gain=-12 q=2", bell, 16000, 2, -12 },
        { "high shelf 10 kHz", "| high_shelf at=10000 gain=3 q=0.707", high_shelf, 10000, M_SQRT1_2, 3 },
    };
    enum { BANDS = sizeof band / sizeof *band };
    double hz[POINTS], db[BANDS][POINTS], want[BANDS][POINTS], textbook[BANDS][POINTS];
    picture_grid(hz, POINTS, 20, 20000);
    for (int b = 0; b < BANDS; b++) {
        picture_response("eq", band[b].spec, 1, hz, db[b], POINTS);
        for (int i = 0; i < POINTS; i++) {
            double a = pow(10, band[b].gain / 40), w = tan(M_PI * hz[i] / RATE) / tan(M_PI * band[b].at / RATE);
            want[b][i] = 20 * log10(cabs(band[b].analog(I * hz[i] / band[b].at, band[b].q, a)));
            textbook[b][i] = 20 * log10(cabs(band[b].analog(I * w, band[b].q, a))) - want[b][i];
        }
    }
    draw_panel(d, "Bands (coloured) on their analog curves (dashed)", picture_hz, gain_db);
    for (int b = 0; b < BANDS; b++) draw_curve(d, band[b].name, b, DRAW_SOLID, hz, db[b], POINTS);
    for (int b = 0; b < BANDS; b++) draw_curve(d, NULL, 5, DRAW_DASHED, hz, want[b], POINTS);
    draw_panel(d, "How far off; and the textbook's (dashed)", (draw_axis){ "frequency (Hz)", 1000, 20000, 0 },
               (draw_axis){ "error (dB)", -3, 6, 1 });
    for (int b = 0; b < BANDS; b++) {
        for (int i = 0; i < POINTS; i++) db[b][i] -= want[b][i];
        draw_curve(d, band[b].name, b, DRAW_SOLID, hz, db[b], POINTS);
        draw_curve(d, NULL, b, DRAW_DASHED, hz, textbook[b], POINTS);
    }
}

void picture_hum_filter(draw *d)
{
    static const double q[] = { 20, 40, 80 };
    static double hz[2000], db[2000];
    picture_grid(hz, 2000, 30, 1000);
    for (int i = 0; i < 2000; i++) /* onto the tones themselves */
        if (fabs(hz[i] - 50 * rint(hz[i] / 50)) < 0.001 * hz[i]) hz[i] = 50 * rint(hz[i] / 50);
    draw_panel(d, "Six tones of 50 Hz hum, 40 dB down", (draw_axis){ "frequency (Hz)", 30, 1000, 0 },
               (draw_axis){ "gain (dB)", -42, 3, 6 });
    for (int k = 0; k < 3; k++) {
        char spec[64], name[32];
        snprintf(spec, sizeof spec, "at=50 harmonics=6 q=%g", q[k]);
        snprintf(name, sizeof name, "q %g", q[k]);
        td_unit_state *u = sound_unit(RATE, "hum_filter", spec);
        for (int i = 0; i < 2000; i++) db[i] = 10 * log10(td_unit_power_at(u, hz[i]));
        draw_curve(d, name, k, DRAW_SOLID, hz, db, 2000);
        td_unit_free(u);
    }
}

void picture_dc_filter(draw *d)
{
    enum { N = RATE / 2 };
    static double ms[N], before[N], after[N];
    sound s = sound_sine(N, RATE, 80, 0.3);
    for (int i = 0; i < N; i++) {
        for (int c = 0; c < 2; c++) s.ch[c][i] += 0.25f;
        ms[i] = i * 1000.0 / RATE, before[i] = (double)s.ch[0][i];
    }
    picture_run("dc_filter", "", s, NULL);
    for (int i = 0; i < N; i++) after[i] = (double)s.ch[0][i];
    draw_panel(d, "A bass note off its zero line", (draw_axis){ "time (ms)", 0, 500, 100 },
               (draw_axis){ "sample", -0.6, 0.6, 0.2 });
    draw_curve(d, "before", 5, DRAW_THIN, ms, before, N);
    draw_curve(d, "after", 0, DRAW_SOLID, ms, after, N);
    sound_free(s);
}

/* ---- bands that move -------------------------------------------------------------------------------------------- */

/* The left channel's response at full depth: a key holds the band there while an impulse passes. */
static void full_depth(const char *spec, const double *hz, double *db)
{
    enum { FRAMES = 72000, AT = 36000 };
    td_unit_state *u = sound_unit(RATE, "dynamic_eq", spec);
    sound s = sound_new(FRAMES), key = sound_noise(FRAMES, 1, 1);
    s.ch[0][AT] = s.ch[1][AT] = 1;
    sound_run_all(u, s, key, NULL, 0, 512);
    for (int i = 0; i < POINTS; i++) db[i] = 20 * log10(cabs(sound_dft(s.ch[0] + AT, FRAMES - AT, hz[i], RATE)));
    td_unit_free(u);
    sound_free(s), sound_free(key);
}

void picture_dynamic_eq(draw *d)
{
    static const double depth[] = { 3, 6, 12 };
    double hz[POINTS], db[POINTS], level[61], out[61];
    picture_grid(hz, POINTS, 20, 20000);
    draw_panel(d, "Moved all the way", picture_hz, gain_db);
    for (int k = 0; k < 3; k++) {
        char spec[96], name[32];
        snprintf(spec, sizeof spec, "at=3000 q=1 threshold=-60 ratio=inf depth=%g", depth[k]);
        snprintf(name, sizeof name, "bell, depth %g dB", depth[k]);
        full_depth(spec, hz, db);
        draw_curve(d, name, k, DRAW_SOLID, hz, db, POINTS);
    }
    full_depth("shape=low_shelf at=150 threshold=-60 ratio=inf depth=6 direction=lift", hz, db);
    draw_curve(d, "low shelf, lift", 3, DRAW_SOLID, hz, db, POINTS);
    draw_panel(d,
               "A sine at the centre, threshold \xe2\x88\x92"
               "30 dBFS, depth 12 dB",
               (draw_axis){ "level in (dBFS)", -60, 0, 10 }, (draw_axis){ "gain (dB)", -15, 3, 3 });
    static const double ratio[] = { 2, 4, INFINITY };
    for (int k = 0; k < 3; k++) {
        char spec[96], name[32];
        snprintf(spec, sizeof spec, "at=1000 threshold=-30 ratio=%g depth=12", ratio[k]);
        snprintf(name, sizeof name, isinf(ratio[k]) ? "inf:1" : "%g:1", ratio[k]);
        for (int i = 0; i <= 60; i++) {
            sound s = sound_sine(RATE / 2, RATE, 1000, pow(10, (i - 60) / 20.0));
            picture_run("dynamic_eq", spec, s, NULL);
            level[i] = i - 60;
            out[i] = 20 * log10(sound_amplitude(s.ch[0] + RATE / 4, RATE / 4, 1000, RATE)) - level[i];
            sound_free(s);
        }
        draw_curve(d, name, k, DRAW_SOLID, level, out, 61);
    }
}

void picture_multiband(draw *d)
{
    double hz[POINTS], db[POINTS], level[61], out[61];
    picture_grid(hz, POINTS, 20, 20000);
    draw_panel(d, "One band of four 6 dB up; all at rest (grey)", picture_hz, (draw_axis){ "gain (dB)", -3, 9, 3 });
    static const char *const names[] = { "low", "low mid", "high mid", "high" };
    for (int b = 0; b <= 4; b++) {
        char spec[160] = "";
        for (int k = 0; k < 4; k++) strcat(spec, k == b ? "| band ratio=1 makeup=6 " : "| band ratio=1 ");
        picture_response("multiband", spec, 1, hz, db, POINTS);
        draw_curve(d, b < 4 ? names[b] : NULL, b < 4 ? b : 5, b < 4 ? DRAW_SOLID : DRAW_DASHED, hz, db, POINTS);
    }
    draw_panel(d, "A sine amid a band: ratio, and range (dashed)", (draw_axis){ "level in (dBFS)", -60, 0, 10 },
               (draw_axis){ "gain (dB)", -15, 6, 3 });
    static const struct {
        const char *name, *setting;
    } curve[] = { { "2:1", "ratio=2" },
                  { "4:1", "ratio=4" },
                  { "4:1, range \xe2\x88\x92"
                    "4 dB",
                    "ratio=4 range=-4" },
                  { "2:1, range +4 dB", "ratio=2 range=4" } };
    for (int k = 0; k < 4; k++) {
        char spec[160];
        snprintf(spec, sizeof spec, "crossovers=30,8000 | band ratio=1 | band threshold=-30 %s | band ratio=1",
                 curve[k].setting);
        for (int i = 0; i <= 60; i++) {
            sound s = sound_sine(RATE, RATE, 490, pow(10, (i - 60) / 20.0));
            picture_run("multiband", spec, s, NULL);
            level[i] = i - 60;
            out[i] = 20 * log10(sound_amplitude(s.ch[0] + RATE / 2, RATE / 4, 490, RATE)) - level[i];
            sound_free(s);
        }
        draw_curve(d, curve[k].name, k, k < 2 ? DRAW_SOLID : DRAW_DASHED, level, out, 61);
    }
}

/* A vowel of 140 Hz, from 200 to 290 ms an s of noise between 5 and 9 kHz. */
static sound syllable(void)
{
    sound s = sound_new(RATE / 2);
    for (size_t i = 0; i < s.frames; i++) {
        double x = 0, t = (double)i / RATE;
        bool ess = t >= 0.2 && t < 0.29;
        for (int k = 0; k < 80 && ess; k++) x += sin(2 * M_PI * (5050 + 49.3 * k) * t + 2.4 * k * k) / 8;
        for (int h = 1; h <= 30 && !ess; h++) x += sin(2 * M_PI * 140 * h * t) / h;
        s.ch[0][i] = s.ch[1][i] = (float)(0.2 * x);
    }
    return s;
}

void picture_deesser(draw *d)
{
    enum { N = 250, HOP = 96 };
    static const double depth[] = { 0, 4, 8 };
    double ms[N], db[N];
    static const char *const names[] = { "before", "depth 4 dB", "depth 8 dB" };
    draw_panel(d, "Vowel, s, vowel: level of 5 ms", (draw_axis){ "time (ms)", 0, 500, 100 },
               (draw_axis){ "level (dBFS)", -30, -12, 3 });
    for (int k = 0; k < 3; k++) {
        char spec[64];
        snprintf(spec, sizeof spec, "depth=%g threshold=-14", depth[k]);
        sound s = syllable();
        picture_run("deesser", spec, s, NULL);
        for (size_t i = 0; i < N; i++) {
            size_t from = i * HOP < 120 ? 0 : i * HOP - 120, n = from + 240 < s.frames ? 240 : s.frames - from;
            ms[i] = (double)(i * HOP) * 1000 / RATE;
            db[i] = 20 * log10(sound_rms(s.ch[0] + from, n));
        }
        draw_curve(d, names[k], k ? k - 1 : 5, k ? DRAW_SOLID : DRAW_THIN, ms, db, N);
        sound_free(s);
    }
    double hz[POINTS];
    static double gain[POINTS];
    picture_grid(hz, POINTS, 100, 20000);
    draw_panel(d, "What an s loses, by frequency: split and wide", (draw_axis){ "frequency (Hz)", 100, 20000, 0 },
               (draw_axis){ "gain (dB)", -12, 3, 3 });
    for (int wide = 0; wide < 2; wide++) {
        char spec[64];
        snprintf(spec, sizeof spec, "depth=8 threshold=-20 mode=%s", wide ? "wide" : "split");
        for (int i = 0; i < POINTS; i++) { /* a soft tone beside a loud s */
            sound s = sound_sine(RATE / 4, RATE, 7000, 0.3), tone = sound_sine(RATE / 4, RATE, hz[i], 1e-3);
            for (size_t k = 0; k < s.frames; k++) s.ch[0][k] = s.ch[1][k] += tone.ch[0][k];
            picture_run("deesser", spec, s, NULL);
            gain[i] = fabs(hz[i] - 7000) < 250
                          ? NAN
                          : 20 * log10(sound_amplitude(s.ch[0] + RATE / 8, RATE / 10, hz[i], RATE) /
                                       sound_amplitude(tone.ch[0] + RATE / 8, RATE / 10, hz[i], RATE));
            sound_free(s), sound_free(tone);
        }
        draw_curve(d, wide ? "wide" : "split, 5 to 9 kHz", wide, DRAW_SOLID, hz, gain, POINTS);
    }
}

/* ---- colours ---------------------------------------------------------------------------------------------------- */

/* Total harmonic distortion of 1 kHz over its level against 0 VU. */
static void distortion(draw *d, const char *name, int colour, draw_style style, const char *processor, const char *spec)
{
    enum { N = 20 };
    double vu[N], percent[N];
    for (int i = 0; i < N; i++) {
        vu[i] = -20 + 2.0 * i;
        sound s = sound_sine(RATE / 2, RATE, 1000, pow(10, (vu[i] - 18) / 20));
        picture_run(processor, spec, s, NULL);
        percent[i] = fmax(1e-3, 100 * bent_thd(s.ch[0] + RATE / 4, RATE / 5, 1000, RATE));
        sound_free(s);
    }
    draw_curve(d, name, colour, style, vu, percent, N);
}

static const draw_axis vu_axis = { "level (dB against 0 VU)", -20, 18, 6 },
                       thd_axis = { "distortion (%)", 0.01, 50, 0 };

/* Lines of 1 kHz at some level, up to 20 kHz. */
static void lines(draw *d, const char *title, int colour, const char *processor, const char *spec, double vu_db)
{
    enum { N = 1200 };
    static double hz[N], db[N];
    picture_grid(hz, N, 500, 20000);
    sound s = sound_sine(RATE, RATE, 1001, pow(10, (vu_db - 18) / 20));
    picture_run(processor, spec, s, NULL);
    picture_spectrum(s.ch[0], s.frames, hz, db, N);
    draw_panel(d, title, (draw_axis){ "frequency (Hz)", 500, 20000, 0 }, (draw_axis){ "level (dBFS)", -140, 0, 20 });
    draw_curve(d, NULL, colour, DRAW_THIN, hz, db, N);
    sound_free(s);
}

void picture_saturation(draw *d)
{
    static const char *const models[] = { "tube", "diode", "transformer", "triode", "pentode" };
    char spec[64], title[64];
    draw_panel(d, "Distortion of 1 kHz at 6 dB of drive", vu_axis, thd_axis);
    for (int m = 0; m < 5; m++) {
        snprintf(spec, sizeof spec, "model=%s drive=6", models[m]);
        distortion(d, models[m], m, DRAW_SOLID, "saturation", spec);
    }
    for (int m = 0; m < 5; m++) {
        snprintf(spec, sizeof spec, "model=%s drive=6", models[m]);
        snprintf(title, sizeof title, "%s: 1 kHz at +6 VU", models[m]);
        lines(d, title, m, "saturation", spec, 6);
    }
}

void picture_tape(draw *d)
{
    static const char *const speed[] = { "7.5 ips", "15 ips", "30 ips" }, *const bias[] = { NULL, "15 ips, under",
                                                                                            "15 ips, over" };
    double hz[POINTS], db[POINTS];
    char spec[32];
    picture_grid(hz, POINTS, 20, 20000);
    draw_panel(d, "Quiet sound", picture_hz, (draw_axis){ "gain (dB)", -9, 3, 3 });
    for (int k = 0; k < 3; k++) {
        snprintf(spec, sizeof spec, "speed=%d", k);
        picture_response("tape", spec, 1e-3, hz, db, POINTS);
        draw_curve(d, speed[k], k, DRAW_SOLID, hz, db, POINTS);
    }
    draw_panel(d, "Distortion of 1 kHz", vu_axis, thd_axis);
    for (int k = 0; k < 3; k++) {
        snprintf(spec, sizeof spec, "speed=%d", k);
        distortion(d, speed[k], k, DRAW_SOLID, "tape", spec);
    }
    for (int k = 1; k < 3; k++) {
        snprintf(spec, sizeof spec, "bias=%d", k);
        distortion(d, bias[k], 2 + k, DRAW_DASHED, "tape", spec);
    }
    lines(d, "15 ips: 1 kHz at +6 VU", 1, "tape", "", 6);
    static const double level_db[] = { -24, -12, 0, 6 };
    draw_panel(d, "15 ips: treble gives way first", (draw_axis){ "frequency (Hz)", 500, 20000, 0 },
               (draw_axis){ "gain (dB)", -9, 3, 3 });
    for (int k = 0; k < 4; k++) {
        double at[24], gain[24];
        char name[32];
        picture_grid(at, 24, 500, 18000);
        for (int i = 0; i < 24; i++) {
            sound s = sound_sine(RATE / 4, RATE, at[i], pow(10, (level_db[k] - 18) / 20));
            double was = sound_amplitude(s.ch[0] + RATE / 8, RATE / 10, at[i], RATE);
            picture_run("tape", "", s, NULL);
            gain[i] = 20 * log10(sound_amplitude(s.ch[0] + RATE / 8, RATE / 10, at[i], RATE) / was);
            sound_free(s);
        }
        snprintf(name, sizeof name, level_db[k] < 0 ? "\xe2\x88\x92%g VU" : "+%g VU", fabs(level_db[k]));
        draw_curve(d, name, k, DRAW_SOLID, at, gain, 24);
    }
}

void picture_exciter(draw *d)
{
    enum { N = 1200 };
    static double hz[N], db[N];
    picture_grid(hz, N, 500, 20000);
    for (int odd = 0; odd <= 100; odd += 100) {
        char spec[48];
        snprintf(spec, sizeof spec, "at=3000 amount=-18 odd=%d", odd);
        sound s = sound_sine(RATE, RATE, 4001, 0.25), low = sound_sine(RATE, RATE, 700, 0.25);
        for (size_t i = 0; i < s.frames; i++) s.ch[0][i] = s.ch[1][i] += low.ch[0][i];
        picture_run("exciter", spec, s, NULL);
        picture_spectrum(s.ch[0], s.frames, hz, db, N);
        draw_panel(d,
                   odd ? "700 Hz and 4 kHz, odd 100 %: third harmonic" : "700 Hz and 4 kHz, odd 0 %: second harmonic",
                   (draw_axis){ "frequency (Hz)", 500, 20000, 0 }, (draw_axis){ "level (dBFS)", -120, 0, 20 });
        draw_curve(d, NULL, odd ? 1 : 0, DRAW_THIN, hz, db, N);
        sound_free(s), sound_free(low);
    }
}
