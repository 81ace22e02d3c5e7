#include "jobs/crew.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RETAIN_MS      (30 * 86400000LL)
#define ORPHAN_S       86400
#define FORGET_AT_ONCE 500

/* Calls each(crew, path, name) for every folder in path. */
static void each_folder(const td_crew *c, const char *path, void (*each)(const td_crew *, const char *, const char *))
{
    DIR *dir = opendir(path);
    struct dirent *e;
    while (dir && (e = readdir(dir))) {
        char full[1600];
        struct stat s;
        snprintf(full, sizeof full, "%s/%s", path, e->d_name);
        if (e->d_name[0] != '.' && lstat(full, &s) == 0 && S_ISDIR(s.st_mode)) each(c, full, e->d_name);
    }
    if (dir) closedir(dir);
}

/* A job that ended elsewhere, or while it waited for its next attempt, leaves what it fetched. */
static void sweep_scratch(const td_crew *c, const char *path, const char *name)
{
    char lock[1700];
    td_arena *a = td_arena_new();
    td_job j;
    if (!a || td_store_job(c->config.store, NULL, name, a, &j, NULL)) goto out;
    if (j.id && !td_job_state_final(td_job_state_of(j.state))) goto out;
    snprintf(lock, sizeof lock, "%s/lock", path);
    int fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0) td_tree_remove(path);
    if (fd >= 0) close(fd);
out:
    td_arena_free(a);
}

/* Bytes of attempts that lost their lease: a folder named after a hash that no row points to. */
static void sweep_result(const td_crew *c, const char *path, const char *name)
{
    struct stat s;
    const char *job = strrchr(path, '/');
    char id[TD_ID_SIZE];
    if (stat(path, &s) != 0 || time(NULL) - s.st_mtime < ORPHAN_S) return;
    while (job > path && job[-1] != '/') job--; /* .../JOB/HASH */
    snprintf(id, sizeof id, "%.*s", (int)strcspn(job, "/"), job);
    td_arena *a = td_arena_new();
    td_artefact *f;
    size_t n;
    if (a && !td_store_artefacts(c->config.store, id, a, &f, &n, NULL)) {
        bool named = false;
        for (size_t i = 0; i < n; i++) named = named || strstr(f[i].path, name);
        if (!named) td_tree_remove(path);
    }
    td_arena_free(a);
}

static void sweep_job(const td_crew *c, const char *path, const char *name)
{
    (void)name;
    each_folder(c, path, sweep_result);
    rmdir(path); /* goes when nothing is left in it */
}

static void sweep_client(const td_crew *c, const char *path, const char *name)
{
    (void)name;
    each_folder(c, path, sweep_job);
}

static void forget_old(const td_crew *c)
{
    td_arena *a = td_arena_new();
    const char **ids, **clients;
    size_t n = 0;
    int64_t before_ms = td_now_ms(NULL) - RETAIN_MS;
    if (a && !td_store_forget(c->config.store, before_ms, FORGET_AT_ONCE, a, &ids, &clients, &n, NULL))
        for (size_t i = 0; i < n; i++) {
            char path[1600];
            td_home_path(c->config.home, path, sizeof path, "objects/results/%s/%s", clients[i], ids[i]);
            td_tree_remove(path);
        }
    td_arena_free(a);
}

void td_sweep(const td_crew *c)
{
    char path[1200];
    forget_old(c);
    each_folder(c, td_home_path(c->config.home, path, sizeof path, "scratch"), sweep_scratch);
    each_folder(c, td_home_path(c->config.home, path, sizeof path, "objects/results"), sweep_client);
}
