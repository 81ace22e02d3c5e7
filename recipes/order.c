#include "recipes/outputs.h"
#include "recipes/parts.h"
#include "recipes/quote.h"
#include "recipes/resolve.h"
#include "recipes/steps.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MIXES_MAX = 32 };

/* ---- addresses --------------------------------------------------------------------------------------------------- */

static bool has_scheme(const char *address)
{
    const char *end = address;
    while (isalnum((unsigned char)*end)) end++;
    return end > address && td_starts_with(end, "://");
}

td_place td_place_of(const char *address)
{
    if (!address || !address[0]) return TD_PLACE_NONE;
    if (td_starts_with(address, "https://")) return TD_PLACE_HTTPS;
    if (td_starts_with(address, "http://")) return TD_PLACE_HTTP;
    return has_scheme(address) ? TD_PLACE_OTHER : TD_PLACE_PATH;
}

/* Whether it is one of these places, bits by td_place; else a mistake is said. */
static bool place_among(td_reader *r, const td_node *n, const char *label, const char *text, unsigned places,
                        const char *hint)
{
    if (places & 1u << td_place_of(text)) return true;
    td_mistake(r->messages, n, "bad_address", hint, "%s cannot be '%s'", label, td_cut(r->messages, text));
    return false;
}

/* A file of the order. folder: what a path is relative to; NULL: the job file's own folder. */
static const char *read_place(td_reader *r, const td_node *n, const char *label, const char *folder)
{
    const char *text = td_read_text(r, n, label);
    unsigned offered = ~(1u << TD_PLACE_OTHER);
    if (!text || !place_among(r, n, label, text, offered, "write a path or an https address")) return NULL;
    if (td_place_of(text) != TD_PLACE_PATH) return text;
    if (r->remote) {
        td_mistake(r->messages, n, "no_files", "write an https address",
                   "%s names a path, which cannot be read from here", label);
        return NULL;
    }
    const char *path = td_unquoted(r->arena, text);
    if (!path) return td_messages_break(r->messages), NULL;
    return folder ? td_join(r, folder, path) : td_beside(r, n->doc->file, path);
}

/* Names of what lies in a folder, for a hint; none where it cannot be opened. */
static size_t names_in(td_reader *r, const char *folder, const char **name, size_t room)
{
    size_t n = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; d && n < room && (e = readdir(d));)
        if (e->d_name[0] != '.') name[n++] = td_keep(r, e->d_name);
    if (d) closedir(d);
    return n;
}

/* A path that leads nowhere is a mistake like any other, where the order is carried out on the machine it names. */
static void look_for(td_reader *r, const td_node *n, const char *path, bool folder)
{
    enum { NAMES = 512 };
    if (!r->look || !path || td_place_of(path) != TD_PLACE_PATH || td_messages_broken(r->messages)) return;
    bool there = access(path, F_OK) == 0, is_folder = td_is_folder(path);
    if (there && folder == is_folder) return;
    if (there) {
        td_mistake(r->messages, n, "unreadable", folder ? "name the folder it lies in" : "name a file in it",
                   "'%s' is a %s", td_cut(r->messages, n->text), folder ? "file" : "folder");
        return;
    }
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    const char *bare = td_say(r->messages, "%.*s", (int)length, path), *name[NAMES];
    size_t names = names_in(r, td_folder_of(r->messages, bare), name, NAMES);
    if (td_messages_broken(r->messages)) return;
    td_mistake(r->messages, n, "unreadable", td_did_you_mean(r->messages, td_basename(bare), name, names),
               "there is no %s '%s'", folder ? "folder" : "file", td_cut(r->messages, n->text));
}

/* ---- texts ------------------------------------------------------------------------------------------------------- */

static void client_email(td_reader *r, td_node *n, void *into)
{
    const char *email = td_read_text(r, n, "'email'");
    if (email && !strchr(email, '@'))
        td_mistake(r->messages, n, "bad_address", NULL, "'%s' is no e-mail address", td_cut(r->messages, email));
    ((td_order *)into)->client_email = email;
}

static const td_member client_members[] = {
    TD_MEMBER(td_order, "name", td_member_text, client_name),
    TD_WHOLE("email", client_email),
    { 0 },
};

static void read_client(td_reader *r, td_node *n, void *into)
{
    td_read_members(r, n, "a client", client_members, into);
}

static void read_tempo(td_reader *r, td_node *n, void *into)
{
    static const td_field f = { .name = "tempo", .measure = TD_MEASURE_BPM, .min = 20, .max = 400 };
    td_read_number(r, n, &f, &((td_order *)into)->tempo_bpm);
}

/* ISO 3901: country, registrant, year, number. */
static bool is_isrc(const char *s)
{
    for (int i = 0; i < 12; i++)
        if (!(i < 2 ? isupper((unsigned char)s[i])
                    : isdigit((unsigned char)s[i]) || (i < 5 && isupper((unsigned char)s[i]))))
            return false;
    return !s[12];
}

static void read_isrc(td_reader *r, td_node *n, void *into)
{
    td_order *o = into;
    o->isrc = td_read_texts(r, n, "'isrc'", &o->n_isrc);
    for (size_t i = 0; i < o->n_isrc; i++)
        if (!is_isrc(o->isrc[i]))
            td_mistake(r->messages, n->kind == TD_NODE_LIST ? n->value[i] : n, "bad_isrc",
                       "twelve characters without dashes: DEXX12600001", "'%s' is no ISRC",
                       td_cut(r->messages, o->isrc[i]));
}

static void read_balance(td_reader *r, td_node *n, void *into)
{
    td_order *o = into;
    o->has_balance = true;
    td_member_balance(r, n, &o->balance);
}

static void read_tags(td_reader *r, td_node *n, void *into)
{
    td_order *o = into;
    if (!td_want(r, n, TD_NODE_MAP, "'tags'")) return;
    o->tag = td_take(r, n->n, sizeof *o->tag);
    for (size_t i = 0; o->tag && i < n->n; i++) {
        const char *value = td_read_text(r, n->value[i], "a tag");
        if (value) o->tag[o->n_tags++] = (td_order_tag){ td_keep(r, n->key[i]->text), value };
    }
}

/* ---- stems ------------------------------------------------------------------------------------------------------- */

static void stem_role(td_reader *r, td_node *n, void *into)
{
    const char *role = td_read_text(r, n, "'role'");
    ((td_stem_wish *)into)->role = role;
    if (!role || td_role_known(role)) return;
    const char *const *names;
    size_t count = td_role_names(&names);
    const char *near = td_did_you_mean(r->messages, role, names, count);
    td_mistake(r->messages, n, "unknown_role", near ? near : "'topdown help roles' lists them", "no role '%s'",
               td_cut(r->messages, role));
}

static void stem_level(td_reader *r, td_node *n, void *into)
{
    static const td_field f = { .name = "level", .measure = TD_UNIT_DB, .min = -60, .max = 24 };
    td_read_number(r, n, &f, &((td_stem_wish *)into)->level_db);
}

static void stem_pan(td_reader *r, td_node *n, void *into)
{
    td_read_pan(r, n, &((td_stem_wish *)into)->pan, NULL);
}

static void stem_sha256(td_reader *r, td_node *n, void *into)
{
    const char *hex = td_read_text(r, n, "'sha256'");
    ((td_stem_wish *)into)->sha256 = hex;
    if (hex && !td_is_sha256(hex))
        td_mistake(r->messages, n, "bad_hash", "sha256sum prints it", "'sha256' is 64 hexadecimal digits");
}

static const td_member stem_members[] = {
    TD_WHOLE("file", NULL),          TD_MEMBER(td_stem_wish, "name", td_member_text, name),
    TD_WHOLE("role", stem_role),     TD_WHOLE("level", stem_level),
    TD_WHOLE("pan", stem_pan),       TD_MEMBER(td_stem_wish, "polarity", td_member_polarity, flip),
    TD_WHOLE("sha256", stem_sha256), { 0 },
};

static bool read_stem(td_reader *r, td_node *n, const char *folder, td_stem_wish *stem)
{
    *stem = (td_stem_wish){ .pan = NAN };
    const td_node *file = n;
    if (n->kind != TD_NODE_TEXT) {
        td_read_members(r, n, "a stem", stem_members, stem);
        file = td_node_get(n, "file");
        if (n->kind == TD_NODE_MAP && !file)
            td_mistake(r->messages, n, "missing", "write for example { file: \"07 Spur 7.wav\", role: vocals.lead }",
                       "a stem without 'file'");
    }
    stem->file = file ? read_place(r, file, "'file'", folder) : NULL;
    if (!folder || td_is_folder(folder)) look_for(r, file, stem->file, false);
    return stem->file;
}

static void read_files(td_reader *r, td_node *list, td_order *o)
{
    if (!td_want(r, list, TD_NODE_LIST, "'files'")) return;
    if (list->n > TD_STEMS_MAX)
        td_mistake(r->messages, list->value[TD_STEMS_MAX], "too_many", NULL, "an order has at most %d stems",
                   TD_STEMS_MAX);
    const char *folder = td_place_of(o->stems_folder) == TD_PLACE_PATH ? o->stems_folder : NULL;
    o->stem = td_take(r, list->n, sizeof *o->stem);
    for (size_t i = 0; o->stem && i < list->n && i < TD_STEMS_MAX; i++)
        if (read_stem(r, list->value[i], folder, &o->stem[o->n_stems])) o->n_stems++;
}

static void read_unknown(td_reader *r, td_node *n, void *into)
{
    static const char *const words[] = { "other", "ask", "fail", NULL };
    int word = td_read_word(r, n, "'unknown'", words);
    if (word >= 0) ((td_order *)into)->unknown = (td_unknown)word;
}

static const td_member stems_members[] = {
    TD_WHOLE("folder", NULL),
    TD_WHOLE("files", NULL),
    TD_WHOLE("unknown", read_unknown),
    { 0 },
};

static void read_stems(td_reader *r, td_node *n, void *into)
{
    td_order *o = into;
    if (n->kind == TD_NODE_LIST) { /* short form: the files */
        read_files(r, n, o);
        return;
    }
    const td_node *folder = n->kind == TD_NODE_TEXT ? n : td_node_get(n, "folder");
    if (folder) o->stems_folder = read_place(r, folder, "'folder'", NULL);
    look_for(r, folder, o->stems_folder, true);
    if (n->kind == TD_NODE_TEXT) return;
    td_read_members(r, n, "'stems'", stems_members, o);
    td_node *files = td_node_get(n, "files");
    if (files) read_files(r, files, o);
    if (!folder && !files)
        td_mistake(r->messages, n, "missing", "write 'folder: stems/'", "'stems' names neither a folder nor files");
}

static void read_reference(td_reader *r, td_node *n, void *into)
{
    const char *path = ((td_order *)into)->reference = read_place(r, n, "'reference'", NULL);
    look_for(r, n, path, false);
}

static void read_rough(td_reader *r, td_node *n, void *into)
{
    const char *path = ((td_order *)into)->rough = read_place(r, n, "'rough'", NULL);
    look_for(r, n, path, false);
}

/* ---- recipes ----------------------------------------------------------------------------------------------------- */

static const td_member mix_members[] = {
    TD_WHOLE("recipe", NULL),
    TD_WHOLE("label", NULL),
    TD_WHOLE("set", NULL),
    { 0 },
};

static void read_set(td_reader *r, const td_node *set, td_order_mix *mix)
{
    if (!td_want(r, set, TD_NODE_MAP, "'set'")) return;
    td_setting *setting = td_take(r, set->n, sizeof *setting);
    mix->set = setting;
    for (size_t i = 0; setting && i < set->n; i++) {
        const char *value = td_read_text(r, set->value[i], "a knob");
        if (value) setting[mix->n_set++] = (td_setting){ td_keep(r, set->key[i]->text), value };
    }
}

static bool label_taken(const td_order *o, const char *label)
{
    for (size_t i = 0; i < o->n_mixes; i++)
        if (strcmp(o->mix[i].label, label) == 0) return true;
    return false;
}

static bool same_set(const td_order_mix *a, const td_order_mix *b)
{
    bool same = a->n_set == b->n_set;
    for (size_t i = 0; same && i < a->n_set; i++)
        same = !strcmp(a->set[i].name, b->set[i].name) && !strcmp(a->set[i].value, b->set[i].value);
    return same;
}

/* One mix twice costs twice the time and shows nothing. */
static void refuse_repeated(td_reader *r, const td_order *o, const td_order_mix *mix, const td_node *at)
{
    for (size_t i = 0; i < o->n_mixes; i++)
        if (!strcmp(o->mix[i].recipe, mix->recipe) && same_set(&o->mix[i], mix))
            td_mistake(r->messages, at, "repeated_recipe", "leave one out, or turn a knob of it with 'set'",
                       "'%s' is named twice", td_cut(r->messages, mix->recipe));
}

/* The label as written, else the recipe's name with a number behind a second one. */
static const char *label_mix(td_reader *r, const td_order *o, const td_node *label, const char *recipe)
{
    if (label) {
        const char *text = td_read_text(r, label, "'label'");
        if (text && label_taken(o, text))
            td_mistake(r->messages, label, "repeated_name", NULL, "another mix is labelled '%s' already",
                       td_cut(r->messages, text));
        return text;
    }
    const char *plain = td_recipe_label(r->arena, recipe), *text = plain;
    for (unsigned i = 2; text && label_taken(o, text); i++) text = td_arena_printf(r->arena, "%s-%u", plain, i);
    if (!text) td_messages_break(r->messages);
    return text;
}

static bool read_mix(td_reader *r, td_node *n, td_order *o)
{
    td_order_mix *mix = &o->mix[o->n_mixes];
    const td_node *recipe = n, *label = NULL, *set = NULL;
    if (n->kind != TD_NODE_TEXT) {
        td_read_members(r, n, "an entry of 'recipes'", mix_members, mix);
        recipe = td_node_get(n, "recipe");
        label = td_node_get(n, "label");
        set = td_node_get(n, "set");
        if (n->kind == TD_NODE_MAP && !recipe)
            td_mistake(r->messages, n, "missing", "write for example { recipe: pop-rock }", "a mix without 'recipe'");
    }
    const char *name = recipe ? td_read_text(r, recipe, "'recipe'") : NULL;
    if (!name) return false;
    mix->recipe = td_is_path(name) ? read_place(r, recipe, "'recipe'", NULL) : name;
    if (!mix->recipe) return false;
    mix->label = label_mix(r, o, label, mix->recipe);
    if (set) read_set(r, set, mix);
    refuse_repeated(r, o, mix, recipe);
    return mix->label;
}

static void read_recipes(td_reader *r, td_node *n, void *into)
{
    td_order *o = into;
    if (!td_want(r, n, TD_NODE_LIST, "'recipes'")) return;
    size_t most = n->n < MIXES_MAX ? n->n : MIXES_MAX;
    if (n->n > most)
        td_mistake(r->messages, n->value[most], "too_many", NULL, "an order has at most %d mixes", MIXES_MAX);
    o->mix = td_take(r, most, sizeof *o->mix);
    for (size_t i = 0; o->mix && i < most; i++)
        if (read_mix(r, n->value[i], o)) o->n_mixes++;
}

/* Reads a recipe as a mixdown would, for its messages alone; knobs are judged where the order turns them. */
static void try_recipe(td_reader *r, const td_library *l, const td_node *at, const char *what, const td_node *set)
{
    if (!td_is_path(what) && !td_library_find(l, what)) {
        const char *folder = r->remote ? NULL : td_folder_of(r->messages, at->doc->file);
        td_mistake(r->messages, at, "unknown_recipe", td_recipe_hint(r->messages, l, folder, what), "no recipe '%s'",
                   td_cut(r->messages, what));
        return;
    }
    if (td_is_path(what) && !td_is_file(what)) {
        td_mistake(r->messages, at, "unreadable", NULL, "there is no file '%s'", td_cut(r->messages, at->text));
        return;
    }
    td_reader inner = td_reader_new(r->messages, false);
    td_node *root = inner.arena ? td_resolve_named(&inner, l, what) : NULL;
    if (root) td_recipe_make(&inner, root, set);
    if (!inner.arena) td_messages_break(r->messages);
    td_arena_free(inner.arena);
}

static void try_recipes(td_reader *r, const td_library *l, const td_node *list)
{
    for (size_t i = 0; list && list->kind == TD_NODE_LIST && i < list->n && i < MIXES_MAX; i++) {
        const td_node *n = list->value[i], *name = n->kind == TD_NODE_TEXT ? n : td_node_get(n, "recipe");
        const td_node *set = td_node_get(n, "set");
        if (!name || name->kind != TD_NODE_TEXT || (r->remote && td_is_path(name->text))) continue;
        const char *what = td_is_path(name->text) ? td_beside(r, name->doc->file, name->text) : name->text;
        if (what) try_recipe(r, l, name, what, set && set->kind == TD_NODE_MAP ? set : NULL);
    }
}

/* ---- A/B sets --------------------------------------------------------------------------------------------------- */

static const td_member ab_members[] = {
    TD_MEMBER(td_order, "loudness_match", td_member_switch, ab_loudness_match),
    { 0 },
};

static void read_ab(td_reader *r, td_node *n, void *into)
{
    td_order *o = into;
    o->ab = true;
    if (n->kind == TD_NODE_TEXT)
        td_read_switch(r, n, "'ab'", &o->ab);
    else
        td_read_members(r, n, "'ab'", ab_members, o);
}

/* ---- notices and delivery ---------------------------------------------------------------------------------------- */

const char *const td_hook_events[] = { "job.started", "job.held", "job.done", "job.failed", "job.cancelled", NULL };

static bool is_web(td_reader *r, const td_node *n, const char *label, const char *text)
{
    return place_among(r, n, label, text, 1u << TD_PLACE_HTTPS | 1u << TD_PLACE_HTTP, "write an https address");
}

static void hook_url(td_reader *r, td_node *n, void *into)
{
    const char *url = td_read_text(r, n, "'url'");
    if (url && is_web(r, n, "'url'", url)) ((td_order_hook *)into)->url = url;
}

static void hook_secret(td_reader *r, td_node *n, void *into)
{
    const char *secret = td_read_text(r, n, "'secret'");
    if (secret && td_starts_with(secret, "whsec_"))
        td_mistake(r->messages, n, "secret", "store it as a credential and write its name",
                   "this is a secret itself; an order holds its name only");
    else
        ((td_order_hook *)into)->secret = secret;
}

static void hook_events(td_reader *r, td_node *n, void *into)
{
    td_order_hook *hook = into;
    hook->event = td_read_texts(r, n, "'events'", &hook->n_events);
    for (size_t i = 0; i < hook->n_events; i++)
        td_read_word(r, n->kind == TD_NODE_LIST ? n->value[i] : n, "'events'", td_hook_events);
}

static const td_member hook_members[] = {
    TD_WHOLE("url", hook_url),
    TD_WHOLE("secret", hook_secret),
    TD_WHOLE("events", hook_events),
    { 0 },
};

static void read_notify(td_reader *r, td_node *n, void *into)
{
    td_order *o = into;
    if (!td_want(r, n, TD_NODE_LIST, "'notify'")) return;
    o->hook = td_take(r, n->n, sizeof *o->hook);
    for (size_t i = 0; o->hook && i < n->n; i++) {
        td_order_hook *hook = &o->hook[o->n_hooks];
        td_read_members(r, n->value[i], "an entry of 'notify'", hook_members, hook);
        if (n->value[i]->kind == TD_NODE_MAP && !td_node_get(n->value[i], "url"))
            td_mistake(r->messages, n->value[i], "missing", NULL, "a notice without 'url'");
        o->n_hooks += hook->url != NULL;
    }
}

/* Names go behind the address: behind a query they would all mean the same place. */
static void deliver_to(td_reader *r, td_node *n, void *into)
{
    const char *to = td_read_text(r, n, "'to'");
    if (!to || !is_web(r, n, "'to'", to)) return;
    if (strpbrk(to, "?#"))
        td_mistake(r->messages, n, "bad_address",
                   "write a folder's address; one signed for a single file cannot take all",
                   "'to' cannot hold '?' or '#': each file's name goes behind it");
    else
        ((td_order *)into)->deliver_to = to;
}

static const td_member deliver_members[] = {
    TD_WHOLE("to", deliver_to),
    { 0 },
};

static void read_deliver(td_reader *r, td_node *n, void *into)
{
    td_read_members(r, n, "'deliver'", deliver_members, into);
}

/* ---- when -------------------------------------------------------------------------------------------------------- */

static bool read_digits(const char **s, int count, int max, int *out)
{
    *out = 0;
    for (int i = 0; i < count; i++, (*s)++) {
        if (!isdigit((unsigned char)**s)) return false;
        *out = *out * 10 + **s - '0';
    }
    return *out <= max;
}

static bool take(const char **s, char c)
{
    return **s == c && (*s)++;
}

static bool clock_of(const char *s, unsigned *minute)
{
    int h, m;
    if (!read_digits(&s, 2, 23, &h) || !take(&s, ':') || !read_digits(&s, 2, 59, &m) || *s) return false;
    *minute = (unsigned)(h * 60 + m);
    return true;
}

/* RFC 3339: 2026-11-20T22:00:00+01:00, or Z; parts of a second are passed over. */
static bool time_of(const char *s, int64_t *unix_s)
{
    struct tm t = { 0 };
    int year, month, offset_h = 0, offset_m = 0;
    if (!read_digits(&s, 4, 9999, &year) || !take(&s, '-') || !read_digits(&s, 2, 12, &month) || !take(&s, '-'))
        return false;
    if (!read_digits(&s, 2, 31, &t.tm_mday) || !(take(&s, 'T') || take(&s, 't') || take(&s, ' '))) return false;
    if (!read_digits(&s, 2, 23, &t.tm_hour) || !take(&s, ':') || !read_digits(&s, 2, 59, &t.tm_min)) return false;
    if (!take(&s, ':') || !read_digits(&s, 2, 60, &t.tm_sec)) return false;
    if (take(&s, '.')) s += strspn(s, "0123456789");
    bool west = *s == '-';
    if (!take(&s, 'Z') && !take(&s, 'z')) {
        if (!take(&s, '+') && !take(&s, '-')) return false;
        if (!read_digits(&s, 2, 23, &offset_h) || !take(&s, ':') || !read_digits(&s, 2, 59, &offset_m)) return false;
    }
    if (*s || month < 1 || t.tm_mday < 1) return false;
    t.tm_year = year - 1900;
    t.tm_mon = month - 1;
    int day = t.tm_mday;
    *unix_s = timegm(&t) - (west ? -1 : 1) * (offset_h * 3600 + offset_m * 60);
    return t.tm_mday == day; /* timegm makes 31 February a day in March */
}

static void read_moment(td_reader *r, td_node *n, void *into)
{
    td_moment *out = into;
    const char *text = NULL;
    td_member_text(r, n, &text);
    if (!text) return;
    if (clock_of(text, &out->minute))
        out->kind = TD_MOMENT_CLOCK;
    else if (time_of(text, &out->unix_s))
        out->kind = TD_MOMENT_TIME;
    else
        td_mistake(r->messages, n, "bad_time", "write for example \"22:00\" or 2026-11-20T22:00:00+01:00",
                   "'%s' needs a time, not '%s'", td_node_key(n)->text, td_cut(r->messages, text));
}

static const char *const priorities[] = { "low", "normal", "high", NULL };

static void read_priority(td_reader *r, td_node *n, void *into)
{
    int word = td_read_word(r, n, "'priority'", priorities);
    if (word >= 0) ((td_order *)into)->priority = (td_priority)word;
}

/* ---- the order --------------------------------------------------------------------------------------------------- */

static const td_member order_members[] = {
    TD_WHOLE("topdown", NULL),
    TD_MEMBER(td_order, "name", td_member_text, name),
    TD_MEMBER(td_order, "title", td_member_text, title),
    TD_MEMBER(td_order, "artist", td_member_text, artist),
    TD_WHOLE("client", read_client),
    TD_WHOLE("tempo", read_tempo),
    TD_WHOLE("isrc", read_isrc),
    TD_WHOLE("stems", read_stems),
    TD_WHOLE("reference", read_reference),
    TD_WHOLE("rough", read_rough),
    TD_WHOLE("balance", read_balance),
    TD_WHOLE("recipes", read_recipes),
    TD_WHOLE("outputs", td_read_outputs),
    TD_WHOLE("ab", read_ab),
    TD_WHOLE("notify", read_notify),
    TD_WHOLE("deliver", read_deliver),
    TD_MEMBER(td_order, "deliver_by", read_moment, deliver_by),
    TD_WHOLE("priority", read_priority),
    TD_MEMBER(td_order, "not_before", read_moment, not_before),
    TD_WHOLE("tags", read_tags),
    { 0 },
};

const td_object td_order_objects[] = {
    { "job", order_members },        { "client", client_members },   { "stems", stems_members },
    { "stem", stem_members },        { "entry", mix_members },       { "outputs", td_outputs_members },
    { "output", td_output_members }, { "raw", td_raw_members },      { "ab", ab_members },
    { "hook", hook_members },        { "deliver", deliver_members }, { NULL, NULL },
};

void td_order_free(td_order *o)
{
    if (o) td_arena_free(o->arena); /* the order itself lies in it */
}

static void check_order(td_reader *r, const td_node *root, const td_order *o)
{
    static const char *const needed[][2] = { { "stems", "write 'stems: { folder: stems/ }'" },
                                             { "recipes", "write 'recipes: [ pop-rock ]'" } };
    for (size_t i = 0; i < 2; i++)
        if (!td_node_get(root, needed[i][0]))
            td_mistake(r->messages, root, "missing", needed[i][1], "a job without '%s'", needed[i][0]);
    const td_node *recipes = td_node_get(root, "recipes");
    if (recipes && recipes->kind == TD_NODE_LIST && !recipes->n)
        td_mistake(r->messages, recipes, "missing", needed[1][1], "'recipes' is empty");
    if (o->has_balance && o->balance == TD_BALANCE_ROUGH && !o->rough)
        td_mistake(r->messages, td_node_get(root, "balance"), "missing", "name it: 'rough: refs/rough-mix.wav'",
                   "balance 'rough' needs a rough mix");
}

static td_order *make_order(td_reader *r, const td_library *l, const char *file, const char *text, size_t length)
{
    td_node *root = td_yaml_read(r->arena, file, text, length, r->messages);
    if (!root || !td_check_header(r->messages, root, "job/1")) return NULL;
    td_order *o = td_take(r, 1, sizeof *o);
    if (!o) return NULL;
    *o = (td_order){ .arena = r->arena };
    td_order_defaults(o);
    td_read_members(r, root, "a job", order_members, o);
    if (!td_node_get(root, "ab")) o->ab = o->n_mixes > 1;
    check_order(r, root, o);
    if (l) try_recipes(r, l, td_node_get(root, "recipes"));
    return o;
}

static td_status parse(const td_library *l, const char *file, const char *text, size_t length, bool look,
                       td_order **out, td_messages *m)
{
    td_reader r = td_reader_new(m, !file);
    r.look = look;
    td_order *o = r.arena ? make_order(&r, l, file ? file : "job", text, length) : NULL;
    td_status st = td_reader_end(&r, TD_JOB);
    *out = st == TD_OK ? o : NULL;
    return st;
}

td_status td_order_parse(const td_library *l, const char *file, const char *text, size_t length, td_order **out,
                         td_messages *m)
{
    return parse(l, file, text, length, false, out, m);
}

td_status td_order_load(const td_library *l, const char *path, td_order **out, td_messages *m)
{
    *out = NULL;
    td_arena *a = td_arena_new();
    char *text;
    size_t length;
    td_status st = td_document_load(a, path, TD_YAML_BYTES, &text, &length, m);
    if (!st) st = parse(l, path, text, length, true, out, m);
    td_arena_free(a);
    return st;
}
