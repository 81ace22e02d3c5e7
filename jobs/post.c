#include "jobs/crew.h"

#include "jobs/log.h"
#include "jobs/net/webhook.h"
#include "jobs/results.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POLL_MS    2000
#define WEBHOOK_S  20
#define ANSWER_MAX 4096

/* One row on its way. */
typedef struct posting {
    td_crew *crew;
    const td_outbox *row;
    td_arena *arena;
    int64_t renewed_ms;
} posting;

typedef struct verdict {
    td_sent how;
    int64_t status, retry_after_s;
    char text[400];
} verdict;

static verdict say(td_sent how, const td_error *err)
{
    verdict v = { .how = how };
    snprintf(v.text, sizeof v.text, "%.390s", err->what);
    return v;
}

/* A large PUT outlives its lease unless it is renewed; who drains hands over at once what can be sent again. */
static bool stop(void *user, int64_t moved)
{
    posting *p = user;
    (void)moved;
    int64_t now_ms = td_steady_ms();
    if (atomic_load(&p->crew->shift) == TD_SHIFT_OVER) return true;
    if (now_ms - p->renewed_ms < TD_HEARTBEAT_MS) return false;
    p->renewed_ms = now_ms;
    return td_store_outbox_renew(p->crew->config.store, p->row, NULL) == TD_STOPPED;
}

static verdict judge(const td_net_answer *a, td_sent refused)
{
    verdict v = { .how = td_net_judge(a->status) == TD_OK       ? TD_SENT_OK
                         : td_net_judge(a->status) == TD_REMOTE ? TD_SENT_RETRY
                                                                : refused,
                  .status = a->status,
                  .retry_after_s = a->retry_after_s > 0 ? a->retry_after_s : 0 };
    if (v.how != TD_SENT_OK) snprintf(v.text, sizeof v.text, "the server answered %ld", a->status);
    return v;
}

static verdict post_webhook(posting *p)
{
    const td_outbox *row = p->row;
    char *secret, signature[128] = "", id[80], stamp[64], signed_by[160];
    td_webhook_keys keys;
    td_error err = { 0 };
    td_net_answer answer;
    td_status st = td_home_credential(p->crew->config.home, row->credential ? row->credential : TD_OWN_CREDENTIAL,
                                      p->arena, &secret, &err);
    if (!st) st = td_webhook_keys_parse(secret, &keys, &err);
    if (st) return say(TD_SENT_RETRY, &err); /* the operator may put it there */
    int64_t now_s = td_now_ms(NULL) / 1000;
    st = td_webhook_sign(&keys, row->id, now_s, row->body, strlen(row->body), signature);
    td_webhook_keys_wipe(&keys);
    OPENSSL_cleanse(secret, strlen(secret));
    snprintf(id, sizeof id, "webhook-id: %s", row->id);
    snprintf(stamp, sizeof stamp, "webhook-timestamp: %lld", (long long)now_s);
    snprintf(signed_by, sizeof signed_by, "webhook-signature: %s", signature);
    const char *const headers[] = { "Content-Type: application/json", id, stamp, signed_by };
    td_net_request r = { .method = "POST",
                         .url = row->url,
                         .header = headers,
                         .n_headers = 4,
                         .body = row->body,
                         .body_length = strlen(row->body),
                         .timeout_s = WEBHOOK_S,
                         .stop = stop,
                         .user = p };
    if (!st) st = td_net_do(&p->crew->config.net, &r, ANSWER_MAX, &answer, &err);
    if (st) return say(TD_SENT_RETRY, &err);
    free(answer.text);
    return answer.status == 410 ? (verdict){ .how = TD_SENT_GONE, .status = 410, .text = "410 Gone" }
                                : judge(&answer, TD_SENT_RETRY);
}

static verdict put_result(posting *p)
{
    const td_outbox *row = p->row;
    char path[1600], digest[96], hash[96], bytes[48];
    td_error err = { 0 };
    td_net_answer answer;
    char *name = td_net_escape(p->arena, row->event);
    char *url =
        name ? td_arena_printf(p->arena, "%s%s%s", row->url, td_ends_with(row->url, "/") ? "" : "/", name) : NULL;
    td_home_path(p->crew->config.home, path, sizeof path, "objects/%s", row->path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || !url) {
        td_fail(&err, TD_DISK, row->event, NULL, "cannot be read: %s", strerror(errno));
        if (fd >= 0) close(fd);
        return say(errno == ENOENT ? TD_SENT_DEAD : TD_SENT_RETRY, &err);
    }
    snprintf(digest, sizeof digest, "Repr-Digest: sha-256=:%s:", td_digest_base64(row->sha256, bytes));
    snprintf(hash, sizeof hash, "x-content-sha256: %s", row->sha256);
    const char *const headers[] = { "Content-Type: application/octet-stream", digest, hash };
    td_net_request r = { .method = "PUT",
                         .url = url,
                         .header = headers,
                         .n_headers = 3,
                         .upload_fd = fd,
                         .upload_bytes = row->bytes,
                         .stop = stop,
                         .user = p };
    td_status st = td_net_do(&p->crew->config.net, &r, ANSWER_MAX, &answer, &err);
    close(fd);
    if (st) return say(td_status_retry(st) ? TD_SENT_RETRY : TD_SENT_DEAD, &err);
    free(answer.text);
    return judge(&answer, TD_SENT_DEAD);
}

static void post(td_crew *c, const td_outbox *row, td_arena *a)
{
    posting p = { .crew = c, .row = row, .arena = a, .renewed_ms = td_steady_ms() };
    int64_t began_ms = p.renewed_ms;
    bool hook = !strcmp(row->kind, "webhook");
    verdict v = hook ? post_webhook(&p) : put_result(&p);
    if (atomic_load(&c->shift) == TD_SHIFT_OVER && v.how != TD_SENT_OK)
        return; /* its lease runs out, nothing is counted */
    td_status st =
        td_store_outbox_end(c->config.store, row, v.how, v.status, v.text[0] ? v.text : NULL, v.retry_after_s, NULL);
    bool good = v.how == TD_SENT_OK;
    td_tell(.level = good ? TD_LOG_INFO : TD_LOG_WARN, .job = row->job_id, .attempt = row->attempt, .code = row->id,
            .msg = st     ? "fenced"
                   : hook ? (good ? "webhook sent" : "webhook failed")
                          : (good ? "delivered" : "delivery failed"),
            .detail = good ? row->event : v.text, .duration_ms = td_steady_ms() - began_ms);
}

void *td_poster(void *crew)
{
    td_crew *c = crew;
    while (atomic_load(&c->shift) == TD_SHIFT_WORK) {
        td_arena *a = td_arena_new();
        td_outbox row = { 0 };
        td_status st = a ? td_store_outbox_claim(c->config.store, a, &row, NULL) : TD_NOMEM;
        if (!st && row.id)
            post(c, &row, a);
        else if (atomic_load(&c->shift) == TD_SHIFT_WORK)
            td_store_wait(c->config.store, POLL_MS + (int64_t)(td_jitter() * POLL_MS / 4));
        td_arena_free(a);
    }
    return NULL;
}
