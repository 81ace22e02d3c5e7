#include "engine/mix/recipe.h"

#include "engine/dsp/dsp.h"
#include <string.h>

/* Published delivery levels; where sources disagree the stricter stands (dBTP). Platforms turn music up or down to
 * these, so they are what a listener hears there and not a duty. */
const td_named_target td_named_targets[] = {
    { "spotify", -14, -1, "Spotify, normal setting" },
    { "apple-music", -16, -1, "Apple Music with Sound Check" },
    { "youtube", -14, -1, "YouTube, which only turns down" },
    { "tidal", -14, -1, "Tidal" },
    { "amazon-music", -14, -2, "Amazon Music" },
    { "deezer", -15, -1, "Deezer" },
    { "soundcloud", -14, -1, "SoundCloud" },
    { "ebu-r128", -23, -1, "broadcast in Europe, EBU R 128" },
    { "atsc-a85", -24, -2, "broadcast in North America, ATSC A/85" },
    { "club", -9, -1, "loud, for clubs" },
    { 0 },
};

static double or_else(double x, double other)
{
    return isnan(x) ? other : x;
}

td_target td_target_over(const td_target *said, const td_target *otherwise)
{
    return (td_target){ .loudness_lufs = or_else(said->loudness_lufs, otherwise->loudness_lufs),
                        .true_peak_dbtp = or_else(said->true_peak_dbtp, otherwise->true_peak_dbtp),
                        .peak_dbfs = or_else(said->peak_dbfs, otherwise->peak_dbfs),
                        .limiting_db = or_else(said->limiting_db, otherwise->limiting_db),
                        .named = isnan(said->loudness_lufs) ? otherwise->named : said->named };
}

const char *td_target_text(td_arena *a, const td_target *t)
{
    td_text out = { 0 };
    if (!isnan(t->loudness_lufs)) td_text_addf(&out, ", %g LUFS", t->loudness_lufs);
    if (!isnan(t->true_peak_dbtp)) td_text_addf(&out, ", %g dBTP", t->true_peak_dbtp);
    if (!isnan(t->peak_dbfs)) td_text_addf(&out, ", %g dBFS", t->peak_dbfs);
    const char *kept = out.broken ? NULL : td_arena_strdup(a, out.length ? out.data + 2 : "as the mix bus leaves it");
    td_text_free(&out);
    return kept;
}

const char *const td_way_names[] = { [TD_TO_MASTER] = "master", [TD_TO_PREVIEW] = "preview" };

const char *const td_approach_names[] = { "top-down", "bottom-up", "hybrid", NULL };
const char *const td_balance_names[] = { "auto", "even", "delivered", "rough", "loudness", "focus", NULL };
const char *const td_pan_names[] = { "delivered", "auto", NULL };

const char *td_approach_name(td_approach a)
{
    return td_approach_names[a];
}

const char *td_balance_name(td_balance b)
{
    return td_balance_names[b];
}

void td_recipe_free(td_recipe *r)
{
    if (r) td_arena_free(r->arena); /* the recipe itself lies in it */
}

static const td_group_wish *named(const td_recipe *r, const char *name)
{
    for (size_t i = 0; i < r->n_groups; i++)
        if (!strcmp(r->group[i].bus, name)) return &r->group[i];
    return NULL;
}

const td_group_wish *td_recipe_group(const td_recipe *r, const char *bus, const char *group)
{
    const td_group_wish *g = named(r, bus);
    return g ? g : named(r, group);
}

bool td_recipe_matches(const td_recipe *r)
{
    for (size_t i = 0; i < r->mix.n_steps; i++)
        for (size_t k = 0; k < r->mix.step[i].n_parts; k++)
            if (!strcmp(r->mix.step[i].part[k].proc->name, "match")) return true;
    return false;
}

bool td_recipe_tagged(const td_recipe *r, const char *const *words)
{
    for (size_t i = 0; i < r->n_tags; i++)
        for (size_t k = 0; words[k]; k++)
            if (!strcmp(r->tag[i], words[k])) return true;
    return false;
}
