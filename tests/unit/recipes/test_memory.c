#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "recipes/recipes.h"
#include "tests/unit/failing.h"
#include <stdlib.h>
#include <string.h>

/* Every allocation of the readers fails once, one after the other: they say so and leave nothing behind. */
static const char recipe_text[] =
    "topdown: recipe/1\n"
    "name: small\n"
    "extends: base\n"
    "values: { warmth: { default: 1 dB }, glue: 2 dB }\n"
    "mix: { edit: { glue: { gain_reduction: at most $glue }, tone: off } }\n"
    "groups:\n"
    "  vocals: { chain: [ eq: [ low_cut: 80 Hz ] ], sends: { plate: -16 dB } }\n"
    "returns: { plate: { chain: [ reverb ] } }\n"
    "tracks: [ { fix: hum, for: all, when: hum > -55 dB and rumble > -40 dB, chain: [ gain ] } ]\n";
static const char wrong_text[] =
    "topdown: recipe/1\nname: small\nmix: { chain: [ gain: 3, compresor, tape: { drive: 1 db } ] }\n";
static const char order_text[] = "topdown: job/1\n"
                                 "stems: { files: [ a.wav, { file: b.wav, role: bass } ] }\n"
                                 "recipes: [ { recipe: base, set: { warmth: 1 dB } } ]\n"
                                 "outputs: { masters: [ wav ] }\n"
                                 "tags: { a: b }\n";
static const char plan_text[] = "topdown: plan/1\n"
                                "recipe: small\n"
                                "session_hash: a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1\n"
                                "rate_hz: 48000\n"
                                "frames: 1\n"
                                "stems: [ { name: a.wav, bus: drums } ]\n"
                                "buses: [ { bus: drums, chain: [ { eq: {}, bands: [ bell: { at: 1 kHz } ] } ], ride: [ "
                                "{ at: 1 s, gain: 0 dB } ] } ]\n"
                                "notes: [ { kind: warning, text: x } ]\n";

static td_library *library;

static td_status read_recipe(td_messages *m)
{
    td_recipe *r;
    td_status st = td_recipe_parse(library, "x.yaml", recipe_text, sizeof recipe_text - 1, NULL, 0, &r, m);
    td_recipe_free(r);
    return st;
}

static td_status read_wrong(td_messages *m)
{
    td_recipe *r;
    td_status st = td_recipe_parse(library, "x.yaml", wrong_text, sizeof wrong_text - 1, NULL, 0, &r, m);
    return st == TD_RECIPE ? TD_OK : st;
}

static td_status read_order(td_messages *m)
{
    td_order *o;
    td_status st = td_order_parse(library, "x.yaml", order_text, sizeof order_text - 1, &o, m);
    td_order_free(o);
    return st;
}

static td_status read_plan(td_messages *m)
{
    td_plan *p;
    td_text out = { 0 };
    td_status st = td_plan_read("x.yaml", plan_text, sizeof plan_text - 1, &p, m);
    if (st == TD_OK) st = td_plan_write(p, &out);
    td_text_free(&out);
    td_plan_free(p);
    return st;
}

static td_status open_library(td_messages *m)
{
    (void)m;
    td_library *l;
    td_status st = td_library_open("tests/golden/recipes/house", &l, NULL);
    td_library_free(l);
    return st;
}

static td_status make_schemas(td_messages *m)
{
    (void)m;
    td_text out = { 0 };
    td_status st = td_order_schema(&out);
    td_text_free(&out);
    return st;
}

static void each_failure_is_told(td_status (*run)(td_messages *m))
{
    for (long n = -1; n < 100000; n++) { /* nothing fails at first: libraries set themselves up */
        td_messages *m = td_messages_new();
        long before = live;
        failed = false;
        left = n;
        td_status st = run(m);
        left = -1;
        td_messages_free(m);
        assert_true(n < 0 || live <= before); /* the messages are gone too */
        if (!failed && n >= 0) {
            assert_int_equal(st, TD_OK);
            return;
        }
        if (st != TD_NOMEM && st != TD_OK) /* libcrypto and jansson can do without some */
            fail_msg("allocation %ld failed, and the reader said %s", n, td_status_name(st));
    }
    fail();
}

static void memory_runs_out(void **state)
{
    (void)state;
    assert_int_equal(td_library_open("tests/golden/recipes/house", &library, NULL), TD_OK);
    each_failure_is_told(read_recipe);
    each_failure_is_told(read_wrong);
    each_failure_is_told(read_order);
    each_failure_is_told(read_plan);
    each_failure_is_told(open_library);
    each_failure_is_told(make_schemas);
    td_library_free(library);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(memory_runs_out) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
