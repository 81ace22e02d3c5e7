/* engine/mix/decide/sender.h - what goes into sends, behind the fader: a bus, one of its stems, or a return.
 * Room-internal. */
#ifndef TD_DECIDE_SENDER_H
#define TD_DECIDE_SENDER_H

#include "engine/mix/decide/decide.h"

typedef struct td_sender {
    td_lane *lane;          /* of a bus */
    td_feed *feed;          /* of a stem */
    struct td_front *front; /* of a return */
    float gain;             /* up to the send */
} td_sender;

/* stem SIZE_MAX: all of the bus. out: zeroed, for td_sender_close also when this fails. */
td_status td_sender_open(const td_decider *d, size_t bus, size_t stem, td_sender *out, td_error *err);
/* With all that reaches it, but for what keys drive on its way. */
td_status td_sender_open_return(const td_decider *d, const td_plan_return *ret, td_sender *out, td_error *err);
void td_sender_close(td_sender *s);
td_status td_sender_seek(td_sender *s, int64_t at, td_error *err);
td_status td_sender_read(td_sender *s, float *const *out, size_t n, td_error *err); /* n at most TD_BLOCK */

#endif
