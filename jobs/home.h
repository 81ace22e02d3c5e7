/* jobs/home.h - the folder of a service: where everything lies, and who may read it.
 *
 *     DIR/queue.db      DIR/api-key      DIR/credentials/NAME
 *     DIR/objects/results/CLIENT/JOB/HASH16/NAME
 *     DIR/scratch/JOB/  (lock, stems/, one folder an attempt)      DIR/scratch/worker-N.lock */
#ifndef TD_JOBS_HOME_H
#define TD_JOBS_HOME_H

#include "jobs/store/store.h"

/* The secret of a webhook whose job names none; made at the first start. */
#define TD_OWN_CREDENTIAL "webhook"
#define TD_ADMIN          "admin"

typedef struct td_home {
    char dir[1024]; /* absolute */
    int slot_fd;    /* holds the lock of worker_id while open; -1 */
    char worker_id[128];
} td_home;

/* Makes what is missing, private to its owner. TD_DISK, TD_ARG. */
td_status td_home_open(const char *dir, td_home *out, td_error *err);
void td_home_close(td_home *h);

/* The client `admin`, its key in DIR/api-key and the server's own webhook secret, unless they are there. */
td_status td_home_admit(const td_home *h, td_store *s, td_error *err);

/* Takes the first worker name of this machine that no living process holds, and so knows its former holder to be dead.
 */
td_status td_home_take_slot(td_home *h, td_error *err);

const char *td_home_path(const td_home *h, char *out, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A secret by name: $CREDENTIALS_DIRECTORY/NAME, else DIR/credentials/NAME, NUL-terminated in the arena.
 * TD_DENIED: no such credential. */
td_status td_home_credential(const td_home *h, const char *name, td_arena *a, char **out, td_error *err);

/* The disk of a folder: what is free, and what of it no job may have. */
typedef struct td_disk {
    int64_t free_bytes, reserve_bytes;
} td_disk;

/* What a disk of so many bytes keeps back: 2 GiB or a twentieth, whichever is more (of a small one at most a quarter).
 */
int64_t td_disk_reserve(int64_t all_bytes);
td_disk td_disk_of(const char *folder); /* nothing is free where it cannot be asked */
/* Why a job that needs so many bytes waits; NULL: it need not. For people, in out. */
const char *td_disk_short(const td_disk *d, const char *folder, int64_t needs_bytes, char *out, size_t size);

int64_t td_home_free(const td_home *h); /* bytes that jobs may use */

/* Removes a folder below scratch with all that is in it; no link is followed. */
void td_tree_remove(const char *path);

/* A key: "td_" + id + "_" + 43 characters of base64url. *id then points at 17 bytes of the caller's. False: no key. */
bool td_key_parse(const char *token, char id[40]);
void td_key_make(char out[128]); /* a new one, by chance */

#endif
