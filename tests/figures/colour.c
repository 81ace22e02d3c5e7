/* oversample, saturation, tape, exciter: what bends. */
#include "engine/dsp/oversample.h"
#include "tests/bent.h"
#include "tests/figures/figures.h"

void figures_colour(void);

enum { RATE = 48000, FRAMES = 48000, HALF = FRAMES / 2 };

static double db(double x)
{
    return 20 * log10(x);
}

static sound through(const char *name, const char *spec, sound s)
{
    td_unit_state *u = sound_unit(RATE, name, spec);
    sound_run(u, s);
    td_unit_free(u);
    return s;
}

static double alias(const char *name, const char *spec, double peak)
{
    double worst = -INFINITY;
    for (int two = 0; two < 2; two++) {
        sound s = through(name, spec, alias_tones(FRAMES, RATE, two, peak));
        worst = fmax(worst, alias_db(s, RATE, two));
        sound_free(s);
    }
    return worst;
}

static double mean(const char *name, const char *spec)
{
    sound s = through(name, spec, sound_sine(2 * FRAMES, RATE, 1000, 0.7));
    double sum = 0;
    for (size_t i = FRAMES; i < 2 * FRAMES; i++) sum += (double)s.ch[0][i];
    sound_free(s);
    return fabs(sum / FRAMES);
}

/* ---- oversample ------------------------------------------------------------------------------------------------- */

/* A cosine through up and down: what is wrong with it, late by the latency, once the filters have filled. */
static double round_trip_error(double rate_hz, unsigned factor, double freq_hz)
{
    td_oversample *o;
    double worst = 0, w = 2 * M_PI * freq_hz / rate_hz;
    if (td_oversample_new(rate_hz, factor, TD_OVERSAMPLE_POINTS, &o) != TD_OK) abort();
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

static void oversample(void)
{
    static const double rates[] = { 44100, 48000, 96000 };
    double worst = 0;
    for (int r = 0; r < 3; r++)
        for (unsigned factor = 2; factor <= 16; factor *= 2)
            for (double f = 20; f <= 20000; f += 999) worst = fmax(worst, round_trip_error(rates[r], factor, f));
    figure("oversample", "round trip, 2x to 16x, 44.1 to 96 kHz, 20 Hz to 20 kHz", AT_MOST, 0.01, db(1 + worst), "dB");
}

/* ---- saturation ------------------------------------------------------------------------------------------------- */

static void saturation(void)
{
    static const char *const models[] = { "tube", "diode", "transformer", "triode", "pentode" };
    double thd = 0, soft = -INFINITY, hard = -INFINITY, loud = 0, dc = 0;
    for (int m = 0; m < 5; m++) {
        char spec[64];
        snprintf(spec, sizeof spec, "model=%s drive=6", models[m]);
        sound s = through("saturation", spec, sound_sine(FRAMES, RATE, 1000, pow(10, -0.9)));
        thd = fmax(thd, fabs(bent_thd(s.ch[0] + HALF, HALF, 1000, RATE) - 0.01));
        sound_free(s);
        soft = fmax(soft, alias("saturation", spec, 0.5));
        snprintf(spec, sizeof spec, "model=%s drive=18", models[m]);
        hard = fmax(hard, alias("saturation", spec, 1));
        snprintf(spec, sizeof spec, "model=%s drive=30", models[m]);
        hard = fmax(hard, alias("saturation", spec, 1));
        dc = fmax(dc, mean("saturation", spec));
        for (double level = 0.01; level < 1; level *= 3) {
            sound in = sound_noise(2 * FRAMES, 1, level), out = through("saturation", spec, sound_copy(in));
            loud = fmax(loud, fabs(db(sound_rms(out.ch[0], out.frames) / sound_rms(in.ch[0], in.frames))));
            sound_free(in), sound_free(out);
        }
    }
    figure("saturation", "THD of 0 VU at 6 dB, off 1 %, all models", AT_MOST, 0.05, 100 * thd, "%");
    figure("saturation", "aliases at 6 dB, 4.5 and 9 + 10.5 kHz, -6 dBFS", AT_MOST, -90, soft, "dB");
    figure("saturation", "aliases at 18 and 30 dB, 0 dBFS", AT_MOST, -70, hard, "dB");
    figure("saturation", "level of noise at 30 dB, -45 to -10 dBFS", AT_MOST, 1, loud, "dB");
    figure("saturation", "direct current at 30 dB", AT_MOST, 1e-5, dc, "");
}

/* ---- tape ------------------------------------------------------------------------------------------------------- */

static double tape_thd(double vu_db)
{
    sound s = through("tape", "", sound_sine(FRAMES, RATE, 1000, pow(10, (vu_db - 18) / 20)));
    double thd = bent_thd(s.ch[0] + HALF, HALF, 1000, RATE);
    sound_free(s);
    return thd;
}

/* The sheet's curve at 15 ips (README): bump, dip, low cut, spacing and gap. */
static double tape_sheet_db(double f)
{
    const double complex b = I * f / 62, d = I * f / 136.4, c = I * f / 15.5;
    const double g = pow(10, 1.2 / 40), h = pow(10, -0.4 / 40), k = 2 * M_PI * f / 0.381;
    double complex bump = (b * b + b * g / 1.1 + 1) / (b * b + b / (g * 1.1) + 1);
    double complex dip = (d * d + d * h / 1.2 + 1) / (d * d + d / (h * 1.2) + 1);
    double complex cut = c * c / (c * c + c * M_SQRT2 + 1);
    return db(cabs(bump * dip * cut) * exp(-k * 0.25e-6) * sin(k * 1.25e-6) / (k * 1.25e-6));
}

static double tape_response_error(void)
{
    static const double freq_hz[] = { 20, 40, 62, 100, 140, 250, 1000, 4000, 8000, 12000, 16000, 18000 };
    double worst = 0;
    for (size_t i = 0; i < sizeof freq_hz / sizeof *freq_hz; i++) {
        sound s = through("tape", "", sound_sine(FRAMES, RATE, freq_hz[i], 1e-3));
        double reached = db(2 * cabs(sound_dft(s.ch[0] + HALF, HALF, freq_hz[i], RATE)) / HALF / 1e-3);
        worst = fmax(worst, fabs(reached - tape_sheet_db(freq_hz[i])));
        sound_free(s);
    }
    return worst;
}

static void tape(void)
{
    double before = 0, fall = -INFINITY;
    for (double vu_db = -18; vu_db <= 15; vu_db += 3) {
        double now = tape_thd(vu_db);
        fall = fmax(fall, before - now);
        before = now;
    }
    figure("tape", "THD at 0 VU, off 0.3 %", AT_MOST, 20, 100 * fabs(tape_thd(0) / 0.003 - 1), "%");
    figure("tape", "THD at +6 VU, off 1.1 %", AT_MOST, 20, 100 * fabs(tape_thd(6) / 0.011 - 1), "%");
    figure("tape", "THD at +10.5 VU, off 3 %", AT_MOST, 20, 100 * fabs(tape_thd(10.5) / 0.03 - 1), "%");
    figure("tape", "THD, fall from one level to the next higher", AT_MOST, 0, 100 * fall, "%");
    figure("tape", "response against the sheet, 20 Hz to 18 kHz", AT_MOST, 0.25, tape_response_error(), "dB");
    figure("tape", "aliases at 6 dB, 4.5 and 9 + 10.5 kHz, -6 dBFS", AT_MOST, -90, alias("tape", "drive=6", 0.5), "dB");
    figure("tape", "aliases at 18 dB, 0 dBFS", AT_MOST, -70, alias("tape", "drive=18", 1), "dB");
    figure("tape", "direct current at 6 dB", AT_MOST, 1e-5, mean("tape", "drive=6"), "");
}

/* ---- exciter ---------------------------------------------------------------------------------------------------- */

static void exciter(void)
{
    double error = 0, other = -INFINITY;
    for (int odd = 0; odd <= 100; odd += 100)
        for (double level_db = -50; level_db <= 0; level_db += 10) {
            sound s =
                through("exciter", odd ? "odd=100" : "odd=0", sound_sine(FRAMES, RATE, 5000, pow(10, level_db / 20)));
            double second = db(sound_amplitude(s.ch[0] + HALF, HALF, 10000, RATE)) - level_db;
            double third = db(sound_amplitude(s.ch[0] + HALF, HALF, 15000, RATE)) - level_db;
            error = fmax(error, fabs((odd ? third : second) + 18));
            other = fmax(other, odd ? second : third);
            sound_free(s);
        }
    td_unit_state *u = sound_unit(RATE, "exciter", "at=6000 amount=0");
    sound in = sound_sine(FRAMES, RATE, 200, 0.5), out = sound_copy(in);
    sound_run(u, out);
    figure("exciter", "harmonic asked, -50 to 0 dBFS", AT_MOST, 0.7, error, "dB");
    figure("exciter", "the other harmonic", AT_MOST, -50, other, "dB");
    figure("exciter", "residual five octaves below the band", AT_MOST, -80,
           sound_residual_db(in, out, td_unit_latency(u)), "dBFS");
    figure("exciter", "aliases at its default of -18 dB", AT_MOST, -85, alias("exciter", "at=2000 odd=100", 0.9), "dB");
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
