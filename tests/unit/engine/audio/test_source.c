#include "folder.h"

static const td_file_spec wav32 = { .codec = TD_CODEC_WAV, .bits = 32, .rate_hz = 44100, .channels = 1 };

static const char *save(const char *name, const sound *s)
{
    td_file_spec spec = wav32;
    spec.rate_hz = s->rate_hz;
    spec.channels = s->channels;
    const char *path = in_folder(name);
    write_sound(path, &spec, NULL, s, 1000);
    return path;
}

static void a_stereo_file_comes_as_it_is(void **state)
{
    (void)state;
    sound s = tone(44100, 2, 10000, 997, 0.7);
    sound r = read_source(save("stereo.wav", &s), NULL, 44100, 777);
    assert_int_equal(r.channels, 2);
    assert_int_equal(r.frames, 10000);
    for (unsigned c = 0; c < 2; c++) assert_memory_equal(r.ch[c], s.ch[c], 10000 * sizeof(float));
    sound_free(&s);
    sound_free(&r);
}

/* Left and right files make a stereo source; the shorter one ends in silence. */
static void two_mono_files_make_a_pair(void **state)
{
    (void)state;
    sound l = tone(44100, 1, 10000, 997, 0.7), r = tone(44100, 1, 9000, 440, 0.3);
    const char *left = save("kick.L.wav", &l), *right = save("kick.R.wav", &r);
    sound s = read_source(left, right, 44100, 4096), swapped = read_source(right, left, 44100, 100);
    assert_int_equal(s.channels, 2);
    assert_int_equal(s.frames, 10000);
    assert_int_equal(swapped.frames, 10000);
    assert_memory_equal(s.ch[0], l.ch[0], 10000 * sizeof(float));
    assert_memory_equal(s.ch[1], r.ch[0], 9000 * sizeof(float));
    for (size_t i = 9000; i < 10000; i++) assert_true(s.ch[1][i] == 0);
    assert_memory_equal(swapped.ch[0], s.ch[1], 10000 * sizeof(float));
    assert_memory_equal(swapped.ch[1], s.ch[0], 10000 * sizeof(float));
    sound_free(&l);
    sound_free(&r);
    sound_free(&s);
    sound_free(&swapped);
}

/* A pair gives the bytes its stereo file would, also where the rate is converted. */
static void a_pair_equals_its_stereo_file(void **state)
{
    (void)state;
    sound s = tone(44100, 2, 10000, 997, 0.7), l = s, r = s;
    l.channels = r.channels = 1;
    r.ch[0] = s.ch[1];
    sound a = read_source(save("both.wav", &s), NULL, 48000, 500);
    sound b = read_source(save("one.L.wav", &l), save("one.R.wav", &r), 48000, 333);
    assert_int_equal(a.frames, b.frames);
    for (unsigned c = 0; c < 2; c++) assert_memory_equal(a.ch[c], b.ch[c], a.frames * sizeof(float));
    sound_free(&s);
    sound_free(&a);
    sound_free(&b);
}

static void other_rates_are_converted(void **state)
{
    (void)state;
    sound in = tone(44100, 2, 22051, 997, 0.7), want = tone(96000, 2, 48003, 997, 0.7);
    sound out = read_source(save("rate.wav", &in), NULL, 96000, 1234);
    assert_int_equal(out.frames, 48003); /* 22051 * 96000 / 44100 = 48002.2 */
    for (unsigned c = 0; c < 2; c++) assert_true(difference_db(out.ch[c], want.ch[c], 2000, 46000) < -145);
    sound_free(&in);
    sound_free(&want);
    sound_free(&out);
}

static void a_stereo_file_has_no_partner(void **state)
{
    (void)state;
    sound s = tone(44100, 2, 100, 997, 0.7);
    const char *path = save("wide.L.wav", &s);
    td_source *source;
    td_error why = { 0 };
    assert_int_equal(td_source_open(path, path, 44100, &source, &why), TD_INPUT);
    assert_null(source);
    assert_non_null(strstr(why.what, "stereo"));
    sound_free(&s);
}

static void numbers_that_are_none_are_counted(void **state)
{
    (void)state;
    sound s = tone(44100, 1, 100, 997, 0.5);
    const char *path = save("nan.wav", &s);
    FILE *f = fopen(path, "r+b");
    assert_int_equal(fseek(f, -40, SEEK_END), 0);
    assert_int_equal(fwrite("\0\0\xc0\x7f\0\0\x80\x7f\x99\x76\x61\x7f", 1, 12, f), 12); /* NaN, infinity, 3e38 */
    fclose(f);
    td_source *source;
    float x[200], *ch[1] = { x };
    size_t got;
    assert_ok(td_source_open(path, NULL, 44100, &source, err));
    assert_ok(td_source_read(source, ch, 200, &got, err));
    assert_int_equal(got, 100);
    assert_int_equal(td_source_nonfinite(source), 3);
    assert_true(x[90] == 0 && x[91] == 0 && x[92] == 0);
    td_source_close(source);
    sound_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stereo_file_comes_as_it_is),  cmocka_unit_test(two_mono_files_make_a_pair),
        cmocka_unit_test(a_pair_equals_its_stereo_file), cmocka_unit_test(other_rates_are_converted),
        cmocka_unit_test(a_stereo_file_has_no_partner),  cmocka_unit_test(numbers_that_are_none_are_counted),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
