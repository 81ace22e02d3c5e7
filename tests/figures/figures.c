#include "tests/figures/figures.h"

#include "engine/base/maths.h"
#include "tests/figures/pictures.h"

/* One row a family, alphabetical. */
/* clang-format off */
#define FAMILIES(X)                                                                                                    \
    X(bands)                                                                                                           \
    X(colour)                                                                                                          \
    X(dynamics)                                                                                                        \
    X(engine)                                                                                                          \
    X(eq)                                                                                                              \
    X(gain)                                                                                                            \
    X(image)                                                                                                           \
    X(limiter)                                                                                                         \
    X(meters)                                                                                                          \
    X(planning)                                                                                                        \
    X(repair)                                                                                                          \
    X(space)
/* clang-format on */

#define X(name) void figures_##name(void);
FAMILIES(X)
#undef X

static const struct {
    const char *name;
    void (*measure)(void);
} families[] = {
#define X(name) { #name, figures_##name },
    FAMILIES(X)
#undef X
};

typedef struct line {
    char processor[80], name[80], unit[80];
    figure_relation is;
    double required, reached;
} line;

static struct {
    line *line;
    size_t n, capacity;
} lines;

static bool ok(const line *l)
{
    return l->is == AT_MOST ? l->reached <= l->required : l->reached >= l->required;
}

void figure(const char *processor, const char *name, figure_relation is, double required, double reached,
            const char *unit)
{
    void *grown = lines.line;
    if (!td_grow(&grown, &lines.capacity, lines.n, sizeof *lines.line)) abort();
    lines.line = grown;
    /* nothing at all, in decibels, still has to be a number for those who read the file */
    line l = { .is = is, .required = required, .reached = isinf(reached) ? copysign(999, reached) : reached };
    snprintf(l.processor, sizeof l.processor, "%s", processor);
    snprintf(l.name, sizeof l.name, "%s", name);
    snprintf(l.unit, sizeof l.unit, "%s", unit);
    lines.line[lines.n++] = l;
    printf("%-12s %-64s %s %10.4g %10.4g %-6s %s\n", processor, name, is == AT_MOST ? "<=" : ">=", required, l.reached,
           unit, ok(&l) ? "ok" : "MISSED");
    fflush(stdout);
}

static bool write_json(const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f) return false;
    fprintf(f, "[");
    for (size_t i = 0; i < lines.n; i++) {
        const line *l = &lines.line[i];
        fprintf(f, "%s\n  { \"processor\": \"%s\", \"figure\": \"%s\", \"relation\": \"%s\", \"required\": %.6g, ",
                i ? "," : "", l->processor, l->name, l->is == AT_MOST ? "<=" : ">=", l->required);
        fprintf(f, isnan(l->reached) ? "\"reached\": null, " : "\"reached\": %.6g, ", l->reached);
        fprintf(f, "\"unit\": \"%s\", \"ok\": %s }", l->unit, ok(l) ? "true" : "false");
    }
    fprintf(f, "\n]\n");
    return fclose(f) == 0;
}

static bool wanted(const char *name, char **names)
{
    bool all = !*names;
    for (; *names; names++) all = all || strcmp(*names, name) == 0;
    return all;
}

int main(int argc, char **argv)
{
    td_denormals_off();
    if (argc > 2 && strcmp(argv[1], "--draw") == 0) return !pictures(argv[2], argv + 3);
    if (argc < 2) {
        fprintf(stderr, "usage: figures OUT.json [FAMILY...]\n       figures --draw FOLDER [PICTURE...]\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (wanted(families[i].name, argv + 2)) families[i].measure();
    size_t missed = 0;
    for (size_t i = 0; i < lines.n; i++) missed += !ok(&lines.line[i]);
    printf("figures: %zu reached, %zu missed\n", lines.n - missed, missed);
    bool written = write_json(argv[1]);
    if (!written) fprintf(stderr, "figures: cannot write %s\n", argv[1]);
    free(lines.line);
    return missed || !written;
}
