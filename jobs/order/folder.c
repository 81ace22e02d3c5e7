#include "jobs/order/folder.h"

#include "recipes/recipes.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool td_sounds(const char *name)
{
    return name[0] != '.' && td_stem_length(name) < strlen(name);
}

const char *td_no_file(const char *path)
{
    struct stat s;
    if (stat(path, &s) != 0) return lstat(path, &s) == 0 && S_ISLNK(s.st_mode) ? "a link to nowhere" : NULL;
    switch (s.st_mode & S_IFMT) {
    case S_IFREG:
        return NULL;
    case S_IFDIR:
        return "a folder";
    case S_IFIFO:
        return "a pipe";
    case S_IFSOCK:
        return "a socket";
    default:
        return "a device";
    }
}

td_status td_file_here(const char *path, td_error *err)
{
    td_place place = td_place_of(path);
    if (place == TD_PLACE_NONE || place == TD_PLACE_PATH) return TD_OK;
    return td_fail(err, TD_ARG, path,
                   "a service fetches addresses: topdown submit JOB.yaml; or download the files first",
                   "is an address, and only files are mixed here");
}

bool td_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return !strcmp(a, b) || (!strcmp(td_basename(a), td_basename(b)) && stat(a, &x) == 0 && stat(b, &y) == 0 &&
                             x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

static char *join(td_arena *a, const char *folder, const char *name)
{
    return td_arena_printf(a, td_ends_with(folder, "/") ? "%s%s" : "%s/%s", folder, name);
}

static int by_name(const void *a, const void *b)
{
    const td_stem_wish *x = a, *y = b;
    return strcmp(x->name, y->name);
}

bool td_passed_over(const char *name)
{
    return name[0] == '.' || !strcmp(name, "__MACOSX");
}

/* ---- an earlier mix ---------------------------------------------------------------------------------------------- */

static void add_outputs(const json_t *of, const char *folder, td_arena *a, td_earlier *e)
{
    size_t i;
    const json_t *o;
    json_array_foreach(json_object_get(of, "outputs"), i, o)
    {
        const char *name = json_string_value(json_object_get(o, "name"));
        char *kept = name && e->n < TD_EARLIER_MAX ? td_arena_strdup(a, name) : NULL;
        char *path = kept ? join(a, folder, kept) : NULL;
        if (path && td_is_file(path)) e->name[e->n++] = kept;
    }
}

void td_earlier_in_folder(const char *folder, td_arena *a, td_earlier *e)
{
    enum { REPORT_MAX = 64 << 20 };
    char *text, *path = join(a, folder, "report.json");
    size_t i, length;
    const json_t *mix;
    e->n = 0;
    if (!path || !td_is_file(path) || td_file_read(a, path, REPORT_MAX, &text, &length, NULL)) return;
    json_t *report = json_loadb(text, length, 0, NULL);
    json_array_foreach(json_object_get(report, "mixes"), i, mix) add_outputs(mix, folder, a, e);
    add_outputs(json_object_get(report, "rough"), folder, a, e);
    add_outputs(json_object_get(report, "reference"), folder, a, e);
    json_decref(report);
}

static bool is_earlier(const td_earlier *e, const char *name)
{
    size_t i = 0;
    while (i < e->n && strcmp(e->name[i], name)) i++;
    return i < e->n;
}

/* ---- a tree ------------------------------------------------------------------------------------------------------ */

typedef struct gathering {
    const char *root; /* as it was named */
    td_arena *arena;
    td_stem_wish stem[TD_STEMS_MAX];
    size_t n;
    td_earlier earlier; /* at the root */
} gathering;

static td_status take_file(gathering *g, const char *path, const char *name, td_error *err)
{
    if (g->n == TD_STEMS_MAX)
        return td_fail(err, TD_ARG, g->root, "name the ones to mix", "holds more than %d sound files", TD_STEMS_MAX);
    td_stem_wish *w = &g->stem[g->n++];
    *w = (td_stem_wish){ .file = path, .name = name, .pan = NAN };
    const char *what = td_no_file(path);
    if (what && !(w->refused = td_arena_printf(g->arena, "is %s, no file", what))) return td_no_memory(err);
    return TD_OK;
}

/* One folder of the tree. below: its name from the root on, with a slash behind it; "" at the root. */
static td_status walk(gathering *g, const char *folder, const char *below, int depth, td_error *err)
{
    DIR *d = opendir(folder);
    if (!d) return td_fail(err, td_status_of_errno(errno), folder, NULL, "cannot be opened: %s", strerror(errno));
    td_status st = TD_OK;
    if (depth && faccessat(dirfd(d), "report.json", F_OK, 0) == 0) {
        closedir(d); /* what an earlier mix has left there */
        return TD_OK;
    }
    for (struct dirent *e; !st && (e = readdir(d));) {
        if (td_passed_over(e->d_name)) continue;
        char *path = join(g->arena, folder, e->d_name), *name = td_arena_printf(g->arena, "%s%s", below, e->d_name);
        char *deeper = name ? td_arena_printf(g->arena, "%s/", name) : NULL;
        if (!path || !deeper)
            st = td_no_memory(err);
        else if (td_is_folder(path))
            st = depth < TD_FOLDERS_DEEP ? walk(g, path, deeper, depth + 1, err)
                                         : td_fail(err, TD_ARG, path, "name this folder itself",
                                                   "lies more than %d folders deep", TD_FOLDERS_DEEP);
        else if (td_sounds(e->d_name) && (depth || !is_earlier(&g->earlier, name)))
            st = take_file(g, path, name, err);
    }
    closedir(d);
    return st;
}

td_status td_stems_in_folder(const char *folder, td_arena *a, td_stem_wish **stem, size_t *n, td_error *err)
{
    gathering *g = td_arena_alloc(a, sizeof *g);
    td_stem_wish *all = td_arena_array(a, TD_STEMS_MAX + 1, sizeof *all);
    if (!g || !all) return td_no_memory(err);
    *g = (gathering){ .root = folder, .arena = a };
    td_earlier_in_folder(folder, a, &g->earlier);
    td_status st = walk(g, folder, "", 0, err);
    if (!st && !g->n)
        st = td_fail(err, TD_ARG, folder, "stems are WAV, AIFF, FLAC, Ogg, Opus or MP3 files", "holds no sound files");
    if (st) return st;
    qsort(g->stem, g->n, sizeof *g->stem, by_name);
    if (*n) memcpy(all, *stem, *n * sizeof *all);
    *stem = all;
    for (size_t i = 0, named = *n; i < g->n; i++) {
        size_t k = 0;
        while (k < named && !td_same_file(all[k].file, g->stem[i].file)) k++;
        if (k < named) continue;
        if (*n >= TD_STEMS_MAX) return td_fail(err, TD_ARG, NULL, NULL, "more than %d stems", TD_STEMS_MAX);
        all[(*n)++] = g->stem[i];
    }
    return TD_OK;
}

/* ---- roles ------------------------------------------------------------------------------------------------------- */

static const char *called(const td_stem_wish *w)
{
    return w->name ? w->name : w->file;
}

/* "Vox/01.wav" of "Takes/Vox/01.wav". */
static bool is_end_of(const char *path, const char *end)
{
    size_t n = strlen(path), m = strlen(end);
    return td_ends_with(path, end) && (n == m || path[n - m - 1] == '/');
}

static td_status find_stem(const td_stem_wish *stem, size_t n, const char *file, size_t *found, td_error *err)
{
    size_t several = 0;
    const char *names[2 * TD_STEMS_MAX];
    for (size_t i = 0; i < n; i++) {
        names[2 * i] = called(&stem[i]);
        names[2 * i + 1] = td_basename(stem[i].file);
        if (!strcmp(called(&stem[i]), file) || !strcmp(stem[i].file, file)) return *found = i, TD_OK;
        if (!is_end_of(stem[i].file, file)) continue;
        several++;
        *found = i;
    }
    if (several == 1) return TD_OK;
    if (several)
        return td_fail(err, TD_ARG, "--role", "write its folder in front", "%zu stems are called '%s'", several, file);
    const char *near = td_nearest(file, names, 2 * n);
    char hint[300] = "'topdown check' lists them";
    if (near) snprintf(hint, sizeof hint, "did you mean '%s'?", near);
    return td_fail(err, TD_ARG, "--role", hint, "no stem is called '%s'", file);
}

td_status td_role_check(const char *role, td_error *err)
{
    if (td_role_known(role)) return TD_OK;
    const char *const *names;
    size_t n = td_role_names(&names);
    const char *near = td_nearest(role, names, n);
    char hint[96] = "'topdown help roles' lists them";
    if (near) snprintf(hint, sizeof hint, "did you mean '%s'?", near);
    return td_fail(err, TD_ARG, "--role", hint, "'%.60s' is no role", role);
}

td_status td_stem_say_role(td_stem_wish *stem, size_t n, const char *said, td_arena *a, td_error *err)
{
    const char *equal = strrchr(said, '=');
    if (!equal || equal == said)
        return td_fail(err, TD_ARG, "--role", "write for example --role 'Track 7.wav=vocals.lead'",
                       "'%s' is no FILE=ROLE", said);
    const char *file = td_arena_strndup(a, said, (size_t)(equal - said));
    size_t i;
    if (!file) return td_no_memory(err);
    td_status st = td_role_check(equal + 1, err);
    if (!st) st = find_stem(stem, n, file, &i, err);
    if (!st) stem[i].role = equal + 1;
    return st;
}
