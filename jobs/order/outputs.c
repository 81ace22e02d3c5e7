#include "jobs/order/outputs.h"

#include "engine/base/cache.h"
#include "engine/base/row.h"
#include "engine/base/units.h"
#include "engine/mix/master.h"
#include "jobs/order/outgoing.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MASTERS_MAX = 4 * TD_OUTGOING_MAX, MOVED_TRIES = 5 };

/* How far a lossy file's master is limited below the peak wanted, to begin with: what codecs commonly add. */
#define LOSSY_MARGIN_DB 0.8

#define REACHED_LU 0.1  /* this near, loudness is reached */
#define CHASED_LU  0.08 /* this near, a file is not tried again, */
#define MATCHED_LU 0.05 /* nor this near in a set to compare: any two of it are within REACHED_LU then */

typedef struct outbox {
    const td_outputs_wish *wish;
    td_mix *mix;
    const td_guest *guest; /* NULL: the mix's own files */
    td_arena *arena;
    td_outgoing file[TD_OUTGOING_MAX];
    size_t n;
    td_master *master[TD_SOUNDS]; /* NULL: not yet needed */
    struct {
        size_t version;
        td_target target;
        td_scratch *audio;
        td_master_result result;
    } made[MASTERS_MAX];
    size_t n_made;
    td_scratch *spare; /* what was made and is no longer wanted: the next takes its room on disk */
} outbox;

/* ---- the sound of a file ----------------------------------------------------------------------------------------- */

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool same_target(const td_target *a, const td_target *b)
{
    return same(a->loudness_lufs, b->loudness_lufs) && same(a->true_peak_dbtp, b->true_peak_dbtp) &&
           same(a->peak_dbfs, b->peak_dbfs) && same(a->limiting_db, b->limiting_db);
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

static bool is_moved(const td_outgoing *g)
{
    return td_codec_lossy(g->spec.codec) || g->spec.out_rate_hz != g->spec.rate_hz;
}

static correction at_first(const td_outgoing *g)
{
    return (correction){ .lower_db = td_codec_lossy(g->spec.codec) ? LOSSY_MARGIN_DB : 0 };
}

static td_status master_of(outbox *b, size_t version, td_error *err)
{
    if (b->master[version]) return TD_OK;
    const td_scratch *sound = b->guest ? b->guest->sound : td_outgoing_sound(b->wish, b->mix, version);
    return td_master_new(sound, b->wish->plan->rate_hz, b->wish->scratch, &b->master[version], err);
}

static bool is_made(const outbox *b, size_t i, size_t version, const td_target *t)
{
    return b->made[i].audio && b->made[i].version == version && same_target(&b->made[i].target, t);
}

/* Limited audio for a target, made once. What a version gets is the whole mix's drive for the same target. */
static td_status master_for(outbox *b, size_t version, const td_target *t, const td_scratch **audio,
                            const td_master_result **result, td_error *err)
{
    bool follows = version < TD_WHOLE;
    size_t i = 0;
    while (i < b->n_made && !is_made(b, i, version, t)) i++;
    if (i == b->n_made) {
        td_status st = TD_OK;
        if (follows) st = master_for(b, TD_WHOLE, t, audio, result, err);
        if (!st && b->n_made == MASTERS_MAX)
            st = td_fail(err, TD_JOB, "outputs", "ask for fewer", "too many different targets");
        if (!st) st = master_of(b, version, err);
        if (st) return st;
        i = b->n_made; /* the whole mix's may have come before it */
        b->made[i].audio = b->spare;
        b->spare = NULL;
        const volatile int *stop = b->wish->stop;
        st = follows ? td_master_drive(b->master[version], (*result)->drive_db, t, stop, &b->made[i].audio,
                                       &b->made[i].result, err)
                     : td_master_render(b->master[version], t, stop, &b->made[i].audio, &b->made[i].result, err);
        if (st) return st;
        b->made[i].version = version;
        b->made[i].target = *t;
        b->n_made++;
    }
    *audio = b->made[i].audio;
    *result = &b->made[i].result;
    return TD_OK;
}

/* Lets go of what no file from the next one on begins with. Of the whole mix, versions need it too. */
static void drop_made(outbox *b, size_t next)
{
    for (size_t i = 0; i < b->n_made; i++) {
        bool wanted = false;
        for (size_t k = next; k < b->n && !wanted; k++) {
            const td_outgoing *g = &b->file[k];
            td_target t = corrected(g->target, at_first(g));
            wanted = !g->raw && (is_made(b, i, g->version, &t) || is_made(b, i, TD_WHOLE, &t));
        }
        if (wanted || !b->made[i].audio) continue;
        td_scratch_free(b->spare);
        b->spare = b->made[i].audio;
        b->made[i].audio = NULL;
    }
}

static td_status copy_audio(const outbox *b, const td_scratch *audio, double gain_db, td_writer *writer, td_error *err)
{
    enum { N = 8192 };
    float *block = malloc(2 * N * sizeof *block), *to[2] = { block, block ? block + N : NULL };
    td_status st = block ? TD_OK : td_no_memory(err);
    const float gain = (float)td_from_db(gain_db); /* exactly 1 at 0 dB */
    for (uint64_t at = 0, end = td_scratch_length(audio); !st && at < end; at += N) {
        size_t n = end - at < N ? (size_t)(end - at) : N;
        const volatile int *stop = b->wish->stop;
        st = stop && *stop ? td_fail(err, TD_STOPPED, NULL, NULL, "stopped")
                           : td_scratch_read(audio, (int64_t)at, to, n, err);
        for (size_t c = 0; !st && c < 2; c++) td_scale(to[c], gain, n);
        if (!st) st = td_writer_write(writer, (const float *const *)to, n, err);
    }
    free(block);
    return st;
}

/* To a temporary file, its name in temp. */
static td_status write_audio(const outbox *b, const td_scratch *audio, double gain_db, const char *path,
                             const td_file_spec *spec, const td_tags *tags, char temp[PATH_MAX], td_error *err)
{
    td_writer *writer;
    td_status st = td_writer_open(path, spec, tags, &writer, err);
    if (st) return st;
    st = copy_audio(b, audio, gain_db, writer, err);
    if (!st) return td_writer_close(writer, temp, PATH_MAX, err);
    td_writer_abort(writer);
    return st;
}

/* ---- the residual of what was written ---------------------------------------------------------------------------- */

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
        if (!p->whole[c] || !p->part[c]) st = td_no_memory(err);
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

/* ---- what is written in it --------------------------------------------------------------------------------------- */

/* A line for each stage, as EBU R 98 writes them: mixed, limited, brought to the file's rate and word length. */
static const char *coding_history(const outbox *b, const td_outgoing *g, const td_master_result *r, double turned_db)
{
    static const char stage[] = "A=PCM,F=%u,W=%u,M=stereo,T=";
    const td_file_spec *s = &g->spec;
    td_text t = { 0 };
    td_text_addf(&t, stage, s->rate_hz, 32);
    td_text_addf(&t, "topdown %s;mix in float\r\n", TD_VERSION);
    if (r) td_text_addf(&t, stage, s->rate_hz, 32);
    if (r) td_text_addf(&t, "limiter;drive %+.2f dB;true peak %.2f dBTP\r\n", r->drive_db, r->true_peak_dbtp);
    if (turned_db < 0) {
        td_text_addf(&t, stage, s->rate_hz, 32);
        td_text_addf(&t, "turned down %.2f dB to compare\r\n", -turned_db);
    }
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
static const char *title_for(const outbox *b, const td_outgoing *g)
{
    const char *title = b->wish->session->title;
    bool whole = !strcmp(g->kind, "master") || !strcmp(g->kind, "preview");
    return whole || !title ? title : td_arena_printf(b->arena, "%s (%s)", title, g->part);
}

static void tag_loudness(td_tags *out, const td_master_result *r, double turned_db)
{
    out->has_loudness = true;
    out->loudness_lufs = r->loudness_lufs + turned_db;
    out->range_lu = r->range_lu;
    out->true_peak_dbtp = r->true_peak_dbtp + turned_db;
    out->max_momentary_lufs = r->max_momentary_lufs + turned_db;
    out->max_short_lufs = r->max_short_lufs + turned_db;
}

static td_status tags_for(outbox *b, const td_outgoing *g, const td_master_result *r, double turned_db, td_tags *out,
                          td_error *err)
{
    const td_plan *p = b->wish->plan;
    *out = (td_tags){ .title = title_for(b, g), .track_name = g->part, .software = "topdown " TD_VERSION };
    if (r) tag_loudness(out, r, turned_db);
    if (b->guest) return TD_OK;
    char both[2 * TD_SHA256_HEX], reference[TD_SHA256_HEX];
    snprintf(both, sizeof both, "%s%s", p->session_hash, b->mix->plan_hash);
    if (td_sha256_of(both, strlen(both), reference)) return td_no_memory(err);
    out->artist = b->wish->session->artist;
    out->recipe = p->recipe;
    out->coding_history = coding_history(b, g, r, turned_db);
    /* it names one recording: versions and parts are others */
    bool whole = !g->raw && g->version >= TD_WHOLE;
    out->isrc = whole && b->wish->order->n_isrc ? b->wish->order->isrc[0] : NULL;
    out->comment = td_arena_printf(b->arena, "recipe %s revision %u, session %.16s, plan %.16s", p->recipe,
                                   p->recipe_revision, p->session_hash, b->mix->plan_hash);
    out->reference = td_arena_strndup(b->arena, reference, 32);
    out->description = out->comment;
    return out->comment && out->reference && out->coding_history ? TD_OK : td_no_memory(err);
}

/* Random choices are seeded from the plan: its file has the same bytes each time. */
static uint64_t seed_of(const td_mix *m)
{
    char digits[17] = { 0 };
    memcpy(digits, m->plan_hash, 16);
    return strtoull(digits, NULL, 16);
}

/* ---- writing and judging ----------------------------------------------------------------------------------------- */

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
    double off = isnan(f->wanted.loudness_lufs) ? 0 : td_mix_file_off(f);
    bool peaks = !(over(f) > 0);
    f->reached = fabs(off) <= REACHED_LU && peaks && (r || !cut_off(f));
    if (r) {
        f->drive_db = r->drive_db;
        f->limiting_max_db = r->limiting_max_db;
        f->limiting_p95_db = r->limiting_p95_db;
    }
    if (f->reached) return;
    if (!r)
        f->missed = "peaks beyond full scale are cut off: ask for 32 bit";
    else if (!peaks)
        f->missed = td_arena_printf(m->arena, "peak %.2f dB above its target", over(f));
    else
        f->missed = td_arena_printf(m->arena, "%.2f LUFS instead of %.2f: %s", f->loudness_lufs - f->turned_db,
                                    f->wanted.loudness_lufs,
                                    r->held_by[0] ? r->held_by : "the file differs from what was mastered");
}

/* Whether the file calls for another try. Loudness is not chased where the limiter gave it up. */
static bool learn(const td_mix_file *f, const td_master_result *r, double near_lu, correction *c)
{
    double off = td_mix_file_off(f);
    bool high = over(f) > 0, astray = fabs(off) > near_lu && isfinite(off) && !(off < 0 && r->held_by[0]);
    if (high) c->lower_db += td_round_to(over(f) + 0.15, 0.1);
    if (astray) c->louder_lu -= td_round_to(off, 0.01);
    return high || astray;
}

/* By how much a file is turned: from where it was aimed at, or from where the limiter gave up. What all are turned to
 * is nowhere above what a guest's peaks allow. */
static double turn_of(const outbox *b, const td_outgoing *g, const td_master_result *r)
{
    double as_it_is = r->reached && !isnan(g->target.loudness_lufs) ? g->target.loudness_lufs : r->loudness_lufs;
    if (!g->compared || !(b->wish->match_lufs < 0) || !isfinite(as_it_is)) return 0;
    double turn_db = b->wish->match_lufs - as_it_is;
    return b->guest ? turn_db : fmin(0, turn_db);
}

/* Until the file holds what it should, which stands under its own name only then. */
static td_status make_file(outbox *b, const td_outgoing *g, const char *path, td_mix_file *f,
                           const td_master_result **result, td_error *err)
{
    correction c = at_first(g);
    double near_lu = g->compared && b->wish->match_lufs < 0 ? MATCHED_LU : CHASED_LU;
    td_file_spec spec = g->spec;
    spec.dither_seed = seed_of(b->mix);
    *result = NULL;
    for (int try = 1;; try++) {
        const td_scratch *audio = g->raw;
        td_target t = corrected(g->target, c);
        td_tags tags;
        char temp[PATH_MAX];
        td_status st = g->raw ? TD_OK : master_for(b, g->version, &t, &audio, result, err);
        f->turned_db = !st && *result ? turn_of(b, g, *result) : 0;
        if (!st) st = tags_for(b, g, *result, f->turned_db, &tags, err);
        if (!st) st = write_audio(b, audio, f->turned_db, path, &spec, &tags, temp, err);
        if (st) return st;
        st = td_mix_measure_file(temp, f, err);
        if (!st && (g->raw || !is_moved(g) || try == MOVED_TRIES || !learn(f, *result, near_lu, &c)))
            return td_file_commit(temp, path, b->wish->force || b->wish->again, err);
        unlink(temp);
        if (st) return st;
    }
}

/* A file written again, the last of the list, stands there where it stood before. */
static void take_place(td_mix *m)
{
    const td_mix_file *last = &m->file[m->n_files - 1];
    for (td_mix_file *f = m->file; f < last; f++) {
        if (strcmp(f->name, last->name)) continue;
        *f = *last;
        m->n_files--;
        return;
    }
}

static td_status send(outbox *b, const td_outgoing *g, td_error *err)
{
    char path[PATH_MAX];
    const td_master_result *result;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", b->wish->folder, g->name) >= sizeof path)
        return td_fail(err, TD_ARG, b->wish->folder, NULL, "the path is too long");
    td_mix_file *f = td_mix_add_file(b->mix, g->name, g->kind);
    if (!f) return td_no_memory(err);
    bool lossy = td_codec_lossy(g->spec.codec);
    f->part = td_arena_strdup(b->mix->arena, g->part);
    f->wanted = g->target;
    if (g->version < TD_WHOLE) f->wanted.loudness_lufs = NAN; /* as the mix makes it */
    f->format = td_codec_name(g->spec.codec);
    f->bits = lossy ? 0 : g->spec.bits;
    f->bitrate_kbps = lossy ? g->spec.bitrate_kbps : 0;
    bool rounded =
        !strcmp(g->kind, "residual") && !lossy && g->spec.bits < 32 && g->spec.out_rate_hz == g->spec.rate_hz;
    td_scratch *residual = NULL;
    td_outgoing own = *g;
    td_status st = rounded ? residual_of_files(b, &residual, err) : TD_OK;
    if (residual) own.raw = residual;
    if (!st) st = make_file(b, &own, path, f, &result, err);
    td_scratch_free(residual);
    if (st)
        b->mix->n_files--;
    else
        judge(b->mix, f, result);
    if (!st && b->wish->again) take_place(b->mix);
    return st;
}

/* ---- the calls -------------------------------------------------------------------------------------------------- */

static td_status outbox_new(const td_outputs_wish *w, td_mix *mix, outbox **out, td_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out || !((*out)->arena = td_arena_new())) return td_no_memory(err);
    (*out)->wish = w;
    (*out)->mix = mix;
    return TD_OK;
}

static void outbox_free(outbox *b)
{
    if (!b) return;
    for (size_t i = 0; i < b->n_made; i++) td_scratch_free(b->made[i].audio);
    td_scratch_free(b->spare);
    for (size_t v = 0; v < TD_SOUNDS; v++) td_master_free(b->master[v]);
    td_arena_free(b->arena);
    free(b);
}

static td_status refuse_existing(const outbox *b, td_error *err)
{
    td_status st = TD_OK;
    for (size_t i = 0; b->wish->names && i < b->n; i++) td_text_addf(b->wish->names, "%s\n", b->file[i].name);
    for (size_t i = 0; !st && !b->wish->force && i < b->n; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", b->wish->folder, b->file[i].name);
        if (access(path, F_OK) == 0) st = td_fail(err, TD_ARG, path, "--force replaces it", "stands there already");
    }
    return st;
}

/* Files as they come, and a master being tried with what its limiter keeps, beside the next one: not what is kept for
 * another time. */
static void make_room(const outbox *b)
{
    enum { FRAME = 2 * sizeof(float), SPARE = 4 << 20 };
    const td_outputs_wish *w = b->wish;
    uint64_t frames = w->plan->frames, need = SPARE + 4 * frames * FRAME;
    if (!w->cache) return;
    for (size_t i = 0; i < b->n; i++) {
        const td_file_spec *s = &b->file[i].spec;
        need += (uint64_t)((double)frames * fmax(1, (double)s->out_rate_hz / w->session->rate_hz)) * FRAME;
    }
    td_cache_yield(w->cache, w->scratch, need);
    td_cache_yield(w->cache, w->folder, need);
}

static td_status send_all(outbox *b, td_error *err)
{
    const td_outputs_wish *w = b->wish;
    td_status st = TD_OK;
    make_room(b);
    for (size_t i = 0; !st && i < b->n; i++) {
        if (w->progress) w->progress(w->user, "encoding", (double)i / (double)b->n);
        st = send(b, &b->file[i], err);
        drop_made(b, i + 1);
    }
    if (!st && w->progress) w->progress(w->user, "encoding", 1);
    return st;
}

td_status td_outputs_check(const td_outputs_wish *w, td_error *err)
{
    outbox *b;
    td_status st = outbox_new(w, NULL, &b, err);
    if (!st) st = td_outgoing_of_mix(w, NULL, b->arena, b->file, &b->n, err);
    if (!st) st = refuse_existing(b, err);
    outbox_free(b);
    return st;
}

static void only_compared(outbox *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++)
        if (b->file[i].compared) b->file[n++] = b->file[i];
    b->n = n;
}

td_status td_outputs_write(const td_outputs_wish *w, td_mix *mix, td_error *err)
{
    outbox *b;
    td_status st = outbox_new(w, mix, &b, err);
    if (!st) st = td_outgoing_of_mix(w, mix, b->arena, b->file, &b->n, err);
    if (!st && w->again) only_compared(b);
    if (!st) st = send_all(b, err);
    outbox_free(b);
    return st;
}

td_status td_outputs_check_guest(const td_outputs_wish *w, const td_guest *guest, td_error *err)
{
    outbox *b;
    td_status st = outbox_new(w, NULL, &b, err);
    if (!st) st = td_outgoing_of_guest(w, guest, b->arena, b->file, &b->n, err);
    if (!st) st = refuse_existing(b, err);
    outbox_free(b);
    return st;
}

td_status td_outputs_write_guest(const td_outputs_wish *w, const td_guest *guest, td_mix *holder, td_error *err)
{
    outbox *b;
    td_status st = outbox_new(w, holder, &b, err);
    if (!st) st = td_outgoing_of_guest(w, guest, b->arena, b->file, &b->n, err);
    if (!st) b->guest = guest;
    if (!st) st = send_all(b, err);
    outbox_free(b);
    return st;
}

double td_outputs_softest(const td_outputs_wish *w, double *peak_db)
{
    double softest = INFINITY;
    outbox *b;
    td_status st = outbox_new(w, NULL, &b, NULL);
    if (!st) st = td_outgoing_of_mix(w, NULL, b->arena, b->file, &b->n, NULL);
    for (size_t i = 0; !st && i < b->n; i++) {
        const td_target *t = &b->file[i].target;
        if (!b->file[i].compared) continue;
        softest = fmin(softest, t->loudness_lufs); /* NaN has no say */
        *peak_db = fmin(*peak_db, fmin(t->true_peak_dbtp, t->peak_dbfs));
    }
    outbox_free(b);
    return softest;
}
