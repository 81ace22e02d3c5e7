#include "tests/figures/pictures.h"

#include "engine/base/fft.h"

const draw_axis picture_hz = { "frequency (Hz)", 20, 20000, 0 };

static const struct {
    const char *name;
    int columns;
    void (*paint)(draw *d);
} table[] = {
#define X(name) { #name, 2, picture_##name },
    PICTURES(X)
#undef X
};

bool pictures(const char *folder, char **names)
{
    bool written = true;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        bool wanted = !*names;
        for (char **n = names; *n; n++) wanted = wanted || !strcmp(*n, table[i].name);
        if (!wanted) continue;
        draw *d = draw_open(folder, table[i].name, table[i].columns);
        table[i].paint(d);
        written = draw_close(d) && written;
    }
    return written;
}

void picture_grid(double *x, size_t n, double low, double high)
{
    for (size_t i = 0; i < n; i++) x[i] = low * pow(high / low, (double)i / (double)(n - 1));
}

void picture_run(const char *name, const char *spec, sound s, float *gr)
{
    td_unit_state *u = sound_unit(PICTURE_RATE, name, spec);
    size_t late = td_unit_latency(u);
    sound longer = sound_new(s.frames + late);
    float *change = td_calloc2(TD_DETECTORS_MAX, longer.frames, sizeof *change), *to[TD_DETECTORS_MAX];
    for (size_t k = 0; k < TD_DETECTORS_MAX; k++) to[k] = change + k * longer.frames;
    for (int c = 0; c < 2; c++) memcpy(longer.ch[c], s.ch[c], s.frames * sizeof(float));
    sound_run_all(u, longer, (sound){ 0 }, to, TD_DETECTORS_MAX, TD_BLOCK);
    for (int c = 0; c < 2; c++) memcpy(s.ch[c], longer.ch[c] + late, s.frames * sizeof(float));
    if (gr) memcpy(gr, change + late, s.frames * sizeof *gr);
    free(change);
    sound_free(longer);
    td_unit_free(u);
}

void picture_response(const char *name, const char *spec, double height, const double *hz, double *db, size_t n)
{
    sound s = sound_new(2 * PICTURE_RATE);
    s.ch[0][1000] = s.ch[1][1000] = (float)height; /* not at once: what is symmetric begins sooner */
    picture_run(name, spec, s, NULL);
    for (size_t i = 0; i < n; i++) db[i] = 20 * log10(cabs(sound_dft(s.ch[0], s.frames, hz[i], PICTURE_RATE)) / height);
    sound_free(s);
}

void picture_spectrum(const float *x, size_t frames, const double *hz, double *db, size_t n)
{
    enum { LENGTH = 1 << 14 };
    static td_v2 in[LENGTH], re[LENGTH / 2 + 1], im[LENGTH / 2 + 1];
    td_fft *fft;
    if (td_fft_new(LENGTH, &fft)) abort();
    for (size_t i = 0; i < LENGTH; i++) { /* Blackman and Harris, scaled so that a sine reads its peak */
        double p = 2 * M_PI * (double)i / LENGTH;
        double w = 0.35875 - 0.48829 * cos(p) + 0.14128 * cos(2 * p) - 0.01168 * cos(3 * p);
        in[i] = td_v2_set((double)x[frames - LENGTH + i] * w * 2 / (0.35875 * LENGTH));
    }
    td_fft_forward(fft, in, re, im);
    td_fft_free(fft);
    double ratio = sqrt(hz[1] / hz[0]), bin = (double)PICTURE_RATE / LENGTH;
    for (size_t i = 0; i < n; i++) {
        double most = 1e-10;
        for (double k = floor(hz[i] / ratio / bin); k <= hz[i] * ratio / bin && k <= LENGTH / 2; k++)
            most = fmax(most, hypot(re[(size_t)k][0], im[(size_t)k][0]));
        db[i] = 20 * log10(most);
    }
}
