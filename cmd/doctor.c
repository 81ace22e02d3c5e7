#include "cmd/mixing.h"
#include "engine/base/cache.h"
#include "jobs/home.h"
#include "jobs/net/webhook.h"
#include "recipes/recipes.h"

#include <FLAC/format.h>
#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <lame/lame.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <opusenc.h>
#include <rubberband/rubberband-c.h>
#include <sndfile.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <vorbis/codec.h>
#include <yaml.h>

#define GIB 1073741824.0
#define MB  1e6

/* A song of 24 stems keeps about 2 GiB of decoded audio on disk while it is mixed, and half a GiB in memory. */
#define SCRATCH_GIB 4.0
#define MEMORY_GIB  1.0

static const td_flag flags[] = {
    { "data", 0, "DIR", "judge the folder of a service as well" },
    { "recipes", 0, "DIR", "look for recipes here first" },
    { "scratch", 0, "DIR", "for temporary audio; DIR/scratch of --data, else $TMPDIR, else /var/tmp" },
    { "clear-cache", 0, NULL,
      "remove what mixes kept: surveys, hashes, rendered groups; the next ones make them anew" },
    { NULL, 0, NULL, NULL },
};

typedef enum grade { FINE, DOUBTFUL, WRONG, GRADES } grade;

static const char *const grades[GRADES] = { "ok", "warn", "error" };

typedef struct doctor {
    const td_args *args;
    td_arena *arena;
    json_t *rows; /* with --json; else NULL */
    unsigned count[GRADES];
} doctor;

static void say(doctor *d, grade g, const char *topic, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void say(doctor *d, grade g, const char *topic, const char *fmt, ...)
{
    char text[1400], line[1400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    d->count[g]++;
    td_printable(text, line, sizeof line);
    if (d->rows)
        json_array_append_new(d->rows, json_pack("{ssssss}", "grade", grades[g], "topic", topic, "text", line));
    else
        printf("%-5s  %-10s  %s\n", grades[g], topic, line);
}

static void complain(doctor *d, grade g, const char *topic, const td_error *err)
{
    char text[1400];
    say(d, g, topic, "%s", td_error_text(err, text, sizeof text));
}

/* ---- the machine ------------------------------------------------------------------------------------------------- */

/* The rest of the first line of a file of /proc that begins with key, behind its colon; "" when there is none. */
static const char *proc_line(const char *path, const char *key, char *out, size_t size)
{
    char line[512];
    FILE *f = fopen(path, "re");
    *out = 0;
    while (f && !*out && fgets(line, sizeof line, f)) {
        const char *colon = strchr(line, ':');
        if (!colon || !td_starts_with(line, key)) continue;
        colon += 1 + strspn(colon + 1, " \t");
        snprintf(out, size, "%.*s", (int)strcspn(colon, "\n"), colon);
    }
    if (f) fclose(f);
    return out;
}

static void processor(doctor *d)
{
    char model[256];
    long threads = sysconf(_SC_NPROCESSORS_ONLN);
    proc_line("/proc/cpuinfo", "model name", model, sizeof model);
    say(d, FINE, "processor", "%ld thread%s%s%s", threads, threads == 1 ? "" : "s", *model ? ", " : "", model);
}

static void memory(doctor *d)
{
    char kib[64];
    double gib = strtod(proc_line("/proc/meminfo", "MemAvailable", kib, sizeof kib), NULL) * 1024 / GIB;
    if (!*kib)
        say(d, DOUBTFUL, "memory", "/proc/meminfo does not say how much is free");
    else
        say(d, gib < MEMORY_GIB ? DOUBTFUL : FINE, "memory", "%.1f GiB free%s", gib,
            gib < MEMORY_GIB ? "; a mix of many stems may take 1 GiB" : "");
}

/* MB a second of one write through to the disk, in a file without a name; negative with errno set when it fails. */
static double write_speed(const char *folder)
{
    enum { CHUNK = 1 << 20, CHUNKS = 32 };
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    char *chunk = fd < 0 ? NULL : calloc(1, CHUNK);
    bool fine = chunk != NULL;
    if (chunk) memset(chunk, 0x55, CHUNK); /* no zeros: a filesystem may keep those as holes */
    double start = td_seconds();
    for (int i = 0; fine && i < CHUNKS; i++) {
        ssize_t n = write(fd, chunk, CHUNK);
        if (n >= 0 && n < CHUNK) errno = ENOSPC; /* the rest had no room */
        fine = n == CHUNK;
    }
    fine = fine && fdatasync(fd) == 0;
    double took = td_seconds() - start;
    int why = errno;
    free(chunk);
    if (fd >= 0) close(fd);
    errno = why;
    return fine ? CHUNKS * (CHUNK / 1e6) / fmax(took, 1e-6) : -1;
}

/* As it was named, but for slashes at its end; NULL. */
static const char *data_folder(doctor *d)
{
    const char *data = td_args_get(d->args, "data");
    size_t n = data ? strlen(data) : 0;
    while (n > 1 && data[n - 1] == '/') n--;
    return data ? td_arena_strndup(d->arena, data, n) : NULL;
}

/* A folder that no service has had so far. */
static bool is_new(doctor *d, const char *data)
{
    const char *queue = td_arena_printf(d->arena, "%s/queue.db", data);
    return td_is_folder(data) && queue && access(queue, F_OK) != 0;
}

static void scratch(doctor *d)
{
    const char *folder = td_args_get(d->args, "scratch"), *data = data_folder(d);
    if (!folder && data) folder = td_arena_printf(d->arena, is_new(d, data) ? "%s" : "%s/scratch", data);
    folder = td_scratch_folder(folder);
    struct statvfs v;
    if (data && !td_is_folder(data) && !td_args_has(d->args, "scratch")) return; /* data() says so */
    if (statvfs(folder, &v) != 0) {
        say(d, WRONG, "scratch", "%s: %s", folder, strerror(errno));
        return;
    }
    double gib = (double)v.f_bavail * (double)v.f_frsize / GIB, speed = write_speed(folder);
    td_error err;
    if (speed < 0 && td_fail_write(&err, folder, errno))
        complain(d, WRONG, "scratch", &err);
    else
        say(d, gib < SCRATCH_GIB ? DOUBTFUL : FINE, "scratch", "%s: %.1f GiB free, writes %.0f MB/s%s", folder, gib,
            speed, gib < SCRATCH_GIB ? "; a mix of many stems may take 4 GiB" : "");
}

static void cache(doctor *d)
{
    const char *folder = td_cache_folder(d->arena);
    if (!folder) {
        say(d, DOUBTFUL, "cache", "none: neither $XDG_CACHE_HOME nor $HOME is a folder, so every mix surveys anew");
        return;
    }
    double before_mb = (double)td_cache_bytes(folder) / MB;
    bool clear = td_args_has(d->args, "clear-cache");
    if (clear) td_cache_room(folder, 0, 0, INT64_MAX);
    double left_mb = (double)td_cache_bytes(folder) / MB;
    if (clear)
        say(d, left_mb > 0 ? WRONG : FINE, "cache", "%s: %.0f MB removed, %.0f MB left", folder, before_mb - left_mb,
            left_mb);
    else
        say(d, FINE, "cache", "%s: %.0f MB; mixes keep it below %d MB (--cache-limit), --clear-cache empties it",
            folder, before_mb, TD_CACHE_MB);
}

static const char *opus_version(void)
{
    return ope_get_version_string();
}

static const char *flac_version(void)
{
    return FLAC__VERSION_STRING;
}

static const char *openssl_version(void)
{
    return OpenSSL_version(OPENSSL_FULL_VERSION_STRING);
}

static const char *curl_version_short(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}

static void libraries(doctor *d)
{
    static const struct {
        const char *name;
        const char *(*version)(void);
    } rows[] = {
        { "", sf_version_string },           { "FLAC ", flac_version },
        { "", vorbis_version_string },       { "", opus_version },
        { "LAME ", get_lame_version },       { "libyaml ", yaml_get_version_string },
        { "jansson ", jansson_version_str }, { "curl ", curl_version_short },
        { "microhttpd ", MHD_get_version },  { "SQLite ", sqlite3_libversion },
        { "OpenSSL ", openssl_version },
    };
    td_text t = { 0 };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        td_text_addf(&t, "%s%s%s", i ? ", " : "", rows[i].name, rows[i].version());
    say(d, FINE, "libraries", "%s", td_text_or_empty(&t));
    td_text_free(&t);
}

/* ---- recipes ----------------------------------------------------------------------------------------------------- */

/* Every mistake is `recipe check`'s to show; here the first one stands for all. */
static bool recipe_passes(doctor *d, const td_library *l, const td_library_entry *e)
{
    td_messages *m = td_messages_new();
    td_recipe *r = NULL;
    td_error err = { 0 };
    if (!m) return false;
    td_status st = td_recipe_load(l, e->path, NULL, 0, &r, m);
    if (st) complain(d, WRONG, "recipes", (td_messages_error(m, st, &err), &err));
    td_recipe_free(r);
    td_messages_free(m);
    return st == TD_OK;
}

static void recipes(doctor *d)
{
    td_library *l = NULL;
    td_error err = { 0 };
    if (td_library_open(td_args_get(d->args, "recipes"), &l, &err)) {
        complain(d, WRONG, "recipes", &err);
        return;
    }
    const td_library_entry *e;
    size_t n = td_library_entries(l, &e), pass = 0;
    for (size_t i = 0; i < n; i++) pass += recipe_passes(d, l, &e[i]);
    if (!n)
        say(d, WRONG, "recipes",
            "none found; 'make install' puts the library into " TD_PREFIX "/share/topdown/recipes");
    else if (pass)
        say(d, FINE, "recipes", "%zu of %zu pass", pass, n);
    td_library_free(l);
}

/* ---- a service's folder ------------------------------------------------------------------------------------------ */

/* Whether a secret's file can be read by this user and by nobody else. */
static bool is_private(doctor *d, const char *topic, const char *path)
{
    struct stat s;
    if (stat(path, &s) != 0 || access(path, R_OK) != 0) {
        say(d, WRONG, topic, "%s: %s", path, strerror(errno));
        return false;
    }
    if (s.st_mode & 077) say(d, DOUBTFUL, topic, "%s: others may read it; chmod 600", path);
    return true;
}

static bool is_secret(doctor *d, const char *path)
{
    td_error err = { 0 };
    td_webhook_keys keys;
    char *text;
    if (!is_private(d, "credential", path)) return false;
    td_status st = td_file_read(d->arena, path, 4096, &text, NULL, &err);
    if (!st) st = td_webhook_keys_parse(text, &keys, &err);
    td_webhook_keys_wipe(&keys);
    if (st) say(d, WRONG, "credential", "%s: %s", path, err.what);
    return st == TD_OK;
}

static void credentials(doctor *d, const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir) {
        say(d, WRONG, "credential", "%s: %s", folder, strerror(errno));
        return;
    }
    unsigned good = 0;
    for (struct dirent *file; (file = readdir(dir));) {
        const char *path = td_arena_printf(d->arena, "%s/%s", folder, file->d_name);
        if (file->d_name[0] != '.' && path) good += is_secret(d, path);
    }
    closedir(dir);
    if (good) say(d, FINE, "credential", "%s: %u readable", folder, good);
}

static void data(doctor *d)
{
    const char *folder = data_folder(d), *given = getenv("CREDENTIALS_DIRECTORY");
    if (!folder) return;
    if (!td_is_folder(folder) || access(folder, R_OK | W_OK | X_OK) != 0) {
        say(d, WRONG, "data", "%s: %s", folder,
            td_is_folder(folder) ? strerror(errno) : "no such folder; 'topdown serve' makes it");
        return;
    }
    if (given) credentials(d, given);
    if (is_new(d, folder)) {
        say(d, FINE, "data", "%s: can be written; a new folder, which 'topdown serve --data %s' fills", folder, folder);
        return;
    }
    char why[1400];
    td_disk disk = td_disk_of(folder);
    if (td_disk_short(&disk, folder, 0, why, sizeof why)) say(d, WRONG, "data", "no job is begun: %s", why);
    const char *key = td_arena_printf(d->arena, "%s/api-key", folder);
    const char *own = td_arena_printf(d->arena, "%s/credentials", folder);
    if (key && is_private(d, "data", key)) say(d, FINE, "data", "%s: can be written, has a key", folder);
    if (own) credentials(d, own);
}

static int run(const td_args *a)
{
    static void (*const checks[])(doctor *) = { processor, memory, scratch, cache, libraries, recipes, data };
    bool json = td_args_has(a, "json");
    doctor d = { .args = a, .arena = td_arena_new(), .rows = json ? json_array() : NULL };
    if (!d.arena || (json && !d.rows)) return td_status_exit(TD_NOMEM);
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) checks[i](&d);
    if (json) {
        json_t *all = json_pack("{sisosisi}", "v", 1, "checks", d.rows, "errors", (int)d.count[WRONG], "warnings",
                                (int)d.count[DOUBTFUL]);
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(all);
    } else if (d.count[WRONG] || d.count[DOUBTFUL]) {
        printf("%u error%s, %u warning%s\n", d.count[WRONG], d.count[WRONG] == 1 ? "" : "s", d.count[DOUBTFUL],
               d.count[DOUBTFUL] == 1 ? "" : "s");
    }
    td_arena_free(d.arena);
    return d.count[WRONG] ? td_status_exit(TD_FAILED) : 0;
}

const td_command td_cmd_doctor = {
    .name = "doctor",
    .group = "Care",
    .summary = "whether this machine, the recipes and a service's folder are fit to work",
    .synopsis = "[--data DIR] [--recipes DIR] [--scratch DIR] [--clear-cache] [--json]",
    .examples = "  topdown doctor                                 before the first mix\n"
                "  topdown doctor --data /var/lib/topdown         before the first night\n"
                "  topdown doctor --clear-cache                   when its disk is wanted for something else\n",
    .flags = flags,
    .run = run,
    .wordless = true,
};
