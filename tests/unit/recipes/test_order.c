#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "recipes/recipes.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static td_order *read_as(const char *file, const char *text)
{
    td_messages *m = td_messages_new();
    td_order *o;
    if (td_order_parse(NULL, file, text, strlen(text), &o, m)) {
        td_text said = { 0 };
        td_messages_text(m, &said);
        fail_msg("%s", td_text_or_empty(&said));
    }
    td_messages_free(m);
    return o;
}

#define HEAD "topdown: job/1\nstems: /songs/7\nrecipes: [ pop-rock ]\n"

static void defaults(void **state)
{
    (void)state;
    td_order *o = read_as("/jobs/job.yaml", HEAD);
    assert_string_equal(o->stems_folder, "/songs/7");
    assert_int_equal(o->unknown, TD_UNKNOWN_OTHER);
    assert_false(o->has_outputs);
    assert_true(o->recipe_preview);
    assert_int_equal(o->n_previews, 0);
    assert_int_equal(o->n_masters, 1);
    assert_string_equal(o->master[0].format, "wav");
    assert_int_equal(o->master[0].bits, 24);
    assert_int_equal(o->master[0].rate_hz, 0);
    assert_true(isnan(o->master[0].target.loudness_lufs));
    assert_int_equal(o->report, TD_REPORT_HTML | TD_REPORT_JSON);
    assert_int_equal(o->priority, TD_PRIORITY_NORMAL);
    assert_int_equal(o->not_before.kind, TD_MOMENT_NONE);
    assert_false(o->ab);
    td_order_free(o);
}

static void a_tempo_has_one_unit(void **state)
{
    (void)state;
    static const char *const tempos[] = { "122", "122 bpm", "122bpm", "\"122\"" };
    for (size_t i = 0; i < sizeof tempos / sizeof *tempos; i++) {
        char text[128];
        snprintf(text, sizeof text, HEAD "tempo: %s\n", tempos[i]);
        td_order *o = read_as("/jobs/job.yaml", text);
        assert_float_equal(o->tempo_bpm, 122, 0);
        td_order_free(o);
    }
}

static void everything_at_once(void **state)
{
    (void)state;
    td_order *o =
        read_as("/jobs/job.yaml",
                "topdown: job/1\n"
                "name: 2041-nightdrive\n"
                "title: Nightdrive\n"
                "artist: Example Artist\n"
                "client: { name: Example Client, email: client@example.org }\n"
                "tempo: 122 bpm\n"
                "isrc: [ DEXX12600001 ]\n"
                "stems:\n"
                "  folder: stems/\n"
                "  files:\n"
                "    - { file: \"07 Spur 7.wav\", role: vocals.lead }\n"
                "    - { file: /elsewhere/horn.wav, role: brass.horn, level: -2 dB, pan: R30, polarity: flipped }\n"
                "  unknown: ask\n"
                "rough: refs/rough.wav\n"
                "balance: rough\n"
                "recipes:\n"
                "  - { recipe: pop-rock, label: Warm }\n"
                "  - { recipe: pop-rock, set: { glue: 3 dB, warmth: 0 dB } }\n"
                "  - { recipe: pop-rock, set: { glue: 2 dB } }\n"
                "  - house/own.yaml\n"
                "outputs:\n"
                "  previews:\n"
                "    - { format: mp3, bitrate: 320 kbit/s }\n"
                "    - opus\n"
                "    - { format: flac, loudness: spotify }\n"
                "  masters: [ { format: wav, bits: 16, rate: 44.1 kHz, loudness: -9 LUFS, true_peak: -1 dBTP } ]\n"
                "  premaster: { format: wav }\n"
                "  versions: [ instrumental, tv ]\n"
                "  groups: flac\n"
                "  handoff: [ dawproject ]\n"
                "  report: [ html ]\n"
                "  naming: \"{Song}_{Part}\"\n"
                "ab: { loudness_match: off }\n"
                "notify: [ { url: \"https://mixhouse.example/h\", secret: hook-main, events: [ job.done ] } ]\n"
                "deliver: { to: \"https://mixhouse.example/2041/\" }\n"
                "deliver_by: 07:00\n"
                "priority: high\n"
                "not_before: 2026-11-20T22:00:00+01:00\n"
                "tags: { order: \"2041\" }\n");
    assert_float_equal(o->tempo_bpm, 122, 0);
    assert_string_equal(o->client_email, "client@example.org");
    assert_string_equal(o->stems_folder, "/jobs/stems/");
    assert_string_equal(o->stem[0].file, "/jobs/stems/07 Spur 7.wav");
    assert_true(isnan(o->stem[0].pan));
    assert_string_equal(o->stem[1].file, "/elsewhere/horn.wav");
    assert_float_equal(o->stem[1].level_db, -2, 0);
    assert_float_equal(o->stem[1].pan, 30, 0);
    assert_true(o->stem[1].flip);
    assert_int_equal(o->unknown, TD_UNKNOWN_ASK);
    assert_string_equal(o->rough, "/jobs/refs/rough.wav");
    assert_int_equal(o->balance, TD_BALANCE_ROUGH);
    assert_int_equal(o->n_mixes, 4);
    assert_string_equal(o->mix[0].label, "Warm");
    assert_string_equal(o->mix[1].label, "pop-rock");
    assert_string_equal(o->mix[1].set[1].name, "warmth");
    assert_string_equal(o->mix[2].label, "pop-rock-2");
    assert_string_equal(o->mix[3].recipe, "/jobs/house/own.yaml");
    assert_string_equal(o->mix[3].label, "own");
    assert_false(o->recipe_preview);
    assert_int_equal(o->n_previews, 3);
    assert_int_equal(o->preview[0].bitrate_kbps, 320);
    assert_int_equal(o->preview[0].bits, 0);
    assert_int_equal(o->preview[1].bitrate_kbps, 128);
    assert_int_equal(o->preview[2].bits, 24);
    assert_string_equal(o->preview[2].target.named, "spotify");
    assert_int_equal(o->master[0].rate_hz, 44100);
    assert_float_equal(o->master[0].target.loudness_lufs, -9, 0);
    assert_int_equal(o->premaster.bits, 32);
    assert_string_equal(o->groups.format, "flac");
    assert_int_equal(o->versions, TD_VERSION_INSTRUMENTAL | TD_VERSION_TV);
    assert_int_equal(o->handoff, TD_HANDOFF_DAWPROJECT);
    assert_int_equal(o->report, TD_REPORT_HTML | TD_REPORT_JSON);
    assert_true(o->ab && !o->ab_loudness_match);
    assert_string_equal(o->hook[0].secret, "hook-main");
    assert_string_equal(o->hook[0].event[0], "job.done");
    assert_string_equal(o->deliver_to, "https://mixhouse.example/2041/");
    assert_int_equal(o->deliver_by.kind, TD_MOMENT_CLOCK);
    assert_int_equal(o->deliver_by.minute, 420);
    assert_int_equal(o->not_before.kind, TD_MOMENT_TIME);
    assert_int_equal(o->not_before.unix_s, 1795208400); /* date -d 2026-11-20T21:00:00Z +%s */
    assert_int_equal(o->priority, TD_PRIORITY_HIGH);
    assert_string_equal(o->tag[0].value, "2041");
    td_order_free(o);
}

static void the_same_as_json(void **state)
{
    (void)state;
    td_order *o = read_as(
        NULL, "{\"topdown\":\"job/1\",\"title\":\"Nacht\\/Fahrt \\ud83c\\udfb9 \\\\ud83c\",\"artist\":null,\n"
              "\t\"stems\":{\"files\":[{\"file\":\"https://x.example/b.wav\",\"role\":\"bass\"},\"https://x.example/"
              "a.wav\"]},\n"
              "\t\"recipes\":[{\"recipe\":\"pop-rock\",\"set\":{\"glue\":\"3 dB\"}}],\n"
              "\t\"outputs\":{\"masters\":[{\"format\":\"wav\",\"bits\":24}]},\"ab\":{\"loudness_match\":false}}");
    assert_string_equal(o->title, "Nacht/Fahrt \xf0\x9f\x8e\xb9 \\ud83c");
    assert_null(o->artist);
    assert_int_equal(td_place_of(o->stem[0].file), TD_PLACE_HTTPS);
    assert_int_equal(td_place_of(o->stem[1].file), TD_PLACE_HTTPS);
    assert_string_equal(o->mix[0].set[0].value, "3 dB");
    assert_int_equal(o->master[0].bits, 24);
    assert_false(o->ab_loudness_match);
    td_order_free(o);
}

static void places(void **state)
{
    (void)state;
    assert_int_equal(td_place_of(NULL), TD_PLACE_NONE);
    assert_int_equal(td_place_of("stems/a.wav"), TD_PLACE_PATH);
    assert_int_equal(td_place_of("http://x/a.wav"), TD_PLACE_HTTP);
    assert_int_equal(td_place_of("s3://b/a.wav"), TD_PLACE_OTHER);
}

/* A draft is a job; and so it is when all that it leaves to its reader is taken out of comments. */
static void a_draft_is_a_job(void **state)
{
    (void)state;
    td_stem stem[] = {
        { .path = "stems/Kick In.wav", .role = { .name = "drums.kick.in", .source = TD_ROLE_FROM_NAME } },
        { .path = "stems/dark/07 \"Spur\", {7} \xfc.wav",
          .role = { .name = "other", .source = TD_ROLE_UNKNOWN, .guess = true } },
    };
    td_session s = { .title = "null", .stem = stem, .n_stems = 2 };
    td_text draft = { 0 };
    assert_int_equal(td_order_draft(&s, "stems/", "stems/", &draft), TD_OK);
    assert_non_null(strstr(draft.data, "  #   Kick In.wav"));
    td_order *o = read_as("/songs/job.yaml", draft.data);
    assert_string_equal(o->title, "null");
    assert_string_equal(o->stems_folder, "/songs/stems/");
    assert_int_equal(o->n_stems, 0);
    td_order_free(o);
    for (char *at = draft.data; (at = strchr(at, '#')); at++)
        if ((at == draft.data || strchr("\n ", at[-1])) && (at[1] != ' ' || at[2] == ' ') && at[3] != ' ')
            memmove(at, at + 1, strlen(at));
    o = read_as("/songs/job.yaml", draft.data);
    assert_int_equal(o->n_stems, 1);
    assert_string_equal(o->stem[0].file, "/songs/stems/dark/07 \"Spur\", {7} \xfc.wav");
    assert_string_equal(o->stem[0].role, "vocals.lead");
    assert_string_equal(o->artist, "Example Artist");
    assert_true(o->has_groups);
    td_order_free(o);
    td_text_free(&draft);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(a_tempo_has_one_unit),
        cmocka_unit_test(everything_at_once),
        cmocka_unit_test(the_same_as_json),
        cmocka_unit_test(places),
        cmocka_unit_test(a_draft_is_a_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
