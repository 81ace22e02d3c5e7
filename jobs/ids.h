/* jobs/ids.h - names of things and moments: ids that sort by age, times as people and protocols write them. */
#ifndef TD_JOBS_IDS_H
#define TD_JOBS_IDS_H

#include "engine/base/base.h"

/* Where times come from; tests pass their own. Milliseconds since 1970, UTC. */
typedef struct td_now {
    int64_t (*ms)(void *user); /* NULL: the machine's clock */
    void *user;
} td_now;

int64_t td_now_ms(const td_now *now); /* now may be NULL: the machine's clock */
int64_t td_steady_ms(void);           /* never jumps; for durations within one process */

#define TD_ID_SIZE 40
#define TD_ID_TEXT 26

/* prefix + 26 characters of Crockford's base 32 in lower case: 48 bits of time, 80 of chance. Ids of later milliseconds
 * sort behind. Returns out. */
const char *td_id_new(const char *prefix, int64_t now_ms, char out[TD_ID_SIZE]);
bool td_id_valid(const char *id); /* [a-z0-9_]{1,39} */

/* RFC 3339 in UTC, whole seconds: "2026-11-20T20:41:07Z". Returns out. */
const char *td_rfc3339(int64_t ms, char out[32]);
int64_t td_rfc3339_read(const char *text); /* the same back, in UTC; -1: no such time */
/* The HTTP date or the seconds of a Retry-After header, as seconds from now; -1 for nonsense, never more than a day. */
int64_t td_retry_after_s(const char *header, int64_t now_ms);

/* The next moment at which clocks of the operator's time zone show `minute` of the day: today's when it is still to
 * come, else tomorrow's. A time that a clock change skips is the first real one behind it. */
int64_t td_next_clock_ms(unsigned minute, int64_t now_ms);

void td_chance(void *out, size_t bytes); /* from the kernel */
double td_jitter(void);                  /* uniform in [-1, 1) */

#endif
