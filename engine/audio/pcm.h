/* engine/audio/pcm.h - samples as PCM containers write them. */
#ifndef TD_AUDIO_PCM_H
#define TD_AUDIO_PCM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct td_layout {
    unsigned bytes; /* of one sample */
    bool is_float, big_endian, is_unsigned;
} td_layout;

/* n samples, `step` bytes apart, to full scale 1.0. One byte behind the last sample is looked at. */
typedef void (*td_pcm_reader)(const uint8_t *from, size_t step, size_t n, float *to);

/* How samples of a layout are read, and what they are called; NULL for those topdown does not read. */
td_pcm_reader td_pcm_find(td_layout layout, const char **name);

#endif
