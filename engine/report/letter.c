#include "engine/report/findings.h"

static const struct {
    const char *thanks, *track, *tracks, *of; /* number of tracks; title */
    const char *need_one, *need_many;         /* number of tracks */
    const char *noticed, *also_noticed, *fine, *regards;
} phrases[TD_LANGUAGES] = {
    [TD_ENGLISH] = { "Hello,\n\nthank you for your ", "track", "%zu tracks", " of \"%s\"",
                     "\nBefore we can mix, we need your help with one of them:\n",
                     "\nBefore we can mix, we need your help with %zu of them:\n",
                     "\nWe noticed the following. Where it is meant to be so, there is nothing to do:\n",
                     "\nWe noticed this as well. Where it is meant to be so, there is nothing to do:\n",
                     "\nAll is well with them, and we can begin.\n", "\nKind regards\n" },
    [TD_GERMAN] = { "Guten Tag,\n\nvielen Dank für Ihre ", "Spur", "%zu Spuren", " zu „%s“",
                    "\nBevor wir mischen können, brauchen wir bei einer davon Ihre Hilfe:\n",
                    "\nBevor wir mischen können, brauchen wir bei %zu davon Ihre Hilfe:\n",
                    "\nUns ist Folgendes aufgefallen. Wo es so gewollt ist, brauchen Sie nichts zu tun:\n",
                    "\nAußerdem ist uns Folgendes aufgefallen. Wo es so gewollt ist, brauchen Sie nichts zu tun:\n",
                    "\nEs ist alles in Ordnung, und wir können beginnen.\n", "\nMit freundlichen Grüßen\n" },
};

/* What a client hears about: all that a new export or an answer would mend. A refused file's lesser faults are left
 * out, for it comes anew anyway. */
static bool is_told(const td_stem_findings *in, const td_finding *f, td_language l)
{
    bool asked = f->code == TD_FAULT_LENGTH_DIFFERS && in->faults & TD_FAULT_BIT(STARTS_LATE);
    return td_finding_remedy(f, l) && td_fault_verdict(f->code) == in->verdict && !asked;
}

static size_t tell(const td_session *session, const td_findings *in, td_verdict verdict, td_language l, td_text *out)
{
    char name[320], text[512];
    size_t told = 0;
    for (size_t i = 0; i < in->n_stems; i++) {
        const td_stem_findings *m = &in->stem[i];
        bool named = false;
        for (size_t k = 0; k < m->n_findings && m->verdict == verdict; k++) {
            const td_finding *f = &m->finding[k];
            if (!is_told(m, f, l)) continue;
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
    td_text refused = { 0 }, noticed = { 0 };
    size_t n_refused = tell(session, in, TD_REJECT, language, &refused);
    size_t n_noticed = tell(session, in, TD_WARN, language, &noticed);
    td_text_add(out, phrases[language].thanks);
    td_text_addf(out, in->n_stems == 1 ? phrases[language].track : phrases[language].tracks, in->n_stems);
    if (session->title) td_text_addf(out, phrases[language].of, session->title);
    td_text_add(out, ".\n");
    if (n_refused == 1) td_text_add(out, phrases[language].need_one);
    if (n_refused > 1) td_text_addf(out, phrases[language].need_many, n_refused);
    td_text_add(out, td_text_or_empty(&refused));
    if (n_noticed) td_text_add(out, n_refused ? phrases[language].also_noticed : phrases[language].noticed);
    td_text_add(out, td_text_or_empty(&noticed));
    if (!n_refused && !n_noticed) td_text_add(out, phrases[language].fine);
    td_text_add(out, phrases[language].regards);
    bool broken = out->broken || refused.broken || noticed.broken;
    td_text_free(&refused);
    td_text_free(&noticed);
    return broken ? TD_NOMEM : TD_OK;
}
