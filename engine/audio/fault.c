#include "engine/audio/audio.h"

static const struct {
    const char *name, *help;
    td_verdict verdict;
} faults[TD_FAULT_COUNT] = {
#define X(code, text, worst, meaning) [TD_FAULT_##code] = { .name = text, .help = meaning, .verdict = worst },
    TD_FAULT_MAP(X)
#undef X
};

const char *td_fault_name(td_fault_code code)
{
    return faults[code].name;
}

const char *td_fault_help(td_fault_code code)
{
    return faults[code].help;
}

td_verdict td_fault_verdict(td_fault_code code)
{
    return faults[code].verdict;
}

td_verdict td_faults_verdict(unsigned set)
{
    td_verdict worst = TD_ACCEPT;
    for (unsigned i = 0; i < TD_FAULT_COUNT; i++)
        if (set & 1u << i && faults[i].verdict > worst) worst = faults[i].verdict;
    return worst;
}
