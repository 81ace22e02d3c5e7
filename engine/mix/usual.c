#include "engine/mix/usual.h"

#include "engine/base/base.h"
#include "engine/base/units.h"
#include "engine/mix/roles.h"
#include <stdio.h>
#include <string.h>

static const char *const rock[] = { "rock", "metal", "punk", "band", NULL };
static const char *const unplugged[] = { "acoustic", "folk",      "singer-songwriter", "jazz",
                                         "big band", "orchestra", "classical",         NULL };

typedef enum style { AMPLIFIED, ROCK, UNPLUGGED } style;

static style style_of(const td_recipe *r)
{
    return td_recipe_tagged(r, unplugged) ? UNPLUGGED : td_recipe_tagged(r, rock) ? ROCK : AMPLIFIED;
}

/* Means of printed electronic and pop sessions. Unplugged: what mixing engineers name, not measured; nobody carries
 * such music by its drums, winds and keys stand where voices would, and what is bowed or plucked shares the middle. */
static double usual_lu(const td_recipe *r, const char *bus)
{
    static const struct {
        const char *bus;
        double lu[UNPLUGGED + 1];
    } rows[] = {
        { "drums", { -3, -3, -9 } },   { "percussion", { -9, -9, -12 } }, { "bass", { -5, -6, -6 } },
        { "guitars", { -6, -5, -6 } }, { "synths", { -6, -6, -9 } },      { "keys", { -9, -9, -5 } },
        { "brass", { -6, -6, -4 } },   { "strings", { -9, -9, -6 } },     { "backing", { -8, -8, -8 } },
        { "fx", { -10, -10, -10 } },   { "choir", { -9, -9, -6 } },       { "woodwinds", { -9, -9, -4 } },
        { "harp", { -10, -10, -6 } },  { "other", { -9, -9, -9 } },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!strcmp(rows[i].bus, bus)) return rows[i].lu[style_of(r)];
    return NAN;
}

double td_usual_inside_lu(const char *role)
{
    static const struct {
        const char *role;
        double lu;
    } rows[] = { { "drums.kick", -5 },  { "drums.snare", -4 },       { "drums.tom", -8 },      { "drums.hihat", -12 },
                 { "drums.ride", -12 }, { "drums.crash", -12 },      { "drums.cymbals", -12 }, { "drums.overhead", -6 },
                 { "drums.room", -12 }, { "drums.percussion", -10 }, { "percussion", -10 } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (td_role_covers(rows[i].role, role)) return rows[i].lu;
    return -6;
}

double td_usual_layer_db(const char *role)
{
    static const struct {
        const char *role;
        double db;
    } rows[] = { { "drums.snare.bottom", -8 }, { "drums.kick.out", -6 }, { "vocals.double", -6 } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (td_role_covers(rows[i].role, role)) return rows[i].db;
    return 0;
}

bool td_usual_one_drum(const char *role, const char *other)
{
    static const char *const drums[] = { "drums.kick", "drums.snare",    "drums.hihat",
                                         "drums.ride", "drums.overhead", "drums.room" };
    for (size_t i = 0; i < sizeof drums / sizeof drums[0]; i++)
        if (td_role_covers(drums[i], role)) return td_role_covers(drums[i], other);
    return false;
}

/* What a drum gives a kit; a microphone or loop that holds all of it gives all. */
typedef enum piece { KICK = 1, SNARE = 2, WHOLE = KICK | SNARE } piece;

static int piece_of(const char *role)
{
    static const struct {
        const char *role;
        piece piece;
    } rows[] = { { "drums.kick", KICK },  { "drums.snare", SNARE },    { "drums.clap", SNARE }, { "drums.rim", SNARE },
                 { "drums.snap", SNARE }, { "drums.bus", WHOLE },      { "drums.loop", WHOLE }, { "drums.mono", WHOLE },
                 { "drums.room", WHOLE }, { "drums.overhead", WHOLE }, { "drums.far", WHOLE } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (td_role_covers(rows[i].role, role)) return rows[i].piece;
    return strcmp(role, "drums") ? 0 : WHOLE;
}

static double plays(const td_playing *playing, size_t stem)
{
    return playing ? fmin(playing->stem[stem], 1) : 1;
}

double td_usual_pieces_lu(const td_session *s, const td_playing *playing, size_t bus)
{
    double kick = 0, snare = 0, power = 0;
    if (strcmp(s->bus[bus].name, "drums")) return 0;
    for (size_t i = 0; i < s->n_stems; i++) {
        if (s->stem[i].bus != bus) continue;
        double much = plays(playing, i);
        int gives = piece_of(s->stem[i].role.name);
        if (gives & KICK) kick += much;
        if (gives & SNARE) snare += much;
        power += much * td_db_power(td_usual_inside_lu(s->stem[i].role.name));
    }
    return (kick >= 1 && snare >= 1) || !(power > 0) ? 0 : fmin(0, td_power_db(power));
}

double td_usual_group_lu(const td_recipe *r, const td_session *s, const td_playing *playing, size_t bus)
{
    const char *name = s->bus[bus].name;
    const td_group_wish *g = td_recipe_group(r, name, s->bus[bus].group);
    return g && g->loudness_lu.kind == TD_WISH_VALUE ? g->loudness_lu.a
                                                     : usual_lu(r, name) + td_usual_pieces_lu(s, playing, bus);
}

const char *td_usual_genres(const td_recipe *r)
{
    static const char *const words[] = { "electronic and pop", "rock and pop", "unplugged music" };
    return words[style_of(r)];
}

double td_usual_taste_lu(const td_recipe *r, bool proportions_lost)
{
    return proportions_lost ? 1.5 : style_of(r) == UNPLUGGED ? 4 : 3;
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

static size_t stems_of(const td_session *s, const td_playing *playing, size_t bus)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_stems; i++) n += s->stem[i].bus == bus && plays(playing, i) >= 1;
    return n;
}

td_lead td_find_lead(const td_session *s, const td_playing *playing)
{
    td_lead lead = { .bus = SIZE_MAX };
    size_t soloists = 0;
    for (size_t b = 0; b < s->n_buses; b++)
        if (!strcmp(s->bus[b].name, "vocals") && (!playing || playing->bus[b] >= 1))
            return (td_lead){ .bus = b, .sings = true };
    for (size_t i = 0; i < s->n_stems; i++) {
        const td_stem *t = &s->stem[i];
        if (t->bus >= s->n_buses || !may_lead(t->role.name) || plays(playing, i) < 1) continue;
        soloists++;
        if (stems_of(s, playing, t->bus) == 1) lead.bus = t->bus;
    }
    return soloists == 1 ? lead : (td_lead){ .bus = SIZE_MAX };
}

double td_lead_offset_db(const td_recipe *r, const td_session *s, td_lead lead)
{
    return lead.sings ? td_recipe_offset_db(r, s, lead.bus) : 0;
}

bool td_recipe_misses_focus(const td_recipe *r, const td_session *s)
{
    char group[48];
    if (!r->focus) return false;
    snprintf(group, sizeof group, "%.*s", (int)strcspn(r->focus, "."), r->focus);
    for (size_t i = 0; i < s->n_stems; i++)
        if (s->stem[i].bus < s->n_buses && td_role_covers(group, s->stem[i].role.name)) return false;
    return true;
}

double td_recipe_offset_db(const td_recipe *r, const td_session *s, size_t bus)
{
    const td_group_wish *g = td_recipe_group(r, s->bus[bus].name, s->bus[bus].group);
    return g && g->level_db.kind == TD_WISH_VALUE && !td_recipe_misses_focus(r, s) ? g->level_db.a : 0;
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
