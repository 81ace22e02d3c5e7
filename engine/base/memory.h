/* engine/base/memory.h - who frees: an arena for what lives as long as one value, calloc2 for blocks.
 *
 * An arena hands out zeroed memory that is dropped in one call. It belongs to one thread at a time. */
#ifndef TD_BASE_MEMORY_H
#define TD_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

typedef struct td_arena td_arena;

td_arena *td_arena_new(void);    /* NULL when memory is short */
void td_arena_free(td_arena *a); /* NULL is welcome */

/* What `from` handed out lives as long as `a` from now on; `from` is freed. NULL from is welcome. */
void td_arena_join(td_arena *a, td_arena *from);

/* Whether it ever handed out NULL, or what was joined to it did: who makes many texts asks once, at the end. */
bool td_arena_broken(const td_arena *a);

/* Zeroed memory, aligned to 16; NULL when memory is short or size exceeds 1 GiB. It lives until td_arena_free. */
void *td_arena_alloc(td_arena *a, size_t size);
void *td_arena_array(td_arena *a, size_t n, size_t size); /* NULL when n * size overflows */
char *td_arena_strdup(td_arena *a, const char *s);        /* NULL for NULL */
char *td_arena_strndup(td_arena *a, const char *s, size_t n);
char *td_arena_printf(td_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A zeroed, 64-byte aligned array for audio; NULL when the product overflows or memory is short. free() frees it. */
void *td_calloc2(size_t n, size_t m, size_t size);

/* Grows a heap array so that index n fits; capacity doubles. False when memory is short, the array then stands. */
int td_grow(void **array, size_t *capacity, size_t n, size_t size);

#endif
