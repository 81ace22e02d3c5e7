/* jobs/spec.h - a job file on its way through the service: read once, judged once, kept as JSON, and at last written
 * for the child with every stem beside it.
 *
 * What the words mean is settled by recipes/ (td_order_parse); here stands what only a service asks: whether it will go
 * to these addresses, read these files, and sign with these credentials. */
#ifndef TD_JOBS_SPEC_H
#define TD_JOBS_SPEC_H

#include "jobs/files.h"
#include "jobs/home.h"
#include "jobs/net/net.h"
#include "recipes/recipes.h"
#include <jansson.h>

#define TD_SPEC_BYTES ((size_t)1 << 20)

/* What the service allows. */
typedef struct td_spec_rules {
    const td_net_policy *net;
    const td_roots *roots;
    const td_home *home;
    const td_library *library; /* NULL: recipes are not looked up */
    bool files;                /* the caller's key may name files below the roots */
} td_spec_rules;

/* Judges the body of a request (YAML or JSON) and makes a submission of it; client, keys and hashes are the caller's to
 * fill in. Everything lives in the arena. TD_JOB: m holds errors with line and column. */
td_status td_spec_submission(const td_spec_rules *rules, const char *text, size_t length, int64_t now_ms, td_arena *a,
                             td_submission *out, td_messages *m);

/* What a held job's owner answers: { "roles": { FILE: ROLE } }. held: the job's result, whose "stems" are where they
 * lay; NULL, or without them: they are not known yet. *out is the kept job file with the answer, for the child to be
 * told; NULL: nothing was answered. TD_JOB: err says what is wrong with the answer. */
td_status td_spec_answer(const char *spec, const char *held, const char *answer, size_t length, td_arena *a,
                         const char **out, td_error *err);
/* "FILE=ROLE" of all answers; NULL ends them. Borrowed from a. NULL: memory is short. */
const char **td_spec_roles(const char *spec, td_arena *a);

/* When a kept job file that came at then_ms wanted to begin; 0: at once. */
int64_t td_spec_not_before_ms(const char *spec, int64_t then_ms);

/* Reads a document into JSON, scalars of YAML as text. NULL: it is none; m says where. */
json_t *td_spec_read(const char *text, size_t length, td_messages *m);

/* One place in a job file that names a stem, the rough mix or the reference. */
typedef struct td_spec_input {
    json_t *holder;      /* object or array */
    const char *key;     /* in an object; else NULL */
    size_t index;        /* in an array */
    const char *address; /* as written */
    const char *sha256;  /* NULL: not given */
} td_spec_input;

#define TD_SPEC_INPUTS 260
#define TD_SPEC_ROLES  240 /* answered */

/* All of them but names that mean files of `stems.folder`; *folder is that, or NULL. Borrowed from spec.
 * TD_JOB: too many. */
td_status td_spec_inputs(json_t *spec, td_spec_input in[TD_SPEC_INPUTS], size_t *n, const char **folder, td_error *err);
void td_spec_input_set(const td_spec_input *in, const char *address);

/* Takes out what a child must not know or need: addresses of deliveries, names of credentials, the client. */
void td_spec_strip(json_t *spec);

#endif
