#include "scene.h"

#include "jobs/http/http.h"
#include "jobs/net/address.h"
#include "jobs/net/fetch.h"
#include "jobs/net/net.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/stat.h>

static const td_net_policy strict = { .allow_private = false }, open_policy = { .allow_private = true };

/* ---- addresses --------------------------------------------------------------------------------------------------- */

static bool is_public(const char *text)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) return td_address_public((struct sockaddr *)&v4);
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return td_address_public((struct sockaddr *)&v6);
}

static void ranges_and_their_neighbours(void **state)
{
    (void)state;
    static const char *const closed[] = {
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.169.254",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "fc00::1",
        "fd00::1",
        "fdff:ffff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "2001::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "100::1",
        "5f00::1",
    };
    static const char *const open[] = {
        "1.0.0.0",         "9.255.255.255",   "11.0.0.0",        "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.1",       "169.253.255.255", "169.255.0.0",    "172.15.255.255",
        "172.32.0.0",      "192.0.1.1",       "192.167.0.1",     "192.169.0.1",    "198.17.255.1",
        "198.20.0.0",      "223.255.255.255", "8.8.8.8",         "2001:200::1",    "2001:4860:4860::8888",
        "2606:4700::1111", "2003::1",         "3ffe::1",
    };
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++)
        if (is_public(closed[i])) fail_msg("%s is taken for public", closed[i]);
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++)
        if (!is_public(open[i])) fail_msg("%s is taken for private", open[i]);
    assert_false(td_address_public(&(struct sockaddr){ .sa_family = AF_UNIX }));
}

/* Spellings of places that a stranger must not send us to. None gets as far as a packet: the refusal is no "not
 * reachable", and comes at once. */
static void spellings_of_forbidden_places(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "https://127.0.0.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0x0.0x0.0x1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://127.0.0.1:22/",
        "https://0/",
        "https://0.0.0.0/",
        "https://0x0/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[64:ff9b::10.0.0.1]/",
        "https://[fd00::1]/",
        "https://[fc00::1]/",
        "https://[fe80::1]/",
        "https://[ff02::1]/",
        "https://[2002:7f00:1::]/",
        "https://[2001:db8::1]/",
        "https://10.0.0.1/",
        "https://10.1/",
        "https://0xa000001/",
        "https://172.16.0.1/",
        "https://172.31.255.254/",
        "https://192.168.1.1/",
        "https://192.168.257/",
        "https://3232235777/",
        "https://169.254.169.254/latest/meta-data/",
        "https://0xa9fea9fe/",
        "https://2852039166/",
        "https://0251.0376.0251.0376/",
        "https://100.64.0.1/",
        "https://198.18.0.1/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://localhost/",
        "https://LOCALHOST/",
        "https://localhost:8443/",
        "http://8.8.8.8/",
        "http://127.0.0.1/",
        "ftp://8.8.8.8/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "dict://127.0.0.1:11211/",
        "https://user:pw@8.8.8.8/",
        "https://8.8.8.8:22/",
        "https://8.8.8.8:6379/",
    };
    size_t tried = sizeof urls / sizeof urls[0];
    assert_true(tried > 40);
    for (size_t i = 0; i < tried; i++) {
        td_error err = { 0 };
        td_net_answer answer;
        td_net_request r = { .method = "GET", .url = urls[i], .redirects = 3 };
        td_status st = td_net_do(&strict, &r, 100, &answer, &err);
        if (st != TD_DENIED) fail_msg("%s: %s, %s", urls[i], td_status_name(st), err.what);
        assert_int_equal(answer.status, 0);
    }
}

static void a_refusal_names_its_cure(void **state)
{
    (void)state;
    td_error err;
    assert_int_equal(td_net_allowed(&strict, "http://a.example/x", &err), TD_DENIED);
    assert_non_null(strstr(err.hint, "--allow-private"));
    assert_int_equal(td_net_allowed(&open_policy, "ftp://a.example/x", &err), TD_DENIED);
    assert_string_equal(err.hint, "use https");
    assert_int_equal(td_net_allowed(&strict, "https://a.example/07 Spur 7.wav", &err), TD_ARG);
    assert_string_equal(err.hint, "write %20 for a space");
}

static void names_from_addresses(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        { "https://a.example/x/07%20Spur%207.wav", "07 Spur 7.wav" },
        { "https://a.example/Kick.wav?sig=1/2", "Kick.wav" },
        { "https://a.example/", "file" },
        { "https://a.example/%2e%2e", "file" },
        { "https://a.example/..%2f..%2fetc%2fpasswd", "_.._etc_passwd" },
        { "https://a.example/a%00b%0a.wav", "a_b_.wav" },
        { "https://a.example/.bashrc", "bashrc" },
        { "https://a.example/100%25.wav", "100%.wav" },
        { "https://a.example/bad%zz.wav#x", "bad%zz.wav" },
    };
    char name[64];
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_string_equal(td_net_name(table[i][0], name, sizeof name), table[i][1]);
    static const char *const path[][2] = {
        { "/results/2041/Kick.wav", "results/2041/Kick.wav" },
        { "//a//b/", "a/b" },
        { "/../../etc/passwd", "etc/passwd" },
        { "/a/./../.ssh/x", "a/ssh/x" },
        { "/a/%2e%2e/x", "a/file/x" },
        { "/a%2fb/%00", "a_b/_" },
        { "/", "file" },
    };
    for (size_t i = 0; i < sizeof path / sizeof path[0]; i++)
        assert_string_equal(td_net_path(path[i][0], name, sizeof name), path[i][1]);
    assert_string_equal(td_net_shown("https://a.example/x?X-Amz-Signature=secret", name, sizeof name),
                        "https://a.example/x");
}

/* ---- a server that behaves, and one that does not ---------------------------------------------------------------- */

#define BYTES 300000

typedef struct peer {
    char dir[64], url[64], big[96];
    td_http *http;
    unsigned asked; /* how often bytes were sent */
    char range[64]; /* the last Range header */
    int64_t sent;   /* bytes of the last answer */
    const char *etag;
} peer;

static void send_big(const td_http_request *r, td_http_reply *p)
{
    peer *x = r->user;
    const char *range = td_http_header(r, "Range"), *known = td_http_header(r, "If-None-Match");
    snprintf(x->range, sizeof x->range, "%s", range ? range : "");
    td_http_add_header(p, "ETag", x->etag);
    if (known && x->etag && !strcmp(known, x->etag)) {
        p->status = 304;
        return;
    }
    p->fd = open(x->big, O_RDONLY);
    p->fd_bytes = BYTES;
    x->asked++;
    x->sent = range && td_http_header(r, "If-Range") && !strcmp(td_http_header(r, "If-Range"), x->etag) ? BYTES - 100000
                                                                                                        : BYTES;
}

static void send_elsewhere(const td_http_request *r, td_http_reply *p)
{
    p->status = 302;
    td_http_add_header(p, "Location", td_http_query(r, "to"));
}

static void send_status(const td_http_request *r, td_http_reply *p)
{
    p->status = (unsigned)atoi(r->part[0]);
    td_http_add_header(p, "Retry-After", "7");
}

static void refuse(const td_http_request *r, unsigned status, td_http_reply *p)
{
    (void)r;
    p->status = status;
}

static const td_http_route routes[] = {
    { "GET", "/big", 0, 0, false, send_big, NULL, NULL },
    { "GET", "/elsewhere", 0, 0, false, send_elsewhere, NULL, NULL },
    { "GET", "/status/{}", 0, 0, false, send_status, NULL, NULL },
    { NULL, NULL, 0, 0, false, NULL, NULL, NULL },
};

static int peer_open(void **state)
{
    peer *x = calloc(1, sizeof *x);
    td_http_config config = { .listen = "127.0.0.1:0", .routes = routes, .refuse = refuse, .user = x };
    snprintf(x->dir, sizeof x->dir, "/tmp/td-net-XXXXXX");
    if (!mkdtemp(x->dir) || td_http_start(&config, &x->http, NULL)) return -1;
    snprintf(x->url, sizeof x->url, "http://%s", td_http_address(x->http));
    snprintf(x->big, sizeof x->big, "%s/big", x->dir);
    x->etag = "\"v1\"";
    FILE *f = fopen(x->big, "wb");
    for (int i = 0; i < BYTES; i++) fputc(i * 7 + i / 251, f);
    fclose(f);
    *state = x;
    return 0;
}

static int peer_close(void **state)
{
    peer *x = *state;
    td_http_stop(x->http);
    td_tree_remove(x->dir);
    free(x);
    return 0;
}

static td_status fetch(peer *x, const char *path, const char *sha256, int64_t most, int64_t *bytes, td_error *err)
{
    char url[300], folder[96];
    int64_t retry_after_s;
    snprintf(url, sizeof url, "%s%s", x->url, path);
    snprintf(folder, sizeof folder, "%s/got", x->dir);
    mkdir(folder, 0700);
    td_fetch f = { .url = url, .sha256 = sha256, .folder = folder, .most_bytes = most };
    return td_fetch_file(&open_policy, &f, bytes, &retry_after_s, err);
}

static void assert_whole(const peer *x)
{
    char path[128], ours[TD_SHA256_HEX], theirs[TD_SHA256_HEX];
    snprintf(path, sizeof path, "%s/got/data", x->dir);
    assert_int_equal(td_sha256_file(path, ours, NULL, NULL), TD_OK);
    assert_int_equal(td_sha256_file(x->big, theirs, NULL, NULL), TD_OK);
    assert_string_equal(ours, theirs);
}

static void a_file_comes_whole(void **state)
{
    peer *x = *state;
    int64_t bytes;
    char hash[TD_SHA256_HEX];
    td_sha256_file(x->big, hash, NULL, NULL);
    assert_int_equal(fetch(x, "/big", hash, 1 << 20, &bytes, NULL), TD_OK);
    assert_int_equal(bytes, BYTES);
    assert_whole(x);
    assert_int_equal(fetch(x, "/big", hash, 1 << 20, &bytes, NULL), TD_OK); /* still the same: nothing is sent again */
    assert_int_equal(x->asked, 1);
    x->etag = "\"v2\"";
    assert_int_equal(fetch(x, "/big", hash, 1 << 20, &bytes, NULL), TD_OK);
    assert_int_equal(x->asked, 2);
    assert_whole(x);
}

/* What an attempt before left behind: 100,000 bytes, of the address and with the tag that the note says. */
static void leave_part(peer *x, const char *etag)
{
    char path[128], part[100000];
    FILE *f = fopen(x->big, "rb");
    assert_int_equal(fread(part, 1, sizeof part, f), sizeof part);
    fclose(f);
    snprintf(path, sizeof path, "%s/got", x->dir);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/got/part", x->dir);
    f = fopen(path, "wb");
    fwrite(part, 1, sizeof part, f);
    fclose(f);
    snprintf(path, sizeof path, "%s/got/from", x->dir);
    f = fopen(path, "wb");
    fprintf(f, "{\"url\":\"%s/big\",\"etag\":\"\\\"%s\\\"\",\"total\":%d}", x->url, etag, BYTES);
    fclose(f);
}

static void a_broken_fetch_goes_on(void **state)
{
    peer *x = *state;
    int64_t bytes;
    leave_part(x, "v1");
    x->etag = "\"v1\"";
    assert_int_equal(fetch(x, "/big", NULL, 1 << 20, &bytes, NULL), TD_OK);
    assert_string_equal(x->range, "bytes=100000-");
    assert_int_equal(x->sent, BYTES - 100000);
    assert_int_equal(bytes, BYTES);
    assert_whole(x);
}

static void another_file_meanwhile_starts_anew(void **state)
{
    peer *x = *state;
    int64_t bytes;
    leave_part(x, "v0");
    assert_int_equal(fetch(x, "/big", NULL, 1 << 20, &bytes, NULL), TD_OK);
    assert_string_equal(x->range, "bytes=100000-");
    assert_int_equal(x->sent, BYTES);
    assert_whole(x);
}

static void too_large_is_refused(void **state)
{
    peer *x = *state;
    int64_t bytes;
    assert_int_equal(fetch(x, "/big", NULL, BYTES - 1, &bytes, NULL), TD_INPUT);
    assert_int_equal(fetch(x, "/big", NULL, BYTES, &bytes, NULL), TD_OK);
}

static void wrong_bytes_are_refused(void **state)
{
    peer *x = *state;
    int64_t bytes;
    char wrong[TD_SHA256_HEX];
    memset(wrong, 'a', 64);
    wrong[64] = 0;
    assert_int_equal(fetch(x, "/big", wrong, 1 << 20, &bytes, NULL), TD_INPUT);
    assert_int_equal(x->asked, 2); /* one clean second fetch */
}

static void statuses_mean_again_or_never(void **state)
{
    peer *x = *state;
    static const struct {
        const char *path;
        td_status status;
    } table[] = {
        { "/status/404", TD_FAILED }, { "/status/403", TD_FAILED }, { "/status/410", TD_FAILED },
        { "/status/408", TD_REMOTE }, { "/status/429", TD_REMOTE }, { "/status/500", TD_REMOTE },
        { "/status/503", TD_REMOTE }, { "/nowhere", TD_FAILED },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int64_t bytes;
        assert_int_equal(fetch(x, table[i].path, NULL, 1 << 20, &bytes, NULL), table[i].status);
    }
}

static void redirects_lead_nowhere_forbidden(void **state)
{
    peer *x = *state;
    int64_t bytes;
    assert_int_equal(fetch(x, "/elsewhere?to=/big", NULL, 1 << 20, &bytes, NULL), TD_OK);
    assert_whole(x);
    assert_int_equal(fetch(x, "/elsewhere?to=file:///etc/passwd", NULL, 1 << 20, &bytes, NULL), TD_DENIED);
    assert_int_not_equal(fetch(x, "/elsewhere?to=/elsewhere%3fto=/elsewhere", NULL, 1 << 20, &bytes, NULL), TD_OK);
}

static bool stop_early(void *user, int64_t moved)
{
    (void)user, (void)moved;
    return true;
}

static void a_stopped_transfer_is_no_error_of_theirs(void **state)
{
    peer *x = *state;
    char url[100];
    td_net_answer answer;
    snprintf(url, sizeof url, "%s/big", x->url);
    td_net_request r = { .method = "GET", .url = url, .stop = stop_early };
    assert_int_equal(td_net_do(&open_policy, &r, 1 << 20, &answer, NULL), TD_STOPPED);
}

static void long_answers_are_cut(void **state)
{
    peer *x = *state;
    char url[100];
    td_net_answer answer;
    snprintf(url, sizeof url, "%s/big", x->url);
    td_net_request r = { .method = "GET", .url = url };
    assert_int_equal(td_net_do(&open_policy, &r, 4096, &answer, NULL), TD_OK);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.text_length, 4096);
    free(answer.text);
}

#define T(f) cmocka_unit_test_setup_teardown(f, peer_open, peer_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_and_their_neighbours),
        cmocka_unit_test(spellings_of_forbidden_places),
        cmocka_unit_test(a_refusal_names_its_cure),
        cmocka_unit_test(names_from_addresses),
        T(a_file_comes_whole),
        T(a_broken_fetch_goes_on),
        T(another_file_meanwhile_starts_anew),
        T(too_large_is_refused),
        T(wrong_bytes_are_refused),
        T(statuses_mean_again_or_never),
        T(redirects_lead_nowhere_forbidden),
        T(a_stopped_transfer_is_no_error_of_theirs),
        T(long_answers_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
