/* Hosts: spellings of IP addresses, names in ASCII and other scripts, and invalid hosts. */
#include "tests/support/unit.h"

#include "http/host.h"

#define LABEL_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ACUTE_40                                                                                   \
    "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"         \
    "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"         \
    "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"

struct host_case {
    const char *text, *host; /* NULL: `why` is a part of the message */
    const char *why;
};

static void check(const struct host_case *cases, size_t count, bool numeric, bool literal)
{
    for (size_t i = 0; i < count; i++) {
        struct host host;
        const char *why = host_parse(&host, cases[i].text, strlen(cases[i].text));

        if (!cases[i].host) {
            if (!why || !strstr(why, cases[i].why))
                fail_msg("\"%s\": %s", cases[i].text, why ? why : host.text);
            continue;
        }
        if (why)
            fail_msg("\"%s\": %s", cases[i].text, why);
        assert_string_equal(host.text, cases[i].host);
        assert_int_equal(host.length, strlen(host.text));
        assert_int_equal(host.numeric, numeric);
        assert_int_equal(host.literal, literal);
    }
}

static void spellings_of_ipv4(void **state)
{
    static const struct host_case cases[] = {
        {"127.0.0.1", "127.0.0.1", NULL},
        {"127.0.0.1.", "127.0.0.1", NULL},
        {"0x7F.1", "127.0.0.1", NULL},
        {"0177.0.0.01", "127.0.0.1", NULL},
        {"127.1", "127.0.0.1", NULL},
        {"10.1.515", "10.1.2.3", NULL},
        {"0", "0.0.0.0", NULL},
        {"0x", "0.0.0.0", NULL},
        {"0x.00.", "0.0.0.0", NULL},
        {"4294967295", "255.255.255.255", NULL},
        {"037777777777", "255.255.255.255", NULL},
        {"%30x%37f.1", "127.0.0.1", NULL},
        {"\uff11\u30022", "1.0.0.2", NULL},
        {"4294967296", NULL, "IPv4"},
        {"99999999999999999999999999999999999999", NULL, "IPv4"},
        {"0xffffffffffffffffffffffff", NULL, "IPv4"},
        {"1.16777216", NULL, "IPv4"},
        {"1.2.65536", NULL, "IPv4"},
        {"1.2.3.256", NULL, "IPv4"},
        {"256.2.3.4", NULL, "IPv4"},
        {"1.2.3.4.5", NULL, "IPv4"},
        {"1..2", NULL, "IPv4"},
        {".1", NULL, "IPv4"},
        {"a.1", NULL, "IPv4"},
        {"08", NULL, "IPv4"},
        {"a.0x7f", NULL, "IPv4"},
    };

    (void)state;
    check(cases, LENGTH(cases), true, false);
}

static void spellings_of_ipv6(void **state)
{
    static const struct host_case cases[] = {
        {"[::]", "::", NULL},
        {"[::1]", "::1", NULL},
        {"[1::]", "1::", NULL},
        {"[0:0:0:0:0:0:0:0]", "::", NULL},
        {"[2001:0DB8:00a0::1]", "2001:db8:a0::1", NULL},
        {"[1:0:0:2:0:0:0:3]", "1:0:0:2::3", NULL},
        {"[1:0:0:2:3:0:0:4]", "1::2:3:0:0:4", NULL},
        {"[1:0:2:3:4:5:6:7]", "1:0:2:3:4:5:6:7", NULL},
        {"[1:2:3:4:5:6:7::]", "1:2:3:4:5:6:7:0", NULL},
        {"[::1.2.3.4]", "::102:304", NULL},
        {"[::ffff:127.0.0.1]", "::ffff:7f00:1", NULL},
        {"[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
        {"[", NULL, "closing bracket"},
        {"[::1", NULL, "closing bracket"},
        {"[::1]x", NULL, "junk"},
        {"[]", NULL, "IPv6"},
        {"[1.2.3.4]", NULL, "IPv6"},
        {"[::1%25lo]", NULL, "IPv6"},
        {"[::%31]", NULL, "IPv6"},
        {"[::00001]", NULL, "IPv6"},
        {"[::1.2.3]", NULL, "IPv6"},
        {"[::1.2.3.04]", NULL, "IPv6"},
        {"[1:2:3:4:5:6:7:8:9]", NULL, "IPv6"},
        {"[1::2:3:4:5:6:7:8]", NULL, "IPv6"},
        {"[00000000:0000:0000:0000:0000:0000:0000:0000:0000]", NULL, "IPv6"},
    };

    (void)state;
    check(cases, LENGTH(cases), true, true);
}

static void names_in_ascii(void **state)
{
    static const struct host_case cases[] = {
        {"Example.ORG", "example.org", NULL},
        {"a_b--c-.-d", "a_b--c-.-d", NULL},
        {"r3---sn.example", "r3---sn.example", NULL},
        {"%41%2eb", "a.b", NULL},
        {"0x7g", "0x7g", NULL},
        {"1.2.3.4a", "1.2.3.4a", NULL},
        {"a..b..", "a..b..", NULL},
        {"a" LABEL_63, "a" LABEL_63, NULL},
        {"", NULL, "no host"},
        {".", NULL, "begins with a dot"},
        {"..", NULL, "begins with a dot"},
        {".example.org", NULL, "begins with a dot"},
        {"%2ea", NULL, "begins with a dot"},
        {"\u3002\u00fc", NULL, "begins with a dot"},
        {"\u00ad.a", NULL, "begins with a dot"},
        {"a b", NULL, "forbidden"},
        {"a%b", NULL, "forbidden"},
        {"a%25", NULL, "forbidden"},
        {"a%00b", NULL, "forbidden"},
        {"a%7f", NULL, "forbidden"},
        {"a]", NULL, "forbidden"},
        {LABEL_63 LABEL_63 LABEL_63 LABEL_63 "1234", NULL, "too long"},
    };

    (void)state;
    check(cases, LENGTH(cases), false, false);
}

/* UTS #46: names are mapped, normalized and encoded; encoded names are validated. */
static void names_in_any_script(void **state)
{
    static const struct host_case cases[] = {
        {"B\u00dccher.example", "xn--bcher-kva.example", NULL},
        {"Bu\u0308cher.example", "xn--bcher-kva.example", NULL},
        {"b%C3%BCcher", "xn--bcher-kva", NULL},
        {"XN--Bcher-KVA", "xn--bcher-kva", NULL},
        {"fa\u00df.de", "xn--fa-hia.de", NULL}, /* non-transitional: not "fass.de" */
        {"\uff27\uff4f.com", "go.com", NULL},
        {"a\u3002b\uff0ec\uff61d", "a.b.c.d", NULL},
        {"a\u00adb", "ab", NULL},
        {"\u0645\u062b\u0627\u0644.\u0625\u062e\u062a\u0628\u0627\u0631",
         "xn--mgbh0fb.xn--kgbechtv", NULL},
        {"a_\u00fc", "xn--a_-yka", NULL},
        {"r3---sn.\u00fc", "r3---sn.xn--tda", NULL}, /* hyphens are not checked */
        {"a..\u00fc.", "a..xn--tda.", NULL},
        /* symbols, which are not in IDNA2008 */
        {"\u2603", "xn--n3h", NULL},
        {"xn--n3h", "xn--n3h", NULL},
        {"I\u2764\uFE0F.ws", "xn--i-7iq.ws", NULL},
        {"\U0001f4a9.la", "xn--ls8h.la", NULL},
        {"\u00c4\u2603\u00dfA\uff22", "xn--ab-fiat9268b", NULL},
        {"\u2603\U0001f4a9\u2603", "xn--n3ha72466a", NULL},
        /* hyphens are not checked in labels with other letters than ASCII either */
        {"ab--\u00fc.com", "xn--ab---3ra.com", NULL},
        {"-\u00fc", "xn----eha", NULL},
        {"\u00fc-", "xn----dha", NULL},
        {"--\u00fc--", "xn-------1ra", NULL},
        {"a_--_\u00fc-_", "xn--a_--_-_-r2a", NULL},
        {"ab\uff0d\ufe63\uff3f\u00fc", "xn--ab--_-ova", NULL},
        {"Bu\u0308--cher", "xn--b--cher-n2a", NULL},
        {"ab--\u00ad", "ab--", NULL},
        {"ab--\u2603", "xn--ab---8g3b", NULL},
        {"\u2603-", "xn----0xp", NULL},
        {"\u05d0--\u05d1", "xn-----uldg", NULL},
        /* ASCII labels are not changed, even if they look encoded and are invalid */
        {"xn--", "xn--", NULL},
        {"xn--a", "xn--a", NULL},
        {"a.XN--pokxncvks", "a.xn--pokxncvks", NULL},
        {"xn--!-dha", "xn--!-dha", NULL},
        {"xn--a-0hc.\u00fc", "xn--a-0hc.xn--tda", NULL},
        /* invalid names */
        {"xn--\u00fc", NULL, "international"},
        {"xn-\uff0d\u00fc", NULL, "international"},
        {"xn--\u00ad-", NULL, "international"},
        /* right to left, but the last character is no letter */
        {"\u05d0--", NULL, "international"},
        {"-\u05d0", NULL, "international"},
        {"\u00ad", NULL, "no host"},
        {"a\xff", NULL, "international"},
        {"a\xc3", NULL, "international"},
        {"\xed\xa0\x80", NULL, "international"},
        {"\ufffd", NULL, "international"},
        {"\ufdd0", NULL, "international"},
        {"\u2603\ufdd0", NULL, "international"},
        {"\u00fc!", NULL, "international"}, /* the encoded form would be invalid */
        {"1\u0627", NULL, "international"}, /* right to left, but the first character is a digit */
        /* a joiner that is not between the right letters */
        {"\U0001f469\u200d\U0001f469", NULL, "international"},
        {"\u00fc%3C", NULL, "forbidden"},
        {"\uff05\uff14\uff11", NULL, "forbidden"}, /* mapped to "%41" */
        {ACUTE_40 ACUTE_40 ACUTE_40, NULL, "international"},
        {"\u2603" ACUTE_40 ACUTE_40, NULL, "international"},
        {ACUTE_40 ".a." ACUTE_40 ".a." ACUTE_40 ".a." ACUTE_40 ".a." ACUTE_40 ".a." ACUTE_40, NULL,
         "too long"},
    };

    (void)state;
    check(cases, LENGTH(cases), false, false);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_of_ipv4),
        cmocka_unit_test(spellings_of_ipv6),
        cmocka_unit_test(names_in_ascii),
        cmocka_unit_test(names_in_any_script),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
