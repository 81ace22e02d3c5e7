/* recipes/steps.h - chains of a recipe and the conditions beside them. */
#ifndef TD_RECIPES_STEPS_H
#define TD_RECIPES_STEPS_H

#include "recipes/reader.h"

/* when: the condition around the chain (of its fix, its group), from which `measured` can be taken; NULL. */
void td_read_chain(td_reader *r, td_node *list, const td_node *when, td_chain_wish *out);

/* A condition and its text; both stay NULL after a mistake. */
void td_read_condition(td_reader *r, const td_node *n, const td_condition **out, const char **text);
/* Whether a feature in it finds a frequency, for `measured`. What is no condition may. */
bool td_condition_finds(const td_node *n);
const char *td_finding_features(td_messages *m); /* "hum, sibilance, resonance" */

/* A role or bus; an unknown one is a warning (it may come with operator's tokens), naming the nearest. */
void td_check_role(td_reader *r, const td_node *n, const char *role, const char *label);

/* "did you mean 'brass.tuba'?" where a role, or its last word, is nearly that; else NULL. */
const char *td_near_role(td_messages *m, const char *role);

/* What stands at `key`: a processor that cannot be driven by others, and nobody, are mistakes. */
void td_check_key(td_reader *r, const td_node *n, const td_processor *proc);

/* Names of all processors that stand as steps, for suggestions; returns how many. */
size_t td_step_names(const char **out, size_t room);
size_t td_part_names(const td_processor *proc, const char **out, size_t room); /* of its bands */

/* The one key of a step's map that is not about the graph; n->n when there is none. Several: the first. */
size_t td_step_processor_key(const td_node *n);
extern const td_member td_graph_members[]; /* what stands beside a processor */
bool td_is_graph_key(const char *key);

#endif
