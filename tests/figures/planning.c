/* What the planner finds for processors, and what of it the render keeps: staging, goals, offsets between microphones;
 * threads and latency. */
#include "engine/mix/decide/decide.h"
#include "engine/mix/render.h"
#include "recipes/recipes.h"
#include "tests/figures/figures.h"

#include <unistd.h>

void figures_planning(void);

enum { RATE = 48000 };

static void must(td_status st, const td_error *err)
{
    if (!st) return;
    fprintf(stderr, "planning: %s: %s\n", err->where, err->what);
    abort();
}

/* ---- sessions of sounds ----------------------------------------------------------------------------------------- */

typedef struct scene {
    char folder[32];
    char path[256][64];
    td_stem_wish wish[256];
    size_t n;
    td_session *session;
    td_pool *pool;
    td_survey *survey;
} scene;

static void scene_begin(scene *s)
{
    *s = (scene){ .folder = "/tmp/topdown-figures-XXXXXX" };
    if (!mkdtemp(s->folder)) abort();
}

/* Takes x over. */
static void scene_add(scene *s, const char *role, sound x)
{
    td_file_spec spec = { .codec = TD_CODEC_WAV, .bits = 32, .rate_hz = RATE, .channels = 2 };
    td_writer *w;
    td_error err = { 0 };
    char *path = s->path[s->n] + strlen(strcpy(s->path[s->n], s->folder));
    sprintf(path, "/%03zu.wav", s->n);
    must(td_writer_open(s->path[s->n], &spec, NULL, &w, &err), &err);
    must(td_writer_write(w, (const float *const *)x.ch, x.frames, &err), &err);
    must(td_writer_commit(w, true, &err), &err);
    s->wish[s->n] = (td_stem_wish){ .file = s->path[s->n], .role = role, .pan = NAN };
    s->n++;
    sound_free(x);
}

static void scene_hear(scene *s)
{
    td_error err = { 0 };
    td_session_wish wish = { .stem = s->wish, .n_stems = s->n };
    must(td_session_open(&wish, &s->session, &err), &err);
    must(td_pool_new(2, &s->pool), &err);
    must(td_survey_make(s->session, s->pool, s->folder, NULL, NULL, &s->survey, &err), &err);
}

static td_plan *scene_plan(scene *s, const char *recipe)
{
    td_messages *m = td_messages_new();
    td_recipe *r;
    td_plan *p;
    td_error err = { 0 };
    if (td_recipe_parse(NULL, NULL, recipe, strlen(recipe), NULL, 0, &r, m)) {
        td_text said = { 0 };
        td_messages_text(m, &said);
        fprintf(stderr, "%s", td_text_or_empty(&said));
        abort();
    }
    td_plan_wish wish = {
        .session = s->session, .survey = s->survey, .recipe = r, .pool = s->pool, .scratch_folder = s->folder
    };
    must(td_plan_make(&wish, &p, &err), &err);
    td_recipe_free(r);
    td_messages_free(m);
    return p;
}

static td_rendered *scene_render(scene *s, const td_plan *p, unsigned threads)
{
    td_pool *pool;
    td_rendered *r;
    td_error err = { 0 };
    must(td_pool_new(threads, &pool), &err);
    td_render_wish wish = {
        .session = s->session, .survey = s->survey, .plan = p, .pool = pool, .scratch_folder = s->folder
    };
    must(td_render(&wish, &r, &err), &err);
    td_pool_free(pool);
    return r;
}

static sound premaster_of(const td_rendered *r)
{
    sound s = sound_new(td_scratch_length(r->premaster));
    td_error err = { 0 };
    must(td_scratch_read(r->premaster, 0, s.ch, s.frames, &err), &err);
    return s;
}

static void scene_end(scene *s)
{
    td_survey_free(s->survey);
    td_pool_free(s->pool);
    td_session_free(s->session);
    for (size_t i = 0; i < s->n; i++) unlink(s->path[i]);
    rmdir(s->folder);
}

static double between(td_random *r, double low, double high)
{
    return low + (high - low) * (td_random_uniform(r) + 0.5);
}

/* ---- offsets between microphones -------------------------------------------------------------------------------- */

enum { HITS = 10, TONES = 160, LENGTH = RATE / 4 };

typedef struct drum {
    double amplitude[TONES], hz[TONES], phase[TONES], fall; /* fall: 1/s */
} drum;

/* Broad: tones from 60 Hz to 11 kHz. */
static drum broad_drum(uint64_t seed)
{
    drum d = { .fall = 30 };
    td_random r;
    td_random_seed(&r, seed);
    for (int k = 0; k < TONES; k++) {
        d.amplitude[k] = 0.03;
        d.hz[k] = 60 * pow(180, (k + between(&r, 0, 1)) / TONES);
        d.phase[k] = between(&r, 0, 2 * M_PI);
    }
    return d;
}

/* 50 to 130 Hz alone. */
static drum kick(void)
{
    drum d = { .fall = 9 };
    for (int k = 0; k < 5; k++) d.amplitude[k] = 0.15, d.hz[k] = 50 + 20 * k;
    return d;
}

/* Ten strokes, each at any moment between samples, `late` frames later, with noise 20 dB below them. */
static sound strokes(const drum *d, double late, double gain, uint64_t seed)
{
    td_random r;
    td_random_seed(&r, seed);
    double power = 0;
    for (int k = 0; k < TONES; k++) power += d->amplitude[k] * d->amplitude[k] / 2;
    sound s = sound_noise((HITS + 1) * RATE / 2, seed, 0.1 * sqrt(3 * power) * 0.3);
    for (int h = 0; h < HITS; h++) {
        double at = (h + 0.5) * RATE / 2 + 731.37 * (h % 3) + late;
        size_t first = (size_t)ceil(at);
        for (int k = 0; k < TONES && d->amplitude[k] > 0; k++) {
            double w = 2 * M_PI * d->hz[k] / RATE, soft = 1e-3 * RATE;
            double complex turn = cexp((I * w) - d->fall / RATE),
                           z = cexp((I * w - d->fall / RATE) * ((double)first - at));
            z *= gain * d->amplitude[k] * cexp(I * d->phase[k]);
            for (size_t i = 0; i < LENGTH; i++, z *= turn) {
                double t = ((double)(first + i) - at) / soft;
                float x = (float)(cimag(z) * (t < 1 ? t * t * (3 - 2 * t) : 1));
                s.ch[0][first + i] += x, s.ch[1][first + i] += x;
            }
        }
    }
    return s;
}

typedef struct offsets {
    double worst;                      /* frames, of those that were answered */
    size_t answered, asked, wrong_way; /* wrong_way: polarity */
} offsets;

static offsets found(const drum *reference, const drum *d, double from, double step, size_t n)
{
    offsets o = { 0 };
    scene s;
    scene_begin(&s);
    scene_add(&s, "drums.tom", strokes(reference, 0, 1, 1));
    for (size_t i = 0; i < n; i++)
        scene_add(&s, "drums.tom", strokes(d, from + step * (double)i, i % 2 ? -1 : 0.8, 2 + i));
    scene_hear(&s);
    td_plan *p = scene_plan(&s, "topdown: recipe/1\nname: figures\nbalance: even\n");
    td_decider decider = { .session = s.session, .survey = s.survey, .plan = p };
    size_t at[256] = { 0 };
    for (size_t i = 0; i < s.session->n_stems; i++) {
        size_t number = (size_t)atoi(s.session->stem[i].name);
        at[number] = i;
    }
    for (size_t i = 0; i < n; i++) {
        td_offset got;
        td_error err = { 0 };
        double want = from + step * (double)i;
        must(td_measure_offset(&decider, at[0], at[i + 1], &got, &err), &err);
        o.asked++;
        o.wrong_way += got.flip != (i % 2);
        if (isnan(got.later_ms)) continue;
        o.answered++;
        o.worst = fmax(o.worst, fabs(got.later_ms * RATE / 1000 - want));
    }
    td_plan_free(p);
    scene_end(&s);
    return o;
}

static void offset_figures(void)
{
    drum d = broad_drum(3), k = kick(), other = broad_drum(4);
    offsets broad = found(&d, &d, -480, 41.3, 24), low = found(&k, &k, -480, 91.3, 12);
    offsets unrelated = found(&d, &other, -480, 91.3, 12);
    figure("align", "offset found, broad, noise 20 dB below: error", AT_MOST, 0.05, broad.worst, "frames");
    figure("align", "offset found, 50 to 130 Hz: error", AT_MOST, 1, low.worst, "frames");
    figure("align", "polarity of them wrong", AT_MOST, 0, (double)(broad.wrong_way + low.wrong_way), "times");
    figure("align", "an answer where one is due", AT_LEAST, 34, (double)(broad.answered + low.answered), "of 36");
    figure("align", "an answer for unrelated strokes", AT_MOST, 0, (double)unrelated.answered, "of 12");
}

/* ---- buses: staging and goals ------------------------------------------------------------------------------------ */

static const char *const buses[] = { "drums",  "woodwinds", "bass",  "guitars", "keys",
                                     "synths", "strings",   "brass", "vocals",  "fx" };
enum { BUSES = sizeof buses / sizeof *buses, SECONDS = 24 };

/* Notes of chance at levels of chance, on a floor of noise; now and then a phrase without any. */
static sound programme(uint64_t seed)
{
    td_random r;
    td_random_seed(&r, seed);
    sound s = sound_noise(SECONDS * RATE, seed, 0.002);
    double note_s = between(&r, 0.08, 0.6), spread_db = between(&r, 3, 24), peak = between(&r, 0.05, 0.9);
    double fall = between(&r, 1, 25), low_hz = between(&r, 50, 400), noisy = between(&r, 0, 0.5);
    size_t length = (size_t)(note_s * RATE);
    for (size_t at = 0; at + length <= s.frames; at += length) {
        if (between(&r, 0, 1) < 0.1) continue;
        double hz = low_hz * pow(2, floor(between(&r, 0, 24)) / 12), side = between(&r, -0.5, 0.5);
        double gain = peak * pow(10, -between(&r, 0, spread_db) / 20);
        for (size_t i = 0; i < length; i++) {
            double t = (double)i / RATE, x = sin(2 * M_PI * hz * t) + noisy * 2 * td_random_uniform(&r);
            x *= gain * exp(-fall * t) * fmin(1, t / 0.002) / (1 + noisy);
            s.ch[0][at + i] += (float)(x * (1 - side)), s.ch[1][at + i] += (float)(x * (1 + side));
        }
    }
    return s;
}

typedef struct kept {
    double staging_db, goal_db; /* the farthest off */
    size_t goals;
} kept;

/* Ten programmes, a bus and a compressor of chance each; two stems on every second bus. */
static kept bus_promises(uint64_t seed)
{
    static const char *const models[] = { "clean", "glue", "punch", "opto", "fet" };
    kept k = { 0 };
    td_random random;
    td_random_seed(&random, seed);
    td_text recipe = { 0 };
    double raw_peak[BUSES] = { 0 };
    scene s;
    scene_begin(&s);
    td_text_add(&recipe, "topdown: recipe/1\nname: figures\nbalance: delivered\ngroups:\n");
    for (size_t b = 0; b < BUSES; b++) {
        sound x = programme(seed + b), y = programme(seed + b + 500);
        for (size_t i = 0; i < 2 * x.frames; i++)
            raw_peak[b] = fmax(raw_peak[b], fabs((double)x.ch[0][i] + (b % 2 ? (double)y.ch[0][i] : 0)));
        scene_add(&s, buses[b], x);
        if (b % 2)
            scene_add(&s, buses[b], y);
        else
            sound_free(y);
        td_text_addf(&recipe,
                     "  %s: { chain: [ compressor: { model: %s, ratio: %.1f:1, attack: %.1f ms, release: %.0f ms, "
                     "gain_reduction: at most %.1f dB } ] }\n",
                     buses[b], models[b % 5], between(&random, 2, 8), between(&random, 0.5, 40),
                     between(&random, 40, 400), between(&random, 1, 8));
    }
    scene_hear(&s);
    td_plan *p = scene_plan(&s, recipe.data);
    td_rendered *r = scene_render(&s, p, 2);
    for (size_t b = 0; b < p->n_buses; b++)
        for (size_t i = 0; i < BUSES; i++)
            if (!strcmp(p->bus[b].name, buses[i]))
                k.staging_db = fmax(k.staging_db, fabs(20 * log10(raw_peak[i]) + p->bus[b].clip_gain_db + 12));
    for (size_t i = 0; i < r->n_steps; i++) {
        if (isnan(r->step[i].planned.asked_db)) continue;
        k.goals++;
        k.goal_db = fmax(k.goal_db, fabs(r->step[i].max_db - r->step[i].planned.asked_db));
    }
    td_rendered_free(r);
    td_plan_free(p);
    td_text_free(&recipe);
    scene_end(&s);
    return k;
}

static void bus_figures(void)
{
    kept a = bus_promises(1000), b = bus_promises(2000);
    figure("staging", "peaks of 20 buses, off -12 dBFS", AT_MOST, 0.01, fmax(a.staging_db, b.staging_db), "dB");
    figure("solver", "compressors with a goal, random programmes and settings", AT_LEAST, 20,
           (double)(a.goals + b.goals), "");
    figure("solver", "at most 1 to 8 dB: reached in the render, off what was asked", AT_MOST, 0.05,
           fmax(a.goal_db, b.goal_db), "dB");
}

/* ---- threads and latency ----------------------------------------------------------------------------------------- */

/* Steps that are late by a look-ahead, by an oversampler, by a linear phase, by a partition. */
static const char late_steps[] =
    "topdown: recipe/1\nname: figures\nbalance: delivered\n"
    "groups:\n"
    "  drums: { chain: [ gate: { threshold: -80 dBFS, lookahead: 7 ms }, limiter: { ceiling: 0 dBFS } ] }\n"
    "  keys: { chain: [ eq: { phase: linear, bands: [ bell: { at: 2 kHz, gain: 2 dB } ] } ] }\n"
    "  synths: { chain: [ saturation: { drive: 1 dB }, compressor: { threshold: 0 dBFS, lookahead: 10 ms } ] }\n"
    "  fx: { chain: [ clipper: { ceiling: 0 dBFS } ] }\n"
    "mix: { chain: [ multiband: { phase: linear, bands: [ { ratio: 1:1 }, { ratio: 1:1 } ], crossovers: [ 500 Hz ] } ] "
    "}\n";

static const char *const late_buses[] = { "drums", "keys", "synths", "fx" };
enum { LATE_BUSES = sizeof late_buses / sizeof *late_buses, CLICK = RATE / 2 };

/* Clicks on four buses half a second in: where they leave, frames off. */
static double latency_frames(void)
{
    double worst = 0;
    for (size_t b = 0; b < LATE_BUSES; b++) {
        scene s;
        scene_begin(&s);
        sound x = sound_new(3 * RATE);
        for (size_t i = CLICK; i < x.frames; i += CLICK) x.ch[0][i] = x.ch[1][i] = 0.25f;
        scene_add(&s, late_buses[b], x);
        scene_hear(&s);
        td_plan *p = scene_plan(&s, late_steps);
        td_rendered *r = scene_render(&s, p, 1);
        sound y = premaster_of(r);
        size_t at = 0;
        for (size_t i = 0; i < 3 * CLICK / 2; i++)
            if (fabsf(y.ch[0][i]) > fabsf(y.ch[0][at])) at = i;
        worst = fmax(worst, fabs((double)at - CLICK));
        sound_free(y);
        td_rendered_free(r);
        td_plan_free(p);
        scene_end(&s);
    }
    return worst;
}

/* Samples of the premaster that differ between one thread and `threads`. */
static double differing_samples(unsigned threads)
{
    scene s;
    scene_begin(&s);
    for (size_t b = 0; b < BUSES; b++) scene_add(&s, buses[b], programme(3000 + b));
    scene_hear(&s);
    td_plan *p = scene_plan(&s, late_steps);
    td_rendered *one = scene_render(&s, p, 1), *many = scene_render(&s, p, threads);
    sound a = premaster_of(one), b = premaster_of(many);
    double differ = a.frames == b.frames ? 0 : INFINITY;
    for (size_t i = 0; i < 2 * a.frames && isfinite(differ); i++) differ += a.ch[0][i] != b.ch[0][i];
    sound_free(a), sound_free(b);
    td_rendered_free(one), td_rendered_free(many);
    td_plan_free(p);
    scene_end(&s);
    return differ;
}

static void render_figures(void)
{
    figure("engine", "samples that differ, 1 thread against 2, 3 and 8", AT_MOST, 0,
           differing_samples(2) + differing_samples(3) + differing_samples(8), "");
    figure("engine", "latency of a render: place of a click behind late steps", AT_MOST, 0, latency_frames(), "frames");
}

void figures_planning(void)
{
    offset_figures();
    bus_figures();
    render_figures();
}
