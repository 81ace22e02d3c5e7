#include "engine/mix/measure.h"
#include "cmd/cmd.h"
#include "cmd/compare.h"
#include "engine/base/units.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const td_flag flags[] = {
    { "against", 0, "REFERENCE", "compare with this file at the same loudness: tone, dynamics, width" },
    { "skip-rejected", 0, NULL, "measure the others when a file is refused" },
    { NULL, 0, NULL, NULL },
};

static const struct {
    const char *name;
    double low_hz, high_hz;
} regions[] = { { "20-60", 20, 60 },     { "60-120", 60, 120 },   { "120-300", 120, 300 },
                { "300-1k", 300, 1000 }, { "1k-5k", 1000, 5000 }, { "5k-20k", 5000, 20000 } };

enum { REGIONS = sizeof regions / sizeof regions[0] };

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

static void print_faults(unsigned faults)
{
    const char *between = "";
    printf("  faults      ");
    for (unsigned i = 0; i < TD_FAULT_COUNT; i++)
        if (faults & (1u << i)) {
            printf("%s%s (%s)", between, td_fault_name(i), td_fault_help(i));
            between = "; ";
        }
    puts(faults ? "" : "none a file shows");
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

static void print(const char *path, const td_measurement *m)
{
    char text[512];
    double seconds = (double)m->info.frames / m->info.rate_hz;
    printf("%s   %s, %g kHz, %s, %d:%04.1f\n", td_printable(path, text, sizeof text),
           m->info.channels == 1 ? "mono" : "stereo", m->info.rate_hz / 1000.0, m->info.encoding, (int)(seconds / 60),
           seconds - 60 * (int)(seconds / 60));
    if (!(m->faults & TD_FAULT_BIT(SILENT))) print_figures(m);
    print_faults(m->faults);
}

static void member(json_t *o, const char *name, double x)
{
    json_object_set_new(o, name, isfinite(x) ? json_real(td_round_to(x, 0.01)) : json_null());
}

static json_t *to_json(const char *path, const td_measurement *m, bool refused, const td_error *err)
{
    static const char *const verdicts[] = { [TD_ACCEPT] = "accept", [TD_WARN] = "warn", [TD_REJECT] = "reject" };
    json_t *o = json_object(), *codes = json_array();
    json_t *name = json_string(path);
    json_object_set_new(o, "file", name ? name : json_null());
    json_object_set_new(o, "verdict", json_string(verdicts[td_faults_verdict(m->faults)]));
    for (unsigned i = 0; i < TD_FAULT_COUNT; i++)
        if (m->faults & (1u << i)) json_array_append_new(codes, json_string(td_fault_name(i)));
    json_object_set_new(o, "codes", codes);
    json_object_set_new(o, "format", json_string(m->info.format));
    json_object_set_new(o, "encoding", json_string(m->info.encoding));
    json_object_set_new(o, "rate_hz", json_integer(m->info.rate_hz));
    json_object_set_new(o, "channels", json_integer(m->info.channels));
    json_object_set_new(o, "frames", json_integer((json_int_t)m->info.frames));
    if (refused) {
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

static int run(const td_args *a)
{
    td_error err = { 0 };
    int code = 0;
    bool json = td_args_has(a, "json");
    if (!a->n_words) {
        td_fail(&err, TD_ARG, NULL, "topdown measure master.wav", "measure needs a file");
        return td_report_error(TD_ARG, &err);
    }
    if (td_args_has(a, "against")) return td_compare_run(a, td_args_get(a, "against"));
    json_t *files = json_array();
    for (size_t i = 0; i < a->n_words; i++) {
        td_measurement m;
        err = (td_error){ 0 };
        td_status st = td_measure_file(a->word[i], &m, &err);
        if (json)
            json_array_append_new(files, to_json(a->word[i], &m, st != TD_OK, &err));
        else if (!st)
            print(a->word[i], &m);
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
    return code;
}

const td_command td_cmd_measure = {
    .name = "measure",
    .group = "On this machine",
    .summary = "loudness, peaks, spectrum and faults of finished files",
    .synopsis = "FILE... [--against REFERENCE] [--json]",
    .examples = "  topdown measure out/*.wav                 loudness, true peak, range, spectrum\n"
                "  topdown measure mix.wav --against hit.wav   what an engineer would hear first, and by how much\n",
    .flags = flags,
    .run = run,
};
