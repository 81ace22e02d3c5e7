#include "jobs/home.h"

#include "jobs/net/webhook.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SECRET_LIMIT    4096
#define KEY_SECRET_TEXT 43
#define RESERVE         (2LL << 30)
#define GIB             1073741824.0

const char *td_home_path(const td_home *h, char *out, size_t size, const char *fmt, ...)
{
    int n = snprintf(out, size, "%s/", h->dir);
    va_list args;
    va_start(args, fmt);
    if (n > 0 && (size_t)n < size) vsnprintf(out + n, size - (size_t)n, fmt, args);
    va_end(args);
    return out;
}

static td_status private_folder(const td_home *h, const char *name, td_error *err)
{
    char path[1200];
    td_home_path(h, path, sizeof path, "%s", name);
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return td_fail(err, TD_DISK, path, NULL, "cannot be made: %s", strerror(errno));
    return TD_OK;
}

td_status td_home_open(const char *dir, td_home *out, td_error *err)
{
    static const char *const folders[] = { "objects", "objects/results", "scratch", "credentials" };
    *out = (td_home){ .slot_fd = -1 };
    char parent[1024];
    snprintf(parent, sizeof parent, "%s", dir);
    char *slash = strrchr(parent, '/');
    td_status st = TD_OK;
    if (slash && slash != parent) {
        *slash = 0;
        st = td_folder_make(parent, err);
    }
    if (!st && mkdir(dir, 0700) != 0 && errno != EEXIST)
        st = td_fail(err, TD_DISK, dir, NULL, "cannot be made: %s", strerror(errno));
    char *real = st ? NULL : realpath(dir, NULL);
    if (!st && (!real || strlen(real) >= sizeof out->dir))
        st = td_fail(err, TD_ARG, dir, NULL, "is no folder to live in: %s",
                     real ? "its path is too long" : strerror(errno));
    if (!st) snprintf(out->dir, sizeof out->dir, "%s", real);
    free(real);
    for (size_t i = 0; !st && i < sizeof folders / sizeof folders[0]; i++) st = private_folder(out, folders[i], err);
    return st;
}

void td_home_close(td_home *h)
{
    if (h->slot_fd >= 0) close(h->slot_fd);
    h->slot_fd = -1;
}

td_status td_home_take_slot(td_home *h, td_error *err)
{
    enum { SLOTS = 64 };
    char host[64] = "host", path[1200];
    gethostname(host, sizeof host - 1);
    for (int n = 1; n <= SLOTS; n++) {
        td_home_path(h, path, sizeof path, "scratch/worker-%d.lock", n);
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0) return td_fail(err, TD_DISK, path, NULL, "cannot be opened: %s", strerror(errno));
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            h->slot_fd = fd;
            snprintf(h->worker_id, sizeof h->worker_id, "%s-%d", host, n);
            return TD_OK;
        }
        close(fd);
    }
    return td_fail(err, TD_BUSY, h->dir, NULL, "%d processes work here already", SLOTS);
}

/* ---- secrets ----------------------------------------------------------------------------------------------------- */

static td_status write_secret(const char *path, const char *text, td_error *err)
{
    char line[256];
    int n = snprintf(line, sizeof line, "%s\n", text);
    mode_t before = umask(0077);
    td_status st = td_file_write(path, line, (size_t)n, false, err);
    umask(before);
    OPENSSL_cleanse(line, sizeof line);
    return st;
}

bool td_key_parse(const char *token, char id[40])
{
    if (!td_starts_with(token, "td_")) return false;
    const char *from = token + 3, *under = strchr(from, '_');
    size_t n = under ? (size_t)(under - from) : 0;
    if (!n || n > 26 || strlen(under + 1) != KEY_SECRET_TEXT) return false;
    snprintf(id, 40, "%.*s", (int)n, from);
    return td_id_valid(id);
}

void td_key_make(char out[128])
{
    unsigned char chance[32];
    unsigned char text[48];
    char id[TD_ID_SIZE];
    td_chance(chance, sizeof chance);
    EVP_EncodeBlock(text, chance, sizeof chance);
    for (unsigned char *p = text; *p; p++) *p = *p == '+' ? '-' : *p == '/' ? '_' : *p == '=' ? 0 : *p; /* base64url */
    snprintf(out, 128, "td_%s_%s", td_id_new("", td_now_ms(NULL), id), text);
    OPENSSL_cleanse(chance, sizeof chance);
}

static td_status admin_key(const td_home *h, td_store *s, td_arena *a, td_error *err)
{
    char path[1200], id[40], hash[TD_SHA256_HEX], *token;
    td_home_path(h, path, sizeof path, "api-key");
    if (!td_is_file(path)) {
        char fresh[128];
        td_key_make(fresh);
        td_status st = write_secret(path, fresh, err);
        OPENSSL_cleanse(fresh, sizeof fresh);
        if (st) return st;
    }
    td_status st = td_file_read(a, path, SECRET_LIMIT, &token, NULL, err);
    if (st) return st;
    token[strcspn(token, "\r\n")] = 0;
    if (!td_key_parse(token, id)) return td_fail(err, TD_ARG, path, "remove it and start again", "holds no key");
    st = td_sha256_of(token, strlen(token), hash);
    td_key key = { .id = id, .client_id = TD_ADMIN, .secret_sha256 = hash, .scopes = TD_SCOPE_ALL };
    return st ? st : td_store_key_only(s, &key, err);
}

static td_status own_secret(const td_home *h, td_error *err)
{
    char path[1200], secret[64];
    td_home_path(h, path, sizeof path, "credentials/" TD_OWN_CREDENTIAL);
    if (td_is_file(path)) return TD_OK;
    td_webhook_secret(secret);
    td_status st = write_secret(path, secret, err);
    OPENSSL_cleanse(secret, sizeof secret);
    return st;
}

td_status td_home_admit(const td_home *h, td_store *s, td_error *err)
{
    static const td_client_limits limits = { .weight = 100, .max_running = 1000000, .max_queued = 100000 };
    td_arena *a = td_arena_new();
    td_status st = a ? td_store_client(s, TD_ADMIN, &limits, err) : TD_NOMEM;
    if (!st) st = admin_key(h, s, a, err);
    if (!st) st = own_secret(h, err);
    td_arena_free(a);
    return st;
}

td_status td_home_credential(const td_home *h, const char *name, td_arena *a, char **out, td_error *err)
{
    char path[1200];
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    *out = NULL;
    size_t plain = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    bool good = plain && !name[plain] && name[0] != '.' && plain < 100;
    if (good && folder) {
        snprintf(path, sizeof path, "%.1000s/%s", folder, name);
        if (td_is_file(path)) return td_file_read(a, path, SECRET_LIMIT, out, NULL, err);
    }
    if (good) {
        td_home_path(h, path, sizeof path, "credentials/%s", name);
        if (td_is_file(path)) return td_file_read(a, path, SECRET_LIMIT, out, NULL, err);
    }
    return td_fail(err, TD_DENIED, "notify", "put it into the service's credentials folder, mode 0600",
                   "there is no credential '%.60s'", name);
}

/* ---- disk -------------------------------------------------------------------------------------------------------- */

int64_t td_disk_reserve(int64_t all_bytes)
{
    int64_t reserve = all_bytes / 20 > RESERVE ? all_bytes / 20 : RESERVE;
    return reserve > all_bytes / 4 ? all_bytes / 4 : reserve;
}

td_disk td_disk_of(const char *folder)
{
    struct statvfs v;
    if (statvfs(folder, &v) != 0) return (td_disk){ 0 };
    return (td_disk){ .free_bytes = (int64_t)(v.f_bavail * v.f_frsize),
                      .reserve_bytes = td_disk_reserve((int64_t)(v.f_blocks * v.f_frsize)) };
}

const char *td_disk_short(const td_disk *d, const char *folder, int64_t needs_bytes, char *out, size_t size)
{
    int64_t needs = needs_bytes > 1 ? needs_bytes : 1, missing = d->reserve_bytes + needs - d->free_bytes;
    if (missing <= 0) return NULL;
    char job[48] = "";
    if (needs_bytes) snprintf(job, sizeof job, ", and the job needs %.1f GiB", (double)needs_bytes / GIB);
    snprintf(out, size,
             "the disk of %s has %.1f GiB free and %.1f GiB have to stay free%s: %.1f GiB are missing; remove what is "
             "no longer wanted there, or start the service with --data on a larger disk",
             folder, (double)d->free_bytes / GIB, (double)d->reserve_bytes / GIB, job,
             ceil((double)missing / GIB * 10) / 10);
    return out;
}

int64_t td_home_free(const td_home *h)
{
    td_disk d = td_disk_of(h->dir);
    return d.free_bytes > d.reserve_bytes ? d.free_bytes - d.reserve_bytes : 0;
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *ftw)
{
    (void)s, (void)kind, (void)ftw;
    remove(path);
    return 0;
}

void td_tree_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
