/* The cache of names. */
#include "tests/support/unit.h"

#include <stdio.h>

#include "base/hash.h"
#include "dns/cache.h"

#define MAX 3

static struct name_cache *names;
static struct name_result found;

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

/* Stores 192.0.2.1 to 192.0.2.`count`. */
static void store(const char *name, size_t count, nsec until)
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
    return name_cache_get(names, name, hash_text(name), now, &found);
}

static void stored_names_are_found(void **state)
{
    char text[ADDRESS_TEXT_BYTES];

    (void)state;
    assert_false(find("a.test", 1));
    store("a.test", RESOLVER_MAX_ADDRESSES, 10);
    store("b.test", 0, 10);
    assert_true(find("A.Test", 9));
    assert_int_equal(found.status, RESOLVE_OK);
    assert_int_equal(found.count, RESOLVER_MAX_ADDRESSES);
    assert_string_equal(address_text(&found.addresses[15], text), "192.0.2.16:0");
    assert_true(find("b.test", 9));
    assert_int_equal(found.status, RESOLVE_NXDOMAIN);
    assert_int_equal(found.count, 0);
    assert_false(find("a.test.", 9));
    assert_false(find("a.tes", 9));
}

static void expired_names_are_removed(void **state)
{
    (void)state;
    store("a.test", 1, 10);
    assert_true(find("a.test", 9));
    assert_false(find("a.test", 10));
    assert_false(find("a.test", 9)); /* removed */
}

static void new_answer_replaces_the_old_one(void **state)
{
    (void)state;
    store("a.test", 1, 10);
    store("A.test", 2, 20);
    assert_true(find("a.test", 15));
    assert_int_equal(found.count, 2);
    assert_false(find("a.test", 20));
}

static void least_recently_used_name_is_removed(void **state)
{
    (void)state;
    store("a.test", 1, 10);
    store("b.test", 1, 10);
    store("c.test", 1, 10);
    assert_true(find("a.test", 1));
    store("d.test", 1, 10);
    assert_false(find("b.test", 1));
    assert_true(find("c.test", 1));
    assert_true(find("a.test", 1));
    assert_true(find("d.test", 1));
    store("c.test", 2, 10); /* the same name needs no room */
    assert_true(find("a.test", 1));
    assert_true(find("d.test", 1));
}

/* More names than slots of the table: the last MANY are found, no others. */
static void many_names(void **state)
{
    enum { MANY = 20000 };
    char name[32];

    (void)state;
    name_cache_free(names);
    names = name_cache_new(MANY);
    for (int i = 0; i < 3 * MANY; i++) {
        snprintf(name, sizeof(name), "n%d.test", i);
        store(name, (size_t)i % 3, 10);
    }
    for (int i = 0; i < 3 * MANY; i++) {
        snprintf(name, sizeof(name), "n%d.test", i);
        assert_int_equal(find(name, 1), i >= 2 * MANY);
        if (i >= 2 * MANY)
            assert_int_equal(found.count, i % 3);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(stored_names_are_found),
        CASE(expired_names_are_removed),
        CASE(new_answer_replaces_the_old_one),
        CASE(least_recently_used_name_is_removed),
        CASE(many_names),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
