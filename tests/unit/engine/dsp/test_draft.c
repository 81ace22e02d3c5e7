/* Drafts against the full thing: what a planner measures of them has to be the same, and where it stands too. */
#include "engine/base/maths.h"
#include "tests/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { SIGNALS = 6 };

/* How far a draft may be off: its level, its peak, and all that differs, against the sound; a frame of another latency
 * leaves -20 dB. */
#define LEVEL_DB    0.05
#define PEAK_DB     0.1
#define RESIDUAL_DB (-33)

static const struct {
    const char *name, *spec;
} cases[] = {
    { "tape", "" },
    { "tape", "drive=9 speed=0 bias=1" },
    { "tape", "drive=18 calibration=9 speed=2" },
    { "saturation", "model=tube drive=3" },
    { "saturation", "model=diode drive=6 low_cut=250" },
    { "saturation", "model=transformer drive=12 auto_level=0" },
    { "saturation", "model=pentode drive=24 auto_level=0" },
    { "exciter", "amount=-18" },
    { "exciter", "at=5000 amount=-12 odd=100" },
    { "clipper", "drive=3 ceiling=-6" },
    { "clipper", "drive=12 ceiling=-6 knee=0" },
    { "deesser", "" },
    { "deesser", "range=4500,10000 depth=10 threshold=-20" },
};

static td_unit_state *open_unit(const char *name, const char *spec, double rate_hz, bool draft)
{
    td_format fmt = { .rate_hz = rate_hz, .tempo_bpm = 120, .draft = draft };
    sound_settings *s = sound_read(td_processor_find(name), spec);
    td_unit_state *u;
    td_error err = { 0 };
    if (td_unit_new(td_processor_find(name), &fmt, &s->set, &u, &err) != TD_OK) fail_msg("%s: %s", name, err.what);
    free(s);
    return u;
}

/* ---- signals ---------------------------------------------------------------------------------------------------- */

static void scale_to(sound s, double peak_db)
{
    double most = fmax(sound_peak(s.ch[0], s.frames), sound_peak(s.ch[1], s.frames));
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < s.frames; i++) s.ch[c][i] *= (float)(pow(10, peak_db / 20) / most);
}

/* As music falls: 6 dB an octave above 500 Hz. */
static sound music(size_t frames, double rate_hz)
{
    sound s = sound_noise(frames, 5, 1);
    double turn = 1 - exp(-2 * M_PI * 500 / rate_hz);
    for (unsigned c = 0; c < 2; c++) {
        double y = 0;
        for (size_t i = 0; i < frames; i++) s.ch[c][i] = (float)(y += turn * ((double)s.ch[c][i] - y));
    }
    return s;
}

/* Four a second: a falling tone, and noise that is gone sooner. */
static sound drums(size_t frames, double rate_hz)
{
    sound s = music(frames, rate_hz);
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < frames; i++) {
            double t = fmod((double)i / rate_hz, 0.25);
            double tone = sin(2 * M_PI * (55 * t + 3 * (1 - exp(-t / 0.02)))) * exp(-t / 0.08);
            s.ch[c][i] = (float)(tone + 2 * (double)s.ch[c][i] * exp(-t / 0.03));
        }
    return s;
}

static sound signal(size_t which, double rate_hz)
{
    size_t frames = (size_t)rate_hz;
    sound s = which == 0   ? music(frames, rate_hz)
              : which == 1 ? drums(frames, rate_hz)
                           : sound_sine(frames, rate_hz, which % 2 ? 110 : 1500, 1);
    scale_to(s, which < 4 ? -1 : -12);
    return s;
}

/* ---- what holds ------------------------------------------------------------------------------------------------- */

/* Through the processor, with its latency cut off. */
static sound played(const char *name, const char *spec, double rate_hz, bool draft, sound s, size_t block)
{
    td_unit_state *u = open_unit(name, spec, rate_hz, draft);
    size_t late = td_unit_latency(u);
    sound long_one = sound_new(s.frames + late), out = sound_new(s.frames);
    for (unsigned c = 0; c < 2; c++) memcpy(long_one.ch[c], s.ch[c], s.frames * sizeof(float));
    sound_run_all(u, long_one, (sound){ 0 }, NULL, 0, block);
    for (unsigned c = 0; c < 2; c++) memcpy(out.ch[c], long_one.ch[c] + late, s.frames * sizeof(float));
    sound_free(long_one);
    td_unit_free(u);
    return out;
}

static double ratio_db(double a, double b)
{
    return fabs(20 * log10(a / b));
}

static void levels_hold(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        for (size_t i = 0; i < SIGNALS; i++) {
            double rate_hz = i % 3 ? 48000 : 44100;
            sound s = signal(i, rate_hz);
            sound full = played(cases[k].name, cases[k].spec, rate_hz, false, s, TD_BLOCK);
            sound draft = played(cases[k].name, cases[k].spec, rate_hz, true, s, TD_BLOCK);
            double level = sound_rms(full.ch[0], s.frames), off = sound_rms(draft.ch[0], s.frames);
            double peak = sound_peak(full.ch[0], s.frames), peak_off = sound_peak(draft.ch[0], s.frames);
            double residual_db = sound_residual_db(full, draft, 0) - 20 * log10(level);
            if (ratio_db(off, level) > LEVEL_DB || ratio_db(peak_off, peak) > PEAK_DB || residual_db > RESIDUAL_DB)
                fail_msg("%s %s, signal %zu: level %.3f dB off, peak %.3f, residual %.1f", cases[k].name, cases[k].spec,
                         i, ratio_db(off, level), ratio_db(peak_off, peak), residual_db);
            sound_free(s), sound_free(full), sound_free(draft);
        }
}

static void latency_is_told(void **unused)
{
    (void)unused;
    static const double rates[] = { 44100, 48000, 96000 };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        for (size_t r = 0; r < 3; r++) {
            td_unit_state *u = open_unit(cases[k].name, cases[k].spec, rates[r], true);
            sound s = sound_impulse(4096, 1e-3);
            sound_run(u, s);
            size_t highest = 0;
            for (size_t i = 0; i < s.frames; i++)
                if (fabsf(s.ch[0][i]) > fabsf(s.ch[0][highest])) highest = i;
            assert_int_equal(highest, td_unit_latency(u));
            sound_free(s);
            td_unit_free(u);
        }
}

static void blocks_do_not_matter(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        sound s = drums(9000, 48000);
        scale_to(s, -1);
        sound whole = played(cases[k].name, cases[k].spec, 48000, true, s, TD_BLOCK);
        sound cut = played(cases[k].name, cases[k].spec, 48000, true, s, 37);
        assert_memory_equal(whole.ch[0], cut.ch[0], s.frames * sizeof(float));
        sound_free(s), sound_free(whole), sound_free(cut);
    }
}

static bool has_draft(const char *name)
{
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        if (!strcmp(cases[k].name, name)) return true;
    return false;
}

/* Who bends waveforms has a draft. */
static void others_are_the_same(void **unused)
{
    (void)unused;
    for (const td_processor *const *p = td_processors; *p && !(*p)->part; p++) {
        if ((*p)->bends) assert_true(has_draft((*p)->name));
        if (has_draft((*p)->name)) continue;
        td_unit_state *u[2] = { open_unit((*p)->name, "", 48000, false), open_unit((*p)->name, "", 48000, true) };
        sound s[2] = { drums(6000, 48000), drums(6000, 48000) };
        assert_int_equal(td_unit_latency(u[0]), td_unit_latency(u[1]));
        for (size_t i = 0; i < 2; i++) sound_run(u[i], s[i]);
        assert_memory_equal(s[0].ch[0], s[1].ch[0], s[0].frames * sizeof(float));
        for (size_t i = 0; i < 2; i++) td_unit_free(u[i]), sound_free(s[i]);
    }
}

int main(void)
{
    td_denormals_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_hold),
        cmocka_unit_test(latency_is_told),
        cmocka_unit_test(blocks_do_not_matter),
        cmocka_unit_test(others_are_the_same),
    };
    return cmocka_run_group_tests_name("draft", tests, NULL, NULL);
}
