/* tests/unit/failing.h - an allocator that fails when it is told to, for programs of one file. The sanitisers have one
 * of their own, which cannot be told: there nothing fails, and what is tested only runs. */
#ifndef TEST_FAILING_H
#define TEST_FAILING_H

#include <stdbool.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTS 0
#endif
#endif
#ifndef COUNTS
#define COUNTS 1
#endif

static long left = -1;                          /* allocations until one fails; below 0: none does */
static long live, made __attribute__((unused)); /* allocations: not freed; of all, where they are counted */
static bool failed;

#if COUNTS
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);

static bool fails(void)
{
    made++;
    if (left < 0 || left-- > 0) return false;
    failed = true;
    return true;
}

static void *counted(void *p)
{
    live += p != NULL;
    return p;
}

void *malloc(size_t size)
{
    return counted(fails() ? NULL : __libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
    return counted(fails() ? NULL : __libc_calloc(n, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return counted(fails() ? NULL : __libc_memalign(alignment, size));
}

void *realloc(void *old, size_t size)
{
    void *p = fails() ? NULL : __libc_realloc(old, size);
    return old ? p : counted(p);
}

void free(void *p)
{
    live -= p != NULL;
    __libc_free(p);
}
#endif

#endif
