#include "engine/mix/open/open.h"

#define LENGTH_TOLERANCE_S 0.1 /* exports of one session differ by a few blocks */

static void note_faults(td_session *s)
{
    uint64_t usual = td_session_usual_frames(s);
    for (size_t i = 0; i < s->n_stems; i++) {
        td_stem *m = &s->stem[i];
        if (!td_stem_takes_part(m)) continue;
        uint64_t off = m->frames > usual ? m->frames - usual : usual - m->frames;
        if (m->role.source == TD_ROLE_UNKNOWN) m->faults |= TD_FAULT_BIT(UNKNOWN_ROLE);
        if (m->role.two_buses) m->faults |= TD_FAULT_BIT(DOUBLE_ROLE);
        if (m->info.rate_hz != s->rate_hz) m->faults |= TD_FAULT_BIT(RATE_DIFFERS);
        if (m->info.rate_hz < TD_LOWEST_RATE_HZ) m->faults |= TD_FAULT_BIT(LOW_RATE);
        if ((double)off > LENGTH_TOLERANCE_S * s->rate_hz) m->faults |= TD_FAULT_BIT(LENGTH_DIFFERS);
        if (td_session_twin(s, i)) m->faults |= TD_FAULT_BIT(DUPLICATE);
    }
}

/* Where all that there is lies in such folders, they say nothing. */
static void note_aside(td_session *s)
{
    size_t there = 0, aside = 0;
    for (size_t i = 0; i < s->n_stems; i++) {
        there += td_stem_takes_part(&s->stem[i]);
        aside += td_stem_takes_part(&s->stem[i]) && td_stem_aside(&s->stem[i]);
    }
    for (size_t i = 0; i < s->n_stems && aside < there; i++)
        if (td_stem_takes_part(&s->stem[i]) && td_stem_aside(&s->stem[i])) s->stem[i].faults |= TD_FAULT_BIT(SET_ASIDE);
}

/* Voices alone are a choir, or an order without its music. */
static void note_missing_music(td_session *s)
{
    if (!td_cast_is_voices(s)) return;
    for (size_t i = 0; i < s->n_stems; i++)
        if (td_role_covers("mix", s->stem[i].role.name)) s->stem[i].faults |= TD_FAULT_BIT(VOICES_ALONE);
}

void td_neighbours_note(td_session *s)
{
    note_faults(s);
    note_aside(s);
    note_missing_music(s);
}
