/* engine/report/page.h - a page being written: its language, its report, and how figures look on it. Room-internal. */
#ifndef TD_REPORT_PAGE_H
#define TD_REPORT_PAGE_H

#include "engine/report/markup.h"
#include "engine/report/words.h"
#include <jansson.h>

typedef struct td_page {
    td_text *out;
    td_language language;
    const json_t *report;
    td_arena *arena;
} td_page;

static inline const char *td_say(const td_page *p, td_word word)
{
    return td_word_in(p->language, word);
}

static inline void td_page_add(td_page *p, const char *markup)
{
    td_text_add(p->out, markup);
}

static inline void td_page_text(td_page *p, const char *text)
{
    td_markup(p->out, text);
}

/* ---- elements.c -------------------------------------------------------------------------------------------------- */

/* "-14.0 LUFS" with a real minus sign, and in German with a comma; a dash for what does not exist. sign: also "+".
 * unit may be "". Returns out. */
enum { TD_FIGURE = 64 };
const char *td_figure(const td_page *p, double x, int decimals, bool sign, const char *unit, char out[TD_FIGURE]);

double td_held(const json_t *o, const char *name);           /* NaN where there is no number */
double td_held_wish(const json_t *file, const char *name);   /* what was wanted of it; NaN: nothing */
const char *td_held_text(const json_t *o, const char *name); /* "" where there is none */
/* A list of numbers; NaN where one is null. n 0 and never NULL when there is no list; NULL when memory is short. */
double *td_held_list(td_page *p, const json_t *o, const char *name, size_t *n);

/* A text of the report that is one of these words, in the page's language; NULL: it is none of them. */
const char *td_said(const td_page *p, const char *text, const td_word *word, size_t n);

/* "drums", and "mix bus" for "mix". */
const char *td_place_name(const td_page *p, const char *place);
const json_t *td_main_file(const json_t *mix); /* the one its portrait was made of; NULL: none */

void td_element(td_page *p, const char *open, const char *text, const char *close); /* text is escaped */
void td_heading(td_page *p, td_word word);
/* What a plan says. It is English whatever the page's language. */
void td_prose(td_page *p, const char *open, const char *text, const char *close);
/* A list of such texts under a heading, unless it is empty. */
void td_page_list(td_page *p, const json_t *mix, const char *name, td_word title);

typedef struct td_head {
    td_word word;
    bool number;
} td_head;

/* On a phone a row's figures stand in two columns, each behind its head; prose in one, without heads. */
void td_table_open(td_page *p, const td_head *h, size_t n); /* of 13 columns at most */
void td_prose_table_open(td_page *p, const td_head *h, size_t n);
void td_table_close(td_page *p);
void td_row_open(td_page *p, const char *name);
void td_row_close(td_page *p);
void td_text_cell(td_page *p, const char *text);
void td_number_cell(td_page *p, double x, int decimals, bool sign);

/* ---- sections, in the order of the page -------------------------------------------------------------------------- */

/* glance.c: several mixes side by side, and of one its tiles and words */
void td_section_overview(td_page *p, const json_t *mixes);
void td_section_comparison(td_page *p);
void td_section_tiles(td_page *p, const json_t *mix);
void td_section_words(td_page *p, const json_t *mix);

/* reached.c: what was measured, beside what was wanted */
void td_section_files(td_page *p, const json_t *mix);
void td_section_reductions(td_page *p, const json_t *mix);
void td_section_buses(td_page *p, const json_t *mix);
void td_section_tone(td_page *p, const json_t *mix);
void td_section_translation(td_page *p, const json_t *mix);
void td_section_card(td_page *p, const json_t *mix);

/* origin.c: where it comes from */
void td_section_decisions(td_page *p, const json_t *mix);
void td_section_stems(td_page *p);
void td_section_origin(td_page *p);

/* plots.c: each a figure with its caption, its figures in words, and a table of them */
void td_plot_loudness(td_page *p, const json_t *mix, const json_t *file);
void td_plot_spectrum(td_page *p, const json_t *mix);
void td_plot_stereo(td_page *p, const json_t *mix);
void td_plot_reduction(td_page *p, const json_t *step); /* small, for a table's cell */

extern const char td_page_style[];

#endif
