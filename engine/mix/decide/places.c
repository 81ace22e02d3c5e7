#include "engine/mix/decide/decide.h"

#include "engine/base/units.h"
#include "engine/mix/stemsum.h"
#include <stdlib.h>
#include <string.h>

/* ---- levels inside a bus ----------------------------------------------------------------------------------------- */

/* Loudness of a track against its bus while it plays, LU: the clip gains of a raw drum kit. Others stand alike. */
static double usual_inside(const char *role)
{
    static const struct {
        const char *role;
        double lu;
    } rows[] = { { "drums.kick", -5 },  { "drums.snare", -4 },       { "drums.tom", -8 },      { "drums.hihat", -12 },
                 { "drums.ride", -12 }, { "drums.crash", -12 },      { "drums.cymbals", -12 }, { "drums.overhead", -6 },
                 { "drums.room", -12 }, { "drums.percussion", -10 }, { "percussion", -10 } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (td_role_covers(rows[i].role, role)) return rows[i].lu;
    return -6;
}

static double active_loudness(const td_decider *d, size_t stem)
{
    const td_signal *s = td_survey_signal(d->survey, td_survey_stem(d->survey, stem));
    unsigned char *own = td_arena_alloc(d->arena, s->steps + 1);
    double sum = 0;
    size_t n = own ? td_gated_frames(s->k, s->steps, own) : 0;
    for (size_t i = 0; n && i < s->steps; i++)
        if (own[i]) sum += (double)s->k[i];
    return n ? td_power_db(sum / (double)n) + d->session->stem[stem].level_db : NAN;
}

static int ascending(const void *p, const void *q)
{
    double a = *(const double *)p, b = *(const double *)q;
    return (a > b) - (a < b);
}

static td_status levels_inside(td_decider *d, size_t bus, td_error *err)
{
    double off[TD_STEMS_MAX], sorted[TD_STEMS_MAX];
    size_t stem[TD_STEMS_MAX], n = 0;
    for (size_t i = 0; i < d->session->n_stems; i++) {
        if (d->session->stem[i].bus != bus) continue;
        double x = active_loudness(d, i);
        if (isnan(x)) continue;
        off[n] = usual_inside(d->session->stem[i].role.name) - x;
        stem[n++] = i;
    }
    if (n < 2) return TD_OK;
    memcpy(sorted, off, n * sizeof *off);
    qsort(sorted, n, sizeof *sorted, ascending);
    for (size_t k = 0; k < n; k++) {
        td_plan_stem *p = &d->plan->stem[stem[k]];
        double gain = td_round_to(td_clamp(off[k] - sorted[n / 2], -12, 12), 0.1);
        if (gain == 0) continue;
        p->gain_db = td_round_to(p->gain_db + gain, 0.1);
        p->reason =
            td_arena_printf(d->arena, "%s%s%+.1f dB inside %s: a usual place for %s", p->reason ? p->reason : "",
                            p->reason ? "; " : "", gain, d->plan->bus[bus].name, p->role);
        if (!p->reason) return td_no_memory(err);
    }
    return TD_OK;
}

/* ---- positions --------------------------------------------------------------------------------------------------- */

/* Octaves of 125 Hz to 8 kHz by which both sides are balanced. */
enum { OCTAVES = 7 };

typedef struct field {
    double side[2][OCTAVES]; /* power on the left, on the right */
} field;

static void octaves(const td_band_power *p, double out[OCTAVES])
{
    for (size_t o = 0; o < OCTAVES; o++) {
        out[o] = 0;
        for (size_t b = 6 + 3 * o; b < 9 + 3 * o && b < TD_BANDS; b++) out[o] += p->ll[b];
    }
}

static double width_for(const char *role)
{
    if (td_role_covers("guitars", role)) return 70;
    if (td_role_covers("vocals", role)) return 50;
    if (td_role_covers("drums", role) || td_role_covers("percussion", role)) return 40;
    return 50;
}

static bool stays_in_the_middle(const td_decider *d, size_t stem)
{
    static const char *const centre[] = { "drums.kick", "drums.snare", "bass", "vocals.lead", "speech" };
    const td_stem *t = &d->session->stem[stem];
    for (size_t i = 0; i < sizeof centre / sizeof centre[0]; i++)
        if (td_role_covers(centre[i], t->role.name)) return true;
    return t->info.channels != 1 || t->path_right || !isnan(t->pan); /* stereo, or placed by the order */
}

static double lopsided(const field *f)
{
    double sum = 0;
    for (size_t o = 0; o < OCTAVES; o++) {
        double l = f->side[0][o], r = f->side[1][o];
        if (l + r > 0) sum += fabs(l - r) / (l + r);
    }
    return sum;
}

static void put(field *f, const double power[OCTAVES], double pan, double gain_db)
{
    td_sides s = td_stem_sides(1, gain_db, pan, false);
    for (size_t o = 0; o < OCTAVES; o++) {
        f->side[0][o] += s.left * s.left * power[o];
        f->side[1][o] += s.right * s.right * power[o];
    }
}

typedef struct mono {
    size_t stem;
    double power[OCTAVES], loudness;
    bool placed;
} mono;

static int loudest_first(const void *p, const void *q)
{
    const mono *a = p, *b = q;
    return (b->loudness > a->loudness) - (b->loudness < a->loudness);
}

static td_status place(td_decider *d, mono *m, field *f, double pan, const char *why, td_error *err)
{
    td_plan_stem *p = &d->plan->stem[m->stem];
    p->pan = pan;
    m->placed = true;
    put(f, m->power, pan, p->gain_db);
    p->reason = td_arena_printf(d->arena, "%s%s%s", p->reason ? p->reason : "", p->reason ? "; " : "", why);
    return p->reason ? TD_OK : td_no_memory(err);
}

/* Doubles (one role, one level) go to opposite sides first; then each track to the side that leaves the octaves of left
 * and right more alike, loudest first. */
static td_status positions(td_decider *d, size_t bus, td_error *err)
{
    mono *m = td_arena_array(d->arena, d->session->n_stems + 1, sizeof *m);
    field f = { 0 };
    size_t n = 0;
    if (!m) return td_no_memory(err);
    for (size_t i = 0; i < d->session->n_stems; i++) {
        td_band_power p;
        if (d->session->stem[i].bus != bus || stays_in_the_middle(d, i)) continue;
        TD_TRY(td_survey_bands(d->survey, td_survey_stem(d->survey, i), NULL, &p, err));
        m[n].stem = i;
        m[n].loudness = active_loudness(d, i);
        octaves(&p, m[n++].power);
    }
    qsort(m, n, sizeof *m, loudest_first);
    for (size_t i = 0; i < n; i++) {
        const char *role = d->session->stem[m[i].stem].role.name;
        double w = width_for(role);
        for (size_t k = i + 1; k < n && !m[i].placed; k++) {
            if (m[k].placed || strcmp(role, d->session->stem[m[k].stem].role.name) ||
                m[i].loudness - m[k].loudness > 1.5)
                continue;
            TD_TRY(place(d, &m[i], &f, -w, "left: one of a double", err));
            TD_TRY(place(d, &m[k], &f, w, "right: the other of a double", err));
        }
        if (m[i].placed) continue;
        field left = f, right = f;
        put(&left, m[i].power, -w, d->plan->stem[m[i].stem].gain_db);
        put(&right, m[i].power, w, d->plan->stem[m[i].stem].gain_db);
        bool go_left = lopsided(&left) <= lopsided(&right);
        TD_TRY(place(d, &m[i], &f, go_left ? -w : w,
                     go_left ? "left: keeps both sides alike" : "right: keeps both sides alike", err));
    }
    return TD_OK;
}

/* ---- what both did to the bus ------------------------------------------------------------------------------------ */

static td_status measure_again(td_decider *d, size_t bus, td_error *err)
{
    td_feed *feed;
    float left[TD_BLOCK], right[TD_BLOCK], *to[2] = { left, right }, peak = 0;
    double before = 0, after = 0;
    TD_TRY(td_feed_bus(d->survey, d->session, d->plan, bus, &feed, err));
    td_status st = TD_OK;
    for (uint64_t rest = d->session->frames; !st && rest;) {
        size_t n = rest < TD_BLOCK ? (size_t)rest : TD_BLOCK;
        st = td_feed_read(feed, to, n, err);
        for (size_t i = 0; i < n; i++) peak = fmaxf(peak, fmaxf(fabsf(left[i]), fabsf(right[i])));
        rest -= n;
    }
    td_feed_free(feed);
    for (size_t i = 0; i < d->session->n_stems; i++) {
        const td_stem *t = &d->session->stem[i];
        if (t->bus != bus) continue;
        const td_signal *s = td_survey_signal(d->survey, td_survey_stem(d->survey, i));
        double power = 0;
        for (size_t k = 0; k < s->steps; k++) power += (double)s->k[k];
        before += power * td_db_power(t->level_db);
        after += power * td_db_power(d->plan->stem[i].gain_db);
    }
    d->peak_dbfs[bus] = td_to_db((double)peak);
    d->inside_db[bus] = before > 0 && after > 0 ? td_power_db(after / before) : 0;
    return st;
}

td_status td_decide_places(td_decider *d, td_error *err)
{
    bool raw = d->print == TD_RAW || d->print == TD_NORMALISED;
    bool placing = d->plan->balance == TD_BALANCE_LOUDNESS || d->plan->balance == TD_BALANCE_FOCUS;
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        const td_group_wish *g = td_group_for(d, &d->plan->bus[b]);
        bool inside = (g && g->inside_loudness) || (raw && placing && !strcmp(d->plan->bus[b].name, "drums"));
        bool pan = g && g->pan_auto;
        d->peak_dbfs[b] = NAN;
        if (inside) TD_TRY(levels_inside(d, b, err));
        if (pan) TD_TRY(positions(d, b, err));
        if (inside || pan) TD_TRY(measure_again(d, b, err));
    }
    return TD_OK;
}
