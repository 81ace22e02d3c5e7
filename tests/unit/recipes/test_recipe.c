#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "recipes/recipes.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "topdown: recipe/1\nname: test\n"

static td_recipe *read_with(const char *text, const td_setting *set, size_t n)
{
    td_messages *m = td_messages_new();
    td_recipe *r;
    if (td_recipe_parse(NULL, "test.yaml", text, strlen(text), set, n, &r, m)) {
        td_text said = { 0 };
        td_messages_text(m, &said);
        fail_msg("%s", td_text_or_empty(&said));
    }
    td_messages_free(m);
    return r;
}

static td_recipe *read_recipe(const char *text)
{
    return read_with(text, NULL, 0);
}

static const td_wish *value(const td_step_wish *s, const char *name)
{
    return &s->value[td_param_find(s->proc, name)];
}

static const td_wish *band_value(const td_part_wish *p, const char *name)
{
    return &p->value[td_param_find(p->proc, name)];
}

static void defaults(void **state)
{
    (void)state;
    td_recipe *r = read_recipe(HEAD);
    assert_int_equal(r->revision, 1);
    assert_float_equal(r->stage_dbfs, -12, 0);
    assert_int_equal(r->stage_meter, TD_STAGE_PEAK);
    assert_int_equal(r->approach, TD_TOP_DOWN);
    assert_int_equal(r->balance, TD_BALANCE_AUTO);
    assert_float_equal(r->master.loudness_lufs, -14, 0);
    assert_float_equal(r->master.true_peak_dbtp, -1, 0);
    assert_float_equal(r->master.limiting_db, 6, 0);
    assert_float_equal(r->preview.peak_dbfs, -1, 0);
    assert_string_equal(r->preview_format, "wav");
    assert_int_equal(r->preview_bits, 24);
    td_recipe_free(r);
}

static void steps_in_every_form(void **state)
{
    (void)state;
    td_recipe *r =
        read_recipe(HEAD "groups:\n"
                         "  bass:\n"
                         "    chain:\n"
                         "      - tape\n"
                         "      - gain: +2 dB\n"
                         "      - gain:\n"
                         "      - compressor: { ratio: 2:1, attack: 10 ms, release: auto, gain_reduction: 1 to 2 dB }\n"
                         "        as: glue\n"
                         "        key: [ drums.kick, drums.snare ]\n"
                         "        blend: 50 %\n"
                         "        bypass: on\n"
                         "        note: holds it\n"
                         "        x-mine: [ anything ]\n");
    assert_int_equal(r->group[0].chain.n_steps, 4);
    assert_string_equal(r->group[0].chain.step[0].name, "tape");
    assert_int_equal(value(&r->group[0].chain.step[0], "drive")->kind, TD_WISH_NONE);
    assert_float_equal(value(&r->group[0].chain.step[1], "gain")->a, 2, 0);
    assert_string_equal(r->group[0].chain.step[2].name, "gain-2");
    const td_step_wish *glue = &r->group[0].chain.step[3];
    assert_string_equal(glue->name, "glue");
    assert_int_equal(glue->line, 9);
    assert_float_equal(value(glue, "ratio")->a, 2, 0);
    assert_int_equal(value(glue, "release")->kind, TD_WISH_AUTO);
    assert_int_equal(value(glue, "gain_reduction")->kind, TD_WISH_RANGE);
    assert_int_equal(glue->n_keys, 2);
    assert_string_equal(glue->key[1], "drums.snare");
    assert_float_equal(glue->blend, 0.5, 0);
    assert_true(glue->bypass);
    assert_string_equal(glue->note, "holds it");
    td_recipe_free(r);
}

static void bands_in_every_form(void **state)
{
    (void)state;
    td_recipe *r =
        read_recipe(HEAD "mix:\n"
                         "  chain:\n"
                         "    - eq: [ low_cut: 25 Hz, bell: { range: 300 to 500 Hz, gain: -2 dB }, match ]\n"
                         "    - eq: { phase: linear, bands: [ high_shelf: { at: 10 kHz, gain: 0 to +1 dB } ] }\n");
    const td_step_wish *list = &r->mix.step[0], *map = &r->mix.step[1];
    assert_int_equal(list->n_parts, 3);
    assert_string_equal(list->part[0].proc->name, "low_cut");
    assert_float_equal(band_value(&list->part[0], "at")->a, 25, 0);
    assert_float_equal(band_value(&list->part[1], "range")[0].a, 300, 0);
    assert_float_equal(band_value(&list->part[1], "range")[1].a, 500, 0);
    assert_int_equal(band_value(&list->part[1], "at")->kind, TD_WISH_NONE);
    assert_string_equal(list->part[2].proc->name, "match");
    assert_int_equal(value(map, "phase")->kind, TD_WISH_VALUE);
    assert_int_equal(map->n_parts, 1);
    assert_int_equal(band_value(&map->part[0], "gain")->kind, TD_WISH_RANGE);
    assert_string_equal(map->name, "eq-2");
    td_recipe_free(r);
}

static void groups_fixes_and_targets(void **state)
{
    (void)state;
    td_recipe *r = read_recipe(
        HEAD "focus: vocals.lead\n"
             "approach: bottom-up\n"
             "balance: rough\n"
             "pan: auto\n"
             "groups:\n"
             "  vocals: { level: +1 dB, loudness: -6 LU, inside: loudness, pan: delivered, sends: { plate: -16 dB } }\n"
             "  keys: { sends: { plate: about -12 LU } }\n"
             "returns:\n"
             "  plate: { chain: [ gain ], level: -2 dB }\n"
             "  room: { chain: [ gain ] }\n"
             "  echo: { chain: [ delay ], sends: { plate: about -9 LU } }\n"
             "tracks:\n"
             "  - fix: rumble\n"
             "    for: all\n"
             "    except: [ drums, bass ]\n"
             "    when: rumble > -40 dB and (pause_level > -20 dB or hum >= -55 dB)\n"
             "    chain: [ eq: [ low_cut: { at: measured } ] ]\n"
             "    level: -3 dB\n"
             "    pan: L30\n"
             "    polarity: flipped\n"
             "    align: drums.kick.in\n"
             "master: { loudness: amazon-music, limiting: 8 dB }\n"
             "preview: { format: flac, bits: 16, peak: -1 dBFS }\n");
    const td_group_wish *g = &r->group[0];
    assert_string_equal(g->bus, "vocals");
    assert_float_equal(g->level_db.a, 1, 0);
    assert_float_equal(g->loudness_lu.a, -6, 0);
    assert_true(r->pan == TD_PAN_AUTO && g->inside_loudness && g->pan == TD_PAN_DELIVERED);
    assert_string_equal(g->send[0].to, "plate");
    assert_float_equal(g->send[0].level_db.a, -16, 0);
    assert_true(g->send[0].level_db.kind == TD_WISH_VALUE && r->group[1].send[0].level_db.kind == TD_WISH_ABOUT);
    assert_float_equal(r->group[1].send[0].level_db.a, -12, 0);
    static const char *const in_order[] = { "room", "echo", "plate" };
    for (size_t i = 0; i < 3; i++) assert_string_equal(r->ret[i].bus, in_order[i]);
    assert_true(r->ret[1].send[0].level_db.kind == TD_WISH_ABOUT && r->ret[1].send[0].level_db.a == -9);
    assert_float_equal(r->ret[2].level_db.a, -2, 0);
    const td_fix_wish *f = &r->fix[0];
    assert_string_equal(f->roles[0], "all");
    assert_int_equal(f->n_except, 2);
    assert_float_equal(f->pan, -30, 0);
    assert_true(f->flip);
    assert_string_equal(f->align, "drums.kick.in");
    assert_float_equal(f->level_db.a, -3, 0);
    assert_int_equal(f->when->kind, TD_COND_AND);
    assert_int_equal(f->when->right->kind, TD_COND_OR);
    assert_int_equal(f->when->right->right->compare, TD_GE);
    assert_string_equal(td_features[f->when->left->feature].name, "rumble");
    assert_float_equal(f->when->left->value, -40, 0);
    assert_float_equal(r->master.loudness_lufs, -14, 0);
    assert_float_equal(r->master.true_peak_dbtp, -2, 0);
    assert_float_equal(r->master.limiting_db, 8, 0);
    assert_string_equal(r->master.named, "amazon-music");
    assert_true(isnan(r->preview.loudness_lufs));
    assert_string_equal(r->preview_format, "flac");
    td_recipe_free(r);
}

static void and_binds_closer(void **state)
{
    (void)state;
    td_recipe *r = read_recipe(
        HEAD "mix: { chain: [ { gain: +1 dB, when: hum > -55 dB or rumble > -40 dB and crest < 8 dB } ] }\n");
    const td_condition *c = r->mix.step[0].when;
    assert_int_equal(c->kind, TD_COND_OR);
    assert_int_equal(c->left->kind, TD_COND_COMPARE);
    assert_int_equal(c->right->kind, TD_COND_AND);
    assert_string_equal(r->mix.step[0].when_text, "hum > -55 dB or rumble > -40 dB and crest < 8 dB");
    td_recipe_free(r);
}

static void knobs_are_turned_and_hashed(void **state)
{
    (void)state;
    static const char text[] =
        HEAD "values: { glue: { default: 2 dB, min: 0 dB, max: 4 dB, label: Glue }, aim: -14 LUFS }\n"
             "mix: { chain: [ compressor: { gain_reduction: at most $glue } ] }\n"
             "master: { loudness: $aim }\n";
    const td_setting set[] = { { "glue", "3dB" }, { "aim", "-9 LUFS" } };
    td_recipe *plain = read_recipe(text), *again = read_recipe(text), *turned = read_with(text, set, 2);
    const td_wish *goal = value(&turned->mix.step[0], "gain_reduction");
    assert_int_equal(goal->kind, TD_WISH_AT_MOST);
    assert_float_equal(goal->a, 3, 0);
    assert_string_equal(goal->knob, "$glue");
    assert_float_equal(turned->master.loudness_lufs, -9, 0);
    assert_string_equal(plain->hash, again->hash);
    assert_string_not_equal(plain->hash, turned->hash);
    assert_string_equal(turned->knob[0].label, "Glue");
    assert_float_equal(turned->knob[0].value, 3, 0);
    assert_float_equal(turned->knob[0].def, 2, 0);
    assert_true(isnan(turned->knob[1].min));
    td_recipe_free(plain);
    td_recipe_free(again);
    td_recipe_free(turned);
}

static void a_knob_may_be_no_number(void **state)
{
    (void)state;
    static const char text[] =
        HEAD "values: { kind: { default: opto, label: Character }, side: L30, room: 300 to 500 Hz, much: at most 2 dB,"
             " steep: on, sharp: 6 dB }\n"
             "mix:\n"
             "  chain:\n"
             "    - compressor: { model: $kind, gain_reduction: $much }\n"
             "      when: sibilance > $sharp\n"
             "      bypass: $steep\n"
             "    - eq: [ bell: { range: $room, gain: -2 dB } ]\n"
             "tracks: [ { fix: aside, for: keys, pan: $side } ]\n";
    const td_setting set[] = { { "kind", "fet" }, { "sharp", "7dB" } };
    td_recipe *plain = read_recipe(text), *turned = read_with(text, set, 2);
    const td_step_wish *comp = &plain->mix.step[0];
    assert_string_equal(comp->proc->params[td_param_find(comp->proc, "model")].choices[(int)value(comp, "model")->a],
                        "opto");
    assert_string_equal(value(comp, "model")->knob, "$kind");
    assert_int_equal(value(comp, "gain_reduction")->kind, TD_WISH_AT_MOST);
    assert_float_equal(comp->when->value, 6, 0);
    assert_true(comp->bypass);
    assert_float_equal(band_value(&plain->mix.step[1].part[0], "range")[1].a, 500, 0);
    assert_float_equal(plain->fix[0].pan, -30, 0);
    assert_float_not_equal(value(&turned->mix.step[0], "model")->a, value(comp, "model")->a, 0);
    assert_float_equal(turned->mix.step[0].when->value, 7, 0);
    assert_string_not_equal(plain->hash, turned->hash);
    td_recipe_free(plain);
    td_recipe_free(turned);
}

/* ---- extends and edit -------------------------------------------------------------------------------------------- */

static td_recipe *child(const char *text)
{
    td_messages *m = td_messages_new();
    td_library *l;
    td_recipe *r;
    assert_int_equal(td_library_open("tests/golden/recipes/house", &l, NULL), TD_OK);
    td_status st = td_recipe_parse(l, "child.yaml", text, strlen(text), NULL, 0, &r, m);
    td_text said = { 0 };
    td_messages_text(m, &said);
    if (st) fail_msg("%s", td_text_or_empty(&said));
    td_text_free(&said);
    td_library_free(l);
    td_messages_free(m);
    return r;
}

static void an_edit_merges_drops_and_inserts(void **state)
{
    (void)state;
    td_recipe *r = child(HEAD "extends: base\n"
                              "values: { warmth: 1 dB }\n"
                              "mix:\n"
                              "  edit:\n"
                              "    glue: { ratio: 4:1, threshold: -20 dBFS, blend: 40 % }\n"
                              "    tone: { high_shelf: { gain: +2 dB } }\n"
                              "    insert:\n"
                              "      - { after: glue, step: { gain: +1 dB, as: up } }\n"
                              "      - { before: tone, step: polarity }\n");
    assert_int_equal(r->mix.n_steps, 5);
    assert_string_equal(r->mix.step[0].name, "polarity");
    assert_string_equal(r->mix.step[3].name, "up");
    const td_step_wish *tone = &r->mix.step[1], *glue = &r->mix.step[2], *tape = &r->mix.step[4];
    assert_float_equal(band_value(&tone->part[1], "gain")->a, 2, 0);
    assert_float_equal(band_value(&tone->part[1], "at")->a, 10000, 0);
    assert_float_equal(value(glue, "ratio")->a, 4, 0);
    assert_float_equal(glue->blend, 0.4, 0);
    assert_float_equal(value(glue, "threshold")->a, -20, 0); /* and the parent's goal has left */
    assert_int_equal(value(glue, "gain_reduction")->kind, TD_WISH_NONE);
    assert_float_equal(value(tape, "drive")->a, 1, 0);
    assert_float_equal(r->knob[0].def, 1, 0); /* in short form, and the parent's bounds stay */
    assert_float_equal(r->knob[0].max, 6, 0);
    assert_string_equal(r->name, "test");
    td_recipe_free(r);
}

static void an_edit_leaves_a_step_out(void **state)
{
    (void)state;
    td_recipe *r = child(HEAD "extends: base\nvalues: { warmth: 1 dB }\nmix: { edit: { tone: off } }\n");
    assert_int_equal(r->mix.n_steps, 2);
    assert_string_equal(r->mix.step[0].name, "glue");
    td_recipe_free(r);
}

static void a_list_replaces_the_list(void **state)
{
    (void)state;
    td_recipe *r = child(HEAD "extends: base\nmix: { chain: [ tape: { drive: $warmth } ] }\n");
    assert_int_equal(r->mix.n_steps, 1);
    td_recipe_free(r);
}

static void text_from_elsewhere_names_no_files(void **state)
{
    (void)state;
    static const char text[] = HEAD "extends: ../../etc/passwd.yaml\n";
    td_messages *m = td_messages_new();
    td_recipe *r;
    assert_int_equal(td_recipe_parse(NULL, NULL, text, strlen(text), NULL, 0, &r, m), TD_RECIPE);
    assert_string_equal(td_messages_at(m, 0)->code, "unknown_recipe");
    td_messages_free(m);
}

static void bounds_hold(void **state)
{
    (void)state;
    size_t size = 2 << 20;
    char *large = malloc(size);
    memset(large, '[', size);
    for (size_t length = 1000; length < size; length *= 8) { /* deep, then too large */
        td_messages *m = td_messages_new();
        td_recipe *r;
        assert_int_equal(td_recipe_parse(NULL, "x", large, length, NULL, 0, &r, m), TD_RECIPE);
        td_messages_free(m);
    }
    td_text wide = { 0 };
    td_text_add(&wide, HEAD "x-wide: [");
    for (int i = 0; i < 110000; i++) td_text_add(&wide, "1,");
    td_text_add(&wide, "]\n");
    td_messages *m = td_messages_new();
    td_recipe *r;
    assert_int_equal(td_recipe_parse(NULL, "x", wide.data, wide.length, NULL, 0, &r, m), TD_RECIPE);
    assert_string_equal(td_messages_at(m, 0)->code, "too_large");
    assert_true(strlen(td_messages_at(m, 0)->source) <= 480); /* a long line is cut */
    td_messages_free(m);
    td_text_free(&wide);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(steps_in_every_form),
        cmocka_unit_test(bands_in_every_form),
        cmocka_unit_test(groups_fixes_and_targets),
        cmocka_unit_test(and_binds_closer),
        cmocka_unit_test(a_knob_may_be_no_number),
        cmocka_unit_test(knobs_are_turned_and_hashed),
        cmocka_unit_test(an_edit_merges_drops_and_inserts),
        cmocka_unit_test(an_edit_leaves_a_step_out),
        cmocka_unit_test(a_list_replaces_the_list),
        cmocka_unit_test(text_from_elsewhere_names_no_files),
        cmocka_unit_test(bounds_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
