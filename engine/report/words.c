#include "engine/report/words.h"

static const char *const words[TD_WORDS][TD_LANGUAGES] = {
#define X(name, english, german) [TD_WORD_##name] = { english, german },
    TD_WORD_MAP(X)
#undef X
};

const char *td_word_in(td_language language, td_word word)
{
    return words[word][language];
}
