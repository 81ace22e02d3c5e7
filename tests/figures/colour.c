/* oversample, saturation, tape, exciter: what bends. */
#include "engine/dsp/oversample.h"
#include "engine/meter/meter.h"
#include "tests/bent.h"
#include "tests/figures/figures.h"

void figures_colour(void);

enum { RATE = 48000, FRAMES = 48000, HALF = FRAMES / 2 };

static double db(double x)
{
    return 20 * log10(x);
}

static const double rates_hz[] = { 44100, 48000, 96000 };

static double alias(const char *name, const char *spec, double peak)
{
    double worst = -INFINITY;
    for (int r = 0; r < 3; r++)
        for (int two = 0; two < 2; two++) {
            sound s = sound_through(rates_hz[r], name, spec, alias_tones(FRAMES, rates_hz[r], two, peak));
            worst = fmax(worst, alias_db(s, rates_hz[r], two));
            sound_free(s);
        }
    return worst;
}

static double worst_alias(const char *name, const char *const *spec, size_t n, double peak)
{
    double worst = -INFINITY;
    for (size_t i = 0; i < n; i++) worst = fmax(worst, alias(name, spec[i], peak));
    return worst;
}

static double mean(const char *name, const char *spec)
{
    sound s = sound_through(RATE, name, spec, sound_sine(2 * FRAMES, RATE, 1000, 0.7));
    double sum = 0;
    for (size_t i = FRAMES; i < 2 * FRAMES; i++) sum += (double)s.ch[0][i];
    sound_free(s);
    return fabs(sum / FRAMES);
}

/* ---- oversample ------------------------------------------------------------------------------------------------- */

enum { MANY = 16 * 4096 };

static td_oversample *over(double rate_hz, unsigned factor, td_oversample_for shaper)
{
    td_oversample *o;
    if (td_oversample_new(rate_hz, factor, shaper, &o) != TD_OK) abort();
    return o;
}

/* A cosine through up and down: what is wrong with it, late by the latency, once the filters have filled. */
static double round_trip_error(double rate_hz, unsigned factor, double freq_hz)
{
    td_oversample *o = over(rate_hz, factor, TD_OVERSAMPLE_POINTS);
    double worst = 0, w = 2 * M_PI * freq_hz / rate_hz;
    for (int block = 0; block < 6; block++) {
        td_v2 x[TD_OVERSAMPLE_FRAMES];
        int at = block * TD_OVERSAMPLE_FRAMES, late = (int)td_oversample_latency(o);
        for (int i = 0; i < TD_OVERSAMPLE_FRAMES; i++) x[i] = td_v2_set(cos(w * (at + i)));
        td_oversample_up(o, x, TD_OVERSAMPLE_FRAMES);
        td_oversample_down(o, x, TD_OVERSAMPLE_FRAMES);
        for (int i = 0; i < TD_OVERSAMPLE_FRAMES && block > 2; i++)
            worst = fmax(worst, fabs(x[i][0] - cos(w * (at + i - late))));
    }
    td_oversample_free(o);
    return worst;
}

/* How far the way up and down is from the latency it reports, in frames, 20 Hz to 20 kHz: the phase of what an impulse
 * becomes. Means are those of neighbours, as a straight line's antiderivative gives them. */
static double delay_error(double rate_hz, unsigned factor, td_oversample_for shaper)
{
    enum { LONG = 8 * TD_OVERSAMPLE_FRAMES };
    td_oversample *o = over(rate_hz, factor, shaper);
    td_v2 y[LONG] = { { 1, 1 } }, before = { 0 };
    for (size_t at = 0; at < LONG; at += TD_OVERSAMPLE_FRAMES) {
        td_v2 *up = td_oversample_up(o, y + at, TD_OVERSAMPLE_FRAMES);
        for (size_t i = 0; i < TD_OVERSAMPLE_FRAMES * factor && shaper == TD_OVERSAMPLE_MEANS; i++) {
            td_v2 now = up[i];
            up[i] = 0.5 * (now + before);
            before = now;
        }
        td_oversample_down(o, y + at, TD_OVERSAMPLE_FRAMES);
    }
    double worst = 0;
    for (double f = 20; f <= 20000; f += 999) {
        double complex sum = 0;
        double w = 2 * M_PI * f / rate_hz;
        for (int i = 0; i < LONG; i++) sum += y[i][0] * cexp(-I * w * (i - (double)td_oversample_latency(o)));
        worst = fmax(worst, fabs(carg(sum)) / w);
    }
    td_oversample_free(o);
    return worst;
}

/* A cosine on the way up: its strongest image, against it. */
static double image_db(double rate_hz, unsigned factor)
{
    static float y[MANY];
    double worst = -INFINITY, w = 2 * M_PI * 20000 / rate_hz;
    td_oversample *o = over(rate_hz, factor, TD_OVERSAMPLE_POINTS);
    size_t n = 0;
    for (int at = 0; n < MANY; at += TD_OVERSAMPLE_FRAMES) {
        td_v2 x[TD_OVERSAMPLE_FRAMES];
        for (int i = 0; i < TD_OVERSAMPLE_FRAMES; i++) x[i] = td_v2_set(cos(w * (at + i)));
        const td_v2 *up = td_oversample_up(o, x, TD_OVERSAMPLE_FRAMES);
        for (size_t i = 0; i < TD_OVERSAMPLE_FRAMES * factor && at >= FRAMES / 4 && n < MANY; i++)
            y[n++] = (float)up[i][0];
        td_oversample_down(o, x, TD_OVERSAMPLE_FRAMES);
    }
    for (unsigned k = 1; k < factor; k++)
        for (int side = -1; side <= 1; side += 2) {
            double image = sound_amplitude(y, MANY, fabs(k * rate_hz + side * 20000), factor * rate_hz);
            worst = fmax(worst, db(image / sound_amplitude(y, MANY, 20000, factor * rate_hz)));
        }
    td_oversample_free(o);
    return worst;
}

/* Tones from rate - 20 kHz up to half of the higher rate, put in up there: what of them comes down below 20 kHz. */
static double fold_db(double rate_hz, unsigned factor)
{
    static float y[FRAMES];
    double worst = -INFINITY, high_hz = factor * rate_hz;
    for (double f = rate_hz - 20000; f < high_hz / 2; f += 3337) {
        double alias = fabs(f - rate_hz * rint(f / rate_hz)), w = 2 * M_PI * f / high_hz;
        if (alias > 20000) continue;
        td_oversample *o = over(rate_hz, factor, TD_OVERSAMPLE_POINTS);
        for (int at = 0; at + TD_OVERSAMPLE_FRAMES <= 8192; at += TD_OVERSAMPLE_FRAMES) {
            td_v2 x[TD_OVERSAMPLE_FRAMES] = { 0 };
            td_v2 *up = td_oversample_up(o, x, TD_OVERSAMPLE_FRAMES);
            for (size_t i = 0; i < TD_OVERSAMPLE_FRAMES * factor; i++)
                up[i] = td_v2_set(cos(fmod(w * ((double)at * factor + (double)i), 2 * M_PI)));
            td_oversample_down(o, x, TD_OVERSAMPLE_FRAMES);
            for (int i = 0; i < TD_OVERSAMPLE_FRAMES; i++) y[at + i] = (float)x[i][0];
        }
        worst = fmax(worst, db(sound_amplitude(y + 4096, 4096, alias, rate_hz)));
        td_oversample_free(o);
    }
    return worst;
}

static void oversample(void)
{
    double trip = 0, late = 0, image = -INFINITY, folded = -INFINITY;
    for (int r = 0; r < 3; r++)
        for (unsigned factor = 2; factor <= 16; factor *= 2) {
            double rate_hz = rates_hz[r];
            for (double f = 20; f <= 20000; f += 999) trip = fmax(trip, round_trip_error(rate_hz, factor, f));
            late = fmax(late, delay_error(rate_hz, factor, TD_OVERSAMPLE_POINTS));
            late = fmax(late, delay_error(rate_hz, factor, TD_OVERSAMPLE_MEANS));
            image = fmax(image, image_db(rate_hz, factor));
            folded = fmax(folded, fold_db(rate_hz, factor));
        }
    figure("oversample", "round trip, 2x to 16x, 44.1 to 96 kHz, 20 Hz to 20 kHz", AT_MOST, 0.01, db(1 + trip), "dB");
    figure("oversample", "delay off whole frames, for points and for means", AT_MOST, 1e-6, late, "frames");
    figure("oversample", "images of 20 kHz on the way up, 2x to 16x, 44.1 to 96 kHz", AT_MOST, -100, image, "dB");
    figure("oversample", "what lies above comes down into 0 to 20 kHz", AT_MOST, -100, folded, "dB");
}

/* ---- saturation ------------------------------------------------------------------------------------------------- */

/* Second against third harmonic where the model distorts by 1 %. */
static double second_to_third(const char *model)
{
    char spec[64];
    snprintf(spec, sizeof spec, "model=%s drive=6", model);
    sound s = sound_through(RATE, "saturation", spec, sound_sine(FRAMES, RATE, 1000, pow(10, -0.9)));
    const float *y = s.ch[0] + HALF;
    double ratio = sound_amplitude(y, HALF, 2000, RATE) / sound_amplitude(y, HALF, 3000, RATE);
    sound_free(s);
    return ratio;
}

static void characters(void)
{
    static const struct {
        const char *model;
        double low, high;
    } sound_of[] = { { "tube", 0.7, 1.3 }, { "transformer", 0.2, 0.5 }, { "triode", 2, 3 } };
    for (size_t i = 0; i < 3; i++) {
        char name[80];
        double middle = (sound_of[i].low + sound_of[i].high) / 2;
        snprintf(name, sizeof name, "%s: second against third harmonic, off %g", sound_of[i].model, middle);
        figure("saturation", name, AT_MOST, sound_of[i].high - middle,
               fabs(second_to_third(sound_of[i].model) - middle), "");
    }
    double even = fmax(second_to_third("diode"), second_to_third("pentode"));
    figure("saturation", "diode, pentode: second against third harmonic", AT_MOST, -60, db(even), "dB");
}

/* What is quiet, 20 Hz to 20 kHz at -60 dBFS, against the 5 Hz of low cut that keeps direct current out. */
static double quiet_error(const char *model)
{
    static const double freq_hz[] = { 20, 60, 200, 1000, 4000, 8000, 12000, 16000, 18000, 20000 };
    char spec[64];
    double worst = 0;
    snprintf(spec, sizeof spec, "model=%s drive=0 auto_level=0", model);
    for (size_t i = 0; i < sizeof freq_hz / sizeof *freq_hz; i++) {
        sound s = sound_through(RATE, "saturation", spec, sound_sine(FRAMES, RATE, freq_hz[i], 1e-3));
        double reached = 2 * cabs(sound_dft(s.ch[0] + HALF, HALF, freq_hz[i], RATE)) / HALF / 1e-3;
        worst = fmax(worst, fabs(db(reached * hypot(1, 5 / freq_hz[i]))));
        sound_free(s);
    }
    return worst;
}

/* Loudness after against before, integrated, of bursts of noise. */
static double loudness_error(const char *spec)
{
    static const double level_db[] = { -42, -30, -18, -6 };
    double worst = 0;
    for (size_t i = 0; i < 4; i++) {
        double lufs[2];
        sound s = sound_noise(4 * FRAMES, 1, pow(10, level_db[i] / 20));
        for (unsigned c = 0; c < 2; c++)
            for (size_t k = 0; k < s.frames; k++) s.ch[c][k] *= k / (FRAMES / 4) % 2 ? 0 : 1;
        for (int k = 0; k < 2; k++) {
            td_loudness *m;
            if (td_loudness_new(RATE, 2, &m) || td_loudness_add(m, (const float *const *)s.ch, s.frames)) abort();
            lufs[k] = td_loudness_integrated(m);
            td_loudness_free(m);
            if (k == 0) sound_through(RATE, "saturation", spec, s);
        }
        worst = fmax(worst, fabs(lufs[1] - lufs[0]));
        sound_free(s);
    }
    return worst;
}

static void saturation(void)
{
    static const char *const models[] = { "tube", "diode", "transformer", "triode", "pentode" };
    double thd = 0, soft = -INFINITY, hard = -INFINITY, loud = 0, dc = 0, quiet = 0;
    for (int m = 0; m < 5; m++) {
        char spec[64];
        snprintf(spec, sizeof spec, "model=%s drive=6", models[m]);
        sound s = sound_through(RATE, "saturation", spec, sound_sine(FRAMES, RATE, 1000, pow(10, -0.9)));
        thd = fmax(thd, fabs(bent_thd(s.ch[0] + HALF, HALF, 1000, RATE) - 0.01));
        sound_free(s);
        for (int drive_db = 0; drive_db <= 30; drive_db += 3) {
            snprintf(spec, sizeof spec, "model=%s drive=%d", models[m], drive_db);
            if (drive_db <= 6) soft = fmax(soft, alias("saturation", spec, 0.5));
            hard = fmax(hard, alias("saturation", spec, 1));
        }
        dc = fmax(dc, mean("saturation", spec));
        quiet = fmax(quiet, quiet_error(models[m]));
        snprintf(spec, sizeof spec, "model=%s drive=24", models[m]);
        loud = fmax(loud, loudness_error(spec));
    }
    figure("saturation", "THD of 0 VU at 6 dB, off 1 %, all models", AT_MOST, 0.05, 100 * thd, "%");
    figure("saturation", "aliases to 6 dB, 5 and 9 + 10.5 kHz, -6 dBFS, 44.1 to 96 kHz", AT_MOST, -90, soft, "dB");
    figure("saturation", "aliases at any drive, 0 dBFS, 44.1 to 96 kHz", AT_MOST, -70, hard, "dB");
    figure("saturation", "what is quiet, 20 Hz to 20 kHz, beside the 5 Hz low cut", AT_MOST, 0.02, quiet, "dB");
    figure("saturation", "loudness of bursts at 24 dB, -42 to -6 dBFS", AT_MOST, 0.5, loud, "LU");
    figure("saturation", "direct current at 30 dB", AT_MOST, 1e-5, dc, "");
    characters();
}

/* ---- tape ------------------------------------------------------------------------------------------------------- */

static double tape_thd(const char *spec, double vu_db)
{
    sound s = sound_through(RATE, "tape", spec, sound_sine(FRAMES, RATE, 1000, pow(10, (vu_db - 18) / 20)));
    double thd = bent_thd(s.ch[0] + HALF, HALF, 1000, RATE);
    sound_free(s);
    return thd;
}

enum { SPEEDS = 3 };
static const double bump_hz[SPEEDS] = { 32, 62, 120 }, metres_per_s[SPEEDS] = { 0.1905, 0.381, 0.762 };

/* The sheet's curve (README): bump, dip, low cut, spacing and gap. */
static double tape_sheet_db(int speed, double f)
{
    const double at = bump_hz[speed];
    const double complex b = I * f / at, d = I * f / (2.2 * at), c = I * f / (at / 4);
    const double g = pow(10, 1.2 / 40), h = pow(10, -0.4 / 40), k = 2 * M_PI * f / metres_per_s[speed];
    double complex bump = (b * b + b * g / 1.1 + 1) / (b * b + b / (g * 1.1) + 1);
    double complex dip = (d * d + d * h / 1.2 + 1) / (d * d + d / (h * 1.2) + 1);
    double complex cut = c * c / (c * c + c * M_SQRT2 + 1);
    return db(cabs(bump * dip * cut) * exp(-k * 0.25e-6) * sin(k * 1.25e-6) / (k * 1.25e-6));
}

static double tape_response_error(int speed)
{
    static const double freq_hz[] = { 20, 40, 62, 100, 140, 250, 1000, 4000, 8000, 12000, 16000, 18000 };
    double worst = 0;
    char spec[32];
    snprintf(spec, sizeof spec, "speed=%d", speed);
    for (size_t i = 0; i < sizeof freq_hz / sizeof *freq_hz; i++) {
        sound s = sound_through(RATE, "tape", spec, sound_sine(FRAMES, RATE, freq_hz[i], 1e-3));
        double reached = db(2 * cabs(sound_dft(s.ch[0] + HALF, HALF, freq_hz[i], RATE)) / HALF / 1e-3);
        worst = fmax(worst, fabs(reached - tape_sheet_db(speed, freq_hz[i])));
        sound_free(s);
    }
    return worst;
}

/* How far distortion falls from one level to the next higher, anywhere. */
static double tape_thd_fall(void)
{
    double fall = -INFINITY;
    for (int speed = 0; speed < SPEEDS; speed++)
        for (int bias = 0; bias < 3; bias++) {
            double before = 0;
            char spec[32];
            snprintf(spec, sizeof spec, "speed=%d bias=%d", speed, bias);
            for (double vu_db = -18; vu_db <= 15; vu_db += 3) {
                double now = tape_thd(spec, vu_db);
                fall = fmax(fall, before - now);
                before = now;
            }
        }
    return fall;
}

static double tape_sides_differ(void)
{
    sound s = sound_noise(FRAMES, 3, 0.7);
    memcpy(s.ch[1], s.ch[0], FRAMES * sizeof(float));
    sound_through(RATE, "tape", "drive=6", s);
    double most = 0;
    for (size_t i = 0; i < FRAMES; i++) most = fmax(most, fabs((double)s.ch[0][i] - (double)s.ch[1][i]));
    sound_free(s);
    return most;
}

static void tape(void)
{
    static const struct {
        double vu_db, percent;
    } points[] = { { 0, 0.3 }, { 6, 1.1 }, { 10.5, 3 } };
    for (size_t i = 0; i < 3; i++) {
        char name[64];
        snprintf(name, sizeof name, "THD at %+g VU, off %g %%", points[i].vu_db, points[i].percent);
        figure("tape", name, AT_MOST, 20, 100 * fabs(100 * tape_thd("", points[i].vu_db) / points[i].percent - 1), "%");
    }
    figure("tape", "THD, fall from one level to the next higher, any speed and bias", AT_MOST, 0, 100 * tape_thd_fall(),
           "%");
    double response = 0;
    for (int speed = 0; speed < SPEEDS; speed++) response = fmax(response, tape_response_error(speed));
    figure("tape", "response against the sheet, 20 Hz to 18 kHz, all speeds", AT_MOST, 0.25, response, "dB");
    static const char *const gentle[] = { "drive=0", "drive=3", "drive=6" };
    static const char *const hot[] = { "drive=9", "drive=12", "drive=18", "drive=18 calibration=12 speed=0 bias=1" };
    figure("tape", "aliases to 6 dB, 5 and 9 + 10.5 kHz, -6 dBFS, 44.1 to 96 kHz", AT_MOST, -90,
           worst_alias("tape", gentle, 3, 0.5), "dB");
    figure("tape", "aliases at any drive, 0 dBFS, 44.1 to 96 kHz", AT_MOST, -70, worst_alias("tape", hot, 4, 1), "dB");
    figure("tape", "direct current at 6 dB", AT_MOST, 1e-5, mean("tape", "drive=6"), "");
    figure("tape", "right against left of a sound alike on both", AT_MOST, 0, tape_sides_differ(), "");
}

/* ---- exciter ---------------------------------------------------------------------------------------------------- */

static void exciter(void)
{
    double error = 0, other = -INFINITY;
    for (int odd = 0; odd <= 100; odd += 100)
        for (double level_db = -50; level_db <= 0; level_db += 10) {
            sound s = sound_through(RATE, "exciter", odd ? "odd=100" : "odd=0",
                                    sound_sine(FRAMES, RATE, 5000, pow(10, level_db / 20)));
            double second = db(sound_amplitude(s.ch[0] + HALF, HALF, 10000, RATE)) - level_db;
            double third = db(sound_amplitude(s.ch[0] + HALF, HALF, 15000, RATE)) - level_db;
            error = fmax(error, fabs((odd ? third : second) + 18));
            other = fmax(other, odd ? second : third);
            sound_free(s);
        }
    td_unit_state *u = sound_unit(RATE, "exciter", "at=6000 amount=-3");
    sound in = sound_sine(FRAMES, RATE, 200, 0.5), out = sound_copy(in);
    sound_run(u, out);
    figure("exciter", "harmonic asked, -50 to 0 dBFS", AT_MOST, 0.7, error, "dB");
    figure("exciter", "the other harmonic", AT_MOST, -50, other, "dB");
    figure("exciter", "residual five octaves below the band", AT_MOST, -80,
           sound_residual_db(in, out, td_unit_latency(u)), "dBFS");
    figure("exciter", "aliases at its default of -18 dB, 44.1 to 96 kHz", AT_MOST, -85,
           alias("exciter", "at=2000 odd=100", 0.9), "dB");
    figure("exciter", "aliases at the largest amount, 44.1 to 96 kHz", AT_MOST, -70,
           alias("exciter", "at=2000 odd=100 amount=-3", 0.9), "dB");
    td_unit_free(u);
    sound_free(in), sound_free(out);
}

void figures_colour(void)
{
    oversample();
    saturation();
    tape();
    exciter();
}
