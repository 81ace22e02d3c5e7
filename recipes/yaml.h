/* recipes/yaml.h - a bounded YAML reader: text to a tree of nodes that know where they stand.
 *
 * Scalars stay text (so 2:1 and 22:00 are what they look like). Everything lives in the arena. */
#ifndef TD_RECIPES_YAML_H
#define TD_RECIPES_YAML_H

#include "engine/base/base.h"

#define TD_YAML_BYTES  ((size_t)1 << 20)
#define TD_YAML_DEPTH  64
#define TD_YAML_EVENTS 100000
#define TD_YAML_KEYS   4096 /* of one map: searching them stays cheap, however hostile the text */

/* A plan holds what a program decided: many steps may have a thousand points each. */
#define TD_PLAN_BYTES  ((size_t)16 << 20)
#define TD_PLAN_EVENTS 1000000

typedef struct td_messages td_messages;

typedef struct td_document {
    const char *file; /* as messages name it */
    const char *text;
    size_t length;
    bool json; /* begins with '{': tabs are blanks, a null member counts as absent */
} td_document;

typedef enum td_node_kind { TD_NODE_TEXT, TD_NODE_LIST, TD_NODE_MAP } td_node_kind;

typedef struct td_node td_node;
struct td_node {
    td_node_kind kind;
    bool plain;             /* a scalar without quotes */
    bool off;               /* a step that an edit left out; text is its name */
    const char *text;       /* scalars; else NULL */
    td_node **key, **value; /* key[n] of a map; value[n] of maps and lists */
    size_t n, capacity;
    td_node *parent; /* NULL at the root */
    const td_document *doc;
    unsigned line, column;         /* of the first character, from 1; columns in characters */
    unsigned end_line, end_column; /* just behind the last one */
};

/* The root, a map, or NULL: m then holds what is wrong, or is broken (memory). Also with a root m may hold mistakes:
 * keys that come again, of which the first stays. text is copied. */
td_node *td_yaml_read(td_arena *a, const char *file, const char *text, size_t length, td_messages *m);
/* The same within the bounds of a plan. */
td_node *td_yaml_read_plan(td_arena *a, const char *file, const char *text, size_t length, td_messages *m);

/* The value of a map's member; NULL when absent or node is no map. */
td_node *td_node_get(const td_node *map, const char *key);
/* The key node above a value, NULL for list entries and the root. */
const td_node *td_node_key(const td_node *value);
/* "a list", "a map", "'text'" for messages. */
const char *td_node_what(td_messages *m, const td_node *n);

/* RFC 6901 pointer from the root to a value, or to a key's value. */
void td_node_pointer(const td_node *n, td_text *out);

/* Trees that are made by merging. False when memory is short. key NULL: a list. */
bool td_node_append(td_arena *a, td_node *into, size_t at, td_node *key, td_node *value);
void td_node_remove(td_node *from, size_t at);

/* The text of a document from its file, in the arena (NULL: TD_NOMEM); why it cannot be had is a message. most: bytes.
 */
td_status td_document_load(td_arena *a, const char *path, size_t most, char **text, size_t *length, td_messages *m);

#endif
