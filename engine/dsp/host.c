#include "engine/base/memory.h"
#include "engine/base/units.h"
#include "engine/dsp/dsp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the table -------------------------------------------------------------------------------------------------- */

const td_processor *td_processor_find(const char *name)
{
    for (const td_processor *const *p = td_processors; *p; p++)
        if (!(*p)->part && strcmp((*p)->name, name) == 0) return *p;
    return NULL;
}

const td_processor *td_part_find(const td_processor *of, const char *name)
{
    for (const td_processor *const *p = of->parts; p && *p; p++)
        if (strcmp((*p)->name, name) == 0) return *p;
    return NULL;
}

size_t td_parts_most(const td_processor *p)
{
    return p->timed ? TD_POINTS_MAX : TD_PARTS_MAX;
}

int td_param_find(const td_processor *p, const char *name)
{
    for (size_t i = 0; i < p->n_params; i++)
        if (p->params[i].name && strcmp(p->params[i].name, name) == 0) return (int)i;
    return -1;
}

static double default_of(const td_param *p)
{
    return p->flags & TD_GOAL ? (double)NAN : p->def;
}

void td_processor_defaults(const td_processor *p, double *value)
{
    for (size_t i = 0; i < p->n_params; i++) value[i] = default_of(&p->params[i]);
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

/* Where a row says nothing: as fine as an engineer would dial it. */
static double step_of(const td_param *p, double value)
{
    static const double steps[] = {
        [TD_UNIT_NUMBER] = 0.01, [TD_UNIT_DB] = 0.1,   [TD_UNIT_DBFS] = 0.1, [TD_UNIT_RATIO] = 0.01,
        [TD_UNIT_PERCENT] = 1,   [TD_UNIT_SLOPE] = 6,  [TD_UNIT_PAN] = 1,    [TD_UNIT_SEMITONE] = 0.01,
        [TD_UNIT_CHOICE] = 1,    [TD_UNIT_SWITCH] = 1, [TD_UNIT_FILE] = 1,   [TD_UNIT_DEGREE] = 1,
    };
    if (p->step > 0) return p->step;
    if (p->unit == TD_UNIT_HZ) return value < 1000 ? 1 : 10;
    if (p->unit == TD_UNIT_MS) return value < 100 ? 0.1 : 1;
    return steps[p->unit];
}

double td_param_round(const td_param *p, double value)
{
    if (!isfinite(value)) return value;
    return td_clamp(td_round_to(value, step_of(p, value)), p->min, p->max);
}

const char *td_param_text(const td_param *p, double value, char out[32])
{
    static const char *const forms[] = {
        [TD_UNIT_NUMBER] = "%.10g",       [TD_UNIT_DB] = "%+.10g dB",       [TD_UNIT_DBFS] = "%.10g dBFS",
        [TD_UNIT_HZ] = "%.10g Hz",        [TD_UNIT_MS] = "%.10g ms",        [TD_UNIT_RATIO] = "%.10g:1",
        [TD_UNIT_PERCENT] = "%.10g %%",   [TD_UNIT_SLOPE] = "%.10g dB/oct", [TD_UNIT_PAN] = "R%.10g",
        [TD_UNIT_SEMITONE] = "%+.10g st", [TD_UNIT_CHOICE] = "%.10g",       [TD_UNIT_SWITCH] = "%.10g",
        [TD_UNIT_FILE] = "%.10g",         [TD_UNIT_DEGREE] = "%.10g deg",
    };
    double v = value == 0 ? 0 : value; /* never -0 */
    const char *form = forms[p->unit], *word = NULL;
    if (p->unit == TD_UNIT_DB && v == 0) form = "%.10g dB";
    if (p->unit == TD_UNIT_HZ && v >= 1000) v /= 1000, form = "%.10g kHz";
    if (p->unit == TD_UNIT_MS && v >= 1000) v /= 1000, form = "%.10g s";
    if (p->unit == TD_UNIT_PAN && v < 0) v = -v, form = "L%.10g";
    if (p->unit == TD_UNIT_PAN && v == 0) word = "C";
    if (p->unit == TD_UNIT_SWITCH) word = v != 0 ? "on" : "off";
    if (p->unit == TD_UNIT_CHOICE && v >= p->min && v <= p->max) word = p->choices[(size_t)v];
    if (isinf(v) && p->flags & TD_AUTO) word = "auto";
    if (word)
        snprintf(out, 32, "%s", word);
    else
        snprintf(out, 32, form, v);
    return out;
}

static bool inside(const td_param *p, double v)
{
    if (isnan(v) || (isinf(v) && v > 0 && p->flags & TD_AUTO)) return true;
    bool counted = p->unit == TD_UNIT_CHOICE || p->unit == TD_UNIT_SWITCH || p->unit == TD_UNIT_FILE;
    return v >= p->min && v <= p->max && (!counted || v == rint(v));
}

/* A range runs upwards, and both its ends are written. */
static bool in_order(const td_param *p, const double *v)
{
    return p->span != 2 || (isnan(v[0]) && isnan(v[1])) || v[0] < v[1] || (isinf(v[0]) && isnan(v[1]));
}

static td_status check_values(const td_processor *p, const double *value, td_error *err)
{
    const char *name = "";
    for (size_t i = 0; i < p->n_params; i++) {
        const td_param *row = &p->params[i];
        char said[32], low[32], high[32];
        if (row->name) name = row->name;
        if (!inside(row, value[i]))
            return td_fail(err, TD_RECIPE, NULL, NULL, "%s: %s %s is outside %s to %s", p->name, name,
                           td_param_text(row, value[i], said), td_param_text(row, row->min, low),
                           td_param_text(row, row->max, high));
        if (!in_order(row, value + i))
            return td_fail(err, TD_RECIPE, NULL, "write the lower value first", "%s: %s %s to %s is no range", p->name,
                           name, td_param_text(row, value[i], low), td_param_text(row + 1, value[i + 1], high));
    }
    return TD_OK;
}

td_status td_settings_check(const td_processor *p, const td_settings *set, td_error *err)
{
    td_status st = check_values(p, set->value, err);
    if (st == TD_OK && set->n_parts > td_parts_most(p))
        return td_fail(err, TD_RECIPE, NULL, "split the step in two", "%s: %zu %s, at most %zu fit", p->name,
                       set->n_parts, p->parts_name ? p->parts_name : "parts", td_parts_most(p));
    for (size_t i = 0; i < set->n_parts && st == TD_OK; i++) {
        const td_processor *part = set->part[i].proc;
        if (td_part_find(p, part->name) != part)
            return td_fail(err, TD_RECIPE, NULL, NULL, "%s: %s cannot stand in it", p->name, part->name);
        st = check_values(part, set->part[i].value, err);
    }
    return st;
}

/* ---- one processor, prepared ------------------------------------------------------------------------------------ */

struct td_unit_state {
    const td_processor *proc;
    void *state;
};

/* Fills what is not set from the table: names as a whole, so that a short list stays short. */
static void complete(const td_processor *p, const double *value, double *out)
{
    for (size_t i = 0; i < p->n_params; i++) out[i] = value[i];
    for (size_t i = 0, n; i < p->n_params; i += n) {
        bool set = false;
        for (n = 0; n == 0 || (i + n < p->n_params && !p->params[i + n].name); n++) set = set || !isnan(value[i + n]);
        for (size_t k = 0; k < n && !set; k++) out[i + k] = default_of(&p->params[i + k]);
    }
}

static td_status prepare(td_unit_state *u, const td_format *fmt, const td_settings *set, td_error *err)
{
    double value[TD_VALUES_MAX], (*part_value)[TD_VALUES_MAX] = td_calloc2(set->n_parts + 1, 1, sizeof *part_value);
    td_part *part = td_calloc2(set->n_parts + 1, 1, sizeof *part);
    td_status st = part && part_value ? TD_OK : td_no_memory(err);
    complete(u->proc, set->value, value);
    for (size_t i = 0; !st && i < set->n_parts; i++) {
        complete(set->part[i].proc, set->part[i].value, part_value[i]);
        part[i] = (td_part){ set->part[i].proc, part_value[i] };
    }
    td_settings whole = { .value = value, .part = part, .n_parts = set->n_parts, .file = set->file };
    if (!st) st = u->proc->prepare(u->state, fmt, &whole, err);
    free(part_value);
    free(part);
    return st;
}

td_status td_unit_new(const td_processor *p, const td_format *fmt, const td_settings *set, td_unit_state **out,
                      td_error *err)
{
    *out = NULL;
    td_status st = td_settings_check(p, set, err);
    if (st != TD_OK) return st;
    td_unit_state *u = calloc(1, sizeof *u);
    if (!u) return td_no_memory(err);
    u->proc = p;
    u->state = td_calloc2(1, p->state_size, 1);
    st = u->state ? prepare(u, fmt, set, err) : td_no_memory(err);
    if (st != TD_OK) {
        td_unit_free(u);
        return st;
    }
    *out = u;
    return TD_OK;
}

void td_unit_free(td_unit_state *u)
{
    if (!u) return;
    if (u->state && u->proc->destroy) u->proc->destroy(u->state);
    free(u->state);
    free(u);
}

void td_unit_process(td_unit_state *u, float *const *ch, const float *const *key, float *const *gr, size_t frames)
{
    u->proc->process(u->state, ch, key, gr, frames);
}

void td_unit_place(td_unit_state *u, int64_t frame)
{
    if (u->proc->place) u->proc->place(u->state, frame);
}

void td_unit_reset(td_unit_state *u)
{
    if (u->proc->reset) u->proc->reset(u->state);
}

size_t td_unit_latency(const td_unit_state *u)
{
    return u->proc->latency ? u->proc->latency(u->state) : 0;
}

size_t td_unit_tail(const td_unit_state *u)
{
    return u->proc->tail ? u->proc->tail(u->state) : 0;
}

double td_unit_power_at(const td_unit_state *u, double freq_hz)
{
    return u->proc->power_at ? u->proc->power_at(u->state, freq_hz) : 1;
}

td_status td_unit_share(td_unit_state *u, const td_unit_state *other, bool now, bool *shared)
{
    *shared = false;
    if (u->proc != other->proc || !u->proc->share) return TD_OK;
    return u->proc->share(u->state, other->state, now, shared);
}

void *td_unit_raw(td_unit_state *u)
{
    return u->state;
}
