#include "cmd/cmd.h"

#include "engine/base/json.h"
#include "jobs/order/mixdown.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

struct td_meter_line {
    pthread_mutex_t lock;
    enum { SILENT, PLAIN, TERMINAL, JSON } form;
    char stage[128]; /* and the mix it is about */
    double began, shown;
    bool open;    /* a line of the terminal is not ended yet */
    bool verbose; /* each stage's end is told with how long it took */
};

double td_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

td_meter_line *td_progress_new(const td_args *a)
{
    td_meter_line *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    pthread_mutex_init(&p->lock, NULL);
    const char *term = getenv("TERM");
    p->verbose = td_args_has(a, "verbose");
    if (td_args_has(a, "quiet"))
        p->form = SILENT;
    else if (td_args_has(a, "json"))
        p->form = JSON;
    else
        p->form = isatty(STDERR_FILENO) && !(term && !strcmp(term, "dumb")) ? TERMINAL : PLAIN;
    return p;
}

void td_progress_free(td_meter_line *p)
{
    if (!p) return;
    td_progress_end(p);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

size_t td_columns(void)
{
    struct winsize w;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0 || !w.ws_col) return 0;
    return w.ws_col < 80 ? 80 : w.ws_col > 200 ? 200 : w.ws_col;
}

/* Characters left for the stage's name and the bar, of a line that must not wrap. */
static int room_for_bar(void)
{
    enum { AROUND = sizeof " [] 100 %  1234x  123 min left" - 1, MOST = 58 };
    struct winsize w = { 0 };
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) != 0 || !w.ws_col) return MOST;
    int room = w.ws_col - 1 - AROUND;
    return room < 0 ? 0 : room < MOST ? room : MOST;
}

/* "  23x  4 s left", as far as it can be told. */
static void foretell(const td_meter_line *p, const td_stage_at *step, double t, char speed[16], char left[16])
{
    double took = t - p->began, rest = took * (1 - step->fraction) / step->fraction;
    speed[0] = left[0] = 0;
    if (took < 0.2 || step->fraction < 0.02) return;
    if (step->song_s > 0) snprintf(speed, 16, "  %.0fx", fmin(step->song_s * step->fraction / took, 9999));
    if (rest >= 100)
        snprintf(left, 16, "  %.0f min left", fmin(rest / 60, 999));
    else if (rest >= 0.5)
        snprintf(left, 16, "  %.0f s left", rest);
}

static void draw(td_meter_line *p, const td_stage_at *step, double t)
{
    static const char full[] = "##############################", none[] = "------------------------------";
    int room = room_for_bar(), bar = room / 2, n = (int)(step->fraction * bar);
    char speed[16], left[16];
    foretell(p, step, t, speed, left);
    fprintf(stderr, "\r%-*.*s [%.*s%.*s] %3d %%%-7s%-14s", room - bar, room - bar, p->stage, n, full, bar - n, none,
            (int)(step->fraction * 100), speed, left);
    fflush(stderr);
    p->open = true;
}

/* For programs. */
static void tell(const td_stage_at *step)
{
    json_t *o = json_pack("{s:s, s:i, s:s, s:f}", "type", "progress", "v", 1, "stage", step->stage, "fraction",
                          td_round_to(step->fraction, 0.001));
    if (step->mix) json_object_set_new(o, "mix", json_string(step->mix));
    if (step->song_s > 0) json_object_set_new(o, "song_s", td_json_number(step->song_s, 0.001));
    char *text = o ? json_dumps(o, TD_JSON_LINE) : NULL;
    if (text) puts(text);
    fflush(stdout);
    free(text);
    json_decref(o);
}

static void end_stage(td_meter_line *p)
{
    if (p->open) fputc('\n', stderr);
    if (p->verbose && p->stage[0] && (p->form == TERMINAL || p->form == PLAIN))
        fprintf(stderr, "%s took %.2f s\n", p->stage, td_seconds() - p->began);
    p->open = false;
    p->stage[0] = 0;
}

static void show(td_meter_line *p, const td_stage_at *step)
{
    char stage[sizeof p->stage], speed[16], left[16];
    double t = td_seconds();
    snprintf(stage, sizeof stage, "%s%s%s", step->stage, step->mix ? " " : "", step->mix ? step->mix : "");
    bool fresh = strcmp(p->stage, stage) != 0;
    if (fresh) {
        end_stage(p);
        memcpy(p->stage, stage, sizeof stage);
        p->began = t;
    }
    double pause = p->form == TERMINAL ? 0.1 : p->form == JSON ? 0.5 : 30;
    bool end = step->fraction >= 1 && p->form != PLAIN;
    if (!fresh && !end && t - p->shown < pause) return;
    p->shown = t;
    if (p->form == TERMINAL) {
        draw(p, step, t);
    } else if (p->form == JSON) {
        tell(step);
    } else if (fresh) {
        fprintf(stderr, "%s\n", stage);
    } else {
        foretell(p, step, t, speed, left);
        fprintf(stderr, "%s  %d %%%s%s\n", stage, (int)(step->fraction * 100), speed, left);
    }
}

void td_progress_step(void *user, const td_stage_at *step)
{
    td_meter_line *p = user;
    td_stage_at clamped = *step;
    if (!p || p->form == SILENT) return;
    clamped.fraction = td_clamp(step->fraction, 0, 1);
    pthread_mutex_lock(&p->lock);
    show(p, &clamped);
    pthread_mutex_unlock(&p->lock);
}

void td_progress_show(void *user, const char *stage, double fraction)
{
    td_progress_step(user, &(td_stage_at){ .stage = stage, .fraction = fraction });
}

void td_progress_end(td_meter_line *p)
{
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    end_stage(p);
    pthread_mutex_unlock(&p->lock);
}
