/* engine/mix/decide/rough.h - a rough mix and what it is made of, at 12 kHz and laid beside each other. Room-internal.
 */
#ifndef TD_DECIDE_ROUGH_H
#define TD_DECIDE_ROUGH_H

#include "engine/mix/decide/decide.h"

enum { TD_ROUGH_HZ = 12000 };

/* Parts are buses, or single stems where nobody knows how loud they were meant. */
typedef struct td_meeting {
    td_decider *d;
    bool by_stem;
    size_t n;                        /* parts */
    size_t part[TD_STEMS_MAX];       /* of each stem; SIZE_MAX: none */
    size_t bus[TD_STEMS_MAX];        /* of each part */
    td_scratch *sound[TD_STEMS_MAX]; /* of each part */
    td_scratch *rough;
    double late[TD_BUSES_MAX]; /* where a bus's start lies in the rough, samples */
} td_meeting;

/* Reads all of it and finds where the rough begins; found: it is a mix of these stems. meet.c */
td_status td_meet_rough(td_meeting *m, bool *found, td_error *err);
void td_meeting_end(td_meeting *m);

#endif
