/* engine/mix/usual.h - how loud groups usually are against each other. A prior, as target curves are: human
 * mixes lie 2 to 3.5 LU (standard deviation) from it. */
#ifndef TD_MIX_USUAL_H
#define TD_MIX_USUAL_H

#include "engine/mix/recipe.h"
#include "engine/mix/session.h"

/* How much stems and buses play; 1 is enough to be counted: a tenth of the song's time, and 10 s or a quarter of what
 * is shorter. Who plays less says nothing about the others. */
typedef struct td_playing {
    double stem[TD_STEMS_MAX], bus[TD_BUSES_MAX];
} td_playing;

/* A group against the mix in the steps it plays, LU: what the recipe wishes, else the usual; NaN: nobody knows. Here
 * and below `playing` NULL: all throughout. */
double td_usual_group_lu(const td_recipe *r, const td_session *s, const td_playing *playing, size_t bus);

/* A track against its bus while it plays, LU: the clip gains of a raw drum kit. Others stand alike. */
double td_usual_inside_lu(const char *role);
/* A layer against the others of its drum, dB: what it adds is body or wires, and the drum's attack is elsewhere.
 * Engineers set the microphone under a snare 6 to 12 dB below the one above it, and one in front of a kick drum some 6
 * to 8 below the one inside. */
double td_usual_layer_db(const char *role);
/* Whether two microphones or samples are for one drum, and share its place. */
bool td_usual_one_drum(const char *role, const char *other);

/* By how much the drums there are stand under a kit: a bus without kick or without snare is none. 0: it is one, or no
 * drums at all. */
double td_usual_pieces_lu(const td_session *s, const td_playing *playing, size_t bus);

/* What the recipe adds to wherever a group stands, dB. Levels of a recipe that has a focus are against it, as spots
 * against the main microphones: nothing, where no stem is of its group. */
double td_recipe_offset_db(const td_recipe *r, const td_session *s, size_t bus);
bool td_recipe_misses_focus(const td_recipe *r, const td_session *s);

/* In which genres that is usual, for reasons. */
const char *td_usual_genres(const td_recipe *r);

/* By how much a group may be off before it is moved, LU. Players who balance themselves in a room are held to these
 * figures less, unless nothing is left of that balance. */
double td_usual_taste_lu(const td_recipe *r, bool proportions_lost);

/* Who carries the tune: the singer; without one the only solo instrument, where it has a bus to itself. */
typedef struct td_lead {
    size_t bus; /* SIZE_MAX: nobody */
    bool sings;
} td_lead;

td_lead td_find_lead(const td_session *s, const td_playing *playing);

/* The lead against its accompaniment, LU, by genre (Gerdes and Siedenburg 2023 for order and sign). */
double td_usual_lead_lu(const td_recipe *r, bool sings);
/* What the recipe adds to that: a group's offset is meant for the singer, or for players among others. */
double td_lead_offset_db(const td_recipe *r, const td_session *s, td_lead lead);

/* A lead this near to what is usual is its maker's taste; farther off it is spoken of. */
#define TD_LEAD_TASTE_LU 1.5

#endif
