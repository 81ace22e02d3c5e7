#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/recipes/scene.h"
#include <string.h>

static void refused(const char *text, const char *message)
{
    td_messages *m = td_messages_new();
    td_plan *plan;
    assert_int_equal(td_plan_read("p.yaml", text, strlen(text), &plan, m), TD_RECIPE);
    assert_null(plan);
    td_text all = { 0 };
    td_messages_text(m, &all);
    if (!strstr(all.data, message)) fail_msg("'%s' is not in:\n%s", message, all.data);
    td_text_free(&all);
    td_messages_free(m);
}

#define HASH "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define HEAD "topdown: plan/1\nrecipe: x\nsession_hash: " HASH "\nrate_hz: 48000\nframes: 1\n"

static void names_the_place_of_a_mistake(void **state)
{
    (void)state;
    refused("topdown: recipe/1\n", "p.yaml:1:10: error: this is a recipe, not a plan");
    refused("topdown: plan/1\n", "'frames' is missing here");
    refused(HEAD "stems:\n  - { name: a.wav, path: \"\" }\n", "p.yaml:7:26: error: a path is empty");
    refused(HEAD "trim: 3\n", "p.yaml:6:7: error: 'trim' needs a gain, '3' has no unit");
    refused(HEAD "buzes: []\n", "did you mean 'buses'?");
    refused(HEAD "mix:\n  - gaim: {}\n", "p.yaml:7:5: error: no processor 'gaim'");
    refused(HEAD "mix:\n  - gaim: {}\n", "did you mean 'gain'?");
    refused(HEAD "mix:\n  - { gain: {}, reson: x }\n", "did you mean 'reason'?");
    refused(HEAD "mix:\n  - compressor: { atack: 10 ms }\n", "did you mean 'attack'?");
    refused(HEAD "mix:\n  - eq: {}\n    bands:\n      - bel: { at: 1 kHz }\n",
            "p.yaml:9:9: error: eq has no band 'bel'");
    refused(HEAD "mix:\n  - eq: {}\n    bands:\n      - bel: { at: 1 kHz }\n", "did you mean 'bell'?");
    refused(HEAD "mix:\n  - eq: {}\n    bands:\n      - bell: { att: 1 kHz }\n", "did you mean 'at'?");
    refused(HEAD "mix:\n  - gain: {}\n    bands:\n      - bell: {}\n", "gain has no band 'bell'");
    refused(HEAD "mix:\n  - gain: { gain: 500 dB }\n", "out of range");
    refused(HEAD "stems:\n  - { role: x }\n", "'name' is missing here");
}

#define BUSES   "buses:\n  - bus: drums\n"
#define RETURNS "returns:\n  - return: echo\n  - return: hall\n"
#define STEMS   "stems:\n  - name: K.wav\n    bus: drums\n"

/* What a hand may have written: refused at its place, with what can stand there. */
static void absurd_numbers_are_refused(void **state)
{
    (void)state;
    refused(HEAD "trim: 500 dB\n", "p.yaml:6:7: error: 500 dB is out of range for 'trim'");
    refused(HEAD "trim: nan dB\n", "p.yaml:6:7: error: 'trim' needs a gain, not 'nan dB'");
    refused(HEAD "trim: inf dB\n", "p.yaml:6:7: error:");
    refused(HEAD "tempo: 0 bpm\n", "20 to 400 bpm");
    refused(HEAD "master: { loudness: 40 LUFS }\n", "out of range for 'loudness'");
    refused(HEAD "master: { true_peak: 3 dBTP }\n", "out of range for 'true_peak'");
    refused(HEAD "preview: { format: exe }\n", "'format'");
    refused(HEAD "preview: { format: wav, bits: 7 }\n", "'bits'");
    refused("topdown: plan/1\nrecipe: x\nsession_hash: 0000\n",
            "p.yaml:3:15: error: 'session_hash' has to be a SHA-256");
    refused(HEAD BUSES "    fader: +80 dB\n", "p.yaml:8:12: error: 80 dB is out of range for 'fader'");
    refused(HEAD BUSES "    fader: 1e300 dB\n", "p.yaml:8:12: error:");
    refused(HEAD BUSES "    clip_gain: -9999 dB\n", "out of range for 'clip_gain'");
    refused(HEAD BUSES "    ride:\n      - { at: -1 s, gain: 0 dB }\n",
            "p.yaml:9:15: error: -1 s is out of range for 'at'");
    refused(HEAD BUSES "    ride:\n      - { at: nan s, gain: 0 dB }\n", "needs a number");
    refused(HEAD BUSES "    ride:\n      - { at: 5 s, gain: 1 dB }\n      - { at: 5 s, gain: 2 dB }\n",
            "p.yaml:10:9: error: this moment does not come after the one before it");
    refused(HEAD BUSES "    sends:\n      - { to: hall, level: -10 dB }\n",
            "p.yaml:9:15: error: the plan has no return 'hall'");
    refused(HEAD BUSES "    sends:\n      - { to: hall, level: 400 dB }\n", "out of range for 'level'");
    refused(HEAD RETURNS "    sends:\n      - { to: room, level: 0 dB }\n",
            "p.yaml:10:15: error: the plan has no return 'room'");
    refused(HEAD RETURNS "    sends:\n      - { to: echo, level: 0 dB }\n",
            "p.yaml:10:15: error: 'echo' stands above this return");
    refused(HEAD RETURNS "    sends:\n      - { to: hall, level: 0 dB }\n",
            "p.yaml:10:15: error: 'hall' would send to itself");
    refused(HEAD STEMS BUSES "    chain:\n      - compressor: { ratio: 2:1 }\n        key: [ L.wav ]\n",
            "p.yaml:13:16: error: the plan has no stem 'L.wav'");
    refused(HEAD "mix:\n  - compressor: { ratio: 2:1 }\n    key: [ Kik.wav ]\n",
            "p.yaml:8:12: error: the plan has no stem 'Kik.wav'");
    refused(HEAD STEMS BUSES "    chain:\n      - limiter: { ceiling: -1 dBFS }\n        key: [ L.wav ]\n",
            "p.yaml:13:9: error: limiter hears no key");
    refused(HEAD "mix:\n  - gate: {}\n    key: []\n", "p.yaml:8:10: error: 'key' names nobody");
    refused(HEAD BUSES "    chain:\n      - compressor: { attack: -10 ms }\n",
            "p.yaml:9:31: error: -10 ms is out of range");
    refused(HEAD STEMS, "p.yaml:8:10: error: the plan has no bus 'drums'");
    refused(HEAD STEMS "    pan: L900\n", "out of range for 'pan'");
    refused(HEAD "mix:\n  - gain: { gain: nan dB }\n", "p.yaml:7:19: error:");
    refused(HEAD "mix:\n  - align: { latency: -5 ms }\n", "p.yaml:7:14: error: align has no parameter 'latency'");
}

/* warning: what it is warned of; NULL: nothing. */
static td_plan *read_warned(const char *text, const char *warning)
{
    td_messages *m = td_messages_new();
    td_plan *p;
    td_text said = { 0 };
    assert_int_equal(td_plan_read("plan.yaml", text, strlen(text), &p, m), TD_OK);
    td_messages_text(m, &said);
    assert_int_equal(td_messages_count(m), warning != NULL);
    if (warning && !strstr(said.data, warning)) fail_msg("'%s' is not in:\n%s", warning, said.data);
    td_text_free(&said);
    td_messages_free(m);
    return p;
}

static td_plan *read_text(const char *text)
{
    return read_warned(text, NULL);
}

/* A number that was changed in the file cannot keep the reason of the one before; all others keep theirs. */
static void hands_are_told(void **state)
{
    (void)state;
    td_plan *p = any_plan(7);
    td_text t = { 0 };
    p->bus[1].fader_db = -8.5;
    p->bus[1].fader_reason = "as delivered";
    assert_int_equal(td_plan_write(p, &t), TD_OK);
    char *at = strstr(t.data, "fader: -8.5 dB");
    assert_non_null(at);
    td_plan *as_decided = read_text(t.data);
    assert_string_equal(as_decided->bus[1].fader_reason, "as delivered");
    memcpy(at, "fader: -3.5 dB", 14);
    td_plan *edited = read_text(t.data);
    assert_string_equal(edited->bus[1].fader_reason, "by hand, instead of -8.5 dB");
    assert_string_equal(edited->stem[1].send[0].reason, "as written");
    td_text again = { 0 };
    assert_int_equal(td_plan_write(edited, &again), TD_OK); /* from then on that is what was decided */
    td_plan *kept = read_text(again.data);
    assert_string_equal(kept->bus[1].fader_reason, "by hand, instead of -8.5 dB");
    td_text_free(&t);
    td_text_free(&again);
    td_plan_free(kept);
    td_plan_free(edited);
    td_plan_free(as_decided);
    td_plan_free(p);
}

/* What was decided is there for reading: an edit of it changes nothing, and is told. */
static void decisions_are_for_reading(void **state)
{
    (void)state;
    td_plan *p = any_plan(7);
    td_text t = { 0 };
    p->bus[1].fader_db = -8.5;
    assert_int_equal(td_plan_write(p, &t), TD_OK);
    char *list = strstr(t.data, "\ndecided:\n");
    assert_non_null(list);
    assert_non_null(strstr(t.data, "# for reading: what is in force stands above\nplan_hash: "));
    char *at = strstr(list, "as: -8.5 dB");
    assert_non_null(at);
    td_plan_free(read_text(t.data));
    memcpy(at, "as: -3.5 dB", 11);
    td_plan *edited = read_warned(t.data, "as: -3.5 dB");
    assert_float_equal(edited->bus[1].fader_db, -8.5, 0);
    assert_int_equal(edited->revised, p->revised);
    td_text_free(&t);
    td_plan_free(edited);
    td_plan_free(p);
}

static td_plan *edited_text(char *text, const char *from, const char *to)
{
    char *at = strstr(text, from);
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
    return read_text(text);
}

/* What an edit changes of the sound makes it another revision: once, and again when that is edited. */
static void an_edit_is_a_revision(void **state)
{
    (void)state;
    td_plan *p = any_plan(7);
    td_text once = { 0 }, twice = { 0 };
    td_breakpoint ride[] = { { 1, 0 }, { 2, -1.25 }, { 3, -0.5 }, { 4, 0 } };
    p->bus[0].ride = ride;
    p->bus[0].n_ride = 4;
    p->title = "Ours";
    assert_int_equal(td_plan_write(p, &once), TD_OK);
    td_plan *plan = edited_text(once.data, "title: Ours", "title: Hers"); /* nobody hears that */
    assert_int_equal(plan->revised, p->revised);
    td_plan_free(plan);
    plan = edited_text(once.data, "-0.5 dB", "-0.6 dB"); /* no decision's words tell of it */
    assert_int_equal(plan->revised, p->revised + 1);
    assert_int_equal(td_plan_write(plan, &twice), TD_OK);
    td_plan_free(plan);
    plan = read_text(twice.data);
    assert_int_equal(plan->revised, p->revised + 1);
    td_plan_free(plan);
    plan = edited_text(twice.data, "-0.6 dB", "-0.7 dB");
    assert_int_equal(plan->revised, p->revised + 2);
    td_plan_free(plan);
    td_text_free(&once);
    td_text_free(&twice);
    td_plan_free(p);
}

/* So many stems with so many points each. */
static td_plan *many_points(td_plan_stem *stem, size_t stems, size_t points)
{
    td_text t = { 0 };
    td_text_add(&t, HEAD BUSES "stems:\n  - name: K.wav\n    bus: drums\n    chain:\n      - automation: {}\n"
                               "        as: ride\n        bands:\n");
    for (size_t i = 0; i < points; i++)
        td_text_addf(&t, "          - point: { at: %zu ms, gain: %s0.125 dB }\n", i, i % 2 ? "-" : "");
    td_plan *p = read_text(t.data);
    for (size_t i = 0; i < stems; i++) stem[i] = p->stem[0];
    p->stem = stem;
    p->n_stems = stems;
    td_text_free(&t);
    return p;
}

/* What a program wrote it can read, or it says so before anything is rendered. */
static void what_is_written_can_be_read(void **state)
{
    (void)state;
    static td_plan_stem stem[256];
    td_error err = { 0 };
    td_text t = { 0 };
    td_plan *p = many_points(stem, 24, TD_POINTS_MAX), *again;
    td_messages *m = td_messages_new();
    assert_int_equal(td_plan_is_readable(p, &err), TD_OK);
    assert_int_equal(td_plan_write(p, &t), TD_OK);
    assert_true(t.length > 1 << 20); /* more than a job or a recipe may have */
    assert_int_equal(td_plan_read("p.yaml", t.data, t.length, &again, m), TD_OK);
    assert_int_equal(again->stem[23].chain.step[0].n_parts, TD_POINTS_MAX);
    td_plan_free(again);
    td_plan_free(p);
    td_text_free(&t);
    td_messages_free(m);
    p = many_points(stem, 256, TD_POINTS_MAX);
    assert_int_equal(td_plan_is_readable(p, &err), TD_RECIPE);
    assert_non_null(strstr(err.what, "'ride' on K.wav alone has 1024 parts"));
    td_plan_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_place_of_a_mistake),
        cmocka_unit_test(absurd_numbers_are_refused),
        cmocka_unit_test(hands_are_told),
        cmocka_unit_test(decisions_are_for_reading),
        cmocka_unit_test(an_edit_is_a_revision),
        cmocka_unit_test(what_is_written_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
