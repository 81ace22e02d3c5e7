#include "recipes/parts.h"
#include "recipes/steps.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* JSON Schema 2020-12 for completion and red lines in editors. Names of keys come from the readers' tables, names,
 * units and ranges of parameters from the processors' descriptors. What a key holds stands here. Where memory is short
 * a piece becomes NULL, and so does all that holds it: it is checked once, at the end. */

/* What stands under a key, for all objects that have it; "staging.level" for one of them alone. `is` is a definition.
 */
static const struct {
    const char *key, *is, *help;
} keys[] = {
    { "recipe.topdown", "header", "recipe/1: what this file is; first" },
    { "job.topdown", "header", "job/1: what this file is; first" },
    { "recipe.name", "word", "a to z, digits and '-'; needed" },
    { "name", "text", "as people call it" },
    { "job.name", "text", "what the order is called; names the song where no title does" },
    { "title", "text", "one line for people" },
    { "job.title", "text", "the song; stands in names and tags of the files" },
    { "description", "text", "what it is good for" },
    { "author", "text", "whose recipe it is" },
    { "revision", "whole", "the author's counter; goes into every report" },
    { "tags", "texts", "for finding it" },
    { "extends", "text", "a recipe to change, by name or by path relative to this file" },
    { "values", "knobs", "the recipe's own knobs; $name uses one" },
    { "approach", "approach", "the order of decisions; top-down unless said otherwise" },
    { "focus", "role", "the role a bottom-up mix starts from" },
    { "balance", "balance", "where the faders start" },
    { "recipe.reference", "reference", "what of the order's reference song the mix takes on" },
    { "tone", "percent", "how much of its spectrum; needs a match band on the mix bus" },
    { "staging", "staging", "where every bus is brought before anything else" },
    { "staging.level", "dbfs", "-12 dBFS unless said otherwise" },
    { "meter", "meter", "what stands at that level; peak unless said otherwise" },
    { "mix", "mix", "the mix bus: the overall sound" },
    { "groups", "groups", "the groups, heard through the mix bus" },
    { "recipe.tracks", "fixes", "single tracks, only where measured" },
    { "returns", "returns", "effect busses that sends reach" },
    { "master", "master", "target of the master" },
    { "preview", "preview", "target and format of the preview" },
    { "chain", "chain", "steps in signal order" },
    { "edit", "edit", "changes to the extended recipe's chain, by the names of its steps" },
    { "default", "any", "where it stands; a number's unit is the knob's, all else is a word" },
    { "min", "any", "the least it may be turned to" },
    { "max", "any", "the most" },
    { "label", "text", "as it is shown" },
    { "entry.label", "text", "as it is shown, and in file names; the recipe's name unless said otherwise" },
    { "level", "gain", "an offset on what the balance gives" },
    { "return.level", "gain", "its fader" },
    { "fix.level", "gain", "how much the track moves" },
    { "stem.level", "gain", "on the file as it is, before anything else" },
    { "group.loudness", "gain",
      "wished loudness against the mix, in LU or dB; without a say where the balance is delivered or rough" },
    { "inside", "inside", "how the tracks inside stand to each other" },
    { "recipe.pan", "places", "places for tracks recorded in mono, of all groups that say nothing" },
    { "group.pan", "group_pan",
      "delivered, auto, or L100 to R100; places for its tracks recorded in mono, or for all" },
    { "pan", "pan", "L100 to R100, or auto" },
    { "sends", "sends",
      "how much goes to which return: a level, or `about -12 LU` for how far the wet sound lies under the dry" },
    { "return.sends", "sends",
      "how much goes on to which other return: a level, or `about -6 LU` for how far that lies under this one" },
    { "master.chain", "chain", "what the finished mix passes in front of the limiter; not the premaster" },
    { "preview.chain", "chain", "instead of the master's; [] for none" },
    { "when", "text", "a condition, such as rumble > -40 dB" },
    { "fix", "text", "the fix's name" },
    { "for", "texts", "roles it is for; a role covers what lies beneath it; all" },
    { "except", "texts", "roles it is not for" },
    { "polarity", "polarity", NULL },
    { "sha256", "text", "what the stem's bytes hash to; a service refuses others" },
    { "align", "role", "the role whose timing it follows" },
    { "loudness", "loudness", "LUFS, or a name such as spotify" },
    { "true_peak", "dbtp", "the highest peak between samples, in dBTP" },
    { "peak", "dbfs", "sample peak" },
    { "limiting", "gain", "how much the loudest 10 s may be limited" },
    { "format", "format", NULL },
    { "bits", "bits", "32 is float" },
    { "as", "word", "the step's name, for edits, plan and report" },
    { "key", "texts", "what drives the detector: a role, a bus or a track" },
    { "blend", "percent", "how much of the processed signal" },
    { "bypass", "switch", "on: the step stands in the plan and is not heard" },
    { "note", "text", "printed beside the decision in plan and report" },
    { "artist", "text", "stands in names and tags of the files" },
    { "client", "client", "whose order it is" },
    { "email", "text", "kept with the order" },
    { "tempo", "bpm", "such as 122 bpm: note lengths follow it; estimated from the stems unless said, with a warning" },
    { "isrc", "texts", "twelve characters without dashes" },
    { "job.stems", "stems_or_folder", "a folder, a list, or both; needed" },
    { "folder", "text", "its sound files and those of folders in it; roles come from their names" },
    { "files", "files", "exceptions, or the full list" },
    { "file", "text", "relative to the folder; an address" },
    { "role", "role", "instead of what the name says" },
    { "unknown", "unknown", "what happens to stems nobody knows" },
    { "reference", "text", "a song to compare with" },
    { "rough", "text", "a rough mix; with balance rough its proportions are recovered" },
    { "recipes", "entries", "more than one: A/B delivery; needed" },
    { "recipe", "text", "a name of the library, or a path" },
    { "set", "set", "knobs to turn, such as warmth: 4 dB" },
    { "outputs", "outputs", "what leaves" },
    { "previews", "output_list", "files to listen to; each a format, or a map" },
    { "masters", "output_list", "files to publish; each a format, or a map" },
    { "premaster", "raw_or_format", "the mix before limiter and loudness" },
    { "outputs.groups", "raw_or_format", "printed bus stems, and a Residual, what they lack of the premaster" },
    { "versions", "versions", "of the same plan and gains: without voices, voices alone, without the lead" },
    { "handoff", "handoff", "sessions for other programs; not made yet" },
    { "report", "report", "report.json is always made" },
    { "naming", "text", "a template of {Artist} {Song} {Recipe} {rev} {Part} {rate} {bits}" },
    { "bitrate", "kbits", "of lossy formats, such as 192 kbit/s" },
    { "rate", "rate", "session: as the mix is made" },
    { "ab", "ab_or_switch", "mixes that will be held against each other; more than one are, unless switched off" },
    { "loudness_match", "switch", "previews equally loud, so that they can be compared; on unless said otherwise" },
    { "notify", "hooks", "webhooks" },
    { "url", "text", "where events are sent" },
    { "secret", "text", "the name of a credential, never the secret itself" },
    { "events", "events", "which; all but job.started unless said otherwise" },
    { "deliver", "deliver", "where every output is put" },
    { "to", "text", "an https address; each file is put behind it, under its name" },
    { "deliver_by", "text", "latest: \"07:00\" or a full time" },
    { "not_before", "text", "overnight: \"22:00\" or a full time" },
    { "priority", "priority", "among the orders of a service" },
    { "job.tags", "any_map", "returned unchanged everywhere" },
};

/* ---- small pieces ------------------------------------------------------------------------------------------------ */

static void put(json_t **object, const char *key, json_t *value)
{
    if (!json_object_set_new(*object, key, value)) return;
    json_decref(*object);
    *object = NULL;
}

static void append(json_t **list, json_t *item)
{
    if (!json_array_append_new(*list, item)) return;
    json_decref(*list);
    *list = NULL;
}

static json_t *reference(const char *definition)
{
    char path[96];
    snprintf(path, sizeof path, "#/$defs/%s", definition);
    return json_pack("{s:s}", "$ref", path);
}

static json_t *words(const char *const *word)
{
    json_t *list = json_array();
    for (; *word; word++) append(&list, json_string(*word));
    return json_pack("{s:o}", "enum", list);
}

static json_t *list_of(json_t *item)
{
    return json_pack("{s:s, s:o}", "type", "array", "items", item);
}

static json_t *map_of(json_t *value)
{
    return json_pack("{s:s, s:o}", "type", "object", "additionalProperties", value);
}

static json_t *either(json_t *a, json_t *b)
{
    return json_pack("{s:[o, o]}", "anyOf", a, b);
}

static json_t *pattern(const char *text)
{
    return json_pack("{s:s, s:s}", "type", "string", "pattern", text);
}

static void helped(json_t **schema, const char *help)
{
    if (help) put(schema, "description", json_string(help));
}

#define KNOB "\\$[a-z0-9_-]+"

/* ---- values ------------------------------------------------------------------------------------------------------ */

static json_t *value_of(td_measure m, unsigned flags)
{
    char number[128];
    td_measure_pattern(m, number, sizeof number);
    td_text t = { 0 };
    td_text_addf(&t, "^(%s(%s|" KNOB ")", flags & TD_GOAL ? "(at most|at least|about) " : "", number);
    if (flags & TD_GOAL) td_text_add(&t, "|" KNOB);
    if (flags & (TD_GOAL | TD_SOLVABLE)) td_text_addf(&t, "|.+ to %s", number);
    if (flags & TD_AUTO) td_text_add(&t, "|auto");
    if (flags & TD_MEASURED) td_text_add(&t, "|measured");
    if (m == TD_UNIT_MS) td_text_add(&t, "|[0-9]+/[0-9]+ ?note");
    td_text_add(&t, ")$");
    json_t *text = t.broken ? NULL : pattern(t.data);
    td_text_free(&t);
    return m == TD_UNIT_NUMBER || m == TD_MEASURE_BPM ? either(text, json_pack("{s:s}", "type", "number")) : text;
}

/* Of what is a level or, with `about`, a goal. */
static json_t *level_or_goal(td_measure m)
{
    char number[128];
    td_text t = { 0 };
    td_text_addf(&t, "^(about )?(%s|" KNOB ")$", td_measure_pattern(m, number, sizeof number));
    json_t *text = t.broken ? NULL : pattern(t.data);
    td_text_free(&t);
    return text;
}

static json_t *switch_schema(void)
{
    return json_pack("{s:[s, s, s, s, b, b]}", "enum", "on", "off", "yes", "no", true, false);
}

static json_t *parameter(const td_param *p)
{
    td_measure m = (td_measure)p->unit;
    json_t *one = m == TD_UNIT_CHOICE   ? either(words(p->choices), pattern("^" KNOB "$"))
                  : m == TD_UNIT_SWITCH ? either(switch_schema(), pattern("^" KNOB "$"))
                  : m == TD_UNIT_FILE   ? json_pack("{s:s}", "type", "string")
                  : p->span == 2        ? pattern("^(.+ to .+|auto|measured|" KNOB ")$")
                                        : value_of(m, p->flags);
    if (p->span > 2) one = list_of(one);
    char low[64], high[64], help[512];
    bool bounded = m != TD_UNIT_CHOICE && m != TD_UNIT_SWITCH && m != TD_UNIT_FILE;
    snprintf(help, sizeof help, "%s%s%s%s%s", p->help ? p->help : "", bounded ? "; " : "",
             bounded ? td_measure_text(m, p->min, low, sizeof low) : "", bounded ? " to " : "",
             bounded ? td_measure_text(m, p->max, high, sizeof high) : "");
    helped(&one, help);
    return one;
}

static json_t *settings(const td_processor *proc)
{
    json_t *properties = json_object();
    for (size_t i = 0; i < proc->n_params; i++)
        if (proc->params[i].name) put(&properties, proc->params[i].name, parameter(&proc->params[i]));
    char bands[64];
    snprintf(bands, sizeof bands, "%s-bands", proc->name);
    if (proc->parts && proc->parts_name) put(&properties, proc->parts_name, reference(bands));
    return json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties, "additionalProperties", false);
}

/* Short form or map. */
static json_t *named_settings(const td_processor *proc)
{
    json_t *schema = proc->n_params ? either(settings(proc), parameter(&proc->params[0])) : settings(proc);
    helped(&schema, proc->help);
    return schema;
}

static json_t *bands(const td_processor *proc)
{
    json_t *properties = json_object(), *names = json_array();
    for (size_t i = 0; proc->parts[i]; i++) {
        put(&properties, proc->parts[i]->name, named_settings(proc->parts[i]));
        append(&names, json_string(proc->parts[i]->name));
    }
    json_t *map = json_pack("{s:s, s:o, s:i, s:b}", "type", "object", "properties", properties, "maxProperties", 1,
                            "additionalProperties", false);
    json_t *entry = either(map, json_pack("{s:o}", "enum", names));
    return list_of(proc->parts[1] ? entry : either(entry, settings(proc->parts[0])));
}

static json_t *properties_of(const char *object, const td_member *members);

static void define_steps(json_t **definitions)
{
    json_t *names = json_array(), *properties = properties_of("step", td_graph_members);
    for (size_t i = 0; td_processors[i]; i++) {
        const td_processor *p = td_processors[i];
        if (p->part) continue;
        char list[64];
        snprintf(list, sizeof list, "%s-bands", p->name);
        if (p->parts) put(definitions, list, bands(p));
        put(&properties, p->name, p->parts ? either(reference(list), named_settings(p)) : named_settings(p));
        append(&names, json_string(p->name));
    }
    json_t *map = json_pack("{s:s, s:o, s:{s:{}}, s:b}", "type", "object", "properties", properties,
                            "patternProperties", "^x-", "additionalProperties", false);
    put(definitions, "chain", list_of(either(json_pack("{s:o}", "enum", names), map)));
}

/* ---- objects ----------------------------------------------------------------------------------------------------- */

static const char *known_key(const char *object, const char *member, const char **help)
{
    char own[64];
    snprintf(own, sizeof own, "%s.%s", object, member);
    const char *is = NULL;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        bool exact = strcmp(keys[i].key, own) == 0;
        if (!exact && (is || strcmp(keys[i].key, member) != 0)) continue;
        is = keys[i].is;
        *help = keys[i].help;
        if (exact) break;
    }
    return is;
}

static json_t *properties_of(const char *object, const td_member *members)
{
    json_t *properties = json_object();
    for (; members->name; members++) {
        const char *help = NULL, *is = known_key(object, members->name, &help);
        json_t *property = is ? reference(is) : json_object();
        helped(&property, help);
        put(&properties, members->name, property);
    }
    return properties;
}

static json_t *object_schema(const td_object *o)
{
    return json_pack("{s:s, s:o, s:{s:{}}, s:b}", "type", "object", "properties", properties_of(o->name, o->members),
                     "patternProperties", "^x-", "additionalProperties", false);
}

static void define(json_t **definitions, const char *name, json_t *schema)
{
    put(definitions, name, schema);
}

static void define_values(json_t **d, const char *header)
{
    static const struct {
        const char *name;
        td_measure measure;
    } plain[] = { { "gain", TD_UNIT_DB },         { "dbfs", TD_UNIT_DBFS },  { "dbtp", TD_MEASURE_DBTP },
                  { "percent", TD_UNIT_PERCENT }, { "bpm", TD_MEASURE_BPM }, { "kbits", TD_MEASURE_KBITS } };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        define(d, plain[i].name, value_of(plain[i].measure, TD_SOLVABLE));
    define(d, "pan", value_of(TD_UNIT_PAN, TD_AUTO));
    define(d, "header", json_pack("{s:s}", "const", header));
    define(d, "text", json_pack("{s:[s, s]}", "type", "string", "number"));
    define(d, "word", pattern("^[a-z0-9_-]+$"));
    define(d, "role", pattern("^[a-z0-9_.]+$"));
    define(d, "texts", either(reference("text"), list_of(reference("text"))));
    define(d, "whole", json_pack("{s:s, s:i}", "type", "integer", "minimum", 1));
    define(d, "switch", switch_schema());
    define(d, "any", json_object());
    define(d, "any_map", map_of(json_object()));
    json_t *names = json_array();
    for (const td_named_target *t = td_named_targets; t->name; t++) append(&names, json_string(t->name));
    define(d, "loudness", either(value_of(TD_MEASURE_LUFS, 0), json_pack("{s:o}", "enum", names)));
    define(d, "format", words(td_formats));
    define(d, "bits", json_pack("{s:[i, i, i, s, s, s]}", "enum", 16, 24, 32, "16", "24", "32"));
    define(d, "balance", words(td_balance_names));
    define(d, "polarity", words((const char *const[]){ "normal", "flipped", NULL }));
}

static void define_objects(json_t **definitions, const td_object *objects)
{
    for (const td_object *o = objects + 1; o->name; o++)
        if (strcmp(o->name, "step") != 0) define(definitions, o->name, object_schema(o));
}

static td_status print_schema(const td_object *root, const char *id, const char *title, json_t *definitions,
                              const char *const *required, td_text *out)
{
    json_t *schema = object_schema(root), *needed = json_array();
    for (; *required; required++) append(&needed, json_string(*required));
    put(&schema, "$schema", json_string("https://json-schema.org/draft/2020-12/schema"));
    put(&schema, "$id", json_string(id));
    put(&schema, "title", json_string(title));
    put(&schema, "required", needed);
    put(&schema, "$defs", definitions);
    char *text = json_dumps(schema, JSON_INDENT(2));
    if (text) td_text_addf(out, "%s\n", text);
    free(text);
    json_decref(schema);
    return text && !out->broken ? TD_OK : TD_NOMEM;
}

static json_t *recipe_definitions(void)
{
    json_t *d = json_object();
    define_values(&d, "recipe/1");
    define_objects(&d, td_recipe_objects);
    define_steps(&d);
    define(&d, "approach", words(td_approach_names));
    define(&d, "meter", words((const char *const[]){ "peak", "rms", "vu", NULL }));
    define(&d, "inside", words((const char *const[]){ "delivered", "loudness", NULL }));
    define(&d, "places", words(td_pan_names));
    define(&d, "group_pan", either(words(td_pan_names), value_of(TD_UNIT_PAN, 0)));
    define(&d, "knobs", map_of(either(reference("knob"), reference("text"))));
    define(&d, "groups", map_of(reference("group")));
    define(&d, "returns", map_of(reference("return")));
    define(&d, "fixes", list_of(reference("fix")));
    define(&d, "sends", map_of(level_or_goal(TD_UNIT_DB)));
    define(&d, "nothing", json_false());
    define(&d, "edit", json_pack("{s:s}", "type", "object"));
    return d;
}

td_status td_recipe_schema(td_text *out)
{
    static const char *const required[] = { "topdown", "name", NULL };
    return print_schema(td_recipe_objects, "urn:topdown:recipe-1", "topdown recipe", recipe_definitions(), required,
                        out);
}

static json_t *order_definitions(void)
{
    json_t *d = json_object();
    define_values(&d, "job/1");
    define_objects(&d, td_order_objects);
    define(&d, "files", list_of(either(reference("stem"), reference("text"))));
    define(&d, "stems_or_folder",
           json_pack("{s:[o, o, o]}", "anyOf", reference("stems"), reference("text"), reference("files")));
    define(&d, "unknown", words((const char *const[]){ "other", "ask", "fail", NULL }));
    define(&d, "priority", words((const char *const[]){ "low", "normal", "high", NULL }));
    define(&d, "entries", list_of(either(reference("entry"), reference("text"))));
    define(&d, "set", map_of(reference("text")));
    define(&d, "output_list", list_of(either(reference("output"), reference("format"))));
    define(&d, "raw_or_format", either(reference("raw"), reference("format")));
    define(&d, "versions", list_of(words(td_version_words)));
    define(&d, "handoff", list_of(words(td_handoff_words)));
    define(&d, "report", list_of(words(td_report_words)));
    define(&d, "rate",
           words((const char *const[]){ "session", "44.1 kHz", "48 kHz", "88.2 kHz", "96 kHz", "176.4 kHz", "192 kHz",
                                        NULL }));
    define(&d, "ab_or_switch", either(reference("ab"), reference("switch")));
    define(&d, "hooks", list_of(reference("hook")));
    define(&d, "events", either(words(td_hook_events), list_of(words(td_hook_events))));
    return d;
}

td_status td_order_schema(td_text *out)
{
    static const char *const required[] = { "topdown", "stems", "recipes", NULL };
    return print_schema(td_order_objects, "urn:topdown:job-1", "topdown job", order_definitions(), required, out);
}

/* ---- the keys in words ------------------------------------------------------------------------------------------- */

/* The words of a definition, or of the entries of its list; NULL: it has none, or they are those of a switch. */
static const json_t *words_of(const json_t *definition)
{
    const json_t *items = json_object_get(definition, "items");
    const json_t *list = json_object_get(items ? items : definition, "enum");
    return json_is_boolean(json_array_get(list, json_array_size(list) - 1)) ? NULL : list;
}

/* Numbers stand beside the same as text. */
static void add_words(td_text *out, const json_t *definition)
{
    const json_t *list = words_of(definition), *word;
    const char *before = "";
    size_t i;
    json_array_foreach(list, i, word)
    {
        if (!json_is_string(word)) continue;
        td_text_addf(out, "%s%s", before, json_string_value(word));
        before = ", ";
    }
}

static void add_keys(td_text *out, const td_object *o, const json_t *definitions)
{
    for (const td_member *m = o->members; m->name; m++) {
        const char *help = NULL, *is = known_key(o->name, m->name, &help);
        const json_t *definition = is ? json_object_get(definitions, is) : NULL;
        td_text_addf(out, "  %-15s ", m->name);
        add_words(out, definition);
        td_text_addf(out, "%s%s\n", words_of(definition) && help ? "; " : "", help ? help : "");
    }
}

typedef struct titled {
    const char *object, *title;
} titled;

/* definitions are taken over. */
static td_status keys_text(const td_object *objects, const titled *titles, size_t n, json_t *definitions, td_text *out)
{
    for (size_t i = 0; i < n; i++) {
        const td_object *o = objects;
        while (o->name && strcmp(o->name, titles[i].object)) o++;
        td_text_addf(out, "%s%s\n", i ? "\n" : "", titles[i].title);
        if (o->name) add_keys(out, o, definitions);
    }
    bool good = definitions && !out->broken;
    json_decref(definitions);
    return good ? TD_OK : TD_NOMEM;
}

td_status td_recipe_text(td_text *out)
{
    static const titled titles[] = {
        { "recipe", "A recipe" },
        { "knob", "values: each a default, or" },
        { "reference", "reference" },
        { "staging", "staging" },
        { "mix", "mix" },
        { "group", "groups: each" },
        { "fix", "tracks: each" },
        { "return", "returns: each" },
        { "step", "chain: each step a processor, and beside it" },
        { "master", "master" },
        { "preview", "preview" },
    };
    return keys_text(td_recipe_objects, titles, sizeof titles / sizeof *titles, recipe_definitions(), out);
}

td_status td_order_text(td_text *out)
{
    static const titled titles[] = {
        { "job", "A job file" },
        { "client", "client" },
        { "stems", "stems" },
        { "stem", "stems, files: each a path, or" },
        { "entry", "recipes: each a name, or" },
        { "outputs", "outputs" },
        { "output", "outputs, previews and masters: each a format, or" },
        { "raw", "outputs, premaster and groups: a format, or" },
        { "ab", "ab: on, off, or" },
        { "hook", "notify: each" },
        { "deliver", "deliver" },
    };
    return keys_text(td_order_objects, titles, sizeof titles / sizeof *titles, order_definitions(), out);
}
