/* The limiter as a processor, and the master that drives it. */
#include "engine/meter/meter.h"
#include "engine/mix/master.h"
#include "tests/figures/figures.h"
#include "tests/peaky.h"

void figures_limiter(void);

#define RATE PEAKY_RATE
enum { SECOND = 48000, FLUSH = 1000 };

/* ---- signals that are hard to hold, up to full scale ------------------------------------------------------------ */

/* A Blackman-Harris windowed low-pass at 21 kHz: beyond it reconstructions differ, and converters end. */
static sound below_21k(sound s)
{
    enum { HALF_TAPS = 100 };
    sound out = sound_new(s.frames);
    for (int k = -HALF_TAPS; k <= HALF_TAPS; k++) {
        double w = 2 * M_PI * ((double)k / (2 * HALF_TAPS + 2) + 0.5), cut = 2 * 20500 / RATE;
        double window = 0.35875 - 0.48829 * cos(w) + 0.14128 * cos(2 * w) - 0.01168 * cos(3 * w);
        double h = window * (k == 0 ? cut : sin(M_PI * cut * k) / (M_PI * k));
        for (int c = 0; c < 2; c++)
            for (size_t i = HALF_TAPS; i + HALF_TAPS < s.frames; i++)
                out.ch[c][i] += (float)(h * (double)s.ch[c][(ptrdiff_t)i - k]);
    }
    sound_free(s);
    return out;
}

static sound white_noise(size_t n, td_random *r)
{
    return sound_noise(n, td_random_next(r), 1);
}

static sound noise_below_21k(size_t n, td_random *r)
{
    return below_21k(white_noise(n, r));
}

static sound clipped_noise_below_21k(size_t n, td_random *r)
{
    return below_21k(peaky_clipped_noise(n, r));
}

typedef struct signal {
    const char *name;
    sound (*make)(size_t, td_random *);
} signal;

static const signal signals[] = {
    { "drums and tones", peaky_tones_and_drums },
    { "noise below 21 kHz", noise_below_21k },
    { "rate/4 at a phase by chance", peaky_quarter_rate },
    { "clipped noise below 21 kHz", clipped_noise_below_21k },
    { "square", peaky_square },
    { "pulses", peaky_pulses },
    { "sweep of 20 to 23 kHz", peaky_top_sweep },
};
enum { SIGNALS = sizeof signals / sizeof *signals };

/* ---- an independent look between samples ------------------------------------------------------------------------ */

/* 32 points a frame from 256 samples under a Blackman-Harris window, in double: flat within 0.001 dB up to 23 kHz. Only
 * where a sample near reaches a fifth of `above` can a point exceed it in these signals. */
enum { OVER = 32, HALF = 128 };

static void design_points(double (*h)[2 * HALF])
{
    for (int p = 0; p < OVER; p++)
        for (int k = 0; k < 2 * HALF; k++) {
            double t = k - HALF + 1 - (double)p / OVER, w = 2 * M_PI * (t / (2 * HALF + 2) + 0.5);
            double window = 0.35875 - 0.48829 * cos(w) + 0.14128 * cos(2 * w) - 0.01168 * cos(3 * w);
            h[p][k] = (t == 0 ? 1 : sin(M_PI * t) / (M_PI * t)) * window;
        }
}

static double true_peak_db(sound s, double above)
{
    double(*h)[2 * HALF] = td_calloc2(OVER, sizeof *h, 1), most = 0;
    design_points(h);
    for (int c = 0; c < 2; c++)
        for (size_t i = HALF; i + HALF < s.frames; i++) {
            const float *x = s.ch[c] + i;
            if (fabs((double)x[0]) < above / 5 && fabs((double)x[1]) < above / 5) continue;
            for (int p = 0; p < OVER; p++) {
                double sum = 0;
                for (int k = 0; k < 2 * HALF; k++) sum += h[p][k] * (double)x[k - HALF + 1];
                most = fmax(most, fabs(sum));
            }
        }
    free(h);
    return 20 * log10(most);
}

/* ---- the processor ---------------------------------------------------------------------------------------------- */

/* Takes s over; its last FLUSH frames become silence, so that all of it comes out. */
static sound limited(sound s, const char *spec)
{
    for (int c = 0; c < 2; c++) memset(s.ch[c] + s.frames - FLUSH, 0, FLUSH * sizeof(float));
    td_unit_state *u = sound_unit(RATE, "limiter", spec);
    sound_run(u, s);
    td_unit_free(u);
    return s;
}

/* EBU Tech 3341, 15 to 18: a quarter, sixth and eighth of the rate between samples; 20 to 23: a short burst at a sixth,
 * made at four times the rate and thinned with each offset. */
static double ebu_peaks_db(void)
{
    static const double divisor[] = { 4, 4, 6, 8 }, degrees[] = { 0, 45, 60, 67.5 };
    double worst = -INFINITY;
    for (int k = 0; k < 8; k++) {
        sound s = sound_new(9600);
        for (int i = 0; i < 9600; i++) {
            double w = k < 4 ? 2 * M_PI * i / divisor[k] + degrees[k] * M_PI / 180 : M_PI * (4 * i + k - 4) / 12;
            double fade = k < 4 ? 1 : exp(-pow((i - 4800) / 12.0, 2));
            s.ch[0][i] = s.ch[1][i] = (float)(fade * sin(w));
        }
        s = limited(s, "drive=6 ceiling=-1");
        worst = fmax(worst, true_peak_db(s, 0.89) + 1);
        sound_free(s);
    }
    return worst;
}

/* A quarter of the rate at any phase: how deep between samples its peaks lie. */
static double quarter_phases_db(void)
{
    double worst = -INFINITY;
    for (int degrees = 0; degrees < 90; degrees += 15) {
        sound s = sound_new(9600);
        for (int i = 0; i < 9600; i++) s.ch[0][i] = s.ch[1][i] = (float)sin(M_PI / 2 * i + degrees * M_PI / 180);
        s = limited(s, "drive=6 ceiling=-1");
        worst = fmax(worst, true_peak_db(s, 0.89) + 1);
        sound_free(s);
    }
    return worst;
}

static void ceilings(void)
{
    td_random r;
    td_random_seed(&r, 1);
    for (size_t k = 0; k < SIGNALS; k++) {
        char name[80];
        sound s = limited(signals[k].make(9600, &r), "drive=6 ceiling=-1");
        snprintf(name, sizeof name, "%s, 6 dB of drive: above the ceiling (32x)", signals[k].name);
        figure("limiter", name, AT_MOST, 0, true_peak_db(s, 0.89) + 1, "dB");
        sound_free(s);
    }
    figure("limiter", "EBU Tech 3341, 15 to 23, 6 dB of drive: above the ceiling (32x)", AT_MOST, 0, ebu_peaks_db(),
           "dB");
    figure("limiter", "rate/4 at 0 to 75 degrees, 6 dB of drive: above the ceiling (32x)", AT_MOST, 0,
           quarter_phases_db(), "dB");
    sound s = limited(peaky_top_sweep(9600, &r), "drive=12 ceiling=-1");
    figure("limiter", "sweep of 20 to 23 kHz, 12 dB: above the ceiling (32x)", AT_MOST, 0, true_peak_db(s, 0.89) + 1,
           "dB");
    sound_free(s);
}

static double over_16x_db(sound s)
{
    td_true_peak *m;
    if (td_true_peak_new(2, 16, &m)) abort();
    td_true_peak_add(m, (const float *const *)s.ch, s.frames);
    td_true_peak_end(m);
    double db = 20 * log10(td_true_peak_max(m));
    td_true_peak_free(m);
    return db;
}

static void random_programmes(void)
{
    static const char *const specs[] = { "drive=6 ceiling=-1", "drive=12 ceiling=-1 lookahead=5",
                                         "drive=3 ceiling=-1 lookahead=1 release=20", "drive=6 ceiling=-1 link=0" };
    td_random r;
    td_random_seed(&r, 2);
    double worst = -INFINITY;
    for (size_t k = 0; k < 1000; k++) {
        sound (*make)(size_t, td_random *) = k % 3   ? signals[k % SIGNALS].make
                                             : k % 2 ? white_noise
                                                     : peaky_clipped_noise;
        sound s = limited(make(4800, &r), specs[k / SIGNALS % 4]);
        worst = fmax(worst, over_16x_db(s) + 1);
        sound_free(s);
    }
    figure("limiter", "1000 random programmes: above the ceiling (16x meter)", AT_MOST, 0, worst, "dB");
}

static double bass_percent(void)
{
    sound s = sound_sine(4 * SECOND, RATE, 50, 1);
    td_unit_state *u = sound_unit(RATE, "limiter", "drive=3 ceiling=0 lookahead=5 release=inf");
    sound_run(u, s);
    const float *y = s.ch[0] + 3 * SECOND;
    double fundamental = 2 * cabs(sound_dft(y, SECOND, 50, RATE)) / SECOND, rms = sound_rms(y, SECOND);
    td_unit_free(u);
    sound_free(s);
    return 100 * sqrt(fmax(0, rms * rms * 2 / (fundamental * fundamental) - 1));
}

/* Its gain from samples in and out, where they are large enough to tell: never above 1, and one for both sides. */
static void gain(void)
{
    td_random r;
    td_random_seed(&r, 4);
    sound before = peaky_tones_and_drums(SECOND, &r), after = sound_copy(before);
    td_unit_state *u = sound_unit(RATE, "limiter", "ceiling=-3");
    size_t late = td_unit_latency(u);
    sound_run(u, after);
    double most = -INFINITY, apart = 0;
    for (size_t i = 0; i + late < SECOND; i++) {
        double g[2];
        for (int c = 0; c < 2; c++) g[c] = (double)after.ch[c][i + late] / (double)before.ch[c][i];
        if (fabs((double)before.ch[0][i]) < 0.01 || fabs((double)before.ch[1][i]) < 0.01) continue;
        most = fmax(most, 20 * log10(fmax(g[0], g[1])));
        apart = fmax(apart, fabs(20 * log10(g[0] / g[1])));
    }
    figure("limiter", "gain, highest, beside the rounding of samples", AT_MOST, 1e-5, most, "dB");
    figure("limiter", "linked: image shift", AT_MOST, 1e-4, apart, "dB");
    td_unit_free(u);
    sound_free(before);
    sound_free(after);
}

static void sound_of_it(void)
{
    figure("limiter", "50 Hz, 3 dB over, 5 ms, auto: distortion", AT_MOST, 0.5, bass_percent(), "%");
    sound before = sound_noise(SECOND, 3, 0.4), after = sound_copy(before);
    td_unit_state *u = sound_unit(RATE, "limiter", "ceiling=0");
    sound_run(u, after);
    figure("limiter", "below the ceiling: residual", AT_MOST, -140,
           sound_residual_db(before, after, td_unit_latency(u)), "dBFS");
    td_unit_free(u);
    sound_free(before);
    sound_free(after);
    gain();
}

/* ---- the master ------------------------------------------------------------------------------------------------- */

static td_scratch *premaster(void)
{
    td_random r;
    td_random_seed(&r, 3);
    td_error err;
    td_scratch *s;
    if (td_scratch_new("/tmp", 2, &s, &err)) abort();
    sound x = sound_new(SECOND);
    double low = 0;
    for (int second = 0; second < 20; second++) {
        for (size_t i = 0; i < SECOND; i++) {
            double t = second + (double)i / RATE, hit = exp(-fmod(t, 0.5) * 22), swell = 0.6 + 0.4 * sin(0.7 * t);
            low += 0.25 * (td_random_uniform(&r) - low);
            double chord = sin(2 * M_PI * 220 * t) + sin(2 * M_PI * 277.2 * t) + 1.5 * sin(2 * M_PI * 55 * t);
            x.ch[0][i] = (float)(0.04 * swell * chord + 0.8 * hit * low);
            x.ch[1][i] = (float)(0.04 * swell * chord + 0.7 * hit * low);
        }
        if (td_scratch_append(s, (const float *const *)x.ch, SECOND, &err)) abort();
    }
    sound_free(x);
    return s;
}

static void masters(void)
{
    static const double targets[] = { -23, -16, -14, -11 };
    td_scratch *s = premaster(), *audio = NULL;
    td_master *m;
    td_error err;
    if (td_master_new(s, (unsigned)RATE, "/tmp", &m, &err)) abort();
    double worst = 0, above = -INFINITY, passes = 0;
    td_master_result r;
    for (size_t i = 0; i < 4; i++) {
        td_target t = { targets[i], -1, NAN, 6, NULL };
        if (td_master_render(m, &t, NULL, &audio, &r, &err)) abort();
        worst = fmax(worst, fabs(r.loudness_lufs - targets[i]));
        above = fmax(above, r.true_peak_dbtp + 1);
        passes = fmax(passes, r.passes);
    }
    figure("master", "-23 to -11 LUFS: loudness off its target", AT_MOST, 0.021, worst, "LU");
    figure("master", "-23 to -11 LUFS: true peak above its target (16x)", AT_MOST, 0, above, "dB");
    figure("master", "passes over the premaster, the written one included", AT_MOST, 9, passes, "");
    td_target t = { -5, -1, NAN, 4, NULL };
    if (td_master_render(m, &t, NULL, &audio, &r, &err)) abort();
    figure("master", "-5 LUFS, 4 dB of limiting allowed: used off it", AT_MOST, 0.05, fabs(r.limiting_p95_db - 4),
           "dB");
    figure("master", "-5 LUFS: true peak above its target", AT_MOST, 0, r.true_peak_dbtp + 1, "dB");
    td_scratch_free(audio);
    td_master_free(m);
    td_scratch_free(s);
}

void figures_limiter(void)
{
    ceilings();
    random_programmes();
    sound_of_it();
    masters();
}
