/* engine/report/markup.h - text that a page may hold, whatever it holds. Room-internal. */
#ifndef TD_REPORT_MARKUP_H
#define TD_REPORT_MARKUP_H

#include "engine/base/text.h"

/* Escaped for elements and quoted attributes; control characters are left out. NULL adds nothing. */
void td_markup(td_text *out, const char *s);
/* The same with real minus signs in front of figures. */
void td_markup_prose(td_text *out, const char *s);
/* The same for names of files, which may break behind an underscore. */
void td_markup_name(td_text *out, const char *s);

#endif
