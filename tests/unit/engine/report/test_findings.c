#include "engine/report/findings.h"
#include "tests/unit/engine/mix/scene.h"

#include <jansson.h>

static double kick(double t, unsigned c)
{
    (void)c;
    return 0.5 * td_exp(-20 * fmod(t, 0.5)) * td_sin(2 * TD_PI * fmod(60 * t, 1));
}

static double clipped(double t, unsigned c)
{
    (void)c;
    return td_clamp(2 * td_sin(2 * TD_PI * fmod(331 * t, 1)), -1, 1);
}

static td_findings *judged(const scene *s)
{
    td_findings *in;
    td_error err = { 0 };
    if (td_intake_make(s->session, s->survey, &in, &err)) fail_msg("%s: %s", err.where, err.what);
    return in;
}

/* A session with a refused, a clipped and a sound stem. */
static scene *three_stems(void)
{
    scene *s = scene_new();
    scene_add(s, "Kick.wav", 48000, 1, 8, kick);
    scene_add(s, "Snare.wav", 48000, 1, 8, clipped);
    const char *path = td_arena_printf(s->arena, "%s/Bass.wav", s->path);
    assert_int_equal(td_file_write(path, "no sound", 8, true, NULL), TD_OK);
    s->wish[s->n++] = (td_stem_wish){ .file = path };
    td_session_wish wish = { .title = "Night Bus", .stem = s->wish, .n_stems = s->n, .skip_rejected = true };
    assert_int_equal(td_session_open(&wish, &s->session, NULL), TD_OK);
    s->survey = scene_hear(s, 1);
    return s;
}

static void the_letter_asks_for_what_is_needed(void **state)
{
    (void)state;
    scene *s = three_stems();
    td_findings *in = judged(s);
    assert_int_equal(in->verdict, TD_REJECT);
    td_text english = { 0 }, german = { 0 };
    assert_int_equal(td_findings_letter(s->session, in, TD_ENGLISH, &english), TD_OK);
    assert_int_equal(td_findings_letter(s->session, in, TD_GERMAN, &german), TD_OK);
    static const char *const in_english[] = { "3 tracks of \"Night Bus\"",
                                              "help with one of them",
                                              "  Bass.wav\n",
                                              "as WAV or FLAC",
                                              "  Snare.wav\n",
                                              "clipped (first at 0:00",
                                              "this is a text, not an audio file. Please send the audio file itself" };
    static const char *const in_german[] = {
        "3 Spuren zu „Night Bus“",
        "bei einer davon Ihre Hilfe",
        "  Bass.wav\n",
        "als WAV oder FLAC",
        "  Snare.wav\n",
        "übersteuert (zuerst bei 0:00",
        "das ist ein Text, keine Audiodatei. Bitte schicken Sie die Audiodatei selbst"
    };
    for (size_t i = 0; i < 7; i++) {
        assert_non_null(strstr(english.data, in_english[i]));
        assert_non_null(strstr(german.data, in_german[i]));
    }
    assert_null(strstr(english.data, "Kick.wav"));
    td_text_free(&english);
    td_text_free(&german);
    td_intake_free(in);
    scene_free(s);
}

static void all_well_is_said(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "Kick.wav", 48000, 1, 8, kick);
    scene_open(s);
    td_findings *in;
    td_text text = { 0 };
    assert_int_equal(td_intake_make(s->session, NULL, &in, NULL), TD_OK);
    assert_int_equal(in->verdict, TD_ACCEPT);
    assert_int_equal(td_findings_letter(s->session, in, TD_ENGLISH, &text), TD_OK);
    assert_non_null(strstr(text.data, "we can begin"));
    td_text_free(&text);
    td_intake_free(in);
    scene_free(s);
}

static void json_holds_verdicts_and_figures(void **state)
{
    (void)state;
    scene *s = three_stems();
    td_findings *in = judged(s);
    td_text text = { 0 };
    td_pool *pool;
    assert_int_equal(td_pool_new(1, &pool), TD_OK);
    assert_int_equal(td_intake_measure_peaks(s->session, pool, in, NULL), TD_OK);
    td_pool_free(pool);
    assert_int_equal(td_findings_json(s->session, s->survey, in, &text), TD_OK);
    json_t *j = json_loads(text.data, 0, NULL), *files = json_object_get(j, "files");
    assert_int_equal(json_integer_value(json_object_get(j, "v")), 1);
    assert_int_equal(json_array_size(files), 3);
    for (size_t i = 0; i < 3; i++) {
        json_t *f = json_array_get(files, i);
        const char *name = json_string_value(json_object_get(f, "file"));
        const char *verdict = json_string_value(json_object_get(f, "verdict"));
        const char *code = json_string_value(json_array_get(json_object_get(f, "codes"), 0));
        if (!strcmp(name, "Bass.wav")) {
            assert_string_equal(verdict, "reject");
            assert_string_equal(code, "unreadable");
        } else if (!strcmp(name, "Snare.wav")) {
            assert_string_equal(verdict, "warn");
            assert_string_equal(code, "clipped");
            /* a mono file at full scale, though it enters its bus 3 dB lower */
            assert_float_equal(json_real_value(json_object_get(f, "peak_dbfs")), 0, 0.01);
            assert_true(json_real_value(json_object_get(f, "true_peak_dbtp")) >= 0);
        } else {
            assert_string_equal(verdict, "accept");
        }
    }
    json_decref(j);
    td_text_free(&text);
    td_intake_free(in);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_letter_asks_for_what_is_needed),
        cmocka_unit_test(all_well_is_said),
        cmocka_unit_test(json_holds_verdicts_and_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
