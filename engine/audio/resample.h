/* engine/audio/resample.h - from one sample rate to another, the same bytes on every machine.
 *
 * One windowed sinc, kept as a table of phases: flat to 91.3 % of the lower Nyquist frequency (20.1 kHz of 44.1) within
 * 1e-6 dB, and 160 dB down from that frequency on. Linear phase with its delay taken out. */
#ifndef TD_AUDIO_RESAMPLE_H
#define TD_AUDIO_RESAMPLE_H

#include "engine/base/base.h"

typedef struct td_resampler td_resampler;

/* Rates from 1 Hz up; one or two channels. TD_NOMEM. */
td_status td_resampler_new(unsigned from_hz, unsigned to_hz, unsigned channels, td_resampler **out);
void td_resampler_free(td_resampler *r); /* NULL is welcome */

/* Takes at most n frames of `in` and gives at most `room` frames to `out`; call again while either is left. NULL for
 * `in` says that the input has ended. Frame k given stands at the time k / to_hz of the input, and after the end
 * td_resampled(all frames taken) frames have been given. */
void td_resampler_run(td_resampler *r, const float *const *in, size_t n, size_t *taken, float *const *out, size_t room,
                      size_t *made);

/* How many frames n become: as many as begin within their time. */
uint64_t td_resampled(uint64_t n, unsigned from_hz, unsigned to_hz);

#endif
