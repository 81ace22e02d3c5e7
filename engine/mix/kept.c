#include "engine/mix/kept.h"

#include "engine/base/cache.h"
#include "engine/base/file.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The name of a bus's sound also says how much of it there is and which program made it. */
static td_status name_bus(td_kept *k, const char *program, size_t b, td_error *err)
{
    char hash[TD_SHA256_HEX], all[2 * TD_SHA256_HEX + 32];
    td_status st = td_plan_bus_hash(k->wish->plan, k->wish->session, b, hash, err);
    if (st) return st;
    snprintf(all, sizeof all, "%s %s %" PRIu64, program, hash, k->frames);
    return td_sha256_of(all, strlen(all), k->hash[b]) ? td_no_memory(err) : TD_OK;
}

static td_status thaw_task(void *shared, size_t b, td_error *err)
{
    td_kept *k = shared;
    const td_render_wish *w = k->wish;
    td_frozen *from = *k->hash[b] ? td_frozen_find(w->keep_folder, k->hash[b], k->frames) : NULL;
    td_status st = from ? td_lane_thaw(from, w->session, w->plan, b, &k->lane[b], err) : TD_OK;
    k->thawed[b] = k->lane[b] != NULL;
    return st;
}

td_status td_kept_thaw(td_kept *k, const td_render_wish *w, uint64_t frames, td_lane **lane, td_error *err)
{
    char program[TD_SHA256_HEX];
    td_status st = TD_OK;
    *k = (td_kept){ .wish = w, .lane = lane, .frames = frames };
    if (!w->keep_folder || td_sha256_file("/proc/self/exe", program, NULL, NULL)) return TD_OK;
    k->began = (int64_t)time(NULL);
    for (size_t b = 0; !st && b < w->plan->n_buses; b++)
        if (td_render_hears(w, b)) st = name_bus(k, program, b, err);
    return st ? st : td_pool_run(w->pool, w->plan->n_buses, thaw_task, k, err);
}

static bool is_new(const td_kept *k, size_t b)
{
    return *k->hash[b] && !k->thawed[b];
}

void td_kept_freeze(td_kept *k)
{
    const td_render_wish *w = k->wish;
    uint64_t size = td_frozen_bytes(k->frames), want = 0;
    for (size_t b = 0; b < w->plan->n_buses; b++)
        if (is_new(k, b)) want += size;
    if (!want || td_folder_make(w->keep_folder, NULL)) return;
    uint64_t room = td_cache_room(w->keep_folder, want, w->keep_bytes, k->began);
    for (size_t b = 0; b < w->plan->n_buses && room >= size; b++) {
        if (!is_new(k, b)) continue;
        td_lane_freeze(k->lane[b], td_frozen_begin(w->keep_folder, k->hash[b], k->frames));
        room -= size;
    }
}

void td_kept_end(const td_kept *k)
{
    const td_render_wish *w = k->wish;
    for (size_t b = 0; b < w->plan->n_buses; b++)
        if (k->lane[b]) td_lane_frozen(k->lane[b]);
    if (w->keep_folder) td_cache_room(w->keep_folder, 0, w->keep_bytes, INT64_MAX);
}
