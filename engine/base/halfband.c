#include "engine/base/halfband.h"

#include "engine/base/maths.h"

void td_half_band(size_t half, double attenuation_db, double *h)
{
    double beta = 0.1102 * (attenuation_db - 8.7), sum = 0; /* Kaiser 1974, above 50 dB */
    for (size_t k = 0; k < half; k++) {
        double t = (double)k + 0.5, edge = t / (double)half;
        h[k] = (k % 2 ? -1 : 1) / (TD_PI * t) * td_bessel_i0(beta * sqrt(1 - edge * edge));
        sum += 2 * h[k];
    }
    for (size_t k = 0; k < half; k++) h[k] /= sum;
}
