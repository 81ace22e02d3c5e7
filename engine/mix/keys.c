#include "engine/mix/keys.h"

#include "engine/mix/feed.h"
#include <stdlib.h>
#include <string.h>

typedef struct key {
    size_t index[TD_STEMS_MAX], n;
    td_feed *feed;
    float block[2][TD_BLOCK];
    const float *heard[2];
} key;

struct td_keys {
    key *key;
    size_t n;
    const float *const **step; /* per step of the chain; NULL: it has none */
};

/* Its stems, staged. */
static td_status open_key(td_survey *survey, const td_session *session, const td_plan *plan, key *k, td_error *err)
{
    double gain_db[TD_STEMS_MAX];
    for (size_t i = 0; i < k->n; i++) gain_db[i] = plan->bus[session->stem[k->index[i]].bus].clip_gain_db;
    for (size_t c = 0; c < 2; c++) k->heard[c] = k->block[c];
    return td_feed_new(survey, session, plan, false, k->index, k->n, gain_db, &k->feed, err);
}

/* Steps that listen to the same stems share them. */
static td_status key_for(td_survey *survey, const td_session *session, const td_plan *plan, const td_plan_step *step,
                         td_keys *k, const float *const **out, td_error *err)
{
    key *of = &k->key[k->n];
    of->n = td_plan_keys(plan, session, step, of->index);
    for (size_t i = 0; i < k->n; i++)
        if (k->key[i].n == of->n && !memcmp(k->key[i].index, of->index, of->n * sizeof *of->index)) {
            *out = k->key[i].heard;
            return TD_OK;
        }
    *out = of->heard;
    k->n++;
    return open_key(survey, session, plan, of, err);
}

td_status td_keys_new(td_survey *survey, const td_session *session, const td_plan *plan, const td_plan_chain *chain,
                      td_keys **out, td_error *err)
{
    size_t n = 0;
    *out = NULL;
    for (size_t i = 0; i < chain->n_steps; i++) n += chain->step[i].n_keys > 0;
    if (!n) return TD_OK;
    td_keys *k = calloc(1, sizeof *k);
    if (!k) return td_no_memory(err);
    k->key = calloc(n, sizeof *k->key);
    k->step = calloc(chain->n_steps, sizeof *k->step);
    td_status st = k->key && k->step ? TD_OK : td_no_memory(err);
    for (size_t i = 0; !st && i < chain->n_steps; i++)
        if (chain->step[i].n_keys) st = key_for(survey, session, plan, &chain->step[i], k, &k->step[i], err);
    if (st)
        td_keys_free(k);
    else
        *out = k;
    return st;
}

void td_keys_free(td_keys *k)
{
    if (!k) return;
    for (size_t i = 0; i < k->n; i++) td_feed_free(k->key[i].feed);
    free(k->key);
    free(k->step);
    free(k);
}

td_status td_keys_seek(td_keys *k, int64_t at, td_error *err)
{
    td_status st = TD_OK;
    for (size_t i = 0; k && !st && i < k->n; i++) st = td_feed_seek(k->key[i].feed, at, err);
    return st;
}

td_status td_keys_read(td_keys *k, size_t n, const float *const *const **out, td_error *err)
{
    td_status st = TD_OK;
    for (size_t i = 0; k && !st && i < k->n; i++)
        st = td_feed_read(k->key[i].feed, (float *const[]){ k->key[i].block[0], k->key[i].block[1] }, n, err);
    *out = k ? k->step : NULL;
    return st;
}
