#include "engine/mix/decide/decide.h"

#include "engine/base/row.h"
#include "engine/base/units.h"
#include "engine/mix/decide/front.h"
#include "engine/mix/master.h"
#include <stdio.h>
#include <string.h>

/* Whether the master's loudness can be had, told while a recipe can still be changed. The passages of the final check
 * are driven as the song will be: they hold its loudest moments, which decide how much may be limited. What that makes
 * of the song's loudness is told by its features, for the limiter takes more of passages than of what is around them.
 */

#define WORTH_LU 0.3  /* that the master may lack unsaid */
#define EASY_DB  3    /* so much of peaks over the ceiling any master takes */
#define PER_DB   0.78 /* LU that 100 ms lose by each dB of their peak over the ceiling; 21 mixes: 0.69 to 0.87 */

/* A row of 100 ms: K-weighted powers, and peaks. */
typedef struct moments {
    float *power, *peak;
    size_t n;
} moments;

static bool new_moments(const td_decider *d, size_t n, moments *out)
{
    *out =
        (moments){ td_arena_array(d->arena, n + 1, sizeof(float)), td_arena_array(d->arena, n + 1, sizeof(float)), n };
    return out->power && out->peak;
}

/* ---- from passages to the song ----------------------------------------------------------------------------------- */

/* The song as its buses bring it: what levels, faders and goals leave of them, by the survey. */
static void survey_song(const td_decider *d, const moments *song)
{
    const td_signal *sum = td_survey_signal(d->survey, td_survey_sum(d->survey));
    for (size_t i = 0; i < song->n; i++) {
        double power = 0, before = 0, after = 0; /* peaks by their squares: who peaks highest says most */
        for (size_t b = 0; b < d->plan->n_buses; b++) {
            const td_signal *s = td_survey_signal(d->survey, td_survey_bus(d->survey, b));
            double left = td_db_power(td_bus_gain_db(d, b) + d->inside_db[b]) * (double)d->eased[b][i];
            double squared = (double)s->peak[i] * (double)s->peak[i];
            power += left * (double)s->k[i];
            before += squared;
            after += left * squared;
        }
        song->power[i] = (float)power;
        song->peak[i] = before > 0 ? sum->peak[i] * (float)sqrt(after / before) : 0;
    }
}

/* The song's step that a step of the passages is; SIZE_MAX: it lies outside. */
static size_t step_of(const td_decider *d, size_t played)
{
    int64_t from = d->passage[played / TD_PASSAGE_STEPS] * 10 / (int64_t)d->session->rate_hz;
    int64_t at = from + (int64_t)(played % TD_PASSAGE_STEPS);
    return at >= 0 && (size_t)at < d->steps ? (size_t)at : SIZE_MAX;
}

/* What the mix bus makes of it, as the passages show: powers by a line, in dB, for what reacts to level holds loud
 * steps down; those softer than any that was heard as these. Peaks by as much as on average. */
static void pass_mix_bus(const td_decider *d, const moments *song, const moments *played)
{
    double n = 0, x = 0, y = 0, xx = 0, xy = 0, peak_db = 0, softest = INFINITY;
    for (size_t i = 0; i < played->n; i++) {
        size_t at = step_of(d, i);
        if (at == SIZE_MAX || !(song->power[at] > 0 && played->power[i] > 0 && song->peak[at] > 0)) continue;
        double in = td_power_db((double)song->power[at]), out = td_power_db((double)played->power[i]);
        n++;
        x += in;
        y += out;
        xx += in * in;
        xy += in * out;
        peak_db += td_to_db((double)played->peak[i] / (double)song->peak[at]);
        softest = fmin(softest, in);
    }
    if (!(n > 0)) return;
    double spread = xx - x * x / n, slope = spread > n ? td_clamp((xy - x * y / n) / spread, 0.5, 1) : 1;
    for (size_t i = 0; i < song->n; i++) {
        if (!(song->power[i] > 0)) continue;
        double in = td_power_db((double)song->power[i]), heard = fmax(in, softest);
        song->power[i] = (float)td_db_power(y / n + slope * (heard - x / n) + in - heard);
        song->peak[i] *= (float)td_from_db(peak_db / n);
    }
}

/* ---- driven ------------------------------------------------------------------------------------------------------ */

typedef struct forecast {
    moments song, played; /* in front of the limiter */
    double ceiling_db;
    float *power; /* of either, driven */
} forecast;

static double driven_lufs(const forecast *f, const moments *m, double drive_db)
{
    for (size_t i = 0; i < m->n; i++) {
        double over_db = td_to_db((double)m->peak[i]) + drive_db - f->ceiling_db;
        f->power[i] = over_db > 0 ? m->power[i] * (float)td_db_power(-PER_DB * over_db) : m->power[i];
    }
    return td_gated_loudness(f->power, m->n) + drive_db;
}

/* How much louder than the song its passages become. */
static double passages_over_song(const forecast *f, double drive_db)
{
    return driven_lufs(f, &f->played, drive_db) - driven_lufs(f, &f->song, drive_db);
}

/* The drive that makes the song as loud as is wanted, were there no bound. */
static double wanted_drive_db(const forecast *f, double wanted_lufs)
{
    double low = wanted_lufs - td_gated_loudness(f->song.power, f->song.n), high = low + 24;
    for (int i = 0; i < 16; i++) {
        double middle = (low + high) / 2;
        *(driven_lufs(f, &f->song, middle) < wanted_lufs ? &low : &high) = middle;
    }
    return (low + high) / 2;
}

static td_status make_forecast(td_decider *d, forecast *f, td_error *err)
{
    const td_target *t = &d->plan->master;
    f->ceiling_db = isnan(t->true_peak_dbtp) ? t->peak_dbfs : t->true_peak_dbtp;
    f->song = f->played;
    f->power = td_arena_array(d->arena, (f->played.n > d->steps ? f->played.n : d->steps) + 1, sizeof *f->power);
    if (!f->power) return td_no_memory(err);
    if (!d->n_passages) return TD_OK;
    if (!new_moments(d, d->steps, &f->song)) return td_no_memory(err);
    survey_song(d, &f->song);
    pass_mix_bus(d, &f->song, &f->played);
    return TD_OK;
}

/* ---- what is heard in the end ------------------------------------------------------------------------------------ */

static void add_bands(void *user, size_t frame, const td_band_frame *bands, const float *twelfth)
{
    td_band_power *p = user;
    (void)frame;
    (void)twelfth;
    for (size_t i = 0; i < TD_BANDS; i++) {
        p->ll[i] += (double)bands->ll[i];
        p->rr[i] += (double)bands->rr[i];
        p->lr[i] += (double)bands->lr[i];
    }
}

static td_status measure_bands(const td_scratch *audio, unsigned rate_hz, td_band_power *out, td_error *err)
{
    float block[2][TD_BLOCK], *ch[2] = { block[0], block[1] };
    td_bands *work = NULL;
    td_spectrum *meter = NULL;
    *out = (td_band_power){ 0 };
    td_status st = td_bands_new(rate_hz, &work) ? td_no_memory(err) : TD_OK;
    if (!st && td_spectrum_new(rate_hz, 2, add_bands, out, &meter)) st = td_no_memory(err);
    uint64_t frames = td_scratch_length(audio);
    for (uint64_t at = 0; !st && at < frames; at += TD_BLOCK) {
        size_t n = frames - at < TD_BLOCK ? (size_t)(frames - at) : TD_BLOCK;
        st = td_scratch_read(audio, (int64_t)at, ch, n, err);
        if (!st) td_spectrum_add(meter, work, (const float *const *)ch, n);
    }
    if (!st) td_spectrum_end(meter, work);
    td_spectrum_free(meter);
    td_bands_free(work);
    return st;
}

/* What a chain makes of them: audio, and its steps. */
static td_status play_mix(td_decider *d, td_plan_chain chain, td_scratch *out, td_loudness *meter, moments *played,
                          td_error *err)
{
    td_site behind = { .kind = TD_SITE_MIX, .chain = &chain };
    float block[2][TD_BLOCK], *ch[2] = { block[0], block[1] };
    td_front *f;
    uint64_t all = td_front_frames(d, &behind);
    size_t rate_hz = d->session->rate_hz, steps;
    if (!new_moments(d, (size_t)(all * 10 / rate_hz) + 1, played)) return td_no_memory(err);
    TD_TRY(td_front_new(d, &behind, NULL, &f, err));
    td_status st = TD_OK;
    for (uint64_t at = 0, n; !st && at < all; at += n) {
        size_t step = (size_t)(at * 10 / rate_hz);
        uint64_t end = ((step + 1) * rate_hz + 9) / 10;
        n = (end < all ? end : all) - at;
        if (n > TD_BLOCK) n = TD_BLOCK;
        if ((st = td_front_read(f, ch, NULL, n, err))) break;
        for (size_t c = 0; c < 2; c++) played->peak[step] = fmaxf(played->peak[step], td_largest(ch[c], n));
        if (td_loudness_add(meter, (const float *const *)ch, n)) st = td_no_memory(err);
        if (!st) st = td_scratch_append(out, (const float *const *)ch, n, err);
    }
    td_front_free(f);
    const float *k = td_loudness_steps(meter, &steps);
    if (steps < played->n) played->n = steps;
    for (size_t i = 0; i < played->n; i++) played->power[i] = k[i];
    return st;
}

/* Mastered, it stands in the place of what the mix bus made. */
static td_status master(td_decider *d, td_scratch **premaster, const forecast *f, double drive_db, td_finish *out,
                        td_error *err)
{
    td_target target = d->plan->master;
    td_master *m;
    td_master_result r, driven;
    td_scratch *audio = NULL;
    TD_TRY(td_master_new(*premaster, d->session->rate_hz, d->wish->scratch_folder, &m, err));
    target.loudness_lufs += passages_over_song(f, drive_db);
    td_status st = td_master_foresee(m, &target, &r, err);
    if (!st) st = td_master_drive(m, r.drive_db, &target, NULL, &audio, &driven, err);
    td_master_free(m);
    if (st) return st;
    td_scratch_free(*premaster);
    *premaster = audio;
    snprintf(out->held_by, sizeof out->held_by, "%s", r.held_by);
    double song_lufs = r.loudness_lufs - passages_over_song(f, r.drive_db);
    out->lacks_lu = *r.held_by ? d->plan->master.loudness_lufs - song_lufs : 0;
    return TD_OK;
}

static double highest_db(const moments *m)
{
    return td_to_db((double)td_largest(m->peak, m->n));
}

td_status td_hear_finish(td_decider *d, const td_plan_chain *chain, td_finish *out, td_error *err)
{
    td_scratch *audio = NULL;
    td_loudness *meter = NULL;
    forecast f = { 0 };
    *out = (td_finish){ 0 };
    td_status st = td_loudness_new(d->session->rate_hz, 2, &meter) ? td_no_memory(err) : TD_OK;
    if (!st) st = td_scratch_new(d->wish->scratch_folder, 2, &audio, err);
    if (!st) st = play_mix(d, *chain, audio, meter, &f.played, err);
    if (!st) st = make_forecast(d, &f, err);
    double drive_db = st ? NAN : wanted_drive_db(&f, d->plan->master.loudness_lufs);
    if (!st && isfinite(drive_db) && highest_db(&f.played) + drive_db > f.ceiling_db + EASY_DB)
        st = master(d, &audio, &f, drive_db, out, err);
    if (!st) st = measure_bands(audio, d->session->rate_hz, &out->bands, err);
    td_loudness_free(meter);
    td_scratch_free(audio);
    return st;
}

/* ---- what is said of it ------------------------------------------------------------------------------------------ */

/* Whose peaks stand highest in the mix; NULL: nobody's. */
static const td_plan_bus *peakiest(const td_decider *d)
{
    const td_plan_bus *bus = NULL;
    double most = -INFINITY;
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        const td_plan_bus *p = &d->plan->bus[b];
        double peak = p->peak_dbfs + td_bus_gain_db(d, b);
        if (td_is_silent(p->peak_dbfs) || peak <= most) continue;
        most = peak;
        bus = p;
    }
    return bus;
}

/* The last of its steps that holds peaks already; NULL: none does. */
static const char *lid_of(const td_plan_bus *b)
{
    for (size_t i = b->chain.n_steps; i-- > 0;) {
        const td_plan_step *s = &b->chain.step[i];
        if (!s->bypass && (!strcmp(s->proc->name, "limiter") || !strcmp(s->proc->name, "clipper"))) return s->name;
    }
    return NULL;
}

td_status td_warn_of_target(td_decider *d, const td_finish *f)
{
    double wanted = d->plan->master.loudness_lufs;
    const td_plan_bus *bus = peakiest(d);
    if (!(f->lacks_lu > WORTH_LU) || !bus) return TD_OK;
    const char *lid = lid_of(bus);
    return td_decide_note(
        d, TD_NOTE_WARNING,
        "the master will come to about %.1f LUFS instead of %g: %s; %s%s on %s, whose peaks stand highest, would help, "
        "a softer target, or more `limiting` for the master",
        wanted - f->lacks_lu, wanted, f->held_by, lid ? "more of " : "a clipper or limiter", lid ? lid : "", bus->name);
}
