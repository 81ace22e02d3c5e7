/* tests/unit/engine/audio/folder.h - what the tests of this room share: a folder of their own, tones, other programs.
 */
#ifndef FOLDER_H
#define FOLDER_H

#include "engine/audio/audio.h"

#include <complex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FOLDER_INLINE static inline __attribute__((unused))

static char folder[256];

FOLDER_INLINE int folder_make(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%.200s/td-audio-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

FOLDER_INLINE int folder_remove(void **state)
{
    (void)state;
    char command[300];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

/* A path in the folder; good for three calls more. */
FOLDER_INLINE const char *in_folder(const char *name)
{
    static char path[4][512];
    static unsigned next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

/* What a shell command prints; it has to succeed. Returns the number of bytes. */
FOLDER_INLINE size_t run(const char *command, void *out, size_t size)
{
    FILE *f = popen(command, "r");
    assert_non_null(f);
    size_t n = fread(out, 1, size - 1, f);
    ((char *)out)[n] = 0;
    if (pclose(f) != 0) fail_msg("failed: %s", command);
    return n;
}

/* `call` hands `err` on. */
#define assert_ok(call)                                                                              \
    do {                                                                                             \
        td_error ok_error = { 0 }, *err = &ok_error;                                                 \
        td_status ok_status = (call);                                                                \
        char ok_text[1300];                                                                          \
        (void)err;                                                                                   \
        if (ok_status) fail_msg("%s: %s", #call, td_error_text(&ok_error, ok_text, sizeof ok_text)); \
    } while (0)

#define assert_near(a, b, tolerance)                                                       \
    do {                                                                                   \
        double a_ = (a), b_ = (b);                                                         \
        if (!(fabs(a_ - b_) <= (tolerance))) fail_msg("%s is %.6g, not %.6g", #a, a_, b_); \
    } while (0)

typedef struct sound {
    unsigned rate_hz, channels;
    size_t frames;
    float *ch[2];
} sound;

FOLDER_INLINE sound sound_new(unsigned rate_hz, unsigned channels, size_t frames)
{
    sound s = { .rate_hz = rate_hz, .channels = channels, .frames = frames };
    for (unsigned c = 0; c < 2; c++) assert_non_null(s.ch[c] = calloc(frames + 1, sizeof(float)));
    return s;
}

FOLDER_INLINE void sound_free(sound *s)
{
    for (unsigned c = 0; c < 2; c++) free(s->ch[c]);
}

/* Left a sine, right a cosine at half the level: sides that are mixed up, or out of step, show. */
FOLDER_INLINE sound tone(unsigned rate_hz, unsigned channels, size_t frames, double freq_hz, double peak)
{
    sound s = sound_new(rate_hz, channels, frames);
    for (size_t i = 0; i < frames; i++) {
        double angle = 2 * TD_PI * freq_hz * (double)i / rate_hz;
        s.ch[0][i] = (float)(peak * sin(angle));
        s.ch[1][i] = (float)(peak / 2 * cos(angle));
    }
    return s;
}

FOLDER_INLINE void write_sound(const char *path, const td_file_spec *spec, const td_tags *tags, const sound *s,
                               size_t block)
{
    td_writer *w;
    assert_ok(td_writer_open(path, spec, tags, &w, err));
    for (size_t at = 0; at < s->frames; at += block) {
        const float *ch[2] = { s->ch[0] + at, s->ch[1] + at };
        assert_ok(td_writer_write(w, ch, block < s->frames - at ? block : s->frames - at, err));
    }
    assert_ok(td_writer_commit(w, true, err));
}

FOLDER_INLINE sound read_source(const char *left, const char *right, unsigned rate_hz, size_t block)
{
    td_source *s;
    assert_ok(td_source_open(left, right, rate_hz, &s, err));
    sound out = sound_new(rate_hz, td_source_channels(s), td_source_frames(s));
    for (size_t at = 0, got = 1; got; at += got) {
        float *ch[2] = { out.ch[0] + at, out.ch[1] + at };
        assert_ok(td_source_read(s, ch, block, &got, err));
        assert_true(at + got <= out.frames);
        if (!got) assert_int_equal(at, out.frames);
    }
    td_source_close(s);
    return out;
}

/* 20 log10 of the difference's rms against full scale, between `from` and `to`; -INFINITY when there is none. */
FOLDER_INLINE double difference_db(const float *a, const float *b, size_t from, size_t to)
{
    double sum = 0;
    for (size_t i = from; i < to; i++) sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return 10 * log10(sum / (double)(to - from) * 2);
}

#endif
