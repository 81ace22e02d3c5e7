/* reverb, delay, chorus, pitch. */
#include "engine/audio/audio.h"
#include "engine/base/fft.h"
#include "tests/figures/figures.h"
#include "tests/room.h"

#include <unistd.h>

void figures_space(void);

enum { RATE = 48000 };

static double db(double x)
{
    return 20 * log10(x);
}

/* ---- reverb ----------------------------------------------------------------------------------------------------- */

static const struct room {
    const char *model;
    double decay_s, high, pass_s; /* pass_s: the middle delay line */
} rooms[] = {
    { "room", 0.5, 0.55, 0.0345 },
    { "plate", 1.6, 0.5, 0.0573 },
    { "hall", 2.4, 0.5, 0.0696 },
    { "chamber", 1.2, 0.6, 0.0527 },
};

enum { BOTH = 2, LEFT = 1, RIGHT = 0 }; /* the side that stays silent */

static sound response(const char *model, unsigned silent)
{
    char spec[64];
    snprintf(spec, sizeof spec, "model=%s predelay=0", model);
    sound s = sound_impulse(5 * RATE, 1);
    if (silent < 2) s.ch[silent][0] = 0;
    return sound_through(RATE, "reverb", spec, s);
}

static double common(sound s, size_t from)
{
    double both = 0;
    for (size_t i = from; i < s.frames; i++) both += (double)s.ch[0][i] * (double)s.ch[1][i];
    size_t n = s.frames - from;
    return fabs(both) / (sound_rms(s.ch[0] + from, n) * sound_rms(s.ch[1] + from, n) * (double)n);
}

static double level_error(const char *model)
{
    char spec[64];
    snprintf(spec, sizeof spec, "model=%s", model);
    sound s = sound_noise(8 * RATE, 3, 0.5);
    for (unsigned c = 0; c < 2; c++) /* falls as music does */
        for (size_t i = 1; i < s.frames; i++) s.ch[c][i] = s.ch[c][i - 1] + 0.1f * (s.ch[c][i] - s.ch[c][i - 1]);
    double before = sound_rms(s.ch[0] + 4 * RATE, 4 * RATE);
    sound_through(RATE, "reverb", spec, s);
    double error = fabs(db(sound_rms(s.ch[0] + 4 * RATE, 4 * RATE) / before));
    sound_free(s);
    return error;
}

/* T60 at a frequency of lines that lose what a first-order shelf takes on each way through (Jot and Chaigne 1991): its
 * pole at 4 kHz, its gain and zero such that 1 kHz decays in decay_s and 8 kHz in decay_s * high. */
static double decay_at_s(const struct room *r, double freq_hz)
{
    double mid = pow(10, -3 * r->pass_s / r->decay_s), top = pow(10, -3 * r->pass_s / (r->decay_s * r->high));
    double w1 = tan(M_PI * 1000 / RATE), w8 = tan(M_PI * 8000 / RATE), wp = tan(M_PI * 4000 / RATE);
    double u1 = w1 * w1 / (wp * wp), u8 = w8 * w8 / (wp * wp), w = tan(M_PI * freq_hz / RATE), u = w * w / (wp * wp);
    double q = top * top / (mid * mid) * (1 + u8) / (1 + u1), zero = fmax(0, (q - 1) / (u8 - q * u1));
    double loss = mid * sqrt((1 + u1) / (1 + zero * u1) * (1 + zero * u) / (1 + u));
    return -3 * r->pass_s / log10(loss);
}

/* What T30 of the octave's filter (room.h) reads of such a decay: its backward integral, frequency by frequency. */
static double octave_reads_s(const struct room *r, double centre_hz)
{
    enum { POINTS = 400 };
    double weight[POINTS], decay_s[POINTS], total = 0, from = 0, to = 0, w0 = 2 * M_PI * centre_hz / RATE;
    for (int i = 0; i < POINTS; i++) {
        double w = w0 / 8 * pow(64, (i + 0.5) / POINTS);
        double a = sin(w0) / 2, x = (cos(w) - cos(w0)) / (a * sin(w));
        decay_s[i] = decay_at_s(r, w * RATE / (2 * M_PI));
        weight[i] = w < M_PI ? w * decay_s[i] / pow(1 + x * x, 2) : 0;
        total += weight[i];
    }
    for (double t = 0; to == 0; t += 1e-4) {
        double left = 0;
        for (int i = 0; i < POINTS; i++) left += weight[i] * pow(10, -6 * t / decay_s[i]);
        if (left > total * pow(10, -0.5)) from = t;
        if (left < total * pow(10, -3.5)) to = t;
    }
    return 2 * (to - from);
}

/* The strongest line of the tail's spectrum, 300 Hz to 6 kHz, over the mean of its neighbours. Chance lifts one of two
 * thousand lines of a single spectrum by 9 dB; a mode that rings is the same from both sides to both sides at any time:
 * so powers of both inputs and both outputs are added over the tail, from -18 to -66 dB. */
static double ringing_db(const struct room *r)
{
    enum { N = 16384, NEAR = 64 };
    static td_v2 x[N], re[N / 2 + 1], im[N / 2 + 1];
    static double power[N / 2 + 1];
    double worst = 0;
    td_fft *fft;
    if (td_fft_new(N, &fft)) abort();
    memset(power, 0, sizeof power);
    for (unsigned side = 0; side < 2; side++) {
        char spec[64];
        snprintf(spec, sizeof spec, "model=%s predelay=0", r->model);
        sound s = sound_impulse(5 * RATE, 1);
        s.ch[side][0] = 0;
        sound_through(RATE, "reverb", spec, s);
        for (int moment = 3; moment <= 11; moment++) {
            size_t at = (size_t)(moment * r->decay_s * RATE / 10);
            for (size_t i = 0; i < N; i++)
                x[i] = (td_v2){ (double)s.ch[0][at + i], (double)s.ch[1][at + i] } * pow(sin(M_PI * (double)i / N), 2) *
                       pow(10, 3 * (double)(at + i) / (RATE * r->decay_s));
            td_fft_forward(fft, x, re, im);
            for (size_t k = 0; k <= N / 2; k++)
                for (int c = 0; c < 2; c++) power[k] += re[k][c] * re[k][c] + im[k][c] * im[k][c];
        }
        sound_free(s);
    }
    for (size_t k = 100; k < 2048; k++) {
        double near = 0;
        for (size_t i = k - NEAR; i <= k + NEAR; i++) near += power[i] / (2 * NEAR);
        worst = fmax(worst, power[k] / (near - power[k] / (2 * NEAR)));
    }
    td_fft_free(fft);
    return 10 * log10(worst);
}

/* A tenth of a second of the tail against the one before: the largest rise. */
static double rise_db(sound s)
{
    enum { TENTH = RATE / 10 };
    double worst = -INFINITY, before = INFINITY;
    for (size_t at = TENTH; at + TENTH <= s.frames; at += TENTH) {
        double now = sound_rms(s.ch[0] + at, TENTH);
        if (now < 1e-6) break;
        worst = fmax(worst, db(now / before));
        before = now;
    }
    return worst;
}

enum { LENGTH = 5000, SOUND = 16000 };

/* An impulse response of noise, on disk. */
typedef struct place {
    char path[32];
    int fd;
    sound h;
} place;

static place place_new(void)
{
    place p = { .path = "/tmp/topdown-figures-XXXXXX", .h = sound_noise(LENGTH, 4, 0.5) };
    td_file_spec spec = { .codec = TD_CODEC_WAV, .bits = 32, .rate_hz = RATE, .out_rate_hz = RATE, .channels = 2 };
    td_writer *w;
    p.fd = mkstemp(p.path);
    if (p.fd < 0 || td_writer_open(p.path, &spec, NULL, &w, NULL) ||
        td_writer_write(w, (const float *const *)p.h.ch, LENGTH, NULL) || td_writer_commit(w, true, NULL))
        abort();
    return p;
}

static void place_free(place *p)
{
    close(p->fd);
    unlink(p->path);
    sound_free(p->h);
}

static size_t convolve(const place *p, sound s)
{
    const td_processor *reverb = td_processor_find("reverb");
    sound_settings *set = sound_read(reverb, "model=impulse");
    td_unit_state *u;
    set->set.file = p->path;
    if (td_unit_new(reverb, &(td_format){ .rate_hz = RATE }, &set->set, &u, NULL)) abort();
    sound_run(u, s);
    size_t late = td_unit_latency(u);
    td_unit_free(u);
    free(set);
    return late;
}

/* A sound through it, against the sum written out, whatever the level. */
static double convolution_residual_db(void)
{
    place p = place_new();
    sound s = sound_noise(SOUND, 5, 0.5), in = sound_copy(s);
    size_t late = convolve(&p, s);
    double *want = calloc(SOUND, sizeof *want), cross = 0, power = 0, error = 0, own = 0;
    for (size_t k = 0; k < LENGTH; k++)
        for (size_t i = 0; i + k < SOUND; i++) want[i + k] += (double)in.ch[0][i] * (double)p.h.ch[0][k];
    for (size_t i = late; i < SOUND; i++) {
        cross += want[i - late] * (double)s.ch[0][i];
        power += want[i - late] * want[i - late];
    }
    for (size_t i = late; i < SOUND; i++) {
        error += pow((double)s.ch[0][i] - cross / power * want[i - late], 2);
        own += pow((double)s.ch[0][i], 2);
    }
    free(want);
    sound_free(s), sound_free(in);
    place_free(&p);
    return 10 * log10(error / own);
}

/* Two sounds at levels of their own, together through it against each alone. Samples are multiples of 2^-12, so that
 * the sum that goes in is exact. */
static double nonlinearity_db(double gain_a, double gain_b)
{
    place p = place_new();
    sound a = sound_noise(SOUND, 6, 0.5), b = sound_noise(SOUND, 7, 0.5), both = sound_new(SOUND);
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < SOUND; i++) {
            a.ch[c][i] = rintf(a.ch[c][i] * 4096) / 4096, b.ch[c][i] = rintf(b.ch[c][i] * 4096) / 4096;
            both.ch[c][i] = (float)(gain_a * (double)a.ch[c][i] + gain_b * (double)b.ch[c][i]);
        }
    convolve(&p, a), convolve(&p, b), convolve(&p, both);
    double error = 0, power = 0;
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < SOUND; i++) {
            double want = gain_a * (double)a.ch[c][i] + gain_b * (double)b.ch[c][i];
            error += pow((double)both.ch[c][i] - want, 2);
            power += want * want;
        }
    sound_free(a), sound_free(b), sound_free(both);
    place_free(&p);
    return 10 * log10(error / power);
}

static void reverb(void)
{
    double mid = 0, high = 0, octaves = 0, dense = INFINITY, alike = 0, level = 0, rings = 0, rises = -INFINITY;
    for (int m = 0; m < 4; m++) {
        const struct room *r = &rooms[m];
        sound s = response(r->model, BOTH), left = response(r->model, LEFT), right = response(r->model, RIGHT);
        mid = fmax(mid, fabs(room_decay(s, 1000, RATE) / r->decay_s - 1));
        high = fmax(high, fabs(room_decay(s, 8000, RATE) / (r->decay_s * r->high) - 1));
        for (double f = 250; f <= 8000; f *= 2)
            octaves = fmax(octaves, fabs(room_decay(s, f, RATE) / octave_reads_s(r, f) - 1));
        double windows = 0;
        for (unsigned c = 0; c < 2; c++)
            windows += room_density(left.ch[c] + RATE / 10 - 480, 960) / 4 +
                       room_density(right.ch[c] + RATE / 10 - 480, 960) / 4;
        dense = fmin(dense, windows);
        alike = fmax(alike, common(left, RATE / 10));
        level = fmax(level, level_error(r->model));
        rings = fmax(rings, ringing_db(r));
        rises = fmax(rises, rise_db(s));
        sound_free(s), sound_free(left), sound_free(right);
    }
    figure("reverb", "T60 at 1 kHz against decay, all models", AT_MOST, 5, 100 * mid, "%");
    figure("reverb", "T60 at 8 kHz against damping, all models", AT_MOST, 8, 100 * high, "%");
    figure("reverb", "T60 by octaves, 250 Hz to 8 kHz, against the shelf's own", AT_MOST, 5, 100 * octaves, "%");
    figure("reverb", "echo density at 100 ms, 20 ms of both sides to both", AT_LEAST, 0.9, dense, "");
    figure("reverb", "correlation of the sides of the tail", AT_MOST, 0.15, alike, "");
    figure("reverb", "level against what went in", AT_MOST, 1, level, "dB");
    figure("reverb", "strongest line of the tail's spectrum over its neighbours", AT_MOST, 6, rings, "dB");
    figure("reverb", "each tenth of a second against the one before", AT_MOST, 0, rises, "dB");
    figure("reverb", "impulse: against the sum written out", AT_MOST, -140, convolution_residual_db(), "dB");
    figure("reverb", "impulse: four times the sound against four times what came out", AT_MOST, -240,
           nonlinearity_db(4, 0), "dB");
    figure("reverb", "impulse: a sum of sounds against each alone, floor of float samples", AT_MOST, -140,
           nonlinearity_db(1, -0.5), "dB");
}

/* ---- delay ------------------------------------------------------------------------------------------------------ */

static void delay(void)
{
    sound s = sound_through(RATE, "delay", "feedback=50", sound_impulse(3 * RATE, 1)); /* 1/4 note at 120 bpm */
    size_t first = 0;
    while (first < s.frames && s.ch[0][first] == 0) first++;
    double error = 0, one = cabs(sound_dft(s.ch[0] + RATE / 2, RATE / 4, 1100, RATE));
    for (int k = 2; k < 5; k++) {
        double echo = cabs(sound_dft(s.ch[0] + k * RATE / 2, RATE / 4, 1100, RATE));
        error = fmax(error, fabs(db(echo / one) + 6.0206 * (k - 1)));
    }
    figure("delay", "first sample of the first echo, off half a second", AT_MOST, 0, fabs((double)first - RATE / 2.0),
           "frames");
    figure("delay", "level of echoes 2 to 4 at 1.1 kHz, 50 %", AT_MOST, 0.1, error, "dB");
    double darker = 0; /* two Butterworth cuts, 200 Hz and 6 kHz: 3.01 dB each time */
    for (int k = 1; k < 4; k++)
        for (int top = 0; top < 2; top++) {
            const float *echo = s.ch[0] + k * RATE / 2;
            double edge = cabs(sound_dft(echo, RATE / 4, top ? 6000 : 200, RATE));
            double middle = cabs(sound_dft(echo, RATE / 4, 1100, RATE));
            darker = fmax(darker, fabs(db(edge / middle) + 3.0103 * k));
        }
    figure("delay", "each echo once more through both cuts", AT_MOST, 0.1, darker, "dB");
    sound_free(s);
}

/* ---- chorus ----------------------------------------------------------------------------------------------------- */

static double mono_residual_db(const char *spec)
{
    sound in = sound_noise(4 * RATE, 1, 0.4), out = sound_through(RATE, "chorus", spec, sound_copy(in));
    for (size_t i = 0; i < in.frames; i++)
        for (unsigned c = 0; c < 2; c++) {
            in.ch[c][i] = c ? 0 : in.ch[0][i] + in.ch[1][i];
            out.ch[c][i] = c ? 0 : out.ch[0][i] + out.ch[1][i];
        }
    double residual_db = sound_residual_db(in, out, 0);
    sound_free(in), sound_free(out);
    return residual_db;
}

/* Voices by themselves: dry sound taken away, times what brought both to the power of one. */
static void voices(void)
{
    sound s = sound_through(RATE, "chorus", "depth=0 amount=100 delay=12 low_cut=20", sound_impulse(RATE, 1));
    figure("chorus", "dry sound and a voice standing still: power against the input", AT_MOST, 0.03,
           fabs(db(sqrt(RATE) * sound_rms(s.ch[0], RATE))), "dB");
    sound_free(s);
    s = sound_through(RATE, "chorus", "depth=0 amount=100 delay=12 low_cut=20", sound_impulse(RATE, 1));
    size_t stands = 1;
    for (size_t i = 1; i < s.frames; i++)
        if (fabsf(s.ch[0][i]) > fabsf(s.ch[0][stands])) stands = i;
    figure("chorus", "place of a voice standing still, off 12 ms", AT_MOST, 0.05, fabs((double)stands / 48 - 12), "ms");
    sound_free(s);
    sound dry = sound_sine(4 * RATE, RATE, 1000, 0.5);
    s = sound_through(RATE, "chorus", "amount=100 rate=0.5 depth=2 delay=10", sound_copy(dry));
    double low = INFINITY, high = -INFINITY, turns = 0, before = 0;
    for (size_t at = RATE; at + 480 <= s.frames; at += 48) { /* ten cycles at a time; a cycle lasts 1 ms */
        float v[480];
        for (size_t i = 0; i < 480; i++) v[i] = (float)(M_SQRT2 * (double)s.ch[0][at + i]) - dry.ch[0][at + i];
        double phase = -carg(sound_dft(v, 480, 1000, RATE) / sound_dft(dry.ch[0] + at, 480, 1000, RATE)) / (2 * M_PI);
        if (at > RATE) turns += rint(before - phase - turns);
        before = phase + turns;
        low = fmin(low, before), high = fmax(high, before);
    }
    figure("chorus", "swing of a voice, off 4 ms", AT_MOST, 0.05, fabs(high - low - 4), "ms");
    sound_free(dry), sound_free(s);
}

static void chorus(void)
{
    voices();
    figure("chorus", "mono sum, dimension", AT_MOST, -140, mono_residual_db("mode=dimension amount=100"), "dBFS");
    figure("chorus", "mono sum, doubler", AT_MOST, -140, mono_residual_db("mode=doubler amount=100"), "dBFS");
}

/* ---- pitch ------------------------------------------------------------------------------------------------------ */

/* A second of pulses through a formant, as wide as its frequency asks for: 150 Hz, and more or less where it was moved.
 */
static sound voice(double rate_hz, double f0, double freq_hz, double moved)
{
    sound s = sound_new((size_t)rate_hz);
    double w = 2 * M_PI * freq_hz * moved / rate_hz, r = exp(-M_PI * 150 * moved / rate_hz), a = 0, b = 0, due = 0;
    for (size_t i = 0; i < s.frames; i++) {
        bool pulse = (double)i >= due;
        if (pulse) due += rate_hz / f0;
        double y = (pulse ? 0.1 : 0) + 2 * r * cos(w) * a - r * r * b;
        b = a, a = y;
        s.ch[0][i] = s.ch[1][i] = (float)y;
    }
    return s;
}

/* Linear prediction of second order at 10 kHz, as formants are measured: from the powers of all that lies below 5 kHz.
 * Takes s over. */
static double formant_hz(double rate_hz, sound s)
{
    enum { N = 32768 };
    static td_v2 x[N], re[N / 2 + 1], im[N / 2 + 1];
    double r[3] = { 0 };
    td_fft *fft;
    if (td_fft_new(N, &fft)) abort();
    for (size_t i = 0; i < N; i++)
        x[i] = td_v2_set((double)s.ch[0][s.frames / 4 + i] * pow(sin(M_PI * ((double)i + 0.5) / N), 2));
    td_fft_forward(fft, x, re, im);
    td_fft_free(fft);
    sound_free(s);
    for (size_t k = 0; (double)k * rate_hz / N < 5000; k++)
        for (int lag = 0; lag < 3; lag++)
            r[lag] +=
                (re[k][0] * re[k][0] + im[k][0] * im[k][0]) * cos(2 * M_PI * (double)k * rate_hz / N / 10000 * lag);
    double det = r[0] * r[0] - r[1] * r[1];
    double a1 = r[1] * (r[0] - r[2]) / det, a2 = (r[0] * r[2] - r[1] * r[1]) / det;
    return acos(a1 / (2 * sqrt(-a2))) * 10000 / (2 * M_PI);
}

enum { WITHIN = 3 }; /* per cent */

/* How far a formant is from where it was sent, in per cent: against a voice that was made at that pitch with its
 * formant there, for few partials bend what the prediction reads. NaN where they bend it so much that it cannot judge:
 * that voice, and the one that goes in, which nobody processed, do not lie as far apart as they were made. */
static double formant_error(double rate_hz, double f0, double freq_hz, double pitch_st, double formant_st)
{
    char spec[64];
    snprintf(spec, sizeof spec, "pitch=%g formant=%g", pitch_st, formant_st);
    double ratio = pow(2, formant_st / 12), before = formant_hz(rate_hz, voice(rate_hz, f0, freq_hz, 1));
    double want = formant_hz(rate_hz, voice(rate_hz, f0 * pow(2, pitch_st / 12), freq_hz, ratio));
    if (!(100 * fabs(want / before / ratio - 1) <= WITHIN)) return NAN;
    sound s = sound_through(rate_hz, "pitch", spec, voice(rate_hz, f0, freq_hz, 1));
    double error = 100 * fabs(formant_hz(rate_hz, s) / want - 1);
    return isnan(error) ? INFINITY : error;
}

static void formants(double rate_hz, double f0)
{
    static const double freq_hz[] = { 300, 450, 600, 800, 1000, 1500, 2500 };
    static const double cases[][2] = { { 12, 0 },  { -12, 0 }, { 4, 0 },    { -5, 0 },   { 0, 3 },    { 0, -3 },
                                       { 0, 6 },   { 0, -6 },  { 0, 12 },   { 0, -12 },  { 3, -3 },   { -4, 4 },
                                       { 12, 12 }, { -5, -5 }, { 12, -12 }, { -12, 12 }, { -12, -12 } };
    enum { FREQS = sizeof freq_hz / sizeof *freq_hz, CASES = sizeof cases / sizeof *cases };
    double worst = 0;
    int judged = 0;
    for (int i = 0; i < FREQS; i++)
        for (int k = 0; k < CASES; k++) {
            double error = formant_error(rate_hz, f0, freq_hz[i], cases[k][0], cases[k][1]);
            judged += !isnan(error);
            worst = fmax(worst, error);
        }
    char name[128];
    snprintf(name, sizeof name, "formants to 12 st, voice of %g Hz at %g kHz; %d of %d cases", f0, rate_hz / 1000,
             judged, FREQS * CASES);
    figure("pitch", name, AT_MOST, WITHIN, worst, "%");
}

static double wire_db(void)
{
    sound in = sound_noise(RATE, 1, 0.4), out = sound_through(RATE, "pitch", "", sound_copy(in));
    double residual_db = sound_residual_db(in, out, 0);
    sound_free(in), sound_free(out);
    return residual_db;
}

/* How far a tone is from where it was sent, in cents: the strongest line within ten of it. Takes s over. */
static double off_pitch(double rate_hz, sound s, double want_hz)
{
    size_t half = s.frames / 2;
    double best = 0, cents = 0;
    for (double c = -10; c <= 10; c += 0.25) {
        double now = sound_amplitude(s.ch[0] + half, half, want_hz * pow(2, c / 1200), rate_hz);
        if (now > best) best = now, cents = c;
    }
    sound_free(s);
    return fabs(cents);
}

/* How far a click of a millisecond is from its place, in milliseconds. */
static double click_off_ms(double rate_hz, const char *spec)
{
    size_t length = (size_t)(rate_hz / 1000), from = (size_t)(0.4 * rate_hz), at = 0;
    td_unit_state *u = sound_unit(rate_hz, "pitch", spec);
    sound s = sound_new((size_t)rate_hz);
    for (size_t i = from; i < from + length; i++) s.ch[0][i] = s.ch[1][i] = i % 2 ? 0.5f : -0.5f;
    sound_run(u, s);
    for (size_t i = 0; i < s.frames; i++)
        if (fabsf(s.ch[0][i]) > fabsf(s.ch[0][at])) at = i;
    double late = (double)at - (double)td_unit_latency(u) - (double)(from + length / 2);
    td_unit_free(u);
    sound_free(s);
    return 1000 * fabs(late) / rate_hz;
}

static void pitch(void)
{
    static const double rates_hz[] = { 44100, 48000, 96000 };
    double saw = 0, sine = 0, click_ms = 0;
    for (size_t r = 0; r < 3; r++)
        for (double st = -12; st <= 12; st += 3) {
            if (st == 0) continue;
            char spec[32];
            double rate_hz = rates_hz[r], ratio = pow(2, st / 12);
            snprintf(spec, sizeof spec, "pitch=%g", st);
            sound s = sound_new((size_t)rate_hz);
            for (size_t i = 0; i < s.frames; i++) /* 202 to 440 Hz */
                s.ch[0][i] = s.ch[1][i] = (float)((double)(i % 218) / 436 - 0.25);
            saw = fmax(saw, off_pitch(rate_hz, sound_through(rate_hz, "pitch", spec, s), 4 * rate_hz / 218 * ratio));
            s = sound_sine((size_t)rate_hz, rate_hz, 440, 0.5);
            sine = fmax(sine, off_pitch(rate_hz, sound_through(rate_hz, "pitch", spec, s), 440 * ratio));
            click_ms = fmax(click_ms, click_off_ms(rate_hz, spec));
        }
    figure("pitch", "f0 of a saw, -12 to 12 st, 44.1 to 96 kHz", AT_MOST, 3, saw, "cents");
    figure("pitch", "f0 of a sine, -12 to 12 st, 44.1 to 96 kHz", AT_MOST, 3, sine, "cents");
    figure("pitch", "place of a click, 44.1 to 96 kHz", AT_MOST, 2, click_ms, "ms");
    static const struct {
        double rate_hz, f0;
    } voices[] = { { 48000, 80 },  { 48000, 100 }, { 48000, 150 }, { 48000, 190 }, { 48000, 240 },
                   { 48000, 300 }, { 44100, 80 },  { 44100, 190 }, { 44100, 300 }, { 96000, 190 } };
    for (size_t i = 0; i < sizeof voices / sizeof *voices; i++) formants(voices[i].rate_hz, voices[i].f0);
    figure("pitch", "residual at 0 and 0 st", AT_MOST, -60, wire_db(), "dBFS");
}

void figures_space(void)
{
    reverb();
    delay();
    chorus();
    pitch();
}
