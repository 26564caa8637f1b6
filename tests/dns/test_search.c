/* Search lists of resolv.conf files. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <unistd.h>

#include "dns/search.h"

static const struct {
    const char *text, *found; /* "dots: domain domain" */
} cases[] = {
    {"", "1:"},
    {"nameserver 192.0.2.1\n", "1:"},
    {"search a.example b.example\n", "1: a.example b.example"},
    {"search\ta.example \t b.example \r\n", "1: a.example b.example"},
    {"search a.example", "1: a.example"},
    {"search a.example\nsearch b.example\n", "1: b.example"},
    {"search a.example\ndomain b.example c.example\n", "1: b.example"},
    {"domain a.example\nsearch b.example\n", "1: b.example"},
    {"search a.example\nsearch\n", "1:"},
    {"options ndots:3 rotate\nsearch a.example\n", "3: a.example"},
    {"search a.example\noptions rotate ndots:0\n", "0: a.example"},
    {"options ndots:99\n", "15:"},
    {"options ndots:2\noptions timeout:1\n", "2:"},
    {"# search a.example\n; search b.example\n", "1:"},
    {"searching a.example\n search b.example\n", "1:"},
};

static void check(const struct search *search, const char *found)
{
    char text[256];
    size_t length = (size_t)sprintf(text, "%u:", search->dots);

    for (unsigned i = 0; i < search->count; i++)
        length += (size_t)sprintf(text + length, " %s", search->domains[i]);
    assert_string_equal(text, found);
}

static void lists_are_parsed(void **state)
{
    struct search search;

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        search_parse(&search, cases[i].text);
        check(&search, cases[i].found);
        search_free(&search);
        check(&search, "1:");
    }
}

static void number_of_domains_is_limited(void **state)
{
    char text[8192] = "search";
    size_t length = strlen(text);
    struct search search;

    (void)state;
    for (int i = 0; i < 2 * SEARCH_MAX_DOMAINS; i++)
        length += (size_t)sprintf(text + length, " d%d.example", i);
    search_parse(&search, text);
    assert_int_equal(search.count, SEARCH_MAX_DOMAINS);
    search_free(&search);
}

static void missing_file_has_no_domains(void **state)
{
    static const char text[] = "search a.example\n";
    struct search search;
    char path[256];
    int fd = unit_file(path, sizeof(path));

    (void)state;
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    search_read(&search, path);
    check(&search, "1: a.example");
    search_free(&search);
    unlink(path);
    search_read(&search, path);
    check(&search, "1:");
    search_free(&search);
    search_read(&search, "/");
    check(&search, "1:");
    search_free(&search);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_parsed),
        cmocka_unit_test(number_of_domains_is_limited),
        cmocka_unit_test(missing_file_has_no_domains),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
