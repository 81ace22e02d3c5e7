/* engine/mix/listen.h - what a stem is, from its sound, where no name tells.
 *
 * Room-internal. Always a guess, and only where the sound leaves little doubt: a wrong bus costs more than bus `other`.
 * Reads the whole stem once, and what it measured is kept in the cache under the hash of the sound. */
#ifndef TD_MIX_LISTEN_H
#define TD_MIX_LISTEN_H

#include "engine/mix/session.h"

/* Fills the role of a stem that has none; one that sounds like nothing in particular stays as it is. cache: a folder,
 * or NULL. TD_INPUT: decoding shows it is damaged, which the survey will meet and tell. */
td_status td_stem_listen(td_stem *m, const char *cache, td_error *err);

#endif
