#include "engine/mix/masking.h"

#include "engine/base/base.h"
#include "engine/mix/decide/usual.h"
#include <stdlib.h>
#include <string.h>

#define DOWN_DB      25.0 /* a Bark */
#define UP_DB        10.0
#define THRESHOLD_DB 6.0

/* What makes a group what it is, and how much it weighs in the whole. */
static const struct essence {
    const char *bus;
    double low_hz, high_hz, weight;
} essences[] = { { "bass", 80, 250, 2 }, { "drums", 0, 20000, 2 } };

static const struct essence lead = { NULL, 1000, 4000, 3 }, other = { NULL, 0, 20000, 1 };

static const struct essence *essence_of(const char *bus, bool leads)
{
    if (leads) return &lead;
    for (size_t i = 0; i < sizeof essences / sizeof essences[0]; i++)
        if (!strcmp(essences[i].bus, bus)) return &essences[i];
    return &other;
}

/* Traunmueller 1990. */
static double bark(double freq_hz)
{
    return 26.81 * freq_hz / (1960 + freq_hz) - 0.53;
}

void td_masking_init(td_masking *m, const td_session *session)
{
    memset(m, 0, sizeof *m);
    m->n_buses = session->n_buses;
    m->below = td_db_power(-THRESHOLD_DB);
    for (size_t i = 0; i + 1 < TD_BANDS; i++) {
        double apart = bark(td_band_hz(i + 1)) - bark(td_band_hz(i));
        m->up[i] = td_db_power(-UP_DB * apart);
        m->down[i + 1] = td_db_power(-DOWN_DB * apart);
    }
    td_masking_led_by(m, session, td_find_lead(session, NULL).bus);
}

void td_masking_led_by(td_masking *m, const td_session *session, size_t bus)
{
    for (size_t b = 0; b < m->n_buses; b++) {
        const struct essence *e = essence_of(session->bus[b].name, b == bus);
        m->first[b] = TD_BANDS;
        for (size_t i = 0; i < TD_BANDS; i++) {
            if (td_band_label(i) < e->low_hz || td_band_label(i) > e->high_hz) continue;
            if (i < m->first[b]) m->first[b] = i;
            m->end[b] = i + 1;
        }
        m->weight[b] = e->weight;
    }
}

void td_masking_fini(td_masking *m)
{
    for (size_t b = 0; b < m->n_buses; b++) free(m->share[b]);
}

/* Of two numbers; fmax would be a call, for it minds NaN. */
static double higher(double a, double b)
{
    return a > b ? a : b;
}

static void spread(const td_masking *m, double power[TD_BANDS])
{
    for (size_t i = 1; i < TD_BANDS; i++) power[i] = higher(power[i], power[i - 1] * m->up[i - 1]);
    for (size_t i = TD_BANDS - 1; i-- > 0;) power[i] = higher(power[i], power[i + 1] * m->down[i + 1]);
}

td_masking_frame td_masking_powers(const td_band_frame *frame)
{
    td_masking_frame f;
    memcpy(f.side[0], frame->ll, sizeof f.side[0]);
    memcpy(f.side[1], frame->rr, sizeof f.side[1]);
    return f;
}

/* What all others sound like on one side. */
static void threshold(const td_masking *m, const td_masking_frame *bus, size_t b, size_t side, double out[TD_BANDS])
{
    for (size_t i = 0; i < TD_BANDS; i++) out[i] = 0;
    for (size_t k = 0; k < m->n_buses; k++)
        for (size_t i = 0; k != b && i < TD_BANDS; i++) out[i] += (double)bus[k].side[side][i];
    spread(m, out);
    for (size_t i = 0; i < TD_BANDS; i++) out[i] *= m->below;
}

static float covered(const td_masking *m, const td_masking_frame *bus, size_t b)
{
    double over[2][TD_BANDS], heard = 0, lost = 0;
    for (size_t side = 0; side < 2; side++) threshold(m, bus, b, side, over[side]);
    for (size_t i = m->first[b]; i < m->end[b]; i++) {
        double left = (double)bus[b].side[0][i], right = (double)bus[b].side[1][i];
        heard += left + right;
        if (left <= over[0][i] && right <= over[1][i]) lost += left + right;
    }
    return heard > 0 ? (float)(lost / heard) : NAN;
}

td_status td_masking_add(td_masking *m, const td_masking_frame *bus)
{
    for (size_t b = 0; b < m->n_buses; b++) {
        void *grown = m->share[b];
        if (!td_grow(&grown, &m->room[b], m->n, sizeof *m->share[b])) return TD_NOMEM;
        m->share[b] = grown;
        m->share[b][m->n] = covered(m, bus, b);
    }
    m->n++;
    return TD_OK;
}

double td_masked_part(const td_masking *m, size_t bus, const unsigned char *active, size_t n)
{
    double sum = 0, count = 0;
    for (size_t i = 0; i < n && i < m->n; i++) {
        if (!active[i] || isnan(m->share[bus][i])) continue;
        sum += (double)m->share[bus][i];
        count++;
    }
    return sum / count;
}

double td_masked_share(const td_masking *m, size_t bus, const float *k, size_t n)
{
    unsigned char *active = calloc(n + 1, 1);
    if (!active) return NAN;
    td_gated_frames(k, n, active);
    double part = td_masked_part(m, bus, active, n);
    free(active);
    return part;
}

double td_masked_whole(const td_masking *m, const double share[TD_BUSES_MAX])
{
    double sum = 0, weight = 0;
    for (size_t b = 0; b < m->n_buses; b++) {
        if (isnan(share[b])) continue;
        sum += m->weight[b] * share[b];
        weight += m->weight[b];
    }
    return sum / weight;
}
