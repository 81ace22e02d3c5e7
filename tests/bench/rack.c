/* What a stereo frame costs in one of our processors, in nanoseconds of CPU time: rack FILE.f32 NAME [SETTINGS]
 *
 * FILE.f32 holds interleaved stereo floats at 48 kHz; settings as tests/sound.h reads them. Blocks have 512 frames; of
 * seven passes the fastest counts, as in lv2_host.c. */
#include "engine/base/maths.h"
#include "tests/sound.h"

#include <time.h>

enum { RATE = 48000, PASSES = 7 };

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static sound read_sound(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END)) exit(2);
    sound s = sound_new((size_t)ftell(f) / (2 * sizeof(float)));
    rewind(f);
    for (size_t i = 0; i < s.frames; i++)
        for (int c = 0; c < 2; c++)
            if (fread(&s.ch[c][i], sizeof(float), 1, f) != 1) exit(2);
    fclose(f);
    return s;
}

int main(int argc, char **argv)
{
    if (argc < 3) return fprintf(stderr, "usage: rack FILE.f32 NAME [SETTINGS]\n"), 2;
    td_denormals_off();
    sound in = read_sound(argv[1]);
    td_unit_state *u = sound_unit(RATE, argv[2], argc > 3 ? argv[3] : "");
    double best = INFINITY;
    for (int i = 0; i < PASSES; i++) {
        sound s = sound_copy(in);
        double before = now_ns();
        sound_run(u, s);
        best = fmin(best, (now_ns() - before) / (double)s.frames);
        sound_free(s);
    }
    printf("%.1f\n", best);
    td_unit_free(u);
    sound_free(in);
    return 0;
}
