/* engine/audio/ogg.h - pages of an Ogg stream (RFC 3533), for reading and for writing. */
#ifndef TD_AUDIO_OGG_H
#define TD_AUDIO_OGG_H

#include "engine/audio/input.h"

enum { TD_OGG_CONTINUED = 1, TD_OGG_FIRST = 2, TD_OGG_LAST = 4 };
#define TD_OGG_HEAD 27 /* bytes before the segment table */

typedef struct td_ogg_page {
    const uint8_t *bytes; /* in the input's window */
    size_t header, size;  /* with the segment table; of the whole page */
    unsigned flags, segments;
    int64_t granule; /* -1: no packet ends here */
    uint32_t serial, sequence;
} td_ogg_page;

typedef enum td_ogg_result { TD_OGG_PAGE, TD_OGG_NO_PAGE, TD_OGG_CUT, TD_OGG_BAD_SUM } td_ogg_result;

/* The page at `at`: none begins there, the file ends within it, or its checksum is wrong. */
td_ogg_result td_ogg_read(td_input *in, uint64_t at, td_ogg_page *page);

/* The checksum of a page whose own checksum field counts as zeros. */
uint32_t td_ogg_sum(const uint8_t *page, size_t size);

#endif
