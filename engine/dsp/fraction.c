#include "engine/dsp/fraction.h"

#include "engine/base/maths.h"
#include "engine/base/memory.h"
#include <stdlib.h>

/* Blackman and Harris's window with three terms: side lobes at -71 dB, fading by 6 dB an octave. */
static double window(double x) /* -1..1 */
{
    return 0.42323 + 0.49755 * td_cos(TD_PI * x) + 0.07922 * td_cos(2 * TD_PI * x);
}

td_status td_fraction_init(td_fraction *f)
{
    f->tap = td_calloc2(TD_FRACTION_PHASES + 1, 1, sizeof *f->tap);
    if (!f->tap) return TD_NOMEM;
    for (int p = 0; p <= TD_FRACTION_PHASES; p++) {
        double tap[TD_FRACTION_TAPS], sum = 0, at = (double)p / TD_FRACTION_PHASES;
        for (int i = 0; i < TD_FRACTION_TAPS; i++) {
            double t = i - (TD_FRACTION_TAPS / 2 - 1) - at;
            tap[i] = (t == 0 ? 1 : td_sin(TD_PI * t) / (TD_PI * t)) * window(t / (TD_FRACTION_TAPS / 2));
            sum += tap[i];
        }
        for (int i = 0; i < TD_FRACTION_TAPS; i++) f->tap[p][i] = (float)(tap[i] / sum);
    }
    return TD_OK;
}

void td_fraction_fini(td_fraction *f)
{
    free(f->tap);
    f->tap = NULL;
}
