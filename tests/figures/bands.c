/* dynamic_eq, multiband, deesser. */
#include "tests/figures/figures.h"

void figures_bands(void);

#define RATE 48000.0

/* Reduction of the static curve with a quadratic knee (Giannoulis, Massberg, Reiss 2012), dB. */
static double curve(double level, double threshold, double ratio, double knee)
{
    double over = level - threshold;
    if (over <= -knee / 2) return 0;
    if (over < knee / 2) return (1 - 1 / ratio) * pow(over + knee / 2, 2) / (2 * knee);
    return (1 - 1 / ratio) * over;
}

static double settled_db(const char *name, const char *spec, double freq_hz, double level_db)
{
    enum { FRAMES = 72000 };
    td_unit_state *u = sound_unit(RATE, name, spec);
    sound s = sound_sine(FRAMES, RATE, freq_hz, pow(10, level_db / 20));
    sound_run(u, s);
    double out = sound_amplitude(s.ch[0] + FRAMES / 2, FRAMES / 2, freq_hz, RATE);
    td_unit_free(u);
    sound_free(s);
    return 20 * log10(out) - level_db;
}

static double residual_db(const char *name, const char *spec, double peak)
{
    td_unit_state *u = sound_unit(RATE, name, spec);
    sound in = sound_noise(48000, 1, peak), out = sound_copy(in);
    sound_run(u, out);
    double db = sound_residual_db(in, out, td_unit_latency(u));
    td_unit_free(u);
    sound_free(in), sound_free(out);
    return db;
}

/* Frames from a step of a sine at `at` until the reduction has gone 63 % of its way, against tau; in per cent. */
static double time_error(const char *name, const char *spec, size_t detector, double freq_hz, double from_db,
                         double to_db, double tau_ms)
{
    enum { FRAMES = 96000, STEP = 48000 };
    td_unit_state *u = sound_unit(RATE, name, spec);
    sound s = sound_sine(FRAMES, RATE, freq_hz, 1), none = { 0 };
    float *gr = td_calloc2(TD_DETECTORS_MAX, FRAMES, sizeof *gr), *grs[TD_DETECTORS_MAX];
    for (size_t d = 0; d < TD_DETECTORS_MAX; d++) grs[d] = gr + d * FRAMES;
    for (unsigned c = 0; c < 2; c++)
        for (int i = 0; i < FRAMES; i++) s.ch[c][i] *= (float)pow(10, (i < STEP ? from_db : to_db) / 20);
    sound_run_all(u, s, none, grs, TD_DETECTORS_MAX, 512);
    gr = grs[detector];
    double start = (double)gr[STEP - 1], end = (double)gr[FRAMES - 1], there = start + (1 - exp(-1)) * (end - start);
    int at = STEP;
    while (at < FRAMES && ((double)gr[at] - there) * (end - start) < 0) at++;
    free(grs[0]);
    td_unit_free(u);
    sound_free(s);
    return 100 * fabs((at - STEP) / (tau_ms * 0.001 * RATE) - 1);
}

/* ---- dynamic_eq ------------------------------------------------------------------------------------------------- */

/* Driven to full depth by a key: an impulse then hears the bell or shelf itself. */
static double full_depth_error(const char *shape, double at, double depth)
{
    enum { FRAMES = 72000, AT = 36000 };
    char spec[128], same[64];
    snprintf(spec, sizeof spec, "shape=%s at=%g threshold=-60 ratio=inf depth=%g", shape, at, depth);
    snprintf(same, sizeof same, "| %s at=%g gain=%g q=%.17g", shape, at, -depth, strcmp(shape, "bell") ? sqrt(0.5) : 1);
    td_unit_state *u = sound_unit(RATE, "dynamic_eq", spec), *eq = sound_unit(RATE, "eq", same);
    sound s = sound_new(FRAMES), key = sound_noise(FRAMES, 1, 1);
    s.ch[0][AT] = s.ch[1][AT] = 1;
    sound_run_all(u, s, key, NULL, 0, 512);
    double most = 0;
    for (double f = 20; f < 20000; f *= 1.1) {
        double db = 20 * log10(cabs(sound_dft(s.ch[0] + AT, FRAMES - AT, f, RATE)));
        most = fmax(most, fabs(db - 10 * log10(td_unit_power_at(eq, f))));
    }
    td_unit_free(u), td_unit_free(eq);
    sound_free(s), sound_free(key);
    return most;
}

/* The gain runs through its whole range in 20 ms: how far a sine's envelope leaves what lies between both ends. */
static double sweep_overshoot(void)
{
    enum { FRAMES = 48000 };
    td_unit_state *u = sound_unit(RATE, "dynamic_eq", "at=1000 threshold=-40 ratio=inf depth=12 attack=5 release=5");
    sound s = sound_sine(FRAMES, RATE, 1000, 0.5), key = sound_sine(FRAMES, RATE, 1000, 1);
    for (int i = 0; i < FRAMES; i++)
        if (i / 960 % 2) key.ch[0][i] = key.ch[1][i] = 0;
    sound_run_all(u, s, key, NULL, 0, 512);
    double most = 0;
    for (int i = 4800; i < FRAMES; i++) most = fmax(most, fabs((double)s.ch[0][i]) / 0.5);
    td_unit_free(u);
    sound_free(s), sound_free(key);
    return 20 * log10(most);
}

static void dynamic_eq(void)
{
    double most = 0;
    for (int level = -60; level <= 0; level++) {
        double moved = settled_db("dynamic_eq", "at=1000 threshold=-36 ratio=3 knee=12 depth=24", 1000, level);
        most = fmax(most, fabs(moved + curve(level, -36, 3, 12)));
    }
    figure("dynamic_eq", "static curve, sine at the centre, -60 to 0 dBFS", AT_MOST, 0.05, most, "dB");
    double depth = 0;
    static const char *const shapes[] = { "bell", "low_shelf", "high_shelf" };
    static const double at[] = { 3000, 150, 8000 };
    for (size_t i = 0; i < 3; i++)
        for (double d = 3; d <= 12; d *= 2) depth = fmax(depth, full_depth_error(shapes[i], at[i], d));
    figure("dynamic_eq", "at full depth against the equaliser's band", AT_MOST, 0.05, depth, "dB");
    figure("dynamic_eq", "residual below the threshold", AT_MOST, -140,
           residual_db("dynamic_eq", "threshold=0 knee=0", 0.1), "dBFS");
    const char *spec = "at=1000 q=0.5 threshold=-30 ratio=inf knee=0 depth=24 attack=20 release=100";
    figure("dynamic_eq", "attack of 20 ms, -40 to -10 dBFS: error of 63 %", AT_MOST, 5,
           time_error("dynamic_eq", spec, 0, 1000, -40, -10, 20), "%");
    figure("dynamic_eq", "release of 100 ms: error of 63 %", AT_MOST, 5,
           time_error("dynamic_eq", spec, 0, 1000, -10, -40, 100), "%");
    figure("dynamic_eq", "gain through its range in 20 ms: beyond the static envelope", AT_MOST, 0.1, sweep_overshoot(),
           "dB");
}

/* ---- multiband -------------------------------------------------------------------------------------------------- */

static double idle_ripple(const char *spec)
{
    td_unit_state *u = sound_unit(RATE, "multiband", spec);
    sound s = sound_impulse(td_unit_latency(u) + td_unit_tail(u) + 1000, 1);
    sound_run(u, s);
    double most = 0;
    for (double f = 20; f < 20000; f *= 1.05)
        most = fmax(most, fabs(20 * log10(cabs(sound_dft(s.ch[0], s.frames, f, RATE)))));
    td_unit_free(u);
    sound_free(s);
    return most;
}

static void multiband(void)
{
    double ripple = 0;
    static const char *const idle[] = {
        "crossovers=500,1000 | band ratio=1 | band ratio=1 | band ratio=1",
        "crossovers=120,500 | band ratio=1 | band ratio=1 | band ratio=1",
        "| band ratio=1 | band ratio=1 | band ratio=1 | band ratio=1",
        "| band ratio=1 | band ratio=1 | band ratio=1 | band ratio=1 | band ratio=1",
    };
    for (size_t i = 0; i < 4; i++) ripple = fmax(ripple, idle_ripple(idle[i]));
    figure("multiband", "idle sum, two to five bands", AT_MOST, 0.001, ripple, "dB");
    figure("multiband", "idle sum, linear phase: residual", AT_MOST, -140,
           residual_db("multiband", "phase=linear | band ratio=1 | band ratio=1 | band ratio=1", 0.5), "dBFS");
    /* Four octaves from any crossover, where the other bands leave less than 0.01 dB. */
    static const struct {
        const char *before, *after;
        double freq_hz;
    } alone[] = {
        { "crossovers=1000 |", "| band ratio=1", 50 },
        { "crossovers=30,8000 | band ratio=1 |", "| band ratio=1", 490 },
        { "crossovers=500 | band ratio=1 |", "", 10000 },
    };
    static const double bends[][2] = { { 1.5, 24 }, { 4, 6 }, { 20, 0 } }; /* ratio, knee */
    double moved[2] = { 0 };
    for (unsigned linear = 0; linear < 2; linear++)
        for (size_t b = 0; b < 3; b++)
            for (int level = -60; level <= 0; level += 3) {
                double ratio = bends[-level / 3 % 3][0], knee = bends[-level / 3 % 3][1];
                char spec[256];
                snprintf(spec, sizeof spec, "phase=%u %s band ratio=%g threshold=-24 knee=%g %s", linear,
                         alone[b].before, ratio, knee, alone[b].after);
                double error = settled_db("multiband", spec, alone[b].freq_hz, level) + curve(level, -24, ratio, knee);
                moved[linear] = fmax(moved[linear], fabs(error));
            }
    figure("multiband", "static curve at band centres, -60 to 0 dBFS", AT_MOST, 0.05, moved[0], "dB");
    figure("multiband", "static curve at band centres, linear phase", AT_MOST, 0.05, moved[1], "dB");
    const char *spec = "| band ratio=1 | band attack=20 release=100 ratio=inf threshold=-30 knee=0";
    figure("multiband", "attack of 20 ms, -40 to -10 dBFS: error of 63 %", AT_MOST, 5,
           time_error("multiband", spec, 1, 5000, -40, -10, 20), "%");
    figure("multiband", "release of 100 ms: error of 63 %", AT_MOST, 5,
           time_error("multiband", spec, 1, 5000, -10, -40, 100), "%");
}

/* ---- deesser ---------------------------------------------------------------------------------------------------- */

enum { VOWEL = 24000, ESS = 3840, FRAMES = 2 * VOWEL + ESS };

/* A vowel of 140 Hz, an s of 80 ms (noise from 5 to 9 kHz as a row of sines), the vowel again. */
static sound voice(double level)
{
    sound s = sound_new(FRAMES);
    for (int i = 0; i < FRAMES; i++) {
        double x = 0;
        bool ess = i >= VOWEL && i < VOWEL + ESS;
        for (int k = 0; k < 80 && ess; k++)
            x += sqrt(2.0 / 80) *
                 sin(2 * M_PI * fmod((5100 + 3800.0 * (k + 0.37 * (k % 3)) / 80) * i / RATE, 1) + 2.4 * k * k);
        for (int h = 1; h <= 30 && !ess; h++) x += sin(2 * M_PI * fmod(140.0 * h * i / RATE, 1)) / h;
        s.ch[0][i] = s.ch[1][i] = (float)(level * x);
    }
    return s;
}

static double change_db(sound in, sound out, size_t from, size_t frames, size_t late)
{
    return 20 * log10(sound_rms(out.ch[0] + from + late, frames) / sound_rms(in.ch[0] + from, frames));
}

static void deesser(void)
{
    double ess = 0, vowel = 0, early = 0;
    for (double depth = 3; depth <= 8; depth += 2.5)
        for (double level = 0.02; level < 0.5; level *= 4) {
            char spec[128];
            snprintf(spec, sizeof spec, "range=5000,9000 depth=%g threshold=-14", depth);
            td_unit_state *u = sound_unit(RATE, "deesser", spec);
            size_t late = td_unit_latency(u);
            sound in = voice(level), out = sound_copy(in);
            sound_run(u, out);
            ess = fmax(ess, fabs(change_db(in, out, VOWEL + 240, ESS - 480, late) + depth));
            vowel = fmax(vowel, fabs(change_db(in, out, 2400, VOWEL - 2400 - late, late)));
            for (size_t i = 0; i < VOWEL - late; i++)
                early = fmax(early, fabs((double)in.ch[0][i] - (double)out.ch[0][i + late]));
            td_unit_free(u);
            sound_free(in), sound_free(out);
        }
    figure("deesser", "synthetic s lowered by the depth asked: error", AT_MOST, 0.5, ess, "dB");
    figure("deesser", "vowel before it", AT_MOST, 0.1, vowel, "dB");
    figure("deesser", "change sooner than the look-ahead", AT_MOST, -140, 20 * log10(early), "dBFS");
    figure("deesser", "residual when idle", AT_MOST, -140, residual_db("deesser", "depth=0", 0.5), "dBFS");
}

void figures_bands(void)
{
    dynamic_eq();
    multiband();
    deesser();
}
