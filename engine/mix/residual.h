/* engine/mix/residual.h - what the parts of a mix leave over of the whole.
 *
 * Room-internal. */
#ifndef TD_MIX_RESIDUAL_H
#define TD_MIX_RESIDUAL_H

#include "engine/mix/render.h"

/* Of a mix with its parts, one a bus: its residual and what that measures. */
td_status td_residual_make(td_rendered *r, size_t n_parts, unsigned rate_hz, const char *scratch_folder, td_error *err);

#endif
