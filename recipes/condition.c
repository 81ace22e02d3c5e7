#include "recipes/resolve.h"
#include "recipes/steps.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { NESTED_MAX = 32, COMPARISONS_MAX = 64 };

/* Recursive descent over one scalar: `at` counts bytes of its text. */
typedef struct parser {
    td_reader *reader;
    const td_node *node;
    size_t at;
    unsigned nested, comparisons;
} parser;

static const char *rest(parser *p)
{
    p->at += strspn(p->node->text + p->at, " ");
    return p->node->text + p->at;
}

static size_t word_length(const char *s)
{
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) || s[n] == '_' || s[n] == '.' || s[n] == '-') n++;
    return n;
}

static const td_condition *mistake(parser *p, size_t length, const char *hint, const char *detail)
{
    td_mistake_in(p->reader->messages, p->node, p->at, length, "bad_condition", hint, "%s", detail);
    return NULL;
}

static size_t feature_names(const char **out, size_t room)
{
    size_t n = 0;
    for (; n < room && td_features[n].name; n++) out[n] = td_features[n].name;
    return n;
}

static td_field field_of(const td_feature *f)
{
    return (td_field){ .name = f->name, .measure = td_measure_of(f->unit_name), .min = NAN, .max = NAN };
}

static const td_condition *unknown_feature(parser *p, const char *name, size_t length)
{
    td_messages *m = p->reader->messages;
    const char *names[64], *word = td_say(m, "%.*s", (int)length, name);
    const char *near = td_did_you_mean(m, word, names, feature_names(names, 64));
    return mistake(p, length ? length : 1, near ? near : "'topdown recipe features' lists them",
                   length ? td_say(m, "no feature '%s'", td_cut(m, word)) : "a condition begins with a feature");
}

static bool known_step(parser *p, const char *name)
{
    const char *names[256];
    size_t n = td_all_steps(p->reader->messages, p->reader->root, names, 256);
    for (size_t i = 0; i < n; i++)
        if (name && strcmp(names[i], name) == 0) return true;
    const char *hint = name ? td_did_you_mean(p->reader->messages, name, names, n) : NULL;
    if (name)
        mistake(p, strlen(name), hint, td_say(p->reader->messages, "no step '%s'", td_cut(p->reader->messages, name)));
    return false;
}

/* What stands in a feature's parentheses. */
static bool argument(parser *p, const td_feature *f, td_condition *c)
{
    static const char *const examples[] = { "", "(200 to 500 Hz)", "(vocals.lead)", "(glue)" };
    td_messages *m = p->reader->messages;
    bool open = *rest(p) == '(';
    if (f->argument == TD_FEATURE_PLAIN)
        return !open || mistake(p, 1, NULL, td_say(m, "'%s' takes no argument", f->name));
    if (!open) {
        mistake(p, 1, td_say(m, "write for example %s%s", f->name, examples[f->argument]),
                td_say(m, "'%s' needs an argument", f->name));
        return false;
    }
    p->at++;
    const char *text = rest(p);
    size_t used;
    if (f->argument == TD_FEATURE_RANGE) {
        td_field range = { .name = f->name, .measure = TD_UNIT_HZ, .min = 10, .max = 24000 };
        used = td_scan_range(p->reader, p->node, p->at, &range, &c->low_hz, &c->high_hz);
    } else {
        used = word_length(text);
        c->about = used ? td_keep(p->reader, td_say(m, "%.*s", (int)used, text)) : NULL;
        if (!used)
            mistake(p, 1, td_say(m, "write for example %s%s", f->name, examples[f->argument]),
                    td_say(m, "'%s' needs a name", f->name));
        else if (f->argument == TD_FEATURE_STEP && !known_step(p, c->about))
            return false;
        else if (f->argument == TD_FEATURE_ROLE && c->about)
            td_check_role(p->reader, p->node, c->about, td_say(m, "'%s'", f->name));
    }
    p->at += used;
    if (!used) return false;
    if (*rest(p) != ')') return mistake(p, 1, NULL, td_say(m, "the '(' of '%s' has no ')'", f->name));
    p->at++;
    return true;
}

static bool comparator(parser *p, const td_feature *f, td_condition *c)
{
    const char *text = rest(p);
    bool equal = *text && text[1] == '=';
    if (*text != '>' && *text != '<') {
        char example[64];
        td_measure_text(field_of(f).measure, 3, example, sizeof example);
        mistake(p, 1, td_say(p->reader->messages, "write for example > %s", example),
                td_say(p->reader->messages, "'%s' needs a comparison: >, >=, < or <=", f->name));
        return false;
    }
    c->compare = *text == '>' ? (equal ? TD_GE : TD_GT) : (equal ? TD_LE : TD_LT);
    p->at += equal ? 2 : 1;
    return true;
}

static const td_condition *comparison(parser *p)
{
    const char *name = rest(p);
    if (++p->comparisons > COMPARISONS_MAX) return mistake(p, 1, NULL, "a condition has at most 64 comparisons");
    size_t length = word_length(name);
    char word[48] = "";
    if (length < sizeof word) memcpy(word, name, length);
    int feature = td_feature_find(word);
    if (feature < 0) return unknown_feature(p, name, length);
    td_condition *c = td_take(p->reader, 1, sizeof *c);
    if (!c) return NULL;
    const td_feature *f = &td_features[feature];
    *c = (td_condition){ .kind = TD_COND_COMPARE, .feature = feature };
    p->at += length;
    if (!argument(p, f, c)) return NULL;
    if (f->unit == TD_UNIT_SWITCH) return c; /* > 0: so, or not */
    if (!comparator(p, f, c)) return NULL;
    rest(p);
    td_field field = field_of(f);
    size_t used = td_scan_number(p->reader, p->node, p->at, &field, &c->value);
    p->at += used;
    return used ? c : NULL;
}

static const td_condition *either(parser *p);

static const td_condition *one(parser *p)
{
    if (*rest(p) != '(') return comparison(p);
    if (++p->nested > NESTED_MAX) return mistake(p, 1, NULL, "parentheses stand more than 32 deep");
    p->at++;
    const td_condition *inside = either(p);
    if (!inside) return NULL;
    if (*rest(p) != ')') return mistake(p, 1, NULL, "a '(' has no ')'");
    p->at++;
    p->nested--;
    return inside;
}

static bool take_word(parser *p, const char *word)
{
    const char *text = rest(p);
    size_t length = strlen(word);
    if (word_length(text) != length || strncmp(text, word, length) != 0) return false;
    p->at += length;
    return true;
}

static const td_condition *join(parser *p, td_cond_kind kind, const td_condition *left, const td_condition *right)
{
    td_condition *c = right ? td_take(p->reader, 1, sizeof *c) : NULL;
    if (c) *c = (td_condition){ .kind = kind, .left = left, .right = right };
    return c;
}

static const td_condition *both(parser *p) /* "and" binds closer */
{
    const td_condition *left = one(p);
    while (left && take_word(p, "and")) left = join(p, TD_COND_AND, left, one(p));
    return left;
}

static const td_condition *either(parser *p)
{
    const td_condition *left = both(p);
    while (left && take_word(p, "or")) left = join(p, TD_COND_OR, left, both(p));
    return left;
}

void td_read_condition(td_reader *r, const td_node *n, const td_condition **out, const char **text)
{
    *out = NULL;
    *text = NULL;
    if (!td_want(r, n, TD_NODE_TEXT, "'when'")) return;
    parser p = { .reader = r, .node = n };
    const td_condition *c = either(&p);
    if (!c) return;
    if (*rest(&p)) {
        mistake(&p, strlen(rest(&p)), "join comparisons with 'and' or 'or'", "the condition ends here");
        return;
    }
    *out = c;
    *text = td_keep(r, n->text);
}

bool td_condition_finds(const td_node *n)
{
    if (n->kind != TD_NODE_TEXT) return true;
    char word[48];
    for (const char *at = n->text; *at;) {
        size_t length = word_length(at);
        snprintf(word, sizeof word, "%.*s", (int)length, at);
        if (length && td_feature_finds(td_feature_find(word))) return true;
        at += length ? length : 1;
    }
    return false;
}

const char *td_finding_features(td_messages *m)
{
    const char *all = "";
    for (int i = 0; td_features[i].name; i++)
        if (td_feature_finds(i)) all = td_say(m, "%s%s%s", all, *all ? ", " : "", td_features[i].name);
    return all;
}
