#include "engine/audio/pcm.h"

#include "engine/audio/input.h"
#include "engine/base/lanes.h"

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static float narrowed(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return (float)x;
}

/* A fraction of 32 bits; what a float cannot hold of it is rounded. */
static float fraction(uint32_t bits)
{
    return (float)(int32_t)bits * 0x1p-31f;
}

#define READER(name, sample)                                             \
    static void name(const uint8_t *p, size_t step, size_t n, float *to) \
    {                                                                    \
        for (size_t i = 0; i < n; i++, p += step) to[i] = (sample);      \
    }
READER(unsigned_8, fraction((*p ^ 0x80u) << 24))
READER(signed_8, fraction((uint32_t)*p << 24))
READER(little_16, fraction(td_le16(p) << 16))
READER(big_16, fraction(td_be16(p) << 16))
READER(few_24, fraction(td_le32(p) << 8)) /* in one go with its neighbour's first byte */
READER(big_24, fraction(td_be32(p) & ~0xffu))
READER(little_32, fraction(td_le32(p)))
READER(big_32, fraction(td_be32(p)))
READER(little_float, float_of(td_le32(p)))
READER(big_float, float_of(td_be32(p)))
READER(little_double, narrowed(td_le64(p)))
READER(big_double, narrowed(td_be64(p)))

/* Four samples at once, `step` bytes apart, 3 or 6: what stands in front of each is masked out. Returns how many. */
TD_WIDE static size_t row_24(const uint8_t *p, size_t step, size_t n, float *to)
{
    typedef uint8_t bytes __attribute__((vector_size(16), aligned(1)));
    size_t i = 0;
    for (; i + 8 <= n; i += 4, p += 4 * step) { /* looks no further than the eighth */
        bytes b = *(const bytes *)p, next = *(const bytes *)(p + 2 * step);
        bytes near = __builtin_shufflevector(b, b, 0, 0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11);
        bytes apart = __builtin_shufflevector(b, next, 0, 0, 1, 2, 5, 6, 7, 8, 0, 16, 17, 18, 21, 22, 23, 24);
        td_mu bits = (td_mu)(step == 3 ? near : apart) & (int)0xffffff00;
        *(td_fu *)(to + i) = __builtin_convertvector(bits, td_fu) * 0x1p-31f;
    }
    return i;
}

static void little_24(const uint8_t *p, size_t step, size_t n, float *to)
{
    size_t done = step == 3 || step == 6 ? row_24(p, step, n, to) : 0;
    few_24(p + done * step, step, n - done, to + done);
}

static const struct {
    unsigned bytes;
    bool is_float, is_unsigned;
    td_pcm_reader little, big;
    const char *name;
} layouts[] = {
    { 1, false, true, unsigned_8, unsigned_8, "8 bit" },     { 1, false, false, signed_8, signed_8, "8 bit" },
    { 2, false, false, little_16, big_16, "16 bit" },        { 3, false, false, little_24, big_24, "24 bit" },
    { 4, false, false, little_32, big_32, "32 bit" },        { 4, true, false, little_float, big_float, "float" },
    { 8, true, false, little_double, big_double, "double" },
};

td_pcm_reader td_pcm_find(td_layout want, const char **name)
{
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        if (layouts[i].bytes != want.bytes || layouts[i].is_float != want.is_float) continue;
        if (layouts[i].is_unsigned != want.is_unsigned) continue;
        *name = layouts[i].name;
        return want.big_endian ? layouts[i].big : layouts[i].little;
    }
    return NULL;
}
