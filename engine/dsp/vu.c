#include "engine/dsp/dsp.h"

static td_status vu_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    (void)st, (void)fmt, (void)set, (void)err;
    return TD_OK;
}

static void vu_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)st, (void)ch, (void)key, (void)gr, (void)frames;
}

const td_processor td_vu = {
    .name = "vu",
    .help = "a needle to look at, 0 VU being -18 dBFS: sound passes untouched, the report says how far every bus went",
    .stands_for = "a VU meter such as VUMT",
    .state_size = 1,
    .prepare = vu_prepare,
    .process = vu_process,
};
