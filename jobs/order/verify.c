#include "jobs/order/verify.h"

#include "jobs/order/mixdown.h"
#include "jobs/order/outputs.h"
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REPORT_MAX = 64 << 20 };

const char *td_sameness_name(td_sameness s)
{
    static const char *const names[TD_SAMENESSES] = { "same", "changed", "unknown", "missing" };
    return names[s];
}

typedef struct verifying {
    const td_verify_wish *wish;
    td_arena *arena;
    const char *folder; /* of the report */
    json_t *report;
    td_verified *row;
    const json_t **mix; /* per row: what it belongs to, a mix or a guest; NULL */
    size_t *output;     /* and which of its outputs */
    size_t n;
    td_error *err;
} verifying;

static const char *text_of(const json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));
    return s ? s : "";
}

/* What has outputs: the mixes, then rough mix and reference. NULL behind the last. */
static const json_t *holder_at(const verifying *v, size_t i)
{
    static const char *const guests[] = { "rough", "reference" };
    const json_t *mixes = json_object_get(v->report, "mixes");
    size_t n = json_array_size(mixes);
    return i < n ? json_array_get(mixes, i) : i < n + 2 ? json_object_get(v->report, guests[i - n]) : NULL;
}

/* Files lie beside the report, wherever it says they do. */
static td_status check_names(const verifying *v)
{
    const json_t *holder, *o;
    size_t k;
    for (size_t i = 0; (holder = holder_at(v, i)); i++) {
        json_array_foreach(json_object_get(holder, "outputs"), k, o)
        {
            const char *name = text_of(o, "name");
            if (!*name || strchr(name, '/') || !strcmp(name, ".."))
                return td_fail(v->err, TD_INPUT, v->wish->report, "topdown mix writes report.json",
                               "names no file beside it: '%s'", name);
        }
    }
    return TD_OK;
}

static td_status read_report(verifying *v)
{
    char *data;
    size_t length;
    json_error_t why;
    td_status st = td_file_read(v->arena, v->wish->report, REPORT_MAX, &data, &length, v->err);
    if (st) return st;
    v->report = json_loadb(data, length, JSON_REJECT_DUPLICATES, &why);
    if (json_is_array(json_object_get(v->report, "mixes"))) return check_names(v);
    return td_fail(v->err, TD_INPUT, v->wish->report, "topdown mix writes report.json", "is no report: %s",
                   v->report ? "it has no mixes" : why.text);
}

/* ---- which file is which ---------------------------------------------------------------------------------------- */

/* The output with these bytes, or with this name. */
static bool find_output(const verifying *v, const char *member, const char *value, size_t row)
{
    const json_t *holder, *o;
    size_t k;
    for (size_t i = 0; (holder = holder_at(v, i)); i++) {
        json_array_foreach(json_object_get(holder, "outputs"), k, o)
        {
            if (strcmp(text_of(o, member), value)) continue;
            v->mix[row] = holder;
            v->output[row] = k;
            return true;
        }
    }
    return false;
}

static void describe(const verifying *v, size_t i)
{
    td_verified *r = &v->row[i];
    const json_t *mix = v->mix[i], *o = json_array_get(json_object_get(mix, "outputs"), v->output[i]);
    r->name = text_of(o, "name");
    r->kind = text_of(o, "kind");
    r->described = text_of(o, "sha256");
    r->label = text_of(mix, "label");
    r->recipe = text_of(mix, "recipe");
    r->revision = (int)json_integer_value(json_object_get(mix, "recipe_revision"));
}

static td_status judge(const verifying *v, size_t i)
{
    td_verified *r = &v->row[i];
    uint64_t bytes;
    bool there = td_is_file(r->file);
    td_status st = there ? td_sha256_file(r->file, r->sha256, &bytes, v->err) : TD_OK;
    if (st) return st;
    bool same = there && find_output(v, "sha256", r->sha256, i);
    bool known = same || find_output(v, "name", td_basename(r->file), i);
    if (!there && !known) return td_fail(v->err, TD_ARG, r->file, NULL, "there is no such file");
    r->is = same ? TD_SAME : !there ? TD_MISSING : known ? TD_CHANGED : TD_UNKNOWN;
    if (known) describe(v, i);
    return TD_OK;
}

static td_status take_rows(verifying *v)
{
    const json_t *holder, *o;
    const td_verify_wish *w = v->wish;
    size_t k, most = w->n_files;
    for (size_t i = 0; (holder = holder_at(v, i)); i++) most += json_array_size(json_object_get(holder, "outputs"));
    v->row = td_arena_array(v->arena, most + 1, sizeof *v->row);
    v->mix = td_arena_array(v->arena, most + 1, sizeof *v->mix);
    v->output = td_arena_array(v->arena, most + 1, sizeof *v->output);
    if (!v->row || !v->mix || !v->output) return td_no_memory(v->err);
    for (size_t i = 0; i < w->n_files; i++) v->row[v->n++].file = w->file[i];
    for (size_t i = 0; !w->n_files && (holder = holder_at(v, i)); i++) {
        json_array_foreach(json_object_get(holder, "outputs"), k, o)
        {
            v->row[v->n++].file = td_arena_printf(v->arena, "%s/%s", v->folder, text_of(o, "name"));
        }
    }
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < v->n; i++) st = v->row[i].file ? judge(v, i) : td_no_memory(v->err);
    return st;
}

/* ---- the order a report came from ------------------------------------------------------------------------------- */

static double number_of(const json_t *o, const char *name)
{
    const json_t *x = json_object_get(o, name);
    return json_is_number(x) ? json_number_value(x) : NAN;
}

/* A figure of the report as an order writes it: "-14 LUFS". */
static void set_figure(json_t *to, const char *key, double x, const char *unit)
{
    char text[64];
    snprintf(text, sizeof text, "%.12g %s", x, unit);
    if (!isnan(x)) json_object_set_new(to, key, json_string(text));
}

/* What was asked of a file. raw: of one that is not mastered. */
static json_t *output_of(const json_t *o, const td_plan *p, bool raw)
{
    const json_t *wanted = json_object_get(o, "wanted"), *bits = json_object_get(o, "bits");
    double rate_hz = number_of(o, "rate_hz");
    json_t *out = json_pack("{s:s}", "format", text_of(o, "format"));
    if (json_integer_value(bits)) json_object_set(out, "bits", (json_t *)bits);
    if (rate_hz != p->rate_hz) set_figure(out, "rate", rate_hz / 1000, "kHz");
    if (raw) return out;
    if (json_integer_value(json_object_get(o, "bitrate_kbps")))
        set_figure(out, "bitrate", number_of(o, "bitrate_kbps"), "kbit/s");
    set_figure(out, "loudness", number_of(wanted, "loudness_lufs"), "LUFS");
    set_figure(out, "true_peak", number_of(wanted, "true_peak_dbtp"), "dBTP");
    set_figure(out, "peak", number_of(wanted, "peak_dbfs"), "dBFS");
    set_figure(out, "limiting", number_of(wanted, "limiting_db"), "dB");
    return out;
}

static void append_to(json_t *outputs, const char *list, json_t *output)
{
    if (!json_object_get(outputs, list)) json_object_set_new(outputs, list, json_array());
    json_array_append_new(json_object_get(outputs, list), output);
}

/* What was asked of this mix: files of one kind in the same order. */
static json_t *outputs_of(const json_t *mix, const td_plan *p)
{
    json_t *out = json_object();
    const json_t *o;
    size_t i;
    json_array_foreach(json_object_get(mix, "outputs"), i, o)
    {
        const char *kind = text_of(o, "kind");
        if (!strcmp(kind, "preview")) append_to(out, "previews", output_of(o, p, false));
        if (!strcmp(kind, "master")) append_to(out, "masters", output_of(o, p, false));
        if (!strcmp(kind, "premaster")) json_object_set_new(out, "premaster", output_of(o, p, true));
        if (!strcmp(kind, "residual")) json_object_set_new(out, "groups", output_of(o, p, true));
    }
    return out;
}

static unsigned versions_of(const json_t *mix)
{
    const json_t *o;
    size_t i;
    unsigned bits = 0;
    json_array_foreach(json_object_get(mix, "outputs"), i, o)
    {
        if (!strcmp(text_of(o, "kind"), "version")) bits |= td_outputs_version(text_of(o, "part"));
    }
    return bits;
}

/* A report may be anybody's: what it asks for is read as an order, which knows its bounds. */
static td_status read_order(const verifying *v, const json_t *mix, const td_plan *p, td_order **out)
{
    const json_t *isrc = json_object_get(v->report, "isrc");
    json_t *order = json_pack("{s:s, s:[s], s:[s], s:o}", "topdown", "job/1", "stems", "of the plan", "recipes",
                              "of the plan", "outputs", outputs_of(mix, p));
    if (json_array_size(isrc)) json_object_set(order, "isrc", (json_t *)isrc);
    char *text = json_dumps(order, JSON_COMPACT);
    td_messages *m = td_messages_new();
    td_status st = text && m ? td_order_parse(NULL, v->wish->report, text, strlen(text), out, m) : TD_NOMEM;
    if (st == TD_JOB)
        st = td_fail(v->err, TD_INPUT, v->wish->report, "topdown mix writes report.json",
                     "asks for what no order may: %s", td_messages_at(m, 0)->detail);
    else if (st)
        td_no_memory(v->err);
    td_messages_free(m);
    free(text);
    json_decref(order);
    return st;
}

static td_status order_stems(const td_verify_wish *w, const td_plan *p, td_arena *a, td_order *out, td_error *err)
{
    out->n_stems = 0;
    if (!w->n_stems) return td_stems_of_plan(p, a, &out->stem, &out->n_stems, err);
    out->stem = td_arena_array(a, w->n_stems, sizeof *out->stem);
    if (!out->stem) return td_no_memory(err);
    memcpy(out->stem, w->stem, w->n_stems * sizeof *out->stem);
    out->n_stems = w->n_stems;
    return TD_OK;
}

/* *out is the caller's, also when this fails. */
static td_status order_of(const verifying *v, const json_t *mix, const td_plan *p, td_order **out)
{
    td_status st = read_order(v, mix, p, out);
    if (st) return st;
    (*out)->title = p->title;
    (*out)->artist = p->artist;
    (*out)->tempo_bpm = td_plan_ordered_tempo(p);
    (*out)->versions = versions_of(mix);
    return order_stems(v->wish, p, v->arena, *out, v->err);
}

/* ---- once more -------------------------------------------------------------------------------------------------- */

static void drop_folder(const char *path)
{
    DIR *d = opendir(path);
    char file[4096];
    for (struct dirent *e; d && (e = readdir(d));)
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") &&
            (size_t)snprintf(file, sizeof file, "%s/%s", path, e->d_name) < sizeof file)
            unlink(file);
    if (d) closedir(d);
    rmdir(path);
}

/* The plan beside the report whose numbers hash to what it says, whatever the file is called now. */
static td_status find_plan(const verifying *v, const char *hash, td_plan **out)
{
    DIR *d = opendir(v->folder);
    *out = NULL;
    for (struct dirent *e; d && !*out && (e = readdir(d));) {
        char path[4096], own[TD_SHA256_HEX];
        if (!td_ends_with(e->d_name, ".yaml") ||
            (size_t)snprintf(path, sizeof path, "%s/%s", v->folder, e->d_name) >= sizeof path)
            continue;
        td_messages *m = td_messages_new();
        bool is = m && !td_plan_load(path, out, m) && !td_plan_hash(*out, own) && !strcmp(own, hash);
        td_messages_free(m);
        if (is) continue;
        td_plan_free(*out);
        *out = NULL;
    }
    if (d) closedir(d);
    return *out ? TD_OK
                : td_fail(v->err, TD_INPUT, v->folder, "plans are written beside the report",
                          "holds no plan with the hash %.12s", hash);
}

/* How many outputs of its kind stand before it. */
static size_t place_among_its_kind(const json_t *mix, size_t output)
{
    const json_t *outputs = json_object_get(mix, "outputs");
    const char *kind = text_of(json_array_get(outputs, output), "kind");
    size_t before = 0;
    for (size_t i = 0; i < output; i++) before += !strcmp(text_of(json_array_get(outputs, i), "kind"), kind);
    return before;
}

static const td_mix_file *nth_of_kind(const td_mix *m, const char *kind, size_t n)
{
    for (size_t i = 0; i < m->n_files; i++)
        if (!strcmp(m->file[i].kind, kind) && n-- == 0) return &m->file[i];
    return NULL;
}

/* Files are not called the same where the order had a naming of its own, and kinds were not always told in the same
 * order; within one kind they are. */
static void compare(const verifying *v, const json_t *mix, const td_mix *again)
{
    for (size_t i = 0; i < v->n; i++) {
        if (v->mix[i] != mix) continue;
        td_verified *r = &v->row[i];
        const td_mix_file *f = nth_of_kind(again, r->kind, place_among_its_kind(mix, v->output[i]));
        r->rendered = true;
        r->same_again = f && !strcmp(f->sha256, r->described);
    }
}

static td_status render_mix(const verifying *v, const json_t *mix)
{
    const char *scratch = td_scratch_folder(v->wish->scratch);
    char folder[4096];
    td_plan *plan;
    td_order *order = NULL;
    if ((size_t)snprintf(folder, sizeof folder, "%s/topdown-verify-XXXXXX", scratch) >= sizeof folder)
        return td_fail(v->err, TD_ARG, scratch, NULL, "the path is too long");
    td_status st = find_plan(v, text_of(mix, "plan_hash"), &plan);
    if (st) return st;
    st = order_of(v, mix, plan, &order);
    if (!st && !mkdtemp(folder)) st = td_fail(v->err, TD_DISK, folder, "name another with --scratch", "cannot be made");
    if (st) {
        td_order_free(order);
        td_plan_free(plan);
        return st;
    }
    td_mixdown *done;
    td_mixdown_wish wish = { .order = order,
                             .plan = &plan,
                             .n_plans = 1,
                             .out = folder,
                             .scratch = scratch,
                             .match_lufs = fmin(0, number_of(json_object_get(v->report, "ab"), "matched_lufs")),
                             .threads = v->wish->threads,
                             .progress = v->wish->progress,
                             .user = v->wish->user,
                             .stop = v->wish->stop };
    st = td_mixdown_run(&wish, &done, v->err);
    if (!st) compare(v, mix, done->mix[0]);
    td_mixdown_free(done);
    td_order_free(order);
    drop_folder(folder);
    return st;
}

static bool is_asked_for(const verifying *v, const json_t *mix)
{
    for (size_t i = 0; i < v->n; i++)
        if (v->mix[i] == mix) return true;
    return false;
}

static td_status render_all(const verifying *v)
{
    const json_t *mix;
    size_t m;
    td_status st = TD_OK;
    json_array_foreach(json_object_get(v->report, "mixes"), m, mix) if (!st && is_asked_for(v, mix)) st =
        render_mix(v, mix);
    return st;
}

/* Texts outlive the report. */
static td_status keep_texts(verifying *v)
{
    for (size_t i = 0; i < v->n; i++) {
        const char **text[] = { &v->row[i].name, &v->row[i].kind, &v->row[i].label, &v->row[i].recipe,
                                &v->row[i].described };
        for (size_t k = 0; k < sizeof text / sizeof text[0]; k++)
            if (*text[k] && !(*text[k] = td_arena_strdup(v->arena, *text[k]))) return td_no_memory(v->err);
    }
    return TD_OK;
}

td_status td_verify(const td_verify_wish *w, td_arena *a, td_verified **out, size_t *n, td_error *err)
{
    const char *slash = strrchr(w->report, '/');
    verifying v = { .wish = w, .arena = a, .err = err };
    v.folder = slash ? td_arena_strndup(a, w->report, (size_t)(slash - w->report)) : ".";
    td_status st = v.folder ? read_report(&v) : td_no_memory(err);
    if (!st) st = take_rows(&v);
    if (!st && w->render) st = render_all(&v);
    if (!st) st = keep_texts(&v);
    json_decref(v.report);
    *out = v.row;
    *n = st ? 0 : v.n;
    return st;
}
