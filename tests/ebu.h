/* tests/ebu.h - synthetic cases of EBU Tech 3341 and 3342 as data: 1 kHz on both sides, levels as peaks. */
#ifndef TESTS_EBU_H
#define TESTS_EBU_H

typedef struct ebu_part {
    double peak_dbfs, seconds;
} ebu_part;

/* Tech 3341, cases 1 to 5: integrated loudness. */
static const struct {
    ebu_part part[5];
    double lufs;
} ebu_integrated[] = {
    { { { -23, 20 } }, -23 },
    { { { -33, 20 } }, -33 },
    { { { -36, 10 }, { -23, 60 }, { -36, 10 } }, -23 },
    { { { -72, 10 }, { -36, 10 }, { -23, 60 }, { -36, 10 }, { -72, 10 } }, -23 },
    { { { -26, 20 }, { -20, 20.1 }, { -26, 20 } }, -23 },
};

/* Tech 3342, cases 1 to 4: loudness range. A tone of 0 s is none. */
static const struct {
    ebu_part part[5];
    double lu;
} ebu_range[] = {
    { { { -20, 20 }, { -30, 20 } }, 10 },
    { { { -20, 20 }, { -15, 20 } }, 5 },
    { { { -40, 20 }, { -20, 20 } }, 20 },
    { { { -50, 20 }, { -35, 20 }, { -20, 20 }, { -35, 20 }, { -50, 20 } }, 15 },
};

#endif
