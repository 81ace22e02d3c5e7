#include "engine/mix/hear/narrow.h"

#include "engine/mix/hear/hear.h"
#include <stdlib.h>
#include <string.h>

#define BATCH     64
#define BIN_HZ    5.86 /* of the transform behind the twelfths: no two lines nearer than 2.5 of these are told apart */
#define HALF_DBS  100  /* stand-outs are counted in half decibels up to 50 */
#define SHARE     0.6  /* of the active frames a resonance has to stand out in */
#define NOTES     5
#define FAR       3 /* semitones: twelfths of an octave are just that */
#define HARMONICS 6
#define PAUSES    10   /* steps of rest in which hum is looked for, at least */
#define RESTS     0.02 /* of what plays: who rests less is heard while it plays */
#define STEADY_DB 4    /* between the quietest and the loudest fifth of them: what dies away is no hum */
#define PARTIAL   6    /* dB: a note has other partials that stand out as well, a resonance has none */

static double twelfth_hz(double twelfth)
{
    return td_band_hz(0) * td_exp10((twelfth - 1.5) / 40);
}

static size_t twelfth_at(double freq_hz)
{
    double t = rint(40 * td_log10(freq_hz / td_band_hz(0)) + 1.5);
    return t < 0 ? 0 : t > TD_TWELFTHS - 1 ? TD_TWELFTHS - 1 : (size_t)t;
}

/* The nearest neighbour that does not see the same line any more. */
static size_t clear_of(size_t twelfth)
{
    double f = twelfth_hz((double)twelfth), semitones = 12 * td_log2(1 + 2.5 * BIN_HZ / f);
    return semitones > FAR ? (size_t)ceil(semitones) : FAR;
}

/* By how much a twelfth stands over its neighbours on the louder side: the edge of a spectrum is no peak. dB. */
static double stand_out(const uint8_t *code, size_t b)
{
    size_t near = clear_of(b), first = near + FAR;
    double below = 0, above = 0;
    if (!code[b] || b < first || b + first >= TD_TWELFTHS) return 0;
    for (size_t i = near; i <= first; i++) {
        below += code[b - i];
        above += code[b + i];
    }
    return 0.5 * (code[b] - fmax(below, above) / (double)(first - near + 1));
}

/* ---- a reader of the codes of chosen steps ---------------------------------------------------------------------- */

typedef void (*code_sink)(void *user, const uint8_t *code);

static td_status each_code(const td_survey *s, size_t signal, const unsigned char *mask, code_sink sink, void *user,
                           td_error *err)
{
    td_row row[BATCH];
    size_t steps = td_survey_signal(s, signal)->steps;
    for (size_t at = 0; at < steps; at += BATCH) {
        size_t n = steps - at < BATCH ? steps - at : BATCH;
        if (!memchr(mask + at, 1, n)) continue;
        td_status st = td_survey_rows(s, signal, at, n, row, err);
        if (st) return st;
        for (size_t i = 0; i < n; i++)
            if (mask[at + i]) sink(user, row[i].twelfth);
    }
    return TD_OK;
}

/* ---- resonance -------------------------------------------------------------------------------------------------- */

typedef struct resonance {
    size_t low, high, best;
    unsigned frames, count[TD_TWELFTHS][HALF_DBS];
    double level[TD_TWELFTHS]; /* sums of codes */
    /* the moving-pitch test */
    size_t note, held, notes;
} resonance;

static void count_stand_outs(void *user, const uint8_t *code)
{
    resonance *r = user;
    r->frames++;
    for (size_t b = 0; b < TD_TWELFTHS; b++) {
        double half_dbs = 2 * stand_out(code, b);
        r->count[b][half_dbs < 0 ? 0 : half_dbs >= HALF_DBS ? HALF_DBS - 1 : (size_t)half_dbs]++;
    }
    for (size_t b = 0; b < TD_TWELFTHS; b++) r->level[b] += code[b];
}

/* What is reached in SHARE of the frames; dB. */
static double usual_stand_out(const resonance *r, size_t b)
{
    double above = 0;
    for (size_t i = HALF_DBS; i-- > 0;) {
        above += r->count[b][i];
        if (above >= SHARE * r->frames) return 0.5 * (double)i;
    }
    return 0;
}

/* A note that is held or comes back all the time: its octave, or its octave and a fifth, above or below, stand out too.
 */
static bool is_partial(const resonance *r, size_t b)
{
    static const int away[] = { -19, -12, 12, 19 };
    for (size_t i = 0; i < sizeof away / sizeof *away; i++)
        for (int off = -1; off <= 1; off++) {
            ptrdiff_t other = (ptrdiff_t)b + away[i] + off;
            if (other >= 0 && other < TD_TWELFTHS && usual_stand_out(r, (size_t)other) >= PARTIAL) return true;
        }
    return false;
}

/* The strongest twelfth away from the suspect: when it holds for two frames somewhere else, that is another note. */
static void follow_pitch(void *user, const uint8_t *code)
{
    resonance *r = user;
    size_t strongest = 0, away = clear_of(r->best);
    for (size_t b = twelfth_at(80); b < twelfth_at(5000); b++) {
        bool same = b + away > r->best && r->best + away > b;
        if (!same && code[b] > code[strongest]) strongest = b;
    }
    size_t moved = strongest > r->note ? strongest - r->note : r->note - strongest;
    if (moved <= 1) {
        r->held++;
        return;
    }
    if (moved <= FAR) return;
    r->notes += r->held >= 2;
    r->note = strongest;
    r->held = 1;
}

/* Where the peak of the mean spectrum lies between twelfths, and how wide it is 3 dB down. */
static void shape(const resonance *r, td_found *out)
{
    size_t b = r->best;
    double n = 2.0 * r->frames, y[3] = { r->level[b - 1] / n, r->level[b] / n, r->level[b + 1] / n };
    double bend = y[0] - 2 * y[1] + y[2], shift = bend < 0 ? td_clamp(0.5 * (y[0] - y[2]) / bend, -0.5, 0.5) : 0;
    double edge[2];
    for (int side = 0; side < 2; side++) {
        double reach = 0, above = y[1];
        for (size_t i = 1; i <= 12 && reach == 0; i++) {
            size_t at = side ? b + i : b - i;
            if (at >= TD_TWELFTHS) break;
            double here = r->level[at] / n;
            if (here <= y[1] - 3) reach = (double)i - 1 + (above - (y[1] - 3)) / (above - here);
            above = here;
        }
        edge[side] = reach > 0 ? reach : 12;
    }
    out->at_hz = twelfth_hz((double)b + shift);
    out->q = td_clamp(out->at_hz / (twelfth_hz((double)b + edge[1]) - twelfth_hz((double)b - edge[0])), 0.5, 12);
}

td_status td_find_resonance(const td_survey *s, size_t signal, double low_hz, double high_hz, td_found *out,
                            td_error *err)
{
    const td_signal *g = td_survey_signal(s, signal);
    resonance *r = calloc(1, sizeof *r);
    unsigned char *active = calloc(g->steps + 1, 1);
    td_status st = r && active ? TD_OK : td_no_memory(err);
    *out = TD_NOT_FOUND;
    if (!st) {
        td_gated_frames(g->k, g->steps, active);
        r->low = twelfth_at(low_hz), r->high = twelfth_at(high_hz);
        st = each_code(s, signal, active, count_stand_outs, r, err);
    }
    if (!st && r->frames) {
        double most = 0;
        for (size_t b = r->low; b <= r->high; b++) {
            if (usual_stand_out(r, b) <= most || is_partial(r, b)) continue;
            most = usual_stand_out(r, b);
            r->best = b;
        }
        if (most > 0) st = each_code(s, signal, active, follow_pitch, r, err);
        if (!st && most > 0 && r->best + 1 < TD_TWELFTHS && r->notes + (r->held >= 2) > NOTES) {
            out->value = usual_stand_out(r, r->best);
            shape(r, out);
        }
    }
    free(active);
    free(r);
    return st;
}

/* ---- hum -------------------------------------------------------------------------------------------------------- */

typedef struct hum {
    unsigned frames, count[TD_TWELFTHS][256];
} hum;

static void count_codes(void *user, const uint8_t *code)
{
    hum *h = user;
    h->frames++;
    for (size_t b = 0; b < TD_TWELFTHS; b++) h->count[b][code[b]]++;
}

static double level_db(const hum *h, size_t b, double share)
{
    double below = 0;
    for (unsigned i = 0; i < 256; i++) {
        below += h->count[b][i];
        if (below > share * h->frames) return td_twelfth_db((uint8_t)i);
    }
    return -INFINITY;
}

/* Power of the harmonics that stand 6 dB over what lies between them, steadily; 0 unless half of them do, and the first
 * or second among them. */
static double comb_power(const hum *h, double base_hz)
{
    double power = 0;
    unsigned standing = 0;
    bool low_one = false;
    for (int i = 1; i <= HARMONICS; i++) {
        double line = 0;
        size_t at = twelfth_at(i * base_hz);
        for (size_t b = at - 1; b <= at + 1; b++) line += td_db_power(level_db(h, b, 0.5));
        double gap =
            fmax(level_db(h, twelfth_at((i - 0.5) * base_hz), 0.5), level_db(h, twelfth_at((i + 0.5) * base_hz), 0.5));
        bool steady = level_db(h, at, 0.8) - level_db(h, at, 0.2) <= STEADY_DB;
        if (!steady || !(td_power_db(line) > gap + 6)) continue;
        power += line;
        low_one |= i <= 2;
        standing++;
    }
    return low_one && 2 * standing >= HARMONICS ? power : 0;
}

/* Whether what is heard over the mains moves: a quarter of the semitones of 300 Hz to 5 kHz by more than any hum. */
static bool something_plays(const hum *h)
{
    size_t moving = 0, first = twelfth_at(300), end = twelfth_at(5000);
    for (size_t b = first; b < end; b++) moving += level_db(h, b, 0.8) - level_db(h, b, 0.2) > 3 * STEADY_DB;
    return 4 * moving >= end - first;
}

static void conclude(const hum *h, const td_signal *g, td_found *out)
{
    double fifty = comb_power(h, 50), sixty = comb_power(h, 60), most = fmax(fifty, sixty);
    if (!(most > 0)) return;
    out->value = td_power_db(0.5 * most) - g->rms_dbfs; /* codes are of L+R, the mean square is their mean */
    out->at_hz = fifty > sixty ? 50 : 60;
}

/* Pauses tell; where there are hardly any, be it that the hum itself lifts them over the gate, all that sounds does:
 * then it has to stand still below what moves. */
td_status td_find_hum(const td_survey *s, size_t signal, td_found *out, td_error *err)
{
    const td_signal *g = td_survey_signal(s, signal);
    hum *h = calloc(2, sizeof *h), *all = h ? h + 1 : NULL;
    unsigned char *active = calloc(g->steps + 1, 1), *mask = calloc(g->steps + 1, 1);
    td_status st = h && active && mask ? TD_OK : td_no_memory(err);
    *out = TD_NOT_FOUND;
    if (!st) {
        td_gated_frames(g->k, g->steps, active);
        for (size_t i = 0; i < g->steps; i++) mask[i] = !active[i] && g->ms[i] > 1e-12f;
        st = each_code(s, signal, mask, count_codes, h, err);
    }
    if (!st && h->frames >= PAUSES) conclude(h, g, out);
    if (!st && isnan(out->value) && h->frames < PAUSES + RESTS * g->active_steps) {
        st = each_code(s, signal, active, count_codes, all, err);
        if (!st && all->frames >= PAUSES && something_plays(all)) conclude(all, g, out);
    }
    free(mask);
    free(active);
    free(h);
    return st;
}
