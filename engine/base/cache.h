/* engine/base/cache.h - a folder of what was found out once and is cheaper to keep than to find again.
 *
 * Its files may go at any time, be damaged or be none: whoever reads one judges it, and finds out anew what it does not
 * say. Nobody waits until one is on the disk. Their kinds stand here so that one limit holds for all of them. */
#ifndef TD_BASE_CACHE_H
#define TD_BASE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum td_cache_kind {
    TD_CACHE_HASH,   /* of a file that did not change (hash.h) */
    TD_CACHE_SOUND,  /* what a stem without a telling name sounds like (mix/open/listen.c) */
    TD_CACHE_SURVEY, /* of a session (mix/survey.h) */
    TD_CACHE_GROUP,  /* a group's sound (mix/frozen.h) */
    TD_CACHE_KINDS
} td_cache_kind;

/* folder/name.kind in out. False: it does not fit, or folder is NULL. */
bool td_cache_path(const char *folder, td_cache_kind kind, const char *name, char *out, size_t size);

FILE *td_cache_open(const char *path); /* NULL: no such file, or none that can be read */
/* A file that gets its name when it is whole; temp has room for size. NULL: it cannot be kept. */
FILE *td_cache_begin(const char *path, char *temp, size_t size);
/* Closes it; good: it was written without fault. Else, and where that fails, nothing stays. */
bool td_cache_end(FILE *f, const char *temp, const char *path, bool good);

/* FNV-1a by words of 64 bits, the last filled up with zeros: a word that changed always shows, and against accidents
 * that is enough. sum: of what went before, 0 at first. */
uint64_t td_cache_sum(uint64_t sum, const void *data, size_t bytes);
/* Of the running program: a figure that was mended must not be read from yesterday. 0 where it cannot be read. */
uint64_t td_cache_program(void);

/* Makes room for `want` bytes in a cache that may hold `limit`: what was not used for longest goes first, and nothing
 * that was used since `since` (seconds since 1970). Returns how many of `want` there is room for; half of what the disk
 * has free is left alone. What a crash left half written goes after an hour. */
uint64_t td_cache_room(const char *folder, uint64_t want, uint64_t limit, int64_t since);
/* Gives way until the disk has `need` bytes for `other`, a folder, where that is the same disk. */
void td_cache_yield(const char *folder, const char *other, uint64_t need);
uint64_t td_cache_bytes(const char *folder); /* what it holds; 0 where there is none */

#endif
