#include "recipes/quote.h"
#include "recipes/reader.h"

#include <string.h>

/* What a draft leaves for its reader stands behind a '#' without a blank, so that taking the '#' out is enough. */

/* "Kick In.wav" of "stems/Kick In.wav" in "stems/". */
static const char *within(const char *folder, const char *path)
{
    size_t n = strlen(folder);
    while (n && folder[n - 1] == '/') n--;
    return !strncmp(path, folder, n) && path[n] == '/' ? path + n + 1 : path;
}

static size_t widest(const td_session *s, const char *folder)
{
    size_t most = 0;
    for (size_t i = 0; i < s->n_stems; i++) {
        size_t n = td_width(within(folder, s->stem[i].path));
        most = n > most && n <= 60 ? n : most;
    }
    return most;
}

static void add_roles(td_text *out, const td_session *s, const char *folder)
{
    char name[512];
    size_t width = widest(s, folder);
    for (size_t i = 0; i < s->n_stems; i++) {
        const td_stem *m = &s->stem[i];
        td_printable(within(folder, m->path), name, sizeof name);
        td_text_addf(out, "  #   %-*s  %s%s%s\n", td_filling(name, width), name, m->role.name, m->role.guess ? "?" : "",
                     m->fault_text[0] ? "  refused" : "");
    }
}

/* The stem a reader will want to say something about: one that nobody knows, else a guess, else the first. */
static const td_stem *doubtful(const td_session *s)
{
    const td_stem *found = &s->stem[0];
    for (size_t i = 0; i < s->n_stems; i++) {
        const td_stem *m = &s->stem[i];
        if (m->role.source == TD_ROLE_UNKNOWN) return m;
        if (m->role.guess && !found->role.guess) found = m;
    }
    return found;
}

static void add_stems(td_text *out, const td_session *s, const char *folder, const char *seen_from)
{
    const td_stem *m = doubtful(s);
    td_text_add(out, "stems:\n  folder: ");
    td_quote(out, seen_from);
    td_text_add(out, "\n  # What each stem is taken for; '?' is a guess, and 'other' is what nobody knows.\n");
    add_roles(out, s, folder);
    td_text_add(out,
                "  # Only what is to be otherwise needs a line ('topdown help roles'):\n  #files:\n  #  - { file: ");
    td_quote(out, within(folder, m->path));
    td_text_addf(out, ", role: %s }\n", m->role.source == TD_ROLE_UNKNOWN ? "vocals.lead" : m->role.name);
}

static void add_tempo(td_text *out, const td_session *s)
{
    char bpm[32];
    td_text_addf(out, "#tempo: %s bpm\n", td_number_text(s->tempo_bpm > 0 ? s->tempo_bpm : 120, bpm, sizeof bpm));
}

td_status td_order_draft(const td_session *s, const char *folder, const char *seen_from, td_text *out)
{
    td_text_add(out,
                "topdown: job/1\n"
                "# 'topdown job check' finds mistakes in here; 'topdown help job-file' says what else can stand here.\n"
                "title: ");
    td_quote(out, s->title ? s->title : "Song");
    td_text_add(out, "\n#artist: Example Artist\n");
    add_tempo(out, s);
    td_text_add(out, "\n");
    add_stems(out, s, folder, seen_from);
    td_text_add(out, "\n"
                     "# Names of 'topdown recipe list', or files. More than one: as many mixes, to be compared.\n"
                     "recipes: [ pop-rock ]\n"
                     "# auto, even, delivered, rough, loudness or focus: where the faders start.\n"
                     "#balance: auto\n"
                     "\n"
                     "# Without outputs: the recipe's preview, a master in WAV, plan and report.\n"
                     "outputs:\n"
                     "  previews: [ mp3 ]\n"
                     "  masters: [ { format: wav, bits: 24 } ]\n"
                     "  report: html\n"
                     "  #premaster: wav\n"
                     "  #groups: { format: wav, bits: 24 }\n"
                     "  #versions: [ instrumental, acapella ]\n"
                     "\n"
                     "# For a service: where results are put, who is told, and when it may begin.\n"
                     "#deliver: { to: \"https://mixhouse.example/results/2041/\" }\n"
                     "#notify: [ { url: \"https://mixhouse.example/hooks\" } ]\n"
                     "#not_before: \"22:00\"\n");
    return out->broken ? TD_NOMEM : TD_OK;
}
