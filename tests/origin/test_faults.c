/* Fault and framing names map to their numbers and back; copies of behaviours. */
#include "tests/support/unit.h"

#include "origin/faults.h"
#include "tests/support/names.h"

static void test_faults(void **state)
{
    (void)state;
    for (int fault = 0; fault < FAULT_COUNT; fault++) {
        assert_non_null(fault_name((enum fault)fault));
        assert_int_equal(fault_named(fault_name((enum fault)fault)), fault);
    }
    assert_string_equal(fault_name(FAULT_NONE), "none");
    assert_string_equal(fault_name(FAULT_CERT_WRONG_HOST), "cert-wrong-host");
    assert_int_equal(fault_named(""), -1);
    assert_int_equal(fault_named("NONE"), -1);
    assert_int_equal(fault_named("dri"), -1);
    assert_int_equal(fault_named("drips"), -1);
}

static void test_framings(void **state)
{
    (void)state;
    assert_int_equal(framing_named("length"), FRAMING_LENGTH);
    assert_int_equal(framing_named("chunked"), FRAMING_CHUNKED);
    assert_int_equal(framing_named("close"), FRAMING_CLOSE);
    assert_int_equal(framing_named("none"), -1);
    assert_int_equal(framing_named(""), -1);
}

static void test_reset_codes(void **state)
{
    (void)state;
    assert_int_equal(h2_reset_named("NO_ERROR"), 0 + 1);
    assert_int_equal(h2_reset_named("REFUSED_STREAM"), 7 + 1);
    assert_int_equal(h2_reset_named("HTTP_1_1_REQUIRED"), 13 + 1);
    assert_int_equal(h2_reset_named("0"), 0 + 1);
    assert_int_equal(h2_reset_named("65535"), 65535 + 1);
    assert_int_equal(h2_reset_named("65536"), -1);
    assert_int_equal(h2_reset_named("refused_stream"), -1);
    assert_int_equal(h2_reset_named(""), -1);
}

static void test_stream_limits(void **state)
{
    (void)state;
    assert_int_equal(h2_streams_named("0"), 0 + 1);
    assert_int_equal(h2_streams_named("1000"), 1000 + 1);
    assert_int_equal(h2_streams_named("1001"), -1);
    assert_int_equal(h2_streams_named("-1"), -1);
    assert_int_equal(h2_streams_named(""), -1);
}

static void test_copies(void **state)
{
    char headers[] = "A: b\r\n", body[] = "a\0b";
    struct site_behaviour behaviour = {.status = 404,
                                       .headers = headers,
                                       .body = body,
                                       .body_bytes = 3},
                          copy;

    (void)state;
    site_behaviour_copy(&copy, &behaviour);
    headers[0] = body[0] = 'x';
    assert_int_equal(copy.status, 404);
    assert_string_equal(copy.headers, "A: b\r\n");
    assert_memory_equal(copy.body, "a\0b", 3);
    site_behaviour_free(&copy);
    assert_null(copy.headers);
    assert_null(copy.body);
    site_behaviour_copy(&copy, &copy);
    site_behaviour_free(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),      cmocka_unit_test(test_framings),
        cmocka_unit_test(test_reset_codes), cmocka_unit_test(test_stream_limits),
        cmocka_unit_test(test_copies),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
