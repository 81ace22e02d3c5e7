#include "jobs/results.h"

#include "engine/base/json.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REPORT_MAX ((size_t)32 << 20)

typedef struct publishing {
    const td_home *home;
    const char *client, *job, *folder;
    td_arena *arena;
    td_results *out;
    json_t *report;
    td_error *err;
} publishing;

const char *td_digest_base64(const char *sha256_hex, char out[48])
{
    unsigned char bytes[32];
    for (size_t i = 0; i < 32; i++) {
        unsigned byte = 0;
        sscanf(sha256_hex + 2 * i, "%2x", &byte);
        bytes[i] = (unsigned char)byte;
    }
    EVP_EncodeBlock((unsigned char *)out, bytes, sizeof bytes);
    return out;
}

void td_results_unplace(char *text, const char *attempt_folder)
{
    size_t length = strlen(attempt_folder);
    for (char *at = text; (at = strstr(at, attempt_folder));) {
        char *behind = at + length + (at[length] == '/');
        size_t place = td_starts_with(behind, "in/") ? strcspn(behind + 3, "/\n") + 3 : 0; /* in/003/ or in/folder/ */
        if (place && behind[place] == '/') behind += place + 1;
        memmove(at, behind, strlen(behind) + 1);
    }
}

/* ---- what the report says ---------------------------------------------------------------------------------------- */

static td_status read_report(publishing *p)
{
    char path[1300];
    size_t length;
    char *text;
    snprintf(path, sizeof path, "%s/report.json", p->folder);
    td_status st = td_file_read(p->arena, path, REPORT_MAX, &text, &length, p->err);
    if (st) return td_fail(p->err, st == TD_NOMEM ? st : TD_FAILED, "report.json", NULL, "the mix left no report");
    json_error_t where;
    p->report = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
    if (json_is_array(json_object_get(p->report, "mixes"))) return TD_OK;
    return td_fail(p->err, TD_FAILED, "report.json", NULL, "names no mixes: %s", p->report ? "" : where.text);
}

static json_t *output_named(const json_t *of, const char *name)
{
    size_t o;
    json_t *output;
    json_array_foreach(json_object_get(of, "outputs"), o, output)
    {
        const char *named = json_string_value(json_object_get(output, "name"));
        if (named && !strcmp(named, name)) return output;
    }
    return NULL;
}

static json_t *mix_entry_of(const json_t *report, const char *name)
{
    size_t m;
    json_t *mix, *found = NULL;
    json_array_foreach(json_object_get(report, "mixes"), m, mix)
    {
        if (!found) found = output_named(mix, name);
    }
    return found;
}

/* The report's entry for a file: its object among the outputs of all mixes, and of what they are compared with. */
static json_t *entry_of(const json_t *report, const char *name)
{
    json_t *found = mix_entry_of(report, name);
    if (!found) found = output_named(json_object_get(report, "rough"), name);
    return found ? found : output_named(json_object_get(report, "reference"), name);
}

static const char *kind_of(const json_t *report, const char *name)
{
    const char *said = json_string_value(json_object_get(entry_of(report, name), "kind"));
    if (said) return said;
    return td_starts_with(name, "report.") ? "report" : td_starts_with(name, "plan") ? "plan" : "file";
}

/* ---- one file ---------------------------------------------------------------------------------------------------- */

static bool name_is_plain(const char *name)
{
    return name[0] != '.' && strlen(name) < 250 && !strchr(name, '/');
}

/* Each new folder is made durable in the one above it. */
static td_status make_folders_once(const publishing *p, const char *hash, char *folder, size_t size)
{
    char part[1300];
    const char *const names[] = { p->client, p->job, hash };
    td_home_path(p->home, folder, size, "objects/results");
    for (size_t i = 0; i < 3; i++) {
        snprintf(part, sizeof part, "%.1299s", folder);
        snprintf(folder, size, "%.1200s/%.64s", part, names[i]);
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            return td_fail(p->err, errno == ENOENT ? TD_BUSY : TD_DISK, folder, NULL, "cannot be made: %s",
                           strerror(errno));
        td_status st = td_folder_sync(part, p->err);
        if (st) return st;
    }
    return TD_OK;
}

/* The sweep removes a job's empty folder; where it came between that folder and the next, both are made again. */
static td_status make_folders(const publishing *p, const char *hash, char *folder, size_t size)
{
    td_status st = make_folders_once(p, hash, folder, size);
    return st == TD_BUSY ? make_folders_once(p, hash, folder, size) : st;
}

static td_status unplace_plan(const publishing *p, const char *path)
{
    char *text, folder[1300];
    size_t length;
    td_status st = td_file_read(p->arena, path, REPORT_MAX, &text, &length, p->err);
    if (st) return st;
    snprintf(folder, sizeof folder, "%.*s", (int)(td_basename(p->folder) - p->folder - 1), p->folder);
    td_results_unplace(text, folder);
    return td_file_write(path, text, strlen(text), true, p->err);
}

static td_status publish(publishing *p, const char *name, td_artefact *f)
{
    char from[1400], hash[TD_SHA256_HEX], folder[1300] = "", to[1600];
    uint64_t bytes = 0;
    snprintf(from, sizeof from, "%s/%s", p->folder, name);
    const char *kind = kind_of(p->report, name);
    td_status st = !strcmp(kind, "plan") ? unplace_plan(p, from) : TD_OK;
    if (!st) st = td_sha256_file(from, hash, &bytes, p->err);
    char short_hash[17] = "";
    if (!st) memcpy(short_hash, hash, 16);
    if (!st) st = make_folders(p, short_hash, folder, sizeof folder);
    snprintf(to, sizeof to, "%s/%s", folder, name);
    if (!st) st = td_file_commit(from, to, true, p->err);
    if (st) return st;
    *f = (td_artefact){ .name = td_arena_strdup(p->arena, name),
                        .sha256 = td_arena_strdup(p->arena, hash),
                        .kind = td_arena_strdup(p->arena, kind),
                        .bytes = (int64_t)bytes,
                        .path = td_arena_printf(p->arena, "results/%s/%s/%s/%s", p->client, p->job, short_hash, name) };
    return f->name && f->sha256 && f->kind && f->path ? TD_OK : TD_NOMEM;
}

/* ---- all of them ------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

typedef struct listing {
    const char **name; /* sorted */
    size_t n, room;
} listing;

static td_status add_name(const publishing *p, listing *l, const char *name)
{
    if (l->n == l->room) {
        size_t room = l->room ? 2 * l->room : 256;
        const char **grown = td_arena_array(p->arena, room, sizeof *grown);
        if (!grown) return TD_NOMEM;
        if (l->n) memcpy(grown, l->name, l->n * sizeof *grown);
        l->name = grown;
        l->room = room;
    }
    l->name[l->n] = td_arena_strdup(p->arena, name);
    return l->name[l->n] ? l->n++, TD_OK : TD_NOMEM;
}

static td_status list(const publishing *p, listing *l)
{
    DIR *dir = opendir(p->folder);
    struct dirent *e;
    struct stat s;
    if (!dir) return td_fail(p->err, TD_FAILED, "out", NULL, "the mix left no results");
    td_status st = TD_OK;
    while (!st && (e = readdir(dir))) {
        bool regular = fstatat(dirfd(dir), e->d_name, &s, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(s.st_mode);
        if (regular && name_is_plain(e->d_name)) st = add_name(p, l, e->d_name);
    }
    closedir(dir);
    if (l->n) qsort(l->name, l->n, sizeof *l->name, by_name);
    return st;
}

static void take_figure(json_t *to, const json_t *from, const char *name)
{
    json_t *value = json_object_get(from, name);
    if (value && !json_is_object(value) && !json_is_array(value)) json_object_set(to, name, value);
}

/* entry: the report's; NULL for files it does not list. */
static json_t *output_json(const td_artefact *f, const json_t *entry)
{
    static const char *const figures[] = { "loudness_lufs", "true_peak_dbtp", "turned_db", "reached", "missed" };
    json_t *o = json_pack("{s:s, s:s, s:I, s:s}", "name", f->name, "kind", f->kind, "bytes", (json_int_t)f->bytes,
                          "sha256", f->sha256);
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) take_figure(o, entry, figures[i]);
    return o;
}

/* The file that stands for the mix: the report pictures it. NULL: none does. */
static const json_t *main_output(const json_t *mix)
{
    const json_t *pictured = json_object_get(json_object_get(mix, "portrait"), "file"), *output;
    size_t i;
    json_array_foreach(json_object_get(mix, "outputs"), i, output)
    {
        if (json_equal(json_object_get(output, "name"), pictured)) return output;
    }
    return NULL;
}

static json_t *outputs_json(const publishing *p, const json_t *mix)
{
    json_t *outputs = json_array(), *output;
    size_t o;
    json_array_foreach(json_object_get(mix, "outputs"), o, output)
    {
        const char *name = json_string_value(json_object_get(output, "name"));
        for (size_t i = 0; name && i < p->out->n; i++)
            if (!strcmp(p->out->artefact[i].name, name))
                json_array_append_new(outputs, output_json(&p->out->artefact[i], output));
    }
    return outputs;
}

static json_t *mix_json(const publishing *p, const json_t *mix)
{
    static const char *const facts[] = { "label", "recipe", "recipe_revision", "revised", "state", "problem" };
    static const char *const figures[] = { "loudness_lufs", "true_peak_dbtp" };
    json_t *to = json_object();
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) take_figure(to, mix, facts[i]);
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) take_figure(to, main_output(mix), figures[i]);
    json_object_set_new(to, "outputs", outputs_json(p, mix));
    return to;
}

/* The report lists the stems; the API counts them, and those with something to say about. */
static json_t *session_json(const json_t *from)
{
    json_t *to = json_object(), *stem, *stems = json_object_get(from, "stems");
    json_int_t warnings = 0;
    size_t i;
    json_array_foreach(stems, i, stem)
    {
        warnings += json_array_size(json_object_get(stem, "codes")) > 0;
    }
    json_object_set_new(to, "stems", json_integer((json_int_t)json_array_size(stems)));
    take_figure(to, from, "duration_s");
    take_figure(to, from, "rate_hz");
    json_object_set_new(to, "warnings", json_integer(warnings));
    return to;
}

static td_status summarise(publishing *p)
{
    json_t *session = session_json(json_object_get(p->report, "session"));
    json_t *mixes = json_array(), *files = json_array(), *mix;
    size_t m;
    json_array_foreach(json_object_get(p->report, "mixes"), m, mix)
    {
        json_array_append_new(mixes, mix_json(p, mix));
    }
    for (size_t i = 0; i < p->out->n; i++) {
        const td_artefact *f = &p->out->artefact[i];
        if (!mix_entry_of(p->report, f->name))
            json_array_append_new(files, output_json(f, entry_of(p->report, f->name)));
    }
    json_t *all = json_pack("{s:o, s:o, s:o}", "session", session, "mixes", mixes, "files", files);
    char *text = all ? json_dumps(all, TD_JSON_LINE) : NULL;
    p->out->json = td_arena_strdup(p->arena, text);
    free(text);
    json_decref(all);
    return p->out->json ? TD_OK : TD_NOMEM;
}

/* Every file the report promises has to be there. */
static td_status complete(const publishing *p, const listing *l)
{
    size_t m, o;
    json_t *mix, *output;
    json_array_foreach(json_object_get(p->report, "mixes"), m, mix)
    {
        json_array_foreach(json_object_get(mix, "outputs"), o, output)
        {
            const char *name = json_string_value(json_object_get(output, "name"));
            if (!name || !l->n || !bsearch(&name, l->name, l->n, sizeof name, by_name))
                return td_fail(p->err, TD_FAILED, "report.json", NULL, "names a file that is not there");
        }
    }
    return TD_OK;
}

td_status td_results_publish(const td_home *h, const char *client, const char *job, const char *folder,
                             bool (*stop)(void *user), void *user, td_arena *a, td_results *out, td_error *err)
{
    publishing p = { .home = h, .client = client, .job = job, .folder = folder, .arena = a, .out = out, .err = err };
    listing l = { 0 };
    *out = (td_results){ 0 };
    td_status st = read_report(&p);
    if (!st) st = list(&p, &l);
    if (!st) st = complete(&p, &l);
    if (!st && !(out->artefact = td_arena_array(a, l.n, sizeof *out->artefact))) st = TD_NOMEM;
    for (size_t i = 0; !st && i < l.n; i++) {
        st = stop(user) ? TD_STOPPED : publish(&p, l.name[i], &out->artefact[i]);
        if (!st) out->n++;
    }
    if (!st) st = summarise(&p);
    json_decref(p.report);
    return st;
}
