/* The negotiations: http/versions.c. */
#include "http/h1/h1.h"
#include "http/h2/h2.h"
#include "http/versions.h"
#include "tests/support/unit.h"

/* The protocol for each result of ALPN; "" is no ALPN, as with http. */
static void each_choice_has_its_protocols(void **state)
{
    static const struct {
        enum http_versions versions;
        const char *alpn, *required;
        const struct protocol *for_none, *for_h1, *for_h2;
    } cases[] = {
        {HTTP_ANY, "\x02h2\x08http/1.1", NULL, &h1_protocol, &h1_protocol, &h2_protocol},
        {HTTP_1_1_ONLY, "\x08http/1.1", NULL, &h1_protocol, &h1_protocol, &h1_protocol},
        {HTTP_2_ONLY, "\x02h2\x08http/1.1", "h2", &h1_protocol, &h1_protocol, &h2_protocol},
        {HTTP_2_ASSUMED, "\x02h2", "h2", &h2_protocol, &h2_protocol, &h2_protocol},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct negotiation *one = negotiation_of(cases[i].versions);

        assert_string_equal(one->alpn, cases[i].alpn);
        if (cases[i].required)
            assert_string_equal(one->required_alpn, cases[i].required);
        else
            assert_null(one->required_alpn);
        assert_ptr_equal(one->protocol(""), cases[i].for_none);
        assert_true(one->tunnels == (cases[i].versions == HTTP_2_ASSUMED));
        assert_ptr_equal(one->protocol("http/1.1"), cases[i].for_h1);
        assert_ptr_equal(one->protocol("h2"), cases[i].for_h2);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(each_choice_has_its_protocols)};

    return cmocka_run_group_tests_name("versions", tests, NULL, NULL);
}
