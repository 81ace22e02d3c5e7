#include "engine/mix/session.h"

#include "engine/mix/listen.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LOWEST_RATE_HZ = 44100, HIGHEST_RATE_HZ = 96000, PERCUSSION_ALONE = 3 };

#define LENGTH_TOLERANCE_S 0.1 /* exports of one session differ by a few blocks */

/* The session being opened, and why the first refused mix or stem was refused. */
typedef struct opening {
    td_session *s;
    const char *cache;
    td_pool *pool;
    td_error refusal;
    bool refused;
    td_stem *right[TD_STEMS_MAX]; /* the R files that the order names; NULL: none */
    td_stem *to_hash[2 * TD_STEMS_MAX];
    size_t n_to_hash;
} opening;

/* task(shared, 0..n-1), side by side where there is a pool. */
static td_status run_tasks(td_pool *pool, size_t n, td_task task, void *shared, td_error *err)
{
    if (pool && n > 1) return td_pool_run(pool, n, task, shared, err);
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < n; i++) st = task(shared, i, err);
    return st;
}

/* ---- judging files ----------------------------------------------------------------------------------------------- */

static bool is_refused(const td_stem *m)
{
    return td_faults_verdict(m->faults) == TD_REJECT;
}

static bool is_set_aside(const td_stem *m)
{
    return td_role_covers("ignore", m->role.name) || td_role_covers("mix", m->role.name);
}

static bool takes_part(const td_stem *m)
{
    return !is_refused(m) && !is_set_aside(m);
}

static void keep_refusal(td_stem *m, const td_error *why)
{
    snprintf(m->fault_text, sizeof m->fault_text, "%.90s%s%.66s", why->what, why->hint[0] ? "; " : "", why->hint);
}

bool td_stem_is_refused(const td_stem *m)
{
    return is_refused(m) && !is_set_aside(m);
}

static const char leave_out[] =
    "--skip-rejected leaves out what is refused; 'topdown check STEMS --message en' writes to "
    "the client";

td_status td_session_refusal(const td_session *s, td_error *err)
{
    td_text names = { 0 };
    const td_stem *last = NULL;
    size_t n = 0;
    for (size_t i = 0; i < s->n_stems; i++) {
        if (!td_stem_is_refused(&s->stem[i])) continue;
        last = &s->stem[i];
        td_text_addf(&names, "%s%s", n++ ? ", " : "", last->name);
    }
    td_status st = TD_OK;
    if (n == 1) st = td_fail(err, TD_INPUT, last->name, leave_out, "%s", last->fault_text);
    if (n > 1) st = td_fail(err, TD_INPUT, NULL, leave_out, "%zu stems are refused: %s", n, td_text_or_empty(&names));
    td_text_free(&names);
    return st;
}

/* Opens a file, keeps what it is and how it was judged. A refusal is no failure here. */
static td_status judge(opening *o, td_stem *m, td_error *err)
{
    td_reader *reader;
    td_error why = { 0 };
    if (is_refused(m)) return TD_OK;
    td_file_mark_of(m->path, &m->mark[0]);
    td_status st = td_reader_open(m->path, &reader, &m->info, &m->faults, &why);
    td_reader_close(reader);
    if (st == TD_INPUT) {
        keep_refusal(m, &why);
        if (is_set_aside(m)) return TD_OK; /* a broken click track keeps nobody from mixing */
        if (!o->refused) o->refusal = why;
        o->refused = true;
    } else if (st) {
        if (err) *err = why;
        return st;
    }
    o->to_hash[o->n_to_hash++] = m;
    return TD_OK;
}

static td_status hash_task(void *shared, size_t i, td_error *err)
{
    const opening *o = shared;
    return td_sha256_kept(o->to_hash[i]->path, o->cache, time(NULL), o->to_hash[i]->sha256, err);
}

/* Of what was judged. */
static td_status hash_files(opening *o, td_error *err)
{
    td_status st = run_tasks(o->pool, o->n_to_hash, hash_task, o, err);
    o->n_to_hash = 0;
    return st;
}

/* ---- roles ------------------------------------------------------------------------------------------------------- */

/* Roles of all stems from their names; or, for those whose file name says nothing, from the track names inside. */
static td_status read_roles(td_session *s, bool inside)
{
    const char **name = calloc(s->n_stems, sizeof *name);
    td_role *role = calloc(s->n_stems, sizeof *role);
    for (size_t i = 0; name && i < s->n_stems; i++) {
        const td_stem *m = &s->stem[i];
        bool use = inside && m->role.source == TD_ROLE_UNKNOWN && m->info.track_name[0];
        name[i] = use ? m->info.track_name : td_basename(m->name);
    }
    if (name && role) td_roles_read(name, s->n_stems, role);
    for (size_t i = 0; name && role && i < s->n_stems; i++) {
        td_role *r = &s->stem[i].role;
        if (!inside) *r = role[i];
        if (name[i] != s->stem[i].info.track_name || role[i].source == TD_ROLE_UNKNOWN) continue;
        role[i].source = TD_ROLE_FROM_METADATA;
        role[i].guess = true; /* nobody sees that name, and nobody meant it as an answer */
        snprintf(role[i].why, sizeof role[i].why, "the track name in the file, '%.40s'", name[i]);
        *r = role[i];
    }
    td_status st = name && role ? TD_OK : TD_NOMEM;
    free(name);
    free(role);
    return st;
}

/* How long the folders are that a name begins with: "Vox/Lead/01.wav" has 8. */
static size_t folders_length(const char *name)
{
    return (size_t)(td_basename(name) - name);
}

/* A name that says nothing, or may mean another thing, is read once more with its folder's in front, the nearest first:
 * "01.wav" in "Vox". A folder tells an instrument; whole mixes and what to ignore are told by files. */
static void ask_folders(td_stem *m)
{
    char both[256];
    size_t end = folders_length(m->name);
    while (end && (m->role.source == TD_ROLE_UNKNOWN || m->role.guess)) {
        size_t start = --end;
        while (start && m->name[start - 1] != '/') start--;
        snprintf(both, sizeof both, "%.*s %.120s", (int)(end - start < 120 ? end - start : 120), m->name + start,
                 td_basename(m->name));
        td_role r = td_role_read(both);
        bool tells = r.source != TD_ROLE_UNKNOWN && !td_role_covers("ignore", r.name) && !td_role_covers("mix", r.name);
        end = start;
        if (!tells) continue;
        size_t length = strlen(r.name) - (td_ends_with(r.name, ".bus") ? strlen(".bus") : 0); /* its parts, not it */
        snprintf(m->role.name, sizeof m->role.name, "%.*s", (int)length, r.name);
        snprintf(m->role.why, sizeof m->role.why, "the folder's name and its own, '%.48s'", both);
        m->role.source = TD_ROLE_FROM_NAME;
        m->role.guess = r.guess;
        m->role.two_buses = r.two_buses;
        m->role.sung_to = r.sung_to;
        return;
    }
}

/* What the order says wins over what was read. */
static td_status obey(td_stem *m, const td_stem_wish *w, td_error *err)
{
    if (!w->role) return TD_OK;
    if (!td_role_known(w->role)) {
        const char *const *names, *near;
        size_t n = td_role_names(&names);
        char hint[96] = "write a role such as drums.kick or vocals.lead";
        if ((near = td_nearest(w->role, names, n))) snprintf(hint, sizeof hint, "did you mean %s?", near);
        return td_fail(err, TD_ARG, m->name, hint, "'%.60s' is no role", w->role);
    }
    snprintf(m->role.name, sizeof m->role.name, "%s", w->role);
    snprintf(m->role.why, sizeof m->role.why, "the order says so");
    m->role.source = TD_ROLE_FROM_JOB;
    m->role.guess = m->role.two_buses = m->role.sung_to = false;
    return TD_OK;
}

bool td_stem_is_voice(const td_stem *m)
{
    return td_role_covers("vocals", m->role.name) || td_role_covers("choir", m->role.name) ||
           td_role_covers("speech", m->role.name);
}

/* Nothing is there but voices, effects on them, and what they may sing to. */
static bool voices_alone(const td_session *s)
{
    size_t voices = 0, others = 0, all = 0;
    for (size_t i = 0; i < s->n_stems; i++) {
        const td_stem *m = &s->stem[i];
        if (!takes_part(m)) continue;
        bool effect = td_role_covers("fx", m->role.name) || td_role_covers("returns", m->role.name);
        all++;
        voices += td_stem_is_voice(m);
        others += !td_stem_is_voice(m) && !effect && !m->role.sung_to;
    }
    return !others && (voices || !all);
}

/* How much a stem's name says that it is what voices sing to; 0: it is none, or the order says what it is. */
static int accompanies(const td_stem *m)
{
    if (is_refused(m) || m->role.source == TD_ROLE_FROM_JOB) return 0;
    if (m->role.sung_to) return 3;
    return strcmp(m->role.name, "mix.rough") != 0 ? 0 : m->role.guess ? 2 : 1;
}

/* "2 Track.wav" beside nothing but voices is no mix to compare with, and "Beat.wav" no drum loop: it is what they sing
 * to. */
static void keep_accompaniment(td_session *s)
{
    int most = 1;
    if (!voices_alone(s)) return;
    for (size_t i = 0; i < s->n_stems; i++)
        if (accompanies(&s->stem[i]) > most) most = accompanies(&s->stem[i]);
    for (size_t i = 0; i < s->n_stems; i++) {
        td_role *r = &s->stem[i].role;
        if (accompanies(&s->stem[i]) != most) continue;
        snprintf(r->why, sizeof r->why, "reads like a %s, but is all there is beside the voices",
                 td_role_covers("mix", r->name) ? "whole mix" : "drum loop");
        snprintf(r->name, sizeof r->name, "other");
        r->guess = true;
        r->sung_to = false;
    }
}

/* ---- L and R ----------------------------------------------------------------------------------------------------- */

static bool same_pan(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool are_sides(const td_stem *l, const td_stem *r)
{
    size_t folders = folders_length(l->name);
    return folders == folders_length(r->name) && !strncmp(l->name, r->name, folders) && l->role.side == 'L' &&
           r->role.side == 'R' && !strcmp(l->role.pair_key, r->role.pair_key) && !strcmp(l->role.name, r->role.name) &&
           l->info.channels == 1 && r->info.channels == 1 && takes_part(l) && takes_part(r) && !l->path_right &&
           !r->path_right && l->level_db == r->level_db && same_pan(l->pan, r->pan) && l->flip == r->flip;
}

static td_status join_sides(td_stem *l, const td_stem *r)
{
    char both[2 * TD_SHA256_HEX];
    snprintf(both, sizeof both, "%s%s", l->sha256, r->sha256);
    td_status st = td_sha256_of(both, strlen(both), l->sha256);
    l->path_right = r->path;
    l->mark[1] = r->mark[0];
    l->faults |= r->faults;
    l->info.channels = 2;
    if (r->info.rate_hz > l->info.rate_hz) l->info.rate_hz = r->info.rate_hz;
    if (r->info.frames > l->info.frames) l->info.frames = r->info.frames;
    return st;
}

/* The R file of a pair that the order names. */
static td_status judge_right(opening *o, const td_stem *l, td_stem **out, td_error *err)
{
    td_stem *r = *out = td_arena_alloc(o->s->arena, sizeof *r);
    if (!r) return TD_NOMEM;
    *r = (td_stem){ .path = l->path_right };
    td_status st = judge(o, r, err);
    if (st) return st;
    if (r->info.channels + l->info.channels > 2 && !is_refused(r) && !is_refused(l))
        return td_fail(err, TD_INPUT, td_basename(r->path), "pair mono files", "is no side of a pair: it is stereo");
    return TD_OK;
}

static td_status join_right(td_stem *l, const td_stem *r)
{
    if (is_refused(r)) snprintf(l->fault_text, sizeof l->fault_text, "%s", r->fault_text);
    return join_sides(l, r);
}

static td_status pair(td_session *s)
{
    for (size_t i = 0; i < s->n_stems; i++) {
        for (size_t k = 0; k < s->n_stems; k++) {
            if (!are_sides(&s->stem[i], &s->stem[k])) continue;
            td_stem *l = &s->stem[i], *r = &s->stem[k];
            l->name = td_arena_printf(s->arena, "%s + %s", l->name, r->name);
            td_status st = l->name ? join_sides(l, r) : TD_NOMEM;
            if (st) return st;
            memmove(&s->stem[k], &s->stem[k + 1], (s->n_stems - k - 1) * sizeof *s->stem);
            s->n_stems--;
            i -= k < i;
            break;
        }
    }
    return TD_OK;
}

/* ---- sound ------------------------------------------------------------------------------------------------------- */

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

td_status td_session_unchanged(const td_session *s, td_error *err)
{
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < s->n_stems; i++)
        if (s->stem[i].bus != UINT_MAX) st = unchanged(&s->stem[i], err);
    if (!st && s->rough) st = unchanged(s->rough, err);
    return st || !s->reference ? st : unchanged(s->reference, err);
}

typedef struct listening {
    const opening *o;
    td_stem *stem[TD_STEMS_MAX];
    size_t n;
} listening;

/* What cannot be decoded stays unknown: the survey meets it again. */
static td_status listen_task(void *shared, size_t index, td_error *err)
{
    const listening *l = shared;
    td_error why = { 0 };
    td_status st = td_stem_listen(l->stem[index], l->o->cache, &why);
    if (!st || st == TD_INPUT) return TD_OK;
    if (err) *err = why;
    return st;
}

/* Stems of which no name tells what they are. */
static td_status listen(const opening *o, td_error *err)
{
    listening l = { .o = o };
    for (size_t i = 0; i < o->s->n_stems; i++) {
        td_stem *m = &o->s->stem[i];
        if (takes_part(m) && m->role.source == TD_ROLE_UNKNOWN) l.stem[l.n++] = m;
    }
    return run_tasks(o->pool, l.n, listen_task, &l, err);
}

/* ---- buses and order --------------------------------------------------------------------------------------------- */

/* Harmonies sit with the backing vocals: against the lead they are balanced alike. */
static bool is_backing(const char *role)
{
    return td_role_covers("vocals.backing", role) || td_role_covers("vocals.harmony", role);
}

/* A few percussion tracks belong to the drums they play with. */
static bool percussion_joins(const td_session *s)
{
    size_t percussion = 0, drums = 0;
    for (size_t i = 0; i < s->n_stems; i++) {
        if (!takes_part(&s->stem[i])) continue;
        percussion += td_role_covers("percussion", s->stem[i].role.name);
        drums += td_role_covers("drums", s->stem[i].role.name);
    }
    return drums && percussion < PERCUSSION_ALONE;
}

/* Position in td_buses, doubled, so that backing vocals fit in behind the lead. */
static unsigned bus_rank(const char *role, bool joins)
{
    if (joins && td_role_covers("percussion", role)) role = "drums";
    for (unsigned b = 0;; b++) {
        if (!td_buses[b + 1] || td_role_covers(td_buses[b], role)) return 2 * b + is_backing(role);
    }
}

static int compare_numbers(double a, double b)
{
    return (a > b) - (a < b);
}

static int compare_stems(const void *pa, const void *pb)
{
    const td_stem *a = pa, *b = pb;
    int d = (a->bus > b->bus) - (a->bus < b->bus);
    if (!d) d = strcmp(a->role.name, b->role.name);
    if (!d) d = strcmp(a->name, b->name);
    if (!d) d = strcmp(a->sha256, b->sha256);
    if (!d) d = compare_numbers(a->level_db, b->level_db);
    if (!d) d = compare_numbers(isnan(a->pan) ? 0 : a->pan, isnan(b->pan) ? 0 : b->pan);
    return d ? d : a->flip - b->flip;
}

/* Sorts the stems by bus, role, name and hash, and lists the buses in use. td_stem.bus holds the rank meanwhile. */
static td_status arrange(td_session *s)
{
    bool joins = percussion_joins(s);
    for (size_t i = 0; i < s->n_stems; i++)
        s->stem[i].bus = takes_part(&s->stem[i]) ? bus_rank(s->stem[i].role.name, joins) : UINT_MAX;
    qsort(s->stem, s->n_stems, sizeof *s->stem, compare_stems);
    s->bus = td_arena_array(s->arena, s->n_stems, sizeof *s->bus);
    s->n_buses = 0;
    if (!s->bus) return TD_NOMEM;
    unsigned last = UINT_MAX;
    for (size_t i = 0; i < s->n_stems && s->stem[i].bus != UINT_MAX; i++) {
        unsigned rank = s->stem[i].bus;
        if (rank != last) {
            const char *group = td_buses[rank / 2];
            s->bus[s->n_buses++] = (td_bus){ .name = rank % 2 ? TD_BUS_BACKING : group, .group = group };
        }
        last = rank;
        s->stem[i].bus = (unsigned)s->n_buses - 1;
        s->bus[s->n_buses - 1].stems++;
    }
    return TD_OK;
}

/* ---- rate, length, tempo ----------------------------------------------------------------------------------------- */

static uint64_t converted(const td_audio_info *info, unsigned rate_hz)
{
    if (info->rate_hz == rate_hz || !info->rate_hz) return info->frames;
    return (info->frames * rate_hz + info->rate_hz - 1) / info->rate_hz;
}

static void settle_rate(td_session *s)
{
    s->rate_hz = LOWEST_RATE_HZ;
    for (size_t i = 0; i < s->n_stems; i++) {
        if (takes_part(&s->stem[i]) && s->stem[i].info.rate_hz > s->rate_hz) s->rate_hz = s->stem[i].info.rate_hz;
    }
    if (s->rate_hz > HIGHEST_RATE_HZ) s->rate_hz = HIGHEST_RATE_HZ;
    s->frames = 0;
    for (size_t i = 0; i < s->n_stems; i++) {
        td_stem *m = &s->stem[i];
        m->frames = converted(&m->info, s->rate_hz);
        if (takes_part(m) && m->frames > s->frames) s->frames = m->frames;
    }
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

/* ---- faults that neighbours show --------------------------------------------------------------------------------- */

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
        if (takes_part(&s->stem[i])) length[n++] = s->stem[i].frames;
    }
    if (!n) return 0;
    qsort(length, n, sizeof *length, compare_lengths);
    return length[n / 2];
}

unsigned td_stem_channels(const td_stem *stem)
{
    return stem->path_right ? 2 : stem->info.channels;
}

const td_stem *td_session_twin(const td_session *s, size_t i)
{
    for (size_t k = 0; takes_part(&s->stem[i]) && k < i; k++) {
        if (takes_part(&s->stem[k]) && !strcmp(s->stem[k].sha256, s->stem[i].sha256)) return &s->stem[k];
    }
    return NULL;
}

static void note_faults(td_session *s)
{
    uint64_t usual = td_session_usual_frames(s);
    for (size_t i = 0; i < s->n_stems; i++) {
        td_stem *m = &s->stem[i];
        if (!takes_part(m)) continue;
        uint64_t off = m->frames > usual ? m->frames - usual : usual - m->frames;
        if (m->role.source == TD_ROLE_UNKNOWN) m->faults |= TD_FAULT_BIT(UNKNOWN_ROLE);
        if (m->role.two_buses) m->faults |= TD_FAULT_BIT(DOUBLE_ROLE);
        if (m->info.rate_hz != s->rate_hz) m->faults |= TD_FAULT_BIT(RATE_DIFFERS);
        if (m->info.rate_hz < LOWEST_RATE_HZ) m->faults |= TD_FAULT_BIT(LOW_RATE);
        if ((double)off > LENGTH_TOLERANCE_S * s->rate_hz) m->faults |= TD_FAULT_BIT(LENGTH_DIFFERS);
        if (td_session_twin(s, i)) m->faults |= TD_FAULT_BIT(DUPLICATE);
    }
}

/* "Old Takes 2" and "_alt", but not "Altos": one of its words. */
static bool names_aside(const char *folder, size_t length)
{
    static const char *const words[] = { "take",      "takes",   "outtakes", "alt",    "alts",      "alternative",
                                         "alternate", "old",     "older",    "unused", "backup",    "backups",
                                         "bak",       "archive", "alte",     "altes",  "ungenutzt", "prises",
                                         "anciens",   "tomas",   "viejo",    "vecchi", "previous" };
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (size_t at = 0, n; at < length; at += n ? n : 1) {
        n = strspn(folder + at, letters);
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (strlen(words[i]) == n && !strncasecmp(words[i], folder + at, n)) return true;
    }
    return false;
}

size_t td_stem_aside(const td_stem *m)
{
    size_t end = folders_length(m->name), found = 0;
    for (size_t start = 0, n; start < end; start += n + 1) {
        n = strcspn(m->name + start, "/");
        if (names_aside(m->name + start, n)) found = start + n + 1;
    }
    return found;
}

/* Where all that there is lies in such folders, they say nothing. */
static void note_aside(td_session *s)
{
    size_t there = 0, aside = 0;
    for (size_t i = 0; i < s->n_stems; i++) {
        there += takes_part(&s->stem[i]);
        aside += takes_part(&s->stem[i]) && td_stem_aside(&s->stem[i]);
    }
    for (size_t i = 0; i < s->n_stems && aside < there; i++)
        if (takes_part(&s->stem[i]) && td_stem_aside(&s->stem[i])) s->stem[i].faults |= TD_FAULT_BIT(SET_ASIDE);
}

/* Voices alone are a choir, or an order without its music. */
static void note_missing_music(td_session *s)
{
    if (!voices_alone(s)) return;
    for (size_t i = 0; i < s->n_stems; i++)
        if (td_role_covers("mix", s->stem[i].role.name)) s->stem[i].faults |= TD_FAULT_BIT(VOICES_ALONE);
}

/* What follows from which stems take part. */
static td_status settle(td_session *s)
{
    td_status st = arrange(s);
    if (st) return st;
    settle_rate(s);
    note_faults(s);
    note_aside(s);
    note_missing_music(s);
    return TD_OK;
}

/* ---- mixes to compare with --------------------------------------------------------------------------------------- */

/* A mix the order names, or else the first stem that is one. */
static td_status find_mix(opening *o, const char *path, const char *role, td_stem **out, td_error *err)
{
    td_session *s = o->s;
    for (size_t i = 0; !path && !*out && i < s->n_stems; i++) {
        if (!strcmp(s->stem[i].role.name, role) && !is_refused(&s->stem[i])) *out = &s->stem[i];
    }
    if (!path) return TD_OK;
    td_stem *m = td_arena_alloc(s->arena, sizeof *m);
    if (!m) return TD_NOMEM;
    *m = (td_stem){ .path = td_arena_strdup(s->arena, path), .bus = UINT_MAX, .pan = NAN };
    m->name = m->path ? td_basename(m->path) : NULL;
    if (!m->name) return TD_NOMEM;
    td_status st = judge(o, m, err);
    if (!st) st = hash_files(o, err);
    snprintf(m->role.name, sizeof m->role.name, "%s", role);
    m->role.source = TD_ROLE_FROM_JOB;
    m->frames = converted(&m->info, s->rate_hz);
    if (!st && !is_refused(m)) *out = m;
    return st;
}

/* ---- the hash ---------------------------------------------------------------------------------------------------- */

static void hash_text(td_sha256 *h, const char *text)
{
    td_sha256_add(h, text, strlen(text) + 1);
}

static void hash_number(td_sha256 *h, double x)
{
    if (isnan(x)) x = NAN; /* one of the many */
    td_sha256_add(h, &x, sizeof x);
}

/* Over what decides the sound, in the order in which it is summed. */
static td_status hash_session(td_session *s)
{
    td_sha256 *h;
    td_status st = td_sha256_new(&h);
    if (st) return st;
    hash_number(h, s->rate_hz);
    hash_number(h, s->tempo_bpm);
    for (size_t i = 0; i < s->n_stems; i++) {
        const td_stem *m = &s->stem[i];
        if (m->bus == UINT_MAX) continue;
        hash_text(h, s->bus[m->bus].name);
        hash_text(h, m->role.name);
        hash_text(h, m->sha256);
        hash_number(h, m->level_db);
        hash_number(h, m->pan);
        hash_number(h, m->flip);
    }
    hash_text(h, s->rough ? s->rough->sha256 : "");
    hash_text(h, s->reference ? s->reference->sha256 : "");
    td_sha256_hex(h, s->hash);
    return TD_OK;
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

static bool has_twin(const td_session *s, const td_stem *m)
{
    for (size_t i = 0; i < s->n_stems; i++)
        if (&s->stem[i] != m && !strcmp(s->stem[i].name, m->name)) return true;
    return false;
}

/* The path's end, one folder longer than the name is; NULL: it has no more. */
static const char *longer_name(const td_stem *m)
{
    size_t have = strlen(m->name), all = strlen(m->path);
    if (have + 1 >= all || strcmp(m->path + all - have, m->name) != 0) return NULL;
    const char *s = m->path + all - have - 1;
    if (*s != '/') return NULL;
    while (s > m->path && s[-1] != '/') s--;
    return *s == '/' ? NULL : s;
}

/* Two files of one name are told apart by their folders, as many as it takes. */
static void tell_names_apart(td_session *s)
{
    for (bool again = true; again;) {
        const char *longer[TD_STEMS_MAX];
        again = false;
        for (size_t i = 0; i < s->n_stems; i++) longer[i] = has_twin(s, &s->stem[i]) ? longer_name(&s->stem[i]) : NULL;
        for (size_t i = 0; i < s->n_stems; i++) {
            if (!longer[i]) continue;
            s->stem[i].name = longer[i];
            again = true;
        }
    }
}

static td_status judge_stems(opening *o, const td_session_wish *wish, td_error *err)
{
    td_session *s = o->s;
    td_status st = read_roles(s, false);
    for (size_t i = 0; !st && i < s->n_stems; i++) ask_folders(&s->stem[i]);
    for (size_t i = 0; !st && i < s->n_stems; i++) st = obey(&s->stem[i], &wish->stem[i], err);
    for (size_t i = 0; !st && i < s->n_stems; i++) {
        st = judge(o, &s->stem[i], err);
        if (!st && s->stem[i].path_right) st = judge_right(o, &s->stem[i], &o->right[i], err);
    }
    if (!st) st = hash_files(o, err);
    for (size_t i = 0; !st && i < s->n_stems; i++)
        if (o->right[i]) st = join_right(&s->stem[i], o->right[i]);
    return st ? st : read_roles(s, true);
}

static td_status fill(opening *o, const td_session_wish *wish, td_error *err)
{
    td_session *s = o->s;
    s->title = td_arena_strdup(s->arena, wish->title);
    s->artist = td_arena_strdup(s->arena, wish->artist);
    td_status st = copy_stems(s, wish);
    if (!st) tell_names_apart(s);
    if (!st) st = judge_stems(o, wish, err);
    if (st) return st;
    keep_accompaniment(s);
    st = pair(s);
    if (!st) st = listen(o, err);
    if (!st) st = settle(s);
    if (st) return st;
    settle_tempo(s, wish->tempo_bpm);
    st = find_mix(o, wish->rough, "mix.rough", &s->rough, err);
    if (!st) st = find_mix(o, wish->reference, "mix.reference", &s->reference, err);
    return st ? st : hash_session(s);
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
    opening o = { .s = s, .cache = wish->cache, .pool = wish->pool };
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
static td_stem *find_again(td_session *s, td_stem *mix, const char *role)
{
    if (mix < s->stem || mix >= s->stem + s->n_stems) return mix;
    td_stem *found = NULL;
    find_mix(&(opening){ .s = s }, NULL, role, &found, NULL);
    return found;
}

bool td_session_refuse(td_session *s, const td_error *err)
{
    for (size_t i = 0; i < s->n_stems; i++) {
        td_stem *m = &s->stem[i];
        bool meant = !strcmp(td_basename(m->path), err->where) ||
                     (m->path_right && !strcmp(td_basename(m->path_right), err->where));
        if (!meant || m->bus == UINT_MAX) continue;
        keep_refusal(m, err);
        m->faults |= TD_FAULT_BIT(DAMAGED);
        td_stem *rough = s->rough, *reference = s->reference;
        if (settle(s)) return false;
        s->rough = find_again(s, rough, "mix.rough");
        s->reference = find_again(s, reference, "mix.reference");
        return hash_session(s) == TD_OK;
    }
    return false;
}

void td_session_free(td_session *s)
{
    if (s) td_arena_free(s->arena);
}
