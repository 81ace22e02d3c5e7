#include "engine/report/findings.h"

static const struct {
    const char *thanks, *track, *tracks, *of; /* number of tracks; title */
    const char *need_one, *need_many;         /* number of tracks */
    const char *asked, *noticed, *also_noticed, *fine, *regards;
} phrases[TD_LANGUAGES] = {
    [TD_ENGLISH] = { "Hello,\n\nthank you for your ", "track", "%zu tracks", " of \"%s\"",
                     "\nBefore we can mix, we need your help with one of them:\n",
                     "\nBefore we can mix, we need your help with %zu of them:\n",
                     "\nWe need a word from you about this:\n",
                     "\nWe noticed the following. Where it is meant to be so, there is nothing to do:\n",
                     "\nWe noticed this as well. Where it is meant to be so, there is nothing to do:\n",
                     "\nAll is well with them, and we can begin.\n", "\nKind regards\n" },
    [TD_GERMAN] = { "Guten Tag,\n\nvielen Dank für Ihre ", "Spur", "%zu Spuren", " zu „%s“",
                    "\nBevor wir mischen können, brauchen wir bei einer davon Ihre Hilfe:\n",
                    "\nBevor wir mischen können, brauchen wir bei %zu davon Ihre Hilfe:\n",
                    "\nHierzu brauchen wir eine Auskunft von Ihnen:\n",
                    "\nUns ist Folgendes aufgefallen. Wo es so gewollt ist, brauchen Sie nichts zu tun:\n",
                    "\nAußerdem ist uns Folgendes aufgefallen. Wo es so gewollt ist, brauchen Sie nichts zu tun:\n",
                    "\nEs ist alles in Ordnung, und wir können beginnen.\n", "\nMit freundlichen Grüßen\n" },
};

typedef enum telling { REFUSED, ASKED, NOTICED } telling;

static telling telling_of(td_fault_code code)
{
    const unsigned questions = TD_FAULT_BIT(UNKNOWN_ROLE) | TD_FAULT_BIT(DOUBLE_ROLE) | TD_FAULT_BIT(VOICES_ALONE);
    return td_fault_verdict(code) == TD_REJECT ? REFUSED : questions & 1u << code ? ASKED : NOTICED;
}

/* What a client hears about: all that a new export or an answer would mend. A refused file's lesser faults are left
 * out, for it comes anew anyway; and how long silence lasts is nobody's concern. */
static bool is_told(const td_stem_findings *in, const td_finding *f, td_language l)
{
    const unsigned instead = TD_FAULT_BIT(STARTS_LATE) | TD_FAULT_BIT(SILENT);
    bool said = f->code == TD_FAULT_LENGTH_DIFFERS && in->faults & instead;
    return td_finding_remedy(f, l) && td_fault_verdict(f->code) == in->verdict && !said;
}

static size_t tell(const td_session *session, const td_findings *in, telling what, td_language l, td_text *out)
{
    char name[320], text[512];
    size_t told = 0;
    for (size_t i = 0; i < in->n_stems; i++) {
        const td_stem_findings *m = &in->stem[i];
        bool named = false;
        for (size_t k = 0; k < m->n_findings; k++) {
            const td_finding *f = &m->finding[k];
            if (telling_of(f->code) != what || !is_told(m, f, l)) continue;
            if (!named) td_text_addf(out, "\n  %s\n", td_printable(session->stem[i].name, name, sizeof name));
            td_text_addf(out, "  - %s. %s\n", td_finding_text(f, l, text, sizeof text), td_finding_remedy(f, l));
            told += !named;
            named = true;
        }
    }
    return told;
}

td_status td_findings_letter(const td_session *session, const td_findings *in, td_language language, td_text *out)
{
    td_text refused = { 0 }, asked = { 0 }, noticed = { 0 };
    size_t n_refused = tell(session, in, REFUSED, language, &refused);
    size_t n_asked = tell(session, in, ASKED, language, &asked);
    size_t n_noticed = tell(session, in, NOTICED, language, &noticed);
    td_text_add(out, phrases[language].thanks);
    td_text_addf(out, in->n_stems == 1 ? phrases[language].track : phrases[language].tracks, in->n_stems);
    if (session->title) td_text_addf(out, phrases[language].of, session->title);
    td_text_add(out, ".\n");
    if (n_refused == 1) td_text_add(out, phrases[language].need_one);
    if (n_refused > 1) td_text_addf(out, phrases[language].need_many, n_refused);
    td_text_add(out, td_text_or_empty(&refused));
    if (n_asked) td_text_add(out, phrases[language].asked);
    td_text_add(out, td_text_or_empty(&asked));
    bool also = n_refused || n_asked;
    if (n_noticed) td_text_add(out, also ? phrases[language].also_noticed : phrases[language].noticed);
    td_text_add(out, td_text_or_empty(&noticed));
    if (!also && !n_noticed) td_text_add(out, phrases[language].fine);
    td_text_add(out, phrases[language].regards);
    bool broken = out->broken || refused.broken || asked.broken || noticed.broken;
    td_text_free(&refused);
    td_text_free(&asked);
    td_text_free(&noticed);
    return broken ? TD_NOMEM : TD_OK;
}
