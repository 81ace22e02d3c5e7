/* jobs/http/problem.h - refusals as RFC 9457 documents, each kind with a page that says what to do. */
#ifndef TD_JOBS_HTTP_PROBLEM_H
#define TD_JOBS_HTTP_PROBLEM_H

#include "jobs/http/http.h"
#include <jansson.h>

typedef enum td_problem {
    TD_PROBLEM_REQUEST,
    TD_PROBLEM_KEY_MISSING,
    TD_PROBLEM_KEY,
    TD_PROBLEM_SCOPE,
    TD_PROBLEM_NOT_FOUND,
    TD_PROBLEM_METHOD,
    TD_PROBLEM_STATE,
    TD_PROBLEM_TOO_LARGE,
    TD_PROBLEM_JOB,
    TD_PROBLEM_IDEMPOTENCY,
    TD_PROBLEM_TOO_MANY,
    TD_PROBLEM_FULL,
    TD_PROBLEM_DRAINING,
    TD_PROBLEM_SERVER,
    TD_PROBLEM_SPACE,
    TD_PROBLEMS
} td_problem;

/* Fills the reply. errors: an array of the document's mistakes, taken over; NULL: none. */
void td_problem_reply(const td_http_request *r, td_http_reply *p, td_problem kind, json_t *errors, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* slug: what stands in a problem's type, behind /problems/. */
const char *td_problem_slug(td_problem kind);
unsigned td_problem_status(td_problem kind);
const char *td_problem_title(td_problem kind);

/* The page behind a problem's type; false: there is none of that name. */
bool td_problem_page(const td_http_request *r, td_http_reply *p, const char *slug);

/* For what no route answers. */
void td_problem_refuse(const td_http_request *r, unsigned status, td_http_reply *p);

/* o as the reply's body, taken over. */
void td_json_reply(const td_http_request *r, td_http_reply *p, unsigned status, const char *type, json_t *o);

#endif
