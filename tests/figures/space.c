/* reverb, delay, chorus, pitch, declick. */
#include "tests/figures/figures.h"
#include "tests/room.h"

void figures_space(void);

enum { RATE = 48000 };

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

/* ---- reverb ----------------------------------------------------------------------------------------------------- */

static const struct room {
    const char *model;
    double decay_s, high;
} rooms[] = { { "room", 0.5, 0.55 }, { "plate", 1.6, 0.5 }, { "hall", 2.4, 0.5 }, { "chamber", 1.2, 0.6 } };

static sound response(const char *model, bool left_only)
{
    char spec[64];
    snprintf(spec, sizeof spec, "model=%s predelay=0", model);
    sound s = sound_impulse(5 * RATE, 1);
    if (left_only) s.ch[1][0] = 0;
    return through("reverb", spec, s);
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
    through("reverb", spec, s);
    double error = fabs(db(sound_rms(s.ch[0] + 4 * RATE, 4 * RATE) / before));
    sound_free(s);
    return error;
}

static void reverb(void)
{
    double mid = 0, high = 0, dense = INFINITY, alike = 0, level = 0;
    for (int m = 0; m < 4; m++) {
        sound s = response(rooms[m].model, false), left = response(rooms[m].model, true);
        mid = fmax(mid, fabs(room_decay(s, 1000, RATE) / rooms[m].decay_s - 1));
        high = fmax(high, fabs(room_decay(s, 8000, RATE) / (rooms[m].decay_s * rooms[m].high) - 1));
        double windows = 0;
        for (size_t w = 0; w < 5; w++) windows += room_density(left.ch[0] + RATE / 10 - 480 + 960 * w, 960) / 5;
        dense = fmin(dense, windows);
        alike = fmax(alike, common(left, RATE / 10));
        level = fmax(level, level_error(rooms[m].model));
        sound_free(s), sound_free(left);
    }
    figure("reverb", "T60 at 1 kHz against decay, all models", AT_MOST, 5, 100 * mid, "%");
    figure("reverb", "T60 at 8 kHz against damping, all models", AT_MOST, 8, 100 * high, "%");
    figure("reverb", "echo density from 90 to 190 ms", AT_LEAST, 0.9, dense, "");
    figure("reverb", "correlation of the sides of the tail", AT_MOST, 0.15, alike, "");
    figure("reverb", "level against what went in", AT_MOST, 1, level, "dB");
}

/* ---- delay ------------------------------------------------------------------------------------------------------ */

static void delay(void)
{
    sound s = through("delay", "feedback=50", sound_impulse(3 * RATE, 1)); /* 1/4 note at 120 bpm */
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
    sound_free(s);
}

/* ---- chorus ----------------------------------------------------------------------------------------------------- */

static double mono_residual_db(const char *spec)
{
    sound in = sound_noise(4 * RATE, 1, 0.4), out = through("chorus", spec, sound_copy(in));
    for (size_t i = 0; i < in.frames; i++)
        for (unsigned c = 0; c < 2; c++) {
            in.ch[c][i] = c ? 0 : in.ch[0][i] + in.ch[1][i];
            out.ch[c][i] = c ? 0 : out.ch[0][i] + out.ch[1][i];
        }
    double residual_db = sound_residual_db(in, out, 0);
    sound_free(in), sound_free(out);
    return residual_db;
}

static void chorus(void)
{
    figure("chorus", "mono sum, dimension", AT_MOST, -140, mono_residual_db("mode=dimension amount=100"), "dBFS");
    figure("chorus", "mono sum, doubler", AT_MOST, -140, mono_residual_db("mode=doubler amount=100"), "dBFS");
}

/* ---- pitch ------------------------------------------------------------------------------------------------------ */

static void pitch(void)
{
    double worst = 0, late_ms = 0;
    for (double st = -7; st <= 7; st += 3.5) {
        if (st == 0) continue;
        char spec[32];
        snprintf(spec, sizeof spec, "pitch=%g", st);
        sound s = sound_new(RATE);
        for (size_t i = 0; i < RATE; i++)
            s.ch[0][i] = s.ch[1][i] = (float)((double)(i % 218) / 436 - 0.25); /* 220 Hz */
        through("pitch", spec, s);
        double f0 = RATE / 218.0 * pow(2, st / 12), best = 0, cents = 0;
        for (double c = -10; c <= 10; c += 0.25) {
            double now = sound_amplitude(s.ch[0] + RATE / 2, RATE / 2, 4 * f0 * pow(2, c / 1200), RATE);
            if (now > best) best = now, cents = c;
        }
        worst = fmax(worst, fabs(cents));
        sound_free(s);
        td_unit_state *u = sound_unit(RATE, "pitch", spec);
        size_t at = 0;
        s = sound_new(RATE);
        for (size_t i = 0; i < 48; i++) s.ch[0][20000 + i] = s.ch[1][20000 + i] = i % 2 ? 0.5f : -0.5f;
        sound_run(u, s);
        for (size_t i = 0; i < RATE; i++)
            if (fabsf(s.ch[0][i]) > fabsf(s.ch[0][at])) at = i;
        late_ms = fmax(late_ms, fabs((double)at - (double)td_unit_latency(u) - 20024) / 48);
        td_unit_free(u);
        sound_free(s);
    }
    figure("pitch", "f0 of a saw, -7 to 7 st", AT_MOST, 3, worst, "cents");
    figure("pitch", "place of a click", AT_MOST, 2, late_ms, "ms");
}

/* ---- declick ---------------------------------------------------------------------------------------------------- */

/* Tones over a little noise, with a click of 12 samples every 8000 frames. */
static void declick(void)
{
    sound clean = sound_noise(3 * RATE, 1, 0.003), click = sound_noise(3 * RATE, 2, 0.8), dirty;
    for (size_t i = 0; i < clean.frames; i++)
        for (unsigned c = 0; c < 2; c++)
            clean.ch[c][i] +=
                (float)(0.2 * sin(0.0144 * (double)i) + 0.1 * sin(0.0363 * (double)i) + 0.05 * sin(0.29 * (double)i));
    dirty = sound_copy(clean);
    for (size_t i = 8000; i < dirty.frames; i++)
        if (i % 8000 < 12) dirty.ch[0][i] += click.ch[0][i];
    sound hurt = sound_copy(dirty);
    td_unit_state *u = sound_unit(RATE, "declick", "");
    size_t late = td_unit_latency(u);
    sound_run(u, dirty);
    figure("declick", "clicks of 12 samples, nearer to what was there", AT_LEAST, 20,
           sound_residual_db(clean, hurt, 0) - sound_residual_db(clean, dirty, late), "dB");
    double moved = 0;
    for (size_t i = 0; i + late < clean.frames; i++)
        moved = fmax(moved, fabs((double)clean.ch[1][i] - (double)dirty.ch[1][i + late]));
    figure("declick", "what it changes where no click is", AT_MOST, 0, moved, "");
    td_unit_free(u);
    sound_free(clean), sound_free(click), sound_free(dirty), sound_free(hurt);
}

void figures_space(void)
{
    reverb();
    delay();
    chorus();
    pitch();
    declick();
}
