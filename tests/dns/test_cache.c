/* The cache of names. */
#include "tests/support/unit.h"

#include <stdio.h>

#include "base/hash.h"
#include "dns/cache.h"

#define MAX 3

static struct name_cache *names;
static struct name_result known;

static int setup(void **state)
{
    (void)state;
    names = name_cache_new(MAX);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    name_cache_free(names);
    return 0;
}

/* Keeps 192.0.2.1 to 192.0.2.`count`. */
static void keep(const char *name, size_t count, nsec until)
{
    struct name_result what = {.status = count ? RESOLVE_OK : RESOLVE_NXDOMAIN, .count = count};

    for (size_t i = 0; i < count; i++) {
        char text[32];

        snprintf(text, sizeof(text), "192.0.2.%zu", i + 1);
        assert_true(address_parse(&what.addresses[i], text, 0));
    }
    name_cache_put(names, name, hash_text(name), &what, until);
}

static bool find(const char *name, nsec now)
{
    return name_cache_get(names, name, hash_text(name), now, &known);
}

static void what_is_kept_is_found(void **state)
{
    char text[ADDRESS_TEXT_BYTES];

    (void)state;
    assert_false(find("a.test", 1));
    keep("a.test", RESOLVER_MAX_ADDRESSES, 10);
    keep("b.test", 0, 10);
    assert_true(find("A.Test", 9));
    assert_int_equal(known.status, RESOLVE_OK);
    assert_int_equal(known.count, RESOLVER_MAX_ADDRESSES);
    assert_string_equal(address_text(&known.addresses[15], text), "192.0.2.16:0");
    assert_true(find("b.test", 9));
    assert_int_equal(known.status, RESOLVE_NXDOMAIN);
    assert_int_equal(known.count, 0);
    assert_false(find("a.test.", 9));
    assert_false(find("a.tes", 9));
}

static void its_time_is_over(void **state)
{
    (void)state;
    keep("a.test", 1, 10);
    assert_true(find("a.test", 9));
    assert_false(find("a.test", 10));
    assert_false(find("a.test", 9)); /* forgotten */
}

static void the_new_takes_the_place_of_the_old(void **state)
{
    (void)state;
    keep("a.test", 1, 10);
    keep("A.test", 2, 20);
    assert_true(find("a.test", 15));
    assert_int_equal(known.count, 2);
    assert_false(find("a.test", 20));
}

static void the_longest_unused_makes_room(void **state)
{
    (void)state;
    keep("a.test", 1, 10);
    keep("b.test", 1, 10);
    keep("c.test", 1, 10);
    assert_true(find("a.test", 1));
    keep("d.test", 1, 10);
    assert_false(find("b.test", 1));
    assert_true(find("c.test", 1));
    assert_true(find("a.test", 1));
    assert_true(find("d.test", 1));
    keep("c.test", 2, 10); /* the same name needs no room */
    assert_true(find("a.test", 1));
    assert_true(find("d.test", 1));
}

/* More names than the table has slots; every one of the last MANY, and none before. */
static void many_names(void **state)
{
    enum { MANY = 20000 };
    char name[32];

    (void)state;
    name_cache_free(names);
    names = name_cache_new(MANY);
    for (int i = 0; i < 3 * MANY; i++) {
        snprintf(name, sizeof(name), "n%d.test", i);
        keep(name, (size_t)i % 3, 10);
    }
    for (int i = 0; i < 3 * MANY; i++) {
        snprintf(name, sizeof(name), "n%d.test", i);
        assert_int_equal(find(name, 1), i >= 2 * MANY);
        if (i >= 2 * MANY)
            assert_int_equal(known.count, i % 3);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(what_is_kept_is_found),
        CASE(its_time_is_over),
        CASE(the_new_takes_the_place_of_the_old),
        CASE(the_longest_unused_makes_room),
        CASE(many_names),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
