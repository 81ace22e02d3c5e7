#include "engine/base/units.h"
#include "engine/dsp/dsp.h"
#include "engine/dsp/rest.h"
#include "engine/dsp/ring.h"
#include "engine/dsp/section.h"

enum { TIME, FEEDBACK, PING_PONG, LOW_CUT, HIGH_CUT, DUCK, MIX, DELAY_PARAMS };

/* clang-format off */
static const td_param delay_params[DELAY_PARAMS] = {
    [TIME] = { "time", TD_UNIT_MS, 5, 4000, NAN,
        .help = "from one echo to the next; not set: 1/4 note, or 500 ms where nobody knows the tempo" },
    [FEEDBACK] = { "feedback", TD_UNIT_PERCENT, 0, 75, 30, .help = "level of each echo against the one before" },
    [PING_PONG] = { "ping_pong", TD_UNIT_SWITCH, 0, 1, 0, .help = "echoes of the middle, left and right in turn" },
    [LOW_CUT] = { "low_cut", TD_UNIT_HZ, 20, 1000, 200, .help = "in the loop: each echo thinner, 12 dB/oct" },
    [HIGH_CUT] = { "high_cut", TD_UNIT_HZ, 1000, 20000, 6000, .help = "in the loop: each echo darker, 12 dB/oct" },
    [DUCK] = { "duck", TD_UNIT_DB, 0, 24, 0, .flags = TD_LISTENS,
        .help = "how far echoes step back while the sound itself is there" },
    [MIX] = { "mix", TD_UNIT_PERCENT, 0, 100, 100, .help = "of echoes in what comes out; a return wants all" },
};
/* clang-format on */

#define PIECE     128
#define ATTACK_S  0.01 /* of the ducking's powers, so 20 ms and 300 ms of level */
#define RELEASE_S 0.15
#define DUCK_AT   0.1  /* of the echoes' power, where the sound has them half way down */
#define CUT_S     0.15 /* what the cuts ring on: 20 Hz, to -100 dB */

typedef struct delay {
    td_ring line[2];
    size_t late, tail;
    double feedback, mix, duck_db;
    bool ping_pong;
    td_section cut[2 * TD_MATCH_MAX];
    size_t n_cuts;
    double attack, release, dry_power, echo_power; /* of the ducking */
    float echo[2][PIECE];
    td_v2 x[PIECE];
    td_rest rest;
} delay;

static void clear(delay *d)
{
    td_ring_clear(&d->line[0]);
    td_ring_clear(&d->line[1]);
    td_section_clear(d->cut, d->n_cuts);
    d->dry_power = d->echo_power = 0;
}

static void delay_reset(void *st)
{
    delay *d = st;
    clear(d);
    d->rest = td_rest_init(d->tail);
}

static td_status delay_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    delay *d = st;
    const double *value = set->value;
    double beat_ms = fmt->tempo_bpm > 0 ? td_clamp(60000 / fmt->tempo_bpm, 5, 4000) : 500;
    d->late = (size_t)rint((isnan(value[TIME]) ? beat_ms : value[TIME]) / 1000 * fmt->rate_hz);
    d->feedback = value[FEEDBACK] / 100;
    d->mix = value[MIX] / 100;
    d->duck_db = value[DUCK];
    d->ping_pong = value[PING_PONG] != 0;
    td_section_append(d->cut, &d->n_cuts, td_high_pass(value[LOW_CUT], sqrt(0.5)), fmt->rate_hz);
    td_section_append(d->cut, &d->n_cuts, td_low_pass(value[HIGH_CUT], sqrt(0.5)), fmt->rate_hz);
    d->attack = 1 - td_exp(-1 / (ATTACK_S * fmt->rate_hz));
    d->release = 1 - td_exp(-1 / (RELEASE_S * fmt->rate_hz));
    /* -100 dB in so many echoes, each with the ringing of the cuts */
    double echoes = 1 + (d->feedback > 0 ? ceil(-5 / td_log10(d->feedback)) : 0);
    d->tail = (size_t)(echoes * (double)d->late + CUT_S * fmt->rate_hz);
    for (unsigned c = 0; c < 2; c++)
        if (td_ring_init(&d->line[c], d->late) != TD_OK) return td_no_memory(err);
    delay_reset(d);
    return TD_OK;
}

/* What goes into the two lines: the sound and the echo before, crossed over for ping-pong. */
static td_v2 into_lines(const delay *d, td_v2 dry, td_v2 echo)
{
    td_v2 feedback = td_v2_set(d->feedback);
    if (!d->ping_pong) return dry + feedback * echo;
    return (td_v2){ (dry[0] + dry[1]) * sqrt(0.5), 0 } + feedback * (td_v2){ echo[1], echo[0] };
}

/* Echoes step back by the sound's share in both, so that the level of the send does not matter. */
static double ducked(delay *d, td_v2 dry, td_v2 echo)
{
    double power[] = { dry[0] * dry[0] + dry[1] * dry[1], echo[0] * echo[0] + echo[1] * echo[1] };
    d->dry_power += (power[0] > d->dry_power ? d->attack : d->release) * (power[0] - d->dry_power);
    d->echo_power += (power[1] > d->echo_power ? d->attack : d->release) * (power[1] - d->echo_power);
    return td_from_db(-d->duck_db * d->dry_power / (d->dry_power + DUCK_AT * d->echo_power + 1e-12));
}

static void run(delay *d, float *const *ch, size_t n)
{
    float *const echo[] = { d->echo[0], d->echo[1] };
    td_v2 *x = d->x, mix = td_v2_set(d->mix);
    for (unsigned c = 0; c < 2; c++) td_ring_read(&d->line[c], d->late, echo[c], n);
    for (size_t i = 0; i < n; i++) {
        td_v2 dry = td_v2_load(ch, i), wet = td_v2_load(echo, i);
        x[i] = into_lines(d, dry, wet);
        if (d->duck_db > 0) wet *= td_v2_set(ducked(d, dry, wet));
        td_v2_store(ch, i, dry + mix * (wet - dry));
    }
    td_section_run(d->cut, d->n_cuts, x, n);
    td_v2_store_all(echo, x, n);
    for (unsigned c = 0; c < 2; c++) td_ring_write(&d->line[c], echo[c], n);
}

static void delay_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    delay *d = st;
    size_t most = d->late < PIECE ? d->late : PIECE; /* a line is read before it is written */
    for (size_t at = 0, n; (n = td_rest_run(&d->rest, ch, &at, frames, most)) > 0; at += n) {
        run(d, (float *const[]){ ch[0] + at, ch[1] + at }, n);
        if (td_rest_over(&d->rest)) clear(d);
    }
}

static size_t delay_tail(const void *st)
{
    const delay *d = st;
    return d->tail;
}

static void delay_destroy(void *st)
{
    delay *d = st;
    td_ring_fini(&d->line[0]);
    td_ring_fini(&d->line[1]);
}

const td_processor td_delay = {
    .name = "delay",
    .help = "echoes in time with the song, darker with every turn",
    .stands_for = "EchoBoy class delays, tape and digital echo units",
    .params = delay_params,
    .n_params = DELAY_PARAMS,
    .state_size = sizeof(delay),
    .prepare = delay_prepare,
    .process = delay_process,
    .reset = delay_reset,
    .tail = delay_tail,
    .destroy = delay_destroy,
    .linear = true,
};
