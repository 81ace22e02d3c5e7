/* engine/report/translate.h - how a mix survives small speakers: loudness, balance and mono on some of them.
 * Room-internal.
 *
 * Arithmetic on third-octave powers: what a device does to level over frequency, K-weighted; no device's limiter. The
 * responses are typical ones and no measurement of a product. */
#ifndef TD_REPORT_TRANSLATE_H
#define TD_REPORT_TRANSLATE_H

#include "engine/mix/render.h"
#include "engine/report/portrait.h"

#define TD_DEVICES 6

typedef struct td_device_bus {
    const char *name;
    double share_db, here_db; /* of the K-weighted sum of all buses: full range, on the device */
    double mono_loss_lu;      /* 0 on stereo devices */
    bool lost;                /* heard in full range, gone here */
} td_device_bus;

typedef struct td_device_check {
    const char *name; /* "phone" */
    bool mono;
    double loudness_drop_lu, drop_allowed_lu; /* allowed NaN: any */
    double mono_loss_lu;                      /* of the mix */
    double voice_change_lu;                   /* of vocals against the rest; NaN without either */
    td_device_bus bus[TD_BUSES_MAX];
    size_t n_buses;
} td_device_check;

/* By how much mono may cost: of a bus, of the mix (LU); how far vocals may move against the rest. */
#define TD_MONO_LOSS_BUS     3.0
#define TD_MONO_LOSS_MIX     1.5
#define TD_VOICE_CHANGE_MOST 2.0

void td_translate(const td_portrait *mix, const td_rendered *r, const td_session *s, td_device_check out[TD_DEVICES]);

#endif
