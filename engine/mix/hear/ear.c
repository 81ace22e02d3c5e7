#include "engine/mix/hear/ear.h"

#include "engine/base/base.h"
#include "engine/mix/hear/low.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK     512
#define PENDING   8       /* rows whose low hits are known and whose bands are still to come */
#define BATCH     16      /* rows written at once */
#define SOUND     1e-3f   /* -60 dBFS: from here on a stem has begun */
#define FULL      0.9999f /* of a sample that stands at full scale */
#define CLIP_RUN  3       /* so many in a row were cut off */
#define TOP_HZ    10000.0 /* an edge in the spectrum is looked for from here on, */
#define TOP_CELLS 40      /* in so many cells */
#define CELL_HZ   250.0
#define TOP_EVERY 8 /* in every eighth frame */

/* What is summed up of a channel. Frame i of a tick adds to lane i mod 4, whatever blocks it comes in. */
typedef struct sums {
    td_v4 square, total; /* of the step under way; of all, for DC */
    float peak;          /* of the step under way */
} sums;

struct td_ear {
    td_ear_wish wish;
    td_loudness *loudness;
    td_spectrum *spectrum;
    td_true_peak *true_peak;
    td_low_filter low_filter;
    td_low low[2];   /* per channel */
    size_t averages; /* of the low band, in the tick under way */
    uint64_t frames, ticks;
    td_v2 gain;      /* of sides, without sign */
    sums sums[2];    /* per channel */
    unsigned run[2]; /* samples at full scale in a row */
    td_signal out;
    float *k, *ms, *peaks, *true_peaks;
    float lows[PENDING][TD_LOWS];
    td_row batch[BATCH];
    size_t batched;
    double top[TOP_CELLS]; /* the largest power each cell ever had */
    const td_bands *work;  /* of the block under way */
    td_scratch *rows;
    td_status failed; /* of writing rows, which happens inside the spectrum's callback */
    td_error error;
    float *scaled[2];
    const float *in[2]; /* the block under way, as it enters */
};

/* ---- rows ------------------------------------------------------------------------------------------------------- */

/* Half a dB of precision needs no logarithm: a float's exponent, and its mantissa as a straight line, are within 0.13
 * dB. */
static uint8_t coded(float power)
{
    uint32_t bits;
    memcpy(&bits, &power, sizeof bits);
    double db = 3.0103 * ((double)bits / 8388608 - 127 + 0.043), code = rint(2 * (db + 115));
    return code < 1 ? 0 : code > 255 ? 255 : (uint8_t)code;
}

static void flush(td_ear *e)
{
    const float *plane = (const float *)e->batch;
    if (!e->failed) e->failed = td_scratch_append(e->rows, &plane, e->batched * TD_ROW_FLOATS, &e->error);
    e->batched = 0;
}

static void hold_top(td_ear *e)
{
    for (size_t i = 0; i < TOP_CELLS; i++) {
        double low = TOP_HZ + CELL_HZ * (double)i;
        e->top[i] = fmax(e->top[i], td_bands_between(e->work, low, low + CELL_HZ));
    }
}

/* Where the spectrum breaks off: 2 kHz without a gap, then 30 dB less within a cell and nothing more above. Instruments
 * fade out over octaves; this is what a lossy codec or a converter leaves. NaN: nowhere. */
static double find_edge(const double top[TOP_CELLS])
{
    enum { BELOW = 8 };
    for (size_t edge = TOP_CELLS - 2; edge >= BELOW; edge--) {
        double below = INFINITY, above = 0;
        for (size_t i = edge - BELOW; i < edge; i++) below = fmin(below, top[i]);
        for (size_t i = edge + 1; i < TOP_CELLS; i++) above = fmax(above, top[i]);
        if (below > 1e-10 && below > 1000 * above) return TOP_HZ + CELL_HZ * (double)edge;
    }
    return NAN;
}

static void take_bands(void *user, size_t frame, const td_band_frame *bands, const float *twelfth)
{
    td_ear *e = user;
    td_row *row = &e->batch[e->batched];
    if (frame >= e->wish.steps) return;
    if (frame % TOP_EVERY == 0 && bands->ll[TD_BANDS / 2] + bands->rr[TD_BANDS / 2] > 0) hold_top(e);
    double ll = e->gain[0] * e->gain[0], rr = e->gain[1] * e->gain[1], lr = e->wish.sides.left * e->wish.sides.right;
    bool mono = e->wish.channels == 1; /* stereo was scaled on its way in */
    for (size_t b = 0; b < TD_BANDS; b++) {
        row->bands.ll[b] = mono ? (float)(ll * (double)bands->ll[b]) : bands->ll[b];
        row->bands.rr[b] = mono ? (float)(rr * (double)bands->ll[b]) : bands->rr[b];
        row->bands.lr[b] = mono ? (float)(lr * (double)bands->ll[b]) : bands->lr[b];
    }
    float scale = mono ? (float)(0.5 * (ll + rr)) : 1;
    for (size_t b = 0; b < TD_TWELFTHS; b++) row->twelfth[b] = coded(scale * twelfth[b]);
    memcpy(row->low, e->lows[frame % PENDING], sizeof row->low);
    if (++e->batched == BATCH) flush(e);
}

/* ---- levels ----------------------------------------------------------------------------------------------------- */

static uint64_t tick_end(const td_ear *e)
{
    return (e->ticks + 1) * e->wish.rate_hz / 100;
}

static void note_clipping(td_ear *e, const float *const *ch, size_t frames)
{
    for (unsigned c = 0; c < e->wish.channels; c++) {
        for (size_t i = 0; i < frames; i++) {
            e->run[c] = fabsf(ch[c][i]) >= FULL ? e->run[c] + 1 : 0;
            if (e->run[c] != CLIP_RUN) continue;
            if (e->out.clips < TD_CLIPS) e->out.clip_at_s[e->out.clips] = (double)(e->frames + i) / e->wish.rate_hz;
            e->out.clips++;
        }
    }
}

static void note_sound(td_ear *e, const float *left, const float *right, size_t frames)
{
    float gl = (float)e->gain[0], gr = (float)e->gain[1];
    size_t first = 0, last = frames;
    while (first < frames && fabsf(left[first]) * gl < SOUND && fabsf(right[first]) * gr < SOUND) first++;
    if (first == frames) return;
    while (fabsf(left[last - 1]) * gl < SOUND && fabsf(right[last - 1]) * gr < SOUND) last--;
    if (isnan(e->out.first_sound_s)) e->out.first_sound_s = (double)(e->frames + first) / e->wish.rate_hz;
    e->out.last_sound_s = (double)(e->frames + last) / e->wish.rate_hz;
}

/* The block's frames begin at frame `at` of their tick. Returns the largest magnitude. */
TD_WIDE static float sums_add(sums *s, const float *x, size_t at, size_t frames)
{
    td_v4 square = s->square, total = s->total;
    td_f4 peaks = { 0 };
    float peak = 0;
    size_t i = 0;
    for (; i < frames && (at + i) % 4; i++) {
        square[(at + i) % 4] += (double)x[i] * (double)x[i];
        total[(at + i) % 4] += (double)x[i];
        peak = fmaxf(peak, fabsf(x[i]));
    }
    for (; i + 4 <= frames; i += 4) {
        td_fu part = *(const td_fu *)(x + i);
        td_v4 v = TD_DOUBLES(part);
        square += v * v;
        total += v;
        peaks = td_larger(peaks, part);
    }
    for (; i < frames; i++) {
        square[(at + i) % 4] += (double)x[i] * (double)x[i];
        total[(at + i) % 4] += (double)x[i];
        peak = fmaxf(peak, fabsf(x[i]));
    }
    s->square = square;
    s->total = total;
    for (int k = 0; k < 4; k++) peak = fmaxf(peak, peaks[k]);
    s->peak = fmaxf(s->peak, peak);
    return peak;
}

/* Left and right; of mono twice the same. */
static td_v2 of_sides(const td_ear *e, double first, double second)
{
    return (td_v2){ first, e->wish.channels == 2 ? second : first };
}

static double across(const td_v4 *lanes)
{
    return ((*lanes)[0] + (*lanes)[1]) + ((*lanes)[2] + (*lanes)[3]);
}

static void levels_add(td_ear *e, const float *const *ch, size_t frames)
{
    double peak[2] = { 0 };
    size_t at = (size_t)(e->frames - e->ticks * e->wish.rate_hz / 100);
    for (unsigned c = 0; c < e->wish.channels; c++) peak[c] = (double)sums_add(&e->sums[c], ch[c], at, frames);
    if (fmax(peak[0], peak[1]) >= (double)FULL)
        note_clipping(e, ch, frames);
    else
        e->run[0] = e->run[1] = 0;
    td_v2 placed = e->gain * of_sides(e, peak[0], peak[1]);
    if (fmax(placed[0], placed[1]) >= (double)SOUND) note_sound(e, ch[0], ch[e->wish.channels - 1], frames);
}

static void close_tick(td_ear *e)
{
    size_t step = (size_t)(e->ticks / 10);
    td_v2 gains = e->gain * e->gain, low = gains * of_sides(e, e->low[0].energy, e->low[1].energy);
    e->lows[step % PENDING][e->ticks % 10] = (float)(0.5 * (low[0] + low[1]) / (double)(e->averages ? e->averages : 1));
    e->low[0].energy = e->low[1].energy = 0;
    e->averages = 0;
    if (++e->ticks % 10 || step >= e->wish.steps) return;
    uint64_t n = (step + 1) * (uint64_t)e->wish.rate_hz / 10 - step * (uint64_t)e->wish.rate_hz / 10;
    td_v2 square = gains * of_sides(e, across(&e->sums[0].square), across(&e->sums[1].square));
    td_v2 peak = e->gain * of_sides(e, (double)e->sums[0].peak, (double)e->sums[1].peak);
    e->ms[step] = (float)(0.5 * (square[0] + square[1]) / (double)n);
    e->peaks[step] = (float)fmax(peak[0], peak[1]);
    if (e->true_peak) e->true_peaks[step] = (float)td_true_peak_take(e->true_peak);
    for (int c = 0; c < 2; c++) {
        e->sums[c].square = (td_v4){ 0 };
        e->sums[c].peak = 0;
    }
}

/* ---- the ear ---------------------------------------------------------------------------------------------------- */

td_status td_ear_new(const td_ear_wish *wish, td_ear **out, td_error *err)
{
    *out = NULL;
    td_ear *e = td_calloc2(1, 1, sizeof *e);
    if (!e) return td_no_memory(err);
    e->wish = *wish;
    e->gain = (td_v2){ fabs(wish->sides.left), fabs(wish->sides.right) };
    e->out.first_sound_s = e->out.last_sound_s = e->out.true_peak_dbtp = NAN;
    td_low_design(wish->rate_hz, &e->low_filter);
    td_status st = td_loudness_new(wish->rate_hz, wish->channels, &e->loudness);
    if (!st) st = td_spectrum_new(wish->rate_hz, wish->channels, take_bands, e, &e->spectrum);
    if (!st && wish->true_peak) st = td_true_peak_new(wish->channels, 4, &e->true_peak);
    size_t n = wish->steps ? wish->steps : 1;
    e->k = td_calloc2(n, 1, sizeof(float));
    e->ms = td_calloc2(n, 1, sizeof(float));
    e->peaks = td_calloc2(n, 1, sizeof(float));
    e->true_peaks = wish->true_peak ? td_calloc2(n, 1, sizeof(float)) : NULL;
    e->scaled[0] = td_calloc2(BLOCK, 2, sizeof(float));
    if (!st && (!e->k || !e->ms || !e->peaks || !e->scaled[0] || (wish->true_peak && !e->true_peaks))) st = TD_NOMEM;
    if (st)
        td_no_memory(err);
    else {
        e->scaled[1] = e->scaled[0] + BLOCK;
        st = td_scratch_new(wish->folder, 1, &e->rows, err);
    }
    if (st)
        td_ear_free(e);
    else
        *out = e;
    return st;
}

void td_ear_free(td_ear *e)
{
    if (!e) return;
    td_loudness_free(e->loudness);
    td_spectrum_free(e->spectrum);
    td_true_peak_free(e->true_peak);
    td_scratch_free(e->rows);
    free(e->k);
    free(e->ms);
    free(e->peaks);
    free(e->true_peaks);
    free(e->scaled[0]);
    free(e);
}

/* A stereo signal at its level and balance; mono is placed by arithmetic on what is measured. */
static void let_in(td_ear *e, const float *const *ch, size_t frames)
{
    td_sides g = e->wish.sides;
    e->in[0] = ch[0], e->in[1] = ch[e->wish.channels - 1];
    if (e->wish.channels == 1 || (g.left == 1 && g.right == 1)) return;
    for (size_t i = 0; i < frames; i++) e->scaled[0][i] = (float)(g.left * (double)ch[0][i]);
    for (size_t i = 0; i < frames; i++) e->scaled[1][i] = (float)(g.right * (double)ch[1][i]);
    e->in[0] = e->scaled[0], e->in[1] = e->scaled[1];
}

static td_status finish_part(td_ear *e, td_bands *work, size_t frames, td_error *err)
{
    e->work = work;
    if (e->true_peak) td_true_peak_add(e->true_peak, e->in, frames);
    e->frames += frames;
    if (e->frames == tick_end(e)) close_tick(e);
    td_spectrum_add(e->spectrum, work, e->in, frames);
    if (e->failed && err) *err = e->error;
    return e->failed;
}

static td_status add_part(td_ear *const *e, size_t n, td_bands *work, const float *const *const *ch, size_t at,
                          size_t frames, td_error *err)
{
    td_loudness *loudness[TD_EARS_MAX];
    const float *const *in[TD_EARS_MAX], *channel[TD_LOWS_MAX] = { 0 };
    td_low *low[TD_LOWS_MAX] = { 0 };
    size_t channels = 0;
    for (size_t k = 0; k < n; k++) {
        const float *part[2] = { ch[k][0] + at, ch[k][e[k]->wish.channels - 1] + at };
        levels_add(e[k], part, frames);
        for (unsigned c = 0; c < e[k]->wish.channels; c++) {
            low[channels] = &e[k]->low[c];
            channel[channels++] = part[c];
        }
        let_in(e[k], part, frames);
        loudness[k] = e[k]->loudness;
        in[k] = e[k]->in;
    }
    size_t averages = td_lows_add(&e[0]->low_filter, low, channel, channels, e[0]->frames, frames);
    for (size_t k = 0; k < n; k++) e[k]->averages += averages;
    if (td_loudness_add_all(loudness, in, n, frames)) return td_no_memory(err);
    td_status st = TD_OK;
    for (size_t k = 0; !st && k < n; k++) st = finish_part(e[k], work, frames, err);
    return st;
}

td_status td_ears_add(td_ear *const *e, size_t n, td_bands *work, const float *const *const *ch, size_t frames,
                      td_error *err)
{
    for (size_t at = 0; n && at < frames;) {
        uint64_t missing = tick_end(e[0]) - e[0]->frames;
        size_t part = frames - at < BLOCK ? frames - at : BLOCK;
        if (missing < part) part = (size_t)missing;
        td_status st = add_part(e, n, work, ch, at, part, err);
        if (st) return st;
        at += part;
    }
    return TD_OK;
}

static td_status add_silence(td_ear *e, td_bands *work, td_error *err)
{
    static const float silence[BLOCK];
    const float *const ch[2] = { silence, silence };
    uint64_t end = (uint64_t)e->wish.steps * e->wish.rate_hz / 10;
    td_status st = TD_OK;
    while (!st && e->frames < end) {
        uint64_t left = end - e->frames;
        st = td_ears_add(&e, 1, work, &(const float *const *){ ch }, left < BLOCK ? (size_t)left : BLOCK, err);
    }
    return st;
}

static void take_loudness(td_ear *e)
{
    double scale = e->wish.channels == 1 ? e->gain[0] * e->gain[0] + e->gain[1] * e->gain[1] : 1;
    size_t n;
    const float *k = td_loudness_steps(e->loudness, &n);
    for (size_t i = 0; i < e->wish.steps && i < n; i++) e->k[i] = (float)(scale * (double)k[i]);
    e->out.max_momentary_lufs = td_loudness_max_momentary(e->loudness) + td_power_db(scale);
    e->out.max_short_lufs = td_loudness_max_short_term(e->loudness) + td_power_db(scale);
}

td_status td_ear_end(td_ear *e, td_bands *work, td_signal *out, td_scratch **rows, td_error *err)
{
    uint64_t frames = e->frames;
    td_status st = add_silence(e, work, err);
    if (st) return st;
    e->work = work; /* not the one it heard with last: others compute in that by now */
    td_spectrum_end(e->spectrum, work);
    flush(e);
    if (e->failed) {
        if (err) *err = e->error;
        return e->failed;
    }
    if (e->true_peak) {
        double gain = e->wish.channels == 1 ? fmax(e->gain[0], e->gain[1]) : 1;
        td_true_peak_end(e->true_peak);
        e->out.true_peak_dbtp = td_to_db(gain * td_true_peak_max(e->true_peak));
        for (size_t i = 0; i < e->wish.steps; i++) e->true_peaks[i] *= (float)gain;
    }
    take_loudness(e);
    double dc = fmax(fabs(across(&e->sums[0].total)), fabs(across(&e->sums[1].total)));
    e->out.dc = frames ? dc / (double)frames : 0;
    e->out.cutoff_hz = find_edge(e->top);
    e->out.steps = e->wish.steps;
    e->out.k = e->k, e->out.ms = e->ms, e->out.peak = e->peaks, e->out.true_peak = e->true_peaks;
    e->k = e->ms = e->peaks = e->true_peaks = NULL;
    *out = e->out;
    *rows = e->rows;
    e->rows = NULL;
    return TD_OK;
}

/* ---- summing up ------------------------------------------------------------------------------------------------- */

static double momentary(const float *k, size_t i)
{
    return (double)k[i] + (double)k[i + 1] + (double)k[i + 2] + (double)k[i + 3];
}

/* The loudest 4 s, one after the other: each begins 1.8 s before a loudest 400 ms that no earlier one overlaps. */
static void find_passages(td_signal *s, unsigned rate_hz, uint64_t frames)
{
    size_t length = 4 * rate_hz, steps = s->steps;
    for (size_t found = 0; found < TD_PASSAGES; found++) {
        double best = 0;
        uint64_t best_at = 0;
        for (size_t i = 0; i + 4 <= steps; i++) {
            uint64_t middle = (uint64_t)(i + 2) * rate_hz / 10, at = middle > 2 * rate_hz ? middle - 2 * rate_hz : 0;
            if (at + length > frames) at = frames > length ? frames - length : 0;
            bool free_of_others = true;
            for (size_t j = 0; j < found; j++) {
                uint64_t other = s->passage[j].at;
                free_of_others &= at + length <= other || other + length <= at;
            }
            if (!free_of_others || momentary(s->k, i) <= best) continue;
            best = momentary(s->k, i);
            best_at = at;
        }
        if (best <= 0) return;
        s->passage[found] = (td_passage){ best_at, frames < length ? (size_t)frames : length };
    }
}

td_status td_signal_sum_up(td_signal *s, unsigned rate_hz, uint64_t frames, td_error *err)
{
    unsigned char *active = calloc(s->steps ? s->steps : 1, 1);
    double square = 0, peak = 0;
    if (!active) return td_no_memory(err);
    s->active_steps = td_gated_frames(s->k, s->steps, active);
    for (size_t i = 0; i < s->steps; i++) {
        if (active[i]) square += (double)s->ms[i];
        peak = fmax(peak, (double)s->peak[i]);
    }
    free(active);
    s->rms_dbfs = s->active_steps ? td_power_db(square / (double)s->active_steps) : -INFINITY;
    s->peak_dbfs = td_to_db(peak);
    s->crest_db = s->active_steps ? s->peak_dbfs - s->rms_dbfs : 0;
    s->loudness_lufs = td_gated_loudness(s->k, s->steps);
    s->range_lu = td_gated_range(s->k, s->steps);
    find_passages(s, rate_hz, frames);
    return TD_OK;
}

void td_signal_fini(td_signal *s)
{
    free((void *)s->k);
    free((void *)s->ms);
    free((void *)s->peak);
    free((void *)s->true_peak);
    *s = (td_signal){ 0 };
}
