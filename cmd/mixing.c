#include "cmd/mixing.h"

#include "engine/report/findings.h"
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- stems and recipes from words and flags ---------------------------------------------------------------------- */

/* How long the path is that all files named singly have in common, folders only. */
static size_t common_folders(const td_args *a)
{
    const char *first = NULL;
    size_t common = 0;
    for (size_t i = 0; i < a->n_words; i++) {
        const char *word = a->word[i];
        size_t n = 0, end = 0;
        if (td_is_folder(word)) continue;
        if (!first) {
            first = word;
            common = (size_t)(td_basename(word) - word);
        }
        for (; n < common && word[n] == first[n]; n++)
            if (word[n] == '/') end = n + 1;
        common = end;
    }
    return common;
}

/* The folders below those in common tell of a stem as those of a tree do; "../" tells nothing. */
static td_status add_file(const char *path, size_t common, td_arena *arena, td_stem_wish **stem, size_t *n,
                          td_error *err)
{
    td_status st = td_file_here(path, err);
    if (st) return st;
    for (size_t i = 0; i < *n; i++)
        if (td_same_file((*stem)[i].file, path))
            return td_fail(err, TD_ARG, path, "name each stem once", "is among the stems already");
    if (*n >= TD_STEMS_MAX) return td_fail(err, TD_ARG, NULL, NULL, "more than %d stems", TD_STEMS_MAX);
    td_stem_wish *all = td_arena_array(arena, *n + 1, sizeof *all);
    if (!all) return td_no_memory(err);
    if (*n) memcpy(all, *stem, *n * sizeof *all);
    const char *name = path + common;
    all[(*n)++] = (td_stem_wish){ .file = path, .name = strstr(name, "./") ? NULL : name, .pan = NAN };
    *stem = all;
    return TD_OK;
}

td_status td_stems_of_words(const td_args *a, td_arena *arena, td_stem_wish **stem, size_t *n, td_error *err)
{
    td_status st = TD_OK;
    size_t common = common_folders(a);
    for (size_t i = 0; !st && i < a->n_words; i++)
        st = td_is_folder(a->word[i]) ? td_stems_in_folder(a->word[i], arena, stem, n, err)
                                      : add_file(a->word[i], common, arena, stem, n, err);
    if (st || *n) return st;
    return td_fail(err, TD_ARG, NULL, "name files or a folder of stems, such as stems/", "no stems are named");
}

const char *td_song_of(const char *stems, td_arena *a)
{
    char path[4096];
    if (!realpath(stems, path)) return NULL;
    if (!td_is_folder(path)) *strrchr(path, '/') = 0;
    const char *name = td_basename(path);
    if (!strcmp(name, "stems") || !strcmp(name, "tracks")) { /* says nothing: the folder above does */
        char *slash = strrchr(path, '/');
        if (slash && slash != path) {
            *slash = 0;
            name = td_basename(path);
        }
    }
    return td_arena_strdup(a, *name ? name : "Song");
}

static td_status take_recipes(td_mixing *m, const td_args *a, td_order *o, td_error *err)
{
    const char *name[32], *set[64];
    size_t n, k;
    td_status st = td_args_all(a, "recipe", name, 32, &n, err);
    if (!st) st = td_args_all(a, "set", set, 64, &k, err);
    if (st) return st;
    if (!n) return td_fail(err, TD_ARG, NULL, "topdown recipe list shows what there is", "no recipe is named");
    td_setting *settings = td_arena_array(m->arena, k + 1, sizeof *settings);
    o->mix = td_arena_array(m->arena, n, sizeof *o->mix);
    if (!settings || !o->mix) return td_no_memory(err);
    for (size_t i = 0; i < k; i++) {
        st = td_setting_parse(m->arena, set[i], &settings[i], err);
        if (st) return st;
    }
    for (size_t i = 0; i < n; i++) {
        const char *label = td_recipe_label(m->arena, name[i]);
        for (size_t j = 0; j < i; j++)
            if (!strcmp(name[i], name[j]))
                return td_fail(err, TD_ARG, "--recipe", "leave it out once; a job file can turn its knobs two ways",
                               "'%s' is named twice", name[i]);
        for (size_t j = 0; label && j < i; j++)
            if (!strcmp(o->mix[j].label, label)) label = td_arena_printf(m->arena, "%s-%zu", label, i + 1);
        if (!label) return td_no_memory(err);
        o->mix[i] = (td_order_mix){ .recipe = name[i], .label = label, .set = settings, .n_set = k };
        if (td_is_path(name[i])) o->mix[i].path = name[i];
    }
    o->n_mixes = n;
    return TD_OK;
}

static td_status take_balance(const td_args *a, td_order *o, td_error *err)
{
    const char *s = td_args_get(a, "balance"), *names[TD_BALANCE_COUNT];
    for (int b = 0; s && b < TD_BALANCE_COUNT; b++) {
        names[b] = td_balance_name((td_balance)b);
        if (strcmp(names[b], s)) continue;
        o->has_balance = true;
        o->balance = (td_balance)b;
        return TD_OK;
    }
    if (!s) return TD_OK;
    const char *near = td_nearest(s, names, TD_BALANCE_COUNT);
    char hint[80] = "auto, even, delivered, rough, loudness or focus";
    if (near) snprintf(hint, sizeof hint, "did you mean '%s'?", near);
    return td_fail(err, TD_ARG, NULL, hint, "no balance mode '%s'", s);
}

/* A flag wins over the job file. */
static void take_guests(const td_args *a, td_order *o)
{
    if (td_args_has(a, "rough")) o->rough = td_args_get(a, "rough");
    if (td_args_has(a, "reference")) o->reference = td_args_get(a, "reference");
}

/* ---- stems from plans -------------------------------------------------------------------------------------------- */

static td_status order_of_plan(td_mixing *m, td_order *o, const td_args *a, td_error *err)
{
    const td_plan *p = m->plan[0];
    o->title = p->title;
    o->artist = p->artist;
    o->tempo_bpm = td_plan_ordered_tempo(p);
    if (a->n_words) return td_stems_of_words(a, m->arena, &o->stem, &o->n_stems, err);
    return td_stems_of_plan(p, m->arena, &o->stem, &o->n_stems, err);
}

static void show_messages(const td_messages *list)
{
    td_text t = { 0 };
    td_messages_text(list, &t);
    td_messages_summary(list, &t);
    fputs(td_text_or_empty(&t), stderr);
    td_text_free(&t);
}

static int load_plans(td_mixing *m, const td_args *a)
{
    const char *path[32];
    size_t n;
    td_error err = { 0 };
    td_status st = td_args_all(a, "plan", path, 32, &n, &err);
    if (st) return td_report_error(st, &err);
    td_messages *list = td_messages_new();
    int code = list ? 0 : td_status_exit(TD_NOMEM);
    for (size_t i = 0; !code && i < n; i++) {
        if (td_plan_load(path[i], &m->plan[i], list)) {
            show_messages(list);
            code = td_status_exit(TD_RECIPE);
        } else {
            m->n_plans++;
        }
    }
    if (!code) show_messages(list);
    td_messages_free(list);
    return code;
}

/* ---- both -------------------------------------------------------------------------------------------------------- */

static td_status order_of_flags(td_mixing *m, const td_args *a, td_error *err)
{
    td_order *o = td_arena_alloc(m->arena, sizeof *o);
    if (!o) return td_no_memory(err);
    m->order = o;
    td_order_defaults(o);
    o->ab = m->n_plans > 1;
    if (m->n_plans) return order_of_plan(m, o, a, err);
    td_status st = td_stems_of_words(a, m->arena, &o->stem, &o->n_stems, err);
    if (!st) st = take_recipes(m, a, o, err);
    o->ab = o->n_mixes > 1;
    o->title = td_args_get(a, "title");
    if (!o->title && a->n_words) o->title = td_song_of(a->word[0], m->arena);
    o->artist = td_args_get(a, "artist");
    const char *tempo = td_args_get(a, "tempo");
    char *end = NULL;
    if (!st && tempo) {
        o->tempo_bpm = strtod(tempo, &end);
        if (end == tempo || (*end && strcmp(end + (*end == ' '), "bpm")) ||
            !(o->tempo_bpm >= 20 && o->tempo_bpm <= 400))
            st = td_fail(err, TD_ARG, NULL, "for example --tempo 122", "'%s' is no tempo from 20 to 400 bpm", tempo);
    }
    return st;
}

static int load_job(td_mixing *m, const td_args *a)
{
    td_messages *list = td_messages_new();
    if (!list) return td_status_exit(TD_NOMEM);
    td_status st = td_order_load(m->library, td_args_get(a, "job"), &m->order, list);
    int code = 0;
    if (st) {
        show_messages(list);
        code = td_status_exit(td_messages_errors(list) ? TD_JOB : st);
    }
    td_messages_free(list);
    return code;
}

const char *td_cache_folder(td_arena *a)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && *cache == '/') return td_arena_printf(a, "%s/topdown", cache);
    return home && *home == '/' ? td_arena_printf(a, "%s/.cache/topdown", home) : NULL;
}

/* What a plan has decided is not asked for again. */
static td_status refuse_beside_plan(const td_args *a, td_error *err)
{
    static const char *const decided[] = { "recipe", "set", "role", "balance", "tempo", "title", "artist" };
    for (size_t i = 0; i < sizeof decided / sizeof *decided; i++)
        if (td_args_has(a, decided[i]))
            return td_fail(err, TD_ARG, NULL, "leave it out, edit the plan, or change it with 'topdown revise'",
                           "--%s has no say beside --plan: the plan is decided", decided[i]);
    return TD_OK;
}

int td_mixing_init(td_mixing *m, const td_args *a)
{
    td_error err = { 0 };
    *m = (td_mixing){ .arena = td_arena_new() };
    if (!m->arena) return td_status_exit(TD_NOMEM);
    td_status st = td_args_has(a, "plan") ? refuse_beside_plan(a, &err) : TD_OK;
    if (!st) st = td_library_open(td_args_get(a, "recipes"), &m->library, &err);
    if (st) return td_report_error(st, &err);
    int code = td_args_has(a, "plan") ? load_plans(m, a) : 0;
    if (code) return code;
    long threads, cache_mb;
    st = td_args_number(a, "threads", 1, 256, 0, &threads, &err);
    if (!st) st = td_args_number(a, "cache-limit", 0, 1000000, TD_CACHE_MB, &cache_mb, &err);
    if (!st && td_args_has(a, "job")) {
        if ((code = load_job(m, a))) return code;
    } else if (!st) {
        st = order_of_flags(m, a, &err);
    }
    if (!st) st = take_balance(a, m->order, &err);
    if (!st) take_guests(a, m->order);
    if (!st) st = td_args_all(a, "role", m->role, TD_ROLES_MOST, &m->n_roles, &err);
    if (st) return td_report_error(st, &err);
    if (td_args_has(a, "keep-groups") && td_args_has(a, "no-cache"))
        return td_report_error(td_fail(&err, TD_ARG, NULL, "leave one of them out",
                                       "--keep-groups needs the cache that --no-cache forbids"),
                               &err);
    if (td_args_has(a, "no-match")) m->order->ab_loudness_match = false;
    m->progress = td_progress_new(a);
    m->wish = (td_mixdown_wish){
        .order = m->order,
        .library = m->library,
        .plan = m->n_plans ? m->plan : NULL,
        .n_plans = m->n_plans,
        .scratch = td_args_get(a, "scratch"),
        .cache = td_args_has(a, "no-cache") ? NULL : td_cache_folder(m->arena),
        .cache_bytes = (uint64_t)cache_mb * 1000000,
        .keep_groups = m->n_plans || td_args_has(a, "keep-groups"),
        .role = m->role,
        .n_roles = m->n_roles,
        .threads = (unsigned)threads,
        .force = td_args_has(a, "force"),
        .skip_rejected = td_args_has(a, "skip-rejected"),
        .hear_out = td_args_has(a, "json"),
        .dry = td_args_has(a, "dry-run"),
        .progress = td_progress_step,
        .user = m->progress,
        .warn = show_messages,
        .stop = &td_stop_asked,
    };
    return 0;
}

/* Several stems have a line each, and the error counts them. */
static void show_refused(const td_session *s, td_error *err)
{
    size_t n = 0;
    td_error one;
    for (size_t i = 0; s && i < s->n_stems; i++) n += td_stem_is_refused(&s->stem[i]);
    if (n < 2) return;
    for (size_t i = 0; i < s->n_stems; i++)
        if (td_stem_is_refused(&s->stem[i]))
            td_report_error(td_fail(&one, TD_INPUT, s->stem[i].name, NULL, "%s", s->stem[i].fault_text), &one);
    snprintf(err->what, sizeof err->what, "%zu stems are refused", n);
}

static void show_earlier(const char *folder, td_arena *a)
{
    char text[160];
    td_earlier *e = td_arena_alloc(a, sizeof *e);
    if (e) td_earlier_in_folder(folder, a, e);
    if (!e || !e->n) return;
    snprintf(text, sizeof text, "holds an earlier mix: %zu file%s of its report.json %s no stem%s, and left out", e->n,
             e->n == 1 ? "" : "s", e->n == 1 ? "is" : "are", e->n == 1 ? "" : "s");
    td_report_warning(folder, text);
}

static bool same_folder(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Of folders of stems: what lies in them and is none, or will. */
static void show_folder(const td_mixing *m, const char *folder)
{
    if (!folder || !td_is_folder(folder)) return;
    show_earlier(folder, m->arena);
    if (m->wish.out && same_folder(folder, m->wish.out))
        td_report_warning(m->wish.out,
                          "is the folder of the stems: the mix will lie among them; -o out/ keeps them apart");
}

static void show_lost(const td_mixdown *d)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->lost[i])
            td_report_warning(
                d->plan[i]->recipe,
                "no recipe found by that name is the one the plan was decided by: the report does not hold "
                "lead and groups against what is usual; --recipes DIR names the folder it lies in, as "
                "NAME.yaml");
}

static bool is_set(const td_stem *s)
{
    return s->level_db != 0 || !isnan(s->pan) || s->flip;
}

/* A plan was decided with what its own job said of stems; another job's levels come too late. */
static void show_unheard(const td_mixdown *d, const char *job)
{
    char text[512];
    size_t other = 0;
    for (size_t i = 0; i < d->n; i++) other += strcmp(d->plan[i]->session_hash, d->session->hash) != 0;
    for (size_t i = 0; other && i < d->session->n_stems; i++) {
        if (!is_set(&d->session->stem[i])) continue;
        snprintf(
            text, sizeof text,
            "what it says of stems (level, pan, polarity), such as %s, has no say beside --plan, which was decided "
            "without: edit the plan, or plan anew",
            d->session->stem[i].name);
        td_report_warning(job, text);
        return;
    }
}

/* A name need not be UTF-8, JSON must. */
static json_t *printable_json(const char *text)
{
    char safe[1024];
    return json_string(td_printable(text, safe, sizeof safe));
}

static json_t *message_json(const td_session *s, const td_findings *f, td_language language)
{
    td_text t = { 0 };
    td_findings_letter(s, f, language, &t);
    json_t *o = json_string(td_text_or_empty(&t));
    td_text_free(&t);
    return o;
}

/* Which stems, what their sender can be told, and all files that an answer may name. */
static void add_refused(json_t *o, const td_mixdown *d)
{
    const td_session *s = d->session;
    td_findings *f;
    if (td_intake_make(s, d->survey, &f, NULL)) return;
    json_t *refused = json_array(), *files = json_array();
    for (size_t i = 0; i < s->n_stems; i++) {
        const td_stem *m = &s->stem[i];
        json_array_append_new(files, printable_json(m->path));
        if (m->path_right) json_array_append_new(files, printable_json(m->path_right));
        if (td_stem_is_refused(m))
            json_array_append_new(refused, json_pack("{s:o, s:o}", "file", printable_json(m->name), "why",
                                                     printable_json(m->fault_text)));
    }
    json_object_set_new(o, "refused", refused);
    json_object_set_new(o, "stems", files);
    json_object_set_new(
        o, "message",
        json_pack("{s:o, s:o}", "en", message_json(s, f, TD_ENGLISH), "de", message_json(s, f, TD_GERMAN)));
    td_intake_free(f);
}

/* For programs, such as the service that started this one: what went wrong, as the last object on stdout. */
static void tell_error(const td_args *a, td_status st, const td_error *err, const td_mixdown *d)
{
    if (!td_args_has(a, "json")) return;
    json_t *o =
        json_pack("{s:s, s:i, s:s, s:o, s:o, s:o}", "type", "error", "v", 1, "code", td_status_name(st), "where",
                  printable_json(err->where), "what", printable_json(err->what[0] ? err->what : td_status_name(st)),
                  "hint", printable_json(err->hint));
    if (st == TD_INPUT && d && d->session) add_refused(o, d);
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    if (text) puts(text);
    free(text);
    json_decref(o);
}

int td_mixing_run(td_mixing *m, const td_args *a)
{
    td_error err = { 0 };
    if (!td_args_has(a, "quiet")) {
        for (size_t i = 0; i < a->n_words; i++) show_folder(m, a->word[i]);
        show_folder(m, m->order->stems_folder);
    }
    bool planned = m->n_plans;
    td_status st = td_mixdown_run(&m->wish, &m->done, &err);
    m->n_plans = 0; /* taken over */
    td_progress_end(m->progress);
    const td_mixdown *d = m->done;
    if (d && d->messages && td_messages_errors(d->messages)) {
        show_messages(d->messages);
        td_messages_error(d->messages, st, &err);
        tell_error(a, st, &err, d);
        return td_status_exit(st);
    }
    if (!st && !td_args_has(a, "quiet")) show_lost(d);
    if (!st && planned && td_args_has(a, "job")) show_unheard(d, td_args_get(a, "job"));
    if (st == TD_STOPPED) return td_stop_asked > 0 ? 128 + td_stop_asked : td_status_exit(st);
    if (!st) return 0;
    tell_error(a, st, &err, d);
    if (st == TD_INPUT && d) show_refused(d->session, &err);
    return td_report_error(st, &err);
}

void td_mixing_fini(td_mixing *m)
{
    td_mixdown_free(m->done);
    for (size_t i = 0; i < m->n_plans; i++) td_plan_free(m->plan[i]);
    if (m->order && m->order->arena) td_order_free(m->order);
    td_library_free(m->library);
    td_progress_free(m->progress);
    td_arena_free(m->arena);
}
