#include "recipes/sends.h"

#include <string.h>

void td_read_sends(td_reader *r, td_node *n, td_send_wish **out, size_t *count)
{
    if (!td_want(r, n, TD_NODE_MAP, "'sends'")) return;
    td_send_wish *send = td_take(r, n->n, sizeof *send);
    if (!send) return;
    *out = send;
    for (size_t i = 0; i < n->n; i++) {
        td_field f = {
            .name = td_keep(r, n->key[i]->text), .of = "sends", .measure = TD_UNIT_DB, .min = -60, .max = 12
        };
        /* a level, or how far under what sends the wet sound is to lie */
        if (n->value[i]->kind == TD_NODE_TEXT && td_starts_with(n->value[i]->text, "about ")) f.flags = TD_GOAL;
        if (f.name && td_read_wish(r, n->value[i], &f, &send[*count].level_db)) send[(*count)++].to = f.name;
    }
}

/* ---- where they go ----------------------------------------------------------------------------------------------- */

static size_t find_return(const td_recipe *recipe, const char *name)
{
    size_t i = 0;
    while (i < recipe->n_rets && strcmp(recipe->ret[i].bus, name) != 0) i++;
    return i;
}

static void check_targets(td_reader *r, const td_recipe *recipe, const td_node *sends)
{
    const char *names[TD_RETURNS_MAX];
    size_t n = recipe->n_rets;
    for (size_t i = 0; i < n; i++) names[i] = recipe->ret[i].bus;
    for (size_t i = 0; sends && sends->kind == TD_NODE_MAP && i < sends->n; i++)
        if (find_return(recipe, sends->key[i]->text) == n)
            td_mistake(r->messages, sends->key[i], "unknown_return",
                       n ? td_one_of(r->messages, sends->key[i]->text, names, n) : "declare it under 'returns'",
                       "no return '%s'", td_cut(r->messages, sends->key[i]->text));
}

static void check_all_targets(td_reader *r, const td_recipe *recipe, const td_node *root)
{
    static const char *const places[] = { "groups", "tracks", "returns" };
    for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
        const td_node *section = td_node_get(root, places[k]);
        for (size_t i = 0; section && i < section->n; i++)
            check_targets(r, recipe, td_node_get(section->value[i], "sends"));
    }
}

/* ---- order: depth first, from the last return to the first, and each is put down once all behind it are ---------- */

typedef struct walk {
    td_reader *r;
    const td_recipe *recipe;
    const td_node *returns;
    bool seen[TD_RETURNS_MAX];
    size_t path[TD_RETURNS_MAX], depth; /* from where it began to where it is */
    td_group_wish *ordered;
    size_t left; /* places in front of those that were put down */
} walk;

/* Of the way so far the part from step `first` on, which the send closes. */
static void tell_circle(const walk *w, size_t first, const td_send_wish *send)
{
    td_messages *m = w->r->messages;
    const td_node *from = w->returns->value[w->path[w->depth - 1]];
    const char *way = "";
    for (size_t i = first; i < w->depth; i++)
        way = td_say(m, "%s%s -> ", way, td_cut(m, w->recipe->ret[w->path[i]].bus));
    td_mistake(m, td_node_key(td_node_get(td_node_get(from, "sends"), send->to)), "circle",
               "leave one of these sends out; what repeats is the 'feedback' of a delay",
               "sound would run in a circle: %s%s", way, td_cut(m, send->to));
}

static void visit(walk *w, size_t i)
{
    const td_group_wish *g = &w->recipe->ret[i];
    w->seen[i] = true;
    w->path[w->depth++] = i;
    for (size_t k = g->n_sends; k-- > 0;) {
        size_t to = find_return(w->recipe, g->send[k].to), at = 0;
        while (at < w->depth && w->path[at] != to) at++;
        if (at < w->depth)
            tell_circle(w, at, &g->send[k]);
        else if (to < w->recipe->n_rets && !w->seen[to])
            visit(w, to);
    }
    w->depth--;
    w->ordered[--w->left] = *g;
}

void td_settle_returns(td_reader *r, td_recipe *recipe, const td_node *root)
{
    walk w = { .r = r, .recipe = recipe, .returns = td_node_get(root, "returns"), .left = recipe->n_rets };
    if (recipe->n_rets > TD_RETURNS_MAX) {
        td_mistake(r->messages, w.returns->key[TD_RETURNS_MAX], "too_many", NULL, "a recipe has at most %d returns",
                   TD_RETURNS_MAX);
        return;
    }
    check_all_targets(r, recipe, root);
    if (!(w.ordered = td_take(r, recipe->n_rets, sizeof *w.ordered))) return;
    for (size_t i = recipe->n_rets; i-- > 0;)
        if (!w.seen[i]) visit(&w, i);
    recipe->ret = w.ordered;
}
