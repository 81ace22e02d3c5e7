#include "engine/base/json.h"
#include "engine/base/units.h"
#include "engine/report/card.h"
#include "engine/report/compare.h"
#include "engine/report/portrait.h"
#include "engine/report/report.h"
#include "engine/report/tone.h"
#include "engine/report/translate.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What was heard of the stems without the levels of a plan; NULL: nothing. */
static const td_survey *delivered(const td_report_wish *w)
{
    return w->delivered ? w->delivered : w->survey;
}

static json_t *series(const float *x, size_t n, double step)
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(a, td_json_number((double)x[i], step));
    return a;
}

static json_t *row(const double *x, size_t n, double step)
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(a, td_json_number(x[i], step));
    return a;
}

/* ---- stems ------------------------------------------------------------------------------------------------------ */

static json_t *finding_json(const td_finding *f)
{
    char text[512];
    json_t *j = json_object();
    json_object_set_new(j, "code", td_json_text(td_fault_name(f->code)));
    json_object_set_new(j, "text", td_json_text(td_finding_text(f, TD_ENGLISH, text, sizeof text)));
    json_object_set_new(j, "text_de", td_json_text(td_finding_text(f, TD_GERMAN, text, sizeof text)));
    json_object_set_new(j, "at_s", td_json_number(f->at_s, 0.1));
    return j;
}

static json_t *stem_json(const td_report_wish *w, size_t index)
{
    static const char *const sources[] = { [TD_ROLE_FROM_JOB] = "job",
                                           [TD_ROLE_FROM_NAME] = "name",
                                           [TD_ROLE_FROM_METADATA] = "metadata",
                                           [TD_ROLE_FROM_SOUND] = "sound",
                                           [TD_ROLE_UNKNOWN] = "unknown" };
    const td_session *s = w->session;
    const td_stem *t = &s->stem[index];
    const td_stem_findings *found = w->findings ? &w->findings->stem[index] : NULL;
    const td_signal *heard = w->survey ? td_survey_signal(w->survey, td_survey_stem(w->survey, index)) : NULL;
    json_t *codes = json_array(), *findings = json_array();
    for (size_t i = 0; found && i < found->n_findings; i++)
        json_array_append_new(findings, finding_json(&found->finding[i]));
    for (unsigned i = 0; i < TD_FAULT_COUNT; i++)
        if ((found ? found->faults : t->faults) & (1u << i))
            json_array_append_new(codes, json_string(td_fault_name(i)));
    json_t *j = json_object();
    json_object_set_new(j, "file", td_json_text(t->name));
    json_object_set_new(j, "role", td_json_text(t->role.name));
    json_object_set_new(j, "role_from", td_json_text(sources[t->role.source]));
    json_object_set_new(j, "role_guess", json_boolean(t->role.guess));
    json_object_set_new(j, "bus", t->bus < s->n_buses ? td_json_text(s->bus[t->bus].name) : json_null());
    json_object_set_new(j, "format", td_json_text(t->info.format));
    json_object_set_new(j, "rate_hz", json_integer(t->info.rate_hz));
    json_object_set_new(j, "channels", json_integer(td_stem_channels(t)));
    json_object_set_new(j, "sha256", td_json_text(t->sha256));
    json_object_set_new(j, "loudness_lufs", td_json_db(heard ? heard->loudness_lufs : NAN));
    json_object_set_new(j, "peak_dbfs", td_json_db(heard ? heard->peak_dbfs : NAN));
    json_object_set_new(j, "codes", codes);
    json_object_set_new(j, "findings", findings);
    return j;
}

static json_t *session_json(const td_report_wish *w)
{
    const td_session *s = w->session;
    const td_plan *p = w->n_mixes ? w->mix[0].mix->plan : NULL; /* the tempo is the same in all */
    json_t *j = json_object(), *stems = json_array();
    json_object_set_new(j, "hash", td_json_text(s->hash));
    json_object_set_new(j, "rate_hz", json_integer(s->rate_hz));
    json_object_set_new(j, "duration_s", td_json_number((double)s->frames / s->rate_hz, 0.001));
    for (size_t i = 0; i < s->n_stems; i++) json_array_append_new(stems, stem_json(w, i));
    json_object_set_new(j, "tempo_bpm", p && p->tempo_bpm > 0 ? td_json_number(p->tempo_bpm, 0.1) : json_null());
    json_object_set_new(j, "tempo_from", td_json_text(p ? p->tempo_from : s->tempo_from));
    json_object_set_new(j, "stems", stems);
    return j;
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static json_t *file_json(const td_mix_file *f)
{
    json_t *j = json_object(), *wanted = json_object();
    json_object_set_new(wanted, "named", td_json_text(f->wanted.named));
    json_object_set_new(wanted, "loudness_lufs", td_json_db(f->wanted.loudness_lufs));
    json_object_set_new(wanted, "true_peak_dbtp", td_json_db(f->wanted.true_peak_dbtp));
    json_object_set_new(wanted, "peak_dbfs", td_json_db(f->wanted.peak_dbfs));
    json_object_set_new(wanted, "limiting_db", td_json_db(f->wanted.limiting_db));
    json_object_set_new(j, "name", td_json_text(f->name));
    json_object_set_new(j, "kind", td_json_text(f->kind));
    json_object_set_new(j, "part", td_json_text(f->part));
    json_object_set_new(j, "format", td_json_text(f->format));
    json_object_set_new(j, "bits", f->bits ? json_integer(f->bits) : json_null());
    json_object_set_new(j, "bitrate_kbps", f->bitrate_kbps ? json_integer(f->bitrate_kbps) : json_null());
    json_object_set_new(j, "rate_hz", json_integer(f->rate_hz));
    json_object_set_new(j, "bytes", json_integer((json_int_t)f->bytes));
    json_object_set_new(j, "sha256", td_json_text(f->sha256));
    json_object_set_new(j, "wanted", wanted);
    json_object_set_new(j, "loudness_lufs", td_json_db(f->loudness_lufs));
    json_object_set_new(j, "loudness_range_lu", td_json_db(f->range_lu));
    json_object_set_new(j, "max_momentary_lufs", td_json_db(f->max_momentary_lufs));
    json_object_set_new(j, "max_short_term_lufs", td_json_db(f->max_short_lufs));
    json_object_set_new(j, "true_peak_dbtp", td_json_db(f->true_peak_dbtp));
    json_object_set_new(j, "peak_dbfs", td_json_db(f->peak_dbfs));
    json_object_set_new(j, "reached", json_boolean(f->reached));
    json_object_set_new(j, "missed", td_json_text(f->missed));
    json_object_set_new(j, "turned_db", td_json_db(f->turned_db));
    json_object_set_new(j, "drive_db", td_json_db(f->drive_db));
    json_object_set_new(j, "limiting_max_db", td_json_db(f->limiting_max_db));
    json_object_set_new(j, "limiting_p95_db", td_json_db(f->limiting_p95_db));
    return j;
}

/* ---- what was reached ------------------------------------------------------------------------------------------- */

/* Of all buses together, K-weighted, in per cent. */
static double share_of(const td_rendered *r, size_t bus)
{
    double all = 0, own = 0;
    for (size_t b = 0; b < r->n_buses; b++)
        for (size_t i = 0; i < TD_BANDS; i++) {
            const td_band_power *p = &r->bus[b].bands;
            double power = td_k_weight_power(td_band_hz(i)) * (p->ll[i] + p->rr[i]);
            all += power;
            if (b == bus) own += power;
        }
    return all > 0 ? 100 * own / all : 0;
}

static json_t *bus_json(const td_plan_bus *p, const td_rendered *rendered, size_t bus)
{
    const td_bus_reached *r = &rendered->bus[bus];
    double masked = td_masked_share(rendered->masking, bus, r->k, r->steps);
    json_t *j = json_object();
    json_object_set_new(j, "name", td_json_text(p->name));
    json_object_set_new(j, "peak_before_dbfs", td_json_db(r->peak_before_dbfs));
    json_object_set_new(j, "clip_gain_db", td_json_db(r->clip_gain_db));
    json_object_set_new(j, "peak_after_dbfs", td_json_db(r->peak_after_dbfs));
    json_object_set_new(j, "peak_played_dbfs", td_json_db(r->peak_played_dbfs));
    json_object_set_new(j, "makeup_db", td_json_db(p->makeup_db));
    json_object_set_new(j, "fader_db", td_json_db(p->fader_db));
    json_object_set_new(j, "fader_moved_db", td_json_db(p->fader_db - p->fader_from_db));
    json_object_set_new(j, "fader_reason", td_json_text(p->fader_reason));
    json_object_set_new(j, "crest_before_db", td_json_db(r->crest_before_db));
    json_object_set_new(j, "crest_after_db", td_json_db(r->crest_after_db));
    json_object_set_new(j, "loudness_lufs", td_json_db(r->loudness_lufs));
    json_object_set_new(j, "vu_max_dbfs", td_json_db(r->vu_max_dbfs));
    json_object_set_new(j, "vu_mean_dbfs", td_json_db(r->vu_mean_dbfs));
    json_object_set_new(j, "masked_percent", td_json_number(100 * masked, 0.1));
    json_object_set_new(j, "share_percent", td_json_number(share_of(rendered, bus), 0.1));
    return j;
}

/* At most 1,000 points, each the highest of its stretch. */
static json_t *step_json(const td_plan *p, const td_step_reached *r)
{
    json_t *j = json_object(), *over = json_array();
    json_object_set_new(j, "place", td_json_text(r->place));
    json_object_set_new(j, "step", td_json_text(r->step));
    const char *of = isnan(r->planned.asked_db) ? NULL : td_asked_over_time(r) ? "p95" : "max";
    json_object_set_new(j, "asked_db", td_json_db(r->planned.asked_db));
    json_object_set_new(j, "asked_of", td_json_text(of));
    json_object_set_new(j, "off_asked_db", td_json_db(td_off_asked(r)));
    json_object_set_new(j, "moved", json_boolean(td_is_moved(p, r)));
    json_object_set_new(j, "planned_max_db", td_json_db(r->planned.max_db));
    json_object_set_new(j, "planned_p95_db", td_json_db(r->planned.p95_db));
    json_object_set_new(j, "max_db", td_json_db(r->max_db));
    json_object_set_new(j, "max_at_s", td_json_number(r->max_at_s, 0.1));
    json_object_set_new(j, "p95_db", td_json_db(r->p95_db));
    json_object_set_new(j, "p50_db", td_json_db(r->p50_db));
    json_object_set_new(j, "idle", td_json_number(r->idle, 0.001));
    size_t per = r->n_steps / 1000 + 1;
    for (size_t i = 0; i < r->n_steps; i += per) {
        float most = 0;
        for (size_t k = i; k < i + per && k < r->n_steps; k++) most = fmaxf(most, r->steps[k]);
        json_array_append_new(over, td_json_db((double)most));
    }
    json_object_set_new(j, "over_time_step_s", td_json_number((double)per * 0.1, 0.1));
    json_object_set_new(j, "over_time_db", over);
    return j;
}

/* Goals that were not met. */
static json_t *missed_json(const td_plan *p, const td_rendered *r)
{
    json_t *missed = json_array();
    char text[TD_GOAL_TEXT];
    for (size_t i = 0; r && i < r->n_steps; i++)
        if (td_is_missed(p, &r->step[i], TD_MISSED_DB))
            json_array_append_new(missed, td_json_text(td_goal_text(&r->step[i], text)));
    return missed;
}

static json_t *moved_json(const td_plan *p, const td_rendered *r)
{
    json_t *moved = json_array();
    char text[TD_GOAL_TEXT];
    for (size_t i = 0; r && i < r->n_steps; i++)
        if (td_moved_text(p, &r->step[i], text)) json_array_append_new(moved, td_json_text(text));
    return moved;
}

/* The step whose render contradicts what its plan says it reaches, as after an edit that feeds it more; NULL. */
static const td_step_reached *contradicted(const td_rendered *r, const td_decision *d)
{
    for (size_t i = 0; r && i < r->n_steps; i++) {
        const td_step_reached *s = &r->step[i];
        if (isnan(s->planned.asked_db) || strcmp(s->place, d->place) || strcmp(s->step, d->step)) continue;
        bool off = fabs(s->max_db - s->planned.max_db) > TD_OFF_ASKED_DB ||
                   fabs(s->p95_db - s->planned.p95_db) > TD_OFF_ASKED_DB;
        return off ? s : NULL;
    }
    return NULL;
}

static json_t *reason_json(const td_rendered *r, const td_decision *d)
{
    const td_step_reached *s = contradicted(r, d);
    char text[1024], clock[16];
    if (!s) return td_json_text(d->reason);
    snprintf(text, sizeof text, "planned: %s; rendered: %.1f dB at %s, 95 %% of the time under %.1f dB",
             d->reason ? d->reason : "-", s->max_db, td_clock(s->max_at_s, clock), s->p95_db);
    return td_json_text(text);
}

/* As they are counted. */
static const char *const origins[] = {
    [TD_AS_WRITTEN] = "as_written", [TD_FROM_KNOB] = "as_written", [TD_SOLVED] = "solved", [TD_FROM_FIX] = "fix"
};

static json_t *decision_json(const td_rendered *r, const td_decision *d)
{
    json_t *j = json_object();
    json_object_set_new(j, "place", td_json_text(d->place));
    json_object_set_new(j, "step", td_json_text(d->step));
    json_object_set_new(j, "what", td_json_text(d->what));
    json_object_set_new(j, "settings", td_json_text(d->settings));
    json_object_set_new(j, "reason", reason_json(r, d));
    json_object_set_new(j, "note", td_json_text(d->note));
    json_object_set_new(j, "origin", td_json_text(origins[d->origin]));
    return j;
}

/* ---- the master as it sounds ------------------------------------------------------------------------------------ */

/* The file that stands for the mix. NULL: there are parts of it alone. */
static const td_mix_file *main_file(const td_mix *m)
{
    static const char *const kinds[] = { "master", "preview", "premaster" };
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (size_t i = 0; i < m->n_files; i++)
            if (!strcmp(m->file[i].kind, kinds[k])) return &m->file[i];
    return NULL;
}

#define INNERMOST 4.0 /* fields: -36 dBFS. Fade-outs and pauses fill them, however little they say about width */

static double fields_out(size_t y, size_t x)
{
    double half = (TD_GONIO - 1) / 2.0, up = (double)y - half, right = (double)x - half;
    return sqrt(up * up + right * right);
}

/* Along a line from the centre, fields at the root of the level hold the less the nearer they lie, however evenly the
 * line is filled. This undoes it. */
static double density(const td_portrait *p, size_t y, size_t x)
{
    return p->density[y][x] / fmax(INNERMOST, fields_out(y, x));
}

/* From '0', nothing, to '9', the densest; each is three times the one before. */
static json_t *goniometer_json(const td_portrait *p)
{
    double most = 0;
    for (size_t y = 0; y < TD_GONIO; y++)
        for (size_t x = 0; x < TD_GONIO; x++)
            if (fields_out(y, x) > INNERMOST) most = fmax(most, density(p, y, x));
    json_t *a = json_array();
    for (size_t y = 0; y < TD_GONIO; y++) {
        char line[TD_GONIO + 1] = { 0 };
        for (size_t x = 0; x < TD_GONIO; x++) {
            double n = density(p, y, x);
            char digit = n > 0 ? '9' : '0';
            while (n > 0 && digit > '1' && n * 3 <= most) n *= 3, digit--;
            line[x] = digit;
        }
        json_array_append_new(a, json_string(line));
    }
    return a;
}

static json_t *hz_json(void)
{
    json_t *a = json_array();
    for (size_t i = 0; i < TD_BANDS; i++) json_array_append_new(a, td_json_number(td_band_label(i), 0.01));
    return a;
}

static json_t *spectrum_json(const td_portrait *p)
{
    double side[TD_BANDS], correlation[TD_BANDS];
    for (size_t i = 0; i < TD_BANDS; i++) {
        double both = p->ll[i] + p->rr[i], cross = 2 * p->lr[i];
        side[i] = td_power_db(fmax(0, both - cross)) - td_power_db(fmax(0, both + cross));
        correlation[i] = p->lr[i] / sqrt(p->ll[i] * p->rr[i]);
    }
    json_t *j = json_object();
    json_object_set_new(j, "hz", hz_json());
    json_object_set_new(j, "level_db", row(p->level_db, TD_BANDS, 0.1));
    json_object_set_new(j, "side_to_mid_db", row(side, TD_BANDS, 0.1));
    json_object_set_new(j, "correlation", row(correlation, TD_BANDS, 0.01));
    return j;
}

static json_t *portrait_json(const td_mix_file *f, const td_portrait *p)
{
    json_t *j = json_object();
    json_object_set_new(j, "file", td_json_text(f->name));
    json_object_set_new(j, "plr_db", td_json_db(f->true_peak_dbtp - f->loudness_lufs));
    json_object_set_new(j, "correlation", td_json_number(p->correlation, 0.01));
    json_object_set_new(j, "mono_loss_lu", td_json_db(p->mono_loss_lu));
    json_object_set_new(j, "step_s", td_json_number(0.1, 0.1));
    json_object_set_new(j, "momentary_lufs", series(p->momentary, p->steps, 0.1));
    json_object_set_new(j, "short_term_lufs", series(p->short_term, p->steps, 0.1));
    json_object_set_new(j, "correlation_over_time", series(p->correlations, p->steps, 0.01));
    json_object_set_new(j, "spectrum", spectrum_json(p));
    json_object_set_new(j, "goniometer", goniometer_json(p));
    return j;
}

static json_t *region_json(const td_region *r)
{
    json_t *j = json_object();
    json_object_set_new(j, "name", td_json_text(r->name));
    json_object_set_new(j, "low_hz", td_json_number(r->low_hz, 0.1));
    json_object_set_new(j, "high_hz", td_json_number(r->high_hz, 0.1));
    json_object_set_new(j, "off_db", td_json_db(r->off_db));
    json_object_set_new(j, "usual_db", row(r->usual_db, 2, 0.1));
    json_object_set_new(j, "ever_db", row(r->ever_db, 2, 0.1));
    return j;
}

static json_t *tone_json(const td_tone *t)
{
    json_t *j = json_object(), *regions = json_array();
    json_object_set_new(j, "curve", td_json_text(t->curve.name));
    json_object_set_new(j, "p25_db", series(t->curve.p25, TD_BANDS, 0.1));
    json_object_set_new(j, "p50_db", series(t->curve.p50, TD_BANDS, 0.1));
    json_object_set_new(j, "p75_db", series(t->curve.p75, TD_BANDS, 0.1));
    for (size_t i = 0; i < TD_REGIONS; i++) json_array_append_new(regions, region_json(&t->region[i]));
    json_object_set_new(j, "regions", regions);
    return j;
}

static json_t *device_bus_json(const td_device_bus *b)
{
    json_t *j = json_object();
    json_object_set_new(j, "name", td_json_text(b->name));
    json_object_set_new(j, "share_db", td_json_number(b->share_db, 0.1));
    json_object_set_new(j, "here_db", td_json_number(b->here_db, 0.1));
    json_object_set_new(j, "mono_loss_lu", td_json_number(b->mono_loss_lu, 0.1));
    json_object_set_new(j, "lost", json_boolean(b->lost));
    return j;
}

static json_t *device_json(const td_device_check *d)
{
    json_t *j = json_object(), *buses = json_array();
    json_object_set_new(j, "device", td_json_text(d->name));
    json_object_set_new(j, "mono", json_boolean(d->mono));
    json_object_set_new(j, "loudness_drop_lu", td_json_number(d->loudness_drop_lu, 0.1));
    json_object_set_new(j, "drop_allowed_lu", td_json_number(d->drop_allowed_lu, 0.1));
    json_object_set_new(j, "mono_loss_lu", td_json_number(d->mono_loss_lu, 0.1));
    json_object_set_new(j, "voice_change_lu", td_json_number(d->voice_change_lu, 0.1));
    for (size_t i = 0; i < d->n_buses; i++) json_array_append_new(buses, device_bus_json(&d->bus[i]));
    json_object_set_new(j, "buses", buses);
    return j;
}

/* A file somebody brought along: the rough mix, the reference. */
typedef struct guest {
    const td_stem *stem; /* NULL: none */
    td_measurement measured;
    td_portrait portrait;
} guest;

static td_status guest_make(const td_stem *stem, td_arena *a, guest *out, td_error *err)
{
    out->stem = stem;
    if (!stem) return TD_OK;
    td_status st = td_measure_file(stem->path, &out->measured, err);
    return st ? st : td_portrait_make(stem->path, a, &out->portrait, err);
}

static json_t *guest_json(const td_report_wish *w, const guest *g, const char *kind)
{
    if (!g->stem) return json_null();
    json_t *j = json_object(), *files = json_array();
    for (size_t i = 0; i < w->n_guests; i++)
        if (!strcmp(w->guest[i].kind, kind)) json_array_append_new(files, file_json(&w->guest[i]));
    json_object_set_new(j, "file", td_json_text(g->stem->name));
    json_object_set_new(j, "loudness_lufs", td_json_db(g->measured.loudness_lufs));
    json_object_set_new(j, "loudness_range_lu", td_json_db(g->measured.range_lu));
    json_object_set_new(j, "true_peak_dbtp", td_json_db(g->measured.true_peak_dbtp));
    json_object_set_new(j, "correlation", td_json_number(g->measured.correlation, 0.01));
    json_object_set_new(j, "spectrum", spectrum_json(&g->portrait));
    json_object_set_new(j, "outputs", files);
    return j;
}

/* A mix beside one of them at one loudness, the mix's figures less the guest's; null where one is silent. */
static json_t *match_json(const td_comparison *c)
{
    const td_compared *own = &c->file, *its = &c->reference;
    double width[TD_OCTAVES];
    for (size_t o = 0; o < TD_OCTAVES; o++) width[o] = td_width_apart(own->width_db[o], its->width_db[o]);
    json_t *j = json_object(), *words = json_array();
    for (size_t i = 0; i < c->n_words; i++) json_array_append_new(words, td_json_text(c->word[i]));
    json_object_set_new(j, "words", words);
    json_object_set_new(j, "gain_db", td_json_db(c->gain_db));
    json_object_set_new(j, "mean_db", td_json_number(c->mean_db, 0.1));
    json_object_set_new(j, "most_db", td_json_number(c->most_db, 0.1));
    json_object_set_new(j, "most_at_hz", td_json_number(c->most_at_hz, 0.1));
    json_object_set_new(j, "difference_db", row(c->difference_db, TD_BANDS, 0.1));
    json_object_set_new(j, "plr_db", td_json_number(own->plr_db - its->plr_db, 0.1));
    json_object_set_new(j, "crest_db", td_json_number(own->crest_db - its->crest_db, 0.1));
    json_object_set_new(j, "loudness_range_lu", td_json_number(own->range_lu - its->range_lu, 0.1));
    json_object_set_new(j, "width_db", row(width, TD_OCTAVES, 0.1));
    return j;
}

/* own NULL: nothing is heard of the mix. */
static td_status add_match(json_t *j, const char *name, const td_compared *own, const guest *g, td_arena *a,
                           td_error *err)
{
    td_comparison *c = td_arena_alloc(a, sizeof *c);
    td_compared its;
    json_object_set_new(j, name, json_null());
    if (!c) return td_no_memory(err);
    if (!own || !g->stem || !td_compared_make(&g->measured, &g->portrait, &its)) return TD_OK;
    if (td_comparison_make(own, &its, a, c)) return td_no_memory(err);
    json_object_set_new(j, name, match_json(c));
    return TD_OK;
}

/* What every mix is held against. */
typedef struct guests {
    guest rough, reference;
    td_card_side *sum; /* NULL: not surveyed */
} guests;

static td_status add_matches(json_t *j, const char *path, const td_portrait *p, const guests *g, td_arena *a,
                             td_error *err)
{
    td_measurement *m = td_arena_alloc(a, sizeof *m);
    td_compared own;
    bool heard = false;
    td_status st = m ? TD_OK : td_no_memory(err);
    if (!st && (g->rough.stem || g->reference.stem)) {
        st = td_measure_file(path, m, err);
        heard = !st && td_compared_make(m, p, &own);
    }
    if (!st) st = add_match(j, "against_rough", heard ? &own : NULL, &g->rough, a, err);
    return st ? st : add_match(j, "against_reference", heard ? &own : NULL, &g->reference, a, err);
}

static json_t *row_json(const td_card_row *r)
{
    json_t *j = json_object();
    json_object_set_new(j, "id", td_json_text(r->id));
    json_object_set_new(j, "name", td_json_text(r->name));
    json_object_set_new(j, "unit", td_json_text(r->unit));
    json_object_set_new(j, "value", td_json_number(r->value, 0.01));
    json_object_set_new(j, "sum", td_json_number(r->sum, 0.01));
    json_object_set_new(j, "low", td_json_number(r->low, 0.01));
    json_object_set_new(j, "high", td_json_number(r->high, 0.01));
    json_object_set_new(j, "where", td_json_text(r->where));
    json_object_set_new(j, "verdict", td_json_text(td_row_verdict_name(r->verdict)));
    json_object_set_new(j, "against_sum", td_json_text(td_standing_name(r->standing)));
    return j;
}

/* Rows of what cannot be measured here are left out. */
static td_status card_json(const td_card_wish *w, td_arena *a, json_t **out)
{
    td_card_row row[TD_CARD_ROWS];
    td_status st = td_card_make(w, a, row);
    if (st) return st;
    *out = json_array();
    for (size_t i = 0; i < TD_CARD_ROWS; i++)
        if (!isnan(row[i].value)) json_array_append_new(*out, row_json(&row[i]));
    return TD_OK;
}

static td_status add_card(json_t *j, const td_report_wish *w, const td_report_mix *said, const guests *g,
                          const td_portrait *p, const td_tone *tone, td_arena *a)
{
    td_card_side *made = td_arena_alloc(a, sizeof *made);
    td_card_wish wish = { .session = w->session,
                          .recipe = said->recipe,
                          .mix = said->mix,
                          .curve = &tone->curve,
                          .made = made,
                          .sum = g->sum,
                          .reference = g->reference.stem ? &g->reference.portrait : NULL };
    json_t *rows = NULL;
    td_status st =
        made ? td_card_hear_mix(w->session, said->mix->rendered, main_file(said->mix), p, a, made) : TD_NOMEM;
    if (!st) st = card_json(&wish, a, &rows);
    if (!st) json_object_set_new(j, "card", rows);
    return st;
}

/* Listens to the mix's own file and adds what was heard. */
static td_status add_sound(json_t *j, const td_report_wish *w, const td_report_mix *said, const guests *g, td_arena *a,
                           td_error *err)
{
    const td_mix *m = said->mix;
    const td_mix_file *f = main_file(m);
    if (!f || !m->rendered) return TD_OK;
    char path[4096];
    td_portrait *p = td_arena_alloc(a, sizeof *p);
    td_device_check *device = td_arena_array(a, TD_DEVICES, sizeof *device);
    if (!p || !device) return td_no_memory(err);
    if ((size_t)snprintf(path, sizeof path, "%s/%s", w->folder, f->name) >= sizeof path)
        return td_fail(err, TD_ARG, w->folder, NULL, "the path is too long");
    td_status st = td_portrait_make(path, a, p, err);
    if (st) return st;
    td_tone tone;
    td_tone_make(p, m->plan->curve, delivered(w) ? td_survey_percussiveness(delivered(w)) : NAN, &tone);
    td_translate(p, m->rendered, w->session, device);
    json_t *devices = json_array();
    for (size_t i = 0; i < TD_DEVICES; i++) json_array_append_new(devices, device_json(&device[i]));
    json_object_set_new(j, "portrait", portrait_json(f, p));
    json_object_set_new(j, "tone", tone_json(&tone));
    json_object_set_new(j, "translation", devices);
    st = add_matches(j, path, p, g, a, err);
    if (st) return st;
    return add_card(j, w, said, g, p, &tone, a) ? td_no_memory(err) : TD_OK;
}

/* ---- a mix, and all of them ------------------------------------------------------------------------------------- */

static json_t *notes_json(const td_plan *p, int kind)
{
    json_t *a = json_array();
    for (size_t i = 0; i < p->n_notes; i++)
        if ((int)p->note[i].kind == kind) json_array_append_new(a, td_json_text(p->note[i].text));
    return a;
}

/* The card leaves two rows out then (engine/report/card.h). */
static void warn_of_lost_recipe(json_t *warnings, const td_plan *p)
{
    json_array_append_new(
        warnings, json_sprintf("lead and groups are not held against what is usual: the recipe '%s' is not here as it "
                               "was when the plan was decided",
                               p->recipe));
}

static json_t *mix_json(const td_report_mix *said)
{
    const td_mix *m = said->mix;
    const td_plan *p = m->plan;
    td_decision_count count = td_decisions_count(said->decision, said->n_decisions);
    json_t *j = json_object(), *files = json_array(), *buses = json_array(), *steps = json_array();
    json_t *left_out = json_array(), *decided = json_array();
    json_object_set_new(j, "label", td_json_text(p->label));
    json_object_set_new(j, "recipe", td_json_text(p->recipe));
    json_object_set_new(j, "recipe_title", td_json_text(p->recipe_title));
    json_object_set_new(j, "recipe_revision", json_integer(p->recipe_revision));
    json_object_set_new(j, "revised", json_integer(p->revised));
    json_object_set_new(j, "recipe_hash", td_json_text(p->recipe_hash));
    json_object_set_new(j, "plan_hash", td_json_text(m->plan_hash));
    json_object_set_new(j, "state", td_json_text(m->failed ? "failed" : "done"));
    json_object_set_new(j, "problem", td_json_text(m->failed));
    json_object_set_new(j, "balance", td_json_text(td_balance_name(p->balance)));
    json_object_set_new(j, "balance_reason", td_json_text(p->balance_reason));
    json_object_set_new(j, "trim_db", td_json_db(p->trim_db));
    json_object_set_new(j, "trim_reason", td_json_text(p->trim_reason));
    for (size_t i = 0; i < m->n_files; i++) json_array_append_new(files, file_json(&m->file[i]));
    json_object_set_new(j, "outputs", files);
    for (size_t i = 0; i < m->n_left_out; i++) json_array_append_new(left_out, td_json_text(m->left_out[i]));
    json_object_set_new(j, "left_out", left_out);
    const td_rendered *r = m->rendered;
    for (size_t b = 0; r && b < r->n_buses; b++) json_array_append_new(buses, bus_json(&p->bus[b], r, b));
    for (size_t i = 0; r && i < r->n_steps; i++) json_array_append_new(steps, step_json(p, &r->step[i]));
    json_object_set_new(j, "buses", buses);
    json_object_set_new(j, "steps", steps);
    json_object_set_new(j, "missed", missed_json(p, r));
    json_object_set_new(j, "moved", moved_json(p, r));
    json_object_set_new(j, "premaster_lufs", td_json_db(r ? r->premaster_lufs : NAN));
    json_object_set_new(j, "premaster_peak_dbfs", td_json_db(r ? r->premaster_peak_dbfs : NAN));
    json_object_set_new(j, "residual_lufs", td_json_db(r ? r->residual_lufs : NAN));
    json_object_set_new(j, "residual_peak_dbfs", td_json_db(r ? r->residual_peak_dbfs : NAN));
    json_object_set_new(j, "mix_vu_max_dbfs", td_json_db(r ? r->vu_max_dbfs : NAN));
    json_object_set_new(j, "mix_vu_mean_dbfs", td_json_db(r ? r->vu_mean_dbfs : NAN));
    json_object_set_new(j, "decisions",
                        json_pack("{sIsIsIsI}", "all", (json_int_t)count.all, "solved", (json_int_t)count.solved,
                                  "as_written", (json_int_t)count.written, "fixes", (json_int_t)count.fixes));
    for (size_t i = 0; i < said->n_decisions; i++) json_array_append_new(decided, decision_json(r, &said->decision[i]));
    json_object_set_new(j, "decided", decided);
    json_t *warnings = notes_json(p, TD_NOTE_WARNING);
    if (!said->recipe) warn_of_lost_recipe(warnings, p);
    json_object_set_new(j, "warnings", warnings);
    json_object_set_new(j, "also", notes_json(p, TD_NOTE_DECISION));
    json_object_set_new(j, "not_used", notes_json(p, TD_NOTE_NOT_USED));
    json_object_set_new(j, "not_made", notes_json(p, TD_NOTE_NOT_MADE));
    return j;
}

/* ---- A/B -------------------------------------------------------------------------------------------------------- */

/* gain_db makes files to compare as loud as the softest of them, and never louder: nothing clips by it. */
static void add_offsets(json_t *to, const td_mix_file *file, size_t n, const char *mix, double softest)
{
    for (size_t i = 0; i < n; i++) {
        if (mix && strcmp(file[i].kind, "preview")) continue;
        json_t *j = json_object();
        json_object_set_new(j, "file", td_json_text(file[i].name));
        json_object_set_new(j, "mix", td_json_text(mix));
        json_object_set_new(j, "kind", td_json_text(file[i].kind));
        json_object_set_new(j, "format", td_json_text(file[i].format));
        json_object_set_new(j, "loudness_lufs", td_json_db(file[i].loudness_lufs));
        json_object_set_new(j, "turned_db", td_json_db(file[i].turned_db));
        json_object_set_new(j, "gain_db", td_json_db(softest - file[i].loudness_lufs));
        json_array_append_new(to, j);
    }
}

static double softer(double least, const td_mix_file *file, size_t n, bool previews)
{
    for (size_t i = 0; i < n; i++)
        if (isfinite(file[i].loudness_lufs) && (!previews || !strcmp(file[i].kind, "preview")))
            least = fmin(least, file[i].loudness_lufs);
    return least;
}

/* null where there is nothing to compare. */
static json_t *ab_json(const td_report_wish *w)
{
    double softest = softer(INFINITY, w->guest, w->n_guests, false);
    for (size_t i = 0; i < w->n_mixes; i++)
        softest = softer(softest, w->mix[i].mix->file, w->mix[i].mix->n_files, true);
    if (isinf(softest) || w->n_mixes + w->n_guests < 2) return json_null();
    json_t *j = json_object(), *files = json_array();
    for (size_t i = 0; i < w->n_mixes; i++) {
        const td_mix *m = w->mix[i].mix;
        add_offsets(files, m->file, m->n_files, m->plan->label, softest);
    }
    add_offsets(files, w->guest, w->n_guests, NULL, softest);
    json_object_set_new(j, "matched_lufs", w->match_lufs < 0 ? td_json_db(w->match_lufs) : json_null());
    json_object_set_new(j, "loudness_lufs", td_json_db(softest));
    json_object_set_new(j, "files", files);
    return j;
}

/* ---- the text --------------------------------------------------------------------------------------------------- */

/* A string and its quotes. */
static size_t quoted(const char *s)
{
    size_t n = 1;
    while (s[n] && s[n] != '"') n += s[n] == '\\' ? 2 : 1;
    return n + 1;
}

static void add_list(td_text *out, const char *s, size_t length)
{
    const char *end = s + length;
    for (size_t column = 0, n; s < end; s += n + strspn(s + n, " \n")) {
        n = strcspn(s, " \n");
        if ((size_t)(end - s) < n) n = (size_t)(end - s);
        td_text_addf(out, "%s%.*s", !column ? "" : column + n > 110 ? "\n" : " ", (int)n, s);
        column = column + n > 110 ? n : column + n + 1;
    }
}

/* Lists of numbers take as many lines as they are long, instead of one a number. */
static void add_folded(td_text *out, const char *s)
{
    for (size_t n; *s; s += n) {
        size_t list = *s == '[' ? strcspn(s + 1, "[]{}\"") : 0;
        if (list && s[1 + list] == ']') {
            add_list(out, s, n = list + 2);
            continue;
        }
        n = *s == '"' ? quoted(s) : 1 + strcspn(s + 1, "[\"");
        td_text_addn(out, s, n);
    }
}

static td_status add_mixes(json_t *mixes, const td_report_wish *w, const guests *g, td_arena *a, td_error *err)
{
    td_status st = TD_OK;
    for (size_t i = 0; !st && i < w->n_mixes; i++) {
        json_t *mix = mix_json(&w->mix[i]);
        json_array_append_new(mixes, mix);
        st = add_sound(mix, w, &w->mix[i], g, a, err);
    }
    return st;
}

static td_status report(const td_report_wish *w, td_arena *a, json_t *j, td_error *err)
{
    guests *g = td_arena_alloc(a, sizeof *g);
    json_t *mixes = json_array(), *isrc = json_array();
    for (size_t i = 0; i < w->n_isrc; i++) json_array_append_new(isrc, td_json_text(w->isrc[i]));
    td_status st = g ? guest_make(w->session->rough, a, &g->rough, err) : td_no_memory(err);
    if (!st) st = guest_make(w->session->reference, a, &g->reference, err);
    if (!st && delivered(w)) {
        g->sum = td_arena_alloc(a, sizeof *g->sum);
        st = g->sum ? td_card_hear_sum(delivered(w), w->session, a, g->sum, err) : td_no_memory(err);
    }
    json_object_set_new(j, "v", json_integer(1));
    json_object_set_new(j, "topdown", json_string(TD_VERSION));
    json_object_set_new(j, "title", td_json_text(w->session->title));
    json_object_set_new(j, "artist", td_json_text(w->session->artist));
    json_object_set_new(j, "isrc", isrc);
    json_object_set_new(j, "session", session_json(w));
    json_object_set_new(j, "mixes", mixes);
    if (st) return st;
    json_object_set_new(j, "rough", guest_json(w, &g->rough, "rough"));
    json_object_set_new(j, "reference", guest_json(w, &g->reference, "reference"));
    json_object_set_new(j, "ab", ab_json(w));
    return add_mixes(mixes, w, g, a, err);
}

td_status td_report_json(const td_report_wish *w, td_text *out, td_error *err)
{
    td_arena *a = td_arena_new();
    json_t *j = json_object();
    td_status st = a && j ? report(w, a, j, err) : td_no_memory(err);
    char *s = st ? NULL : json_dumps(j, TD_JSON_STYLE);
    if (!st && !s) st = td_no_memory(err);
    if (s) add_folded(out, s);
    td_text_add(out, "\n");
    free(s);
    json_decref(j);
    td_arena_free(a);
    return !st && out->broken ? td_no_memory(err) : st;
}
