#include "jobs/order/outgoing.h"

#include "jobs/order/naming.h"
#include <stdio.h>
#include <string.h>

typedef struct listing {
    const td_outputs_wish *wish;
    td_mix *mix; /* NULL: only names are wanted */
    td_arena *arena;
    td_outgoing *file;
    size_t n;
    bool guest; /* no recipe made it */
} listing;

/* What a version lets be heard. */
static const struct version {
    unsigned bit;
    const char *part;
    bool lead, backing, rest;
    const char *impossible;
} versions[TD_VERSIONS] = {
    { TD_VERSION_INSTRUMENTAL, "Instrumental", false, false, true, "Instrumental: there is nothing but voices" },
    { TD_VERSION_ACAPELLA, "Acapella", true, true, false, "Acapella: there are no voices" },
    { TD_VERSION_TV, "TV", false, true, true, "TV: there is nothing but lead vocals" },
};

static td_codec codec_named(const char *name)
{
    for (int c = 0; c < TD_CODEC_COUNT; c++)
        if (!strcmp(td_codec_name((td_codec)c), name)) return (td_codec)c;
    return TD_CODEC_WAV;
}

static td_outgoing *add(listing *b, const td_output *o, const td_target *fallback, const char *kind, const char *part)
{
    if (b->n == TD_OUTGOING_MAX) return NULL;
    td_outgoing *g = &b->file[b->n++];
    *g = (td_outgoing){
        .kind = kind, .part = part, .target = td_target_over(&o->target, fallback), .version = TD_WHOLE
    };
    unsigned rate_hz = b->wish->plan->rate_hz;
    td_codec codec = codec_named(o->format);
    g->spec = (td_file_spec){ .codec = codec,
                              .bits = o->bits ? o->bits : 24,
                              .bitrate_kbps = o->bitrate_kbps ? o->bitrate_kbps : 192,
                              .rate_hz = rate_hz,
                              .out_rate_hz = td_codec_rate(codec, o->rate_hz ? o->rate_hz : rate_hz),
                              .channels = 2 };
    return g;
}

static const td_target no_target = { NAN, NAN, NAN, NAN, NULL };

/* The recipe's own preview: as it says, and as MP3. */
static void list_recipe_preview(listing *b)
{
    const td_plan *p = b->wish->plan;
    td_output own = { .format = p->preview_format, .bits = p->preview_bits, .target = no_target }, mp3 = own;
    mp3.format = "mp3";
    add(b, &own, b->wish->preview, "preview", "Preview");
    if (strcmp(own.format, "mp3")) add(b, &mp3, b->wish->preview, "preview", "Preview");
}

static bool same_name(const td_outgoing *x, const td_outgoing *y)
{
    return !strcmp(x->part, y->part) && x->spec.codec == y->spec.codec && x->spec.bits == y->spec.bits &&
           x->spec.out_rate_hz == y->spec.out_rate_hz;
}

/* Further masters are named after their target: Master9LUFS, and Master9LUFS2dBTP where that is taken. */
static td_outgoing *list_master(listing *b, size_t i, const char *kind, const char *part)
{
    td_outgoing *g = add(b, &b->wish->order->master[i], b->wish->master, kind, part);
    if (!g || i == 0 || isnan(g->target.loudness_lufs)) return g;
    const char *named = td_arena_printf(b->arena, "%s%gLUFS", part, -g->target.loudness_lufs);
    if (named) g->part = named;
    for (const td_outgoing *k = b->file; k < g; k++) {
        if (!same_name(k, g) || isnan(g->target.true_peak_dbtp)) continue;
        named = td_arena_printf(b->arena, "%s%gdBTP", g->part, -g->target.true_peak_dbtp);
        if (named) g->part = named;
        break;
    }
    return g;
}

static bool is_heard(const struct version *v, const td_bus *bus)
{
    bool voices = !strcmp(bus->group, "vocals"), lead = voices && !strcmp(bus->name, "vocals");
    if (lead) return v->lead;
    return voices || !strcmp(bus->group, "choir") ? v->backing : v->rest;
}

static bool is_possible(const struct version *v, const td_session *s)
{
    for (size_t b = 0; b < s->n_buses; b++)
        if (is_heard(v, &s->bus[b])) return true;
    return false;
}

/* In the formats and to the drive of the masters. */
static td_status list_version(listing *b, size_t v)
{
    if (!(b->wish->order->versions & versions[v].bit)) return TD_OK;
    if (!is_possible(&versions[v], b->wish->session))
        return b->mix ? td_mix_leave_out(b->mix, versions[v].impossible) : TD_OK;
    for (size_t i = 0; i < b->wish->order->n_masters; i++) {
        td_outgoing *g = list_master(b, i, "version", versions[v].part);
        if (g) g->version = v;
    }
    return TD_OK;
}

/* Without a mix only names are wanted. */
static void list_raw(listing *b, const td_output *o, const char *kind, const char *part, const td_scratch *raw)
{
    td_outgoing *g = add(b, o, &no_target, kind, part);
    if (g) g->raw = raw;
}

static void list_unmastered(listing *b)
{
    const td_order *o = b->wish->order;
    const td_rendered *r = b->mix ? b->mix->rendered : NULL;
    if (o->has_premaster) list_raw(b, &o->premaster, "premaster", "Premaster", r ? r->premaster : NULL);
    for (size_t i = 0; o->has_groups && i < b->wish->plan->n_buses; i++)
        list_raw(b, &o->groups, "group", b->wish->plan->bus[i].name, r ? r->part[i] : NULL);
    if (o->has_groups) list_raw(b, &o->groups, "residual", "Residual", r ? r->residual : NULL);
}

unsigned td_outputs_version(const char *part)
{
    for (size_t v = 0; v < TD_VERSIONS; v++)
        if (td_starts_with(part, versions[v].part)) return versions[v].bit;
    return 0;
}

void td_outputs_need_of(const td_outputs_wish *w, td_outputs_need *need)
{
    *need = (td_outputs_need){ .parts = w->order->has_groups };
    for (size_t v = 0; v < TD_VERSIONS; v++) {
        if (!(w->order->versions & versions[v].bit) || !is_possible(&versions[v], w->session)) continue;
        bool *hears = need->hears[need->n_versions];
        for (size_t b = 0; b < w->session->n_buses; b++) hears[b] = is_heard(&versions[v], &w->session->bus[b]);
        need->version[need->n_versions++] = hears;
    }
}

const td_scratch *td_outgoing_sound(const td_outputs_wish *w, const td_mix *mix, size_t version)
{
    size_t at = 0;
    if (version >= TD_WHOLE) return td_rendered_to(mix->rendered, version == TD_WHOLE ? TD_TO_MASTER : TD_TO_PREVIEW);
    for (size_t v = 0; v < version; v++)
        at += (w->order->versions & versions[v].bit) && is_possible(&versions[v], w->session);
    return mix->rendered->version[at];
}

static td_status name_file(const listing *b, td_outgoing *g, td_error *err)
{
    const td_plan *p = b->wish->plan;
    bool lossy = td_codec_lossy(g->spec.codec);
    char recipe[256];
    /* two mixes of one recipe differ by their labels */
    bool labelled = p->label && strcmp(p->label, p->recipe);
    bool numbered = labelled && td_starts_with(p->label, p->recipe); /* "pop-rock-2" says it all */
    snprintf(recipe, sizeof recipe, "%s%s%s", numbered ? "" : p->recipe, labelled && !numbered ? " " : "",
             labelled ? p->label : "");
    if (b->guest) recipe[0] = 0;
    td_name_parts parts = { .artist = b->wish->session->artist,
                            .song = b->wish->session->title,
                            .recipe = recipe,
                            .part = g->part,
                            .revision = b->guest ? 0 : p->recipe_revision,
                            .revised = b->guest ? 0 : p->revised,
                            .rate_hz = g->spec.out_rate_hz,
                            .bits = lossy ? 0 : g->spec.bits };
    const char *template = b->wish->order->naming ? b->wish->order->naming : TD_NAMING_DEFAULT;
    td_status st = td_name_fill(template, &parts, g->name, sizeof g->name - 8, err);
    size_t n = strlen(g->name);
    if (!st) snprintf(g->name + n, sizeof g->name - n, ".%s", td_codec_extension(g->spec.codec));
    return st;
}

static td_status name_all(const listing *b, td_error *err)
{
    if (b->n == TD_OUTGOING_MAX)
        return td_fail(err, TD_JOB, "outputs", "ask for fewer", "more than %d files of one mix", TD_OUTGOING_MAX - 1);
    for (size_t i = 0; i < b->n; i++) {
        td_status st = name_file(b, &b->file[i], err);
        if (st) return st;
        for (size_t k = 0; k < i; k++)
            if (!strcmp(b->file[k].name, b->file[i].name))
                return td_fail(err, TD_JOB, "outputs", "give the naming template {Part}, {rate} and {bits}",
                               "two files would be called '%s'", b->file[i].name);
    }
    return TD_OK;
}

/* Whether previews pass another chain than masters. */
static bool goes_apart(const td_plan *p)
{
    const td_plan_chain *master = td_plan_way(p, TD_TO_MASTER), *preview = td_plan_way(p, TD_TO_PREVIEW);
    return preview != master && (preview->n_steps || master->n_steps);
}

static void list_previews(listing *b)
{
    const td_order *o = b->wish->order;
    size_t version = goes_apart(b->wish->plan) ? TD_PREVIEWED : TD_WHOLE;
    if (o->recipe_preview) list_recipe_preview(b);
    for (size_t i = 0; i < o->n_previews; i++) add(b, &o->preview[i], b->wish->preview, "preview", "Preview");
    for (size_t i = 0; i < b->n; i++) {
        b->file[i].compared = true;
        b->file[i].version = version;
    }
}

td_status td_outgoing_of_mix(const td_outputs_wish *w, td_mix *mix, td_arena *a, td_outgoing *file, size_t *n,
                             td_error *err)
{
    listing b = { .wish = w, .mix = mix, .arena = a, .file = file };
    list_previews(&b);
    for (size_t i = 0; i < w->order->n_masters; i++) list_master(&b, i, "master", "Master");
    for (size_t v = 0; v < TD_VERSIONS; v++)
        if (list_version(&b, v)) return td_no_memory(err);
    list_unmastered(&b);
    *n = b.n;
    return name_all(&b, err);
}

td_status td_outgoing_of_guest(const td_outputs_wish *w, const td_guest *guest, td_arena *a, td_outgoing *file,
                               size_t *n, td_error *err)
{
    listing b = { .wish = w, .arena = a, .file = file, .guest = true };
    list_previews(&b);
    for (size_t i = 0; i < b.n; i++) {
        file[i].kind = guest->kind;
        file[i].part = !strcmp(guest->kind, "rough") ? "Original" : "Reference";
        file[i].target = no_target;
        if (isfinite(guest->loudness_lufs)) file[i].target.loudness_lufs = guest->loudness_lufs;
    }
    *n = b.n;
    return name_all(&b, err);
}
