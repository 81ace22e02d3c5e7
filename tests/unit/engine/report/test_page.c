/* The page: whatever a report holds it stays one well-formed file that fetches and runs nothing. */
#include "engine/report/report.h"
#include "engine/report/svg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Names chosen by somebody else; figures, a silence and a list that is too short. */
static const char hostile[] =
    "{\"v\":1,\"topdown\":\"0\",\"title\":\"<script>alert(1)</script>\",\"artist\":\"A & \\\"B\\\"\","
    "\"session\":{\"hash\":\"h\",\"stems\":[{\"file\":\"<b>_x.wav\",\"role\":\"drums\",\"findings\":[{\"text\":\"it is "
    "<i>\","
    "\"text_de\":\"sie ist <i>\"}]}]},\"mixes\":[{\"label\":\"<u>\",\"recipe\":\"r\",\"recipe_revision\":1,"
    "\"balance\":\"delivered\",\"outputs\":[{\"name\":\"a.wav\",\"format\":\"wav\",\"bits\":24,\"rate_hz\":48000,"
    "\"wanted\":{\"loudness_lufs\":-14},\"loudness_lufs\":-13.96,\"true_peak_dbtp\":-1.25,\"reached\":false,"
    "\"missed\":\"-9.3 LUFS instead of <-9>\"}],\"portrait\":{\"file\":\"a.wav\",\"momentary_lufs\":[null,-20,-14.5],"
    "\"short_term_lufs\":[null,null,-15],\"spectrum\":{\"hz\":[100,200],\"level_db\":[-10,-20]},"
    "\"goniometer\":[\"09\",\"90\"]},\"steps\":[{\"place\":\"mix\",\"step\":\"glue\",\"max_db\":2,\"p95_db\":1.5,"
    "\"max_at_s\":61,\"over_time_db\":[0,2,1],\"over_time_step_s\":0.1}],\"decided\":[{\"place\":\"mix\",\"step\":\"<s>"
    "\","
    "\"what\":\"eq\",\"settings\":\"-3 dB\",\"reason\":\"2 dB wanted by $glue: at -12 dBFS\"}]}]}";

static char *page_of(const char *json, td_language language)
{
    td_text t = { 0 };
    td_error err = { 0 };
    if (td_report_html(json, strlen(json), language, &t, &err)) fail_msg("%s", err.what);
    return t.data;
}

static size_t count(const char *s, const char *what)
{
    size_t n = 0;
    for (; (s = strstr(s, what)); s += strlen(what)) n++;
    return n;
}

static void nothing_from_outside_becomes_markup(void **state)
{
    (void)state;
    char *page = page_of(hostile, TD_ENGLISH);
    static const char *const never[] = {
        "<script", "<b>_x", "<u>", "<i>", "<s>", "<-9>", "http://", "https://", "src="
    };
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) assert_null(strstr(page, never[i]));
    assert_non_null(strstr(page, "&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert_non_null(strstr(page, "A &amp; &quot;B&quot;"));
    assert_non_null(strstr(page, "default-src 'none'"));
    free(page);
}

static void elements_are_closed(void **state)
{
    (void)state;
    static const char *const names[] = { "html", "head",   "body",    "main", "table",   "tr", "td",
                                         "svg",  "figure", "section", "div",  "details", "dl", "ol" };
    char *page = page_of(hostile, TD_GERMAN);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char open[32], bare[32], close[32];
        snprintf(open, sizeof open, "<%s ", names[i]);
        snprintf(bare, sizeof bare, "<%s>", names[i]);
        snprintf(close, sizeof close, "</%s>", names[i]);
        assert_int_equal(count(page, open) + count(page, bare), count(page, close));
    }
    free(page);
}

static void figures_look_as_their_language_writes_them(void **state)
{
    (void)state;
    char *english = page_of(hostile, TD_ENGLISH), *german = page_of(hostile, TD_GERMAN);
    assert_non_null(strstr(english, "lang=\"en\""));
    assert_non_null(strstr(english, "<dd>\u221214.0<small>LUFS"));
    assert_non_null(strstr(german, "<html lang=\"de\""));
    assert_non_null(strstr(german, "<dd>\u221214,0<small>LUFS"));
    assert_non_null(strstr(german, "Lautheit im Verlauf"));
    assert_non_null(strstr(german, "sie ist &lt;i&gt;"));
    assert_non_null(strstr(english, "\u22129.3 LUFS instead"));
    assert_non_null(strstr(english, "at \u221212 dBFS"));
    assert_non_null(strstr(english, "by the knob \u201cglue\u201d: at"));
    assert_non_null(strstr(english, "1:01"));
    free(english);
    free(german);
}

/* What is always the same is said in the page's language; where the rest is not, the page tells. */
static void words_of_a_plan_are_translated(void **state)
{
    (void)state;
    static const char plan[] =
        "{\"v\":1,\"mixes\":[{\"tone\":{\"regions\":[{\"name\":\"presence\",\"low_hz\":2000,\"high_hz\":5000},"
        "{\"name\":\"sub\",\"low_hz\":31.5,\"high_hz\":50},{\"name\":\"tilt\",\"off_db\":0.5}]},\"decided\":["
        "{\"place\":\"bass\",\"reason\":\"as written\"},{\"place\":\"keys\",\"reason\":\"as delivered\"},"
        "{\"place\":\"bass\",\"reason\":\"the chain leaves the loudness alone\"},"
        "{\"place\":\"mix\",\"reason\":\"half of what lacks\"}]}]}";
    static const char *const german[] = { "auf Englisch.</p>",
                                          "Präsenz, 2000\u20135000\u00a0Hz",
                                          "Tiefbass, 31,5\u201350\u00a0Hz",
                                          "+0,5\u00a0dB/Okt.",
                                          "\">wie geschrieben<",
                                          "\">wie geliefert<",
                                          "\">die Kette lässt die Lautheit, wie sie ist<",
                                          "<span lang=\"en\">half of what lacks</span>" };
    static const char *const english[] = { "presence, 2000\u20135000\u00a0Hz", "+0.5\u00a0dB/oct", "\">as written<" };
    char *de = page_of(plan, TD_GERMAN), *en = page_of(plan, TD_ENGLISH);
    for (size_t i = 0; i < sizeof german / sizeof german[0]; i++)
        if (!strstr(de, german[i])) fail_msg("not said: %s", german[i]);
    for (size_t i = 0; i < sizeof english / sizeof english[0]; i++)
        if (!strstr(en, english[i])) fail_msg("not said: %s", english[i]);
    assert_null(strstr(en, "Englisch"));
    free(de);
    free(en);
}

/* A mix of every kind of detector, revised and edited; the gate's most is in the tail. */
static const char told[] =
    "{\"v\":1,\"session\":{\"duration_s\":24},\"mixes\":[{\"balance\":\"delivered\",\"also\":[\"revised: lead +1.5 "
    "dB: vocals (Lead.wav)\"],"
    "\"buses\":[{\"name\":\"brass\",\"fader_moved_db\":-1},{\"name\":\"keys\",\"fader_moved_db\":3},"
    "{\"name\":\"bass\",\"fader_moved_db\":0.4},{\"name\":\"fx\",\"fader_moved_db\":1},{\"name\":\"drums\"},"
    "{\"name\":\"vocals\"},{\"name\":\"synths\"},{\"name\":\"backing\"}],\"steps\":["
    "{\"place\":\"mix\",\"step\":\"glue\",\"max_db\":1.7,\"p95_db\":1,\"max_at_s\":12},"
    "{\"place\":\"mix\",\"step\":\"room\",\"max_db\":2,\"p95_db\":1.3,\"max_at_s\":19},"
    "{\"place\":\"mix\",\"step\":\"edge\",\"max_db\":4,\"p95_db\":2.1,\"max_at_s\":13},"
    "{\"place\":\"drums\",\"step\":\"lid\",\"max_db\":7,\"p95_db\":4,\"max_at_s\":12},"
    "{\"place\":\"drums\",\"step\":\"gate\",\"max_db\":10,\"p95_db\":4.7,\"max_at_s\":26},"
    "{\"place\":\"vocals\",\"step\":\"ess\",\"max_db\":4,\"p95_db\":3.4,\"max_at_s\":21},"
    "{\"place\":\"synths\",\"step\":\"even.2\",\"max_db\":3.2,\"p95_db\":2,\"max_at_s\":8},"
    "{\"place\":\"backing\",\"step\":\"blend\",\"max_db\":6,\"p95_db\":3.9,\"max_at_s\":7}],\"decided\":["
    "{\"place\":\"mix\",\"step\":\"tone\",\"what\":\"bell\",\"settings\":\"160 Hz, gain +2 dB\",\"origin\":\"solved\"},"
    "{\"place\":\"mix\",\"step\":\"tone\",\"what\":\"bell\",\"settings\":\"1.6 kHz, gain -1.1 "
    "dB\",\"origin\":\"solved\"},"
    "{\"place\":\"mix\",\"step\":\"edge\",\"what\":\"clipper\"},{\"place\":\"drums\",\"step\":\"lid\",\"what\":"
    "\"limiter\"},"
    "{\"place\":\"mix\",\"step\":\"glue\",\"what\":\"compressor\",\"settings\":\"glue, 2:1\"},"
    "{\"place\":\"mix\",\"step\":\"room\",\"what\":\"dynamic_eq\",\"settings\":\"at 300 Hz, keyed by Vox.wav\"},"
    "{\"place\":\"drums\",\"step\":\"gate\",\"what\":\"gate\"},{\"place\":\"vocals\",\"step\":\"ess\",\"what\":"
    "\"deesser\"},"
    "{\"place\":\"synths\",\"step\":\"even\",\"what\":\"multiband\"},"
    "{\"place\":\"backing\",\"step\":\"blend\",\"what\":\"compressor\"},"
    "{\"place\":\"Vox.wav\",\"step\":\"clear\",\"what\":\"low_cut\",\"origin\":\"fix\"},"
    "{\"place\":\"Vox.wav\",\"step\":\"clear\",\"what\":\"bell\",\"origin\":\"fix\"},"
    "{\"place\":\"Kick.wav\",\"step\":\"place\",\"what\":\"pan\",\"origin\":\"fix\"},"
    "{\"place\":\"keys\",\"step\":\"fader\",\"what\":\"gain\",\"settings\":\"-9.9 dB\",\"reason\":\"by hand, instead "
    "of -12.9 "
    "dB\"}]}]}";

static void what_was_decided_is_true(void **state)
{
    (void)state;
    static const char *const english[] = {
        "<ol class=\"said\">\n<li>mix bus: <q>tone</q> shapes the tone of the whole: <span lang=\"en\">160 Hz, gain +2 "
        "dB</span>; "
        "<span lang=\"en\">1.6 kHz, gain \u22121.1 dB</span>.</li>\n<li>mix bus: <q>glue</q>",
        "<li>mix bus: <q>edge</q> holds peaks: took up to 4.0\u00a0dB",
        "as they were delivered. From there faders were moved: keys +3.0\u00a0dB, brass \u22121.0\u00a0dB, fx "
        "+1.0\u00a0dB.</li>",
        "Revised: <q>lead +1.5 dB</q>: vocals (Lead.wav)</li>",
        "By hand: keys <q>fader</q> <span lang=\"en\">\u22129.9 dB</span></li>",
        "mix bus: <q>glue</q> holds the whole mix together: took up to 1.7\u00a0dB (0:12), for",
        "backing: <q>blend</q> evens out: took up to 6.0\u00a0dB",
        "mix bus: <q>room</q> makes way for others: took",
        "synths: <q>even.2</q> holds bands down",
        "vocals: <q>ess</q> softens s sounds: took",
        "drums: <q>gate</q> closes in pauses: took up to 10.0\u00a0dB, for",
        "were corrected where it was heard: 2.</li>",
    };
    char *page = page_of(told, TD_ENGLISH), *german = page_of(told, TD_GERMAN);
    for (size_t i = 0; i < sizeof english / sizeof english[0]; i++) {
        if (!strstr(page, english[i])) fail_msg("not said: %s", english[i]);
    }
    assert_non_null(strstr(german, "Überarbeitet: <q>lead +1.5 dB</q>: vocals (Lead.wav)</li>"));
    assert_non_null(strstr(german, "Mixbus: <q>glue</q> hält die ganze Mischung zusammen: nahm bis zu 1,7\u00a0dB"));
    free(page);
    free(german);
}

/* Every member may be missing, and every value may be of another kind. */
static void any_report_can_be_drawn(void **state)
{
    (void)state;
    static const char *const reports[] = {
        "{\"v\":1,\"mixes\":[]}",
        "{\"v\":1,\"mixes\":[{}]}",
        "{\"v\":1,\"mixes\":[null,3,\"x\",[]]}",
        "{\"v\":1,\"session\":[],\"mixes\":[{\"outputs\":3,\"portrait\":[],\"steps\":{},\"buses\":[[]],\"tone\":{"
        "\"regions\":"
        "[1]},\"translation\":[{}],\"decided\":[0],\"warnings\":[1]}]}",
        ("{\"v\":1,\"mixes\":[{\"portrait\":{\"momentary_lufs\":[null,null],\"short_term_lufs\":[null,null],"
         "\"correlation_over_time\":[null,null],\"goniometer\":[\"\",null]}}]}"),
    };
    for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++) free(page_of(reports[i], TD_ENGLISH));
    for (size_t n = 0; n < sizeof hostile; n += 7) { /* what was cut short is no report */
        td_text t = { 0 };
        td_error err;
        if (n + 1 < sizeof hostile - 1) assert_int_equal(td_report_html(hostile, n, TD_ENGLISH, &t, &err), TD_INPUT);
        td_text_free(&t);
    }
}

static void the_same_report_gives_the_same_page(void **state)
{
    (void)state;
    char *a = page_of(hostile, TD_ENGLISH), *b = page_of(hostile, TD_ENGLISH);
    assert_string_equal(a, b);
    free(a);
    free(b);
}

/* An hour at 100 ms: two points a column at most, and no peak lost. */
static void long_lines_become_short_and_keep_their_peaks(void **state)
{
    (void)state;
    enum { N = 36000 };
    double *y = calloc(N, sizeof *y);
    td_text t = { 0 };
    td_svg s;
    y[20011] = 1; /* one point of 36,000 */
    td_svg_begin(&s, &t, 720, 100, "an \"hour\"");
    s.right = 720, s.bottom = 100, s.x[1] = N * 0.1, s.y[1] = 1;
    td_svg_line(&s, "own", 0, 0.1, y, N);
    td_svg_end(&s);
    size_t points = count(t.data, "L") + count(t.data, "M");
    assert_true(points > 500 && points < 2 * 720 / 1.4 + 2);
    assert_non_null(strstr(t.data, " 0.0L")); /* at the very top */
    assert_non_null(strstr(t.data, "an &quot;hour&quot;"));
    td_text_free(&t);
    free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_from_outside_becomes_markup),
        cmocka_unit_test(elements_are_closed),
        cmocka_unit_test(figures_look_as_their_language_writes_them),
        cmocka_unit_test(words_of_a_plan_are_translated),
        cmocka_unit_test(what_was_decided_is_true),
        cmocka_unit_test(any_report_can_be_drawn),
        cmocka_unit_test(the_same_report_gives_the_same_page),
        cmocka_unit_test(long_lines_become_short_and_keep_their_peaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
