/* engine/mix/decide/usual.h - how loud groups usually are against each other. A prior, as target curves are: human
 * mixes lie 2 to 3.5 LU (standard deviation) from it. */
#ifndef TD_DECIDE_USUAL_H
#define TD_DECIDE_USUAL_H

#include "engine/mix/recipe.h"

/* A group against the mix in the steps it plays, LU: what the recipe wishes, else the usual; NaN: nobody knows. */
double td_usual_group_lu(const td_recipe *r, const char *bus, const char *group);

/* What the recipe adds to wherever a group stands, dB. */
double td_recipe_offset_db(const td_recipe *r, const char *bus, const char *group);

/* The lead against its accompaniment, LU, by genre (Gerdes and Siedenburg 2023 for order and sign). */
double td_usual_lead_lu(const td_recipe *r);

/* A lead this near to what is usual is its maker's taste; farther off it is spoken of. */
#define TD_LEAD_TASTE_LU 1.5

#endif
