#include "engine/mix/open/open.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { HIGHEST_RATE_HZ = 96000, PERCUSSION_ALONE = 3 };

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
        if (!td_stem_takes_part(&s->stem[i])) continue;
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

/* td_stem.bus holds the rank meanwhile. */
td_status td_order_stems(td_session *s)
{
    bool joins = percussion_joins(s);
    for (size_t i = 0; i < s->n_stems; i++)
        s->stem[i].bus = td_stem_takes_part(&s->stem[i]) ? bus_rank(s->stem[i].role.name, joins) : UINT_MAX;
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

/* ---- rate and length --------------------------------------------------------------------------------------------- */

uint64_t td_frames_at(const td_audio_info *info, unsigned rate_hz)
{
    if (info->rate_hz == rate_hz || !info->rate_hz) return info->frames;
    return (info->frames * rate_hz + info->rate_hz - 1) / info->rate_hz;
}

void td_order_rate(td_session *s)
{
    s->rate_hz = TD_LOWEST_RATE_HZ;
    for (size_t i = 0; i < s->n_stems; i++) {
        if (td_stem_takes_part(&s->stem[i]) && s->stem[i].info.rate_hz > s->rate_hz)
            s->rate_hz = s->stem[i].info.rate_hz;
    }
    if (s->rate_hz > HIGHEST_RATE_HZ) s->rate_hz = HIGHEST_RATE_HZ;
    s->frames = 0;
    for (size_t i = 0; i < s->n_stems; i++) {
        td_stem *m = &s->stem[i];
        m->frames = td_frames_at(&m->info, s->rate_hz);
        if (td_stem_takes_part(m) && m->frames > s->frames) s->frames = m->frames;
    }
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

td_status td_order_hash(td_session *s)
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
