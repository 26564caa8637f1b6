/* The command line as text for a shell. */
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "cli/options/command_line.h"

#define MAX_WORDS 6

static void test_quotes(void **state)
{
    static const struct {
        const char *words[MAX_WORDS];
        const char *line; /* NULL: it is not shown */
    } cases[] = {
        {{"firstbyte", "-f", "list", "--resume", "list.state"},
         "firstbyte -f list --resume list.state"},
        {{"./firstbyte", "--fields", "url,status", "-o", "a b"},
         "./firstbyte --fields url,status -o 'a b'"},
        {{"firstbyte", "it's", ""}, "firstbyte 'it'\\''s' ''"},
        {{"firstbyte", "$(id)", "`id`", "a\\b", "*"}, "firstbyte '$(id)' '`id`' 'a\\b' '*'"},
        {{"firstbyte", "~", "#1", "a;b", "--resolve=h:80:[::1]"},
         "firstbyte '~' '#1' 'a;b' '--resolve=h:80:[::1]'"},
        {{"firstbyte", "http://user:password@a.example/"}, NULL},
        {{"firstbyte", "--proxy=user:password@a.example"}, NULL},
        {{"firstbyte", "http://a.example/?token=1"}, NULL},
        {{"firstbyte", "-o", "a\033[2Jb"}, NULL},
        {{"firstbyte", "-o", "a\nb"}, NULL},
        {{"firstbyte", "-o", "\xc3\xa4"}, NULL},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char *words[MAX_WORDS];
        int count = 0;
        char *line;

        for (; count < MAX_WORDS && cases[i].words[count]; count++)
            words[count] = (char *)cases[i].words[count];
        line = command_line_quote(count, words);
        if (!cases[i].line)
            assert_null(line);
        else
            assert_string_equal(line, cases[i].line);
        free(line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quotes),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
