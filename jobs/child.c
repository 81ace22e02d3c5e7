#include "jobs/child.h"

#include "jobs/ids.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_MAX_BYTES ((size_t)64 << 10)
#define LOG_TAIL       4096
#define ASK_MS         200

typedef struct watch {
    const td_child *child;
    td_child_end *end;
    char *line;
    size_t length;
    bool overlong; /* the line under way is too long and is skipped */
} watch;

/* ---- starting -----------------------------------------------------------------------------------------------------
 */

/* Nothing of ours but what a program needs to find its files and its language. */
static void bare_environment(const char *folder, char tmp[4200], char *out[16])
{
    static const char *const kept[] = { "PATH", "HOME", "LANG", "LC_ALL", "TZ", "XDG_CONFIG_HOME" };
    size_t n = 0;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        for (char **e = environ; *e; e++)
            if (td_starts_with(*e, kept[i]) && (*e)[strlen(kept[i])] == '=') out[n++] = *e;
    snprintf(tmp, 4200, "TMPDIR=%s", folder);
    out[n++] = tmp;
    out[n] = NULL;
}

static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr, const td_child *c, int out_fd)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int bad = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    if (!bad) bad = posix_spawn_file_actions_adddup2(actions, out_fd, 1);
    if (!bad) bad = posix_spawn_file_actions_addopen(actions, 2, c->log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (!bad) bad = posix_spawn_file_actions_addclosefrom_np(actions, 3);
    if (!bad) bad = posix_spawn_file_actions_addchdir_np(actions, c->folder);
    if (!bad)
        bad = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (!bad) bad = posix_spawnattr_setpgroup(attr, 0);
    if (!bad) bad = posix_spawnattr_setsigmask(attr, &none);
    return bad ? bad : posix_spawnattr_setsigdefault(attr, &all);
}

static td_status spawn(const td_child *c, int out_fd, pid_t *pid, td_error *err)
{
    enum { ARGS = 32 };
    char *argv[ARGS + 2] = { "topdown" }, *env[16], tmp[4200];
    for (size_t i = 0; i < ARGS && c->argv[i]; i++) argv[i + 1] = (char *)c->argv[i];
    bare_environment(c->folder, tmp, env);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    const char *program = c->program ? c->program : "/proc/self/exe";
    int bad = prepare(&actions, &attr, c, out_fd);
    if (!bad) bad = posix_spawn(pid, program, &actions, &attr, argv, env);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    if (bad)
        return td_fail(err, bad == ENOMEM || bad == EAGAIN ? TD_NOMEM : TD_FAILED, program, NULL,
                       "cannot be started: %s", strerror(bad));
    const struct rlimit no_core = { 0, 0 }, memory = { (rlim_t)c->memory_bytes, (rlim_t)c->memory_bytes };
    prlimit(*pid, RLIMIT_CORE, &no_core, NULL);
    if (c->memory_bytes) prlimit(*pid, RLIMIT_AS, &memory, NULL);
    return TD_OK;
}

/* ---- listening ----------------------------------------------------------------------------------------------------
 */

static void tell(td_child_end *end, const json_t *o)
{
    const char *where = json_string_value(json_object_get(o, "where"));
    const char *what = json_string_value(json_object_get(o, "what"));
    const char *code = json_string_value(json_object_get(o, "code"));
    if (code) snprintf(end->reason, sizeof end->reason, "%s", code);
    if (!what) what = json_string_value(json_object_get(o, "detail"));
    if (what) snprintf(end->text, sizeof end->text, "%s%s%s", where ? where : "", where && *where ? ": " : "", what);
}

static void take_line(watch *w)
{
    json_t *o = json_loadb(w->line, w->length, JSON_REJECT_DUPLICATES, NULL);
    const char *type = json_string_value(json_object_get(o, "type"));
    if (type && !strcmp(type, "progress")) {
        const char *stage = json_string_value(json_object_get(o, "stage"));
        if (stage)
            w->child->progress(w->child->user, stage, json_number_value(json_object_get(o, "fraction")),
                               json_string_value(json_object_get(o, "mix")));
    } else if (type && !strcmp(type, "done")) {
        w->end->done = true;
    } else if (type && !strcmp(type, "error")) {
        tell(w->end, o);
    }
    json_decref(o);
}

static void take(watch *w, const char *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (data[i] == '\n') {
            if (!w->overlong) take_line(w);
            w->length = 0;
            w->overlong = false;
        } else if (w->length < LINE_MAX_BYTES) {
            w->line[w->length++] = data[i];
        } else {
            w->overlong = true;
        }
    }
}

/* Until the child closes its stdout, is to be stopped, or has had its time. True: kill it. */
static bool listen_to(watch *w, int fd, int64_t until_ms)
{
    char data[4096];
    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int ready = poll(&p, 1, ASK_MS);
        if (w->child->stop(w->child->user)) return w->end->stopped = true;
        if (td_steady_ms() >= until_ms) return w->end->timed_out = true;
        if (ready <= 0) continue;
        ssize_t n = read(fd, data, sizeof data);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        take(w, data, (size_t)n);
    }
}

/* Waits for a child that has closed its stdout; it may still take its time to end. */
static int reap(watch *w, pid_t pid, bool kill_it, int64_t until_ms)
{
    int status = 0;
    for (;;) {
        if (kill_it) kill(-pid, SIGKILL);
        pid_t got = waitpid(pid, &status, kill_it ? 0 : WNOHANG);
        if (got == pid || (got < 0 && errno != EINTR)) return status;
        if (w->child->stop(w->child->user))
            kill_it = w->end->stopped = true;
        else if (td_steady_ms() >= until_ms)
            kill_it = w->end->timed_out = true;
        else
            poll(NULL, 0, 20);
    }
}

/* What it said last on stderr, when it told nothing better: "topdown: error: ..." and the hint below. */
static void read_log(const td_child *c, td_child_end *end)
{
    static const char mark[] = "topdown: error: ";
    char tail[LOG_TAIL + 1];
    int fd = open(c->log, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    off_t size = lseek(fd, 0, SEEK_END);
    ssize_t n = pread(fd, tail, LOG_TAIL, size > LOG_TAIL ? size - LOG_TAIL : 0);
    close(fd);
    if (n <= 0) return;
    tail[n] = 0;
    const char *last = NULL;
    for (const char *p = tail; (p = strstr(p, mark)); p += sizeof mark - 1) last = p + sizeof mark - 1;
    if (last) snprintf(end->text, sizeof end->text, "%.*s", (int)strcspn(last, "\n"), last);
}

td_status td_child_run(const td_child *c, td_child_end *out, td_error *err)
{
    *out = (td_child_end){ .code = -1 };
    watch w = { .child = c, .end = out, .line = malloc(LINE_MAX_BYTES) };
    int pipe_fd[2] = { -1, -1 };
    pid_t pid;
    td_status st = w.line ? TD_OK : TD_NOMEM;
    if (!st && pipe2(pipe_fd, O_CLOEXEC) != 0) st = td_fail(err, TD_NOMEM, NULL, NULL, "no pipe: %s", strerror(errno));
    if (!st) st = spawn(c, pipe_fd[1], &pid, err);
    if (pipe_fd[1] >= 0) close(pipe_fd[1]);
    if (!st) {
        int64_t until_ms = td_steady_ms() + c->limit_ms;
        bool kill_it = listen_to(&w, pipe_fd[0], until_ms);
        int status = reap(&w, pid, kill_it, until_ms);
        if (WIFEXITED(status)) out->code = WEXITSTATUS(status);
        if (WIFSIGNALED(status)) out->signal = WTERMSIG(status);
        if (out->code && !out->text[0]) read_log(c, out);
    }
    if (pipe_fd[0] >= 0) close(pipe_fd[0]);
    free(w.line);
    return st;
}
