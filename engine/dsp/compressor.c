#include "engine/dsp/delayline.h"
#include "engine/dsp/dynamics.h"

enum {
    MODEL,
    THRESHOLD,
    GAIN_REDUCTION,
    RATIO,
    KNEE,
    ATTACK,
    RELEASE,
    LOW_CUT,
    THRUST,
    TYPE,
    LINK,
    LOOKAHEAD,
    MAKEUP,
    TRANSFORMER,
    PARAMS
};

static const char *const model_names[] = { "clean", "glue", "punch", "opto", "fet", "tube", "dual", NULL };
static const char *const thrust_names[] = { "off", "medium", "loud", NULL };
static const char *const transformer_names[] = { "off", "nickel", "iron", "steel", NULL };
static const char *const type_names[] = { "feed_forward", "feedback", NULL };

/* clang-format off */
static const td_param params[PARAMS] = {
    [MODEL] = { "model", TD_UNIT_CHOICE, 0, 6, 0, .choices = model_names,
        .help = "clean; glue: bus VCA; punch: RMS VCA; opto: light cell; fet; tube: variable mu; dual: opto into VCA" },
    [THRESHOLD] = { "threshold", TD_UNIT_DBFS, -80, 20, -18,
        .help = "middle of the knee, as the peak level of a sine; tube: where reduction begins" },
    [GAIN_REDUCTION] = { "gain_reduction", TD_UNIT_DB, 0, 40, NAN, .flags = TD_GOAL, .solves = "threshold",
        .help = "how far the gain goes down; decides the threshold" },
    [RATIO] = { "ratio", TD_UNIT_RATIO, 1, INFINITY, NAN,
        .help = "above the knee; not set: 2:1 (clean, glue, dual), 3:1 (opto), 4:1 (punch, fet, tube)" },
    [KNEE] = { "knee", TD_UNIT_DB, 0, 40, NAN,
        .help = "width of the bend; not set: 6 dB (clean, punch), 4 dB (glue, fet, dual), 14 dB (opto), 24 dB (tube)" },
    [ATTACK] = { "attack", TD_UNIT_MS, 0.02, 1000, NAN, .step = 0.01, .flags = TD_AUTO,
        .help = "63 % of the way down; auto: by the crest of the programme; "
                "not set: 10 ms (clean, glue, opto, dual), 1 ms (punch), 0.2 ms (fet), 25 ms (tube)" },
    [RELEASE] = { "release", TD_UNIT_MS, 5, 30000, NAN, .flags = TD_AUTO,
        .help = "63 % of the way back; auto: soon after peaks, late after long loud passages; "
                "not set: 100 ms (clean, fet), 500 ms (punch), auto (glue, opto, tube, dual)" },
    [LOW_CUT] = { "detector_low_cut", TD_UNIT_HZ, 20, 1000, NAN,
        .help = "keeps lows from moving the gain; not set: off" },
    [THRUST] = { "thrust", TD_UNIT_CHOICE, 0, 2, 0, .choices = thrust_names,
        .help = "tilts what the detector hears; loud: 10 dB a decade, so that every octave counts alike" },
    [TYPE] = { "type", TD_UNIT_CHOICE, 0, 1, NAN, .choices = type_names,
        .help = "feedback listens behind the gain: the deeper, the faster; not set: feedback for fet and tube" },
    [LINK] = { "link", TD_UNIT_PERCENT, 0, 100, 100,
        .help = "100: both sides move together and the image stays" },
    [LOOKAHEAD] = { "lookahead", TD_UNIT_MS, 0, 20, 0,
        .help = "the gain moves so much before the sound that moves it" },
    [MAKEUP] = { "makeup", TD_UNIT_DB, -24, 24, 0,
        .help = "gain behind it; loudness is matched without" },
    [TRANSFORMER] = { "transformer", TD_UNIT_CHOICE, 0, 3, 0, .choices = transformer_names,
        .help = "colour of the output transformer, in the bass: hardly, some, plenty" },
};
/* clang-format on */

/* ---- models: data ----------------------------------------------------------------------------------------------- */

typedef struct two_stores {
    double fast_ms, slow_ms, charge_ms, part;
} two_stores;

typedef struct model {
    td_detection detection;
    double ratio, knee_db;
    double attack_ms, release_ms; /* INFINITY: auto */
    bool cell, vca;               /* which stages: a light cell, a gain computer behind it */
    bool feedback;
    bool from_onset;    /* the threshold is where the knee begins, not its middle */
    bool always_stores; /* a release in ms is the fast store's, and the slow one goes with it */
    two_stores stores;  /* what auto release is made of; none: the crest factor decides */
} model;

/* clang-format off */
static const model models[] = {
    { TD_DETECT_ENVELOPE, 2,  6, 10,      100, .vca = true },
    { TD_DETECT_ENVELOPE, 2,  4, 10, INFINITY, .vca = true, .stores = { 80, 3000, 600, 0.6 } },
    { TD_DETECT_RMS,      4,  6,  1,      500, .vca = true, .stores = { 80, 2000, 600, 0.6 } },
    { TD_DETECT_ENVELOPE, 3, 14, 10, INFINITY, .cell = true },
    /* 1176LN: 20 to 800 us down, 50 ms to 1.1 s back as its knob says, twice as late after long reduction */
    { TD_DETECT_ENVELOPE, 4,  4, 0.2,     100, .vca = true, .stores = { 100, 500, 500, 0.5 },
      .feedback = true, .always_stores = true },
    /* the ratio grows with the level; back as in position 6 of a Fairchild 670: 0.3 s after peaks, 10 s after many */
    { TD_DETECT_ENVELOPE, 4, 24, 25, INFINITY, .vca = true, .stores = { 300, 10000, 2000, 0.7 },
      .feedback = true, .from_onset = true },
    { TD_DETECT_ENVELOPE, 2,  4, 10, INFINITY, .cell = true, .vca = true, .stores = { 80, 2000, 600, 0.6 } },
};
/* clang-format on */

/* The light cell by what is known of the LA-2A: about 10 ms down, half back in 40 to 80 ms, the rest in 0.5 to 5 s, the
 * later the longer and harder it was lit. In front of a VCA stage it has the curve of its own given here. */
static const two_stores cell_stores = { 43, 500 / 2.302585, 350, 0.42 }; /* a tenth is left of it after 0.5 s */
static const double cell_memory_ms = 8000, cell_full_db = 6, cell_slowest = 10, cell_ratio = 2, cell_knee_db = 10;
static const double rms_ms = 5;

/* ---- tilt of the detector --------------------------------------------------------------------------------------- */

/* First-order sections in a row, each a zero and a pole in Hz. Loud: a half-order differentiator, zeros and poles of
 * which take turns evenly on a logarithmic axis from 8 Hz to 60 kHz: 10 dB a decade within 0.3 dB from 20 Hz to 20 kHz.
 * Medium: -3 dB below 120 Hz, +3 dB above 4 kHz. */
#define TILT_MAX 4
static const struct tilt {
    size_t n;
    double zero_hz[TILT_MAX], pole_hz[TILT_MAX];
} tilts[] = {
    { 0, { 0 }, { 0 } },
    { 2, { 100.97, 3365.6 }, { 142.62, 4753.9 } },
    { 4, { 13.973, 130.03, 1210.1, 11261 }, { 42.626, 396.68, 3691.5, 34354 } },
};

static double tilt_power(double zero_hz, double pole_hz, double freq_hz)
{
    double f2 = freq_hz * freq_hz;
    return (f2 + zero_hz * zero_hz) / (f2 + pole_hz * pole_hz);
}

/* Matches the analog power at 0 Hz and two points below half the rate: with s = sin^2(w/2) and c = 1 - s it is
 * (B0 c + B1 s) / (c + A1 s), linear in B1 and A1. The whole is 0 dB at 1 kHz. */
static void tilt_design(const struct tilt *t, double rate_hz, td_section *section)
{
    for (size_t i = 0; i < t->n; i++) {
        double z = t->zero_hz[i], p = t->pole_hz[i], b0 = tilt_power(z, p, 0);
        double h1 = tilt_power(z, p, 0.225 * rate_hz), h2 = tilt_power(z, p, 0.425 * rate_hz);
        double cot1 = 1 / td_tan(0.225 * TD_PI), cot2 = 1 / td_tan(0.425 * TD_PI);
        double rest1 = (h1 - b0) * cot1 * cot1, rest2 = (h2 - b0) * cot2 * cot2;
        double a1 = (rest1 - rest2) / (h2 - h1), b1 = rest1 + h1 * a1;
        double gain = 1 / (sqrt(tilt_power(z, p, 1000)) * (1 + sqrt(a1)));
        td_biquad b = { .b0 = gain * (sqrt(b0) + sqrt(b1)),
                        .b1 = gain * (sqrt(b0) - sqrt(b1)),
                        .a1 = (1 - sqrt(a1)) / (1 + sqrt(a1)) };
        section[i] = td_section_of(&b);
    }
}

static void tilt_run(td_section *section, size_t n, const float *const *in, float *const *out, size_t frames)
{
    for (size_t i = 0; i < frames; i++) {
        td_v2 x = { (double)in[0][i], (double)in[1][i] };
        x = td_section_pass_all(section, n, x);
        td_v2_store(out, i, x);
    }
}

/* ---- gain computer ---------------------------------------------------------------------------------------------- */

typedef struct cell {
    td_knee curve;
    td_stores stores;
    double memory, memory_share; /* how lit it was in the last seconds, 0 to 1 */
    double forget_frames;        /* time constant of the slow store without memory */
    unsigned frame;              /* of REMEMBER */
} cell;

typedef struct crest {
    double share, peak, mean;             /* squares */
    double attack_frames, release_frames; /* of a steady sine */
    bool attack, release;                 /* which of them are automatic */
} crest;

typedef struct vca {
    td_knee curve;
    td_ballistics ballistics; /* or, with use_stores, its attack and the stores */
    td_stores stores;
    crest crest;
    bool use_stores, feedback;
} vca;

/* One detector's way from level to reduction. */
typedef struct computer {
    cell cell;
    vca vca;
    bool has_cell, has_vca;
} computer;

/* Frames are gone through in short rows: what waits for the frame before by itself, and all else abreast. */
enum { ROW = 128 };

TD_WIDE static void reductions_of(const td_knee *curve, const double *level_db, size_t n, double *wanted)
{
    const td_knee c = *curve;
    for (size_t i = 0; i < n; i++) wanted[i] = td_knee_reduction(&c, level_db[i]);
}

/* What takes seconds need not be looked at every frame: a frame would wait for two divisions of the one before. */
enum { REMEMBER = 8 };

static inline void remember(cell *c)
{
    double lit = c->stores.s / cell_full_db;
    c->memory += c->memory_share * ((lit < 1 ? lit : 1) - c->memory);
    c->stores.fall_slow = 1 - 1 / (0.5 + c->forget_frames * (1 + (cell_slowest - 1) * c->memory));
}

static void cell_run(cell *c, const double *level_db, size_t n, double *by_cell)
{
    cell own = *c; /* out of reach of what is written meanwhile, so that it may stay in registers */
    reductions_of(&c->curve, level_db, n, by_cell);
    for (size_t i = 0; i < n; i++) {
        if (own.frame++ % REMEMBER == 0) remember(&own);
        by_cell[i] = td_stores_step(&own.stores, by_cell[i]);
    }
    *c = own;
}

/* By frame: how fast the reduction rises and falls, and how steep the curve is there. */
typedef struct pace {
    double attack[ROW], release[ROW], bend[ROW];
} pace;

TD_WIDE static void powers_of(const double *level_db, size_t n, double *power)
{
    for (size_t i = 0; i < n; i++) {
        double level = td_db_gain(level_db[i]);
        power[i] = level * level;
    }
}

TD_WIDE static void crest_times(const crest *c, const double *peak, const double *mean, size_t n, pace *p)
{
    double least_attack = c->attack_frames / 80, least_release = c->release_frames / 50;
    for (size_t i = 0; i < n; i++) {
        double flat = peak[i] > 0 ? mean[i] / peak[i] : 1;
        double attack = flat * c->attack_frames, release = flat * c->release_frames - attack;
        if (c->attack) p->attack[i] = 1 / (0.5 + (attack > least_attack ? attack : least_attack));
        if (c->release) p->release[i] = 1 / (0.5 + (release > least_release ? release : least_release));
    }
}

/* The crest factor of the last 200 ms decides the times (Giannoulis, Massberg, Reiss, JAES 61(10), 2013): 80 ms down
 * and 1 s back for a sine, shorter for what has peaks; not below 1 ms and 20 ms, where the gain's own motion is heard.
 */
static void crest_run(crest *c, const double *level_db, size_t n, pace *p)
{
    double peaks[ROW], means[ROW], peak = c->peak, mean = c->mean, share = c->share;
    powers_of(level_db, n, peaks);
    for (size_t i = 0; i < n; i++) {
        double power = peaks[i], fallen = peak - share * peak;
        peaks[i] = peak = power > fallen ? power : fallen;
        means[i] = mean += share * (power - mean);
    }
    c->peak = peak;
    c->mean = mean;
    crest_times(c, peaks, means, n, p);
}

TD_WIDE static void bends_of(const td_knee *curve, const double *level_db, size_t n, double *bend)
{
    const td_knee c = *curve;
    for (size_t i = 0; i < n; i++) bend[i] = td_knee_bend(&c, level_db[i]);
}

/* A loop around a curve of this bend closes 1 / (1 - bend) times as fast as its parts: the share of the way it goes in
 * a frame, solved without the loop's delay. */
static inline double looped(double share, double bend)
{
    return share / (share + (1 - share) * (1 - bend));
}

TD_WIDE static void loop(double *share, const double *bend, size_t n)
{
    for (size_t i = 0; i < n; i++) share[i] = looped(share[i], bend[i]);
}

static void fill(double *row, double x, size_t n)
{
    for (size_t i = 0; i < n; i++) row[i] = x;
}

static void stores_run(td_stores *t, const double *attack, size_t n, double *s)
{
    td_stores own = *t;
    for (size_t i = 0; i < n; i++) {
        own.attack = attack[i];
        s[i] = td_stores_step(&own, s[i]);
    }
    *t = own;
}

/* With nothing above the threshold behind the gain, a feedback loop is open and falls at its plain rate. */
static void branch_run(td_ballistics *b, pace *p, size_t n, double *s)
{
    double open[ROW], now = b->s;
    memcpy(open, p->release, n * sizeof *open);
    loop(p->release, p->bend, n);
    for (size_t i = 0; i < n; i++) {
        double wanted = s[i], closed = p->release[i] * (now - wanted),
               fall = open[i] * (p->bend[i] > 0 ? now : now - wanted);
        if (wanted > now)
            now += p->attack[i] * (wanted - now);
        else
            now -= p->bend[i] > 0 && closed < fall ? closed : fall;
        s[i] = now;
    }
    b->s = now;
}

static void vca_run(vca *v, const double *level_db, size_t n, double *by_vca)
{
    pace p;
    fill(p.attack, v->ballistics.attack, n);
    fill(p.release, v->ballistics.release, n);
    if (v->crest.attack || v->crest.release) crest_run(&v->crest, level_db, n, &p);
    if (v->feedback)
        bends_of(&v->curve, level_db, n, p.bend);
    else
        fill(p.bend, 0, n);
    loop(p.attack, p.bend, n);
    reductions_of(&v->curve, level_db, n, by_vca);
    if (v->use_stores)
        stores_run(&v->stores, p.attack, n, by_vca);
    else
        branch_run(&v->ballistics, &p, n, by_vca);
}

/* Nothing but a curve and fixed times. */
static bool is_plain(const computer *c)
{
    const vca *v = &c->vca;
    return !c->has_cell && c->has_vca && !v->use_stores && !v->feedback && !v->crest.attack && !v->crest.release;
}

static void react_row(computer *c, size_t n, float *db)
{
    double level_db[ROW], by_cell[ROW] = { 0 }, by_vca[ROW] = { 0 };
    for (size_t i = 0; i < n; i++) level_db[i] = (double)db[i];
    if (c->has_cell) cell_run(&c->cell, level_db, n, by_cell);
    for (size_t i = 0; i < n; i++) level_db[i] -= by_cell[i];
    if (c->has_vca) vca_run(&c->vca, level_db, n, by_vca);
    for (size_t i = 0; i < n; i++) db[i] = (float)(by_cell[i] + by_vca[i]);
}

static void computer_run(computer *c, const float *level, size_t frames, float *gr_db)
{
    if (is_plain(c)) {
        td_ballistics b = c->vca.ballistics;
        td_knee_run(&c->vca.curve, level, frames, gr_db);
        for (size_t i = 0; i < frames; i++) gr_db[i] = (float)td_ballistics_branch(&b, (double)gr_db[i]);
        c->vca.ballistics = b;
        return;
    }
    td_level_run(level, frames, gr_db);
    for (size_t at = 0, n; at < frames; at += n) {
        n = frames - at < ROW ? frames - at : ROW;
        react_row(c, n, gr_db + at);
    }
}

/* ---- output transformer ----------------------------------------------------------------------------------------- */

/* A core is magnetised by the integral of the voltage, so it bends lows and leaves highs alone: the flux stands for
 * that integral, level below `core_hz` and falling above. What it loses, c^3 / (1 + c^2), is odd and softly bounded;
 * with so little left of it high up, nothing folds back. The share makes a 50 Hz sine of 0 VU (-18 dBFS) 0.05, 0.2 and
 * 0.8 % third harmonic. */
static const double core_hz = 60, core_level = 0.25;
static const double core_share[] = { 0, 0.02, 0.08, 0.32 };

typedef struct transformer {
    double pole, share;
    td_v2 flux;
} transformer;

static void transformer_run(transformer *t, float *const *ch, size_t frames)
{
    td_v2 flux = t->flux, pole = td_v2_set(t->pole), scale = td_v2_set(1 / core_level);
    td_v2 loss = td_v2_set(t->share * core_level), one = td_v2_set(1);
    for (size_t i = 0; i < frames; i++) {
        td_v2 x = td_v2_load(ch, i);
        flux += pole * (x - flux);
        td_v2 c = flux * scale, c2 = c * c;
        td_v2_store(ch, i, x - loss * c * c2 / (one + c2));
    }
    t->flux = flux;
}

/* ---- settings --------------------------------------------------------------------------------------------------- */

static double either(double value, double fallback)
{
    return isnan(value) ? fallback : value;
}

static void stores_design(td_stores *t, const two_stores *s, double attack_ms, double fast_ms, double rate_hz)
{
    td_stores_set(t, attack_ms, fast_ms, s->slow_ms, s->charge_ms, s->part, rate_hz);
}

static void cell_design(cell *c, double attack_ms, double release_ms, double rate_hz)
{
    stores_design(&c->stores, &cell_stores, attack_ms, isinf(release_ms) ? cell_stores.fast_ms : release_ms, rate_hz);
    c->memory_share = td_share(cell_memory_ms, rate_hz / REMEMBER);
    c->forget_frames = cell_stores.slow_ms * 0.001 * rate_hz;
}

static void vca_design(vca *v, const model *m, double attack_ms, double release_ms, double rate_hz)
{
    bool auto_release = isinf(release_ms), by_crest = m->stores.part == 0;
    v->use_stores = (auto_release && !by_crest) || m->always_stores;
    v->crest = (crest){ .share = td_share(200, rate_hz),
                        .attack_frames = 0.08 * rate_hz,
                        .release_frames = rate_hz,
                        .attack = isinf(attack_ms),
                        .release = auto_release && !v->use_stores };
    td_ballistics_set(&v->ballistics, v->crest.attack ? 80 : attack_ms, v->crest.release ? 1000 : release_ms, rate_hz);
    if (!v->use_stores) return;
    two_stores stores = m->stores;
    if (!auto_release) stores.slow_ms *= release_ms / stores.fast_ms;
    stores_design(&v->stores, &stores, attack_ms, auto_release ? stores.fast_ms : release_ms, rate_hz);
}

static void computer_design(computer *c, const model *m, const double *value, double rate_hz)
{
    double ratio = either(value[RATIO], m->ratio), knee_db = either(value[KNEE], m->knee_db);
    double attack_ms = either(value[ATTACK], m->attack_ms), release_ms = either(value[RELEASE], m->release_ms);
    double threshold_db = value[THRESHOLD] + (m->from_onset ? knee_db / 2 : 0);
    *c = (computer){ .has_cell = m->cell, .has_vca = m->vca };
    td_knee curve;
    td_knee_set(&curve, threshold_db, ratio, knee_db);
    if (m->vca) {
        c->vca.curve = curve;
        c->vca.feedback = either(value[TYPE], m->feedback) > 0;
        vca_design(&c->vca, m, attack_ms, release_ms, rate_hz);
        td_knee_set(&curve, threshold_db, cell_ratio, cell_knee_db);
        attack_ms = release_ms = INFINITY;
    }
    c->cell.curve = curve;
    cell_design(&c->cell, isinf(attack_ms) ? 10 : attack_ms, release_ms, rate_hz);
}

/* ---- processor -------------------------------------------------------------------------------------------------- */

typedef struct compressor {
    computer fresh, side[2];
    td_detector detector;
    td_section tilt[TILT_MAX];
    size_t n_tilt, sides; /* sides: 1 when linked as a whole */
    double link, makeup, attack_ms;
    transformer transformer;
    td_delayline delay;
    float power[2][TD_BLOCK], level[2][TD_BLOCK];
} compressor;

static void compressor_reset(void *st)
{
    compressor *c = st;
    c->side[0] = c->side[1] = c->fresh;
    td_section_clear(c->tilt, c->n_tilt);
    td_detector_reset(&c->detector);
    td_delayline_reset(&c->delay);
    c->transformer.flux = td_v2_set(0);
}

static td_status compressor_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    compressor *c = st;
    const double *value = set->value;
    const model *m = &models[(size_t)value[MODEL]];
    const struct tilt *t = &tilts[(size_t)value[THRUST]];
    computer_design(&c->fresh, m, value, td_pick_rate(fmt));
    td_detector_set(&c->detector, m->detection, either(value[LOW_CUT], 0), rms_ms, fmt->rate_hz);
    tilt_design(t, fmt->rate_hz, c->tilt);
    c->n_tilt = t->n;
    c->attack_ms = either(value[ATTACK], m->attack_ms);
    c->link = value[LINK] / 100;
    c->sides = c->link < 1 ? 2 : 1;
    c->makeup = td_from_db(value[MAKEUP]);
    c->transformer.share = core_share[(size_t)value[TRANSFORMER]];
    c->transformer.pole = td_share(1000 / (2 * TD_PI * core_hz), fmt->rate_hz);
    if (td_delayline_init(&c->delay, (size_t)rint(value[LOOKAHEAD] * 0.001 * fmt->rate_hz)) != TD_OK)
        return td_no_memory(err);
    compressor_reset(c);
    return TD_OK;
}

static size_t compressor_detectors(const void *st)
{
    return ((const compressor *)st)->sides;
}

static void compressor_sense(void *st, const float *const *in, const float *const *key, size_t frames,
                             float *const *level)
{
    compressor *c = st;
    float *power[2] = { c->power[0], c->power[1] };
    const float *const *heard = key ? key : in;
    if (c->n_tilt) {
        tilt_run(c->tilt, c->n_tilt, heard, power, frames);
        heard = (const float *const *)power;
    }
    td_detector_run(&c->detector, heard, frames, power);
    td_link_run((const float *const *)power, c->link, frames, level[0], c->sides > 1 ? level[1] : NULL);
}

static void compressor_react(void *st, size_t detector, const float *level, size_t frames, float *gr_db)
{
    computer_run(&((compressor *)st)->side[detector], level, frames, gr_db);
}

static void compressor_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    compressor *c = st;
    float *reduction[2] = { gr ? gr[0] : c->level[0], gr && c->sides > 1 ? gr[1] : c->level[1] };
    compressor_sense(c, (const float *const *)ch, key, frames, reduction);
    for (size_t i = 0; i < c->sides; i++) compressor_react(c, i, reduction[i], frames, reduction[i]);
    td_delayline_process(&c->delay, (const float *const *)ch, ch, frames);
    td_gain_apply(ch, reduction[0], c->sides > 1 ? reduction[1] : NULL, c->makeup, frames);
    if (c->transformer.share > 0) transformer_run(&c->transformer, ch, frames);
}

static size_t compressor_latency(const void *st)
{
    return ((const compressor *)st)->delay.frames;
}

static void compressor_destroy(void *st)
{
    td_delayline_fini(&((compressor *)st)->delay);
}

static double compressor_attack_ms(const void *st)
{
    return ((const compressor *)st)->attack_ms;
}

static const td_dynamics dynamics = { compressor_detectors, compressor_sense, compressor_react, compressor_attack_ms };

const td_processor td_compressor = {
    .name = "compressor",
    .help = "evens out level: the louder, the less gain",
    .stands_for = "SSL G bus, API 2500, LA-2A, 1176, Manley Vari-Mu, Fairchild 670, Shadow Hills",
    .params = params,
    .n_params = PARAMS,
    .state_size = sizeof(compressor),
    .prepare = compressor_prepare,
    .process = compressor_process,
    .reset = compressor_reset,
    .latency = compressor_latency,
    .destroy = compressor_destroy,
    .dynamics = &dynamics,
    .hears_key = true,
};
