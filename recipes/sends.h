/* recipes/sends.h - what a recipe sends to its returns. For recipe.c. */
#ifndef TD_RECIPES_SENDS_H
#define TD_RECIPES_SENDS_H

#include "recipes/reader.h"

void td_read_sends(td_reader *r, td_node *n, td_send_wish **out, size_t *count);

/* Once all of a recipe is read: every send has to reach a return, none of which may hear itself. Brings the returns in
 * order, each in front of those it sends to, else as written. */
void td_settle_returns(td_reader *r, td_recipe *recipe, const td_node *root);

#endif
