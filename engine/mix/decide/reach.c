#include "engine/mix/decide/decide.h"

#include "engine/base/row.h"
#include "engine/base/units.h"
#include "engine/mix/decide/front.h"
#include "engine/mix/master.h"
#include <stdio.h>
#include <string.h>

/* Whether the master's loudness can be had, told while a recipe can still be changed. The passages of the final check
 * are driven as the song will be: they hold its loudest moments, which decide how much may be limited. */

#define WORTH_LU 1.5 /* six passages told up to 1.3 LU less than seven songs came to, 0.3 in the middle */
#define EASY_DB  3   /* so much of peaks over the ceiling any master takes */

/* How much louder the passages are than the song, as the faders leave it, LU. */
static double passages_over_song(const td_decider *d)
{
    float *k = td_arena_array(d->arena, d->steps + 1, sizeof *k);
    double power = 0;
    size_t n = 0;
    if (!k || !d->n_passages) return 0;
    td_mix_power(d, SIZE_MAX, k);
    for (size_t p = 0; p < d->n_passages; p++) {
        int64_t from = d->passage[p] * 10 / d->session->rate_hz;
        for (size_t i = 0; i < TD_PASSAGE_STEPS; i++) {
            int64_t at = from + (int64_t)i;
            if (at < 0 || (size_t)at >= d->steps) continue;
            power += (double)k[at];
            n++;
        }
    }
    return n && power > 0 ? -0.691 + td_power_db(power / (double)n) - d->raw_mix_lufs : 0;
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

/* What a chain makes of them: audio, and how far its peaks stand over its loudness. */
static td_status play_mix(td_decider *d, td_plan_chain chain, td_scratch *out, td_loudness *meter, double *over_db,
                          td_error *err)
{
    td_site behind = { .kind = TD_SITE_MIX, .chain = &chain };
    float block[2][TD_BLOCK], *ch[2] = { block[0], block[1] };
    td_front *f;
    float peak = 0;
    size_t steps;
    TD_TRY(td_front_new(d, &behind, NULL, &f, err));
    td_status st = TD_OK;
    for (uint64_t left = td_front_frames(d, &behind), n; !st && left; left -= n) {
        n = left < TD_BLOCK ? left : TD_BLOCK;
        if ((st = td_front_read(f, ch, NULL, n, err))) break;
        for (size_t c = 0; c < 2; c++) peak = fmaxf(peak, td_largest(ch[c], n));
        if (td_loudness_add(meter, (const float *const *)ch, n)) st = td_no_memory(err);
        if (!st) st = td_scratch_append(out, (const float *const *)ch, n, err);
    }
    td_front_free(f);
    const float *k = td_loudness_steps(meter, &steps);
    *over_db = td_to_db((double)peak) - td_gated_loudness(k, steps);
    return st;
}

/* Mastered, it stands in the place of what the mix bus made. */
static td_status master(td_decider *d, td_scratch **premaster, double over_lu, td_finish *out, td_error *err)
{
    td_target target = d->plan->master;
    td_master *m;
    td_master_result r, driven;
    td_scratch *audio = NULL;
    TD_TRY(td_master_new(*premaster, d->session->rate_hz, d->wish->scratch_folder, &m, err));
    target.loudness_lufs += over_lu;
    td_status st = td_master_foresee(m, &target, &r, err);
    if (!st) st = td_master_drive(m, r.drive_db, &target, NULL, &audio, &driven, err);
    td_master_free(m);
    if (st) return st;
    td_scratch_free(*premaster);
    *premaster = audio;
    snprintf(out->held_by, sizeof out->held_by, "%s", r.held_by);
    out->lacks_lu = target.loudness_lufs - r.loudness_lufs;
    return TD_OK;
}

td_status td_hear_finish(td_decider *d, const td_plan_chain *chain, td_finish *out, td_error *err)
{
    const td_target *t = &d->plan->master;
    td_scratch *audio = NULL;
    td_loudness *meter = NULL;
    double peaks_over_db, over_lu = passages_over_song(d);
    *out = (td_finish){ 0 };
    td_status st = td_loudness_new(d->session->rate_hz, 2, &meter) ? td_no_memory(err) : TD_OK;
    if (!st) st = td_scratch_new(d->wish->scratch_folder, 2, &audio, err);
    if (!st) st = play_mix(d, *chain, audio, meter, &peaks_over_db, err);
    double ceiling_db = isnan(t->true_peak_dbtp) ? t->peak_dbfs : t->true_peak_dbtp;
    if (!st && d->raw_mix_lufs > -70 && t->loudness_lufs + over_lu + peaks_over_db > ceiling_db + EASY_DB)
        st = master(d, &audio, over_lu, out, err);
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
        if (p->peak_dbfs < -80 || peak <= most) continue;
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
