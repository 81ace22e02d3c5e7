/* What an engineer says about a first mix, and what becomes of the plan. */
#include "recipes/recipes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static td_plan_send to_plate[1];
static td_plan_step reverb[1];

static td_plan song(void)
{
    static td_plan_stem stem[3];
    static td_plan_bus bus[3];
    static td_plan_return ret[1];
    memset(stem, 0, sizeof stem);
    memset(bus, 0, sizeof bus);
    stem[0] = (td_plan_stem){ .name = "Kick In.wav", .role = "drums.kick.in", .bus = "drums", .pan = NAN };
    stem[1] = (td_plan_stem){ .name = "OH.wav", .role = "drums.overhead", .bus = "drums", .pan = NAN };
    stem[2] = (td_plan_stem){ .name = "Moog.wav", .role = "bass.synth", .bus = "bass", .pan = NAN };
    bus[0] = (td_plan_bus){ .name = "drums", .group = "drums", .fader_db = -3, .fader_reason = "as delivered" };
    bus[1] = (td_plan_bus){ .name = "vocals", .group = "vocals", .send = to_plate, .n_sends = 1 };
    bus[2] = (td_plan_bus){ .name = "backing", .group = "vocals", .fader_db = -6 };
    to_plate[0] = (td_plan_send){ .to = "plate", .level_db = -14, .reason = "as written" };
    reverb[0] = (td_plan_step){ .proc = td_processor_find("reverb") };
    ret[0] = (td_plan_return){ .name = "plate", .chain = { reverb, 1 } };
    return (td_plan){
        .stem = stem, .n_stems = 3, .bus = bus, .n_buses = 3, .ret = ret, .n_rets = 1, .arena = td_arena_new()
    };
}

static td_plan after(const char *move)
{
    td_plan p = song();
    td_error err = { 0 };
    if (td_plan_revise(&p, move, &err)) fail_msg("%s: %s", move, err.what);
    return p;
}

static void test_a_level_moves_the_fader(void **state)
{
    (void)state;
    td_plan p = after("drums -1.5 dB");
    assert_true(p.bus[0].fader_db == -4.5);
    assert_string_equal(p.bus[0].fader_reason, "as delivered; -1.5 dB by revision");
    assert_string_equal(p.note[0].text, "revised: drums -1.5 dB");
    td_arena_free(p.arena);
}

static void test_vocals_are_lead_and_backing(void **state)
{
    (void)state;
    td_plan p = after("vocals +1dB");
    assert_true(p.bus[1].fader_db == 1 && p.bus[2].fader_db == -5);
    td_arena_free(p.arena);
    p = after("lead vocals louder");
    assert_true(p.bus[1].fader_db == 1 && p.bus[2].fader_db == -6);
    td_arena_free(p.arena);
}

static void test_a_stem_moves_inside_its_bus(void **state)
{
    (void)state;
    td_plan p = after("kick softer");
    assert_true(p.stem[0].gain_db == -1 && p.stem[1].gain_db == 0 && p.bus[0].fader_db == -3);
    td_arena_free(p.arena);
    p = after("Kick In -2 dB");
    assert_true(p.stem[0].gain_db == -2);
    td_arena_free(p.arena);
}

static void test_a_stretch_becomes_a_ride(void **state)
{
    (void)state;
    td_plan p = after("drums -0.5 dB 0:45-1:10");
    const td_plan_bus *b = &p.bus[0];
    td_error err = { 0 };
    assert_int_equal(b->n_ride, 4);
    assert_true(b->fader_db == -3);
    assert_true(b->ride[1].at_s == 45 && b->ride[1].gain_db == -0.5 && b->ride[2].at_s == 70);
    assert_true(b->ride[0].gain_db == 0 && b->ride[3].gain_db == 0);
    assert_int_equal(td_plan_revise(&p, "drums +2 dB 1:00-1:05", &err), TD_OK); /* on top of it */
    b = &p.bus[0];
    assert_int_equal(b->n_ride, 8);
    for (size_t i = 1; i < b->n_ride; i++) assert_true(b->ride[i].at_s > b->ride[i - 1].at_s);
    assert_true(b->ride[3].gain_db == 1.5 && b->ride[5].gain_db == -0.5);
    td_arena_free(p.arena);
}

static void test_sends(void **state)
{
    (void)state;
    td_plan p = after("less reverb on vocals");
    assert_true(p.bus[1].send[0].level_db == -17);
    td_arena_free(p.arena);
    p = after("more plate on lead 1.5 dB");
    assert_true(p.bus[1].send[0].level_db == -12.5);
    td_arena_free(p.arena);
}

static void test_what_is_not_understood_is_refused(void **state)
{
    (void)state;
    static const char *const moves[] = { "",
                                         "vocals",
                                         "+1 dB",
                                         "make it pop",
                                         "tuba +1 dB",
                                         "drums +90 dB",
                                         "drums +nan dB",
                                         "drums -1 dB 1:10-0:45",
                                         "drums -1 dB 0:x",
                                         "kick -1 dB 0:45-1:10", /* one stem of a bus */
                                         "less reverb on drums",
                                         "dB",
                                         "0:45-1:10" };
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        td_plan p = song();
        td_error err = { 0 };
        assert_int_equal(td_plan_revise(&p, moves[i], &err), TD_ARG);
        assert_true(err.hint[0]);
        assert_int_equal(p.n_notes, 0);
        td_arena_free(p.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_level_moves_the_fader),
        cmocka_unit_test(test_vocals_are_lead_and_backing),
        cmocka_unit_test(test_a_stem_moves_inside_its_bus),
        cmocka_unit_test(test_a_stretch_becomes_a_ride),
        cmocka_unit_test(test_sends),
        cmocka_unit_test(test_what_is_not_understood_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
