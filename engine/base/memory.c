#include "engine/base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK   ((size_t)16 << 10)
#define LARGEST ((size_t)1 << 30)

typedef struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(16) unsigned char data[];
} chunk;

struct td_arena {
    chunk *first;
    bool broken;
};

td_arena *td_arena_new(void)
{
    return calloc(1, sizeof(td_arena));
}

void td_arena_free(td_arena *a)
{
    if (!a) return;
    for (chunk *c = a->first, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(a);
}

void td_arena_join(td_arena *a, td_arena *from)
{
    if (!from) return;
    chunk **last = &a->first;
    while (*last) last = &(*last)->next;
    *last = from->first;
    a->broken |= from->broken;
    free(from);
}

bool td_arena_broken(const td_arena *a)
{
    return a->broken;
}

static void *refuse(td_arena *a)
{
    a->broken = true;
    return NULL;
}

void *td_arena_alloc(td_arena *a, size_t size)
{
    if (size > LARGEST) return refuse(a);
    size = (size + 15) & ~(size_t)15;
    chunk *c = a->first;
    if (!c || c->size - c->used < size) {
        size_t want = size > CHUNK / 4 ? size : CHUNK;
        chunk *fresh = calloc(1, sizeof *fresh + want);
        if (!fresh) return refuse(a);
        fresh->size = want;
        if (c && want == size) { /* a large block: the open chunk stays first */
            fresh->next = c->next;
            c->next = fresh;
        } else {
            fresh->next = c;
            a->first = fresh;
        }
        c = fresh;
    }
    void *p = c->data + c->used;
    c->used += size;
    return p;
}

void *td_arena_array(td_arena *a, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) return refuse(a);
    return td_arena_alloc(a, bytes);
}

char *td_arena_strndup(td_arena *a, const char *s, size_t n)
{
    char *p = td_arena_alloc(a, n + 1);
    if (p) memcpy(p, s, n);
    return p;
}

char *td_arena_strdup(td_arena *a, const char *s)
{
    return s ? td_arena_strndup(a, s, strlen(s)) : NULL;
}

char *td_arena_printf(td_arena *a, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    char *p = n < 0 ? refuse(a) : td_arena_alloc(a, (size_t)n + 1);
    if (p) vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(args);
    return p;
}

void *td_calloc2(size_t n, size_t m, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, m, &bytes) || __builtin_mul_overflow(bytes, size, &bytes) || bytes > SIZE_MAX - 64)
        return NULL;
    bytes = (bytes + 63) & ~(size_t)63;
    void *p = aligned_alloc(64, bytes ? bytes : 64);
    if (p) memset(p, 0, bytes);
    return p;
}

int td_grow(void **array, size_t *capacity, size_t n, size_t size)
{
    if (n < *capacity) return 1;
    size_t want = *capacity ? *capacity : 8, bytes;
    while (want <= n) {
        if (want > SIZE_MAX / 2) return 0;
        want *= 2;
    }
    if (__builtin_mul_overflow(want, size, &bytes)) return 0;
    void *p = realloc(*array, bytes);
    if (!p) return 0;
    *array = p;
    *capacity = want;
    return 1;
}
