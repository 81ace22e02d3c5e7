/* jobs/results.h - from a child's folder to results that stay: judged, hashed, made durable, then named. */
#ifndef TD_JOBS_RESULTS_H
#define TD_JOBS_RESULTS_H

#include "jobs/home.h"

typedef struct td_results {
    td_artefact *artefact;
    size_t n;
    char *json; /* { "session", "mixes": [ { "label", ..., "outputs": [...] } ], "files": [...] } */
} td_results;

/* Takes every regular file of `folder` (report.json says what they are) to objects/results/CLIENT/JOB/HASH16/NAME:
 * fsync, rename, fsync of the folders, and only then named to the caller. The child's folder is foreign: names, kinds
 * and figures are taken, hashes and sizes are our own. TD_FAILED: no or a senseless report, or a file that it names is
 * missing. TD_DISK. TD_STOPPED: stop said so. */
td_status td_results_publish(const td_home *h, const char *client, const char *job, const char *folder,
                             bool (*stop)(void *user), void *user, td_arena *a, td_results *out, td_error *err);

/* Cuts an attempt's folder out of a text, in place: to its client a stem is "Kick.wav", wherever it lay here, and plans
 * of two attempts are the same bytes. */
void td_results_unplace(char *text, const char *attempt_folder);

/* "9f2c..." as the bytes in base64, the way Repr-Digest writes them. out holds 48 bytes. */
const char *td_digest_base64(const char *sha256_hex, char out[48]);

#endif
