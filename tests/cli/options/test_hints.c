/* The hints: when there is one, and when there is none. */
#include <unistd.h>

#include "tests/support/command_line.h"

/* Fields that HTTP/2 forbids are sent with HTTP/1.1 only. */
static void test_fields(void **state)
{
    static const struct {
        const char *line, *name; /* NULL: no hint */
    } cases[] = {
        {"-H Connection:_close https://a.example/", "Connection"},
        {"-H Accept:_x -H upgrade:_x a.example", "upgrade"},
        {"-H TE:_gzip http://a.example/ https://a.example/", "TE"},
        {"-H Keep-Alive:_5 --http2-prior-knowledge http://a.example/", "Keep-Alive"},
        {"-H TE:_trailers https://a.example/", NULL},
        {"-H Connection: https://a.example/", NULL},
        {"-H Connection:_close http://a.example/ HTTP://a.example/", NULL},
        {"-H Connection:_close --http1.1 https://a.example/", NULL},
        {"-q -H Connection:_close https://a.example/", NULL},
        {"race -H Connection:_close https://a.example/", NULL},
        {"bench -H Connection:_close https://a.example/", NULL},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char message[512], expected[256] = "";

        assert_true(read_captured(cases[i].line, message, sizeof(message)));
        if (cases[i].name)
            snprintf(expected, sizeof(expected),
                     "firstbyte: --header %s: HTTP/2 does not allow this field; it is sent with "
                     "HTTP/1.1 only\n",
                     cases[i].name);
        if (strcmp(message, expected) != 0)
            fail_msg("%s: %s", cases[i].line, message);
    }
}

static void test_files(void **state)
{
    char message[512];

    (void)state;
    assert_true(read_captured("/dev/null", message, sizeof(message)));
    assert_string_equal(message, "firstbyte: /dev/null: taken as a URL; -f /dev/null reads the "
                                 "file of that name\n");
    assert_true(read_captured("-q /dev/null", message, sizeof(message)));
    assert_string_equal(message, "");
    assert_true(read_captured("diff /dev/null /dev/null", message, sizeof(message)));
    assert_string_equal(message, "");
}

static void test_pipe(void **state)
{
    static const struct {
        const char *line;
        bool hint;
    } cases[] = {
        {"-k", true},         {"bench -n 1", true}, {"-q", false},
        {"a.example", false}, {"-f list", false},   {"race -k", false},
    };
    int input = dup(STDIN_FILENO), ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char message[512];

        assert_true(read_captured(cases[i].line, message, sizeof(message)));
        if (cases[i].hint != !strcmp(message, "firstbyte: standard input is a pipe and is not "
                                              "read; -f - reads a list from it\n"))
            fail_msg("%s: %s", cases[i].line, message);
    }
    if (input >= 0)
        dup2(input, STDIN_FILENO);
    close(input);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_pipe),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
