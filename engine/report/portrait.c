#include "engine/report/portrait.h"

#include "engine/base/row.h"
#include "engine/base/units.h"
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 4096, MOMENTARY = 4, SHORT_TERM = 30, PICK = 7 /* every so many frames are drawn in the goniometer */ };

static const double silence = 1e-7; /* mean square, -70 dBFS: below it sides are not compared */

typedef struct step {
    float correlation, peak;
} step;

typedef struct sitter {
    td_reader *reader;
    td_audio_info info;
    td_loudness *loudness;
    td_bands *work;
    td_spectrum *spectrum;
    float *buffer[2];
    td_band_frame *frame; /* 3.5 kB a second: which of them sound is known at the end */
    size_t n_frames, room;
    bool broken;
    double ll, rr, lr, all_ll, all_rr, all_lr; /* of the step under way, of all before */
    double peak;                               /* of the step under way */
    uint64_t frames;
    step *step;
    size_t n_steps, step_room;
    td_portrait *out;
} sitter;

static void sitter_fini(sitter *s)
{
    td_reader_close(s->reader);
    td_loudness_free(s->loudness);
    td_spectrum_free(s->spectrum);
    td_bands_free(s->work);
    free(s->buffer[0]);
    free(s->buffer[1]);
    free(s->frame);
    free(s->step);
}

static void keep_frame(void *user, size_t frame, const td_band_frame *bands, const float *twelfth)
{
    sitter *s = user;
    void *grown = s->frame;
    (void)frame;
    (void)twelfth;
    if (!td_grow(&grown, &s->room, s->n_frames, sizeof *s->frame)) {
        s->broken = true;
        return;
    }
    s->frame = grown;
    s->frame[s->n_frames++] = *bands;
}

static td_status sitter_init(sitter *s)
{
    unsigned rate = s->info.rate_hz, channels = s->info.channels;
    for (size_t c = 0; c < 2; c++)
        if (!(s->buffer[c] = td_calloc2(CHUNK, 1, sizeof(float)))) return TD_NOMEM;
    td_status st = td_loudness_new(rate, channels, &s->loudness);
    if (!st) st = td_bands_new(rate, &s->work);
    if (!st) st = td_spectrum_new(rate, channels, keep_frame, s, &s->spectrum);
    return st;
}

static void end_step(sitter *s)
{
    void *grown = s->step;
    if (!td_grow(&grown, &s->step_room, s->n_steps, sizeof *s->step)) {
        s->broken = true;
        return;
    }
    s->step = grown;
    double both = sqrt(s->ll * s->rr), frames = s->info.rate_hz / 10.0;
    s->step[s->n_steps++] =
        (step){ .correlation = both > silence * frames ? (float)(s->lr / both) : NAN, .peak = (float)s->peak };
    s->all_ll += s->ll;
    s->all_rr += s->rr;
    s->all_lr += s->lr;
    s->ll = s->rr = s->lr = s->peak = 0;
}

static size_t field_of(double x)
{
    double at = (x + 1) * TD_GONIO / 2;
    return at < 0 ? 0 : at >= TD_GONIO ? TD_GONIO - 1 : (size_t)at;
}

static void place(td_portrait *p, double l, double r)
{
    double side = (r - l) / 2, mid = (l + r) / 2, far = sqrt(side * side + mid * mid);
    if (far < 1e-4) return; /* -80 dBFS is the middle */
    double k = 1 / sqrt(far);
    p->density[field_of(-mid * k)][field_of(side * k)]++;
}

/* Steps end where a tenth of a second does, also where that is no whole frame. */
static uint64_t step_end(const sitter *s)
{
    return ((s->n_steps + 1) * s->info.rate_hz + 9) / 10;
}

static void add_sides(sitter *s, size_t n)
{
    const float *left = s->buffer[0], *right = s->buffer[s->info.channels - 1];
    for (size_t i = 0; i < n && !s->broken;) {
        uint64_t missing = step_end(s) - s->frames;
        size_t end = missing < n - i ? i + (size_t)missing : n;
        s->peak = fmax(s->peak, (double)fmaxf(td_largest(left + i, end - i), td_largest(right + i, end - i)));
        for (; i < end; i++, s->frames++) {
            double l = (double)left[i], r = (double)right[i];
            s->ll += l * l;
            s->rr += r * r;
            s->lr += l * r;
            if (s->frames % PICK == 0) place(s->out, l, r);
        }
        if (s->frames == step_end(s)) end_step(s);
    }
}

static td_status listen(sitter *s, td_error *err)
{
    const float *const *in = (const float *const *)s->buffer;
    for (;;) {
        size_t got;
        td_status st = td_reader_read(s->reader, s->buffer, CHUNK, &got, err);
        if (st) return st;
        if (!got) break;
        if (td_loudness_add(s->loudness, in, got)) s->broken = true;
        td_spectrum_add(s->spectrum, s->work, in, got);
        add_sides(s, got);
    }
    td_spectrum_end(s->spectrum, s->work);
    return s->broken ? td_no_memory(err) : TD_OK;
}

/* ---- what it comes to ------------------------------------------------------------------------------------------- */

void td_running_loudness(const float *k, size_t n, size_t window, float *out)
{
    for (size_t i = 0; i < n; i++) {
        double sum = 0; /* anew each time: nothing adds up over an hour */
        for (size_t j = i + 1 < window ? n : i + 1 - window; j <= i; j++) sum += (double)k[j];
        out[i] = (float)(td_power_db(sum / (double)window) - 0.691); /* ITU-R BS.1770 */
    }
}

void td_relative_levels(const double power[TD_BANDS], double level_db[TD_BANDS])
{
    double total = 0;
    for (size_t i = 0; i < TD_BANDS; i++)
        if (td_band_within(i, 100, 10000)) total += power[i];
    for (size_t i = 0; i < TD_BANDS; i++) level_db[i] = td_power_db(power[i]) - td_power_db(total);
}

double td_mono_loss(const double ll[TD_BANDS], const double rr[TD_BANDS], const double lr[TD_BANDS])
{
    double both = 0, mono = 0;
    for (size_t i = 0; i < TD_BANDS; i++) {
        double k = td_k_weight_power(td_band_hz(i));
        both += k * (ll[i] + rr[i]);
        mono += k * (ll[i] + rr[i] + 2 * lr[i]) / 2;
    }
    return both > 0 ? td_power_db(both) - td_power_db(fmax(mono, 0)) : 0;
}

static td_status mean_bands(const sitter *s, const float *k, size_t n, td_portrait *p)
{
    unsigned char *active = calloc(n + 1, 1);
    if (!active) return TD_NOMEM;
    size_t count = 0;
    td_gated_frames(k, n, active);
    for (size_t i = 0; i < n && i < s->n_frames; i++) {
        if (!active[i]) continue;
        count++;
        for (size_t b = 0; b < TD_BANDS; b++) {
            p->ll[b] += (double)s->frame[i].ll[b];
            p->rr[b] += (double)s->frame[i].rr[b];
            p->lr[b] += (double)s->frame[i].lr[b];
        }
    }
    double both[TD_BANDS];
    for (size_t b = 0; b < TD_BANDS; b++) {
        double share = count ? 1 / (double)count : 0;
        p->ll[b] *= share;
        p->rr[b] *= share;
        p->lr[b] *= share;
        both[b] = p->ll[b] + p->rr[b];
    }
    td_relative_levels(both, p->level_db);
    p->mono_loss_lu = td_mono_loss(p->ll, p->rr, p->lr);
    free(active);
    return TD_OK;
}

static td_status conclude(const sitter *s, td_arena *a, td_portrait *p)
{
    size_t n;
    const float *k = td_loudness_steps(s->loudness, &n);
    p->steps = n;
    p->k = td_arena_array(a, n + 1, sizeof(float));
    p->momentary = td_arena_array(a, n + 1, sizeof(float));
    p->short_term = td_arena_array(a, n + 1, sizeof(float));
    p->correlations = td_arena_array(a, n + 1, sizeof(float));
    p->peaks = td_arena_array(a, n + 1, sizeof(float));
    if (!p->k || !p->momentary || !p->short_term || !p->correlations || !p->peaks) return TD_NOMEM;
    if (n) memcpy(p->k, k, n * sizeof(float));
    p->correlation = s->all_lr / sqrt(s->all_ll * s->all_rr);
    td_running_loudness(k, n, MOMENTARY, p->momentary);
    td_running_loudness(k, n, SHORT_TERM, p->short_term);
    for (size_t i = 0; i < n; i++) {
        p->correlations[i] = i < s->n_steps ? s->step[i].correlation : NAN;
        p->peaks[i] = i < s->n_steps ? s->step[i].peak : 0;
    }
    return mean_bands(s, k, n, p);
}

td_status td_portrait_make(const char *path, td_arena *a, td_portrait *out, td_error *err)
{
    sitter s = { .out = out };
    unsigned faults;
    *out = (td_portrait){ 0 };
    td_status st = td_reader_open(path, &s.reader, &s.info, &faults, err);
    if (!st && (st = sitter_init(&s))) td_fail(err, st, path, NULL, "cannot be measured: %s", td_status_name(st));
    if (!st) st = listen(&s, err);
    if (!st && (st = conclude(&s, a, out))) td_no_memory(err);
    sitter_fini(&s);
    return st;
}
