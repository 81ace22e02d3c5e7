/* recipes/meant.h - who an engineer means by a name: "vocals", "kick", "BGVOX 1", "floor tom".
 *
 * Room-internal. */
#ifndef TD_RECIPES_MEANT_H
#define TD_RECIPES_MEANT_H

#include "engine/mix/plan.h"

/* Buses whole, and stems of others. */
typedef struct td_meant {
    td_plan_bus *bus[TD_BUSES_MAX];
    td_plan_stem *stem[TD_STEMS_MAX];
    size_t n_buses, n_stems;
} td_meant;

/* A bus or a group, else stems by file name, by words in it, by role, by words of both, or by what a file of that name
 * would hold, of whose words every one has to be known and count. TD_ARG, for `text`: nobody is called so, or players
 * of several buses are. */
td_status td_meant_find(const td_plan *p, const char *text, const char *name, td_meant *out, td_error *err);

/* Adds buses of that name; with groups, all of a group. */
void td_meant_buses(const td_plan *p, const char *name, bool groups, td_meant *out);
/* Adds stems with that word in their role. */
void td_meant_role(const td_plan *p, const char *name, td_meant *out);

/* Is it, letter for letter, part of a file's name? */
bool td_is_in_file_name(const td_plan *p, const char *text);

bool td_is_lead(const char *name); /* "lead", "lead vocals": not the whole bus */

#endif
