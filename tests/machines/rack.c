/* Every processor at its defaults and at settings drawn from its row, on one sound, and the hash of what came out, a
 * line each: two machines that print the same lines compute the same samples. A new processor is in by having a row. */
#include "engine/audio/audio.h"
#include "engine/base/hash.h"
#include "engine/base/maths.h"
#include "tests/sound.h"

#include <unistd.h>

enum { RATE = 48000, FRAMES = 12000, DRAWS = 6, TRIES = 1000, PARTS = 5 };

/* Noise over a chord, loud and soft, a silence and a stroke: what reacts to level, sleeps or mends has something to do.
 */
static sound programme(void)
{
    static const double level[] = { 0.5, 0.02, 0.7, 0, 0.9, 0.1 };
    sound s = sound_noise(FRAMES, 1, 0.2);
    for (size_t i = 0; i < FRAMES; i++)
        for (unsigned c = 0; c < 2; c++) {
            double t = (double)i / RATE;
            double chord = td_sin(2 * TD_PI * 82.4 * t) + td_sin(2 * TD_PI * (c ? 554.4 : 440) * t);
            s.ch[c][i] = (float)(level[i * 6 / FRAMES] * ((double)s.ch[c][i] + 0.3 * chord));
        }
    s.ch[0][FRAMES / 3] += 0.8f;
    return s;
}

static size_t pick(td_random *r, size_t n)
{
    return td_random_next(r) % n;
}

/* Anywhere from end to end, frequencies and times by ratio, rounded as decided values are. */
static double draw_value(const td_param *p, td_random *r)
{
    if (p->flags & TD_GOAL || p->unit == TD_UNIT_FILE) return (double)NAN;
    double at = td_random_uniform(r) + 0.5, high = isinf(p->max) ? 20 : p->max;
    if (p->flags & TD_AUTO && at < 0.25) return (double)INFINITY;
    if (p->unit == TD_UNIT_CHOICE || p->unit == TD_UNIT_SWITCH) return (double)pick(r, (size_t)p->max + 1);
    bool by_ratio = p->min > 0 && high > 10 * p->min;
    return td_param_round(p, by_ratio ? p->min * td_exp(at * td_log(high / p->min)) : p->min + at * (high - p->min));
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What is not set by default stays so in half of the draws; ranges and lists rise. */
static void draw(const td_processor *p, td_random *r, bool defaults, double *value)
{
    td_processor_defaults(p, value);
    for (size_t i = 0, n; i < p->n_params && !defaults; i += n) {
        n = p->params[i].span > 1 ? p->params[i].span : 1;
        if (isnan(value[i]) && pick(r, 2)) continue;
        for (size_t k = i; k < i + n; k++) value[k] = draw_value(&p->params[k], r);
        if (n > 1) qsort(value + i, n, sizeof *value, by_size);
    }
}

static size_t count_parts(const td_processor *p)
{
    size_t n = 0;
    while (p->parts && p->parts[n]) n++;
    return n;
}

static td_unit_state *draw_unit(const td_processor *p, td_random *r, bool defaults)
{
    double value[TD_VALUES_MAX], part_value[PARTS][TD_VALUES_MAX];
    td_part part[PARTS];
    size_t kinds = count_parts(p);
    td_settings set = { .value = value, .part = part, .n_parts = kinds ? defaults ? 2 : 1 + pick(r, PARTS) : 0 };
    draw(p, r, defaults, value);
    for (size_t i = 0; i < set.n_parts; i++) {
        part[i] = (td_part){ p->parts[pick(r, kinds)], part_value[i] };
        draw(part[i].proc, r, defaults, part_value[i]);
    }
    td_unit_state *u;
    td_unit_new(p, &(td_format){ .rate_hz = RATE, .tempo_bpm = 120 }, &set, &u, NULL);
    return u;
}

static void print_hash(const char *name, size_t draw_no, td_unit_state *u, sound in)
{
    sound s = sound_copy(in);
    sound_run(u, s);
    char hash[TD_SHA256_HEX];
    if (td_sha256_of(s.ch[0], 2 * FRAMES * sizeof(float), hash) != TD_OK) abort();
    printf("%s %zu %.16s\n", name, draw_no, hash);
    sound_free(s);
    td_unit_free(u);
}

/* Some settings do not go together: then others are drawn. */
static void run(const td_processor *p, size_t draw_no, sound in)
{
    td_random r;
    td_random_seed(&r, draw_no);
    td_unit_state *u = NULL;
    for (int i = 0; i < TRIES && !u; i++) u = draw_unit(p, &r, draw_no == 0);
    if (!u) sound_mistake(p->name, "settings of its own row");
    print_hash(p->name, draw_no, u, in);
}

/* The one processor that reads a file: an impulse response at another rate than the session's, so that resampling too
 * is compared. */
static void run_impulse(sound in)
{
    enum { LENGTH = 4410 };
    char path[] = "/tmp/topdown-machines-XXXXXX";
    int fd = mkstemp(path);
    sound h = sound_noise(LENGTH, 2, 0.5);
    for (unsigned c = 0; c < 2; c++)
        for (size_t i = 0; i < LENGTH; i++) h.ch[c][i] *= (float)td_exp(-6.0 * (double)i / LENGTH);
    td_file_spec spec = { .codec = TD_CODEC_WAV, .bits = 32, .rate_hz = 44100, .out_rate_hz = 44100, .channels = 2 };
    td_writer *w;
    if (fd < 0 || td_writer_open(path, &spec, NULL, &w, NULL) ||
        td_writer_write(w, (const float *const *)h.ch, LENGTH, NULL) || td_writer_commit(w, true, NULL))
        abort();
    const td_processor *reverb = td_processor_find("reverb");
    sound_settings *set = sound_read(reverb, "model=impulse");
    set->set.file = path;
    td_unit_state *u;
    if (td_unit_new(reverb, &(td_format){ .rate_hz = RATE }, &set->set, &u, NULL)) abort();
    print_hash("reverb", DRAWS, u, in);
    free(set);
    sound_free(h);
    close(fd);
    unlink(path);
}

int main(int argc, char **argv)
{
    td_denormals_off();
    sound in = programme();
    for (size_t i = 0; td_processors[i]; i++)
        for (size_t k = 0; k < DRAWS; k++)
            if (!td_processors[i]->part && (argc < 2 || strcmp(argv[1], td_processors[i]->name) == 0))
                run(td_processors[i], k, in);
    if (argc < 2 || strcmp(argv[1], "reverb") == 0) run_impulse(in);
    sound_free(in);
    return 0;
}
