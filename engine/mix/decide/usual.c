#include "engine/mix/decide/usual.h"

#include "engine/base/base.h"
#include "engine/mix/roles.h"
#include <string.h>

static const char *const rock[] = { "rock", "metal", "punk", "band", NULL };

/* Means of printed electronic and pop sessions. */
static double usual_lu(const td_recipe *r, const char *bus)
{
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

const char *td_usual_genres(const td_recipe *r)
{
    return td_recipe_tagged(r, rock) ? "rock and pop" : "electronic and pop";
}

double td_usual_taste_lu(const td_recipe *r, bool proportions_lost)
{
    static const char *const unplugged[] = { "acoustic", "folk",      "singer-songwriter", "jazz",
                                             "big band", "orchestra", "classical",         NULL };
    return proportions_lost ? 1.5 : td_recipe_tagged(r, unplugged) ? 4 : 3;
}

static bool may_lead(const char *role)
{
    static const char *const solo[] = { "synths.lead",    "guitars.lead",   "woodwinds.sax",      "woodwinds.flute",
                                        "woodwinds.oboe", "brass.trumpet",  "woodwinds.clarinet", "strings.violin",
                                        "strings.cello",  "brass.trombone", "woodwinds.recorder" };
    for (size_t i = 0; i < sizeof solo / sizeof solo[0]; i++)
        if (td_role_covers(solo[i], role)) return true;
    return false;
}

static size_t stems_of(const td_session *s, size_t bus)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_stems; i++) n += s->stem[i].bus == bus;
    return n;
}

td_lead td_find_lead(const td_session *s)
{
    td_lead lead = { .bus = SIZE_MAX };
    size_t soloists = 0;
    for (size_t b = 0; b < s->n_buses; b++)
        if (!strcmp(s->bus[b].name, "vocals")) return (td_lead){ .bus = b, .sings = true };
    for (size_t i = 0; i < s->n_stems; i++) {
        const td_stem *t = &s->stem[i];
        if (t->bus >= s->n_buses || !may_lead(t->role.name)) continue;
        soloists++;
        if (stems_of(s, t->bus) == 1) lead.bus = t->bus;
    }
    return soloists == 1 ? lead : (td_lead){ .bus = SIZE_MAX };
}

double td_lead_offset_db(const td_recipe *r, const td_session *s, td_lead lead)
{
    return lead.sings ? td_recipe_offset_db(r, s->bus[lead.bus].name, s->bus[lead.bus].group) : 0;
}

double td_recipe_offset_db(const td_recipe *r, const char *bus, const char *group)
{
    const td_group_wish *g = td_recipe_group(r, bus, group);
    return g && g->level_db.kind == TD_WISH_VALUE ? g->level_db.a : 0;
}

/* An instrument shares its range with those around it and has no words to be understood: it stands a little lower. */
#define INSTRUMENT_LU (-2)

double td_usual_lead_lu(const td_recipe *r, bool sings)
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
            if (!strcmp(r->tag[k], rows[i].tag)) return rows[i].lu + (sings ? 0 : INSTRUMENT_LU);
    return sings ? 0 : INSTRUMENT_LU;
}
