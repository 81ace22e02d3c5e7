/* cmd/mixing.h - what `mix` and `plan` share: flags to an order, and an order carried out. */
#ifndef TD_CMD_MIXING_H
#define TD_CMD_MIXING_H

#include "cmd/cmd.h"
#include "jobs/order/folder.h"
#include "jobs/order/mixdown.h"

#define TD_MIXING_FLAGS                                                                                              \
    { "recipe", 'r', "NAME", "a recipe, by name or path; more than one is A/B: previews equally loud" },             \
        { "set", 0, "KNOB=VALUE", "turn a knob of the recipe, such as warmth=4dB" },                                 \
        { "job", 0, "FILE", "take stems, recipes and outputs from a job file" },                                     \
        { "balance", 0, "MODE", "auto, even, delivered, rough, loudness or focus: where faders start" },             \
        { "rough", 0, "FILE",                                                                                        \
          "the client's rough mix: faders start from its proportions, and mixes are compared with it" },             \
        { "reference", 0, "FILE", "a finished song of somebody else: compared with; recipes may take on its tone" }, \
        TD_ROLE_FLAG, { "tempo", 0, "BPM", "for recipes with note lengths" },                                        \
        { "recipes", 0, "DIR", "look for recipes here first" },                                                      \
        { "skip-rejected", 0, NULL, "leave out stems that are refused, instead of stopping" },                       \
        { "scratch", 0, "DIR", "for temporary audio; $TMPDIR, else /var/tmp" },                                      \
        { "cache-limit", 0, "MB", "of surveys and groups that are kept, the longest unused go; 4000" },              \
        TD_THREADS_FLAG,                                                                                             \
    {                                                                                                                \
        "no-cache", 0, NULL, "survey and render anew, keep nothing"                                                  \
    }

#define TD_CACHE_MB 4000 /* as the flag's help says */

/* Where surveys, hashes and groups are kept between mixes; NULL: this user has no home. */
const char *td_cache_folder(td_arena *a);

typedef struct td_mixing {
    td_arena *arena;
    td_library *library;
    td_order *order;
    td_plan *plan[32];
    size_t n_plans;
    td_mixdown_wish wish;
    td_mixdown *done;
    td_meter_line *progress;
    const char *role[TD_ROLES_MOST];
    size_t n_roles;
    bool shown; /* messages were printed */
} td_mixing;

/* The stems that words name: files, and the sound files of folders. Paths live in arena. TD_ARG: none, or too many. */
td_status td_stems_of_words(const td_args *a, td_arena *arena, td_stem_wish **stem, size_t *n, td_error *err);

/* What a song is called whose stems lie there: its folder's name. NULL: there is no such file or folder. */
const char *td_song_of(const char *stems, td_arena *a);

/* Reads flags and words into m->wish. Whatever happens, td_mixing_fini. Returns 0 or the exit code, messages printed.
 */
int td_mixing_init(td_mixing *m, const td_args *a);
/* Runs it and prints what went wrong; the exit code. */
int td_mixing_run(td_mixing *m, const td_args *a);
void td_mixing_fini(td_mixing *m);

#endif
