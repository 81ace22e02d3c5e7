/* engine/mix/decide/decide.h - what the planner's files share while one plan is being decided. Room-internal. */
#ifndef TD_DECIDE_H
#define TD_DECIDE_H

#include "engine/mix/lane.h"
#include "engine/mix/planner.h"
#include "engine/mix/stemsum.h"
#include "engine/mix/targets.h"
#include "engine/mix/usual.h"

typedef enum td_print { TD_PRINTED, TD_RAW, TD_NORMALISED, TD_UNCLEAR } td_print;

enum { TD_PASSAGE_STEPS = 14, TD_HEARD_MAX = 8 }; /* the passages of the final check: how long, and how many */

/* A stem in a rough mix. */
typedef struct td_rough_stem {
    double move_db;  /* from how it was delivered; NaN: not found in it */
    double apart_db; /* how far pieces of the song differ */
    bool together;   /* with others of its bus, from which it cannot be told apart */
} td_rough_stem;

/* Read from a rough mix. */
typedef struct td_rough {
    bool by_stem;                     /* else by bus: stems are towards each other as they were delivered */
    td_rough_stem stem[TD_STEMS_MAX]; /* where by_stem */
    double move_db[TD_BUSES_MAX];     /* from how it was delivered; NaN: not found in it */
    double apart_db[TD_BUSES_MAX];    /* how far pieces of the song differ */
    double later_s[TD_BUSES_MAX];     /* the rough begins */
    double fit_db;                    /* what it leaves of the rough */
    size_t n_found, n_sounding;       /* of the buses that play while it does; of the stems, where of_stems */
    bool of_stems;
} td_rough;

typedef struct td_decider {
    const td_plan_wish *wish;
    const td_session *session;
    td_survey *survey;
    const td_recipe *recipe;
    td_plan *plan;
    td_arena *arena;                /* the plan's */
    size_t steps;                   /* of 100 ms */
    unsigned char *active;          /* steps in which the staged sum sounds (its own gates) */
    double inside_db[TD_BUSES_MAX]; /* how much louder levels and pans inside made a bus than the survey heard it */
    double peak_dbfs[TD_BUSES_MAX]; /* its peak then; NaN: as surveyed */
    float *eased[TD_BUSES_MAX];     /* by step: the power its goals leave of a bus, once made up for; NULL: all */
    td_behind *behind;              /* per bus: what its goals were found on */
    const td_plan_stem *unfixed;    /* the plan's stems, before their fixes */
    td_playing playing;
    td_print print;
    td_rough *rough;          /* NULL: the balance is another */
    td_balance without_rough; /* the balance it would be then */
    double raw_mix_lufs;      /* of the sum with the first faders, before the trim */
    td_target_curve curve;    /* what the mix is held against */
    const char *curve_name;
    double *taken_db; /* by step of the mix bus: off the staged sum, at most; NaN: nobody asked yet, or it has no
                         detector */
    td_scratch *sum; /* what reaches the mix bus before the trim: the passages below, in a row; NULL: not checked yet */
    int64_t passage[TD_HEARD_MAX];    /* frames */
    size_t n_passages;                /* 0: sum is the whole song */
    const double *finish;             /* by band: the power all but the mix bus's equalisers make of the mix; NULL: 1 */
    const struct td_matched *matched; /* the last match that was decided before it was known; NULL: none */
} td_decider;

static inline size_t td_passage_frames(const td_decider *d)
{
    return (size_t)d->session->rate_hz * TD_PASSAGE_STEPS / 10;
}

#define TD_TRY(call)             \
    do {                         \
        td_status try_ = (call); \
        if (try_) return try_;   \
    } while (0)

/* A bus through so many steps of its chain, as td_lane_new: from where it was played already. */
td_status td_bus_lane(const td_decider *d, size_t bus, size_t steps, td_lane **out, td_error *err);

/* TD_STOPPED once the pool was told to stop; asked between steps. */
td_status td_decide_go_on(const td_plan_wish *wish, td_error *err);

/* Adds a remark; text is printf-formatted into the arena. */
td_status td_decide_note(td_decider *d, int kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* A difference as it is said: "1.9 dB above", "0.4 LU below", "level with". */
const char *td_above_below(double difference, const char *unit, char out[32]);

/* What the plan says of the stems before it decides anything: what is wrong with them, and who is twice or unknown.
 * stems.c */
td_status td_tell_stems(td_decider *d, td_error *err);

/* ---- powers (powers.c): arithmetic on features ------------------------------------------------------------------- */

/* A bus's gain into the mix bus, before the trim, dB: clip gain and fader. Its chain and make-up are loudness-neutral
 * together and do not count. */
double td_bus_gain_db(const td_decider *d, size_t bus);
/* What lies between a stem as the survey heard it and the mix bus: its level inside its bus, then the bus's gain. */
double td_stem_gain_db(const td_decider *d, size_t stem);
/* K-weighted power of a stem over the whole song, as the survey heard it. */
double td_stem_power(const td_decider *d, size_t stem);
/* What planned level and position make of each side of a stem, against how the survey heard it; factors of amplitude.
 */
td_sides td_stem_moved(const td_decider *d, size_t stem);
/* K power per step of the mix with the faders as they stand; bus SIZE_MAX: all but `without` (SIZE_MAX: none). */
void td_mix_power(const td_decider *d, size_t without, float *k);
/* Loudness of a bus against the mix but `without` (SIZE_MAX: none) over the steps in which the bus is active; NaN when
 * it never is. active_part: how much of the mix's active time it sounds in. */
double td_bus_context(const td_decider *d, size_t bus, size_t without, double *active_part);
/* Third-octave powers of the mix over `mask`, from its buses; as they are finished, where the final check knows. */
td_status td_mix_bands(const td_decider *d, const unsigned char *mask, td_band_power *out, td_error *err);
/* What the equalisers of a chain do to the power of each band: |H|^2 at its centre. */
td_status td_chain_power(const td_decider *d, const td_plan_chain *chain, double power[TD_BANDS], td_error *err);
void td_bands_scale(td_band_power *p, const double power[TD_BANDS]);
/* td_mix_bands as groups and tracks are judged: through the mix bus as it was decided. */
td_status td_mix_bands_out(const td_decider *d, const unsigned char *mask, td_band_power *out, td_error *err);
/* L+R power of a band in dB, and levels against the total of 100 Hz to 10 kHz. */
void td_band_levels(const td_band_power *p, double level_db[TD_BANDS]);
/* Deviation of such levels from the curve: mean of 63 Hz to 12.5 kHz removed, smoothed with a gaussian of one octave.
 */
void td_deviation(const double level_db[TD_BANDS], const float target[TD_BANDS], double out[TD_BANDS]);
double td_band_mean(const double value[TD_BANDS], double low_hz, double high_hz);

/* ---- places.c, positions.c: single tracks ------------------------------------------------------------------------ */

/* Levels (`inside: loudness`) and positions (`pan: auto`) of the stems, where the recipe asks or raw drums need it.
 * Before staging: both change the sum. */
td_status td_decide_places(td_decider *d, td_error *err);
/* The positions, with the faders as they are; moved: the buses that are no longer as they were. */
td_status td_decide_positions(td_decider *d, bool moved[TD_BUSES_MAX], td_error *err);

/* The recipe's settings for a bus: its own, else its group's; NULL. */
const td_group_wish *td_group_for(const td_decider *d, const td_plan_bus *b);

/* How the stems were made; sets print. reason in words. */
td_status td_classify(td_decider *d, td_error *err);
/* Whether what the stems said about each other is gone. */
static inline bool td_proportions_lost(const td_decider *d)
{
    return d->print == TD_RAW || d->print == TD_NORMALISED;
}

/* ---- balance.c --------------------------------------------------------------------------------------------------- */

/* The mode: the order's, the recipe's, or what the stems ask for; a rough mix is read. Before anything is moved. */
td_status td_choose_balance(td_decider *d, td_error *err);
td_status td_decide_staging(td_decider *d, td_error *err);
td_status td_decide_balance(td_decider *d, td_error *err);
/* The faders as they are without a rough mix, and without remarks: enough to weigh tracks against each other. */
td_status td_guess_balance(td_decider *d, td_error *err);

/* How far a fader may still go, dB; both 0: it stays. Its usual place is in the middle. */
typedef struct td_leeway {
    double up_db, down_db;
} td_leeway;

/* By how much each was moved, and what of all groups that uncovered, 0 to 1. */
typedef struct td_uncovered {
    double *moved_db, *part; /* the caller's, zeroed */
    double held_db;          /* on all stems of the bus: what keeps it as loud */
} td_uncovered;

/* Where in that room the groups cover least of each other: by bus, or inside a bus (SIZE_MAX: none) by its stems, in
 * the session's order, microphones of one drum together; that bus stays as loud as it is. Nothing is set. clearing.c */
td_status td_uncover(td_decider *d, size_t inside, const td_leeway *room, td_uncovered *out, td_error *err);
/* A part of such a gain, as a reason. */
const char *td_uncovers(const td_decider *d, double part);

/* Faders as they stand in the session's rough mix, which there is; who is not found there, or nobody, is counted.
 * rough.c
 */
td_status td_read_rough(td_decider *d, td_rough **out, td_error *err);
/* How far anything is moved by it. */
double td_rough_most_db(const td_decider *d);
/* Sets them. Faders stand as they would without a rough mix when this begins: buses that are not in it keep their
 * places there, beside the others. delivered_db: faders as delivered. */
td_status td_decide_rough(td_decider *d, const double *delivered_db, td_error *err);

/* ---- chains (chains.c, solve.c, ranges.c, tone.c) ---------------------------------------------------------------- */

/* Where a chain stands: what its conditions ask about, and where its sound comes from. */
typedef struct td_site {
    enum { TD_SITE_MIX, TD_SITE_BUS, TD_SITE_STEM, TD_SITE_RETURN } kind;
    bool behind;   /* of the mix: on a way from it */
    size_t index;  /* bus, stem or return */
    size_t signal; /* of the survey */
    td_plan_chain *chain;
    const char *name; /* for reasons */
    const char *role; /* "vocals", "drums.kick" */
} td_site;

/* Sends as written; those that ask for a share of wet sound (`about -12 LU`) get their level from td_decide_shares,
 * once returns are decided. sends.c */
td_status td_decide_sends(td_decider *d, const td_send_wish *wish, size_t n, td_plan_send **out, size_t *n_out,
                          td_error *err);
td_status td_decide_shares(td_decider *d, td_error *err);

/* ---- ways.c: what stands behind the mix bus ------------------------------------------------------------------------
 */

/* The chains in front of masters and previews; their goals wait for the final check, as those of the mix bus do. */
td_status td_decide_ways(td_decider *d, td_error *err);
/* Steps of one chain behind those of another, in the plan's arena. */
td_status td_chain_on(const td_decider *d, const td_plan_chain *a, const td_plan_chain *b, td_plan_chain *out,
                      td_error *err);

/* A decider as if the mix bus went on along a way, and that alone were wished. */
typedef struct td_seen {
    td_decider decider;
    td_plan plan;
    td_recipe recipe;
} td_seen;
td_status td_see_way(const td_decider *d, td_way way, td_seen *out, td_error *err);

/* What a condition found. */
typedef struct td_answer {
    bool holds;
    double value; /* of the first comparison that was asked */
    double limit;
    const td_condition *compare; /* that comparison */
    double at_hz, q;             /* where, for `measured`; NaN */
    char on[32];                 /* " on 14 of 32 hits", where that matters */
    char text[96];               /* "sibilance is 7.2 dB" */
} td_answer;

/* How much of the mix's power in a band a bus or stem makes while the mix plays, 0 to 1; NaN: nothing is there. */
td_status td_band_share(td_decider *d, const td_site *site, double low_hz, double high_hz, double *out, td_error *err);

/* How much a step of the mix bus takes off the sum as it is staged, into taken_db: before any group is decided, and
 * once. taken.c */
td_status td_measure_taken(td_decider *d, size_t step, td_error *err);
/* The same of all steps that conditions of groups, returns and fixes ask about: these are decided side by side. */
td_status td_measure_asked(td_decider *d, td_error *err);

td_status td_evaluate(td_decider *d, const td_site *site, const td_condition *c, td_answer *out, td_error *err);

/* Decides a chain and appends its steps to site->chain. fix: the fix these steps belong to, with what its condition
 * found; NULL for groups. */
td_status td_decide_chain(td_decider *d, const td_site *site, const td_chain_wish *wish, const td_fix_wish *fix,
                          const td_answer *found, td_error *err);

/* Finds the values of a step's goals with the chain in front of it decided. Those of the mix bus wait for the final
 * check: nothing before it asks for them, and they depend on what the groups make of the sum. */
td_status td_solve_goals(td_decider *d, const td_site *site, const td_step_wish *wish, td_plan_step *step,
                         td_error *err);

/* What its goals are about: `at most` are maxima, which are made in the loudest passages; all others tell of the whole
 * song, which passages do not, and what a key drives is at its maximum wherever that is loudest. */
typedef enum td_asked { TD_ASKS_NOTHING, TD_ASKS_MAXIMA, TD_ASKS_OVER_TIME } td_asked;
td_asked td_goals_asked(const td_step_wish *wish);

/* A parameter written as a range: the value, and why. */
typedef struct td_range_case {
    const td_site *site;
    const td_step_wish *step;
    const td_part_wish *part; /* NULL: the parameter is the step's own */
    const td_processor *proc; /* of part or step */
    const td_param *param;
    const td_wish *wish;
    const td_answer *found; /* of the step's or fix's condition; NULL */
} td_range_case;
td_status td_solve_range(td_decider *d, const td_range_case *c, const double *value, double *out, const char **reason,
                         td_error *err);

/* Whether left and right are the same, so that there is no width to change. */
td_status td_sides_alike(td_decider *d, const td_site *site, bool *out, td_error *err);
/* Warns of buses in which left and right oppose each other when the fixes have turned what they turn. */
td_status td_warn_of_cancelling(td_decider *d, td_error *err);
/* Warns of buses that lie far under their stems, naming the two that take each other away; where fixes end that, faders
 * give back what the buses gain. opposed.c */
td_status td_settle_opposed(td_decider *d, td_error *err);

/* Notes who gave a parameter its value; TD_AS_WRITTEN: the recipe, what it has anyway. The name outlives the plan.
 * TD_NOMEM. */
td_status td_decide_how(td_decider *d, td_plan_how *how, td_origin by, const char *name);

/* Decides an equaliser's parts anew, with what is known now; what was remarked about them goes. */
td_status td_decide_parts_again(td_decider *d, const td_site *site, const td_step_wish *wish, td_plan_step *step,
                                td_error *err);

/* `match`: up to four bells, and no more than `room`, behind the parts the step has. Once it is known what is finished,
 * those it had before are judged by it. */
td_status td_decide_match(td_decider *d, const td_site *site, const td_part_wish *wish, td_plan_step *step, size_t room,
                          td_error *err);

/* Of a reference song that this recipe makes no use of, what a recipe has to say to do so. */
td_status td_tell_reference(td_decider *d);

/* Chooses curve and curve_name for the session and recipe. */
td_status td_choose_curve(td_decider *d, td_error *err);

/* ---- sections.c, breaths.c, moves.c: over time ------------------------------------------------------------------- */

/* The parts of the song as it was delivered, into the plan. */
td_status td_find_sections(td_decider *d, td_error *err);

typedef struct td_breath {
    double from_s, to_s;
    double level_db; /* against what is sung */
} td_breath;

/* Where a voice (a stem or a bus without its fixes and chain) takes breath: noise between phrases, loud enough to be
 * heard. */
td_status td_find_breaths(td_decider *d, const td_site *site, td_breath **out, size_t *n, td_error *err);

/* What a step that follows the song's time is to do by itself (`breaths`, `sections`, `transitions`): its points, and
 * why. None: nothing is to be moved, and the reason says so. */
td_status td_decide_moves(td_decider *d, const td_site *site, const td_step_wish *wish, td_plan_step *step,
                          td_error *err);
/* The level a rider rides to, where none is written: the mean of what it will hear. The mix bus's waits as goals do. */
td_status td_decide_rider(td_decider *d, const td_site *site, td_plan_step *step, td_error *err);

/* ---- align.c ---------------------------------------------------------------------------------------------------- */

typedef struct td_offset {
    double
        later_ms; /* by how much `moved` sounds later than `reference`; NaN: no clear, steady answer worth acting on */
    bool flip;    /* its polarity is the other way round */
    double gain_db; /* what moving it adds to the sum of both, 40 to 400 Hz */
} td_offset;

/* Two stems that should hold one source: layers, a DI and its amplifier, a close and a far microphone; up to 30 ms. */
td_status td_measure_offset(td_decider *d, size_t reference, size_t moved, td_offset *out, td_error *err);

/* ---- fixes.c, check.c -------------------------------------------------------------------------------------------- */

td_status td_decide_fixes(td_decider *d, td_error *err);
/* Whether a fix is for this stem and its condition holds; context apart. */
td_status td_fix_fires(td_decider *d, const td_fix_wish *fix, size_t stem, bool *out, td_error *err);
enum { TD_PLACES = 8 };
/* Where to listen to a signal: pieces of so many steps, spread evenly over the time it is active, so that quiet and
 * loud parts weigh as they sound; of short songs a quarter of it. at: frames, room for TD_PLACES. */
td_status td_spread_places(const td_decider *d, size_t signal, size_t piece_steps, int64_t *at, size_t *n,
                           td_error *err);
/* By how much the low cuts of a chain make a bus softer, LU. */
td_status td_low_cut_loss(td_decider *d, size_t bus, const td_plan_chain *chain, double *lost_lu, td_error *err);
/* A chain's steps but those another source drives: what they take away is meant to be gone. */
td_status td_chain_unkeyed(const td_decider *d, const td_plan_chain *chain, td_plan_chain *out, td_error *err);
/* Make-up of a bus: what its chain changed in loudness, taken back; but not what a key took, for a duck is meant to be
 * heard, nor what was loud below a low cut. */
td_status td_decide_makeup(td_decider *d, size_t bus, td_error *err);
/* What of the mix bus is heard by the step: its power and its highest peak; NULL, or an array of all steps, zeroed. */
typedef struct td_high {
    float *power, *peak;
} td_high;
/* Where a step of the mix bus has goals, the highest places of `sum`, the raw sum with its faders, are heard as they
 * will reach it: `out` is told what is there, and stays 0 elsewhere. What cuts tips asks for peaks, all else for power,
 * as its detector hears it. highest.c */
td_status td_hear_highest(td_decider *d, td_high sum, td_high out, td_error *err);
/* What becomes of what the final check heard: behind `chain`, the mix bus and maybe more, and mastered where that takes
 * more than tips. */
typedef struct td_finish {
    td_band_power bands;
    double lacks_lu; /* of the master's loudness */
    char held_by[96];
} td_finish;
td_status td_hear_finish(td_decider *d, const td_plan_chain *chain, td_finish *out, td_error *err);
/* Warns where the master's loudness cannot be had. reach.c */
td_status td_warn_of_target(td_decider *d, const td_finish *f);
/* Judges tone by it, and sets right what the recipe's own equaliser on the mix bus does. moved: that is not as it was.
 * tone.c */
td_status td_judge_tone(td_decider *d, const td_finish *f, bool *moved, td_error *err);
/* The trim, with groups and returns playing as they are decided so far, and the goals of the mix bus. sounds: anything
 * reaches it. */
td_status td_hear_mix_bus(td_decider *d, bool *sounds, td_error *err);
/* That, and what of the mix bus depends on it. */
td_status td_decide_check(td_decider *d, td_error *err);

/* Stems a word means: a role, a bus or a file name. Returns how many. */
size_t td_stems_meant(const td_session *s, const char *word, size_t *index);
/* Those of them that sound: silence drives nothing. */
size_t td_keys_meant(const td_decider *d, const char *word, size_t *index);

#endif
