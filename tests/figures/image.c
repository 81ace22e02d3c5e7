/* stereo, pan, rotate. */
#include "tests/figures/figures.h"

void figures_image(void);

/* What the sum of both channels changes by, below full scale: the rounding of two floats at most. */
static double mono_change_db(const char *name, const char *spec)
{
    td_unit_state *u = sound_unit(48000, name, spec);
    sound in = sound_noise(48000, 1, 0.5), out = sound_copy(in);
    sound_run(u, out);
    double sum = 0;
    for (size_t i = 0; i < in.frames; i++) {
        double before = (double)in.ch[0][i] + (double)in.ch[1][i];
        sum += pow((double)out.ch[0][i] + (double)out.ch[1][i] - before, 2);
    }
    td_unit_free(u);
    sound_free(in), sound_free(out);
    return 10 * log10(sum / 48000);
}

static double residual_db(const char *name, const char *spec)
{
    td_unit_state *u = sound_unit(48000, name, spec);
    sound in = sound_noise(48000, 1, 0.5), out = sound_copy(in);
    sound_run(u, out);
    double db = sound_residual_db(in, out, 0);
    td_unit_free(u);
    sound_free(in), sound_free(out);
    return db;
}

/* Side against mid of equally loud, unrelated channels at a frequency. */
static double side_db(const char *spec, double freq_hz)
{
    td_unit_state *u = sound_unit(48000, "stereo", spec);
    sound s = sound_impulse(1 << 15, 1);
    s.ch[1][0] = 0; /* one channel alone: as much side as mid */
    sound_run(u, s);
    double complex l = sound_dft(s.ch[0], s.frames, freq_hz, 48000), r = sound_dft(s.ch[1], s.frames, freq_hz, 48000);
    td_unit_free(u);
    sound_free(s);
    return 20 * log10(cabs(l - r) / cabs(l + r));
}

static double pan_error_db(const char *law, double (*left)(double p), double centre)
{
    double most = 0;
    for (int p = -90; p <= 90; p += 5) {
        char spec[64];
        snprintf(spec, sizeof spec, "position=%d law=%s", p, law);
        td_unit_state *u = sound_unit(48000, "pan", spec);
        sound s = sound_impulse(1, 1);
        sound_run(u, s);
        double at = (p + 100) / 200.0, l = left(at) / centre, r = left(1 - at) / centre;
        most = fmax(most, fabs(20 * log10((double)s.ch[0][0] / l)));
        most = fmax(most, fabs(20 * log10((double)s.ch[1][0] / r)));
        td_unit_free(u);
        sound_free(s);
    }
    return most;
}

static double power_left(double p)
{
    return cos(p * M_PI / 2);
}

static double linear_left(double p)
{
    return 1 - p;
}

static double compromise_left(double p)
{
    return sqrt(cos(p * M_PI / 2) * (1 - p));
}

void figures_image(void)
{
    figure("stereo", "residual at 100 %", AT_MOST, -140, residual_db("stereo", "width=100"), "dBFS");
    double most = -999;
    static const char *const specs[] = { "width=0",   "width=50",       "width=130",
                                         "width=200", "low=0 high=150", "width=120 mono_below=120" };
    for (size_t i = 0; i < 6; i++) most = fmax(most, mono_change_db("stereo", specs[i]));
    figure("stereo", "change of the mono sum at any width, floor of float samples", AT_MOST, -150, most, "dBFS");
    figure("stereo", "side below 60 Hz with mono_below 120 Hz", AT_MOST, -20, side_db("mono_below=120", 60), "dB");
    figure("pan", "constant power law", AT_MOST, 0.001, pan_error_db("constant_power", power_left, sqrt(0.5)), "dB");
    figure("pan", "linear law", AT_MOST, 0.001, pan_error_db("linear", linear_left, 0.5), "dB");
    figure("pan", "-4.5 dB law", AT_MOST, 0.001, pan_error_db("compromise", compromise_left, sqrt(sqrt(0.5) / 2)),
           "dB");
    figure("rotate", "residual at 0 degrees", AT_MOST, -140, residual_db("rotate", "angle=0"), "dBFS");
}
