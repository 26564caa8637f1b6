/* Which one of several media types is used. */
#include "tests/support/unit.h"

#include <stdlib.h>

#include "http/body/media_type.h"

static const struct {
    const char *list, *type; /* NULL: none is valid */
} cases[] = {
    {"text/html", "text/html"},
    {" text/html; charset=a \t", "text/html; charset=a"},
    {"text/plain, text/html", "text/html"},
    {"text/html, text/plain;charset=a", "text/plain;charset=a"},
    {"text/html,", "text/html"},
    {", text/html ,,", "text/html"},
    /* invalid types are ignored */
    {"text/html, */*", "text/html"},
    {"text/html, */*;charset=a", "text/html"},
    {"text/html, text", "text/html"},
    {"text/html, /html", "text/html"},
    {"text/html, text/", "text/html"},
    {"text/html, text/a b", "text/html"},
    {"text/html, text/a/b", "text/html"},
    {"text/html, te(xt/a", "text/html"},
    {"text/html, text/\xc3\xa9", "text/html"},
    {"text/html; a=b, ;charset=c", "text/html; a=b"},
    {"", NULL},
    {",", NULL},
    {"*/*", NULL},
    {"text, html", NULL},
    /* the charset of an earlier type is kept if type and subtype are the same */
    {"text/html;charset=a, text/html", "text/html; charset=a"},
    {"text/html;charset=a, TEXT/HTML;x=y", "TEXT/HTML;x=y; charset=a"},
    {"text/html;charset=\"a,\\\"b\", text/html", "text/html; charset=\"a,\\\"b\""},
    {"text/html;x; CharSet = a ;y, text/html", "text/html; charset=a"},
    {"text/html;charset=a, */*, text/html", "text/html; charset=a"},
    {"text/html;charset=a, text/plain, text/html", "text/html"},
    {"text/html;charset=a, text/plain", "text/plain"},
    {"text/html, text/html;charset=b, text/html", "text/html"},
    {"text/html;charset=a, text/html;charset=b", "text/html;charset=b"},
    {"text/html;charset=a, text/html;charset=b, text/html", "text/html; charset=a"},
    {"text/html;charsets=a, text/html", "text/html"},
    {"text/html;charset=, text/html;charset", "text/html;charset"},
    /* commas and semicolons in quoted strings are text */
    {"text/html;a=\", text/plain\"", "text/html;a=\", text/plain\""},
    {"text/html;a=\"x\\\", text/plain\", text/css", "text/css"},
    {"text/html;a=\", text/plain", "text/html;a=\", text/plain"},
    {"text/html;a=\";charset=b\", text/html", "text/html"},
};

static void lists(void **state)
{
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char *own = strdup(cases[i].list), *type = media_type_extract(own);
        const char *wanted = cases[i].type;

        if (!type != !wanted || (type && strcmp(type, wanted) != 0)) {
            print_error("\"%s\": \"%s\"\n", cases[i].list, type ? type : "none");
            wrong++;
        }
        free(type);
        free(own);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(lists)};

    unit_time_limit();
    return cmocka_run_group_tests_name("media_type", tests, NULL, NULL);
}
