#include "engine/report/page.h"

#include "engine/base/text.h"
#include <string.h>

/* ---- several mixes ----------------------------------------------------------------------------------------------- */

void td_section_overview(td_page *p, const json_t *mixes)
{
    static const td_head heads[] = { { TD_WORD_MIX, false },       { TD_WORD_RECIPE, false },
                                     { TD_WORD_LOUDNESS, true },   { TD_WORD_TRUE_PEAK, true },
                                     { TD_WORD_RANGE, true },      { TD_WORD_PLR, true },
                                     { TD_WORD_CORRELATION, true } };
    size_t i;
    json_t *m;
    if (json_array_size(mixes) < 2) return;
    td_element(p, "<h2>", td_say(p, TD_WORD_MIXES), "</h2>\n");
    td_table_open(p, heads, 7);
    json_array_foreach(mixes, i, m)
    {
        const json_t *f = td_main_file(m), *portrait = json_object_get(m, "portrait");
        td_row_open(p, td_held_text(m, "label"));
        td_text_cell(p, td_held_text(m, "recipe"));
        td_number_cell(p, td_held(f, "loudness_lufs"), 1, false);
        td_number_cell(p, td_held(f, "true_peak_dbtp"), 1, false);
        td_number_cell(p, td_held(f, "loudness_range_lu"), 1, false);
        td_number_cell(p, td_held(portrait, "plr_db"), 1, false);
        td_number_cell(p, td_held(portrait, "correlation"), 2, true);
        td_row_close(p);
    }
    td_table_close(p);
}

/* What can be played against each other. */
void td_section_comparison(td_page *p)
{
    static const td_head heads[] = {
        { TD_WORD_FILE, false }, { TD_WORD_LOUDNESS, true }, { TD_WORD_TURNED, true }, { TD_WORD_TO_TURN, true }
    };
    const json_t *ab = json_object_get(p->report, "ab"), *f;
    char level[TD_FIGURE];
    size_t i;
    if (!json_is_object(ab)) return;
    bool matched = !isnan(td_held(ab, "matched_lufs"));
    td_element(p, "<h2>", td_say(p, TD_WORD_COMPARED), "</h2>\n");
    td_element(p, "<p class=\"note\">", td_say(p, matched ? TD_WORD_MATCHED : TD_WORD_UNMATCHED), " ");
    td_element(p, "", td_figure(p, td_held(ab, "loudness_lufs"), 1, false, "LUFS", level), ".</p>\n");
    td_table_open(p, heads, 4);
    json_array_foreach(json_object_get(ab, "files"), i, f)
    {
        td_row_open(p, td_held_text(f, "file"));
        td_number_cell(p, td_held(f, "loudness_lufs"), 2, false);
        td_number_cell(p, td_held(f, "turned_db"), 2, true);
        td_number_cell(p, td_held(f, "gain_db"), 2, true);
        td_row_close(p);
    }
    td_table_close(p);
}

/* ---- one mix ----------------------------------------------------------------------------------------------------- */

static void tile(td_page *p, td_word word, double x, int decimals, const char *unit, double want)
{
    char text[TD_FIGURE];
    td_element(p, "<div><dt>", td_say(p, word), "</dt>");
    td_element(p, "<dd>", td_figure(p, x, decimals, false, "", text), "");
    if (*unit) td_element(p, "<small>", unit, "</small>");
    td_page_add(p, "<span class=\"want\">");
    if (!isnan(want)) {
        td_element(p, "", td_say(p, TD_WORD_WANTED), " ");
        td_page_text(p, td_figure(p, want, 1, false, "", text));
    }
    td_page_add(p, "</span>");
    td_page_add(p, "</dd></div>\n");
}

/* Files, and what else had to be met. */
static bool all_reached(const json_t *mix)
{
    size_t i;
    json_t *f, *row;
    json_array_foreach(json_object_get(mix, "outputs"), i,
                       f) if (!json_is_true(json_object_get(f, "reached"))) return false;
    json_array_foreach(json_object_get(mix, "card"), i,
                       row) if (!strcmp(td_held_text(row, "verdict"), "fail")) return false;
    return true;
}

static void tiles(td_page *p, const json_t *f, const json_t *portrait)
{
    td_page_add(p, "<dl class=\"tiles\">\n");
    tile(p, TD_WORD_LOUDNESS, td_held(f, "loudness_lufs"), 1, "LUFS", td_held_wish(f, "loudness_lufs"));
    tile(p, TD_WORD_TRUE_PEAK, td_held(f, "true_peak_dbtp"), 1, "dBTP", td_held_wish(f, "true_peak_dbtp"));
    tile(p, TD_WORD_RANGE, td_held(f, "loudness_range_lu"), 1, "LU", NAN);
    tile(p, TD_WORD_PLR, td_held(portrait, "plr_db"), 1, "dB", NAN);
    tile(p, TD_WORD_CORRELATION, td_held(portrait, "correlation"), 2, "", NAN);
    td_page_add(p, "</dl>\n");
}

void td_section_tiles(td_page *p, const json_t *mix)
{
    const json_t *f = td_main_file(mix);
    if (f) tiles(p, f, json_object_get(mix, "portrait"));
    bool reached = all_reached(mix);
    td_element(p, reached ? "<p class=\"ok\">" : "<p class=\"bad\">",
               td_say(p, reached ? TD_WORD_ALL_REACHED : TD_WORD_SOME_MISSED), "</p>\n");
}

enum { MOVED_MOST = 5 };

/* The groups whose faders were moved most, first of all the one that was moved farthest. */
static size_t moved_faders(const json_t *mix, const json_t *out[MOVED_MOST + 1])
{
    static const double least_db = 0.5;
    size_t i, n = 0;
    json_t *bus;
    json_array_foreach(json_object_get(mix, "buses"), i, bus)
    {
        double size = fabs(td_held(bus, "fader_moved_db"));
        if (!(size >= least_db)) continue;
        size_t at = n;
        for (; at && fabs(td_held(out[at - 1], "fader_moved_db")) < size; at--) out[at] = out[at - 1];
        out[at] = bus;
        n += n < MOVED_MOST;
    }
    return n;
}

static void say_moved_faders(td_page *p, const json_t *mix)
{
    const json_t *bus[MOVED_MOST + 1];
    char text[TD_FIGURE];
    size_t n = moved_faders(mix, bus);
    for (size_t i = 0; i < n; i++) {
        if (!i) td_element(p, " ", td_say(p, TD_WORD_BALANCE_MOVED), "");
        td_element(p, i ? ", " : " ", td_held_text(bus[i], "name"), " ");
        td_page_text(p, td_figure(p, td_held(bus[i], "fader_moved_db"), 1, true, "dB", text));
    }
    if (n) td_page_add(p, ".");
}

static void say_balance(td_page *p, const json_t *mix)
{
    static const struct {
        const char *mode;
        td_word word;
    } rows[] = { { "even", TD_WORD_BALANCE_EVEN },
                 { "delivered", TD_WORD_BALANCE_DELIVERED },
                 { "rough", TD_WORD_BALANCE_ROUGH },
                 { "loudness", TD_WORD_BALANCE_LOUDNESS },
                 { "focus", TD_WORD_BALANCE_FOCUS } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].mode, td_held_text(mix, "balance"))) continue;
        td_element(p, "<li>", td_say(p, rows[i].word), "");
        say_moved_faders(p, mix);
        td_page_add(p, "</li>\n");
    }
}

/* "vocals +1 dB: vocals (Lead.wav)": the words as they were given, and names; none of it has to be translated. */
static void say_revision(td_page *p, const char *text)
{
    const char *whom = strstr(text, ": ");
    char *words = td_arena_strdup(p->arena, text);
    if (whom && words) words[whom - text] = '\0';
    td_element(p, "<q>", words ? words : "", "</q>");
    td_page_text(p, whom ? whom : "");
}

/* What an engineer's words moved. */
static void say_revisions(td_page *p, const json_t *mix)
{
    static const char head[] = "revised: ";
    size_t i, said = 0;
    json_t *note;
    json_array_foreach(json_object_get(mix, "also"), i, note)
    {
        const char *text = json_string_value(note);
        if (!text || !td_starts_with(text, head)) continue;
        td_element(p, said ? "; " : "<li>", said ? "" : td_say(p, TD_WORD_REVISED), said ? "" : " ");
        say_revision(p, text + strlen(head));
        said++;
    }
    if (said) td_page_add(p, "</li>\n");
}

/* What somebody wrote into the plan. */
static void say_edits(td_page *p, const json_t *mix)
{
    size_t i, said = 0;
    json_t *d;
    json_array_foreach(json_object_get(mix, "decided"), i, d)
    {
        if (!strstr(td_held_text(d, "reason"), "by hand")) continue;
        if (!said++) td_element(p, "<li>", td_say(p, TD_WORD_BY_HAND), "");
        td_element(p, said > 1 ? "; " : " ", td_place_name(p, td_held_text(d, "place")), "");
        td_element(p, " <q>", td_held_text(d, "step"), "</q>");
        td_prose(p, " <span lang=\"en\">", td_held_text(d, "settings"), "</span>");
    }
    if (said) td_page_add(p, "</li>\n");
}

/* What a detector is there for: by itself, with a key, on the mix bus. */
static const struct {
    const char *processor;
    td_word alone, keyed, on_mix;
} aims[] = { { "compressor", TD_WORD_EVENS_OUT, TD_WORD_MAKES_WAY, TD_WORD_HOLDS_MIX },
             { "limiter", TD_WORD_HOLDS_PEAKS, TD_WORD_HOLDS_PEAKS, TD_WORD_HOLDS_MIX },
             { "clipper", TD_WORD_HOLDS_PEAKS, TD_WORD_HOLDS_PEAKS, TD_WORD_HOLDS_PEAKS },
             { "multiband", TD_WORD_HOLDS_BANDS, TD_WORD_MAKES_WAY, TD_WORD_HOLDS_BANDS },
             { "dynamic_eq", TD_WORD_HOLDS_BANDS, TD_WORD_MAKES_WAY, TD_WORD_HOLDS_BANDS },
             { "deesser", TD_WORD_SOFTENS_S, TD_WORD_SOFTENS_S, TD_WORD_SOFTENS_S },
             { "gate", TD_WORD_CLOSES, TD_WORD_CLOSES, TD_WORD_CLOSES },
             { "expander", TD_WORD_CLOSES, TD_WORD_CLOSES, TD_WORD_CLOSES } };

/* The decision behind a detector; that of a band, "even.2", is the step's. NULL: none is told. */
static const json_t *decided(const json_t *mix, const json_t *step)
{
    const char *name = td_held_text(step, "step");
    size_t i, n = strcspn(name, ".");
    json_t *d;
    json_array_foreach(json_object_get(mix, "decided"), i, d)
    {
        const char *own = td_held_text(d, "step");
        if (strlen(own) == n && !memcmp(own, name, n) && !strcmp(td_held_text(d, "place"), td_held_text(step, "place")))
            return d;
    }
    return NULL;
}

/* Where a step stands: what is decided first is told first. */
typedef enum storey { ON_MIX, ON_GROUP, ON_TRACK } storey;

static storey storey_of(const json_t *mix, const json_t *step)
{
    const char *place = td_held_text(step, "place");
    size_t i;
    json_t *s;
    if (!strcmp(place, "mix")) return ON_MIX;
    json_array_foreach(json_object_get(mix, "buses"), i,
                       s) if (!strcmp(place, td_held_text(s, "name"))) return ON_GROUP;
    return ON_TRACK;
}

/* False: nobody knows what it is there for. */
static bool find_aim(const json_t *mix, const json_t *step, td_word *aim)
{
    const json_t *d = decided(mix, step);
    bool keyed = strstr(td_held_text(d, "settings"), "keyed by") != NULL, on_mix = storey_of(mix, step) == ON_MIX;
    for (size_t i = 0; i < sizeof aims / sizeof aims[0]; i++) {
        if (strcmp(aims[i].processor, td_held_text(d, "what"))) continue;
        *aim = keyed ? aims[i].keyed : on_mix ? aims[i].on_mix : aims[i].alone;
        return true;
    }
    return false;
}

static const double least_reduction_db = 0.3; /* what takes less is not told */

/* The detector of a storey that does most of those with this aim. */
static const json_t *busiest(const json_t *mix, storey at, td_word aim)
{
    const json_t *best = NULL, *s;
    size_t i;
    td_word own;
    json_array_foreach(json_object_get(mix, "steps"), i, s)
    {
        if (storey_of(mix, s) != at || !find_aim(mix, s, &own) || own != aim) continue;
        if (td_held(s, "p95_db") > (best ? td_held(best, "p95_db") : least_reduction_db)) best = s;
    }
    return best;
}

static void say_reduction(td_page *p, const json_t *step, td_word aim)
{
    char most[TD_FIGURE], mostly[TD_FIGURE], clock[16];
    double at_s = td_held(step, "max_at_s");
    td_element(p, "<li>", td_place_name(p, td_held_text(step, "place")), ": ");
    td_element(p, "<q>", td_held_text(step, "step"), "</q> ");
    td_element(p, "", td_say(p, aim), ": ");
    td_element(p, "", td_say(p, TD_WORD_TOOK_UP_TO), " ");
    td_element(p, "", td_figure(p, td_held(step, "max_db"), 1, false, "dB", most), "");
    if (at_s <= td_held(json_object_get(p->report, "session"), "duration_s")) /* tails are no place to listen to */
        td_element(p, " (", td_clock(at_s, clock), ")");
    td_element(p, ", ", td_say(p, TD_WORD_OFF_MOSTLY), " ");
    td_element(p, "", td_figure(p, td_held(step, "p95_db"), 1, false, "dB", mostly), ".</li>\n");
}

/* All of the mix bus in the order of its chain; elsewhere one for each aim. */
static void say_reductions(td_page *p, const json_t *mix, storey at)
{
    static const td_word order[] = { TD_WORD_EVENS_OUT, TD_WORD_MAKES_WAY, TD_WORD_HOLDS_BANDS,
                                     TD_WORD_SOFTENS_S, TD_WORD_CLOSES,    TD_WORD_HOLDS_PEAKS };
    const json_t *step;
    size_t i;
    td_word aim;
    json_array_foreach(json_object_get(mix, "steps"), i, step)
    {
        if (at != ON_MIX || storey_of(mix, step) != ON_MIX || !(td_held(step, "p95_db") > least_reduction_db)) continue;
        if (find_aim(mix, step, &aim)) say_reduction(p, step, aim);
    }
    for (i = 0; i < sizeof order / sizeof order[0] && at != ON_MIX; i++) {
        step = busiest(mix, at, order[i]);
        if (step) say_reduction(p, step, order[i]);
    }
}

/* What the planner does to the tone of the whole. */
static void say_tone(td_page *p, const json_t *mix)
{
    const json_t *d;
    size_t i, said = 0;
    json_array_foreach(json_object_get(mix, "decided"), i, d)
    {
        const char *settings = td_held_text(d, "settings");
        if (strcmp(td_held_text(d, "place"), "mix") || strcmp(td_held_text(d, "origin"), "solved")) continue;
        if (!strstr(settings, "Hz, gain ")) continue;
        if (!said++) {
            td_element(p, "<li>", td_place_name(p, "mix"), ": ");
            td_element(p, "<q>", td_held_text(d, "step"), "</q> ");
            td_page_text(p, td_say(p, TD_WORD_SHAPES_TONE));
        }
        td_prose(p, said > 1 ? "; <span lang=\"en\">" : ": <span lang=\"en\">", settings, "</span>");
    }
    if (said) td_page_add(p, ".</li>\n");
}

static void say_limiter(td_page *p, const json_t *f)
{
    char drive[TD_FIGURE], most[TD_FIGURE];
    if (!(td_held(f, "limiting_max_db") > 0)) return;
    td_element(p, "<li>", td_say(p, TD_WORD_DRIVEN), " ");
    td_element(p, "", td_figure(p, td_held(f, "drive_db"), 1, false, "dB", drive), " ");
    td_element(p, "", td_say(p, TD_WORD_AND_TAKES), " ");
    td_element(p, "", td_figure(p, td_held(f, "limiting_max_db"), 1, false, "dB", most), ".</li>\n");
}

static void say_fixes(td_page *p, const json_t *mix)
{
    const char *before = "";
    const json_t *d;
    size_t i, tracks = 0;
    char text[TD_FIGURE];
    json_array_foreach(json_object_get(mix, "decided"), i, d)
    {
        const char *place = td_held_text(d, "place");
        if (strcmp(td_held_text(d, "origin"), "fix")) continue;
        tracks += strcmp(place, before) != 0; /* decisions of a track stand together */
        before = place;
    }
    if (!tracks) return;
    td_element(p, "<li>", td_say(p, TD_WORD_FIXES_MADE), " ");
    td_element(p, "", td_figure(p, (double)tracks, 0, false, "", text), ".</li>\n");
}

void td_section_words(td_page *p, const json_t *mix)
{
    td_heading(p, TD_WORD_IN_WORDS);
    td_page_add(p, "<ol class=\"said\">\n");
    say_tone(p, mix);
    say_reductions(p, mix, ON_MIX);
    say_limiter(p, td_main_file(mix));
    say_balance(p, mix);
    say_revisions(p, mix);
    say_edits(p, mix);
    say_reductions(p, mix, ON_GROUP);
    say_reductions(p, mix, ON_TRACK);
    say_fixes(p, mix);
    td_page_add(p, "</ol>\n");
}
