#include "jobs/job_json.h"

#include "jobs/net/net.h"
#include <string.h>

static json_t *time_json(int64_t ms)
{
    char text[32];
    return ms ? json_string(td_rfc3339(ms, text)) : json_null();
}

static json_t *text_json(const char *text)
{
    return text ? json_string(text) : json_null();
}

static void add_url(td_arena *a, json_t *outputs, const char *job)
{
    size_t i;
    json_t *o;
    json_array_foreach(outputs, i, o)
    {
        const char *name = td_net_escape(a, json_string_value(json_object_get(o, "name")));
        const char *url = name ? td_arena_printf(a, "/v1/jobs/%s/outputs/%s", job, name) : NULL;
        json_object_set_new(o, "url", text_json(url));
    }
}

/* Before there are results: what was ordered. */
static json_t *ordered_mixes(const char *spec_text, const char *state)
{
    json_t *spec = json_loads(spec_text, 0, NULL), *mixes = json_array(), *one;
    size_t i;
    json_array_foreach(json_object_get(spec, "recipes"), i, one)
    {
        json_t *recipe = json_is_object(one) ? json_object_get(one, "recipe") : one;
        json_t *label = json_object_get(one, "label");
        json_array_append_new(mixes, json_pack("{s:O?, s:O?, s:s, s:[]}", "label", label ? label : recipe, "recipe",
                                               recipe, "state", state, "outputs"));
    }
    json_decref(spec);
    return mixes;
}

static void add_results(td_arena *a, json_t *o, const td_job *j, const char *state)
{
    json_t *result = j->result ? json_loads(j->result, 0, NULL) : NULL, *mix;
    json_t *session = json_object_get(result, "session"), *mixes = json_object_get(result, "mixes");
    json_t *files = json_object_get(result, "files");
    size_t i;
    json_array_foreach(mixes, i, mix)
    {
        add_url(a, json_object_get(mix, "outputs"), j->id);
        if (!json_object_get(mix, "state")) json_object_set_new(mix, "state", json_string(state));
    }
    add_url(a, files, j->id);
    json_object_set_new(o, "session", session ? json_incref(session) : json_null());
    json_object_set_new(o, "mixes", mixes ? json_incref(mixes) : ordered_mixes(j->spec, state));
    json_object_set_new(o, "files", files ? json_incref(files) : json_array());
    json_decref(result);
}

json_t *td_job_problem(const td_job *j)
{
    if (!j->error_code) return NULL;
    json_t *o = json_pack("{s:s, s:s}", "code", j->error_code, "detail", j->error_text ? j->error_text : "");
    json_t *result = j->result ? json_loads(j->result, 0, NULL) : NULL;
    static const char *const members[] = { "refused", "message" };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        json_object_set(o, members[i], json_object_get(result, members[i])); /* absent ones are not set */
    json_decref(result);
    return o;
}

json_t *td_job_json(td_arena *a, const td_job *j, const char *waiting)
{
    td_job_state state = td_job_state_of(j->state);
    const char *people = td_job_state_people(state);
    json_t *tags = j->tags ? json_loads(j->tags, 0, NULL) : NULL;
    json_t *o = json_pack("{s:s, s:i, s:s, s:o, s:f, s:o, s:o, s:o, s:o, s:o}", "id", j->id, "v", 1, "state", people,
                          "stage", state == TD_JOB_LEASED ? text_json(j->stage) : json_null(), "progress",
                          (double)j->progress / 1000, "title", text_json(j->title), "parent_id",
                          text_json(j->parent_id), "created_at", time_json(j->created_ms), "started_at",
                          time_json(j->started_ms), "finished_at", time_json(j->finished_ms));
    if (!o) return NULL;
    add_results(a, o, j, people);
    json_object_set_new(o, "cancel_requested", json_boolean(j->cancel_requested));
    json_object_set_new(o, "attempt", json_integer(j->attempt));
    json_object_set_new(o, "max_attempts", json_integer(j->max_attempts));
    json_object_set_new(o, "next_at", time_json(state == TD_JOB_WAITING ? j->run_at_ms : 0));
    json_object_set_new(o, "waiting", text_json(waiting));
    json_object_set_new(o, "late", json_boolean(td_job_late(j, td_now_ms(NULL))));
    json_object_set_new(o, "ran_s", json_real((double)j->ran_ms / 1000));
    json_t *problem = td_job_problem(j);
    json_object_set_new(o, "problem", problem ? problem : json_null());
    json_object_set_new(o, "tags", tags ? tags : json_object());
    return o;
}

json_t *td_outbox_json(const td_outbox *o)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:o}", "id", o->id, "job", o->job_id,
                     "kind", o->kind, "event", o->event, "url", o->url, "state", o->state, "attempts",
                     (json_int_t)o->attempt, "status", o->last_status ? json_integer(o->last_status) : json_null(),
                     "error", text_json(o->last_error), "created_at", time_json(o->created_ms), "next_at",
                     time_json(!strcmp(o->state, "ready") ? o->next_ms : 0), "done_at", time_json(o->done_ms));
}
