/* hum_filter, dc_filter, align. */
#include "tests/figures/figures.h"

void figures_repair(void);

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

void figures_repair(void)
{
    hum_filter();
    dc_filter();
    align();
}
