/* engine/mix/decide/front.h - the sound in front of a step, as its detector will meet it: through the chain so far, at
 * its own time. Room-internal. */
#ifndef TD_DECIDE_FRONT_H
#define TD_DECIDE_FRONT_H

#include "engine/mix/decide/decide.h"

typedef struct td_front td_front;

/* In front of a step that site->chain does not hold yet; NULL: behind that chain. Of the mix bus what the final check
 * kept is heard. */
td_status td_front_new(td_decider *d, const td_site *site, const td_plan_step *step, td_front **out, td_error *err);
void td_front_free(td_front *f); /* NULL is welcome */
uint64_t td_front_frames(const td_decider *d, const td_site *site);
/* Of a bus, or of a return whose chains have no keys: there what is on its way still comes, as late as ever. */
td_status td_front_seek(td_front *f, int64_t at, td_error *err);
bool td_front_keyed(const td_front *f);
/* The next n frames, at most TD_BLOCK; key: what drives the detector, left alone where it has no key. */
td_status td_front_read(td_front *f, float *const *out, float *const *key, size_t n, td_error *err);

/* Where in the song a moment lies of what is heard: of the mix bus that may be passages. */
double td_front_time(const td_decider *d, const td_site *site, double at_s);

#endif
