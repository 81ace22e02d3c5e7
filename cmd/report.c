#include "cmd/cmd.h"

#include "engine/report/report.h"
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const td_flag flags[] = {
    { "html", 0, "FILE", "write the page: one file, no script, prints on A4" },
    { "lang", 0, "en|de", "of the page; what is printed is English" },
    { "force", 0, NULL, "replace a page that stands there already" },
    { NULL, 0, NULL, NULL },
};

static const char *text(const json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));
    return s ? s : "";
}

/* A number, or '-' for what does not exist. */
static const char *figure(const json_t *o, const char *name, int decimals, char out[32])
{
    const json_t *v = json_object_get(o, name);
    if (json_is_number(v))
        snprintf(out, 32, "%.*f", decimals, json_number_value(v));
    else
        snprintf(out, 32, "-");
    return out;
}

static void print_outputs(const json_t *mix)
{
    size_t i;
    json_t *f;
    char a[32], b[32], c[32], d[32], turned[48];
    int widest = 0;
    json_array_foreach(json_object_get(mix, "outputs"), i, f)
    {
        int n = (int)strlen(text(f, "name"));
        if (n > widest) widest = n;
    }
    printf("  %-*s %15s %15s %15s  %s\n", widest, "", "LUFS got/wanted", "dBTP got/wanted", "dBFS got/wanted",
           "verdict");
    json_array_foreach(json_object_get(mix, "outputs"), i, f)
    {
        const json_t *w = json_object_get(f, "wanted");
        char lufs[64], dbtp[64], dbfs[64];
        snprintf(lufs, sizeof lufs, "%s / %s", figure(f, "loudness_lufs", 1, a), figure(w, "loudness_lufs", 1, b));
        snprintf(dbtp, sizeof dbtp, "%s / %s", figure(f, "true_peak_dbtp", 2, c), figure(w, "true_peak_dbtp", 1, d));
        snprintf(dbfs, sizeof dbfs, "%s / %s", figure(f, "peak_dbfs", 2, c), figure(w, "peak_dbfs", 1, d));
        const char *verdict = json_is_true(json_object_get(f, "reached")) ? "ok" : text(f, "missed");
        double turned_db = json_number_value(json_object_get(f, "turned_db"));
        *turned = '\0';
        if (fabs(turned_db) > 0.05) snprintf(turned, sizeof turned, ", then turned %+.1f dB to be compared", turned_db);
        printf("  %-*s %15s %15s %15s  %s%s\n", widest, text(f, "name"), lufs, dbtp, dbfs, verdict, turned);
    }
}

static void print_buses(const json_t *mix)
{
    size_t i;
    json_t *b;
    char x[6][32];
    printf("  %-12s %11s %10s %10s %11s %9s %9s\n", "bus", "peak before", "clip gain", "peak after", "with fixes",
           "make-up", "fader");
    json_array_foreach(json_object_get(mix, "buses"), i, b)
        printf("  %-12s %11s %10s %10s %11s %9s %9s   dB\n", text(b, "name"), figure(b, "peak_before_dbfs", 2, x[0]),
               figure(b, "clip_gain_db", 2, x[1]), figure(b, "peak_after_dbfs", 2, x[2]),
               figure(b, "peak_played_dbfs", 2, x[3]), figure(b, "makeup_db", 1, x[4]), figure(b, "fader_db", 2, x[5]));
}

static void print_steps(const json_t *mix)
{
    size_t i;
    json_t *s;
    char x[4][32], asked[48];
    printf("  %-24s %13s %9s %9s %9s\n", "gain reduction", "asked", "planned", "95 %", "most");
    json_array_foreach(json_object_get(mix, "steps"), i, s)
    {
        char place[96];
        snprintf(place, sizeof place, "%s %s", text(s, "place"), text(s, "step"));
        bool over_time = !strcmp(text(s, "asked_of"), "p95");
        const char *how = !*text(s, "asked_of") ? "" : over_time ? "about " : "at most ";
        snprintf(asked, sizeof asked, "%s%s", how, figure(s, "asked_db", 1, x[0]));
        printf("  %-24s %13s %9s %9s %9s   dB\n", place, asked,
               figure(s, over_time ? "planned_p95_db" : "planned_max_db", 1, x[1]), figure(s, "p95_db", 1, x[2]),
               figure(s, "max_db", 1, x[3]));
    }
    json_array_foreach(json_object_get(mix, "missed"), i, s) printf("  missed: %s\n", json_string_value(s));
    json_array_foreach(json_object_get(mix, "moved"), i, s) printf("  %s\n", json_string_value(s));
    if (json_array_size(json_object_get(mix, "steps")))
        puts("  'about' is what it takes no more than for 95 % of the time, 'at most' its maximum");
}

static void print_card(const json_t *mix)
{
    size_t i;
    json_t *row;
    char x[4][32], limits[72];
    json_t *rows = json_object_get(mix, "card");
    if (!json_array_size(rows)) return;
    printf("\n  %-44s %8s %8s  %-6s %14s  %-8s %s\n", "against the plain sum", "mix", "sum", "", "limits", "verdict",
           "to the sum");
    json_array_foreach(rows, i, row)
    {
        snprintf(limits, sizeof limits, "%s .. %s", figure(row, "low", 2, x[0]), figure(row, "high", 2, x[1]));
        printf("  %-44s %8s %8s  %-6s %14s  %-8s %s%s%s\n", text(row, "name"), figure(row, "value", 2, x[2]),
               figure(row, "sum", 2, x[3]), text(row, "unit"), limits, text(row, "verdict"), text(row, "against_sum"),
               *text(row, "where") ? "  " : "", text(row, "where"));
    }
}

/* The mix beside what was brought along, at one loudness: what is heard first. */
static void print_against(const json_t *mix, const char *member, const char *whom)
{
    enum { FIRST = 5 };
    const json_t *match = json_object_get(mix, member), *words = json_object_get(match, "words"), *w;
    size_t i;
    char x[4][32];
    if (!json_is_object(match)) return;
    printf("\n  against the %s, turned by %s dB to its loudness: tone %s dB apart on average, %s dB at %s Hz at most\n",
           whom, figure(match, "gain_db", 1, x[0]), figure(match, "mean_db", 1, x[1]),
           figure(match, "most_db", 1, x[2]), figure(match, "most_at_hz", 0, x[3]));
    json_array_foreach(words, i, w) if (i < FIRST) printf("    %s\n", json_string_value(w));
}

/* Groups that a small speaker loses. */
static void print_lost(const json_t *mix)
{
    size_t i, k;
    json_t *device, *bus;
    json_array_foreach(json_object_get(mix, "translation"), i, device)
    {
        json_array_foreach(json_object_get(device, "buses"), k, bus)
        {
            if (json_is_true(json_object_get(bus, "lost")))
                printf("  lost on a %s: %s\n", text(device, "device"), text(bus, "name"));
        }
    }
}

static int print_report(const json_t *report)
{
    size_t i, k;
    json_t *mix, *w;
    printf("%s%s%s\n", text(report, "artist"), *text(report, "artist") ? " - " : "", text(report, "title"));
    json_array_foreach(json_object_get(report, "mixes"), i, mix)
    {
        printf("\n%s  (recipe %s)\n", text(mix, "label"), text(mix, "recipe"));
        if (*text(mix, "problem")) {
            printf("  failed: %s\n", text(mix, "problem"));
            continue;
        }
        printf("  balance: %s\n\n", text(mix, "balance_reason"));
        print_outputs(mix);
        putchar('\n');
        print_buses(mix);
        putchar('\n');
        print_steps(mix);
        print_card(mix);
        print_against(mix, "against_rough", "rough mix");
        print_against(mix, "against_reference", "reference");
        print_lost(mix);
        json_array_foreach(json_object_get(mix, "warnings"), k, w) printf("  warn: %s\n", json_string_value(w));
    }
    return 0;
}

/* "de", "en"; TD_ARG for what the page does not speak. */
static td_status language_of(const td_args *a, td_language *out, td_error *err)
{
    const char *lang = td_args_get(a, "lang");
    *out = lang && td_starts_with(lang, "de") ? TD_GERMAN : TD_ENGLISH;
    if (lang && !td_args_has(a, "html"))
        return td_fail(err, TD_ARG, NULL, "add --html FILE", "--lang is the page's; what is printed is English");
    if (!lang || td_starts_with(lang, "de") || td_starts_with(lang, "en")) return TD_OK;
    return td_fail(err, TD_ARG, NULL, "en or de", "the page does not speak '%s'", lang);
}

static td_status write_html(const td_args *a, const char *json, size_t length, td_language language, td_error *err)
{
    td_text t = { 0 };
    td_status st = td_report_html(json, length, language, &t, err);
    if (!st) st = td_file_write(td_args_get(a, "html"), t.data, t.length, td_args_has(a, "force"), err);
    td_text_free(&t);
    return st;
}

static td_status print_parsed(const char *path, const char *data, size_t length, td_error *err)
{
    json_error_t why;
    json_t *report = json_loadb(data, length, JSON_REJECT_DUPLICATES, &why);
    td_status st = TD_OK;
    if (!report || json_integer_value(json_object_get(report, "v")) != 1 ||
        !json_is_array(json_object_get(report, "mixes")))
        st = td_fail(err, TD_INPUT, path, "topdown mix writes report.json", "is no report: %s",
                     report ? "it has no mixes" : why.text);
    else
        print_report(report);
    json_decref(report);
    return st;
}

static int run(const td_args *a)
{
    td_error err = { 0 };
    char path[4096];
    if (a->n_words != 1) {
        td_fail(&err, TD_ARG, NULL, "topdown report out/", "report needs one folder or report.json");
        return td_report_error(TD_ARG, &err);
    }
    snprintf(path, sizeof path, td_is_folder(a->word[0]) ? "%s/report.json" : "%s", a->word[0]);
    td_arena *arena = td_arena_new();
    char *data = NULL;
    size_t length = 0;
    td_language language;
    td_status st = arena ? language_of(a, &language, &err) : TD_NOMEM;
    if (!st) st = td_file_read(arena, path, 64 << 20, &data, &length, &err);
    bool page = td_args_has(a, "html"), silent = page && td_args_has(a, "quiet");
    if (!st && page) st = write_html(a, data, length, language, &err);
    if (!st && !silent && td_args_has(a, "json"))
        fwrite(data, 1, length, stdout);
    else if (!st && !silent)
        st = print_parsed(path, data, length, &err);
    td_arena_free(arena);
    return st ? td_report_error(st, &err) : 0;
}

const td_command td_cmd_report = {
    .name = "report",
    .group = "On this machine",
    .summary = "prints what a mix reached, from its report.json, and draws the page again",
    .synopsis = "DIR or report.json [--html FILE [--lang de]]",
    .examples = "  topdown report out/                              targets, groups and gain reduction\n"
                "  topdown report out/ --html seite.html --lang de  the page for people, in German\n",
    .flags = flags,
    .run = run,
};
