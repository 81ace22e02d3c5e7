/* What a page says about a file, against formulas: sound made of sines whose loudness, width and place are known. */
#include "engine/report/portrait.h"
#include "engine/report/tone.h"
#include "engine/report/translate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { RATE = 48000, SECONDS = 8 };

typedef double (*sound)(double t, unsigned c);

static double both_alike(double t, unsigned c) /* EBU Tech 3341, case 1 */
{
    (void)c;
    return pow(10, -23 / 20.0) * sin(2 * M_PI * 1000 * t);
}

static double upside_down(double t, unsigned c)
{
    return c ? -both_alike(t, 0) : both_alike(t, 0);
}

static double left_then_both(double t, unsigned c)
{
    return t < 4 ? (c ? 0 : both_alike(t, 0)) : both_alike(t, 0);
}

static double side_by_side(double t, unsigned c) /* nothing in common */
{
    return 0.1 * sin(2 * M_PI * (c ? 2000 : 500) * t);
}

static td_portrait *portrait_of(sound f, td_arena *a)
{
    char path[] = "/tmp/topdown-portrait-XXXXXX";
    int fd = mkstemp(path);
    td_file_spec spec = { .codec = TD_CODEC_WAV, .bits = 32, .rate_hz = RATE, .channels = 2 };
    td_writer *w;
    td_portrait *p = td_arena_alloc(a, sizeof *p);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(td_writer_open(path, &spec, NULL, &w, NULL), TD_OK);
    for (size_t at = 0; at < (size_t)SECONDS * RATE; at += 1000) {
        float x[2][1000];
        for (size_t i = 0; i < 1000; i++)
            for (unsigned c = 0; c < 2; c++) x[c][i] = (float)f((double)(at + i) / RATE, c);
        assert_int_equal(td_writer_write(w, (const float *[]){ x[0], x[1] }, 1000, NULL), TD_OK);
    }
    assert_int_equal(td_writer_commit(w, true, NULL), TD_OK);
    assert_int_equal(td_portrait_make(path, a, p, NULL), TD_OK);
    unlink(path);
    return p;
}

static void loudness_stands_where_it_sounds(void **state)
{
    td_portrait *p = portrait_of(both_alike, *state);
    assert_int_equal(p->steps, 10 * SECONDS);
    assert_true(isinf(p->momentary[2]) && isinf(p->short_term[28])); /* not yet full */
    for (size_t i = 5; i < p->steps; i++) assert_float_equal(p->momentary[i], -23, 0.02);
    for (size_t i = 31; i < p->steps; i++) assert_float_equal(p->short_term[i], -23, 0.02);
}

static void sides_are_compared_step_by_step(void **state)
{
    td_portrait *p = portrait_of(left_then_both, *state);
    for (size_t i = 0; i < 39; i++) assert_true(isnan(p->correlations[i]));
    for (size_t i = 41; i < p->steps; i++) assert_float_equal(p->correlations[i], 1, 1e-6);
    p = portrait_of(upside_down, *state);
    assert_float_equal(p->correlation, -1, 1e-6);
    assert_true(p->mono_loss_lu > 60);
    p = portrait_of(side_by_side, *state);
    assert_float_equal(p->correlation, 0, 1e-3);
    assert_float_equal(p->mono_loss_lu, 3.01, 0.02);
}

/* A sine of 0.1 in the middle reaches sqrt(0.1) of the way up, one at the sides as far to the left and right. */
static void the_goniometer_shows_place_and_level(void **state)
{
    td_portrait *p = portrait_of(both_alike, *state);
    size_t reach = 0, middle = TD_GONIO / 2;
    for (size_t y = 0; y < TD_GONIO; y++)
        for (size_t x = 0; x < TD_GONIO; x++) {
            if (!p->density[y][x]) continue;
            assert_true(x == middle || x == middle - 1);
            if (y < middle && middle - y > reach) reach = middle - y;
        }
    assert_float_equal((double)reach, sqrt(pow(10, -23 / 20.0)) * TD_GONIO / 2, 1);
    p = portrait_of(upside_down, *state);
    for (size_t y = 0; y < TD_GONIO; y++)
        for (size_t x = 0; x < TD_GONIO; x++)
            if (p->density[y][x]) assert_true(y == middle || y == middle - 1);
}

static void levels_are_against_their_sum(void **state)
{
    td_portrait *p = portrait_of(both_alike, *state);
    for (size_t i = 0; i < TD_BANDS; i++) {
        if (td_band_label(i) == 1000)
            assert_float_equal(p->level_db[i], 0, 0.01);
        else
            assert_true(p->level_db[i] < -40);
    }
}

static void the_middle_of_its_kind_is_nowhere_off(void **state)
{
    (void)state;
    static td_portrait p;
    td_tone tone;
    const td_target_curve *loud = td_target_find("loud");
    for (size_t i = 0; i < TD_BANDS; i++) p.level_db[i] = (double)loud->p50[i];
    td_tone_make(&p, "loud", NAN, &tone);
    for (size_t r = 0; r < TD_REGIONS; r++) assert_float_equal(tone.region[r].off_db, 0, 1e-5);
    /* 3 dB an octave, nothing at 1 kHz: 2 to 5 kHz lie half way between 1 and 2.3 octaves above */
    for (size_t i = 0; i < TD_BANDS; i++) p.level_db[i] += 3 * log2(td_band_hz(i) / 1000);
    td_tone_make(&p, "loud", NAN, &tone);
    assert_float_equal(tone.region[6].off_db, 3, 1e-3);
    assert_float_equal(tone.region[4].off_db, 3 * (1 + 2.322) / 2, 0.02);
}

/* A bass of 60 Hz, a voice of 1 kHz, and a pad that is all side. */
static void small_speakers_lose_what_they_cannot_play(void **state)
{
    (void)state;
    static td_portrait mix;
    static td_device_check device[TD_DEVICES];
    td_bus_reached bus[] = { { .name = "bass" }, { .name = "vocals" }, { .name = "synths" } };
    td_bus named[] = { { .name = "bass", .group = "bass" },
                       { .name = "vocals", .group = "vocals" },
                       { .name = "synths", .group = "synths" } };
    td_rendered r = { .bus = bus, .n_buses = 3 };
    td_session s = { .bus = named, .n_buses = 3 };
    for (size_t i = 0; i < TD_BANDS; i++) {
        double hz = td_band_label(i), level = hz == 63 || hz == 1000 ? 1 : 0;
        size_t b = hz == 63 ? 0 : 1;
        bus[b].bands.ll[i] = bus[b].bands.rr[i] = bus[b].bands.lr[i] = level;
        if (hz == 2000) bus[2].bands.ll[i] = bus[2].bands.rr[i] = 0.2, bus[2].bands.lr[i] = -0.18;
        for (b = 0; b < 3; b++) {
            mix.ll[i] += bus[b].bands.ll[i];
            mix.rr[i] += bus[b].bands.rr[i];
            mix.lr[i] += bus[b].bands.lr[i];
        }
    }
    td_translate(&mix, &r, &s, device);
    assert_string_equal(device[0].name, "phone");
    assert_true(device[0].mono && device[0].bus[0].lost && !device[0].bus[1].lost);
    assert_true(device[0].voice_change_lu > 2);
    assert_float_equal(device[0].bus[2].mono_loss_lu, 13.01, 0.01); /* (1 - 0.9) / 2 of it */
    assert_float_equal(device[0].bus[1].mono_loss_lu, 0, 1e-9);
    assert_false(device[3].mono || device[3].bus[0].lost); /* the car lifts lows and stays stereo */
    assert_true(device[3].bus[0].here_db > device[3].bus[0].share_db);
    assert_float_equal(device[3].mono_loss_lu, 0, 1e-9);
}

static int open_arena(void **state)
{
    *state = td_arena_new();
    return *state ? 0 : -1;
}

static int close_arena(void **state)
{
    td_arena_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loudness_stands_where_it_sounds),
        cmocka_unit_test(sides_are_compared_step_by_step),
        cmocka_unit_test(the_goniometer_shows_place_and_level),
        cmocka_unit_test(levels_are_against_their_sum),
        cmocka_unit_test(the_middle_of_its_kind_is_nowhere_off),
        cmocka_unit_test(small_speakers_lose_what_they_cannot_play),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
