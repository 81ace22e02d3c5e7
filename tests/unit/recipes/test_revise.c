/* What an engineer says about a first mix, and what becomes of the plan. */
#include "recipes/recipes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static td_plan_send to_plate[1], onward[1];
static td_plan_step reverb[1], repeat[1];

static td_plan song(void)
{
    static td_plan_stem stem[8];
    static td_plan_bus bus[6];
    static td_plan_return ret[2];
    memset(stem, 0, sizeof stem);
    memset(bus, 0, sizeof bus);
    stem[0] = (td_plan_stem){ .name = "Kick In.wav", .role = "drums.kick.in", .bus = "drums", .pan = NAN };
    stem[1] = (td_plan_stem){ .name = "OH.wav", .role = "drums.overhead", .bus = "drums", .pan = NAN };
    stem[2] = (td_plan_stem){ .name = "Moog.wav", .role = "bass.synth", .bus = "bass", .pan = NAN };
    stem[3] = (td_plan_stem){ .name = "Lead Vox.wav", .role = "vocals.lead", .bus = "vocals", .pan = NAN };
    stem[4] = (td_plan_stem){ .name = "Dopplung.wav", .role = "vocals.double", .bus = "vocals", .pan = NAN };
    stem[5] = (td_plan_stem){ .name = "BV.wav", .role = "vocals.backing", .bus = "backing", .pan = NAN };
    stem[6] = (td_plan_stem){ .name = "Solo Gtr.wav", .role = "guitars.lead", .bus = "guitars", .pan = NAN };
    stem[7] = (td_plan_stem){ .name = "Pluck.wav", .role = "synths.lead", .bus = "synths", .pan = NAN };
    bus[3] = (td_plan_bus){ .name = "bass", .group = "bass" };
    bus[4] = (td_plan_bus){ .name = "guitars", .group = "guitars" };
    bus[5] = (td_plan_bus){ .name = "synths", .group = "synths" };
    bus[0] = (td_plan_bus){ .name = "drums", .group = "drums", .fader_db = -3, .fader_reason = "as delivered" };
    bus[1] = (td_plan_bus){ .name = "vocals", .group = "vocals", .send = to_plate, .n_sends = 1 };
    bus[2] = (td_plan_bus){ .name = "backing", .group = "vocals", .fader_db = -6 };
    to_plate[0] = (td_plan_send){ .to = "plate", .level_db = -14, .reason = "as written" };
    reverb[0] = (td_plan_step){ .proc = td_processor_find("reverb") };
    repeat[0] = (td_plan_step){ .proc = td_processor_find("delay") };
    onward[0] = (td_plan_send){ .to = "plate", .level_db = -9 };
    ret[0] = (td_plan_return){ .name = "slap", .chain = { repeat, 1 }, .send = onward, .n_sends = 1 };
    ret[1] = (td_plan_return){ .name = "plate", .chain = { reverb, 1 } };
    return (td_plan){ .rate_hz = 48000,
                      .frames = 48000 * 239 + 1,
                      .stem = stem,
                      .n_stems = 8,
                      .bus = bus,
                      .n_buses = 6,
                      .ret = ret,
                      .n_rets = 2,
                      .arena = td_arena_new() };
}

static td_plan after(const char *move)
{
    td_plan p = song();
    td_error err = { 0 };
    if (td_plan_revise(&p, move, &err)) fail_msg("%s: %s", move, err.what);
    return p;
}

static void test_a_level_moves_the_fader(void **state)
{
    (void)state;
    td_plan p = after("drums -1.5 dB");
    assert_true(p.bus[0].fader_db == -4.5);
    assert_string_equal(p.bus[0].fader_reason, "as delivered; -1.5 dB by revision");
    assert_string_equal(p.note[0].text, "revised: drums -1.5 dB: drums (Kick In.wav, OH.wav)");
    td_arena_free(p.arena);
}

static void test_vocals_are_lead_and_backing(void **state)
{
    (void)state;
    td_plan p = after("vocals +1dB");
    assert_true(p.bus[1].fader_db == 1 && p.bus[2].fader_db == -5);
    assert_string_equal(p.note[0].text, "revised: vocals +1dB: vocals (Lead Vox.wav, Dopplung.wav), backing (BV.wav)");
    assert_string_equal(p.note[1].text, "vocals are lead and backing; 'lead' means the lead alone");
    td_error err = { 0 };
    assert_int_equal(td_plan_revise(&p, "vocals softer", &err), TD_OK);
    assert_int_equal(p.n_notes, 3); /* said once */
    td_arena_free(p.arena);
    static const char *const all[] = { "Gesang lauter", "Stimme lauter", "voice louder", "the vocal is too quiet" };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        p = after(all[i]);
        assert_true(p.bus[1].fader_db == 1 && p.bus[2].fader_db == -5);
        td_arena_free(p.arena);
    }
    p = after("backing vocals softer");
    assert_true(p.bus[1].fader_db == 0 && p.bus[2].fader_db == -7);
    td_arena_free(p.arena);
}

static void test_the_lead_moves_without_its_double(void **state)
{
    (void)state;
    td_plan p = after("lead vocals louder");
    assert_true(p.stem[3].gain_db == 1 && p.stem[4].gain_db == 0 && p.bus[1].fader_db == 0);
    td_arena_free(p.arena);
    p = song();
    p.stem[4].bus = NULL; /* left out: the lead is all of its bus, and moves behind the chain */
    td_error err = { 0 };
    assert_int_equal(td_plan_revise(&p, "lead vocal +1 dB", &err), TD_OK);
    assert_true(p.stem[3].gain_db == 0 && p.bus[1].fader_db == 1 && p.bus[2].fader_db == -6);
    td_arena_free(p.arena);
}

static void test_a_stem_moves_inside_its_bus(void **state)
{
    (void)state;
    td_plan p = after("kick softer");
    assert_true(p.stem[0].gain_db == -1 && p.stem[1].gain_db == 0 && p.bus[0].fader_db == -3);
    td_arena_free(p.arena);
    p = after("Kick In -2 dB");
    assert_true(p.stem[0].gain_db == -2);
    td_arena_free(p.arena);
    p = after("Galgen -1 dB"); /* as a file might be called */
    assert_true(p.stem[1].gain_db == -1 && p.stem[0].gain_db == 0);
    td_arena_free(p.arena);
    p = after("guitar lead +1 dB"); /* all of its bus */
    assert_true(p.stem[6].gain_db == 0 && p.bus[4].fader_db == 1);
    td_arena_free(p.arena);
}

/* Its group hears a stem before it does anything, and whom it keys hears it too; a fader comes behind. */
static void test_a_stem_says_whose_thresholds_hear_it(void **state)
{
    (void)state;
    static const struct {
        const char *move, *told;
    } said[] = { { "kick -3 dB", "thresholds stay where they are: drums tips, synths pump will do less" },
                 { "overheads +1 dB", "thresholds stay where they are: drums tips will do more" },
                 { "drums +1 dB", NULL },
                 { "synths +1 dB", NULL } };
    static const char *kick[] = { "Kick In.wav" };
    td_plan_step tips[2] = { { .name = "tips", .proc = td_processor_find("compressor") },
                             { .name = "tone", .proc = td_processor_find("eq") } };
    td_plan_step pump = { .name = "pump", .proc = td_processor_find("compressor"), .key = kick, .n_keys = 1 };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        td_plan p = song();
        td_error err = { 0 };
        p.bus[0].chain = (td_plan_chain){ tips, 2 };
        p.bus[5].chain = (td_plan_chain){ &pump, 1 };
        if (td_plan_revise(&p, said[i].move, &err)) fail_msg("%s: %s", said[i].move, err.what);
        assert_int_equal(p.n_notes, 1 + (said[i].told != NULL));
        if (said[i].told) assert_string_equal(p.note[1].text, said[i].told);
        td_arena_free(p.arena);
    }
}

/* As people say it; what they do not count is a decibel. */
static void test_moves_in_plain_words(void **state)
{
    (void)state;
    static const struct {
        const char *move;
        double db;
    } said[] = { { "drums down 2 dB", -2 },
                 { "drums 2 dB quieter", -2 },
                 { "drums up 1.5 dB", 1.5 },
                 { "turn the drums down", -1 },
                 { "make the drums a bit quieter", -0.5 },
                 { "drums a little louder", 0.5 },
                 { "drums much louder", 2 },
                 { "turn down the drums a lot", -2 },
                 { "turn up the drums by 1 dB", 1 },
                 { "raise the drums by 2 dB", 2 },
                 { "louder drums please", 1 },
                 { "more drums", 1 },
                 { "a bit less drums", -0.5 },
                 { "less drums 2 dB", -2 },
                 { "Schlagzeug lauter", 1 },
                 { "das Schlagzeug um 2 dB leiser", -2 },
                 { "mach das Schlagzeug etwas leiser", -0.5 },
                 { "mehr Schlagzeug", 1 },
                 { "drums down -2 dB", -2 },
                 { "drums - 2 dB", -2 },
                 { "drums \xe2\x88\x92"
                   "2 dB",
                   -2 },
                 { "drums +.5 dB", 0.5 },
                 { "drums down by 2", -2 },
                 { "Schlagzeug um 2 leiser", -2 },
                 { "Schlagzeug um 2 dB anheben", 2 },
                 { "drums ein wenig leiser", -0.5 },
                 { "drums -1 dB.", -1 },
                 { "drums louder!", 1 },
                 { "could you turn the drums up please?", 1 },
                 { "the drums should be 2 dB louder", 2 },
                 { "drums too loud", -1 },
                 { "the drums are too quiet", 1 },
                 { "the drums are a bit too loud", -0.5 },
                 { "drums are 2 dB too loud", -2 },
                 { "das Schlagzeug ist zu leise", 1 },
                 { "das Schlagzeug ist viel zu laut", -2 } };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        td_plan p = after(said[i].move);
        assert_true(p.bus[0].fader_db == -3 + said[i].db);
        td_arena_free(p.arena);
    }
    td_plan p = after("lead vocal up 1.5 dB");
    assert_true(p.stem[3].gain_db == 1.5 && p.bus[1].fader_db == 0);
    td_arena_free(p.arena);
}

static void test_several_moves_at_once(void **state)
{
    (void)state;
    static const char *const said[] = { "backing +1dB, drums -1 dB",   "drums softer and backing louder",
                                        "backing 1 dB up; drums down", "backing +1 dB, and drums -1 dB",
                                        "backing +1 dB, drums -1 dB,", "; backing +1 dB; ; drums -1 dB." };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        td_plan p = after(said[i]);
        assert_true(p.bus[2].fader_db == -5 && p.bus[0].fader_db == -4 && p.n_notes == 2);
        td_arena_free(p.arena);
    }
    td_plan p = after("drums, bass and lead -2 dB");
    assert_true(p.bus[0].fader_db == -5 && p.bus[3].fader_db == -2 && p.stem[3].gain_db == -2);
    assert_string_equal(p.note[0].text, "revised: drums -2 dB: drums (Kick In.wav, OH.wav)");
    td_arena_free(p.arena);
    p = song();
    p.stem[1].name = "Kick, close and far.wav";
    td_error err = { 0 };
    assert_int_equal(td_plan_revise(&p, "Kick, close and far -2 dB", &err), TD_OK);
    assert_true(p.stem[1].gain_db == -2 && p.stem[0].gain_db == 0);
    td_arena_free(p.arena);
}

static void test_words_of_a_file_mean_that_file(void **state)
{
    (void)state;
    td_plan p = song();
    td_error err = { 0 };
    p.stem[1].name = "07 Band - Kick 2.wav";
    assert_int_equal(td_plan_revise(&p, "kick 2 -1 dB", &err), TD_OK);
    assert_true(p.stem[1].gain_db == -1 && p.stem[0].gain_db == 0);
    td_arena_free(p.arena);
}

/* Guitars by number, and no number is a decibel that is not said to be one. */
static td_plan numbered(void)
{
    static td_plan_stem stem[5];
    static td_plan_bus bus[2];
    static const char *const names[] = { "Gtr 1.wav", "Gtr2.wav", "05 Gtr 12.wav", "Kick.wav", "Tom.wav" };
    for (size_t i = 0; i < 5; i++)
        stem[i] = (td_plan_stem){ .name = names[i], .role = "guitars", .bus = "guitars", .pan = NAN };
    stem[3].role = "drums.kick";
    stem[4].role = "drums.tom.rack";
    stem[3].bus = stem[4].bus = "drums";
    bus[0] = (td_plan_bus){ .name = "guitars", .group = "guitars" };
    bus[1] = (td_plan_bus){ .name = "drums", .group = "drums" };
    return (td_plan){ .rate_hz = 48000,
                      .frames = 48000 * 60,
                      .stem = stem,
                      .n_stems = 5,
                      .bus = bus,
                      .n_buses = 2,
                      .arena = td_arena_new() };
}

static void test_a_number_belongs_to_a_name(void **state)
{
    (void)state;
    static const struct {
        const char *move;
        double gain_db[3];
    } said[] = { { "Gtr 1 louder", { 1, 0, 0 } },
                 { "Gtr 1 leiser", { -1, 0, 0 } },
                 { "louder Gtr 2", { 0, 1, 0 } },
                 { "turn Gtr 2 up", { 0, 1, 0 } },
                 { "more Gtr 2", { 0, 1, 0 } },
                 { "Gtr 2 a bit louder", { 0, 0.5, 0 } },
                 { "Gtr 12 louder", { 0, 0, 1 } },
                 { "Gtr 1 and Gtr 2 +1 dB", { 1, 1, 0 } },
                 { "Gtr 1 2 dB louder", { 2, 0, 0 } },
                 { "Gtr 1 +2", { 2, 0, 0 } },
                 { "Gtr 2 down by 3", { 0, -3, 0 } },
                 { "Gtr 1 is too quiet", { 1, 0, 0 } },
                 { "gtr2 softer, Gtr 1 up", { 1, -1, 0 } } };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        td_plan p = numbered();
        td_error err = { 0 };
        if (td_plan_revise(&p, said[i].move, &err)) fail_msg("%s: %s", said[i].move, err.what);
        for (size_t k = 0; k < 3; k++)
            if (p.stem[k].gain_db != said[i].gain_db[k]) fail_msg("%s: %g dB", said[i].move, p.stem[k].gain_db);
        assert_true(p.bus[0].fader_db == 0 && p.bus[1].fader_db == 0);
        td_arena_free(p.arena);
    }
}

/* What names nobody moves nobody: neither the bus nor a file that has the number elsewhere. */
static void test_a_number_that_names_nobody_is_asked_back(void **state)
{
    (void)state;
    static const struct {
        const char *move, *hint;
    } said[] = { { "Gtr 3 louder", "say which: Gtr 1.wav, Gtr2.wav, 05 Gtr 12.wav" },
                 { "Kick 12 louder", "say which: Kick.wav; an amount has dB or a sign: +2 dB" },
                 { "T1 louder", "there are guitars" },
                 { "Tom 1 +1 dB", "say which: Tom.wav" },
                 { "2 Gtr louder", "there are guitars" },
                 { "Gtr 1, 2 louder", "there are guitars" },
                 { "Gtr 1+2 louder", "say which" },
                 { "Gtr 1-2 louder", "say which" },
                 { "2 louder", "there are guitars" },
                 { "guitars 1", "write" },
                 { "guitars down 2", "write" },
                 { "louder 2", "there are guitars" },
                 { "guitars 0x5 dB", "write" },
                 { "guitars 1e1 dB", "write" },
                 { "guitars +inf dB", "write" },
                 { "guitars nan", "write" },
                 { "guitars +1 dB 0:01-0:0x5", "0:45-1:10" } };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        td_plan p = numbered();
        td_error err = { 0 };
        if (td_plan_revise(&p, said[i].move, &err) != TD_ARG) fail_msg("%s: taken", said[i].move);
        if (!strstr(err.hint, said[i].hint)) fail_msg("%s: %s; %s", said[i].move, err.what, err.hint);
        for (size_t k = 0; k < p.n_stems && !strchr(said[i].move, ','); k++) assert_true(p.stem[k].gain_db == 0);
        assert_true(p.bus[0].fader_db == 0 && p.bus[1].fader_db == 0);
        td_arena_free(p.arena);
    }
}

/* Files as others call them, each with its role and bus. */
static const struct {
    const char *name, *role, *bus;
} fusion[] = {
    { "02 EGtr Mute.wav", "guitars.electric", "guitars" },
    { "03 EGtr Jazz.wav", "guitars.electric", "guitars" },
    { "14 EGtr Dist.wav", "guitars.electric", "guitars" },
    { "04 Piano.wav", "keys.piano", "keys" },
    { "08 Clav.wav", "keys.piano", "keys" },
    { "4_kick_soft02.ogg.wav", "drums.kick", "drums" },
    { "KickIn.wav", "drums.kick.in", "drums" },
    { "Sub.wav", "drums.kick.sub", "drums" },
    { "FT.wav", "drums.tom.floor", "drums" },
    { "MINILOGUE_SYNTH.wav", "synths", "synths" },
    { "6_P-Synth.wav", "synths", "synths" },
    { "01 Alto Sax.wav", "woodwinds.sax", "woodwinds" },
    { "02 Tenor Sax.wav", "woodwinds.sax", "woodwinds" },
    { "09 Flute.wav", "woodwinds.flute", "woodwinds" },
    { "2_steel_guitar01.wav", "guitars", "guitars" },
};
enum { PLAYERS = sizeof fusion / sizeof fusion[0] };

static td_plan band(void)
{
    static td_plan_stem stem[PLAYERS];
    static td_plan_bus bus[5];
    static const char *const buses[] = { "guitars", "keys", "drums", "synths", "woodwinds" };
    for (size_t i = 0; i < PLAYERS; i++)
        stem[i] = (td_plan_stem){ .name = fusion[i].name, .role = fusion[i].role, .bus = fusion[i].bus, .pan = NAN };
    for (size_t b = 0; b < 5; b++) bus[b] = (td_plan_bus){ .name = buses[b], .group = buses[b] };
    return (td_plan){ .rate_hz = 48000,
                      .frames = 48000,
                      .stem = stem,
                      .n_stems = PLAYERS,
                      .bus = bus,
                      .n_buses = 5,
                      .arena = td_arena_new() };
}

/* Who is named moves, nobody else, and the plan says who did. */
static void test_words_of_files_come_before_roles(void **state)
{
    (void)state;
    static const struct {
        const char *move, *moved;
    } said[] = {
        { "clav -1 dB", "08 Clav.wav" },
        { "piano -1 dB", "04 Piano.wav" },
        { "distorted guitars -1 dB", "14 EGtr Dist.wav" },
        { "jazz guitar -1 dB", "03 EGtr Jazz.wav" },
        { "minilogue softer", "MINILOGUE_SYNTH.wav" },
        { "steel guitar -1 dB", "2_steel_guitar01.wav" },
        { "kick soft -1 dB", "4_kick_soft02.ogg.wav" },
        { "soft kick -1 dB", "4_kick_soft02.ogg.wav" },
        { "P-Synth -1 dB", "6_P-Synth.wav" },
        { "tenor -1 dB", "02 Tenor Sax.wav" },
        { "saxes -1 dB", "01 Alto Sax.wav, 02 Tenor Sax.wav" },
        { "kick -1 dB", "4_kick_soft02.ogg.wav, KickIn.wav, Sub.wav" },
        { "floor tom -1 dB", "FT.wav" },
        { "flute -1 dB", "09 Flute.wav" },
        { "electric guitars -1 dB", "02 EGtr Mute.wav, 03 EGtr Jazz.wav, 14 EGtr Dist.wav" },
        { "keys -1 dB", "keys (04 Piano.wav, 08 Clav.wav)" },
    };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        td_plan p = band();
        td_error err = { 0 };
        char note[256];
        if (td_plan_revise(&p, said[i].move, &err)) fail_msg("%s: %s", said[i].move, err.what);
        snprintf(note, sizeof note, "revised: %s: %s", said[i].move, said[i].moved);
        assert_string_equal(p.note[0].text, note);
        td_arena_free(p.arena);
    }
}

/* A word that says nothing here is no ornament, and a beginning no name. */
static void test_a_word_is_not_dropped(void **state)
{
    (void)state;
    static const char *const said[] = {
        "distorted synths -1 dB", "loud guitars -1 dB", "flutes piano -1 dB", "kick 3 -1 dB", "soft -", "mini -1 dB"
    };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        td_plan p = band();
        td_error err = { 0 };
        if (td_plan_revise(&p, said[i], &err) != TD_ARG) fail_msg("%s: taken", said[i]);
        td_arena_free(p.arena);
    }
}

static void test_a_comma_may_be_decimal(void **state)
{
    (void)state;
    td_plan p = after("drums -1,5 dB");
    assert_true(p.bus[0].fader_db == -4.5 && p.n_notes == 1);
    td_arena_free(p.arena);
    p = after("drums +0,5dB, bass -1,25 dB");
    assert_true(p.bus[0].fader_db == -2.5 && p.bus[3].fader_db == -1.25 && p.n_notes == 2);
    td_arena_free(p.arena);
}

static void test_a_large_move_is_warned_of(void **state)
{
    (void)state;
    td_plan p = after("drums +20 dB");
    assert_int_equal(p.n_notes, 2);
    assert_int_equal(p.note[1].kind, TD_NOTE_WARNING);
    assert_string_equal(p.note[1].text, "revised: drums +20 dB: a move of more than 12 dB; is it meant?");
    td_arena_free(p.arena);
    p = after("drums +12 dB");
    assert_int_equal(p.n_notes, 1);
    td_arena_free(p.arena);
}

/* One known word among others is no reason to move whom it names. */
static void test_what_is_not_understood_moves_nothing(void **state)
{
    (void)state;
    static const char *const said[] = { "vocals not louder",          "don't touch vocals, drums -1 dB",
                                        "everything but drums -1 dB", "drums without kick -1 dB",
                                        "compress kick 3 dB",         "tune lead vox down 2",
                                        "vocals +1 dB +2 dB",         "kick 3 -1 dB" };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        td_plan p = song();
        td_error err = { 0 };
        if (td_plan_revise(&p, said[i], &err) != TD_ARG) fail_msg("%s: taken", said[i]);
        assert_true(p.bus[0].fader_db == -3 && p.bus[1].fader_db == 0 && p.bus[2].fader_db == -6);
        for (size_t k = 0; k < p.n_stems; k++) assert_true(p.stem[k].gain_db == 0);
        td_arena_free(p.arena);
    }
}

/* A word that no role has is none of the bus of those. */
static void test_an_unknown_word_is_not_the_bus_other(void **state)
{
    (void)state;
    td_plan p = song();
    td_error err = { 0 };
    p.bus[5].name = "other";
    assert_int_equal(td_plan_revise(&p, "flumph +1 dB", &err), TD_ARG);
    assert_int_equal(td_plan_revise(&p, "other +1 dB", &err), TD_OK);
    td_arena_free(p.arena);
}

static void test_what_cannot_move_is_told(void **state)
{
    (void)state;
    td_plan p = song();
    td_error err = { 0 };
    assert_int_equal(td_plan_revise(&p, "less compression on vocals", &err), TD_ARG);
    assert_string_equal(err.what, "a move changes levels and sends, not compression");
    assert_non_null(strstr(err.hint, "`gain_reduction`"));
    assert_int_equal(td_plan_revise(&p, "less chorus on vocals", &err), TD_ARG);
    assert_string_equal(err.what,
                        "a move changes levels and what is sent to returns, and no return is or holds 'chorus'");
    static const char *const said[][2] = { { "brighter", "`eq`" },
                                           { "vocals brighter", "`eq`" },
                                           { "mute the overheads", "--role FILE=ignore" },
                                           { "guitars pan L30", "`pan`" },
                                           { "guitars left 2 dB", "`pan`" },
                                           { "kick 0 dB", "vocals +1 dB" },
                                           { "master +1 dB", "`loudness`" },
                                           { "sythns +1 dB", "did you mean 'synths'?" },
                                           { "mix lauter", "`loudness`" },
                                           { "everything louder", "`loudness`" },
                                           { "Alles lauter", "`loudness`" } };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        assert_int_equal(td_plan_revise(&p, said[i][0], &err), TD_ARG);
        if (!strstr(err.hint, said[i][1])) fail_msg("%s: %s", said[i][0], err.hint);
    }
    td_arena_free(p.arena);
}

static void test_a_stem_is_ridden_for_a_stretch(void **state)
{
    (void)state;
    td_plan p = after("kick -0.5 dB 0:45-1:10");
    const td_plan_stem *k = &p.stem[0];
    assert_int_equal(k->n_ride, 4);
    assert_true(k->gain_db == 0 && p.bus[0].n_ride == 0 && p.stem[1].n_ride == 0);
    assert_true(k->ride[0].at_s == 44.95 && k->ride[0].gain_db == 0);
    assert_true(k->ride[1].at_s == 45 && k->ride[1].gain_db == -0.5);
    assert_true(k->ride[2].at_s == 70 && k->ride[2].gain_db == -0.5 && k->ride[3].gain_db == 0);
    assert_string_equal(k->reason, "-0.5 dB 0:45-1:10 by revision");
    td_text view = { 0 };
    p.n_rets = 0;
    td_plan_view(&p, 0, &view);
    assert_non_null(strstr(view.data, "-0.5 dB 0:45-1:10 by revision"));
    assert_non_null(strstr(view.data, "ride"));
    td_text_free(&view);
    td_arena_free(p.arena);
}

/* However a stretch is said, it is one; and what lies over another is told without a hole. */
static void test_a_stretch_is_said_in_many_ways(void **state)
{
    (void)state;
    static const char *const said[] = { "drums +1 dB 0:05 - 0:10",
                                        "drums +1 dB from 0:05 to 0:10",
                                        "drums +1 dB between 0:05 and 0:10",
                                        "from 0:05 to 0:10 drums louder",
                                        "drums +1 dB 0:05\xe2\x80\x93"
                                        "0:10",
                                        "Schlagzeug +1 dB von 0:05 bis 0:10" };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        td_plan p = after(said[i]);
        assert_true(p.n_notes == 1 && p.bus[0].n_ride == 4);
        assert_true(p.bus[0].ride[1].at_s == 5 && p.bus[0].ride[2].at_s == 10 && p.bus[0].ride[2].gain_db == 1);
        assert_string_equal(p.bus[0].fader_reason, "as delivered; +1.0 dB 0:05-0:10 by revision");
        td_arena_free(p.arena);
    }
    td_plan p = after("drums +1 dB 0:05-0:10, drums +2 dB 0:07-0:12");
    td_text view = { 0 };
    p.n_rets = 0;
    td_plan_view(&p, 0, &view);
    assert_non_null(strstr(view.data, "+1.0 dB 0:05-0:07, +3.0 dB 0:07-0:10, +2.0 dB 0:10-0:12"));
    td_text_free(&view);
    td_arena_free(p.arena);
}

static void test_a_stretch_may_have_one_end(void **state)
{
    (void)state;
    static const struct {
        const char *move, *reason;
        double from_s, to_s;
    } said[] = { { "drums +1 dB after 3:00", "as delivered; +1.0 dB 3:00-4:00 by revision", 180, 240 },
                 { "Schlagzeug +1 dB ab 3:00", "as delivered; +1.0 dB 3:00-4:00 by revision", 180, 240 },
                 { "drums +1 dB until 0:10", "as delivered; +1.0 dB 0:00-0:10 by revision", 0, 10 } };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        td_plan p = after(said[i].move);
        const td_plan_bus *b = &p.bus[0];
        size_t first = said[i].from_s > 0;
        assert_string_equal(b->fader_reason, said[i].reason);
        assert_true(b->ride[first].at_s == said[i].from_s && b->ride[first + 1].at_s == said[i].to_s);
        td_arena_free(p.arena);
    }
    td_plan p = song();
    td_error err = { 0 };
    assert_int_equal(td_plan_revise(&p, "drums +1 dB at 3:00", &err), TD_ARG);
    td_arena_free(p.arena);
}

/* Wherever it comes, neighbours of one name as one. */
static void test_a_section_is_ridden(void **state)
{
    (void)state;
    static td_plan_section parts[] = {
        { "A", 0, 20, 0 }, { "B", 20, 40, 0 }, { "B", 40, 60, 0 }, { "A", 60, 90, 0 }, { "B", 90, 100, 0 }
    };
    td_plan p = song();
    td_error err = { 0 };
    p.section = parts;
    p.n_sections = 5;
    assert_int_equal(td_plan_revise(&p, "drums and bass +1 dB in section b", &err), TD_OK);
    const td_plan_bus *b = &p.bus[0];
    assert_int_equal(b->n_ride, 8);
    assert_true(b->ride[1].at_s == 20 && b->ride[2].at_s == 60 && b->ride[5].at_s == 90 && b->ride[6].at_s == 100);
    assert_true(b->ride[1].gain_db == 1 && b->ride[4].gain_db == 0 && b->ride[6].gain_db == 1 && b->fader_db == -3);
    assert_int_equal(p.bus[3].n_ride, 8);
    assert_string_equal(b->fader_reason, "as delivered; +1.0 dB section b by revision");
    assert_int_equal(td_plan_revise(&p, "im Teil C drums lauter", &err), TD_ARG);
    assert_string_equal(err.what, "the plan knows no section 'C'");
    assert_string_equal(err.hint, "its sections are A, B");
    assert_int_equal(td_plan_revise(&p, "drums +1 dB in section A 0:10-0:20", &err), TD_ARG);
    assert_int_equal(b->n_ride, 8);
    td_arena_free(p.arena);
}

static void test_large_moves_take_longer(void **state)
{
    (void)state;
    td_plan p = after("kick -4 dB 0:45-1:10");
    assert_true(fabs(p.stem[0].ride[0].at_s - 44.8) < 1e-9 && fabs(p.stem[0].ride[3].at_s - 70.2) < 1e-9);
    td_arena_free(p.arena);
    p = after("kick -20 dB 0:45-1:10");
    assert_true(p.stem[0].ride[0].at_s == 44.5);
    td_arena_free(p.arena);
    p = after("kick -4 dB 0:00-0:10"); /* no way to begin before the song does */
    assert_true(p.stem[0].n_ride == 3 && p.stem[0].ride[0].at_s == 0 && p.stem[0].ride[0].gain_db == -4);
    td_arena_free(p.arena);
}

static void test_a_stretch_becomes_a_ride(void **state)
{
    (void)state;
    td_plan p = after("drums -0.5 dB 0:45-1:10");
    const td_plan_bus *b = &p.bus[0];
    td_error err = { 0 };
    assert_int_equal(b->n_ride, 4);
    assert_true(b->fader_db == -3);
    assert_true(b->ride[1].at_s == 45 && b->ride[1].gain_db == -0.5 && b->ride[2].at_s == 70);
    assert_true(b->ride[0].gain_db == 0 && b->ride[3].gain_db == 0);
    assert_int_equal(td_plan_revise(&p, "drums +2 dB 1:00-1:05", &err), TD_OK); /* on top of it */
    b = &p.bus[0];
    assert_int_equal(b->n_ride, 8);
    for (size_t i = 1; i < b->n_ride; i++) assert_true(b->ride[i].at_s > b->ride[i - 1].at_s);
    assert_true(b->ride[3].gain_db == 1.5 && b->ride[5].gain_db == -0.5);
    td_arena_free(p.arena);
}

static void test_sends(void **state)
{
    (void)state;
    td_plan p = after("less reverb on vocals");
    assert_true(p.bus[1].send[0].level_db == -17);
    td_arena_free(p.arena);
    p = after("more reverb on the vocals");
    assert_true(p.bus[1].send[0].level_db == -11);
    td_arena_free(p.arena);
    p = after("weniger Hall auf dem Gesang");
    assert_true(p.bus[1].send[0].level_db == -17);
    td_arena_free(p.arena);
    p = after("a bit more reverb on the vocals");
    assert_true(p.bus[1].send[0].level_db == -12.5);
    td_arena_free(p.arena);
    p = after("more plate on lead 1.5 dB");
    assert_true(p.bus[1].send[0].level_db == -12.5);
    td_arena_free(p.arena);
}

/* What a stem sends by itself is sent by its bus, where that is meant. */
static void test_sends_of_stems(void **state)
{
    (void)state;
    static const struct {
        const char *move;
        double level_db;
    } said[] = { { "less reverb on synths", -18 },
                 { "less reverb on Pluck", -18 },
                 { "more plate on synths 1 dB", -14 },
                 { "less reverb on drums", -15 },
                 { "less reverb on synth lead", -18 } };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        td_plan_send own[2] = { { .to = "plate", .level_db = -15 }, { .to = "plate", .level_db = -15 } };
        td_plan p = song();
        td_error err = { 0 };
        p.stem[7].send = &own[0];
        p.stem[1].send = &own[1];
        p.stem[7].n_sends = p.stem[1].n_sends = 1;
        if (td_plan_revise(&p, said[i].move, &err)) fail_msg("%s: %s", said[i].move, err.what);
        assert_true(own[0].level_db == said[i].level_db);
        assert_true(own[1].level_db == (strstr(said[i].move, "drums") ? -18 : -15));
        td_arena_free(p.arena);
    }
}

/* A reason that said how far under it is heard says so still. */
static void test_a_send_says_how_it_is_heard_now(void **state)
{
    (void)state;
    static const struct {
        const char *move, *reason;
    } said[] = { { "less reverb on vocals", "wanted: 12.0 LU under; -3.0 dB by revision: 15.0 LU under now" },
                 { "plate +2 dB", "wanted: 12.0 LU under; plate +2.0 dB by revision: 10.0 LU under now" } };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        td_plan p = song();
        td_error err = { 0 };
        to_plate[0] = (td_plan_send){ "plate", -14, "wanted: 12.0 LU under", -12, -12 };
        assert_int_equal(td_plan_revise(&p, said[i].move, &err), TD_OK);
        assert_string_equal(p.bus[1].send[0].reason, said[i].reason);
        td_arena_free(p.arena);
    }
}

/* A return's own send is turned by the return's name, or by what it is. */
static void test_sends_of_returns(void **state)
{
    (void)state;
    static const char *const moves[] = { "less reverb on slap", "less plate on echo 3 dB" };
    for (size_t i = 0; i < 2; i++) {
        td_plan p = after(moves[i]);
        assert_true(p.ret[0].send[0].level_db == -12 && p.bus[1].send[0].level_db == -14);
        td_arena_free(p.arena);
    }
}

/* All of an effect is turned where it comes back. */
static void test_returns(void **state)
{
    (void)state;
    td_plan p = after("less reverb");
    assert_true(p.ret[1].fader_db == -3 && p.bus[1].send[0].level_db == -14);
    assert_true(p.ret[0].fader_db == 0 && p.ret[0].send[0].level_db == -9);
    td_arena_free(p.arena);
    p = after("plate -2 dB");
    assert_true(p.ret[1].fader_db == -2);
    td_arena_free(p.arena);
    p = after("the reverb +1 dB");
    assert_true(p.ret[1].fader_db == 1);
    assert_string_equal(p.ret[1].reason, "+1.0 dB by revision");
    td_arena_free(p.arena);
}

static void test_what_is_not_understood_is_refused(void **state)
{
    (void)state;
    static const char *const moves[] = { "",
                                         "vocals",
                                         "+1 dB",
                                         "make it pop",
                                         "drums up -2 dB",
                                         "drums down +2 dB",
                                         "drums by 2",
                                         "more drums -2 dB",
                                         "less drums +2 dB",
                                         "less drums louder",
                                         "more reverb on vocals -2 dB",
                                         "down",
                                         "tuba +1 dB",
                                         "drums +90 dB",
                                         "drums +nan dB",
                                         "drums -1 dB 1:10-0:45",
                                         "drums -1 dB 0:x",
                                         "less reverb on drums",
                                         "less reverb on kick",
                                         "less chorus",
                                         "guitars pan L30",
                                         "dB",
                                         "drums -1 dB 3:50-4:01",
                                         "drums -1 dB 4:00-4:00.5",
                                         "0:45-1:10" };
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        td_plan p = song();
        td_error err = { 0 };
        assert_int_equal(td_plan_revise(&p, moves[i], &err), TD_ARG);
        assert_true(err.hint[0]);
        assert_int_equal(p.n_notes, 0);
        td_arena_free(p.arena);
    }
}

/* Moves again and again end where a plan that is written could not be read. */
static void test_levels_stay_what_a_plan_can_hold(void **state)
{
    (void)state;
    static const struct {
        const char *move, *refusal;
        int good; /* times */
    } far[] = {
        { "drums -24 dB", "its fader would stand at -123.0 dB, and can at -100 to +36", 4 },
        { "drums +24 dB", "its fader would stand at +45.0 dB, and can at -100 to +36", 1 },
        { "drums +24 dB 0:02-0:05", "its gain would stand at +48.0 dB, and can at -100 to +36", 1 },
        { "kick -24 dB 0:02-0:05", "its gain would stand at -120.0 dB, and can at -100 to +36", 4 },
        { "kick -24 dB", "its gain would stand at -120.0 dB, and can at -100 to +100", 4 },
        { "less reverb -24 dB", "its fader would stand at -120.0 dB, and can at -100 to +36", 4 },
        { "more reverb on vocals +24 dB", "its level would stand at +34.0 dB, and can at -100 to +24", 1 },
        { "less reverb on vocals 24 dB", "its level would stand at -110.0 dB, and can at -100 to +24", 3 },
    };
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        td_plan p = song();
        td_error err = { 0 };
        for (int k = 0; k < far[i].good; k++) assert_int_equal(td_plan_revise(&p, far[i].move, &err), TD_OK);
        assert_int_equal(td_plan_revise(&p, far[i].move, &err), TD_ARG);
        assert_string_equal(err.what, far[i].refusal);
        td_arena_free(p.arena);
    }
}

static void test_one_word_for_two_buses_is_asked_back(void **state)
{
    (void)state;
    td_plan p = song();
    td_error err = { 0 };
    p.stem[1].role = "drums.room";
    p.stem[7].role = "orchestra.room";
    assert_int_equal(td_plan_revise(&p, "room +1 dB", &err), TD_ARG);
    assert_string_equal(err.what, "'room' is in more than one bus");
    assert_string_equal(err.hint, "say which: drums.room, orchestra.room");
    assert_int_equal(td_plan_revise(&p, "drums.room +1 dB", &err), TD_OK);
    assert_true(p.stem[1].gain_db == 1);
    td_arena_free(p.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_level_moves_the_fader),
        cmocka_unit_test(test_vocals_are_lead_and_backing),
        cmocka_unit_test(test_a_stem_moves_inside_its_bus),
        cmocka_unit_test(test_the_lead_moves_without_its_double),
        cmocka_unit_test(test_a_stretch_becomes_a_ride),
        cmocka_unit_test(test_a_stem_says_whose_thresholds_hear_it),
        cmocka_unit_test(test_moves_in_plain_words),
        cmocka_unit_test(test_several_moves_at_once),
        cmocka_unit_test(test_words_of_a_file_mean_that_file),
        cmocka_unit_test(test_a_number_belongs_to_a_name),
        cmocka_unit_test(test_a_number_that_names_nobody_is_asked_back),
        cmocka_unit_test(test_words_of_files_come_before_roles),
        cmocka_unit_test(test_a_word_is_not_dropped),
        cmocka_unit_test(test_a_comma_may_be_decimal),
        cmocka_unit_test(test_a_large_move_is_warned_of),
        cmocka_unit_test(test_what_is_not_understood_moves_nothing),
        cmocka_unit_test(test_an_unknown_word_is_not_the_bus_other),
        cmocka_unit_test(test_what_cannot_move_is_told),
        cmocka_unit_test(test_a_stem_is_ridden_for_a_stretch),
        cmocka_unit_test(test_a_stretch_is_said_in_many_ways),
        cmocka_unit_test(test_a_stretch_may_have_one_end),
        cmocka_unit_test(test_a_section_is_ridden),
        cmocka_unit_test(test_large_moves_take_longer),
        cmocka_unit_test(test_levels_stay_what_a_plan_can_hold),
        cmocka_unit_test(test_one_word_for_two_buses_is_asked_back),
        cmocka_unit_test(test_sends),
        cmocka_unit_test(test_a_send_says_how_it_is_heard_now),
        cmocka_unit_test(test_sends_of_stems),
        cmocka_unit_test(test_sends_of_returns),
        cmocka_unit_test(test_returns),
        cmocka_unit_test(test_what_is_not_understood_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
