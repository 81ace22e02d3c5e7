#include "cmd/mixing.h"

#include "engine/base/units.h"
#include "engine/report/report.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const td_flag flags[] = {
    TD_MIXING_FLAGS,
    { "plan", 0, "FILE", "render a plan that is decided already; stems are where it says, or the ones named" },
    { "output", 'o', "DIR", "where everything goes; made when missing" },
    { "title", 0, "TEXT", "the song; its folder's name otherwise, or that of the one above stems/ or tracks/" },
    { "artist", 0, "TEXT", "who plays it; stands in names and tags of the files" },
    { "no-match", 0, NULL, "several mixes: leave previews as loud as their recipes ask, do not level them to compare" },
    { "keep-groups", 0, NULL, "keep rendered groups for the next render of a changed plan, as --plan does" },
    { "force", 0, NULL, "replace files that stand there already" },
    { "strict", 0, NULL, "exit 5 when a target was not reached" },
    TD_DRY_FLAG("plan, ask whether everything can be written, name the files, and write nothing"),
    { NULL, 0, NULL, NULL },
};

/* The first that could be made: all are of the same stems. */
static const td_plan *first_plan(const td_mixdown *d)
{
    size_t i = 0;
    while (i + 1 < d->n && td_mixdown_failed(d, i)) i++;
    return d->plan[i];
}

/* What is left out by name; why is told by the warnings below. */
static void left_out_line(const td_plan *p)
{
    char text[512];
    const char *before = "left out: ";
    for (size_t i = 0; i < p->n_stems; i++) {
        if (td_plan_stem_plays(&p->stem[i])) continue;
        fprintf(stderr, "%s%s", before, td_printable(p->stem[i].name, text, sizeof text));
        before = ", ";
    }
    if (*before == ',') fputc('\n', stderr);
}

/* Roles of stems that are left out need no word. */
static size_t guessed_roles(const td_session *s, const td_plan *p)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_stems && i < p->n_stems; i++)
        n += td_plan_stem_plays(&p->stem[i]) && (s->stem[i].role.guess || s->stem[i].role.source == TD_ROLE_UNKNOWN);
    return n;
}

static void session_line(const td_mixdown *d)
{
    const td_session *s = d->session;
    const td_plan *p = first_plan(d);
    size_t guessed = guessed_roles(s, p), playing = td_plan_playing(p);
    char clock[16], whole[16], balance[512];
    if (playing < p->n_stems) fprintf(stderr, "%zu of ", playing);
    fprintf(stderr, "%zu stem%s, %s (%s with its tail), %g kHz, %zu bus%s", p->n_stems, p->n_stems == 1 ? "" : "s",
            td_clock((double)s->frames / s->rate_hz, clock), td_clock((double)p->frames / p->rate_hz, whole),
            s->rate_hz / 1000.0, s->n_buses, s->n_buses == 1 ? "" : "es");
    if (guessed)
        fprintf(stderr, "    (%zu role%s guessed or unknown: 'topdown plan' shows them, --role FILE=ROLE says them)",
                guessed, guessed == 1 ? "" : "s");
    fputc('\n', stderr);
    left_out_line(p);
    if (p->balance == TD_BALANCE_ROUGH)
        fprintf(stderr, "balance: %s\n", td_printable(p->balance_reason, balance, sizeof balance));
}

/* ---- warnings ---------------------------------------------------------------------------------------------------- */

static bool warns(const td_plan *p, const char *text)
{
    for (size_t i = 0; i < p->n_notes; i++)
        if (p->note[i].kind == TD_NOTE_WARNING && !strcmp(p->note[i].text, text)) return true;
    return false;
}

/* Recipes were told of before the first sound. */
static bool is_said(const td_mixdown_said *said, const char *text)
{
    for (size_t i = 0; i < said->n; i++)
        if (!strcmp(said->text[i], text)) return true;
    return false;
}

/* What plans warn of, in their words: what all of them do once, what some do with the mix it is about. */
static void show_warnings(const td_mixdown *d)
{
    for (size_t i = 0; i < d->n; i++) {
        const td_plan *p = d->plan[i];
        for (size_t k = 0; k < p->n_notes; k++) {
            const char *text = p->note[k].text;
            size_t before = 0, all = 0;
            for (size_t j = 0; j < d->n; j++) {
                bool same = warns(d->plan[j], text);
                before += same && j < i;
                all += same || td_mixdown_failed(d, j);
            }
            if (p->note[k].kind != TD_NOTE_WARNING || is_said(&d->said[i], text) || (before && all == d->n)) continue;
            td_report_warning(all == d->n ? NULL : p->label, text);
        }
    }
}

/* ---- what came of it --------------------------------------------------------------------------------------------- */

/* What an earlier render left to be played again. */
static void kept_line(const td_mixdown *d)
{
    size_t thawed = 0, buses = 0;
    for (size_t i = 0; i < d->n && d->mix; i++) {
        const td_rendered *r = d->mix[i] ? d->mix[i]->rendered : NULL;
        if (r && r->broke)
            td_report_warning(r->broke, "its kept sound broke while it was played; all was rendered anew");
        thawed += r ? r->n_thawed : 0;
        buses += r ? r->n_buses : 0;
    }
    if (thawed) fprintf(stderr, "%zu of %zu groups as an earlier render kept them\n", thawed, buses);
}

static size_t widest_name(const td_mix *m, size_t least)
{
    for (size_t i = 0; m && i < m->n_files; i++) {
        size_t n = td_width(m->file[i].name);
        least = n > least ? n : least;
    }
    return least;
}

/* Of all files that are listed: one table. */
static size_t name_columns(const td_mixdown *d)
{
    size_t widest = widest_name(d->guests, 0);
    for (size_t i = 0; i < d->n && d->mix; i++) widest = widest_name(d->mix[i], widest);
    return widest;
}

static size_t print_mix(const td_mix *m, size_t widest)
{
    size_t missed = 0;
    char text[TD_GOAL_TEXT];
    for (size_t i = 0; i < m->n_files; i++) {
        const td_mix_file *f = &m->file[i];
        printf("  %-*s  %6.1f LUFS  %5.1f dBTP  LRA %4.1f LU\n", td_filling(f->name, widest), f->name, f->loudness_lufs,
               f->true_peak_dbtp, f->range_lu);
        if (fabs(f->turned_db) > 0.05)
            printf("  %-*s  turned %s %.1f dB, to be compared\n", (int)widest, "", f->turned_db < 0 ? "down" : "up",
                   fabs(f->turned_db));
        if (f->reached) continue;
        missed++;
        printf("  %-*s  warn: %s\n", (int)widest, "", f->missed ? f->missed : "target missed");
    }
    for (size_t i = 0; m->rendered && i < m->rendered->n_steps; i++) {
        const td_step_reached *s = &m->rendered->step[i];
        if (td_moved_text(m->plan, s, text)) printf("  %s\n", text);
        if (!td_is_missed(m->plan, s, TD_MISSED_DB)) continue;
        missed += td_is_missed(m->plan, s, TD_OFF_ASKED_DB);
        printf("  missed: %s\n", td_goal_text(s, text));
    }
    return missed;
}

/* "out/" is "out", so that no path has two slashes. */
static const char *folder_of(td_mixing *m, const char *given)
{
    size_t n = given ? strlen(given) : 0;
    while (n > 1 && given[n - 1] == '/') n--;
    return given ? td_arena_strndup(m->arena, given, n) : NULL;
}

/* The files that a report and plans make, beside the sound. */
static void print_papers(const td_mixing *m)
{
    const td_mixdown *d = m->done;
    printf("  report.json%s", m->order->report & TD_REPORT_HTML ? "  report.html" : "");
    for (size_t i = 0; i < d->n; i++) {
        char name[TD_PLAN_NAME];
        if (td_mixdown_failed(d, i)) continue;
        td_mixdown_plan_name(&m->wish, i, name);
        printf("  %s", name);
    }
    putchar('\n');
}

static bool print_failed(const td_mixdown *d, size_t i)
{
    bool failed = td_mixdown_failed(d, i);
    if (failed) printf("  %s: failed: %s\n", d->plan[i]->label, d->mix[i]->failed);
    return failed;
}

/* What a mix would write. */
static void print_would(const td_mixing *m, bool json)
{
    const char *name = td_text_or_empty(&m->done->would);
    json_t *files = json_array();
    if (!json) printf("%s\n", m->wish.out);
    for (size_t n; (n = strcspn(name, "\n")); name += n + 1) {
        if (!json) printf("  %.*s\n", (int)n, name);
        json_array_append_new(files, json_stringn(name, n));
    }
    if (json) {
        td_print_json(json_pack("{s:s, s:i, s:b, s:o}", "type", "done", "v", 1, "dry_run", 1, "files", files));
        return;
    }
    for (size_t i = 0; i < m->done->n; i++) print_failed(m->done, i);
    print_papers(m);
    puts("nothing is written: --dry-run");
    json_decref(files);
}

static int run(const td_args *a)
{
    td_mixing m;
    td_error err;
    int code = td_mixing_init(&m, a);
    if (!code && !(m.wish.out = folder_of(&m, td_args_get(a, "output")))) {
        td_fail(&err, TD_ARG, NULL, "-o out/", "mix needs a folder for what comes out");
        code = td_report_error(TD_ARG, &err);
    }
    if (!code) code = td_mixing_run(&m, a);
    const td_mixdown *d = m.done;
    size_t missed = 0;
    bool json = td_args_has(a, "json");
    bool made = !code || code == td_status_exit(TD_PARTIAL);
    if (made && !td_args_has(a, "quiet") && !json) {
        session_line(d);
        show_warnings(d);
        kept_line(d);
    }
    for (size_t i = 0; made && i < d->n && !m.wish.dry && !json; i++) {
        if (i == 0) printf("%s\n", m.wish.out);
        if (!print_failed(d, i)) missed += print_mix(d->mix[i], name_columns(d));
    }
    if (!json && d && d->guests) print_mix(d->guests, name_columns(d));
    if (made && m.wish.dry)
        print_would(&m, json);
    else if (made && !json)
        print_papers(&m);
    else if (!code)
        printf("{\"type\":\"done\",\"v\":1,\"report\":\"report.json\",\"mixes\":%zu}\n", d->n);
    if (!code && missed && td_args_has(a, "strict")) code = td_status_exit(TD_MISSED);
    td_mixing_fini(&m);
    return code;
}

const td_command td_cmd_mix = {
    .name = "mix",
    .group = "On this machine",
    .summary = "mixes stems by one or more recipes: previews, masters, plans and a report",
    .synopsis = "STEMS... --recipe NAME -o DIR [-n] | --job FILE -o DIR | --plan FILE [--job FILE] -o DIR",
    .examples =
        "  topdown mix stems/ --recipe pop-rock -o out/                        a first mix\n"
        "  topdown mix stems/ -r pop-rock -r electronic -o out/                the same stems, two ways\n"
        "  topdown mix --plan out/plan-pop-rock.yaml -o again/                 a plan, perhaps edited, once more\n"
        "  topdown mix --plan second.yaml --job job.yaml -o again/             for the stems and outputs of a job\n",
    .flags = flags,
    .run = run,
};
