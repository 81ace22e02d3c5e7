/* jobs/child.h - one program, one job: started without credentials, watched while it runs, judged when it ends.
 *
 * The child gets a bare environment, no open file but its three, the job's folder as working folder, a process group of
 * its own and limits on memory and core files. It tells its progress on stdout, an object a line; whatever else it says
 * there is ignored. What it writes to stderr goes to a file. In a cage it dies with the thread that runs td_child_run.
 * Threads: any. */
#ifndef TD_JOBS_CHILD_H
#define TD_JOBS_CHILD_H

#include "jobs/confine.h"

typedef struct td_child {
    const char *program;     /* NULL: this program itself */
    const char *const *argv; /* without the program's name; NULL-terminated */
    const char *folder;      /* where it works */
    const char *log;         /* file for its stderr */
    int64_t limit_ms;        /* wall time, then it is killed; or this long for each second of the song, where that is */
    int64_t limit_ms_per_s;  /* more: a child tells in "song_s" of its progress how long the song is */
    int64_t memory_bytes;    /* address space; 0: no limit */
    const td_confine *cage;  /* NULL: none */
    /* Each progress line; `mix` may be NULL. Strings live for the call. */
    void (*progress)(void *user, const char *stage, double fraction, const char *mix);
    bool (*stop)(void *user); /* asked several times a second; true kills the child */
    void *user;
} td_child;

typedef struct td_child_end {
    int code;   /* exit code; -1 when a signal ended it */
    int signal; /* else 0 */
    bool timed_out, stopped;
    bool done;       /* it said {"type":"done"} */
    char reason[32]; /* {"type":"error","code":...}: a td_status_name; may be empty */
    char text[640];  /* the last error it told, for people; may be empty */
    char *refusal;   /* JSON, { "refused", "message", "stems" }: stems it refused; for free(); NULL */
} td_child_end;

/* TD_OK: it ran and *out says how it ended. Else it never started: TD_DISK, TD_NOMEM, TD_FAILED. */
td_status td_child_run(const td_child *c, td_child_end *out, td_error *err);

#endif
