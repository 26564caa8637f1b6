/* The screens of --help: they fit, and what they name is known. */
#include "tests/support/command_line.h"

#include "cli/options/help.h"

#define MAX_COLUMNS 80
#define MAX_LINES   24

static const struct {
    const char *name;
    enum command command;
} commands[] = {{"fetch", COMMAND_FETCH},
                {"race", COMMAND_RACE},
                {"bench", COMMAND_BENCH},
                {"origin", COMMAND_ORIGIN},
                {"diff", COMMAND_DIFF}};

static void screens_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(commands); i++) {
        const char *at = help_text(commands[i].command);
        size_t lines = 0;

        assert_memory_equal(at, "Usage: firstbyte ", strlen("Usage: firstbyte "));
        for (; *at; lines++) {
            size_t length = strcspn(at, "\n");

            assert_int_equal(at[length], '\n');
            if (length > MAX_COLUMNS)
                fail_msg("%s: %.*s", commands[i].name, (int)length, at);
            at += length + 1;
        }
        assert_in_range(lines, 1, MAX_LINES);
    }
    assert_int_equal(help_usage[strlen(help_usage) - 1], '\n');
}

/* A command without a screen of its own has that of fetch, which names it. */
static void each_command_has_a_screen(void **state)
{
    (void)state;
    for (size_t i = 1; i < LENGTH(commands); i++) {
        char usage[32];

        snprintf(usage, sizeof(usage), "firstbyte %s ", commands[i].name);
        assert_non_null(strstr(help_text(commands[i].command), usage));
    }
    assert_ptr_not_equal(help_text(COMMAND_BENCH), help_text(COMMAND_FETCH));
}

/* Each long option of a screen; those that print something and end are left out. */
static void options_are_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(commands); i++) {
        const char *at = help_text(commands[i].command);

        while ((at = strstr(at, "--"))) {
            size_t length = strspn(at, "-abcdefghijklmnopqrstuvwxyz0123456789");
            char line[128], said[2048];

            snprintf(line, sizeof(line), "%s %.*s", commands[i].name, (int)length, at);
            at += length;
            if (strstr(line, "--help") || strstr(line, "--version"))
                continue;
            read_captured(line, said, sizeof(said));
            if (strstr(said, "unrecognized option") || strstr(said, "ambiguous"))
                fail_msg("%s: %s", line, said);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(screens_fit),
        cmocka_unit_test(each_command_has_a_screen),
        cmocka_unit_test(options_are_known),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
