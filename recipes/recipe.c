#include "recipes/parts.h"
#include "recipes/resolve.h"
#include "recipes/sends.h"
#include "recipes/steps.h"

#include <string.h>

static const char lower_case[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

/* ---- knobs ------------------------------------------------------------------------------------------------------- */

static const td_member knob_members[] = {
    TD_WHOLE("default", NULL),
    TD_WHOLE("min", NULL),
    TD_WHOLE("max", NULL),
    TD_MEMBER(td_knob, "label", td_member_text, label),
    { 0 },
};

static void read_bound(td_reader *r, const td_node *map, const char *name, td_measure measure, double *out)
{
    const td_node *n = td_node_get(map, name);
    td_field f = { .name = name, .measure = measure, .min = NAN, .max = NAN };
    if (n) td_read_number(r, n, &f, out);
}

/* Whatever is no number is kept as it is written, and judged where it is used. */
static bool read_word_knob(td_reader *r, const td_node *def, const td_node *n, const char *label, td_knob *knob)
{
    static const char *const bounds[] = { "min", "max" };
    knob->text = td_keep(r, def->text);
    for (int i = 0; i < 2; i++) {
        const td_node *bound = td_node_get(n, bounds[i]);
        if (bound)
            td_mistake(r->messages, td_node_key(bound), "no_bound", "its default is no number with a unit",
                       "%s has no '%s'", label, bounds[i]);
    }
    return knob->text != NULL;
}

/* What a knob may hold is told by its default's unit. */
static bool read_knob(td_reader *r, const td_node *key, td_node *n, td_knob *knob, td_measure *measure)
{
    *knob = (td_knob){ .name = td_keep(r, key->text), .min = NAN, .max = NAN };
    if (key->text[strspn(key->text, lower_case)] || !key->text[0]) {
        td_mistake(r->messages, key, "bad_name", "letters a to z, digits and '-'", "'%s' cannot be a knob's name",
                   td_cut(r->messages, key->text));
        return false;
    }
    const char *label = td_say(r->messages, "knob '%s'", td_cut(r->messages, key->text));
    const td_node *def = n;
    if (n->kind == TD_NODE_MAP) {
        td_read_members(r, n, label, knob_members, knob);
        def = td_node_get(n, "default");
        if (!def)
            td_mistake(r->messages, n, "missing", "write for example { default: 2 dB }", "%s has no default", label);
    }
    if (def && def->kind == TD_NODE_TEXT && def->text[0] && !td_is_amount(def->text))
        return read_word_knob(r, def, n, label, knob);
    if (!def || !td_read_any(r, def, label, &knob->def, measure)) return false;
    read_bound(r, n, "min", *measure, &knob->min);
    read_bound(r, n, "max", *measure, &knob->max);
    if (knob->def < knob->min || knob->def > knob->max || knob->min > knob->max)
        td_mistake(r->messages, def, "out_of_range", NULL, "the default of %s is outside its own range", label);
    bool level = *measure == TD_MEASURE_LUFS || *measure == TD_MEASURE_DBTP;
    knob->unit = level ? TD_UNIT_DBFS : (td_unit)*measure;
    knob->value = knob->def;
    return true;
}

static void read_knobs(td_reader *r, td_node *values)
{
    if (!values || !td_want(r, values, TD_NODE_MAP, "'values'")) return;
    r->knob = td_take(r, values->n, sizeof *r->knob);
    r->knob_measure = td_take(r, values->n, sizeof *r->knob_measure);
    r->knob_used = td_take(r, values->n, sizeof *r->knob_used);
    if (!r->knob || !r->knob_measure || !r->knob_used) return;
    for (size_t i = 0; i < values->n; i++)
        if (read_knob(r, values->key[i], values->value[i], &r->knob[r->n_knobs], &r->knob_measure[r->n_knobs]))
            r->n_knobs++;
}

/* What a job or the command line sets. */
static void turn_knobs(td_reader *r, const td_node *set)
{
    for (size_t i = 0; set && i < set->n; i++) {
        const char *names[64];
        size_t n = 0, k = 0;
        for (; n < r->n_knobs && n < 64; n++) names[n] = r->knob[n].name;
        while (k < r->n_knobs && strcmp(r->knob[k].name, set->key[i]->text) != 0) k++;
        if (k == r->n_knobs) {
            td_mistake(r->messages, set->key[i], "unknown_knob",
                       n ? td_one_of(r->messages, set->key[i]->text, names, n) : "the recipe has none", "no knob '%s'",
                       td_cut(r->messages, set->key[i]->text));
            continue;
        }
        td_knob *knob = &r->knob[k];
        if (knob->text) {
            const char *text = td_read_text(r, set->value[i], td_say(r->messages, "knob '%s'", knob->name));
            knob->text = text ? text : knob->text;
            continue;
        }
        td_field f = { .name = knob->name, .measure = r->knob_measure[k], .min = knob->min, .max = knob->max };
        td_read_number(r, set->value[i], &f, &knob->value);
    }
}

/* Those of the recipe itself; what a parent's knobs turned may have been edited away. */
static void warn_unused_knobs(td_reader *r, const td_node *values)
{
    for (size_t i = 0; i < r->n_knobs; i++) {
        const td_node *key = td_node_key(td_node_get(values, r->knob[i].name));
        if (!r->knob_used[i] && key->doc == td_node_get(r->root, "topdown")->doc)
            td_caution(r->messages, key, "unused_knob", NULL, "knob '%s' is used nowhere", r->knob[i].name);
    }
}

/* ---- levels, roles ----------------------------------------------------------------------------------------------- */

static void read_level(td_reader *r, td_node *n, void *into)
{
    static const td_field f = { .name = "level", .measure = TD_UNIT_DB, .min = -60, .max = 24 };
    td_read_wish(r, n, &f, into);
}

static const char **read_roles(td_reader *r, const td_node *n, const char *label, size_t *count)
{
    const char **roles = td_read_texts(r, n, label, count);
    for (size_t i = 0; i < *count; i++) td_check_role(r, n->kind == TD_NODE_LIST ? n->value[i] : n, roles[i], label);
    return roles;
}

/* ---- groups and returns ------------------------------------------------------------------------------------------ */

static void group_chain(td_reader *r, td_node *n, void *into)
{
    td_group_wish *g = into;
    td_read_chain(r, n, td_node_get(n->parent, "when"), &g->chain);
}

static void group_loudness(td_reader *r, td_node *n, void *into)
{
    static const td_field f = { .name = "loudness", .measure = TD_UNIT_DB, .min = -40, .max = 20 };
    td_read_wish(r, n, &f, &((td_group_wish *)into)->loudness_lu);
}

static void group_inside(td_reader *r, td_node *n, void *into)
{
    static const char *const words[] = { "delivered", "loudness", NULL };
    ((td_group_wish *)into)->inside_loudness = td_read_word(r, n, "'inside'", words) == 1;
}

static void read_places(td_reader *r, td_node *n, void *into)
{
    int word = td_read_word(r, n, "'pan'", td_pan_names);
    if (word >= 0) *(td_pan *)into = (td_pan)(TD_PAN_DELIVERED + word);
}

static void group_pan(td_reader *r, td_node *n, void *into)
{
    td_group_wish *g = into;
    bool place = n->kind == TD_NODE_TEXT && n->text[0] && strchr("LRC", n->text[0]);
    if (!place)
        read_places(r, n, &g->pan);
    else if (td_read_pan(r, n, &g->place, NULL))
        g->pan = TD_PAN_GIVEN;
}

static void group_sends(td_reader *r, td_node *n, void *into)
{
    td_group_wish *g = into;
    td_read_sends(r, n, &g->send, &g->n_sends);
}

static void group_when(td_reader *r, td_node *n, void *into)
{
    td_group_wish *g = into;
    td_read_condition(r, n, &g->when, &g->when_text);
}

static void no_edit(td_reader *r, td_node *n, void *into)
{
    (void)into;
    td_mistake(r->messages, td_node_key(n), "no_edit", "write the chain itself",
               "'edit' changes a chain of the recipe that is extended, and there is none here");
}

static const td_member group_members[] = {
    TD_WHOLE("chain", group_chain),
    TD_MEMBER(td_group_wish, "level", read_level, level_db),
    TD_WHOLE("loudness", group_loudness),
    TD_WHOLE("inside", group_inside),
    TD_WHOLE("pan", group_pan),
    TD_WHOLE("sends", group_sends),
    TD_WHOLE("when", group_when),
    TD_WHOLE("edit", no_edit),
    { 0 },
};

static const td_member return_members[] = {
    TD_WHOLE("chain", group_chain),
    TD_MEMBER(td_group_wish, "level", read_level, level_db),
    TD_WHOLE("sends", group_sends),
    TD_WHOLE("edit", no_edit),
    { 0 },
};

static td_group_wish *read_group_map(td_reader *r, td_node *n, const char *what, const td_member *members,
                                     size_t *count)
{
    if (!td_want(r, n, TD_NODE_MAP, td_say(r->messages, "'%ss'", what))) return NULL;
    td_group_wish *group = td_take(r, n->n, sizeof *group);
    for (size_t i = 0; group && i < n->n; i++) {
        td_group_wish *g = &group[(*count)++];
        g->bus = td_keep(r, n->key[i]->text);
        g->line = (int)n->key[i]->line;
        td_read_members(r, n->value[i], td_say(r->messages, "a %s", what), members, g);
    }
    return group;
}

static bool is_bus(const char *name)
{
    size_t b = 0;
    while (td_buses[b] && strcmp(td_buses[b], name) != 0) b++;
    return td_buses[b] || strcmp(TD_BUS_BACKING, name) == 0;
}

static void read_groups(td_reader *r, td_node *n, void *into)
{
    td_recipe *recipe = into;
    recipe->group = read_group_map(r, n, "group", group_members, &recipe->n_groups);
    size_t buses = 0;
    while (td_buses[buses]) buses++;
    for (size_t i = 0; i < recipe->n_groups; i++) {
        if (!is_bus(n->key[i]->text))
            td_caution(r->messages, n->key[i], "unknown_bus", td_one_of(r->messages, n->key[i]->text, td_buses, buses),
                       "group '%s' is not a bus", td_cut(r->messages, n->key[i]->text));
    }
}

static void read_returns(td_reader *r, td_node *n, void *into)
{
    td_recipe *recipe = into;
    recipe->ret = read_group_map(r, n, "return", return_members, &recipe->n_rets);
}

/* ---- fixes ------------------------------------------------------------------------------------------------------- */

static void fix_for(td_reader *r, td_node *n, void *into)
{
    td_fix_wish *f = into;
    f->roles = read_roles(r, n, "'for'", &f->n_roles);
}

static void fix_except(td_reader *r, td_node *n, void *into)
{
    td_fix_wish *f = into;
    f->except = read_roles(r, n, "'except'", &f->n_except);
}

static void fix_when(td_reader *r, td_node *n, void *into)
{
    td_fix_wish *f = into;
    td_read_condition(r, n, &f->when, &f->when_text);
}

static void fix_chain(td_reader *r, td_node *n, void *into)
{
    td_read_chain(r, n, td_node_get(n->parent, "when"), &((td_fix_wish *)into)->chain);
}

static void fix_pan(td_reader *r, td_node *n, void *into)
{
    td_fix_wish *f = into;
    td_read_pan(r, n, &f->pan, &f->pan_auto);
}

static void fix_align(td_reader *r, td_node *n, void *into)
{
    td_fix_wish *f = into;
    f->align = td_read_text(r, n, "'align'");
    if (f->align) td_check_role(r, n, f->align, "'align'");
}

static void fix_sends(td_reader *r, td_node *n, void *into)
{
    td_fix_wish *f = into;
    td_read_sends(r, n, &f->send, &f->n_sends);
}

static const td_member fix_members[] = {
    TD_MEMBER(td_fix_wish, "fix", td_member_text, name),
    TD_WHOLE("for", fix_for),
    TD_WHOLE("except", fix_except),
    TD_WHOLE("when", fix_when),
    TD_WHOLE("chain", fix_chain),
    TD_MEMBER(td_fix_wish, "level", read_level, level_db),
    TD_WHOLE("pan", fix_pan),
    TD_MEMBER(td_fix_wish, "polarity", td_member_polarity, flip),
    TD_WHOLE("align", fix_align),
    TD_WHOLE("sends", fix_sends),
    { 0 },
};

static void read_fixes(td_reader *r, td_node *n, void *into)
{
    td_recipe *recipe = into;
    if (!td_want(r, n, TD_NODE_LIST, "'tracks'")) return;
    recipe->fix = td_take(r, n->n, sizeof *recipe->fix);
    for (size_t i = 0; recipe->fix && i < n->n; i++) {
        td_fix_wish *f = &recipe->fix[recipe->n_fixes];
        *f = (td_fix_wish){ .pan = NAN, .line = (int)n->value[i]->line };
        td_read_members(r, n->value[i], "a fix", fix_members, f);
        if (n->value[i]->kind != TD_NODE_MAP) continue;
        recipe->n_fixes++;
        for (size_t k = 0; f->name && k + 1 < recipe->n_fixes; k++)
            if (recipe->fix[k].name && !strcmp(recipe->fix[k].name, f->name)) {
                td_mistake(r->messages, td_node_get(n->value[i], "fix"), "repeated_fix",
                           "give one of them another name", "there is a fix '%s' already",
                           td_cut(r->messages, f->name));
                break;
            }
        if (!td_node_get(n->value[i], "fix"))
            td_mistake(r->messages, n->value[i], "missing", "begin it with '- fix: NAME'", "a fix without a name");
        if (!td_node_get(n->value[i], "for"))
            td_mistake(r->messages, n->value[i], "missing", "write 'for: all', or roles", "a fix without 'for'");
    }
}

/* ---- targets ----------------------------------------------------------------------------------------------------- */

/* Where a band `match` stands in it; NULL: nowhere. */
static const td_node *find_match(const td_node *n)
{
    if (n->kind == TD_NODE_TEXT) return strcmp(n->text, "match") ? NULL : n;
    for (size_t i = 0; i < n->n; i++) {
        const td_node *found = n->key ? find_match(n->key[i]) : NULL;
        if (found || (found = find_match(n->value[i]))) return found;
    }
    return NULL;
}

/* A chain behind the mix bus. */
static void read_way(td_reader *r, td_node *n, td_chain_wish *out)
{
    td_read_chain(r, n, NULL, out);
    for (size_t i = 0; n->kind == TD_NODE_LIST && i < n->n; i++) {
        const td_node *step = n->value[i];
        size_t at = step->kind == TD_NODE_MAP ? td_step_processor_key(step) : step->n;
        const td_node *match = at < step->n && !strcmp(step->key[at]->text, "eq") ? find_match(step->value[at]) : NULL;
        if (match)
            td_mistake(r->messages, match, "no_match", "write it into an eq of 'mix'",
                       "'match' stands on the mix bus, which is judged by what is finished");
    }
}

static const td_member master_members[] = {
    TD_WHOLE("loudness", td_target_loudness),
    TD_WHOLE("true_peak", td_target_true_peak),
    TD_WHOLE("peak", td_target_peak),
    TD_WHOLE("limiting", td_target_limiting),
    TD_WHOLE("chain", NULL),
    TD_WHOLE("edit", no_edit),
    { 0 },
};

static const td_member preview_members[] = {
    TD_WHOLE("loudness", td_target_loudness),
    TD_WHOLE("true_peak", td_target_true_peak),
    TD_WHOLE("peak", td_target_peak),
    TD_WHOLE("limiting", td_target_limiting),
    TD_WHOLE("chain", NULL),
    TD_WHOLE("edit", no_edit),
    TD_WHOLE("format", NULL),
    TD_WHOLE("bits", NULL),
    { 0 },
};

static void read_master(td_reader *r, td_node *n, void *into)
{
    td_recipe *recipe = into;
    recipe->master = td_no_target;
    td_read_members(r, n, "master", master_members, &recipe->master);
    if (isnan(recipe->master.true_peak_dbtp)) recipe->master.true_peak_dbtp = -1;
    td_node *chain = td_node_get(n, "chain");
    if (chain) read_way(r, chain, &recipe->way[TD_TO_MASTER]);
}

static void read_preview(td_reader *r, td_node *n, void *into)
{
    td_recipe *recipe = into;
    recipe->preview = td_no_target;
    td_read_members(r, n, "preview", preview_members, &recipe->preview);
    td_node *chain = td_node_get(n, "chain"), *format = td_node_get(n, "format"), *bits = td_node_get(n, "bits");
    if (chain) read_way(r, chain, &recipe->way[TD_TO_PREVIEW]);
    if (format) td_read_format(r, format, &recipe->preview_format);
    if (bits) td_read_bits(r, bits, recipe->preview_format, &recipe->preview_bits);
}

/* ---- the recipe -------------------------------------------------------------------------------------------------- */

static void read_name(td_reader *r, td_node *n, void *into)
{
    const char *name = td_read_text(r, n, "'name'");
    if (name && name[strspn(name, lower_case)])
        td_mistake(r->messages, n, "bad_name", "letters a to z, digits and '-'", "'%s' cannot be a recipe's name",
                   td_cut(r->messages, name));
    else
        ((td_recipe *)into)->name = name;
}

static void read_revision(td_reader *r, td_node *n, void *into)
{
    td_read_whole(r, n, "'revision'", 1, 1000000, &((td_recipe *)into)->revision);
}

static void read_tags(td_reader *r, td_node *n, void *into)
{
    td_recipe *recipe = into;
    recipe->tag = td_read_texts(r, n, "'tags'", &recipe->n_tags);
}

static void read_approach(td_reader *r, td_node *n, void *into)
{
    int word = td_read_word(r, n, "'approach'", td_approach_names);
    if (word >= 0) ((td_recipe *)into)->approach = (td_approach)word;
}

static void read_focus(td_reader *r, td_node *n, void *into)
{
    td_recipe *recipe = into;
    recipe->focus = td_read_text(r, n, "'focus'");
    if (recipe->focus) td_check_role(r, n, recipe->focus, "'focus'");
}

static void stage_level(td_reader *r, td_node *n, void *into)
{
    static const td_field f = { .name = "level", .of = "staging", .measure = TD_UNIT_DBFS, .min = -40, .max = 0 };
    td_read_number(r, n, &f, &((td_recipe *)into)->stage_dbfs);
}

static void stage_meter(td_reader *r, td_node *n, void *into)
{
    static const char *const words[] = { "peak", "rms", "vu", NULL };
    int word = td_read_word(r, n, "'meter'", words);
    if (word >= 0) ((td_recipe *)into)->stage_meter = (td_stage_meter)word;
}

static const td_member staging_members[] = {
    TD_WHOLE("level", stage_level),
    TD_WHOLE("meter", stage_meter),
    { 0 },
};

static void read_staging(td_reader *r, td_node *n, void *into)
{
    td_read_members(r, n, "staging", staging_members, into);
}

static void mix_chain(td_reader *r, td_node *n, void *into)
{
    td_recipe *recipe = into;
    td_read_chain(r, n, NULL, &recipe->mix);
    if (recipe->mix.n_steps > 3)
        td_caution(r->messages, td_node_key(n), "long_mix_bus", "leave the rest to the groups",
                   "%zu steps on the mix bus, three are usual", recipe->mix.n_steps);
}

static const td_member mix_members[] = {
    TD_WHOLE("chain", mix_chain),
    TD_WHOLE("edit", no_edit),
    { 0 },
};

static void read_mix(td_reader *r, td_node *n, void *into)
{
    td_read_members(r, n, "mix", mix_members, into);
}

static void reference_tone(td_reader *r, td_node *n, void *into)
{
    static const td_field f = { .name = "tone", .measure = TD_UNIT_PERCENT, .min = 0, .max = 100 };
    double percent;
    if (td_read_number(r, n, &f, &percent)) ((td_recipe *)into)->reference_tone = percent / 100;
}

static const td_member reference_members[] = {
    TD_WHOLE("tone", reference_tone),
    { 0 },
};

static void read_reference(td_reader *r, td_node *n, void *into)
{
    td_read_members(r, n, "reference", reference_members, into);
}

static const td_member recipe_members[] = {
    TD_WHOLE("topdown", NULL),
    TD_WHOLE("name", read_name),
    TD_MEMBER(td_recipe, "title", td_member_text, title),
    TD_MEMBER(td_recipe, "description", td_member_text, description),
    TD_MEMBER(td_recipe, "author", td_member_text, author),
    TD_WHOLE("revision", read_revision),
    TD_WHOLE("tags", read_tags),
    TD_WHOLE("extends", NULL),
    TD_WHOLE("values", NULL),
    TD_WHOLE("approach", read_approach),
    TD_WHOLE("focus", read_focus),
    TD_MEMBER(td_recipe, "balance", td_member_balance, balance),
    TD_MEMBER(td_recipe, "pan", read_places, pan),
    TD_WHOLE("reference", read_reference),
    TD_WHOLE("staging", read_staging),
    TD_WHOLE("mix", read_mix),
    TD_WHOLE("groups", read_groups),
    TD_WHOLE("tracks", read_fixes),
    TD_WHOLE("returns", read_returns),
    TD_WHOLE("master", read_master),
    TD_WHOLE("preview", read_preview),
    { 0 },
};

const td_object td_recipe_objects[] = {
    { "recipe", recipe_members },       { "knob", knob_members },     { "staging", staging_members },
    { "reference", reference_members }, { "mix", mix_members },       { "group", group_members },
    { "return", return_members },       { "fix", fix_members },       { "master", master_members },
    { "preview", preview_members },     { "step", td_graph_members }, { NULL, NULL },
};

/* ---- what only the whole can tell -------------------------------------------------------------------------------- */

/* A track's name has capitals, blanks or an ending; what has none of them reads like a role. */
static void check_key(td_reader *r, const td_node *word)
{
    if (word->kind != TD_NODE_TEXT || strcmp(word->text, "all") == 0) return;
    if (td_role_known(word->text) || is_bus(word->text)) return;
    const char *near = td_near_role(r->messages, word->text);
    if (!near && !word->text[strspn(word->text, lower_case)]) near = "'topdown help roles' lists them";
    if (near)
        td_caution(r->messages, word, "unknown_role", near, "'key': no role or bus '%s', taken for a track's name",
                   td_cut(r->messages, word->text));
}

static void check_keys(td_reader *r, const td_node *place)
{
    const td_node *chain = td_node_get(place, "chain");
    for (size_t i = 0; chain && i < chain->n; i++) {
        const td_node *key = td_node_get(chain->value[i], "key");
        if (key && key->kind != TD_NODE_LIST) check_key(r, key);
        for (size_t k = 0; key && key->kind == TD_NODE_LIST && k < key->n; k++) check_key(r, key->value[k]);
    }
}

static void check_all_keys(td_reader *r, const td_node *root)
{
    static const char *const places[] = { "groups", "returns", "tracks" };
    check_keys(r, td_node_get(root, "mix"));
    for (td_way k = 0; k < TD_WAYS; k++) check_keys(r, td_node_get(root, td_way_names[k]));
    for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
        const td_node *section = td_node_get(root, places[k]);
        for (size_t i = 0; section && i < section->n; i++) check_keys(r, section->value[i]);
    }
}

/* The reference's tone is what bells of a match lead to. */
static void check_reference(td_reader *r, const td_recipe *recipe, const td_node *tone)
{
    if (tone && recipe->reference_tone > 0 && !td_recipe_matches(recipe))
        td_caution(r->messages, td_node_key(tone), "no_match",
                   "write for example 'chain: [ eq: [ match ] ]' under 'mix'",
                   "the reference's tone is asked for, and no 'match' of the mix bus answers it");
}

/* ---- hash -------------------------------------------------------------------------------------------------------- */

static void dump(const td_node *n, td_text *out)
{
    static const char kinds[] = { 't', 'l', 'm' };
    td_text_addf(out, "%c%zu", n->off ? 'o' : kinds[n->kind], n->kind == TD_NODE_TEXT ? strlen(n->text) : n->n);
    td_text_add(out, ":");
    if (n->kind == TD_NODE_TEXT) td_text_add(out, n->text);
    for (size_t i = 0; i < n->n; i++) {
        if (n->key) dump(n->key[i], out);
        dump(n->value[i], out);
    }
}

static bool hash(const td_recipe *recipe, const td_node *root, char out[TD_SHA256_HEX])
{
    td_text text = { 0 };
    dump(root, &text);
    for (size_t i = 0; i < recipe->n_knobs; i++) {
        char value[64];
        td_number_text(recipe->knob[i].value, value, sizeof value);
        td_text_addf(&text, "%s=%s;", recipe->knob[i].name, recipe->knob[i].text ? recipe->knob[i].text : value);
    }
    bool fine = !text.broken && td_sha256_of(text.data, text.length, out) == TD_OK;
    td_text_free(&text);
    return fine;
}

/* ---- entry points ------------------------------------------------------------------------------------------------ */

static void fill(td_reader *r, td_node *root, const td_node *set, td_recipe *recipe)
{
    td_mend_keys(r, root, "a recipe", recipe_members);
    td_node *values = td_node_get(root, "values");
    r->root = root;
    read_knobs(r, values);
    turn_knobs(r, set);
    td_read_members(r, root, "a recipe", recipe_members, recipe);
    if (!td_node_get(root, "name"))
        td_mistake(r->messages, root, "missing", "write for example 'name: house-rock'", "a recipe without a name");
    if (recipe->approach != TD_TOP_DOWN && !recipe->focus)
        td_mistake(r->messages, td_node_get(root, "approach"), "missing", "write for example 'focus: vocals.lead'",
                   "%s needs a focus to start from", td_approach_name(recipe->approach));
    td_settle_returns(r, recipe, root);
    check_all_keys(r, root);
    check_reference(r, recipe, td_node_get(td_node_get(root, "reference"), "tone"));
    if (td_messages_errors(r->messages) == r->before) warn_unused_knobs(r, values);
    recipe->knob = r->knob;
    recipe->n_knobs = r->n_knobs;
}

td_recipe *td_recipe_make(td_reader *r, td_node *root, const td_node *set)
{
    td_recipe *recipe = td_take(r, 1, sizeof *recipe);
    if (!recipe) return NULL;
    *recipe = (td_recipe){
        .revision = 1,
        .stage_dbfs = -12,
        .master = { -14, -1, NAN, 6, NULL },
        .preview = { -14, NAN, -1, 6, NULL },
        .preview_format = "wav",
        .preview_bits = 24,
        .arena = r->arena,
    };
    fill(r, root, set, recipe);
    if (!hash(recipe, root, recipe->hash)) td_messages_break(r->messages);
    return recipe;
}

td_node *td_set_nodes(td_reader *r, const td_setting *set, size_t n)
{
    td_node *map = td_take(r, 1, sizeof *map);
    td_document *doc = td_take(r, 1, sizeof *doc);
    if (!map || !doc) return NULL;
    *doc = (td_document){ .file = "--set", .text = "" };
    *map = (td_node){ .kind = TD_NODE_MAP, .doc = doc };
    for (size_t i = 0; i < n; i++) {
        td_node *pair = td_take(r, 2, sizeof *pair);
        if (!pair) return NULL;
        const char *texts[] = { set[i].name, set[i].value };
        for (int k = 0; k < 2; k++) pair[k] = (td_node){ .text = td_keep(r, texts[k]), .doc = doc, .plain = true };
        if (!pair[0].text || !pair[1].text || !td_node_append(r->arena, map, map->n, &pair[0], &pair[1])) {
            td_messages_break(r->messages);
            return NULL;
        }
    }
    return map;
}

static td_status finish(td_reader *r, td_node *root, const td_setting *set, size_t n_set, td_recipe **out)
{
    td_node *settings = root ? td_set_nodes(r, set, n_set) : NULL;
    td_recipe *recipe = settings ? td_recipe_make(r, root, settings) : NULL;
    td_status st = td_reader_end(r, TD_RECIPE);
    *out = st == TD_OK ? recipe : NULL;
    return st;
}

td_status td_recipe_parse(const td_library *l, const char *file, const char *text, size_t length, const td_setting *set,
                          size_t n_set, td_recipe **out, td_messages *m)
{
    td_reader r = td_reader_new(m, !file);
    td_node *root = r.arena ? td_resolve(&r, l, file ? file : "recipe", text, length) : NULL;
    return finish(&r, root, set, n_set, out);
}

td_status td_recipe_load(const td_library *l, const char *what, const td_setting *set, size_t n_set, td_recipe **out,
                         td_messages *m)
{
    td_reader r = td_reader_new(m, false);
    return finish(&r, r.arena ? td_resolve_named(&r, l, what) : NULL, set, n_set, out);
}

td_status td_setting_parse(td_arena *a, const char *text, td_setting *out, td_error *err)
{
    const char *equal = strchr(text, '=');
    if (!equal || equal == text || !equal[1])
        return td_fail(err, TD_ARG, "--set", "write for example --set warmth=4dB", "'%s' is no NAME=VALUE", text);
    out->name = td_arena_strndup(a, text, (size_t)(equal - text));
    out->value = td_arena_strdup(a, equal + 1);
    return out->name && out->value ? TD_OK : TD_NOMEM;
}
