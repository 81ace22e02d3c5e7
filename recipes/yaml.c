#include "recipes/yaml.h"

#include "recipes/diag.h"
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

typedef struct loader {
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
    size_t events;
    bool plan; /* within its bounds */
    td_arena *arena;
    td_document *doc;
    td_messages *messages;
} loader;

/* ---- what libyaml says, in our words ----------------------------------------------------------------------------- */

static const struct {
    const char *problem, *context; /* as libyaml says it; context NULL: any */
    const char *detail, *hint;
} problems[] = {
    { "did not find expected alphabetic or numeric character", "while scanning an alias", "'*' begins a YAML alias",
      "put it in quotes: \"*.wav\"" },
    { "did not find expected alphabetic or numeric character", "while scanning an anchor", "'&' begins a YAML anchor",
      "put it in quotes" },
    { "found character that cannot start any token", NULL, "a value cannot begin with this character",
      "put it in quotes" },
    { "mapping values are not allowed in this context", NULL, "':' where no key can stand",
      "check the indentation, or put the text in quotes" },
    { "did not find expected key", NULL, "the indentation does not fit the lines above", NULL },
    { "did not find expected '-' indicator", NULL, "a list goes on with something that is no entry",
      "begin it with '- ' in the same column" },
    { "block sequence entries are not allowed in this context", NULL, "a list cannot begin here",
      "put it on a line of its own" },
    { "could not find expected ':'", NULL, "a key without ':'", "write 'key: value'" },
    { "did not find expected node content", NULL, "a value is missing here",
      "a ',' or ':' is too many, or the text ends too soon" },
    { "did not find expected ',' or ']'", NULL, "this '[' has no ']', or a ',' is missing", NULL },
    { "did not find expected ',' or '}'", NULL, "this '{' has no '}', or a ',' is missing", NULL },
    { "found unexpected end of stream", NULL, "this quote is not closed", NULL },
    { "found unknown escape character", NULL, "unknown escape after '\\'", "single quotes leave '\\' alone" },
    { "found invalid Unicode character escape code", NULL, "this escape is no character", NULL },
    { "did not find expected <document start>", NULL, "something follows the end of the document", NULL },
};

/* A mistake at a byte of the text. */
static void say_at(td_messages *m, const td_document *doc, size_t offset, const char *code, const char *hint,
                   const char *detail)
{
    unsigned line = 1, column = 1;
    for (size_t i = 0; i < offset && i < doc->length; i++) {
        if (doc->text[i] == '\n')
            line++, column = 1;
        else
            column += (doc->text[i] & 0xc0) != 0x80;
    }
    td_mistake_at(m, doc, line, column, 1, code, hint, "%s", detail);
}

static void say_problem(loader *l)
{
    const yaml_parser_t *p = &l->parser;
    const char *problem = p->problem ? p->problem : "unreadable", *detail = problem, *hint = NULL;
    if (p->error == YAML_MEMORY_ERROR) {
        td_messages_break(l->messages);
        return;
    }
    yaml_mark_t mark = p->problem_mark;
    if (p->error == YAML_READER_ERROR) {
        say_at(l->messages, l->doc, p->problem_offset, "not_text", "save it as UTF-8", "this is no UTF-8 text");
        return;
    }
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        if (strcmp(problems[i].problem, problem) != 0) continue;
        if (problems[i].context && (!p->context || strcmp(problems[i].context, p->context) != 0)) continue;
        detail = problems[i].detail;
        hint = problems[i].hint;
        if (td_starts_with(detail, "this ")) mark = p->context_mark; /* where it was opened */
        break;
    }
    if (!hint && l->doc->json) hint = "JSON is { \"key\": value, ... }, as {\"topdown\": \"job/1\", \"stems\": ...}";
    td_mistake_at(l->messages, l->doc, (unsigned)mark.line + 1, (unsigned)mark.column + 1, 1, "syntax", hint, "%s",
                  detail);
}

/* ---- events to nodes --------------------------------------------------------------------------------------------- */

static bool refuse(loader *l, const char *code, const char *hint, const char *detail)
{
    const yaml_mark_t *at = &l->event.start_mark;
    td_mistake_at(l->messages, l->doc, (unsigned)at->line + 1, (unsigned)at->column + 1, 1, code, hint, "%s", detail);
    return false;
}

static bool broken(loader *l)
{
    td_messages_break(l->messages);
    return false;
}

static const char values_instead[] = "name it under 'values' and write $name, or share it with 'extends'";

/* Fetches the next event into l->event and refuses what our documents do not have. */
static bool next(loader *l)
{
    yaml_event_delete(&l->event);
    if (!yaml_parser_parse(&l->parser, &l->event)) {
        say_problem(l);
        return false;
    }
    if (++l->events > (l->plan ? TD_PLAN_EVENTS : TD_YAML_EVENTS))
        return refuse(l, "too_large", NULL,
                      l->plan ? "the plan has more than 1,000,000 parts" : "the document has more than 100,000 parts");
    const yaml_event_t *e = &l->event;
    const yaml_char_t *anchor = NULL, *tag = NULL;
    switch (e->type) {
    case YAML_ALIAS_EVENT:
        return refuse(l, "alias", values_instead, "YAML aliases are not used here");
    case YAML_SCALAR_EVENT:
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
        break;
    default:
        break;
    }
    if (anchor) return refuse(l, "anchor", values_instead, "YAML anchors are not used here");
    if (tag) return refuse(l, "tag", "put a value that begins with '!' in quotes", "YAML tags are not used here");
    return true;
}

static td_node *node_new(loader *l, td_node_kind kind, td_node *parent)
{
    td_node *n = td_arena_alloc(l->arena, sizeof *n);
    if (!n) {
        broken(l);
        return NULL;
    }
    const yaml_event_t *e = &l->event;
    *n = (td_node){
        .kind = kind,
        .parent = parent,
        .doc = l->doc,
        .line = (unsigned)e->start_mark.line + 1,
        .column = (unsigned)e->start_mark.column + 1,
        .end_line = (unsigned)e->end_mark.line + 1,
        .end_column = (unsigned)e->end_mark.column + 1,
    };
    return n;
}

static void ends_here(loader *l, td_node *n)
{
    n->end_line = (unsigned)l->event.end_mark.line + 1;
    n->end_column = (unsigned)l->event.end_mark.column + 1;
}

static td_node *load(loader *l, td_node *parent, unsigned depth);

static td_node *load_text(loader *l, td_node *parent)
{
    td_node *n = node_new(l, TD_NODE_TEXT, parent);
    if (!n) return NULL;
    const char *text = (const char *)l->event.data.scalar.value;
    if (strlen(text) != l->event.data.scalar.length) {
        refuse(l, "not_text", NULL, "a NUL character in a text");
        return NULL;
    }
    n->text = td_arena_strdup(l->arena, text);
    n->plain = l->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return n->text ? n : (broken(l), NULL);
}

static td_node *load_list(loader *l, td_node *parent, unsigned depth)
{
    td_node *n = node_new(l, TD_NODE_LIST, parent);
    if (!n) return NULL;
    for (;;) {
        if (!next(l)) return NULL;
        if (l->event.type == YAML_SEQUENCE_END_EVENT) break;
        td_node *item = load(l, n, depth);
        if (!item) return NULL;
        if (!td_node_append(l->arena, n, n->n, NULL, item)) return broken(l), NULL;
    }
    ends_here(l, n);
    return n;
}

static size_t index_in_parent(const td_node *n) /* of a value or of its key */
{
    const td_node *p = n->parent;
    for (size_t i = 0; i < p->n; i++)
        if (p->value[i] == n || (p->key && p->key[i] == n)) return i;
    return p->n;
}

static int by_text_then_place(const void *a, const void *b)
{
    const td_node *x = *(td_node *const *)a, *y = *(td_node *const *)b;
    int order = strcmp(x->text, y->text);
    if (order) return order;
    return x->line != y->line ? (x->line < y->line ? -1 : 1) : (x->column > y->column) - (x->column < y->column);
}

/* Tells of each key that comes again and takes it out: reading goes on, so that all other mistakes are told as well. */
static bool drop_repeated(loader *l, td_node *map)
{
    if (map->n < 2) return true;
    td_node **sorted = calloc(map->n, sizeof *sorted);
    if (!sorted) return broken(l);
    memcpy(sorted, map->key, map->n * sizeof *sorted);
    qsort(sorted, map->n, sizeof *sorted, by_text_then_place);
    for (size_t i = 1, n = map->n, first = 0; i < n; i++) {
        if (strcmp(sorted[first]->text, sorted[i]->text) != 0) {
            first = i;
            continue;
        }
        td_mistake(l->messages, sorted[i], "repeated_key",
                   td_say(l->messages, "it stands in line %u already", sorted[i - 1]->line), "key '%s' is repeated",
                   td_cut(l->messages, sorted[i]->text));
        td_node_remove(map, index_in_parent(sorted[i]));
    }
    free(sorted);
    return true;
}

/* Inside { }, the decimal comma of "drive: 2,5 dB" ends the value and makes "5 dB" a key without one. They become one
 * value again, so that its reader can say what is wrong with it. */
static bool join_comma(loader *l, const td_node *map, const td_node *key, const td_node *value)
{
    td_node *before = map->n ? map->value[map->n - 1] : NULL;
    if (!before || !before->plain || !key->plain || !value->plain || value->text[0]) return false;
    size_t length = strlen(before->text);
    bool digits = length && before->text[length - 1] >= '0' && before->text[length - 1] <= '9' && key->text[0] >= '0' &&
                  key->text[0] <= '9';
    if (!digits || before->line != key->line) return false;
    const char *joined = td_arena_printf(l->arena, "%s,%s", before->text, key->text);
    if (!joined) return broken(l);
    before->text = joined;
    before->end_column = key->end_column;
    return true;
}

static td_node *load_map(loader *l, td_node *parent, unsigned depth)
{
    td_node *n = node_new(l, TD_NODE_MAP, parent);
    if (!n) return NULL;
    for (;;) {
        if (!next(l)) return NULL;
        if (l->event.type == YAML_MAPPING_END_EVENT) break;
        if (l->event.type != YAML_SCALAR_EVENT) {
            refuse(l, "bad_key", "put it in quotes if it is text", "a key has to be a word");
            return NULL;
        }
        if (n->n == TD_YAML_KEYS) {
            refuse(l, "too_large", NULL, "a map has more than 4,096 keys");
            return NULL;
        }
        td_node *key = load_text(l, n);
        if (!key || !next(l)) return NULL;
        td_node *value = load(l, n, depth);
        if (!value) return NULL;
        if (l->doc->json && value->plain && strcmp(value->text, "null") == 0) continue;
        if (join_comma(l, n, key, value)) continue;
        if (!td_node_append(l->arena, n, n->n, key, value)) return broken(l), NULL;
    }
    ends_here(l, n);
    return drop_repeated(l, n) ? n : NULL;
}

static td_node *load(loader *l, td_node *parent, unsigned depth)
{
    if (l->event.type == YAML_SCALAR_EVENT) return load_text(l, parent);
    if (depth == TD_YAML_DEPTH) {
        refuse(l, "too_deep", NULL, "lists and maps stand more than 64 levels deep");
        return NULL;
    }
    return l->event.type == YAML_SEQUENCE_START_EVENT ? load_list(l, parent, depth + 1)
                                                      : load_map(l, parent, depth + 1);
}

/* ---- documents --------------------------------------------------------------------------------------------------- */

static bool no_tabs(const td_document *doc, td_messages *m)
{
    const char *tab = doc->json ? NULL : memchr(doc->text, '\t', doc->length);
    if (!tab) return true;
    say_at(m, doc, (size_t)(tab - doc->text), "tab", "write blanks", "a tab");
    return false;
}

static unsigned surrogate(const char *p, unsigned base) /* of a \uXXXX escape; 0: none in base..base+0x3ff */
{
    if (p[0] != '\\' || p[1] != 'u') return 0;
    unsigned code = 0;
    for (int i = 2; i < 6; i++) {
        int c = p[i] | 0x20;
        if (!((p[i] >= '0' && p[i] <= '9') || (c >= 'a' && c <= 'f'))) return 0;
        code = code * 16 + (unsigned)(p[i] <= '9' ? p[i] - '0' : c - 'a' + 10);
    }
    return code >= base && code < base + 0x400 ? code : 0;
}

/* JSON writes characters beyond 16 bits as two escapes, YAML as one: \ud83d\ude00 becomes \U0001f600, in place. */
static size_t join_surrogates(char *text, size_t length)
{
    size_t o = 0;
    for (size_t i = 0; i < length;) {
        unsigned high = surrogate(text + i, 0xd800), low = high ? surrogate(text + i + 6, 0xdc00) : 0;
        if (low) {
            char joined[16];
            snprintf(joined, sizeof joined, "\\U%08x", 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
            memcpy(text + o, joined, 10);
            o += 10, i += 12;
        } else {
            size_t step = text[i] == '\\' && i + 1 < length ? 2 : 1; /* an escaped backslash is no escape's beginning */
            memmove(text + o, text + i, step);
            o += step, i += step;
        }
    }
    text[o] = 0;
    return o;
}

static td_document *document_new(td_arena *a, const char *file, const char *text, size_t length)
{
    td_document *doc = td_arena_alloc(a, sizeof *doc);
    char *copy = td_arena_strndup(a, text, length);
    char *name = td_arena_strdup(a, file);
    if (!doc || !copy || !name) return NULL;
    bool json = copy[strspn(copy, " \t\r\n")] == '{';
    *doc = (td_document){ name, copy, json ? join_surrogates(copy, length) : length, json };
    return doc;
}

static td_node *load_document(loader *l)
{
    if (!next(l) || !next(l)) return NULL; /* the stream, the document */
    if (l->event.type == YAML_STREAM_END_EVENT) {
        td_mistake_at(l->messages, l->doc, 1, 1, 1, "empty", NULL, "the file is empty");
        return NULL;
    }
    if (!next(l)) return NULL;
    if (l->event.type != YAML_MAPPING_START_EVENT) {
        refuse(l, "not_a_map", "begin with 'topdown: ' and what it is: recipe/1, job/1 or plan/1",
               "the document has to be 'key: value' lines");
        return NULL;
    }
    td_node *root = load(l, NULL, 0);
    if (!root || !next(l) || !next(l)) return NULL; /* the ends of both */
    if (l->event.type != YAML_STREAM_END_EVENT) {
        refuse(l, "second_document", "one document a file", "a second document begins here");
        return NULL;
    }
    return root;
}

static td_node *read_within(td_arena *a, const char *file, const char *text, size_t length, bool plan, td_messages *m)
{
    loader l = { .arena = a, .messages = m, .plan = plan };
    bool fits = length <= (plan ? TD_PLAN_BYTES : TD_YAML_BYTES);
    l.doc = document_new(a, file, fits ? text : "", fits ? length : 0);
    if (!l.doc) return broken(&l), NULL;
    if (!fits) {
        td_mistake_at(m, l.doc, 0, 0, 0, "too_large", NULL, "the document is larger than %d MiB", plan ? 16 : 1);
        return NULL;
    }
    if (!no_tabs(l.doc, m)) return NULL;
    if (!yaml_parser_initialize(&l.parser)) return broken(&l), NULL;
    yaml_parser_set_encoding(&l.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&l.parser, (const unsigned char *)l.doc->text, l.doc->length);
    td_node *root = load_document(&l);
    yaml_event_delete(&l.event);
    yaml_parser_delete(&l.parser);
    return root;
}

td_node *td_yaml_read(td_arena *a, const char *file, const char *text, size_t length, td_messages *m)
{
    return read_within(a, file, text, length, false, m);
}

td_node *td_yaml_read_plan(td_arena *a, const char *file, const char *text, size_t length, td_messages *m)
{
    return read_within(a, file, text, length, true, m);
}

/* ---- trees ------------------------------------------------------------------------------------------------------- */

td_node *td_node_get(const td_node *map, const char *key)
{
    if (!map || map->kind != TD_NODE_MAP) return NULL;
    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->key[i]->text, key) == 0) return map->value[i];
    return NULL;
}

const td_node *td_node_key(const td_node *value)
{
    if (!value->parent || value->parent->kind != TD_NODE_MAP) return NULL;
    size_t i = index_in_parent(value);
    return i < value->parent->n ? value->parent->key[i] : NULL;
}

const char *td_node_what(td_messages *m, const td_node *n)
{
    if (n->kind == TD_NODE_LIST) return "a list";
    if (n->kind == TD_NODE_MAP) return "a map";
    return n->text[0] ? td_say(m, "'%s'", td_cut(m, n->text)) : "nothing";
}

static void add_escaped(td_text *out, const char *key)
{
    for (; *key; key++) {
        if (*key == '~')
            td_text_add(out, "~0");
        else if (*key == '/')
            td_text_add(out, "~1");
        else
            td_text_addn(out, key, 1);
    }
}

void td_node_pointer(const td_node *n, td_text *out)
{
    if (!n->parent) return;
    td_node_pointer(n->parent, out);
    size_t i = index_in_parent(n);
    if (n->parent->kind == TD_NODE_LIST) {
        td_text_addf(out, "/%zu", i);
    } else if (i < n->parent->n) {
        td_text_add(out, "/");
        add_escaped(out, n->parent->key[i]->text);
    }
}

static bool room(td_arena *a, td_node ***array, size_t n, size_t capacity)
{
    td_node **larger = td_arena_array(a, capacity, sizeof *larger);
    if (!larger) return false;
    if (n) memcpy(larger, *array, n * sizeof *larger);
    *array = larger;
    return true;
}

bool td_node_append(td_arena *a, td_node *into, size_t at, td_node *key, td_node *value)
{
    if (into->n == into->capacity) {
        size_t capacity = into->capacity ? 2 * into->capacity : 4;
        if (!room(a, &into->value, into->n, capacity)) return false;
        if (key && !room(a, &into->key, into->n, capacity)) return false;
        into->capacity = capacity;
    }
    size_t behind = (into->n - at) * sizeof(td_node *);
    memmove(into->value + at + 1, into->value + at, behind);
    into->value[at] = value;
    value->parent = into;
    if (key) {
        memmove(into->key + at + 1, into->key + at, behind);
        into->key[at] = key;
        key->parent = into;
    }
    into->n++;
    return true;
}

void td_node_remove(td_node *from, size_t at)
{
    size_t behind = (from->n - at - 1) * sizeof(td_node *);
    memmove(from->value + at, from->value + at + 1, behind);
    if (from->key) memmove(from->key + at, from->key + at + 1, behind);
    from->n--;
}

td_status td_document_load(td_arena *a, const char *path, size_t most, char **text, size_t *length, td_messages *m)
{
    td_error err = { 0 };
    td_status st = a ? td_file_read(a, path, most, text, length, &err) : TD_NOMEM;
    if (st && st != TD_NOMEM) td_mistake_file(m, path, &err);
    return st;
}
