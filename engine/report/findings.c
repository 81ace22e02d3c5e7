#include "engine/report/findings.h"

#include "engine/base/json.h"
#include "engine/mix/stemsum.h"
#include <limits.h>
#include <stdlib.h>

static const char *verdict_name(td_verdict v)
{
    static const char *const names[] = { [TD_ACCEPT] = "accept", [TD_WARN] = "warn", [TD_REJECT] = "reject" };
    return names[v];
}

/* Levels of the file itself: what the order adds when the stem enters its bus is taken off again. */
static void add_heard(json_t *j, const td_stem *m, const td_stem_findings *in, const td_signal *g)
{
    td_sides sides = td_stem_sides(m->info.channels, m->level_db, m->pan, m->flip);
    double entry_db = td_to_db(fmax(fabs(sides.left), fabs(sides.right)));
    json_object_set_new(j, "loudness_lufs", td_json_db(g->loudness_lufs - m->level_db));
    json_object_set_new(j, "loudness_range_lu", td_json_db(g->range_lu));
    json_object_set_new(j, "true_peak_dbtp", td_json_db(in->true_peak_dbtp));
    json_object_set_new(j, "peak_dbfs", td_json_db(g->peak_dbfs - entry_db));
    json_object_set_new(j, "rms_dbfs", td_json_db(g->rms_dbfs - entry_db));
    json_object_set_new(j, "crest_db", td_json_db(g->crest_db));
    json_object_set_new(j, "first_sound_s", td_json_number(g->first_sound_s, 0.1));
    json_object_set_new(j, "last_sound_s", td_json_number(g->last_sound_s, 0.1));
}

static json_t *file_json(const td_stem *m, const td_stem_findings *in)
{
    json_t *j = json_object(), *codes = json_array(), *findings = json_array();
    char text[512];
    for (size_t i = 0; i < in->n_findings; i++) {
        json_array_append_new(codes, json_string(td_fault_name(in->finding[i].code)));
        json_array_append_new(findings, json_string(td_finding_text(&in->finding[i], TD_ENGLISH, text, sizeof text)));
    }
    json_object_set_new(j, "file", td_json_text(m->name));
    json_object_set_new(j, "verdict", json_string(verdict_name(in->verdict)));
    json_object_set_new(j, "codes", codes);
    json_object_set_new(j, "findings", findings);
    if (m->fault_text[0]) json_object_set_new(j, "refused", td_json_text(m->fault_text));
    json_object_set_new(j, "role", td_json_text(m->role.name));
    json_object_set_new(j, "role_guess", json_boolean(m->role.guess));
    json_object_set_new(j, "role_why", td_json_text(m->role.why));
    json_object_set_new(j, "format", td_json_text(m->info.format));
    json_object_set_new(j, "encoding", td_json_text(m->info.encoding));
    json_object_set_new(j, "rate_hz", json_integer(m->info.rate_hz));
    json_object_set_new(j, "channels", json_integer(m->info.channels));
    json_object_set_new(j, "duration_s", td_json_number((double)m->info.frames / m->info.rate_hz, 0.001));
    json_object_set_new(j, "sha256", td_json_text(m->sha256));
    return j;
}

td_status td_findings_json(const td_session *session, const td_survey *survey, const td_findings *in, td_text *out)
{
    json_t *j = json_object(), *files = json_array();
    json_object_set_new(j, "v", json_integer(1));
    for (size_t i = 0; i < in->n_stems; i++) {
        json_t *file = file_json(&session->stem[i], &in->stem[i]);
        if (survey && session->stem[i].bus != UINT_MAX)
            add_heard(file, &session->stem[i], &in->stem[i], td_survey_signal(survey, td_survey_stem(survey, i)));
        json_array_append_new(files, file);
    }
    json_object_set_new(j, "files", files);
    char *text = json_dumps(j, TD_JSON_STYLE);
    json_decref(j);
    if (!text) return TD_NOMEM;
    td_text_addf(out, "%s\n", text);
    free(text);
    return out->broken ? TD_NOMEM : TD_OK;
}
