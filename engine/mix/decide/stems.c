#include "engine/mix/decide/decide.h"

#include "engine/mix/intake.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The plan says of roles elsewhere, an offset is a recipe's to take out, and where a file came from is a guess. */
#define NOT_HERE \
    (TD_FAULT_BIT(UNKNOWN_ROLE) | TD_FAULT_BIT(DOUBLE_ROLE) | TD_FAULT_BIT(DC) | TD_FAULT_BIT(LOSSY_SOURCE))

enum { EACH = 3 }; /* as many stems with one fault have a line each */

/* What is done about it. Who ends before the longest is padded; who is the longest has the others padded. */
static const char *handling(const td_decider *d, size_t stem, const td_finding *f, char out[80])
{
    const td_session *s = d->session;
    double missing_s = (double)(s->frames - s->stem[stem].frames) / s->rate_hz;
    double over_s = (double)s->stem[stem].frames / s->rate_hz - f->value;
    out[0] = 0;
    if (f->code == TD_FAULT_LENGTH_DIFFERS)
        snprintf(out, 80, missing_s > 0 ? "; padded by %.1f s at the end" : "; the others are padded by %.1f s",
                 missing_s > 0 ? missing_s : over_s);
    if (f->code == TD_FAULT_SET_ASIDE)
        snprintf(out, 80, "; it is mixed too: name the stems to mix, or move it elsewhere");
    if (td_fault_verdict(f->code) == TD_REJECT) snprintf(out, 80, "; left out");
    return out;
}

static bool is_told(const td_decider *d, const td_findings *in, size_t stem, size_t which)
{
    const td_stem *m = &d->session->stem[stem];
    bool part = m->bus != UINT_MAX || td_stem_is_refused(m);
    unsigned bit = 1u << in->stem[stem].finding[which].code;
    return part && !(NOT_HERE & bit) && !(m->faults & bit & TD_FAULT_BIT(DUPLICATE)); /* the very file: warn_of_twins */
}

/* The first stem with a fault speaks for all where they are many. */
static td_status tell(td_decider *d, const td_findings *in, size_t stem, size_t which)
{
    char what[400], done[80];
    const td_finding *f = &in->stem[stem].finding[which];
    const char *name = d->session->stem[stem].name;
    size_t before = 0, all = 0;
    for (size_t i = 0; i < in->n_stems; i++)
        for (size_t k = 0; k < in->stem[i].n_findings; k++) {
            bool same = is_told(d, in, i, k) && in->stem[i].finding[k].code == f->code;
            before += same && i < stem;
            all += same;
        }
    if (all <= EACH)
        return td_decide_note(d, TD_NOTE_WARNING, "%s: %s%s", name, td_finding_text(f, TD_ENGLISH, what, sizeof what),
                              handling(d, stem, f, done));
    td_finding bare = { .code = f->code, .at_s = NAN, .value = NAN, .at_hz = NAN };
    return before ? TD_OK
                  : td_decide_note(d, TD_NOTE_WARNING, "%s and %zu more: %s", name, all - 1,
                                   td_finding_text(&bare, TD_ENGLISH, what, sizeof what));
}

/* Of refused ones nothing else is of interest: no role is asked for. */
static td_status give_reason(td_decider *d, const td_findings *in, size_t stem)
{
    char what[400];
    td_plan_stem *s = &d->plan->stem[stem];
    if (in->stem[stem].faults & TD_FAULT_BIT(SILENT)) s->reason = td_silent_stem;
    if (!td_stem_is_refused(&d->session->stem[stem])) return TD_OK;
    s->reason = NULL;
    for (size_t k = 0; k < in->stem[stem].n_findings && !s->reason; k++) {
        const td_finding *f = &in->stem[stem].finding[k];
        if (td_fault_verdict(f->code) != TD_REJECT) continue;
        s->reason = td_arena_strdup(d->arena, td_finding_text(f, TD_ENGLISH, what, sizeof what));
        if (!s->reason) return TD_NOMEM;
    }
    return TD_OK;
}

static td_status tell_faults(td_decider *d, td_error *err)
{
    td_findings *in;
    td_status st = td_intake_glance(d->session, d->survey, &in, err);
    if (st) return st;
    for (size_t i = 0; !st && i < in->n_stems; i++) {
        st = give_reason(d, in, i);
        for (size_t k = 0; !st && k < in->stem[i].n_findings; k++)
            if (is_told(d, in, i, k)) st = tell(d, in, i, k);
    }
    td_intake_free(in);
    return st;
}

static td_status warn_of_twins(td_decider *d)
{
    for (size_t i = 0; i < d->session->n_stems; i++) {
        const td_stem *m = &d->session->stem[i], *twin = td_session_twin(d->session, i);
        if (twin)
            TD_TRY(
                td_decide_note(d, TD_NOTE_WARNING, "%s is the same file as %s: both are mixed", m->name, twin->name));
    }
    return TD_OK;
}

/* Unknown stems share one bus and one fader: where they are many, little of a recipe can work. */
static td_status warn_of_unknown(td_decider *d)
{
    size_t unknown = 0, all = 0;
    for (size_t i = 0; i < d->session->n_stems; i++) {
        const td_stem *t = &d->session->stem[i];
        if (t->bus >= d->session->n_buses) continue;
        unknown += !strcmp(d->session->bus[t->bus].name, "other");
        all++;
    }
    if (unknown * 3 < all || !unknown) return TD_OK;
    return td_decide_note(
        d, TD_NOTE_WARNING,
        "%zu of %zu stems are not known and share the bus 'other', of which recipes know nothing: say "
        "their roles with --role or in the job file",
        unknown, all);
}

/* Clicks and guide tracks; a name that may mean a player as well is a warning. */
static td_status tell_ignored(td_decider *d)
{
    for (size_t i = 0; i < d->session->n_stems; i++) {
        const td_stem *m = &d->session->stem[i];
        if (!td_role_covers("ignore", m->role.name)) continue;
        TD_TRY(td_decide_note(d, m->role.guess ? TD_NOTE_WARNING : TD_NOTE_NOT_USED, "%s is left out: %s%s", m->name,
                              m->role.why,
                              m->role.guess ? "; if it is to be heard, say its role with --role or in the job" : ""));
    }
    return TD_OK;
}

td_status td_tell_stems(td_decider *d, td_error *err)
{
    TD_TRY(tell_ignored(d));
    TD_TRY(warn_of_twins(d));
    TD_TRY(tell_faults(d, err));
    return warn_of_unknown(d);
}
