/* recipes/parts.h - pieces that recipes and orders have in common. */
#ifndef TD_RECIPES_PARTS_H
#define TD_RECIPES_PARTS_H

#include "recipes/reader.h"

/* Readers of a target's members, for tables of td_member; `loudness` takes a name ("spotify") as well. into: td_target.
 */
void td_target_loudness(td_reader *r, td_node *n, void *into);
void td_target_true_peak(td_reader *r, td_node *n, void *into);
void td_target_peak(td_reader *r, td_node *n, void *into);
void td_target_limiting(td_reader *r, td_node *n, void *into);
extern const td_target td_no_target; /* nothing asked */

void td_member_balance(td_reader *r, td_node *n, void *into); /* td_balance */
/* A stem's or fix's place and polarity. automatic NULL: `auto` is not allowed. */
bool td_read_pan(td_reader *r, const td_node *n, double *pan, bool *automatic);
void td_member_polarity(td_reader *r, td_node *n, void *into); /* bool: flipped */

/* Formats of files that leave, and the word lengths each has. */
extern const char *const td_formats[]; /* NULL-terminated */
bool td_format_lossy(const char *format);
bool td_read_format(td_reader *r, const td_node *n, const char **format);
bool td_read_bits(td_reader *r, const td_node *n, const char *format, unsigned *bits);

/* A plan as it was read keeps what had been decided: where its numbers differ now, its reasons say that they are by
 * hand, and what was decided. Of decisions that still stand the settings are NULL then. TD_NOMEM. */
td_status td_plan_tell_hands(td_plan *p);

/* The maps of a language with their members, for its schema; ends with a NULL name. The first one is the document. */
typedef struct td_object {
    const char *name;
    const td_member *members;
} td_object;

extern const td_object td_recipe_objects[], td_order_objects[];

extern const char *const td_version_words[], *const td_handoff_words[], *const td_report_words[],
                                                                            *const td_hook_events[];

/* A recipe's merged tree to a recipe in r's arena. set: a map of knobs, or NULL. NULL when memory is short; with errors
 * in r's messages it is not to be used. */
td_recipe *td_recipe_make(td_reader *r, td_node *root, const td_node *set);
/* Settings as such a map, of a document that is no file; NULL: memory is short. */
td_node *td_set_nodes(td_reader *r, const td_setting *set, size_t n);

#endif
