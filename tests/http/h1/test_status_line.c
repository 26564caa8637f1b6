/* The text of a status line: where it may begin, and its reason phrase. */
#include "tests/support/unit.h"

#include "http/h1/status_line.h"

static void beginnings(void **state)
{
    static const struct {
        const char *text;
        bool may;
    } cases[] = {
        {"", true},      {"H", true},          {"HTTP", true}, {"HTTP/", true},
        {"\r", true},    {"HTTP/1.1 2", true}, {"X", false},   {"HTTQ", false},
        {"http", false}, {" HTTP/", false},    {"\n", false},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        if (status_line_may_become(cases[i].text, strlen(cases[i].text)) != cases[i].may)
            fail_msg("\"%s\"", cases[i].text);
}

static void reasons(void **state)
{
    static const struct {
        const char *line, *reason;
    } cases[] = {
        {"HTTP/1.1 200 OK", "OK"},
        {"HTTP/1.1 404 Not Found", "Not Found"},
        {"HTTP/1.1 200", ""},
        {"HTTP/1.1 200 ", ""},
        {"HTTP/1.1  200 \t two  words \t ", "two  words"},
        {"HTTP/1.1 200 200", "200"},
        {"HTTP/1.1", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        size_t bytes;
        const char *reason = status_line_reason(cases[i].line, strlen(cases[i].line), &bytes);

        if (bytes != strlen(cases[i].reason) || memcmp(reason, cases[i].reason, bytes) != 0)
            fail_msg("%s: %.*s", cases[i].line, (int)bytes, reason);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(beginnings),
        cmocka_unit_test(reasons),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
