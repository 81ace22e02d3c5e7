#include "jobs/net/webhook.h"

#include "jobs/ids.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX  "whsec_"
#define KEY_MIN 24
#define KEY_MAX 64

/* EVP_DecodeBlock counts padding as bytes and allows blanks, so both are settled here. -1: no base64. */
static int decode(const char *text, size_t length, unsigned char out[KEY_MAX])
{
    unsigned char bytes[96];
    size_t pad = 0;
    if (length % 4 || length > 4 * sizeof bytes / 3 || strcspn(text, " \t\r\n") < length) return -1;
    while (pad < 2 && pad < length && text[length - 1 - pad] == '=') pad++;
    int n = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length) - (int)pad;
    if (n < KEY_MIN || n > KEY_MAX) n = -1;
    if (n > 0) memcpy(out, bytes, (size_t)n);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return n;
}

td_status td_webhook_keys_parse(const char *text, td_webhook_keys *out, td_error *err)
{
    static const char *const shape = "a secret is whsec_ and base64 of 24 to 64 bytes; two lines while it is changed";
    *out = (td_webhook_keys){ 0 };
    for (;;) {
        text += strspn(text, " \t\r\n");
        if (!*text) break;
        size_t length = strcspn(text, " \t\r\n");
        int n = out->n < TD_WEBHOOK_KEYS && td_starts_with(text, PREFIX)
                    ? decode(text + strlen(PREFIX), length - strlen(PREFIX), out->key[out->n])
                    : -1;
        if (n < 0) {
            td_webhook_keys_wipe(out);
            return td_fail(err, TD_ARG, "secret", shape, "is no webhook secret");
        }
        out->length[out->n++] = (size_t)n;
        text += length;
    }
    return out->n ? TD_OK : td_fail(err, TD_ARG, "secret", shape, "holds no webhook secret");
}

void td_webhook_keys_wipe(td_webhook_keys *k)
{
    OPENSSL_cleanse(k, sizeof *k);
}

void td_webhook_secret(char out[64])
{
    unsigned char key[32], text[48];
    td_chance(key, sizeof key);
    EVP_EncodeBlock(text, key, sizeof key);
    snprintf(out, 64, PREFIX "%s", text);
    OPENSSL_cleanse(key, sizeof key);
}

static td_status sign(const td_webhook_keys *k, size_t which, const char *message, size_t length, char out[64])
{
    unsigned char mac[32], text[48];
    unsigned mac_length = 0;
    if (!HMAC(EVP_sha256(), k->key[which], (int)k->length[which], (const unsigned char *)message, length, mac,
              &mac_length))
        return TD_NOMEM;
    EVP_EncodeBlock(text, mac, (int)mac_length);
    snprintf(out, 64, "v1,%s", text);
    return TD_OK;
}

static td_status message_of(const char *id, const char *timestamp, const char *body, size_t length, td_text *out)
{
    td_text_addf(out, "%s.%s.", id, timestamp);
    td_text_addn(out, body, length);
    return out->broken ? TD_NOMEM : TD_OK;
}

td_status td_webhook_sign(const td_webhook_keys *k, const char *id, int64_t timestamp_s, const char *body,
                          size_t length, char out[128])
{
    char stamp[24], one[TD_WEBHOOK_KEYS][64] = { "", "" };
    td_text message = { 0 };
    snprintf(stamp, sizeof stamp, "%lld", (long long)timestamp_s);
    td_status st = message_of(id, stamp, body, length, &message);
    for (size_t i = 0; !st && i < k->n; i++) st = sign(k, i, message.data, message.length, one[i]);
    snprintf(out, 128, "%s%s%s", one[0], k->n > 1 ? " " : "", one[1]);
    td_text_free(&message);
    return st;
}

static bool any_matches(const td_webhook_keys *k, const td_text *message, const char *signature)
{
    bool match = false;
    for (size_t i = 0; i < k->n; i++) {
        char ours[64];
        if (sign(k, i, message->data, message->length, ours)) return false;
        for (const char *s = signature; *s;) {
            size_t length = strcspn(s, " ");
            if (length == strlen(ours) && CRYPTO_memcmp(s, ours, length) == 0) match = true;
            s += length;
            s += strspn(s, " ");
        }
    }
    return match;
}

td_webhook_verdict td_webhook_verify(const td_webhook_keys *k, const char *id, const char *timestamp,
                                     const char *signature, const char *body, size_t length, int64_t now_s)
{
    if (!id || !timestamp || !signature || !*id) return TD_WEBHOOK_INCOMPLETE;
    char *end;
    long long at = strtoll(timestamp, &end, 10);
    if (end == timestamp || *end || at < 0) return TD_WEBHOOK_INCOMPLETE;
    if (llabs(now_s - at) > TD_WEBHOOK_TOLERANCE_S) return TD_WEBHOOK_STALE;
    td_text message = { 0 };
    bool good = !message_of(id, timestamp, body, length, &message) && any_matches(k, &message, signature);
    td_text_free(&message);
    return good ? TD_WEBHOOK_HOLDS : TD_WEBHOOK_FORGED;
}

const char *td_webhook_verdict_text(td_webhook_verdict v)
{
    static const char *const texts[] = {
        [TD_WEBHOOK_HOLDS] = "signature holds",
        [TD_WEBHOOK_INCOMPLETE] = "a webhook header is missing or malformed",
        [TD_WEBHOOK_STALE] = "the timestamp is more than five minutes away",
        [TD_WEBHOOK_FORGED] = "NO signature matches",
    };
    return texts[v];
}
