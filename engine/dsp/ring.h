/* engine/dsp/ring.h - one channel's past, to be read at any age. */
#ifndef TD_DSP_RING_H
#define TD_DSP_RING_H

#include "engine/base/error.h"
#include "engine/base/memory.h"
#include <stdlib.h>
#include <string.h>

typedef struct td_ring {
    float *data;
    size_t size, at; /* at: where the next sample goes */
} td_ring;

/* Remembers the last `size` samples, at first silence. TD_NOMEM. */
static inline td_status td_ring_init(td_ring *r, size_t size)
{
    *r = (td_ring){ .data = td_calloc2(size, 1, sizeof *r->data), .size = size };
    return r->data ? TD_OK : TD_NOMEM;
}

static inline void td_ring_fini(td_ring *r) /* also on zeroed storage */
{
    free(r->data);
    *r = (td_ring){ 0 };
}

static inline void td_ring_clear(td_ring *r)
{
    memset(r->data, 0, r->size * sizeof *r->data);
    r->at = 0;
}

static inline void td_ring_write(td_ring *r, const float *x, size_t n)
{
    size_t first = r->size - r->at < n ? r->size - r->at : n;
    memcpy(r->data + r->at, x, first * sizeof *x);
    memcpy(r->data, x + first, (n - first) * sizeof *x);
    r->at = first < n ? n - first : r->at + n == r->size ? 0 : r->at + n;
}

/* The n samples from `age` samples ago on: age n are the last n. n <= age <= size. */
static inline void td_ring_read(const td_ring *r, size_t age, float *x, size_t n)
{
    size_t from = r->at >= age ? r->at - age : r->at + r->size - age;
    size_t first = r->size - from < n ? r->size - from : n;
    memcpy(x, r->data + from, first * sizeof *x);
    memcpy(x + first, r->data, (n - first) * sizeof *x);
}

#endif
