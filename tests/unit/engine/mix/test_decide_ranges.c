/* Ranges the planner answers from what it measured. */
#include "engine/mix/planner.h"
#include "recipes/recipes.h"
#include "tests/unit/engine/mix/scene.h"

#include <math.h>

#define LEAN_DEG 8.0

static double bass(double t, unsigned c)
{
    (void)c;
    return 0.2 * sin(2 * M_PI * 110 * t);
}

/* Middle and side, unrelated, and the whole picture turned to the left. */
static double leaning_pair(double t, unsigned c)
{
    double middle = 0.2 * sin(2 * M_PI * 523 * t), side = 0.06 * sin(2 * M_PI * 880 * t);
    double l = middle + side, r = middle - side, a = -LEAN_DEG * M_PI / 180;
    return c ? sin(a) * l + cos(a) * r : cos(a) * l - sin(a) * r;
}

static const char lopsided[] = "topdown: recipe/1\nname: r\ntitle: T\ntags: [ jazz ]\n"
                               "tracks:\n"
                               "  - fix: lopsided\n"
                               "    for: keys\n"
                               "    when: imbalance > 2 dB\n"
                               "    chain: [ rotate: { angle: -20 to 20 deg } ]\n";

static void test_a_leaning_pair_is_turned_back(void **state)
{
    (void)state;
    scene *s = scene_new();
    td_error err = { 0 };
    td_recipe *recipe;
    td_plan *plan;
    td_messages *m = td_messages_new();
    scene_add(s, "Bass.wav", 48000, 1, 6, bass);
    scene_add(s, "Piano.wav", 48000, 2, 6, leaning_pair);
    scene_open(s);
    assert_int_equal(td_pool_new(1, &s->pool), TD_OK);
    s->survey = scene_hear(s, 1);
    assert_int_equal(td_recipe_parse(NULL, NULL, lopsided, strlen(lopsided), NULL, 0, &recipe, m), TD_OK);
    td_plan_wish wish = {
        .session = s->session, .survey = s->survey, .recipe = recipe, .pool = s->pool, .scratch_folder = s->path
    };
    if (td_plan_make(&wish, &plan, &err)) fail_msg("%s", err.what);
    const td_plan_chain *chain = &plan->stem[scene_stem(s, "Piano.wav")].chain;
    assert_int_equal(chain->n_steps, 1);
    assert_string_equal(chain->step[0].proc->name, "rotate");
    assert_true(fabs(chain->step[0].value[0] - LEAN_DEG) <= 0.1);
    td_plan_free(plan);
    td_recipe_free(recipe);
    td_messages_free(m);
    td_pool_free(s->pool);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_a_leaning_pair_is_turned_back) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
