/* recipes/resolve.h - a recipe's tree with all it extends merged in. */
#ifndef TD_RECIPES_RESOLVE_H
#define TD_RECIPES_RESOLVE_H

#include "recipes/reader.h"

#define TD_EXTENDS_MAX 8

/* The merged tree, or NULL after a mistake. Each node knows the document it came from; a step that an edit left out
 * stays as a text node that is `off`. */
td_node *td_resolve(td_reader *r, const td_library *l, const char *file, const char *text, size_t length);
/* what: a name of the library, or a path. */
td_node *td_resolve_named(td_reader *r, const td_library *l, const char *what);

/* The name of the i-th step of a chain: as written, else the processor's with a number behind a second one. "" for what
 * is no step. */
const char *td_step_name(td_messages *m, const td_node *chain, size_t i);

/* The names of all steps of a recipe; returns how many. */
size_t td_all_steps(td_messages *m, const td_node *root, const char **out, size_t room);

/* For `extends`: the library that came with the program first, so that a house recipe may extend the one it shadows. */
const td_library_entry *td_library_find_base(const td_library *l, const char *name);
const char *td_folder_of(td_messages *m, const char *file); /* "." for one without; lives in m */
/* What may be meant by a name that is no recipe's: the file of that name in `folder` (NULL: none is looked for), the
 * nearest name, else where names are listed. */
const char *td_recipe_hint(td_messages *m, const td_library *l, const char *folder, const char *what);
size_t td_library_names(const td_library *l, const char **out, size_t room);

#endif
