#include "engine/mix/mix.h"

#include "engine/mix/measure.h"
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
    *f = (td_mix_file){ .name = td_arena_strdup(m->arena, name),
                        .kind = kind,
                        .loudness_lufs = NAN,
                        .drive_db = NAN,
                        .limiting_max_db = NAN,
                        .limiting_p95_db = NAN,
                        .wanted = {
                            .loudness_lufs = NAN, .true_peak_dbtp = NAN, .peak_dbfs = NAN, .limiting_db = NAN } };
    if (!f->name) return NULL;
    m->n_files++;
    return f;
}

double td_mix_file_off(const td_mix_file *f)
{
    return f->loudness_lufs - f->turned_db - f->wanted.loudness_lufs;
}

td_status td_mix_leave_out(td_mix *m, const char *why)
{
    const char **grown = td_arena_array(m->arena, m->n_left_out + 1, sizeof *grown);
    if (!grown) return TD_NOMEM;
    if (m->n_left_out) memcpy(grown, m->left_out, m->n_left_out * sizeof *grown);
    m->left_out = grown;
    m->left_out[m->n_left_out++] = why;
    return TD_OK;
}

td_status td_mix_measure_file(const char *path, td_mix_file *f, td_error *err)
{
    td_measurement m;
    td_status st = td_measure_levels(path, &m, err);
    if (st) return st;
    f->rate_hz = m.info.rate_hz;
    f->loudness_lufs = m.loudness_lufs;
    f->range_lu = m.range_lu;
    f->max_momentary_lufs = m.max_momentary_lufs;
    f->max_short_lufs = m.max_short_lufs;
    f->true_peak_dbtp = m.true_peak_dbtp;
    f->peak_dbfs = m.peak_dbfs;
    return td_sha256_file(path, f->sha256, &f->bytes, err);
}
