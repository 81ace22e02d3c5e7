#include "cmd/mixing.h"
#include "engine/report/findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const td_flag flags[] = {
    { "message", 0, "en|de", "print what the client can be sent instead, in English or German" },
    { "title", 0, "TEXT", "the song, for the message" },
    TD_ROLE_FLAG,
    { "skip-rejected", 0, NULL, "refused files are no failure" },
    { "scratch", 0, "DIR", "for temporary audio; $TMPDIR, else /var/tmp" },
    TD_THREADS_FLAG,
    { NULL, 0, NULL, NULL },
};

typedef struct check {
    const td_args *args;
    td_arena *arena;
    td_session *session;
    td_pool *pool;
    td_survey *survey;
    td_findings *findings;
    td_meter_line *progress;
    td_language language;
} check;

static td_status read_language(check *c, td_error *err)
{
    static const char *const names[TD_LANGUAGES] = { [TD_ENGLISH] = "en", [TD_GERMAN] = "de" };
    const char *given = td_args_get(c->args, "message");
    if (!given) return TD_OK;
    for (c->language = 0; c->language < TD_LANGUAGES; c->language++) {
        if (!strcmp(names[c->language], given)) return TD_OK;
    }
    return td_fail(err, TD_ARG, "--message", "en or de", "no language '%s'", given);
}

static td_status open_session(check *c, td_error *err)
{
    td_session_wish wish = { .title = td_args_get(c->args, "title"), .skip_rejected = true, .pool = c->pool };
    td_stem_wish *stem = NULL;
    const char *role[TD_ROLES_MOST];
    size_t n;
    td_status st = td_stems_of_words(c->args, c->arena, &stem, &wish.n_stems, err);
    if (!st) st = td_args_all(c->args, "role", role, TD_ROLES_MOST, &n, err);
    for (size_t i = 0; !st && i < n; i++) st = td_stem_say_role(stem, wish.n_stems, role[i], c->arena, err);
    wish.stem = stem;
    return st ? st : td_session_open(&wish, &c->session, err);
}

static td_status hear(check *c, td_error *err)
{
    const char *scratch = td_scratch_folder(td_args_get(c->args, "scratch"));
    td_progress show = td_args_has(c->args, "json") ? NULL : td_progress_show; /* one object, and nothing beside it */
    return td_survey_hear(c->session, c->pool, scratch, show, c->progress, &c->survey, err);
}

static td_status judge(check *c, td_error *err)
{
    long threads;
    td_status st = td_args_number(c->args, "threads", 1, 256, 0, &threads, err);
    if (!st) st = read_language(c, err);
    if (!st) st = td_pool_new((unsigned)threads, &c->pool);
    if (!st) st = open_session(c, err);
    if (!st) st = hear(c, err);
    if (!st) st = td_intake_make(c->session, c->survey, &c->findings, err);
    if (!st && td_args_has(c->args, "json")) st = td_intake_measure_peaks(c->session, c->pool, c->findings, err);
    if (!td_args_has(c->args, "json")) td_progress_end(c->progress);
    return st;
}

static void print_stem(const td_stem *m, const td_stem_findings *f)
{
    static const char *const verdicts[] = { [TD_ACCEPT] = "ok", [TD_WARN] = "warn", [TD_REJECT] = "reject" };
    char text[512];
    printf("%-6s  %-20s%c  %s\n", verdicts[f->verdict], m->role.name, m->role.guess ? '?' : ' ',
           td_printable(m->name, text, sizeof text));
    if (m->fault_text[0]) printf("        %s\n", td_printable(m->fault_text, text, sizeof text));
    for (size_t i = 0; i < f->n_findings; i++) {
        if (m->fault_text[0] && td_fault_verdict(f->finding[i].code) == TD_REJECT) continue; /* said already */
        printf("        %s: %s\n", td_fault_name(f->finding[i].code),
               td_finding_text(&f->finding[i], TD_ENGLISH, text, sizeof text));
    }
}

static td_status print(const check *c)
{
    td_text t = { 0 };
    td_status st = TD_OK;
    if (td_args_has(c->args, "message")) {
        st = td_findings_letter(c->session, c->findings, c->language, &t);
    } else if (td_args_has(c->args, "json")) {
        st = td_findings_json(c->session, c->survey, c->findings, &t);
    } else {
        for (size_t i = 0; i < c->session->n_stems; i++) print_stem(&c->session->stem[i], &c->findings->stem[i]);
    }
    fputs(td_text_or_empty(&t), stdout);
    td_text_free(&t);
    return st;
}

static int run(const td_args *a)
{
    td_error err = { 0 };
    check c = { .args = a, .arena = td_arena_new(), .progress = td_progress_new(a) };
    td_status st = c.arena ? judge(&c, &err) : TD_NOMEM;
    if (!st) st = print(&c);
    int code = st ? td_report_error(st, &err) : 0;
    if (!st && c.findings->verdict == TD_REJECT && !td_args_has(a, "skip-rejected")) code = td_status_exit(TD_INPUT);
    td_progress_free(c.progress);
    td_intake_free(c.findings);
    td_survey_free(c.survey);
    td_session_free(c.session);
    td_pool_free(c.pool);
    td_arena_free(c.arena);
    return code;
}

const td_command td_cmd_check = {
    .name = "check",
    .group = "On this machine",
    .summary = "what is wrong with each stem, before anything is mixed",
    .synopsis = "STEMS... [--json | --message en|de]",
    .examples = "  topdown check stems/                    roles, and what is wrong\n"
                "  topdown check stems/ --message de       what to send the client\n",
    .flags = flags,
    .run = run,
};
