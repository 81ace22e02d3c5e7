/* What must hold of every plan, whatever the stems: nothing depends on order, threads, common gain or silence, and
 * where nothing is asked nothing is done. */
#include "tests/unit/engine/mix/decided.h"

#include <math.h>

#define SECONDS 4.2

static const char full[] = "topdown: recipe/1\n"
                           "name: full\n"
                           "title: T\n"
                           "tags: [ pop ]\n"
                           "balance: loudness\n"
                           "mix:\n"
                           "  chain:\n"
                           "    - eq: [ low_cut: { at: 30 Hz }, match: { target: auto } ]\n"
                           "    - compressor: { ratio: 2:1, attack: 10 ms, gain_reduction: at most 2 dB }\n"
                           "groups:\n"
                           "  drums: { chain: [ compressor: { ratio: 3:1, gain_reduction: about 3 dB } ] }\n"
                           "  vocals: { level: +1 dB, sends: { hall: -10 dB } }\n"
                           "returns:\n"
                           "  hall: { chain: [ reverb: { model: room } ] }\n"
                           "tracks:\n"
                           "  - fix: rumble\n"
                           "    for: all\n"
                           "    when: rumble > -40 dB and pause_level > -20 dB\n"
                           "    chain: [ eq: [ low_cut: { at: 20 to 80 Hz } ] ]\n";

static const char plain[] = "topdown: recipe/1\nname: r\ntitle: T\ntags: [ pop ]\n";

static const char bare[] = "topdown: recipe/1\nname: bare\ntitle: T\nbalance: delivered\n";

static const char fixed[] =
    "topdown: recipe/1\n"
    "name: fixed\n"
    "title: T\n"
    "mix:\n"
    "  chain:\n"
    "    - eq: [ bell: { at: 300 Hz, gain: -1 dB }, high_shelf: { at: 10 kHz, gain: 1 dB } ]\n"
    "    - compressor: { ratio: 2:1, attack: 10 ms, threshold: -20 dBFS }\n"
    "tracks:\n"
    "  - { fix: quiet, for: keys, level: %s, chain: [ eq: [ bell: { at: 1 kHz, gain: %s } ] ] }\n";

static double kick(double t, unsigned c)
{
    (void)c;
    double in = fmod(t, 0.5);
    return 0.7 * sin(2 * M_PI * 60 * in) * exp(-in * 20);
}

static double chord(double t, unsigned c)
{
    return (1 + 0.5 * sin(2 * M_PI * 0.7 * t)) * 0.1 *
           (sin(2 * M_PI * 220 * t) + sin(2 * M_PI * 331 * t + c) + sin(2 * M_PI * 2217 * t));
}

static double voice(double t, unsigned c)
{
    (void)c;
    return fmod(t, 1) < 0.6 ? 0.3 * sin(2 * M_PI * 440 * t + 3 * sin(2 * M_PI * 5 * t)) : 0;
}

/* A tone in every third octave from one band to another, falling as finished mixes do. */
static double wide(double t, int from, int to, double phase)
{
    double sum = 0;
    for (int i = from; i <= to; i++) sum += pow(10, -i * 0.01) * sin(2 * M_PI * 50 * exp2(i / 3.0) * t + phase * i * i);
    return sum;
}

static double hits(double t, unsigned c)
{
    (void)c;
    return 0.1 * wide(t, 0, 24, 1.7) * exp(-fmod(t, 0.5) * 12);
}

static double pad(double t, unsigned c)
{
    return 0.03 * (1 + 0.5 * sin(2 * M_PI * 0.7 * t)) * wide(t, 3, 24, 0.7 + c);
}

static double singer(double t, unsigned c)
{
    (void)c;
    return fmod(t, 1) < 0.6 ? 0.05 * wide(t, 5, 24, 2.1) : 0;
}

static double strum(double t, unsigned c)
{
    (void)c;
    return 0.03 * wide(t, 6, 21, 0.9) * exp(-fmod(t, 0.75) * 4);
}

static double soft_kick(double t, unsigned c)
{
    return kick(t, c) / 4;
}

static double soft_chord(double t, unsigned c)
{
    return chord(t, c) / 4;
}

static double soft_voice(double t, unsigned c)
{
    return voice(t, c) / 4;
}

static double nothing(double t, unsigned c)
{
    (void)t;
    (void)c;
    return 0;
}

typedef struct part {
    const char *name;
    unsigned channels;
    sound f;
} part;

static const part song[] = { { "Kick.wav", 1, kick }, { "Piano.wav", 2, chord }, { "Lead Vox.wav", 1, voice } };

static const part broad[] = {
    { "Drums.wav", 1, hits }, { "Piano.wav", 2, pad }, { "Lead Vox.wav", 1, singer }, { "Guitar.wav", 1, strum }
};

static scene *hear_for(const part *p, size_t n, double seconds)
{
    scene *s = scene_new();
    for (size_t i = 0; i < n; i++) scene_add(s, p[i].name, 48000, p[i].channels, seconds, p[i].f);
    scene_ready(s);
    return s;
}

static scene *hear(const part *p, size_t n)
{
    return hear_for(p, n, SECONDS);
}

static const td_plan_bus *bus(const td_plan *p, const char *name)
{
    for (size_t b = 0; b < p->n_buses; b++)
        if (!strcmp(p->bus[b].name, name)) return &p->bus[b];
    fail_msg("no bus %s", name);
    return NULL;
}

static void same_chain(const td_plan_chain *a, const td_plan_chain *b, double tolerance)
{
    assert_int_equal(a->n_steps, b->n_steps);
    for (size_t i = 0; i < a->n_steps; i++) {
        const td_plan_step *p = &a->step[i], *q = &b->step[i];
        assert_ptr_equal(p->proc, q->proc);
        assert_int_equal(p->n_parts, q->n_parts);
        for (size_t k = 0; k < p->proc->n_params; k++)
            if (isfinite(p->value[k])) assert_true(fabs(p->value[k] - q->value[k]) <= tolerance);
        for (size_t j = 0; j < p->n_parts; j++)
            for (size_t k = 0; k < p->part[j].proc->n_params; k++)
                if (isfinite(p->part[j].value[k]))
                    assert_true(fabs(p->part[j].value[k] - q->part[j].value[k]) <= tolerance);
    }
}

static void test_same_bytes_again_and_on_any_threads(void **state)
{
    (void)state;
    scene *s = hear(song, 3);
    td_pool *one;
    assert_int_equal(td_pool_new(1, &one), TD_OK);
    td_plan *plan[3] = { plan_on(s, full, s->pool), plan_on(s, full, s->pool), plan_on(s, full, one) };
    td_text text[3] = { 0 };
    for (int i = 0; i < 3; i++) assert_int_equal(td_plan_write(plan[i], &text[i]), TD_OK);
    assert_string_equal(text[0].data, text[1].data);
    assert_string_equal(text[0].data, text[2].data);
    for (int i = 0; i < 3; i++) {
        td_text_free(&text[i]);
        td_plan_free(plan[i]);
    }
    td_pool_free(one);
    scene_leave(s);
}

static void test_nothing_asked_nothing_done(void **state)
{
    (void)state;
    enum { N = 4096 };
    scene *s = hear(song, 3);
    td_plan *p = plan_on(s, bare, s->pool);
    td_rendered *r = rendered(wish_for(s, p));
    double gain = pow(10, (p->bus[0].clip_gain_db + p->bus[0].fader_db + p->trim_db) / 20), most = 0;
    static float x[2][N];
    for (size_t at = 0; at + N <= (size_t)(SECONDS * 48000); at += N) {
        assert_int_equal(td_scratch_read(r->premaster, (int64_t)at, (float *[]){ x[0], x[1] }, N, NULL), TD_OK);
        for (unsigned c = 0; c < 2; c++)
            for (size_t i = 0; i < N; i++) {
                double t = (double)(at + i) / 48000; /* mono stems stand in the middle, 3.01 dB down on each side */
                double sum = (float)chord(t, c) + sqrt(0.5) * ((double)(float)kick(t, c) + (double)(float)voice(t, c));
                most = fmax(most, fabs((double)x[c][i] - gain * sum));
            }
    }
    assert_true(most < 1e-6); /* -120 dBFS */
    td_rendered_free(r);
    td_plan_free(p);
    scene_leave(s);
}

static void test_common_gain_changes_clip_gains_only(void **state)
{
    (void)state;
    static const part soft[] = { { "Kick.wav", 1, soft_kick },
                                 { "Piano.wav", 2, soft_chord },
                                 { "Lead Vox.wav", 1, soft_voice } };
    scene *a = hear(song, 3), *b = hear(soft, 3);
    td_plan *p = plan_on(a, full, a->pool), *q = plan_on(b, full, b->pool);
    assert_int_equal(p->n_buses, q->n_buses);
    for (size_t i = 0; i < p->n_buses; i++) {
        assert_true(fabs(q->bus[i].clip_gain_db - p->bus[i].clip_gain_db - 12.04) < 0.02);
        assert_true(fabs(q->bus[i].fader_db - p->bus[i].fader_db) < 0.02);
        assert_true(fabs(q->bus[i].makeup_db - p->bus[i].makeup_db) < 0.11); /* a rounding step */
        same_chain(&p->bus[i].chain, &q->bus[i].chain, 0.11);
    }
    assert_true(fabs(p->trim_db - q->trim_db) < 0.11);
    same_chain(&p->mix, &q->mix, 0.11);
    td_plan_free(p);
    td_plan_free(q);
    scene_leave(a);
    scene_leave(b);
}

static double sax(double t, unsigned c)
{
    (void)c;
    return 0.05 * (1 + 0.4 * sin(2 * M_PI * 0.4 * t)) * (sin(2 * M_PI * 660 * t) + 0.5 * sin(2 * M_PI * 1320 * t));
}

static double bass(double t, unsigned c)
{
    (void)c;
    return 0.2 * sin(2 * M_PI * 82 * t) + 0.1 * sin(2 * M_PI * 164 * t);
}

/* Beats that ring below -70 LUFS, and fades into it: an absolute gate would see more of them when they are louder. */
static double ring(double t, unsigned c)
{
    (void)c;
    return 0.2 * sin(2 * M_PI * (5000 + 900 * sin(2 * M_PI * 70 * t)) * t) * exp(-fmod(t, 4) * 2.5);
}

static double fading(double t, unsigned c)
{
    return chord(t, c) * exp(-t * 0.7);
}

#define AT_GAINS(name)                                 \
    static double name##_halved(double t, unsigned c)  \
    {                                                  \
        return name(t, c) / 2;                         \
    }                                                  \
    static double name##_doubled(double t, unsigned c) \
    {                                                  \
        return name(t, c) * 2;                         \
    }
#define GAINS(name)                         \
    {                                       \
        name, name##_halved, name##_doubled \
    }
AT_GAINS(kick)
AT_GAINS(ring)
AT_GAINS(fading)
AT_GAINS(sax)
AT_GAINS(bass)
AT_GAINS(voice)

/* Powers of two, so that no sample is rounded otherwise. */
static void test_common_gain_moves_no_stem(void **state)
{
    (void)state;
    enum { N = 4, GAIN = 3 };
    static const double gain_db[GAIN] = { 0, -6.0206, 6.0206 };
    static const struct {
        const char *name;
        sound at[GAIN];
    } songs[][N] = {
        { { "Kick.wav", GAINS(kick) },
          { "Cymbals.wav", GAINS(ring) },
          { "Piano.wav", GAINS(fading) },
          { "Sax.wav", GAINS(sax) } },
        { { "Kick.wav", GAINS(kick) },
          { "Snare.wav", GAINS(ring) },
          { "Bass.wav", GAINS(bass) },
          { "Lead Vox.wav", GAINS(voice) } },
        { { "Tom.wav", GAINS(kick) },
          { "Ride.wav", GAINS(ring) },
          { "Organ.wav", GAINS(sax) },
          { "Piano.wav", GAINS(fading) } },
    };
    for (size_t k = 0; k < sizeof songs / sizeof songs[0]; k++) {
        scene *s[GAIN];
        td_plan *p[GAIN];
        for (size_t g = 0; g < GAIN; g++) {
            part parts[N];
            for (size_t i = 0; i < N; i++) parts[i] = (part){ songs[k][i].name, 1, songs[k][i].at[g] };
            s[g] = hear_for(parts, N, 9);
            p[g] = plan_on(s[g], plain, s[g]->pool);
            assert_int_equal(p[g]->balance, TD_BALANCE_LOUDNESS);
            for (size_t i = 0; i < N; i++) {
                assert_true(p[g]->stem[i].gain_db == p[0]->stem[i].gain_db);
                assert_true(p[g]->stem[i].pan == p[0]->stem[i].pan || isnan(p[0]->stem[i].pan));
            }
            for (size_t b = 0; b < p[0]->n_buses; b++) { /* clip gains are said to 0.01 dB */
                assert_true(fabs(p[g]->bus[b].clip_gain_db + gain_db[g] - p[0]->bus[b].clip_gain_db) < 0.011);
                assert_true(fabs(p[g]->bus[b].fader_db - p[0]->bus[b].fader_db) < 0.021);
            }
        }
        for (size_t g = 0; g < GAIN; g++) {
            td_plan_free(p[g]);
            scene_leave(s[g]);
        }
    }
}

static void test_order_of_stems_changes_nothing(void **state)
{
    (void)state;
    const part turned[] = { song[2], song[0], song[1] };
    scene *a = hear(song, 3), *b = hear(turned, 3);
    td_plan *p = plan_on(a, full, a->pool), *q = plan_on(b, full, b->pool);
    char one[TD_SHA256_HEX], other[TD_SHA256_HEX];
    assert_int_equal(td_plan_hash(p, one), TD_OK);
    assert_int_equal(td_plan_hash(q, other), TD_OK);
    assert_string_equal(one, other);
    td_plan_free(p);
    td_plan_free(q);
    scene_leave(a);
    scene_leave(b);
}

static void test_a_silent_stem_changes_nothing(void **state)
{
    (void)state;
    const part more[] = { song[0], song[1], song[2], { "Guitar.wav", 2, nothing }, { "Snare.wav", 1, nothing } };
    scene *a = hear(song, 3), *b = hear(more, 5);
    td_plan *p = plan_on(a, full, a->pool), *q = plan_on(b, full, b->pool);
    for (size_t i = 0; i < p->n_buses; i++) {
        const td_plan_bus *x = &p->bus[i], *y = bus(q, x->name);
        assert_true(x->clip_gain_db == y->clip_gain_db && x->fader_db == y->fader_db && x->makeup_db == y->makeup_db);
        same_chain(&x->chain, &y->chain, 0);
    }
    assert_true(p->trim_db == q->trim_db);
    same_chain(&p->mix, &q->mix, 0);
    td_plan_free(p);
    td_plan_free(q);
    scene_leave(a);
    scene_leave(b);
}

static double shout(double t, double from)
{
    return t > from && t < from + 2 ? 0.6 * sin(2 * M_PI * 520 * t + 4 * sin(2 * M_PI * 5 * t)) : 0;
}

static double hit(double t, double from)
{
    return t > from && t < from + 2 ? kick(1.7 * t, 0) : 0;
}

#define BRIEF(name, what, from)              \
    static double name(double t, unsigned c) \
    {                                        \
        return (void)c, what(t, from);       \
    }
BRIEF(early_shout, shout, 0.3)
BRIEF(shout_between, shout, 5)
BRIEF(late_shout, shout, 13.4)
BRIEF(early_hits, hit, 0.3)
BRIEF(hits_between, hit, 5)
BRIEF(late_hits, hit, 13.4)

/* All that a stem is raised by on its way into the mix. */
static double stands_db(const td_plan *p, const char *name)
{
    for (size_t i = 0; i < p->n_stems; i++) {
        if (strcmp(p->stem[i].name, name) != 0) continue;
        const td_plan_bus *b = bus(p, p->stem[i].bus);
        return p->stem[i].gain_db + b->clip_gain_db + b->fader_db;
    }
    fail_msg("no stem %s", name);
    return NAN;
}

enum { BAND = 4 };

/* By how much one stem more parts those of a band: what all have in common is the trim's, for the highest fader stands
 * at 0 dB. */
static double parted_db(const part *band, const td_plan *alone, part more)
{
    part all[BAND + 1];
    memcpy(all, band, BAND * sizeof *band);
    all[BAND] = more;
    scene *s = hear_for(all, BAND + 1, 16);
    td_plan *p = plan_on(s, plain, s->pool);
    double lowest = INFINITY, highest = -INFINITY;
    for (int i = 0; i < BAND; i++) {
        double moved = stands_db(p, band[i].name) - stands_db(alone, band[i].name);
        lowest = fmin(lowest, moved);
        highest = fmax(highest, moved);
    }
    td_plan_free(p);
    scene_leave(s);
    return highest - lowest;
}

/* Raw tracks, whose faders are ours to set; what sounds for 2 s neither leads nor makes a kit of a kick. */
static void test_two_seconds_move_nobody(void **state)
{
    (void)state;
    static const part bands[][BAND] = {
        { { "Kick.wav", 1, kick }, { "Bass.wav", 1, bass }, { "Piano.wav", 1, chord }, { "Sax.wav", 1, sax } },
        { { "Bass.wav", 1, bass },
          { "Organ.wav", 1, chord },
          { "Synth Lead.wav", 1, sax },
          { "Strings.wav", 1, voice } },
    };
    static const part brief[] = {
        { "Lead Vox.wav", 1, early_shout }, { "Lead Vox.wav", 1, shout_between },
        { "Lead Vox.wav", 1, late_shout },  { "Lead Guitar.wav", 1, shout_between },
        { "Snare.wav", 1, early_hits },     { "Snare.wav", 1, hits_between },
        { "Snare.wav", 1, late_hits },
    };
    for (size_t b = 0; b < sizeof bands / sizeof bands[0]; b++) {
        scene *s = hear_for(bands[b], BAND, 16);
        td_plan *alone = plan_on(s, plain, s->pool);
        assert_int_equal(alone->balance, TD_BALANCE_LOUDNESS);
        for (size_t k = 0; k < sizeof brief / sizeof brief[0]; k++) {
            double apart = parted_db(bands[b], alone, brief[k]);
            if (!(apart <= 1)) fail_msg("%s (%zu) parts band %zu by %.2f dB", brief[k].name, k, b, apart);
        }
        td_plan_free(alone);
        scene_leave(s);
    }
}

static bool is_fixed(const td_plan *p)
{
    bool made = false;
    for (size_t i = 0; i < p->n_stems; i++) made = made || p->stem[i].chain.n_steps;
    return made;
}

/* From the top down: what a track needs is decided when the mix bus stands. */
static void test_a_fix_changes_no_step_of_the_mix_bus(void **state)
{
    (void)state;
    char with[sizeof fixed + 16], without[sizeof fixed + 16];
    snprintf(with, sizeof with, fixed, "-3 dB", "-6 dB");
    snprintf(without, sizeof without, fixed, "0 dB", "0 dB");
    scene *s = hear(song, 3);
    td_plan *p = plan_on(s, with, s->pool), *q = plan_on(s, without, s->pool);
    assert_true(is_fixed(p) && !is_fixed(q));
    same_chain(&p->mix, &q->mix, 0);
    td_plan_free(p);
    td_plan_free(q);
    scene_leave(s);
}

/* What is in dB follows the level that reaches a goal and the tone of what is finished: by 1 dB at most. */
static void same_values(const td_processor *proc, const double *a, const double *b)
{
    for (size_t k = 0; k < proc->n_params; k++) {
        bool level = proc->params[k].unit == TD_UNIT_DB || proc->params[k].unit == TD_UNIT_DBFS;
        assert_int_equal(isfinite(a[k]), isfinite(b[k]));
        if (isfinite(a[k]) && !(fabs(a[k] - b[k]) <= (level ? 1 : 0)))
            fail_msg("%s %s: %g, not %g", proc->name, proc->params[k].name, b[k], a[k]);
    }
}

/* All bells of the library's mix buses are a match's, which follows the finished spectrum. */
static size_t next_written(const td_plan_step *s, size_t k)
{
    while (k < s->n_parts && !strcmp(s->part[k].proc->name, "bell")) k++;
    return k;
}

static void same_steps_and_bands(const td_plan_chain *a, const td_plan_chain *b)
{
    assert_int_equal(a->n_steps, b->n_steps);
    for (size_t i = 0; i < a->n_steps; i++) {
        const td_plan_step *p = &a->step[i], *q = &b->step[i];
        assert_string_equal(p->name, q->name);
        same_values(p->proc, p->value, q->value);
        size_t k = next_written(p, 0), m = next_written(q, 0);
        for (; k < p->n_parts && m < q->n_parts; k = next_written(p, k + 1), m = next_written(q, m + 1)) {
            assert_ptr_equal(p->part[k].proc, q->part[m].proc);
            same_values(p->part[k].proc, p->part[k].value, q->part[m].value);
        }
        assert_true(k == p->n_parts && m == q->n_parts);
    }
}

static void test_a_fix_leaves_the_mix_bus_of_the_library_as_it_is(void **state)
{
    (void)state;
    static const char form[] =
        "topdown: recipe/1\nname: a\ntitle: A\nextends: %s\n"
        "tracks:\n"
        "  - { fix: quiet, for: guitars, level: %s, chain: [ eq: [ bell: { at: 1 kHz, gain: %s } ] ] }\n";
    td_library *l;
    const td_library_entry *entry;
    assert_int_equal(td_library_open("recipes/library", &l, NULL), TD_OK);
    size_t n = td_library_entries(l, &entry), seen = 0;
    scene *s = hear(broad, 4);
    for (size_t i = 0; i < n; i++) {
        char with[sizeof form + 64], without[sizeof form + 64];
        if (entry[i].shadowed || !td_starts_with(entry[i].path, "recipes/library/")) continue;
        snprintf(with, sizeof with, form, entry[i].name, "-3 dB", "-6 dB");
        snprintf(without, sizeof without, form, entry[i].name, "0 dB", "0 dB");
        td_plan *p = plan_of(s, l, with, s->pool), *q = plan_of(s, l, without, s->pool);
        assert_true(is_fixed(p) && !is_fixed(q));
        same_steps_and_bands(&p->mix, &q->mix);
        td_plan_free(p);
        td_plan_free(q);
        seen++;
    }
    assert_true(seen >= 8);
    td_library_free(l);
    scene_leave(s);
}

/* Groups are heard through the mix bus: what it takes from a band, no group needs to take again. The other way round
 * nothing changes. */
static void test_the_mix_bus_may_change_groups(void **state)
{
    (void)state;
    static const char form[] = "topdown: recipe/1\nname: r\ntitle: T\n"
                               "mix: { chain: [ eq: [ bell: { at: 220 Hz, gain: %s, q: 0.5 } ] ] }\n"
                               "groups:\n"
                               "  keys:\n"
                               "    chain:\n"
                               "      - eq: [ bell: { at: 220 Hz, gain: -6 to 0 dB } ]\n"
                               "        when: mix_excess(180 to 280 Hz) > %s\n";
    char text[3][sizeof form + 32];
    snprintf(text[0], sizeof text[0], form, "-0.5 dB", "-20 dB");
    snprintf(text[1], sizeof text[1], form, "-12 dB", "-20 dB");
    snprintf(text[2], sizeof text[2], form, "-0.5 dB", "+90 dB");
    scene *s = hear(song, 3);
    td_plan *open = plan_on(s, text[0], s->pool), *cut = plan_on(s, text[1], s->pool),
            *none = plan_on(s, text[2], s->pool);
    assert_int_equal(bus(open, "keys")->chain.n_steps, 1);
    assert_string_not_equal(bus(open, "keys")->chain.step[0].part[0].reason,
                            bus(cut, "keys")->chain.n_steps ? bus(cut, "keys")->chain.step[0].part[0].reason : "");
    assert_int_equal(bus(none, "keys")->chain.n_steps, 0);
    same_chain(&open->mix, &none->mix, 0);
    td_plan_free(open);
    td_plan_free(cut);
    td_plan_free(none);
    scene_leave(s);
}

static double opposed(double t, unsigned c)
{
    return 0.1 * sin(2 * M_PI * 110 * t) * (c ? -1 : 1) + 0.1 * sin(2 * M_PI * 1000 * t);
}

static void test_sides_that_cancel_are_told(void **state)
{
    (void)state;
    static const part parts[] = { { "Piano.wav", 2, chord }, { "Synth Pad.wav", 2, opposed } };
    scene *s = hear(parts, 2);
    td_plan *p = plan_on(s, bare, s->pool);
    assert_int_equal(times_told(p, "cancel"), 1);
    assert_non_null(warned(p, "synths: its sides cancel around 125 Hz (correlation -1.00)", ""));
    td_plan_free(p);
    scene_leave(s);
}

/* Power 1 in the middle and 1.6 at the sides: correlation (1 - 1.6) / (1 + 1.6) = -0.23. */
static double half_opposed(double t, unsigned c)
{
    double middle = sin(2 * M_PI * 1000 * t), side = sqrt(1.6) * sin(2 * M_PI * 1100 * t);
    return 0.1 * (middle + (c ? -side : side));
}

static void test_a_mix_whose_sides_cancel_is_told(void **state)
{
    (void)state;
    static const part parts[] = { { "Piano.wav", 2, half_opposed }, { "Synth Pad.wav", 2, half_opposed } };
    scene *s = hear(parts, 2);
    td_plan *p = plan_on(s, bare, s->pool);
    assert_int_equal(times_told(p, "cancel"), 1);
    assert_non_null(warned(p, "mix: its sides cancel around 1 kHz (correlation -0.2", ""));
    td_plan_free(p);
    scene_leave(s);
}

/* Two sines beside each other are as loud on each side and have nothing in common; in mono 3 dB of them are lost. */
static double unlike(double t, unsigned c)
{
    return 0.2 * sin(2 * M_PI * (c ? 100 : 50) * t);
}

static size_t lows_told(const char *name, sound lows)
{
    const part parts[] = { { "Piano.wav", 2, chord }, { name, 2, lows } };
    scene *s = hear(parts, 2);
    td_plan *p = plan_on(s, bare, s->pool);
    size_t n = times_told(p, "sides differ below 120 Hz");
    const char *told_so = told(p, "bass: its sides differ");
    if (n) {
        double correlation, lost_db;
        assert_non_null(told_so);
        assert_int_equal(sscanf(told_so,
                                "bass: its sides differ below 120 Hz (correlation %lf); where lows are played in mono "
                                "%lf dB of them are lost",
                                &correlation, &lost_db),
                         2);
        assert_float_equal(correlation, 0, 0.05);
        assert_float_equal(lost_db, 3.01, 0.2);
    }
    td_plan_free(p);
    scene_leave(s);
    return n;
}

static double same_low(double t, unsigned c)
{
    return unlike(t, 0) + 0 * c;
}

static void test_lows_that_differ_are_told(void **state)
{
    (void)state;
    assert_int_equal(lows_told("Bass.wav", unlike), 1);
    assert_int_equal(lows_told("Bass.wav", same_low), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bytes_again_and_on_any_threads),
        cmocka_unit_test(test_nothing_asked_nothing_done),
        cmocka_unit_test(test_common_gain_changes_clip_gains_only),
        cmocka_unit_test(test_common_gain_moves_no_stem),
        cmocka_unit_test(test_order_of_stems_changes_nothing),
        cmocka_unit_test(test_a_silent_stem_changes_nothing),
        cmocka_unit_test(test_two_seconds_move_nobody),
        cmocka_unit_test(test_a_fix_changes_no_step_of_the_mix_bus),
        cmocka_unit_test(test_a_fix_leaves_the_mix_bus_of_the_library_as_it_is),
        cmocka_unit_test(test_the_mix_bus_may_change_groups),
        cmocka_unit_test(test_sides_that_cancel_are_told),
        cmocka_unit_test(test_a_mix_whose_sides_cancel_is_told),
        cmocka_unit_test(test_lows_that_differ_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
