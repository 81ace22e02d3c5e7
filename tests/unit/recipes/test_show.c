#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "recipes/parts.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define PLAN "tests/golden/recipes/plan/example"

/* TD_GOLDEN_WRITE=1 writes what is shown instead, for reading it over. */
static void a_plan_for_people(void **state)
{
    (void)state;
    td_messages *m = td_messages_new();
    td_arena *a = td_arena_new();
    td_text shown = { 0 };
    td_plan *plan;
    char *wanted;
    size_t length;
    td_status st = td_plan_load(PLAN ".yaml", &plan, m);
    td_messages_text(m, &shown);
    if (st) fail_msg("%s", td_text_or_empty(&shown));
    td_plan_view(plan, 0, &shown);
    if (getenv("TD_GOLDEN_WRITE"))
        assert_int_equal(td_file_write(PLAN ".txt", shown.data, shown.length, true, NULL), TD_OK);
    assert_int_equal(td_file_read(a, PLAN ".txt", 1 << 20, &wanted, &length, NULL), TD_OK);
    assert_string_equal(shown.data, wanted);
    td_plan_free(plan);
    td_text_free(&shown);
    td_arena_free(a);
    td_messages_free(m);
}

static void one_processor(void **state)
{
    (void)state;
    td_text text = { 0 };
    td_error err;
    assert_int_equal(td_processors_text("compressor", false, &text, &err), TD_OK);
    assert_non_null(strstr(text.data, "  ratio              ratio             1:1 to inf:1 "));
    assert_non_null(strstr(text.data, "decides threshold;"));
    assert_int_equal(td_processors_text("compresor", false, &text, &err), TD_ARG);
    assert_string_equal(err.hint, "did you mean 'compressor'?");
    td_text_free(&text);
    td_processors_text(NULL, false, &text, &err);
    assert_non_null(strstr(text.data, "\neq "));
    assert_null(strstr(text.data, "\nbell ")); /* a band is no step */
    td_text_free(&text);
    assert_int_equal(td_processors_text("gain", true, &text, &err), TD_OK);
    assert_string_equal(text.data,
                        "Plain gain, where a chain needs a level of its own. Stands in for a trim plug-in.\n"
                        "\n| parameter | values | default | |\n| --- | --- | --- | --- |\n"
                        "| `gain` | -60 to +24 dB, a range | 0 dB | level change, the same for both channels |\n");
    td_text_free(&text);
}

static json_t *parsed(td_text *text)
{
    json_t *o = json_loads(td_text_or_empty(text), JSON_REJECT_DUPLICATES, NULL);
    assert_int_equal(json_integer_value(json_object_get(o, "v")), 1);
    td_text_free(text);
    return o;
}

static void programs_read_the_same(void **state)
{
    (void)state;
    static const char *const eq[] = { "eq" }, *const wrong[] = { "eq", "eqq" };
    td_text text = { 0 };
    td_error err;
    size_t n = 0;
    for (size_t i = 0; td_processors[i]; i++) n += !td_processors[i]->part;
    assert_int_equal(td_processors_json(NULL, 0, &text, &err), TD_OK);
    json_t *o = parsed(&text);
    assert_int_equal(json_array_size(json_object_get(o, "processors")), n);
    json_decref(o);
    assert_int_equal(td_processors_json(eq, 1, &text, &err), TD_OK);
    o = parsed(&text);
    const json_t *band =
        json_array_get(json_object_get(json_array_get(json_object_get(o, "processors"), 0), "bands"), 0);
    assert_string_equal(json_string_value(json_object_get(band, "name")), "low_cut");
    assert_int_equal(json_array_size(json_object_get(band, "parameters")), 3);
    json_decref(o);
    assert_int_equal(td_processors_json(wrong, 2, &text, &err), TD_ARG);
    td_text_free(&text);
    for (n = 0; td_features[n].name; n++) continue;
    td_features_text(&text);
    assert_non_null(strstr(text.data, "\ntempo "));
    assert_non_null(strstr(text.data, "the needle's highest reading (VU)")); /* measured, and asked by nothing */
    td_text_free(&text);
    td_features_json(&text);
    o = parsed(&text);
    assert_int_equal(json_array_size(json_object_get(o, "features")), n);
    json_decref(o);
}

static td_status resolved(const td_library *l, const char *value, bool json, td_text *out)
{
    const td_setting set = { "warmth", value };
    td_messages *m = td_messages_new();
    td_status st = td_recipe_resolved(l, "pop-rock", &set, 1, json, out, m);
    td_messages_free(m);
    return st;
}

static void a_turned_knob_is_shown_turned(void **state)
{
    (void)state;
    td_library *l;
    td_text text = { 0 };
    assert_int_equal(td_library_open("recipes/library", &l, NULL), TD_OK);
    assert_int_equal(resolved(l, "4dB", false, &text), TD_OK);
    assert_non_null(strstr(text.data, "mix.chain.tape.tape.drive "));
    assert_null(strstr(text.data, "$warmth"));
    assert_non_null(strstr(text.data, "at most $glue")); /* another, which is not turned */
    td_text_free(&text);
    assert_int_equal(resolved(l, "40dB", false, &text), TD_RECIPE);
    assert_int_equal(resolved(l, "4dB", true, &text), TD_OK);
    json_t *o = parsed(&text);
    const json_t *row;
    size_t i, found = 0;
    json_array_foreach(json_object_get(o, "values"), i,
                       row) if (!strcmp(json_string_value(json_object_get(row, "path")), "values.warmth.default"))
    {
        assert_string_equal(json_string_value(json_object_get(row, "value")), "4 dB");
        assert_string_equal(json_string_value(json_object_get(row, "origin")), "--set");
        found++;
    }
    assert_int_equal(found, 1);
    json_decref(o);
    td_library_free(l);
}

/* ---- schemas ----------------------------------------------------------------------------------------------------- */

static void references_lead_somewhere(const json_t *node, const json_t *definitions)
{
    const json_t *ref = json_object_get(node, "$ref"), *value;
    const char *key;
    size_t i;
    if (json_is_string(ref)) {
        const char *name = json_string_value(ref) + strlen("#/$defs/");
        if (!json_object_get(definitions, name)) fail_msg("nothing is defined as %s", name);
    }
    json_object_foreach((json_t *)node, key, value) references_lead_somewhere(value, definitions);
    json_array_foreach(node, i, value) references_lead_somewhere(value, definitions);
}

static void every_key_has_a_kind(const td_object *objects, const json_t *schema, const json_t *definitions)
{
    for (const td_object *o = objects; o->name; o++) {
        const json_t *object = o == objects ? schema : json_object_get(definitions, o->name);
        if (strcmp(o->name, "step") == 0) continue; /* stands inside every chain */
        const json_t *properties = json_object_get(object, "properties");
        for (const td_member *m = o->members; m->name; m++)
            if (!json_object_get(json_object_get(properties, m->name), "$ref"))
                fail_msg("'%s' of %s is not in the schema", m->name, o->name);
    }
}

static void check_schema(td_status (*make)(td_text *), const td_object *objects)
{
    td_text text = { 0 };
    assert_int_equal(make(&text), TD_OK);
    json_t *schema = json_loads(text.data, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(schema);
    const json_t *definitions = json_object_get(schema, "$defs");
    references_lead_somewhere(schema, definitions);
    every_key_has_a_kind(objects, schema, definitions);
    json_decref(schema);
    td_text_free(&text);
}

static void schemas_know_every_key(void **state)
{
    (void)state;
    check_schema(td_recipe_schema, td_recipe_objects);
    check_schema(td_order_schema, td_order_objects);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_for_people),      cmocka_unit_test(one_processor),
        cmocka_unit_test(programs_read_the_same), cmocka_unit_test(a_turned_knob_is_shown_turned),
        cmocka_unit_test(schemas_know_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
