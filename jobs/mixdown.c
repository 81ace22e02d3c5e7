#include "jobs/mixdown.h"

#include "engine/base/units.h"
#include "engine/mix/master.h"
#include "engine/mix/planner.h"
#include "jobs/naming.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static td_status no_memory(td_error *err)
{
    return td_fail(err, TD_NOMEM, NULL, NULL, "memory is short");
}

/* ---- stems
 * ------------------------------------------------------------------------------------------------------------------ */

static bool sounds(const char *name)
{
    static const char *const ends[] = { ".wav",  ".wave", ".bwf", ".rf64", ".w64",  ".aif", ".aiff",
                                        ".aifc", ".flac", ".ogg", ".oga",  ".opus", ".mp3" };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof ends / sizeof ends[0]; i++)
        if (!strcasecmp(dot, ends[i])) return name[0] != '.';
    return false;
}

static int by_name(const void *a, const void *b)
{
    const td_stem_wish *x = a, *y = b;
    return strcmp(x->file, y->file);
}

td_status td_stems_in_folder(const char *folder, td_arena *a, td_stem_wish **stem, size_t *n, td_error *err)
{
    DIR *d = opendir(folder);
    if (!d) return td_fail(err, TD_ARG, folder, NULL, "cannot be opened: %s", strerror(errno));
    td_stem_wish found[TD_STEMS_MAX + 1];
    size_t k = 0;
    td_status st = TD_OK;
    for (struct dirent *e; !st && (e = readdir(d));) {
        char *path = sounds(e->d_name) ? td_arena_printf(a, "%s/%s", folder, e->d_name) : NULL;
        if (!path || !td_is_file(path)) continue;
        if (k + *n > TD_STEMS_MAX)
            st = td_fail(err, TD_ARG, folder, "name the ones to mix", "holds more than %d sound files", TD_STEMS_MAX);
        else
            found[k++] = (td_stem_wish){ .file = path, .pan = NAN };
    }
    closedir(d);
    if (!st && !k)
        st = td_fail(err, TD_ARG, folder, "stems are WAV, AIFF, FLAC, Ogg, Opus or MP3 files", "holds no sound files");
    if (st) return st;
    qsort(found, k, sizeof *found, by_name);
    td_stem_wish *all = td_arena_array(a, *n + k, sizeof *all);
    if (!all) return no_memory(err);
    if (*n) memcpy(all, *stem, *n * sizeof *all);
    memcpy(all + *n, found, k * sizeof *all);
    *stem = all;
    *n += k;
    return TD_OK;
}

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
    if (!all) return no_memory(err);
    if (*n) memcpy(all, *stem, *n * sizeof *all);
    for (size_t i = 0; i < o->n_stems; i++) {
        size_t k = 0;
        while (k < *n && strcmp(all[k].file, o->stem[i].file)) k++;
        all[k] = o->stem[i];
        if (k == *n) (*n)++;
    }
    *stem = all;
    return TD_OK;
}

static td_status open_session(const td_mixdown_wish *w, td_mixdown *m, td_error *err)
{
    const td_order *o = w->order;
    td_stem_wish *stem;
    size_t n;
    td_status st = gather_stems(o, m->arena, &stem, &n, err);
    if (st) return st;
    td_session_wish wish = { .title = o->title ? o->title : o->name,
                             .artist = o->artist,
                             .stem = stem,
                             .n_stems = n,
                             .rough = o->rough,
                             .reference = o->reference,
                             .tempo_bpm = o->tempo_bpm,
                             .skip_rejected = w->skip_rejected };
    st = td_session_open(&wish, &m->session, err);
    if (st) return st;
    for (size_t i = 0; i < m->session->n_stems && o->unknown != TD_UNKNOWN_OTHER; i++)
        if (m->session->stem[i].role.source == TD_ROLE_UNKNOWN)
            return td_fail(err, TD_JOB, m->session->stem[i].name, "give it a role in the job file",
                           "no role is known for this stem");
    return TD_OK;
}

/* ---- survey
 * --------------------------------------------------------------------------------------------------------------------
 */

static const char *scratch_of(const td_mixdown_wish *w)
{
    const char *tmp = getenv("TMPDIR");
    return w->scratch ? w->scratch : tmp && *tmp ? tmp : "/var/tmp";
}

static td_status make_survey(const td_mixdown_wish *w, td_mixdown *m, td_error *err)
{
    if (w->n_plans) return td_survey_bare(m->session, m->pool, scratch_of(w), &m->survey, err);
    char path[4096];
    bool cached =
        w->cache && (size_t)snprintf(path, sizeof path, "%s/%s.survey", w->cache, m->session->hash) < sizeof path;
    if (cached && td_is_file(path) && td_survey_load(m->session, path, scratch_of(w), &m->survey, NULL) == TD_OK) {
        m->survey_cached = true;
        return TD_OK;
    }
    td_status st = td_survey_make(m->session, m->pool, scratch_of(w), w->progress, w->user, &m->survey, err);
    if (!st && cached && td_folder_make(w->cache, NULL) == TD_OK)
        td_survey_save(m->survey, path, NULL); /* a cache may fail */
    return st;
}

/* ---- plans
 * -----------------------------------------------------------------------------------------------------------------------
 */

static td_status decide(const td_mixdown_wish *w, td_mixdown *m, const td_recipe *recipe, size_t i, td_error *err)
{
    const td_order *o = w->order;
    td_plan_wish wish = { .session = m->session,
                          .survey = m->survey,
                          .recipe = recipe,
                          .label = o->mix[i].label,
                          .has_balance = o->has_balance,
                          .balance = o->balance,
                          .pool = m->pool,
                          .scratch_folder = scratch_of(w),
                          .progress = w->progress,
                          .user = w->user };
    return td_plan_make(&wish, &m->plan[i], err);
}

static td_status load_recipes(const td_mixdown_wish *w, td_mixdown *m, td_recipe **recipe, td_error *err)
{
    const td_order *o = w->order;
    for (size_t i = 0; i < o->n_mixes; i++)
        td_recipe_load(w->library, o->mix[i].recipe, o->mix[i].set, o->mix[i].n_set, &recipe[i], m->messages);
    return td_messages_errors(m->messages) ? td_messages_error(m->messages, TD_RECIPE, err) : TD_OK;
}

/* All recipes are read before the first sound: a typo in the last one must not cost a night. */
static td_status decide_all(const td_mixdown_wish *w, td_mixdown *m, td_recipe **recipe, td_error *err)
{
    for (size_t i = 0; i < m->n; i++) {
        td_status st = decide(w, m, recipe[i], i, err);
        if (st) return st;
    }
    return TD_OK;
}

/* ---- files that go out
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct outgoing {
    const char *kind, *part;
    td_file_spec spec;
    td_target target;
} outgoing;

enum { OUTPUTS_MAX = 64 };

static td_codec codec_named(const char *name)
{
    for (int c = 0; c < TD_CODEC_COUNT; c++)
        if (!strcmp(td_codec_name((td_codec)c), name)) return (td_codec)c;
    return TD_CODEC_WAV;
}

static double or_else(double x, double other)
{
    return isnan(x) ? other : x;
}

static outgoing outgoing_of(const td_output *o, const td_target *fallback, const char *kind, const char *part,
                            unsigned rate_hz)
{
    outgoing g = { .kind = kind, .part = part, .target = *fallback };
    g.spec = (td_file_spec){ .codec = codec_named(o->format),
                             .bits = o->bits ? o->bits : 24,
                             .bitrate_kbps = o->bitrate_kbps,
                             .rate_hz = rate_hz,
                             .out_rate_hz = o->rate_hz,
                             .channels = 2 };
    g.target.loudness_lufs = or_else(o->target.loudness_lufs, fallback->loudness_lufs);
    g.target.true_peak_dbtp = or_else(o->target.true_peak_dbtp, fallback->true_peak_dbtp);
    g.target.peak_dbfs = or_else(o->target.peak_dbfs, fallback->peak_dbfs);
    g.target.limiting_db = or_else(o->target.limiting_db, fallback->limiting_db);
    return g;
}

/* Further masters are named after their target: Master9LUFS. */
static const char *master_part(td_arena *a, size_t i, const td_target *t)
{
    return i == 0 || isnan(t->loudness_lufs) ? "Master" : td_arena_printf(a, "Master%gLUFS", -t->loudness_lufs);
}

static size_t list_outputs(const td_order *o, const td_plan *p, td_arena *a, outgoing *out)
{
    size_t n = 0;
    if (o->recipe_preview) {
        td_output wav = { .format = p->preview_format, .bits = p->preview_bits, .target = { NAN, NAN, NAN, NAN, NULL } }, mp3 = wav;
        mp3.format = "mp3";
        out[n++] = outgoing_of(&wav, &p->preview, "preview", "Preview", p->rate_hz);
        if (strcmp(p->preview_format, "mp3"))
            out[n++] = outgoing_of(&mp3, &p->preview, "preview", "Preview", p->rate_hz);
    }
    for (size_t i = 0; i < o->n_previews && n < OUTPUTS_MAX; i++)
        out[n++] = outgoing_of(&o->preview[i], &p->preview, "preview", "Preview", p->rate_hz);
    for (size_t i = 0; i < o->n_masters && n < OUTPUTS_MAX; i++) {
        out[n] = outgoing_of(&o->master[i], &p->master, "master", "Master", p->rate_hz);
        out[n].part = master_part(a, i, &out[n].target);
        n++;
    }
    if (o->has_premaster && n < OUTPUTS_MAX) {
        td_target none = { NAN, NAN, NAN, NAN, NULL };
        out[n++] = outgoing_of(&o->premaster, &none, "premaster", "Premaster", p->rate_hz);
    }
    return n;
}

static const char *capital_label(td_arena *a, const td_plan *p)
{
    /* two mixes of one recipe differ by their labels */
    return p->label && strcmp(p->label, p->recipe) ? td_arena_printf(a, "%s %s", p->recipe, p->label) : p->recipe;
}

static td_status name_of(const td_mixdown_wish *w, const td_mixdown *m, const td_plan *p, const outgoing *g, char *out,
                         size_t size, td_error *err)
{
    bool lossy = td_codec_lossy(g->spec.codec);
    unsigned rate = g->spec.codec == TD_CODEC_OPUS ? 48000
                    : g->spec.out_rate_hz          ? g->spec.out_rate_hz
                                                   : g->spec.rate_hz;
    td_name_parts parts = { .artist = m->session->artist,
                            .song = m->session->title,
                            .recipe = capital_label(m->arena, p),
                            .part = g->part,
                            .revision = p->recipe_revision,
                            .rate_hz = rate,
                            .bits = lossy ? 0 : g->spec.bits };
    td_status st = td_name_fill(w->order->naming ? w->order->naming : TD_NAMING_DEFAULT, &parts, out, size, err);
    size_t n = strlen(out);
    if (!st) snprintf(out + n, size - n, ".%s", td_codec_extension(g->spec.codec));
    return st;
}

static td_status write_audio(const td_scratch *audio, double gain, const char *path, const td_file_spec *spec,
                             const td_tags *tags, bool replace, td_error *err)
{
    enum { N = 8192 };
    td_writer *writer;
    td_status st = td_writer_open(path, spec, tags, &writer, err);
    if (st) return st;
    float *block = malloc(2 * N * sizeof *block), *to[2] = { block, block ? block + N : NULL };
    if (!block) st = no_memory(err);
    for (uint64_t at = 0, end = td_scratch_length(audio); !st && at < end; at += N) {
        size_t n = end - at < N ? (size_t)(end - at) : N;
        st = td_scratch_read(audio, (int64_t)at, to, n, err);
        for (size_t i = 0; !st && gain != 1 && i < 2 * N; i++) block[i] *= (float)gain;
        if (!st) st = td_writer_write(writer, (const float *const *)to, n, err);
    }
    free(block);
    if (st) {
        td_writer_abort(writer);
        return st;
    }
    return td_writer_commit(writer, replace, err);
}

/* By how much a file stands above its peak targets, dB. */
static double over(const td_mix_file *f)
{
    double most = -INFINITY;
    if (!isnan(f->wanted.true_peak_dbtp)) most = fmax(most, f->true_peak_dbtp - f->wanted.true_peak_dbtp);
    if (!isnan(f->wanted.peak_dbfs)) most = fmax(most, f->peak_dbfs - f->wanted.peak_dbfs);
    return most;
}

/* A codec raises peaks: what comes out of it is measured, and it is fed lower until the targets hold. */
static td_status write_and_measure(const td_scratch *audio, const char *path, const td_file_spec *spec,
                                   const td_tags *tags, bool replace, td_mix_file *f, td_error *err)
{
    double gain_db = 0;
    for (int try = 0;; try++) {
        td_status st = write_audio(audio, td_from_db(gain_db), path, spec, tags, replace || try > 0, err);
        if (!st) st = td_mix_measure_file(path, f, err);
        if (st) return st;
        if (!td_codec_lossy(spec->codec) || !(over(f) > 0) || try == 5) return TD_OK;
        gain_db -= over(f) + 0.05;
    }
}

static void judge(td_mix *m, td_mix_file *f, const td_master_result *r)
{
    double off = isnan(f->wanted.loudness_lufs) ? 0 : f->loudness_lufs - f->wanted.loudness_lufs;
    bool peaks = !(over(f) > 0);
    f->reached = fabs(off) <= 0.1 && peaks;
    if (f->reached) return;
    if (r && r->missed[0])
        f->missed = td_arena_strdup(m->arena, r->missed);
    else if (!peaks)
        f->missed = td_arena_printf(m->arena, "peak %.2f dB above its target", over(f));
    else
        f->missed = td_arena_printf(m->arena, "%+.2f LU off the wanted loudness: the codec's peaks hold it down", off);
}

/* ---- one mix
 * -----------------------------------------------------------------------------------------------------------------------
 */

/* Masters of one premaster, made once a target. */
typedef struct desk {
    td_master *master;
    struct {
        td_target target;
        td_scratch *audio;
        td_master_result result;
    } made[OUTPUTS_MAX];
    size_t n;
} desk;

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static td_status audio_for(const td_mixdown_wish *w, desk *d, const td_mix *m, const outgoing *g,
                           const td_scratch **audio, const td_master_result **result, td_error *err)
{
    *result = NULL;
    *audio = m->rendered->premaster;
    if (!strcmp(g->kind, "premaster")) return TD_OK;
    const td_target *t = &g->target;
    for (size_t i = 0; i < d->n; i++) {
        const td_target *o = &d->made[i].target;
        if (!same(o->loudness_lufs, t->loudness_lufs) || !same(o->true_peak_dbtp, t->true_peak_dbtp) ||
            !same(o->peak_dbfs, t->peak_dbfs) || !same(o->limiting_db, t->limiting_db))
            continue;
        *audio = d->made[i].audio;
        *result = &d->made[i].result;
        return TD_OK;
    }
    td_status st = td_master_render(d->master, t, w->stop, &d->made[d->n].audio, &d->made[d->n].result, err);
    if (st) return st;
    d->made[d->n].target = *t;
    *audio = d->made[d->n].audio;
    *result = &d->made[d->n].result;
    d->n++;
    return TD_OK;
}

static td_status tags_for(td_mixdown *m, const td_mixdown_wish *w, const td_mix *mix, td_tags *out, td_error *err)
{
    const td_plan *p = mix->plan;
    char both[2 * TD_SHA256_HEX], reference[TD_SHA256_HEX];
    snprintf(both, sizeof both, "%s%s", p->session_hash, mix->plan_hash);
    td_status st = td_sha256_of(both, strlen(both), reference);
    if (st) return no_memory(err);
    *out = (td_tags){
        .title = m->session->title, .artist = m->session->artist, .recipe = p->recipe, .software = "topdown " TD_VERSION
    };
    out->isrc = w->order->n_isrc ? w->order->isrc[0] : NULL;
    out->comment = td_arena_printf(m->arena, "recipe %s revision %u, session %.16s, plan %.16s", p->recipe,
                                   p->recipe_revision, p->session_hash, mix->plan_hash);
    out->reference = td_arena_strndup(m->arena, reference, 32);
    out->description = out->comment;
    return out->comment && out->reference ? TD_OK : no_memory(err);
}

static td_status send_out(const td_mixdown_wish *w, td_mixdown *m, td_mix *mix, desk *d, const outgoing *g,
                          td_error *err)
{
    char name[512], path[4096];
    const td_scratch *audio;
    const td_master_result *result;
    td_tags tags;
    td_status st = name_of(w, m, mix->plan, g, name, sizeof name, err);
    if (!st) st = audio_for(w, d, mix, g, &audio, &result, err);
    if (!st) st = tags_for(m, w, mix, &tags, err);
    if (st) return st;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", w->out, name) >= sizeof path)
        return td_fail(err, TD_ARG, w->out, NULL, "the path is too long");
    td_file_spec spec = g->spec;
    char seed[17] = { 0 };
    memcpy(seed, mix->plan_hash, 16);
    spec.dither_seed = strtoull(seed, NULL, 16);
    if (result) {
        tags.has_loudness = true;
        tags.loudness_lufs = result->loudness_lufs;
        tags.range_lu = result->range_lu;
        tags.true_peak_dbtp = result->true_peak_dbtp;
        tags.max_momentary_lufs = result->max_momentary_lufs;
        tags.max_short_lufs = result->max_short_lufs;
    }
    td_mix_file *f = td_mix_add_file(mix, name, g->kind);
    if (!f) return no_memory(err);
    f->wanted = g->target;
    f->format = td_codec_name(spec.codec);
    f->bits = td_codec_lossy(spec.codec) ? 0 : spec.bits;
    f->bitrate_kbps = td_codec_lossy(spec.codec) ? (spec.bitrate_kbps ? spec.bitrate_kbps : 192) : 0;
    if (result) {
        f->drive_db = result->drive_db;
        f->limiting_max_db = result->limiting_max_db;
        f->limiting_p95_db = result->limiting_p95_db;
    }
    st = write_and_measure(audio, path, &spec, &tags, w->force, f, err);
    if (st)
        mix->n_files--;
    else
        judge(mix, f, result);
    return st;
}

static td_status render_mix(const td_mixdown_wish *w, td_mixdown *m, size_t i, td_error *err)
{
    td_mix *mix;
    td_status st = td_mix_new(m->plan[i], &m->mix[i]);
    if (st) return no_memory(err);
    mix = m->mix[i];
    td_render_wish r = { .session = m->session,
                         .survey = m->survey,
                         .plan = m->plan[i],
                         .pool = m->pool,
                         .scratch_folder = scratch_of(w),
                         .progress = w->progress,
                         .user = w->user,
                         .stop = w->stop };
    desk *d = calloc(1, sizeof *d);
    outgoing *list = calloc(OUTPUTS_MAX + 4, sizeof *list);
    if (!d || !list) st = no_memory(err);
    if (!st) st = td_render(&r, &mix->rendered, err);
    if (!st) st = td_master_new(mix->rendered->premaster, m->session->rate_hz, scratch_of(w), &d->master, err);
    size_t n = st ? 0 : list_outputs(w->order, m->plan[i], m->arena, list);
    for (size_t k = 0; !st && k < n; k++) {
        if (w->progress) w->progress(w->user, "encoding", (double)k / (double)n);
        st = send_out(w, m, mix, d, &list[k], err);
    }
    if (!st && w->progress) w->progress(w->user, "encoding", 1);
    for (size_t k = 0; d && k < d->n; k++) td_scratch_free(d->made[k].audio);
    if (d) td_master_free(d->master);
    free(d);
    free(list);
    if (st) mix->failed = td_arena_strdup(mix->arena, err && err->what[0] ? err->what : td_status_name(st));
    return st;
}

/* ---- plans and report on disk
 * -------------------------------------------------------------------------------------------------------- */

static td_status write_text(const char *folder, const char *name, const td_text *t, bool replace, td_error *err)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return td_fail(err, TD_ARG, folder, NULL, "the path is too long");
    return t->broken ? no_memory(err) : td_file_write(path, t->data, t->length, replace, err);
}

static td_status write_plans(const td_mixdown_wish *w, td_mixdown *m, td_error *err)
{
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < m->n; i++) {
        char label[64], name[96];
        td_text t = { 0 };
        if (!m->plan[i]) continue;
        snprintf(label, sizeof label, "%s", m->plan[i]->label);
        for (char *c = label; *c; c++)
            if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '-'))
                *c = '-';
        snprintf(name, sizeof name, "plan-%s.yaml", label);
        st = td_plan_write(m->plan[i], &t) ? no_memory(err) : write_text(w->out, name, &t, w->force, err);
        td_text_free(&t);
    }
    return st;
}

static td_status write_report(const td_mixdown_wish *w, td_mixdown *m, td_error *err)
{
    td_text t = { 0 };
    td_status st = td_report_json(m->session, m->survey, m->mix, m->n, &t, err);
    if (!st) st = write_text(w->out, "report.json", &t, w->force, err);
    td_text_free(&t);
    return st;
}

/* ---- the line
 * --------------------------------------------------------------------------------------------------------------------------
 */

static td_status render_all(const td_mixdown_wish *w, td_mixdown *m, td_error *err)
{
    td_status st = td_folder_make(w->out, err), first = TD_OK;
    if (!st) st = write_plans(w, m, err);
    if (st) return st;
    for (size_t i = 0; i < m->n; i++) {
        td_error own = { 0 };
        st = render_mix(w, m, i, &own);
        if (st == TD_STOPPED) return td_fail(err, st, own.where, NULL, "%s", own.what);
        if (!st) continue;
        m->failed++;
        if (!first) {
            first = st;
            if (err) *err = own;
        }
    }
    if (m->failed == m->n) return first;
    st = write_report(w, m, m->failed ? NULL : err);
    return st ? st : m->failed ? TD_PARTIAL : TD_OK;
}

static bool same_stems(const td_plan *p, const td_session *s)
{
    bool same = p->n_stems == s->n_stems && p->n_buses == s->n_buses && p->rate_hz == s->rate_hz;
    for (size_t i = 0; same && i < s->n_stems; i++) same = !strcmp(p->stem[i].sha256, s->stem[i].sha256);
    return same;
}

static td_status run(const td_mixdown_wish *w, td_mixdown *m, td_recipe **recipe, td_error *err)
{
    td_status st = td_pool_new(w->threads, &m->pool);
    if (st) return no_memory(err);
    if (!w->n_plans && (st = load_recipes(w, m, recipe, err))) return st;
    if (w->progress) w->progress(w->user, "checking", 0);
    if ((st = open_session(w, m, err))) return st;
    for (size_t i = 0; i < w->n_plans; i++) {
        m->plan[i] = w->plan[i];
        if (!same_stems(m->plan[i], m->session))
            return td_fail(err, TD_RECIPE, m->plan[i]->label, "plan these stems anew",
                           "the plan was made for other stems");
    }
    if ((st = make_survey(w, m, err))) return st;
    if (!w->n_plans && (st = decide_all(w, m, recipe, err))) return st;
    return w->out ? render_all(w, m, err) : TD_OK;
}

td_status td_mixdown_run(const td_mixdown_wish *w, td_mixdown **out, td_error *err)
{
    td_arena *a = td_arena_new();
    td_mixdown *m = a ? td_arena_alloc(a, sizeof *m) : NULL;
    *out = m;
    if (!m) {
        td_arena_free(a);
        return no_memory(err);
    }
    m->arena = a;
    m->n = w->n_plans ? w->n_plans : w->order->n_mixes;
    m->messages = td_messages_new();
    m->plan = td_arena_array(a, m->n + 1, sizeof *m->plan);
    m->mix = td_arena_array(a, m->n + 1, sizeof *m->mix);
    td_recipe **recipe = td_arena_array(a, m->n + 1, sizeof *recipe);
    if (!m->messages || !m->plan || !m->mix || !recipe) return no_memory(err);
    td_status st = run(w, m, recipe, err);
    for (size_t i = 0; i < m->n; i++) td_recipe_free(recipe[i]);
    return st;
}

void td_mixdown_free(td_mixdown *m)
{
    if (!m) return;
    for (size_t i = 0; i < m->n && m->mix; i++) td_mix_free(m->mix[i]);
    for (size_t i = 0; i < m->n && m->plan; i++) td_plan_free(m->plan[i]);
    td_survey_free(m->survey);
    td_session_free(m->session);
    td_messages_free(m->messages);
    td_pool_free(m->pool);
    td_arena_free(m->arena);
}
