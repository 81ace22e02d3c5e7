/* engine/mix/measure.h - one finished file, measured from end to end: what `topdown measure` prints and what every file
 * that leaves is judged by. */
#ifndef TD_MIX_MEASURE_H
#define TD_MIX_MEASURE_H

#include "engine/audio/audio.h"
#include "engine/meter/meter.h"

typedef struct td_measurement {
    td_audio_info info;
    unsigned faults;    /* TD_FAULT_BITs of the file */
    uint64_t nonfinite; /* samples that are no numbers, or 120 dB above full scale */
    double loudness_lufs, range_lu, max_momentary_lufs, max_short_lufs;
    double peak_dbfs, true_peak_dbtp, rms_dbfs, crest_db;
    double correlation;    /* of both sides over the whole file; NaN for mono */
    double band[TD_BANDS]; /* third-octave powers, both channels, summed over the file */
} td_measurement;

/* Decodes the whole file. A mono file is measured as it sounds on two speakers. Refused files: TD_INPUT, with info and
 * faults filled as far as they are known. */
td_status td_measure_file(const char *path, td_measurement *out, td_error *err);
/* Loudness and peaks alone; rms, crest, correlation and bands stay 0. */
td_status td_measure_levels(const char *path, td_measurement *out, td_error *err);

/* Power between two frequencies in dB re full-scale sine's mean square per 100 ms frame; -INFINITY when silent. */
double td_measured_band_db(const td_measurement *m, double low_hz, double high_hz);

#endif
