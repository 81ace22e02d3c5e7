/* engine/mix/decide/response.h - what a linear chain makes of the power of any sound, heard once. Room-internal. */
#ifndef TD_DECIDE_RESPONSE_H
#define TD_DECIDE_RESPONSE_H

#include "engine/mix/decide/decide.h"

/* Whether what it does depends neither on the sound nor on where in the song that is; slow drifting apart. */
bool td_chain_linear(const td_plan_chain *chain);

/* Of such a chain: both sides' power behind it, by band, for power 1 on the left (ll), for power 1 on the right (rr),
 * and for what these have in common (lr), so that a sound comes out with ll ll + rr rr + lr lr. */
td_status td_chain_response(const td_format *fmt, const td_plan_chain *chain, td_band_power *out, td_error *err);

/* Loudness behind it of a sound of these powers, against the sound's own, dB; NaN: one of them is silent. */
double td_response_db(const td_band_power *response, const td_band_power *sound);

#endif
