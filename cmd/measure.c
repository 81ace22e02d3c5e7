#include "engine/mix/measure.h"
#include "cmd/compare.h"
#include "cmd/mixing.h"
#include "engine/base/units.h"
#include "engine/mix/intake.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const td_flag flags[] = {
    { "against", 0, "REFERENCE", "compare with this file at the same loudness: tone, dynamics, width" },
    { "skip-rejected", 0, NULL, "measure the others when a file is refused" },
    { "scratch", 0, "DIR", "for temporary audio; $TMPDIR, else /var/tmp" },
    { NULL, 0, NULL, NULL },
};

static const struct {
    const char *name;
    double low_hz, high_hz;
} regions[] = { { "20-60", 20, 60 },     { "60-120", 60, 120 },   { "120-300", 120, 300 },
                { "300-1k", 300, 1000 }, { "1k-5k", 1000, 5000 }, { "5k-20k", 5000, 20000 } };

enum { REGIONS = sizeof regions / sizeof regions[0] };

/* A file by itself, judged as `check` judges stems. */
typedef struct judged {
    td_session *session;
    td_survey *survey;
    td_findings *findings;
} judged;

/* Whatever it is called, it is no rough mix to be left out and has no role to be asked for. */
static td_status judge(const td_args *a, const char *path, td_pool *pool, judged *out, td_error *err)
{
    td_stem_wish stem = { .file = path, .role = "other", .pan = NAN };
    td_session_wish wish = { .stem = &stem, .n_stems = 1, .skip_rejected = true };
    td_status st = td_session_open(&wish, &out->session, err);
    const char *scratch = td_scratch_folder(td_args_get(a, "scratch"));
    if (st) return st;
    out->session->stem[0].faults &= ~TD_FAULT_BIT(RATE_DIFFERS); /* from what it is heard at, which is no fault here */
    st = td_survey_hear(out->session, pool, scratch, NULL, NULL, &out->survey, err);
    return st ? st : td_intake_make(out->session, out->survey, &out->findings, err);
}

static void judged_fini(judged *j)
{
    td_intake_free(j->findings);
    td_survey_free(j->survey);
    td_session_free(j->session);
}

/* Zero has no sign. */
static double figure(double x, double step)
{
    return td_round_to(x, step) + 0.0;
}

/* dB, or "-inf" for silence. */
static const char *level(double x, char out[16])
{
    snprintf(out, 16, isfinite(x) ? "%.1f" : "-inf", figure(x, 0.1));
    return out;
}

static void print_faults(const td_stem_findings *f)
{
    char text[512];
    for (size_t i = 0; i < f->n_findings; i++)
        printf("  %-11s %s: %s\n", i ? "" : "faults", td_fault_name(f->finding[i].code),
               td_finding_text(&f->finding[i], TD_ENGLISH, text, sizeof text));
    if (!f->n_findings) puts("  faults      none a file shows");
}

static void print_figures(const td_measurement *m)
{
    char a[16], b[16], c[16];
    printf("  loudness    %6s LUFS   short-term max %s   range %.1f LU\n", level(m->loudness_lufs, a),
           level(m->max_short_lufs, b), m->range_lu);
    printf("  peak        %6s dBFS   true peak %s dBTP   crest %s dB\n", level(m->peak_dbfs, a),
           level(m->true_peak_dbtp, b), level(m->crest_db, c));
    printf("  spectrum   ");
    for (size_t i = 0; i < REGIONS; i++) {
        double x = td_measured_band_db(m, regions[i].low_hz, regions[i].high_hz);
        printf(isfinite(x) ? " %s %.0f " : " %s -inf ", regions[i].name, figure(x, 1));
    }
    puts(" dB");
    if (!isnan(m->correlation)) printf("  stereo      correlation %.2f\n", figure(m->correlation, 0.01));
}

static void print(const char *path, const td_measurement *m, const td_stem_findings *f)
{
    char text[512];
    double seconds = (double)m->info.frames / m->info.rate_hz;
    printf("%s   %s, %g kHz, %s, %d:%04.1f\n", td_printable(path, text, sizeof text),
           m->info.channels == 1 ? "mono" : "stereo", m->info.rate_hz / 1000.0, m->info.encoding, (int)(seconds / 60),
           seconds - 60 * (int)(seconds / 60));
    if (!(m->faults & TD_FAULT_BIT(SILENT))) print_figures(m);
    print_faults(f);
}

static void member(json_t *o, const char *name, double x)
{
    json_object_set_new(o, name, isfinite(x) ? json_real(td_round_to(x, 0.01)) : json_null());
}

/* f NULL: it is refused, and err says why. */
static json_t *to_json(const char *path, const td_measurement *m, const td_stem_findings *f, const td_error *err)
{
    static const char *const verdicts[] = { [TD_ACCEPT] = "accept", [TD_WARN] = "warn", [TD_REJECT] = "reject" };
    json_t *o = json_object(), *codes = json_array();
    json_t *name = json_string(path);
    unsigned faults = f ? f->faults : m->faults;
    json_object_set_new(o, "file", name ? name : json_null());
    json_object_set_new(o, "verdict", json_string(verdicts[td_faults_verdict(faults)]));
    for (unsigned i = 0; i < TD_FAULT_COUNT; i++)
        if (faults & (1u << i)) json_array_append_new(codes, json_string(td_fault_name(i)));
    json_object_set_new(o, "codes", codes);
    json_object_set_new(o, "format", json_string(m->info.format));
    json_object_set_new(o, "encoding", json_string(m->info.encoding));
    json_object_set_new(o, "rate_hz", json_integer(m->info.rate_hz));
    json_object_set_new(o, "channels", json_integer(m->info.channels));
    json_object_set_new(o, "frames", json_integer((json_int_t)m->info.frames));
    if (!f) {
        json_object_set_new(o, "detail", json_string(err->what));
        json_object_set_new(o, "hint", json_string(err->hint));
        return o;
    }
    member(o, "loudness_lufs", m->loudness_lufs);
    member(o, "loudness_range_lu", m->range_lu);
    member(o, "max_momentary_lufs", m->max_momentary_lufs);
    member(o, "max_short_term_lufs", m->max_short_lufs);
    member(o, "peak_dbfs", m->peak_dbfs);
    member(o, "true_peak_dbtp", m->true_peak_dbtp);
    member(o, "crest_db", m->crest_db);
    member(o, "correlation", m->correlation);
    return o;
}

/* One file; what is said of it goes to stdout, or into files. */
static td_status measure(const td_args *a, const char *path, td_pool *pool, json_t *files, td_error *err)
{
    td_measurement m;
    judged j = { 0 };
    td_status st = td_measure_file(path, &m, err);
    if (!st) st = judge(a, path, pool, &j, err);
    const td_stem_findings *f = st ? NULL : &j.findings->stem[0];
    if (td_args_has(a, "json"))
        json_array_append_new(files, to_json(path, &m, f, err));
    else if (f)
        print(path, &m, f);
    judged_fini(&j);
    return st;
}

static int run(const td_args *a)
{
    td_error err = { 0 };
    int code = 0;
    bool json = td_args_has(a, "json");
    td_pool *pool = NULL;
    if (!a->n_words) {
        td_fail(&err, TD_ARG, NULL, "topdown measure master.wav", "measure needs a file");
        return td_report_error(TD_ARG, &err);
    }
    if (td_args_has(a, "against")) return td_compare_run(a, td_args_get(a, "against"));
    if (td_pool_new(1, &pool)) return td_report_error(td_no_memory(&err), &err);
    json_t *files = json_array();
    for (size_t i = 0; i < a->n_words; i++) {
        err = (td_error){ 0 };
        td_status st = measure(a, a->word[i], pool, files, &err);
        if (!st) continue;
        if (!json) td_report_error(st, &err);
        if (!td_args_has(a, "skip-rejected")) code = td_status_exit(st);
    }
    if (json) {
        json_t *all = json_pack("{sisO}", "v", 1, "files", files);
        json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
        putchar('\n');
        json_decref(all);
    }
    json_decref(files);
    td_pool_free(pool);
    return code;
}

const td_command td_cmd_measure = {
    .name = "measure",
    .group = "On this machine",
    .summary = "loudness, peaks, spectrum and faults of finished files",
    .synopsis = "FILE... [--against REFERENCE] [--json]",
    .examples =
        "  topdown measure out/*.wav                 loudness, true peak, range, spectrum\n"
        "  topdown measure mix.wav --against hit.wav   what an engineer would hear first, and by how much\n"
        "\nClipping is told at full scale: what was clipped and then turned down, resampled or coded shows none.\n",
    .flags = flags,
    .run = run,
};
