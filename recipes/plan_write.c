#include "recipes/plan_rows.h"
#include "recipes/quote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Per cent that, divided by 100, give the same double; else the plain number, which the reader takes as well. */
static void put_portion(td_text *out, double x)
{
    char text[64];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x * 100);
        double percent = strtod(text, NULL);
        if (percent / 100 == x) {
            td_text_addf(out, "%s %%", td_number_text(percent, text, sizeof text));
            return;
        }
    }
    td_text_add(out, td_number_text(x, text, sizeof text));
}

static void put_slots(td_text *out, const td_param *p, const double *value, unsigned slots)
{
    char text[512];
    unsigned set = 0, last = 0;
    for (unsigned i = 0; i < slots; i++)
        if (!isnan(value[i])) set++, last = i + 1;
    if (!set)
        td_text_add(out, "none");
    else if (slots == 1 || (slots == 2 && set == 2))
        td_quote(out, td_values_text(p, value, text, sizeof text));
    else {
        td_text_add(out, "[ ");
        for (unsigned i = 0; i < last; i++) {
            if (i) td_text_add(out, ", ");
            td_quote(out, isnan(value[i]) ? "none" : td_value_text(p, value[i], text, sizeof text));
        }
        td_text_add(out, " ]");
    }
}

/* "{ ratio: 2:1, attack: 10 ms }": what is set, and what is not set though it has a default. */
static void put_values(td_text *out, const td_processor *proc, const double *value, const char *file)
{
    const char *before = "{ ";
    for (size_t i = 0; i < proc->n_params; i += td_slots(&proc->params[i])) {
        const td_param *p = &proc->params[i];
        bool set = false, expected = false;
        for (unsigned k = 0; k < td_slots(p); k++) {
            set |= !isnan(value[i + k]);
            expected |= !isnan(proc->params[i + k].def);
        }
        if (!p->name || (!set && !expected)) continue;
        td_text_addf(out, "%s%s: ", before, p->name);
        if (p->unit == TD_UNIT_FILE && set && file)
            td_quote(out, file);
        else
            put_slots(out, p, value + i, td_slots(p));
        before = ", ";
    }
    td_text_add(out, before[0] == ',' ? " }" : "{}");
}

static void put_rows(td_text *out, const td_row *rows, const void *from, unsigned indent, const char *first);

static void put_step(td_text *out, const td_plan_step *s, unsigned indent)
{
    td_text_addf(out, "%*s- %s:", indent, "", s->proc->name);
    td_text_add(out, " ");
    put_values(out, s->proc, s->value, s->file);
    td_text_add(out, "\n");
    if (s->n_parts) td_text_addf(out, "%*sbands:\n", indent + 2, "");
    for (size_t i = 0; i < s->n_parts; i++) {
        td_text_addf(out, "%*s- %s: ", indent + 4, "", s->part[i].proc->name);
        put_values(out, s->part[i].proc, s->part[i].value, NULL);
        td_text_add(out, "\n");
        put_rows(out, td_part_rows, &s->part[i], indent + 6, NULL);
    }
    put_rows(out, td_step_rows, s, indent + 2, NULL);
}

static bool is_absent(const td_row *r, const char *at, size_t count)
{
    switch (r->kind) {
    case TD_ROW_TEXT:
        return !*(const char *const *)at;
    case TD_ROW_NUMBER:
    case TD_ROW_SECONDS:
    case TD_ROW_PORTION: {
        double x = *(const double *)at;
        return isnan(r->absent) ? isnan(x) : x == r->absent && !signbit(x);
    }
    case TD_ROW_WHOLE:
        return !r->needed && !*(const unsigned *)at;
    case TD_ROW_FLAG:
        return !*(const bool *)at;
    case TD_ROW_CHAIN:
        return r->empty ? !((const td_plan_chain *)at)->step : !((const td_plan_chain *)at)->n_steps;
    case TD_ROW_TEXTS:
    case TD_ROW_LIST:
        return !count;
    default:
        return false;
    }
}

static void put_scalar(td_text *out, const td_row *r, const char *at)
{
    char text[80];
    switch (r->kind) {
    case TD_ROW_TEXT:
        td_quote(out, *(const char *const *)at);
        break;
    case TD_ROW_NUMBER:
        td_text_add(out, td_measure_text(r->measure, *(const double *)at, text, sizeof text));
        break;
    case TD_ROW_SECONDS:
        td_text_addf(out, "%s s", td_number_text(*(const double *)at, text, sizeof text));
        break;
    case TD_ROW_PORTION:
        put_portion(out, *(const double *)at);
        break;
    case TD_ROW_WHOLE:
        td_text_addf(out, "%u", *(const unsigned *)at);
        break;
    case TD_ROW_LONG:
        td_text_addf(out, "%llu", (unsigned long long)*(const uint64_t *)at);
        break;
    case TD_ROW_FLAG:
        td_text_add(out, "on");
        break;
    case TD_ROW_WORD:
        td_text_add(out, r->words[*(const int *)at]);
        break;
    default:
        break;
    }
}

/* "{ at: 1.5 s, gain: -2 dB }" */
static void put_inline(td_text *out, const td_row *rows, const char *from)
{
    const char *before = "{ ";
    for (const td_row *r = rows; r->name; r++) {
        if (is_absent(r, from + r->at, 0)) continue;
        td_text_addf(out, "%s%s: ", before, r->name);
        put_scalar(out, r, from + r->at);
        before = ", ";
    }
    td_text_add(out, before[0] == ',' ? " }" : "{}");
}

static bool all_absent(const td_row *rows, const char *from)
{
    for (const td_row *r = rows; r->name; r++)
        if (!is_absent(r, from + r->at, 0)) return false;
    return true;
}

static void put_list(td_text *out, const td_row *r, const char *element, size_t count, unsigned indent)
{
    for (size_t i = 0; i < count; i++, element += r->size) {
        if (r->inline_) {
            td_text_addf(out, "%*s- ", indent, "");
            put_inline(out, r->rows, element);
            td_text_add(out, "\n");
        } else {
            put_rows(out, r->rows, element, indent + 2, "- ");
        }
    }
}

static void put_texts(td_text *out, const char *const *text, size_t count)
{
    td_text_add(out, " [ ");
    for (size_t i = 0; i < count; i++) {
        if (i) td_text_add(out, ", ");
        td_quote(out, text[i]);
    }
    td_text_add(out, " ]\n");
}

static void put_compound(td_text *out, const td_row *r, const char *at, size_t count, unsigned indent)
{
    if (r->kind == TD_ROW_TEXTS) {
        put_texts(out, *(const char *const *const *)at, count);
        return;
    }
    if (r->kind == TD_ROW_LIST) {
        td_text_add(out, "\n");
        put_list(out, r, *(const char *const *)at, count, indent + 2);
        return;
    }
    const td_plan_chain *chain = (const td_plan_chain *)at;
    td_text_add(out, chain->n_steps ? "\n" : " []\n");
    for (size_t i = 0; i < chain->n_steps; i++) put_step(out, &chain->step[i], indent + 2);
}

/* first: "- " where the rows are a list's entry and the first one carries its dash. */
static void put_rows(td_text *out, const td_row *rows, const void *struct_, unsigned indent, const char *first)
{
    const char *from = struct_;
    for (const td_row *r = rows; r->name; r++) {
        size_t count = r->count_at ? *(const size_t *)(from + r->count_at) : 0;
        if (r->kind == TD_ROW_INSIDE ? all_absent(r->rows, from + r->at) : is_absent(r, from + r->at, count)) continue;
        if (r->comment) td_text_addf(out, "# %s\n", r->comment);
        td_text_addf(out, "%*s%s%s:", first ? (int)indent - 2 : (int)indent, "", first ? first : "", r->name);
        first = NULL;
        if (r->kind == TD_ROW_TEXTS || r->kind == TD_ROW_LIST || r->kind == TD_ROW_CHAIN) {
            put_compound(out, r, from + r->at, count, indent);
            continue;
        }
        td_text_add(out, " ");
        if (r->kind == TD_ROW_INSIDE)
            put_inline(out, r->rows, from + r->at);
        else
            put_scalar(out, r, from + r->at);
        td_text_add(out, "\n");
    }
}

td_status td_plan_write(const td_plan *p, td_text *out)
{
    td_plan told = *p;
    char hash[TD_SHA256_HEX];
    td_arena *a = td_arena_new();
    if (!a || td_plan_decisions(p, a, &told.decided, &told.n_decided) || td_plan_hash(p, hash)) out->broken = true;
    told.written_hash = hash;
    td_text_add(out, "topdown: plan/1\n");
    put_rows(out, td_plan_rows, &told, 0, NULL);
    td_arena_free(a);
    return out->broken ? TD_NOMEM : TD_OK;
}
