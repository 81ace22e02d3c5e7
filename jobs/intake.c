#include "jobs/intake.h"

#include "jobs/net/fetch.h"
#include "jobs/order/folder.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define FETCHES_AT_ONCE  4
#define FOLDER_FILES_MAX 1024

typedef struct gathering {
    const td_intake *ask;
    td_intake_facts *facts;
    td_spec_input in[TD_SPEC_INPUTS];
    char local[TD_SPEC_INPUTS][300]; /* where each lies, from the attempt's folder: "in/003/Kick.wav" */
    size_t n, done;
    pthread_mutex_t lock; /* of done and facts */
} gathering;

static bool stop_fetch(void *user, int64_t moved)
{
    (void)moved;
    const gathering *g = user;
    return g->ask->stop(g->ask->user);
}

/* What a file would take as PCM of 24 bit: FLAC twice its size, lossy formats eight times (at 320 kbit/s). */
static int64_t as_pcm(const char *name, int64_t bytes)
{
    static const char *const lossy[] = { ".mp3", ".ogg", ".oga", ".opus" };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof lossy / sizeof lossy[0]; i++)
        if (!strcasecmp(dot, lossy[i])) return 8 * bytes;
    return dot && !strcasecmp(dot, ".flac") ? 2 * bytes : bytes;
}

static td_status count(gathering *g, const char *name, int64_t bytes, td_error *err)
{
    pthread_mutex_lock(&g->lock);
    td_intake_facts *f = g->facts;
    int64_t pcm = as_pcm(name, bytes);
    f->files++;
    f->bytes += bytes;
    f->as_pcm += pcm;
    if (pcm > f->largest_as_pcm) f->largest_as_pcm = pcm;
    g->done++;
    bool over = f->bytes > TD_JOB_BYTES_MAX;
    g->ask->progress(g->ask->user, g->n ? (double)g->done / (double)g->n : 0.5);
    pthread_mutex_unlock(&g->lock);
    return over ? td_fail(err, TD_INPUT, "stems", NULL, "together they are too large") : TD_OK;
}

/* ---- from an address --------------------------------------------------------------------------------------------- */

static td_status fetch(gathering *g, size_t index, const char *to, int64_t *bytes, td_error *err)
{
    char folder[1200], data[1300];
    int64_t retry_after_s = 0;
    snprintf(folder, sizeof folder, "%s/%03zu", g->ask->fetched, index);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return td_fail(err, TD_DISK, folder, NULL, "cannot be made: %s", strerror(errno));
    td_fetch f = { .url = g->in[index].address,
                   .sha256 = g->in[index].sha256,
                   .folder = folder,
                   .most_bytes = TD_FILE_BYTES_MAX,
                   .stop = stop_fetch,
                   .user = g };
    td_status st = td_fetch_file(g->ask->net, &f, bytes, &retry_after_s, err);
    pthread_mutex_lock(&g->lock);
    if (retry_after_s > g->facts->retry_after_s) g->facts->retry_after_s = retry_after_s;
    pthread_mutex_unlock(&g->lock);
    snprintf(data, sizeof data, "%s/data", folder);
    if (!st && link(data, to) != 0) st = td_fail(err, TD_DISK, to, NULL, "cannot be linked: %s", strerror(errno));
    return st;
}

/* ---- from this machine ------------------------------------------------------------------------------------------- */

static td_status copy(gathering *g, const char *path, const char *to, int64_t *bytes, td_error *err)
{
    int fd;
    td_status st = td_roots_open(g->ask->roots, path, false, &fd, err);
    if (st) return st;
    st = td_copy_fd(fd, to, TD_FILE_BYTES_MAX, bytes, err);
    close(fd);
    return st;
}

/* What is named like a stem is never left out in silence. */
static td_status refuse_odd(const char *name, mode_t mode, td_error *err)
{
    return td_fail(err, TD_INPUT, name, "put the file itself into the folder of stems", "%s",
                   S_ISLNK(mode) ? "is a link, which the service does not follow" : "is no file");
}

/* A folder being copied, with all below it. */
typedef struct copying {
    gathering *g;
    size_t files;
} copying;

static td_status copy_below(copying *c, const char *path, const char *to, int depth, td_error *err);

static td_status copy_entry(copying *c, const char *from, const char *to, mode_t mode, int depth, td_error *err)
{
    int64_t bytes;
    if (S_ISDIR(mode)) return copy_below(c, from, to, depth + 1, err);
    if (c->g->ask->stop(c->g->ask->user)) return TD_STOPPED;
    if (++c->files > FOLDER_FILES_MAX)
        return td_fail(err, TD_INPUT, from, NULL, "there are more than %d files", FOLDER_FILES_MAX);
    td_status st = copy(c->g, from, to, &bytes, err);
    return st ? st : count(c->g, from, bytes, err);
}

/* Whether it is named like a stem, or leads to a folder that may hold some. */
static bool is_missed(int folder, const char *name)
{
    struct stat s;
    return td_sounds(name) || (fstatat(folder, name, &s, 0) == 0 && S_ISDIR(s.st_mode));
}

static td_status copy_entries(copying *c, DIR *dir, const char *path, const char *to, int depth, td_error *err)
{
    char from[4400], there[1600];
    td_status st = TD_OK;
    for (struct dirent *e; !st && (e = readdir(dir));) {
        struct stat s;
        if (td_passed_over(e->d_name) || fstatat(dirfd(dir), e->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0) continue;
        bool fits = (size_t)snprintf(from, sizeof from, "%s/%s", path, e->d_name) < sizeof from &&
                    (size_t)snprintf(there, sizeof there, "%s/%s", to, e->d_name) < sizeof there;
        if (!fits)
            st = td_fail(err, TD_INPUT, e->d_name, NULL, "its path is too long");
        else if (S_ISREG(s.st_mode) || S_ISDIR(s.st_mode))
            st = copy_entry(c, from, there, s.st_mode, depth, err);
        else if (is_missed(dirfd(dir), e->d_name))
            st = refuse_odd(e->d_name, s.st_mode, err);
    }
    return st;
}

static td_status copy_below(copying *c, const char *path, const char *to, int depth, td_error *err)
{
    int fd;
    if (depth > TD_FOLDERS_DEEP)
        return td_fail(err, TD_INPUT, path, NULL, "lies more than %d folders deep", TD_FOLDERS_DEEP);
    td_status st = td_roots_open(c->g->ask->roots, path, true, &fd, err);
    if (st) return st;
    DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return td_no_memory(err);
    }
    st = td_folder_make(to, err);
    if (!st) st = copy_entries(c, dir, path, to, depth, err);
    closedir(dir);
    return st;
}

/* ---- all of them ------------------------------------------------------------------------------------------------- */

static td_status gather_one(void *shared, size_t index, td_error *err)
{
    gathering *g = shared;
    char name[256], path[1600];
    int64_t bytes = 0;
    const char *address = g->in[index].address;
    bool local = td_place_of(address) == TD_PLACE_PATH;
    if (local)
        snprintf(name, sizeof name, "%s", td_basename(address));
    else
        td_net_name(address, name, sizeof name);
    snprintf(g->local[index], sizeof g->local[index], "in/%03zu/%s", index, name);
    snprintf(path, sizeof path, "%s/in/%03zu", g->ask->folder, index);
    td_status st = td_folder_make(path, err);
    snprintf(path, sizeof path, "%s/%s", g->ask->folder, g->local[index]);
    if (!st) st = local ? copy(g, address, path, &bytes, err) : fetch(g, index, path, &bytes, err);
    return st ? st : count(g, name, bytes, err);
}

static td_status write_job(gathering *g, json_t *spec, const char *folder, td_error *err)
{
    char path[1300];
    for (size_t i = 0; i < g->n; i++) td_spec_input_set(&g->in[i], g->local[i]);
    if (folder && json_is_string(json_object_get(spec, "stems")))
        json_object_set_new(spec, "stems", json_string("in/folder"));
    else if (folder)
        json_object_set_new(json_object_get(spec, "stems"), "folder", json_string("in/folder"));
    td_spec_strip(spec);
    if (!json_object_get(spec, "title") && !json_object_get(spec, "name"))
        json_object_set_new(spec, "name", json_string(g->ask->job->id));
    char *text = json_dumps(spec, JSON_INDENT(1));
    snprintf(path, sizeof path, "%s/job.yaml", g->ask->folder); /* JSON is YAML */
    td_status st = text ? td_file_write(path, text, strlen(text), false, err) : TD_NOMEM;
    free(text);
    return st;
}

static td_status gather(gathering *g, json_t *spec, td_error *err)
{
    char path[1300];
    const char *folder;
    td_status st = td_spec_inputs(spec, g->in, &g->n, &folder, err);
    if (!st && folder) {
        snprintf(path, sizeof path, "%s/in/folder", g->ask->folder);
        st = copy_below(&(copying){ .g = g }, folder, path, 0, err);
    }
    g->done = 0;
    td_pool *pool = NULL;
    if (!st && g->n) st = td_pool_new(FETCHES_AT_ONCE, &pool);
    if (!st && g->n) st = td_pool_run(pool, g->n, gather_one, g, err);
    td_pool_free(pool);
    return st ? st : write_job(g, spec, folder, err);
}

td_status td_intake_run(const td_intake *i, td_intake_facts *facts, td_error *err)
{
    *facts = (td_intake_facts){ 0 };
    json_t *spec = json_loads(i->job->spec, 0, NULL);
    gathering *g = calloc(1, sizeof *g);
    td_status st = TD_NOMEM;
    if (spec && g) {
        g->ask = i;
        g->facts = facts;
        pthread_mutex_init(&g->lock, NULL);
        st = gather(g, spec, err);
        pthread_mutex_destroy(&g->lock);
    }
    free(g);
    json_decref(spec);
    return st;
}
