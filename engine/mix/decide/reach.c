#include "engine/mix/decide/decide.h"

#include "engine/base/row.h"
#include "engine/base/units.h"
#include "engine/mix/decide/front.h"
#include "engine/mix/master.h"
#include <string.h>

/* Whether the master's loudness can be had, told while a recipe can still be changed. The passages of the final check
 * are driven as the song will be: they hold its loudest moments, which decide how much may be limited. */

#define WORTH_LU 1 /* five passages told 0.1 to 0.6 LU less than four songs came to */
#define EASY_DB  3 /* so much of peaks over the ceiling any master takes */

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

/* What the mix bus makes of them: audio, and how far its peaks stand over its loudness. */
static td_status play_mix(td_decider *d, td_scratch *out, td_loudness *meter, double *over_db, td_error *err)
{
    td_site behind = { .kind = TD_SITE_MIX, .chain = &d->plan->mix };
    float block[2][TD_BLOCK], *ch[2] = { block[0], block[1] };
    td_front *f;
    float peak = 0;
    size_t steps;
    TD_TRY(td_front_new(d, &behind, NULL, &f, err));
    td_status st = TD_OK;
    for (uint64_t left = td_front_frames(f), n; !st && left; left -= n) {
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

/* Whose peaks stand highest in the mix. */
static const char *peakiest(const td_decider *d)
{
    const char *name = "the drums";
    double most = -INFINITY;
    for (size_t b = 0; b < d->plan->n_buses; b++) {
        const td_plan_bus *p = &d->plan->bus[b];
        double peak = p->peak_dbfs + td_bus_gain_db(d, b);
        if (p->peak_dbfs < -80 || peak <= most) continue;
        most = peak;
        name = p->name;
    }
    return name;
}

static td_status master(td_decider *d, const td_scratch *premaster, double over_lu, td_error *err)
{
    td_target target = d->plan->master;
    td_master *m;
    td_master_result r;
    double wanted = target.loudness_lufs;
    TD_TRY(td_master_new(premaster, d->session->rate_hz, d->wish->scratch_folder, &m, err));
    target.loudness_lufs += over_lu;
    td_status st = td_master_foresee(m, &target, &r, err);
    td_master_free(m);
    if (st) return st;
    double reached = r.loudness_lufs - over_lu;
    if (!(wanted - reached > WORTH_LU)) return TD_OK;
    return td_decide_note(
        d, TD_NOTE_WARNING,
        "the master will come to about %.1f LUFS instead of %g: %s; a clipper or limiter on %s, whose "
        "peaks stand highest, would help, a softer target, or more `limiting` for the master",
        reached, wanted, r.held_by, peakiest(d));
}

td_status td_warn_of_target(td_decider *d, td_error *err)
{
    const td_target *t = &d->plan->master;
    td_scratch *premaster = NULL;
    td_loudness *meter = NULL;
    double peaks_over_db, over_lu = passages_over_song(d);
    if (isnan(t->loudness_lufs) || !(d->raw_mix_lufs > -70)) return TD_OK;
    td_status st = td_loudness_new(d->session->rate_hz, 2, &meter) ? td_no_memory(err) : TD_OK;
    if (!st) st = td_scratch_new(d->wish->scratch_folder, 2, &premaster, err);
    if (!st) st = play_mix(d, premaster, meter, &peaks_over_db, err);
    double ceiling_db = isnan(t->true_peak_dbtp) ? t->peak_dbfs : t->true_peak_dbtp;
    if (!st && t->loudness_lufs + over_lu + peaks_over_db > ceiling_db + EASY_DB)
        st = master(d, premaster, over_lu, err);
    td_loudness_free(meter);
    td_scratch_free(premaster);
    return st;
}
