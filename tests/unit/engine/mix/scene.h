/* tests/unit/engine/mix/scene.h - a folder of stems made of formulas, opened as a session and heard. */
#ifndef TEST_MIX_SCENE_H
#define TEST_MIX_SCENE_H

#include "engine/mix/survey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCENE_MAX 16

typedef struct scene {
    char path[64];
    td_arena *arena;
    td_stem_wish wish[SCENE_MAX];
    size_t n;
    td_session *session;
    td_pool *pool;
    td_survey *survey;
} scene;

/* A sample of channel c at t seconds. */
typedef double (*sound)(double t, unsigned c);

static inline scene *scene_new(void)
{
    scene *s = calloc(1, sizeof *s);
    strcpy(s->path, "/tmp/topdown-scene-XXXXXX");
    assert_non_null(mkdtemp(s->path));
    s->arena = td_arena_new();
    return s;
}

static inline void scene_add_as(scene *s, td_codec codec, const char *name, unsigned rate_hz, unsigned channels,
                                double seconds, sound f)
{
    const char *path = td_arena_printf(s->arena, "%s/%s", s->path, name);
    size_t frames = (size_t)(seconds * rate_hz);
    float *ch[2] = { td_calloc2(frames, 1, sizeof(float)), td_calloc2(frames, 1, sizeof(float)) };
    td_file_spec spec = { .codec = codec, .bits = 32, .rate_hz = rate_hz, .channels = channels };
    td_writer *w;
    for (unsigned c = 0; c < channels; c++)
        for (size_t i = 0; i < frames; i++) ch[c][i] = (float)f((double)i / rate_hz, c);
    assert_int_equal(td_writer_open(path, &spec, NULL, &w, NULL), TD_OK);
    assert_int_equal(td_writer_write(w, (const float *const *)ch, frames, NULL), TD_OK);
    assert_int_equal(td_writer_commit(w, true, NULL), TD_OK);
    free(ch[0]);
    free(ch[1]);
    s->wish[s->n++] = (td_stem_wish){ .file = path, .pan = NAN };
}

static inline void scene_add(scene *s, const char *name, unsigned rate_hz, unsigned channels, double seconds, sound f)
{
    scene_add_as(s, TD_CODEC_WAV, name, rate_hz, channels, seconds, f);
}

static inline void scene_open(scene *s)
{
    td_session_wish wish = { .stem = s->wish, .n_stems = s->n };
    td_error err = { 0 };
    if (td_session_open(&wish, &s->session, &err)) fail_msg("%s: %s", err.where, err.what);
}

static inline td_survey *scene_hear(scene *s, unsigned threads)
{
    td_error err = { 0 };
    td_survey *survey;
    td_pool *pool;
    assert_int_equal(td_pool_new(threads, &pool), TD_OK);
    if (td_survey_make(s->session, pool, s->path, NULL, NULL, &survey, &err)) fail_msg("%s: %s", err.where, err.what);
    td_pool_free(pool);
    return survey;
}

static inline void scene_free(scene *s)
{
    char command[128];
    td_survey_free(s->survey);
    td_session_free(s->session);
    td_arena_free(s->arena);
    snprintf(command, sizeof command, "rm -rf '%s'", s->path);
    assert_int_equal(system(command), 0);
    free(s);
}

static inline size_t scene_stem(const scene *s, const char *name)
{
    for (size_t i = 0; i < s->session->n_stems; i++)
        if (!strcmp(s->session->stem[i].name, name)) return i;
    fail_msg("no stem %s", name);
    return 0;
}

static inline size_t scene_bus(const scene *s, const char *name)
{
    for (size_t i = 0; i < s->session->n_buses; i++)
        if (!strcmp(s->session->bus[i].name, name)) return i;
    fail_msg("no bus %s", name);
    return 0;
}

#endif
