#include "tests/figures/figures.h"

void figures_gain(void);

/* What is left of a sound after `passes` times this step. */
static double residual_db(const char *name, const char *spec, int passes)
{
    td_unit_state *u = sound_unit(48000, name, spec);
    sound in = sound_noise(48000, 1, 0.5), out = sound_copy(in);
    for (int i = 0; i < passes; i++) sound_run(u, out);
    double db = sound_residual_db(in, out, 0);
    td_unit_free(u);
    sound_free(in);
    sound_free(out);
    return db;
}

static double error_db(double gain_db)
{
    char spec[32];
    snprintf(spec, sizeof spec, "gain=%g", gain_db);
    td_unit_state *u = sound_unit(48000, "gain", spec);
    sound s = sound_impulse(1, 1);
    sound_run(u, s);
    double db = fabs(20 * log10((double)s.ch[0][0]) - gain_db);
    td_unit_free(u);
    sound_free(s);
    return db;
}

void figures_gain(void)
{
    figure("gain", "error of -6.5 dB", AT_MOST, 1e-6, error_db(-6.5), "dB");
    figure("gain", "residual at 0 dB", AT_MOST, -140, residual_db("gain", "gain=0", 1), "dBFS");
    figure("polarity", "residual of two turns", AT_MOST, -140, residual_db("polarity", "", 2), "dBFS");
}
