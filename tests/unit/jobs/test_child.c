#include "scene.h"

#include "jobs/child.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

typedef struct yard {
    char dir[64], folder[96], log[128], secret[96];
    bool stop;
    unsigned told;
    char stage[32], mix[32];
    double fraction;
    td_child_end end;
} yard;

static int yard_open(void **state)
{
    yard *y = calloc(1, sizeof *y);
    snprintf(y->dir, sizeof y->dir, "/tmp/td-child-XXXXXX");
    if (!mkdtemp(y->dir)) return -1;
    snprintf(y->folder, sizeof y->folder, "%s/job", y->dir);
    snprintf(y->log, sizeof y->log, "%s/log", y->dir);
    snprintf(y->secret, sizeof y->secret, "%s/secret", y->dir);
    mkdir(y->folder, 0700);
    close(open(y->secret, O_CREAT | O_WRONLY, 0600));
    *state = y;
    return 0;
}

static int yard_close(void **state)
{
    yard *y = *state;
    td_tree_remove(y->dir);
    free(y);
    return 0;
}

static void tell(void *user, const char *stage, double fraction, const char *mix)
{
    yard *y = user;
    y->told++;
    y->fraction = fraction;
    snprintf(y->stage, sizeof y->stage, "%s", stage);
    snprintf(y->mix, sizeof y->mix, "%s", mix ? mix : "");
}

static bool stop(void *user)
{
    return ((yard *)user)->stop;
}

/* Runs a script of bash; its exit code. */
static int run(yard *y, const char *script, const td_confine *cage, int64_t limit_ms)
{
    const char *const argv[] = { "-c", script, NULL };
    td_child c = { .program = "/bin/bash",
                   .argv = argv,
                   .folder = y->folder,
                   .log = y->log,
                   .limit_ms = limit_ms,
                   .cage = cage,
                   .progress = tell,
                   .stop = stop,
                   .user = y };
    assert_int_equal(td_child_run(&c, &y->end, NULL), TD_OK);
    return y->end.code;
}

static int run_caged(yard *y, const char *script)
{
    static const char *const nothing[] = { NULL };
    td_confine cage;
    assert_int_equal(td_confine_init(&cage, y->folder, nothing, NULL), TD_OK);
    int code = run(y, script, &cage, 10000);
    td_confine_fini(&cage);
    return code;
}

/* Dead within two seconds; whether someone reaped it is not asked. */
static bool is_gone(int pid)
{
    char path[40], state = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    for (int i = 0; i < 200; i++, usleep(10000)) {
        FILE *f = fopen(path, "r");
        bool read = f && fscanf(f, "%*d (%*[^)]) %c", &state) == 1;
        if (f) fclose(f);
        if (!read || state == 'Z' || state == 'X') return true;
    }
    return false;
}

/* ---- what it tells ----------------------------------------------------------------------------------------------- */

static void progress_is_read_and_the_rest_ignored(void **state)
{
    yard *y = *state;
    assert_int_equal(
        run(y,
            "echo nonsense; echo '{\"type\":1}'; echo '[]'; echo '{\"type\":\"progress\"}'\n"
            "head -c 200000 /dev/zero | tr '\\0' x; echo\n"
            "echo '{\"type\":\"progress\",\"v\":1,\"stage\":\"rendering\",\"fraction\":0.25,\"mix\":\"Warm\"}'\n"
            "echo '{\"type\":\"done\",\"v\":1}'",
            NULL, 10000),
        0);
    assert_int_equal(y->told, 1);
    assert_string_equal(y->stage, "rendering");
    assert_string_equal(y->mix, "Warm");
    assert_true(y->fraction == 0.25);
    assert_true(y->end.done);
}

static void endings_are_told_apart(void **state)
{
    yard *y = *state;
    assert_int_equal(run(y, "exit 75", NULL, 10000), 75);
    assert_int_equal(run(y, "kill -SEGV $$", NULL, 10000), -1);
    assert_int_equal(y->end.signal, SIGSEGV);
    assert_int_equal(
        run(y, "echo 'topdown: error: first' >&2; echo 'topdown: error: Kick.wav: damaged' >&2; exit 3", NULL, 10000),
        3);
    assert_string_equal(y->end.text, "Kick.wav: damaged");
    assert_int_equal(
        run(y,
            "echo '{\"type\":\"error\",\"v\":1,\"code\":\"input\",\"where\":\"Kick.wav\",\"what\":\"is damaged\"}'\n"
            "echo 'topdown: error: other' >&2; exit 3",
            NULL, 10000),
        3);
    assert_string_equal(y->end.text, "Kick.wav: is damaged");
    assert_string_equal(y->end.reason, "input");
}

static void a_child_that_goes_on_too_long_is_killed_with_its_own(void **state)
{
    yard *y = *state;
    assert_int_equal(run(y, "sleep 60 & echo $! > pid; wait", NULL, 300), -1);
    assert_true(y->end.timed_out);
    assert_int_equal(y->end.signal, SIGKILL);
    char path[128], text[16] = "";
    snprintf(path, sizeof path, "%s/pid", y->folder);
    FILE *f = fopen(path, "r");
    assert_non_null(fgets(text, sizeof text, f));
    fclose(f);
    assert_true(is_gone(atoi(text)));
}

static void a_closed_stdout_is_no_end(void **state)
{
    yard *y = *state;
    assert_int_equal(run(y, "exec >&-; sleep 0.2; exit 7", NULL, 10000), 7);
    assert_int_equal(run(y, "exec >&-; sleep 60", NULL, 300), -1);
    assert_true(y->end.timed_out);
}

static void stop_is_heard(void **state)
{
    yard *y = *state;
    y->stop = true;
    assert_int_equal(run(y, "sleep 60", NULL, 60000), -1);
    assert_true(y->end.stopped);
}

static void what_cannot_start_is_an_error(void **state)
{
    yard *y = *state;
    const char *const argv[] = { NULL };
    td_child c = { .program = "/no/such/program",
                   .argv = argv,
                   .folder = y->folder,
                   .log = y->log,
                   .limit_ms = 1000,
                   .progress = tell,
                   .stop = stop,
                   .user = y };
    td_error err = { 0 };
    assert_int_equal(td_child_run(&c, &y->end, &err), TD_FAILED);
    assert_string_equal(err.where, "/no/such/program");
}

/* ---- what it may ------------------------------------------------------------------------------------------------- */

static void nothing_of_ours_is_inherited(void **state)
{
    yard *y = *state;
    setenv("AWS_SECRET_ACCESS_KEY", "planted", 1);
    int open_one = open(y->secret, O_RDONLY); /* without CLOEXEC */
    assert_int_equal(run(y,
                         "[ -z \"$AWS_SECRET_ACCESS_KEY\" ] && [ \"$PWD\" = \"$TMPDIR\" ] || exit 1\n"
                         "ls -l /proc/$$/fd | grep -q secret && exit 2\n"
                         "[ \"$(ulimit -c)\" = 0 ]",
                         NULL, 10000),
                     0);
    close(open_one);
}

static void only_its_folder(void **state)
{
    yard *y = *state;
    char script[1200];
    if (!td_confine_files()) skip();
    snprintf(script, sizeof script,
             "echo in > mine && mkdir sub && mv mine sub/ && [ \"$(cat sub/mine)\" = in ] || exit 1\n"
             "cat '%s' 2>/dev/null && exit 2\n"
             "cat /etc/passwd 2>/dev/null && exit 3\n"
             "(echo out > '%s/other') 2>/dev/null && exit 4\n"
             "ls '%s' 2>/dev/null && exit 5\n"
             "ln -s '%s' link 2>/dev/null && cat link 2>/dev/null && exit 6\n"
             "cat /proc/1/environ 2>/dev/null && exit 7\n"
             "rm -f '%s' 2>/dev/null && exit 8\n"
             "exit 0",
             y->secret, y->dir, y->dir, y->secret, y->secret);
    assert_int_equal(run_caged(y, script), 0);
    assert_int_equal(access(y->secret, F_OK), 0);
}

static void no_network(void **state)
{
    yard *y = *state;
    char script[200];
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 5), 0);
    getsockname(fd, (struct sockaddr *)&a, &length);
    snprintf(script, sizeof script, "exec 3<>/dev/tcp/127.0.0.1/%d", ntohs(a.sin_port));
    assert_int_equal(run(y, script, NULL, 10000), 0); /* there is someone to reach */
    assert_int_not_equal(run_caged(y, script), 0);
    close(fd);
}

static void no_signals_to_others(void **state)
{
    yard *y = *state;
    char script[100];
    snprintf(script, sizeof script, "kill -0 %d", getpid());
    assert_int_equal(run(y, script, NULL, 10000), 0);
    assert_int_not_equal(run_caged(y, script), 0);
}

static void it_dies_with_us(void **state)
{
    yard *y = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/pid", y->folder);
    pid_t us = fork();
    if (!us) {
        run_caged(y, "echo $$ > pid; sleep 60");
        _exit(0);
    }
    struct stat s;
    for (int i = 0; i < 500 && (stat(path, &s) != 0 || !s.st_size); i++) usleep(10000);
    kill(us, SIGKILL);
    waitpid(us, NULL, 0);
    FILE *f = fopen(path, "r");
    int pid = 0;
    assert_int_equal(fscanf(f, "%d", &pid), 1);
    fclose(f);
    assert_true(is_gone(pid));
}

#define T(f) cmocka_unit_test_setup_teardown(f, yard_open, yard_close)

/* An Opus file of 64 kbit/s is a song of more minutes than its bytes tell. */
static void a_long_song_has_longer(void **state)
{
    yard *y = *state;
    static const char told[] = "echo '{\"type\":\"progress\",\"stage\":\"survey\",\"song_s\":20}'; sleep 0.6";
    const char *const scripts[] = { told, "sleep 0.6" };
    for (int i = 0; i < 2; i++) {
        const char *const argv[] = { "-c", scripts[i], NULL };
        td_child c = { .program = "/bin/bash",
                       .argv = argv,
                       .folder = y->folder,
                       .log = y->log,
                       .limit_ms = 300,
                       .limit_ms_per_s = 1000,
                       .progress = tell,
                       .stop = stop,
                       .user = y };
        assert_int_equal(td_child_run(&c, &y->end, NULL), TD_OK);
        assert_int_equal(y->end.timed_out, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(progress_is_read_and_the_rest_ignored),
        T(endings_are_told_apart),
        T(a_child_that_goes_on_too_long_is_killed_with_its_own),
        T(a_long_song_has_longer),
        T(a_closed_stdout_is_no_end),
        T(stop_is_heard),
        T(what_cannot_start_is_an_error),
        T(nothing_of_ours_is_inherited),
        T(only_its_folder),
        T(no_network),
        T(no_signals_to_others),
        T(it_dies_with_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
