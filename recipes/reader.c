#include "recipes/reader.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

td_reader td_reader_new(td_messages *m, bool remote)
{
    return (td_reader){ .arena = td_arena_new(), .messages = m, .remote = remote, .before = td_messages_errors(m) };
}

td_status td_reader_end(td_reader *r, td_status refused)
{
    td_messages_sort(r->messages);
    bool short_ = !r->arena || td_messages_broken(r->messages);
    td_status st = short_ ? TD_NOMEM : td_messages_errors(r->messages) > r->before ? refused : TD_OK;
    if (st == TD_OK) return st;
    td_arena_free(r->arena);
    r->arena = NULL;
    return st;
}

void *td_take(td_reader *r, size_t n, size_t size)
{
    void *p = td_arena_array(r->arena, n ? n : 1, size);
    if (!p) td_messages_break(r->messages);
    return p;
}

const char *td_keep(td_reader *r, const char *text)
{
    const char *kept = td_arena_strdup(r->arena, text);
    if (!kept) td_messages_break(r->messages);
    return kept;
}

/* ---- maps ------------------------------------------------------------------------------------------------------- */

size_t td_member_names(const td_member *members, const char **out, size_t room)
{
    size_t n = 0;
    for (; n < room && members[n].name; n++) out[n] = members[n].name;
    return n;
}

bool td_want(td_reader *r, const td_node *n, td_node_kind kind, const char *what)
{
    static const char *const kinds[] = { "a text", "a list", "a map" };
    if (n->kind == kind) return true;
    td_mistake(r->messages, n, "wrong_kind", NULL, "%s has to be %s, not %s", what, kinds[kind],
               td_node_what(r->messages, n));
    return false;
}

static const td_member *find_member(const td_member *members, const char *name)
{
    for (; members->name; members++)
        if (strcmp(members->name, name) == 0) return members;
    return NULL;
}

void td_mend_keys(td_reader *r, td_node *map, const char *what, const td_member *members)
{
    const char *names[32];
    size_t n = td_member_names(members, names, 32);
    for (size_t i = 0; i < map->n; i++) {
        const char *key = map->key[i]->text;
        if (td_starts_with(key, "x-") || find_member(members, key)) continue;
        const char *near = td_nearest(key, names, n);
        if (!near || td_node_get(map, near) || strcmp(near, "edit") == 0) continue; /* edits are through by now */
        td_mistake(r->messages, map->key[i], "unknown_key", td_say(r->messages, "did you mean '%s'?", near),
                   "%s has no key '%s'", what, td_cut(r->messages, key));
        map->key[i]->text = near;
    }
}

void td_read_members(td_reader *r, td_node *map, const char *what, const td_member *members, void *into)
{
    if (!td_want(r, map, TD_NODE_MAP, what)) return;
    td_mend_keys(r, map, what, members);
    for (size_t i = 0; i < map->n; i++) {
        const char *key = map->key[i]->text;
        if (td_starts_with(key, "x-")) continue;
        const td_member *member = find_member(members, key);
        if (member) {
            if (member->read) member->read(r, map->value[i], (char *)into + member->at);
            continue;
        }
        const char *names[32];
        size_t n = td_member_names(members, names, 32);
        td_mistake(r->messages, map->key[i], "unknown_key", td_one_of(r->messages, key, names, n), "%s has no key '%s'",
                   what, td_cut(r->messages, key));
    }
}

/* The three kinds of file, and what takes each. */
static const struct {
    const char *header, *is, *taken;
} kinds_of_file[] = {
    { "recipe/1", "a recipe", "--recipe takes a recipe: topdown mix STEMS --recipe FILE" },
    { "job/1", "a job", "--job takes a job: topdown mix --job FILE" },
    { "plan/1", "a plan", "--plan takes a plan: topdown mix --plan FILE" },
};

static void refuse_kind(td_messages *m, const td_node *header, const char *kind, const char *example)
{
    const size_t n = sizeof kinds_of_file / sizeof *kinds_of_file;
    const char *said = header->kind == TD_NODE_TEXT ? header->text : "";
    size_t given = 0, wanted = 0;
    while (given < n && strcmp(kinds_of_file[given].header, said)) given++;
    while (wanted < n && strcmp(kinds_of_file[wanted].header, kind)) wanted++;
    if (given == n || wanted == n)
        td_mistake(m, header, "wrong_header", example, "%s cannot be read here", td_node_what(m, header));
    else
        td_mistake(m, header, "wrong_header", kinds_of_file[given].taken, "this is %s, not %s", kinds_of_file[given].is,
                   kinds_of_file[wanted].is);
}

bool td_check_header(td_messages *m, const td_node *root, const char *kind)
{
    const td_node *header = td_node_get(root, "topdown");
    const char *example = td_say(m, "begin with 'topdown: %s'", kind);
    if (!header)
        td_mistake(m, root, "no_header", example, "this does not say what it is");
    else if (header->kind != TD_NODE_TEXT || strcmp(header->text, kind) != 0)
        refuse_kind(m, header, kind, example);
    else if (root->value[0] != header && !root->doc->json) /* members of JSON have no order */
        td_mistake(m, td_node_key(header), "late_header", example, "'topdown' stands first");
    else
        return true;
    return header && header->kind == TD_NODE_TEXT && !strcmp(header->text, kind); /* read on, for other mistakes */
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

const char *td_read_text(td_reader *r, const td_node *n, const char *label)
{
    if (n->kind == TD_NODE_TEXT && n->text[0]) return td_keep(r, n->text);
    td_mistake(r->messages, n, "wrong_kind", NULL, "%s has to be a text, not %s", label, td_node_what(r->messages, n));
    return NULL;
}

static size_t count_words(const char *const *words)
{
    size_t n = 0;
    while (words[n]) n++;
    return n;
}

int td_read_word(td_reader *r, const td_node *n, const char *label, const char *const *words)
{
    n = td_turned(r, n);
    const char *text = n->kind == TD_NODE_TEXT ? n->text : "";
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], text) == 0) return i;
    if (text[0] == '$' && r->root) { /* of a recipe: nothing else has knobs */
        td_mistaken_knob(r, n, label);
        return -1;
    }
    td_mistake(r->messages, n, "unknown_word", td_one_of(r->messages, text, words, count_words(words)),
               "%s cannot be %s", label, td_node_what(r->messages, n));
    return -1;
}

bool td_read_switch(td_reader *r, const td_node *n, const char *label, bool *out)
{
    static const char *const words[] = { "on", "off", "true", "false", "yes", "no", NULL };
    int word = td_read_word(r, n, label, words);
    if (word < 0) return false;
    *out = word % 2 == 0;
    return true;
}

static const char *own_label(td_reader *r, const td_node *n)
{
    const td_node *key = td_node_key(n);
    return td_say(r->messages, "'%s'", key ? key->text : "");
}

void td_member_text(td_reader *r, td_node *n, void *into)
{
    *(const char **)into = td_read_text(r, n, own_label(r, n));
}

void td_member_switch(td_reader *r, td_node *n, void *into)
{
    td_read_switch(r, n, own_label(r, n), into);
}

bool td_read_whole(td_reader *r, const td_node *n, const char *label, unsigned min, unsigned max, unsigned *out)
{
    const char *text = n->kind == TD_NODE_TEXT ? n->text : "";
    size_t digits = strspn(text, "0123456789");
    unsigned long value = digits && digits < 10 ? strtoul(text, NULL, 10) : max + 1ul;
    if (!digits || text[digits])
        td_mistake(r->messages, n, "wrong_kind", NULL, "%s has to be a whole number, not %s", label,
                   td_node_what(r->messages, n));
    else if (value < min || value > max)
        td_mistake(r->messages, n, "out_of_range", td_say(r->messages, "%u to %u", min, max),
                   "%s is out of range for %s", td_cut(r->messages, text), label);
    else
        return *out = (unsigned)value, true;
    return false;
}

const char **td_read_texts(td_reader *r, const td_node *n, const char *label, size_t *count)
{
    *count = 0;
    size_t most = n->kind == TD_NODE_LIST ? n->n : 1;
    const char **out = td_take(r, most, sizeof *out);
    for (size_t i = 0; out && i < most; i++) {
        const char *text = td_read_text(r, n->kind == TD_NODE_LIST ? n->value[i] : n, label);
        if (text) out[(*count)++] = text;
    }
    return out;
}

const char *td_join(td_reader *r, const char *folder, const char *path)
{
    const char *between = td_ends_with(folder, "/") ? "" : "/";
    const char *joined = path[0] == '/' ? path : td_arena_printf(r->arena, "%s%s%s", folder, between, path);
    if (!joined) td_messages_break(r->messages);
    return joined;
}

const char *td_beside(td_reader *r, const char *document, const char *path)
{
    if (path[0] == '/') return td_keep(r, path);
    const char *slash = strrchr(document, '/');
    char *folder = slash ? td_arena_strndup(r->arena, document, (size_t)(slash - document) + 1) : NULL;
    char real[PATH_MAX];
    if (slash && !folder) td_messages_break(r->messages);
    const char *named = folder ? folder : ".";
    return td_join(r, realpath(named, real) ? real : named, path);
}
