#include "engine/mix/masking.h"

#include "engine/base/units.h"
#include <string.h>

#define DOWN_DB      25.0 /* a Bark */
#define UP_DB        10.0
#define THRESHOLD_DB 6.0
#define STRONGEST    8

/* What makes a group what it is, and how much it weighs in the whole. */
static const struct essence {
    const char *bus;
    double low_hz, high_hz; /* 0: its strongest bands */
    double weight;
} essences[] = { { "vocals", 1000, 4000, 3 }, { "bass", 80, 250, 2 }, { "drums", 0, 0, 2 } };

static const struct essence *essence_of(const char *bus)
{
    static const struct essence other = { NULL, 0, 0, 1 };
    for (size_t i = 0; i < sizeof essences / sizeof essences[0]; i++)
        if (!strcmp(essences[i].bus, bus)) return &essences[i];
    return &other;
}

/* Traunmueller 1990. */
static double bark(double freq_hz)
{
    return 26.81 * freq_hz / (1960 + freq_hz) - 0.53;
}

void td_masking_init(td_masking *m, size_t n_buses)
{
    memset(m, 0, sizeof *m);
    m->n_buses = n_buses;
    for (size_t i = 0; i + 1 < TD_BANDS; i++) {
        double apart = bark(td_band_hz(i + 1)) - bark(td_band_hz(i));
        m->up[i] = td_db_power(-UP_DB * apart);
        m->down[i + 1] = td_db_power(-DOWN_DB * apart);
    }
}

static void spread(const td_masking *m, double power[TD_BANDS])
{
    for (size_t i = 1; i < TD_BANDS; i++) power[i] = fmax(power[i], power[i - 1] * m->up[i - 1]);
    for (size_t i = TD_BANDS - 1; i-- > 0;) power[i] = fmax(power[i], power[i + 1] * m->down[i + 1]);
}

void td_masking_powers(const td_band_frame *frame, float power[TD_BANDS])
{
    for (size_t i = 0; i < TD_BANDS; i++) power[i] = frame->ll[i] + frame->rr[i];
}

void td_masking_add(td_masking *m, const float (*bus)[TD_BANDS])
{
    const double below = td_db_power(-THRESHOLD_DB);
    double others[TD_BANDS];
    for (size_t b = 0; b < m->n_buses; b++) {
        memset(others, 0, sizeof others);
        for (size_t k = 0; k < m->n_buses; k++)
            for (size_t i = 0; k != b && i < TD_BANDS; i++) others[i] += (double)bus[k][i];
        spread(m, others);
        for (size_t i = 0; i < TD_BANDS; i++) {
            double own = (double)bus[b][i];
            m->heard[b][i] += own;
            if (own < others[i] * below) m->covered[b][i] += own;
        }
    }
}

/* The n strongest bands of a bus. */
static void strongest(const double heard[TD_BANDS], size_t n, bool chosen[TD_BANDS])
{
    memset(chosen, 0, TD_BANDS * sizeof *chosen);
    for (size_t k = 0; k < n; k++) {
        size_t best = TD_BANDS;
        for (size_t i = 0; i < TD_BANDS; i++)
            if (!chosen[i] && (best == TD_BANDS || heard[i] > heard[best])) best = i;
        chosen[best] = true;
    }
}

double td_masked_share(const td_masking *m, size_t bus, const char *name)
{
    const struct essence *e = essence_of(name);
    bool chosen[TD_BANDS];
    double heard = 0, covered = 0;
    strongest(m->heard[bus], STRONGEST, chosen);
    for (size_t i = 0; i < TD_BANDS; i++) {
        double f = td_band_label(i);
        if (e->high_hz > 0 ? f < e->low_hz || f > e->high_hz : !chosen[i]) continue;
        heard += m->heard[bus][i];
        covered += m->covered[bus][i];
    }
    return heard > 0 ? covered / heard : NAN;
}

double td_masked_whole(const td_masking *m, const td_session *session)
{
    double sum = 0, weight = 0;
    for (size_t b = 0; b < m->n_buses; b++) {
        double share = td_masked_share(m, b, session->bus[b].name), w = essence_of(session->bus[b].name)->weight;
        if (isnan(share)) continue;
        sum += w * share;
        weight += w;
    }
    return weight > 0 ? sum / weight : NAN;
}
