#include "engine/mix/decide/decide.h"

#include "engine/base/units.h"
#include "engine/mix/stemsum.h"
#include <stdlib.h>
#include <string.h>

/* What was recorded in mono has no place of its own, and engineers give it one. Kick, snare, bass and the lead stay in
 * the middle, and so does who has nobody to stand against and would only lean. All others go to both sides so that
 * these stay alike: over the song, in every ten seconds of it, and in every octave. */

#define LOW_HZ    200.0 /* whose power centres below stays in the middle, */
#define FLOOR_HZ  112.0 /* and who has half of it below: both speakers carry the floor, and no side is heard there */
#define DOUBLE_LU 1.5   /* one part played twice is as loud both times */
#define DOUBLE_DB 3.0   /* and as bright: in every octave that counts */
#define ONSETS    0.6   /* and struck at the same times: how alike their rises are, 0 to 1 */
#define ALIKE_DB  0.2   /* sides as loud as that are left alone */
#define LEAST     0.5   /* of its full place, for who comes in */

/* Octaves of 125 Hz to 16 kHz; behind them windows of ten seconds. */
enum { OCTAVES = 8, WINDOW = 100 };

/* ---- who may stand where ----------------------------------------------------------------------------------------- */

/* Whose company somebody needs: the kit and percussion nobody's, voices and toms their own. */
typedef enum company { NOBODY, ITS_KIND, THE_BAND, COMPANIES } company;

/* How far out, in percent, alone and as one of a double; 0: the middle, as for all that is not named. The order of
 * widths, cymbals and voices before guitars and keys before toms, after De Man and Reiss 2013; doubles as far out as
 * guitars are by habit. What is never doubled stands together, however many files it has. */
static const struct place {
    const char *role;
    double out, double_out;
    company needs;
} places[] = {
    { .role = "guitars.lead" },
    { .role = "guitars.di" }, /* beside its amplifier */
    { .role = "synths.lead" },
    { .role = "strings.double_bass" },
    { .role = "percussion.bass_drum" },
    { .role = "percussion.timpani" },
    { "drums.hihat", 40, 0, NOBODY },
    { "drums.ride", 40, 0, NOBODY },
    { "drums.crash", 50, 50, NOBODY },
    { "drums.cymbals", 40, 50, NOBODY },
    { "drums.tom", 30, 30, ITS_KIND },
    { "drums.overhead", 0, 80, ITS_KIND },
    { "drums.room", 0, 80, ITS_KIND },
    { "percussion.mallets", 40, 50, THE_BAND },
    { "percussion", 50, 50, NOBODY },
    { "guitars", 50, 80, THE_BAND },
    { "keys", 40, 60, THE_BAND },
    { "synths", 40, 60, THE_BAND },
    { "strings", 50, 60, THE_BAND },
    { "brass", 40, 60, THE_BAND },
    { "woodwinds", 40, 60, THE_BAND },
    { "harp", 50, 60, THE_BAND },
    { "choir", 50, 70, ITS_KIND },
    { "vocals.backing", 40, 60, ITS_KIND },
    { "vocals.harmony", 40, 60, ITS_KIND },
    { "vocals.double", 40, 50, ITS_KIND },
};

static const struct place *place_of(const char *role)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (td_role_covers(places[i].role, role)) return places[i].out + places[i].double_out > 0 ? &places[i] : NULL;
    return NULL;
}

/* The group's word, else the recipe's; or a fix's that is for this stem. */
static td_status is_asked(td_decider *d, size_t stem, bool *out, td_error *err)
{
    const td_stem *t = &d->session->stem[stem];
    const td_group_wish *g = td_group_for(d, &d->plan->bus[t->bus]);
    *out = g && g->pan != TD_PAN_UNSAID ? g->pan == TD_PAN_AUTO : d->recipe->pan == TD_PAN_AUTO;
    for (size_t i = 0; i < d->recipe->n_fixes && !*out; i++) {
        const td_fix_wish *f = &d->recipe->fix[i];
        if (f->pan_auto) TD_TRY(td_fix_fires(d, f, stem, out, err));
    }
    return TD_OK;
}

/* ---- players and the field --------------------------------------------------------------------------------------- */

typedef struct player {
    size_t stem;
    const struct place *place;
    double *cell; /* power in every octave and window, faders included */
    double loudness_lufs, pan, full;
    struct player *twin; /* the other of a double */
    bool stays;          /* in the middle, for want of company */
} player;

typedef struct field {
    size_t n_cells, n;
    double *side[2], *sum[2];  /* left and right of all that has its place; room to add the players */
    player *player;            /* loudest first */
    bool placed[TD_STEMS_MAX]; /* the stem is a player's */
} field;

/* What a group's word made of a side's power since the survey; the order's places it heard. */
static double side_moved(const td_decider *d, size_t stem, unsigned side)
{
    const td_stem *t = &d->session->stem[stem];
    double pan = d->plan->stem[stem].pan;
    if (isnan(pan) || !isnan(t->pan)) return 1;
    td_sides was = td_stem_sides(td_stem_channels(t), 0, t->pan, false);
    td_sides is = td_stem_sides(td_stem_channels(t), 0, pan, false);
    double gain = side ? is.right / was.right : is.left / was.left;
    return gain * gain;
}

/* Adds what a stem has in every cell, left and right, and says whether it is a part of the floor, or silent. */
static td_status hear(const td_decider *d, size_t stem, size_t n_cells, double *const side[2], bool *low, td_error *err)
{
    size_t signal = td_survey_stem(d->survey, stem);
    const td_signal *s = td_survey_signal(d->survey, signal);
    td_band_power p;
    double gain = td_db_power(td_stem_gain_db(d, stem)), moment = 0, floor = 0, sum[2] = { 0 };
    TD_TRY(td_survey_bands(d->survey, signal, NULL, &p, err));
    double left = side_moved(d, stem, 0), right = side_moved(d, stem, 1);
    for (size_t i = 0; i < TD_BANDS; i++) {
        p.ll[i] *= left;
        p.rr[i] *= right;
        moment += td_band_hz(i) * (p.ll[i] + p.rr[i]);
        if (td_band_hz(i) < FLOOR_HZ) floor += p.ll[i] + p.rr[i];
        sum[0] += p.ll[i];
        sum[1] += p.rr[i];
        if (i < 6 || i >= 6 + 3 * OCTAVES) continue; /* 100 Hz to 20 kHz */
        side[0][(i - 6) / 3] += gain * p.ll[i];
        side[1][(i - 6) / 3] += gain * p.rr[i];
    }
    double all = sum[0] + sum[1];
    *low = moment < LOW_HZ * all || floor >= all / 2;
    for (size_t i = 0; all > 0 && i < s->steps && OCTAVES + i / WINDOW < n_cells; i++)
        for (size_t c = 0; c < 2; c++) side[c][OCTAVES + i / WINDOW] += gain * (double)s->k[i] * sum[c] / all;
    return TD_OK;
}

/* Recorded in mono, not placed by the order, high enough, and somebody asks for it. */
static td_status wants_a_place(td_decider *d, size_t stem, bool *out, td_error *err)
{
    const td_stem *t = &d->session->stem[stem];
    *out = false;
    if (t->info.channels != 1 || t->path_right || !isnan(t->pan)) return TD_OK;
    if (!place_of(t->role.name) || t->bus == td_find_lead(d->session, &d->playing).bus) return TD_OK;
    return is_asked(d, stem, out, err);
}

/* Who plays a stem; several files of one instrument stand together. */
static player *player_of(const td_decider *d, const field *f, size_t stem)
{
    const td_stem *t = &d->session->stem[stem];
    const struct place *place = place_of(t->role.name);
    for (size_t i = 0; i < f->n; i++) {
        player *p = &f->player[i];
        if (p->stem == stem) return p;
        if (p->place == place && place->double_out == 0 && d->session->stem[p->stem].bus == t->bus) return p;
    }
    return NULL;
}

static td_status add_player(td_decider *d, field *f, size_t stem, double *const side[2], td_error *err)
{
    player *p = player_of(d, f, stem);
    if (!p) {
        p = &f->player[f->n++];
        *p = (player){ .stem = stem, .place = place_of(d->session->stem[stem].role.name) };
        const td_signal *heard = td_survey_signal(d->survey, td_survey_stem(d->survey, stem));
        p->loudness_lufs = td_own_loudness(heard->k, heard->steps) + td_stem_gain_db(d, stem);
        p->cell = td_arena_array(d->arena, f->n_cells, sizeof(double));
        if (!p->cell) return td_no_memory(err);
    }
    for (size_t i = 0; i < f->n_cells; i++) p->cell[i] += side[0][i] + side[1][i];
    f->placed[stem] = true;
    return TD_OK;
}

static int loudest_first(const void *a, const void *b)
{
    const player *p = a, *q = b;
    if (p->loudness_lufs != q->loudness_lufs) return p->loudness_lufs < q->loudness_lufs ? 1 : -1;
    return (p->stem > q->stem) - (p->stem < q->stem);
}

/* Everybody who sounds, with the faders as they are. */
static td_status gather(td_decider *d, field *f, td_error *err)
{
    double *side[2];
    for (size_t i = 0; i < d->session->n_stems; i++) {
        if (d->session->stem[i].bus >= d->plan->n_buses) continue;
        bool wants, low;
        for (size_t c = 0; c < 2; c++)
            if (!(side[c] = td_arena_array(d->arena, f->n_cells, sizeof(double)))) return td_no_memory(err);
        TD_TRY(hear(d, i, f->n_cells, side, &low, err));
        TD_TRY(wants_a_place(d, i, &wants, err));
        if (wants && !low)
            TD_TRY(add_player(d, f, i, side, err));
        else
            for (size_t k = 0; k < f->n_cells; k++) f->side[0][k] += side[0][k], f->side[1][k] += side[1][k];
    }
    qsort(f->player, f->n, sizeof *f->player, loudest_first);
    return TD_OK;
}

static bool of_one_kind(const td_decider *d, const player *a, const player *b)
{
    return a->place == b->place && d->session->stem[a->stem].bus == d->session->stem[b->stem].bus;
}

/* Who has nobody to stand against stays. */
static void seek_company(const td_decider *d, field *f)
{
    for (size_t i = 0; i < f->n; i++) {
        player *p = &f->player[i];
        p->stays = p->place->needs != NOBODY;
        for (size_t k = 0; k < f->n; k++) {
            const player *q = &f->player[k];
            if (p == q || q->place->needs != p->place->needs) continue;
            if (p->place->needs == THE_BAND || of_one_kind(d, p, q)) p->stays = false;
        }
    }
}

/* Whether two have the same spectrum, however loud they are; an octave 20 dB under the loudest says nothing. */
static bool as_bright(const player *a, const player *b)
{
    double all[2] = { 0 }, most = 0;
    for (size_t i = 0; i < OCTAVES; i++) all[0] += a->cell[i], all[1] += b->cell[i];
    if (!(all[0] > 0) || !(all[1] > 0)) return false;
    for (size_t i = 0; i < OCTAVES; i++) most = fmax(most, fmax(a->cell[i] / all[0], b->cell[i] / all[1]));
    for (size_t i = 0; i < OCTAVES; i++) {
        double x = a->cell[i] / all[0], y = b->cell[i] / all[1];
        if (fmax(x, y) < most / 100) continue;
        if (!(fabs(td_power_db(x / y)) <= DOUBLE_DB)) return false;
    }
    return true;
}

static double rise(const td_signal *s, size_t step)
{
    return step > 0 && step < s->steps ? fmax(0, sqrt((double)s->k[step]) - sqrt((double)s->k[step - 1])) : 0;
}

/* How alike two are in when they rise, a tenth of a second either way: 1 the same rhythm. */
static double common_onsets(const td_decider *d, const player *a, const player *b)
{
    const td_signal *p = td_survey_signal(d->survey, td_survey_stem(d->survey, a->stem));
    const td_signal *q = td_survey_signal(d->survey, td_survey_stem(d->survey, b->stem));
    double pp = 0, qq = 0, pq = 0;
    for (size_t i = 1; i < p->steps; i++) {
        double x = rise(p, i - 1) + 2 * rise(p, i) + rise(p, i + 1),
               y = rise(q, i - 1) + 2 * rise(q, i) + rise(q, i + 1);
        pp += x * x;
        qq += y * y;
        pq += x * y;
    }
    return pp > 0 && qq > 0 ? pq / sqrt(pp * qq) : 0;
}

/* One role in one group, equally loud and bright, both for most of the time either plays and struck together: a part
 * that was played twice. */
static bool is_double(const td_decider *d, const field *f, const player *a, const player *b)
{
    if (!of_one_kind(d, a, b) || a->stays || !(a->place->double_out > 0)) return false;
    if (strcmp(d->session->stem[a->stem].role.name, d->session->stem[b->stem].role.name) != 0) return false;
    if (!(fabs(a->loudness_lufs - b->loudness_lufs) <= DOUBLE_LU)) return false;
    double both = 0, either = 0;
    for (size_t i = OCTAVES; i < f->n_cells; i++) {
        both += fmin(a->cell[i], b->cell[i]);
        either += fmax(a->cell[i], b->cell[i]);
    }
    return both > either / 2 && as_bright(a, b) && common_onsets(d, a, b) >= ONSETS;
}

/* ---- sides ------------------------------------------------------------------------------------------------------- */

typedef struct lean {
    double all_db;   /* left over right, over the song */
    double lopsided; /* how unlike both sides are: as a whole, in windows and octaves, and kit, band, voices each */
} lean;

static double apart(double left, double right)
{
    return left + right > 0 ? fabs(left - right) / (left + right) : 0;
}

/* Brings the players to what has its place, in f->sum. Returns how far their companies are apart. */
static double assemble(const field *f)
{
    double band[COMPANIES][2] = { 0 }, sum = 0;
    for (size_t c = 0; c < 2; c++) memcpy(f->sum[c], f->side[c], f->n_cells * sizeof(double));
    for (size_t k = 0; k < f->n; k++) {
        const player *p = &f->player[k];
        td_sides s = td_stem_sides(1, 0, p->pan, false);
        double part[2] = { s.left * s.left, s.right * s.right };
        for (size_t c = 0; c < 2; c++) {
            for (size_t i = 0; i < f->n_cells; i++) f->sum[c][i] += part[c] * p->cell[i];
            for (size_t i = OCTAVES; i < f->n_cells; i++) band[p->place->needs][c] += part[c] * p->cell[i];
        }
    }
    for (size_t i = 0; i < COMPANIES; i++) sum += apart(band[i][0], band[i][1]);
    return sum;
}

static lean weigh(const field *f)
{
    double unlike = assemble(f), windows = 0, all[2] = { 0 };
    for (size_t i = 0; i < OCTAVES; i++) unlike += apart(f->sum[0][i], f->sum[1][i]) / OCTAVES;
    for (size_t i = OCTAVES; i < f->n_cells; i++) {
        windows += fabs(f->sum[0][i] - f->sum[1][i]);
        for (size_t c = 0; c < 2; c++) all[c] += f->sum[c][i];
    }
    if (!(all[0] + all[1] > 0)) return (lean){ 0 };
    return (lean){ .all_db = td_power_db(all[0] / all[1]),
                   .lopsided = unlike + windows / (all[0] + all[1]) + 2 * apart(all[0], all[1]) };
}

static void part_doubles(const td_decider *d, field *f)
{
    for (size_t i = 0; i < f->n; i++)
        for (size_t k = i + 1; k < f->n && !f->player[i].twin; k++) {
            if (f->player[k].twin || !is_double(d, f, &f->player[i], &f->player[k])) continue;
            f->player[i].twin = &f->player[k];
            f->player[k].twin = &f->player[i];
        }
}

static void stand(player *p, double pan)
{
    p->pan = pan;
    if (p->twin) p->twin->pan = -pan;
}

/* The loudest first, each to the side that leaves both more alike; then each once more beside all others. */
static void take_sides(field *f)
{
    for (size_t round = 0; round < 3; round++)
        for (size_t i = 0; i < f->n; i++) {
            player *p = &f->player[i];
            double out = p->twin ? p->place->double_out : p->place->out;
            if (p->stays || out == 0 || (p->twin && p->twin < p)) continue;
            double before = p->pan, at[2];
            for (size_t k = 0; k < 2; k++) {
                stand(p, k ? out : -out);
                at[k] = weigh(f).lopsided;
            }
            bool left = fabs(at[0] - at[1]) < 1e-9 ? before <= 0 : at[0] < at[1];
            stand(p, left ? -out : out);
        }
}

/* How a company leans by itself, left over right, in power. */
static double leans(const field *f, company who)
{
    double more = 0;
    for (size_t k = 0; k < f->n; k++) {
        const player *p = &f->player[k];
        td_sides s = td_stem_sides(1, 0, p->pan, false);
        for (size_t i = OCTAVES; p->place->needs == who && i < f->n_cells; i++)
            more += (s.left * s.left - s.right * s.right) * p->cell[i];
    }
    return more;
}

static bool pulls(const td_decider *d, const field *f, const player *p, double side)
{
    if (p->full * side > 0) return true;
    for (size_t i = 0; i < f->n; i++) /* whose like stands there comes in with it */
        if (f->player[i].full * side > 0 && of_one_kind(d, p, &f->player[i])) return true;
    return false;
}

/* The company that leans to the louder side comes in, as far as both sides become alike, but not beyond half its place;
 * the others have no part in it, and doubles stay where they are. */
static void draw_in(const td_decider *d, field *f)
{
    for (size_t i = 0; i < f->n; i++) f->player[i].full = f->player[i].pan;
    for (company who = 0; who < COMPANIES; who++) {
        double off_db = weigh(f).all_db, side = off_db > 0 ? -1 : 1, least = LEAST, most = 1;
        if (leans(f, who) * off_db <= 0) continue;
        for (size_t round = 0; round < 8 && fabs(weigh(f).all_db) > ALIKE_DB; round++) {
            double part = round ? (least + most) / 2 : LEAST;
            for (size_t i = 0; i < f->n; i++) {
                player *p = &f->player[i];
                if (!p->twin && p->place->needs == who && pulls(d, f, p, side)) p->pan = p->full * part;
            }
            bool louder = weigh(f).all_db * off_db > 0;
            if (louder && part == LEAST) break; /* nor does half the way help */
            if (louder)
                most = part;
            else
                least = part;
        }
    }
    for (size_t i = 0; i < f->n; i++) f->player[i].pan = td_round_to(f->player[i].pan, 1);
}

/* ---- into the plan ----------------------------------------------------------------------------------------------- */

/* The loudest of its company on the other side, one of its kind if there is one; NULL: it balances nobody. */
static const player *opposite(const td_decider *d, const field *f, const player *p)
{
    const player *any = NULL;
    for (size_t i = 0; i < f->n; i++) {
        const player *q = &f->player[i];
        if (q->pan * p->pan >= 0 || q->place->needs != p->place->needs) continue;
        if (of_one_kind(d, p, q)) return q;
        if (!any && p->place->needs != ITS_KIND) any = q;
    }
    return any;
}

static const char *why(const td_decider *d, const field *f, const player *p)
{
    const char *side = p->pan < 0 ? "left" : "right";
    const player *other = p->twin ? p->twin : opposite(d, f, p);
    const char *name = other ? d->plan->stem[other->stem].name : NULL;
    if (p->twin) return td_arena_printf(d->arena, "%s, and %s opposite: one part played twice", side, name);
    return td_arena_printf(d->arena, "%s%s%s%s", side, name ? ", opposite " : "", name ? name : "",
                           fabs(p->pan) < fabs(p->full) ? "; farther out that side would be the louder" : "");
}

static td_status write_down(td_decider *d, const field *f, bool moved[TD_BUSES_MAX], td_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < d->session->n_stems; i++) {
        td_plan_stem *q = &d->plan->stem[i];
        const player *p = f->placed[i] ? player_of(d, f, i) : NULL;
        if (!p || p->pan == 0) continue;
        const char *text = why(d, f, p);
        if (!text) return td_no_memory(err);
        q->pan = p->pan;
        q->reason = q->reason ? td_arena_printf(d->arena, "%s; %s", q->reason, text) : text;
        if (!q->reason) return td_no_memory(err);
        moved[d->session->stem[i].bus] = true;
        n++;
    }
    if (!n) return TD_OK;
    return td_decide_note(
        d, TD_NOTE_DECISION,
        "%zu mono tracks stand left and right, which differ by %.1f dB; who carries the song stays in "
        "the middle",
        n, fabs(weigh(f).all_db));
}

td_status td_decide_positions(td_decider *d, bool moved[TD_BUSES_MAX], td_error *err)
{
    field f = { .n_cells = OCTAVES + d->steps / WINDOW + 1 };
    f.player = td_arena_array(d->arena, d->session->n_stems + 1, sizeof *f.player);
    if (!f.player) return td_no_memory(err);
    for (size_t c = 0; c < 2; c++) {
        f.side[c] = td_arena_array(d->arena, f.n_cells, sizeof(double));
        f.sum[c] = td_arena_array(d->arena, f.n_cells, sizeof(double));
        if (!f.side[c] || !f.sum[c]) return td_no_memory(err);
    }
    TD_TRY(gather(d, &f, err));
    seek_company(d, &f);
    part_doubles(d, &f);
    take_sides(&f);
    draw_in(d, &f);
    return write_down(d, &f, moved, err);
}
