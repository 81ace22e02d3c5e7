#include "cmd/cmd.h"
#include "engine/mix/roles.h"
#include "jobs/jobs.h"
#include "recipes/recipes.h"

#include <stdio.h>
#include <string.h>

static const td_flag none[] = { { NULL, 0, NULL, NULL } };

static void flags(const char *title, const td_flag *f)
{
    if (!f || !f->name) return;
    printf("\n%s\n", title);
    for (; f->name; f++) {
        char left[64];
        snprintf(left, sizeof left, "%c%c%c --%s%s%s", f->letter ? '-' : ' ', f->letter ? f->letter : ' ',
                 f->letter ? ',' : ' ', f->name, f->value ? " " : "", f->value ? f->value : "");
        printf("  %-26s %s\n", left, f->help);
    }
}

/* ---- topics ------------------------------------------------------------------------------------------------------ */

static void exit_codes(void)
{
    puts("Exit codes. New ones may come; anything unknown is a failure.\n");
    static const struct {
        int code;
        const char *text;
    } rows[] = {
        { 0, "done" },
        { 1, "failed; trying again unchanged will not help" },
        { 2, "wrong call: flags or arguments" },
        { 3, "input refused: a recipe, job file, plan or stem; messages name the place" },
        { 4, "some recipes or files done, some not" },
        { 5, "done, but what --strict or --expect asked for did not hold" },
        { 69, "a server or storage is not reachable" },
        { 75, "temporary: queue full, disk or memory short; try later" },
        { 77, "not allowed" },
        { 130, "interrupted (Ctrl-C)" },
        { 143, "terminated" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) printf("  %3d  %s\n", rows[i].code, rows[i].text);
}

static void units(void)
{
    puts("How values are written. One blank between number and unit is usual; a bare number is refused where a unit "
         "belongs.\n\n"
         "  level       -12 dBFS, -1 dBTP, -14 LUFS      three scales, never mixed\n"
         "  gain        +1 dB, -2.5 dB                   loudness differences may be LU\n"
         "  frequency   80 Hz, 10 kHz\n"
         "  time        10 ms, 1.5 s, 1:12, 1/8 note     notes follow the job's tempo, or an estimate\n"
         "  ratio       2:1, inf:1\n"
         "  amount      110 %\n"
         "  slope       12 dB/oct\n"
         "  pan         L30, C, R100\n"
         "  range       300 to 500 Hz, -4 to 0 dB        unit once, at the end\n"
         "  wish        at most 2 dB, at least 6 dB      what the loudest passage reaches\n"
         "              about 3 dB                       exceeded 5 % of the time it plays\n"
         "  word        auto, measured, or one of a parameter's choices");
}

/* All roles that `above` covers, itself among them, as one indented paragraph. */
static void roles_of(const char *above)
{
    enum { LINE = 78, INDENT = 4 };
    const char *const *names;
    size_t n = td_role_names(&names), column = LINE;
    printf("  %s", above);
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(names[i], above) || !td_role_covers(above, names[i])) continue;
        if (column + 1 + strlen(names[i]) > LINE) column = (size_t)printf("\n%*s", INDENT, "") - 1;
        column += (size_t)printf("%s%s", column == INDENT ? "" : " ", names[i]);
    }
    putchar('\n');
}

static void roles(void)
{
    puts("A stem's role is BUS.INSTRUMENT[.DETAIL]. Its file's name says it ('Kick In.wav'), or its\n"
         "folder's ('Vox/01.wav'). --role '01.wav=vocals.lead' says it where no name does, and so does a job file.\n"
         "Where no name tells, the sound may: a guess, marked with '?', and only kicks, snares, cymbals and basses.\n"
         "What names drums.kick means drums.kick.in as well; 'all' means every stem.\n");
    for (size_t i = 0; td_buses[i]; i++) roles_of(td_buses[i]);
    puts("\nNo part of the mix:\n");
    static const char *const apart[] = { "ignore", "mix" };
    for (size_t i = 0; i < sizeof apart / sizeof apart[0]; i++) roles_of(apart[i]);
}

static void keys_of(td_status (*tell)(td_text *out))
{
    td_text t = { 0 };
    if (tell(&t) == TD_OK) fputs(t.data, stdout);
    td_text_free(&t);
}

static void job_file(void)
{
    keys_of(td_order_text);
}

static void recipe_file(void)
{
    keys_of(td_recipe_text);
}

static void flags_everywhere(void)
{
    puts("Flags stand before or behind the command and its words; '--' ends them. --name=value and --name value are "
         "one,\n"
         "and so are -o DIR and -oDIR. What a command has beside these, 'topdown help COMMAND' lists.");
    flags("Everywhere", td_flags_common);
    flags("Taken everywhere, of use where a command has stages or reckons", td_flags_taken);
}

static void show(void (*tell)(td_text *out))
{
    td_text t = { 0 };
    tell(&t);
    fputs(td_text_or_empty(&t), stdout);
    td_text_free(&t);
}

static void conditions(void)
{
    puts("A condition compares what was measured: FEATURE > VALUE, or >=, <, <=; 'and' binds closer than 'or', and\n"
         "parentheses help. It stands behind 'when:' of a step, a group or a fix.\n\n"
         "  when: rumble > -40 dB and pause_level > -20 dB\n"
         "  when: mix_excess(200 to 500 Hz) > 2 dB or kick_lead < 0 dB\n");
    show(td_features_text);
}

static void api(void)
{
    show(td_api_text);
}

static void webhooks(void)
{
    show(td_webhooks_text);
}

static void targets(void)
{
    puts("Names for 'loudness:' of a master or preview, such as 'loudness: spotify'. A true peak written beside one "
         "wins.\n");
    for (const td_named_target *t = td_named_targets; t->name; t++)
        printf("  %-14s %4.0f LUFS %4.0f dBTP   %s\n", t->name, t->loudness_lufs, t->true_peak_dbtp, t->help);
    puts("\nSpotify advises -2 dBTP for masters above -14 LUFS: its codecs overshoot the more the louder they are.\n"
         "ATSC A/85 writes LKFS, which is the same unit as LUFS.");
}

static const struct {
    const char *name, *summary;
    void (*print)(void);
} topics[] = {
    { "api", "the service over HTTP: routes, problems, states", api },
    { "conditions", "what stands behind 'when:'", conditions },
    { "exit-codes", "what the exit codes mean", exit_codes },
    { "flags", "those of every command", flags_everywhere },
    { "job-file", "every key of a job file", job_file },
    { "recipe-file", "every key of a recipe", recipe_file },
    { "roles", "what a stem can be", roles },
    { "targets", "loudness by name", targets },
    { "units", "how values are written", units },
    { "webhooks", "events, signatures, when they are sent again", webhooks },
};

/* ---- commands ---------------------------------------------------------------------------------------------------- */

static int one(const td_command *c)
{
    printf("%s\n", c->examples ? c->examples : "");
    printf("topdown %s %s\n  %s\n", c->name, c->synopsis, c->summary);
    flags("Flags", c->flags);
    flags("Flags everywhere", td_flags_common);
    puts("  -v, -j N, --color WHEN, --no-input, --config FILE are taken everywhere; 'topdown help flags' says what "
         "they do");
    return 0;
}

static void everything(void)
{
    puts("topdown mixes stems by recipe, from the top down: first the mix bus, then the groups, then single tracks.\n\n"
         "  topdown mix stems/ --recipe pop-rock -o out/     a first mix\n"
         "  topdown plan stems/ --recipe pop-rock            what it would decide, and why\n"
         "  topdown serve --listen 127.0.0.1:8750 --data data/ --work 1\n"
         "                                                   the service");
    const char *group = "";
    for (size_t i = 0; td_commands[i]; i++) {
        if (strcmp(group, td_commands[i]->group)) printf("\n%s\n", group = td_commands[i]->group);
        printf("  %-11s %s\n", td_commands[i]->name, td_commands[i]->summary);
    }
    puts("\nTopics (topdown help TOPIC)");
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
        printf("  %-11s %s\n", topics[i].name, topics[i].summary);
}

static int run(const td_args *a)
{
    if (td_args_has(a, "json") && a->flags == none) { /* not --help of another, which may stand beside it */
        td_error err;
        return td_report_error(td_fail(&err, TD_ARG, NULL, "the schemas, processors and features are JSON",
                                       "help is for people: it has no JSON"),
                               &err);
    }
    int extra = td_refuse_words(a, 1);
    if (extra) return extra;
    if (!a->n_words) {
        everything();
        return 0;
    }
    const char *names[128];
    size_t n = 0;
    for (size_t i = 0; td_commands[i] && n < 96; i++) {
        if (!strcmp(td_commands[i]->name, a->word[0])) return one(td_commands[i]);
        names[n++] = td_commands[i]->name;
    }
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        if (!strcmp(topics[i].name, a->word[0])) {
            topics[i].print();
            return 0;
        }
        names[n++] = topics[i].name;
    }
    const char *near = td_nearest(a->word[0], names, n);
    td_error err;
    char hint[160] = "topdown help lists commands and topics";
    if (near) snprintf(hint, sizeof hint, "did you mean '%s'?", near);
    td_fail(&err, TD_ARG, NULL, hint, "no command or topic '%s'", a->word[0]);
    return td_report_error(TD_ARG, &err);
}

const td_command td_cmd_help = {
    .name = "help",
    .group = "Care",
    .summary = "what there is, one command, or a topic",
    .synopsis = "[COMMAND or TOPIC]",
    .flags = none,
    .run = run,
};

static int version(const td_args *a)
{
    if (td_args_has(a, "json"))
        printf("{\"v\":1,\"version\":\"%s\"}\n", TD_VERSION);
    else
        printf("topdown %s\n", TD_VERSION);
    return 0;
}

const td_command td_cmd_version = {
    .name = "version",
    .group = "Care",
    .summary = "the version",
    .synopsis = "",
    .flags = none,
    .run = version,
    .wordless = true,
};
