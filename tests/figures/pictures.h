/* tests/figures/pictures.h - what processors do, drawn from the code that ships. Room-internal to the pictures. */
#ifndef FIGURES_PICTURES_H
#define FIGURES_PICTURES_H

#include "tests/figures/draw.h"
#include "tests/sound.h"

enum { PICTURE_RATE = 48000 };

/* Draws folder/NAME.svg of those named, of all when names is empty; false when one could not be written. */
bool pictures(const char *folder, char **names);

/* ---- what the pictures share (pictures.c) ----------------------------------------------------------------------- */

extern const draw_axis picture_hz; /* 20 Hz to 20 kHz */

/* n places from low to high, in steps of equal ratio. */
void picture_grid(double *x, size_t n, double low, double high);

/* A processor on a sound, in place, without its latency (zeros follow). gr: the first detector's change in dB, per
 * frame, or NULL. */
void picture_run(const char *name, const char *spec, sound s, float *gr);

/* |H| in dB at places of a grid: of an impulse of some height through it, the left channel. */
void picture_response(const char *name, const char *spec, double height, const double *hz, double *db, size_t n);

/* The spectrum of the last 2^14 samples as the highest line of each of n ranges of the grid, in dB. */
void picture_spectrum(const float *x, size_t frames, const double *hz, double *db, size_t n);

/* ---- one function a picture ------------------------------------------------------------------------------------- */

/* clang-format off */
#define PICTURES(X)                                                                                                    \
    X(align) X(automation) X(chorus) X(clipper) X(compressor) X(dc_filter) X(declick) X(deesser) X(delay)              \
    X(dynamic_eq) X(eq) X(exciter) X(expander) X(gate) X(hum_filter) X(limiter) X(multiband) X(pan) X(pitch)           \
    X(reverb) X(rider) X(saturation) X(stereo) X(tape) X(transient) X(vu)
/* clang-format on */

#define X(name) void picture_##name(draw *d);
PICTURES(X)
#undef X

#endif
