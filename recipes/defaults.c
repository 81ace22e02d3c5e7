#include "recipes/reader.h"

static size_t texts_in(const td_node *root)
{
    size_t n = 0;
    for (size_t i = 0; i < root->n; i++) n += root->value[i]->kind == TD_NODE_LIST ? root->value[i]->n : 1;
    return n;
}

static bool take(const char *name, const td_node *value, td_default *out, td_messages *m)
{
    if (value->kind != TD_NODE_TEXT) {
        td_mistake(m, value, "wrong_kind", NULL, "'%s' has to be a text or a list of texts", td_cut(m, name));
        return false;
    }
    *out = (td_default){ name, value->text, value->line, value->column };
    return true;
}

td_status td_defaults_load(td_arena *a, const char *path, td_default **out, size_t *n, td_messages *m)
{
    char *text;
    size_t length;
    *n = 0;
    td_status st = td_document_load(a, path, TD_YAML_BYTES, &text, &length, m);
    td_node *root = st ? NULL : td_yaml_read(a, path, text, length, m);
    if (!root) return td_messages_broken(m) ? TD_NOMEM : TD_ARG;
    *out = td_arena_array(a, texts_in(root) + 1, sizeof **out);
    if (!*out) return TD_NOMEM;
    for (size_t i = 0; i < root->n; i++) {
        const td_node *value = root->value[i], *one = value;
        bool list = value->kind == TD_NODE_LIST;
        for (size_t k = 0; k < (list ? value->n : 1); k++) {
            if (list) one = value->value[k];
            *n += take(root->key[i]->text, one, &(*out)[*n], m);
        }
    }
    td_messages_sort(m);
    return td_messages_broken(m) ? TD_NOMEM : td_messages_errors(m) ? TD_ARG : TD_OK;
}
