/* The screens of --help: their size, and the options that they name. */
#include "tests/support/command_line.h"

#include "base/memory.h"
#include "cli/options/help.h"
#include "cli/options/listing.h"

#define MAX_COLUMNS 80
#define MAX_LINES   24

/* The screen of a command; COMMAND_NONE: the overview. The caller frees it. */
static char *screen_of(enum command command)
{
    static char *text; /* static: gcc 12 warns of a dangling pointer otherwise */
    size_t length;
    FILE *to = memory_stream(&text, &length);

    if (command == COMMAND_NONE)
        help_overview(to);
    else
        help_command(command, to);
    fclose(to);
    return text;
}

static const char *name_of(enum command command)
{
    return command == COMMAND_NONE ? "help" : command_names[command];
}

static void screens_fit(void **state)
{
    (void)state;
    for (enum command command = 0; command <= COMMAND_NONE; command++) {
        char *text = screen_of(command);
        const char *at = text;
        size_t lines = 0;

        assert_memory_equal(at, "Usage: firstbyte ", strlen("Usage: firstbyte "));
        for (; *at; lines++) {
            size_t length = strcspn(at, "\n");

            assert_int_equal(at[length], '\n');
            if (length > MAX_COLUMNS)
                fail_msg("%s: %.*s", name_of(command), (int)length, at);
            at += length + 1;
        }
        if (lines > MAX_LINES || lines < 10)
            fail_msg("%s: %zu lines", name_of(command), lines);
        free(text);
    }
    assert_int_equal(help_usage[strlen(help_usage) - 1], '\n');
}

/* Each command has its own usage, two or three examples of itself, and exactly its own options. */
static void each_command_has_a_screen(void **state)
{
    (void)state;
    for (enum command command = 0; command < COMMAND_NONE; command++) {
        char *text = screen_of(command);
        char usage[64];
        const char *examples = strstr(text, "\nExamples");
        size_t lines = 0;

        snprintf(usage, sizeof(usage),
                 command == COMMAND_FETCH ? "firstbyte [fetch] " : "firstbyte %s ",
                 command_names[command]);
        assert_non_null(strstr(text, usage));
        assert_non_null(examples);
        for (const char *at = examples; (at = strstr(at, " firstbyte ")); at++)
            lines++;
        assert_in_range(lines, 2, 6);
        for (size_t i = 0; i < option_count; i++) {
            const struct option_row *row = &option_table[i];
            char *names;

            if (row->group == GROUP_INTERNAL || !option_belongs(row, command))
                continue;
            names = listing_names(row);
            if (!strstr(text, names) || strstr(text, names) > examples)
                fail_msg("%s: %s is missing", command_names[command], names);
            free(names);
        }
        free(text);
    }
}

/* Each long option of a screen, except --help and --version. */
static void options_are_known(void **state)
{
    (void)state;
    for (enum command command = 0; command < COMMAND_NONE; command++) {
        char *text = screen_of(command);
        const char *at = text;

        while ((at = strstr(at, "--"))) {
            size_t length = strspn(at, "-abcdefghijklmnopqrstuvwxyz0123456789");
            char line[128], printed[2048];

            snprintf(line, sizeof(line), "%s %.*s", command_names[command], (int)length, at);
            at += length;
            if (strstr(line, "--help") || strstr(line, "--version"))
                continue;
            read_captured(line, printed, sizeof(printed));
            if (strstr(printed, "unknown option") || strstr(printed, "it may be"))
                fail_msg("%s: %s", line, printed);
        }
        free(text);
    }
}

static void topics(void **state)
{
    static const struct refused_line refused[] = {
        {"help nothing", "help nothing: must be fetch, race, "},
        {"help bench fetch", "help fetch: give at most one topic"},
    };

    (void)state;
    assert_all_refused(refused, LENGTH(refused));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(screens_fit),
        cmocka_unit_test(each_command_has_a_screen),
        cmocka_unit_test(options_are_known),
        cmocka_unit_test(topics),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
