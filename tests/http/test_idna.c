/* Labels: letters, symbols, hyphens, and invalid labels. */
#include "tests/support/unit.h"

#include <stdlib.h>

#include "http/idna.h"

static void labels_become_ascii(void **state)
{
    static const struct {
        const char *label, *ascii;
    } cases[] = {
        {"bücher", "xn--bcher-kva"},
        {"BÜCHER", "xn--bcher-kva"},
        {"straße", "xn--strae-oqa"},
        {"☃", "xn--n3h"},
        {"i❤ny", "xn--iny-4r6a"},
        {"-ü", "xn----eha"},
        {"a--ü", "xn--a---joa"},
        {"ü_", "xn--_-dha"},
        {"xn--bcher-kva", "xn--bcher-kva"},
        {"\u200c☃", NULL},
        {"\xc3", NULL},
        {"xn--ü", NULL},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char *ascii = idna_to_ascii(cases[i].label);

        if (strcmp(ascii ? ascii : "-", cases[i].ascii ? cases[i].ascii : "-") != 0)
            fail_msg("%s: %s", cases[i].label, ascii ? ascii : "(none)");
        free(ascii);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_become_ascii),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("idna", tests, NULL, NULL);
}
