/* The service as it runs: its HTTP side, a worker, a child that stands in for the mix, a receiver. */
#include "scene.h"

#include "jobs/jobs.h"
#include "jobs/net/net.h"
#include "jobs/net/webhook.h"
#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

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

static void copy_file(const char *from, const char *to)
{
    char *text;
    td_arena *a = td_arena_new();
    assert_int_equal(td_file_read(a, from, 65536, &text, NULL, NULL), TD_OK);
    write_text(to, text, 0755);
    td_arena_free(a);
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
        td_listen_options listener = {
            .listen = "127.0.0.1:0", .secret = h->secret, .save = in_dir(h, "received"), .json = true
        };
        td_service_options service = { .data = h->data,
                                       .listen = "127.0.0.1:0",
                                       .jobs = 1,
                                       .allow_private = true,
                                       .file_root = roots,
                                       .n_file_roots = 1,
                                       .recipes = in_dir(h, "recipes"),
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
    snprintf(h->dir, sizeof h->dir, "/tmp/td-service-XXXXXX");
    if (!mkdtemp(h->dir)) return -1;
    h->arena = td_arena_new();
    snprintf(h->data, sizeof h->data, "%s/data", h->dir);
    snprintf(h->stems, sizeof h->stems, "%s/stems", h->dir);
    snprintf(h->child, sizeof h->child, "%s/child", h->dir);
    copy_file("tests/unit/jobs/stand-in.sh", h->child);
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

/* ---- asking ------------------------------------------------------------------------------------------------------ */

static long call(house *h, const char *method, const char *path, const char *body, const char *idem, json_t **out,
                 bool *replayed)
{
    char url[300], key[100];
    td_net_answer answer;
    static const td_net_policy anywhere = { .allow_private = true };
    snprintf(url, sizeof url, "%s%s", h->base, path);
    snprintf(key, sizeof key, "Idempotency-Key: %s", idem ? idem : "");
    const char *const headers[] = { h->key, key };
    td_net_request r = { .method = method,
                         .url = url,
                         .header = headers,
                         .n_headers = idem ? 2 : 1,
                         .body = body,
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

/* ---- a life ------------------------------------------------------------------------------------------------------ */

static void a_job_s_whole_life(void **state)
{
    house *h = *state;
    const char *id = submit(h, order(h, in_dir(h, "stems/Kick.wav")), "k1");
    json_t *o = wait_for(h, id, "done"), *mix = json_array_get(json_object_get(o, "mixes"), 0);
    json_t *output = json_array_get(json_object_get(mix, "outputs"), 0), *session = json_object_get(o, "session");
    assert_int_equal(json_integer_value(json_object_get(session, "stems")), 2);
    assert_int_equal(json_integer_value(json_object_get(session, "warnings")), 1);
    assert_string_equal(text_of(h, mix, "label"), "Warm");
    assert_true(json_number_value(json_object_get(mix, "loudness_lufs")) == -14.0);
    assert_string_equal(text_of(h, output, "name"), "Song_Master_48k24.wav");
    assert_string_equal(text_of(h, output, "sha256"), /* printf sound | sha256sum */
                        "dd29442deca69f52c50006b831cb216edf78a7da33748f0a80ff19f2ebe57ecd");
    assert_int_equal(json_array_size(json_object_get(o, "files")), 2); /* plan and report */
    assert_true(json_is_null(json_object_get(o, "problem")));
    json_decref(o);

    unsigned results = 0;
    for (bool hook = false; !hook;) { /* three PUTs, then the webhook */
        json_t *line = next_line();
        assert_true(json_is_true(json_object_get(line, "good")));
        hook = !strcmp(json_string_value(json_object_get(line, "type")), "webhook");
        json_t *data = json_object_get(json_object_get(line, "body"), "data");
        if (hook) assert_string_equal(text_of(h, data, "delivery"), "complete");
        results += !hook;
        json_decref(line);
    }
    assert_int_equal(results, 3);
    assert_true(td_is_file(in_dir(h, "received/in/Song_Master_48k24.wav")));
    char *plan;
    assert_int_equal(td_file_read(h->arena, in_dir(h, "received/in/plan-Warm.yaml"), 9999, &plan, NULL, NULL), TD_OK);
    assert_string_equal(plan, "path: Kick.wav\n"); /* nothing of where it lay here */
}

static void the_child_sees_its_stems_and_nothing_of_ours(void **state)
{
    house *h = *state;
    char *seen, *environment;
    json_decref(wait_for(h, submit(h, order(h, in_dir(h, "stems/Kick.wav")), "k1"), "done"));
    assert_int_equal(td_file_read(h->arena, in_dir(h, "seen.yaml"), 9999, &seen, NULL, NULL), TD_OK);
    assert_non_null(strstr(seen, "\"in/000/Kick.wav\""));
    assert_null(strstr(seen, h->dir));
    assert_null(strstr(seen, "hook-main"));
    assert_null(strstr(seen, "deliver"));
    assert_int_equal(td_file_read(h->arena, in_dir(h, "environment"), 99999, &environment, NULL, NULL), TD_OK);
    assert_null(strstr(environment, "planted-secret"));
    assert_non_null(strstr(environment, "TMPDIR="));
}

static void nothing_is_left_in_scratch(void **state)
{
    house *h = *state;
    char path[200];
    const char *id = submit(h, order(h, in_dir(h, "stems/Kick.wav")), "k1");
    json_decref(wait_for(h, id, "done"));
    snprintf(path, sizeof path, "%s/scratch/%s", h->data, id);
    for (int i = 0; i < 100 && td_is_folder(path); i++) usleep(20000); /* cleaned after the answer */
    assert_false(td_is_folder(path));
}

/* ---- the API ----------------------------------------------------------------------------------------------------- */

static void the_same_key_twice_is_one_job(void **state)
{
    house *h = *state;
    json_t *first, *again, *list;
    bool replayed;
    const char *body = order(h, in_dir(h, "stems/Kick.wav"));
    assert_int_equal(call(h, "POST", "/v1/jobs", body, "once", &first, &replayed), 201);
    assert_false(replayed);
    json_decref(wait_for(h, text_of(h, first, "id"), "done"));
    assert_int_equal(call(h, "POST", "/v1/jobs", body, "once", &again, &replayed), 201);
    assert_true(replayed);
    assert_string_equal(text_of(h, again, "id"), text_of(h, first, "id"));
    assert_string_equal(text_of(h, first, "state"), "queued");
    assert_true(json_equal(again, first)); /* the first answer, whatever has become of it */
    assert_int_equal(call(h, "POST", "/v1/jobs", order(h, in_dir(h, "stems/Other.wav")), "once", NULL, NULL), 422);
    assert_int_equal(call(h, "POST", "/v1/jobs", body, NULL, NULL, NULL), 400);
    assert_int_equal(call(h, "GET", "/v1/jobs?tag.order=2041", NULL, NULL, &list, NULL), 200);
    assert_int_equal(json_array_size(json_object_get(list, "data")), 1);
    json_decref(first);
    json_decref(again);
    json_decref(list);
}

static void who_comes_too_late_is_told(void **state)
{
    house *h = *state;
    json_t *o;
    const char *body = order(h, in_dir(h, "stems/Kick.wav"));
    assert_int_equal(call(h, "POST", "/v1/jobs", body, "k1", &o, NULL), 201);
    assert_true(json_is_false(json_object_get(o, "late")));
    json_decref(o);
    body = td_arena_printf(h->arena, "%sdeliver_by: 2001-01-01T07:00:00Z\n", body);
    assert_int_equal(call(h, "POST", "/v1/jobs", body, "k2", &o, NULL), 201);
    assert_true(json_is_true(json_object_get(o, "late")));
    const char *id = text_of(h, o, "id");
    json_decref(o);
    o = wait_for(h, id, "done");
    assert_true(json_is_false(json_object_get(o, "late")));
    json_decref(o);
}

static void mistakes_name_their_place(void **state)
{
    house *h = *state;
    json_t *o;
    assert_int_equal(call(h, "POST", "/v1/jobs",
                          "topdown: job/1\nstems: { folder: x }\nrecipes: [ plain ]\nnotfy: []\n", "k", &o, NULL),
                     422);
    json_t *first = json_array_get(json_object_get(o, "errors"), 0);
    assert_string_equal(text_of(h, o, "type"), "/problems/job-invalid");
    assert_int_equal(json_integer_value(json_object_get(first, "line")), 4);
    assert_int_equal(json_integer_value(json_object_get(first, "column")), 1);
    json_decref(o);
    assert_int_equal(call(h, "GET", "/problems/job-invalid", NULL, NULL, NULL, NULL), 200);
    assert_int_equal(call(h, "GET", "/problems/none", NULL, NULL, NULL, NULL), 404);
}

static void what_is_refused_has_a_place_as_well(void **state)
{
    house *h = *state;
    json_t *o, *one;
    const char *body = td_arena_printf(h->arena,
                                       "topdown: job/1\nstems:\n  - /etc/passwd\n  - %s\n  - %s\n"
                                       "recipes: [ plain ]\nnotify: [ { url: \"%s\", secret: no-such } ]\n",
                                       in_dir(h, "stems/Kick.wav"), in_dir(h, "secret.wav"), h->hook);
    assert_int_equal(call(h, "POST", "/v1/jobs", body, "k", &o, NULL), 422);
    const json_t *errors = json_object_get(o, "errors");
    static const struct {
        int line;
        const char *pointer;
    } places[] = { { 3, "/stems/0" }, { 5, "/stems/2" }, { 7, "/notify/0/secret" } };
    assert_int_equal(json_array_size(errors), 3);
    for (size_t i = 0; i < 3; i++) {
        one = json_array_get(errors, i);
        assert_int_equal(json_integer_value(json_object_get(one, "line")), places[i].line);
        assert_string_equal(text_of(h, one, "pointer"), places[i].pointer);
    }
    json_decref(o);
    assert_int_equal(call(h, "POST", "/v1/jobs", "- a list\n", "k", &o, NULL), 422);
    one = json_array_get(json_object_get(o, "errors"), 0);
    assert_non_null(strstr(text_of(h, one, "hint"), "job/1"));
    json_decref(o);
}

static void what_the_service_does_not_do_is_refused_at_once(void **state)
{
    house *h = *state;
    const char *const stems[] = { in_dir(h, "secret.wav"), "/etc/passwd", "ftp://b/k.wav", "s3://b/k.wav",
                                  td_arena_printf(h->arena, "%s/../secret.wav", h->stems) };
    char link[200];
    snprintf(link, sizeof link, "%s/link.wav", h->stems);
    assert_int_equal(symlink(in_dir(h, "secret.wav"), link), 0);
    for (size_t i = 0; i < sizeof stems / sizeof stems[0]; i++)
        assert_int_equal(call(h, "POST", "/v1/jobs", order(h, stems[i]), "k", NULL, NULL), 422);
    assert_int_equal(call(h, "POST", "/v1/jobs", order(h, link), "k", NULL, NULL), 422);
    const char *hook = td_arena_printf(h->arena,
                                       "topdown: job/1\nstems: [ %s/Kick.wav ]\nrecipes: [ plain ]\n"
                                       "notify: [ { url: \"http://h/\", secret: no-such }]\n",
                                       h->stems);
    assert_int_equal(call(h, "POST", "/v1/jobs", hook, "k", NULL, NULL), 422);
}

static void keys_are_asked_for(void **state)
{
    house *h = *state;
    char right[160];
    memcpy(right, h->key, sizeof right);
    static const char *const wrong[] = { "Authorization: none", "Authorization: Bearer x",
                                         "Authorization: Bearer td_a_b" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(h->key, sizeof h->key, "%s", wrong[i]);
        assert_int_equal(call(h, "GET", "/v1/jobs", NULL, NULL, NULL, NULL), 401);
    }
    memcpy(h->key, right, sizeof right);
    char *last = h->key + strlen(h->key) - 1;
    *last = *last == 'A' ? 'B' : 'A';
    for (int i = 0; i < 7; i++) assert_int_equal(call(h, "GET", "/v1/jobs", NULL, NULL, NULL, NULL), 401);
    assert_int_equal(call(h, "GET", "/v1/jobs", NULL, NULL, NULL, NULL), 429); /* ten a minute */
    memcpy(h->key, right, sizeof right); /* others come from the same address, through a proxy */
    assert_int_equal(call(h, "GET", "/v1/jobs", NULL, NULL, NULL, NULL), 200);
    assert_int_equal(call(h, "GET", "/healthz", NULL, NULL, NULL, NULL), 200);
    assert_int_equal(call(h, "GET", "/readyz", NULL, NULL, NULL, NULL), 200);
}

static void a_key_goes_with_its_file(void **state)
{
    house *h = *state;
    char old[160];
    memcpy(old, h->key, sizeof old);
    stop(h->service, SIGKILL);
    unlink(in_dir(h, "data/api-key"));
    open_service(h);
    assert_string_not_equal(h->key, old);
    assert_int_equal(call(h, "GET", "/v1/jobs", NULL, NULL, NULL, NULL), 200);
    memcpy(h->key, old, sizeof old);
    assert_int_equal(call(h, "GET", "/v1/jobs", NULL, NULL, NULL, NULL), 401);
}

static int half_a_request(house *h)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    to.sin_port = htons((uint16_t)atoi(strrchr(h->base, ':') + 1));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(send(fd, "GET / HT", 8, MSG_NOSIGNAL), 8);
    return fd;
}

static void half_open_requests_keep_nobody_out(void **state)
{
    house *h = *state;
    int fd[260];
    for (size_t i = 0; i < 260; i++) fd[i] = half_a_request(h);
    assert_int_equal(call(h, "GET", "/healthz", NULL, NULL, NULL, NULL), 200);
    assert_int_equal(call(h, "GET", "/v1/jobs", NULL, NULL, NULL, NULL), 200);
    for (size_t i = 0; i < 260; i++) close(fd[i]);
}

/* PRAGMA data_version is another number after each commit of others. */
static int64_t data_version(sqlite3 *db)
{
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA data_version", -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t version = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return version;
}

static void strangers_do_not_keep_the_queue_busy(void **state)
{
    house *h = *state;
    sqlite3 *db;
    int commits = 0;
    assert_int_equal(sqlite3_open(in_dir(h, "data/queue.db"), &db), SQLITE_OK);
    int64_t before = data_version(db);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(call(h, "GET", "/readyz", NULL, NULL, NULL, NULL), 200);
        int64_t after = data_version(db);
        commits += after != before;
        before = after;
    }
    assert_in_range(commits, 0, 20); /* the service's own work, and some probes where the machine is slow */
    sqlite3_close(db);
}

static void odd_requests_get_sober_answers(void **state)
{
    house *h = *state;
    assert_int_equal(call(h, "GET", "/v1/jobs/job_none", NULL, NULL, NULL, NULL), 404);
    assert_int_equal(call(h, "GET", "/v1/jobs/..%2f..%2fetc", NULL, NULL, NULL, NULL), 404);
    assert_int_equal(call(h, "GET", "/v1/jobs?limit=0", NULL, NULL, NULL, NULL), 400);
    assert_int_equal(call(h, "GET", "/v1/jobs?since=yesterday", NULL, NULL, NULL, NULL), 400);
    assert_int_equal(call(h, "GET", "/v1/deliveries?job=job_none", NULL, NULL, NULL, NULL), 404);
    assert_int_equal(call(h, "GET", "/v1/jobs?state=held", NULL, NULL, NULL, NULL), 200);
    json_t *o;
    assert_int_equal(call(h, "GET", "/v1/jobs?state=hold", NULL, NULL, &o, NULL), 400);
    assert_string_equal(text_of(h, o, "detail"), "state: queued, running, held, done, failed, cancelled");
    json_decref(o);
    assert_int_equal(call(h, "POST", "/v1/jobs?plan_only=true", order(h, "k"), "k", &o, NULL), 400);
    assert_string_equal(text_of(h, o, "detail"), "plan_only: there is no such parameter here");
    json_decref(o);
    assert_int_equal(call(h, "GET", "/v1/jobs?sate=held", NULL, NULL, NULL, NULL), 400);
    assert_int_equal(call(h, "GET", "/v1/schema/recipe-1.json", NULL, NULL, &o, NULL), 200);
    assert_string_equal(text_of(h, o, "$schema"), "https://json-schema.org/draft/2020-12/schema");
    json_decref(o);
    assert_int_equal(call(h, "GET", "/v1/schema/none.json", NULL, NULL, NULL, NULL), 404);
    assert_int_equal(call(h, "POST", "/v1/recipes", "{}", NULL, NULL, NULL), 405);
    assert_int_equal(call(h, "GET", "/v2", NULL, NULL, NULL, NULL), 404);
    assert_int_equal(
        call(h, "POST", "/v1/recipes/check", "topdown: recipe/1\nname: x\nmix: [ { gian: 1 dB } ]\n", NULL, &o, NULL),
        200);
    assert_true(json_is_false(json_object_get(o, "ok")));
    assert_true(json_array_size(json_object_get(o, "messages")) > 0);
    json_decref(o);
    char *large = td_arena_alloc(h->arena, (1 << 20) + 2);
    memset(large, ' ', (1 << 20) + 1);
    assert_int_equal(call(h, "POST", "/v1/jobs", large, "k", &o, NULL), 413);
    assert_int_equal(json_integer_value(json_object_get(o, "limit_bytes")), 1 << 20);
    json_decref(o);
}

/* The whole answer, headers and all. */
static const char *raw_answer(house *h, const char *path)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    to.sin_port = htons((uint16_t)atoi(strrchr(h->base, ':') + 1));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    const char *ask =
        td_arena_printf(h->arena, "GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s\r\n\r\n", path, h->key);
    assert_int_equal(write(fd, ask, strlen(ask)), strlen(ask));
    char *text = td_arena_alloc(h->arena, 65536);
    size_t n = 0;
    for (ssize_t got; n < 65535 && (got = read(fd, text + n, 65535 - n)) > 0;) n += (size_t)got;
    close(fd);
    return text;
}

static void a_path_that_is_no_text_is_answered_as_well(void **state)
{
    house *h = *state;
    json_t *o;
    assert_int_equal(call(h, "GET", "/v1/jobs/%ff", NULL, NULL, &o, NULL), 404);
    assert_string_equal(text_of(h, o, "type"), "/problems/not-found");
    assert_string_equal(text_of(h, o, "instance"), "/v1/jobs/\\xff");
    json_decref(o);
    assert_int_equal(call(h, "GET", "/v3/%ff", NULL, NULL, &o, NULL), 404);
    assert_string_equal(text_of(h, o, "type"), "/problems/not-found");
    json_decref(o);
}

static void the_next_page_is_of_the_same_jobs(void **state)
{
    house *h = *state;
    for (int i = 0; i < 2; i++) submit(h, order(h, in_dir(h, "stems/Kick.wav")), i ? "k1" : "k2");
    const char *answer = raw_answer(h, "/v1/jobs?limit=1&tag.order=2041&since=2001-01-01T00:00:00Z");
    const char *link = strstr(answer, "Link: </v1/jobs?limit=1&after=job_");
    assert_non_null(link);
    const char *filters = strchr(link + 28, '&');
    assert_non_null(filters);
    const char wanted[] = "&since=2001-01-01T00%3A00%3A00Z&tag.order=2041>; rel=\"next\"\r\n";
    assert_memory_equal(filters, wanted, sizeof wanted - 1);
    assert_null(strstr(raw_answer(h, "/v1/jobs?limit=1&tag.order=none"), "Link:"));
}

static void results_come_whole_and_in_parts(void **state)
{
    house *h = *state;
    char url[300];
    td_net_answer answer;
    static const td_net_policy anywhere = { .allow_private = true };
    const char *id = submit(h, order(h, in_dir(h, "stems/Kick.wav")), "k1");
    json_decref(wait_for(h, id, "done"));
    snprintf(url, sizeof url, "%s/v1/jobs/%s/outputs/Song_Master_48k24.wav", h->base, id);
    const char *headers[] = { h->key, "Range: bytes=1-3" };
    td_net_request r = { .method = "GET", .url = url, .header = headers, .n_headers = 1 };
    assert_int_equal(td_net_do(&anywhere, &r, 100, &answer, NULL), TD_OK);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.text, "sound");
    free(answer.text);
    r.n_headers = 2;
    assert_int_equal(td_net_do(&anywhere, &r, 100, &answer, NULL), TD_OK);
    assert_int_equal(answer.status, 206);
    assert_string_equal(answer.text, "oun");
    free(answer.text);
    headers[1] = "Range: bytes=5-";
    assert_int_equal(td_net_do(&anywhere, &r, 100, &answer, NULL), TD_OK);
    assert_int_equal(answer.status, 416);
    free(answer.text);
}

/* ---- when things go wrong ---------------------------------------------------------------------------------------- */

static long runs(house *h)
{
    char *text;
    if (td_file_read(h->arena, in_dir(h, "runs"), 9999, &text, NULL, NULL)) return 0;
    return (long)strlen(text) / 4;
}

static void a_killed_child_is_run_again(void **state)
{
    house *h = *state;
    write_text(in_dir(h, "mix"), "[ $n -gt 1 ] || kill -9 $$\n", 0600);
    json_decref(wait_for(h, submit(h, order(h, in_dir(h, "stems/Kick.wav")), "k"), "done"));
    assert_int_equal(runs(h), 2);
}

static void a_refused_stem_holds_the_job(void **state)
{
    house *h = *state;
    write_text(in_dir(h, "mix"),
               "[ $n -gt 1 ] || { echo '{\"type\":\"error\",\"v\":1,\"code\":\"input\",\"what\":\"Kick.wav is "
               "damaged\",\"refused\":[{\"file\":\"Kick.wav\",\"why\":\"damaged\"}],\"message\":{\"de\":\"Guten "
               "Tag\"}}'; exit 3; }\n",
               0600);
    const char *id = submit(h, order(h, in_dir(h, "stems/Kick.wav")), "k");
    json_t *o = wait_for(h, id, "held");
    json_t *problem = json_object_get(o, "problem");
    assert_string_equal(text_of(h, problem, "detail"), "Kick.wav is damaged");
    assert_string_equal(text_of(h, json_array_get(json_object_get(problem, "refused"), 0), "file"), "Kick.wav");
    assert_string_equal(text_of(h, json_object_get(problem, "message"), "de"), "Guten Tag");
    json_decref(o);
    json_t *line = next_line();
    problem = json_object_get(json_object_get(json_object_get(line, "body"), "data"), "problem");
    assert_string_equal(text_of(h, json_object_get(problem, "message"), "de"), "Guten Tag");
    json_decref(line);
    assert_int_equal(call(h, "POST", td_arena_printf(h->arena, "/v1/jobs/%s/retry", id), "", NULL, NULL, NULL), 200);
    json_decref(wait_for(h, id, "done"));
}

static void a_failed_mix_says_why(void **state)
{
    house *h = *state;
    json_t *o;
    write_text(in_dir(h, "mix"), "echo \"topdown: error: $PWD/in/000/Kick.wav: silent\" >&2; exit 1\n", 0600);
    const char *id = submit(h, order(h, in_dir(h, "stems/Kick.wav")), "k");
    o = wait_for(h, id, "failed");
    assert_string_equal(text_of(h, json_object_get(o, "problem"), "detail"), "Kick.wav: silent");
    json_decref(o);
    json_t *line = next_line();
    assert_string_equal(text_of(h, json_object_get(line, "body"), "type"), "job.failed");
    json_decref(line);
    unlink(in_dir(h, "mix"));
    assert_int_equal(call(h, "POST", td_arena_printf(h->arena, "/v1/jobs/%s/retry", id), "", NULL, &o, NULL), 201);
    assert_string_equal(text_of(h, o, "parent_id"), id);
    json_decref(wait_for(h, text_of(h, o, "id"), "done"));
    json_decref(o);
}

/* Exit code 4: results, but not of every recipe. */
static void a_job_may_be_done_in_part(void **state)
{
    house *h = *state;
    write_text(in_dir(h, "mix"),
               "trap 'exit 4' EXIT\n"
               "echo '{\"type\":\"error\",\"v\":1,\"code\":\"partial\",\"where\":\"Tight\",\"what\":\"1 of 2 mixes "
               "failed\"}'\n",
               0600);
    json_t *o = wait_for(h, submit(h, order(h, in_dir(h, "stems/Kick.wav")), "k"), "done");
    json_t *problem = json_object_get(o, "problem");
    assert_string_equal(text_of(h, problem, "code"), "partial");
    assert_string_equal(text_of(h, problem, "detail"), "Tight: 1 of 2 mixes failed");
    assert_int_equal(json_array_size(json_object_get(o, "files")), 2);
    json_decref(o);
    for (bool hook = false; !hook;) { /* behind the PUTs */
        json_t *line = next_line();
        problem = json_object_get(json_object_get(json_object_get(line, "body"), "data"), "problem");
        hook = !strcmp(json_string_value(json_object_get(line, "type")), "webhook");
        if (hook) assert_string_equal(text_of(h, problem, "code"), "partial");
        json_decref(line);
    }
}

static void cancel_stops_a_running_child(void **state)
{
    house *h = *state;
    write_text(in_dir(h, "mix"), "sleep 60\n", 0600);
    const char *id = submit(h, order(h, in_dir(h, "stems/Kick.wav")), "k");
    json_decref(wait_for(h, id, "running"));
    while (!runs(h)) usleep(20000);
    assert_int_equal(call(h, "POST", td_arena_printf(h->arena, "/v1/jobs/%s/cancel", id), "", NULL, NULL, NULL), 202);
    json_t *o = wait_for(h, id, "cancelled");
    assert_true(json_is_null(json_object_get(o, "problem")));
    assert_true(json_is_true(json_object_get(o, "cancel_requested")));
    json_decref(o);
    assert_int_equal(call(h, "POST", td_arena_printf(h->arena, "/v1/jobs/%s/cancel", id), "", NULL, NULL, NULL), 200);
}

static const char *cancelled(house *h, const char *idem)
{
    const char *body = order(h, in_dir(h, "stems/Kick.wav"));
    const char *id = submit(h, td_arena_printf(h->arena, "%snot_before: \"2099-01-01T00:00:00Z\"\n", body), idem);
    const char *cancel = td_arena_printf(h->arena, "/v1/jobs/%s/cancel", id);
    assert_int_equal(call(h, "POST", cancel, "", NULL, NULL, NULL), 200);
    return id;
}

static void retry_is_a_call_of_its_own(void **state)
{
    house *h = *state;
    json_t *first, *again;
    bool replayed;
    const char *id = cancelled(h, "k1"), *other = cancelled(h, "k2");
    const char *retry = td_arena_printf(h->arena, "/v1/jobs/%s/retry", id);
    assert_int_equal(call(h, "POST", retry, "", "k1", NULL, NULL), 422); /* the key of the order itself */
    assert_int_equal(call(h, "POST", retry, "", "k3", &first, &replayed), 201);
    assert_false(replayed);
    assert_string_equal(text_of(h, first, "parent_id"), id);
    assert_int_equal(call(h, "POST", td_arena_printf(h->arena, "/v1/jobs/%s/retry", other), "", "k3", NULL, NULL), 422);
    json_decref(wait_for(h, text_of(h, first, "id"), "done"));
    assert_int_equal(call(h, "POST", retry, "", "k3", &again, &replayed), 201);
    assert_true(replayed);
    assert_true(json_equal(again, first));
    json_decref(first);
    json_decref(again);
}

static void retry_asks_for_files_again(void **state)
{
    house *h = *state;
    td_store *store;
    static const char token[] = "td_lesser_0123456789012345678901234567890123456789012";
    char hash[TD_SHA256_HEX];
    const char *id = cancelled(h, "k1");
    assert_int_equal(td_sha256_of(token, strlen(token), hash), TD_OK);
    assert_int_equal(td_store_open(in_dir(h, "data/queue.db"), "", NULL, &store, NULL), TD_OK);
    td_key lesser = { "lesser", TD_ADMIN, hash, .scopes = TD_SCOPE_SUBMIT | TD_SCOPE_READ };
    assert_int_equal(td_store_key_add(store, &lesser, NULL), TD_OK);
    td_store_close(store);
    snprintf(h->key, sizeof h->key, "Authorization: Bearer %s", token);
    assert_int_equal(call(h, "GET", "/v1/jobs", NULL, NULL, NULL, NULL), 200);
    assert_int_equal(call(h, "POST", td_arena_printf(h->arena, "/v1/jobs/%s/retry", id), "", NULL, NULL, NULL), 403);
}

/* A client of its own, made beside the running service: it sees its jobs, nobody else's, until its key is withdrawn. */
static void keys_come_and_go(void **state)
{
    house *h = *state;
    char token[128], id[40];
    json_t *o;
    td_error err;
    td_key_options k = { .data = h->data, .client = "studio_b", .scopes = "submit,read" };
    submit(h, order(h, in_dir(h, "stems/Kick.wav")), "k");
    assert_int_equal(td_key_add(&k, token, NULL), TD_OK);
    assert_true(td_key_parse(token, id));
    snprintf(h->key, sizeof h->key, "Authorization: Bearer %s", token);
    assert_int_equal(call(h, "GET", "/v1/jobs", NULL, NULL, &o, NULL), 200);
    assert_int_equal(json_array_size(json_object_get(o, "data")), 0);
    json_decref(o);
    assert_int_equal(td_key_withdraw(&k, id, &err), TD_OK);
    assert_int_equal(call(h, "GET", "/v1/jobs", NULL, NULL, NULL, NULL), 401);
    assert_int_equal(td_key_withdraw(&k, id, &err), TD_ARG);
    k.scopes = "submit,raed";
    assert_int_equal(td_key_add(&k, token, &err), TD_ARG);
    assert_string_equal(err.hint, "did you mean 'read'?");
    k.client = TD_ADMIN;
    assert_int_equal(td_key_add(&k, token, &err), TD_ARG);
    k.data = in_dir(h, "nowhere");
    assert_int_equal(td_key_withdraw(&k, id, &err), TD_ARG);
}

static void kill_9_of_the_service_costs_seconds(void **state)
{
    house *h = *state;
    write_text(in_dir(h, "mix"), "[ $n -gt 1 ] || sleep 60\n", 0600);
    const char *id = submit(h, order(h, in_dir(h, "stems/Kick.wav")), "k");
    while (!runs(h)) usleep(20000);
    stop(h->service, SIGKILL);
    open_service(h);
    json_decref(wait_for(h, id, "done"));
    assert_int_equal(runs(h), 2);
}

static void drained_jobs_go_back_unharmed(void **state)
{
    house *h = *state;
    write_text(in_dir(h, "mix"), "[ $n -gt 1 ] || sleep 60\n", 0600);
    const char *id = submit(h, order(h, in_dir(h, "stems/Kick.wav")), "k");
    while (!runs(h)) usleep(20000);
    const char *other = submit(h, order(h, in_dir(h, "stems/Kick.wav")), "k1"); /* the one worker is taken */
    assert_int_equal(call(h, "POST", td_arena_printf(h->arena, "/v1/jobs/%s/cancel", other), "", NULL, NULL, NULL),
                     200);
    kill(h->service, SIGTERM);
    for (int i = 0; i < 100 && call(h, "GET", "/readyz", NULL, NULL, NULL, NULL) != 503; i++) usleep(10000);
    assert_int_equal(call(h, "POST", "/v1/jobs", order(h, in_dir(h, "stems/Kick.wav")), "k2", NULL, NULL), 503);
    assert_int_equal(call(h, "POST", td_arena_printf(h->arena, "/v1/jobs/%s/retry", other), "", NULL, NULL, NULL), 503);
    assert_int_equal(stop(h->service, SIGTERM), 0); /* the second one: at once, and with success */
    open_service(h);
    json_t *o = wait_for(h, id, "done");
    assert_int_equal(json_integer_value(json_object_get(o, "attempt")), 1);
    json_decref(o);
}

static void a_dead_address_never_fails_a_mix(void **state)
{
    house *h = *state;
    json_t *o;
    stop(h->receiver, SIGKILL);
    h->receiver = 0;
    const char *id = submit(h, order(h, in_dir(h, "stems/Kick.wav")), "k");
    json_decref(wait_for(h, id, "done"));
    for (int i = 0; i < 100; i++) {
        assert_int_equal(call(h, "GET", td_arena_printf(h->arena, "/v1/deliveries?job=%s", id), NULL, NULL, &o, NULL),
                         200);
        json_t *first = json_array_get(json_object_get(o, "data"), 0);
        assert_int_equal(json_array_size(json_object_get(o, "data")), 4);
        bool tried = json_string_value(json_object_get(json_array_get(json_object_get(o, "data"), 1), "error")) != NULL;
        (void)first;
        json_decref(o);
        if (tried) break;
        usleep(20000);
    }
    json_decref(wait_for(h, id, "done"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, house_open, house_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_job_s_whole_life),
        T(the_child_sees_its_stems_and_nothing_of_ours),
        T(nothing_is_left_in_scratch),
        T(the_same_key_twice_is_one_job),
        T(who_comes_too_late_is_told),
        T(mistakes_name_their_place),
        T(what_is_refused_has_a_place_as_well),
        T(what_the_service_does_not_do_is_refused_at_once),
        T(keys_are_asked_for),
        T(a_key_goes_with_its_file),
        T(half_open_requests_keep_nobody_out),
        T(strangers_do_not_keep_the_queue_busy),
        T(odd_requests_get_sober_answers),
        T(a_path_that_is_no_text_is_answered_as_well),
        T(the_next_page_is_of_the_same_jobs),
        T(results_come_whole_and_in_parts),
        T(a_killed_child_is_run_again),
        T(a_refused_stem_holds_the_job),
        T(a_failed_mix_says_why),
        T(a_job_may_be_done_in_part),
        T(cancel_stops_a_running_child),
        T(retry_is_a_call_of_its_own),
        T(retry_asks_for_files_again),
        T(keys_come_and_go),
        T(kill_9_of_the_service_costs_seconds),
        T(drained_jobs_go_back_unharmed),
        T(a_dead_address_never_fails_a_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
