#include "engine/audio/ogg.h"

#define SUM_AT 22

/* CRC-32 with polynomial 0x04c11db7, most significant bit first, four bits at a time. */
static const uint32_t nibble[16] = {
    0x00000000, 0x04c11db7, 0x09823b6e, 0x0d4326d9, 0x130476dc, 0x17c56b6b, 0x1a864db2, 0x1e475005,
    0x2608edb8, 0x22c9f00f, 0x2f8ad6d6, 0x2b4bcb61, 0x350c9b64, 0x31cd86d3, 0x3c8ea00a, 0x384fbdbd,
};

static uint32_t add_byte(uint32_t crc, uint8_t byte)
{
    crc ^= (uint32_t)byte << 24;
    crc = crc << 4 ^ nibble[crc >> 28];
    return crc << 4 ^ nibble[crc >> 28];
}

uint32_t td_ogg_sum(const uint8_t *page, size_t size)
{
    uint32_t crc = 0;
    for (size_t i = 0; i < size; i++) crc = add_byte(crc, i - SUM_AT < 4 ? 0 : page[i]);
    return crc;
}

td_ogg_result td_ogg_read(td_input *in, uint64_t at, td_ogg_page *page)
{
    const uint8_t *b = td_input_peek(in, at, 4);
    if (!b || !td_is(b, "OggS")) return b ? TD_OGG_NO_PAGE : TD_OGG_CUT;
    if (!(b = td_input_peek(in, at, TD_OGG_HEAD))) return TD_OGG_CUT;
    size_t header = TD_OGG_HEAD + b[26], size = header;
    if (!(b = td_input_peek(in, at, header))) return TD_OGG_CUT;
    for (size_t i = TD_OGG_HEAD; i < header; i++) size += b[i];
    if (!(b = td_input_peek(in, at, size))) return TD_OGG_CUT;
    *page = (td_ogg_page){ .bytes = b,
                           .header = header,
                           .size = size,
                           .flags = b[5],
                           .segments = b[26],
                           .granule = (int64_t)td_le64(b + 6),
                           .serial = td_le32(b + 14),
                           .sequence = td_le32(b + 18) };
    return td_ogg_sum(b, size) == td_le32(b + SUM_AT) ? TD_OGG_PAGE : TD_OGG_BAD_SUM;
}
