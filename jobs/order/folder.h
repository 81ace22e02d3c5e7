/* jobs/order/folder.h - stems of a folder and of those below it. */
#ifndef TD_JOBS_ORDER_FOLDER_H
#define TD_JOBS_ORDER_FOLDER_H

#include "engine/mix/session.h"

bool td_sounds(const char *name); /* it ends like a sound file and is not hidden */

/* "a link to nowhere", "a pipe", ...: what lies there instead of a file; NULL: a file, or what it is cannot be told. */
const char *td_no_file(const char *path);

/* TD_ARG: it is an address, and what is mixed in this process lies on this machine. NULL is welcome. */
td_status td_file_here(const char *path, td_error *err);
bool td_same_file(const char *a, const char *b); /* also by other ways to one name */

enum { TD_FOLDERS_DEEP = 4 };

/* What clients' machines leave in folders: hidden, or made by an archiver. Neither stems nor folders of stems. */
bool td_passed_over(const char *name);

enum { TD_EARLIER_MAX = 1024 };

typedef struct td_earlier {
    const char *name[TD_EARLIER_MAX];
    size_t n;
} td_earlier;

/* Files of an earlier mix that was written into the folder: what its report.json lists and lies there. Names live in
 * a. None where there is no report, or none that can be read. */
void td_earlier_in_folder(const char *folder, td_arena *a, td_earlier *e);

/* Stems of a folder and of the folders below it, down to TD_FOLDERS_DEEP: every file whose name ends like sound, sorted
 * and called by its path from the folder on. What is named so and is no file is a stem that is refused. A folder below
 * that holds a report.json is a mix that was made earlier, and no part of it, nor is what td_earlier_in_folder finds in
 * the folder itself. Appends to the wishes what is not among
 * them; paths live in a. TD_ARG: no folder, nothing that sounds, too much, too deep. */
td_status td_stems_in_folder(const char *folder, td_arena *a, td_stem_wish **stem, size_t *n, td_error *err);

/* TD_ARG: nothing is called so; the hint names the nearest that is. */
td_status td_role_check(const char *role, td_error *err);

/* What a person says of a stem: "Track 7.wav=vocals.lead", the file by its name, with as many of its folders in front
 * as they like. Texts are borrowed where they can be, else in a. TD_ARG: no such stem, several, no such role. */
td_status td_stem_say_role(td_stem_wish *stem, size_t n, const char *said, td_arena *a, td_error *err);

#endif
