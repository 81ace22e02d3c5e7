#include "cmd/cmd.h"
#include "recipes/recipes.h"

#include "engine/base/json.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MOST_FILES = 8192 };

extern const td_command td_cmd_check, td_cmd_doctor, td_cmd_help, td_cmd_job, td_cmd_measure, td_cmd_mix, td_cmd_plan,
    td_cmd_recipe, td_cmd_report, td_cmd_revise, td_cmd_verify, td_cmd_version;
extern const td_command td_cmd_serve, td_cmd_work, td_cmd_submit, td_cmd_status, td_cmd_cancel, td_cmd_retry,
    td_cmd_listen, td_cmd_key;

const td_command *const td_commands[] = {
    &td_cmd_mix,    &td_cmd_plan, &td_cmd_revise, &td_cmd_check,  &td_cmd_measure, &td_cmd_report,  &td_cmd_verify,
    &td_cmd_recipe, &td_cmd_job,  &td_cmd_serve,  &td_cmd_work,   &td_cmd_submit,  &td_cmd_status,  &td_cmd_cancel,
    &td_cmd_retry,  &td_cmd_key,  &td_cmd_listen, &td_cmd_doctor, &td_cmd_help,    &td_cmd_version, NULL,
};

volatile int td_stop_asked;

static void stop(int sig)
{
    if (td_stop_asked) _exit(128 + sig);
    td_stop_asked = sig;
}

int td_report_error(td_status st, const td_error *err)
{
    char where[sizeof err->where], what[sizeof err->what];
    fprintf(stderr, "topdown: error: %s%s%s\n", td_printable(err->where, where, sizeof where),
            err->where[0] ? ": " : "", err->what[0] ? td_printable(err->what, what, sizeof what) : td_status_name(st));
    if (err->hint[0]) fprintf(stderr, "  %s\n", td_printable(err->hint, what, sizeof what));
    return td_status_exit(st);
}

void td_report_warning(const char *where, const char *what)
{
    char a[320], b[640];
    fprintf(stderr, "topdown: warning: %s%s%s\n", where ? td_printable(where, a, sizeof a) : "", where ? ": " : "",
            td_printable(what, b, sizeof b));
}

int td_report_messages(const struct td_messages *m, td_status bad, bool json)
{
    td_text t = { 0 };
    if (json) {
        td_text_add(&t, "{\"v\":1,\"messages\":");
        td_messages_json(m, &t);
        td_text_add(&t, "}\n");
        fputs(td_text_or_empty(&t), stdout);
    } else {
        td_messages_text(m, &t);
        td_messages_summary(m, &t);
        fputs(td_text_or_empty(&t), stderr);
    }
    td_text_free(&t);
    return td_messages_errors(m) ? td_status_exit(bad) : 0;
}

int td_refuse_words(const td_args *a, size_t most)
{
    td_error err;
    char word[256];
    if (a->n_words <= most) return 0;
    td_fail(&err, TD_ARG, td_printable(a->word[most], word, sizeof word), "leave it out; --help says what it takes",
            "is a word too many");
    return td_report_error(TD_ARG, &err);
}

void td_print_json(struct json_t *o)
{
    if (!o) return;
    json_dumpf(o, stdout, TD_JSON_LINE);
    putchar('\n');
    json_decref(o);
}

static const td_command *find(const char *name)
{
    for (size_t i = 0; td_commands[i]; i++)
        if (!strcmp(td_commands[i]->name, name)) return td_commands[i];
    return NULL;
}

static int unknown(const char *name)
{
    const char *names[96];
    size_t n = 0;
    for (; td_commands[n]; n++) names[n] = td_commands[n]->name;
    const char *near = td_nearest(name, names, n);
    td_error err;
    char hint[160] = "topdown help lists them";
    if (near) snprintf(hint, sizeof hint, "did you mean '%s'?", near);
    td_fail(&err, TD_ARG, NULL, hint, "no command '%s'", name);
    return td_report_error(TD_ARG, &err);
}

/* A session of 256 stems keeps more files open than the soft limit that shells commonly set. */
static void raise_files(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files)) return;
    files.rlim_cur = files.rlim_max < MOST_FILES ? files.rlim_max : MOST_FILES;
    setrlimit(RLIMIT_NOFILE, &files);
}

/* With one of 0 to 2 closed, the first file a mix writes would become its stdout. */
static void open_standard_streams(void)
{
    int fd;
    while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO) {
    }
    if (fd >= 0) close(fd);
}

/* A result that could not be written is no success; a reader that has had enough (`| head`) is no failure. */
static int flush_results(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    struct pollfd out = { .fd = STDOUT_FILENO };
    if (poll(&out, 1, 0) == 1 && (out.revents & POLLERR)) return code;
    td_error err;
    return td_report_error(td_fail(&err, TD_DISK, "stdout", NULL, "results cannot be written"), &err);
}

static int command(int argc, char **argv, td_arena *arena)
{
    if (argc == 2 && !strcmp(argv[1], "--version")) return td_cmd_version.run(&(td_args){ 0 });
    int at = td_args_command(argc, argv);
    const td_command *c = at < argc ? find(argv[at]) : &td_cmd_help;
    if (!c) return unknown(argv[at]);
    for (int i = at; i < argc; i++) argv[i] = argv[i + 1]; /* flags and words are left, behind argv[0] */
    static td_args args;
    td_error err = { 0 };
    td_status st = td_args_parse(c->flags, argc - 1 - (at < argc), argv + 1, &args, &err);
    if (st) return td_report_error(st, &err);
    int code = td_args_config(&args, arena);
    if (code) return code;
    if (td_args_has(&args, "help") && c != &td_cmd_help) {
        args.word[0] = c->name;
        args.n_words = 1;
        return td_cmd_help.run(&args);
    }
    code = c->wordless ? td_refuse_words(&args, 0) : 0;
    return code ? code : c->run(&args);
}

int main(int argc, char **argv)
{
    struct sigaction act = { .sa_handler = stop };
    open_standard_streams();
    raise_files();
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is an error with a name, not an end */
    td_arena *arena = td_arena_new();
    int code = arena ? command(argc, argv, arena) : td_report_error(TD_NOMEM, &(td_error){ 0 });
    td_arena_free(arena);
    return flush_results(code);
}
