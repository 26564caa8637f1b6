/* Terminals: their width, and when colours are used. */
#include "tests/support/unit.h"

#include <pty.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/output/terminal.h"

static void test_terminal_columns(void **state)
{
    struct winsize size = {.ws_row = 24, .ws_col = 132};
    int master, slave, ends[2];

    (void)state;
    unsetenv("COLUMNS");
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
    assert_int_equal(terminal_columns(ends[1]), 0);
    assert_int_equal(terminal_columns(slave), 132);
    setenv("COLUMNS", "100", 1);
    assert_int_equal(terminal_columns(ends[1]), 0);
    assert_int_equal(terminal_columns(slave), 100);
    setenv("COLUMNS", "99999999999999999999", 1);
    assert_int_equal(terminal_columns(slave), 132);
    setenv("COLUMNS", "wide", 1);
    assert_int_equal(terminal_columns(slave), 132);
    unsetenv("COLUMNS");
    close(ends[0]);
    close(ends[1]);
    close(master);
    close(slave);
}

static void test_wants_color(void **state)
{
    static const struct {
        enum color color;
        bool terminal;
        const char *no_color, *term;
        bool wanted;
    } cases[] = {
        {COLOR_AUTO, true, NULL, "xterm", true},  {COLOR_AUTO, true, "", "xterm", true},
        {COLOR_AUTO, true, "1", "xterm", false},  {COLOR_AUTO, true, NULL, "dumb", false},
        {COLOR_AUTO, true, NULL, NULL, true},     {COLOR_AUTO, false, NULL, "xterm", false},
        {COLOR_ALWAYS, false, "1", "dumb", true}, {COLOR_NEVER, true, NULL, "xterm", false},
    };
    int master, slave, ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        unsetenv("NO_COLOR");
        unsetenv("TERM");
        if (cases[i].no_color)
            setenv("NO_COLOR", cases[i].no_color, 1);
        if (cases[i].term)
            setenv("TERM", cases[i].term, 1);
        assert_int_equal(terminal_wants_color(cases[i].color, cases[i].terminal ? slave : ends[1]),
                         cases[i].wanted);
    }
    close(master);
    close(slave);
    close(ends[0]);
    close(ends[1]);
}

/* The first of LC_ALL, LC_CTYPE and LANG that is not empty decides, as in setlocale(3). */
static void test_is_utf8(void **state)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    static const struct {
        const char *values[3]; /* of `names` */
        bool utf8;
    } cases[] = {
        {{NULL, NULL, NULL}, false},          {{"", "", ""}, false},
        {{NULL, NULL, "C.UTF-8"}, true},      {{NULL, NULL, "de_DE.utf8"}, true},
        {{NULL, NULL, "de_DE"}, false},       {{NULL, NULL, "de_DE.UTF-8@euro"}, true},
        {{NULL, "UTF-8", "C"}, true},         {{"", "", "en_US.UTF-8"}, true},
        {{"C", "C.UTF-8", "C.UTF-8"}, false}, {{NULL, "POSIX", "C.UTF-8"}, false},
        {{"C.UTF-8", "C", "C"}, true},        {{"ja_JP.eucJP", NULL, "C.UTF-8"}, false},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        for (size_t n = 0; n < LENGTH(names); n++) {
            unsetenv(names[n]);
            if (cases[i].values[n])
                setenv(names[n], cases[i].values[n], 1);
        }
        assert_int_equal(terminal_is_utf8(), cases[i].utf8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terminal_columns),
        cmocka_unit_test(test_wants_color),
        cmocka_unit_test(test_is_utf8),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
