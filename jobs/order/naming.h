/* jobs/order/naming.h - names of files that go out: parts joined by '_', capitals at word starts, ASCII
 * (P&E Wing order), for example Example_Nightdrive_PopRock01_Master_48k24.wav. A part of which no letter can be written
 * so keeps its own in UTF-8. */
#ifndef TD_JOBS_ORDER_NAMING_H
#define TD_JOBS_ORDER_NAMING_H

#include "engine/base/base.h"

#define TD_NAMING_DEFAULT "{Artist}_{Song}_{Recipe}{rev}_{Part}_{rate}{bits}"

typedef struct td_name_parts {
    const char *artist, *song, *recipe, *part; /* NULL or empty ones leave no trace */
    unsigned revision, revised, rate_hz, bits; /* revision 0: none; bits 0: lossy, only the rate is written */
} td_name_parts;

/* The words of a text as names have them: Latin letters and digits, with ae for an umlaut, and nothing else; of a text
 * without any the letters of other scripts. between: what parts words, which stay as written; NULL: capitals do. What
 * is longer ends with a word, if more than half of it can stay. */
void td_name_words(const char *text, const char *between, size_t longest, char *out, size_t size);

/* Fills a template; unknown words in braces are TD_JOB. The result has no extension. */
td_status td_name_fill(const char *template, const td_name_parts *p, char *out, size_t size, td_error *err);

#endif
