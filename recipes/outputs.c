#include "recipes/outputs.h"

#include "recipes/parts.h"
#include <string.h>

static void output_format(td_reader *r, td_node *n, void *into)
{
    td_read_format(r, n, &((td_output *)into)->format);
}

static void output_rate(td_reader *r, td_node *n, void *into)
{
    static const char *const rates[] = { "session", "44.1 kHz",  "48 kHz",  "88.2 kHz",
                                         "96 kHz",  "176.4 kHz", "192 kHz", NULL };
    static const unsigned hz[] = { 0, 44100, 48000, 88200, 96000, 176400, 192000 };
    int word = td_read_word(r, n, "'rate'", rates);
    if (word >= 0) ((td_output *)into)->rate_hz = hz[word];
}

static void output_bitrate(td_reader *r, td_node *n, void *into)
{
    static const td_field f = { .name = "bitrate", .measure = TD_MEASURE_KBITS, .min = 32, .max = 512 };
    double kbps;
    if (td_read_number(r, n, &f, &kbps)) ((td_output *)into)->bitrate_kbps = (unsigned)kbps;
}

const td_member td_output_members[] = {
    TD_WHOLE("format", output_format),
    TD_WHOLE("bits", NULL),
    TD_WHOLE("bitrate", output_bitrate),
    TD_WHOLE("rate", output_rate),
    TD_MEMBER(td_output, "loudness", td_target_loudness, target),
    TD_MEMBER(td_output, "true_peak", td_target_true_peak, target),
    TD_MEMBER(td_output, "peak", td_target_peak, target),
    TD_MEMBER(td_output, "limiting", td_target_limiting, target),
    { 0 },
};

const td_member td_raw_members[] = {
    TD_WHOLE("format", output_format),
    TD_WHOLE("bits", NULL),
    TD_WHOLE("rate", output_rate),
    { 0 },
};

#define NO_TARGET                                                                         \
    {                                                                                     \
        .loudness_lufs = NAN, .true_peak_dbtp = NAN, .peak_dbfs = NAN, .limiting_db = NAN \
    }
static const td_output wav24 = { .format = "wav", .bits = 24, .target = NO_TARGET };
static const td_output wav32 = { .format = "wav", .bits = 32, .target = NO_TARGET };

/* What only format and the rest together can tell; fills in what a format has by default. */
static void settle_output(td_reader *r, td_node *n, td_output *o)
{
    bool mp3 = strcmp(o->format, "mp3") == 0, opus = strcmp(o->format, "opus") == 0;
    bool lossy = td_format_lossy(o->format);
    td_node *bits = td_node_get(n, "bits"), *bitrate = td_node_get(n, "bitrate"), *rate = td_node_get(n, "rate");
    if (lossy || (o->bits == 32 && strcmp(o->format, "flac") == 0)) o->bits = lossy ? 0 : 24;
    if (bits) td_read_bits(r, bits, o->format, &o->bits);
    if (bitrate && !lossy)
        td_mistake(r->messages, bitrate, "bad_bitrate", "leave 'bitrate' out", "%s has no bit rate", o->format);
    if (mp3 && o->bitrate_kbps > 320)
        td_mistake(r->messages, bitrate, "out_of_range", "32 to 320 kbit/s", "mp3 has no more than 320 kbit/s");
    if (lossy && o->rate_hz > 48000)
        td_mistake(r->messages, rate, "out_of_range", "leave 'rate' out", "%s has no more than 48 kHz", o->format);
    if (lossy && !bitrate) o->bitrate_kbps = opus ? 128 : 192;
}

static void read_output(td_reader *r, td_node *n, const char *what, const td_member *members, td_output *o)
{
    if (n->kind == TD_NODE_TEXT) /* short form: the format */
        td_read_format(r, n, &o->format);
    else
        td_read_members(r, n, what, members, o);
    settle_output(r, n, o);
}

static const td_output *read_list(td_reader *r, td_node *n, const char *what, size_t *count)
{
    if (!td_want(r, n, TD_NODE_LIST, td_say(r->messages, "'%ss'", what))) return NULL;
    td_output *out = td_take(r, n->n, sizeof *out);
    for (size_t i = 0; out && i < n->n; i++) {
        out[i] = wav24;
        read_output(r, n->value[i], td_say(r->messages, "a %s", what), td_output_members, &out[i]);
    }
    *count = out ? n->n : 0;
    return out;
}

static void read_previews(td_reader *r, td_node *n, void *into)
{
    td_order *o = into;
    o->preview = read_list(r, n, "preview", &o->n_previews);
}

static void read_masters(td_reader *r, td_node *n, void *into)
{
    td_order *o = into;
    o->master = read_list(r, n, "master", &o->n_masters);
}

static void read_premaster(td_reader *r, td_node *n, void *into)
{
    td_order *o = into;
    o->has_premaster = true;
    o->premaster = wav32;
    read_output(r, n, "premaster", td_raw_members, &o->premaster);
}

static void read_groups(td_reader *r, td_node *n, void *into)
{
    td_order *o = into;
    o->has_groups = true;
    o->groups = wav24;
    read_output(r, n, "groups", td_raw_members, &o->groups);
}

/* A list of words as bits in their order. */
static unsigned read_bits_of(td_reader *r, const td_node *n, const char *label, const char *const *words)
{
    unsigned bits = 0;
    size_t count = n->kind == TD_NODE_LIST ? n->n : 1;
    for (size_t i = 0; i < count; i++) {
        int word = td_read_word(r, n->kind == TD_NODE_LIST ? n->value[i] : n, label, words);
        if (word >= 0) bits |= 1u << word;
    }
    return bits;
}

const char *const td_version_words[] = { "instrumental", "acapella", "tv", NULL };
const char *const td_handoff_words[] = { "dawproject", "reaper", NULL };
const char *const td_report_words[] = { "html", "json", NULL };

static void read_versions(td_reader *r, td_node *n, void *into)
{
    ((td_order *)into)->versions = read_bits_of(r, n, "'versions'", td_version_words);
}

static void read_handoff(td_reader *r, td_node *n, void *into)
{
    ((td_order *)into)->handoff = read_bits_of(r, n, "'handoff'", td_handoff_words);
    td_caution(r->messages, n, "not_made", "leave 'handoff' out", "sessions of other programs are not made yet");
}

static void read_report(td_reader *r, td_node *n, void *into)
{
    ((td_order *)into)->report = TD_REPORT_JSON | read_bits_of(r, n, "'report'", td_report_words);
}

static const char *const name_words[] = { "Artist", "Song", "Recipe", "rev", "Part", "rate", "bits", NULL };

static void read_naming(td_reader *r, td_node *n, void *into)
{
    const char *text = td_read_text(r, n, "'naming'");
    bool part = false;
    for (const char *open = text; open && (open = strchr(open, '{')); open++) {
        size_t length = strcspn(open + 1, "{}");
        const char *word = td_say(r->messages, "%.*s", (int)length, open + 1);
        size_t known = 0;
        while (name_words[known] && strcmp(name_words[known], word) != 0) known++;
        part |= strcmp(word, "Part") == 0;
        if (!name_words[known] || open[1 + length] != '}')
            td_mistake_in(r->messages, n, (size_t)(open - text), length + 1 + (open[1 + length] == '}'), "unknown_word",
                          td_one_of(r->messages, word, name_words, known), "names have no part '{%s}'",
                          td_cut(r->messages, word));
    }
    if (text && strchr(text, '/'))
        td_mistake(r->messages, n, "bad_name", NULL, "'naming' cannot make folders");
    else if (text && !part)
        td_mistake(r->messages, n, "bad_name", "add {Part}", "'naming' gives preview and master the same name");
    ((td_order *)into)->naming = text;
}

const td_member td_outputs_members[] = {
    TD_WHOLE("previews", read_previews), TD_WHOLE("masters", read_masters), TD_WHOLE("premaster", read_premaster),
    TD_WHOLE("versions", read_versions), TD_WHOLE("groups", read_groups),   TD_WHOLE("handoff", read_handoff),
    TD_WHOLE("report", read_report),     TD_WHOLE("naming", read_naming),   { 0 },
};

void td_read_outputs(td_reader *r, td_node *n, void *into)
{
    td_order *o = into;
    o->has_outputs = true;
    o->recipe_preview = false;
    o->n_masters = 0;
    o->report = TD_REPORT_JSON;
    td_read_members(r, n, "'outputs'", td_outputs_members, o);
}

void td_order_defaults(td_order *o)
{
    o->recipe_preview = true;
    o->master = &wav24;
    o->n_masters = 1;
    o->report = TD_REPORT_HTML | TD_REPORT_JSON;
    o->priority = TD_PRIORITY_NORMAL;
    o->ab_loudness_match = true;
}
