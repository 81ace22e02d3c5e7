/* The score card against formulas: spectra, correlations and balances that are known. */
#include "engine/report/card.h"
#include "engine/report/report.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS = 100, BUSES = 4 };

/* Four groups that play throughout, and a card's two sides made of them. */
typedef struct scene {
    td_bus bus[BUSES];
    td_session session;
    td_recipe recipe;
    td_plan plan;
    td_mix mix;
    td_rendered rendered;
    td_target_curve curve;
    td_card_side made, sum;
    float k[2][BUSES][STEPS];
    unsigned char sounding[STEPS];
    td_card_row row[TD_CARD_ROWS];
    td_arena *arena;
} scene;

static void weigh(td_card_side *side, scene *s, float (*k)[STEPS], const double lu[BUSES])
{
    side->scales = (td_scales){ .n_buses = BUSES, .steps = STEPS, .sounding = s->sounding };
    for (size_t b = 0; b < BUSES; b++) {
        for (size_t i = 0; i < STEPS; i++) k[b][i] = (float)(0.01 * pow(10, lu[b] / 10));
        side->scales.k[b] = k[b];
        side->scales.n[b] = STEPS;
    }
}

/* As loud in every third octave as the curve, tilted by so many dB an octave, both sides alike. */
static void colour(td_card_side *side, const td_target_curve *c, double tilt)
{
    for (size_t i = 0; i < TD_BANDS; i++) {
        double octaves = log2(pow(10, ((double)i - 16) / 10));
        double p = pow(10, ((double)c->p50[i] + tilt * octaves) / 10);
        side->bands.ll[i] = side->bands.rr[i] = side->bands.lr[i] = p / 2;
    }
}

static scene *scene_new(void)
{
    static const char *const names[BUSES] = { "vocals", "drums", "bass", "synths" };
    scene *s = calloc(1, sizeof *s);
    s->arena = td_arena_new();
    s->curve = *td_target_find("loud");
    s->session = (td_session){ .bus = s->bus, .n_buses = BUSES };
    for (size_t b = 0; b < BUSES; b++) s->bus[b] = (td_bus){ .name = names[b], .group = names[b] };
    memset(s->sounding, 1, sizeof s->sounding);
    s->plan.balance = TD_BALANCE_LOUDNESS;
    s->mix.plan = &s->plan;
    s->mix.rendered = &s->rendered;
    weigh(&s->made, s, s->k[0], (double[BUSES]){ 0, 0, 0, 0 });
    weigh(&s->sum, s, s->k[1], (double[BUSES]){ 0, 0, 0, 0 });
    colour(&s->made, &s->curve, 0);
    colour(&s->sum, &s->curve, 0);
    return s;
}

static void scene_free(scene *s)
{
    td_arena_free(s->arena);
    free(s);
}

static void make(scene *s)
{
    td_card_wish w = { .session = &s->session,
                       .recipe = &s->recipe,
                       .mix = &s->mix,
                       .curve = &s->curve,
                       .made = &s->made,
                       .sum = &s->sum };
    assert_int_equal(td_card_make(&w, s->arena, s->row), TD_OK);
}

static const td_card_row *row(const scene *s, const char *id)
{
    for (size_t i = 0; i < TD_CARD_ROWS; i++)
        if (!strcmp(s->row[i].id, id)) return &s->row[i];
    fail_msg("no row %s", id);
    return NULL;
}

static void tone_is_a_distance_and_a_tilt(void **state)
{
    (void)state;
    scene *s = scene_new();
    colour(&s->sum, &s->curve, 1);
    make(s);
    assert_float_equal(row(s, "TB")->value, 0, 0.01);
    assert_float_equal(row(s, "TS")->value, 0, 0.01);
    assert_float_equal(row(s, "TS")->sum, 1, 0.01);
    /* 24 bands from 63 Hz to 12.5 kHz, each lg(10)/10 octaves from the next: 24/4 of those on average from the middle
     */
    assert_float_equal(row(s, "TB")->sum, 6 * log2(10) / 10, 0.01);
    assert_int_equal(row(s, "TB")->standing, TD_AHEAD);
    assert_int_equal(row(s, "TS")->verdict, TD_ROW_USUAL);
    scene_free(s);
}

static void sides_that_share_nothing_lose_half_in_mono(void **state)
{
    (void)state;
    scene *s = scene_new();
    memset(s->made.bands.lr, 0, sizeof s->made.bands.lr);
    for (size_t i = 0; i < TD_BANDS; i++) s->made.bands.ll[i] *= 2;
    make(s);
    assert_float_equal(row(s, "MF")->value, 3.01, 0.005);
    assert_float_equal(row(s, "MF")->sum, 0, 0.005);
    assert_float_equal(row(s, "IM")->value, 3.01, 0.005);
    assert_float_equal(row(s, "ST low")->value, 0, 1e-9);
    assert_float_equal(row(s, "ST octave")->value, 0, 1e-9);
    assert_int_equal(row(s, "MF")->verdict, TD_ROW_UNUSUAL);
    assert_int_equal(row(s, "MF")->standing, TD_BEHIND);
    assert_int_equal(row(s, "IM")->verdict, TD_ROW_UNUSUAL);
    scene_free(s);
}

/* Equal powers: the lead stands 10 lg(1/3) against the rest, the groups 10 lg(1/3) against what is not lead; usual are
 * 0 and -3, -5, -6 LU. */
static void balances_are_held_against_what_is_usual(void **state)
{
    (void)state;
    scene *s = scene_new();
    weigh(&s->made, s, s->k[0],
          (double[BUSES]){ 10 * log10(pow(10, -0.3) + pow(10, -0.5) + pow(10, -0.6)), -3, -5, -6 });
    make(s);
    assert_float_equal(row(s, "LV")->sum, 10 * log10(1 / 3.0), 0.01);
    assert_float_equal(row(s, "LV")->value, 0, 0.01);
    assert_float_equal(row(s, "GB")->sum, (2 + 0 + 1) / 3.0, 0.01); /* -2, 0 and +1 from their middle */
    assert_float_equal(row(s, "GB")->value, 0, 0.01);
    assert_int_equal(row(s, "LV")->standing, TD_AHEAD);
    scene_free(s);
}

/* A recipe that wants its synths 3 dB softer gets what it wants. */
static void a_recipe_moves_what_is_usual(void **state)
{
    (void)state;
    scene *s = scene_new();
    td_group_wish softer = { .bus = "synths", .level_db = { .kind = TD_WISH_VALUE, .a = -3 } };
    s->recipe = (td_recipe){ .group = &softer, .n_groups = 1 };
    weigh(&s->made, s, s->k[0], (double[BUSES]){ 0, -3, -5, -9 });
    make(s);
    assert_float_equal(row(s, "GB")->value, 0, 0.01);
    scene_free(s);
}

static void a_delivered_balance_may_be_a_little_worse(void **state)
{
    (void)state;
    scene *s = scene_new();
    s->made.masked_whole = 0.32;
    s->sum.masked_whole = 0.30;
    make(s);
    assert_int_equal(row(s, "MK")->standing, TD_BEHIND);
    s->plan.balance = TD_BALANCE_DELIVERED;
    make(s);
    assert_int_equal(row(s, "MK")->standing, TD_LEVEL);
    s->made.masked_whole = 0.34;
    make(s);
    assert_int_equal(row(s, "MK")->standing, TD_BEHIND);
    s->plan.balance = TD_BALANCE_LOUDNESS;
    s->made.masked_whole = 0.20; /* both inside what is usual */
    s->sum.masked_whole = 0.10;
    make(s);
    assert_int_equal(row(s, "MK")->standing, TD_LEVEL);
    scene_free(s);
}

/* Half a decibel, whichever way it goes. */
static void what_nobody_tells_is_level(void **state)
{
    (void)state;
    static const struct {
        double lead_db;
        td_standing standing;
    } cases[] = { { -8.0, TD_LEVEL }, { -7.6, TD_LEVEL },  { -8.4, TD_LEVEL },
                  { -7.4, TD_AHEAD }, { -8.6, TD_BEHIND }, { -4.0, TD_AHEAD } };
    scene *s = scene_new();
    weigh(&s->sum, s, s->k[1], (double[BUSES]){ -8, 0, 0, 0 });
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        weigh(&s->made, s, s->k[0], (double[BUSES]){ cases[i].lead_db, 0, 0, 0 });
        make(s);
        assert_int_equal(row(s, "LV")->standing, cases[i].standing);
    }
    scene_free(s);
}

static void what_was_promised_passes_or_fails(void **state)
{
    (void)state;
    scene *s = scene_new();
    td_mix_file file[] = { { .name = "a", .loudness_lufs = -14.05, .true_peak_dbtp = -1.1, .peak_dbfs = -1.2 },
                           { .name = "b", .loudness_lufs = -9.4, .true_peak_dbtp = -0.9, .peak_dbfs = -1.2 } };
    file[0].wanted = (td_target){ .loudness_lufs = -14, .true_peak_dbtp = -1, .peak_dbfs = NAN, .limiting_db = NAN };
    file[1].wanted = (td_target){ .loudness_lufs = -9, .true_peak_dbtp = -1, .peak_dbfs = NAN, .limiting_db = NAN };
    td_step_reached reached[] = {
        { .place = "mix", .step = "glue", .planned = { 2, 2, 1 }, .max_db = 2.1, .p95_db = 1 },
        { .place = "mix", .step = "edge", .planned = { 3, 5, 3 }, .max_db = 6, .p95_db = 2.9 },
    };
    s->mix.file = file;
    s->mix.n_files = 1;
    s->rendered.step = reached;
    s->rendered.n_steps = 2;
    make(s);
    assert_float_equal(row(s, "PK")->value, -0.1, 1e-9);
    assert_float_equal(row(s, "LT")->value, 0.05, 1e-9);
    assert_float_equal(row(s, "GR")->value, 0.1, 1e-9); /* the edge was to hold 95 % of the time */
    assert_int_equal(row(s, "PK")->verdict, TD_ROW_PASS);
    assert_int_equal(row(s, "LT")->verdict, TD_ROW_PASS);
    assert_int_equal(row(s, "GR")->verdict, TD_ROW_PASS);
    assert_string_equal(row(s, "GR")->where, "mix glue");
    reached[0].max_db = 1.6; /* too little is off as well, but where the plan went no further */
    make(s);
    assert_float_equal(row(s, "GR")->value, 0.4, 1e-9);
    assert_int_equal(row(s, "GR")->verdict, TD_ROW_FAIL);
    char text[TD_GOAL_TEXT];
    assert_string_equal(td_goal_text(&reached[0], text), "mix glue: 1.6 dB of at most 2.0");
    assert_string_equal(td_goal_text(&reached[1], text), "mix edge: 2.90 dB of about 3.0");
    reached[0].planned.max_db = 1.7;
    make(s);
    assert_float_equal(row(s, "GR")->value, 0.1, 1e-9);
    s->mix.n_files = 2;
    reached[1].p95_db = 3.5;
    make(s);
    assert_float_equal(row(s, "PK")->value, 0.1, 1e-9);
    assert_float_equal(row(s, "LT")->value, 0.4, 1e-9);
    assert_int_equal(row(s, "PK")->verdict, TD_ROW_FAIL);
    assert_int_equal(row(s, "LT")->verdict, TD_ROW_FAIL);
    assert_int_equal(row(s, "GR")->verdict, TD_ROW_FAIL);
    assert_string_equal(row(s, "LT")->where, "b");
    scene_free(s);
}

/* Thresholds stay where a revision finds them: what it moves is told, and is no promise broken. */
static void what_a_revision_moved_is_not_missed(void **state)
{
    (void)state;
    scene *s = scene_new();
    char text[TD_GOAL_TEXT];
    td_step_reached reached[] = {
        { .place = "drums", .step = "punch", .planned = { 3, 5, 3 }, .max_db = 6, .p95_db = 3.6 },
        { .place = "synths", .step = "pump", .planned = { 4, 4, 1 }, .max_db = 1.8, .p95_db = 1 },
        { .place = "mix", .step = "glue", .planned = { 2, 1.5, 1 }, .max_db = 1.5, .p95_db = 1 },
        { .place = "mix", .step = "edge", .planned = { 3, 5, 2.2 }, .max_db = 5, .p95_db = 2.2 },
    };
    s->rendered.step = reached;
    s->rendered.n_steps = 4;
    make(s);
    assert_float_equal(row(s, "GR")->value, 2.2, 1e-9);
    assert_true(td_is_missed(&s->plan, &reached[0], TD_OFF_ASKED_DB));
    assert_null(td_moved_text(&s->plan, &reached[0], text));
    s->plan.revised = 1;
    make(s);
    assert_false(td_is_missed(&s->plan, &reached[0], TD_OFF_ASKED_DB));
    assert_string_equal(td_moved_text(&s->plan, &reached[0], text),
                        "after the revision drums punch takes about 3.6 dB; it was set for about 3.0");
    assert_string_equal(td_moved_text(&s->plan, &reached[1], text),
                        "after the revision synths pump takes at most 1.8 dB; it was set for at most 4.0");
    assert_null(td_moved_text(&s->plan, &reached[2], text));
    assert_true(td_is_missed(&s->plan, &reached[3], TD_OFF_ASKED_DB)); /* as the planner left it */
    assert_float_equal(row(s, "GR")->value, 0.8, 1e-9);
    assert_string_equal(row(s, "GR")->where, "mix edge");
    s->rendered.n_steps = 3;
    make(s);
    assert_int_equal(row(s, "GR")->verdict, TD_ROW_PASS);
    scene_free(s);
}

/* -7 LUFS under -1 dBTP leaves 6 dB between them: an order that asks for it is not unusual by that. */
static void loud_orders_are_held_against_what_they_ask(void **state)
{
    (void)state;
    scene *s = scene_new();
    s->made.loudness_lufs = -7;
    s->made.true_peak_dbtp = -1;
    s->made.asked_plr_db = NAN;
    make(s);
    assert_int_equal(row(s, "PLR")->verdict, TD_ROW_UNUSUAL);
    s->made.asked_plr_db = 6;
    make(s);
    assert_float_equal(row(s, "PLR")->low, 5.7, 1e-9);
    assert_int_equal(row(s, "PLR")->verdict, TD_ROW_USUAL);
    s->made.asked_plr_db = 13;
    make(s);
    assert_float_equal(row(s, "PLR")->low, 8, 1e-9);
    scene_free(s);
}

/* A limiter that may do no more keeps its promise. */
static void loudness_gives_way_at_the_bound(void **state)
{
    (void)state;
    scene *s = scene_new();
    td_mix_file file = { .name = "a", .loudness_lufs = -9.4, .true_peak_dbtp = -1.1, .peak_dbfs = -1.2 };
    file.wanted = (td_target){ .loudness_lufs = -9, .true_peak_dbtp = -1, .peak_dbfs = NAN, .limiting_db = 6 };
    file.limiting_p95_db = 6;
    s->mix.file = &file;
    s->mix.n_files = 1;
    make(s);
    assert_true(isnan(row(s, "LT")->value));
    assert_float_equal(row(s, "LT held")->value, 0.4, 1e-9);
    assert_int_equal(row(s, "LT held")->verdict, TD_ROW_UNUSUAL);
    file.limiting_p95_db = 4;
    make(s);
    assert_int_equal(row(s, "LT")->verdict, TD_ROW_FAIL);
    scene_free(s);
}

static void without_a_sum_nothing_is_compared(void **state)
{
    (void)state;
    scene *s = scene_new();
    td_card_wish w = { .session = &s->session, .mix = &s->mix, .curve = &s->curve, .made = &s->made };
    assert_int_equal(td_card_make(&w, s->arena, s->row), TD_OK);
    for (size_t i = 0; i < TD_CARD_ROWS; i++) {
        assert_true(isnan(s->row[i].sum));
        assert_int_equal(s->row[i].standing, TD_NO_STANDING);
    }
    assert_true(isnan(row(s, "GB")->value)); /* nobody knows what is usual */
    assert_true(isnan(row(s, "WD")->value));
    assert_false(isnan(row(s, "TB")->value));
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tone_is_a_distance_and_a_tilt),
        cmocka_unit_test(sides_that_share_nothing_lose_half_in_mono),
        cmocka_unit_test(balances_are_held_against_what_is_usual),
        cmocka_unit_test(a_recipe_moves_what_is_usual),
        cmocka_unit_test(a_delivered_balance_may_be_a_little_worse),
        cmocka_unit_test(what_nobody_tells_is_level),
        cmocka_unit_test(what_was_promised_passes_or_fails),
        cmocka_unit_test(what_a_revision_moved_is_not_missed),
        cmocka_unit_test(loud_orders_are_held_against_what_they_ask),
        cmocka_unit_test(loudness_gives_way_at_the_bound),
        cmocka_unit_test(without_a_sum_nothing_is_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
