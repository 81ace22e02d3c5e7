/* jobs/net/webhook.h - Standard Webhooks (standardwebhooks.com): what proves that a message is ours, on both sides.
 *
 * signature = "v1," + base64(HMAC-SHA256(key, id + "." + timestamp + "." + body)); a secret is "whsec_" + base64 of the
 * key, 24 to 64 bytes. While a secret is being changed there are two, and a message carries a signature by each. */
#ifndef TD_JOBS_NET_WEBHOOK_H
#define TD_JOBS_NET_WEBHOOK_H

#include "engine/base/base.h"

#define TD_WEBHOOK_TOLERANCE_S 300
#define TD_WEBHOOK_KEYS        2

typedef struct td_webhook_keys {
    unsigned char key[TD_WEBHOOK_KEYS][64];
    size_t length[TD_WEBHOOK_KEYS], n;
} td_webhook_keys;

/* One secret a line. TD_ARG: none, more than two, or one that is no secret; err never shows it. */
td_status td_webhook_keys_parse(const char *text, td_webhook_keys *out, td_error *err);
void td_webhook_keys_wipe(td_webhook_keys *k);

/* The webhook-signature header's value. timestamp_s: seconds since 1970. out holds 128 bytes. */
td_status td_webhook_sign(const td_webhook_keys *k, const char *id, int64_t timestamp_s, const char *body,
                          size_t length, char out[128]);

typedef enum td_webhook_verdict {
    TD_WEBHOOK_HOLDS,
    TD_WEBHOOK_INCOMPLETE, /* a header is missing or malformed */
    TD_WEBHOOK_STALE,      /* more than five minutes old, or as much ahead */
    TD_WEBHOOK_FORGED,     /* no signature matches */
} td_webhook_verdict;

td_webhook_verdict td_webhook_verify(const td_webhook_keys *k, const char *id, const char *timestamp,
                                     const char *signature, const char *body, size_t length, int64_t now_s);
const char *td_webhook_verdict_text(td_webhook_verdict v);

/* A fresh secret. */
void td_webhook_secret(char out[64]);

#endif
