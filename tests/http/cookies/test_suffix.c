/* Public suffixes: each kind of rule, not the whole list. */
#include "tests/support/unit.h"

#include "http/cookies/suffix.h"

static void rules(void **state)
{
    static const struct {
        const char *name;
        bool public;
    } cases[] = {
        {"org", true},
        {"a.org", false},
        {"co.uk", true},
        {"a.co.uk", false},
        {"github.io", true},
        {"a.github.io", false}, /* in the private part of the list */
        {"kawasaki.jp", true},
        {"a.kawasaki.jp", true}, /* a wildcard, and an exception */
        {"city.kawasaki.jp", false},
        {"xn--55qx5d.cn", true},
        {"a.xn--55qx5d.cn", false},
        {"unheard-of", true},
        {"a.unheard-of", false}, /* not in the list */
        {"org.", true},
        {"co.uk.", true},
        {"a.co.uk.", false},
        {"", true},
        {".", true},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        if (suffix_is_public(cases[i].name) != cases[i].public)
            fail_msg("%s", cases[i].name);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(rules)};

    unit_time_limit();
    return cmocka_run_group_tests_name("suffix", tests, NULL, NULL);
}
