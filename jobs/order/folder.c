#include "jobs/order/folder.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { BELOW_MOST = 64, DEEPEST = 8 };

bool td_sounds(const char *name)
{
    static const char *const ends[] = { ".wav",  ".wave", ".bwf", ".rf64", ".w64",  ".aif", ".aiff",
                                        ".aifc", ".flac", ".ogg", ".oga",  ".opus", ".mp3" };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof ends / sizeof ends[0]; i++)
        if (!strcasecmp(dot, ends[i])) return name[0] != '.';
    return false;
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

static char *join(td_arena *a, const char *folder, const char *name)
{
    return td_arena_printf(a, td_ends_with(folder, "/") ? "%s%s" : "%s/%s", folder, name);
}

static int by_name(const void *a, const void *b)
{
    const td_stem_wish *x = a, *y = b;
    return strcmp(x->file, y->file);
}

static td_stem_wish wish_for(td_arena *a, const char *path)
{
    td_stem_wish w = { .file = path, .pan = NAN };
    const char *what = td_no_file(path);
    if (what) w.refused = td_arena_printf(a, "is %s, no file", what);
    return w;
}

/* ---- further down ------------------------------------------------------------------------------------------------ */

static int by_path(const void *a, const void *b)
{
    const td_below *x = a, *y = b;
    return strcmp(x->path, y->path);
}

/* Counts the sound files of a folder and looks into its folders; what cannot be opened is not read anyway. */
static td_status look(const char *folder, int depth, td_arena *a, td_below found[BELOW_MOST], size_t *n)
{
    DIR *d = opendir(folder);
    size_t sounds = 0;
    td_status st = TD_OK;
    for (struct dirent *e; d && !st && (e = readdir(d));) {
        struct stat s;
        char *path = e->d_name[0] == '.' ? NULL : join(a, folder, e->d_name);
        if (e->d_name[0] != '.' && !path) st = TD_NOMEM;
        if (!path || lstat(path, &s) != 0) continue;
        if (S_ISDIR(s.st_mode))
            st = depth < DEEPEST ? look(path, depth + 1, a, found, n) : TD_OK;
        else
            sounds += td_sounds(e->d_name);
    }
    if (d) closedir(d);
    if (!st && depth && sounds && *n < BELOW_MOST)
        found[(*n)++] = (td_below){ .path = td_arena_strdup(a, folder), .sounds = sounds };
    return st;
}

td_status td_folders_below(const char *folder, td_arena *a, td_below **out, size_t *n, td_error *err)
{
    *n = 0;
    *out = td_arena_array(a, BELOW_MOST, sizeof **out);
    if (!*out || look(folder, 0, a, *out, n)) return td_no_memory(err);
    for (size_t i = 0; i < *n; i++)
        if (!(*out)[i].path) return td_no_memory(err);
    qsort(*out, *n, sizeof **out, by_path);
    return TD_OK;
}

const char *td_below_text(const td_below *b, const char *cure, char *out, size_t size)
{
    if (b->sounds == 1)
        snprintf(out, size, "its sound file is not read; %s", cure);
    else
        snprintf(out, size, "its %zu sound files are not read; %s", b->sounds, cure);
    return out;
}

static td_status nothing_sounds(const char *folder, td_arena *a, td_error *err)
{
    td_below *below;
    size_t n;
    char hint[300] = "stems are WAV, AIFF, FLAC, Ogg, Opus or MP3 files";
    td_status st = td_folders_below(folder, a, &below, &n, err);
    if (!st && n) {
        size_t k = (size_t)snprintf(hint, sizeof hint, "name the folders below it:");
        for (size_t i = 0; i < n && k < sizeof hint; i++)
            k += (size_t)snprintf(hint + k, sizeof hint - k, "%s '%s'", i ? "," : "", below[i].path);
    }
    return st ? st : td_fail(err, TD_ARG, folder, hint, n ? "holds no sound files itself" : "holds no sound files");
}

/* ---- stems ------------------------------------------------------------------------------------------------------- */

td_status td_stems_in_folder(const char *folder, td_arena *a, td_stem_wish **stem, size_t *n, td_error *err)
{
    DIR *d = opendir(folder);
    if (!d) return td_fail(err, td_status_of_errno(errno), folder, NULL, "cannot be opened: %s", strerror(errno));
    td_stem_wish found[TD_STEMS_MAX + 1];
    size_t k = 0;
    td_status st = TD_OK;
    for (struct dirent *e; !st && (e = readdir(d));) {
        char *path = td_sounds(e->d_name) ? join(a, folder, e->d_name) : NULL;
        if (!path || td_is_folder(path)) continue;
        if (k + *n > TD_STEMS_MAX)
            st = td_fail(err, TD_ARG, folder, "name the ones to mix", "holds more than %d sound files", TD_STEMS_MAX);
        else
            found[k++] = wish_for(a, path);
    }
    closedir(d);
    if (!st && !k) st = nothing_sounds(folder, a, err);
    if (st) return st;
    qsort(found, k, sizeof *found, by_name);
    td_stem_wish *all = td_arena_array(a, *n + k, sizeof *all);
    if (!all) return td_no_memory(err);
    if (*n) memcpy(all, *stem, *n * sizeof *all);
    memcpy(all + *n, found, k * sizeof *all);
    *stem = all;
    *n += k;
    return TD_OK;
}
