#include "jobs/log.h"

#include "jobs/ids.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VALUE_MAX 2048

static const char *const levels[] = { [TD_LOG_INFO] = "info", [TD_LOG_WARN] = "warn", [TD_LOG_ERROR] = "error" };

static void write_line(td_text *line)
{
    td_text_add(line, "\n");
    if (!line->broken && write(STDERR_FILENO, line->data, line->length) < 0) return; /* nobody left to tell */
}

static void text_line(const td_log_line *l, const char *const *names, const char *const *values, size_t n)
{
    char clock[16], safe[VALUE_MAX];
    time_t s = (time_t)(td_now_ms(NULL) / 1000);
    struct tm t;
    strftime(clock, sizeof clock, "%H:%M:%S", localtime_r(&s, &t));
    td_text line = { 0 };
    td_text_add(&line, clock);
    if (l->level != TD_LOG_INFO) td_text_addf(&line, " %s", levels[l->level]);
    if (l->job) td_text_addf(&line, " %s", td_printable(l->job, safe, sizeof safe));
    td_text_addf(&line, " %s", td_printable(l->msg, safe, sizeof safe));
    for (size_t i = 0; i < n; i++)
        if (values[i]) td_text_addf(&line, "  %s=%s", names[i], td_printable(values[i], safe, sizeof safe));
    if (l->duration_ms) td_text_addf(&line, "  %.1f s", (double)l->duration_ms / 1000);
    write_line(&line);
    td_text_free(&line);
}

static void json_line(const td_log_line *l, const char *const *names, const char *const *values, size_t n)
{
    char stamp[32], safe[VALUE_MAX];
    json_t *o = json_object();
    json_object_set_new(o, "ts", json_string(td_rfc3339(td_now_ms(NULL), stamp)));
    json_object_set_new(o, "level", json_string(levels[l->level]));
    json_object_set_new(o, "msg", json_string(l->msg));
    if (l->job) json_object_set_new(o, "job", json_string(td_printable(l->job, safe, sizeof safe)));
    for (size_t i = 0; i < n; i++)
        if (values[i]) json_object_set_new(o, names[i], json_string(td_printable(values[i], safe, sizeof safe)));
    if (l->fence) json_object_set_new(o, "fence", json_integer(l->fence));
    if (l->attempt) json_object_set_new(o, "attempt", json_integer(l->attempt));
    if (l->duration_ms) json_object_set_new(o, "duration_s", json_real((double)l->duration_ms / 1000));
    char *dump = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(6));
    td_text line = { 0 };
    if (dump) td_text_add(&line, dump);
    write_line(&line);
    td_text_free(&line);
    free(dump);
    json_decref(o);
}

void td_log_write(const td_log_line *l)
{
    static const char *const names[] = { "stage", "worker", "request_id", "code", "detail" };
    const char *const values[] = { l->stage, l->worker, l->request_id, l->code, l->detail };
    (isatty(STDERR_FILENO) ? text_line : json_line)(l, names, values, sizeof names / sizeof names[0]);
}
