#include "recipes/plan_rows.h"

#include <string.h>

static const char *const origins[] = { "as-written", "solved", "knob", "fix", NULL };
const char *const td_move_names[] = { "level", "pan", "polarity", NULL };
static const char *const note_kinds[] = { "warning", "not-used", "not-made", "decision", NULL };

/* Levels that undo each other may be large (a stem at -80 dBFS is staged by 68 dB), none beyond these. Faders, and
 * rides on them, add the 24 dB of a group's level and what a balance needs. */
#define LEVEL       .least = -100, .most = 100
#define FADER       .least = -100, .most = 36
#define SEND        .least = -100, .most = 24
#define MOMENT      .least = 0, .most = 86400
#define FRAMES_MOST 8294400000 /* a day at 96 kHz */

/* clang-format off */
#define ROW(type, text, what, member, ...)                                                                             \
    { .name = text, .kind = TD_ROW_##what, .at = offsetof(type, member), __VA_ARGS__ }
#define DB(type, text, member, ...) ROW(type, text, NUMBER, member, .measure = TD_UNIT_DB, __VA_ARGS__)
#define ROWS(type, text, array, count, of, ...)                                                                        \
    ROW(type, text, LIST, array, .count_at = offsetof(type, count), .rows = of,                                        \
        .size = sizeof *((type *)0)->array, __VA_ARGS__)

static const td_row goal_rows[] = {
    DB(td_plan_goal, "asked", asked_db, .absent = NAN),
    DB(td_plan_goal, "most", max_db, .absent = NAN),
    DB(td_plan_goal, "p95", p95_db, .absent = NAN),
    ROW(td_plan_goal, "at", SECONDS, at_s, .absent = NAN, MOMENT),
    { 0 },
};

#define HOW(type)                                                                                                      \
    ROW(type, "solved", TEXTS, how.solved, .count_at = offsetof(type, how.n_solved)),                                  \
    ROW(type, "knob", TEXTS, how.knob, .count_at = offsetof(type, how.n_knobs)),                                       \
    ROW(type, "written", TEXTS, how.written, .count_at = offsetof(type, how.n_written))

const td_row td_step_rows[] = { /* beside the processor */
    ROW(td_plan_step, "as", TEXT, name),
    ROW(td_plan_step, "key", TEXTS, key, .count_at = offsetof(td_plan_step, n_keys)),
    ROW(td_plan_step, "blend", PORTION, blend, .absent = 1),
    ROW(td_plan_step, "bypass", FLAG, bypass),
    ROW(td_plan_step, "origin", WORD, origin, .words = origins),
    HOW(td_plan_step),
    ROW(td_plan_step, "reaches", INSIDE, goal, .rows = goal_rows, .inline_ = true),
    ROW(td_plan_step, "reason", TEXT, reason),
    ROW(td_plan_step, "note", TEXT, note),
    { 0 },
};

const td_row td_part_rows[] = {
    HOW(td_plan_part),
    ROW(td_plan_part, "reaches", INSIDE, goal, .rows = goal_rows, .inline_ = true),
    ROW(td_plan_part, "reason", TEXT, reason),
    { 0 },
};

static const td_row send_rows[] = {
    ROW(td_plan_send, "to", TEXT, to, .needed = true),
    DB(td_plan_send, "level", level_db, .absent = NAN, .needed = true, SEND),
    DB(td_plan_send, "asked", asked_lu),
    DB(td_plan_send, "heard", heard_lu),
    ROW(td_plan_send, "reason", TEXT, reason),
    { 0 },
};

static const td_row ride_rows[] = {
    ROW(td_breakpoint, "at", SECONDS, at_s, .absent = NAN, .needed = true, MOMENT),
    DB(td_breakpoint, "gain", gain_db, .absent = NAN, .needed = true, FADER),
    { 0 },
};

static const td_row section_rows[] = {
    ROW(td_plan_section, "name", TEXT, name),
    ROW(td_plan_section, "from", SECONDS, from_s, .absent = NAN, .needed = true, MOMENT),
    ROW(td_plan_section, "to", SECONDS, to_s, .absent = NAN, .needed = true, MOMENT),
    DB(td_plan_section, "loudness", loudness_lu, .absent = NAN),
    { 0 },
};

static const td_row move_rows[] = {
    ROW(td_plan_move, "fix", TEXT, fix, .needed = true),
    ROW(td_plan_move, "what", WORD, what, .words = td_move_names),
    DB(td_plan_move, "gain", gain_db, LEVEL),
    ROW(td_plan_move, "reason", TEXT, reason),
    { 0 },
};

static const td_row stem_rows[] = {
    ROW(td_plan_stem, "name", TEXT, name, .needed = true),
    ROW(td_plan_stem, "path", TEXT, path),
    ROW(td_plan_stem, "path_right", TEXT, path_right),
    ROW(td_plan_stem, "sha256", TEXT, sha256),
    ROW(td_plan_stem, "role", TEXT, role),
    ROW(td_plan_stem, "bus", TEXT, bus),
    DB(td_plan_stem, "gain", gain_db, LEVEL),
    ROW(td_plan_stem, "pan", NUMBER, pan, .measure = TD_UNIT_PAN, .absent = NAN, .least = -100, .most = 100),
    ROW(td_plan_stem, "flip", FLAG, flip),
    ROW(td_plan_stem, "reason", TEXT, reason),
    ROW(td_plan_stem, "chain", CHAIN, chain),
    ROWS(td_plan_stem, "ride", ride, n_ride, ride_rows, .inline_ = true),
    ROWS(td_plan_stem, "sends", send, n_sends, send_rows),
    ROWS(td_plan_stem, "moves", move, n_moves, move_rows, .inline_ = true),
    { 0 },
};

static const td_row bus_rows[] = {
    ROW(td_plan_bus, "bus", TEXT, name, .needed = true),
    ROW(td_plan_bus, "group", TEXT, group),
    ROW(td_plan_bus, "peak", NUMBER, peak_dbfs, .measure = TD_UNIT_DBFS, .absent = NAN),
    DB(td_plan_bus, "clip_gain", clip_gain_db, LEVEL),
    ROW(td_plan_bus, "chain", CHAIN, chain),
    DB(td_plan_bus, "makeup", makeup_db, LEVEL),
    ROW(td_plan_bus, "makeup_reason", TEXT, makeup_reason),
    DB(td_plan_bus, "fader", fader_db, FADER),
    DB(td_plan_bus, "fader_from", fader_from_db, .absent = NAN),
    ROW(td_plan_bus, "fader_reason", TEXT, fader_reason),
    ROWS(td_plan_bus, "ride", ride, n_ride, ride_rows, .inline_ = true),
    ROWS(td_plan_bus, "sends", send, n_sends, send_rows),
    { 0 },
};

static const td_row return_rows[] = {
    ROW(td_plan_return, "return", TEXT, name, .needed = true),
    ROW(td_plan_return, "chain", CHAIN, chain),
    DB(td_plan_return, "fader", fader_db, FADER),
    ROW(td_plan_return, "reason", TEXT, reason),
    ROWS(td_plan_return, "sends", send, n_sends, send_rows),
    { 0 },
};

#define TARGET(target)                                                                                                 \
    ROW(td_plan, "loudness", NUMBER, target.loudness_lufs, .measure = TD_MEASURE_LUFS, .absent = NAN, .least = -40,    \
        .most = -4),                                                                                                   \
    ROW(td_plan, "true_peak", NUMBER, target.true_peak_dbtp, .measure = TD_MEASURE_DBTP, .absent = NAN, .least = -20), \
    ROW(td_plan, "peak", NUMBER, target.peak_dbfs, .measure = TD_UNIT_DBFS, .absent = NAN, .least = -40),              \
    DB(td_plan, "limiting", target.limiting_db, .absent = NAN, .most = 24),                                            \
    ROW(td_plan, "named", TEXT, target.named)

static const td_row master_rows[] = { TARGET(master), { 0 } };
static const td_row preview_rows[] = {
    TARGET(preview),
    ROW(td_plan, "format", TEXT, preview_format),
    ROW(td_plan, "bits", WHOLE, preview_bits),
    { 0 },
};

static const td_row note_rows[] = {
    ROW(td_plan_note, "kind", WORD, kind, .words = note_kinds),
    ROW(td_plan_note, "text", TEXT, text, .needed = true),
    { 0 },
};

static const td_row decided_rows[] = {
    ROW(td_decision, "place", TEXT, place, .needed = true),
    ROW(td_decision, "step", TEXT, step, .needed = true),
    ROW(td_decision, "what", TEXT, what, .needed = true),
    ROW(td_decision, "as", TEXT, settings, .needed = true),
    { 0 },
};

const td_row td_plan_rows[] = {
    ROW(td_plan, "recipe", TEXT, recipe, .needed = true),
    ROW(td_plan, "recipe_title", TEXT, recipe_title),
    ROW(td_plan, "recipe_revision", WHOLE, recipe_revision),
    ROW(td_plan, "recipe_hash", TEXT, recipe_hash),
    ROW(td_plan, "recipe_path", TEXT, recipe_path),
    ROW(td_plan, "revised", WHOLE, revised),
    ROW(td_plan, "label", TEXT, label),
    ROW(td_plan, "title", TEXT, title),
    ROW(td_plan, "artist", TEXT, artist),
    ROW(td_plan, "session_hash", TEXT, session_hash, .needed = true, .hash = true),
    ROW(td_plan, "rate_hz", WHOLE, rate_hz, .needed = true, .least = 44100, .most = 96000),
    ROW(td_plan, "frames", LONG, frames, .needed = true, .least = 1, .most = FRAMES_MOST),
    ROW(td_plan, "tempo", NUMBER, tempo_bpm, .measure = TD_MEASURE_BPM, .least = 20, .most = 400),
    ROW(td_plan, "tempo_from", TEXT, tempo_from),
    ROW(td_plan, "balance", WORD, balance, .words = td_balance_names),
    ROW(td_plan, "balance_reason", TEXT, balance_reason),
    ROW(td_plan, "curve", TEXT, curve),
    ROWS(td_plan, "sections", section, n_sections, section_rows, .inline_ = true),
    ROWS(td_plan, "stems", stem, n_stems, stem_rows),
    ROWS(td_plan, "buses", bus, n_buses, bus_rows),
    ROWS(td_plan, "returns", ret, n_rets, return_rows),
    DB(td_plan, "trim", trim_db, LEVEL),
    ROW(td_plan, "trim_reason", TEXT, trim_reason),
    ROW(td_plan, "mix", CHAIN, mix),
    ROW(td_plan, "master_chain", CHAIN, way[TD_TO_MASTER]),
    ROW(td_plan, "preview_chain", CHAIN, way[TD_TO_PREVIEW], .empty = true),
    { .name = "master", .kind = TD_ROW_INSIDE, .rows = master_rows, .inline_ = true },
    { .name = "preview", .kind = TD_ROW_INSIDE, .rows = preview_rows, .inline_ = true },
    ROWS(td_plan, "notes", note, n_notes, note_rows),
    ROW(td_plan, "plan_hash", TEXT, written_hash, .hash = true, .comment = "for reading: what is in force stands above"),
    ROWS(td_plan, "decided", decided, n_decided, decided_rows, .inline_ = true),
    { 0 },
};
/* clang-format on */

const td_row *td_plan_row(const char *path)
{
    const td_row *row = td_plan_rows;
    for (size_t n;; row = row->rows, path += n + 1) {
        n = strcspn(path, ".");
        while (strlen(row->name) != n || strncmp(row->name, path, n)) row++;
        if (!path[n]) return row;
    }
}
