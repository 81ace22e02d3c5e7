#include "engine/dsp/delayline.h"
#include "engine/dsp/dynamics.h"

/* A hand on the fader that has heard the next bar. Loudness is taken every 50 ms over 400 ms around the moment, and the
 * difference from where it should be is smoothed over as long before as after. Both look at sung moments only, so that
 * a phrase begins at its own gain. All of that needs some 0.7 s of look-ahead and no second pass.
 *
 *     hop           h - reach      h           h + reach     h + reach + 3
 *     known of it   the wish of each, averaged to the gain at h            loudness of h + reach needs these
 */

enum { RANGE, AMOUNT, SMOOTH, LEVEL, ABOVE, PARAMS };

/* clang-format off */
static const td_param params[PARAMS] = {
    [RANGE] = { "range", TD_UNIT_DB, 0, 12, 4, .flags = TD_SOLVABLE, .help = "no more gain than this, up or down" },
    [AMOUNT] = { "amount", TD_UNIT_PERCENT, 0, 100, 60, .flags = TD_SOLVABLE,
        .help = "how much of a difference is ridden away" },
    [SMOOTH] = { "smooth", TD_UNIT_MS, 200, 2000, 450, .help = "how far around a moment the fader looks" },
    [LEVEL] = { "level", TD_UNIT_DBFS, -60, 0, NAN,
        .help = "loudness to ride to, as a sine's level; not set: the mean of what was heard" },
    [ABOVE] = { "above", TD_UNIT_DB, -40, 40, NAN,
        .help = "with a key: how much louder than it; not set: as on the mean" },
};
/* clang-format on */

enum { RING = 128, BEFORE = 4, BEHIND = 3, STAY = 2, FADE = 4, REACH_MAX = 40 }; /* hops */
static const double hop_ms = 50;
static const double silence_db = -60, pause_db = -18; /* a pause is that far below the mean */

typedef struct hop {
    double power, key_power;
    double wish_db, gain_db;
    bool active;
} hop;

typedef struct rider {
    td_section ear[2]; /* of the sound, of its key */
    td_delayline delay;
    double range_db, amount, wanted_db[2]; /* NaN: the mean; without and with a key */
    bool keyed;
    size_t hop_frames, reach;
    double weight[2 * REACH_MAX + 1];
    hop hop[RING];
    int64_t now;                 /* hop being heard */
    size_t filled;               /* frames of it */
    double loud_sum, ridden_sum; /* over active hops: loudness, and what is ridden */
    uint64_t active;
} rider;

static hop *at(rider *r, int64_t h)
{
    return &r->hop[(uint64_t)h % RING];
}

static size_t behind(const rider *r) /* hops from the one that is heard back to the one that is played */
{
    return r->reach + BEHIND + 2;
}

static void rider_reset(void *st)
{
    rider *r = st;
    td_section_clear(r->ear, 2);
    td_delayline_reset(&r->delay);
    memset(r->hop, 0, sizeof r->hop);
    r->now = 0;
    r->filled = 0;
    r->active = 0;
    r->loud_sum = r->ridden_sum = 0;
}

static td_status rider_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    rider *r = st;
    const double *value = set->value;
    r->range_db = value[RANGE];
    r->amount = value[AMOUNT] / 100;
    r->wanted_db[0] = value[LEVEL];
    r->wanted_db[1] = value[ABOVE];
    r->hop_frames = (size_t)rint(hop_ms * 0.001 * fmt->rate_hz);
    r->reach = (size_t)rint(value[SMOOTH] / hop_ms);
    for (size_t i = 0; i <= 2 * r->reach; i++)
        r->weight[i] = 0.5 - 0.5 * td_cos(TD_PI * (double)(i + 1) / (double)(r->reach + 1)); /* Hann */
    r->ear[0] = r->ear[1] = td_section_ear(fmt->rate_hz);
    if (td_delayline_init(&r->delay, behind(r) * r->hop_frames) != TD_OK) return td_no_memory(err);
    rider_reset(r);
    return TD_OK;
}

static void rider_destroy(void *st)
{
    td_delayline_fini(&((rider *)st)->delay);
}

/* ---- hops ------------------------------------------------------------------------------------------------------- */

static double sine_db(double power)
{
    return td_level_db(sqrt(2 * power));
}

/* Sung: not silent, and no pause between phrases. */
static void find_active(rider *r, int64_t h)
{
    double db = sine_db(at(r, h)->power), mean = r->active ? r->loud_sum / (double)r->active : silence_db;
    at(r, h)->active = db > fmax(silence_db, mean + pause_db);
}

/* The last hop of the window around h has just been heard. */
static void find_wish(rider *r, int64_t h)
{
    hop *p = at(r, h);
    if (!p->active) return;
    double power = 0, key = 0, n = 0;
    for (int64_t i = h - BEFORE; i <= h + BEHIND; i++) {
        if (!at(r, i)->active) continue;
        power += at(r, i)->power;
        key += at(r, i)->key_power;
        n++;
    }
    double loud_db = sine_db(power / n), wanted = r->wanted_db[r->keyed];
    double ridden = r->keyed ? loud_db - fmax(sine_db(key / n), silence_db) : loud_db;
    r->loud_sum += loud_db;
    r->ridden_sum += ridden;
    r->active++;
    if (isnan(wanted)) wanted = r->ridden_sum / (double)r->active;
    p->wish_db = td_clamp(r->amount * (wanted - ridden), -r->range_db, r->range_db);
}

/* The mean wish of the sung moments around hop h. Pauses are not lifted but for a fade beside what is sung, which
 * leaves gaps inside a word alone. */
static void find_gain(rider *r, int64_t h)
{
    double sum = 0, weight = 0, beside = 0;
    int64_t reach = (int64_t)r->reach;
    for (int64_t i = -reach; i <= reach; i++) {
        const hop *p = at(r, h + i);
        if (!p->active) continue;
        sum += r->weight[i + reach] * p->wish_db;
        weight += r->weight[i + reach];
        beside = fmax(beside, td_clamp(1 - (double)((i < 0 ? -i : i) - STAY) / FADE, 0, 1));
    }
    double gain_db = weight > 0 ? sum / weight : 0;
    at(r, h)->gain_db = gain_db > 0 && !at(r, h)->active ? gain_db * beside : gain_db;
}

static void next_hop(rider *r)
{
    at(r, r->now)->power /= (double)r->hop_frames;
    at(r, r->now)->key_power /= (double)r->hop_frames;
    find_active(r, r->now);
    find_wish(r, r->now - BEHIND);
    find_gain(r, r->now - BEHIND - (int64_t)r->reach);
    r->now++;
    r->filled = 0;
    *at(r, r->now) = (hop){ 0 };
}

/* ---- frames ----------------------------------------------------------------------------------------------------- */

static double ear_power(td_section *ear, const float *const *ch, size_t i)
{
    td_v2 x = td_section_pass(ear, (td_v2){ (double)ch[0][i], (double)ch[1][i] });
    return 0.5 * (x[0] * x[0] + x[1] * x[1]);
}

/* Straight lines in dB between the middles of hops. */
static double gain_now(rider *r)
{
    double t = ((double)r->filled + 0.5) / (double)r->hop_frames - 0.5;
    int64_t h = r->now - (int64_t)behind(r);
    double here = at(r, h)->gain_db, there = at(r, t < 0 ? h - 1 : h + 1)->gain_db;
    return td_db_gain(here + fabs(t) * (there - here));
}

static void rider_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)gr;
    rider *r = st;
    double gain[TD_BLOCK];
    r->keyed = key != NULL;
    for (size_t i = 0; i < frames; i++) {
        hop *p = at(r, r->now);
        p->power += ear_power(&r->ear[0], (const float *const *)ch, i);
        if (key) p->key_power += ear_power(&r->ear[1], key, i);
        gain[i] = gain_now(r);
        if (++r->filled == r->hop_frames) next_hop(r);
    }
    td_delayline_process(&r->delay, (const float *const *)ch, ch, frames);
    for (size_t i = 0; i < frames; i++) {
        ch[0][i] = (float)((double)ch[0][i] * gain[i]);
        ch[1][i] = (float)((double)ch[1][i] * gain[i]);
    }
}

static size_t rider_latency(const void *st)
{
    return ((const rider *)st)->delay.frames;
}

const td_processor td_rider = {
    .name = "rider",
    .help = "rides the fader so that every phrase is heard, before compressors have to work",
    .stands_for = "Vocal Rider",
    .params = params,
    .n_params = PARAMS,
    .state_size = sizeof(rider),
    .prepare = rider_prepare,
    .process = rider_process,
    .reset = rider_reset,
    .latency = rider_latency,
    .destroy = rider_destroy,
    .hears_key = true,
};
