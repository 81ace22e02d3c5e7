/* What the finished mix passes on its way to masters and previews, against formulas: a Butterworth's cut, a gain. What
 * lies in front of it does not hear of it, and a goal in it is met. */
#include "tests/unit/engine/mix/decided.h"

#include <math.h>

#define SECONDS 2.2

#define HEAD     "topdown: recipe/1\nname: t\ntitle: T\n"
#define MIX      "mix: { chain: [ compressor: { gain_reduction: at most 2 dB }, eq: [ match ] ] }\n"
#define CUT_HZ   220
#define TURNED   0.5011872336272722 /* -6 dB */
#define STRAIGHT "master: { chain: [ eq: [ low_cut: 220 Hz ], gain: -6 dB, limiter: { ceiling: 0 dBFS } ] }\n"

static double beat(double t, unsigned c)
{
    (void)c;
    double in = fmod(t, 0.5);
    return 0.7 * sin(2 * M_PI * 60 * in) * exp(-in * 20);
}

static double chord(double t, unsigned c)
{
    return 0.1 * (sin(2 * M_PI * 220 * t) + sin(2 * M_PI * 440 * t + c) + sin(2 * M_PI * 3000 * t));
}

static double voice(double t, unsigned c)
{
    (void)c;
    return fmod(t, 1) < 0.6 ? 0.3 * sin(2 * M_PI * 440 * t + 3 * sin(2 * M_PI * 5 * t)) : 0;
}

typedef struct played {
    scene *s;
    td_plan *plan;
    td_rendered *r;
} played;

/* The chord alone, or with drums and a voice; a version hears all but that. */
static played play(const char *recipe, bool band, unsigned threads)
{
    played p = { .s = scene_new() };
    bool hears[TD_BUSES_MAX];
    scene_add(p.s, "Piano.wav", 48000, 2, SECONDS, chord);
    if (band) scene_add(p.s, "Kick.wav", 48000, 1, SECONDS, beat);
    if (band) scene_add(p.s, "Lead Vox.wav", 48000, 1, SECONDS, voice);
    assert_int_equal(td_pool_new(threads, &p.s->pool), TD_OK);
    scene_ready(p.s);
    p.plan = plan_on(p.s, recipe, p.s->pool);
    for (size_t b = 0; b < p.s->session->n_buses; b++) hears[b] = strcmp(p.plan->bus[b].name, "vocals");
    td_render_wish w = wish_for(p.s, p.plan);
    w.version = (const bool *const[]){ hears };
    w.n_versions = 1;
    w.parts = true;
    p.r = rendered(w);
    return p;
}

static void clear(played *p)
{
    td_rendered_free(p->r);
    leave(&(decided){ p->s, p->plan });
}

/* The peak of one sound less `gain` of another. */
static double apart(const td_scratch *a, const td_scratch *b, double gain)
{
    enum { N = 4096 };
    float x[2][N], y[2][N];
    double peak = 0;
    assert_int_equal(td_scratch_length(a), td_scratch_length(b));
    for (uint64_t at = 0; at < td_scratch_length(a); at += N) {
        assert_int_equal(td_scratch_read(a, (int64_t)at, (float *[]){ x[0], x[1] }, N, NULL), TD_OK);
        assert_int_equal(td_scratch_read(b, (int64_t)at, (float *[]){ y[0], y[1] }, N, NULL), TD_OK);
        for (size_t i = 0; i < 2 * N; i++)
            peak = fmax(peak, fabs((double)x[i / N][i % N] - gain * (double)y[i / N][i % N]));
    }
    return peak;
}

/* A tone over one second, from 0.5 s on, dB and cycles: Goertzel's sum. */
static double level_of(const td_scratch *s, double hz, double *phase)
{
    enum { N = 48000 };
    float *left = malloc(2 * N * sizeof *left), *ch[2] = { left, left + N };
    double re = 0, im = 0;
    assert_int_equal(td_scratch_read(s, 24000, ch, N, NULL), TD_OK);
    for (size_t i = 0; i < N; i++) {
        re += (double)left[i] * cos(2 * M_PI * hz * (double)i / N);
        im -= (double)left[i] * sin(2 * M_PI * hz * (double)i / N);
    }
    free(left);
    *phase = atan2(im, re) / (2 * M_PI);
    return 10 * log10(re * re + im * im);
}

static void a_master_is_made_of_what_its_chain_says(void **state)
{
    (void)state;
    static const double hz[] = { 220, 440, 3000 };
    played p = play(HEAD STRAIGHT, false, 1);
    const td_scratch *master = td_rendered_to(p.r, TD_TO_MASTER);
    assert_ptr_not_equal(master, p.r->premaster);
    for (size_t i = 0; i < 3; i++) {
        double before, after, ratio = CUT_HZ / hz[i];
        double change = level_of(master, hz[i], &after) - level_of(p.r->premaster, hz[i], &before);
        assert_float_equal(change, -6 - 10 * log10(1 + pow(ratio, 4)), 0.02);
        /* s^2 / (s^2 + sqrt(2) s + 1) leads; nothing is late */
        double leads = atan2(sqrt(2) * ratio, 1 - ratio * ratio) / (2 * M_PI);
        assert_float_equal(remainder(after - before - leads, 1), 0, 0.005);
    }
    clear(&p);
}

static void a_preview_passes_it_unless_it_has_its_own(void **state)
{
    (void)state;
    played both = play(HEAD STRAIGHT, false, 1), bare = play(HEAD STRAIGHT "preview: { chain: [] }\n", false, 1);
    played own = play(HEAD STRAIGHT "preview: { chain: [ gain: -6 dB ] }\n", false, 1), none = play(HEAD, false, 1);
    assert_ptr_equal(td_rendered_to(both.r, TD_TO_PREVIEW), td_rendered_to(both.r, TD_TO_MASTER));
    assert_ptr_equal(td_rendered_to(bare.r, TD_TO_PREVIEW), bare.r->premaster);
    assert_ptr_not_equal(td_rendered_to(bare.r, TD_TO_MASTER), bare.r->premaster);
    assert_true(apart(td_rendered_to(own.r, TD_TO_PREVIEW), own.r->premaster, TURNED) < 1e-7);
    assert_true(apart(td_rendered_to(own.r, TD_TO_MASTER), td_rendered_to(both.r, TD_TO_MASTER), 1) == 0);
    assert_ptr_equal(td_rendered_to(none.r, TD_TO_MASTER), none.r->premaster);
    assert_ptr_equal(td_rendered_to(none.r, TD_TO_PREVIEW), none.r->premaster);
    clear(&both);
    clear(&bare);
    clear(&own);
    clear(&none);
}

static const td_step_reached *reached(const td_rendered *r, const char *place, const char *step)
{
    for (size_t i = 0; i < r->n_steps; i++)
        if (!strcmp(r->step[i].place, place) && !strcmp(r->step[i].step, step)) return &r->step[i];
    fail_msg("no %s %s", place, step);
    return NULL;
}

/* The mix bus has a step of that name, too. */
static void its_goals_are_met_and_nothing_in_front_of_it_moves(void **state)
{
    (void)state;
    static const char goals[] = HEAD MIX
        "master: { chain: [ eq: [ high_shelf: { at: 2 kHz, gain: +6 dB } ], "
        "compressor: { attack: 20 ms, gain_reduction: at most 3 dB }, clipper: { gain_reduction: at most 1 dB } "
        "] }\n"
        "preview: { chain: [ { compressor: { gain_reduction: about 2 dB }, key: drums.kick } ] }\n";
    played with = play(goals, true, 2), alone = play(goals, true, 1), without = play(HEAD MIX, true, 1);
    assert_float_equal(reached(with.r, "mix", "compressor")->max_db, 2, 0.1);
    assert_float_equal(reached(with.r, "master", "compressor")->max_db, 3, 0.1);
    assert_float_equal(reached(with.r, "master", "clipper")->max_db, 1, 0.1);
    assert_float_equal(reached(with.r, "preview", "compressor")->p95_db, 2, 0.1);
    assert_true(apart(with.r->premaster, without.r->premaster, 1) == 0);
    for (size_t b = 0; b < 3; b++) assert_true(apart(with.r->part[b], without.r->part[b], 1) == 0);
    assert_true(apart(with.r->residual, without.r->residual, 1) == 0);
    for (td_way k = 0; k < TD_WAYS; k++)
        assert_true(apart(td_rendered_to(with.r, k), td_rendered_to(alone.r, k), 1) == 0);
    assert_true(apart(with.r->version[0], alone.r->version[0], 1) == 0);
    clear(&with);
    clear(&alone);
    clear(&without);
}

static void versions_pass_the_master_s(void **state)
{
    (void)state;
    played with = play(HEAD MIX "master: { chain: [ gain: -6 dB ] }\npreview: { chain: [ gain: -12 dB ] }\n", true, 1);
    played without = play(HEAD MIX, true, 1);
    assert_true(apart(with.r->version[0], without.r->version[0], TURNED) < 1e-7);
    clear(&with);
    clear(&without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_master_is_made_of_what_its_chain_says),
        cmocka_unit_test(a_preview_passes_it_unless_it_has_its_own),
        cmocka_unit_test(its_goals_are_met_and_nothing_in_front_of_it_moves),
        cmocka_unit_test(versions_pass_the_master_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
