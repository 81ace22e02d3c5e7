#include "engine/mix/decide/decide.h"

#include "engine/base/base.h"
#include <stdio.h>
#include <stdlib.h>

/* Stems of one bus that take each other away: two recordings of one source, one of them upside down or late. That it
 * happens the survey's powers tell, for those of strangers add; who it is the sound tells, and whether a fix mends it.
 */

#define LOST_POWER 0.5  /* of what the stems have apart, what a bus with nothing wrong keeps at least: 3 dB under */
#define COPY_POWER 1e-9 /* of two, what a copy upside down leaves: of that the file's finding tells */

enum { PLACES = 24 }; /* where they are listened to, 100 ms each */

/* A bus's stems at the places where most of them is lost. */
typedef struct opposed {
    size_t stem[TD_STEMS_MAX], n;
    size_t step[PLACES], n_steps;
    double *product; /* n x n: of their sums of left and right, over all places */
} opposed;

static void find_stems(const td_decider *d, size_t bus, opposed *o)
{
    for (size_t i = 0; i < d->session->n_stems; i++)
        if (d->session->stem[i].bus == bus) o->stem[o->n++] = i;
}

/* Powers of the stems, step by step, added into `apart`; whether the bus keeps less than they promise. */
static bool loses(const td_decider *d, size_t bus, const opposed *o, float *apart)
{
    const td_signal *sum = td_survey_signal(d->survey, td_survey_bus(d->survey, bus));
    double before = 0, after = 0;
    for (size_t i = 0; i < d->steps; i++) {
        for (size_t k = 0; k < o->n; k++)
            apart[i] += td_survey_signal(d->survey, td_survey_stem(d->survey, o->stem[k]))->k[i];
        before += (double)apart[i];
        after += (double)sum->k[i];
    }
    return after < LOST_POWER * before;
}

/* Evenly among the steps that lose as much and are no softer than usual. */
static void choose_places(const td_decider *d, size_t bus, const float *apart, opposed *o)
{
    const float *sum = td_survey_signal(d->survey, td_survey_bus(d->survey, bus))->k;
    double mean = 0;
    size_t lost = 0, seen = 0;
    for (size_t i = 0; i < d->steps; i++) mean += (double)apart[i] / (double)d->steps;
    for (int count = 1; count >= 0; count--)
        for (size_t i = 0; i < d->steps; i++) {
            if ((double)apart[i] < mean || (double)sum[i] >= LOST_POWER * (double)apart[i]) continue;
            if (count)
                lost++;
            else if (seen++ * PLACES / lost >= o->n_steps && o->n_steps < PLACES)
                o->step[o->n_steps++] = i;
        }
}

static td_status listen_to(td_decider *d, size_t stem, bool fixes, const opposed *o, float *wave, size_t frames,
                           td_error *err)
{
    td_feed *f;
    td_status st = td_feed_new(d->survey, d->session, d->plan, fixes, &stem, 1, NULL, &f, err);
    for (size_t p = 0; !st && p < o->n_steps; p++) {
        st = td_feed_seek(f, (int64_t)(o->step[p] * frames), err);
        for (size_t at = 0, n; !st && at < frames; at += n) {
            float left[TD_BLOCK], right[TD_BLOCK], *to[2] = { left, right };
            n = frames - at < TD_BLOCK ? frames - at : TD_BLOCK;
            st = td_feed_read(f, to, n, err);
            for (size_t i = 0; i < n; i++) wave[p * frames + at + i] = left[i] + right[i];
        }
    }
    td_feed_free(f);
    return st;
}

static td_status multiply(td_decider *d, bool fixes, opposed *o, td_error *err)
{
    size_t frames = d->session->rate_hz / 10, length = o->n_steps * frames;
    float *wave = td_calloc2(o->n, length, sizeof *wave);
    td_status st = wave ? TD_OK : td_no_memory(err);
    for (size_t k = 0; !st && k < o->n; k++) st = listen_to(d, o->stem[k], fixes, o, wave + k * length, frames, err);
    for (size_t k = 0; !st && k < o->n; k++)
        for (size_t m = k; m < o->n; m++) {
            double sum = 0;
            for (size_t i = 0; i < length; i++) sum += (double)wave[k * length + i] * (double)wave[m * length + i];
            o->product[k * o->n + m] = o->product[m * o->n + k] = sum;
        }
    free(wave);
    return st;
}

/* Of all of the bus, and of its stems apart. */
static double power_of(const opposed *o, double *apart)
{
    double all = 0;
    *apart = 0;
    for (size_t k = 0; k < o->n; k++) {
        *apart += o->product[k * o->n + k];
        for (size_t m = 0; m < o->n; m++) all += o->product[k * o->n + m];
    }
    return all;
}

/* The pair that takes most, both indices of o. */
static bool find_pair(const opposed *o, size_t *one, size_t *other)
{
    double lowest = 0;
    for (size_t k = 0; k < o->n; k++)
        for (size_t m = 0; m < k; m++) {
            if (o->product[k * o->n + m] >= lowest) continue;
            lowest = o->product[k * o->n + m], *one = m, *other = k;
        }
    return lowest < 0;
}

/* What is wrong with the second of a pair, and what helps. */
static const char *why(const td_offset *o, const char *name, char out[400])
{
    char own[256];
    td_printable(name, own, sizeof own);
    if (isnan(o->later_ms))
        snprintf(out, 400, "one may be upside down, or late; leave one out where both are one source");
    else if (fabs(o->later_ms) < 0.005)
        snprintf(out, 400, "%s is upside down; say `polarity: flipped` of it in the job file", own);
    else
        snprintf(out, 400, "%s is %.2f ms %s%s; leave one out, or add a fix that aligns them", own, fabs(o->later_ms),
                 o->later_ms > 0 ? "late" : "early", o->flip ? " and upside down" : "");
    return out;
}

static td_status tell(td_decider *d, size_t bus, const opposed *o, td_error *err)
{
    size_t one = 0, other = 0;
    char text[400];
    td_offset offset;
    if (!find_pair(o, &one, &other)) return TD_OK;
    double own = o->product[one * o->n + one], its = o->product[other * o->n + other];
    double both = own + its + 2 * o->product[one * o->n + other];
    if (both < COPY_POWER * (own + its)) return TD_OK;
    const char *name = d->session->stem[o->stem[one]].name, *its_name = d->session->stem[o->stem[other]].name;
    TD_TRY(td_measure_offset(d, o->stem[one], o->stem[other], &offset, err));
    return td_decide_note(
        d, TD_NOTE_WARNING, "%s: %s and %s cancel each other: %.1f dB softer together than the louder one alone; %s",
        d->plan->bus[bus].name, name, its_name, td_power_db(fmax(own, its) / both), why(&offset, its_name, text));
}

/* Where proportions are the planner's, the fader was found for the bus as it was heard: with less of it, or nothing. */
static td_status give_back(td_decider *d, size_t bus, double gained_db, td_error *err)
{
    td_plan_bus *p = &d->plan->bus[bus];
    if (d->plan->balance != TD_BALANCE_LOUDNESS && d->plan->balance != TD_BALANCE_FOCUS) return TD_OK;
    if (td_is_silent(p->peak_dbfs))
        return td_decide_note(d, TD_NOTE_WARNING,
                              "%s: its fixes end a cancellation that left nothing of it: nobody found "
                              "its level",
                              p->name);
    gained_db = td_round_to(gained_db, 0.1);
    p->fader_db = td_round_to(p->fader_db - gained_db, 0.01);
    p->fader_reason =
        td_arena_printf(d->arena, "%s; %+.1f dB, for its fixes end a cancellation", p->fader_reason, -gained_db);
    return p->fader_reason ? TD_OK : td_no_memory(err);
}

static td_status settle(td_decider *d, size_t bus, opposed *o, td_error *err)
{
    double apart;
    TD_TRY(multiply(d, false, o, err));
    double before = power_of(o, &apart);
    TD_TRY(multiply(d, true, o, err));
    double after = power_of(o, &apart);
    if (after < LOST_POWER * apart) return tell(d, bus, o, err);
    return give_back(d, bus, td_power_db(after / before), err);
}

td_status td_settle_opposed(td_decider *d, td_error *err)
{
    td_status st = TD_OK;
    for (size_t b = 0; !st && b < d->plan->n_buses; b++) {
        opposed o = { 0 };
        float *apart = td_calloc2(d->steps, 1, sizeof *apart);
        find_stems(d, b, &o);
        st = apart ? TD_OK : td_no_memory(err);
        if (!st && loses(d, b, &o, apart)) {
            choose_places(d, b, apart, &o);
            o.product = td_calloc2(o.n, o.n, sizeof *o.product);
            st = o.product ? settle(d, b, &o, err) : td_no_memory(err);
            free(o.product);
        }
        free(apart);
    }
    return st;
}
