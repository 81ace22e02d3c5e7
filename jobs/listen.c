#include "jobs/jobs.h"

#include "jobs/http/http.h"
#include "jobs/http/problem.h"
#include "jobs/ids.h"
#include "jobs/net/net.h"
#include "jobs/net/webhook.h"
#include "jobs/results.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WEBHOOK_BYTES ((size_t)1 << 20)
#define RESULT_BYTES  ((size_t)64 << 30)

typedef struct listener {
    const td_listen_options *options;
    td_webhook_keys keys; /* n is 0 without a secret */
} listener;

static void print_clock(void)
{
    char text[16];
    time_t now = time(NULL);
    struct tm t;
    strftime(text, sizeof text, "%H:%M:%S", localtime_r(&now, &t));
    fputs(text, stdout);
}

static void print_json(json_t *o)
{
    char *text = json_dumps(o, JSON_COMPACT);
    flockfile(stdout);
    puts(text ? text : "{}");
    fflush(stdout);
    funlockfile(stdout);
    free(text);
    json_decref(o);
}

static void reply_text(const td_http_request *r, td_http_reply *p, unsigned status, const char *text)
{
    td_json_reply(r, p, status, "application/json", json_pack("{s:s}", "answer", text));
}

/* ---- webhooks ---------------------------------------------------------------------------------------------------- */

static void show_webhook(const listener *l, const td_http_request *r, const char *verdict, bool good)
{
    char safe[2048];
    json_t *body = json_loadb(r->body, r->length, 0, NULL), *data = json_object_get(body, "data");
    const char *type = json_string_value(json_object_get(body, "type"));
    const char *id = td_http_header(r, "webhook-id"), *job = json_string_value(json_object_get(data, "id"));
    if (l->options->json) {
        print_json(json_pack("{s:s, s:i, s:s?, s:b, s:s, s:O?}", "type", "webhook", "v", 1, "id", id, "good", (int)good,
                             "verdict", verdict, "body", body));
    } else {
        const char *title = json_string_value(json_object_get(data, "title"));
        const char *delivery = json_string_value(json_object_get(data, "delivery"));
        flockfile(stdout);
        print_clock();
        printf(" %s  %s", type ? td_printable(type, safe, sizeof safe) : "not a webhook", good ? "ok     " : "REFUSED");
        printf(" %s  %s", job ? td_printable(job, safe, sizeof safe) : "-", verdict);
        if (title) printf("  \"%s\"", td_printable(title, safe, sizeof safe));
        if (delivery) printf("  delivery %s", td_printable(delivery, safe, sizeof safe));
        putchar('\n');
        fflush(stdout);
        funlockfile(stdout);
    }
    json_decref(body);
}

static void take_webhook(const td_http_request *r, td_http_reply *p)
{
    const listener *l = r->user;
    const char *verdict = "not judged: no --secret";
    bool good = true;
    if (l->keys.n) {
        td_webhook_verdict v =
            td_webhook_verify(&l->keys, td_http_header(r, "webhook-id"), td_http_header(r, "webhook-timestamp"),
                              td_http_header(r, "webhook-signature"), r->body, r->length, td_now_ms(NULL) / 1000);
        good = v == TD_WEBHOOK_HOLDS;
        verdict = td_webhook_verdict_text(v);
    }
    show_webhook(l, r, verdict, good);
    reply_text(r, p, good ? 200 : 401, verdict);
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

/* What the sender says the bytes hash to must be what they hash to; saying nothing is allowed, and said. */
static const char *judge_digest(const td_http_request *r, bool *good)
{
    char ours[80], bytes[48];
    const char *hex = td_http_header(r, "x-content-sha256"), *digest = td_http_header(r, "Repr-Digest");
    snprintf(ours, sizeof ours, "sha-256=:%s:", td_digest_base64(r->sha256, bytes));
    *good = (!hex || !strcmp(hex, r->sha256)) && (!digest || strstr(digest, ours));
    return !*good ? "sha256 does NOT hold" : hex || digest ? "sha256 holds" : "no sha256 was sent";
}

static void take_result(const td_http_request *r, td_http_reply *p)
{
    const listener *l = r->user;
    char name[1024], path[2200], folder[2200], safe[1024];
    bool good;
    if (!l->options->save) {
        td_problem_refuse(r, 404, p);
        return;
    }
    const char *verdict = judge_digest(r, &good);
    td_net_path(r->path, name, sizeof name); /* the server decoded the path; a second time changes no plain name */
    snprintf(path, sizeof path, "%.1100s/%s", l->options->save, name);
    td_error err = { 0 };
    snprintf(folder, sizeof folder, "%.*s", (int)(td_basename(path) - path - 1), path);
    td_status st = good ? td_folder_make(folder, &err) : TD_OK;
    if (!st && good) st = td_file_commit(r->spooled, path, true, &err);
    if (l->options->json) {
        print_json(json_pack("{s:s, s:i, s:s, s:I, s:s, s:b, s:s}", "type", "result", "v", 1, "name", name, "bytes",
                             (json_int_t)r->length, "sha256", r->sha256, "good", (int)(good && !st), "verdict",
                             verdict));
    } else {
        flockfile(stdout);
        print_clock();
        printf(" result    %s %s  %zu bytes  %s\n", good && !st ? "ok     " : "REFUSED",
               td_printable(name, safe, sizeof safe), r->length, st ? err.what : verdict);
        fflush(stdout);
        funlockfile(stdout);
    }
    reply_text(r, p, st ? 507 : good ? 201 : 422, verdict);
}

/* ---- the server -------------------------------------------------------------------------------------------------- */

static const td_http_route routes[] = {
    { "POST", "/{*}", 0, WEBHOOK_BYTES, false, take_webhook, NULL, NULL },
    { "PUT", "/{*}", 0, RESULT_BYTES, true, take_result, NULL, NULL },
    { NULL, NULL, 0, 0, false, NULL, NULL, NULL },
};

td_status td_listen(const td_listen_options *o, td_error *err)
{
    listener l = { .options = o };
    td_http *http = NULL;
    sigset_t set, before;
    int sig;
    td_status st = o->secret ? td_webhook_keys_parse(o->secret, &l.keys, err) : TD_OK;
    if (!st && o->save) st = td_folder_make(o->save, err);
    if (st) return st;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    td_http_config config = { .listen = o->listen ? o->listen : "127.0.0.1:8751",
                              .routes = routes,
                              .refuse = td_problem_refuse,
                              .spool_folder = o->save ? o->save : ".",
                              .user = &l };
    st = td_http_start(&config, &http, err);
    if (!st) {
        printf(o->json ? "{\"type\":\"listening\",\"v\":1,\"url\":\"http://%s/\"}\n" : "listening on http://%s/\n",
               td_http_address(http));
        fflush(stdout);
        sigwait(&set, &sig);
    }
    td_http_stop(http);
    td_webhook_keys_wipe(&l.keys);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return st;
}
