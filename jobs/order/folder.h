/* jobs/order/folder.h - stems of a folder, and what lies beside them. */
#ifndef TD_JOBS_ORDER_FOLDER_H
#define TD_JOBS_ORDER_FOLDER_H

#include "engine/mix/session.h"

bool td_sounds(const char *name); /* it ends like a sound file and is not hidden */

/* "a link to nowhere", "a pipe", ...: what lies there instead of a file; NULL: a file, or what it is cannot be told. */
const char *td_no_file(const char *path);

/* Stems of a folder: every file whose name ends like sound, sorted. What is named so and is no file is a stem that is
 * refused. Appends to the wishes; paths live in a. TD_ARG: no folder, nothing that sounds, too much. */
td_status td_stems_in_folder(const char *folder, td_arena *a, td_stem_wish **stem, size_t *n, td_error *err);

/* Folders further down that hold sound themselves: it is not read, for its files may be takes, or bounces of the
 * others. Links are not followed. */
typedef struct td_below {
    const char *path;
    size_t sounds; /* files in the folder itself */
} td_below;

td_status td_folders_below(const char *folder, td_arena *a, td_below **out, size_t *n, td_error *err);

/* "its 7 sound files are not read; CURE". Returns out. */
const char *td_below_text(const td_below *b, const char *cure, char *out, size_t size);

#endif
