#include "engine/audio/resample.h"

#include <pthread.h>
#include <soxr.h>
#include <stdlib.h>

struct td_resampler {
    soxr_t soxr;
};

/* libsoxr takes another path on processors with AVX, and the paths differ in the last digits. It asks the environment,
 * which is no place for threads to write to: so before main, once. */
__attribute__((constructor)) static void choose_one_path(void)
{
    setenv("SOXR_USE_SIMD", "0", 1);
}

/* Its plain path shares a table of sines between all resamplers: locked while it runs, but not while it is first made.
 */
static pthread_mutex_t creating = PTHREAD_MUTEX_INITIALIZER;

td_status td_resampler_new(unsigned from_hz, unsigned to_hz, unsigned channels, td_resampler **out, td_error *err)
{
    soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_S, SOXR_FLOAT32_S);
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_VHQ, 0);
    soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
    soxr_error_t why = NULL;
    td_resampler *r = *out = calloc(1, sizeof *r);
    if (!r) return TD_NOMEM;
    pthread_mutex_lock(&creating);
    r->soxr = soxr_create(from_hz, to_hz, channels, &why, &io, &quality, &runtime);
    pthread_mutex_unlock(&creating);
    if (r->soxr) return TD_OK;
    free(r);
    *out = NULL;
    return td_fail(err, TD_NOMEM, NULL, NULL, "no converter from %u to %u Hz: %s", from_hz, to_hz, why);
}

void td_resampler_free(td_resampler *r)
{
    if (!r) return;
    soxr_delete(r->soxr);
    free(r);
}

td_status td_resampler_run(td_resampler *r, const float *const *in, size_t n, size_t *taken, float *const *out,
                           size_t room, size_t *made, td_error *err)
{
    soxr_error_t why = soxr_process(r->soxr, in, n, taken, (soxr_out_t)out, room, made);
    return why ? td_fail(err, TD_NOMEM, NULL, NULL, "converting the sample rate: %s", why) : TD_OK;
}

uint64_t td_resampled(uint64_t n, unsigned from_hz, unsigned to_hz)
{
    uint64_t whole = n / from_hz, rest = n % from_hz;
    return whole * to_hz + (rest * to_hz + from_hz - 1) / from_hz;
}
