#include "engine/mix/features.h"
#include "engine/mix/json.h"
#include "engine/mix/mix.h"
#include <stdlib.h>
#include <string.h>

static json_t *stem_json(const td_session *s, const td_stem *t)
{
    static const char *const sources[] = { [TD_ROLE_FROM_JOB] = "job",
                                           [TD_ROLE_FROM_NAME] = "name",
                                           [TD_ROLE_FROM_METADATA] = "metadata",
                                           [TD_ROLE_FROM_SOUND] = "sound",
                                           [TD_ROLE_UNKNOWN] = "unknown" };
    json_t *codes = json_array();
    for (unsigned i = 0; i < TD_FAULT_COUNT; i++)
        if (t->faults & (1u << i)) json_array_append_new(codes, json_string(td_fault_name(i)));
    json_t *j = json_object();
    json_object_set_new(j, "file", td_json_text(t->name));
    json_object_set_new(j, "role", td_json_text(t->role.name));
    json_object_set_new(j, "role_from", td_json_text(sources[t->role.source]));
    json_object_set_new(j, "role_guess", json_boolean(t->role.guess));
    json_object_set_new(j, "bus", t->bus < s->n_buses ? td_json_text(s->bus[t->bus].name) : json_null());
    json_object_set_new(j, "format", td_json_text(t->info.format));
    json_object_set_new(j, "rate_hz", json_integer(t->info.rate_hz));
    json_object_set_new(j, "channels", json_integer(t->path_right ? 2 : t->info.channels));
    json_object_set_new(j, "sha256", td_json_text(t->sha256));
    json_object_set_new(j, "codes", codes);
    return j;
}

static json_t *session_json(const td_session *s)
{
    json_t *j = json_object(), *stems = json_array();
    json_object_set_new(j, "hash", td_json_text(s->hash));
    json_object_set_new(j, "rate_hz", json_integer(s->rate_hz));
    json_object_set_new(j, "duration_s", td_json_number((double)s->frames / s->rate_hz, 0.001));
    for (size_t i = 0; i < s->n_stems; i++) json_array_append_new(stems, stem_json(s, &s->stem[i]));
    json_object_set_new(j, "stems", stems);
    return j;
}

static json_t *file_json(const td_mix_file *f)
{
    json_t *j = json_object(), *wanted = json_object();
    json_object_set_new(wanted, "loudness_lufs", td_json_db(f->wanted.loudness_lufs));
    json_object_set_new(wanted, "true_peak_dbtp", td_json_db(f->wanted.true_peak_dbtp));
    json_object_set_new(wanted, "peak_dbfs", td_json_db(f->wanted.peak_dbfs));
    json_object_set_new(j, "name", td_json_text(f->name));
    json_object_set_new(j, "kind", td_json_text(f->kind));
    json_object_set_new(j, "format", td_json_text(f->format));
    json_object_set_new(j, "bits", f->bits ? json_integer(f->bits) : json_null());
    json_object_set_new(j, "bitrate_kbps", f->bitrate_kbps ? json_integer(f->bitrate_kbps) : json_null());
    json_object_set_new(j, "rate_hz", json_integer(f->rate_hz));
    json_object_set_new(j, "bytes", json_integer((json_int_t)f->bytes));
    json_object_set_new(j, "sha256", td_json_text(f->sha256));
    json_object_set_new(j, "wanted", wanted);
    json_object_set_new(j, "loudness_lufs", td_json_db(f->loudness_lufs));
    json_object_set_new(j, "loudness_range_lu", td_json_db(f->range_lu));
    json_object_set_new(j, "max_momentary_lufs", td_json_db(f->max_momentary_lufs));
    json_object_set_new(j, "max_short_term_lufs", td_json_db(f->max_short_lufs));
    json_object_set_new(j, "true_peak_dbtp", td_json_db(f->true_peak_dbtp));
    json_object_set_new(j, "peak_dbfs", td_json_db(f->peak_dbfs));
    json_object_set_new(j, "reached", json_boolean(f->reached));
    json_object_set_new(j, "missed", td_json_text(f->missed));
    json_object_set_new(j, "drive_db", td_json_db(f->drive_db));
    json_object_set_new(j, "limiting_max_db", td_json_db(f->limiting_max_db));
    json_object_set_new(j, "limiting_p95_db", td_json_db(f->limiting_p95_db));
    return j;
}

static json_t *bus_json(const td_plan_bus *p, const td_bus_reached *r)
{
    json_t *j = json_object();
    json_object_set_new(j, "name", td_json_text(p->name));
    json_object_set_new(j, "peak_before_dbfs", td_json_db(r->peak_before_dbfs));
    json_object_set_new(j, "clip_gain_db", td_json_db(r->clip_gain_db));
    json_object_set_new(j, "peak_after_dbfs", td_json_db(r->peak_after_dbfs));
    json_object_set_new(j, "peak_played_dbfs", td_json_db(r->peak_played_dbfs));
    json_object_set_new(j, "makeup_db", td_json_db(p->makeup_db));
    json_object_set_new(j, "fader_db", td_json_db(p->fader_db));
    json_object_set_new(j, "fader_reason", td_json_text(p->fader_reason));
    json_object_set_new(j, "crest_before_db", td_json_db(r->crest_before_db));
    json_object_set_new(j, "crest_after_db", td_json_db(r->crest_after_db));
    json_object_set_new(j, "loudness_lufs", td_json_db(r->loudness_lufs));
    json_object_set_new(j, "vu_max_dbfs", td_json_db(r->vu_max_dbfs));
    return j;
}

static json_t *step_json(const td_step_reached *r)
{
    json_t *j = json_object(), *over = json_array();
    json_object_set_new(j, "place", td_json_text(r->place));
    json_object_set_new(j, "step", td_json_text(r->step));
    json_object_set_new(j, "asked_db", td_json_db(r->asked_db));
    json_object_set_new(j, "max_db", td_json_db(r->max_db));
    json_object_set_new(j, "max_at_s", td_json_number(r->max_at_s, 0.1));
    json_object_set_new(j, "p95_db", td_json_db(r->p95_db));
    json_object_set_new(j, "p50_db", td_json_db(r->p50_db));
    json_object_set_new(j, "idle", td_json_number(r->idle, 0.001));
    /* over time: at most 1,000 points, each the highest of its stretch */
    size_t per = r->n_steps / 1000 + 1;
    for (size_t i = 0; i < r->n_steps; i += per) {
        float most = 0;
        for (size_t k = i; k < i + per && k < r->n_steps; k++) most = fmaxf(most, r->steps[k]);
        json_array_append_new(over, td_json_db((double)most));
    }
    json_object_set_new(j, "over_time_step_s", td_json_number((double)per * 0.1, 0.1));
    json_object_set_new(j, "over_time_db", over);
    return j;
}

static json_t *notes_json(const td_plan *p, int kind)
{
    json_t *a = json_array();
    for (size_t i = 0; i < p->n_notes; i++)
        if ((int)p->note[i].kind == kind) json_array_append_new(a, td_json_text(p->note[i].text));
    return a;
}

static json_t *mix_json(const td_mix *m)
{
    const td_plan *p = m->plan;
    td_plan_count count = td_plan_counts(p);
    json_t *j = json_object(), *files = json_array(), *buses = json_array(), *steps = json_array();
    json_t *left_out = json_array();
    json_object_set_new(j, "label", td_json_text(p->label));
    json_object_set_new(j, "recipe", td_json_text(p->recipe));
    json_object_set_new(j, "recipe_title", td_json_text(p->recipe_title));
    json_object_set_new(j, "recipe_revision", json_integer(p->recipe_revision));
    json_object_set_new(j, "recipe_hash", td_json_text(p->recipe_hash));
    json_object_set_new(j, "plan_hash", td_json_text(m->plan_hash));
    json_object_set_new(j, "state", td_json_text(m->failed ? "failed" : "done"));
    json_object_set_new(j, "problem", td_json_text(m->failed));
    json_object_set_new(j, "balance", td_json_text(td_balance_name(p->balance)));
    json_object_set_new(j, "balance_reason", td_json_text(p->balance_reason));
    json_object_set_new(j, "trim_db", td_json_db(p->trim_db));
    json_object_set_new(j, "trim_reason", td_json_text(p->trim_reason));
    for (size_t i = 0; i < m->n_files; i++) json_array_append_new(files, file_json(&m->file[i]));
    json_object_set_new(j, "outputs", files);
    for (size_t i = 0; i < m->n_left_out; i++) json_array_append_new(left_out, td_json_text(m->left_out[i]));
    json_object_set_new(j, "left_out", left_out);
    const td_rendered *r = m->rendered;
    for (size_t b = 0; r && b < r->n_buses; b++) json_array_append_new(buses, bus_json(&p->bus[b], &r->bus[b]));
    for (size_t i = 0; r && i < r->n_steps; i++) json_array_append_new(steps, step_json(&r->step[i]));
    json_object_set_new(j, "buses", buses);
    json_object_set_new(j, "steps", steps);
    json_object_set_new(j, "premaster_lufs", td_json_db(r ? r->premaster_lufs : NAN));
    json_object_set_new(j, "premaster_peak_dbfs", td_json_db(r ? r->premaster_peak_dbfs : NAN));
    json_object_set_new(j, "residual_lufs", td_json_db(r ? r->residual_lufs : NAN));
    json_object_set_new(j, "residual_peak_dbfs", td_json_db(r ? r->residual_peak_dbfs : NAN));
    json_object_set_new(j, "mix_vu_max_dbfs", td_json_db(r ? r->vu_max_dbfs : NAN));
    json_object_set_new(j, "decisions",
                        json_pack("{sIsIsIsI}", "all", (json_int_t)count.all, "solved", (json_int_t)count.solved,
                                  "as_written", (json_int_t)count.written, "fixes", (json_int_t)count.fixes));
    json_object_set_new(j, "warnings", notes_json(p, TD_NOTE_WARNING));
    json_object_set_new(j, "not_used", notes_json(p, TD_NOTE_NOT_USED));
    json_object_set_new(j, "not_made", notes_json(p, TD_NOTE_NOT_MADE));
    return j;
}

td_status td_report_json(const td_session *session, const td_survey *survey, td_mix *const *mix, size_t n, td_text *out,
                         td_error *err)
{
    (void)survey;
    json_t *j = json_object(), *mixes = json_array();
    json_object_set_new(j, "v", json_integer(1));
    json_object_set_new(j, "topdown", td_json_text(TD_VERSION));
    json_object_set_new(j, "title", td_json_text(session->title));
    json_object_set_new(j, "artist", td_json_text(session->artist));
    json_object_set_new(j, "session", session_json(session));
    for (size_t i = 0; i < n; i++) json_array_append_new(mixes, mix_json(mix[i]));
    json_object_set_new(j, "mixes", mixes);
    char *s = json_dumps(j, TD_JSON_STYLE);
    json_decref(j);
    if (!s) return td_fail(err, TD_NOMEM, "report.json", NULL, "memory is short");
    td_text_add(out, s);
    td_text_add(out, "\n");
    free(s);
    return out->broken ? td_fail(err, TD_NOMEM, "report.json", NULL, "memory is short") : TD_OK;
}
