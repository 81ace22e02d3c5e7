#include "recipes/recipes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The three languages of recipes/, each with text that came from elsewhere; what is read is written and read again.
 * The first byte chooses. Seeds: tests/golden/recipes and recipes/library. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    const char *text = (const char *)data + 1;
    td_messages *m = td_messages_new();
    td_text out = { 0 };
    if (!m) return 0;
    if (data[0] % 3 == 0) {
        td_recipe *r = NULL;
        td_recipe_parse(NULL, NULL, text, size - 1, NULL, 0, &r, m);
        td_recipe_free(r);
    } else if (data[0] % 3 == 1) {
        td_order *o = NULL;
        td_order_parse(NULL, NULL, text, size - 1, &o, m);
        td_order_free(o);
    } else {
        td_plan *p = NULL, *again = NULL;
        if (td_plan_read("plan", text, size - 1, &p, m) == TD_OK && td_plan_write(p, &out) == TD_OK) {
            if (td_plan_read("plan", out.data, out.length, &again, m)) __builtin_trap();
            td_plan_view(again, 80, &out);
        }
        td_plan_free(p);
        td_plan_free(again);
    }
    td_messages_text(m, &out);
    td_messages_summary(m, &out);
    td_messages_json(m, &out);
    td_text_free(&out);
    td_messages_free(m);
    return 0;
}
