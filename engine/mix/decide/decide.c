#include "engine/mix/decide/decide.h"

#include <stdio.h>
#include <string.h>

td_status td_bus_lane(const td_decider *d, size_t bus, size_t steps, td_lane **out, td_error *err)
{
    const td_behind *played = &d->behind[bus];
    if (!played->sound || played->steps > steps) played = NULL;
    return td_lane_from(played, d->survey, d->session, d->plan, bus, steps, out, err);
}

td_status td_decide_go_on(const td_plan_wish *wish, td_error *err)
{
    bool stopped = wish->pool && td_pool_stopped(wish->pool);
    return stopped ? td_fail(err, TD_STOPPED, NULL, NULL, "stopped while planning") : TD_OK;
}

td_status td_decide_note(td_decider *d, int kind, const char *fmt, ...)
{
    td_plan *p = d->plan;
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (!(p->n_notes & (p->n_notes - 1))) { /* room is a power of two */
        td_plan_note *grown = td_arena_array(d->arena, p->n_notes ? p->n_notes * 2 : 1, sizeof *grown);
        if (!grown) return TD_NOMEM;
        if (p->n_notes) memcpy(grown, p->note, p->n_notes * sizeof *grown);
        p->note = grown;
    }
    const char *kept = td_arena_strdup(d->arena, text);
    if (!kept) return TD_NOMEM;
    p->note[p->n_notes].kind = kind;
    p->note[p->n_notes++].text = kept;
    return TD_OK;
}

const char *td_above_below(double difference, const char *unit, char out[32])
{
    if (fabs(difference) < 0.05)
        snprintf(out, 32, "level with");
    else
        snprintf(out, 32, "%.1f %s %s", fabs(difference), unit, difference > 0 ? "above" : "below");
    return out;
}

size_t td_stems_meant(const td_session *s, const char *word, size_t *index)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_stems; i++) {
        const td_stem *t = &s->stem[i];
        if (t->bus >= s->n_buses) continue;
        if (td_role_covers(word, t->role.name) || !strcmp(word, s->bus[t->bus].name) || !strcmp(word, t->name) ||
            !strcmp(word, td_basename(t->name)))
            index[n++] = i;
    }
    return n;
}

size_t td_keys_meant(const td_decider *d, const char *word, size_t *index)
{
    size_t meant = td_stems_meant(d->session, word, index), n = 0;
    for (size_t i = 0; i < meant; i++)
        if (!td_is_silent(td_survey_signal(d->survey, td_survey_stem(d->survey, index[i]))->peak_dbfs))
            index[n++] = index[i];
    return n;
}

const td_group_wish *td_group_for(const td_decider *d, const td_plan_bus *b)
{
    return td_recipe_group(d->recipe, b->name, b->group);
}
