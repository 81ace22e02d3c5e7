/* jobs/order/outgoing.h - which files a mix gives, what is in each, and how they are called. Shared by outputs.c alone.
 */
#ifndef TD_JOBS_ORDER_OUTGOING_H
#define TD_JOBS_ORDER_OUTGOING_H

#include "jobs/order/outputs.h"

enum { TD_OUTGOING_MAX = 128 };

/* What files are mastered from: versions, the whole mix, and that for previews, where it is another. */
enum { TD_VERSIONS = 3, TD_WHOLE = TD_VERSIONS, TD_PREVIEWED, TD_SOUNDS };

typedef struct td_outgoing {
    const char *kind, *part;
    td_file_spec spec;
    td_target target;
    const td_scratch *raw; /* written as it is; NULL: mastered */
    size_t version;        /* mastered: of those sounds */
    bool compared;         /* turned down to the wish's match_lufs */
    char name[256];
} td_outgoing;

/* Up to TD_OUTGOING_MAX to file. mix NULL: only names are wanted. TD_JOB: too many, or two of one name. */
td_status td_outgoing_of_mix(const td_outputs_wish *wish, td_mix *mix, td_arena *a, td_outgoing *file, size_t *n,
                             td_error *err);
/* A file brought along, in the formats of the previews. */
td_status td_outgoing_of_guest(const td_outputs_wish *wish, const td_guest *guest, td_arena *a, td_outgoing *file,
                               size_t *n, td_error *err);

/* That sound, as td_outputs_need_of had it rendered. */
const td_scratch *td_outgoing_sound(const td_outputs_wish *wish, const td_mix *mix, size_t version);

#endif
