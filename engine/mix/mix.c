#include "engine/mix/mix.h"

#include "engine/base/units.h"
#include "engine/meter/meter.h"
#include <stdlib.h>
#include <string.h>

td_status td_mix_new(const td_plan *plan, td_mix **out)
{
    *out = NULL;
    td_arena *a = td_arena_new();
    td_mix *m = a ? td_arena_alloc(a, sizeof *m) : NULL;
    td_status st = m ? td_plan_hash(plan, m->plan_hash) : TD_NOMEM;
    if (st) {
        td_arena_free(a);
        return st;
    }
    m->plan = plan;
    m->arena = a;
    *out = m;
    return TD_OK;
}

void td_mix_free(td_mix *m)
{
    if (!m) return;
    td_rendered_free(m->rendered);
    td_arena_free(m->arena);
}

td_mix_file *td_mix_add_file(td_mix *m, const char *name, const char *kind)
{
    td_mix_file *grown = td_arena_array(m->arena, m->n_files + 1, sizeof *grown);
    if (!grown) return NULL;
    if (m->n_files) memcpy(grown, m->file, m->n_files * sizeof *grown);
    m->file = grown;
    td_mix_file *f = &m->file[m->n_files];
    *f = (td_mix_file){
        .name = td_arena_strdup(m->arena, name),
        .kind = kind,
        .loudness_lufs = NAN,
        .drive_db = NAN,
        .limiting_max_db = NAN,
        .limiting_p95_db = NAN,
        .wanted = {.loudness_lufs = NAN, .true_peak_dbtp = NAN, .peak_dbfs = NAN}
    };
    if (!f->name) return NULL;
    m->n_files++;
    return f;
}

typedef struct file_meter {
    td_reader *reader;
    td_loudness *loudness;
    td_true_peak *peak;
    float *buffer[2];
} file_meter;

static void file_meter_fini(file_meter *m)
{
    td_reader_close(m->reader);
    td_loudness_free(m->loudness);
    td_true_peak_free(m->peak);
    free(m->buffer[0]);
    free(m->buffer[1]);
}

static td_status file_meter_run(file_meter *m, td_error *err)
{
    enum { N = 4096 };
    for (;;) {
        size_t got;
        td_status st = td_reader_read(m->reader, m->buffer, N, &got, err);
        if (st) return st;
        if (!got) break;
        td_true_peak_add(m->peak, (const float *const *)m->buffer, got);
        if (td_loudness_add(m->loudness, (const float *const *)m->buffer, got)) return TD_NOMEM;
    }
    td_true_peak_end(m->peak);
    return TD_OK;
}

td_status td_mix_measure_file(const char *path, td_mix_file *f, td_error *err)
{
    file_meter m = { 0 };
    td_audio_info info;
    unsigned faults;
    td_status st = td_reader_open(path, &m.reader, &info, &faults, err);
    for (size_t c = 0; !st && c < 2; c++)
        if (!(m.buffer[c] = td_calloc2(4096, 1, sizeof(float)))) st = TD_NOMEM;
    if (!st) st = td_loudness_new(info.rate_hz, info.channels, &m.loudness);
    if (!st) st = td_true_peak_new(info.channels, 16, &m.peak);
    if (!st) st = file_meter_run(&m, err);
    if (!st) {
        f->rate_hz = info.rate_hz;
        f->loudness_lufs = td_loudness_integrated(m.loudness);
        f->range_lu = td_loudness_range(m.loudness);
        f->max_momentary_lufs = td_loudness_max_momentary(m.loudness);
        f->max_short_lufs = td_loudness_max_short_term(m.loudness);
        f->true_peak_dbtp = td_to_db(td_true_peak_max(m.peak));
        f->peak_dbfs = td_to_db(td_sample_peak_max(m.peak));
        st = td_sha256_file(path, f->sha256, &f->bytes, err);
    }
    file_meter_fini(&m);
    return st;
}
