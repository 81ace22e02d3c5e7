/* Pictures of place, time and repair. */
#include "tests/figures/pictures.h"
#include "tests/room.h"

enum { RATE = PICTURE_RATE, POINTS = 300 };

/* ---- reverb, delay, chorus, pitch ------------------------------------------------------------------------------- */

void picture_reverb(draw *d)
{
    static const char *const models[] = { "room", "plate", "hall", "chamber" };
    static const double octave[] = { 125, 250, 500, 1000, 2000, 4000, 8000 };
    enum { OCTAVES = sizeof octave / sizeof *octave, N = 500 };
    static double s_at[N], left[N];
    draw_panel(d,
               "Decay to \xe2\x88\x92"
               "60 dB by octaves (T30)",
               (draw_axis){ "octave (Hz)", 100, 10000, 0 }, (draw_axis){ "seconds", 0, 3, 0.5 });
    for (int m = 0; m < 4; m++) {
        char spec[64];
        double t60[OCTAVES];
        snprintf(spec, sizeof spec, "model=%s predelay=0", models[m]);
        sound s = sound_impulse(5 * RATE, 1);
        picture_run("reverb", spec, s, NULL);
        for (int k = 0; k < OCTAVES; k++) t60[k] = room_decay(s, octave[k], RATE);
        draw_curve(d, models[m], m, DRAW_SOLID, octave, t60, OCTAVES);
        draw_curve(d, NULL, m, DRAW_DOTS, octave, t60, OCTAVES);
        sound_free(s);
    }
    draw_panel(d, "A plate of 1.6 s: what is left, by octaves", (draw_axis){ "time (s)", 0, 2, 0.5 },
               (draw_axis){ "level (dB)", -70, 0, 10 });
    sound s = sound_impulse(4 * RATE, 1);
    picture_run("reverb", "model=plate predelay=0", s, NULL);
    for (int k = 1; k < OCTAVES; k++) {
        double *x = calloc(s.frames, sizeof *x), sum = 0;
        char name[32];
        for (size_t i = 0; i < s.frames; i++) x[i] = (double)s.ch[0][i];
        room_octave(x, s.frames, octave[k], RATE);
        for (size_t i = s.frames; i-- > 0;) x[i] = sum += x[i] * x[i];
        for (int i = 0; i < N; i++) s_at[i] = 2.0 * i / N, left[i] = 10 * log10(x[(size_t)(s_at[i] * RATE)] / sum);
        snprintf(name, sizeof name, octave[k] < 1000 ? "%g Hz" : "%g kHz", octave[k] / (octave[k] < 1000 ? 1 : 1000));
        draw_curve(d, name, k - 1, DRAW_SOLID, s_at, left, N);
        free(x);
    }
    sound_free(s);
}

void picture_delay(draw *d)
{
    enum { ECHOES = 8 };
    double hz[POINTS], db[POINTS], at[ECHOES], level[ECHOES];
    static const double feedback[] = { 30, 50, 70 };
    draw_panel(d, "Echoes of 1/4 note at 120 bpm", (draw_axis){ "time (s)", 0, 4.5, 0.5 },
               (draw_axis){ "level at 1 kHz (dB)", -60, 0, 10 });
    for (int k = 0; k < 3; k++) {
        char spec[32], name[32];
        snprintf(spec, sizeof spec, "feedback=%g", feedback[k]);
        snprintf(name, sizeof name, "feedback %g %%", feedback[k]);
        sound s = sound_impulse(5 * RATE, 1);
        picture_run("delay", spec, s, NULL);
        for (int e = 0; e < ECHOES; e++) {
            at[e] = 0.5 * (e + 1);
            level[e] = 20 * log10(cabs(sound_dft(s.ch[0] + RATE / 2 * (e + 1), RATE / 4, 1000, RATE)));
        }
        draw_curve(d, name, k, DRAW_DOTS, at, level, ECHOES);
        sound_free(s);
    }
    picture_grid(hz, POINTS, 20, 20000);
    draw_panel(d, "Each turn darker and thinner: feedback 70 %", picture_hz, (draw_axis){ "level (dB)", -36, 0, 6 });
    sound s = sound_impulse(5 * RATE, 1);
    picture_run("delay", "feedback=70", s, NULL);
    for (int e = 0; e < 4; e++) {
        char name[32];
        for (int i = 0; i < POINTS; i++)
            db[i] = 20 * log10(cabs(sound_dft(s.ch[0] + RATE / 2 * (e + 1), RATE / 4, hz[i], RATE)));
        snprintf(name, sizeof name, "echo %d", e + 1);
        draw_curve(d, name, e, DRAW_SOLID, hz, db, POINTS);
    }
    sound_free(s);
}

/* Where a click's voices are, a click every 50 ms: in chorus one on each side; else both on the left, the second turned
 * over. */
static void late_voices(const char *mode, bool sides, double *at, double (*ms)[80], size_t n)
{
    enum { EVERY = RATE / 20 };
    char spec[48];
    snprintf(spec, sizeof spec, "mode=%s amount=100 low_cut=20", mode);
    sound s = sound_new(n * EVERY);
    for (size_t i = 0; i < n; i++) s.ch[0][i * EVERY] = s.ch[1][i * EVERY] = 0.5f;
    picture_run("chorus", spec, s, NULL);
    for (size_t i = 0; i < n; i++)
        for (int v = 0; v < 2; v++) {
            const float *x = s.ch[sides ? v : 0] + i * EVERY;
            size_t best = 96;
            for (size_t k = 96; k < EVERY; k++)
                if (!sides && v ? x[k] < x[best] : x[k] > x[best]) best = k;
            at[i] = (double)(i * EVERY) / RATE;
            ms[v][i] = (double)best * 1000 / RATE;
        }
    sound_free(s);
}

void picture_chorus(draw *d)
{
    enum { CLICKS = 80, LENGTH = 4 * RATE, AT = 2 * RATE };
    static const char *const modes[] = { "chorus", "dimension", "doubler" };
    static double at[CLICKS], ms[2][CLICKS], hz[2 * POINTS], db[2 * POINTS];
    draw_panel(d, "How late both voices are", (draw_axis){ "time (s)", 0, 4, 0.5 },
               (draw_axis){ "delay (ms)", 0, 35, 5 });
    for (int m = 0; m < 3; m++) {
        late_voices(modes[m], m == 0, at, ms, CLICKS);
        draw_curve(d, modes[m], m, DRAW_SOLID, at, ms[0], CLICKS);
        draw_curve(d, NULL, m, DRAW_DASHED, at, ms[1], CLICKS);
    }
    picture_grid(hz, 2 * POINTS, 100, 10000);
    draw_panel(d, "Both sides added, at one moment", (draw_axis){ "frequency (Hz)", 100, 10000, 0 },
               (draw_axis){ "gain (dB)", -18, 9, 3 });
    for (int m = 0; m < 3; m++) {
        char spec[48];
        snprintf(spec, sizeof spec, "mode=%s amount=70", modes[m]);
        sound s = sound_new(LENGTH);
        s.ch[0][AT] = s.ch[1][AT] = 1;
        picture_run("chorus", spec, s, NULL);
        for (int i = 0; i < 2 * POINTS; i++) {
            double complex left = sound_dft(s.ch[0] + AT, RATE / 5, hz[i], RATE);
            db[i] = 20 * log10(cabs(left + sound_dft(s.ch[1] + AT, RATE / 5, hz[i], RATE)) / 2);
        }
        draw_curve(d, modes[m], m, m == 0 ? DRAW_THIN : m == 1 ? DRAW_SOLID : DRAW_DASHED, hz, db, 2 * POINTS);
        sound_free(s);
    }
}

void picture_pitch(draw *d)
{
    enum { HARMONICS = 40 };
    static const double formant[] = { -3, 0, 3 };
    draw_panel(d, "A voice of 100 Hz: the size moves, the note stays", (draw_axis){ "frequency (Hz)", 0, 4000, 500 },
               (draw_axis){ "level (dB)", -50, 5, 10 });
    for (int k = 0; k < 3; k++) {
        double hz[HARMONICS], db[HARMONICS], most = -INFINITY, w = 2 * M_PI * 1000 / RATE, a = 0, b = 0;
        char spec[32], name[32];
        sound s = sound_new(RATE);
        for (size_t i = 0; i < RATE; i++) {
            double y = (i % 480 == 0 ? 0.1 : 0) + 2 * 0.97 * cos(w) * a - 0.97 * 0.97 * b;
            b = a, a = y;
            s.ch[0][i] = s.ch[1][i] = (float)y;
        }
        snprintf(spec, sizeof spec, "formant=%g", formant[k]);
        snprintf(name, sizeof name, formant[k] < 0 ? "formant \xe2\x88\x92%g st" : "formant %g st", fabs(formant[k]));
        picture_run("pitch", spec, s, NULL);
        for (int h = 0; h < HARMONICS; h++) {
            hz[h] = 100 * (h + 1);
            db[h] = 20 * log10(sound_amplitude(s.ch[0] + RATE / 4, RATE / 2, hz[h], RATE));
            most = fmax(most, db[h]);
        }
        for (int h = 0; h < HARMONICS; h++) db[h] -= most;
        draw_curve(d, name, k, DRAW_SOLID, hz, db, HARMONICS);
        draw_curve(d, NULL, k, DRAW_DOTS, hz, db, HARMONICS);
        sound_free(s);
    }
}

/* ---- place ------------------------------------------------------------------------------------------------------ */

void picture_stereo(draw *d)
{
    static const struct {
        const char *name, *spec;
    } setting[] = { { "width 60 %", "width=60" },
                    { "width 140 %", "width=140" },
                    { "mono below 120 Hz", "mono_below=120" },
                    { "low 80, high 140 %", "low=80 high=140" } };
    double hz[POINTS], db[POINTS];
    picture_grid(hz, POINTS, 20, 20000);
    draw_panel(d, "Gain of the sides; the middle stays as it is", picture_hz, (draw_axis){ "gain (dB)", -30, 6, 6 });
    for (int k = 0; k < 4; k++) {
        sound s = sound_impulse(1 << 15, 1);
        s.ch[1][0] = -1;
        picture_run("stereo", setting[k].spec, s, NULL);
        for (int i = 0; i < POINTS; i++)
            db[i] =
                20 *
                log10(cabs(sound_dft(s.ch[0], s.frames, hz[i], RATE) - sound_dft(s.ch[1], s.frames, hz[i], RATE)) / 2);
        draw_curve(d, setting[k].name, k, DRAW_SOLID, hz, db, POINTS);
        sound_free(s);
    }
}

void picture_pan(draw *d)
{
    static const char *const laws[] = { "constant_power", "compromise", "linear", "balance" };
    enum { N = 101 };
    double at[N], side[2][N];
    draw_panel(d, "Left, and right (dashed), by position", (draw_axis){ "position", -100, 100, 25 },
               (draw_axis){ "gain (dB)", -18, 9, 3 });
    for (int k = 0; k < 4; k++) {
        for (int i = 0; i < N; i++) {
            char spec[64];
            at[i] = -100 + 2 * i;
            snprintf(spec, sizeof spec, "position=%g law=%s", at[i], laws[k]);
            sound s = sound_impulse(1, 1);
            picture_run("pan", spec, s, NULL);
            for (int c = 0; c < 2; c++) side[c][i] = 20 * log10(fmax(1e-3, (double)s.ch[c][0]));
            sound_free(s);
        }
        draw_curve(d, laws[k], k, DRAW_SOLID, at, side[0], N);
        draw_curve(d, NULL, k, DRAW_DASHED, at, side[1], N);
    }
}

void picture_align(draw *d)
{
    enum { LATE = 53 }; /* frames the second microphone is behind */
    double hz[2 * POINTS], db[2 * POINTS];
    picture_grid(hz, 2 * POINTS, 20, 20000);
    draw_panel(d, "Two microphones together, one 1.1 ms behind", picture_hz, (draw_axis){ "sum (dB)", -24, 9, 6 });
    for (int k = 0; k < 2; k++) {
        sound near = sound_impulse(RATE, 1), far = sound_new(RATE);
        far.ch[0][LATE] = far.ch[1][LATE] = 0.8f;
        char spec[48];
        snprintf(spec, sizeof spec, "delay=%.9g", -LATE * 1000.0 / RATE);
        if (k) picture_run("align", spec, far, NULL);
        for (int i = 0; i < 2 * POINTS; i++)
            db[i] =
                20 *
                log10(cabs(sound_dft(near.ch[0], RATE / 8, hz[i], RATE) + sound_dft(far.ch[0], RATE / 8, hz[i], RATE)));
        draw_curve(d, k ? "aligned" : "as recorded", k ? 0 : 5, k ? DRAW_SOLID : DRAW_THIN, hz, db, 2 * POINTS);
        sound_free(near), sound_free(far);
    }
}

/* ---- repair ----------------------------------------------------------------------------------------------------- */

void picture_declick(draw *d)
{
    enum { N = 400, AT = 24000 };
    double ms[N], x[N];
    sound clean = sound_noise(RATE, 1, 0.003), noise = sound_noise(RATE, 2, 0.6);
    for (size_t i = 0; i < clean.frames; i++)
        for (int c = 0; c < 2; c++)
            clean.ch[c][i] += (float)(0.3 * sin(0.0344 * (double)i) + 0.1 * sin(0.0863 * (double)i));
    sound dirty = sound_copy(clean);
    for (size_t i = AT; i < AT + 14; i++) dirty.ch[0][i] += noise.ch[0][i];
    sound mended = sound_copy(dirty);
    picture_run("declick", "", mended, NULL);
    const struct {
        const char *name;
        int colour;
        draw_style style;
        sound s;
    } curve[] = { { "with a click", 1, DRAW_THIN, dirty },
                  { "mended", 0, DRAW_SOLID, mended },
                  { "what was there", 5, DRAW_DASHED, clean } };
    draw_panel(d, "A click of 0.3 ms", (draw_axis){ "time (ms)", -4, 4, 1 }, (draw_axis){ "sample", -1, 1, 0.5 });
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < N; i++) {
            ms[i] = (i - N / 2) * 1000.0 / RATE;
            x[i] = (double)curve[k].s.ch[0][AT - N / 2 + i];
        }
        draw_curve(d, curve[k].name, curve[k].colour, curve[k].style, ms, x, N);
    }
    sound_free(clean), sound_free(noise), sound_free(dirty), sound_free(mended);
}
