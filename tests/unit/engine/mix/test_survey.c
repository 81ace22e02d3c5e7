#include "scene.h"

#define assert_near(a, b, tolerance)                                                       \
    do {                                                                                   \
        double a_ = (a), b_ = (b);                                                         \
        if (!(fabs(a_ - b_) <= (tolerance))) fail_msg("%s is %.6f, not %.6f", #a, a_, b_); \
    } while (0)

/* ---- the song: 12 s ---------------------------------------------------------------------------------------------- */

static double sine(double freq_hz, double t)
{
    return sin(2 * TD_PI * freq_hz * t);
}

static double kick(double t, unsigned c)
{
    (void)c;
    double since = fmod(t, 0.5);
    return 0.5 * sine(60, since) * exp(-12 * since);
}

static double tom(double t, unsigned c)
{
    (void)c;
    return t > 6 && t < 7 ? 0.4 * sine(150, t) : 0;
}

static double bass(double t, unsigned c)
{
    (void)c;
    return 0.25 * sine(80, t);
}

/* begins at 2 s, is loudest from 8 to 10 s; the right side is half the left, and upside down */
static double voice(double t, unsigned c)
{
    double level = t < 2 ? 0 : t < 8 || t >= 10 ? 0.05 : 0.4;
    return (c ? -0.5 : 1) * level * sine(1000, t);
}

static double guitar(double t, unsigned c)
{
    (void)c;
    return 0.1 * sine(440, t);
}

static int open_scene(void **state)
{
    scene *s = *state = scene_new();
    scene_add(s, "Kick.wav", 48000, 1, 12, kick);
    scene_add(s, "Tom.wav", 48000, 1, 12, tom);
    scene_add(s, "Bass.wav", 48000, 1, 12, bass);
    scene_add(s, "Lead Vox.wav", 48000, 2, 11.95, voice);
    scene_add(s, "Guitar.wav", 44100, 1, 3, guitar);
    scene_open(s);
    s->survey = scene_hear(s, 2);
    return 0;
}

static int close_scene(void **state)
{
    scene_free(*state);
    return 0;
}

static const td_signal *stem_signal(const scene *s, const char *name)
{
    return td_survey_signal(s->survey, td_survey_stem(s->survey, scene_stem(s, name)));
}

static const td_signal *bus_signal(const scene *s, const char *name)
{
    return td_survey_signal(s->survey, td_survey_bus(s->survey, scene_bus(s, name)));
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

/* A mono stem stands 3.01 dB down on both sides: powers add up to the file's own. */
static void mono_enters_in_the_centre(void **state)
{
    const td_signal *b = stem_signal(*state, "Bass.wav");
    assert_int_equal(b->steps, 120);
    assert_near(b->peak_dbfs, td_to_db(0.25) - 3.0103, 0.001);
    assert_near(b->rms_dbfs, td_to_db(0.25) - 6.0206, 0.001);
    assert_near(b->crest_db, 3.0103, 0.002);
    double expect = -0.691 + td_power_db(0.25 * 0.25 / 2 * td_k_weight_power(80));
    assert_near(b->loudness_lufs, expect, 0.02);
    assert_near(b->max_momentary_lufs, expect, 0.02);
    for (size_t i = 1; i < 120; i++) assert_near((double)b->ms[i], 0.25 * 0.25 / 4, 1e-5);
}

static void levels_and_places(void **state)
{
    const td_signal *v = stem_signal(*state, "Lead Vox.wav");
    assert_near(v->peak_dbfs, td_to_db(0.4), 0.001);
    assert_true(isnan(v->true_peak_dbtp)); /* only the sum's is measured */
    assert_near(v->first_sound_s, 2.0, 0.001);
    assert_near(v->last_sound_s, 11.95, 0.001);
    assert_true(v->passage[0].at < 8 * 48000 && v->passage[0].at >= 6 * 48000); /* holds the loudest 400 ms */
    assert_int_equal(v->passage[0].frames, 4 * 48000);
    for (size_t i = 0; i < TD_PASSAGES && v->passage[i].frames; i++)
        for (size_t j = 0; j < i; j++) {
            int64_t apart = (int64_t)v->passage[i].at - (int64_t)v->passage[j].at;
            assert_true(apart >= 4 * 48000 || -apart >= 4 * 48000);
        }
    assert_true(v->active_steps >= 20 && v->active_steps <= 26); /* the rest is 18 dB down */
    assert_int_equal(v->clips, 0);
}

static void bands_and_cross_power(void **state)
{
    scene *s = *state;
    unsigned char mask[120] = { 0 };
    td_band_power p;
    memset(mask + 82, 1, 16); /* inside the loud part */
    size_t signal = td_survey_stem(s->survey, scene_stem(s, "Lead Vox.wav"));
    assert_int_equal(td_survey_bands(s->survey, signal, mask, &p, NULL), TD_OK);
    assert_near(p.ll[16] / 16, 0.08, 1e-4);
    assert_near(p.rr[16] / 16, 0.02, 1e-4);
    assert_near(p.lr[16] / 16, -0.04, 1e-4);
    signal = td_survey_stem(s->survey, scene_stem(s, "Bass.wav"));
    assert_int_equal(td_survey_bands(s->survey, signal, mask, &p, NULL), TD_OK);
    double low = 0;
    for (size_t b = 3; b < 8; b++) low += p.lr[b] / 16;
    assert_near(low, 0.25 * 0.25 / 4, 1e-5);
    td_band_frame frame[3];
    assert_int_equal(td_survey_band_frames(s->survey, signal, 50, 3, frame, NULL), TD_OK);
    assert_near((double)(frame[2].ll[4] + frame[2].ll[5] + frame[2].ll[6]), 0.25 * 0.25 / 4, 1e-4);
}

/* A bus is the sum of its stems, a stem alone on a bus is the bus; the sum of all is the sum of the buses. */
static void sums(void **state)
{
    scene *s = *state;
    double peak = 0;
    for (size_t i = 0; i < 12 * 48000; i++) {
        double t = (double)i / 48000;
        peak = fmax(peak, fabs(sqrt(0.5) * ((double)(float)kick(t, 0) + (double)(float)tom(t, 0))));
    }
    assert_near(bus_signal(s, "drums")->peak_dbfs, td_to_db(peak), 1e-4);
    const td_signal *one = stem_signal(s, "Lead Vox.wav"), *bus = bus_signal(s, "vocals");
    assert_true(one->loudness_lufs == bus->loudness_lufs && one->peak_dbfs == bus->peak_dbfs);
    const td_signal *sum = td_survey_signal(s->survey, td_survey_sum(s->survey));
    for (size_t i = 0; i < 120; i++) {
        double k = 0;
        for (size_t b = 0; b < s->session->n_buses; b++)
            k += (double)td_survey_signal(s->survey, td_survey_bus(s->survey, b))->k[i];
        if (i > 30) assert_near((double)sum->k[i] / k, 1, 0.3); /* kick and bass beat against each other */
    }
}

static void converted_stems_are_kept(void **state)
{
    scene *s = *state;
    const td_scratch *audio;
    assert_int_equal(td_survey_stem_audio(s->survey, scene_stem(s, "Kick.wav"), &audio, NULL), TD_OK);
    assert_null(audio); /* plain: the file itself will do */
    assert_int_equal(td_survey_stem_audio(s->survey, scene_stem(s, "Guitar.wav"), &audio, NULL), TD_OK);
    assert_non_null(audio);
    assert_int_equal(td_scratch_planes(audio), 1);
    static float heard[48000];
    float *ch[1] = { heard };
    assert_int_equal(td_scratch_read(audio, 48000, ch, 48000, NULL), TD_OK);
    for (size_t i = 0; i < 48000; i++) assert_near((double)heard[i], guitar(1 + (double)i / 48000, 0), 1e-4);
    assert_near(stem_signal(s, "Guitar.wav")->last_sound_s, 3, 0.02);
}

static void assert_alike(const td_survey *a, const td_survey *b)
{
    for (size_t i = 0; i <= td_survey_sum(a); i++) {
        td_signal x = *td_survey_signal(a, i), y = *td_survey_signal(b, i);
        td_band_frame f[120], g[120];
        assert_memory_equal(x.k, y.k, x.steps * sizeof(float));
        assert_memory_equal(x.ms, y.ms, x.steps * sizeof(float));
        assert_memory_equal(x.peak, y.peak, x.steps * sizeof(float));
        assert_int_equal(!x.true_peak, !y.true_peak);
        if (x.true_peak) assert_memory_equal(x.true_peak, y.true_peak, x.steps * sizeof(float));
        x.k = y.k, x.ms = y.ms, x.peak = y.peak, x.true_peak = y.true_peak;
        assert_memory_equal(&x, &y, sizeof x);
        assert_int_equal(td_survey_band_frames(a, i, 0, 120, f, NULL), TD_OK);
        assert_int_equal(td_survey_band_frames(b, i, 0, 120, g, NULL), TD_OK);
        assert_memory_equal(f, g, sizeof f);
    }
    assert_true(td_survey_tempo(a) == td_survey_tempo(b));
}

static void the_kick_beats(void **state)
{
    scene *s = *state;
    assert_near(td_survey_tempo(s->survey), 120, 0.5); /* 12 s, and kick and bass beat in one band */
    assert_true(isfinite(td_survey_percussiveness(s->survey)));
}

static void threads_change_nothing(void **state)
{
    scene *s = *state;
    for (unsigned threads = 1; threads < 6; threads += 4) {
        td_survey *other = scene_hear(s, threads);
        assert_alike(s->survey, other);
        td_survey_free(other);
    }
}

/* Without features, a stem that is costly to decode is decoded when it is asked for, or all at once. */
static void bare_survey_makes_audio(const scene *s, td_pool *pool)
{
    td_survey *bare;
    const td_scratch *made;
    assert_int_equal(td_survey_bare(s->session, pool, s->path, &bare, NULL), TD_OK);
    assert_int_equal(td_survey_stem_audio(bare, scene_stem(s, "Guitar.wav"), &made, NULL), TD_OK);
    assert_int_equal(td_scratch_length(made), 3 * 48000);
    td_survey_free(bare);
}

static void bare_surveys_make_audio(void **state)
{
    td_pool *pool;
    assert_int_equal(td_pool_new(2, &pool), TD_OK);
    bare_survey_makes_audio(*state, NULL);
    bare_survey_makes_audio(*state, pool);
    td_pool_free(pool);
}

/* The tom sounds from 6 to 7 s; steps of 0.1 s tell. */
static void silence_is_known(void **state)
{
    const scene *s = *state;
    size_t tom_at = scene_stem(s, "Tom.wav");
    td_survey *bare;
    assert_true(td_survey_silent(s->survey, tom_at, -9000, 9000 + 6 * 48000));
    assert_false(td_survey_silent(s->survey, tom_at, 0, 6 * 48000 + 10));
    assert_false(td_survey_silent(s->survey, tom_at, 7 * 48000 - 10, 8192));
    assert_true(td_survey_silent(s->survey, tom_at, 7 * 48000, 20 * 48000));
    assert_int_equal(td_survey_bare(s->session, NULL, s->path, &bare, NULL), TD_OK);
    assert_false(td_survey_silent(bare, tom_at, 0, 4800));
    td_survey_free(bare);
}

static td_status load(const scene *s, const char *path, td_survey **out)
{
    return td_survey_load(s->session, path, s->path, out, NULL);
}

static void saved_and_read_back(void **state)
{
    scene *s = *state;
    char path[96];
    td_survey *again;
    snprintf(path, sizeof path, "%s/cache", s->path);
    assert_int_equal(td_survey_save(s->survey, path, NULL), TD_OK);
    assert_int_equal(load(s, path, &again), TD_OK);
    assert_alike(s->survey, again);
    td_survey_free(again);
    assert_int_equal(td_survey_save(s->survey, "/nowhere/at all", NULL), TD_DISK);
    assert_int_equal(load(s, "/nowhere/at all", &again), TD_DISK);
    assert_null(again);
}

/* Foreign bytes: cut anywhere, lengthened, another session's, or with figures that are none, a file is refused. */
static void damaged_files_are_refused(void **state)
{
    scene *s = *state;
    char path[96], *data;
    size_t length;
    td_survey *again;
    snprintf(path, sizeof path, "%s/cache", s->path);
    assert_int_equal(td_survey_save(s->survey, path, NULL), TD_OK);
    assert_int_equal(td_file_read(s->arena, path, 1 << 24, &data, &length, NULL), TD_OK);
    for (size_t cut = 0; cut < length; cut += length / 7 + 1) {
        assert_int_equal(td_file_write(path, data, cut, true, NULL), TD_OK);
        assert_int_equal(load(s, path, &again), TD_INPUT);
    }
    assert_int_equal(td_file_write(path, data, length + 1, true, NULL), TD_OK); /* with the NUL behind it */
    assert_int_equal(load(s, path, &again), TD_INPUT);
    static const size_t places[] = { 0, 16, 20, 24, 40, 130, 150 };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        data[places[i]] ^= 0x55;
        assert_int_equal(td_file_write(path, data, length, true, NULL), TD_OK);
        assert_int_equal(load(s, path, &again), TD_INPUT);
        data[places[i]] ^= 0x55;
    }
    td_random r;
    td_random_seed(&r, 1);
    for (int i = 0; i < 60; i++) { /* one bit, whatever it means */
        size_t at = td_random_next(&r) % length;
        char bit = (char)(1 << td_random_next(&r) % 8);
        data[at] ^= bit;
        assert_int_equal(td_file_write(path, data, length, true, NULL), TD_OK);
        assert_int_equal(load(s, path, &again), TD_INPUT);
        data[at] ^= bit;
    }
    assert_int_equal(td_file_write(path, data, length, true, NULL), TD_OK);
    assert_int_equal(load(s, path, &again), TD_OK);
    td_survey_free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mono_enters_in_the_centre), cmocka_unit_test(levels_and_places),
        cmocka_unit_test(bands_and_cross_power),     cmocka_unit_test(sums),
        cmocka_unit_test(converted_stems_are_kept),  cmocka_unit_test(the_kick_beats),
        cmocka_unit_test(threads_change_nothing),    cmocka_unit_test(bare_surveys_make_audio),
        cmocka_unit_test(saved_and_read_back),       cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(silence_is_known),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
