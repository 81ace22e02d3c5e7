#include "engine/mix/decide/decide.h"
#include "engine/mix/decide/usual.h"

#include "engine/base/units.h"
#include "engine/mix/stemsum.h"
#include <stdlib.h>
#include <string.h>

/* What was recorded in mono has no place of its own, and engineers give it one. Kick, snare, bass and the lead stay in
 * the middle, and so does who has nobody to stand against and would only lean. All others go to both sides so that
 * these stay alike: over the song, in every ten seconds of it, and in every octave. */

#define LOW_HZ    200.0 /* whose power centres below stays in the middle */
#define DOUBLE_LU 1.5   /* one part played twice is as loud both times */
#define ALIKE_DB  0.2   /* sides as loud as that are left alone */

/* Octaves of 125 Hz to 8 kHz; behind them windows of ten seconds. */
enum { OCTAVES = 7, WINDOW = 100 };

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

/* Adds what a stem has in every cell, left and right, and says where its power centres, Hz; 0: it is silent. */
static td_status hear(const td_decider *d, size_t stem, size_t n_cells, double *const side[2], double *centre_hz,
                      td_error *err)
{
    size_t signal = td_survey_stem(d->survey, stem);
    const td_signal *s = td_survey_signal(d->survey, signal);
    td_band_power p;
    double gain = td_db_power(td_stem_gain_db(d, stem)), moment = 0, sum[2] = { 0 };
    TD_TRY(td_survey_bands(d->survey, signal, NULL, &p, err));
    for (size_t i = 0; i < TD_BANDS; i++) {
        moment += td_band_hz(i) * (p.ll[i] + p.rr[i]);
        sum[0] += p.ll[i];
        sum[1] += p.rr[i];
        if (i < 6 || i >= 6 + 3 * OCTAVES) continue; /* 100 Hz to 10 kHz */
        side[0][(i - 6) / 3] += gain * p.ll[i];
        side[1][(i - 6) / 3] += gain * p.rr[i];
    }
    double all = sum[0] + sum[1];
    *centre_hz = all > 0 ? moment / all : 0;
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
    if (!place_of(t->role.name) || t->bus == td_find_lead(d->session).bus) return TD_OK;
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
        p->loudness_lufs = td_survey_signal(d->survey, td_survey_stem(d->survey, stem))->loudness_lufs;
        p->loudness_lufs += td_stem_gain_db(d, stem);
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
        double centre_hz;
        bool wants;
        for (size_t c = 0; c < 2; c++)
            if (!(side[c] = td_arena_array(d->arena, f->n_cells, sizeof(double)))) return td_no_memory(err);
        TD_TRY(hear(d, i, f->n_cells, side, &centre_hz, err));
        TD_TRY(wants_a_place(d, i, &wants, err));
        if (wants && centre_hz >= LOW_HZ)
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

/* One role in one group, equally loud, both for most of the time either plays: a part that was played twice. */
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
    return both > either / 2;
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

/* Who stands on the louder side comes in as far as both become alike; doubles stay where they are. */
static void draw_in(field *f)
{
    double off_db = weigh(f).all_db, least = 0, most = 1;
    for (size_t i = 0; i < f->n; i++) f->player[i].full = f->player[i].pan;
    for (size_t round = 0; round < 10 && fabs(off_db) > ALIKE_DB; round++) {
        double part = (least + most) / 2;
        for (size_t i = 0; i < f->n; i++) {
            player *p = &f->player[i];
            if (!p->twin && p->full * off_db < 0) p->pan = p->full * part;
        }
        bool louder = weigh(f).all_db * (off_db > 0 ? 1 : -1) > ALIKE_DB;
        if (louder)
            most = part;
        else
            least = part;
    }
    for (size_t i = 0; i < f->n; i++) f->player[i].pan = td_round_to(f->player[i].pan, 1);
}

/* ---- into the plan ----------------------------------------------------------------------------------------------- */

/* The loudest on the other side, of the same company if there is one. */
static const player *opposite(const field *f, const player *p)
{
    const player *any = NULL;
    for (size_t i = 0; i < f->n; i++) {
        const player *q = &f->player[i];
        if (q->pan * p->pan >= 0) continue;
        if (q->place->needs == p->place->needs) return q;
        if (!any) any = q;
    }
    return any;
}

static const char *why(const td_decider *d, const field *f, const player *p)
{
    const char *side = p->pan < 0 ? "left" : "right";
    const player *other = p->twin ? p->twin : opposite(f, p);
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
    draw_in(&f);
    return write_down(d, &f, moved, err);
}
