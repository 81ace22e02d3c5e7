#include "engine/mix/open/open.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- stems ------------------------------------------------------------------------------------------------------- */

bool td_stem_is_rejected(const td_stem *m)
{
    return td_faults_verdict(m->faults) == TD_REJECT;
}

bool td_stem_is_set_aside(const td_stem *m)
{
    return td_role_covers("ignore", m->role.name) || td_role_covers("mix", m->role.name);
}

bool td_stem_takes_part(const td_stem *m)
{
    return !td_stem_is_rejected(m) && !td_stem_is_set_aside(m);
}

bool td_stem_is_refused(const td_stem *m)
{
    return td_stem_is_rejected(m) && !td_stem_is_set_aside(m);
}

unsigned td_stem_channels(const td_stem *stem)
{
    return stem->path_right ? 2 : stem->info.channels;
}

static td_status unchanged(const td_stem *m, td_error *err)
{
    const char *const path[2] = { m->path, m->path_right };
    td_file_mark now;
    for (size_t i = 0; i < 2 && path[i]; i++) {
        td_file_mark_of(path[i], &now);
        if (memcmp(&now, &m->mark[i], sizeof now))
            return td_fail(err, TD_INPUT, m->name, "leave stems alone until they are mixed, and mix them once more",
                           "was changed while it was mixed");
    }
    return TD_OK;
}

td_status td_stem_open(const td_stem *m, unsigned rate_hz, td_source **out, td_error *err)
{
    *out = NULL;
    td_status st = unchanged(m, err);
    return st ? st : td_source_open(m->path, m->path_right, rate_hz, out, err);
}

/* ---- sessions ---------------------------------------------------------------------------------------------------- */

td_status td_session_unchanged(const td_session *s, td_error *err)
{
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < s->n_stems; i++)
        if (s->stem[i].bus != UINT_MAX) st = unchanged(&s->stem[i], err);
    if (!st && s->rough) st = unchanged(s->rough, err);
    return st || !s->reference ? st : unchanged(s->reference, err);
}

static int compare_lengths(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

uint64_t td_session_usual_frames(const td_session *s)
{
    uint64_t length[TD_STEMS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < s->n_stems; i++) {
        if (td_stem_takes_part(&s->stem[i])) length[n++] = s->stem[i].frames;
    }
    if (!n) return 0;
    qsort(length, n, sizeof *length, compare_lengths);
    return length[n / 2];
}

const td_stem *td_session_twin(const td_session *s, size_t i)
{
    for (size_t k = 0; td_stem_takes_part(&s->stem[i]) && k < i; k++) {
        if (td_stem_takes_part(&s->stem[k]) && !strcmp(s->stem[k].sha256, s->stem[i].sha256)) return &s->stem[k];
    }
    return NULL;
}

#define TELL_CLIENT "'topdown check STEMS --message en' writes to the client"

static const char leave_out[] = "--skip-rejected leaves out what is refused; " TELL_CLIENT;

td_status td_session_refusal(const td_session *s, td_error *err)
{
    td_text names = { 0 };
    const td_stem *last = NULL;
    size_t n = 0;
    bool others = false;
    for (size_t i = 0; i < s->n_stems; i++) {
        others |= td_stem_takes_part(&s->stem[i]);
        if (!td_stem_is_refused(&s->stem[i])) continue;
        last = &s->stem[i];
        td_text_addf(&names, "%s%s", n++ ? ", " : "", last->name);
    }
    td_status st = TD_OK;
    const char *hint = others ? leave_out : TELL_CLIENT;
    if (n == 1) st = td_fail(err, TD_INPUT, last->name, hint, "%s", last->fault_text);
    if (n > 1) st = td_fail(err, TD_INPUT, NULL, hint, "%zu stems are refused: %s", n, td_text_or_empty(&names));
    td_text_free(&names);
    return st;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static td_status copy_stems(td_session *s, const td_session_wish *wish)
{
    s->stem = td_arena_array(s->arena, wish->n_stems, sizeof *s->stem);
    if (!s->stem) return TD_NOMEM;
    s->n_stems = wish->n_stems;
    for (size_t i = 0; i < s->n_stems; i++) {
        const td_stem_wish *w = &wish->stem[i];
        td_stem *m = &s->stem[i];
        *m = (td_stem){ .path = td_arena_strdup(s->arena, w->file),
                        .name = td_arena_strdup(s->arena, w->name ? w->name : td_basename(w->file)),
                        .path_right = w->right ? td_arena_strdup(s->arena, w->right) : NULL,
                        .bus = UINT_MAX,
                        .level_db = w->level_db,
                        .pan = w->pan,
                        .flip = w->flip };
        if (!m->path || !m->name || (w->right && !m->path_right)) return TD_NOMEM;
        if (!w->refused) continue;
        m->faults = TD_FAULT_BIT(UNREADABLE);
        snprintf(m->fault_text, sizeof m->fault_text, "%s", w->refused);
    }
    return TD_OK;
}

static void settle_tempo(td_session *s, double tempo_bpm)
{
    s->tempo_bpm = tempo_bpm;
    s->tempo_from = tempo_bpm > 0 ? "job" : "default";
    for (size_t i = 0; i < s->n_stems && s->tempo_bpm <= 0; i++) {
        s->tempo_bpm = s->stem[i].role.tempo_bpm;
        if (s->tempo_bpm > 0) s->tempo_from = "file name";
    }
}

/* What follows from which stems take part. */
static td_status settle(td_session *s)
{
    td_status st = td_order_stems(s);
    if (st) return st;
    td_order_rate(s);
    td_neighbours_note(s);
    return TD_OK;
}

static td_status fill(td_opening *o, const td_session_wish *wish, td_error *err)
{
    td_session *s = o->session;
    s->title = td_arena_strdup(s->arena, wish->title);
    s->artist = td_arena_strdup(s->arena, wish->artist);
    td_status st = copy_stems(s, wish);
    if (st) return st;
    td_names_tell_apart(s);
    st = td_cast_by_name(s, wish->stem, err);
    if (!st) st = td_files_judge(o, err);
    if (!st) st = td_cast_by_track(s);
    if (st) return st;
    td_cast_accompaniment(s);
    st = td_pairs_join(s);
    if (!st) st = td_cast_by_sound(o, err);
    if (!st) st = settle(s);
    if (st) return st;
    settle_tempo(s, wish->tempo_bpm);
    st = td_guest_open(o, wish->rough, "mix.rough", &s->rough, err);
    if (!st) st = td_guest_open(o, wish->reference, "mix.reference", &s->reference, err);
    return st ? st : td_order_hash(s);
}

td_status td_session_open(const td_session_wish *wish, td_session **out, td_error *err)
{
    *out = NULL;
    if (!wish->n_stems) return td_fail(err, TD_ARG, NULL, "name some audio files", "no stems");
    if (wish->n_stems > TD_STEMS_MAX)
        return td_fail(err, TD_ARG, NULL, "bounce some of them together", "%zu stems; at most %d are mixed",
                       wish->n_stems, TD_STEMS_MAX);
    td_arena *arena = td_arena_new();
    td_session *s = arena ? td_arena_alloc(arena, sizeof *s) : NULL;
    if (!s) {
        td_arena_free(arena);
        return td_no_memory(err);
    }
    s->arena = arena;
    td_opening o = { .session = s, .cache = wish->cache, .pool = wish->pool };
    td_status st = fill(&o, wish, err);
    if (st) {
        td_session_free(s);
        return st;
    }
    *out = s;
    if (wish->skip_rejected) return TD_OK;
    st = td_session_refusal(s, err);
    if (st || !o.refused) return st;
    if (err) *err = o.refusal;
    return TD_INPUT;
}

/* A mix among the stems moves with them when they are sorted anew; the order's own does not. */
static td_stem *find_again(const td_session *s, td_stem *mix, const char *role)
{
    return mix < s->stem || mix >= s->stem + s->n_stems ? mix : td_guest_among(s, role);
}

bool td_session_refuse(td_session *s, const td_error *err)
{
    for (size_t i = 0; i < s->n_stems; i++) {
        td_stem *m = &s->stem[i];
        bool meant = !strcmp(td_basename(m->path), err->where) ||
                     (m->path_right && !strcmp(td_basename(m->path_right), err->where));
        if (!meant || m->bus == UINT_MAX) continue;
        td_file_refuse(m, err);
        m->faults |= TD_FAULT_BIT(DAMAGED);
        td_stem *rough = s->rough, *reference = s->reference;
        if (settle(s)) return false;
        s->rough = find_again(s, rough, "mix.rough");
        s->reference = find_again(s, reference, "mix.reference");
        return td_order_hash(s) == TD_OK;
    }
    return false;
}

void td_session_free(td_session *s)
{
    if (s) td_arena_free(s->arena);
}
