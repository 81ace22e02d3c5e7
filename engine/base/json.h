/* engine/base/json.h - figures in JSON: plain numbers with the unit in the member's name; what does not exist (silence,
 * not asked) is null. Not part of base.h: for those who write JSON. */
#ifndef TD_BASE_JSON_H
#define TD_BASE_JSON_H

#include "engine/base/units.h"
#include <jansson.h>

#define TD_JSON_STYLE (JSON_INDENT(2) | JSON_REAL_PRECISION(12))
#define TD_JSON_LINE  (JSON_COMPACT | JSON_REAL_PRECISION(12))

static inline json_t *td_json_number(double x, double step)
{
    return isfinite(x) ? json_real(td_round_to(x, step)) : json_null();
}

static inline json_t *td_json_db(double x)
{
    return td_json_number(x, 0.01);
}

static inline json_t *td_json_text(const char *s)
{
    json_t *j = s ? json_string(s) : NULL;
    return j ? j : json_null(); /* what is no UTF-8 is left out */
}

#endif
