#include "jobs/order/verify.h"
#include "cmd/mixing.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const td_flag flags[] = {
    { "report", 0, "FILE", "the report that describes them; report.json beside the first file otherwise" },
    { "render", 0, NULL, "render their plans once more, and compare the bytes" },
    { "stems", 0, "DIR", "where the stems lie now; where the plan says otherwise" },
    { "scratch", 0, "DIR", "for temporary audio; $TMPDIR, else /var/tmp" },
    TD_THREADS_FLAG,
    { NULL, 0, NULL, NULL },
};

/* The report of a folder, of the first file's folder, or the one named. */
static const char *report_of(const td_args *a, td_arena *arena)
{
    const char *given = td_args_get(a, "report"), *first = a->n_words ? a->word[0] : ".";
    if (given) return given;
    if (td_is_folder(first)) return td_arena_printf(arena, "%s/report.json", first);
    size_t n = (size_t)(td_basename(first) - first);
    return td_arena_printf(arena, "%.*sreport.json", (int)n, first);
}

/* A folder is verified by itself; files by a report that may lie elsewhere. */
static td_status refuse_words(const td_args *a, const char *report, td_error *err)
{
    for (size_t i = 0; i < a->n_words && a->n_words > 1; i++)
        if (td_is_folder(a->word[i]))
            return td_fail(err, TD_ARG, a->word[i], "one folder, or files with --report FILE",
                           "verify takes one folder at a time");
    if (td_is_file(report)) return TD_OK;
    if (a->n_words && !td_is_folder(a->word[0]) && !td_is_file(a->word[0]))
        return td_fail(err, TD_ARG, a->word[0], "the folder of a mix, or files of one",
                       "there is no such file or folder");
    return td_fail(err, TD_ARG, report, "--report FILE names the report that describes them",
                   "there is no such report");
}

static json_t *row_json(const td_verified *r)
{
    json_t *o = json_pack("{s:s, s:s, s:s}", "file", r->file, "verdict", td_sameness_name(r->is), "sha256", r->sha256);
    if (r->name) {
        json_object_set_new(o, "kind", json_string(r->kind));
        json_object_set_new(o, "described_sha256", json_string(r->described));
        json_object_set_new(o, "label", json_string(r->label));
        json_object_set_new(o, "recipe", json_string(r->recipe));
        json_object_set_new(o, "recipe_revision", json_integer(r->revision));
    }
    json_object_set_new(o, "rendered_again",
                        r->rendered ? json_string(r->same_again ? "same" : "different") : json_null());
    return o;
}

static void print_json(const td_verified *row, size_t n)
{
    json_t *files = json_array(), *all = json_pack("{s:i, s:O}", "v", 1, "files", files);
    for (size_t i = 0; i < n; i++) json_array_append_new(files, row_json(&row[i]));
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(files);
    json_decref(all);
}

static void print_row(const td_verified *r)
{
    char name[512];
    printf("%-8s %s", td_sameness_name(r->is), td_printable(r->file, name, sizeof name));
    if (r->name) printf("   %s", r->kind);
    if (r->name && *r->label) printf(" of %s, recipe %s revision %d", r->label, r->recipe, r->revision);
    if (r->is == TD_SAME && strcmp(td_basename(r->file), r->name)) printf(", written as %s", r->name);
    if (r->is == TD_CHANGED) printf("\n         sha256 %.16s... instead of %.16s...", r->sha256, r->described);
    if (r->rendered) printf("\n         rendered again: %s", r->same_again ? "the same bytes" : "OTHER BYTES");
    putchar('\n');
}

static td_status verify(const td_args *a, td_arena *arena, td_meter_line *progress, td_verified **row, size_t *n,
                        td_error *err)
{
    long threads = 0;
    td_stem_wish *stem = NULL;
    td_verify_wish w = { .report = report_of(a, arena),
                         .render = td_args_has(a, "render"),
                         .scratch = td_args_get(a, "scratch"),
                         .progress = td_progress_step,
                         .user = progress,
                         .stop = &td_stop_asked };
    td_status st = w.report ? refuse_words(a, w.report, err) : td_no_memory(err);
    if (!st) st = td_args_number(a, "threads", 1, 256, 0, &threads, err);
    if (!st && td_args_has(a, "stems")) st = td_stems_in_folder(td_args_get(a, "stems"), arena, &stem, &w.n_stems, err);
    w.stem = stem;
    w.threads = (unsigned)threads;
    bool whole = !a->n_words || (a->n_words == 1 && td_is_folder(a->word[0]));
    if (!whole) w.file = a->word, w.n_files = a->n_words;
    return st ? st : td_verify(&w, arena, row, n, err);
}

static int run(const td_args *a)
{
    td_error err = { 0 };
    td_verified *row = NULL;
    size_t n = 0, good = 0;
    td_arena *arena = td_arena_new();
    if (!arena) return td_status_exit(TD_NOMEM);
    td_meter_line *progress = td_progress_new(a);
    td_status st = verify(a, arena, progress, &row, &n, &err);
    td_progress_end(progress);
    for (size_t i = 0; !st && i < n; i++) {
        good += row[i].is == TD_SAME && (!row[i].rendered || row[i].same_again);
        if (!td_args_has(a, "json")) print_row(&row[i]);
    }
    if (!st && td_args_has(a, "json")) print_json(row, n);
    if (!st && good < n) st = TD_MISSED;
    int code = st == TD_MISSED ? td_status_exit(st) : st ? td_report_error(st, &err) : 0;
    td_progress_free(progress);
    td_arena_free(arena);
    return code;
}

const td_command td_cmd_verify = {
    .name = "verify",
    .group = "On this machine",
    .summary = "whether files are those a report describes; with --render, whether its plans still make the same bytes",
    .synopsis = "FILE... | DIR [--report FILE] [--render]",
    .examples = "  topdown verify out/                       every file of a mix\n"
                "  topdown verify master.wav --report r.json a file that has travelled, whatever it is called now\n"
                "  topdown verify out/ --render              from stems and plan to the same bytes, once more\n",
    .flags = flags,
    .run = run,
};
