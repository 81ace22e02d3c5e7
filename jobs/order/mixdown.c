#include "jobs/order/mixdown.h"

#include "engine/base/cache.h"
#include "engine/base/units.h"
#include "engine/mix/planner.h"
#include "engine/report/report.h"
#include "jobs/order/folder.h"
#include "jobs/order/naming.h"
#include "jobs/order/outputs.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <unistd.h>

static void tell(void *user, const char *stage, double fraction)
{
    const td_mixdown *m = user;
    bool pass = !strcmp(stage, "survey") || !strcmp(stage, "rough") || !strcmp(stage, "rendering");
    td_stage_at step = { .stage = stage,
                         .fraction = fraction,
                         .mix = m->mix_now,
                         .song_s = pass ? (double)m->session->frames / m->session->rate_hz : 0 };
    if (m->wish->progress) m->wish->progress(m->wish->user, &step);
}

static void turn_to(td_mixdown *m, const char *label)
{
    m->mix_now = m->n > 1 ? label : NULL;
}

/* ---- stems ------------------------------------------------------------------------------------------------------- */

/* A listed file that lies in the folder too is an exception, not a second stem. */
static td_status gather_stems(const td_order *o, td_arena *a, td_stem_wish **stem, size_t *n, td_error *err)
{
    *stem = NULL;
    *n = 0;
    if (o->stems_folder) {
        td_status st = td_stems_in_folder(o->stems_folder, a, stem, n, err);
        if (st) return st;
    }
    td_stem_wish *all = td_arena_array(a, *n + o->n_stems + 1, sizeof *all);
    if (!all) return td_no_memory(err);
    if (*n) memcpy(all, *stem, *n * sizeof *all);
    for (size_t i = 0; i < o->n_stems; i++) {
        size_t k = 0;
        while (k < *n && strcmp(all[k].file, o->stem[i].file)) k++;
        td_stem_wish there = k < *n ? all[k] : o->stem[i];
        all[k] = o->stem[i];
        all[k].refused = there.refused;
        if (!all[k].name) all[k].name = there.name;
        if (k == *n && ++*n > TD_STEMS_MAX) return td_fail(err, TD_ARG, NULL, NULL, "more than %d stems", TD_STEMS_MAX);
    }
    *stem = all;
    return TD_OK;
}

/* `ask` is somebody's to answer, as a refused stem is: a service holds the job. */
static td_status judge_roles(const td_order *o, const td_session *s, td_error *err)
{
    td_text names = { 0 };
    size_t n = 0;
    for (size_t i = 0; i < s->n_stems && o->unknown != TD_UNKNOWN_OTHER; i++)
        if (s->stem[i].role.source >= TD_ROLE_FROM_SOUND)
            td_text_addf(&names, "%s%s", n++ ? ", " : "", s->stem[i].name);
    const char *said = td_text_or_empty(&names), *remedy = "give it a role: --role FILE=ROLE, or in the job file";
    td_status st = !n ? TD_OK : o->unknown == TD_UNKNOWN_ASK ? TD_INPUT : TD_JOB;
    if (n == 1) td_fail(err, st, said, remedy, "no role is known for this stem");
    if (n > 1) td_fail(err, st, NULL, remedy, "no role is known for %zu stems: %s", n, said);
    td_text_free(&names);
    return st;
}

static td_status open_session(const td_mixdown_wish *w, td_mixdown *m, td_error *err)
{
    const td_order *o = w->order;
    td_stem_wish *stem;
    size_t n;
    td_status st = gather_stems(o, m->arena, &stem, &n, err);
    for (size_t i = 0; !st && i < n; i++) st = td_file_here(stem[i].file, err);
    if (!st) st = td_file_here(o->rough, err);
    if (!st) st = td_file_here(o->reference, err);
    for (size_t i = 0; !st && i < w->n_roles; i++) st = td_stem_say_role(stem, n, w->role[i], m->arena, err);
    if (st) return st;
    td_session_wish wish = { .title = o->title ? o->title : o->name,
                             .artist = o->artist,
                             .stem = stem,
                             .n_stems = n,
                             .rough = o->rough,
                             .reference = o->reference,
                             .tempo_bpm = o->tempo_bpm,
                             .skip_rejected = w->skip_rejected || w->n_plans, /* which know what was left out */
                             .cache = w->cache,
                             .pool = m->pool };
    st = td_session_open(&wish, &m->session, err);
    return st ? st : judge_roles(o, m->session, err);
}

/* ---- survey ------------------------------------------------------------------------------------------------------ */

const char *td_scratch_folder(const char *wished)
{
    const char *tmp = getenv("TMPDIR");
    return wished ? wished : tmp && *tmp ? tmp : "/var/tmp";
}

/* With nothing left there is no mix, whether refused stems may be left out or not. */
static td_status judge_stems(const td_mixdown_wish *w, const td_session *s, td_error *err)
{
    bool left = s->n_buses > 0;
    td_status st = w->skip_rejected && left ? TD_OK : td_session_refusal(s, err);
    return st || left ? st
                      : td_fail(err, TD_INPUT, NULL, "'topdown check' shows what each is", "no stem is left to mix");
}

/* Stems may be whole, and none of them sound. */
static td_status judge_sound(const td_mixdown *m, td_error *err)
{
    for (size_t i = 0; i < m->session->n_stems; i++) {
        if (m->session->stem[i].bus == UINT_MAX) continue;
        if (!td_is_silent(td_survey_signal(m->survey, td_survey_stem(m->survey, i))->peak_dbfs)) return TD_OK;
    }
    return td_fail(err, TD_INPUT, NULL, "export them again, with no track muted",
                   "no stem sounds: all peak below %g dBFS", TD_SILENT_DBFS);
}

static bool survey_path(const td_mixdown_wish *w, const td_mixdown *m, char path[4096])
{
    return td_cache_path(w->cache, TD_CACHE_SURVEY, m->session->hash, path, 4096);
}

static bool load_survey(const td_mixdown_wish *w, td_mixdown *m, const char *path)
{
    m->survey_cached =
        td_is_file(path) && td_survey_load(m->session, path, td_scratch_folder(w->scratch), &m->survey, NULL) == TD_OK;
    return m->survey_cached;
}

/* A plan needs none to be rendered: one that is kept serves its report. */
static td_status make_survey(const td_mixdown_wish *w, td_mixdown *m, td_error *err)
{
    char path[4096];
    bool kept = survey_path(w, m, path) && load_survey(w, m, path);
    if (w->n_plans)
        return kept ? TD_OK : td_survey_bare(m->session, NULL, td_scratch_folder(w->scratch), &m->survey, err);
    if (kept) return td_survey_ready(m->survey, m->pool, NULL, err);
    td_status st = judge_stems(w, m->session, err);
    if (!st) st = td_survey_hear(m->session, m->pool, td_scratch_folder(w->scratch), tell, m, &m->survey, err);
    if (!st) st = td_session_unchanged(m->session, err);
    if (!st) st = judge_stems(w, m->session, err);
    if (!st && survey_path(w, m, path) && td_folder_make(w->cache, NULL) == TD_OK) {
        td_survey_save(m->survey, path, NULL); /* a cache may fail */
        td_cache_room(w->cache, 0, w->cache_bytes, INT64_MAX);
    }
    return st;
}

/* A plan's stems stand at the levels it decided, which makes them another session than was heard for it. What was is
 * the plain sum that its report holds the mix against, where it is kept. */
static void recall_delivered(const td_mixdown_wish *w, td_mixdown *m)
{
    char path[4096];
    td_session *heard = td_arena_alloc(m->arena, sizeof *heard);
    if (!heard || !w->n_plans || m->survey_cached) return;
    *heard = *m->session;
    snprintf(heard->hash, sizeof heard->hash, "%s", m->plan[0]->session_hash);
    if (td_cache_path(w->cache, TD_CACHE_SURVEY, heard->hash, path, sizeof path) && td_is_file(path))
        td_survey_load(heard, path, td_scratch_folder(w->scratch), &m->delivered, NULL); /* a cache may fail */
}

/* ---- plans ------------------------------------------------------------------------------------------------------- */

bool td_mixdown_failed(const td_mixdown *m, size_t i)
{
    return m->mix[i] && m->mix[i]->failed;
}

/* The report travels, so files are named without their folders. */
static void note_failure(td_mixdown *m, size_t i, td_status st, const td_error *why)
{
    char text[sizeof why->where + sizeof why->what + sizeof why->hint + 8];
    td_error told = *why;
    if (why->where[0] == '/') snprintf(told.where, sizeof told.where, "%s", td_basename(why->where));
    td_error_text(&told, text, sizeof text);
    m->mix[i]->failed = why->what[0] ? td_arena_strdup(m->arena, text) : NULL;
    if (!m->mix[i]->failed) m->mix[i]->failed = td_status_name(st);
    if (m->failed++) return;
    m->why = *why;
    m->why.status = st;
}

/* The first of what went wrong tells for all, and by itself where nothing is left. */
static td_status tell_failures(const td_mixdown *m, td_error *err)
{
    size_t i = 0;
    if (!m->failed) return TD_OK;
    if (m->failed == m->n) {
        if (err) *err = m->why;
        return m->why.status;
    }
    while (!td_mixdown_failed(m, i)) i++;
    return td_fail(err, TD_PARTIAL, m->plan[i]->label, m->why.hint, "%zu of %zu mixes failed: %s%s%s", m->failed, m->n,
                   m->why.where, m->why.where[0] ? ": " : "", m->why.what);
}

/* A plan is decided for the order's first master and preview, and has them as its own. One that cannot be made leaves
 * the other mixes alone. */
static td_status decide(const td_mixdown_wish *w, td_mixdown *m, const td_recipe *recipe, size_t i, td_error *err)
{
    td_error own = { 0 };
    const td_order *o = w->order;
    td_plan_wish wish = { .session = m->session,
                          .survey = m->survey,
                          .recipe = recipe,
                          .label = o->mix[i].label,
                          .recipe_path = o->mix[i].path,
                          .has_balance = o->has_balance,
                          .balance = o->balance,
                          .master = o->n_masters ? &o->master[0].target : NULL,
                          .preview = o->n_previews ? &o->preview[0].target : NULL,
                          .warning = m->said[i].text,
                          .n_warnings = m->said[i].n,
                          .pool = m->pool,
                          .scratch_folder = td_scratch_folder(w->scratch),
                          .rough = &m->rough,
                          .progress = tell,
                          .user = m };
    td_status st = td_plan_make(&wish, &m->plan[i], &own);
    if (!st && (st = td_plan_is_readable(m->plan[i], &own))) {
        td_plan_free(m->plan[i]);
        m->plan[i] = NULL;
    }
    if (st && err) *err = own;
    if (!st || td_status_retry(st)) return st;
    if (td_plan_undecided(&wish, &m->plan[i], err) || td_mix_new(m->plan[i], &m->mix[i])) return td_no_memory(err);
    note_failure(m, i, st, &own);
    return TD_OK;
}

/* They outlive what they are read from. */
static void keep_aims(td_mixdown *m, size_t i, const td_target *master, const td_target *preview)
{
    m->aims[i] = (td_mixdown_aims){ *master, *preview };
    m->aims[i].master.named = td_arena_strdup(m->arena, master->named);
    m->aims[i].preview.named = td_arena_strdup(m->arena, preview->named);
}

/* What was said since `first`, for the plan: it travels, so files are named without their folders. */
static td_status keep_warnings(td_mixdown *m, size_t first, td_mixdown_said *said, td_error *err)
{
    size_t n = td_messages_count(m->messages);
    const char **text = td_arena_array(m->arena, n - first + 1, sizeof *text);
    if (!text) return td_no_memory(err);
    said->text = text;
    for (size_t i = first; i < n; i++) {
        const td_message *item = td_messages_at(m->messages, i);
        text[said->n] = td_arena_printf(m->arena, "%s:%u: %s%s%s", td_basename(item->file), item->line, item->detail,
                                        item->hint ? "; " : "", item->hint ? item->hint : "");
        if (!text[said->n++]) return td_no_memory(err);
    }
    return TD_OK;
}

static td_status load_recipes(const td_mixdown_wish *w, td_mixdown *m, td_recipe **recipe, td_error *err)
{
    const td_order *o = w->order;
    for (size_t i = 0; i < o->n_mixes; i++) {
        size_t before = td_messages_count(m->messages);
        td_recipe_load(w->library, o->mix[i].recipe, o->mix[i].set, o->mix[i].n_set, &recipe[i], m->messages);
        td_status st = keep_warnings(m, before, &m->said[i], err);
        if (st) return st;
    }
    if (td_messages_errors(m->messages)) return td_messages_error(m->messages, TD_RECIPE, err);
    if (w->warn && td_messages_count(m->messages)) w->warn(m->messages);
    return TD_OK;
}

/* All recipes are read before the first sound: a typo in the last one must not cost a night. */
static td_status decide_all(const td_mixdown_wish *w, td_mixdown *m, td_recipe **recipe, td_error *err)
{
    for (size_t i = 0; i < m->n; i++) {
        turn_to(m, w->order->mix[i].label);
        keep_aims(m, i, &recipe[i]->master, &recipe[i]->preview);
        td_status st = decide(w, m, recipe[i], i, err);
        if (st) return st;
    }
    return m->failed == m->n ? tell_failures(m, err) : TD_OK;
}

/* ---- plans on disk ----------------------------------------------------------------------------------------------- */

static td_status write_text(const char *folder, const char *name, const td_text *t, bool replace, td_error *err)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return td_fail(err, TD_ARG, folder, NULL, "the path is too long");
    return t->broken ? td_no_memory(err) : td_file_write(path, t->data, t->length, replace, err);
}

void td_plan_name(const char *label, char out[TD_PLAN_NAME])
{
    char words[64];
    td_name_words(label, "-", sizeof words, words, sizeof words);
    snprintf(out, TD_PLAN_NAME, "plan-%s.yaml", *words ? words : "mix");
}

void td_mixdown_plan_name(const td_mixdown_wish *w, size_t i, char out[TD_PLAN_NAME])
{
    td_plan_name(w->n_plans ? w->plan[i]->label : w->order->mix[i].label, out);
}

/* Of a folder, or the nearest above it that has such a file. */
static const char *place_above(const char *path, char *folder, td_arena *a)
{
    for (char *end = folder + strlen(folder); end; end = strrchr(folder, '/')) {
        *end = 0;
        const char *there = td_arena_printf(a, "%s/%s", folder, path);
        if (!there || td_is_file(there)) return there;
    }
    return NULL;
}

/* Where a path of a plan leads: from here; else from the plan's folder or the nearest above it, for a plan in out/
 * names stems/ beside out/. NULL: nowhere. Whether it is the file that was meant is told by its hash. */
static const char *place_of(const char *path, const char *plan, td_arena *a)
{
    char folder[PATH_MAX];
    if (td_is_file(path)) return path;
    if (*path == '/' || !plan || !realpath(plan, folder)) return NULL;
    *strrchr(folder, '/') = 0;
    return place_above(path, folder, a);
}

/* A path as a plan written into `folder` has it: as it was, while that leads to the file. */
static const char *path_now(const char *path, const char *used, const char *folder, td_arena *a)
{
    char real[PATH_MAX];
    const char *there = path && td_is_file(path) ? path : NULL;
    if (!there && path && *path != '/' && realpath(folder, real)) there = place_above(path, real, a);
    return there && used && td_same_file(there, used) ? path : used;
}

/* The stems of a plan that was made elsewhere lie where this mix has found them. */
static void name_stems_again(const td_mixdown_wish *w, td_mixdown *m, td_plan *p)
{
    for (size_t i = 0; w->n_plans && i < p->n_stems; i++) {
        const td_stem *s = &m->session->stem[i];
        p->stem[i].path = path_now(p->stem[i].path, s->path, w->out, m->arena);
        p->stem[i].path_right = path_now(p->stem[i].path_right, s->path_right, w->out, m->arena);
    }
}

static td_status write_plan(const td_mixdown_wish *w, td_mixdown *m, size_t i, td_error *err)
{
    char name[TD_PLAN_NAME];
    td_text t = { 0 };
    td_mixdown_plan_name(w, i, name);
    name_stems_again(w, m, m->plan[i]);
    td_status st = td_plan_write(m->plan[i], &t) ? td_no_memory(err) : write_text(w->out, name, &t, w->force, err);
    td_text_free(&t);
    return st;
}

static td_status refuse_existing(const char *folder, const char *name, td_error *err)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return td_fail(err, TD_ARG, folder, NULL, "the path is too long");
    return access(path, F_OK) ? TD_OK : td_fail(err, TD_ARG, path, "--force replaces it", "stands there already");
}

/* Files of two mixes must differ, also where upper and lower case are one. */
static td_status check_names(const td_mixdown_wish *w, size_t n, td_error *err)
{
    char name[TD_PLAN_NAME], other[TD_PLAN_NAME];
    for (size_t i = 0; i < n; i++) {
        td_mixdown_plan_name(w, i, name);
        for (size_t k = 0; k < i; k++) {
            td_mixdown_plan_name(w, k, other);
            if (!strcasecmp(name, other))
                return td_fail(err, TD_ARG, w->out, "give one of them another label, or a folder of its own",
                               "two mixes would write '%s'", name);
        }
    }
    return TD_OK;
}

/* A folder takes one mix at a time. The lock ends with the process, however that ends; a file system without locks is
 * none to refuse. */
static td_status claim_folder(const td_mixdown_wish *w, td_mixdown *m, td_error *err)
{
    int fd = open(w->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return TD_OK; /* it can be written to all the same */
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return m->claim = fd, TD_OK;
    close(fd);
    return td_fail(err, TD_BUSY, w->out, "wait for it, or name another folder", "another mix is being made there");
}

/* Before the first sound is read: whether plans and report can be put where they belong. */
static td_status check_folder(const td_mixdown_wish *w, td_mixdown *m, td_error *err)
{
    char name[TD_PLAN_NAME];
    td_status st = check_names(w, m->n, err);
    if (w->dry && access(w->out, F_OK)) return st;
    if (!st) st = td_folder_make(w->out, err);
    if (!st && access(w->out, W_OK | X_OK))
        st = td_fail(err, td_status_of_errno(errno), w->out, NULL, "cannot be written to: %s", strerror(errno));
    if (!st) st = claim_folder(w, m, err);
    if (st || w->force) return st;
    st = refuse_existing(w->out, "report.json", err);
    if (!st && w->order->report & TD_REPORT_HTML) st = refuse_existing(w->out, "report.html", err);
    for (size_t i = 0; !st && i < m->n; i++) {
        td_mixdown_plan_name(w, i, name);
        st = refuse_existing(w->out, name, err);
    }
    return st;
}

/* ---- one mix ----------------------------------------------------------------------------------------------------- */

static td_outputs_wish outputs_of(const td_mixdown_wish *w, td_mixdown *m, size_t i)
{
    return (td_outputs_wish){ .order = w->order,
                              .session = m->session,
                              .plan = m->plan[i],
                              .master = &m->aims[i].master,
                              .preview = &m->aims[i].preview,
                              .folder = w->out,
                              .scratch = td_scratch_folder(w->scratch),
                              .cache = w->cache,
                              .force = w->force,
                              .match_lufs = m->match_lufs,
                              .progress = tell,
                              .user = m,
                              .stop = w->stop };
}

static td_status render_mix(const td_mixdown_wish *w, td_mixdown *m, size_t i, td_error *err)
{
    td_outputs_wish outputs = outputs_of(w, m, i);
    if (td_mix_new(m->plan[i], &m->mix[i])) return td_no_memory(err);
    td_mix *mix = m->mix[i];
    td_outputs_need need;
    td_outputs_need_of(&outputs, &need);
    td_render_wish r = { .session = m->session,
                         .survey = m->survey,
                         .plan = m->plan[i],
                         .pool = m->pool,
                         .scratch_folder = td_scratch_folder(w->scratch),
                         .version = need.version,
                         .n_versions = need.n_versions,
                         .parts = need.parts,
                         .progress = tell,
                         .user = m,
                         .stop = w->stop,
                         .keep_folder = w->keep_groups ? w->cache : NULL,
                         .keep_bytes = w->cache_bytes };
    td_status st = td_render(&r, &mix->rendered, err);
    if (!st) st = td_outputs_write(&outputs, mix, err);
    return st ? st : write_plan(w, m, i, err);
}

/* ---- the report on disk ------------------------------------------------------------------------------------------ */

/* The page is drawn from the JSON as it was written. */
static td_status write_page(const td_mixdown_wish *w, const td_text *json, td_error *err)
{
    td_text t = { 0 };
    td_status st = td_report_html(json->data, json->length, TD_ENGLISH, &t, err);
    if (!st) st = write_text(w->out, "report.html", &t, w->force, err);
    td_text_free(&t);
    return st;
}

static td_status write_report(const td_mixdown_wish *w, td_mixdown *m, td_recipe *const *recipe, td_error *err)
{
    td_text t = { 0 };
    td_findings *found = NULL;
    td_report_mix *said = td_arena_array(m->arena, m->n + 1, sizeof *said);
    td_report_wish wish = { .session = m->session,
                            .survey = w->n_plans && !m->survey_cached ? NULL : m->survey,
                            .delivered = m->delivered,
                            .mix = said,
                            .n_mixes = m->n,
                            .folder = w->out,
                            .guest = m->guests ? m->guests->file : NULL,
                            .n_guests = m->guests ? m->guests->n_files : 0,
                            .match_lufs = m->match_lufs,
                            .isrc = w->order->isrc,
                            .n_isrc = w->order->n_isrc };
    td_status st = said ? td_intake_make(m->session, wish.survey, &found, err) : td_no_memory(err);
    for (size_t i = 0; !st && i < m->n; i++) {
        td_decision *decision;
        st = td_plan_decisions(m->plan[i], m->arena, &decision, &said[i].n_decisions) ? td_no_memory(err) : TD_OK;
        if (!m->plan[i]->n_stems) said[i].n_decisions = 0; /* it was never made */
        said[i].mix = m->mix[i];
        said[i].recipe = recipe[i];
        said[i].decision = decision;
    }
    wish.findings = found;
    if (!st) st = td_report_json(&wish, &t, err);
    if (!st) st = write_text(w->out, "report.json", &t, w->force, err);
    if (!st && w->order->report & TD_REPORT_HTML) st = write_page(w, &t, err);
    td_text_free(&t);
    td_intake_free(found);
    return st;
}

/* ---- the line ---------------------------------------------------------------------------------------------------- */

/* Whoever compares mixes wants to compare them with what was there before. */
static bool wants_guests(const td_mixdown_wish *w, const td_mixdown *m)
{
    bool there = m->session->rough || m->session->reference;
    return there && (w->order->ab || m->n > 1) && (w->order->recipe_preview || w->order->n_previews);
}

static td_status check_outputs(const td_mixdown_wish *w, td_mixdown *m, td_error *err)
{
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < m->n; i++) {
        td_outputs_wish outputs = outputs_of(w, m, i);
        outputs.names = w->dry ? &m->would : NULL;
        if (!td_mixdown_failed(m, i)) st = td_outputs_check(&outputs, err);
        for (size_t g = 0; !st && i == 0 && g < m->n_guests; g++)
            st = td_outputs_check_guest(&outputs, &m->guest[g], err);
    }
    return st;
}

/* The loudness that all can have that are compared: the softest preview's, or less where a guest cannot be raised to it
 * below the previews' peaks. Known before the first render: previews have targets, guests are there. */
static double common_loudness(const td_mixdown_wish *w, td_mixdown *m)
{
    double least = INFINITY, peak_db = 0;
    for (size_t i = 0; i < m->n; i++) {
        td_outputs_wish outputs = outputs_of(w, m, i);
        if (!td_mixdown_failed(m, i)) least = fmin(least, td_outputs_softest(&outputs, &peak_db));
    }
    for (size_t i = 0; i < m->n_guests; i++) {
        const td_guest *g = &m->guest[i];
        if (isfinite(g->loudness_lufs)) least = fmin(least, g->loudness_lufs + fmax(0, peak_db - g->true_peak_dbtp));
    }
    return isfinite(least) ? td_round_to(least, 0.01) : 0;
}

static td_status prepare_comparison(const td_mixdown_wish *w, td_mixdown *m, td_error *err)
{
    td_status st = TD_OK;
    if (wants_guests(w, m))
        st = td_guests_open(m->session, m->plan[0]->frames, td_scratch_folder(w->scratch), m->guest, &m->n_guests, err);
    if (st) return st;
    m->match_lufs = w->match_lufs;
    if (m->match_lufs >= 0 && w->order->ab && w->order->ab_loudness_match && m->n + m->n_guests > 1)
        m->match_lufs = common_loudness(w, m);
    return check_outputs(w, m, err);
}

static td_status write_guests(const td_mixdown_wish *w, td_mixdown *m, td_error *err)
{
    if (!m->n_guests) return TD_OK;
    td_outputs_wish outputs = outputs_of(w, m, 0);
    td_status st = td_mix_new(m->plan[0], &m->guests) ? td_no_memory(err) : TD_OK;
    for (size_t g = 0; !st && g < m->n_guests; g++) st = td_outputs_write_guest(&outputs, &m->guest[g], m->guests, err);
    return st;
}

/* The softest of what was written to be compared; INFINITY where nothing was. */
static double softest_written(const td_mixdown *m)
{
    double least = INFINITY;
    for (size_t i = 0; i < m->n; i++)
        for (size_t k = 0; m->mix[i] && k < m->mix[i]->n_files; k++)
            if (!strcmp(m->mix[i]->file[k].kind, "preview")) least = fmin(least, m->mix[i]->file[k].loudness_lufs);
    for (size_t k = 0; m->guests && k < m->guests->n_files; k++) least = fmin(least, m->guests->file[k].loudness_lufs);
    return least;
}

/* A preview that could not reach its target is softer than what all were turned to: then all follow it. */
static td_status match_again(const td_mixdown_wish *w, td_mixdown *m, td_error *err)
{
    const double heard_lu = 0.05;
    double least = softest_written(m);
    if (!(m->match_lufs < 0) || w->match_lufs < 0 || !(isfinite(least) && least < m->match_lufs - heard_lu))
        return TD_OK;
    m->match_lufs = td_round_to(least, 0.01);
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < m->n; i++) {
        td_outputs_wish outputs = outputs_of(w, m, i);
        outputs.again = true;
        if (!m->mix[i]->failed) st = td_outputs_write(&outputs, m->mix[i], err);
    }
    if (!m->guests) return st;
    td_mix_free(m->guests);
    m->guests = NULL;
    td_mixdown_wish over = *w;
    over.force = true;
    return st ? st : write_guests(&over, m, err);
}

static td_status render_all(const td_mixdown_wish *w, td_mixdown *m, td_recipe *const *recipe, td_error *err)
{
    td_status st = prepare_comparison(w, m, err);
    if (st || w->dry) return st ? st : tell_failures(m, err);
    for (size_t i = 0; i < m->n; i++) {
        td_error own = { 0 };
        if (td_mixdown_failed(m, i)) continue;
        turn_to(m, m->plan[i]->label);
        st = render_mix(w, m, i, &own);
        if (st == TD_STOPPED) return td_fail(err, st, own.where, NULL, "%s", own.what);
        if (st && !m->mix[i]) return td_no_memory(err);
        if (st) note_failure(m, i, st, &own);
    }
    turn_to(m, NULL);
    if (m->failed == m->n) return tell_failures(m, err);
    td_status guests = write_guests(w, m, err);
    if (!guests) guests = match_again(w, m, err);
    if (guests == TD_STOPPED) return guests;
    st = write_report(w, m, recipe, guests ? NULL : err);
    if (!st) st = tell_failures(m, err);
    return st ? st : guests ? TD_PARTIAL : TD_OK;
}

static bool is_among(const char *sha256, const td_session *s)
{
    for (size_t i = 0; sha256 && i < s->n_stems; i++)
        if (!strcmp(s->stem[i].sha256, sha256)) return true;
    return false;
}

static const char anew[] = "plan these stems anew";

/* Another take of that name, one that cannot be read, or none. */
static td_status refuse_lost(const td_plan *p, const char *name, const td_session *s, td_error *err)
{
    const char *label = p->label ? p->label : p->recipe;
    const td_stem *other = NULL;
    for (size_t i = 0; i < s->n_stems && !other; i++)
        if (!strcmp(s->stem[i].name, name)) other = &s->stem[i];
    if (!other)
        return td_fail(err, TD_RECIPE, name, "add it, or plan these stems anew",
                       "the plan '%s' was made with it, and it is not among these stems", label);
    if (other->fault_text[0]) return td_fail(err, TD_INPUT, name, NULL, "%s", other->fault_text);
    return td_fail(err, TD_RECIPE, name, anew, "the plan '%s' was made for another file", label);
}

/* A plan holds for the stems it was made for, to the byte: another take would be mixed by the wrong numbers. */
static td_status expect_stems(const td_plan *p, const td_session *s, td_error *err)
{
    for (size_t i = 0; i < p->n_stems; i++)
        if (!is_among(p->stem[i].sha256, s)) return refuse_lost(p, p->stem[i].name, s, err);
    bool same = p->n_stems == s->n_stems && p->n_buses == s->n_buses && p->rate_hz == s->rate_hz;
    for (size_t i = 0; same && i < s->n_stems; i++) {
        const char *bus = s->stem[i].bus < s->n_buses ? s->bus[s->stem[i].bus].name : "";
        same = !strcmp(p->stem[i].sha256, s->stem[i].sha256) && !strcmp(p->stem[i].bus ? p->stem[i].bus : "", bus);
    }
    if (!same) return td_fail(err, TD_RECIPE, p->label, anew, "the plan was made for other stems");
    uint64_t most = s->frames + TD_TAIL_S * (uint64_t)s->rate_hz;
    if (p->frames >= s->frames && p->frames <= most) return TD_OK;
    return td_fail(err, TD_RECIPE, p->label, anew,
                   "frames: %" PRIu64 " is not the length of these stems: %" PRIu64 ", and up to %" PRIu64
                   " with tails",
                   p->frames, s->frames, most);
}

static td_status place_file(const td_plan *p, const char *path, td_arena *a, const char **out, td_error *err)
{
    *out = path ? place_of(path, p->read_from, a) : NULL;
    if (*out || !path) return TD_OK;
    return td_fail(err, TD_INPUT, path, "say where the stems lie now: mix STEMS --plan FILE, or verify --stems DIR",
                   "lies neither here nor beside the plan, whose paths are as they were named when it was made");
}

/* Another song's folder may have a file of that name: the one beside the plan, if only that is of the plan's bytes. */
static const char *file_meant(const td_plan *p, const td_plan_stem *s, const char *here, td_arena *a)
{
    char folder[PATH_MAX], hash[TD_SHA256_HEX];
    if (here != s->path || *here == '/' || !s->sha256 || !p->read_from || !realpath(p->read_from, folder)) return here;
    *strrchr(folder, '/') = 0;
    const char *there = place_above(here, folder, a);
    if (!there || td_same_file(there, here) || td_sha256_file(here, hash, NULL, NULL)) return here;
    return strcmp(hash, s->sha256) ? there : here;
}

td_status td_stems_of_plan(const td_plan *p, td_arena *a, td_stem_wish **stem, size_t *n, td_error *err)
{
    *n = 0;
    *stem = td_arena_array(a, p->n_stems + 1, sizeof **stem);
    if (!*stem) return td_no_memory(err);
    for (size_t i = 0; i < p->n_stems; i++) {
        const td_plan_stem *s = &p->stem[i];
        td_stem_wish *to = &(*stem)[(*n)++];
        if (!s->path)
            return td_fail(err, TD_RECIPE, s->name, "name the stems too: stems/ --plan plan.yaml",
                           "the plan does not say where this stem lies");
        *to =
            (td_stem_wish){ .name = s->name, .role = s->role, .level_db = s->gain_db, .pan = s->pan, .flip = s->flip };
        td_status st = place_file(p, s->path, a, &to->file, err);
        if (!st && !s->path_right) to->file = file_meant(p, s, to->file, a);
        if (!st) st = place_file(p, s->path_right, a, &to->right, err);
        if (st) return st;
    }
    return TD_OK;
}

/* Reads a recipe, if it is the very one that a plan was decided by. */
static void recall(const td_mixdown_wish *w, const td_plan *p, const char *what, td_recipe **recipe)
{
    td_messages *said = what && !*recipe ? td_messages_new() : NULL;
    if (!said) return;
    td_recipe_load(w->library, what, NULL, 0, recipe, said);
    td_messages_free(said);
    if (!*recipe || (p->recipe_hash && !strcmp((*recipe)->hash, p->recipe_hash))) return;
    td_recipe_free(*recipe);
    *recipe = NULL;
}

/* The recipe a plan was made by, since the report wants to know what is usual: where the plan says, by its name, or the
 * one that the order has. None when it is gone or was changed. */
static void recall_recipe(const td_mixdown_wish *w, td_mixdown *m, const td_plan *p, td_recipe **recipe)
{
    if (!w->library) return;
    if (p->recipe_path) recall(w, p, place_of(p->recipe_path, p->read_from, m->arena), recipe);
    if (td_library_find(w->library, p->recipe)) recall(w, p, p->recipe, recipe);
    for (size_t i = 0; i < w->order->n_mixes; i++) recall(w, p, w->order->mix[i].recipe, recipe);
}

/* Other stems may turn out to be damaged then, too. */
static void hear_out(const td_mixdown_wish *w, td_mixdown *m, td_error *err)
{
    td_error own;
    td_survey_hear(m->session, m->pool, td_scratch_folder(w->scratch), tell, m, &m->survey, &own);
    td_session_refusal(m->session, err);
}

static td_status run(const td_mixdown_wish *w, td_mixdown *m, td_recipe **recipe, td_error *err)
{
    td_status st = td_pool_new(w->threads, &m->pool);
    if (st) return td_no_memory(err);
    td_pool_watch(m->pool, w->stop);
    if (!w->n_plans && (st = load_recipes(w, m, recipe, err))) return st;
    if (w->out && (st = check_folder(w, m, err))) return st;
    tell(m, "checking", 0);
    st = open_session(w, m, err);
    if (st == TD_INPUT && w->hear_out && m->session) hear_out(w, m, err);
    if (st) return st;
    for (size_t i = 0; i < w->n_plans; i++) {
        keep_aims(m, i, &m->plan[i]->master, &m->plan[i]->preview);
        if ((st = expect_stems(m->plan[i], m->session, err))) return st;
        recall_recipe(w, m, m->plan[i], &recipe[i]);
        m->lost[i] = !recipe[i];
    }
    if ((st = make_survey(w, m, err))) return st;
    recall_delivered(w, m);
    if (!w->n_plans && ((st = judge_sound(m, err)) || (st = decide_all(w, m, recipe, err)))) return st;
    return w->out ? render_all(w, m, recipe, err) : tell_failures(m, err);
}

td_status td_mixdown_run(const td_mixdown_wish *w, td_mixdown **out, td_error *err)
{
    td_arena *a = td_arena_new();
    td_mixdown *m = a ? td_arena_alloc(a, sizeof *m) : NULL;
    *out = m;
    if (!m) {
        td_arena_free(a);
        return td_no_memory(err);
    }
    m->arena = a;
    m->wish = w;
    m->claim = -1;
    m->n = w->n_plans ? w->n_plans : w->order->n_mixes;
    m->messages = td_messages_new();
    m->plan = td_arena_array(a, m->n + 1, sizeof *m->plan);
    m->mix = td_arena_array(a, m->n + 1, sizeof *m->mix);
    m->said = td_arena_array(a, m->n + 1, sizeof *m->said);
    m->aims = td_arena_array(a, m->n + 1, sizeof *m->aims);
    m->lost = td_arena_array(a, m->n + 1, sizeof *m->lost);
    td_recipe **recipe = td_arena_array(a, m->n + 1, sizeof *recipe);
    if (!m->said || !m->aims || !m->lost || !m->messages || !m->plan || !m->mix || !recipe) return td_no_memory(err);
    for (size_t i = 0; i < w->n_plans; i++) m->plan[i] = w->plan[i];
    bool fresh = w->out && !w->dry && !td_is_folder(w->out);
    td_status st = run(w, m, recipe, err);
    if (st && fresh && m->claim >= 0) rmdir(w->out); /* which fails when something lies in it */
    for (size_t i = 0; i < m->n; i++) td_recipe_free(recipe[i]);
    return st;
}

void td_mixdown_free(td_mixdown *m)
{
    if (!m) return;
    for (size_t i = 0; i < m->n && m->mix; i++) td_mix_free(m->mix[i]);
    td_mix_free(m->guests);
    td_guests_close(m->guest, m->n_guests);
    for (size_t i = 0; i < m->n && m->plan; i++) td_plan_free(m->plan[i]);
    free(m->rough);
    td_survey_free(m->delivered);
    td_survey_free(m->survey);
    td_session_free(m->session);
    td_messages_free(m->messages);
    td_text_free(&m->would);
    td_pool_free(m->pool);
    if (m->claim >= 0) close(m->claim);
    td_arena_free(m->arena);
}
