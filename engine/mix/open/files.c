#include "engine/mix/open/open.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* What was judged and is now to be hashed, side by side. */
typedef struct batch {
    const char *cache;
    td_stem *stem[2 * TD_STEMS_MAX];
    size_t n;
} batch;

static td_status hash_task(void *shared, size_t i, td_error *err)
{
    const batch *b = shared;
    return td_sha256_kept(b->stem[i]->path, b->cache, time(NULL), b->stem[i]->sha256, err);
}

void td_file_refuse(td_stem *m, const td_error *why)
{
    snprintf(m->fault_text, sizeof m->fault_text, "%.90s%s%.66s", why->what, why->hint[0] ? "; " : "", why->hint);
}

/* Opens a file, keeps what it is and how it was judged. */
static td_status judge(td_opening *o, td_stem *m, batch *to_hash, td_error *err)
{
    td_reader *reader;
    td_error why = { 0 };
    if (td_stem_is_rejected(m)) return TD_OK;
    td_file_mark_of(m->path, &m->mark[0]);
    td_status st = td_reader_open(m->path, &reader, &m->info, &m->faults, &why);
    td_reader_close(reader);
    if (st == TD_INPUT) {
        td_file_refuse(m, &why);
        if (td_stem_is_set_aside(m)) return TD_OK; /* a broken click track keeps nobody from mixing */
        if (!o->refused) o->refusal = why;
        o->refused = true;
    } else if (st) {
        if (err) *err = why;
        return st;
    }
    to_hash->stem[to_hash->n++] = m;
    return TD_OK;
}

static td_status judge_right(td_opening *o, const td_stem *l, batch *to_hash, td_stem **out, td_error *err)
{
    td_stem *r = *out = td_arena_alloc(o->session->arena, sizeof *r);
    if (!r) return TD_NOMEM;
    *r = (td_stem){ .path = l->path_right };
    td_status st = judge(o, r, to_hash, err);
    if (st) return st;
    if (r->info.channels + l->info.channels > 2 && !td_stem_is_rejected(r) && !td_stem_is_rejected(l))
        return td_fail(err, TD_INPUT, td_basename(r->path), "pair mono files", "is no side of a pair: it is stereo");
    return TD_OK;
}

static td_status join_right(td_stem *l, const td_stem *r)
{
    if (td_stem_is_rejected(r)) snprintf(l->fault_text, sizeof l->fault_text, "%s", r->fault_text);
    return td_pair_join(l, r);
}

td_status td_files_judge(td_opening *o, td_error *err)
{
    td_session *s = o->session;
    td_stem *right[TD_STEMS_MAX] = { 0 };
    batch to_hash = { .cache = o->cache };
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < s->n_stems; i++) {
        st = judge(o, &s->stem[i], &to_hash, err);
        if (!st && s->stem[i].path_right) st = judge_right(o, &s->stem[i], &to_hash, &right[i], err);
    }
    if (!st) st = td_pool_run(o->pool, to_hash.n, hash_task, &to_hash, err);
    for (size_t i = 0; !st && i < s->n_stems; i++)
        if (right[i]) st = join_right(&s->stem[i], right[i]);
    return st;
}

td_stem *td_guest_among(const td_session *s, const char *role)
{
    for (size_t i = 0; i < s->n_stems; i++)
        if (!strcmp(s->stem[i].role.name, role) && !td_stem_is_rejected(&s->stem[i])) return &s->stem[i];
    return NULL;
}

td_status td_guest_open(td_opening *o, const char *path, const char *role, td_stem **out, td_error *err)
{
    td_session *s = o->session;
    *out = path ? NULL : td_guest_among(s, role);
    if (!path) return TD_OK;
    td_stem *m = td_arena_alloc(s->arena, sizeof *m);
    if (!m) return TD_NOMEM;
    *m = (td_stem){ .path = td_arena_strdup(s->arena, path), .bus = UINT_MAX, .pan = NAN };
    m->name = m->path ? td_basename(m->path) : NULL;
    if (!m->name) return TD_NOMEM;
    batch to_hash = { .cache = o->cache };
    td_status st = judge(o, m, &to_hash, err);
    if (!st) st = td_pool_run(o->pool, to_hash.n, hash_task, &to_hash, err);
    snprintf(m->role.name, sizeof m->role.name, "%s", role);
    m->role.source = TD_ROLE_FROM_JOB;
    m->frames = td_frames_at(&m->info, s->rate_hz);
    if (!st && !td_stem_is_rejected(m)) *out = m;
    return st;
}
