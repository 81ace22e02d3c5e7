#include "recipes/diag.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN  120 /* characters of a line that are shown at most */
#define QUOTED 48

struct td_messages {
    td_arena *arena;
    td_message *item;
    size_t n, capacity;
    size_t errors, warnings; /* kept or not */
    const char *about;
    bool broken;
};

td_messages *td_messages_new(void)
{
    td_messages *m = calloc(1, sizeof *m);
    if (m && !(m->arena = td_arena_new())) {
        free(m);
        m = NULL;
    }
    return m;
}

void td_messages_free(td_messages *m)
{
    if (!m) return;
    td_arena_free(m->arena);
    free(m->item);
    free(m);
}

size_t td_messages_count(const td_messages *m)
{
    return m->n;
}

size_t td_messages_errors(const td_messages *m)
{
    return m->errors;
}

const td_message *td_messages_at(const td_messages *m, size_t index)
{
    return &m->item[index];
}

bool td_messages_broken(const td_messages *m)
{
    return m->broken;
}

void td_messages_break(td_messages *m)
{
    m->broken = true;
}

void td_messages_about(td_messages *m, const char *processor)
{
    if (!m->about) m->about = processor;
}

/* ---- text ------------------------------------------------------------------------------------------------------- */

static const char *vsay(td_messages *m, const char *fmt, va_list args)
{
    char small[1024];
    vsnprintf(small, sizeof small, fmt, args);
    const char *kept = td_arena_strdup(m->arena, small);
    if (!kept) m->broken = true;
    return kept ? kept : "";
}

const char *td_say(td_messages *m, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *text = vsay(m, fmt, args);
    va_end(args);
    return text;
}

/* Bytes of the first `count` characters, at most up to `end`. */
static size_t bytes_of(const char *s, const char *end, size_t count)
{
    const char *p = s;
    for (; p < end && count; count--) do
            p++;
        while (p < end && (*p & 0xc0) == 0x80);
    return (size_t)(p - s);
}

static size_t characters(const char *s, size_t bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < bytes; i++) n += (s[i] & 0xc0) != 0x80;
    return n;
}

const char *td_cut(td_messages *m, const char *text)
{
    size_t length = strlen(text), shown = bytes_of(text, text + length, QUOTED);
    if (shown == length) return text;
    return td_say(m, "%.*s...", (int)shown, text);
}

const char *td_did_you_mean(td_messages *m, const char *text, const char *const *words, size_t n)
{
    if (m->errors >= TD_MISTAKES_MAX || m->warnings >= TD_MISTAKES_MAX) return NULL; /* nobody will read it */
    const char *near = td_nearest(text, words, n);
    return near ? td_say(m, "did you mean '%s'?", near) : NULL;
}

const char *td_one_of(td_messages *m, const char *text, const char *const *words, size_t n)
{
    const char *near = td_did_you_mean(m, text, words, n);
    if (near || !n) return near;
    if (n == 1) return td_say(m, "there is only '%s'", words[0]);
    td_text list = { 0 };
    td_text_add(&list, "one of ");
    for (size_t i = 0; i < n; i++) td_text_addf(&list, "%s%s", i ? ", " : "", words[i]);
    const char *kept = td_say(m, "%s", td_text_or_empty(&list));
    td_text_free(&list);
    return kept;
}

/* ---- collecting -------------------------------------------------------------------------------------------------- */

/* The line of a document, or of a long one the part around the place. */
static void quote_line(td_messages *m, td_message *item, const td_document *doc)
{
    const char *p = doc->text, *end = p + doc->length;
    for (unsigned line = 1; line < item->line && p; line++) {
        p = memchr(p, '\n', (size_t)(end - p));
        if (p) p++;
    }
    if (!p || p >= end) return;
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    if (!stop) stop = end;
    if (stop > p && stop[-1] == '\r') stop--;
    size_t skip = item->column > SHOWN - 20 ? item->column - SHOWN / 2 : 0;
    p += bytes_of(p, stop, skip);
    item->source = td_arena_strndup(m->arena, p, bytes_of(p, stop, SHOWN));
    item->caret = item->column - (unsigned)skip;
    if (!item->source) m->broken = true;
}

/* Counts a message and makes room for it; NULL when it is one too many. */
static td_message *begin(td_messages *m, bool warning, const char *code, const char *hint, const char *fmt,
                         va_list args)
{
    size_t *count = warning ? &m->warnings : &m->errors;
    if (++*count > TD_MISTAKES_MAX) return NULL;
    void *items = m->item;
    if (!td_grow(&items, &m->capacity, m->n, sizeof *m->item)) {
        m->broken = true;
        return NULL;
    }
    m->item = items;
    td_message *item = &m->item[m->n++];
    *item = (td_message){ .warning = warning, .file = "", .pointer = "", .code = code, .hint = hint };
    item->detail = vsay(m, fmt, args);
    return item;
}

static void place(td_messages *m, td_message *item, const td_document *doc, unsigned line, unsigned column,
                  unsigned width)
{
    if (!item) return;
    item->file = td_say(m, "%s", doc->file);
    item->line = line;
    item->column = column;
    item->width = width ? width : 1;
    if (line) quote_line(m, item, doc);
}

static void point(td_messages *m, td_message *item, const td_node *at)
{
    if (!item) return;
    td_text pointer = { 0 };
    td_node_pointer(at, &pointer);
    item->pointer = td_say(m, "%s", td_text_or_empty(&pointer));
    m->broken |= pointer.broken;
    td_text_free(&pointer);
}

static void place_node(td_messages *m, td_message *item, const td_node *at)
{
    if (!at) return;
    bool underlined = at->kind == TD_NODE_TEXT && at->line == at->end_line && at->end_column > at->column;
    place(m, item, at->doc, at->line, at->column, underlined ? at->end_column - at->column : 1);
    point(m, item, at);
}

void td_mistake(td_messages *m, const td_node *at, const char *code, const char *hint, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    place_node(m, begin(m, false, code, hint, fmt, args), at);
    va_end(args);
}

void td_caution(td_messages *m, const td_node *at, const char *code, const char *hint, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    place_node(m, begin(m, true, code, hint, fmt, args), at);
    va_end(args);
}

/* A scalar whose characters stand in the file as they read: one line, and quotes that hold no escapes. */
static bool verbatim(const td_node *n)
{
    size_t quotes = n->plain ? 0 : 2;
    return n->line == n->end_line && n->end_column - n->column == characters(n->text, strlen(n->text)) + quotes;
}

void td_mistake_in(td_messages *m, const td_node *at, size_t offset, size_t length, const char *code, const char *hint,
                   const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    td_message *item = begin(m, false, code, hint, fmt, args);
    va_end(args);
    if (verbatim(at)) {
        unsigned column = at->column + (at->plain ? 0 : 1) + (unsigned)characters(at->text, offset);
        place(m, item, at->doc, at->line, column, (unsigned)characters(at->text + offset, length));
        point(m, item, at);
    } else {
        place_node(m, item, at);
    }
}

void td_mistake_at(td_messages *m, const td_document *doc, unsigned line, unsigned column, unsigned width,
                   const char *code, const char *hint, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    place(m, begin(m, false, code, hint, fmt, args), doc, line, column, width);
    va_end(args);
}

static td_message *begin_plain(td_messages *m, const char *code, const char *hint, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    td_message *item = begin(m, false, code, hint, fmt, args);
    va_end(args);
    return item;
}

void td_mistake_file(td_messages *m, const char *file, const td_error *err)
{
    td_message *item = begin_plain(m, "unreadable", err->hint[0] ? td_say(m, "%s", err->hint) : NULL, "%s", err->what);
    if (item) item->file = td_say(m, "%s", file);
}

static size_t first_of_file(const td_messages *m, const td_message *item)
{
    size_t i = 0;
    while (strcmp(m->item[i].file, item->file) != 0) i++;
    return i;
}

void td_messages_sort(td_messages *m)
{
    size_t file[2 * TD_MISTAKES_MAX];
    for (size_t i = 0; i < m->n; i++) file[i] = first_of_file(m, &m->item[i]);
    for (size_t i = 1; i < m->n; i++) { /* few, and nearly in order */
        td_message item = m->item[i];
        size_t own = file[i], k = i;
        for (; k; k--) {
            const td_message *left = &m->item[k - 1];
            bool behind = file[k - 1] != own        ? file[k - 1] > own
                          : left->line != item.line ? left->line > item.line
                                                    : left->column > item.column;
            if (!behind) break;
            m->item[k] = *left;
            file[k] = file[k - 1];
        }
        m->item[k] = item;
        file[k] = own;
    }
}

/* ---- printing ---------------------------------------------------------------------------------------------------- */

static void add_printable(td_text *out, const char *s)
{
    char safe[4096];
    td_text_add(out, td_printable(s, safe, sizeof safe));
}

/* A tab as one blank: it counts as one column. */
static void add_source(td_text *out, const char *s)
{
    for (size_t n; *s; s += n) {
        char piece[SHOWN * 4 + 1] = "";
        n = strcspn(s, "\t");
        memcpy(piece, s, n < sizeof piece ? n : sizeof piece - 1);
        add_printable(out, piece);
        if (s[n]) td_text_add(out, " ");
        n += s[n] == '\t';
    }
}

static void message_text(const td_message *item, td_text *out)
{
    add_printable(out, item->file);
    if (item->line) td_text_addf(out, ":%u:%u", item->line, item->column);
    td_text_addf(out, ": %s: ", item->warning ? "warning" : "error");
    add_printable(out, item->detail);
    if (item->source) {
        td_text_addf(out, "\n%5u | ", item->line);
        add_source(out, item->source);
        td_text_addf(out, "\n      | %*s", (int)item->caret - 1, "");
        for (unsigned i = 0; i < item->width && i < SHOWN; i++) td_text_add(out, "^");
        if (item->hint) td_text_add(out, " ");
    } else if (item->hint) {
        td_text_add(out, "; ");
    }
    if (item->hint) add_printable(out, item->hint);
    td_text_add(out, "\n");
}

void td_messages_text(const td_messages *m, td_text *out)
{
    for (size_t i = 0; i < m->n; i++) message_text(&m->item[i], out);
}

static void count_text(td_text *out, size_t n, const char *word)
{
    td_text_addf(out, "%zu %s%s%s", n, word, n == 1 ? "" : "s", n > TD_MISTAKES_MAX ? " (the first 20 are shown)" : "");
}

void td_messages_summary(const td_messages *m, td_text *out)
{
    if (m->errors) count_text(out, m->errors, "error");
    if (m->errors && m->warnings) td_text_add(out, ", ");
    if (m->warnings) count_text(out, m->warnings, "warning");
    if (m->n && m->about) td_text_addf(out, ". Parameters: topdown recipe processors %s", m->about);
    if (m->n) td_text_add(out, "\n");
}

static json_t *message_json(const td_message *item)
{
    char file[1024]; /* a file's name may be no UTF-8 */
    json_t *hint = item->hint ? json_string(item->hint) : json_null();
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:s, s:s, s:o}", "severity", item->warning ? "warning" : "error",
                     "file", td_printable(item->file, file, sizeof file), "pointer", item->pointer, "line",
                     (int)item->line, "column", (int)item->column, "code", item->code, "detail", item->detail, "hint",
                     hint);
}

void td_messages_json(const td_messages *m, td_text *out)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->n; i++)
        if (json_array_append_new(list, message_json(&m->item[i]))) out->broken = true;
    char *text = json_dumps(list, JSON_INDENT(2));
    if (text)
        td_text_add(out, text);
    else
        out->broken = true;
    free(text);
    json_decref(list);
}

td_status td_messages_error(const td_messages *m, td_status st, td_error *err)
{
    for (size_t i = 0; i < m->n; i++) {
        const td_message *item = &m->item[i];
        if (item->warning) continue;
        char where[300];
        if (item->line)
            snprintf(where, sizeof where, "%s:%u:%u", item->file, item->line, item->column);
        else
            snprintf(where, sizeof where, "%s", item->file);
        return td_fail(err, st, where, item->hint, "%s", item->detail);
    }
    return td_fail(err, st, NULL, NULL, "%s", td_status_name(st));
}
