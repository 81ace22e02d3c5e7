#include "engine/mix/master.h"

#include "engine/dsp/limiter.h"
#include "engine/mix/driven.h"
#include <stdio.h>
#include <stdlib.h>

static const double sample_margin_db = 0.001;         /* the rounding of the product */
static const double dither_margin_db = 0.005;         /* what 16 bit may add to a true peak */
static const double near_lu = 0.002, near_db = 0.005; /* this near, a drive is found */
static const double about_lu = 0.3, about_db = 0.1;   /* where it is only to be foreseen */
static const double aim_lu = 0.02, good_lu = 0.1;     /* this near, a play is done, a target reached */
static const double steepest = 1.2, flattest = 0.1;   /* LU that a dB of drive can be believed to bring */
static const double usual_limiting_db = 6;
enum { MAX_ESTIMATES = 12, MAX_PASSES = 8, REPAIRS = 3 };

struct td_master {
    td_driven *driven;
    unsigned rate_hz;
    char *folder;
};

/* Why loudness gave way. */
typedef enum yield { NOT_AT_ALL, TO_LIMITING, TO_FLATNESS } yield;

/* A target being met. */
typedef struct work {
    td_master *m;
    const td_target *target;
    double given_db; /* the drive; NaN: to be found */
    double near_lu, near_db;
    bool foresees;
    const volatile int *stop;
    td_error *err;
    td_pass pass;
    td_listeners listeners;
    bool limited;
    double p95_db, estimated_lufs, bias_lu; /* bias: of estimates, as the last play showed */
    unsigned passes;
    yield yielded;
} work;

td_status td_master_new(const td_scratch *premaster, unsigned rate_hz, const char *scratch_folder, td_master **out,
                        td_error *err)
{
    *out = NULL;
    td_master *m = calloc(1, sizeof *m);
    if (!m) return td_no_memory(err);
    m->rate_hz = rate_hz;
    m->folder = strdup(scratch_folder);
    td_status st = m->folder ? td_driven_new(premaster, rate_hz, scratch_folder, &m->driven, err) : td_no_memory(err);
    if (st)
        td_master_free(m);
    else
        *out = m;
    return st;
}

void td_master_free(td_master *m)
{
    if (!m) return;
    td_driven_free(m->driven);
    free(m->folder);
    free(m);
}

/* ---- the drive -------------------------------------------------------------------------------------------------- */

static double limiting_allowed(const td_target *t)
{
    return isnan(t->limiting_db) ? usual_limiting_db : t->limiting_db;
}

static td_status set_drive(work *w, double drive_db)
{
    w->pass.drive = td_from_db(drive_db);
    td_status st = td_driven_prepare(w->m->driven, &w->pass, w->stop, w->err);
    return st ? st : td_driven_limiting(w->m->driven, &w->pass, w->foresees, &w->p95_db, w->err);
}

/* The drive below one that is limited too much that is limited as much as is allowed. Limiting bends but little with
 * drive: the line between the two that enclose it comes near from below, and a little more than what it says is above.
 */
static td_status find_bound(work *w, double high_db, double *drive_db)
{
    double allowed = limiting_allowed(w->target), low_db = high_db, most = w->p95_db, least, drive;
    td_status st = TD_OK;
    do { /* a dB of drive limits more by half a dB or more where it matters, and what is said of heavy limiting is a
            least */
        low_db -= 2 * (w->p95_db - allowed) + w->near_db;
        st = set_drive(w, drive = low_db);
    } while (!st && w->p95_db > allowed);
    least = w->p95_db;
    for (int i = 0; !st && high_db - low_db > w->near_db; i++) {
        double part = i % 3 < 2 ? (allowed - least) / (most - least) : 0.5;
        double more = i % 3 == 1 ? 0.5 * w->near_db : 0, room = 0.25 * w->near_db;
        drive = td_clamp(low_db + part * (high_db - low_db) + more, low_db + room, high_db - room);
        st = set_drive(w, drive);
        if (w->p95_db > allowed) {
            high_db = drive;
            most = w->p95_db;
        } else {
            low_db = drive;
            least = w->p95_db;
        }
    }
    *drive_db = low_db;
    return st || drive == low_db ? st : set_drive(w, low_db);
}

static td_status play(work *w)
{
    w->passes++;
    return td_driven_play(w->m->driven, &w->pass, &w->listeners, w->stop, w->err);
}

/* How loud it would be at a drive, or at the most that may be limited. */
static td_status try_drive(work *w, double *drive_db, double *lufs)
{
    td_status st = set_drive(w, *drive_db);
    w->yielded = NOT_AT_ALL;
    if (!st && w->p95_db > limiting_allowed(w->target)) {
        w->yielded = TO_LIMITING;
        st = find_bound(w, *drive_db, drive_db);
    }
    if (!st) st = td_driven_estimate(w->m->driven, &w->pass, &w->estimated_lufs, w->err);
    *lufs = w->estimated_lufs + w->bias_lu;
    return st;
}

/* Loudness rises with drive, ever less: a secant finds it from below. */
static td_status solve_drive(work *w, double drive_db)
{
    double before_db = 0, before = 0, slope = 1, lufs;
    for (int i = 0; i < MAX_ESTIMATES; i++) {
        td_status st = try_drive(w, &drive_db, &lufs);
        if (st) return st;
        double missing = w->target->loudness_lufs - lufs;
        if (fabs(missing) <= w->near_lu || (w->yielded && missing > 0)) return TD_OK;
        if (i > 0) slope = (lufs - before) / (drive_db - before_db);
        if (slope < flattest && missing > 0) {
            w->yielded = TO_FLATNESS;
            return TD_OK;
        }
        before_db = drive_db;
        before = lufs;
        drive_db += missing / td_clamp(slope, flattest, steepest);
    }
    return TD_OK;
}

/* ---- the result ------------------------------------------------------------------------------------------------- */

static bool too_high(const work *w)
{
    return w->listeners.true_peak > 0 && td_true_peak_max(w->listeners.peak) > w->listeners.true_peak;
}

static td_status write(work *w)
{
    td_status st = TD_OK;
    if (w->listeners.to)
        td_scratch_clear(w->listeners.to);
    else
        st = td_scratch_new(w->m->folder, 2, &w->listeners.to, w->err);
    return st ? st : play(w);
}

/* The estimate's error is much the same at any drive near: what one play shows of it holds for the next. */
static td_status solve_and_write(work *w, double drive_db)
{
    for (;;) {
        td_status st = solve_drive(w, drive_db);
        if (!st) st = write(w);
        if (st) return st;
        double lufs = td_loudness_integrated(w->listeners.loudness), missing = w->target->loudness_lufs - lufs;
        w->bias_lu = lufs - w->estimated_lufs;
        if (fabs(missing) <= aim_lu || (w->yielded && missing > 0) || w->passes == MAX_PASSES) return TD_OK;
        drive_db = td_to_db(w->pass.drive);
    }
}

static td_status learn(work *w)
{
    td_scratch *written = w->listeners.to;
    w->listeners.to = NULL;
    w->listeners.known = w->pass.n_spots;
    w->listeners.learn = &w->pass;
    td_status st = play(w);
    w->listeners.learn = NULL;
    w->listeners.to = written;
    return st;
}

/* The limiter aims below its target; should the meter of reports find a peak above it all the same, the limiter goes
 * lower there, and at last everything does. */
static td_status verify(work *w)
{
    td_status st = TD_OK;
    for (int i = 0; !st && too_high(w) && w->limited && i < REPAIRS; i++) {
        st = learn(w);
        if (!st) st = write(w);
    }
    if (st || !too_high(w)) return st;
    w->pass.trim = 0.9999 * w->listeners.true_peak / td_true_peak_max(w->listeners.peak);
    return write(w);
}

static void explain(const work *w, td_master_result *r)
{
    double off = r->loudness_lufs - w->target->loudness_lufs; /* NaN: none is wanted */
    bool wanted = !isnan(off) && isnan(w->given_db);
    r->reached = !wanted || fabs(off) <= good_lu;
    if (!wanted) return;
    if (!isfinite(td_driven_loudness(w->m->driven)))
        snprintf(r->held_by, sizeof r->held_by, "the mix is silent");
    else if (w->yielded == TO_LIMITING)
        snprintf(r->held_by, sizeof r->held_by, "more would need over %.1f dB of limiting",
                 limiting_allowed(w->target));
    else if (w->yielded == TO_FLATNESS)
        snprintf(r->held_by, sizeof r->held_by, "driven harder it gets no louder");
    else if (!r->reached)
        snprintf(r->held_by, sizeof r->held_by, "no drive was found in %u passes", w->passes);
}

static void report(const work *w, td_master_result *r)
{
    const td_listeners *l = &w->listeners;
    *r = (td_master_result){ .drive_db = td_to_db(w->pass.drive * w->pass.trim),
                             .loudness_lufs = td_loudness_integrated(l->loudness),
                             .range_lu = td_loudness_range(l->loudness),
                             .max_momentary_lufs = td_loudness_max_momentary(l->loudness),
                             .max_short_lufs = td_loudness_max_short_term(l->loudness),
                             .true_peak_dbtp = td_to_db(td_true_peak_max(l->peak)),
                             .peak_dbfs = td_to_db(td_sample_peak_max(l->peak)),
                             .limiting_max_db = fmax(0, -td_to_db((double)l->lowest_gain)),
                             .limiting_p95_db = w->limited ? w->p95_db : 0,
                             .passes = w->passes };
    r->plr_db = r->true_peak_dbtp - r->loudness_lufs;
    explain(w, r);
}

/* ---- a target --------------------------------------------------------------------------------------------------- */

static void set_ceilings(work *w)
{
    const td_target *t = w->target;
    w->pass = (td_pass){ .drive = 1, .trim = 1 };
    if (!isnan(t->peak_dbfs)) w->pass.ceiling[TD_SAMPLES] = td_from_db(t->peak_dbfs - sample_margin_db);
    if (isnan(t->true_peak_dbtp)) return;
    w->pass.ceiling[TD_TRUE_PEAKS] = td_from_db(t->true_peak_dbtp - TD_TRUE_PEAK_MARGIN_DB);
    w->listeners.true_peak = td_from_db(t->true_peak_dbtp - dither_margin_db);
}

/* The drive that needs no limiter: to the loudness, or up to the ceilings where none is asked for. */
static td_status plain_drive_db(const work *w, double *drive_db)
{
    td_driven *d = w->m->driven;
    const double *ceiling = w->pass.ceiling;
    double lufs = td_driven_loudness(d), drive = INFINITY, true_peak;
    td_status st = TD_OK;
    *drive_db = isnan(w->given_db) ? 0 : w->given_db;
    if (!isnan(w->given_db)) return TD_OK;
    if (!isnan(w->target->loudness_lufs)) {
        if (isfinite(lufs)) *drive_db = w->target->loudness_lufs - lufs;
        return TD_OK;
    }
    if (ceiling[TD_SAMPLES] > 0) drive = ceiling[TD_SAMPLES] / td_driven_sample_peak(d);
    if (ceiling[TD_TRUE_PEAKS] > 0 && !(st = td_driven_true_peak(d, &true_peak, w->err)))
        drive = fmin(drive, ceiling[TD_TRUE_PEAKS] / true_peak);
    if (isfinite(drive)) *drive_db = td_to_db(drive);
    return st;
}

/* A true peak is never lower than its samples: mostly these tell. */
static td_status exceeds_a_ceiling(const work *w, bool *exceeds)
{
    td_driven *d = w->m->driven;
    const double *ceiling = w->pass.ceiling;
    double peak = td_driven_sample_peak(d) * w->pass.drive, true_peak;
    *exceeds = false;
    for (int k = 0; k < TD_PEAK_KINDS; k++) *exceeds |= ceiling[k] > 0 && peak > ceiling[k];
    if (*exceeds || !(ceiling[TD_TRUE_PEAKS] > 0)) return TD_OK;
    td_status st = td_driven_true_peak(d, &true_peak, w->err);
    *exceeds = !st && true_peak * w->pass.drive > ceiling[TD_TRUE_PEAKS];
    return st;
}

/* Whether a limiter is needed, and the drive where none is. */
static td_status begin(work *w, double *drive_db)
{
    set_ceilings(w);
    bool aims = !isnan(w->given_db) || !isnan(w->target->loudness_lufs);
    td_status st = plain_drive_db(w, drive_db);
    w->pass.drive = td_from_db(*drive_db);
    if (!st && aims) st = exceeds_a_ceiling(w, &w->limited);
    if (!w->limited) w->pass.ceiling[TD_SAMPLES] = w->pass.ceiling[TD_TRUE_PEAKS] = 0;
    return st;
}

static td_status meet(work *w)
{
    bool given = !isnan(w->given_db);
    double drive_db;
    td_status st = begin(w, &drive_db);
    if (!st && td_true_peak_new(2, 16, &w->listeners.peak)) st = td_no_memory(w->err);
    if (!st) td_true_peak_soften(w->listeners.peak);
    if (!st && w->limited && given) st = set_drive(w, drive_db);
    if (!st) st = w->limited && !given ? solve_and_write(w, drive_db) : write(w);
    return st ? st : verify(w);
}

static td_status render(td_master *m, double given_db, const td_target *target, const volatile int *stop,
                        td_scratch **audio, td_master_result *result, td_error *err)
{
    work w = { .m = m,
               .given_db = given_db,
               .near_lu = near_lu,
               .near_db = near_db,
               .target = target,
               .stop = stop,
               .err = err,
               .listeners.to = *audio };
    td_status st = td_loudness_new(m->rate_hz, 2, &w.listeners.loudness) ? td_no_memory(err) : meet(&w);
    if (!st) report(&w, result);
    td_loudness_free(w.listeners.loudness);
    td_true_peak_free(w.listeners.peak);
    if (st) td_scratch_free(w.listeners.to);
    *audio = st ? NULL : w.listeners.to;
    return st;
}

td_status td_master_render(td_master *m, const td_target *target, const volatile int *stop, td_scratch **audio,
                           td_master_result *result, td_error *err)
{
    return render(m, NAN, target, stop, audio, result, err);
}

td_status td_master_drive(td_master *m, double drive_db, const td_target *target, const volatile int *stop,
                          td_scratch **audio, td_master_result *result, td_error *err)
{
    return render(m, drive_db, target, stop, audio, result, err);
}

td_status td_master_foresee(td_master *m, const td_target *target, td_master_result *result, td_error *err)
{
    work w = { .m = m,
               .given_db = NAN,
               .near_lu = about_lu,
               .near_db = about_db,
               .foresees = true,
               .target = target,
               .err = err };
    double drive_db;
    td_status st = begin(&w, &drive_db);
    if (!st && w.limited) st = solve_drive(&w, drive_db);
    *result = (td_master_result){ .drive_db = td_to_db(w.pass.drive),
                                  .loudness_lufs = w.limited ? w.estimated_lufs : target->loudness_lufs };
    explain(&w, result);
    return st;
}
