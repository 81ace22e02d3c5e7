/* jobs/order/guest.h - a file brought along to compare mixes with: the rough mix, the reference. */
#ifndef TD_JOBS_ORDER_GUEST_H
#define TD_JOBS_ORDER_GUEST_H

#include "engine/mix/session.h"

enum { TD_GUESTS = 2 };

typedef struct td_guest {
    const char *kind;  /* "rough", "reference" */
    td_scratch *sound; /* both sides, at the session's rate */
    double loudness_lufs, true_peak_dbtp;
} td_guest;

/* Those the session has, as delivered, cut or continued to so many frames; one too short to have a
 * loudness is none. *n counts what is there to be closed, also
 * on failure. */
td_status td_guests_open(const td_session *session, uint64_t frames, const char *scratch_folder,
                         td_guest guest[TD_GUESTS], size_t *n, td_error *err);
void td_guests_close(td_guest *guest, size_t n);

#endif
