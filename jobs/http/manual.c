#include "jobs/http/api.h"
#include "jobs/http/problem.h"
#include "jobs/job.h"
#include "jobs/jobs.h"
#include "jobs/net/webhook.h"
#include <string.h>

/* ---- the API ----------------------------------------------------------------------------------------------------- */

static void add_routes(td_text *out)
{
    td_text_add(out, "Routes, and the scope that a key needs\n");
    for (const td_http_route *r = td_api_routes; r->pattern; r++)
        td_text_addf(out, "  %-4s  %-26s %-7s %s\n", r->method, r->pattern, r->tag ? td_scope_name(r->tag) : "-",
                     r->help);
}

static void add_problems(td_text *out)
{
    td_text_add(out, "\nProblems: the status, and what its type ends with\n");
    for (td_problem kind = 0; kind < TD_PROBLEMS; kind++)
        td_text_addf(out, "  %u  %-24s %s\n", td_problem_status(kind), td_problem_slug(kind), td_problem_title(kind));
}

/* The queue has two states for what people call queued; they see one. */
static bool is_shown_before(td_job_state s)
{
    for (td_job_state earlier = 0; earlier < s; earlier++)
        if (!strcmp(td_job_state_people(earlier), td_job_state_people(s))) return true;
    return false;
}

static bool leads(const char *from, const char *to)
{
    for (const td_move *m = td_moves; m->name; m++)
        if (!strcmp(td_job_state_people(m->from), from) && !strcmp(td_job_state_people(m->to), to)) return true;
    return false;
}

static void add_states(td_text *out)
{
    td_text_add(out, "\nStates of a job, and what may follow each\n");
    for (td_job_state from = 0; from < TD_JOB_STATES; from++) {
        const char *word = td_job_state_people(from), *comma = "";
        if (is_shown_before(from)) continue;
        td_text_addf(out, "  %-10s ", word);
        for (td_job_state to = 0; to < TD_JOB_STATES; to++) {
            const char *next = td_job_state_people(to);
            if (is_shown_before(to) || !strcmp(word, next) || !leads(word, next)) continue;
            td_text_addf(out, "%s%s", comma, next);
            comma = ", ";
        }
        td_text_add(out, td_job_state_final(from) ? "final\n" : "\n");
    }
}

static void add_stages(td_text *out)
{
    td_text_add(out, "\nStages of a running job, and its progress when each ends\n ");
    for (const td_stage *s = td_stages; s->name; s++)
        td_text_addf(out, " %s %g%s", s->name, s->to, s[1].name ? "," : "");
    td_text_add(out, "\n");
}

void td_api_text(td_text *out)
{
    add_routes(out);
    add_problems(out);
    add_states(out);
    add_stages(out);
}

/* ---- webhooks and deliveries ------------------------------------------------------------------------------------- */

static void add_schedule(td_text *out, const char *what, const td_schedule *s)
{
    td_text_addf(out, "  %-8s ", what);
    for (size_t i = 0; i < s->n; i++) {
        int64_t seconds = s->delay_ms[i] / 1000;
        bool minutes = seconds >= 60, hours = seconds >= 3600;
        td_text_addf(out, "%s%lld %s", i ? ", " : "",
                     (long long)(seconds / (hours     ? 3600
                                            : minutes ? 60
                                                      : 1)),
                     hours     ? "h"
                     : minutes ? "min"
                               : "s");
    }
    td_text_addf(out, "; each +- %.0f %%\n", 100 * s->spread);
}

void td_webhooks_text(td_text *out)
{
    td_text_add(out, "Events, and the state a job has reached\n");
    for (td_job_state s = 0; s < TD_JOB_STATES; s++)
        if (td_job_state_event(s)) td_text_addf(out, "  %-14s %s\n", td_job_state_event(s), td_job_state_people(s));
    td_text_addf(out,
                 "\nHeaders\n"
                 "  webhook-id         the same in every attempt: know by it what you have had\n"
                 "  webhook-timestamp  seconds since 1970, of this attempt; refuse what is more than %d s away\n"
                 "  webhook-signature  v1,BASE64; two of them, a blank between, while a secret is changed\n"
                 "\nSignature\n"
                 "  BASE64 = base64(HMAC-SHA256(key, webhook-id \".\" webhook-timestamp \".\" body))\n"
                 "  key    = base64 decoded, what follows whsec_ in DIR/credentials/webhook\n",
                 TD_WEBHOOK_TOLERANCE_S);
    td_text_add(out, "\nAfter a failure it is sent again in\n");
    add_schedule(out, "webhook", &td_webhook_schedule);
    add_schedule(out, "PUT", &td_job_schedule);
}
