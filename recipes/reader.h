/* recipes/reader.h - what all readers of this room share: maps by a table of members, words, values with units. */
#ifndef TD_RECIPES_READER_H
#define TD_RECIPES_READER_H

#include "recipes/diag.h"
#include <stddef.h>

/* What a number measures: a td_unit, or one of the scales only recipes and orders name. */
typedef int td_measure;
enum { TD_MEASURE_DBTP = TD_UNIT_DEGREE + 1, TD_MEASURE_LUFS, TD_MEASURE_BPM, TD_MEASURE_KBITS, TD_MEASURE_COUNT };

/* A value's place: what it is called and what may stand there. td_param rows become one by td_field_of. */
typedef struct td_field {
    const char *name;
    const char *of; /* "bell"; NULL: nothing to add to the name */
    td_measure measure;
    double min, max;
    unsigned flags; /* TD_GOAL, TD_AUTO, TD_MEASURED, TD_SOLVABLE */
    const char *const *choices;
} td_field;

td_field td_field_of(const td_param *p, const char *of);

typedef struct td_reader {
    td_arena *arena;
    td_messages *messages;
    td_knob *knob;
    td_measure *knob_measure;
    bool *knob_used;
    size_t n_knobs;
    bool remote;         /* the text came from elsewhere: it may name no file of this machine */
    bool look;           /* files it names have to be there */
    const td_node *root; /* of the recipe, for names that stand elsewhere in it; may be NULL */
    size_t before;       /* errors the messages held when reading began */
} td_reader;

/* A reader with an arena of its own (NULL when memory is short), which the value read takes over. */
td_reader td_reader_new(td_messages *m, bool remote);
/* TD_OK, TD_NOMEM, or `refused` when there were errors since; the arena is freed then. */
td_status td_reader_end(td_reader *r, td_status refused);

/* Zeroed memory of the arena, or NULL, and the messages are then broken: the caller leaves quietly. */
void *td_take(td_reader *r, size_t n, size_t size);
const char *td_keep(td_reader *r, const char *text);

/* ---- maps ------------------------------------------------------------------------------------------------------- */

typedef struct td_member {
    const char *name; /* the last row has NULL */
    void (*read)(td_reader *r, td_node *value, void *into);
    size_t at; /* where `into` is in the struct */
} td_member;

#define TD_MEMBER(type, name, read, member) \
    {                                       \
        name, read, offsetof(type, member)  \
    }
#define TD_WHOLE(name, read) \
    {                        \
        name, read, 0        \
    } /* the reader gets the struct */

/* Readers for members that are plain: const char *, bool. The key is their name in messages. */
void td_member_text(td_reader *r, td_node *n, void *into);
void td_member_switch(td_reader *r, td_node *n, void *into);

/* Tells of misspelt keys and gives them the nearest member's name, where that is not there as well: so what stands
 * below them is read too, and all its mistakes are told at once. */
void td_mend_keys(td_reader *r, td_node *map, const char *what, const td_member *members);
/* Mends keys and calls each member's reader; any other key is a mistake ("a group has no key 'level2'"). Keys that
 * begin with x- and members without a reader are passed over. */
void td_read_members(td_reader *r, td_node *map, const char *what, const td_member *members, void *into);
/* The words of a table of members, for suggestions. */
size_t td_member_names(const td_member *members, const char **out, size_t room);

bool td_want(td_reader *r, const td_node *n, td_node_kind kind,
             const char *what); /* else a mistake: "what has to be a map" */

/* The header every document begins with: "recipe/1". False: it is no such document. */
bool td_check_header(td_messages *m, const td_node *root, const char *kind);

/* ---- words ------------------------------------------------------------------------------------------------------ */

/* A text that is not empty, without line breaks at its ends; NULL after a mistake. label: "'title'". */
const char *td_read_text(td_reader *r, const td_node *n, const char *label);
/* The index of one of words (NULL-terminated), or -1 after a mistake. */
int td_read_word(td_reader *r, const td_node *n, const char *label, const char *const *words);
bool td_read_switch(td_reader *r, const td_node *n, const char *label, bool *out); /* on off true false yes no */
bool td_read_whole(td_reader *r, const td_node *n, const char *label, unsigned min, unsigned max, unsigned *out);
/* A text, or a list of texts. */
const char **td_read_texts(td_reader *r, const td_node *n, const char *label, size_t *count);

/* "folder/path", or path where that is absolute. NULL when memory is short. */
const char *td_join(td_reader *r, const char *folder, const char *path);
/* A file named in `document`, relative to its folder, as an absolute path. NULL when memory is short. */
const char *td_beside(td_reader *r, const char *document, const char *path);

/* ---- values ------------------------------------------------------------------------------------------------------ */

/* One value as the field allows it: a number with unit, a knob, a wish, a range, auto, measured. False after a mistake.
 */
bool td_read_wish(td_reader *r, const td_node *n, const td_field *f, td_wish *out);
/* "5 to 9 kHz", two numbers that belong together. */
bool td_read_range(td_reader *r, const td_node *n, const td_field *f, td_wish out[2]);
/* A number or a knob, nothing else. */
bool td_read_number(td_reader *r, const td_node *n, const td_field *f, double *out);
/* What is to be read in place of n: where a whole value names a knob that is no number, what the knob holds; else n. */
const td_node *td_turned(td_reader *r, const td_node *n);
/* Tells why a knob cannot stand where a word is wanted; n is the knob's name as it is used. */
void td_mistaken_knob(td_reader *r, const td_node *n, const char *label);
/* Whether a knob that holds it is a number; all else is taken as it is written, and judged where it is used. */
bool td_is_amount(const char *text);
/* A number of any unit, for knobs. */
bool td_read_any(td_reader *r, const td_node *n, const char *label, double *out, td_measure *measure);

/* A number, or two with "to" between, inside a longer text (conditions). Returns bytes read, 0 after a mistake. */
size_t td_scan_number(td_reader *r, const td_node *n, size_t offset, const td_field *f, double *out);
size_t td_scan_range(td_reader *r, const td_node *n, size_t offset, const td_field *f, double *low, double *high);

/* The measure of a unit's word ("LUFS"), TD_UNIT_NUMBER for "". */
td_measure td_measure_of(const char *unit);
/* A pattern (ECMA 262) for the schema. Returns out. */
const char *td_measure_pattern(td_measure m, char *out, size_t size);
const char *td_measure_name(td_measure m); /* "a frequency" */
const char *td_measure_unit(td_measure m); /* "Hz"; "": none */
const char *td_measure_text(td_measure m, double value, char *out, size_t size);
/* The shortest decimal that reads back as the same double. */
const char *td_number_text(double value, char *out, size_t size);

#endif
