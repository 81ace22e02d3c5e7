/* What holds for every row of the table, whatever it does to sound. A new processor is tested here by having a row; it
 * adds a line to `neutral` when it has settings at which it does nothing. */
#include "engine/base/maths.h"
#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RATE 48000.0

/* clang-format off */
/* Settings at which a processor is a wire that is late by its latency, to the given residual in dBFS. */
static const struct {
    const char *name, *spec;
    double residual_db;
} neutral[] = {
    { "align", "delay=0", -INFINITY },
    { "chorus", "amount=0", -INFINITY },
    { "deesser", "depth=0", -INFINITY },
    { "delay", "mix=0", -INFINITY },
    { "dynamic_eq", "ratio=1", -INFINITY },
    { "eq", "| bell gain=0 | high_shelf gain=0", -INFINITY },
    { "eq", "channel=side", -INFINITY },
    { "eq", "phase=linear", -140 },
    { "gain", "gain=0", -INFINITY },
    { "multiband", "phase=linear | band ratio=1 | band ratio=1 | band ratio=1", -140 },
    { "pan", "position=0 law=linear", -INFINITY },
    { "pitch", "", -INFINITY },
    { "reverb", "mix=0", -INFINITY },
    { "rotate", "angle=0", -INFINITY },
    { "stereo", "width=100", -INFINITY },
    { "vu", "", -INFINITY },
};

/* Settings to test with where one of each part is not a sensible step. */
static const struct {
    const char *name, *spec;
} usual[] = {
    { "multiband", " | band | band" },
};
/* clang-format on */

/* The settings a processor is tested with: its defaults, with one of each part that it takes at its defaults. */
static const char *usual_spec(const td_processor *p, char out[1024])
{
    out[0] = 0;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (strcmp(usual[i].name, p->name) == 0) return strcpy(out, usual[i].spec);
    for (const td_processor *const *part = p->parts; part && *part; part++) {
        size_t before = strlen(out);
        snprintf(out + before, 1024 - before, " | %s", (*part)->name);
        td_unit_state *u = sound_try(RATE, p, out, NULL);
        if (!u) out[before] = 0;
        td_unit_free(u);
    }
    return out;
}

static td_unit_state *usual_unit(const td_processor *p, double rate_hz)
{
    char spec[1024];
    td_error err = { 0 };
    td_unit_state *u = sound_try(rate_hz, p, usual_spec(p, spec), &err);
    if (!u) fail_msg("%s: %s", p->name, err.what);
    return u;
}

/* Loud, soft, silent and loud again, so that what reacts to level has something to do. */
static sound programme(size_t frames, uint64_t seed)
{
    static const double levels[] = { 0.5, 0.02, 0.7, 0, 0.3, 0.05, 0.9, 0.1 };
    sound s = sound_noise(frames, seed, 1);
    for (size_t i = 0; i < frames; i++)
        for (unsigned c = 0; c < 2; c++) s.ch[c][i] *= (float)levels[i * 8 / frames];
    return s;
}

static bool same(sound a, sound b)
{
    return memcmp(a.ch[0], b.ch[0], a.frames * sizeof(float)) == 0 &&
           memcmp(a.ch[1], b.ch[1], a.frames * sizeof(float)) == 0;
}

static void each_step(void (*holds)(const td_processor *))
{
    for (size_t i = 0; td_processors[i]; i++)
        if (!td_processors[i]->part) holds(td_processors[i]);
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

static bool lower_case(const char *s)
{
    return s && *s && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(s);
}

static bool one_line(const char *s)
{
    return s && *s && !strchr(s, '\n') && strlen(s) < 160;
}

static void param_is_sound(const td_processor *p, size_t i)
{
    const td_param *row = &p->params[i];
    bool fine = row->min <= row->max && (isnan(row->def) || (row->def >= row->min && row->def <= row->max) ||
                                         (row->flags & TD_AUTO && isinf(row->def)));
    if (row->name) {
        fine = fine && lower_case(row->name) && one_line(row->help) && td_param_find(p, row->name) == (int)i;
        for (size_t k = 1; k < row->span; k++) fine = fine && i + k < p->n_params && !p->params[i + k].name;
    } else {
        fine = fine && i > 0;
    }
    if (row->flags & TD_GOAL) fine = fine && row->solves && td_param_find(p, row->solves) >= 0;
    size_t words = 0;
    for (; row->choices && row->choices[words]; words++) fine = fine && one_line(row->choices[words]);
    if (row->unit == TD_UNIT_CHOICE) fine = fine && words == (size_t)row->max + 1 && row->min == 0;
    if (!fine) fail_msg("%s: row of parameter %zu (%s) is not sound", p->name, i, row->name ? row->name : "-");
}

static void words(void **unused)
{
    (void)unused;
    bool parts = false;
    const char *before = "";
    for (const td_processor *const *row = td_processors; *row; row++) {
        const td_processor *p = *row;
        if (!lower_case(p->name) || !one_line(p->help) || p->n_params > TD_VALUES_MAX)
            fail_msg("%s: name, help or parameter count", p->name);
        if (p->parts && (!lower_case(p->parts_name) || !p->parts[0])) fail_msg("%s: parts without a name", p->name);
        if (!p->part && (parts || strcmp(before, p->name) >= 0)) fail_msg("%s: not in order", p->name);
        if (!p->part && (!p->prepare || !p->process)) fail_msg("%s: cannot run", p->name);
        parts = p->part;
        before = p->name;
        for (size_t i = 0; i < p->n_params; i++) param_is_sound(p, i);
    }
}

/* ---- sound ------------------------------------------------------------------------------------------------------ */

static void blocks_do_not_matter(const td_processor *p)
{
    static const size_t sizes[] = { 1, 7, 64 };
    sound in = programme(6000, 1), key = programme(6000, 2), whole = sound_copy(in);
    td_unit_state *u = usual_unit(p, RATE);
    sound_run_all(u, whole, key, NULL, 0, TD_BLOCK);
    for (size_t b = 0; b < 3; b++) {
        sound cut = sound_copy(in);
        td_unit_reset(u);
        sound_run_all(u, cut, key, NULL, 0, sizes[b]);
        if (!same(whole, cut)) fail_msg("%s: other samples in blocks of %zu", p->name, sizes[b]);
        sound_free(cut);
    }
    td_unit_free(u);
    sound_free(in), sound_free(key), sound_free(whole);
}

static void reset_equals_fresh(const td_processor *p)
{
    sound a = programme(5000, 3), b = sound_copy(a), other = programme(5000, 4);
    td_unit_state *used = usual_unit(p, RATE), *fresh = usual_unit(p, RATE);
    sound_run(used, other);
    td_unit_reset(used);
    sound_run(used, a);
    sound_run(fresh, b);
    if (!same(a, b)) fail_msg("%s: reset is not fresh", p->name);
    td_unit_free(used), td_unit_free(fresh);
    sound_free(a), sound_free(b), sound_free(other);
}

static void silence_stays_silence(const td_processor *p)
{
    sound s = sound_new(8192);
    td_unit_state *u = usual_unit(p, RATE);
    sound_run(u, s);
    if (sound_peak(s.ch[0], 8192) > 0 || sound_peak(s.ch[1], 8192) > 0) fail_msg("%s: makes noise", p->name);
    td_unit_free(u);
    sound_free(s);
}

/* After latency and tail what rings on is below -120 dB, and no value is so small that arithmetic slows down. */
static void tails_hold(const td_processor *p)
{
    td_unit_state *u = usual_unit(p, RATE);
    sound loud = sound_noise(6000, 5, 0.5), rest = sound_new(td_unit_latency(u) + td_unit_tail(u) + 1);
    sound after = sound_new(4096);
    sound_run(u, loud);
    sound_run(u, rest);
    sound_run(u, after);
    double peak = fmax(sound_peak(after.ch[0], 4096), sound_peak(after.ch[1], 4096));
    if (!(peak < 1e-6)) fail_msg("%s: still at %g after its tail of %zu", p->name, peak, td_unit_tail(u));
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < after.frames; i++)
            if (fpclassify(after.ch[c][i]) == FP_SUBNORMAL) fail_msg("%s: subnormal samples", p->name);
    td_unit_free(u);
    sound_free(loud), sound_free(rest), sound_free(after);
}

static void stays_finite(const td_processor *p, const char *spec)
{
    td_error err = { 0 };
    td_unit_state *u = sound_try(RATE, p, spec, &err);
    if (!u) {
        if (err.status != TD_RECIPE || !err.what[0]) fail_msg("%s: '%s' refused without a word", p->name, spec);
        return;
    }
    sound s = programme(3000, 6);
    sound_run(u, s);
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < s.frames; i++)
            if (!isfinite(s.ch[c][i])) fail_msg("%s: '%s' gives %g at %zu", p->name, spec, (double)s.ch[c][i], i);
    td_unit_free(u);
    sound_free(s);
}

/* One name at one end of its range; a list spreads over it. */
static void end_of(const td_param *row, bool high, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, " %s=%.17g", row->name, high && row->span < 2 ? row->max : row->min);
    for (unsigned k = 1; k < row->span && used < size; k++)
        used += (size_t)snprintf(out + used, size - used, ",%.17g",
                                 row->min + (row->max - row->min) * k / (row->span - 1) * (high ? 1 : 0.1));
}

/* Every parameter of p (a step, or one of its parts) at both ends, written between `before` and `after`. */
static void ends_of(const td_processor *step, const td_processor *p, const char *before, const char *after)
{
    for (size_t i = 0; i < p->n_params; i++) {
        const td_param *row = &p->params[i];
        if (!row->name || row->flags & TD_GOAL || row->unit == TD_UNIT_FILE) continue;
        for (int high = 0; high < 2; high++) {
            char spec[2048], end[256];
            end_of(row, high, end, sizeof end);
            snprintf(spec, sizeof spec, "%s%s%s", before, end, after);
            stays_finite(step, spec);
        }
    }
}

static void both_ends_stay_finite(const td_processor *p)
{
    char spec[1024];
    ends_of(p, p, "", usual_spec(p, spec));
    for (const td_processor *const *part = p->parts; part && *part; part++) {
        char with[1200];
        snprintf(with, sizeof with, "%s | %s", spec, (*part)->name);
        ends_of(p, *part, with, "");
    }
}

static void neutral_is_a_wire(void **unused)
{
    (void)unused;
    static const double rates[] = { 44100, 48000, 96000 };
    for (size_t n = 0; n < sizeof neutral / sizeof *neutral; n++)
        for (size_t r = 0; r < 3; r++) {
            td_unit_state *u = sound_unit(rates[r], neutral[n].name, neutral[n].spec);
            size_t late = td_unit_latency(u);
            sound in = sound_noise(6000 + late, 7, 0.5), out = sound_copy(in);
            sound_run(u, out);
            double residual_db = sound_residual_db(in, out, late);
            if (!(residual_db <= neutral[n].residual_db))
                fail_msg("%s %s: residual %.1f dBFS at %g Hz, late by %zu", neutral[n].name, neutral[n].spec,
                         residual_db, rates[r], late);
            td_unit_free(u);
            sound_free(in), sound_free(out);
        }
}

/* Sounds that come in one after the other leave what they leave together: so groups add up to the mix. */
static void one_by_one_is_together(void **unused)
{
    (void)unused;
    static const char *const linear[] = { "align", "chorus",   "delay",  "eq",     "gain",
                                          "pan",   "polarity", "reverb", "rotate", "stereo" };
    enum { N = 40000, LATER = 12345 };
    for (size_t n = 0; n < sizeof linear / sizeof *linear; n++) {
        sound one = sound_noise(N, 8, 0.3), other = sound_noise(N, 9, 0.3), both = sound_new(N);
        for (unsigned c = 0; c < 2; c++) {
            memset(other.ch[c], 0, LATER * sizeof(float));
            for (size_t i = 0; i < N; i++) both.ch[c][i] = one.ch[c][i] + other.ch[c][i];
        }
        sound *const way[] = { &one, &other, &both };
        for (size_t k = 0; k < 3; k++) {
            td_unit_state *u = usual_unit(td_processor_find(linear[n]), RATE);
            td_unit_place(u, -100);
            sound_run(u, *way[k]);
            td_unit_free(u);
        }
        for (unsigned c = 0; c < 2; c++)
            for (size_t i = 0; i < N; i++) one.ch[c][i] += other.ch[c][i];
        double residual_db = sound_residual_db(one, both, 0);
        if (!(residual_db < -120)) fail_msg("%s: %.1f dBFS are left over", linear[n], residual_db);
        sound_free(one), sound_free(other), sound_free(both);
    }
}

/* |H|^2 as declared against the impulse response. */
static void power_as_declared(const td_processor *p)
{
    static const double freqs[] = { 40, 300, 1000, 5000, 15000 };
    if (!p->power_at) return;
    td_unit_state *u = usual_unit(p, RATE);
    sound s = sound_impulse(td_unit_latency(u) + td_unit_tail(u) + 4096, 1);
    sound_run(u, s);
    for (size_t f = 0; f < 5; f++) {
        double heard = 0;
        for (unsigned c = 0; c < 2; c++) heard += pow(cabs(sound_dft(s.ch[c], s.frames, freqs[f], RATE)), 2) / 2;
        double said = td_unit_power_at(u, freqs[f]);
        if (!(fabs(heard - said) <= 1e-4 * said + 1e-10))
            fail_msg("%s: %g Hz passes %.3f dB, %.3f dB declared", p->name, freqs[f], 10 * log10(heard),
                     10 * log10(said));
    }
    td_unit_free(u);
    sound_free(s);
}

/* process moves gain as sense and react say, with and without a key. */
static void halves_make_a_whole(const td_processor *p, bool keyed)
{
    enum { FRAMES = 12000 };
    td_unit_state *whole = usual_unit(p, RATE), *halves = usual_unit(p, RATE);
    const td_dynamics *d = p->dynamics;
    size_t n = d->detectors(td_unit_raw(whole));
    if (n < 1 || n > TD_DETECTORS_MAX) fail_msg("%s: %zu detectors", p->name, n);
    sound in = programme(FRAMES, 8), out = sound_copy(in), key = keyed ? programme(FRAMES, 9) : (sound){ 0 };
    float *gr = td_calloc2(TD_DETECTORS_MAX, FRAMES, sizeof *gr),
          *level = td_calloc2(TD_DETECTORS_MAX, FRAMES, sizeof *level);
    float *grs[TD_DETECTORS_MAX], *levels[TD_DETECTORS_MAX];
    for (size_t i = 0; i < n; i++) grs[i] = gr + i * FRAMES, levels[i] = level + i * FRAMES;
    sound_run_all(whole, out, key, grs, n, 64);
    const float *const ch[2] = { in.ch[0], in.ch[1] }, *const k[2] = { key.ch[0], key.ch[1] };
    for (size_t at = 0; at < FRAMES; at += 100) {
        const float *const c[2] = { ch[0] + at, ch[1] + at };
        const float *const kc[2] = { keyed ? k[0] + at : NULL, keyed ? k[1] + at : NULL };
        float *l[TD_DETECTORS_MAX];
        for (size_t i = 0; i < n; i++) l[i] = levels[i] + at;
        d->sense(td_unit_raw(halves), c, keyed ? kc : NULL, 100, l);
        for (size_t i = 0; i < n; i++) d->react(td_unit_raw(halves), i, l[i], 100, l[i]);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t t = 0; t < FRAMES; t++)
            if (!(fabsf(grs[i][t] - levels[i][t]) <= 1e-4f))
                fail_msg("%s: detector %zu moves %g dB at %zu, its halves %g dB", p->name, i, (double)grs[i][t], t,
                         (double)levels[i][t]);
    td_unit_free(whole), td_unit_free(halves);
    sound_free(in), sound_free(out), sound_free(key);
    free(gr), free(level);
}

/* Whoever leaves its attack to the model says what that brings, and what is written where it is. */
static void tells_its_attack(const td_processor *p)
{
    int slot = td_param_find(p, "attack");
    bool brings_its_own = slot >= 0 && isnan(p->params[slot].def);
    if (brings_its_own && !p->dynamics->attack_ms) fail_msg("%s: nobody knows its attack", p->name);
    if (!p->dynamics->attack_ms) return;
    td_unit_state *u = usual_unit(p, RATE);
    if (!(p->dynamics->attack_ms(td_unit_raw(u)) > 0)) fail_msg("%s: no attack", p->name);
    td_unit_free(u);
}

static void sense_and_react_make_process(const td_processor *p)
{
    if (!p->dynamics) return;
    tells_its_attack(p);
    halves_make_a_whole(p, false);
    halves_make_a_whole(p, true);
}

/* With a silent key the detector hears nothing, however loud the sound. */
static void keys_drive_as_declared(const td_processor *p)
{
    if (!p->hears_key || !p->dynamics) return;
    td_unit_state *u = usual_unit(p, RATE);
    size_t n = p->dynamics->detectors(td_unit_raw(u));
    sound in = programme(TD_BLOCK, 8);
    float silence[TD_BLOCK] = { 0 }, level[TD_DETECTORS_MAX][TD_BLOCK], *l[TD_DETECTORS_MAX];
    for (size_t i = 0; i < TD_DETECTORS_MAX; i++) l[i] = level[i];
    const float *const ch[2] = { in.ch[0], in.ch[1] }, *const key[2] = { silence, silence };
    p->dynamics->sense(td_unit_raw(u), ch, key, TD_BLOCK, l);
    for (size_t i = 0; i < n; i++)
        for (size_t t = 0; t < TD_BLOCK; t++)
            if (!(level[i][t] < 1e-9F)) fail_msg("%s: hears something else than its key", p->name);
    td_unit_free(u);
    sound_free(in);
}

/* What comes out of a sum is the sum of what comes out of its parts, loud or soft. */
static void linear_as_declared(const td_processor *p)
{
    if (!p->linear) return;
    if (p->dynamics || p->bends || p->timed) fail_msg("%s: cannot be linear", p->name);
    enum { FRAMES = 12000 };
    sound a = programme(FRAMES, 8), b = programme(FRAMES, 9), both = sound_new(FRAMES);
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < FRAMES; i++) both.ch[c][i] = a.ch[c][i] + (b.ch[c][i] *= 0.01F);
    sound part[] = { a, b, both };
    for (size_t i = 0; i < 3; i++) {
        td_unit_state *u = usual_unit(p, RATE);
        sound_run(u, part[i]);
        td_unit_free(u);
    }
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < FRAMES; i++)
            if (!(fabsf(both.ch[c][i] - a.ch[c][i] - b.ch[c][i]) < 2e-6F)) fail_msg("%s: is not linear", p->name);
    for (size_t i = 0; i < 3; i++) sound_free(part[i]);
}

#define EACH(holds)                           \
    static void holds##_in_all(void **unused) \
    {                                         \
        (void)unused;                         \
        each_step(holds);                     \
    }
EACH(blocks_do_not_matter)
EACH(reset_equals_fresh)
EACH(silence_stays_silence)
EACH(tails_hold)
EACH(power_as_declared)
EACH(both_ends_stay_finite)
EACH(sense_and_react_make_process)
EACH(keys_drive_as_declared)
EACH(linear_as_declared)

int main(void)
{
    td_denormals_off(); /* as every thread that touches audio */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(blocks_do_not_matter_in_all),
        cmocka_unit_test(reset_equals_fresh_in_all),
        cmocka_unit_test(silence_stays_silence_in_all),
        cmocka_unit_test(tails_hold_in_all),
        cmocka_unit_test(both_ends_stay_finite_in_all),
        cmocka_unit_test(neutral_is_a_wire),
        cmocka_unit_test(one_by_one_is_together),
        cmocka_unit_test(power_as_declared_in_all),
        cmocka_unit_test(sense_and_react_make_process_in_all),
        cmocka_unit_test(keys_drive_as_declared_in_all),
        cmocka_unit_test(linear_as_declared_in_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
