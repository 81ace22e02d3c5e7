/* recipes/quote.h - any text as YAML. A name on a disk may hold bytes that are no UTF-8; YAML cannot. Such a byte
 * travels as a character of its own in Unicode's private use area, from U+F780 on. */
#ifndef TD_RECIPES_QUOTE_H
#define TD_RECIPES_QUOTE_H

#include "engine/base/base.h"

void td_quote(td_text *out, const char *s); /* in quotes where it needs them */
/* A copy of what YAML read of it, with foreign bytes back in place. NULL when memory is short. */
char *td_unquoted(td_arena *a, const char *s);

#endif
