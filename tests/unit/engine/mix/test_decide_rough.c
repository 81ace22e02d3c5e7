/* A rough mix with known faders, late and squeezed: what the planner reads from it. */
#include "engine/base/units.h"
#include "tests/unit/engine/mix/decided.h"

#include <math.h>

#define RATE    44100
#define SECONDS 14.0
#define LATE    21717.25 /* samples: half a second and a fraction */

/* Noise that is the same at a time whoever asks, through one pole: low keeps the bass, else it is bright. */
static double noise(double at, unsigned seed)
{
    double whole = floor(at), part = at - whole, sum = 0, high = sin(M_PI * part) / M_PI;
    for (int k = -3; k <= 4; k++) { /* between samples as well */
        uint32_t x = (uint32_t)(int64_t)(whole + k) * 2654435761u + seed * 40503u;
        x ^= x >> 15, x *= 2246822519u, x ^= x >> 13, x *= 3266489917u, x ^= x >> 16;
        double u = part - k, w = 1 - u * u / 20.25;
        sum += ((double)x / 4294967296.0 - 0.5) * (fabs(u) < 1e-9 ? 1 : (k % 2 ? -high : high) / u * w * w);
    }
    return sum;
}

static double beat(double t, double every, double fall, double shift)
{
    return t < 0 ? 0 : exp(-fmod(t + shift, every) * fall);
}

static double drums_at(double t)
{
    return noise(t * RATE, 1) * beat(t, 0.47, 12, 0) * (fmod(t, 5.3) < 4.1);
}

static double bass_at(double t)
{
    return 0.5 * (noise(t * RATE / 6, 2) + sin(2 * M_PI * 82 * t)) * beat(t, 0.61, 3, 0.2);
}

static double piano_at(double t)
{
    return 0.4 * (noise(t * RATE / 2, 3) + sin(2 * M_PI * 440 * t) + sin(2 * M_PI * 1320 * t)) * beat(t, 0.83, 4, 0.4);
}

static double pad_at(double t)
{
    return t < 0 ? 0 : 0.2 * noise(t * RATE / 3, 4) * (1 + 0.5 * sin(2 * M_PI * 0.31 * t));
}

static const double fader_db[] = { 0, -3.5, +2.5, -6 };

static double drums(double t, unsigned c)
{
    (void)c;
    return drums_at(t);
}

static double bass(double t, unsigned c)
{
    (void)c;
    return bass_at(t);
}

static double piano(double t, unsigned c)
{
    (void)c;
    return piano_at(t);
}

static double pad(double t, unsigned c)
{
    (void)c;
    return pad_at(t);
}

/* A ride of 3 dB stands for the mix-bus compressor. */
static double rough_at(double at)
{
    double squeeze = pow(10, -1.5 * (1 + sin(2 * M_PI * 0.9 * at)) / 20);
    double part[] = { drums_at(at), bass_at(at), piano_at(at), pad_at(at) }, sum = 0;
    for (int i = 0; i < 4; i++) sum += pow(10, fader_db[i] / 20) * part[i];
    return 0.6 * squeeze * sum;
}

static double late_rough(double t, unsigned c)
{
    (void)c;
    return rough_at(t - LATE / RATE);
}

/* A bar of 2 s that is played over and over, to the sample; a pad tells the bars apart. */
static double looped_drums(double t, unsigned c)
{
    (void)c;
    return t < 0 ? 0 : noise(fmod(t, 0.25) * RATE, 1) * beat(t, 0.25, 20, 0);
}

static double looped_bass(double t, unsigned c)
{
    (void)c;
    double in = fmod(t, 2);
    return t < 0 ? 0 : 0.5 * (noise(in * RATE / 6, 2) + sin(2 * M_PI * 82 * in)) * beat(in, 0.5, 3, 0);
}

static double looped_piano(double t, unsigned c)
{
    (void)c;
    double in = fmod(t, 2);
    return t < 0 ? 0 : 0.4 * (noise(in * RATE / 2, 3) + sin(2 * M_PI * 440 * in)) * beat(in, 0.5, 4, 0.25);
}

/* Late by what a limiter's look-ahead leaves in front: half a step of the search. */
static double looped_rough(double at, unsigned c)
{
    double t = at - 0.005;
    double sum = pow(10, fader_db[0] / 20) * looped_drums(t, c) + pow(10, fader_db[1] / 20) * looped_bass(t, c);
    return sum + pow(10, fader_db[2] / 20) * looped_piano(t, c) + pow(10, fader_db[3] / 20) * pad_at(t);
}

static double elsewhere(double t, unsigned c)
{
    (void)c;
    return noise(t * RATE, 77) * beat(t, 0.37, 9, 0.11);
}

static const sound song[] = { drums, bass, piano, pad }, loops[] = { looped_drums, looped_bass, looped_piano, pad };

static td_plan *read_files(const char *const file[4], unsigned channels, const sound play[4], sound rough)
{
    scene *s = scene_new();
    td_error err = { 0 };
    for (int i = 0; i < 4; i++) scene_add(s, file[i], RATE, channels, SECONDS, play[i]);
    if (rough) scene_add(s, "as we heard it.wav", RATE, 2, SECONDS + 1, rough);
    td_session_wish open = { .stem = s->wish, .n_stems = 4, .rough = rough ? s->wish[4].file : NULL };
    if (td_session_open(&open, &s->session, &err)) fail_msg("%s: %s", err.where, err.what);
    td_plan *plan = decide(s, "").plan;
    scene_leave(s);
    return plan;
}

static td_plan *read_rough(const sound play[4], sound rough)
{
    static const char *const file[] = { "Drums.wav", "Bass.wav", "Piano.wav", "Pad.wav" };
    return read_files(file, 1, play, rough);
}

/* What reaches the mix bus of a bus against the drums, dB: stems count as they were delivered. */
static double against_drums(const td_plan *p, const char *name)
{
    double own = NAN, drum = NAN;
    for (size_t b = 0; b < p->n_buses; b++) {
        double gain = p->bus[b].clip_gain_db + p->bus[b].fader_db;
        if (!strcmp(p->bus[b].name, name)) own = gain;
        if (!strcmp(p->bus[b].name, "drums")) drum = gain;
    }
    return own - drum;
}

static void faders_are_read(const sound play[4], sound rough)
{
    td_plan *p = read_rough(play, rough);
    assert_int_equal(p->balance, TD_BALANCE_ROUGH); /* it came with the stems: nobody has to ask */
    const char *const names[] = { "bass", "keys", "synths" };
    for (int i = 0; i < 3; i++) {
        double off = against_drums(p, names[i]) - (fader_db[i + 1] - fader_db[0]);
        if (!(fabs(off) < 0.5)) fail_msg("%s is %.2f dB off", names[i], off);
    }
    td_plan_free(p);
}

static void test_faders_of_a_late_and_squeezed_rough(void **state)
{
    (void)state;
    faders_are_read(song, late_rough);
}

static void test_faders_of_loops(void **state)
{
    (void)state;
    faders_are_read(loops, looped_rough);
}

static bool same_faders(const td_plan *p, const td_plan *q)
{
    bool same = p->balance == q->balance && p->n_buses == q->n_buses;
    for (size_t b = 0; same && b < p->n_buses; b++) same = p->bus[b].fader_db == q->bus[b].fader_db;
    return same;
}

/* These are mono tracks: without the rough mix of another song they would be balanced, and so they are with it. */
static void test_another_song_changes_nothing(void **state)
{
    (void)state;
    td_plan *p = read_rough(song, elsewhere), *q = read_rough(song, NULL);
    assert_int_equal(q->balance, TD_BALANCE_LOUDNESS);
    assert_int_equal(p->balance, q->balance);
    assert_true(same_faders(p, q));
    assert_non_null(warned(p, "", "rough: these stems are not found in it"));
    td_plan_free(p);
    td_plan_free(q);
}

static void test_how_a_rough_mix_is_named(void **state)
{
    (void)state;
    scene *s = scene_new();
    for (int i = 0; i < 2; i++) scene_add(s, i ? "Bass.wav" : "Drums.wav", RATE, 1, 4, song[i]);
    decided d = decide(s, "balance: rough\n");
    assert_non_null(warned(d.plan, "", "there is no rough mix: balanced as without it; name it with --rough FILE"));
    leave(&d);
}

static double muted_rough(double t, unsigned c)
{
    (void)c;
    return 0.5 * drums_at(t) + pow(10, fader_db[2] / 20) * piano_at(t) + pow(10, fader_db[3] / 20) * pad_at(t);
}

/* Who is not in the rough mix is named and stands beside the others as without it. */
static void test_a_bus_that_is_not_in_it(void **state)
{
    (void)state;
    td_plan *p = read_rough(song, muted_rough), *q = read_rough(song, NULL);
    double piano = against_drums(p, "keys") - fader_db[2] + td_to_db(0.5);
    if (!(fabs(piano) < 0.5)) fail_msg("keys %.2f dB off", piano);
    assert_non_null(warned(p, "", "bass not found in the rough mix"));
    double off[3], bass_db = 0;
    size_t n = 0;
    for (size_t b = 0; b < p->n_buses; b++) {
        double x = p->bus[b].fader_db - q->bus[b].fader_db;
        if (!strcmp(p->bus[b].name, "bass"))
            bass_db = x;
        else
            off[n++] = x;
    }
    assert_int_equal(n, 3);
    double middle = fmax(fmin(off[0], off[1]), fmin(fmax(off[0], off[1]), off[2]));
    assert_true(fabs(bass_db - middle) < 0.02);
    td_plan_free(p);
    td_plan_free(q);
}

static double one_stem(double t, unsigned c)
{
    return 0.5 * piano_at(t) * (c ? 1 : 0.9);
}

/* One of two keyboards was sent as the rough mix: of one group alone nothing stands against another. */
static void a_stem_is_no_rough_mix(unsigned channels)
{
    static const char *const file[] = { "Drums.wav", "Piano.wav", "Organ.wav", "Pad.wav" };
    const sound play[] = { drums, piano, bass, pad };
    td_plan *p = read_files(file, channels, play, one_stem), *q = read_files(file, channels, play, NULL);
    assert_non_null(warned(p, "", "rough: only 1 of 3 groups found in it: it may be no rough mix of this song"));
    assert_true(same_faders(p, q));
    td_plan_free(p);
    td_plan_free(q);
}

static void test_a_stem_is_no_rough_mix(void **state)
{
    (void)state;
    a_stem_is_no_rough_mix(1);
    a_stem_is_no_rough_mix(2);
}

static double half_rough(double t, unsigned c)
{
    (void)c;
    return 0.5 * drums_at(t) + pow(10, fader_db[3] / 20) * pad_at(t);
}

/* Half of the groups say enough of each other; the others are not in it, and nobody is taken for them. */
static void test_half_of_a_song_is_followed(void **state)
{
    (void)state;
    td_plan *p = read_rough(song, half_rough);
    assert_int_equal(p->balance, TD_BALANCE_ROUGH);
    assert_true(fabs(against_drums(p, "synths") - fader_db[3] + td_to_db(0.5)) < 0.5);
    assert_non_null(warned(p, "", "bass not found in the rough mix"));
    assert_non_null(warned(p, "", "keys not found in the rough mix"));
    td_plan_free(p);
}

/* Tracks that all peak alike, and the mix in which one of a bus was far softer than its neighbour and panned. */
static const double loud_db[] = { -3, -20, -8, -12 };

static double panned_rough(double t, unsigned c)
{
    const double pan[] = { 0.5, 0.9, 0.5, 0.2 }; /* of a right angle: equal powers */
    double part[] = { drums_at(t), piano_at(t), bass_at(t), pad_at(t) }, sum = 0;
    for (int i = 0; i < 4; i++)
        sum += pow(10, loud_db[i] / 20) * part[i] * (c ? sin(pan[i] * M_PI / 2) : cos(pan[i] * M_PI / 2));
    return 0.5 * sum;
}

static double total_db(const td_plan *p, const char *name)
{
    for (size_t i = 0; i < p->n_stems; i++) {
        if (strcmp(p->stem[i].name, name) != 0) continue;
        for (size_t b = 0; b < p->n_buses; b++)
            if (!strcmp(p->bus[b].name, p->stem[i].bus))
                return p->stem[i].gain_db + p->bus[b].clip_gain_db + p->bus[b].fader_db;
    }
    return NAN;
}

static void test_stems_inside_a_bus(void **state)
{
    (void)state;
    static const char *const file[] = { "Kick.wav", "HiHat.wav", "Bass.wav", "Pad.wav" };
    const sound play[] = { drums, piano, bass, pad };
    td_plan *p = read_files(file, 1, play, panned_rough);
    assert_int_equal(p->balance, TD_BALANCE_ROUGH);
    for (int i = 1; i < 4; i++) {
        double off = total_db(p, file[i]) - total_db(p, file[0]) - (loud_db[i] - loud_db[0]);
        if (!(fabs(off) < 0.5)) fail_msg("%s is %.2f dB off", file[i], off);
    }
    td_plan_free(p);
}

static double hatless_rough(double t, unsigned c)
{
    (void)c;
    return 0.5 * drums_at(t) + 0.3 * bass_at(t) + 0.2 * pad_at(t);
}

static void test_a_stem_that_is_not_in_it(void **state)
{
    (void)state;
    static const char *const file[] = { "Kick.wav", "HiHat.wav", "Bass.wav", "Pad.wav" };
    const sound play[] = { drums, piano, bass, pad };
    td_plan *p = read_files(file, 1, play, hatless_rough);
    assert_int_equal(p->balance, TD_BALANCE_ROUGH);
    assert_non_null(warned(p, "", "rough: HiHat.wav not found in the rough mix: stands beside the others of drums"));
    assert_null(warned(p, "", "Kick.wav not found"));
    assert_true(fabs(total_db(p, "HiHat.wav") - total_db(p, "Kick.wav")) < 15); /* heard, as is usual */
    td_plan_free(p);
}

static double side(double x, double t, unsigned c)
{
    return c ? x : x * (0.9 + 0.1 * sin(2 * M_PI * 0.7 * t));
}

static double printed_drums(double t, unsigned c)
{
    return side(drums_at(t), t, c);
}

static double printed_bass(double t, unsigned c)
{
    return 0.3 * side(bass_at(t), t, c);
}

static double printed_piano(double t, unsigned c)
{
    return 0.1 * side(piano_at(t), t, c);
}

static double printed_pad(double t, unsigned c)
{
    return 0.1 * side(pad_at(t), t, c);
}

static double unlike_rough(double t, unsigned c)
{
    return 0.3 * (printed_drums(t, c) + printed_bass(t, c) + 8 * printed_piano(t, c) + printed_pad(t, c));
}

/* Printed stems stand about right: one that is 18 dB louder in the rough goes 12, and that is said. */
static void test_the_limit_is_told(void **state)
{
    (void)state;
    static const char *const file[] = { "Drums.wav", "Bass.wav", "Piano.wav", "Pad.wav" };
    const sound play[] = { printed_drums, printed_bass, printed_piano, printed_pad };
    td_plan *p = read_files(file, 2, play, unlike_rough);
    size_t told = 0;
    for (size_t b = 0; b < p->n_buses; b++) {
        bool held = strstr(p->bus[b].fader_reason, "; held at the limit of 12 dB") != NULL;
        assert_int_equal(held, !strcmp(p->bus[b].name, "keys"));
        told += held;
    }
    assert_int_equal(told, 1);
    td_plan_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faders_of_a_late_and_squeezed_rough),
        cmocka_unit_test(test_faders_of_loops),
        cmocka_unit_test(test_another_song_changes_nothing),
        cmocka_unit_test(test_how_a_rough_mix_is_named),
        cmocka_unit_test(test_a_bus_that_is_not_in_it),
        cmocka_unit_test(test_a_stem_is_no_rough_mix),
        cmocka_unit_test(test_half_of_a_song_is_followed),
        cmocka_unit_test(test_stems_inside_a_bus),
        cmocka_unit_test(test_a_stem_that_is_not_in_it),
        cmocka_unit_test(test_the_limit_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
