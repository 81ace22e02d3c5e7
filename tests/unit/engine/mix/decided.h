/* tests/unit/engine/mix/decided.h - a scene, and what a recipe decides of it. */
#ifndef TEST_MIX_DECIDED_H
#define TEST_MIX_DECIDED_H

#include "tests/unit/engine/mix/scene.h"

#include "engine/mix/planner.h"
#include "engine/mix/render.h"
#include "recipes/recipes.h"

typedef struct decided {
    scene *s;
    td_plan *plan;
} decided;

/* Opens and hears it, unless it was. */
static inline void scene_ready(scene *s)
{
    td_error err = { 0 };
    if (!s->session) scene_open(s);
    if (!s->pool) assert_int_equal(td_pool_new(2, &s->pool), TD_OK);
    if (!s->survey && td_survey_make(s->session, s->pool, s->path, NULL, NULL, &s->survey, &err))
        fail_msg("%s: %s", err.where, err.what);
}

/* library: where what a recipe extends is found; NULL: nowhere. */
static inline td_status try_plan(const scene *s, const td_library *library, const char *recipe_text, td_pool *pool,
                                 td_plan **out, td_error *err)
{
    td_recipe *recipe = NULL;
    td_messages *m = td_messages_new();
    if (td_recipe_parse(library, NULL, recipe_text, strlen(recipe_text), NULL, 0, &recipe, m)) {
        td_text t = { 0 };
        td_messages_text(m, &t);
        fail_msg("%s", td_text_or_empty(&t));
    }
    td_plan_wish wish = {
        .session = s->session, .survey = s->survey, .recipe = recipe, .pool = pool, .scratch_folder = s->path
    };
    td_status st = td_plan_make(&wish, out, err);
    td_recipe_free(recipe);
    td_messages_free(m);
    return st;
}

static inline td_plan *plan_of(const scene *s, const td_library *library, const char *recipe_text, td_pool *pool)
{
    td_error err = { 0 };
    td_plan *plan = NULL;
    if (try_plan(s, library, recipe_text, pool, &plan, &err)) fail_msg("%s: %s", err.where, err.what);
    return plan;
}

static inline td_plan *plan_on(const scene *s, const char *recipe_text, td_pool *pool)
{
    return plan_of(s, NULL, recipe_text, pool);
}

#define RECIPE_HEAD "topdown: recipe/1\nname: t\ntitle: T\n"

/* body: a recipe without its head. */
static inline decided decide(scene *s, const char *body)
{
    scene_ready(s);
    return (decided){ s, plan_on(s, td_arena_printf(s->arena, RECIPE_HEAD "%s", body), s->pool) };
}

/* ---- what a plan says of itself ---------------------------------------------------------------------------------- */

enum { ANY_NOTE = -1 };

/* The first note of a kind that begins so and says these words; NULL: there is none. */
static inline const char *note_of(const td_plan *p, int kind, const char *start, const char *words)
{
    for (size_t i = 0; i < p->n_notes; i++) {
        const td_plan_note *n = &p->note[i];
        if ((kind == ANY_NOTE || (int)n->kind == kind) && td_starts_with(n->text, start) && strstr(n->text, words))
            return n->text;
    }
    return NULL;
}

static inline const char *told(const td_plan *p, const char *start)
{
    return note_of(p, ANY_NOTE, start, "");
}

static inline const char *warned(const td_plan *p, const char *start, const char *words)
{
    return note_of(p, TD_NOTE_WARNING, start, words);
}

static inline size_t times_told(const td_plan *p, const char *words)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_notes; i++) n += strstr(p->note[i].text, words) != NULL;
    return n;
}

/* ---- playing it -------------------------------------------------------------------------------------------------- */

/* A plan as it is; who calls adds what else is wanted. */
static inline td_render_wish wish_for(const scene *s, const td_plan *p)
{
    return (td_render_wish){
        .session = s->session, .survey = s->survey, .plan = p, .pool = s->pool, .scratch_folder = s->path
    };
}

static inline td_rendered *rendered(td_render_wish w)
{
    td_error err = { 0 };
    td_rendered *r = NULL;
    if (td_render(&w, &r, &err)) fail_msg("%s: %s", err.where, err.what);
    return r;
}

/* ---- leaving ----------------------------------------------------------------------------------------------------- */

static inline void scene_leave(scene *s)
{
    td_pool_free(s->pool);
    scene_free(s);
}

static inline void leave(decided *d)
{
    td_plan_free(d->plan);
    scene_leave(d->s);
}

#endif
