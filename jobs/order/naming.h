/* jobs/order/naming.h - names of files that go out: parts joined by '_', capitals at word starts, ASCII only
 * (P&E Wing order), for example Example_Nightdrive_PopRock01_Master_48k24.wav. */
#ifndef TD_JOBS_ORDER_NAMING_H
#define TD_JOBS_ORDER_NAMING_H

#include "engine/base/base.h"

#define TD_NAMING_DEFAULT "{Artist}_{Song}_{Recipe}{rev}_{Part}_{rate}{bits}"

typedef struct td_name_parts {
    const char *artist, *song, *recipe, *part; /* NULL or empty ones leave no trace */
    unsigned revision, revised, rate_hz, bits; /* revision 0: none; bits 0: lossy, only the rate is written */
} td_name_parts;

/* Fills a template; unknown words in braces are TD_JOB. The result has no extension. */
td_status td_name_fill(const char *template, const td_name_parts *p, char *out, size_t size, td_error *err);

#endif
