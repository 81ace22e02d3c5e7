/* Listens for tests/mix/rack.sh: raw floats of one channel at 48 kHz, measured by sums written out, nothing of engine/.
 *
 *   ear response BEFORE AFTER   Hz, dB, and how many samples the phase is late, of third octaves from 25 Hz to 20 kHz
 *   ear levels FILE SECONDS     peak level (dB) of the sine in the last third of each piece of so many seconds
 *   ear folded FILE HZ          the strongest line below 20 kHz that comes from above half the rate, in dB against HZ
 *   ear decay FILE SECONDS      T30 after that moment, in seconds
 *   ear onset FILE              the first sample above -60 dBFS */
#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 48000 };

typedef struct sound {
    float *x;
    size_t n;
} sound;

static sound read_sound(const char *path)
{
    sound s = { 0 };
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END)) exit(2);
    s.n = (size_t)ftell(f) / sizeof *s.x;
    s.x = malloc(s.n * sizeof *s.x);
    rewind(f);
    if (!s.x || fread(s.x, sizeof *s.x, s.n, f) != s.n) exit(2);
    fclose(f);
    return s;
}

/* Sum of x[i] w[i] e^(-j 2 pi hz i / rate), w a window of Blackman and Harris or 1. */
static double complex line(const float *x, size_t n, double hz, int windowed)
{
    double complex sum = 0;
    for (size_t i = 0; i < n; i++) {
        double p = 2 * M_PI * (double)i / (double)n, t = hz / RATE * (double)i;
        double w = windowed ? 0.35875 - 0.48829 * cos(p) + 0.14128 * cos(2 * p) - 0.01168 * cos(3 * p) : 1;
        sum += w * (double)x[i] * cexp(-2 * I * M_PI * (t - floor(t)));
    }
    return sum;
}

static double db(double x)
{
    return 20 * log10(x);
}

static void response(const char *before, const char *after)
{
    sound a = read_sound(before), b = read_sound(after);
    size_t n = a.n < b.n ? a.n : b.n;
    for (int k = 14; k <= 43; k++) {
        double hz = pow(10, k / 10.0);
        double complex h = line(b.x, n, hz, 0) / line(a.x, n, hz, 0);
        printf("%.2f %.5f %.4f\n", hz, db(cabs(h)), -carg(h) * RATE / (2 * M_PI * hz));
    }
}

static void levels(const char *path, double seconds)
{
    sound s = read_sound(path);
    size_t piece = (size_t)(seconds * RATE);
    for (size_t at = 0; at + piece <= s.n; at += piece) {
        double sum = 0;
        for (size_t i = at + piece * 2 / 3; i < at + piece * 95 / 100; i++) sum += (double)s.x[i] * (double)s.x[i];
        printf("%.5f\n", db(sqrt(2 * sum / (double)(piece * 95 / 100 - piece * 2 / 3))));
    }
}

static void folded(const char *path, double hz)
{
    sound s = read_sound(path);
    if (s.n < 3 * RATE) exit(2);
    double tone = cabs(line(s.x + RATE, RATE, hz, 1)), worst = 0;
    for (int k = 2; k < 100; k++) {
        double at = fmod(k * hz, RATE);
        if (at > RATE / 2.0) at = RATE - at;
        if (k * hz > RATE / 2.0 && at < 20000 && at > 20) worst = fmax(worst, cabs(line(s.x + RATE, RATE, at, 1)));
    }
    printf("%.1f\n", db(worst / tone));
}

static void decay(const char *path, double from_s)
{
    sound s = read_sound(path);
    size_t from = (size_t)(from_s * RATE), first = from, last = from;
    double *left = calloc(s.n + 1, sizeof *left);
    if (!left || from >= s.n) exit(2);
    for (size_t i = s.n; i-- > from;) left[i] = left[i + 1] + (double)s.x[i] * (double)s.x[i];
    for (size_t i = from; i < s.n && left[i] > 0; i++) {
        if (10 * log10(left[i] / left[from]) > -5) first = i;
        if (10 * log10(left[i] / left[from]) > -35) last = i;
    }
    printf("%.4f\n", 2 * (double)(last - first) / RATE);
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    if (!strcmp(what, "response") && argc == 4) return response(argv[2], argv[3]), 0;
    if (!strcmp(what, "levels") && argc == 4) return levels(argv[2], atof(argv[3])), 0;
    if (!strcmp(what, "folded") && argc == 4) return folded(argv[2], atof(argv[3])), 0;
    if (!strcmp(what, "decay") && argc == 4) return decay(argv[2], atof(argv[3])), 0;
    if (strcmp(what, "onset")) return 2;
    sound s = read_sound(argv[2]);
    size_t i = 0;
    while (i < s.n && fabsf(s.x[i]) < 1e-3f) i++;
    printf("%zu\n", i);
    return 0;
}
