/* Stems whose names say nothing: what is plain is guessed, what is not is left, and a name is never overruled. */
#include "tests/unit/engine/mix/scene.h"

#include "engine/mix/open/open.h"

#include <math.h>

#define SECONDS 6

/* A repeatable number from -1 to 1. */
static double scatter(double x)
{
    double y = sin(x * 12.9898) * 43758.5453;
    return 2 * (y - floor(y)) - 1;
}

/* Noise with straight lines between `rate` points a second. */
static double noise(double t, double rate)
{
    double x = t * rate, at = floor(x);
    return scatter(at) + (x - at) * (scatter(at + 1) - scatter(at));
}

static double kick(double t, unsigned c)
{
    double in = fmod(t, 0.5);
    (void)c;
    return 0.8 * sin(2 * M_PI * (48 * in + 2.5 * (1 - exp(-in * 40)))) * exp(-in * 20);
}

static double snare(double t, unsigned c)
{
    double in = fmod(t + 0.25, 0.5);
    (void)c;
    return (0.5 * (noise(t, 3000) - noise(t + 1.0 / 4000, 3000)) + 0.4 * sin(2 * M_PI * 190 * in)) * exp(-in * 25);
}

static double hat(double t, unsigned c)
{
    (void)c;
    return 0.3 * (noise(t, 48000) - noise(t + 1.0 / 48000, 48000)) * exp(-fmod(t, 0.25) * 60);
}

static double bass(double t, unsigned c)
{
    static const double note[] = { 41.2, 55, 49, 61.7 };
    double in = fmod(t, 0.5), f = note[(int)(t / 0.5) % 4], sum = 0;
    (void)c;
    for (int k = 1; k < 6; k++) sum += sin(2 * M_PI * f * k * t) / (k * k);
    return in < 0.45 ? 0.4 * sum * exp(-in * 2) * fmin(1, in * 200) : 0;
}

static double pad(double t, unsigned c)
{
    return 0.1 * (sin(2 * M_PI * 220 * t) + sin(2 * M_PI * 277 * t + c) + sin(2 * M_PI * 330 * t)) * fmin(1, t / 2);
}

static double voice(double t, unsigned c)
{
    double sum = 0;
    (void)c;
    for (int k = 1; k < 12; k++) sum += sin(2 * M_PI * 220 * k * t + 2 * k * sin(2 * M_PI * 5 * t)) / k;
    return fmod(t, 1.5) < 1.1 ? 0.1 * sum : 0;
}

static double nothing(double t, unsigned c)
{
    (void)c;
    return 0 * t;
}

static const struct {
    const char *file, *role;
    sound sound;
    td_role_source source;
} stems[] = {
    { "Audio 1.wav", "drums.kick", kick, TD_ROLE_FROM_SOUND },
    { "Audio 2.wav", "drums.snare", snare, TD_ROLE_FROM_SOUND },
    { "Audio 3.wav", "drums.cymbals", hat, TD_ROLE_FROM_SOUND },
    { "Audio 4.wav", "bass", bass, TD_ROLE_FROM_SOUND },
    { "Audio 5.wav", "other", pad, TD_ROLE_UNKNOWN },
    { "Audio 6.wav", "other", voice, TD_ROLE_UNKNOWN },
    { "Audio 7.wav", "other", nothing, TD_ROLE_UNKNOWN },
    { "Bass DI.wav", "bass.di", kick, TD_ROLE_FROM_NAME },
};

enum { STEMS = sizeof stems / sizeof *stems };

static double loudly;
static sound now;

static double scaled(double t, unsigned c)
{
    return loudly * now(t, c);
}

/* Level, rate and channels change nothing of what a thing is. */
static void hear_all(double gain, unsigned rate_hz, unsigned channels)
{
    scene *s = scene_new();
    loudly = gain;
    for (size_t i = 0; i < STEMS; i++) {
        now = stems[i].sound;
        scene_add(s, stems[i].file, rate_hz, channels, SECONDS, scaled);
    }
    scene_open(s);
    for (size_t i = 0; i < STEMS; i++) {
        const td_role *r = &s->session->stem[scene_stem(s, stems[i].file)].role;
        if (strcmp(r->name, stems[i].role)) fail_msg("%s is %s (%s)", stems[i].file, r->name, r->why);
        assert_int_equal(r->source, stems[i].source);
        if (!strcmp(stems[i].file, "Audio 5.wav")) assert_non_null(strstr(r->why, "could be several things"));
        if (r->source != TD_ROLE_UNKNOWN) assert_int_equal(r->guess, r->source == TD_ROLE_FROM_SOUND);
    }
    scene_free(s);
}

static void what_is_plain_is_guessed(void **state)
{
    (void)state;
    hear_all(1, 48000, 1);
}

static void at_any_level_rate_and_width(void **state)
{
    (void)state;
    hear_all(0.01, 44100, 2);
}

static void a_guess_says_why(void **state)
{
    (void)state;
    scene *s = scene_new();
    scene_add(s, "01.wav", 48000, 1, SECONDS, kick);
    scene_open(s);
    assert_non_null(strstr(s->session->stem[0].role.why, "deep, struck and gone"));
    assert_string_equal(s->session->bus[0].name, "drums");
    assert_false(s->session->stem[0].faults & TD_FAULT_BIT(UNKNOWN_ROLE));
    scene_free(s);
}

/* On several threads and into a cache: the same roles, and the next time the files are not read; what is damaged in the
 * cache is no memory. */
static void what_was_heard_is_kept(void **state)
{
    (void)state;
    scene *s = scene_new();
    td_error err = { 0 };
    char cache[96], kept[224];
    snprintf(cache, sizeof cache, "%s/cache", s->path);
    for (size_t i = 0; i < STEMS; i++) scene_add(s, stems[i].file, 48000, 1, SECONDS, stems[i].sound);
    assert_int_equal(td_pool_new(3, &s->pool), TD_OK);
    td_session_wish wish = { .stem = s->wish, .n_stems = s->n, .cache = cache, .pool = s->pool };
    if (td_session_open(&wish, &s->session, &err)) fail_msg("%s: %s", err.where, err.what);
    for (size_t i = 0; i + 1 < STEMS; i++) {
        td_stem m = s->session->stem[scene_stem(s, stems[i].file)];
        td_role was = m.role;
        assert_string_equal(was.name, stems[i].role);
        m.path = "/nowhere.wav";
        m.role = (td_role){ .name = "other", .source = TD_ROLE_UNKNOWN };
        assert_int_equal(td_stem_listen(&m, cache, &err), TD_OK);
        assert_string_equal(m.role.name, was.name);
        assert_int_equal(m.role.source, was.source);
        snprintf(kept, sizeof kept, "%s/%s.sound", cache, m.sha256);
        FILE *f = fopen(kept, "r+b");
        assert_non_null(f);
        fseek(f, 20, SEEK_SET);
        int byte = fgetc(f);
        fseek(f, 20, SEEK_SET);
        fputc(byte ^ 1, f);
        fclose(f);
        assert_int_not_equal(td_stem_listen(&m, cache, &err), TD_OK);
    }
    td_pool_free(s->pool);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_plain_is_guessed),
        cmocka_unit_test(at_any_level_rate_and_width),
        cmocka_unit_test(a_guess_says_why),
        cmocka_unit_test(what_was_heard_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
