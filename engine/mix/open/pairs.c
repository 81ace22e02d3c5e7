#include "engine/mix/open/open.h"

#include <stdio.h>
#include <string.h>

static bool same_pan(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool are_sides(const td_stem *l, const td_stem *r)
{
    size_t folders = td_name_folders(l->name);
    return folders == td_name_folders(r->name) && !strncmp(l->name, r->name, folders) && l->role.side == 'L' &&
           r->role.side == 'R' && !strcmp(l->role.pair_key, r->role.pair_key) && !strcmp(l->role.name, r->role.name) &&
           l->info.channels == 1 && r->info.channels == 1 && td_stem_takes_part(l) && td_stem_takes_part(r) &&
           !l->path_right && !r->path_right && l->level_db == r->level_db && same_pan(l->pan, r->pan) &&
           l->flip == r->flip;
}

td_status td_pair_join(td_stem *l, const td_stem *r)
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

td_status td_pairs_join(td_session *s)
{
    for (size_t i = 0; i < s->n_stems; i++) {
        for (size_t k = 0; k < s->n_stems; k++) {
            if (!are_sides(&s->stem[i], &s->stem[k])) continue;
            td_stem *l = &s->stem[i], *r = &s->stem[k];
            l->name = td_arena_printf(s->arena, "%s + %s", l->name, r->name);
            td_status st = l->name ? td_pair_join(l, r) : TD_NOMEM;
            if (st) return st;
            memmove(&s->stem[k], &s->stem[k + 1], (s->n_stems - k - 1) * sizeof *s->stem);
            s->n_stems--;
            i -= k < i;
            break;
        }
    }
    return TD_OK;
}
