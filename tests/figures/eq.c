/* The equaliser against its analog prototypes, on a grid of settings: every kind, 25 Hz to 16 kHz, q 0.5 to 4, gains up
 * to 12 dB both ways, at three rates, up to 20 kHz (19 kHz at 44.1). */
#include "tests/figures/figures.h"

void figures_eq(void);

static const double rates[] = { 44100, 48000, 96000 };
static const double freqs[] = { 25, 80, 400, 1000, 3000, 8000, 10000, 12000, 16000 };
static const double qs[] = { 0.5, 0.707, 1, 2, 4 };
static const double gains[] = { 0.5, 1, 3, 6, 12, -0.5, -1, -3, -6, -12 };

/* The cookbook's prototypes, a = sqrt(gain), s = j f / f0. */
static double complex bell(double complex s, double q, double a)
{
    return (s * s + s * (a / q) + 1) / (s * s + s / (a * q) + 1);
}

static double complex high_shelf(double complex s, double q, double a)
{
    double r = sqrt(a);
    return a * (a * s * s + r / q * s + 1) / (s * s + r / q * s + a);
}

static double complex low_shelf(double complex s, double q, double a)
{
    double r = sqrt(a);
    return a * (s * s + r / q * s + a) / (a * s * s + r / q * s + 1);
}

static double complex tilt(double complex s, double q, double a)
{
    (void)q;
    return (a * a * s + 1) / (s + a * a);
}

static double complex low_cut(double complex s, double q, double a)
{
    (void)a;
    return s * s / (s * s + s / q + 1);
}

static double complex high_cut(double complex s, double q, double a)
{
    (void)a;
    return 1 / (s * s + s / q + 1);
}

static double complex notch(double complex s, double q, double a)
{
    (void)a;
    return (s * s + 1) / (s * s + s / q + 1);
}

static double complex band_pass(double complex s, double q, double a)
{
    (void)a;
    return s / q / (s * s + s / q + 1);
}

static const struct {
    const char *name;
    double complex (*analog)(double complex s, double q, double a);
    bool has_q, has_gain;
} kinds[] = {
    { "bell", bell, true, true },    { "high_shelf", high_shelf, true, true }, { "low_shelf", low_shelf, true, true },
    { "tilt", tilt, false, true },   { "low_cut", low_cut, true, false },      { "high_cut", high_cut, true, false },
    { "notch", notch, true, false }, { "band_pass", band_pass, true, false },
};

typedef struct worst {
    double low, high, deep; /* below fs/8, above; -40 to -80 dB */
} worst;

static void one(const char *spec, size_t kind, double rate, double at, double q, double gain, worst *w)
{
    td_unit_state *u = sound_unit(rate, "eq", spec);
    double top = rate < 48000 ? 19000 : 20000, a = pow(10, gain / 40);
    for (double f = 20; f <= top; f *= 1.02) {
        double want = 20 * log10(cabs(kinds[kind].analog(I * f / at, q, a)));
        double error = fabs(10 * log10(td_unit_power_at(u, f)) - want);
        double *now = want < -40 ? &w->deep : f <= rate / 8 ? &w->low : &w->high;
        if (want >= -80) *now = fmax(*now, error);
    }
    td_unit_free(u);
}

static worst grid(size_t kind)
{
    worst w = { 0 };
    for (size_t r = 0; r < 3; r++)
        for (size_t f = 0; f < 9; f++)
            for (size_t q = 0; q < (kinds[kind].has_q ? 5 : 1); q++)
                for (size_t g = 0; g < (kinds[kind].has_gain ? 10 : 1); g++) {
                    char spec[128], more[64] = "";
                    if (kinds[kind].has_gain) snprintf(more, sizeof more, "gain=%g ", gains[g]);
                    snprintf(spec, sizeof spec, "| %s at=%g %s", kinds[kind].name, freqs[f], more);
                    size_t n = strlen(spec);
                    if (kinds[kind].has_q) snprintf(spec + n, sizeof spec - n, "q=%g", qs[q]);
                    one(spec, kind, rates[r], freqs[f], qs[q], kinds[kind].has_gain ? gains[g] : 0, &w);
                }
    return w;
}

static void prototypes(void)
{
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        worst w = grid(k);
        char name[96];
        snprintf(name, sizeof name, "%s against its prototype, 20 Hz to fs/8", kinds[k].name);
        figure("eq", name, AT_MOST, 0.01, w.low, "dB");
        snprintf(name, sizeof name, "%s, fs/8 to 20 kHz", kinds[k].name);
        figure("eq", name, AT_MOST, 0.1, w.high, "dB");
        if (w.deep == 0) continue;
        snprintf(name, sizeof name, "%s, where it passes -40 to -80 dB", kinds[k].name);
        figure("eq", name, AT_MOST, 1, w.deep, "dB");
    }
}

/* The grid reads the declared response; this holds the declaration against what comes out. */
static void declared(void)
{
    static const char *const specs[] = {
        "| bell at=16000 gain=12 q=0.5", "| bell at=80 gain=-12 q=4",
        "| high_shelf at=10000 gain=1",  "| low_cut at=25",
        "| low_cut at=80 slope=96",      "| high_cut at=12000 slope=24",
        "| notch at=1000 q=4",           "| tilt at=1000 gain=3",
        "| band_pass at=3000 q=1",
    };
    double most = 0;
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        td_unit_state *u = sound_unit(48000, "eq", specs[i]);
        sound s = sound_impulse(td_unit_tail(u) + 1000, 1);
        sound_run(u, s);
        for (double f = 20; f < 20000; f *= 1.3) {
            double said = 10 * log10(td_unit_power_at(u, f));
            if (said > -60) most = fmax(most, fabs(20 * log10(cabs(sound_dft(s.ch[0], s.frames, f, 48000))) - said));
        }
        td_unit_free(u);
        sound_free(s);
    }
    figure("eq", "impulse response against the declared magnitude, above -60 dB", AT_MOST, 0.001, most, "dB");
}

static double residual_db(const char *spec)
{
    td_unit_state *u = sound_unit(48000, "eq", spec);
    sound in = sound_noise(96000, 1, 0.5), out = sound_copy(in);
    sound_run(u, out);
    double db = sound_residual_db(in, out, td_unit_latency(u));
    td_unit_free(u);
    sound_free(in);
    sound_free(out);
    return db;
}

static double boost_and_cut(void)
{
    double most = 0;
    for (size_t f = 0; f < 9; f++)
        for (size_t g = 0; g < 5; g++) {
            char spec[128];
            snprintf(spec, sizeof spec, "| bell at=%g gain=%g | bell at=%g gain=%g", freqs[f], gains[g], freqs[f],
                     gains[g + 5]);
            td_unit_state *u = sound_unit(48000, "eq", spec);
            for (double hz = 20; hz < 24000; hz *= 1.1) most = fmax(most, fabs(td_unit_power_at(u, hz) - 1));
            td_unit_free(u);
        }
    return most;
}

static void linear_phase(void)
{
    static const char *const specs[] = {
        "phase=linear | low_cut at=25",
        "phase=linear | low_cut at=80 slope=24 | bell at=400 gain=-3 | high_shelf at=10000 gain=1",
        "phase=linear | bell at=3000 gain=12 q=4 | bell at=60 gain=-6 q=2",
    };
    double magnitude = 0, delay = 0;
    for (size_t i = 0; i < 3; i++) {
        td_unit_state *u = sound_unit(48000, "eq", specs[i]);
        size_t late = td_unit_latency(u);
        sound s = sound_impulse(late + td_unit_tail(u) + 1000, 1);
        sound_run(u, s);
        for (double f = 20; f < 20000; f *= 1.01) {
            double said = 10 * log10(td_unit_power_at(u, f));
            double heard = 20 * log10(cabs(sound_dft(s.ch[0], s.frames, f, 48000)));
            if (said > -40) magnitude = fmax(magnitude, fabs(heard - said));
        }
        double before = 0, step = 2 * M_PI * 100 / 48000;
        for (double f = 100; f < 20000; f += 100) {
            double complex h = sound_dft(s.ch[0], s.frames, f, 48000);
            double phase = carg(h * cexp(I * fmod(2 * M_PI * f / 48000 * (double)late, 2 * M_PI)));
            if (f > 100) delay = fmax(delay, fabs(phase - before) / step);
            before = phase;
        }
        td_unit_free(u);
        sound_free(s);
    }
    figure("eq", "linear phase: magnitude", AT_MOST, 0.05, magnitude, "dB");
    figure("eq", "linear phase: change of group delay over frequency", AT_MOST, 1e-6, delay, "frames");
}

void figures_eq(void)
{
    prototypes();
    declared();
    figure("eq", "residual of a bell of 0 dB", AT_MOST, -140, residual_db("| bell at=1000 gain=0"), "dBFS");
    figure("eq", "boost then equal cut: error of the power", AT_MOST, 1e-9, boost_and_cut(), "");
    figure("eq", "boost then equal cut: residual, floor of float samples", AT_MOST, -130,
           residual_db("| bell at=8000 gain=6 | bell at=8000 gain=-6"), "dBFS");
    linear_phase();
}
