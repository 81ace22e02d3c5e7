/* engine/mix/open/open.h - the steps by which a session comes to be, in the order in which they are taken.
 * Room-internal. */
#ifndef TD_OPEN_H
#define TD_OPEN_H

#include "engine/mix/session.h"

/* The session being opened, and why the first refused stem or guest was refused. */
typedef struct td_opening {
    td_session *session;
    const char *cache;
    td_pool *pool;
    td_error refusal;
    bool refused;
} td_opening;

bool td_stem_is_rejected(const td_stem *m);  /* its file cannot be used */
bool td_stem_is_set_aside(const td_stem *m); /* a click, a guide, a whole mix: on no bus, whatever its file is like */
bool td_stem_takes_part(const td_stem *m);

/* ---- names.c ----------------------------------------------------------------------------------------------------- */

/* Two files of one name are told apart by their folders, as many as it takes. */
void td_names_tell_apart(td_session *s);
/* How long the folders are that a name begins with: "Vox/Lead/01.wav" has 8. */
size_t td_name_folders(const char *name);

/* ---- cast.c ------------------------------------------------------------------------------------------------------ */

/* From names of files and folders; what the order says of a stem wins. TD_ARG: that is no role. */
td_status td_cast_by_name(td_session *s, const td_stem_wish *wish, td_error *err);
/* Whose name says nothing: from the name inside its file. */
td_status td_cast_by_track(td_session *s);
/* "2 Track.wav" beside nothing but voices is no mix to compare with, and "Beat.wav" no drum loop: it is what they sing
 * to. */
void td_cast_accompaniment(td_session *s);
/* Of which no name tells what they are. */
td_status td_cast_by_sound(const td_opening *o, td_error *err);
/* Nothing is there but voices, effects on them, and what they may sing to. */
bool td_cast_is_voices(const td_session *s);

/* ---- listen.c ---------------------------------------------------------------------------------------------------- */

/* What a stem is, from its sound. Always a guess, and only where the sound leaves little doubt: a wrong bus costs more
 * than bus `other`. Reads the whole stem once, and what it measured is kept in the cache under the hash of the sound.
 *
 * Fills the role of a stem that has none; one that sounds like nothing in particular stays as it is. cache: a folder,
 * or NULL. TD_INPUT: decoding shows it is damaged, which the survey will meet and tell. */
td_status td_stem_listen(td_stem *m, const char *cache, td_error *err);

/* ---- files.c ----------------------------------------------------------------------------------------------------- */

/* Every stem's file opened, judged and hashed, and with it the R file that the order names. A refusal is no failure. */
td_status td_files_judge(td_opening *o, td_error *err);
void td_file_refuse(td_stem *m, const td_error *why);

/* A guest is a mix to compare with: the file the order names (*out stays NULL where it is refused), or else the first
 * stem that is one. */
td_status td_guest_open(td_opening *o, const char *path, const char *role, td_stem **out, td_error *err);
td_stem *td_guest_among(const td_session *s, const char *role);

/* ---- pairs.c ----------------------------------------------------------------------------------------------------- */

/* Stems that are the two sides of one become one. */
td_status td_pairs_join(td_session *s);
/* l then plays both. */
td_status td_pair_join(td_stem *l, const td_stem *r);

/* ---- order.c ----------------------------------------------------------------------------------------------------- */

/* Sorts the stems by bus, role, name and hash, and lists the buses in use. */
td_status td_order_stems(td_session *s);
enum { TD_LOWEST_RATE_HZ = 44100 };

/* The session's rate, and its length and that of all stems at that rate. */
void td_order_rate(td_session *s);
uint64_t td_frames_at(const td_audio_info *info, unsigned rate_hz);
/* Over what decides the sound, in the order in which it is summed. */
td_status td_order_hash(td_session *s);

/* ---- neighbours.c ------------------------------------------------------------------------------------------------ */

/* The faults of stems that only stand out beside others. */
void td_neighbours_note(td_session *s);

#endif
