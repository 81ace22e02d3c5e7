/* What holds for all processors: our mathematics, bypass, latency. */
#include "engine/base/maths.h"
#include "tests/figures/figures.h"

void figures_engine(void);

enum { RATE = 48000 };

/* ---- mathematics, against the long double functions of libm: 64 bits of mantissa, so their error is not ours ----- */

static long double exp10_long(long double x)
{
    return powl(10, x);
}

static double relative_error(double (*ours)(double), long double (*theirs)(long double), double low, double high)
{
    enum { POINTS = 200000 };
    double worst = 0;
    for (int i = 0; i <= POINTS; i++) {
        double x = low + (high - low) * i / POINTS;
        long double want = theirs(x);
        if (want != 0) worst = fmax(worst, (double)fabsl((ours(x) - want) / want));
    }
    return worst;
}

/* Level to decibels and back, as side chains do: -120 to +24 dB. */
static void side_chain(void)
{
    double log_db = 0, exp_db = 0;
    for (double db = -120; db <= 24; db += 0.001) {
        double level = (double)powl(10, (long double)db / 20);
        log_db = fmax(log_db, (double)fabsl(20 * (td_log10(level) - log10l(level))));
        exp_db = fmax(exp_db, (double)fabsl(20 * log10l(td_exp10(db / 20) / powl(10, (long double)(db / 20)))));
    }
    figure("maths", "level to decibels, -120 to +24 dB", AT_MOST, 0.001, log_db, "dB");
    figure("maths", "decibels to gain, -120 to +24 dB", AT_MOST, 0.001, exp_db, "dB");
}

static void maths(void)
{
    side_chain();
    figure("maths", "exp, -700 to 700: relative error", AT_MOST, 1e-15, relative_error(td_exp, expl, -700, 700), "");
    figure("maths", "exp10, -300 to 300: relative error", AT_MOST, 1e-15,
           relative_error(td_exp10, exp10_long, -300, 300), "");
    figure("maths", "log, 1e-6 to 16: relative error", AT_MOST, 1e-15, relative_error(td_log, logl, 1e-6, 16), "");
    figure("maths", "log10, 1e-6 to 16: relative error", AT_MOST, 1e-15, relative_error(td_log10, log10l, 1e-6, 16),
           "");
}

/* ---- every processor --------------------------------------------------------------------------------------------- */

/* Settings a processor insists on; the others stand at their defaults. */
static const struct {
    const char *name, *spec;
} insists[] = {
    { "multiband", "crossovers=500 | band | band" },
    { "eq", "phase=linear | bell at=1000 gain=6" },
    { "automation", "| point at=0 gain=-6" },
    { "align", "delay=0.3" },
    { "compressor", "model=clean threshold=-40 ratio=4 lookahead=5" },
    { "limiter", "drive=12" },
    { "gate", "threshold=-10 lookahead=5" },
};

static const char *spec_of(const char *name)
{
    for (size_t i = 0; i < sizeof insists / sizeof *insists; i++)
        if (!strcmp(insists[i].name, name)) return insists[i].spec;
    return "";
}

/* What leaves a bypassed step, its latency taken out, against what came. */
static double bypass_residual_db(const td_processor *p)
{
    td_format fmt = { .rate_hz = RATE, .tempo_bpm = 120 };
    sound_settings *set = sound_read(p, spec_of(p->name));
    td_step step = { .proc = p, .set = set->set, .blend = 1, .bypass = true };
    td_chain *chain;
    td_error err = { 0 };
    if (td_chain_new(&fmt, &step, 1, &chain, &err)) sound_mistake(p->name, err.what);
    size_t late = td_chain_latency(chain);
    sound in = sound_noise(2 * RATE + late, 7, 0.5), out = sound_copy(in);
    for (size_t at = 0; at < out.frames; at += TD_BLOCK) {
        size_t n = out.frames - at < TD_BLOCK ? out.frames - at : TD_BLOCK;
        td_chain_process(chain, (float *const[]){ out.ch[0] + at, out.ch[1] + at }, NULL, NULL, n);
    }
    double db = sound_residual_db(in, out, late);
    td_chain_free(chain);
    sound_free(in), sound_free(out);
    free(set);
    return db;
}

static void bypass(void)
{
    double worst = -INFINITY, steps = 0;
    for (size_t i = 0; td_processors[i]; i++) {
        if (td_processors[i]->part) continue;
        worst = fmax(worst, bypass_residual_db(td_processors[i]));
        steps++;
    }
    figure("engine", "steps that were bypassed", AT_LEAST, 29, steps, "");
    figure("engine", "bypass of every step, latency taken out: residual", AT_MOST, -140, worst, "dBFS");
}

void figures_engine(void)
{
    maths();
    bypass();
}
