/* engine/mix/frozen.h - the sound of a bus behind its chain, kept in a file for the next render that would make the
 * same.
 *
 * For this room. What leaves a group's chain does not depend on its fader,
 * its sends, other groups or the mix bus: a plan that moved only those plays again what is kept. A file is named by a
 * hash of all that went into the sound (td_plan_bus_hash) and judged whole before a frame of it is played; one that is
 * damaged, cut or another's is none. Keeping may fail, and nobody needs to know: the sound is made then. A file is of
 * one thread at a time. */
#ifndef TD_MIX_FROZEN_H
#define TD_MIX_FROZEN_H

#include "engine/base/hash.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct td_frozen td_frozen;

/* What is kept under a name, `frames` frames of two channels; NULL: nothing that is whole. It counts as used now. */
td_frozen *td_frozen_find(const char *folder, const char hash[TD_SHA256_HEX], uint64_t frames);
bool td_frozen_read(td_frozen *f, float *const *ch, size_t n); /* the next n frames */
const char *td_frozen_figures(const td_frozen *f, size_t *n);  /* NULL and 0 where it has none */

/* A file to be kept; NULL: it cannot be. It gets its name from td_frozen_commit, when all frames were written. */
td_frozen *td_frozen_begin(const char *folder, const char hash[TD_SHA256_HEX], uint64_t frames);
void td_frozen_write(td_frozen *f, const float *const *ch, size_t n);
void td_frozen_commit(td_frozen *f, const char *figures, size_t n);

void td_frozen_free(td_frozen *f); /* what was not committed is gone; NULL is welcome */

/* The size of a file, but for its figures. */
uint64_t td_frozen_bytes(uint64_t frames);

#endif
