#include "engine/audio/resample.h"
#include "folder.h"

static sound convert(const sound *in, unsigned to_hz, size_t block, size_t room)
{
    td_resampler *r;
    assert_int_equal(td_resampler_new(in->rate_hz, to_hz, in->channels, &r), TD_OK);
    size_t want = td_resampled(in->frames, in->rate_hz, to_hz), used = 0, given = 0, taken, made = 0;
    sound out = sound_new(to_hz, in->channels, want + room);
    for (size_t n = 1; n || made;) {
        n = block < in->frames - used ? block : in->frames - used;
        const float *from[2] = { in->ch[0] + used, in->ch[1] + used };
        float *to[2] = { out.ch[0] + given, out.ch[1] + given };
        td_resampler_run(r, n ? from : NULL, n, &taken, to, room, &made);
        used += taken;
        given += made;
        assert_true(given <= want);
    }
    assert_int_equal(given, want);
    out.frames = want;
    td_resampler_free(r);
    return out;
}

static const unsigned pairs[][2] = { { 44100, 48000 }, { 48000, 44100 },  { 96000, 44100 }, { 44100, 96000 },
                                     { 8000, 44100 },  { 192000, 96000 }, { 44101, 48000 }, { 48000, 47999 } };
#define PAIRS (sizeof pairs / sizeof *pairs)

/* A sine stays the sine it was, at the same time and level: what is left is what 32 bits of float hold. */
static void sines_stay(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIRS; i++) {
        unsigned from = pairs[i][0], to = pairs[i][1], lower = from < to ? from : to;
        const double freq_hz[] = { 50, 997, 0.3 * lower, 0.455 * lower };
        for (size_t f = 0; f < 4; f++) {
            sound in = tone(from, 2, from / 5, freq_hz[f], 0.9), want = tone(to, 2, to / 5, freq_hz[f], 0.9);
            sound out = convert(&in, to, 4096, 4096);
            size_t edge = to / 20;
            for (unsigned c = 0; c < 2; c++)
                assert_true(difference_db(out.ch[c], want.ch[c], edge, out.frames - edge) < -145);
            sound_free(&in);
            sound_free(&want);
            sound_free(&out);
        }
    }
}

/* What the new rate cannot hold is gone instead of folded back. */
static void aliases_are_gone(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIRS; i++) {
        unsigned from = pairs[i][0], to = pairs[i][1];
        if (to >= from || 0.501 * to > 0.499 * from) continue;
        for (double freq_hz = 0.501 * to; freq_hz < 0.499 * from; freq_hz += 0.03 * from) {
            sound in = tone(from, 1, from / 5, freq_hz, 1), none = sound_new(to, 1, to / 5);
            sound out = convert(&in, to, 4096, 4096);
            assert_true(difference_db(out.ch[0], none.ch[0], to / 20, out.frames - to / 20) < -145);
            sound_free(&in);
            sound_free(&none);
            sound_free(&out);
        }
    }
}

/* A constant stays the constant, and an impulse peaks where it stood. */
static void time_and_level_stay(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIRS; i++) {
        unsigned from = pairs[i][0], to = pairs[i][1];
        sound in = sound_new(from, 2, from / 5);
        size_t tick = from / 10, peak = 0;
        for (size_t k = 0; k < in.frames; k++) in.ch[1][k] = 1;
        in.ch[0][tick] = 1;
        sound out = convert(&in, to, 999, 4096);
        for (size_t k = 0; k < out.frames; k++)
            if (fabsf(out.ch[0][k]) > fabsf(out.ch[0][peak])) peak = k;
        assert_near((double)peak / to, (double)tick / from, 0.5 / to + 1e-12);
        assert_near(out.ch[1][out.frames / 2], 1, 1e-7);
        sound_free(&in);
        sound_free(&out);
    }
}

static void blocks_change_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIRS; i++) {
        sound in = tone(pairs[i][0], 2, 5000, 997, 0.5);
        sound a = convert(&in, pairs[i][1], 4096, 4096), b = convert(&in, pairs[i][1], 1, 7);
        for (unsigned c = 0; c < 2; c++) assert_memory_equal(a.ch[c], b.ch[c], a.frames * sizeof(float));
        sound_free(&in);
        sound_free(&a);
        sound_free(&b);
    }
}

static void lengths_cover_the_time(void **state)
{
    (void)state;
    assert_int_equal(td_resampled(0, 44100, 48000), 0);
    assert_int_equal(td_resampled(1, 44100, 48000), 2); /* the second begins at 20.8 us, within the first's 22.7 */
    assert_int_equal(td_resampled(1, 48000, 44100), 1);
    assert_int_equal(td_resampled(44100, 44100, 48000), 48000);
    assert_int_equal(td_resampled(48001, 48000, 44100), 44101);
    assert_int_equal(td_resampled(UINT64_C(1) << 40, 1, 384), 384ull << 40);
}

/* One frame only is shorter than any filter. */
static void short_inputs_convert(void **state)
{
    (void)state;
    for (size_t n = 1; n < 5; n++) {
        sound in = tone(96000, 1, n, 0, 0.5);
        sound out = convert(&in, 44100, 1, 1);
        sound_free(&in);
        sound_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sines_stay),
        cmocka_unit_test(aliases_are_gone),
        cmocka_unit_test(time_and_level_stay),
        cmocka_unit_test(blocks_change_nothing),
        cmocka_unit_test(lengths_cover_the_time),
        cmocka_unit_test(short_inputs_convert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
