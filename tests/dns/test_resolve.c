/* The order of addresses, and which of two failures is reported. */
#include "tests/support/unit.h"

#include "dns/resolve.h"

/* Parses addresses: "6" or "4" for the family, then a character for the port. */
static size_t addresses_of(const char *text, struct address *to)
{
    size_t count = 0;

    for (; *text; text += 2)
        address_parse(&to[count++], *text == '6' ? "::1" : "127.0.0.1", (uint16_t)text[1]);
    return count;
}

static void assert_addresses(const struct address *addresses, size_t count, const char *wanted)
{
    char text[2 * 2 * RESOLVER_MAX_ADDRESSES + 1] = "";

    for (size_t i = 0; i < count; i++) {
        text[2 * i] = addresses[i].any.sa_family == AF_INET6 ? '6' : '4';
        text[2 * i + 1] = (char)address_port(&addresses[i]);
    }
    assert_string_equal(text, wanted);
}

static void families_alternate(void **state)
{
    static const struct {
        const char *from;
        size_t first;
        const char *to;
    } cases[] = {
        {"", 0, ""},
        {"4a", 0, "4a"},
        {"4a6b", 0, "6b4a"},
        {"6a6b4c4d", 0, "6a4c6b4d"},
        {"4a4b6c4d", 0, "6c4a4b4d"},
        {"6a4b6c4d", 2, "6c4d"},
        {"4a4b", 2, ""},
    };
    struct address from[2 * RESOLVER_MAX_ADDRESSES], to[RESOLVER_MAX_ADDRESSES];

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        size_t count = addresses_of(cases[i].from, from);

        assert_addresses(to, resolve_interleave(from, cases[i].first, count, to), cases[i].to);
    }
    for (size_t i = 0; i < LENGTH(from); i++)
        addresses_of("4a", &from[i]);
    assert_int_equal(resolve_interleave(from, 0, LENGTH(from), to), RESOLVER_MAX_ADDRESSES);
}

static void addresses_of_one_family(void **state)
{
    static const struct {
        enum resolve_family family;
        const char *kept;
    } cases[] = {
        {RESOLVE_BOTH, "6a4b6c4d"},
        {RESOLVE_IPV6, "6a6c"},
        {RESOLVE_IPV4, "4b4d"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct address addresses[4];
        size_t count = addresses_of("6a4b6c4d", addresses);

        assert_addresses(addresses, resolve_keep_family(cases[i].family, addresses, count),
                         cases[i].kept);
    }
}

static void more_specific_failure_is_reported(void **state)
{
    (void)state;
    assert_int_equal(resolve_more_specific(RESOLVE_OK, RESOLVE_NO_ADDRESS), RESOLVE_NO_ADDRESS);
    assert_int_equal(resolve_more_specific(RESOLVE_NO_ADDRESS, RESOLVE_TIMEOUT), RESOLVE_TIMEOUT);
    assert_int_equal(resolve_more_specific(RESOLVE_NXDOMAIN, RESOLVE_SERVFAIL), RESOLVE_NXDOMAIN);
    assert_int_equal(resolve_more_specific(RESOLVE_FAILED, RESOLVE_FAILED), RESOLVE_FAILED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_alternate),
        cmocka_unit_test(addresses_of_one_family),
        cmocka_unit_test(more_specific_failure_is_reported),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
