/* What is remembered of origins, and that the memory is bounded. */
#include "tests/support/unit.h"

#include <limits.h>
#include <stdio.h>

#include "http/pool/origins.h"

static void facts_belong_to_one_origin(void **state)
{
    struct origins *origins = origins_new();
    struct origin_facts *facts;

    (void)state;
    assert_null(origins_find(origins, "a.example", 443, true));
    facts = origins_note(origins, "a.example", 443, true);
    assert_int_equal(facts->version, ORIGIN_UNKNOWN);
    assert_int_equal(facts->stream_limit, UINT_MAX);
    facts->version = ORIGIN_HTTP_1_1;
    facts->stream_limit = 8;
    assert_ptr_equal(origins_note(origins, "a.example", 443, true), facts);
    assert_ptr_equal(origins_find(origins, "a.example", 443, true), facts);
    assert_null(origins_find(origins, "a.example", 444, true));
    assert_null(origins_find(origins, "a.example", 443, false));
    assert_null(origins_find(origins, "b.example", 443, true));
    origins_free(origins);
}

static void keys_differ_in_each_part(void **state)
{
    const struct origin_key key = origin_key("a.example", 443, true);

    (void)state;
    assert_int_equal(key.hash, origin_key("a.example", 443, true).hash);
    assert_true(origin_has_key(&key, "a.example", 443, true));
    assert_false(origin_has_key(&key, "b.example", 443, true));
    assert_false(origin_has_key(&key, "a.example", 444, true));
    assert_false(origin_has_key(&key, "a.example", 443, false));
}

static void oldest_is_forgotten(void **state)
{
    struct origins *origins = origins_new();
    char host[32];

    (void)state;
    for (int i = 0; i <= ORIGINS_MAX; i++) {
        snprintf(host, sizeof(host), "h%d.example", i);
        origins_note(origins, host, 443, true)->version = ORIGIN_HTTP_2;
    }
    assert_null(origins_find(origins, "h0.example", 443, true));
    for (int i = 1; i <= ORIGINS_MAX; i++) {
        snprintf(host, sizeof(host), "h%d.example", i);
        assert_int_equal(origins_find(origins, host, 443, true)->version, ORIGIN_HTTP_2);
    }
    origins_free(origins);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_belong_to_one_origin),
        cmocka_unit_test(keys_differ_in_each_part),
        cmocka_unit_test(oldest_is_forgotten),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("origins", tests, NULL, NULL);
}
