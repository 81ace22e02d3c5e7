#include "jobs/child.h"

#include "engine/base/units.h"
#include "jobs/ids.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_MAX_BYTES ((size_t)256 << 10)
#define LOG_TAIL       4096
#define ASK_MS         200
#define ARGS_MAX       512   /* two a role that was answered */
#define SONG_S_MAX     14400 /* what a child may say its song is long */

typedef struct watch {
    const td_child *child;
    td_child_end *end;
    char *line;
    size_t length;
    bool overlong; /* the line under way is too long and is skipped */
    int64_t began_ms, limit_ms;
} watch;

static bool is_late(const watch *w)
{
    return td_steady_ms() - w->began_ms >= w->limit_ms;
}

/* ---- starting ---------------------------------------------------------------------------------------------------- */

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

/* All that the new process needs, ready before the fork: behind it there are only system calls. */
typedef struct launch {
    const td_child *child;
    const char *program;
    char *argv[ARGS_MAX + 2], *env[16], tmp[4200];
    int null_fd, out_fd, log_fd, error_fd;
    pid_t parent;
} launch;

static bool behave(const launch *l)
{
    const struct sigaction plain = { .sa_handler = SIG_DFL };
    const struct rlimit none = { 0, 0 };
    const struct rlimit memory = { (rlim_t)l->child->memory_bytes, (rlim_t)l->child->memory_bytes };
    sigset_t no_signals;
    sigemptyset(&no_signals);
    for (int sig = 1; sig < NSIG; sig++) sigaction(sig, &plain, NULL);
    sigprocmask(SIG_SETMASK, &no_signals, NULL);
    return setpgid(0, 0) == 0 && setrlimit(RLIMIT_CORE, &none) == 0 &&
           (!l->child->memory_bytes || setrlimit(RLIMIT_AS, &memory) == 0) && dup2(l->null_fd, 0) == 0 &&
           dup2(l->out_fd, 1) == 1 && dup2(l->log_fd, 2) == 2 && chdir(l->child->folder) == 0 &&
           (!l->child->cage || (td_confine_enter(l->child->cage) && getppid() == l->parent));
}

/* The rest of the child's life on this side of exec. error_fd closes itself when exec succeeds. */
static _Noreturn void become(const launch *l)
{
    if (behave(l)) {
        close_range(3, (unsigned)l->error_fd - 1, 0);
        close_range((unsigned)l->error_fd + 1, ~0u, 0);
        execve(l->program, l->argv, l->env);
    }
    int why = errno;
    if (write(l->error_fd, &why, sizeof why) < 0) _exit(126);
    _exit(127);
}

static td_status start(launch *l, pid_t *pid, td_error *err)
{
    int told[2], why = 0;
    if (pipe2(told, O_CLOEXEC) != 0) return td_fail(err, TD_NOMEM, NULL, NULL, "no pipe: %s", strerror(errno));
    l->error_fd = told[1];
    l->parent = getpid();
    *pid = fork();
    if (*pid == 0) become(l);
    close(told[1]);
    bool failed = *pid < 0 || read(told[0], &why, sizeof why) == sizeof why;
    if (*pid < 0) why = errno;
    close(told[0]);
    if (!failed) return TD_OK;
    if (*pid > 0) waitpid(*pid, NULL, 0);
    return td_fail(err, why == ENOMEM || why == EAGAIN ? TD_NOMEM : TD_FAILED, l->program, NULL,
                   "cannot be started: %s", strerror(why));
}

static td_status spawn(const td_child *c, int out_fd, pid_t *pid, td_error *err)
{
    launch l = {
        .child = c, .program = c->program ? c->program : "/proc/self/exe", .argv = { "topdown" }, .out_fd = out_fd
    };
    for (size_t i = 0; i < ARGS_MAX && c->argv[i]; i++) l.argv[i + 1] = (char *)c->argv[i];
    bare_environment(c->folder, l.tmp, l.env);
    l.null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    l.log_fd = open(c->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    td_status st = l.null_fd >= 0 && l.log_fd >= 0
                       ? start(&l, pid, err)
                       : td_fail(err, TD_DISK, c->log, NULL, "cannot be opened: %s", strerror(errno));
    if (l.null_fd >= 0) close(l.null_fd);
    if (l.log_fd >= 0) close(l.log_fd);
    return st;
}

/* ---- listening --------------------------------------------------------------------------------------------------- */

static void keep_refusal(td_child_end *end, const json_t *o)
{
    json_t *refused = json_object_get(o, "refused"), *message = json_object_get(o, "message");
    if (!json_is_array(refused) || !json_is_object(message)) return;
    json_t *kept =
        json_pack("{s:O, s:O, s:O*}", "refused", refused, "message", message, "stems", json_object_get(o, "stems"));
    free(end->refusal);
    end->refusal = kept ? json_dumps(kept, JSON_COMPACT) : NULL;
    json_decref(kept);
}

static void tell(td_child_end *end, const json_t *o)
{
    keep_refusal(end, o);
    const char *where = json_string_value(json_object_get(o, "where"));
    const char *what = json_string_value(json_object_get(o, "what"));
    const char *code = json_string_value(json_object_get(o, "code"));
    if (code) snprintf(end->reason, sizeof end->reason, "%s", code);
    if (!what) what = json_string_value(json_object_get(o, "detail"));
    if (what) snprintf(end->text, sizeof end->text, "%s%s%s", where ? where : "", where && *where ? ": " : "", what);
}

/* Files do not tell how long the song is, when codecs make little of it. */
static void hear_length(watch *w, double song_s)
{
    int64_t limit_ms = (int64_t)(td_clamp(song_s, 0, SONG_S_MAX) * (double)w->child->limit_ms_per_s);
    if (limit_ms > w->limit_ms) w->limit_ms = limit_ms;
}

static void take_line(watch *w)
{
    json_t *o = json_loadb(w->line, w->length, JSON_REJECT_DUPLICATES, NULL);
    const char *type = json_string_value(json_object_get(o, "type"));
    if (type && !strcmp(type, "progress")) {
        const char *stage = json_string_value(json_object_get(o, "stage"));
        hear_length(w, json_number_value(json_object_get(o, "song_s")));
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
static bool listen_to(watch *w, int fd)
{
    char data[4096];
    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int ready = poll(&p, 1, ASK_MS);
        if (w->child->stop(w->child->user)) return w->end->stopped = true;
        if (is_late(w)) return w->end->timed_out = true;
        if (ready <= 0) continue;
        ssize_t n = read(fd, data, sizeof data);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        take(w, data, (size_t)n);
    }
}

/* Waits for a child that has closed its stdout; it may still take its time to end. */
static int reap(watch *w, pid_t pid, bool kill_it)
{
    int status = 0;
    for (;;) {
        if (kill_it) kill(-pid, SIGKILL);
        pid_t got = waitpid(pid, &status, kill_it ? 0 : WNOHANG);
        if (got == pid || (got < 0 && errno != EINTR)) return status;
        if (w->child->stop(w->child->user))
            kill_it = w->end->stopped = true;
        else if (is_late(w))
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
        w.began_ms = td_steady_ms();
        w.limit_ms = c->limit_ms;
        bool kill_it = listen_to(&w, pipe_fd[0]);
        int status = reap(&w, pid, kill_it);
        if (WIFEXITED(status)) out->code = WEXITSTATUS(status);
        if (WIFSIGNALED(status)) out->signal = WTERMSIG(status);
        if (out->code && !out->text[0]) read_log(c, out);
    }
    if (pipe_fd[0] >= 0) close(pipe_fd[0]);
    free(w.line);
    return st;
}
