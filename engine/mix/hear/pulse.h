/* engine/mix/hear/pulse.h - the beat of the sum and how struck it sounds. Room-internal. */
#ifndef TD_HEAR_PULSE_H
#define TD_HEAR_PULSE_H

#include "engine/mix/survey.h"

/* Listens for onsets while the sum streams by. */
typedef struct td_pulse td_pulse;
td_status td_pulse_new(unsigned rate_hz, uint64_t frames, td_pulse **out);
void td_pulse_free(td_pulse *p); /* NULL is welcome */
void td_pulse_add(td_pulse *p, const float *const *ch, size_t frames);
/* Beats per minute, 60 to 200; 0 when nothing beats. */
td_status td_pulse_tempo(td_pulse *p, double *bpm, td_error *err);

/* Keeps three excerpts of 12 s of the sum, mono, while it streams by. */
typedef struct td_percussion td_percussion;
td_status td_percussion_new(unsigned rate_hz, uint64_t frames, td_percussion **out);
void td_percussion_free(td_percussion *p); /* NULL is welcome */
td_status td_percussion_add(td_percussion *p, const float *const *ch, size_t frames);
/* Percussive against harmonic power of them, in dB; NaN when they are silent. */
td_status td_percussion_end(td_percussion *p, double *db, td_error *err);

#endif
