#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/mix/session.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- a folder of small stems ------------------------------------------------------------------------------------- */

typedef struct folder {
    char path[64];
    td_arena *arena;
} folder;

static int open_folder(void **state)
{
    folder *f = calloc(1, sizeof *f);
    strcpy(f->path, "/tmp/topdown-session-XXXXXX");
    f->arena = td_arena_new();
    *state = f;
    return !mkdtemp(f->path);
}

static int close_folder(void **state)
{
    folder *f = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", f->path);
    int failed = system(command);
    td_arena_free(f->arena);
    free(f);
    return failed;
}

/* A ramp that starts at `seed`, so that files of different seeds differ. */
static const char *labelled_stem(folder *f, const char *name, const td_tags *tags, unsigned rate_hz, unsigned channels,
                                 size_t frames, int seed)
{
    const char *path = td_arena_printf(f->arena, "%s/%s", f->path, name);
    float *sound = td_calloc2(frames, 1, sizeof *sound);
    const float *ch[2] = { sound, sound };
    td_file_spec spec = { .codec = TD_CODEC_WAV, .bits = 24, .rate_hz = rate_hz, .channels = channels };
    td_writer *w;
    for (size_t i = 0; i < frames; i++) sound[i] = (float)(((size_t)seed * 37 + i) % 1000) / 2000.0f;
    assert_int_equal(td_writer_open(path, &spec, tags, &w, NULL), TD_OK);
    assert_int_equal(td_writer_write(w, ch, frames, NULL), TD_OK);
    assert_int_equal(td_writer_commit(w, true, NULL), TD_OK);
    free(sound);
    return path;
}

static const char *stem_of(folder *f, const char *name, unsigned rate_hz, unsigned channels, size_t frames, int seed)
{
    return labelled_stem(f, name, NULL, rate_hz, channels, frames, seed);
}

static td_stem_wish mono(folder *f, const char *name, int seed)
{
    return (td_stem_wish){ .file = stem_of(f, name, 48000, 1, 4800, seed), .pan = NAN };
}

static td_session *opened(const td_stem_wish *stem, size_t n)
{
    td_session *s;
    td_error err = { 0 };
    td_session_wish wish = { .stem = stem, .n_stems = n };
    td_status st = td_session_open(&wish, &s, &err);
    if (st) print_error("%s: %s\n", err.where, err.what);
    assert_int_equal(st, TD_OK);
    return s;
}

static const td_stem *named(const td_session *s, const char *name)
{
    for (size_t i = 0; i < s->n_stems; i++) {
        if (!strcmp(s->stem[i].name, name)) return &s->stem[i];
    }
    return NULL;
}

static const char *bus_of(const td_session *s, const char *name)
{
    const td_stem *m = named(s, name);
    return m && m->bus != UINT_MAX ? s->bus[m->bus].name : "-";
}

/* ---- order and hash ---------------------------------------------------------------------------------------------- */

static void the_order_of_naming_changes_nothing(void **state)
{
    folder *f = *state;
    static const char *const name[] = { "Vox.wav", "Kick.wav", "Snare.wav", "Bass.wav", "Gtr 1.wav", "Gtr 2.wav" };
    td_stem_wish a[6], b[6];
    for (int i = 0; i < 6; i++) a[i] = b[(i * 5 + 2) % 6] = mono(f, name[i], i);
    td_session *one = opened(a, 6), *two = opened(b, 6);
    assert_string_equal(one->hash, two->hash);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(one->stem[i].name, two->stem[i].name);
        if (i) assert_true(one->stem[i - 1].bus <= one->stem[i].bus);
    }
    td_session_free(one);
    td_session_free(two);
}

static void threads_change_no_hash(void **state)
{
    folder *f = *state;
    static const char *const name[] = { "Vox.wav", "Kick.wav", "Snare.wav", "Piano links.wav" };
    td_stem_wish w[4];
    for (int i = 0; i < 4; i++) w[i] = mono(f, name[i], i);
    w[3].right = stem_of(f, "Piano rechts.wav", 48000, 1, 4800, 4);
    td_session *alone = opened(w, 4), *together;
    td_pool *pool;
    assert_int_equal(td_pool_new(3, &pool), TD_OK);
    td_session_wish wish = { .stem = w, .n_stems = 4, .pool = pool };
    assert_int_equal(td_session_open(&wish, &together, NULL), TD_OK);
    assert_string_equal(alone->hash, together->hash);

    char both[2 * TD_SHA256_HEX - 1], digest[TD_SHA256_HEX]; /* a pair's is the hash of both, as text */
    assert_int_equal(td_sha256_file(w[3].file, both, NULL, NULL), TD_OK);
    assert_int_equal(td_sha256_file(w[3].right, both + TD_SHA256_HEX - 1, NULL, NULL), TD_OK);
    assert_int_equal(td_sha256_of(both, strlen(both), digest), TD_OK);
    assert_string_equal(named(together, "Piano links.wav")->sha256, digest);
    td_session_free(alone);
    td_session_free(together);
    td_pool_free(pool);
}

static void the_hash_follows_the_sound(void **state)
{
    folder *f = *state;
    td_stem_wish w[2] = { mono(f, "Kick.wav", 1), mono(f, "Bass.wav", 2) };
    td_session *s = opened(w, 2), *t;
    char digest[TD_SHA256_HEX];
    assert_int_equal(td_sha256_file(w[0].file, digest, NULL, NULL), TD_OK);
    assert_string_equal(named(s, "Kick.wav")->sha256, digest);

    w[0].name = "Kick renamed.wav"; /* the same role */
    t = opened(w, 2);
    assert_string_equal(s->hash, t->hash);
    td_session_free(t);

    for (int change = 0; change < 5; change++) {
        td_stem_wish c[2] = { w[0], w[1] };
        if (change == 0) c[0].level_db = 1;
        if (change == 1) c[0].pan = -30;
        if (change == 2) c[0].flip = true;
        if (change == 3) c[0].role = "drums.snare";
        if (change == 4) c[0].file = mono(f, "Kick 2.wav", 3).file;
        t = opened(c, 2);
        assert_string_not_equal(s->hash, t->hash);
        td_session_free(t);
    }
    td_session_free(s);
}

/* ---- buses ------------------------------------------------------------------------------------------------------- */

static void stems_find_their_buses(void **state)
{
    folder *f = *state;
    static const char *const name[] = { "Kick.wav",    "Shaker.wav", "Conga.wav", "Lead Vox.wav", "BGV.wav",
                                        "Harmony.wav", "Click.wav",  "What.wav",  "Tamb.wav" };
    td_stem_wish w[9];
    for (int i = 0; i < 9; i++) w[i] = mono(f, name[i], i);
    td_session *s = opened(w, 8);
    assert_string_equal(bus_of(s, "Shaker.wav"), "drums");
    assert_string_equal(bus_of(s, "Lead Vox.wav"), "vocals");
    assert_string_equal(bus_of(s, "BGV.wav"), "backing");
    assert_string_equal(bus_of(s, "Harmony.wav"), "backing");
    assert_string_equal(bus_of(s, "Click.wav"), "-");
    assert_string_equal(bus_of(s, "What.wav"), "other");
    assert_true(named(s, "What.wav")->faults & TD_FAULT_BIT(UNKNOWN_ROLE));
    assert_int_equal(s->n_buses, 4);
    assert_string_equal(s->bus[2].group, "vocals");
    assert_int_equal(s->bus[0].stems, 3);
    td_session_free(s);

    s = opened(w, 9); /* with a third percussion track they get a bus of their own */
    assert_string_equal(bus_of(s, "Shaker.wav"), "percussion");
    assert_int_equal(s->n_buses, 5);
    td_session_free(s);
}

static void sides_become_one_track(void **state)
{
    folder *f = *state;
    td_stem_wish w[5] = { mono(f, "OH R.wav", 1),
                          mono(f, "OH L.wav", 2),
                          mono(f, "Gtr L.wav", 3),
                          mono(f, "Kick.wav", 4),
                          { .file = stem_of(f, "Gtr R.wav", 48000, 2, 4800, 5), .pan = NAN } };
    td_session *s = opened(w, 5);
    assert_int_equal(s->n_stems, 4); /* a stereo file is no side */
    const td_stem *oh = named(s, "OH L.wav + OH R.wav");
    assert_non_null(oh);
    assert_int_equal(oh->info.channels, 2);
    assert_string_equal(oh->path, w[1].file);
    assert_string_equal(oh->path_right, w[0].file);
    td_session_free(s);
}

/* ---- rate, length, tempo ----------------------------------------------------------------------------------------- */

static void the_session_runs_at_the_highest_rate_within_bounds(void **state)
{
    folder *f = *state;
    static const struct {
        unsigned a_hz, b_hz, session_hz;
    } c[] = { { 44100, 48000, 48000 }, { 22050, 32000, 44100 }, { 48000, 192000, 96000 }, { 88200, 96000, 96000 } };
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        td_stem_wish w[2] = { { .file = stem_of(f, "Kick.wav", c[i].a_hz, 1, c[i].a_hz / 10, 1) },
                              { .file = stem_of(f, "Bass.wav", c[i].b_hz, 1, c[i].b_hz / 10, 2) } };
        td_session *s = opened(w, 2);
        assert_int_equal(s->rate_hz, c[i].session_hz);
        assert_int_equal(s->frames, c[i].session_hz / 10);
        const td_stem *kick = named(s, "Kick.wav");
        assert_int_equal(!!(kick->faults & TD_FAULT_BIT(RATE_DIFFERS)), c[i].a_hz != c[i].session_hz);
        assert_int_equal(!!(kick->faults & TD_FAULT_BIT(LOW_RATE)), c[i].a_hz < 44100);
        td_session_free(s);
    }
}

static void other_lengths_and_twins_are_noted(void **state)
{
    folder *f = *state;
    td_stem_wish w[4] = { mono(f, "Kick.wav", 1),
                          mono(f, "Bass.wav", 2),
                          mono(f, "Gtr.wav", 2),
                          { .file = stem_of(f, "Vox.wav", 48000, 1, 24000, 4) } };
    td_session *s = opened(w, 4);
    assert_true(named(s, "Vox.wav")->faults & TD_FAULT_BIT(LENGTH_DIFFERS));
    assert_false(named(s, "Kick.wav")->faults & TD_FAULT_BIT(LENGTH_DIFFERS));
    assert_false(named(s, "Bass.wav")->faults & TD_FAULT_BIT(DUPLICATE));
    assert_true(named(s, "Gtr.wav")->faults & TD_FAULT_BIT(DUPLICATE));
    assert_int_equal(s->frames, 24000);
    td_session_free(s);
}

/* A folder's name tells, word by word; where all stems lie in such folders it tells nothing. */
static void takes_are_noted(void **state)
{
    folder *f = *state;
    static const struct {
        const char *name;
        size_t aside;
    } c[] = { { "takes/Kick.wav", 6 },   { "Vox/Old Takes 2/Lead.wav", 16 },
              { "_ALT/x/Bass.wav", 5 },  { "Altos/Gtr.wav", 0 },
              { "old.wav", 0 },          { "Vox/Take.wav", 0 },
              { "Retakes/Piano.wav", 0 } };
    enum { N = sizeof c / sizeof *c };
    td_stem_wish w[N];
    for (size_t i = 0; i < N; i++) {
        w[i] = mono(f, td_basename(c[i].name), (unsigned)i + 1);
        w[i].name = c[i].name;
    }
    td_session *s = opened(w, N);
    for (size_t i = 0; i < N; i++) {
        const td_stem *m = named(s, c[i].name);
        assert_int_equal(td_stem_aside(m), c[i].aside);
        assert_int_equal(!!(m->faults & TD_FAULT_BIT(SET_ASIDE)), c[i].aside > 0);
    }
    td_session_free(s);
    s = opened(w, 3);
    assert_false(named(s, c[0].name)->faults & TD_FAULT_BIT(SET_ASIDE));
    td_session_free(s);
}

static void tempo_comes_from_the_order_or_a_name(void **state)
{
    folder *f = *state;
    td_stem_wish w[2] = { mono(f, "Kick_124bpm.wav", 1), mono(f, "Bass.wav", 2) };
    td_session *s = opened(w, 2);
    assert_float_equal(s->tempo_bpm, 124, 0);
    assert_string_equal(s->tempo_from, "file name");
    td_session_free(s);
    td_session_wish wish = { .stem = w, .n_stems = 2, .tempo_bpm = 90 };
    assert_int_equal(td_session_open(&wish, &s, NULL), TD_OK);
    assert_float_equal(s->tempo_bpm, 90, 0);
    assert_string_equal(s->tempo_from, "job");
    td_session_free(s);
    s = opened(w + 1, 1);
    assert_float_equal(s->tempo_bpm, 0, 0);
    td_session_free(s);
}

/* ---- what is left out -------------------------------------------------------------------------------------------- */

static const char *text_file(folder *f, const char *name)
{
    const char *path = td_arena_printf(f->arena, "%s/%s", f->path, name);
    assert_int_equal(td_file_write(path, "no sound", 8, true, NULL), TD_OK);
    return path;
}

static void a_refused_stem_stops_the_session_unless_skipped(void **state)
{
    folder *f = *state;
    td_stem_wish w[3] = { mono(f, "Kick.wav", 1), { .file = text_file(f, "Bass.wav") }, mono(f, "Vox.wav", 3) };
    td_session_wish wish = { .stem = w, .n_stems = 3 };
    td_session *s;
    td_error err;
    assert_int_equal(td_session_open(&wish, &s, &err), TD_INPUT);
    assert_non_null(strstr(err.where, "Bass.wav"));
    assert_non_null(s);
    const td_stem *bass = named(s, "Bass.wav");
    assert_true(bass->faults & TD_FAULT_BIT(UNREADABLE));
    assert_true(bass->fault_text[0]);
    assert_int_equal(bass->bus, UINT_MAX);
    td_session_free(s);

    wish.skip_rejected = true;
    assert_int_equal(td_session_open(&wish, &s, &err), TD_OK);
    assert_int_equal(s->n_stems, 3);
    assert_int_equal(s->n_buses, 2);
    td_session_free(s);

    w[1].file = text_file(f, "Click.wav"); /* nobody needs it */
    wish.skip_rejected = false;
    assert_int_equal(td_session_open(&wish, &s, &err), TD_OK);
    td_session_free(s);
}

/* What only decoding shows comes later, as an error that names the file. */
static void a_stem_can_be_refused_later(void **state)
{
    folder *f = *state;
    td_stem_wish w[3] = { mono(f, "Kick.wav", 1), mono(f, "OH L.wav", 2), mono(f, "OH R.wav", 3) };
    td_session *s = opened(w, 3);
    td_error err = { .status = TD_INPUT, .where = "OH R.wav", .what = "is damaged at 0:05" };
    assert_true(td_session_refuse(s, &err));
    const td_stem *oh = named(s, "OH L.wav + OH R.wav");
    assert_int_equal(oh->bus, UINT_MAX);
    assert_true(oh->faults & TD_FAULT_BIT(DAMAGED));
    assert_string_equal(oh->fault_text, err.what);
    assert_int_equal(s->bus[0].stems, 1);
    assert_false(td_session_refuse(s, &err));
    td_session_free(s);
}

static void mixes_are_compared_with_and_not_mixed(void **state)
{
    folder *f = *state;
    td_stem_wish w[3] = { mono(f, "Kick.wav", 1), mono(f, "Rough Mix.wav", 2), mono(f, "Vox.wav", 3) };
    td_session *s = opened(w, 3);
    assert_non_null(s->rough);
    assert_string_equal(s->rough->name, "Rough Mix.wav");
    assert_int_equal(s->rough->bus, UINT_MAX);
    assert_null(s->reference);
    td_session_free(s);

    const char *rough = stem_of(f, "other.wav", 44100, 2, 4410, 9);
    td_session_wish wish = { .stem = w, .n_stems = 3, .rough = rough, .reference = rough };
    assert_int_equal(td_session_open(&wish, &s, NULL), TD_OK);
    assert_string_equal(s->rough->path, rough);
    assert_int_equal(s->rough->frames, 4800);
    assert_non_null(s->reference);
    td_session_free(s);
}

/* A beat and a voice: the usual order of a rapper. */
static void what_voices_sing_to_is_mixed(void **state)
{
    folder *f = *state;
    static const char *const beat[] = { "Instrumental.wav", "2 Track.wav",   "2TRK.wav",      "Instrumental 2track.wav",
                                        "Beat.wav",         "Trap Beat.wav", "Rough Mix.wav", "Mix.wav" };
    for (size_t i = 0; i < sizeof beat / sizeof *beat; i++) {
        td_stem_wish w[3] = { mono(f, beat[i], 1), mono(f, "Lead Vox.wav", 2), mono(f, "Adlibs.wav", 3) };
        td_session *s = opened(w, 3);
        assert_string_equal(bus_of(s, beat[i]), "other");
        assert_true(named(s, beat[i])->role.guess);
        assert_non_null(strstr(named(s, beat[i])->role.why, "is all there is beside the voices"));
        assert_null(s->rough);
        td_session_free(s);
    }
}

static void whole_mixes_beside_instruments_are_not_mixed(void **state)
{
    folder *f = *state;
    td_stem_wish w[3] = { mono(f, "Instrumental.wav", 1), mono(f, "Vox.wav", 2), mono(f, "Kick.wav", 3) };
    td_session *s = opened(w, 3);
    assert_string_equal(bus_of(s, "Instrumental.wav"), "-");
    assert_non_null(s->rough);
    td_session_free(s);
    w[0] = mono(f, "Beat.wav", 4);
    s = opened(w, 3);
    assert_string_equal(named(s, "Beat.wav")->role.name, "drums.loop");
    td_session_free(s);
    w[0].role = "drums.loop"; /* the order's word, even beside voices alone */
    s = opened(w, 2);
    assert_string_equal(bus_of(s, "Beat.wav"), "drums");
    td_session_free(s);
}

/* The likeliest is the music; the others stay what they are. */
static void one_of_several_mixes_is_sung_to(void **state)
{
    folder *f = *state;
    td_stem_wish w[3] = { mono(f, "Rough Mix.wav", 1), mono(f, "Vox.wav", 2), mono(f, "Beat.wav", 3) };
    td_session *s = opened(w, 3);
    assert_string_equal(bus_of(s, "Beat.wav"), "other");
    assert_string_equal(s->rough->name, "Rough Mix.wav");
    assert_false(s->rough->faults & TD_FAULT_BIT(VOICES_ALONE));
    td_session_free(s);
}

static void voices_that_lost_their_music_are_told(void **state)
{
    folder *f = *state;
    td_stem_wish w[3] = { mono(f, "Reference.wav", 1), mono(f, "Vox.wav", 2), mono(f, "Kick.wav", 3) };
    td_session *s = opened(w, 2);
    assert_true(named(s, "Reference.wav")->faults & TD_FAULT_BIT(VOICES_ALONE));
    td_session_free(s);
    s = opened(w, 3);
    assert_false(named(s, "Reference.wav")->faults & TD_FAULT_BIT(VOICES_ALONE));
    td_session_free(s);
}

/* ---- the order itself -------------------------------------------------------------------------------------------- */

static void numbers_and_roles_are_checked(void **state)
{
    folder *f = *state;
    td_stem_wish w[TD_STEMS_MAX + 1];
    td_stem_wish kick = mono(f, "Kick.wav", 1);
    for (size_t i = 0; i <= TD_STEMS_MAX; i++) {
        w[i] = kick;
        w[i].name = td_arena_printf(f->arena, "Kick %zu.wav", i);
    }
    td_session *s = opened(w, TD_STEMS_MAX);
    assert_int_equal(s->bus[0].stems, TD_STEMS_MAX);
    td_session_free(s);

    td_session_wish wish = { .stem = w, .n_stems = TD_STEMS_MAX + 1 };
    td_error err;
    assert_int_equal(td_session_open(&wish, &s, &err), TD_ARG);
    assert_null(s);
    wish.n_stems = 0;
    assert_int_equal(td_session_open(&wish, &s, &err), TD_ARG);

    wish.n_stems = 1;
    w[0].role = "drums.kik";
    assert_int_equal(td_session_open(&wish, &s, &err), TD_ARG);
    assert_string_equal(err.hint, "did you mean drums.kick?");
    w[0].role = "vocals.lead";
    assert_int_equal(td_session_open(&wish, &s, &err), TD_OK);
    assert_int_equal(s->stem[0].role.source, TD_ROLE_FROM_JOB);
    td_session_free(s);
    w[0].file = "/nowhere/Kick.wav";
    assert_int_equal(td_session_open(&wish, &s, &err), TD_ARG);
    assert_null(s);
}

/* Its file name says nothing, the track inside does: believed, and called a guess. */
static void a_track_name_inside_is_a_guess(void **state)
{
    folder *f = *state;
    static const td_tags tags = { .track_name = "Snare Top" };
    td_stem_wish stem[] = { mono(f, "Kick.wav", 1), { .pan = NAN } };
    td_session_wish wish = { .stem = stem, .n_stems = 2 };
    td_session *s;
    stem[1].file = labelled_stem(f, "Audio 07_03.wav", &tags, 48000, 1, 4800, 2);
    assert_int_equal(td_session_open(&wish, &s, NULL), TD_OK);
    const td_stem *kick = &s->stem[0], *snare = &s->stem[1];
    assert_string_equal(snare->role.name, "drums.snare.top");
    assert_int_equal(snare->role.source, TD_ROLE_FROM_METADATA);
    assert_true(snare->role.guess && !kick->role.guess);
    assert_string_equal(snare->role.why, "the track name in the file, 'Snare Top'");
    td_session_free(s);
}

/* A file in folders of its own, called by its path below the session's folder. */
static td_stem_wish inside(folder *f, const char *name, int seed)
{
    td_stem_wish w = { .name = name, .pan = NAN };
    td_error err = { 0 };
    w.file = td_arena_printf(f->arena, "%s/tree/%s", f->path, name);
    char *dir = td_arena_strndup(f->arena, w.file, (size_t)(td_basename(w.file) - w.file) - 1);
    assert_int_equal(td_folder_make(dir, &err), TD_OK);
    stem_of(f, td_arena_printf(f->arena, "tree/%s", name), 48000, 1, 4800, seed);
    return w;
}

static void folders_say_what_files_do_not(void **state)
{
    folder *f = *state;
    static const struct {
        const char *name, *role;
    } c[] = {
        { "vox/01.wav", "vocals.lead" },        /* nothing in the name */
        { "Drums/Takes/01.wav", "drums" },      /* the nearest folder says nothing either */
        { "Drums/Kick.wav", "drums.kick" },     /* the name wins */
        { "Vox/Piano.wav", "keys.piano" },      /* over any folder */
        { "Ignore/Thing.wav", "other" },        /* no folder takes its files out of the mix */
        { "Rough Mix/Something.wav", "other" }, /* ... or makes them one */
        { "Bass/Thing.wav", "bass" },
    };
    td_stem_wish w[7];
    for (int i = 0; i < 7; i++) w[i] = inside(f, c[i].name, i);
    td_session *s = opened(w, 7);
    for (int i = 0; i < 7; i++) assert_string_equal(named(s, c[i].name)->role.name, c[i].role);
    td_session_free(s);
}

static void folders_tell_files_of_one_name_apart(void **state)
{
    folder *f = *state;
    const td_stem_wish w[] = { inside(f, "A/OH L.wav", 1), inside(f, "B/OH R.wav", 2) };
    td_session *s = opened(w, 2);
    assert_int_equal(s->n_stems, 2); /* no pair */
    td_session_free(s);

    td_stem_wish same[] = { inside(f, "A/x/Kick.wav", 1), inside(f, "B/x/Kick.wav", 2), inside(f, "B/Snare.wav", 3) };
    for (int i = 0; i < 3; i++) same[i].name = NULL; /* as files named one by one */
    s = opened(same, 3);
    assert_non_null(named(s, "A/x/Kick.wav"));
    assert_non_null(named(s, "B/x/Kick.wav"));
    assert_non_null(named(s, "Snare.wav"));
    td_session_free(s);
}

static void a_stem_that_changes_is_not_played(void **state)
{
    folder *f = *state;
    td_stem_wish stem[2] = { mono(f, "Kick.wav", 1), mono(f, "Bass.wav", 2) };
    td_session *s = opened(stem, 2);
    td_error err = { 0 };
    td_source *source;
    assert_int_equal(td_session_unchanged(s, NULL), TD_OK);
    stem_of(f, "Bass.wav", 48000, 2, 4800, 2); /* with two channels now, whose second no one has room for */
    assert_int_equal(td_session_unchanged(s, &err), TD_INPUT);
    assert_string_equal(err.where, "Bass.wav");
    assert_string_equal(err.what, "was changed while it was mixed");
    for (size_t i = 0; i < 2; i++) {
        bool kick = !strcmp(s->stem[i].name, "Kick.wav");
        assert_int_equal(td_stem_open(&s->stem[i], 48000, &source, NULL), kick ? TD_OK : TD_INPUT);
        td_source_close(source);
    }
    td_session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_naming_changes_nothing),
        cmocka_unit_test(threads_change_no_hash),
        cmocka_unit_test(the_hash_follows_the_sound),
        cmocka_unit_test(stems_find_their_buses),
        cmocka_unit_test(sides_become_one_track),
        cmocka_unit_test(the_session_runs_at_the_highest_rate_within_bounds),
        cmocka_unit_test(other_lengths_and_twins_are_noted),
        cmocka_unit_test(takes_are_noted),
        cmocka_unit_test(tempo_comes_from_the_order_or_a_name),
        cmocka_unit_test(a_refused_stem_stops_the_session_unless_skipped),
        cmocka_unit_test(a_stem_can_be_refused_later),
        cmocka_unit_test(mixes_are_compared_with_and_not_mixed),
        cmocka_unit_test(what_voices_sing_to_is_mixed),
        cmocka_unit_test(whole_mixes_beside_instruments_are_not_mixed),
        cmocka_unit_test(one_of_several_mixes_is_sung_to),
        cmocka_unit_test(voices_that_lost_their_music_are_told),
        cmocka_unit_test(a_track_name_inside_is_a_guess),
        cmocka_unit_test(a_stem_that_changes_is_not_played),
        cmocka_unit_test(folders_say_what_files_do_not),
        cmocka_unit_test(folders_tell_files_of_one_name_apart),
        cmocka_unit_test(numbers_and_roles_are_checked),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
