#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "recipes/recipes.h"
#include <stdlib.h>
#include <string.h>

static td_library *library;

static int open_library(void **state)
{
    (void)state;
    return td_library_open("recipes/library", &library, NULL);
}

static int close_library(void **state)
{
    (void)state;
    td_library_free(library);
    return 0;
}

static void all_pass_without_a_warning(void **state)
{
    (void)state;
    const td_library_entry *entry;
    size_t n = td_library_entries(library, &entry), own = 0;
    for (size_t i = 0; i < n; i++) {
        if (entry[i].shadowed || !td_starts_with(entry[i].path, "recipes/library/")) continue;
        td_messages *m = td_messages_new();
        td_recipe *recipe;
        td_status st = td_recipe_load(library, entry[i].name, NULL, 0, &recipe, m);
        td_text said = { 0 };
        td_messages_text(m, &said);
        if (said.length) fail_msg("%s", said.data);
        assert_int_equal(st, TD_OK);
        assert_string_equal(recipe->name, entry[i].name);
        assert_non_null(recipe->title);
        assert_non_null(recipe->description);
        assert_true(recipe->mix.n_steps <= 3);
        assert_int_equal(strlen(recipe->hash), 64);
        td_recipe_free(recipe);
        td_messages_free(m);
        own++;
    }
    assert_true(own >= 8);
}

/* Tags decide curve and balance: who extends jazz and says nothing is jazz. */
static void a_child_has_its_parents_tags(void **state)
{
    (void)state;
    static const char *const texts[] = { "topdown: recipe/1\nname: a\ntitle: A\nextends: jazz\n",
                                         "topdown: recipe/1\nname: a\ntitle: A\nextends: jazz\ntags: [ metal ]\n" };
    for (size_t i = 0; i < 2; i++) {
        td_messages *m = td_messages_new();
        td_recipe *r;
        assert_int_equal(td_recipe_parse(library, "a.yaml", texts[i], strlen(texts[i]), NULL, 0, &r, m), TD_OK);
        assert_true(td_recipe_tagged(r, (const char *const[]){ "jazz", NULL }) == !i);
        assert_true(td_recipe_tagged(r, (const char *const[]){ "metal", NULL }) == (i == 1));
        td_recipe_free(r);
        td_messages_free(m);
    }
}

static void mark_steps(const td_chain_wish *chain, bool *used)
{
    for (size_t s = 0; s < chain->n_steps; s++)
        for (size_t p = 0; td_processors[p]; p++) used[p] = used[p] || td_processors[p] == chain->step[s].proc;
}

static const td_chain_wish *group_chain(const td_recipe *r, const char *bus)
{
    for (size_t i = 0; i < r->n_groups; i++)
        if (!strcmp(r->group[i].bus, bus)) return &r->group[i].chain;
    fail_msg("%s has no group %s", r->name, bus);
    return NULL;
}

/* By who leads over, never by the mix bus: that would take from what it announces. */
static void a_louder_part_is_led_into(void **state)
{
    (void)state;
    static const char *const who[][2] = { { "pop-rock", "drums" }, { "electronic", "fx" }, { "edm-loud", "fx" } };
    for (size_t i = 0; i < sizeof who / sizeof who[0]; i++) {
        td_messages *m = td_messages_new();
        td_recipe *r;
        assert_int_equal(td_recipe_load(library, who[i][0], NULL, 0, &r, m), TD_OK);
        const td_chain_wish *c = group_chain(r, who[i][1]);
        const td_step_wish *last = &c->step[c->n_steps - 1]; /* a compressor behind it would take it back */
        assert_string_equal(last->proc->name, "automation");
        assert_int_equal(last->value[td_param_find(last->proc, "transitions")].kind, TD_WISH_VALUE);
        td_recipe_free(r);
        td_messages_free(m);
    }
}

/* `align` stands in plans alone: recipes ask for it as a fix. */
static void every_processor_has_its_place(void **state)
{
    (void)state;
    bool used[64] = { false };
    const td_library_entry *entry;
    size_t n = td_library_entries(library, &entry);
    for (size_t i = 0; i < n; i++) {
        if (entry[i].shadowed || !td_starts_with(entry[i].path, "recipes/library/")) continue;
        td_messages *m = td_messages_new();
        td_recipe *r;
        assert_int_equal(td_recipe_load(library, entry[i].name, NULL, 0, &r, m), TD_OK);
        mark_steps(&r->mix, used);
        for (size_t k = 0; k < r->n_groups; k++) mark_steps(&r->group[k].chain, used);
        for (size_t k = 0; k < r->n_rets; k++) mark_steps(&r->ret[k].chain, used);
        for (size_t k = 0; k < r->n_fixes; k++) mark_steps(&r->fix[k].chain, used);
        td_recipe_free(r);
        td_messages_free(m);
    }
    for (size_t p = 0; td_processors[p]; p++) {
        const td_processor *proc = td_processors[p];
        if (!proc->part && !used[p] && strcmp(proc->name, "align") != 0)
            fail_msg("no recipe of the library uses '%s'", proc->name);
    }
}

static void a_knob_turns_what_it_names(void **state)
{
    (void)state;
    const td_setting set[] = { { "warmth", "4 dB" } };
    td_messages *m = td_messages_new();
    td_recipe *plain, *warm;
    assert_int_equal(td_recipe_load(library, "pop-rock", NULL, 0, &plain, m), TD_OK);
    assert_int_equal(td_recipe_load(library, "pop-rock", set, 1, &warm, m), TD_OK);
    const td_step_wish *tape = &warm->mix.step[2];
    assert_string_equal(tape->name, "tape");
    int drive = td_param_find(tape->proc, "drive");
    assert_float_equal(tape->value[drive].a, 4, 0);
    assert_string_equal(tape->value[drive].knob, "$warmth");
    assert_float_equal(plain->mix.step[2].value[drive].a, 2, 0);
    assert_string_not_equal(plain->hash, warm->hash);
    td_recipe_free(plain);
    td_recipe_free(warm);
    td_messages_free(m);
}

static void a_child_changes_what_it_says_and_nothing_else(void **state)
{
    (void)state;
    td_messages *m = td_messages_new();
    td_recipe *loud;
    assert_int_equal(td_recipe_load(library, "edm-loud", NULL, 0, &loud, m), TD_OK);
    const td_step_wish *glue = &loud->mix.step[1];
    int ratio = td_param_find(glue->proc, "ratio"), attack = td_param_find(glue->proc, "attack");
    assert_float_equal(glue->value[ratio].a, 4, 0);   /* the child's */
    assert_float_equal(glue->value[attack].a, 30, 0); /* the parent's */
    assert_float_equal(loud->master.loudness_lufs, -7.5, 0);
    td_text lines = { 0 };
    assert_int_equal(td_recipe_resolved(library, "edm-loud", NULL, 0, false, &lines, m), TD_OK);
    const char *changed = strstr(lines.data, "mix.chain.glue.compressor.ratio");
    assert_non_null(changed);
    assert_non_null(strstr(changed, "edm-loud.yaml:"));
    assert_true(strstr(changed, "edm-loud.yaml:") < strchr(changed, '\n'));
    assert_non_null(strstr(lines.data, "electronic.yaml:"));
    td_text_free(&lines);
    td_recipe_free(loud);
    td_messages_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_pass_without_a_warning), cmocka_unit_test(a_child_has_its_parents_tags),
        cmocka_unit_test(a_louder_part_is_led_into),  cmocka_unit_test(every_processor_has_its_place),
        cmocka_unit_test(a_knob_turns_what_it_names), cmocka_unit_test(a_child_changes_what_it_says_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, open_library, close_library);
}
