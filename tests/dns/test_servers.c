/* Lists of nameservers in text form. */
#include "tests/support/unit.h"

#include <stdio.h>

#include "dns/servers.h"

static void lists_are_parsed(void **state)
{
    static const struct {
        const char *text, *found;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1:53"},
        {"192.0.2.1:5353", "192.0.2.1:5353"},
        {"192.0.2.1:1,192.0.2.2:65535", "192.0.2.1:1 192.0.2.2:65535"},
        {"::1", "[::1]:53"},
        {"2001:db8::1:5353", "[2001:db8::1:5353]:53"},
        {"[::1]", "[::1]:53"},
        {"[2001:db8::1]:5353,127.0.0.1", "[2001:db8::1]:5353 127.0.0.1:53"},
        {"192.0.2.1:00053", "192.0.2.1:53"},
        {"::ffff:192.0.2.1", "[::ffff:192.0.2.1]:53"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct address servers[SERVERS_MAX];
        char found[256] = "", one[ADDRESS_TEXT_BYTES];
        size_t count;
        const char *why = servers_parse(cases[i].text, servers, &count);

        if (why)
            fail_msg("%s: %s", cases[i].text, why);
        for (size_t j = 0; j < count; j++)
            snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%s", j ? " " : "",
                     address_text(&servers[j], one));
        assert_string_equal(found, cases[i].found);
    }
}

static void invalid_lists_are_refused(void **state)
{
    static const struct {
        const char *text, *word; /* `word` is in the message */
    } cases[] = {
        {"", "empty entry"},
        {",", "empty entry"},
        {"192.0.2.1,", "empty entry"},
        {",192.0.2.1", "empty entry"},
        {"192.0.2.1,,192.0.2.2", "empty entry"},
        {"nonsense", "numeric"},
        {"dns.example:53", "numeric"},
        {"192.0.2", "numeric"},
        {"192.0.2.1, 192.0.2.2", "numeric"},
        {"fe80::1%lo", "numeric"},
        {"[]", "numeric"},
        {"[]:53", "numeric"},
        {"[[::1]]", "[address]:port"},
        {"[::1", "[address]:port"},
        {"[::1]53", "[address]:port"},
        {"::1]:53", "numeric"},
        {"[192.0.2.1]:53", "brackets"},
        {"192.0.2.1:", "port"},
        {"192.0.2.1:0", "port"},
        {"192.0.2.1:65536", "port"},
        {"192.0.2.1:4294967349", "port"},
        {"192.0.2.1:18446744073709551669", "port"},
        {"192.0.2.1:-1", "port"},
        {"192.0.2.1:53x", "port"},
        {"[::1]:", "port"},
        {"[::1]:x", "port"},
        {"192.0.2.1000000000000000000000000000000000000000000000000000000000000000000", "numeric"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct address servers[SERVERS_MAX];
        size_t count;
        const char *why = servers_parse(cases[i].text, servers, &count);

        if (!why || !strstr(why, cases[i].word))
            fail_msg("\"%s\": %s", cases[i].text, why ? why : "accepted");
    }
}

static void too_many_are_refused(void **state)
{
    struct address servers[SERVERS_MAX];
    char text[(SERVERS_MAX + 1) * 10 + 1] = "192.0.2.1";
    size_t count;

    (void)state;
    for (int i = 1; i < SERVERS_MAX; i++)
        strcat(text, ",192.0.2.1");
    assert_null(servers_parse(text, servers, &count));
    assert_int_equal(count, SERVERS_MAX);
    strcat(text, ",192.0.2.1");
    assert_non_null(strstr(servers_parse(text, servers, &count), "16"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_parsed),
        cmocka_unit_test(invalid_lists_are_refused),
        cmocka_unit_test(too_many_are_refused),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("servers", tests, NULL, NULL);
}
