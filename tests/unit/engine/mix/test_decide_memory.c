/* Every allocation of the planner fails once, one after the other: it says so, leaves nothing behind, and makes no plan
 * with a hole in it. */
#include "tests/unit/engine/mix/decided.h"
#include "tests/unit/failing.h"

#include <math.h>

static double beat(double t, unsigned c)
{
    (void)c;
    return 0.6 * exp(-20 * fmod(t, 0.5)) * sin(2 * M_PI * 60 * t);
}

static double line(double t, unsigned c)
{
    return fmod(t, 1) < 0.7 ? 0.2 * sin(2 * M_PI * (220 + 3 * c) * t) : 0;
}

static const char recipe_text[] =
    "topdown: recipe/1\nname: t\ntitle: T\nbalance: loudness\n"
    "mix: { chain: [ eq: [ low_cut: 30 Hz ] ] }\n"
    "groups:\n"
    "  drums: { level: -1 dB, chain: [ { gain: { gain: 1 dB }, as: up, when: peak > -60 dBFS } ] }\n"
    "  vocals: { sends: { room: -12 dB } }\n"
    "returns: { room: { chain: [ delay: { time: 20 ms } ] } }\n"
    "tracks: [ { fix: aside, for: vocals, pan: R30, chain: [ gain: { gain: -1 dB } ] } ]\n";

static td_status plan(const scene *s, const td_recipe *recipe, td_text *out)
{
    td_plan *p;
    td_plan_wish wish = {
        .session = s->session, .survey = s->survey, .recipe = recipe, .pool = s->pool, .scratch_folder = s->path
    };
    td_status st = td_plan_make(&wish, &p, NULL);
    left = -1;
    if (!st && out) td_plan_write(p, out);
    if (!st) td_plan_free(p);
    return st;
}

static void memory_runs_out(void **state)
{
    (void)state;
    scene *s = scene_new();
    td_recipe *recipe;
    td_text whole = { 0 };
    td_messages *m = td_messages_new();
    scene_add(s, "Kick.wav", 48000, 1, 3, beat);
    scene_add(s, "Lead Vox.L.wav", 48000, 1, 3, line);
    scene_add(s, "Lead Vox.R.wav", 48000, 1, 3, line);
    assert_int_equal(td_pool_new(1, &s->pool), TD_OK);
    scene_ready(s);
    assert_int_equal(td_recipe_parse(NULL, NULL, recipe_text, strlen(recipe_text), NULL, 0, &recipe, m), TD_OK);
    assert_int_equal(plan(s, recipe, &whole), TD_OK);
    long before_all = made;
    assert_int_equal(plan(s, recipe, NULL), TD_OK);
    long all = made - before_all;
    for (long n = 0; n < all; n++) {
        td_text again = { 0 };
        long before = live;
        failed = false;
        left = n;
        td_status st = plan(s, recipe, &again);
        if (st == TD_OK && strcmp(td_text_or_empty(&again), whole.data) != 0)
            fail_msg("allocation %ld of %ld failed, and another plan was made", n, all);
        if (st != TD_OK || !failed) assert_int_equal(st, failed ? TD_NOMEM : TD_OK);
        td_text_free(&again);
        if (live > before) fail_msg("allocation %ld of %ld failed, and %ld stayed", n, all, live - before);
    }
    td_text_free(&whole);
    td_recipe_free(recipe);
    td_messages_free(m);
    scene_leave(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(memory_runs_out) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
