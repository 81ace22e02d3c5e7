#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "recipes/recipes.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct scene {
    char path[64];
    td_arena *arena;
    td_messages *messages;
    td_default *found;
    size_t n;
} scene;

static scene load(const char *text, td_status expected)
{
    scene s = { .path = "/tmp/td-defaults-XXXXXX", .arena = td_arena_new(), .messages = td_messages_new() };
    int fd = mkstemp(s.path);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    assert_int_equal(td_defaults_load(s.arena, s.path, &s.found, &s.n, s.messages), expected);
    unlink(s.path);
    return s;
}

static void leave(scene *s)
{
    td_messages_free(s->messages);
    td_arena_free(s->arena);
}

static void lists_are_told_one_by_one(void **state)
{
    (void)state;
    static const td_default expected[] = { { "listen", "127.0.0.1:8750", 2, 9 },
                                           { "files", "/a", 3, 10 },
                                           { "files", "/b c", 3, 14 },
                                           { "quiet", "true", 4, 8 } };
    scene s = load("# ours\nlisten: 127.0.0.1:8750\nfiles: [ /a, '/b c' ]\nquiet: true\n", TD_OK);
    assert_int_equal(s.n, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < s.n; i++) {
        assert_string_equal(s.found[i].name, expected[i].name);
        assert_string_equal(s.found[i].value, expected[i].value);
        assert_int_equal(s.found[i].line, expected[i].line);
        assert_int_equal(s.found[i].column, expected[i].column);
    }
    leave(&s);
}

static void what_is_no_text_is_told_at_its_place(void **state)
{
    (void)state;
    scene s = load("work: { jobs: 2 }\nfiles: [ [ /a ] ]\n", TD_ARG);
    assert_int_equal(td_messages_errors(s.messages), 2);
    assert_string_equal(td_messages_at(s.messages, 0)->detail, "'work' has to be a text or a list of texts");
    assert_int_equal(td_messages_at(s.messages, 1)->line, 2);
    assert_int_equal(td_messages_at(s.messages, 1)->column, 10);
    leave(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_told_one_by_one),
        cmocka_unit_test(what_is_no_text_is_told_at_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
