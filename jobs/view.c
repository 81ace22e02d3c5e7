#include "jobs/view.h"

#include "engine/base/json.h"
#include "jobs/ids.h"
#include <stdio.h>
#include <string.h>

#define LABEL 12 /* columns of a job's labels */

const char *td_view_text(const json_t *o, const char *name, const char *other)
{
    const char *s = json_string_value(json_object_get(o, name));
    return s ? s : other;
}

static long long number_of(const json_t *o, const char *name)
{
    return (long long)json_integer_value(json_object_get(o, name));
}

static int64_t time_of(const json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));
    return s ? td_rfc3339_read(s) : -1;
}

static bool is_state(const json_t *o, const char *state)
{
    return !strcmp(td_view_text(o, "state", "?"), state);
}

/* Its worker has been told, or will be within seconds. */
static bool is_leaving(const json_t *j)
{
    return is_state(j, "running") && json_is_true(json_object_get(j, "cancel_requested"));
}

static void add_safe(td_text *out, const char *text)
{
    char safe[1024];
    td_text_add(out, td_printable(text, safe, sizeof safe));
}

static void add_label(td_text *out, const char *label)
{
    td_text_addf(out, "%-*s", LABEL, label);
}

/* Each of its lines below the label's column. */
static void add_lines(td_text *out, const char *label, const char *text)
{
    for (; *text; label = "") {
        size_t n = strcspn(text, "\n");
        char line[1024];
        snprintf(line, sizeof line, "%.*s", (int)n, text);
        if (n) add_label(out, label);
        add_safe(out, line);
        td_text_add(out, "\n");
        text += n + (text[n] == '\n');
    }
}

/* ---- how long ---------------------------------------------------------------------------------------------------- */

/* Waiting takes hours at times: "5:28:02". */
static const char *lasted(double seconds, char out[16])
{
    unsigned s = (unsigned)td_clamp(seconds, 0, 1e9);
    if (s < 3600) return td_clock(seconds, out);
    snprintf(out, 16, "%u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
    return out;
}

/* A job runs while a worker has it, and waits the rest of its life. */
static void spans(const json_t *j, int64_t now_ms, char waited[16], char ran[16])
{
    int64_t created = time_of(j, "created_at"), started = time_of(j, "started_at");
    int64_t finished = time_of(j, "finished_at"), end = finished >= 0 ? finished : now_ms;
    double ran_s = json_number_value(json_object_get(j, "ran_s"));
    if (is_state(j, "running") && now_ms > started) ran_s += (double)(now_ms - started) / 1000;
    lasted(fmax((double)(end - created) / 1000 - ran_s, 0), waited);
    if (started >= 0)
        lasted(ran_s, ran);
    else
        snprintf(ran, 16, "-");
}

/* " at 2026-11-21T14:03:12Z, in 0:24", or nothing. */
static void add_next(td_text *out, const json_t *o, int64_t now_ms)
{
    char left[16];
    int64_t next = time_of(o, "next_at");
    if (next < 0) return;
    td_text_addf(out, " at %s", td_view_text(o, "next_at", "?"));
    if (next > now_ms) td_text_addf(out, ", in %s", lasted((double)(next - now_ms) / 1000, left));
}

/* The attempt under way or to come, or the last one. */
static void add_attempt(td_text *out, const char *before, const json_t *j, int64_t now_ms)
{
    long long n = number_of(j, "attempt");
    bool later = is_state(j, "queued") && (n || time_of(j, "next_at") >= 0);
    if (!n && !later) return;
    td_text_addf(out, "%sattempt %lld of %lld", before, n + later, number_of(j, "max_attempts"));
    add_next(out, j, now_ms);
}

/* ---- the list ---------------------------------------------------------------------------------------------------- */

static void add_row(td_text *out, const json_t *j, int64_t now_ms)
{
    char waited[16], ran[16], percent[8] = "-";
    const char *detail = td_view_text(json_object_get(j, "problem"), "detail", "");
    spans(j, now_ms, waited, ran);
    if (is_state(j, "running"))
        snprintf(percent, sizeof percent, "%d", (int)(100 * json_number_value(json_object_get(j, "progress"))));
    td_text_addf(out, "%-30s  %-9s  %-10s  %3s  %7zu  %7s  %7s  ", td_view_text(j, "id", "?"),
                 td_view_text(j, "state", "?"), is_leaving(j) ? "cancelling" : td_view_text(j, "stage", "-"), percent,
                 json_array_size(json_object_get(j, "mixes")), waited, ran);
    add_safe(out, td_view_text(j, "title", "-"));
    if (*detail) td_text_add(out, "  ");
    add_safe(out, detail);
    if (time_of(j, "next_at") >= 0) add_attempt(out, "  ", j, now_ms);
    td_text_add(out, "\n");
}

void td_view_jobs(const json_t *answer, int64_t now_ms, td_text *out)
{
    const json_t *queue = json_object_get(answer, "queue"), *job;
    size_t i;
    char oldest[16];
    td_text_addf(out, "%-30s  %-9s  %-10s  %3s  %7s  %7s  %7s  %s\n", "JOB", "STATE", "STAGE", "%", "RECIPES", "WAITED",
                 "RAN", "TITLE");
    json_array_foreach(json_object_get(answer, "data"), i, job)
    {
        add_row(out, job, now_ms);
    }
    lasted(json_number_value(json_object_get(queue, "oldest_queued_s")), oldest);
    td_text_addf(out,
                 "Queue: %lld waiting, oldest %s. Running %lld, held %lld, done %lld, failed %lld. Deliveries under "
                 "way: %lld.\n",
                 number_of(queue, "queued"), oldest, number_of(queue, "running"), number_of(queue, "held"),
                 number_of(queue, "done"), number_of(queue, "failed"), number_of(queue, "deliveries"));
    add_lines(out, "No job is begun: ", td_view_text(queue, "waiting", ""));
}

/* ---- one job ----------------------------------------------------------------------------------------------------- */

static void add_state(td_text *out, const json_t *j, int64_t now_ms)
{
    add_label(out, "state");
    td_text_add(out, td_view_text(j, "state", "?"));
    if (is_state(j, "running"))
        td_text_addf(out, ", %s %d %%", td_view_text(j, "stage", "-"),
                     (int)(100 * json_number_value(json_object_get(j, "progress"))));
    if (is_leaving(j)) td_text_add(out, ", about to be cancelled");
    add_attempt(out, "; ", j, now_ms);
    td_text_add(out, "\n");
    if (is_state(j, "failed"))
        td_text_addf(out, "%*stopdown retry %s orders it anew; a mended job file is submitted again\n", LABEL, "",
                     td_view_text(j, "id", "?"));
    if (is_state(j, "held")) {
        bool refused = json_array_size(json_object_get(json_object_get(j, "problem"), "refused"));
        td_text_addf(out, "%*stopdown retry %s lets it go on%s, topdown cancel %s ends it\n", LABEL, "",
                     td_view_text(j, "id", "?"), refused ? " after its stems were replaced" : "",
                     td_view_text(j, "id", "?"));
    }
}

static void add_problem(td_text *out, const json_t *problem)
{
    const json_t *one;
    size_t i;
    if (!json_is_object(problem)) return;
    if (!json_array_size(json_object_get(problem, "refused"))) /* else they are the problem */
        add_lines(out, "problem", td_view_text(problem, "detail", "?"));
    json_array_foreach(json_object_get(problem, "refused"), i, one)
    {
        add_label(out, i ? "" : "refused");
        add_safe(out, td_view_text(one, "file", "?"));
        td_text_add(out, ": ");
        add_safe(out, td_view_text(one, "why", "?"));
        td_text_add(out, "\n");
    }
    add_lines(out, "message", td_view_text(json_object_get(problem, "message"), "en", ""));
}

static void add_outputs(td_text *out, const json_t *outputs)
{
    size_t i;
    char safe[512];
    const json_t *o;
    json_array_foreach(outputs, i, o)
    {
        td_text_addf(out, "  %-60s %10lld  %.16s\n", td_printable(td_view_text(o, "name", "?"), safe, sizeof safe),
                     number_of(o, "bytes"), td_view_text(o, "sha256", ""));
        const char *missed = td_view_text(o, "missed", NULL);
        if (missed) td_text_addf(out, "    missed: %s\n", td_printable(missed, safe, sizeof safe));
    }
}

static void add_mixes(td_text *out, const json_t *mixes)
{
    size_t i;
    const json_t *mix;
    json_array_foreach(mixes, i, mix)
    {
        const json_t *loudness = json_object_get(mix, "loudness_lufs"), *peak = json_object_get(mix, "true_peak_dbtp");
        const char *label = td_view_text(mix, "label", "?"), *recipe = td_view_text(mix, "recipe", label);
        add_safe(out, label);
        if (strcmp(label, recipe)) {
            td_text_add(out, ", ");
            add_safe(out, recipe);
        }
        if (json_is_number(loudness)) td_text_addf(out, "  %.1f LUFS", json_number_value(loudness));
        if (json_is_number(peak)) td_text_addf(out, "  %.1f dBTP", json_number_value(peak));
        if (td_view_text(mix, "problem", NULL)) td_text_add(out, "  failed: ");
        add_safe(out, td_view_text(mix, "problem", ""));
        td_text_add(out, "\n");
        add_outputs(out, json_object_get(mix, "outputs"));
    }
}

bool td_view_is_undelivered(const json_t *delivery)
{
    return is_state(delivery, "dead") || (is_state(delivery, "ready") && number_of(delivery, "attempts") > 0);
}

static const char *said_of(const json_t *delivery)
{
    static const char *const words[][2] = { { "blocked", "waits for the files" },
                                            { "ready", "waits" },
                                            { "leased", "under way" },
                                            { "sent", "sent" },
                                            { "dead", "given up" } };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_state(delivery, words[i][0])) return words[i][1];
    return td_view_text(delivery, "state", "?");
}

static void add_delivery(td_text *out, const json_t *d, int64_t now_ms)
{
    long long attempts = number_of(d, "attempts");
    td_text_addf(out, "  %-7s  ", td_view_text(d, "kind", "?"));
    add_safe(out, td_view_text(d, "event", "?"));
    td_text_addf(out, "  %s", said_of(d));
    if (attempts) td_text_addf(out, ", %lld attempt%s", attempts, attempts == 1 ? "" : "s");
    if (time_of(d, "next_at") >= 0) {
        td_text_add(out, ", next");
        add_next(out, d, now_ms);
    }
    td_text_add(out, "  ");
    add_safe(out, td_view_text(d, "url", "?"));
    if (td_view_text(d, "error", NULL) && !is_state(d, "sent")) {
        td_text_add(out, "\n             ");
        add_safe(out, td_view_text(d, "error", ""));
    }
    td_text_add(out, "\n");
}

static void add_deliveries(td_text *out, const json_t *j, const json_t *deliveries, int64_t now_ms)
{
    bool undelivered = false;
    if (json_array_size(deliveries)) td_text_add(out, "deliveries\n");
    for (size_t i = json_array_size(deliveries); i-- > 0;) { /* the API has the newest first */
        const json_t *d = json_array_get(deliveries, i);
        add_delivery(out, d, now_ms);
        undelivered = undelivered || td_view_is_undelivered(d);
    }
    if (undelivered)
        td_text_addf(out, "  topdown retry --deliveries %s sends at once what did not arrive\n",
                     td_view_text(j, "id", "?"));
}

void td_view_job(const json_t *j, const json_t *deliveries, int64_t now_ms, td_text *out)
{
    char waited[16], ran[16];
    spans(j, now_ms, waited, ran);
    td_text_addf(out, "%s  ", td_view_text(j, "id", "?"));
    add_safe(out, td_view_text(j, "title", "-"));
    td_text_add(out, "\n");
    add_state(out, j, now_ms);
    td_text_addf(out, "%-*s%s\n%-*s%s\n", LABEL, "waited", waited, LABEL, "ran", ran);
    add_lines(out, "waits for", td_view_text(j, "waiting", ""));
    if (json_is_true(json_object_get(j, "late"))) add_lines(out, "late", "begun now, it misses its deliver_by");
    add_problem(out, json_object_get(j, "problem"));
    add_mixes(out, json_object_get(j, "mixes"));
    add_outputs(out, json_object_get(j, "files"));
    add_deliveries(out, j, deliveries, now_ms);
}
