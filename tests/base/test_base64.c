/* The test vectors of RFC 4648, section 10, and bytes that are not text. */
#include "tests/support/unit.h"

#include <stdlib.h>

#include "base/base64.h"

static void bytes_are_encoded(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *text;
    } cases[] = {
        {"", 0, ""},
        {"f", 1, "Zg=="},
        {"fo", 2, "Zm8="},
        {"foo", 3, "Zm9v"},
        {"foob", 4, "Zm9vYg=="},
        {"fooba", 5, "Zm9vYmE="},
        {"foobar", 6, "Zm9vYmFy"},
        {"\0\0\0", 3, "AAAA"},
        {"\xfb\xff\xbf", 3, "+/+/"},
        {"\xff", 1, "/w=="},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char *text = base64_encode(cases[i].bytes, cases[i].length);

        assert_string_equal(text, cases[i].text);
        free(text);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_encoded),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
