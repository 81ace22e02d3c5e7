/* recipes/outputs.h - what an order wants made: which files, in which formats, under which names. Room-internal. */
#ifndef TD_RECIPES_OUTPUTS_H
#define TD_RECIPES_OUTPUTS_H

#include "recipes/reader.h"

void td_read_outputs(td_reader *r, td_node *n, void *into); /* into: td_order */

/* Of its maps, for the schema. */
extern const td_member td_outputs_members[], td_output_members[], td_raw_members[];

#endif
