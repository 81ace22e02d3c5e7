#include "jobs/job.h"

#include <string.h>

#define MINUTE      60000LL
#define HOUR        3600000LL
#define CRASHES_MAX 3

static const struct {
    const char *word, *people, *event;
} states[TD_JOB_STATES] = {
#define X(code, word, people, event) [TD_JOB_##code] = { word, people, event },
    TD_JOB_STATE_MAP(X)
#undef X
};

const td_move td_moves[] = {
    { TD_JOB_WAITING, TD_JOB_READY, "promote" },
    { TD_JOB_READY, TD_JOB_LEASED, "claim" },
    { TD_JOB_LEASED, TD_JOB_DONE, "complete" },
    { TD_JOB_LEASED, TD_JOB_FAILED, "fail" },
    { TD_JOB_LEASED, TD_JOB_HELD, "hold" },
    { TD_JOB_LEASED, TD_JOB_WAITING, "retry" },
    { TD_JOB_LEASED, TD_JOB_READY, "return" },
    { TD_JOB_LEASED, TD_JOB_CANCELLED, "stop" },
    { TD_JOB_HELD, TD_JOB_READY, "release" },
    { TD_JOB_HELD, TD_JOB_CANCELLED, "cancel" },
    { TD_JOB_WAITING, TD_JOB_CANCELLED, "cancel" },
    { TD_JOB_READY, TD_JOB_CANCELLED, "cancel" },
    { 0, 0, NULL },
};

const td_stage td_stages[] = {
    { "fetching", 0, 0.15 },     { "checking", 0.15, 0.2 },  { "measuring", 0.2, 0.35 }, { "planning", 0.35, 0.45 },
    { "rendering", 0.45, 0.85 }, { "encoding", 0.85, 0.95 }, { "publishing", 0.95, 1 },  { NULL, 0, 0 },
};

static const int64_t job_delays[] = { 10000, 30000, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR };
static const int64_t crash_delays[] = { 0, 2 * MINUTE };
static const int64_t webhook_delays[] = { 5000,      5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR,
                                          10 * HOUR, 14 * HOUR,  20 * HOUR,   24 * HOUR };

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

const td_schedule td_job_schedule = { job_delays, COUNT(job_delays), 0.2, 6 * HOUR };
const td_schedule td_webhook_schedule = { webhook_delays, COUNT(webhook_delays), 0.1, 24 * HOUR };

const char *td_job_state_word(td_job_state s)
{
    return states[s].word;
}

const char *td_job_state_people(td_job_state s)
{
    return states[s].people;
}

const char *td_job_state_event(td_job_state s)
{
    return states[s].event;
}

td_job_state td_job_state_of(const char *word)
{
    size_t s = 0;
    while (s < TD_JOB_STATES && strcmp(states[s].word, word) != 0) s++;
    return (td_job_state)s;
}

bool td_job_state_final(td_job_state s)
{
    return s == TD_JOB_DONE || s == TD_JOB_FAILED || s == TD_JOB_CANCELLED;
}

bool td_job_late(const td_job *j, int64_t now_ms)
{
    td_job_state s = td_job_state_of(j->state);
    return (s == TD_JOB_WAITING || s == TD_JOB_READY || s == TD_JOB_HELD) && now_ms > j->latest_start_ms;
}

bool td_move_legal(td_job_state from, td_job_state to)
{
    for (const td_move *m = td_moves; m->name; m++)
        if (m->from == from && m->to == to) return true;
    return false;
}

double td_stage_progress(const char *stage, double fraction)
{
    for (const td_stage *s = td_stages; s->name; s++)
        if (!strcmp(s->name, stage)) return s->from + (s->to - s->from) * td_clamp(fraction, 0, 1);
    return -1;
}

int64_t td_schedule_ms(const td_schedule *s, size_t k, int64_t asked_s, double jitter)
{
    if (k >= s->n) return -1;
    int64_t wait = s->delay_ms[k] + (int64_t)((double)s->delay_ms[k] * s->spread * jitter);
    int64_t asked = asked_s > s->most_asked_ms / 1000 ? s->most_asked_ms : asked_s * 1000;
    return wait > asked ? wait : asked;
}

static td_landing failed(const char *outcome, const char *code)
{
    return (td_landing){ .to = TD_JOB_FAILED, .outcome = outcome, .code = code };
}

static td_landing again(const td_job *j, const td_ending *e, const char *outcome, double jitter)
{
    int64_t wait =
        j->attempt < j->max_attempts
            ? td_schedule_ms(&td_job_schedule, (size_t)(j->attempt > 0 ? j->attempt - 1 : 0), e->retry_after_s, jitter)
            : -1;
    return wait < 0 ? failed(outcome, NULL) : (td_landing){ .to = TD_JOB_WAITING, .wait_ms = wait, .outcome = outcome };
}

static td_landing crashed(const td_job *j)
{
    if (j->crashes + 1 >= CRASHES_MAX) {
        td_landing poison = failed("crashed", "poison");
        poison.crashes = 1;
        return poison;
    }
    int64_t wait = crash_delays[j->crashes];
    return (
        td_landing){ .to = wait ? TD_JOB_WAITING : TD_JOB_READY, .wait_ms = wait, .crashes = 1, .outcome = "crashed" };
}

td_landing td_job_land(const td_job *j, const td_ending *e, int64_t timeouts, double jitter)
{
    if (j->cancel_requested) return (td_landing){ .to = TD_JOB_CANCELLED, .outcome = "cancelled" };
    switch (e->kind) {
    case TD_END_DONE:
        return (td_landing){ .to = TD_JOB_DONE, .outcome = "done" };
    case TD_END_TRANSIENT:
        return again(j, e, "transient", jitter);
    case TD_END_TIMEOUT:
        return timeouts ? failed("timeout", NULL) : again(j, e, "timeout", jitter);
    case TD_END_CRASH:
        return crashed(j);
    case TD_END_RETURNED:
        return (td_landing){ .to = TD_JOB_READY, .attempts = -1, .outcome = "returned" };
    case TD_END_HELD:
        return (td_landing){ .to = TD_JOB_HELD, .outcome = "held" };
    case TD_END_PERMANENT:
        break;
    }
    return failed("permanent", NULL);
}
