#include "jobs/outputs.h"

#include "engine/base/units.h"
#include "engine/mix/master.h"
#include "jobs/naming.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUTS_MAX = 128, MASTERS_MAX = 4 * OUTPUTS_MAX, MOVED_TRIES = 5 };

/* How far a lossy file's master is limited below the peak wanted, to begin with: what codecs commonly add. */
#define LOSSY_MARGIN_DB 0.8

#define REACHED_LU 0.1 /* this near, loudness is reached */

static td_status no_memory(td_error *err)
{
    return td_fail(err, TD_NOMEM, NULL, NULL, "memory is short");
}

/* ---- which files --------------------------------------------------------------------------------------------------
 */

enum { VERSIONS = 3, WHOLE = VERSIONS };

/* What a version lets be heard. */
static const struct version {
    unsigned bit;
    const char *part;
    bool lead, backing, rest;
    const char *impossible;
} versions[VERSIONS] = {
    { TD_VERSION_INSTRUMENTAL, "Instrumental", false, false, true, "Instrumental: there is nothing but voices" },
    { TD_VERSION_ACAPELLA, "Acapella", true, true, false, "Acapella: there are no voices" },
    { TD_VERSION_TV, "TV", false, true, true, "TV: there is nothing but lead vocals" },
};

typedef struct outgoing {
    const char *kind, *part;
    td_file_spec spec;
    td_target target;
    const td_scratch *raw; /* written as it is; NULL: mastered */
    size_t version;        /* mastered: which of them, or WHOLE */
    char name[256];
} outgoing;

typedef struct outbox {
    const td_outputs_wish *wish;
    td_mix *mix;
    td_arena *arena;
    outgoing file[OUTPUTS_MAX];
    size_t n;
    td_master *master[VERSIONS + 1]; /* NULL: not yet needed */
    struct {
        size_t version;
        td_target target;
        td_scratch *audio;
        td_master_result result;
    } made[MASTERS_MAX];
    size_t n_made;
} outbox;

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

static outgoing *add(outbox *b, const td_output *o, const td_target *fallback, const char *kind, const char *part)
{
    if (b->n == OUTPUTS_MAX) return NULL;
    outgoing *g = &b->file[b->n++];
    *g = (outgoing){ .kind = kind, .part = part, .target = *fallback, .version = WHOLE };
    unsigned rate_hz = b->wish->plan->rate_hz;
    td_codec codec = codec_named(o->format);
    g->spec = (td_file_spec){ .codec = codec,
                              .bits = o->bits ? o->bits : 24,
                              .bitrate_kbps = o->bitrate_kbps ? o->bitrate_kbps : 192,
                              .rate_hz = rate_hz,
                              .out_rate_hz = td_codec_rate(codec, o->rate_hz ? o->rate_hz : rate_hz),
                              .channels = 2 };
    g->target.loudness_lufs = or_else(o->target.loudness_lufs, fallback->loudness_lufs);
    g->target.true_peak_dbtp = or_else(o->target.true_peak_dbtp, fallback->true_peak_dbtp);
    g->target.peak_dbfs = or_else(o->target.peak_dbfs, fallback->peak_dbfs);
    g->target.limiting_db = or_else(o->target.limiting_db, fallback->limiting_db);
    if (!isnan(o->target.loudness_lufs)) g->target.named = o->target.named;
    return g;
}

static const td_target no_target = { NAN, NAN, NAN, NAN, NULL };

/* The recipe's own preview: as it says, and as MP3. */
static void list_recipe_preview(outbox *b)
{
    const td_plan *p = b->wish->plan;
    td_output own = { .format = p->preview_format, .bits = p->preview_bits, .target = no_target }, mp3 = own;
    mp3.format = "mp3";
    add(b, &own, &p->preview, "preview", "Preview");
    if (strcmp(own.format, "mp3")) add(b, &mp3, &p->preview, "preview", "Preview");
}

static bool same_name(const outgoing *x, const outgoing *y)
{
    return !strcmp(x->part, y->part) && x->spec.codec == y->spec.codec && x->spec.bits == y->spec.bits &&
           x->spec.out_rate_hz == y->spec.out_rate_hz;
}

/* Further masters are named after their target: Master9LUFS, and Master9LUFS2dBTP where that is taken. */
static outgoing *list_master(outbox *b, size_t i, const char *kind, const char *part)
{
    outgoing *g = add(b, &b->wish->order->master[i], &b->wish->plan->master, kind, part);
    if (!g || i == 0 || isnan(g->target.loudness_lufs)) return g;
    const char *named = td_arena_printf(b->arena, "%s%gLUFS", part, -g->target.loudness_lufs);
    if (named) g->part = named;
    for (const outgoing *k = b->file; k < g; k++) {
        if (!same_name(k, g) || isnan(g->target.true_peak_dbtp)) continue;
        named = td_arena_printf(b->arena, "%s%gdBTP", g->part, -g->target.true_peak_dbtp);
        if (named) g->part = named;
        break;
    }
    return g;
}

static bool is_heard(const struct version *v, const td_bus *bus)
{
    bool voices = !strcmp(bus->group, "vocals"), lead = voices && !strcmp(bus->name, "vocals");
    if (lead) return v->lead;
    return voices || !strcmp(bus->group, "choir") ? v->backing : v->rest;
}

static bool is_possible(const struct version *v, const td_session *s)
{
    for (size_t b = 0; b < s->n_buses; b++)
        if (is_heard(v, &s->bus[b])) return true;
    return false;
}

/* In the formats and to the drive of the masters. */
static td_status list_version(outbox *b, size_t v)
{
    if (!(b->wish->order->versions & versions[v].bit)) return TD_OK;
    if (!is_possible(&versions[v], b->wish->session))
        return b->mix ? td_mix_leave_out(b->mix, versions[v].impossible) : TD_OK;
    for (size_t i = 0; i < b->wish->order->n_masters; i++) {
        outgoing *g = list_master(b, i, "version", versions[v].part);
        if (g) g->version = v;
    }
    return TD_OK;
}

/* Without a mix only names are wanted. */
static void list_raw(outbox *b, const td_output *o, const char *kind, const char *part, const td_scratch *raw)
{
    outgoing *g = add(b, o, &no_target, kind, part);
    if (g) g->raw = raw;
}

static void list_unmastered(outbox *b)
{
    const td_order *o = b->wish->order;
    const td_rendered *r = b->mix ? b->mix->rendered : NULL;
    if (o->has_premaster) list_raw(b, &o->premaster, "premaster", "Premaster", r ? r->premaster : NULL);
    for (size_t i = 0; o->has_groups && i < b->wish->plan->n_buses; i++)
        list_raw(b, &o->groups, "group", b->wish->plan->bus[i].name, r ? r->part[i] : NULL);
    if (o->has_groups) list_raw(b, &o->groups, "residual", "Residual", r ? r->residual : NULL);
}

void td_outputs_need_of(const td_outputs_wish *w, td_outputs_need *need)
{
    *need = (td_outputs_need){ .parts = w->order->has_groups };
    for (size_t v = 0; v < VERSIONS; v++) {
        if (!(w->order->versions & versions[v].bit) || !is_possible(&versions[v], w->session)) continue;
        bool *hears = need->hears[need->n_versions];
        for (size_t b = 0; b < w->session->n_buses; b++) hears[b] = is_heard(&versions[v], &w->session->bus[b]);
        need->version[need->n_versions++] = hears;
    }
}

/* Its premaster, as td_outputs_need_of had it rendered. */
static const td_scratch *premaster_of(const outbox *b, size_t version)
{
    size_t at = 0;
    if (version == WHOLE) return b->mix->rendered->premaster;
    for (size_t v = 0; v < version; v++)
        at += (b->wish->order->versions & versions[v].bit) && is_possible(&versions[v], b->wish->session);
    return b->mix->rendered->version[at];
}

static td_status name_file(const outbox *b, outgoing *g, td_error *err)
{
    const td_plan *p = b->wish->plan;
    bool lossy = td_codec_lossy(g->spec.codec);
    char recipe[256];
    /* two mixes of one recipe differ by their labels */
    bool labelled = p->label && strcmp(p->label, p->recipe);
    snprintf(recipe, sizeof recipe, "%s%s%s", p->recipe, labelled ? " " : "", labelled ? p->label : "");
    td_name_parts parts = { .artist = b->wish->session->artist,
                            .song = b->wish->session->title,
                            .recipe = recipe,
                            .part = g->part,
                            .revision = p->recipe_revision,
                            .rate_hz = g->spec.out_rate_hz,
                            .bits = lossy ? 0 : g->spec.bits };
    const char *template = b->wish->order->naming ? b->wish->order->naming : TD_NAMING_DEFAULT;
    td_status st = td_name_fill(template, &parts, g->name, sizeof g->name - 8, err);
    size_t n = strlen(g->name);
    if (!st) snprintf(g->name + n, sizeof g->name - n, ".%s", td_codec_extension(g->spec.codec));
    return st;
}

static td_status list(outbox *b, td_error *err)
{
    const td_order *o = b->wish->order;
    if (o->recipe_preview) list_recipe_preview(b);
    for (size_t i = 0; i < o->n_previews; i++) add(b, &o->preview[i], &b->wish->plan->preview, "preview", "Preview");
    for (size_t i = 0; i < o->n_masters; i++) list_master(b, i, "master", "Master");
    for (size_t v = 0; v < VERSIONS; v++)
        if (list_version(b, v)) return no_memory(err);
    list_unmastered(b);
    if (b->n == OUTPUTS_MAX)
        return td_fail(err, TD_JOB, "outputs", "ask for fewer", "more than %d files of one mix", OUTPUTS_MAX - 1);
    for (size_t i = 0; i < b->n; i++) {
        td_status st = name_file(b, &b->file[i], err);
        if (st) return st;
        for (size_t k = 0; k < i; k++)
            if (!strcmp(b->file[k].name, b->file[i].name))
                return td_fail(err, TD_JOB, "outputs", "give the naming template {Part}, {rate} and {bits}",
                               "two files would be called '%s'", b->file[i].name);
    }
    return TD_OK;
}

/* ---- the sound of a file --------------------------------------------------------------------------------------------
 */

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool same_target(const td_target *a, const td_target *b)
{
    return same(a->loudness_lufs, b->loudness_lufs) && same(a->true_peak_dbtp, b->true_peak_dbtp) &&
           same(a->peak_dbfs, b->peak_dbfs) && same(a->limiting_db, b->limiting_db);
}

static td_status master_of(outbox *b, size_t version, td_error *err)
{
    if (b->master[version]) return TD_OK;
    return td_master_new(premaster_of(b, version), b->wish->plan->rate_hz, b->wish->scratch, &b->master[version], err);
}

/* Limited audio for a target, made once. What a version gets is the whole mix's drive for the same target. */
static td_status master_for(outbox *b, size_t version, const td_target *t, const td_scratch **audio,
                            const td_master_result **result, td_error *err)
{
    size_t i = 0;
    while (i < b->n_made && (b->made[i].version != version || !same_target(&b->made[i].target, t))) i++;
    if (i == b->n_made) {
        td_status st = TD_OK;
        if (version != WHOLE) st = master_for(b, WHOLE, t, audio, result, err);
        if (!st && b->n_made == MASTERS_MAX)
            st = td_fail(err, TD_JOB, "outputs", "ask for fewer", "too many different targets");
        if (!st) st = master_of(b, version, err);
        if (st) return st;
        i = b->n_made; /* the whole mix's may have come before it */
        const volatile int *stop = b->wish->stop;
        st = version == WHOLE
                 ? td_master_render(b->master[version], t, stop, &b->made[i].audio, &b->made[i].result, err)
                 : td_master_drive(b->master[version], (*result)->drive_db, t, stop, &b->made[i].audio,
                                   &b->made[i].result, err);
        if (st) return st;
        b->made[i].version = version;
        b->made[i].target = *t;
        b->n_made++;
    }
    *audio = b->made[i].audio;
    *result = &b->made[i].result;
    return TD_OK;
}

static td_status copy_audio(const td_scratch *audio, td_writer *writer, td_error *err)
{
    enum { N = 8192 };
    float *block = malloc(2 * N * sizeof *block), *to[2] = { block, block ? block + N : NULL };
    td_status st = block ? TD_OK : no_memory(err);
    for (uint64_t at = 0, end = td_scratch_length(audio); !st && at < end; at += N) {
        size_t n = end - at < N ? (size_t)(end - at) : N;
        st = td_scratch_read(audio, (int64_t)at, to, n, err);
        if (!st) st = td_writer_write(writer, (const float *const *)to, n, err);
    }
    free(block);
    return st;
}

static td_status write_audio(const td_scratch *audio, const char *path, const td_file_spec *spec, const td_tags *tags,
                             td_error *err)
{
    td_writer *writer;
    td_status st = td_writer_open(path, spec, tags, &writer, err);
    if (st) return st;
    st = copy_audio(audio, writer, err);
    if (!st) return td_writer_commit(writer, true, err);
    td_writer_abort(writer);
    return st;
}

/* ---- the residual of what was written -------------------------------------------------------------------------------
 */

typedef struct parts {
    td_reader *reader[TD_BUSES_MAX];
    size_t n;
    float *whole[2], *part[2];
} parts;

static void parts_fini(parts *p)
{
    for (size_t i = 0; i < p->n; i++) td_reader_close(p->reader[i]);
    for (size_t c = 0; c < 2; c++) {
        free(p->whole[c]);
        free(p->part[c]);
    }
}

static td_status parts_init(parts *p, const outbox *b, size_t frames, td_error *err)
{
    td_status st = TD_OK;
    for (size_t c = 0; c < 2; c++) {
        p->whole[c] = td_calloc2(frames, 1, sizeof(float));
        p->part[c] = td_calloc2(frames, 1, sizeof(float));
        if (!p->whole[c] || !p->part[c]) st = no_memory(err);
    }
    for (size_t i = 0; !st && i < b->n; i++) {
        char path[4096];
        td_audio_info info;
        unsigned faults;
        if (strcmp(b->file[i].kind, "group")) continue;
        snprintf(path, sizeof path, "%s/%s", b->wish->folder, b->file[i].name);
        st = td_reader_open(path, &p->reader[p->n], &info, &faults, err);
        if (!st) p->n++;
    }
    return st;
}

/* The premaster less its parts, of `n` frames. */
static td_status subtract(parts *p, const td_scratch *premaster, uint64_t at, size_t n, td_error *err)
{
    td_status st = td_scratch_read(premaster, (int64_t)at, p->whole, n, err);
    for (size_t k = 0; !st && k < p->n; k++) {
        size_t got = 0;
        st = td_reader_read(p->reader[k], p->part, n, &got, err);
        for (size_t c = 0; !st && c < 2; c++)
            for (size_t i = 0; i < got; i++) p->whole[c][i] -= p->part[c][i];
    }
    return st;
}

/* Files of whole numbers are rounded, and end at full scale. What that takes goes into the residual as well, so that
 * the files add up and not only the sounds they were made of. */
static td_status residual_of_files(const outbox *b, td_scratch **out, td_error *err)
{
    enum { N = 8192 };
    const td_scratch *premaster = b->mix->rendered->premaster;
    parts p = { 0 };
    td_status st = parts_init(&p, b, N, err);
    if (!st) st = td_scratch_new(b->wish->scratch, 2, out, err);
    for (uint64_t at = 0, end = td_scratch_length(premaster); !st && at < end; at += N) {
        size_t n = end - at < N ? (size_t)(end - at) : N;
        st = subtract(&p, premaster, at, n, err);
        if (!st) st = td_scratch_append(*out, (const float *const *)p.whole, n, err);
    }
    parts_fini(&p);
    return st;
}

/* ---- what is written in it
 * ------------------------------------------------------------------------------------------- */

/* A line for each stage, as EBU R 98 writes them: mixed, limited, brought to the file's rate and word length. */
static const char *coding_history(const outbox *b, const outgoing *g, const td_master_result *r)
{
    static const char stage[] = "A=PCM,F=%u,W=%u,M=stereo,T=";
    const td_file_spec *s = &g->spec;
    td_text t = { 0 };
    td_text_addf(&t, stage, s->rate_hz, 32);
    td_text_addf(&t, "topdown %s;mix in float\r\n", TD_VERSION);
    if (r) td_text_addf(&t, stage, s->rate_hz, 32);
    if (r) td_text_addf(&t, "limiter;drive %+.2f dB;true peak %.2f dBTP\r\n", r->drive_db, r->true_peak_dbtp);
    if (s->bits < 32 || s->out_rate_hz != s->rate_hz) {
        td_text_addf(&t, stage, s->out_rate_hz, s->bits);
        td_text_addf(&t, "%s%s\r\n", s->out_rate_hz != s->rate_hz ? "soxr VHQ;" : "",
                     s->bits < 32 ? "TPDF dither" : "float");
    }
    const char *kept = t.broken ? NULL : td_arena_strdup(b->arena, t.data);
    td_text_free(&t);
    return kept;
}

/* "Nightdrive", "Nightdrive (Instrumental)". */
static const char *title_for(const outbox *b, const outgoing *g)
{
    const char *title = b->wish->session->title;
    bool whole = !strcmp(g->kind, "master") || !strcmp(g->kind, "preview");
    return whole || !title ? title : td_arena_printf(b->arena, "%s (%s)", title, g->part);
}

static td_status tags_for(outbox *b, const outgoing *g, const td_master_result *r, td_tags *out, td_error *err)
{
    const td_plan *p = b->wish->plan;
    char both[2 * TD_SHA256_HEX], reference[TD_SHA256_HEX];
    snprintf(both, sizeof both, "%s%s", p->session_hash, b->mix->plan_hash);
    if (td_sha256_of(both, strlen(both), reference)) return no_memory(err);
    *out = (td_tags){ .title = title_for(b, g),
                      .artist = b->wish->session->artist,
                      .recipe = p->recipe,
                      .software = "topdown " TD_VERSION,
                      .track_name = g->part,
                      .coding_history = coding_history(b, g, r) };
    /* it names one recording: versions and parts are others */
    bool whole = !g->raw && g->version == WHOLE;
    out->isrc = whole && b->wish->order->n_isrc ? b->wish->order->isrc[0] : NULL;
    out->comment = td_arena_printf(b->arena, "recipe %s revision %u, session %.16s, plan %.16s", p->recipe,
                                   p->recipe_revision, p->session_hash, b->mix->plan_hash);
    out->reference = td_arena_strndup(b->arena, reference, 32);
    out->description = out->comment;
    if (!out->comment || !out->reference || !out->coding_history) return no_memory(err);
    if (!r) return TD_OK;
    out->has_loudness = true;
    out->loudness_lufs = r->loudness_lufs;
    out->range_lu = r->range_lu;
    out->true_peak_dbtp = r->true_peak_dbtp;
    out->max_momentary_lufs = r->max_momentary_lufs;
    out->max_short_lufs = r->max_short_lufs;
    return TD_OK;
}

/* Random choices are seeded from the plan: its file has the same bytes each time. */
static uint64_t seed_of(const td_mix *m)
{
    char digits[17] = { 0 };
    memcpy(digits, m->plan_hash, 16);
    return strtoull(digits, NULL, 16);
}

/* ---- writing and judging
 * ---------------------------------------------------------------------------------------------- */

/* By how much a file stands above its peak targets, dB. */
static double over(const td_mix_file *f)
{
    double most = -INFINITY;
    if (!isnan(f->wanted.true_peak_dbtp)) most = fmax(most, f->true_peak_dbtp - f->wanted.true_peak_dbtp);
    if (!isnan(f->wanted.peak_dbfs)) most = fmax(most, f->peak_dbfs - f->wanted.peak_dbfs);
    return most;
}

/* Whole numbers end at full scale; what was not mastered may go beyond. */
static bool cut_off(const td_mix_file *f)
{
    return f->bits > 0 && f->bits < 32 && f->peak_dbfs > -0.001;
}

static void judge(td_mix *m, td_mix_file *f, const td_master_result *r)
{
    double off = isnan(f->wanted.loudness_lufs) ? 0 : f->loudness_lufs - f->wanted.loudness_lufs;
    bool peaks = !(over(f) > 0);
    f->reached = fabs(off) <= REACHED_LU && peaks && (r || !cut_off(f));
    if (r) {
        f->drive_db = r->drive_db;
        f->limiting_max_db = r->limiting_max_db;
        f->limiting_p95_db = r->limiting_p95_db;
    }
    if (f->reached) return;
    if (r && r->missed[0])
        f->missed = td_arena_strdup(m->arena, r->missed);
    else if (!r)
        f->missed = "peaks beyond full scale are cut off: ask for 32 bit";
    else if (!peaks)
        f->missed = td_arena_printf(m->arena, "peak %.2f dB above its target", over(f));
    else
        f->missed = td_arena_printf(m->arena, "%+.2f LU off the wanted loudness", off);
}

/* What codecs and other rates do to peaks and loudness, learnt file by file. */
typedef struct correction {
    double lower_db; /* peaks are limited so much lower */
    double louder_lu;
} correction;

static td_target corrected(td_target t, correction c)
{
    t.true_peak_dbtp -= c.lower_db; /* NaN stays NaN */
    t.peak_dbfs -= c.lower_db;
    t.loudness_lufs += c.louder_lu;
    return t;
}

/* Whether the file calls for another try. Loudness is not chased where the limiter gave it up. */
static bool learn(const td_mix_file *f, const td_master_result *r, correction *c)
{
    double off = f->loudness_lufs - f->wanted.loudness_lufs; /* NaN: not asked */
    bool high = over(f) > 0, astray = fabs(off) > REACHED_LU && r->reached && isfinite(off);
    if (high) c->lower_db += td_round_to(over(f) + 0.15, 0.1);
    if (astray) c->louder_lu -= td_round_to(off, 0.01);
    return high || astray;
}

/* Writes under a name of its own until the file holds what it should. */
static td_status make_file(outbox *b, const outgoing *g, const char *path, td_mix_file *f,
                           const td_master_result **result, td_error *err)
{
    bool lossy = td_codec_lossy(g->spec.codec), moved = lossy || g->spec.out_rate_hz != g->spec.rate_hz;
    correction c = { .lower_db = lossy ? LOSSY_MARGIN_DB : 0 };
    td_file_spec spec = g->spec;
    spec.dither_seed = seed_of(b->mix);
    *result = NULL;
    for (int try = 1;; try++) {
        const td_scratch *audio = g->raw;
        td_target t = corrected(g->target, c);
        td_tags tags;
        td_status st = g->raw ? TD_OK : master_for(b, g->version, &t, &audio, result, err);
        if (!st) st = tags_for(b, g, *result, &tags, err);
        if (!st) st = write_audio(audio, path, &spec, &tags, err);
        if (!st) st = td_mix_measure_file(path, f, err);
        if (st || g->raw || !moved || try == MOVED_TRIES || !learn(f, *result, &c)) return st;
    }
}

static td_status send(outbox *b, const outgoing *g, td_error *err)
{
    char path[4096], draft[4096];
    const td_master_result *result;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", b->wish->folder, g->name) >= sizeof path ||
        (size_t)snprintf(draft, sizeof draft, "%s/.draft-%s", b->wish->folder, g->name) >= sizeof draft)
        return td_fail(err, TD_ARG, b->wish->folder, NULL, "the path is too long");
    td_mix_file *f = td_mix_add_file(b->mix, g->name, g->kind);
    if (!f) return no_memory(err);
    bool lossy = td_codec_lossy(g->spec.codec);
    f->part = td_arena_strdup(b->mix->arena, g->part);
    f->wanted = g->target;
    if (g->version != WHOLE) f->wanted.loudness_lufs = NAN; /* as the mix makes it */
    f->format = td_codec_name(g->spec.codec);
    f->bits = lossy ? 0 : g->spec.bits;
    f->bitrate_kbps = lossy ? g->spec.bitrate_kbps : 0;
    bool rounded =
        !strcmp(g->kind, "residual") && !lossy && g->spec.bits < 32 && g->spec.out_rate_hz == g->spec.rate_hz;
    td_scratch *residual = NULL;
    outgoing own = *g;
    td_status st = rounded ? residual_of_files(b, &residual, err) : TD_OK;
    if (residual) own.raw = residual;
    if (!st) st = make_file(b, &own, draft, f, &result, err);
    td_scratch_free(residual);
    if (!st) st = td_file_commit(draft, path, b->wish->force, err);
    if (st) {
        unlink(draft);
        b->mix->n_files--;
        return st;
    }
    judge(b->mix, f, result);
    return TD_OK;
}

/* ---- both calls
 * --------------------------------------------------------------------------------------------------------- */

static td_status outbox_new(const td_outputs_wish *w, td_mix *mix, outbox **out, td_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out || !((*out)->arena = td_arena_new())) return no_memory(err);
    (*out)->wish = w;
    (*out)->mix = mix;
    return list(*out, err);
}

static void outbox_free(outbox *b)
{
    if (!b) return;
    for (size_t i = 0; i < b->n_made; i++) td_scratch_free(b->made[i].audio);
    for (size_t v = 0; v <= VERSIONS; v++) td_master_free(b->master[v]);
    td_arena_free(b->arena);
    free(b);
}

td_status td_outputs_check(const td_outputs_wish *w, td_error *err)
{
    outbox *b;
    td_status st = outbox_new(w, NULL, &b, err);
    for (size_t i = 0; !st && !w->force && i < b->n; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", w->folder, b->file[i].name);
        if (access(path, F_OK) == 0) st = td_fail(err, TD_ARG, path, "--force replaces it", "stands there already");
    }
    outbox_free(b);
    return st;
}

td_status td_outputs_write(const td_outputs_wish *w, td_mix *mix, td_error *err)
{
    outbox *b;
    td_status st = outbox_new(w, mix, &b, err);
    for (size_t i = 0; !st && i < b->n; i++) {
        if (w->progress) w->progress(w->user, "encoding", (double)i / (double)b->n);
        st = send(b, &b->file[i], err);
    }
    if (!st && w->progress) w->progress(w->user, "encoding", 1);
    outbox_free(b);
    return st;
}
