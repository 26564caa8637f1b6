/* The hosts file: texts, and the addresses of a name in each. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dns/hosts.h"

#define MAX 4

/* Writes the addresses of `name` as "1.2.3.4 ::1" and returns their number. */
static size_t find(const struct hosts *hosts, const char *name, char *text, size_t room)
{
    struct address found[MAX];
    size_t count = hosts_find(hosts, name, found, MAX);
    char one[ADDRESS_TEXT_BYTES];

    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(text);

        assert_int_equal(address_port(&found[i]), 0);
        snprintf(text + length, room - length, "%s%s", i ? " " : "", address_text(&found[i], one));
    }
    return count;
}

static const struct {
    const char *text, *name, *found;
} cases[] = {
    {"", "a", ""},
    {"1.2.3.4 a", "a", "1.2.3.4:0"},
    {"1.2.3.4 a\n", "a", "1.2.3.4:0"},
    {"1.2.3.4\ta\tb", "b", "1.2.3.4:0"},
    {"  1.2.3.4   a  b  \n", "b", "1.2.3.4:0"},
    {"\n\n1.2.3.4 a\n\n", "a", "1.2.3.4:0"},
    {"1.2.3.4 a\r\n5.6.7.8 b\r\n", "a", "1.2.3.4:0"},
    {"1.2.3.4 a\r\n5.6.7.8 b\r\n", "b", "5.6.7.8:0"},
    {"# 1.2.3.4 a", "a", ""},
    {"1.2.3.4 a # b", "b", ""},
    {"1.2.3.4 a#b", "a", "1.2.3.4:0"},
    {"1.2.3.4 #a", "a", ""},
    {"1.2.3.4", "a", ""},
    {"1.2.3.4 Example.ORG", "example.org", "1.2.3.4:0"},
    {"1.2.3.4 example.org", "EXAMPLE.org", "1.2.3.4:0"},
    {"1.2.3.4 example.org", "example.or", ""},
    {"1.2.3.4 example.org", "xample.org", ""},
    {"::1 a", "a", "[::1]:0"},
    {"fe80::1%lo a", "a", ""},
    {"1.2.3 a\n1.2.3.4 a", "a", "1.2.3.4:0"},
    {"a 1.2.3.4\n", "1.2.3.4", ""},
    {"nonsense\n1.2.3.4 a", "a", "1.2.3.4:0"},
    {"9.9.9.9 a\n::2 a\n1.1.1.1 b a", "a", "9.9.9.9:0 [::2]:0 1.1.1.1:0"},
    {"1.1.1.1 a\n1.1.1.2 b\n1.1.1.3 c\n1.1.1.4 d\n1.1.1.5 e", "c", "1.1.1.3:0"},
    {"1.1.1.1 a\n2.2.2.2 a\n3.3.3.3 a\n4.4.4.4 a\n5.5.5.5 a", "a",
     "1.1.1.1:0 2.2.2.2:0 3.3.3.3:0 4.4.4.4:0"},
    {"", "localhost", "[::1]:0 127.0.0.1:0"},
    {"", "LocalHost.", "[::1]:0 127.0.0.1:0"},
    {"", "a.localhost", "[::1]:0 127.0.0.1:0"},
    {"", "a.localhost.", "[::1]:0 127.0.0.1:0"},
    {"", "alocalhost", ""},
    {"", "localhost.org", ""},
    {"", ".", ""},
    {"", "", ""},
    {"127.0.0.2 localhost", "localhost", "127.0.0.2:0"},
};

static void texts_are_parsed(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct hosts *hosts = hosts_parse(cases[i].text, strlen(cases[i].text));
        char found[256];

        find(hosts, cases[i].name, found, sizeof(found));
        hosts_free(hosts);
        if (strcmp(found, cases[i].found) != 0)
            fail_msg("%s in \"%s\": %s, not %s", cases[i].name, cases[i].text, found,
                     cases[i].found);
    }
}

/* The text has a length, not a terminating NUL; a NUL only makes its line invalid. */
static void text_has_a_length(void **state)
{
    struct hosts *hosts = hosts_parse("1.2.3.4 abc", 9);
    char found[256];

    (void)state;
    assert_int_equal(find(hosts, "a", found, sizeof(found)), 1);
    hosts_free(hosts);
}

static void number_of_addresses_is_limited(void **state)
{
    struct hosts *hosts = hosts_parse("1.1.1.1 a\n2.2.2.2 a", 19);
    struct address one;
    char text[ADDRESS_TEXT_BYTES];

    (void)state;
    assert_int_equal(hosts_find(hosts, "a", &one, 1), 1);
    assert_string_equal(address_text(&one, text), "1.1.1.1:0");
    assert_int_equal(hosts_find(hosts, "a", &one, 0), 0);
    hosts_free(hosts);
}

/* More names in random order than the first size of the table. */
static void large_table_is_searched(void **state)
{
    enum { NAMES = 5000 };
    char *text = malloc(NAMES * 40), *to = text, found[256], wanted[64];
    struct hosts *hosts;

    (void)state;
    for (unsigned i = 0; i < NAMES; i++) {
        unsigned n = i * 7919 % NAMES;

        to += sprintf(to, "10.0.%u.%u host%u.example\n", n >> 8, n & 255, n);
    }
    hosts = hosts_parse(text, (size_t)(to - text));
    free(text);
    for (unsigned n = 0; n < NAMES; n++) {
        char name[64];

        snprintf(name, sizeof(name), "host%u.example", n);
        snprintf(wanted, sizeof(wanted), "10.0.%u.%u:0", n >> 8, n & 255);
        find(hosts, name, found, sizeof(found));
        assert_string_equal(found, wanted);
    }
    hosts_free(hosts);
}

static void hosts_file_is_read(void **state)
{
    static const char text[] = "1.2.3.4 a\n";
    char path[256], found[256];
    int fd = unit_file(path, sizeof(path));
    struct hosts *hosts;

    (void)state;
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);
    hosts = hosts_read(path);
    assert_int_equal(find(hosts, "a", found, sizeof(found)), 1);
    hosts_free(hosts);
    unlink(path);

    hosts = hosts_read(path);
    assert_int_equal(find(hosts, "a", found, sizeof(found)), 0);
    assert_int_equal(find(hosts, "localhost", found, sizeof(found)), 2);
    hosts_free(hosts);
    hosts = hosts_read("/"); /* can be opened, but not read */
    assert_int_equal(find(hosts, "a", found, sizeof(found)), 0);
    hosts_free(hosts);
    hosts_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_parsed),
        cmocka_unit_test(text_has_a_length),
        cmocka_unit_test(number_of_addresses_is_limited),
        cmocka_unit_test(large_table_is_searched),
        cmocka_unit_test(hosts_file_is_read),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("hosts", tests, NULL, NULL);
}
