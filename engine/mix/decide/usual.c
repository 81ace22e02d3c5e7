#include "engine/mix/decide/usual.h"

#include "engine/base/base.h"
#include <string.h>

/* Means of printed electronic and pop sessions. */
static double usual_lu(const td_recipe *r, const char *bus)
{
    static const char *const rock[] = { "rock", "metal", "punk", "band", NULL };
    static const struct {
        const char *bus;
        double lu, rock_lu;
    } rows[] = {
        { "drums", -3, -3 },   { "percussion", -9, -9 }, { "bass", -5, -6 },  { "guitars", -6, -5 },
        { "synths", -6, -6 },  { "keys", -9, -9 },       { "brass", -6, -6 }, { "strings", -9, -9 },
        { "backing", -8, -8 }, { "fx", -10, -10 },       { "choir", -9, -9 }, { "woodwinds", -9, -9 },
        { "harp", -10, -10 },  { "other", -9, -9 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!strcmp(rows[i].bus, bus)) return td_recipe_tagged(r, rock) ? rows[i].rock_lu : rows[i].lu;
    return NAN;
}

double td_usual_group_lu(const td_recipe *r, const char *bus, const char *group)
{
    const td_group_wish *g = td_recipe_group(r, bus, group);
    return g && g->loudness_lu.kind == TD_WISH_VALUE ? g->loudness_lu.a : usual_lu(r, bus);
}

double td_recipe_offset_db(const td_recipe *r, const char *bus, const char *group)
{
    const td_group_wish *g = td_recipe_group(r, bus, group);
    return g && g->level_db.kind == TD_WISH_VALUE ? g->level_db.a : 0;
}

double td_usual_lead_lu(const td_recipe *r)
{
    static const struct {
        const char *tag;
        double lu;
    } rows[] = {
        { "country", 3 }, { "folk", 3 },    { "acoustic", 3 }, { "singer-songwriter", 3 },
        { "rap", 2 },     { "hip-hop", 2 }, { "rnb", 2 },      { "jazz", 2 },
        { "metal", -2 },  { "indie", -1 },  { "rock", 0 },     { "electronic", 0.5 },
        { "edm", 0.5 },   { "house", 0.5 }, { "pop", 1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t k = 0; k < r->n_tags; k++)
            if (!strcmp(r->tag[k], rows[i].tag)) return rows[i].lu;
    return 0;
}
