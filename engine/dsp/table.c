#include "engine/dsp/dsp.h"

/* Every processor, one a row: td_NAME is what its file defines. Steps by name; parts by their step, then by name. */
/* clang-format off */
#define STEPS(X)                                                                                                       \
    X(align)                                                                                                           \
    X(automation)                                                                                                      \
    X(chorus)                                                                                                          \
    X(clipper)                                                                                                         \
    X(compressor)                                                                                                      \
    X(dc_filter)                                                                                                       \
    X(declick)                                                                                                         \
    X(deesser)                                                                                                         \
    X(delay)                                                                                                           \
    X(dynamic_eq)                                                                                                      \
    X(eq)                                                                                                              \
    X(exciter)                                                                                                         \
    X(expander)                                                                                                        \
    X(gain)                                                                                                            \
    X(gate)                                                                                                            \
    X(hum_filter)                                                                                                      \
    X(limiter)                                                                                                         \
    X(multiband)                                                                                                       \
    X(pan)                                                                                                             \
    X(pitch)                                                                                                           \
    X(polarity)                                                                                                        \
    X(reverb)                                                                                                          \
    X(rider)                                                                                                           \
    X(rotate)                                                                                                          \
    X(saturation)                                                                                                      \
    X(stereo)                                                                                                          \
    X(tape)                                                                                                            \
    X(transient)                                                                                                       \
    X(vu)

#define PARTS(X)                                                                                                       \
    X(automation_point)                                                                                                \
    X(eq_band_pass)                                                                                                    \
    X(eq_bell)                                                                                                         \
    X(eq_high_cut)                                                                                                     \
    X(eq_high_shelf)                                                                                                   \
    X(eq_low_cut)                                                                                                      \
    X(eq_low_shelf)                                                                                                    \
    X(eq_match)                                                                                                        \
    X(eq_notch)                                                                                                        \
    X(eq_tilt)                                                                                                         \
    X(multiband_band)
/* clang-format on */

#define X(name) extern const td_processor td_##name;
STEPS(X)
PARTS(X)
#undef X

const td_processor *const td_processors[] = {
#define X(name) &td_##name,
    STEPS(X) PARTS(X)
#undef X
        NULL,
};
