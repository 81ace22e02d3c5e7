/* What the planner finds for processors: the offset between two microphones. */
#include "engine/mix/decide/decide.h"
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

void figures_planning(void)
{
    offset_figures();
}
