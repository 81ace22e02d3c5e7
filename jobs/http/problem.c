#include "jobs/http/problem.h"

#include "engine/base/json.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEM_TYPE "application/problem+json"

static const struct {
    const char *slug;
    unsigned status;
    const char *title, *remedy;
} problems[TD_PROBLEMS] = {
    [TD_PROBLEM_REQUEST] = {
        .slug = "bad-request",
        .status = 400,
        .title = "The request cannot be understood",
        .remedy = "The detail names the header or parameter at fault.",
    },
    [TD_PROBLEM_KEY_MISSING] = {
        .slug = "idempotency-key-missing",
        .status = 400,
        .title = "POST /v1/jobs needs an Idempotency-Key",
        .remedy = "Send a header Idempotency-Key with up to 255 characters, a new one for each order. When an answer "
                  "is lost, send the same request with the same key: it makes no second job.",
    },
    [TD_PROBLEM_KEY] = {
        .slug = "unauthorized",
        .status = 401,
        .title = "A valid key is needed",
        .remedy = "Send 'Authorization: Bearer KEY'. The first key of a service stands in the file api-key of its data "
                  "folder.",
    },
    [TD_PROBLEM_SCOPE] = {
        .slug = "forbidden",
        .status = 403,
        .title = "This key may not do that",
        .remedy = "Use a key with the scope that the detail names.",
    },
    [TD_PROBLEM_NOT_FOUND] = {
        .slug = "not-found",
        .status = 404,
        .title = "There is nothing here",
        .remedy = "Check the id. Jobs of other clients are not shown, and results are kept 30 days.",
    },
    [TD_PROBLEM_METHOD] = {
        .slug = "method-not-allowed",
        .status = 405,
        .title = "This address does not take that method",
        .remedy = "The manual lists each address with its methods.",
    },
    [TD_PROBLEM_STATE] = {
        .slug = "conflict",
        .status = 409,
        .title = "The job is in another state",
        .remedy = "Read the job again; the detail says in which state it is.",
    },
    [TD_PROBLEM_TOO_LARGE] = {
        .slug = "too-large",
        .status = 413,
        .title = "The body is too large",
        .remedy = "limit_bytes says how much there may be; a job file or recipe has at most 1 MiB.",
    },
    [TD_PROBLEM_JOB] = {
        .slug = "job-invalid",
        .status = 422,
        .title = "The job file has mistakes",
        .remedy = "Each entry of errors names line, column and the way out. 'topdown job check FILE' says the same.",
    },
    [TD_PROBLEM_IDEMPOTENCY] = {
        .slug = "idempotency-key-reused",
        .status = 422,
        .title = "This Idempotency-Key was used for another call",
        .remedy = "Use a new key for a new order.",
    },
    [TD_PROBLEM_TOO_MANY] = {
        .slug = "too-many-failures",
        .status = 429,
        .title = "Too many wrong keys from this address",
        .remedy = "Send a good key: it is heard at once. Wrong ones are told apart again after a minute.",
    },
    [TD_PROBLEM_FULL] = {
        .slug = "queue-full",
        .status = 429,
        .title = "Too many of your jobs wait already",
        .remedy = "Wait for the seconds of Retry-After and send the same request again.",
    },
    [TD_PROBLEM_DRAINING] = {
        .slug = "draining",
        .status = 503,
        .title = "The service is stopping",
        .remedy = "Wait for the seconds of Retry-After and send the same request again.",
    },
    [TD_PROBLEM_SERVER] = {
        .slug = "unavailable",
        .status = 503,
        .title = "The service cannot do this now",
        .remedy = "Wait for the seconds of Retry-After and send the same request again. If it stays, the service's log "
                  "says more under the request_id.",
    },
    [TD_PROBLEM_SPACE] = {
        .slug = "no-space",
        .status = 507,
        .title = "The service has no disk space for this",
        .remedy = "Free space, or ask the operator to.",
    },
};

const char *td_problem_slug(td_problem kind)
{
    return problems[kind].slug;
}

unsigned td_problem_status(td_problem kind)
{
    return problems[kind].status;
}

const char *td_problem_title(td_problem kind)
{
    return problems[kind].title;
}

/* What is said where no answer could be put together. */
static void give_up(const td_http_request *r, td_http_reply *p)
{
    p->status = problems[TD_PROBLEM_SERVER].status;
    p->type = PROBLEM_TYPE;
    p->body =
        td_arena_printf(r->arena, "{\"type\":\"/problems/%s\",\"title\":\"%s\",\"status\":%u,\"request_id\":\"%s\"}\n",
                        problems[TD_PROBLEM_SERVER].slug, problems[TD_PROBLEM_SERVER].title, p->status, r->id);
}

void td_json_reply(const td_http_request *r, td_http_reply *p, unsigned status, const char *type, json_t *o)
{
    char *text = o ? json_dumps(o, TD_JSON_LINE) : NULL;
    p->status = status;
    p->type = type;
    p->body = text ? td_arena_printf(r->arena, "%s\n", text) : NULL;
    if (!p->body) give_up(r, p);
    p->length = p->body ? strlen(p->body) : 0;
    free(text);
    json_decref(o);
}

void td_problem_reply(const td_http_request *r, td_http_reply *p, td_problem kind, json_t *errors, const char *fmt, ...)
{
    char type[80], detail[1600], safe[2400], path[1600];
    va_list args;
    va_start(args, fmt);
    vsnprintf(detail, sizeof detail, fmt, args);
    va_end(args);
    snprintf(type, sizeof type, "/problems/%s", problems[kind].slug);
    json_t *o = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "type", type, "title", problems[kind].title, "status",
                          (int)problems[kind].status, "detail", td_printable(detail, safe, sizeof safe), "instance",
                          td_printable(r->path, path, sizeof path), "request_id", r->id);
    if (o && errors) json_object_set(o, "errors", errors);
    json_decref(errors);
    if (o && problems[kind].status == 413)
        json_object_set_new(o, "limit_bytes", json_integer((json_int_t)r->body_limit));
    if (problems[kind].status == 429 || problems[kind].status == 503) td_http_add_header(p, "Retry-After", "10");
    if (problems[kind].status == 401) td_http_add_header(p, "WWW-Authenticate", "Bearer");
    td_json_reply(r, p, problems[kind].status, PROBLEM_TYPE, o);
}

bool td_problem_page(const td_http_request *r, td_http_reply *p, const char *slug)
{
    for (size_t i = 0; i < TD_PROBLEMS; i++) {
        if (strcmp(problems[i].slug, slug) != 0) continue;
        p->type = "text/plain; charset=utf-8";
        p->body =
            td_arena_printf(r->arena, "%s (%u)\n\n%s\n", problems[i].title, problems[i].status, problems[i].remedy);
        p->length = p->body ? strlen(p->body) : 0;
        return true;
    }
    return false;
}

void td_problem_refuse(const td_http_request *r, unsigned status, td_http_reply *p)
{
    static const td_problem kinds[] = { TD_PROBLEM_NOT_FOUND, TD_PROBLEM_METHOD, TD_PROBLEM_TOO_LARGE, TD_PROBLEM_SPACE,
                                        TD_PROBLEM_REQUEST };
    td_problem kind = TD_PROBLEM_SERVER;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (problems[kinds[i]].status == status) kind = kinds[i];
    td_problem_reply(r, p, kind, NULL, "%s %s", r->method, r->path);
}
