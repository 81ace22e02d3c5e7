/* A mix, its versions and its parts, from formulas: what has to add up, and what has to be silent. */
#include "tests/unit/engine/mix/decided.h"

#include <glob.h>
#include <math.h>
#include <unistd.h>

#define SECONDS 2.2

/* Steps whose gain moves but which bend nothing, on the mix bus and on two returns, one of which feeds the other. */
static const char linear[] =
    "topdown: recipe/1\n"
    "name: linear\n"
    "title: T\n"
    "mix:\n"
    "  chain:\n"
    "    - eq: [ low_cut: { at: 30 Hz }, high_shelf: { at: 8 kHz, gain: +2 dB } ]\n"
    "    - compressor: { threshold: -24 dBFS, ratio: 4:1, lookahead: 2 ms, link: 50 % }\n"
    "    - { compressor: { model: opto, threshold: -30 dBFS }, blend: 40 % }\n"
    "    - { compressor: { threshold: -40 dBFS }, key: drums.kick }\n"
    "    - dynamic_eq: { at: 2 kHz, threshold: -50 dBFS }\n"
    "    - multiband: { crossovers: [ 200 Hz, 2 kHz ], bands: [ band: { threshold: -40 dBFS }, "
    "band: { threshold: -40 dBFS }, band: { threshold: -50 dBFS } ] }\n"
    "    - stereo: { width: 120 % }\n"
    "    - limiter: { drive: 12 dB, ceiling: -8 dBFS }\n"
    "groups:\n"
    "  vocals: { sends: { hall: -10 dB, echo: -8 dB } }\n"
    "  keys: { sends: { echo: -2 dB } }\n"
    "returns:\n"
    "  hall: { chain: [ reverb: { model: room }, chorus: { amount: 30 % }, compressor: { threshold: -40 dBFS }, "
    "{ compressor: { threshold: -40 dBFS }, key: drums.kick } ] }\n"
    "  echo: { chain: [ delay: { time: 170 ms }, compressor: { threshold: -40 dBFS, lookahead: 3 ms } ], "
    "sends: { hall: -4 dB } }\n";

static const char bent[] = "topdown: recipe/1\n"
                           "name: bent\n"
                           "title: T\n"
                           "mix:\n"
                           "  chain:\n"
                           "    - tape: { drive: 4 dB }\n"
                           "    - clipper: { drive: 3 dB, ceiling: -8 dBFS }\n";

static double kick(double t, unsigned c)
{
    (void)c;
    double in = fmod(t, 0.5);
    return 0.7 * sin(2 * M_PI * 60 * in) * exp(-in * 20);
}

static double chord(double t, unsigned c)
{
    return 0.1 * (sin(2 * M_PI * 220 * t) + sin(2 * M_PI * 331 * t + c) + sin(2 * M_PI * 2217 * t));
}

static double voice(double t, unsigned c)
{
    (void)c;
    return fmod(t, 1) < 0.6 ? 0.3 * sin(2 * M_PI * 440 * t + 3 * sin(2 * M_PI * 5 * t)) : 0;
}

typedef struct stage {
    scene *s;
    td_plan *plan;
    td_rendered *r;
    bool hears[2][TD_BUSES_MAX];
} stage;

static stage play(const char *text, unsigned threads)
{
    stage g = { .s = scene_new() };
    scene_add(g.s, "Kick.wav", 48000, 1, SECONDS, kick);
    scene_add(g.s, "Piano.wav", 48000, 2, SECONDS, chord);
    scene_add(g.s, "Lead Vox.wav", 48000, 1, SECONDS, voice);
    assert_int_equal(td_pool_new(threads, &g.s->pool), TD_OK);
    scene_ready(g.s);
    g.plan = plan_on(g.s, text, g.s->pool);
    for (size_t b = 0; b < g.s->session->n_buses; b++) {
        g.hears[0][b] = b != scene_bus(g.s, "vocals");
        g.hears[1][b] = !g.hears[0][b];
    }
    td_render_wish w = wish_for(g.s, g.plan);
    w.version = (const bool *const[]){ g.hears[0], g.hears[1] };
    w.n_versions = 2;
    w.parts = true;
    g.r = rendered(w);
    return g;
}

static void clear(stage *g)
{
    td_rendered_free(g->r);
    leave(&(decided){ g->s, g->plan });
}

/* The peak of a sum of sounds, each with its sign. */
static double peak_of_sum(const td_scratch *const *s, const double *sign, size_t n)
{
    enum { N = 4096 };
    static float x[2][N];
    double peak = 0;
    for (uint64_t at = 0; at < td_scratch_length(s[0]); at += N) {
        double sum[2][N] = { 0 };
        for (size_t k = 0; k < n; k++) {
            assert_int_equal(td_scratch_read(s[k], (int64_t)at, (float *[]){ x[0], x[1] }, N, NULL), TD_OK);
            for (size_t c = 0; c < 2; c++)
                for (size_t i = 0; i < N; i++) sum[c][i] += sign[k] * (double)x[c][i];
        }
        for (size_t i = 0; i < 2 * N; i++) peak = fmax(peak, fabs(sum[i / N][i % N]));
    }
    return 20 * log10(peak);
}

static double parts_against_whole(const stage *g, bool with_residual)
{
    const td_scratch *s[] = { g->r->premaster, g->r->part[0], g->r->part[1], g->r->part[2], g->r->residual };
    assert_int_equal(g->s->session->n_buses, 3);
    return peak_of_sum(s, (double[]){ -1, 1, 1, 1, 1 }, with_residual ? 5 : 4);
}

static void parts_follow_every_gain_of_the_whole(void **state)
{
    (void)state;
    stage g = play(linear, 2);
    assert_true(g.r->premaster_peak_dbfs > -15);
    for (size_t i = 0; i < g.r->n_steps; i++) assert_true(g.r->step[i].max_db > 0.5); /* every detector has moved */
    assert_true(parts_against_whole(&g, false) < -120);
    assert_true(g.r->residual_peak_dbfs < -120);
    clear(&g);
}

static void what_is_bent_is_left_over(void **state)
{
    (void)state;
    stage g = play(bent, 1);
    assert_true(parts_against_whole(&g, false) > -40);
    assert_true(parts_against_whole(&g, true) < -140);
    assert_true(g.r->residual_peak_dbfs > -40 && g.r->residual_peak_dbfs < g.r->premaster_peak_dbfs - 2);
    clear(&g);
}

/* A version hears some buses through a mix bus of its own. */
static void versions_hear_their_buses_alone(void **state)
{
    (void)state;
    stage g = play(bent, 1);
    bool voice_alone[TD_BUSES_MAX] = { 0 };
    voice_alone[scene_bus(g.s, "vocals")] = true;
    td_render_wish w = wish_for(g.s, g.plan);
    w.heard = voice_alone;
    td_rendered *alone = rendered(w);
    const td_scratch *s[] = { g.r->version[1], alone->premaster };
    assert_true(peak_of_sum(s, (double[]){ 1, 1 }, 2) > -30);
    assert_true(peak_of_sum(s, (double[]){ 1, -1 }, 2) == -INFINITY);
    td_rendered_free(alone);
    clear(&g);
}

static void neither_parts_nor_threads_change_the_mix(void **state)
{
    (void)state;
    stage a = play(linear, 1), b = play(linear, 3);
    td_render_wish w = wish_for(b.s, b.plan);
    td_rendered *plain = rendered(w);
    assert_true(peak_of_sum((const td_scratch *[]){ a.r->premaster, b.r->premaster }, (double[]){ 1, -1 }, 2) ==
                -INFINITY);
    assert_true(peak_of_sum((const td_scratch *[]){ a.r->premaster, plain->premaster }, (double[]){ 1, -1 }, 2) ==
                -INFINITY);
    for (size_t i = 0; i < 3; i++)
        assert_true(peak_of_sum((const td_scratch *[]){ a.r->part[i], b.r->part[i] }, (double[]){ 1, -1 }, 2) ==
                    -INFINITY);
    td_rendered_free(plain);
    clear(&a);
    clear(&b);
}

/* Cuts every kept group in two as soon as something was played. */
static void cut_kept(void *user, const char *stage_name, double done)
{
    glob_t found;
    char files[96];
    (void)stage_name;
    (void)done;
    snprintf(files, sizeof files, "%s/kept/*.group", (const char *)user);
    if (glob(files, 0, NULL, &found)) return;
    for (size_t i = 0; i < found.gl_pathc; i++) assert_int_equal(truncate(found.gl_pathv[i], 200000), 0);
    globfree(&found);
}

/* A file of the cache that is cut while it is played costs time and nothing else. */
static void kept_sound_that_breaks_is_made_anew(void **state)
{
    (void)state;
    stage g = play(linear, 2);
    char folder[96];
    snprintf(folder, sizeof folder, "%s/kept", g.s->path);
    td_render_wish w = wish_for(g.s, g.plan);
    w.keep_folder = folder;
    w.keep_bytes = 1 << 26;
    for (int round = 0; round < 3; round++) { /* made and kept; played; broken */
        if (round == 2) w.progress = cut_kept, w.user = g.s->path;
        td_rendered *r = rendered(w);
        assert_int_equal(r->n_thawed, round == 1 ? 3 : 0);
        assert_int_equal(r->broke != NULL, round == 2);
        assert_true(peak_of_sum((const td_scratch *[]){ g.r->premaster, r->premaster }, (double[]){ 1, -1 }, 2) ==
                    -INFINITY);
        td_rendered_free(r);
    }
    clear(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_follow_every_gain_of_the_whole),
        cmocka_unit_test(what_is_bent_is_left_over),
        cmocka_unit_test(versions_hear_their_buses_alone),
        cmocka_unit_test(neither_parts_nor_threads_change_the_mix),
        cmocka_unit_test(kept_sound_that_breaks_is_made_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
