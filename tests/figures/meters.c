/* The meters, and the dither of what is written: EBU Tech 3341 and 3342, the VU needle. */
#include "engine/audio/audio.h"
#include "engine/meter/meter.h"
#include "tests/ebu.h"
#include "tests/figures/figures.h"

#include <unistd.h>

void figures_meters(void);

enum { RATE = 48000 };

/* ---- loudness --------------------------------------------------------------------------------------------------- */

typedef struct reading {
    double integrated, range, momentary, short_term;
} reading;

static void add_tone(td_loudness *m, ebu_part p)
{
    size_t frames = (size_t)rint(p.seconds * RATE);
    sound s = sound_sine(frames, RATE, 1000, pow(10, p.peak_dbfs / 20));
    if (frames && td_loudness_add(m, (const float *const *)s.ch, frames)) abort();
    sound_free(s);
}

static reading listen(const ebu_part *p, size_t n)
{
    td_loudness *m;
    if (td_loudness_new(RATE, 2, &m)) abort();
    for (size_t i = 0; i < n; i++) add_tone(m, p[i]);
    reading r = { td_loudness_integrated(m), td_loudness_range(m), td_loudness_max_momentary(m),
                  td_loudness_max_short_term(m) };
    td_loudness_free(m);
    return r;
}

static void integrated(void)
{
    double worst = 0;
    for (size_t i = 0; i < 5; i++)
        worst = fmax(worst, fabs(listen(ebu_integrated[i].part, 5).integrated - ebu_integrated[i].lufs));
    figure("loudness", "integrated, EBU Tech 3341 cases 1 to 5", AT_MOST, 0.1, worst, "LU");
}

/* 997 Hz of full scale on one side and on both, as BS.1770 states it; and the edge of its gate: by the same statement a
 * sine on both sides reads its peak. */
static void full_scale(void)
{
    double error = 0;
    for (unsigned sides = 1; sides <= 2; sides++) {
        td_loudness *m;
        if (td_loudness_new(RATE, 2, &m)) abort();
        sound s = sound_sine(10 * RATE, RATE, 997, 1);
        if (sides == 1) memset(s.ch[1], 0, s.frames * sizeof(float));
        if (td_loudness_add(m, (const float *const *)s.ch, s.frames)) abort();
        error = fmax(error, fabs(td_loudness_integrated(m) - (sides == 1 ? 10 * log10(0.5) : 0)));
        td_loudness_free(m);
        sound_free(s);
    }
    figure("loudness", "997 Hz of full scale, on one side and on both", AT_MOST, 0.01, error, "LU");
    double in = listen(&(ebu_part){ -69.9, 10 }, 1).integrated, out = listen(&(ebu_part){ -70.1, 10 }, 1).integrated;
    figure("loudness", "a tone of -69.9 LUFS, just inside the gate", AT_MOST, 0.1, fabs(in + 69.9), "LU");
    figure("loudness", "a tone of -70.1 LUFS, just outside", AT_MOST, -999, out, "LUFS");
}

/* Cases 9 to 14. */
static void windows(void)
{
    double short_term = 0, momentary = 0;
    for (int i = 0; i < 20; i++)
        for (int rising = 0; rising < 2; rising++) {
            double level = rising ? -38 + i : -23;
            const ebu_part at_3s[] = { { -300, 0.15 * i }, { level, 3 }, { -300, 1 } };
            const ebu_part at_400ms[] = { { -300, 0.02 * i }, { level, 0.4 }, { -300, 1 } };
            short_term = fmax(short_term, fabs(listen(at_3s, 3).short_term - level));
            momentary = fmax(momentary, fabs(listen(at_400ms, 3).momentary - level));
        }
    td_loudness *m;
    if (td_loudness_new(RATE, 2, &m)) abort();
    for (int i = 0; i < 250; i++) { /* cases 9 and 12, read at the end of each tenth of a second */
        static const ebu_part pieces[] = { { -20, 0.18 }, { -30, 0.22 } };
        add_tone(m, pieces[i % 2]);
        if (i > 20) momentary = fmax(momentary, fabs(td_loudness_momentary(m) + 23));
    }
    td_loudness_reset(m);
    for (int i = 0; i < 10; i++) {
        static const ebu_part pieces[] = { { -20, 1.34 }, { -30, 1.66 } };
        add_tone(m, pieces[i % 2]);
        if (i > 1) short_term = fmax(short_term, fabs(td_loudness_short_term(m) + 23));
    }
    td_loudness_free(m);
    figure("loudness", "short-term, EBU Tech 3341 cases 9 to 11", AT_MOST, 0.1, short_term, "LU");
    figure("loudness", "momentary, EBU Tech 3341 cases 12 to 14", AT_MOST, 0.1, momentary, "LU");
}

static void range(void)
{
    double worst = 0;
    for (size_t i = 0; i < 4; i++) worst = fmax(worst, fabs(listen(ebu_range[i].part, 5).range - ebu_range[i].lu));
    figure("loudness", "range, EBU Tech 3342 cases 1 to 4", AT_MOST, 0.1, worst, "LU");
}

/* ---- true peak -------------------------------------------------------------------------------------------------- */

static double true_peak_of(sound s)
{
    td_true_peak *m;
    if (td_true_peak_new(2, 16, &m)) abort();
    td_true_peak_add(m, (const float *const *)s.ch, s.frames);
    td_true_peak_end(m);
    double peak = td_true_peak_max(m);
    td_true_peak_free(m);
    sound_free(s);
    return peak;
}

/* Cases 15 to 19, faded in and out, for a start is a peak of its own; 20 to 23, made at four times the rate and thinned
 * with each offset. */
static void true_peak(void)
{
    static const double divisor[] = { 4, 4, 6, 8, 4 }, degrees[] = { 0, 45, 60, 67.5, 45 };
    static const double peak[] = { 0.5, 0.5, 0.5, 0.5, 1.41 };
    double tones = 0, bursts = 0;
    for (int k = 0; k < 5; k++) {
        sound s = sound_new(RATE);
        for (int i = 0; i < RATE; i++)
            s.ch[0][i] = s.ch[1][i] = (float)(peak[k] * fmin(1, fmin(i, RATE - 1 - i) / 480.0) *
                                              sin(2 * M_PI * i / divisor[k] + degrees[k] * M_PI / 180));
        tones = fmax(tones, fabs(20 * log10(true_peak_of(s) / peak[k])));
    }
    for (int k = 0; k < 4; k++) {
        sound s = sound_new(9600);
        for (int i = 0; i < 9600; i++)
            s.ch[0][i] = s.ch[1][i] =
                (float)(exp(-pow((i + k / 4.0 - 4800) / 480, 2)) * sin(M_PI / 12 * (4 * i + k - 19200) + M_PI / 2));
        bursts = fmax(bursts, fabs(20 * log10(true_peak_of(s))));
    }
    figure("true peak", "EBU Tech 3341 cases 15 to 19, 16x", AT_MOST, 0.02, tones, "dB");
    figure("true peak", "bursts as in EBU Tech 3341 cases 20 to 23, 16x", AT_MOST, 0.04, bursts, "dB");
}

/* ---- VU --------------------------------------------------------------------------------------------------------- */

static td_vu *needle(void)
{
    td_vu *m;
    if (td_vu_new(RATE, &m)) abort();
    return m;
}

static double reads_db(double freq_hz)
{
    td_vu *m = needle();
    sound s = sound_sine(3 * RATE, RATE, freq_hz, pow(10, -0.9));
    for (size_t i = 0; i < RATE; i++) /* faded in, lest the needle overshoots */
        for (int c = 0; c < 2; c++) s.ch[c][i] *= (float)i / RATE;
    td_vu_add(m, s.ch[0], s.ch[1], s.frames);
    double db = td_vu_max_dbfs(m);
    td_vu_free(m);
    sound_free(s);
    return db;
}

static void vu(void)
{
    td_vu *m = needle();
    float one = 1;
    double full = M_PI / 2, reached_ms = 0; /* a rectified mean of 1 is the mean of a sine of pi/2 */
    for (int i = 0; i < RATE; i++) {
        td_vu_add(m, &one, &one, 1);
        if (!reached_ms && pow(10, td_vu_max_dbfs(m) / 20) >= 0.99 * full) reached_ms = 1000.0 * (i + 1) / RATE;
    }
    double over = 100 * (pow(10, td_vu_max_dbfs(m) / 20) / full - 1), off = 0;
    for (double f = 35; f < 10000; f *= 1.6) off = fmax(off, fabs(reads_db(f) + 18));
    figure("vu", "99 % of a step: off 300 ms", AT_MOST, 10, fabs(reached_ms - 300), "ms");
    figure("vu", "beyond it, off 1.25 %", AT_MOST, 0.25, fabs(over - 1.25), "%");
    figure("vu", "a sine of 0 VU, 35 Hz to 10 kHz", AT_MOST, 0.2, off, "dB");
    td_vu_free(m);
}

/* ---- dither ----------------------------------------------------------------------------------------------------- */

/* Written with 24 bits and read back. */
static sound kept(sound s)
{
    char path[] = "/tmp/topdown-figures-XXXXXX";
    int fd = mkstemp(path);
    td_file_spec spec = { .codec = TD_CODEC_WAV, .bits = 24, .rate_hz = RATE, .channels = 2, .dither_seed = 7 };
    td_writer *w;
    td_source *r;
    size_t got, at = 0;
    if (fd < 0 || td_writer_open(path, &spec, NULL, &w, NULL) ||
        td_writer_write(w, (const float *const *)s.ch, s.frames, NULL) || td_writer_commit(w, true, NULL) ||
        td_source_open(path, NULL, RATE, &r, NULL))
        abort();
    for (sound out = s; at < s.frames; at += got) {
        float *const to[] = { out.ch[0] + at, out.ch[1] + at };
        if (td_source_read(r, to, s.frames - at, &got, NULL) || got == 0) abort();
    }
    td_source_close(r);
    close(fd);
    unlink(path);
    return s;
}

static void dither(void)
{
    enum { FRAMES = 10 * RATE };
    const double lsb = 1.0 / (1 << 23);
    sound s = kept(sound_sine(FRAMES, RATE, 1000, 1e-6)); /* 8 steps */
    double mean = 0, noise = 0, worst = 0;
    for (size_t i = 0; i < FRAMES; i++) {
        double left = (double)s.ch[0][i] - 1e-6 * sin(2 * M_PI * (double)(i % 48) / 48);
        mean += left / FRAMES;
        noise += left * left / FRAMES;
    }
    for (int k = 2; k < 20; k++) worst = fmax(worst, 2 * cabs(sound_dft(s.ch[0], FRAMES, 1000 * k, RATE)) / FRAMES);
    /* a line of the noise, by chance: its rms is noise sqrt(4 / n), one of 18 reaches three times that in 300 runs */
    figure("dither", "24 bit: noise, off -144.5 dBFS", AT_MOST, 0.1, fabs(10 * log10(noise) + 144.5), "dB");
    figure("dither", "1 kHz at -120 dBFS: harmonics against a line of the noise", AT_MOST, 3,
           worst / sqrt(4 * noise / FRAMES), "x");
    figure("dither", "mean error", AT_MOST, 0.01, fabs(mean) / lsb, "LSB");
    sound_free(s);
}

void figures_meters(void)
{
    integrated();
    full_scale();
    windows();
    range();
    true_peak();
    vu();
    dither();
}
