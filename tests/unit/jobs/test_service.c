/* The service as it runs: its HTTP side, a worker, a child that stands in for the mix, a receiver. */
#include "scene.h"

#include "jobs/jobs.h"
#include "jobs/net.h"
#include "jobs/webhook.h"
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* What the stand-in does is decided by a file of the test's: mix-1 ... say how the first, second run of a job goes on. */
static const char stand_in[] = "#!/bin/sh\n"
                               "# mix --job job.yaml --json -o out --threads N\n"
                               "[ \"$1 $2 $3 $4 $5 $6\" = 'mix --job job.yaml --json -o out' ] || exit 2\n"
                               "env >> '%s/environment'\n"
                               "echo run >> '%s/runs'\n"
                               "n=$(wc -l < '%s/runs')\n"
                               "cp job.yaml '%s/seen.yaml'\n"
                               "echo 'no progress at all'\n"
                               "echo '{\"type\":\"progress\",\"v\":1,\"stage\":\"rendering\",\"fraction\":0.5}'\n"
                               "[ -e '%s/mix' ] && . '%s/mix'\n"
                               "printf 'sound' > out/Song_Master_48k24.wav\n"
                               "printf 'plan' > out/plan-Warm.yaml\n"
                               "cat > out/report.json <<E\n"
                               "{ \"v\": 1, \"session\": { \"stems\": 1, \"duration_s\": 2.5, \"rate_hz\": 48000, \"warnings\": 0 },\n"
                               "  \"mixes\": [ { \"label\": \"Warm\", \"recipe\": \"pop-rock\", \"loudness_lufs\": -14.0,\n"
                               "  \"true_peak_dbtp\": -1.3, \"outputs\": [ { \"name\": \"Song_Master_48k24.wav\", \"kind\": \"master\" } ] } ] }\n"
                               "E\n"
                               "echo '{\"type\":\"done\",\"v\":1}'\n";

typedef struct house {
    char dir[64], data[96], stems[96], child[96], base[64], key[160], secret[64], hook[64];
    pid_t service, receiver;
    td_arena *arena;
} house;

static void write_text(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
    chmod(path, mode);
}

static const char *in_dir(const house *h, const char *name)
{
    static _Thread_local char path[4][200];
    static _Thread_local unsigned next;
    char *p = path[next++ % 4];
    snprintf(p, 200, "%s/%s", h->dir, name);
    return p;
}

/* The first line of what a started process says, up to the address in it. */
static void read_address(int fd, char *out, size_t size)
{
    char line[400] = "", *at;
    for (size_t n = 0; n + 1 < sizeof line && read(fd, line + n, 1) == 1 && line[n] != '\n'; n++) continue;
    at = strstr(line, "http://");
    out[0] = 0;
    if (at) snprintf(out, size, "http://%.*s", (int)strcspn(at + 7, " /\n"), at + 7);
}

static pid_t start(house *h, bool receiver, char *address, size_t size)
{
    int out[2];
    td_error err = { 0 };
    if (pipe(out)) return -1;
    pid_t pid = fork();
    if (!pid) {
        const char *roots[] = { h->stems };
        int log = open(in_dir(h, receiver ? "receiver.log" : "service.log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(log, STDERR_FILENO);
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        td_listen_options listener = { .listen = "127.0.0.1:0", .secret = h->secret, .save = in_dir(h, "received"), .json = true };
        td_service_options service = { .data = h->data, .listen = "127.0.0.1:0", .jobs = 1, .allow_private = true,
                                       .file_root = roots, .n_file_roots = 1, .recipes = in_dir(h, "recipes"),
                                       .child_program = h->child };
        setenv("AWS_SECRET_ACCESS_KEY", "planted-secret", 1);
        td_status st = receiver ? td_listen(&listener, &err) : td_serve(&service, &err);
        if (st) fprintf(stderr, "%s %s\n", err.where, err.what);
        fflush(stdout);
        exit(st);
    }
    close(out[1]);
    read_address(out[0], address, size);
    if (receiver) {
        dup2(out[0], 63); /* its lines are read later */
        close(out[0]);
    } else {
        close(out[0]);
    }
    return pid;
}

static void open_service(house *h)
{
    char *key;
    h->service = start(h, false, h->base, sizeof h->base);
    assert_true(h->base[0]);
    assert_int_equal(td_file_read(h->arena, in_dir(h, "data/api-key"), 200, &key, NULL, NULL), TD_OK);
    snprintf(h->key, sizeof h->key, "Authorization: Bearer %.*s", (int)strcspn(key, "\n"), key);
}

static int house_open(void **state)
{
    house *h = calloc(1, sizeof *h);
    char script[4000];
    snprintf(h->dir, sizeof h->dir, "/tmp/td-service-XXXXXX");
    if (!mkdtemp(h->dir)) return -1;
    h->arena = td_arena_new();
    snprintf(h->data, sizeof h->data, "%s/data", h->dir);
    snprintf(h->stems, sizeof h->stems, "%s/stems", h->dir);
    snprintf(h->child, sizeof h->child, "%s/child", h->dir);
    snprintf(script, sizeof script, stand_in, h->dir, h->dir, h->dir, h->dir, h->dir, h->dir);
    write_text(h->child, script, 0755);
    mkdir(h->stems, 0700);
    mkdir(h->data, 0700);
    mkdir(in_dir(h, "recipes"), 0700);
    write_text(in_dir(h, "recipes/plain.yaml"), "topdown: recipe/1\nname: plain\ntitle: Plain\n", 0600);
    mkdir(in_dir(h, "data/credentials"), 0700);
    write_text(in_dir(h, "stems/Kick.wav"), "kick", 0600);
    write_text(in_dir(h, "secret.wav"), "not yours", 0600);
    td_webhook_secret(h->secret);
    write_text(in_dir(h, "data/credentials/hook-main"), h->secret, 0600);
    h->receiver = start(h, true, h->hook, sizeof h->hook);
    open_service(h);
    *state = h;
    return 0;
}

static int stop(pid_t pid, int sig)
{
    int status = 0;
    if (pid <= 0) return 0;
    kill(pid, sig);
    waitpid(pid, &status, 0);
    return status;
}

static int house_close(void **state)
{
    house *h = *state;
    stop(h->service, SIGKILL);
    stop(h->receiver, SIGKILL);
    td_arena_free(h->arena);
    if (!getenv("KEEP")) td_tree_remove(h->dir);
    free(h);
    return 0;
}

/* ---- asking ------------------------------------------------------------------------------------------------------- */

static long call(house *h, const char *method, const char *path, const char *body, const char *idem, json_t **out, bool *replayed)
{
    char url[300], key[100];
    td_net_answer answer;
    static const td_net_policy anywhere = { .allow_private = true };
    snprintf(url, sizeof url, "%s%s", h->base, path);
    snprintf(key, sizeof key, "Idempotency-Key: %s", idem ? idem : "");
    const char *const headers[] = { h->key, key };
    td_net_request r = { .method = method, .url = url, .header = headers, .n_headers = idem ? 2 : 1, .body = body,
                         .body_length = body ? strlen(body) : 0 };
    assert_int_equal(td_net_do(&anywhere, &r, 1 << 20, &answer, NULL), TD_OK);
    json_t *o = json_loadb(answer.text ? answer.text : "", answer.text_length, 0, NULL);
    free(answer.text);
    if (replayed) *replayed = answer.replayed;
    if (out)
        *out = o;
    else
        json_decref(o);
    return answer.status;
}

static const char *order(house *h, const char *stem)
{
    return td_arena_printf(h->arena,
                           "topdown: job/1\nname: test\ntitle: Song\nstems: { files: [ { file: \"%s\" } ] }\n"
                           "recipes: [ { recipe: plain, label: Warm } ]\n"
                           "notify: [ { url: \"%s/hook\", secret: hook-main } ]\ndeliver: { to: \"%s/in\" }\n"
                           "tags: { order: \"2041\" }\n",
                           stem, h->hook, h->hook);
}

static const char *submit(house *h, const char *body, const char *idem)
{
    json_t *o;
    long status = call(h, "POST", "/v1/jobs", body, idem, &o, NULL);
    if (status != 201) {
        char *text = json_dumps(o, 0);
        fail_msg("%ld %s", status, text);
    }
    const char *id = td_arena_strdup(h->arena, json_string_value(json_object_get(o, "id")));
    json_decref(o);
    return id;
}

static json_t *job(house *h, const char *id)
{
    char path[100];
    json_t *o;
    snprintf(path, sizeof path, "/v1/jobs/%s", id);
    assert_int_equal(call(h, "GET", path, NULL, NULL, &o, NULL), 200);
    return o;
}

static const char *text_of(house *h, json_t *o, const char *name)
{
    return td_arena_strdup(h->arena, json_string_value(json_object_get(o, name)));
}

/* Waits until the job is in that state; gives up after 20 s. */
static json_t *wait_for(house *h, const char *id, const char *state)
{
    for (int i = 0; i < 400; i++) {
        json_t *o = job(h, id);
        if (!strcmp(json_string_value(json_object_get(o, "state")), state)) return o;
        json_decref(o);
        usleep(50000);
    }
    json_t *o = job(h, id);
    fail_msg("the job is not %s but %s", state, json_dumps(o, 0));
    return NULL;
}

/* The receiver's next line. */
static json_t *next_line(void)
{
    char line[8192];
    size_t n = 0;
    while (n + 1 < sizeof line && read(63, line + n, 1) == 1 && line[n] != '\n') n++;
    return json_loadb(line, n, 0, NULL);
}

/* ---- the tests ---------------------------------------------------------------------------------------------------- */

static void a_job_s_whole_life(void **state)
{
    house *h = *state;
    const char *id = submit(h, order(h, in_dir(h, "stems/Kick.wav")), "k1");
    json_t *o = wait_for(h, id, "done"), *mix = json_array_get(json_object_get(o, "mixes"), 0);
    json_t *output = json_array_get(json_object_get(mix, "outputs"), 0);
    assert_string_equal(text_of(h, mix, "label"), "Warm");
    assert_true(json_number_value(json_object_get(mix, "loudness_lufs")) == -14.0);
    assert_string_equal(text_of(h, output, "name"), "Song_Master_48k24.wav");
    assert_string_equal(text_of(h, output, "sha256"), /* printf sound | sha256sum */
                        "dd29442deca69f52c50006b831cb216edf78a7da33748f0a80ff19f2ebe57ecd");
    assert_int_equal(json_array_size(json_object_get(o, "files")), 2); /* plan and report */
    json_decref(o);

    unsigned results = 0;
    for (;;) { /* three PUTs, then the webhook */
        json_t *line = next_line();
        assert_true(json_is_true(json_object_get(line, "good")));
        bool hook = !strcmp(json_string_value(json_object_get(line, "type")), "webhook");
        json_t *data = json_object_get(json_object_get(line, "body"), "data");
        if (hook) assert_string_equal(text_of(h, data, "delivery"), "complete");
        json_decref(line);
        if (hook) break;
        results++;
    }
    assert_int_equal(results, 3);
    assert_true(td_is_file(in_dir(h, "received/Song_Master_48k24.wav")));
}

#define T(f) cmocka_unit_test_setup_teardown(f, house_open, house_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_job_s_whole_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
