#include "cmd/cmd.h"

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
    char stage[64];
    double began, shown;
    bool open; /* a line of the terminal is not ended yet */
};

static double now(void)
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
    if (td_args_has(a, "json"))
        p->form = JSON;
    else if (td_args_has(a, "quiet"))
        p->form = SILENT;
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

/* Characters left for the stage's name and the bar, of a line that must not wrap. */
static int room_for_bar(void)
{
    enum { AROUND = sizeof " [] 100 %  123 s left" - 1, MOST = 54 };
    struct winsize w = { 0 };
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) != 0 || !w.ws_col) return MOST;
    int room = w.ws_col - 1 - AROUND;
    return room < 0 ? 0 : room < MOST ? room : MOST;
}

static void draw(td_meter_line *p, double fraction, double t)
{
    static const char full[] = "##############################", none[] = "------------------------------";
    int room = room_for_bar(), bar = room / 2, n = (int)(fraction * bar);
    double left = fraction > 0.02 ? (t - p->began) * (1 - fraction) / fraction : 0;
    fprintf(stderr, "\r%-*.*s [%.*s%.*s] %3d %%", room - bar, room - bar, p->stage, n, full, bar - n, none,
            (int)(fraction * 100));
    if (fraction < 1 && left >= 1)
        fprintf(stderr, "  %3.0f s left", fmin(left, 999));
    else
        fprintf(stderr, "%12s", "");
    fflush(stderr);
    p->open = true;
}

static void show(td_meter_line *p, const char *stage, double fraction)
{
    double t = now();
    bool fresh = strcmp(p->stage, stage) != 0;
    if (fresh) {
        if (p->open) fputc('\n', stderr);
        p->open = false;
        snprintf(p->stage, sizeof p->stage, "%s", stage);
        p->began = t;
    }
    double pause = p->form == TERMINAL ? 0.1 : p->form == JSON ? 0.5 : 30;
    bool end = fraction >= 1 && p->form != PLAIN;
    if (!fresh && !end && t - p->shown < pause) return;
    p->shown = t;
    if (p->form == TERMINAL) {
        draw(p, fraction, t);
    } else if (p->form == JSON) {
        printf("{\"type\":\"progress\",\"v\":1,\"stage\":\"%s\",\"fraction\":%.3f}\n", stage, fraction);
        fflush(stdout);
    } else if (fresh) {
        fprintf(stderr, "%s\n", stage);
    } else {
        fprintf(stderr, "%s %d %%\n", stage, (int)(fraction * 100));
    }
}

void td_progress_show(void *user, const char *stage, double fraction)
{
    td_meter_line *p = user;
    if (!p || p->form == SILENT) return;
    pthread_mutex_lock(&p->lock);
    show(p, stage, fraction < 0 ? 0 : fraction > 1 ? 1 : fraction);
    pthread_mutex_unlock(&p->lock);
}

void td_progress_end(td_meter_line *p)
{
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    if (p->open) fputc('\n', stderr);
    p->open = false;
    p->stage[0] = 0;
    pthread_mutex_unlock(&p->lock);
}
