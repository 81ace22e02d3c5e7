#include "engine/mix/masking.h"

#include "engine/base/base.h"
#include "engine/mix/usual.h"
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

/* ---- with a soft edge -------------------------------------------------------------------------------------------- */

/* One bus in a frame, and what stands against it, a side each. */
typedef struct soft {
    double own[2][TD_BANDS], others[2][TD_BANDS];
    double over[2][TD_BANDS]; /* by how much a power stands over the threshold: 1 over that */
    size_t from[2][TD_BANDS]; /* the band of the others that is heard there */
    double part[TD_BANDS], share, heard;
} soft;

/* spread(), remembering where it comes from. */
static void spread_from(const td_masking *m, double power[TD_BANDS], size_t from[TD_BANDS])
{
    for (size_t i = 0; i < TD_BANDS; i++) from[i] = i;
    for (size_t i = 1; i < TD_BANDS; i++) {
        double below = power[i - 1] * m->up[i - 1];
        from[i] = below > power[i] ? from[i - 1] : i;
        power[i] = higher(power[i], below);
    }
    for (size_t i = TD_BANDS - 1; i-- > 0;) {
        double above = power[i + 1] * m->down[i + 1];
        from[i] = above > power[i] ? from[i + 1] : from[i];
        power[i] = higher(power[i], above);
    }
}

#define NOTHING 1e-30 /* a power; what meets nobody is divided by something */

static void set_against(const td_masking *m, double all[2][TD_BANDS], const td_masking_frame *bus, soft *s)
{
    for (size_t side = 0; side < 2; side++) {
        double heard[TD_BANDS];
        for (size_t i = 0; i < TD_BANDS; i++) {
            s->own[side][i] = (double)bus->side[side][i];
            heard[i] = s->others[side][i] = all[side][i] - s->own[side][i];
        }
        spread_from(m, heard, s->from[side]);
        for (size_t i = 0; i < TD_BANDS; i++) s->over[side][i] = 1 / (heard[i] * m->below + NOTHING);
    }
}

/* The covered part of a band is 1 / (1 + (l^2 + r^2) / 2), where l and r say how far it stands over the thresholds. */
static double soften(const td_masking *m, size_t b, soft *s)
{
    double lost = 0;
    s->heard = 0;
    for (size_t i = 0; i < TD_BANDS; i++) {
        double left = s->own[0][i] * s->over[0][i], right = s->own[1][i] * s->over[1][i];
        s->part[i] = 1 / (1 + (left * left + right * right) / 2);
    }
    for (size_t i = m->first[b]; i < m->end[b]; i++) {
        double power = s->own[0][i] + s->own[1][i];
        s->heard += power;
        lost += s->part[i] * power;
    }
    s->share = s->heard > 0 ? lost / s->heard : 0;
    return s->share;
}

/* What others press, they press where they are heard, and the bus itself is none of them. */
static void find_slopes(const td_masking *m, size_t b, const soft *s, double weight, td_masking_slope *own,
                        td_masking_slope *pressed)
{
    double scale = s->heard > 0 ? weight / s->heard : 0;
    for (size_t side = 0; side < 2; side++) {
        double press[TD_BANDS] = { 0 };
        for (size_t i = m->first[b]; i < m->end[b]; i++) {
            double steep = s->part[i] * s->part[i] * (s->own[0][i] + s->own[1][i]);
            double ratio = s->own[side][i] * s->over[side][i];
            own->side[side][i] += scale * (s->part[i] - s->share - steep * ratio * s->over[side][i]);
            press[s->from[side][i]] += steep * ratio * ratio;
        }
        for (size_t i = 0; i < TD_BANDS; i++) {
            double presses = scale * press[i] / (s->others[side][i] + NOTHING);
            own->side[side][i] -= presses;
            pressed->side[side][i] += presses;
        }
    }
}

double td_masked_softly(const td_masking *m, const td_masking_frame *bus, const double *weight, td_masking_slope *slope)
{
    double all[2][TD_BANDS] = { 0 }, sum = 0;
    td_masking_slope pressed = { 0 };
    for (size_t b = 0; b < m->n_buses; b++) {
        slope[b] = (td_masking_slope){ 0 };
        for (size_t side = 0; side < 2; side++)
            for (size_t i = 0; i < TD_BANDS; i++) all[side][i] += (double)bus[b].side[side][i];
    }
    for (size_t b = 0; b < m->n_buses; b++) {
        soft s;
        if (!(weight[b] > 0)) continue;
        set_against(m, all, &bus[b], &s);
        sum += weight[b] * soften(m, b, &s);
        find_slopes(m, b, &s, weight[b], &slope[b], &pressed);
    }
    for (size_t b = 0; b < m->n_buses; b++)
        for (size_t side = 0; side < 2; side++)
            for (size_t i = 0; i < TD_BANDS; i++) slope[b].side[side][i] += pressed.side[side][i];
    return sum;
}

/* ---- over time --------------------------------------------------------------------------------------------------- */

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
