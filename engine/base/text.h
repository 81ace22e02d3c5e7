/* engine/base/text.h - a string that grows, and the few things done with words everywhere. */
#ifndef TD_BASE_TEXT_H
#define TD_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A growing string. Zero-initialise it; td_text_free frees. When memory runs out it stays as it was and `broken` is
 * set, so callers check once at the end. data is NUL-terminated, or NULL while nothing was added. */
typedef struct td_text {
    char *data;
    size_t length, capacity;
    bool broken;
} td_text;

void td_text_add(td_text *t, const char *s);
void td_text_addn(td_text *t, const char *s, size_t n);
void td_text_addf(td_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *td_text_or_empty(const td_text *t);
void td_text_free(td_text *t);

bool td_starts_with(const char *s, const char *prefix);
bool td_ends_with(const char *s, const char *suffix);

/* The entry of words[0..n) nearest to s by edit distance with swaps (Damerau, restricted), at most 2 away and less than
 * the word's own length; NULL when none is. Ties go to the first. */
const char *td_nearest(const char *s, const char *const *words, size_t n);

/* A copy of s that is safe to print on one line of a terminal: controls and broken UTF-8 become \xNN. Returns out. */
const char *td_printable(const char *s, char *out, size_t size);
/* The character of UTF-8 that a text begins with, and its length. 0, and a byte to pass over: none, or no UTF-8. */
unsigned td_character(const char *s, size_t *bytes);
/* How many columns a printable text takes in a terminal: accents that stand on the letter before them take none,
 * Chinese, Japanese and Korean characters two. */
size_t td_width(const char *s);
/* The field width, in bytes, with which "%-*s" fills `columns`. */
int td_filling(const char *s, size_t columns);

#endif
