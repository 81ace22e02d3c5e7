/* engine/mix/features.h - what conditions ask for, measured. The table td_features (recipe.h) stands in features.c. */
#ifndef TD_MIX_FEATURES_H
#define TD_MIX_FEATURES_H

#include "engine/mix/recipe.h"
#include "engine/mix/survey.h"

/* A feature of one signal (a stem, a bus or the sum), from the survey alone; NaN where it cannot be measured. c gives
 * the arguments (low_hz, high_hz, about). at_hz and q, unless NULL, receive where it was found (NaN: nowhere in
 * particular). share, mix_excess and gain_reduction depend on what was decided and are the planner's; kick_lead is
 * given for the levels as delivered. */
td_status td_feature_measure(const td_survey *survey, const td_session *session, int feature, size_t signal,
                             const td_condition *c, double *value, double *at_hz, double *q, td_error *err);

/* Kick over bass, 40 to 100 Hz, as delivered: the median over its hits under which the bass sounds. */
typedef struct td_kick_lead {
    double lead_db; /* NaN: fewer than three such hits */
    size_t met, hits;
} td_kick_lead;
td_status td_measure_kick_lead(const td_survey *survey, const td_session *session, td_kick_lead *out, td_error *err);

#endif
