/* compressor, gate, expander, transient, rider, clipper, automation. */
#include "tests/figures/figures.h"

void figures_dynamics(void);

#define RATE 48000.0
enum { SECOND = 48000, PICK = 8 };

/* ---- tools ------------------------------------------------------------------------------------------------------ */

typedef struct moved {
    sound before, after;
    float *gr; /* of the first detector, dB */
    size_t late;
} moved;

/* Takes s over. */
static moved move(const char *name, const char *spec, sound s)
{
    moved m = { .before = sound_copy(s), .after = s, .gr = td_calloc2(TD_DETECTORS_MAX, s.frames, sizeof *m.gr) };
    float *gr[TD_DETECTORS_MAX];
    for (size_t d = 0; d < TD_DETECTORS_MAX; d++) gr[d] = m.gr + d * s.frames;
    td_unit_state *u = sound_unit(RATE, name, spec);
    sound_run_all(u, s, (sound){ 0 }, gr, TD_DETECTORS_MAX, TD_BLOCK);
    m.late = td_unit_latency(u);
    td_unit_free(u);
    return m;
}

static void done(moved m)
{
    sound_free(m.before);
    sound_free(m.after);
    free(m.gr);
}

static double mean(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] / (double)n;
    return sum;
}

/* Mean reduction of the last tenth of a sine. */
static double settled_db(const char *name, const char *spec, double freq_hz, double level_db, double seconds)
{
    size_t n = (size_t)(seconds * RATE);
    moved m = move(name, spec, sound_sine(n, RATE, freq_hz, pow(10, level_db / 20)));
    double db = mean(m.gr + n - n / 10, n / 10);
    done(m);
    return db;
}

/* Silence or a level, a level for some seconds, the first level again. */
static sound burst(double freq_hz, double low_db, double high_db, double from_s, double to_s, double end_s)
{
    sound s = sound_sine((size_t)(end_s * RATE), RATE, freq_hz, 1);
    for (size_t i = 0; i < s.frames; i++) {
        bool high = i >= (size_t)(from_s * RATE) && i < (size_t)(to_s * RATE);
        for (int c = 0; c < 2; c++) s.ch[c][i] *= (float)pow(10, (high ? high_db : low_db) / 20);
    }
    return s;
}

/* Milliseconds from frame `at` until the reduction has crossed `db`. */
static double crossing_ms(const moved *m, size_t at, double db)
{
    bool above = (double)m->gr[at] > db;
    size_t i = at;
    while (i < m->before.frames && ((double)m->gr[i] > db) == above) i++;
    return (double)(i - at) * 1000 / RATE;
}

/* Everything but the fundamental, per cent of it. */
static double distortion(const float *y, size_t n, double freq_hz)
{
    double fundamental = 2 * cabs(sound_dft(y, n, freq_hz, RATE)) / (double)n, rms = sound_rms(y, n);
    return 100 * sqrt(fmax(0, rms * rms * 2 / (fundamental * fundamental) - 1));
}

static sound beat(size_t n)
{
    sound s = sound_noise(n, 7, 1);
    double low = 0;
    for (size_t i = 0; i < n; i++) {
        double t = (double)i / RATE, hit = exp(-fmod(t, 0.25) * 18);
        low += 0.02 * ((double)s.ch[1][i] - low);
        double tone = 0.15 * sin(2 * M_PI * 98 * t) * (1 + 0.5 * sin(1.4 * t));
        s.ch[0][i] = (float)(0.4 * hit * (double)s.ch[0][i] + tone + low);
        s.ch[1][i] = (float)(0.3 * hit * (double)s.ch[1][i] + tone);
    }
    return s;
}

/* ---- compressor: the core --------------------------------------------------------------------------------------- */

/* The three cases of Giannoulis, Massberg, Reiss 2012. */
static double curve_db(double level, double t, double r, double w)
{
    double o = level - t;
    if (2 * o < -w) return 0;
    if (2 * fabs(o) <= w && w > 0) return (1 - 1 / r) * (o + w / 2) * (o + w / 2) / (2 * w);
    return o - o / r;
}

static double static_error(void)
{
    static const double ratios[] = { 1.5, 2, 4, 10, INFINITY }, knees[] = { 0, 6, 12, 24 };
    double worst = 0;
    for (size_t r = 0; r < 5; r++)
        for (size_t k = 0; k < 4; k++)
            for (double db = -60; db <= 0; db++) {
                char spec[96];
                snprintf(spec, sizeof spec, "threshold=-30 ratio=%g knee=%g release=50", ratios[r], knees[k]);
                double got = settled_db("compressor", spec, 1000, db, 0.3);
                worst = fmax(worst, fabs(got - curve_db(db, -30, ratios[r], knees[k])));
            }
    return worst;
}

static double model_error(const char *model)
{
    double worst = 0;
    bool onset = strcmp(model, "tube") == 0, dual = strcmp(model, "dual") == 0;
    for (double db = -40; db <= 0; db += 4) {
        char spec[96];
        snprintf(spec, sizeof spec, "model=%s threshold=-24 ratio=4 knee=6", model);
        double first = dual ? curve_db(db, -24, 2, 10) : 0; /* the light cell in front */
        double want = first + curve_db(db - first, onset ? -21 : -24, 4, 6);
        worst = fmax(worst, fabs(settled_db("compressor", spec, 1000, db, 1.5) - want));
    }
    return worst;
}

static double time_error(double attack_ms, double release_ms, bool down)
{
    char spec[96];
    snprintf(spec, sizeof spec, "threshold=-20 attack=%g release=%g", attack_ms, release_ms);
    moved m = move("compressor", spec, burst(10000, -30, -6, 0.5, 1, 2));
    double top = (double)m.gr[SECOND - 1], tau = down ? attack_ms : release_ms;
    double ms = down ? crossing_ms(&m, SECOND / 2, top * (1 - exp(-1))) : crossing_ms(&m, SECOND, top * exp(-1));
    done(m);
    return 100 * fmax(0, fabs(ms - tau) - 1000 / RATE) / tau;
}

static double pure_percent(const char *model, double freq_hz)
{
    char spec[96];
    snprintf(spec, sizeof spec, "model=%s threshold=-14 ratio=2 knee=4 attack=10 release=inf", model);
    moved m = move("compressor", spec, sound_sine(4 * SECOND, RATE, freq_hz, pow(10, -10 / 20.0)));
    double percent = distortion(m.after.ch[0] + 3 * SECOND, SECOND, freq_hz);
    done(m);
    return percent;
}

static double idle_db(const char *name, const char *spec, double peak)
{
    moved m = move(name, spec, sound_noise(SECOND, 5, peak));
    double db = sound_residual_db(m.before, m.after, m.late);
    done(m);
    return db;
}

/* How far the left side moves when the right one changes, unlinked. */
static double crosstalk_db(void)
{
    sound both = beat(SECOND), alone = sound_copy(both);
    memset(alone.ch[1], 0, SECOND * sizeof(float));
    moved a = move("compressor", "threshold=-30 link=0", both), b = move("compressor", "threshold=-30 link=0", alone);
    memcpy(a.after.ch[1], b.after.ch[1], SECOND * sizeof(float));
    double db = sound_residual_db(a.after, b.after, 0);
    done(a);
    done(b);
    return db;
}

/* The largest difference between what both sides were multiplied by, linked. */
static double image_shift_db(const char *name, const char *spec)
{
    moved m = move(name, spec, beat(SECOND));
    double worst = 0;
    for (size_t i = 0; i + m.late < SECOND; i++) {
        double l = (double)m.before.ch[0][i], r = (double)m.before.ch[1][i];
        if (fabs(l) < 0.01 || fabs(r) < 0.01) continue;
        double ratio = (double)m.after.ch[0][i + m.late] / l * r / (double)m.after.ch[1][i + m.late];
        worst = fmax(worst, fabs(20 * log10(ratio)));
    }
    done(m);
    return worst;
}

/* The maximum as the planner finds it, on every 8th level, against the whole. */
static double pick_error(const char *model)
{
    const td_processor *p = td_processor_find("compressor");
    char spec[64];
    snprintf(spec, sizeof spec, "model=%s threshold=-12", model);
    sound_settings *set = sound_read(p, spec);
    td_format fmt = { .rate_hz = RATE, .pick = PICK };
    td_unit_state *u = NULL;
    td_unit_new(p, &fmt, &set->set, &u, NULL);
    sound s = beat(375 * TD_BLOCK);
    float level[TD_BLOCK], pick[TD_BLOCK / PICK], *to[] = { level };
    double most = 0;
    for (size_t at = 0; at < s.frames; at += TD_BLOCK) {
        p->dynamics->sense(td_unit_raw(u), (const float *[]){ s.ch[0] + at, s.ch[1] + at }, NULL, TD_BLOCK, to);
        for (size_t i = 0; i < TD_BLOCK / PICK; i++) pick[i] = level[PICK * i];
        p->dynamics->react(td_unit_raw(u), 0, pick, TD_BLOCK / PICK, pick);
        most = fmax(most, sound_peak(pick, TD_BLOCK / PICK));
    }
    td_unit_free(u);
    free(set);
    size_t n = s.frames;
    moved m = move("compressor", spec, s);
    double error = fabs(most - sound_peak(m.gr, n));
    done(m);
    return error;
}

/* A sound alike on both sides must stay so: the largest difference, any model. */
static double sides_differ(void)
{
    static const char *const models[] = { "clean", "glue", "punch", "opto", "fet", "tube", "dual" };
    double worst = 0;
    for (size_t k = 0; k < sizeof models / sizeof *models; k++) {
        char spec[64];
        snprintf(spec, sizeof spec, "model=%s threshold=-24", models[k]);
        sound s = beat(SECOND);
        memcpy(s.ch[1], s.ch[0], SECOND * sizeof(float));
        moved m = move("compressor", spec, s);
        for (size_t i = 0; i < SECOND; i++)
            worst = fmax(worst, fabs((double)m.after.ch[0][i] - (double)m.after.ch[1][i]));
        done(m);
    }
    return worst;
}

/* Half dry, half through a compressor that looks ahead and has nothing to do. */
static double parallel_db(void)
{
    const td_processor *p = td_processor_find("compressor");
    sound_settings *set = sound_read(p, "ratio=1 lookahead=5 threshold=-40");
    td_step step = { .proc = p, .set = set->set, .blend = 0.5 };
    td_format fmt = { .rate_hz = RATE };
    td_chain *c;
    if (td_chain_new(&fmt, &step, 1, &c, NULL)) abort();
    sound before = beat(SECOND / TD_BLOCK * TD_BLOCK), after = sound_copy(before);
    for (size_t at = 0; at < after.frames; at += TD_BLOCK)
        td_chain_process(c, (float *const[]){ after.ch[0] + at, after.ch[1] + at }, NULL, NULL, TD_BLOCK);
    double db = sound_residual_db(before, after, td_chain_latency(c));
    td_chain_free(c);
    free(set);
    sound_free(before);
    sound_free(after);
    return db;
}

static void core(void)
{
    figure("compressor", "static curve, ratio 1.5 to inf, knee 0 to 24, -60 to 0 dBFS", AT_MOST, 0.05, static_error(),
           "dB");
    static const double attacks[] = { 1, 10, 30 };
    for (size_t i = 0; i < 3; i++) {
        char name[80];
        snprintf(name, sizeof name, "63 %% of a step after an attack of %g ms, beyond a sample", attacks[i]);
        figure("compressor", name, AT_MOST, 5, time_error(attacks[i], 100, true), "%");
    }
    figure("compressor", "63 % of the way back after a release of 100 ms", AT_MOST, 5, time_error(10, 100, false), "%");
    static const char *const pure[] = { "clean", "glue" };
    for (size_t i = 0; i < 2; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s: 2 dB off 100 Hz at 10 ms, auto: distortion", pure[i]);
        figure("compressor", name, AT_MOST, 0.3, pure_percent(pure[i], 100), "%");
        snprintf(name, sizeof name, "%s: 2 dB off 1 kHz at 10 ms, auto: distortion", pure[i]);
        figure("compressor", name, AT_MOST, 0.03, pure_percent(pure[i], 1000), "%");
    }
    figure("compressor", "no reduction: residual", AT_MOST, -140, idle_db("compressor", "threshold=20", 0.5), "dBFS");
    figure("compressor", "unlinked: right on left", AT_MOST, -140, crosstalk_db(), "dBFS");
    figure("compressor", "alike on both sides: difference, any model", AT_MOST, 0, sides_differ(), "");
    figure("compressor", "parallel at 1:1, 5 ms of look-ahead: residual", AT_MOST, -140, parallel_db(), "dBFS");
    figure("compressor", "linked: image shift", AT_MOST, 1e-4, image_shift_db("compressor", "threshold=-30"), "dB");
    static const char *const solved[] = { "clean", "glue", "punch", "opto", "tube", "dual" };
    for (size_t i = 0; i < 6; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s: maximum on every 8th level against all", solved[i]);
        figure("compressor", name, AT_MOST, 0.1, pick_error(solved[i]), "dB");
    }
}

/* ---- compressor: characters ------------------------------------------------------------------------------------- */

/* Limiting without a knee, the reduction follows what the detector hears. */
static double thrust_error(void)
{
    double worst = 0;
    for (double f = 20; f <= 20000; f *= 1.4678) {
        double heard = settled_db("compressor", "threshold=-60 ratio=inf knee=0 thrust=loud", f, -20, 0.4) - 40;
        worst = fmax(worst, fabs(heard - 10 * log10(f / 1000)));
    }
    return worst;
}

/* Milliseconds after a burst until `share` of its reduction is left. */
static double release_ms(const char *spec, double burst_s, double share)
{
    moved m = move("compressor", spec, burst(3000, -200, 0, 0, burst_s, burst_s + 30));
    size_t end = (size_t)(burst_s * RATE);
    double ms = crossing_ms(&m, end, share * (double)m.gr[end]);
    done(m);
    return ms;
}

static void light_cell(void)
{
    static const double bursts[] = { 0.05, 0.2, 1, 5, 20 };
    double shortest[2] = { INFINITY, INFINITY }, longest[2] = { 0 }, least_growth = INFINITY;
    for (int k = 0; k < 2; k++) {
        double last = 0;
        for (size_t i = 0; i < 5; i++) {
            double ms = release_ms("model=opto threshold=-15", bursts[i], k ? 0.1 : 0.5);
            shortest[k] = fmin(shortest[k], ms);
            longest[k] = fmax(longest[k], ms);
            if (i > 0) least_growth = fmin(least_growth, ms / last);
            last = ms;
        }
    }
    figure("compressor", "opto: half released soonest, bursts of 0.05 to 20 s", AT_LEAST, 25, shortest[0], "ms");
    figure("compressor", "opto: half released latest", AT_MOST, 80, longest[0], "ms");
    figure("compressor", "opto: nine tenths released soonest", AT_LEAST, 100, shortest[1], "ms");
    figure("compressor", "opto: nine tenths released latest", AT_MOST, 5000, longest[1], "ms");
    figure("compressor", "opto: each longer burst releases later, by", AT_LEAST, 1.0001, least_growth, "x");
}

static double rise_ms(const char *spec)
{
    moved m = move("compressor", spec, burst(10000, -200, -6, 0.5, 1, 1));
    double ms = crossing_ms(&m, SECOND / 2, (1 - exp(-1)) * (double)m.gr[SECOND - 1]);
    done(m);
    return ms;
}

/* Local ratio, from two levels 0.2 dB apart. */
static double ratio_at(const char *spec, double level_db)
{
    double rise = settled_db("compressor", spec, 1000, level_db + 0.1, 2);
    return 0.2 / (0.2 - (rise - settled_db("compressor", spec, 1000, level_db - 0.1, 2)));
}

static double third_harmonic(const char *spec, double freq_hz)
{
    moved m = move("compressor", spec, sound_sine(2 * SECOND, RATE, freq_hz, pow(10, -18 / 20.0)));
    const float *y = m.after.ch[0] + SECOND;
    double percent = 100 * cabs(sound_dft(y, SECOND, 3 * freq_hz, RATE)) / cabs(sound_dft(y, SECOND, freq_hz, RATE));
    done(m);
    return percent;
}

static void characters(void)
{
    static const char *const models[] = { "glue", "punch", "opto", "fet", "tube", "dual" };
    for (size_t i = 0; i < 6; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s: static curve", models[i]);
        figure("compressor", name, AT_MOST, 0.05, model_error(models[i]), "dB");
    }
    figure("compressor", "glue: half released after 1 s against after 50 ms", AT_LEAST, 2,
           release_ms("model=glue threshold=-20", 1, 0.5) / release_ms("model=glue threshold=-20", 0.05, 0.5), "x");
    figure("compressor", "punch: thrust loud against 10 dB a decade", AT_MOST, 0.3, thrust_error(), "dB");
    figure("compressor", "punch: feedback against feed-forward, at rest", AT_MOST, 0.05,
           fabs(settled_db("compressor", "model=punch threshold=-20 type=feedback", 1000, -6, 3) -
                settled_db("compressor", "model=punch threshold=-20 type=feed_forward", 1000, -6, 3)),
           "dB");
    light_cell();
    figure("compressor", "fet: 63 % down at an attack of 0.2 ms, 4:1", AT_MOST, 0.2,
           rise_ms("model=fet threshold=-20 attack=0.2"), "ms");
    figure("compressor", "fet: released by 63 % after 10 ms, release 100 ms", AT_MOST, 125,
           release_ms("model=fet threshold=-20", 0.01, exp(-1)), "ms");
    figure("compressor", "fet: the same after 3 s of reduction, later by", AT_LEAST, 2,
           release_ms("model=fet threshold=-20", 3, exp(-1)) / release_ms("model=fet threshold=-20", 0.01, exp(-1)),
           "x");
    figure("compressor", "tube: ratio 6 dB above the onset, 4:1 set", AT_MOST, 1.4,
           ratio_at("model=tube threshold=-30", -24), ":1");
    figure("compressor", "tube: ratio 24 dB above the onset", AT_LEAST, 3.8, ratio_at("model=tube threshold=-30", -5),
           ":1");
    figure("compressor", "tube: half released after a peak of 50 ms", AT_MOST, 350,
           release_ms("model=tube threshold=-30", 0.05, 0.5), "ms");
    figure("compressor", "tube: half released after 10 s", AT_LEAST, 2000,
           release_ms("model=tube threshold=-30", 10, 0.5), "ms");
    static const struct {
        const char *name;
        double percent;
    } cores[] = { { "nickel", 0.05 }, { "iron", 0.2 }, { "steel", 0.8 } };
    for (size_t i = 0; i < 3; i++) {
        char name[80], spec[80];
        snprintf(name, sizeof name, "transformer %s: third harmonic of 50 Hz at 0 VU, off %g %%", cores[i].name,
                 cores[i].percent);
        snprintf(spec, sizeof spec, "threshold=20 transformer=%s", cores[i].name);
        figure("compressor", name, AT_MOST, 20, 100 * fabs(third_harmonic(spec, 50) / cores[i].percent - 1), "%");
    }
    figure("compressor", "transformer steel: third harmonic of 1 kHz at 0 VU", AT_MOST, 0.001,
           third_harmonic("threshold=20 transformer=steel", 1000), "%");
}

/* ---- gate, expander --------------------------------------------------------------------------------------------- */

static void gates(void)
{
    moved m = move("gate", "threshold=-40 range=40 attack=0.2 hold=50 release=100 lookahead=2",
                   burst(3000, -90, -20, 0.5, 1, 2));
    double worst = 0;
    for (size_t i = SECOND / 2; i < SECOND / 2 + 480; i++)
        worst = fmax(worst, fabs((double)m.after.ch[0][i + m.late] - (double)m.before.ch[0][i]) / 0.1);
    double hold = crossing_ms(&m, SECOND, 0.01), closed = crossing_ms(&m, SECOND, 40 * (1 - exp(-1)));
    figure("gate", "the first 10 ms of a note, 2 ms of look-ahead: lost", AT_MOST, 0.05, -20 * log10(1 - worst), "dB");
    figure("gate", "stays open: off 50 ms", AT_MOST, 3, fabs(hold - 50), "ms");
    figure("gate", "closes: 63 % off 100 ms", AT_MOST, 5, fabs(closed - hold - 100), "ms");
    done(m);
    sound s = sound_sine(2 * SECOND, RATE, 70, 1);
    for (size_t i = 0; i < s.frames; i++)
        for (int c = 0; c < 2; c++) s.ch[c][i] *= (float)exp(-(double)i / 12000);
    m = move("gate", "threshold=-30 range=40 hold=10 release=30", s);
    double turns = 0;
    for (size_t i = 2001; i < s.frames; i++) turns += m.gr[i - 1] == 0 && m.gr[i] > 0;
    figure("gate", "closes on a decaying 70 Hz note", AT_MOST, 1, turns, "times");
    done(m);
    worst = 0;
    for (double db = -70; db <= -10; db += 2) {
        double want = -curve_db(-db, 40, 0.5, 6); /* 2:1 downwards is 1:2 upside down */
        worst = fmax(worst, fabs(settled_db("expander", "threshold=-40 ratio=2 knee=6 range=60 release=20 hysteresis=0",
                                            1000, db, 0.5) -
                                 want));
    }
    figure("expander", "static curve, 2:1, knee 6 dB", AT_MOST, 0.05, worst, "dB");
}

/* ---- transient, rider ------------------------------------------------------------------------------------------- */

static sound hit(double level_db, double fall_db)
{
    sound s = burst(500, -200, level_db, 0.5, 2, 2);
    for (size_t i = SECOND / 2; i < s.frames; i++)
        for (int c = 0; c < 2; c++) s.ch[c][i] *= (float)pow(10, -fall_db * (double)(i - SECOND / 2) / RATE / 20);
    return s;
}

static void transients(void)
{
    enum { ONSET = SECOND / 2 };
    moved m = move("transient", "attack=6", hit(-10, 0));
    figure("transient", "attack +6 dB: reached within 5 ms", AT_LEAST, 5.4, sound_peak(m.gr + ONSET, 240), "dB");
    figure("transient", "attack +6 dB: left after 200 ms", AT_MOST, 0.6, sound_peak(m.gr + ONSET + 9600, SECOND), "dB");
    done(m);
    m = move("transient", "sustain=6", hit(-10, 60));
    figure("transient", "sustain +6 dB: 300 ms into 60 dB a second", AT_LEAST, 4.5, -(double)m.gr[ONSET + 14400], "dB");
    figure("transient", "sustain +6 dB: at the onset", AT_MOST, 0.3, sound_peak(m.gr + ONSET, 480), "dB");
    done(m);
    m = move("transient", "attack=8 sustain=-6", hit(-6, 40));
    moved quiet = move("transient", "attack=8 sustain=-6", hit(-46, 40));
    double worst = 0;
    for (size_t i = ONSET + 480; i < ONSET + SECOND; i++)
        worst = fmax(worst, fabs((double)m.gr[i] - (double)quiet.gr[i]));
    figure("transient", "-6 and -46 dBFS differ by", AT_MOST, 0.05, worst, "dB");
    done(m);
    done(quiet);
    worst = 0;
    for (double f = 40; f < 16000; f *= 2) {
        m = move("transient", "attack=12 sustain=12", sound_sine(2 * SECOND, RATE, f, 0.3));
        worst = fmax(worst, sound_peak(m.gr + SECOND + ONSET, ONSET));
        done(m);
    }
    figure("transient", "held tones move by, 40 Hz to 10 kHz", AT_MOST, 0.25, worst, "dB");
    figure("transient", "both at 0: residual", AT_MOST, -140, idle_db("transient", "", 0.7), "dBFS");
}

static double level_in(sound s, size_t from, size_t n)
{
    return 20 * log10(sound_rms(s.ch[0] + from, n));
}

static double deviation(const double *x, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += x[i] / (double)n;
    for (size_t i = 0; i < n; i++) squares += (x[i] - sum) * (x[i] - sum) / (double)n;
    return sqrt(squares);
}

static void riders(void)
{
    enum { PHRASES = 16, PHRASE = 72000, PAUSE = 48000, LENGTH = PHRASE + PAUSE };
    static const double db[PHRASES] = {
        -20, -24, -17, -22, -26, -18, -20, -15, -23, -19, -25, -21, -16, -22, -18, -24
    };
    sound s = sound_noise((PHRASES + 1) * LENGTH, 9, 1);
    for (size_t i = 0; i < s.frames; i++)
        for (int c = 0; c < 2; c++)
            s.ch[c][i] *= (float)pow(10, (i < PHRASES * LENGTH && i % LENGTH < PHRASE ? db[i / LENGTH] : -65) / 20);
    moved m = move("rider", "", s);
    double before[PHRASES], after[PHRASES], lift = 0, onset = 0;
    for (size_t k = 0; k < PHRASES; k++) {
        size_t from = k * LENGTH, pause = from + PHRASE + 16800, n = PAUSE - 2 * 16800;
        before[k] = level_in(m.before, from, PHRASE);
        after[k] = level_in(m.after, from + m.late, PHRASE);
        lift = fmax(lift, level_in(m.after, pause + m.late, n) - level_in(m.before, pause, n));
        double at_once = level_in(m.after, from + m.late, 4800) - level_in(m.before, from, 4800);
        double middle = level_in(m.after, from + m.late + 36000, 4800) - level_in(m.before, from + 36000, 4800);
        if (k >= 4) onset = fmax(onset, fabs(at_once - middle));
    }
    figure("rider", "phrases' deviation taken away", AT_LEAST, 30,
           100 * (1 - deviation(after, PHRASES) / deviation(before, PHRASES)), "%");
    figure("rider", "pauses lifted", AT_MOST, 0.5, lift, "dB");
    figure("rider", "onset of a phrase off its middle", AT_MOST, 0.5, onset, "dB");
    done(m);
}

/* ---- clipper, automation ---------------------------------------------------------------------------------------- */

/* What folded into 0 to 20 kHz, against the fundamental; whole Hertz. */
static double alias_db(const char *spec, unsigned freq_hz)
{
    moved m = move("clipper", spec, sound_sine(2 * SECOND, RATE, freq_hz, 0.5));
    const float *y = m.after.ch[0] + SECOND;
    double sum = 0, fundamental = cabs(sound_dft(y, SECOND, freq_hz, RATE));
    for (unsigned k = 1; k < 400; k += 2) {
        unsigned at = k * freq_hz % SECOND;
        if (at > SECOND / 2) at = SECOND - at;
        if (k * freq_hz >= SECOND / 2 && at < 20000) sum += pow(cabs(sound_dft(y, SECOND, at, RATE)) / fundamental, 2);
    }
    done(m);
    return 10 * log10(sum);
}

static void clippers(void)
{
    figure("clipper", "5 kHz, 6 dB over, knee 1 dB: folded back", AT_MOST, -90, alias_db("ceiling=-6 drive=0", 4999),
           "dB");
    figure("clipper", "5 kHz, 12 dB over, hard: folded back", AT_MOST, -75,
           alias_db("ceiling=-6 drive=12 knee=0", 4999), "dB");
    figure("clipper", "9 kHz, 24 dB over, hard: folded back", AT_MOST, -70,
           alias_db("ceiling=-6 drive=24 knee=0", 9001), "dB");
    figure("clipper", "below the knee: residual", AT_MOST, -140, idle_db("clipper", "ceiling=-3 knee=2", 0.2), "dBFS");
    sound s = sound_new(SECOND);
    for (int c = 0; c < 2; c++)
        for (size_t i = 0; i < SECOND; i++) s.ch[c][i] = 1;
    moved m = move("automation",
                   "| point at=100 mute=1 | point at=300 mute=0 | point at=0 gain=0 | point at=1000 gain=-6", s);
    double step = 0;
    for (size_t i = 1; i < SECOND; i++) step = fmax(step, fabs((double)(s.ch[0][i] - s.ch[0][i - 1])));
    figure("automation", "halfway to -6 dB: off -3", AT_MOST, 1e-4, fabs(20 * log10((double)s.ch[0][SECOND / 2]) + 3),
           "dB");
    figure("automation", "largest step of a mute", AT_MOST, 0.007, step, "of full");
    done(m);
}

void figures_dynamics(void)
{
    core();
    characters();
    gates();
    transients();
    riders();
    clippers();
}
