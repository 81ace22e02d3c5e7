/* jobs/order/verify.h - whether files are those a report describes, and whether its plans still make the same bytes. */
#ifndef TD_JOBS_ORDER_VERIFY_H
#define TD_JOBS_ORDER_VERIFY_H

#include "jobs/order/mixdown.h"

typedef enum td_sameness {
    TD_SAME,
    TD_CHANGED, /* the report knows the name, and other bytes */
    TD_UNKNOWN, /* the report knows neither name nor bytes */
    TD_MISSING, /* the report's file is not there */
    TD_SAMENESSES
} td_sameness;
const char *td_sameness_name(td_sameness s); /* "same" */

typedef struct td_verified {
    const char *file; /* as asked for, or where the report has it */
    td_sameness is;
    char sha256[TD_SHA256_HEX]; /* of the file; empty when missing */
    /* What the report says of it; NULL and 0 for unknown ones. */
    const char *name, *kind, *label, *recipe, *described; /* described: the sha256 */
    int revision;
    bool rendered, same_again; /* its plan was rendered once more: to the same bytes */
} td_verified;

typedef struct td_verify_wish {
    const char *report;      /* the path of report.json; plans stand beside it */
    const char *const *file; /* none: all that the report lists, beside it */
    size_t n_files;
    bool render;
    const td_stem_wish *stem; /* where they lie now; none: where the plan says */
    size_t n_stems;
    const char *scratch; /* NULL: $TMPDIR, else /var/tmp */
    unsigned threads;
    td_stage_told progress; /* may be NULL */
    void *user;
    const volatile int *stop;
} td_verify_wish;

/* One row a file, in a. TD_INPUT: no report, or no plan beside it that it names. Whatever rendering gives. */
td_status td_verify(const td_verify_wish *wish, td_arena *a, td_verified **out, size_t *n, td_error *err);

#endif
