#include "engine/report/stereo.h"

#include "engine/base/units.h"
#include "engine/report/portrait.h"

double td_power_within(const double power[TD_BANDS], double low_hz, double high_hz)
{
    double sum = 0;
    for (size_t i = 0; i < TD_BANDS; i++)
        if (td_band_within(i, low_hz, high_hz)) sum += power[i];
    return sum;
}

double td_correlation_within(const td_band_power *p, double low_hz, double high_hz)
{
    double ll = td_power_within(p->ll, low_hz, high_hz), rr = td_power_within(p->rr, low_hz, high_hz);
    return ll > 0 && rr > 0 ? td_power_within(p->lr, low_hz, high_hz) / sqrt(ll * rr) : NAN;
}

double td_width_within(const td_band_power *p, double low_hz, double high_hz)
{
    double both = td_power_within(p->ll, low_hz, high_hz) + td_power_within(p->rr, low_hz, high_hz);
    double cross = 2 * td_power_within(p->lr, low_hz, high_hz);
    return both > 0 ? td_clamp(td_power_db(fmax(0, both - cross)) - td_power_db(fmax(0, both + cross)), -60, 60) : NAN;
}

static double heard(double width_db)
{
    return isnan(width_db) ? NAN : td_clamp(width_db, -TD_WIDTH_HEARD_DB, TD_WIDTH_HEARD_DB);
}

double td_width_apart(double width_db, double reference_db)
{
    return heard(width_db) - heard(reference_db);
}

double td_octave_low(size_t octave)
{
    return td_band_label(3 * octave);
}

double td_octave_high(size_t octave)
{
    return td_band_label(3 * octave + 2 < TD_BANDS ? 3 * octave + 2 : TD_BANDS - 1);
}

static double octave_power(const td_band_power *p, size_t octave)
{
    double low = td_octave_low(octave), high = td_octave_high(octave);
    return td_power_within(p->ll, low, high) + td_power_within(p->rr, low, high);
}

bool td_octave_sounds(const td_band_power *p, size_t octave)
{
    double most = 0;
    for (size_t k = 0; k < TD_OCTAVES; k++) most = fmax(most, octave_power(p, k));
    return octave_power(p, octave) > 1e-4 * most;
}
