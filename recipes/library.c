#include "recipes/resolve.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FOLDERS_MAX = 4 };

struct td_library {
    td_arena *arena;
    const char *folder[FOLDERS_MAX], *from[FOLDERS_MAX]; /* the last one came with the program */
    size_t n_folders;
    td_library_entry *entry;
    size_t n, capacity;
};

static const char own_folder[] = "library";

void td_library_free(td_library *l)
{
    if (!l) return;
    td_arena_free(l->arena);
    free(l->entry);
    free(l);
}

static bool add_folder(td_library *l, const char *path, const char *from)
{
    if (!path) return false;
    l->folder[l->n_folders] = path;
    l->from[l->n_folders++] = from ? from : path;
    return true;
}

static const char *config_folder(td_library *l)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (config && config[0] == '/') return td_arena_printf(l->arena, "%s/topdown/recipes", config);
    return td_arena_printf(l->arena, "%s/.config/topdown/recipes", home ? home : "");
}

/* The library lies beside the program's own folder: in a build tree, and where it was installed, wherever that is. */
static const char *program_folder(td_library *l)
{
    static const char *const beside[] = { "recipes/library", "share/topdown/recipes" };
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[n > 0 ? n : 0] = 0;
    for (int up = 0; up < 2 && *exe; up++) *strrchr(exe, '/') = 0; /* /x/build/topdown: two names */
    for (size_t i = 0; n > 0 && i < sizeof beside / sizeof beside[0]; i++) {
        const char *folder = td_arena_printf(l->arena, "%s/%s", exe, beside[i]);
        if (folder && td_is_folder(folder)) return folder;
    }
    return TD_PREFIX "/share/topdown/recipes";
}

/* ---- what is there ----------------------------------------------------------------------------------------------- */

static const char *text_of(const td_node *root, const char *key)
{
    const td_node *n = td_node_get(root, key);
    return n && n->kind == TD_NODE_TEXT && n->text[0] ? n->text : NULL;
}

/* Name, title and revision; a file that cannot be read is listed as broken. */
static bool describe(td_library *l, td_library_entry *e)
{
    td_messages *m = td_messages_new();
    char *text;
    size_t length;
    if (!m) return false;
    td_status st = td_file_read(l->arena, e->path, TD_YAML_BYTES, &text, &length, NULL);
    const td_node *root = st == TD_OK ? td_yaml_read(l->arena, e->path, text, length, m) : NULL;
    e->broken = !root || !td_check_header(m, root, "recipe/1") || td_messages_errors(m);
    e->title = text_of(root, "title");
    e->extends = text_of(root, "extends");
    const char *revision = text_of(root, "revision");
    e->revision = revision ? (unsigned)strtoul(revision, NULL, 10) : 1;
    td_messages_free(m);
    return st != TD_NOMEM;
}

const char *td_recipe_label(td_arena *a, const char *what)
{
    const char *base = td_basename(what), *dot = td_is_path(what) ? strrchr(base, '.') : NULL;
    td_messages *m = td_is_path(what) ? td_messages_new() : NULL;
    char *text;
    size_t length;
    bool read = m && td_file_read(a, what, TD_YAML_BYTES, &text, &length, NULL) == TD_OK;
    const char *name = text_of(read ? td_yaml_read(a, what, text, length, m) : NULL, "name");
    td_messages_free(m);
    return name ? name : td_arena_strndup(a, base, dot ? (size_t)(dot - base) : strlen(base));
}

static bool add_entry(td_library *l, size_t folder, const char *file)
{
    const char *dot = strrchr(file, '.');
    if (file[0] == '.' || !dot || strcmp(dot, ".yaml") != 0) return true;
    void *entries = l->entry;
    if (!td_grow(&entries, &l->capacity, l->n, sizeof *l->entry)) return false;
    l->entry = entries;
    td_library_entry *e = &l->entry[l->n];
    *e = (td_library_entry){ .from = l->from[folder] };
    e->name = td_arena_strndup(l->arena, file, (size_t)(dot - file));
    e->path = td_arena_printf(l->arena, "%s/%s", l->folder[folder], file);
    if (!e->name || !e->path || !describe(l, e)) return false;
    l->n++;
    return true;
}

static bool scan_folder(td_library *l, size_t folder)
{
    DIR *d = opendir(l->folder[folder]);
    if (!d) return true;
    bool fine = true;
    for (struct dirent *file; fine && (file = readdir(d));) fine = add_entry(l, folder, file->d_name);
    closedir(d);
    return fine;
}

static size_t rank_of(const td_library *l, const td_library_entry *e)
{
    size_t i = 0;
    while (i < l->n_folders && l->from[i] != e->from) i++;
    return i;
}

static int by_name_then_folder(const void *a, const void *b, void *library)
{
    const td_library_entry *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (int)rank_of(library, x) - (int)rank_of(library, y);
}

td_status td_library_open(const char *folder, td_library **out, td_error *err)
{
    *out = NULL;
    if (folder && !td_is_folder(folder)) return td_fail(err, TD_ARG, folder, NULL, "is no folder of recipes");
    td_library *l = calloc(1, sizeof *l);
    if (!l || !(l->arena = td_arena_new())) return free(l), TD_NOMEM;
    bool fine = !folder || add_folder(l, td_arena_strdup(l->arena, folder), NULL);
    fine = fine && add_folder(l, config_folder(l), NULL) && add_folder(l, "/etc/topdown/recipes", NULL);
    fine = fine && add_folder(l, program_folder(l), own_folder);
    for (size_t i = 0; fine && i < l->n_folders; i++) fine = scan_folder(l, i);
    if (!fine) return td_library_free(l), TD_NOMEM;
    if (l->n) qsort_r(l->entry, l->n, sizeof *l->entry, by_name_then_folder, l);
    for (size_t i = 1; i < l->n; i++) l->entry[i].shadowed = strcmp(l->entry[i].name, l->entry[i - 1].name) == 0;
    *out = l;
    return TD_OK;
}

size_t td_library_entries(const td_library *l, const td_library_entry **out)
{
    *out = l->entry;
    return l->n;
}

const td_library_entry *td_library_find(const td_library *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->entry[i].name, name) == 0) return &l->entry[i];
    return NULL;
}

const td_library_entry *td_library_find_base(const td_library *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->entry[i].from == own_folder && strcmp(l->entry[i].name, name) == 0) return &l->entry[i];
    return td_library_find(l, name);
}

size_t td_library_names(const td_library *l, const char **out, size_t room)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n && n < room; i++)
        if (!l->entry[i].shadowed) out[n++] = l->entry[i].name;
    return n;
}
