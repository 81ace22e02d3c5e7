/* jobs/confine.h - what a child that decodes a stranger's files may still do.
 *
 * Files: reading what programs need (libraries, recipes), writing below one folder, nothing else (Landlock, where the
 * kernel has it). System calls: no socket, no look into other processes, no namespaces, mounts, keys or kernel
 * modules (seccomp). Rights: none can be gained (no_new_privs). It dies with the thread that started it. */
#ifndef TD_JOBS_CONFINE_H
#define TD_JOBS_CONFINE_H

#include "engine/base/base.h"
#include <linux/filter.h>

#define TD_CONFINE_STEPS 64

typedef struct td_confine {
    int ruleset;    /* -1: this kernel knows no Landlock */
    uint64_t right; /* to files, as far as this kernel knows them */
    struct sock_filter filter[TD_CONFINE_STEPS];
    unsigned short steps;
} td_confine;

/* Prepares a cage: `writable` and what is below may be written, `readable` (ends with NULL; what is not there is passed
 * over) and the system's libraries may be read and run. TD_DISK: `writable` cannot be opened. */
td_status td_confine_init(td_confine *c, const char *writable, const char *const *readable, td_error *err);
void td_confine_fini(td_confine *c);

/* In a child between fork and exec: only system calls, no memory, no locks. False: it must not go on. */
bool td_confine_enter(const td_confine *c);

bool td_confine_files(void); /* whether this kernel can keep a child from files */

#endif
