#include "engine/dsp/dsp.h"

enum { CHANNEL, POLARITY_PARAMS };
enum { BOTH, LEFT, RIGHT };

static const char *const channels[] = { "both", "left", "right", NULL };
static const td_param polarity_params[POLARITY_PARAMS] = {
    [CHANNEL] = { "channel", TD_UNIT_CHOICE, BOTH, RIGHT, BOTH, .choices = channels, .help = "what is turned over" },
};

typedef struct polarity {
    float k[2];
} polarity;

static td_status polarity_prepare(void *st, const td_format *fmt, const td_settings *set, td_error *err)
{
    (void)fmt, (void)err;
    polarity *p = st;
    p->k[0] = set->value[CHANNEL] == RIGHT ? 1 : -1;
    p->k[1] = set->value[CHANNEL] == LEFT ? 1 : -1;
    return TD_OK;
}

static void polarity_process(void *st, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    (void)key, (void)gr;
    const polarity *p = st;
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < frames; i++) ch[c][i] *= p->k[c];
}

const td_processor td_polarity = {
    .name = "polarity",
    .help = "turns the waveform upside down: a layer or a channel that cancels instead of adding",
    .stands_for = "the phase switch of a console channel",
    .params = polarity_params,
    .n_params = POLARITY_PARAMS,
    .state_size = sizeof(polarity),
    .prepare = polarity_prepare,
    .process = polarity_process,
    .linear = true,
};
