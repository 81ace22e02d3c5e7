/* recipes/diag.h - collecting messages about a document, for the files of this room. */
#ifndef TD_RECIPES_DIAG_H
#define TD_RECIPES_DIAG_H

#include "recipes/recipes.h"
#include "recipes/yaml.h"

#define TD_MISTAKES_MAX 20 /* of each kind; what comes after is counted and not kept */

/* An error or a warning at a node; node NULL: about the document as a whole. detail and hint are formatted into the
 * messages' arena by td_say; hint may be NULL. Long scalars are cut by td_cut. */
void td_mistake(td_messages *m, const td_node *at, const char *code, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
void td_caution(td_messages *m, const td_node *at, const char *code, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* A mistake inside a scalar: `offset` and `length` count bytes of its text. */
void td_mistake_in(td_messages *m, const td_node *at, size_t offset, size_t length, const char *code, const char *hint,
                   const char *fmt, ...) __attribute__((format(printf, 7, 8)));

/* A mistake at a place of a document that has no nodes yet. */
void td_mistake_at(td_messages *m, const td_document *doc, unsigned line, unsigned column, unsigned width,
                   const char *code, const char *hint, const char *fmt, ...) __attribute__((format(printf, 8, 9)));

/* A mistake about a file that could not even be read. */
void td_mistake_file(td_messages *m, const char *file, const td_error *err);

/* Text in the messages' arena; never NULL ("" when memory is short, and td_messages_broken then says so). */
const char *td_say(td_messages *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A scalar fit to be quoted: at most 48 characters. */
const char *td_cut(td_messages *m, const char *text);
/* "did you mean 'x'?" for the nearest of words, else NULL. */
const char *td_did_you_mean(td_messages *m, const char *text, const char *const *words, size_t n);
/* "did you mean 'x'?", else "one of a, b, c"; NULL where there are no words. */
const char *td_one_of(td_messages *m, const char *text, const char *const *words, size_t n);

/* By file, in the order files were first spoken of, then by line and column. */
void td_messages_sort(td_messages *m);
/* The processor whose parameters the summary points to; the first one said stays. */
void td_messages_about(td_messages *m, const char *processor);
bool td_messages_broken(const td_messages *m); /* memory ran out */
void td_messages_break(td_messages *m);

#endif
