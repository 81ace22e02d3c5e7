#include "jobs/jobs.h"

#include "jobs/home.h"
#include "jobs/http/api.h"
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

static td_status open_store(const td_key_options *o, td_store **out, td_error *err)
{
    char path[1200];
    const char *data = o->data ? o->data : TD_DEFAULT_DATA;
    snprintf(path, sizeof path, "%.1100s/queue.db", data);
    if (!td_is_file(path))
        return td_fail(err, TD_ARG, data, "--data DIR names the folder that 'topdown serve' was given",
                       "no service lives here");
    return td_store_open(path, NULL, NULL, out, err);
}

static td_status read_scopes(const char *text, unsigned *out, td_error *err)
{
    const char *names[TD_SCOPES];
    for (unsigned i = 0; i < TD_SCOPES; i++) names[i] = td_scope_name(1u << i);
    for (*out = 0; *text; text += text[0] == ',') {
        char word[32], hint[80] = "submit, read, cancel, files";
        size_t n = strcspn(text, ","), k = 0;
        snprintf(word, sizeof word, "%.*s", (int)n, text);
        text += n;
        while (k < TD_SCOPES && strcmp(names[k], word)) k++;
        if (k < TD_SCOPES) {
            *out |= 1u << k;
            continue;
        }
        const char *near = td_nearest(word, names, TD_SCOPES);
        if (near) snprintf(hint, sizeof hint, "did you mean '%s'?", near);
        return td_fail(err, TD_ARG, "--scopes", hint, "no scope '%s'", word);
    }
    if (!*out) return td_fail(err, TD_ARG, "--scopes", "submit, read, cancel, files", "a key that may do nothing");
    return TD_OK;
}

static td_status check_client(const char *client, td_error *err)
{
    if (!td_id_valid(client))
        return td_fail(err, TD_ARG, client, "small letters, digits and '_', such as studio_b", "is no client's name");
    if (!strcmp(client, TD_ADMIN))
        return td_fail(err, TD_ARG, client, "remove DIR/api-key and start the service again for a new one",
                       "has one key alone, which stands in the service's folder");
    return TD_OK;
}

td_status td_key_add(const td_key_options *o, char token[128], td_error *err)
{
    char id[40], hash[TD_SHA256_HEX];
    td_store *s = NULL;
    td_key key = { .id = id, .client_id = o->client, .secret_sha256 = hash };
    td_status st = check_client(o->client, err);
    if (!st) st = read_scopes(o->scopes ? o->scopes : "submit,read,cancel", &key.scopes, err);
    if (!st) st = open_store(o, &s, err);
    if (st) return st;
    td_key_make(token);
    td_key_parse(token, id);
    st = td_sha256_of(token, strlen(token), hash);
    if (!st) st = td_store_client(s, o->client, NULL, err);
    if (!st) st = td_store_key_add(s, &key, err);
    if (st) OPENSSL_cleanse(token, 128);
    td_store_close(s);
    return st;
}

static const char *scopes_text(unsigned scopes, char out[64])
{
    size_t n = 0;
    out[0] = 0;
    for (unsigned i = 0; i < TD_SCOPES; i++)
        if (scopes & 1u << i) n += (size_t)snprintf(out + n, 64 - n, "%s%s", n ? "," : "", td_scope_name(1u << i));
    return out;
}

static void print_key(const td_key *k, bool json)
{
    char scopes[64], made[32], gone[32];
    scopes_text(k->scopes, scopes);
    td_rfc3339(k->created_ms, made);
    td_rfc3339(k->revoked_ms, gone);
    if (!json) {
        printf("%-26s  %-20s  %-24s  %s  %s%s\n", k->id, k->client_id, scopes, made,
               k->revoked_ms ? "withdrawn " : "good", k->revoked_ms ? gone : "");
        return;
    }
    json_t *o = json_pack("{ss, si, ss, ss, ss, ss, ss?}", "type", "key", "v", 1, "id", k->id, "client", k->client_id,
                          "scopes", scopes, "created_at", made, "withdrawn_at", k->revoked_ms ? gone : NULL);
    json_dumpf(o, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(o);
}

td_status td_key_list(const td_key_options *o, td_error *err)
{
    td_store *s = NULL;
    td_key *key;
    size_t n;
    td_arena *a = td_arena_new();
    td_status st = a ? open_store(o, &s, err) : td_no_memory(err);
    if (!st) st = td_store_keys(s, a, &key, &n, err);
    if (!st && !o->json) printf("%-26s  %-20s  %-24s  %-20s  %s\n", "KEY", "CLIENT", "SCOPES", "MADE", "STATE");
    for (size_t i = 0; !st && i < n; i++) print_key(&key[i], o->json);
    td_store_close(s);
    td_arena_free(a);
    return st;
}

td_status td_key_withdraw(const td_key_options *o, const char *id, td_error *err)
{
    td_store *s = NULL;
    td_key key = { 0 };
    bool found = false;
    td_arena *a = td_arena_new();
    td_status st = a ? open_store(o, &s, err) : td_no_memory(err);
    if (!st) st = td_store_key(s, id, a, &key, err);
    if (!st && key.id) st = check_client(key.client_id, err);
    if (!st) st = td_store_key_withdraw(s, id, &found, err);
    if (!st && !found)
        st = td_fail(err, TD_ARG, id, "topdown key list shows their ids", "there is no good key of that id");
    td_store_close(s);
    td_arena_free(a);
    return st;
}
