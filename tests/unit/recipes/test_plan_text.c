#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "recipes/recipes.h"
#include <stdlib.h>
#include <string.h>

static double any(td_random *r, double low, double high)
{
    double at = td_random_uniform(r) + 0.5;
    return low + (high - low) * at;
}

/* A value of a parameter's kind with as many digits as a double has; now and then none, auto, or an end of its range.
 */
static double any_value(td_random *r, const td_param *p)
{
    unsigned die = td_random_next(r) % 8;
    if (die == 0) return NAN;
    if (die == 1 && p->flags & TD_AUTO) return INFINITY;
    if (p->unit == TD_UNIT_SWITCH) return td_random_next(r) % 2;
    if (p->unit == TD_UNIT_FILE) return NAN;
    if (p->unit == TD_UNIT_CHOICE) {
        unsigned n = 0;
        while (p->choices[n]) n++;
        return td_random_next(r) % n;
    }
    if (die == 2) return p->min;
    if (die == 3) return p->max;
    return any(r, p->min, isinf(p->max) ? p->min + 30 : p->max);
}

static double *any_values(td_arena *a, td_random *r, const td_processor *proc)
{
    double *value = td_arena_array(a, proc->n_params ? proc->n_params : 1, sizeof *value);
    for (size_t i = 0; i < proc->n_params; i++) value[i] = any_value(r, &proc->params[i]);
    for (size_t i = 0; i + 1 < proc->n_params; i++) { /* ranges are whole and run upwards */
        if (proc->params[i].span != 2) continue;
        double low = fmin(value[i], value[i + 1]), high = fmax(value[i], value[i + 1]);
        bool whole = low < high && !isnan(value[i]) && !isnan(value[i + 1]);
        value[i] = whole ? low : NAN;
        value[i + 1] = whole ? high : NAN;
    }
    return value;
}

static void add_parts(td_arena *a, td_random *r, td_plan_step *s)
{
    size_t n = 0;
    while (s->proc->parts && s->proc->parts[n]) n++;
    s->part = td_arena_array(a, n ? n : 1, sizeof *s->part);
    for (; s->n_parts < n; s->n_parts++)
        s->part[s->n_parts] = (td_plan_part){ s->proc->parts[s->n_parts], any_values(a, r, s->proc->parts[s->n_parts]),
                                              "because: \"why\" # not",
                                              s->n_parts % 2 ? td_no_goal : (td_plan_goal){ any(r, 0, 6), 3.1, 2 } };
}

/* Every processor of the table, once. */
static td_plan_chain any_chain(td_arena *a, td_random *r)
{
    size_t n = 0, steps = 0;
    while (td_processors[n]) n++;
    td_plan_chain c = { td_arena_array(a, n, sizeof *c.step), 0 };
    for (size_t i = 0; i < n; i++) {
        if (td_processors[i]->part) continue;
        td_plan_step *s = &c.step[steps++];
        *s = (td_plan_step){ .name = td_processors[i]->name,
                             .proc = td_processors[i],
                             .blend = any(r, 0, 1),
                             .bypass = i % 3 == 0,
                             .origin = (td_origin)(i % 4),
                             .reason = "reaches 1.9 dB at 2:31",
                             .note = i % 2 ? "- ein Gru\xc3\x9f" : NULL,
                             .goal = { any(r, 0, 6), NAN, -INFINITY } };
        s->value = any_values(a, r, s->proc);
        add_parts(a, r, s);
    }
    c.n_steps = steps;
    return c;
}

static td_plan *any_plan(uint64_t seed)
{
    td_random random, *r = &random;
    td_random_seed(r, seed);
    td_arena *a = td_arena_new();
    td_plan *p = td_arena_alloc(a, sizeof *p);
    static const char *keys[] = { "01 Kick In.wav", "x: y, [z] {w}" };
    static td_plan_send sends[] = { { "plate", -12.3, "as written" }, { "hall", -1.0 / 3, NULL } };
    static td_breakpoint ride[40];
    static td_plan_stem stems[] = {
        { .name = "01 Kick In.wav",
          .path = "/tmp/latin \xfc.wav",
          .role = "drums.kick.in",
          .bus = "drums",
          .pan = NAN,
          .sha256 = "00ff",
          .ride = ride,
          .n_ride = 3,
          .reason = "" },
        { .name = "null",
          .path = "\xef\x9f\xbf \\ \"\n\t",
          .path_right = "~",
          .role = "other",
          .flip = true,
          .send = sends,
          .n_sends = 2 },
        { .name = "x: y, [z] {w}", .pan = NAN },
    };
    static td_plan_bus buses[] = {
        { .name = "drums", .group = "drums", .ride = ride, .n_ride = 40 },
        { .name = "backing", .group = "vocals", .peak_dbfs = -INFINITY, .fader_reason = "x" }
    };
    static td_plan_return returns[] = { { .name = "plate", .fader_db = -0.1 }, { .name = "hall" } };
    static td_plan_note notes[] = { { TD_NOTE_WARNING, "04 Tom 2.wav: clipped" }, { TD_NOTE_DECISION, "" } };
    for (size_t i = 0; i < 40; i++) ride[i] = (td_breakpoint){ (double)i * 7 + any(r, 0, 5), any(r, -3, 3) };
    stems[0].gain_db = any(r, -20, 20);
    stems[1].pan = any(r, -100, 100);
    stems[1].chain = any_chain(a, r);
    buses[0].chain = any_chain(a, r);
    buses[0].clip_gain_db = any(r, -40, 40);
    buses[0].peak_dbfs = any(r, -40, 0);
    buses[0].fader_db = -0.0;
    *p = (td_plan){
        .recipe = "pop-rock",
        .recipe_title = "Pop / rock, warm",
        .label = "Warm: 1",
        .recipe_revision = 3,
        .recipe_hash = "12",
        .session_hash = "1e571e571e571e571e571e571e571e571e571e571e571e571e571e571e571e57",
        .title = "- dash",
        .rate_hz = 48000,
        .frames = 8123456789,
        .tempo_bpm = any(r, 60, 180),
        .balance = TD_BALANCE_ROUGH,
        .stem = stems,
        .n_stems = 3,
        .bus = buses,
        .n_buses = 2,
        .ret = returns,
        .n_rets = 2,
        .trim_db = any(r, -20, 20),
        .mix = any_chain(a, r),
        .master = { any(r, -30, -5), -1, NAN, 6, "spotify" },
        .preview = { NAN, NAN, any(r, -3, 0), 6, NULL },
        .preview_format = "wav",
        .preview_bits = 24,
        .note = notes,
        .n_notes = 2,
        .arena = a,
    };
    p->mix.step[0].key = keys;
    p->mix.step[0].n_keys = 2;
    return p;
}

static void comes_back_the_same(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        td_plan *plan = any_plan(seed), *again;
        td_text once = { 0 }, twice = { 0 };
        td_messages *m = td_messages_new();
        assert_int_equal(td_plan_write(plan, &once), TD_OK);
        td_status st = td_plan_read("plan.yaml", once.data, once.length, &again, m);
        if (st) {
            td_messages_text(m, &twice);
            fail_msg("%s", twice.data);
        }
        assert_int_equal(td_plan_write(again, &twice), TD_OK);
        assert_string_equal(once.data, twice.data);
        assert_string_equal(plan->stem[0].path, again->stem[0].path);
        assert_string_equal(plan->stem[1].path_right, again->stem[1].path_right);
        char a[TD_SHA256_HEX], b[TD_SHA256_HEX];
        assert_int_equal(td_plan_hash(plan, a), TD_OK);
        assert_int_equal(td_plan_hash(again, b), TD_OK);
        assert_string_equal(a, b);
        td_text_free(&once);
        td_text_free(&twice);
        td_messages_free(m);
        td_plan_free(plan);
        td_plan_free(again);
    }
}

static void only_what_changed_is_told(void **state)
{
    (void)state;
    td_plan *before = any_plan(7), *plan = any_plan(7);
    td_text same = { 0 }, other = { 0 };
    td_plan_changes(plan, before, 0, &same);
    assert_null(strchr(strchr(same.data, '\n') + 1, ':'));
    td_plan_bus bus[2] = { plan->bus[0], plan->bus[1] };
    bus[1].fader_db += 2.5;
    plan->bus = bus; /* any_plan's are the same for both */
    td_plan_changes(plan, before, 0, &other);
    assert_string_equal(strchr(other.data, '\n'), "\n\nGROUPS\n  backing  fader  gain  +2.5 dB  x\n");
    td_text_free(&same);
    td_text_free(&other);
    td_plan_free(before);
    td_plan_free(plan);
}

static void reasons_keep_within_a_terminal(void **state)
{
    (void)state;
    static const char *const words = "loudest VU reading -0.6 at 0:19, brought to 0 VU; +1.1 dB more for what changed, "
                                     "and for the rest of what there is to be told";
    td_plan *plan = any_plan(7);
    plan->trim_reason = words;
    for (size_t room = 80; room <= 200; room += 8) {
        td_text t = { 0 };
        td_plan_view(plan, room, &t);
        char *line = strstr(t.data, "  trim "), *end = strstr(t.data, "told\n");
        for (assert_true(line && end); line < end; line += strcspn(line, "\n") + 1) {
            size_t n = strcspn(line, "\n");
            assert_true(n <= room && line[n - 1] != ' ');
        }
        td_text_free(&t);
    }
    td_plan_free(plan);
}

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
    refused("topdown: recipe/1\n", "p.yaml:1:10: error: 'recipe/1' cannot be read here");
    refused("topdown: plan/1\n", "'frames' is missing here");
    refused(HEAD "trim: 3\n", "p.yaml:6:7: error: 'trim' needs a gain, '3' has no unit");
    refused(HEAD "buzes: []\n", "did you mean 'buses'?");
    refused(HEAD "mix:\n  - gaim: {}\n", "p.yaml:7:5: error: no processor 'gaim'");
    refused(HEAD "mix:\n  - gaim: {}\n", "did you mean 'gain'?");
    refused(HEAD "mix:\n  - { gain: {}, reson: x }\n", "did you mean 'reason'?");
    refused(HEAD "mix:\n  - compressor: { atack: 10 ms }\n", "did you mean 'attack'?");
    refused(HEAD "mix:\n  - gain: { gain: 500 dB }\n", "out of range");
    refused(HEAD "stems:\n  - { role: x }\n", "'name' is missing here");
}

#define BUSES "buses:\n  - bus: drums\n"
#define STEMS "stems:\n  - name: K.wav\n    bus: drums\n"

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
    refused(HEAD STEMS BUSES "    chain:\n      - compressor: { ratio: 2:1 }\n        key: [ L.wav ]\n",
            "p.yaml:13:16: error: the plan has no stem 'L.wav'");
    refused(HEAD BUSES "    chain:\n      - compressor: { attack: -10 ms }\n",
            "p.yaml:9:31: error: -10 ms is out of range");
    refused(HEAD STEMS, "p.yaml:8:10: error: the plan has no bus 'drums'");
    refused(HEAD STEMS "    pan: L900\n", "out of range for 'pan'");
    refused(HEAD "mix:\n  - gain: { gain: nan dB }\n", "p.yaml:7:19: error:");
    refused(HEAD "mix:\n  - align: { latency: -5 ms }\n", "p.yaml:7:14: error: align has no parameter 'latency'");
}

static td_plan *read_text(const char *text)
{
    td_messages *m = td_messages_new();
    td_plan *p;
    assert_int_equal(td_plan_read("plan.yaml", text, strlen(text), &p, m), TD_OK);
    td_messages_free(m);
    return p;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_the_same),
        cmocka_unit_test(only_what_changed_is_told),
        cmocka_unit_test(reasons_keep_within_a_terminal),
        cmocka_unit_test(names_the_place_of_a_mistake),
        cmocka_unit_test(absurd_numbers_are_refused),
        cmocka_unit_test(hands_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
