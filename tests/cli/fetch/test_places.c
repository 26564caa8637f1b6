/* The set of places against a plain array of marks. */
#include "tests/support/unit.h"

#include "cli/fetch/places.h"

static void test_empty(void **state)
{
    struct places places = {0};
    enum place_mark mark;
    size_t at = 0;

    (void)state;
    assert_int_equal(places_get(&places, 1), PLACE_NONE);
    assert_int_equal(places_next(&places, &at, &mark), 0);
    places_set(&places, 1, PLACE_NONE);
    assert_int_equal(places.used, 0);
    places_free(&places);
}

static void check_all(const struct places *places, const unsigned char *marks, uint64_t max)
{
    enum place_mark mark;
    size_t at = 0, count[3] = {0}, found = 0;
    uint64_t place;

    for (place = 1; place <= max; place++) {
        assert_int_equal(places_get(places, place), marks[place]);
        count[marks[place]]++;
    }
    assert_int_equal(places->taken, count[PLACE_TAKEN]);
    for (; (place = places_next(places, &at, &mark)); found++) {
        assert_in_range(place, 1, max);
        assert_int_equal(mark, marks[place]);
    }
    assert_int_equal(found, count[PLACE_TAKEN] + count[PLACE_REPORTED]);
}

static void test_against_an_array(void **state)
{
    enum { MAX = 500, STEPS = 20000, EACH = 500 };
    static unsigned char marks[MAX + 1];
    struct places places = {0};

    (void)state;
    for (int step = 1; step <= STEPS; step++) {
        uint64_t place = 1 + unit_random() % MAX;

        marks[place] = (unsigned char)(unit_random() % 3);
        places_set(&places, place, (enum place_mark)marks[place]);
        if (step % EACH == 0)
            check_all(&places, marks, MAX);
    }
    places_free(&places);
}

/* One place stays while a million pass: the set stays small. */
static void test_bounded(void **state)
{
    struct places places = {0};

    (void)state;
    places_set(&places, 1, PLACE_TAKEN);
    for (uint64_t place = 2; place < 1000000; place++) {
        places_set(&places, place, PLACE_TAKEN);
        places_set(&places, place, PLACE_NONE);
    }
    assert_int_equal(places.used, 1);
    assert_in_range(places.room, 1, 64);
    assert_int_equal(places_get(&places, 1), PLACE_TAKEN);
    places_free(&places);
}

/* What was reported before its turn is forgotten when its turn has come. */
static void test_forgets(void **state)
{
    struct places places = {0};
    enum place_mark mark;
    size_t at = 0;

    (void)state;
    for (uint64_t place = 1; place < 100000; place++) {
        places_set(&places, place, PLACE_REPORTED);
        places.floor = place > 10 ? place - 10 : 0;
    }
    assert_in_range(places.room, 1, 256);
    for (uint64_t place = 100000 - 10; place < 100000; place++)
        assert_int_equal(places_get(&places, place), PLACE_REPORTED);
    for (uint64_t place; (place = places_next(&places, &at, &mark));)
        assert_true(place > places.floor);
    places_free(&places);
}

static void test_highest(void **state)
{
    struct places places = {0};

    (void)state;
    places_set(&places, PLACES_MAX, PLACE_REPORTED);
    assert_int_equal(places_get(&places, PLACES_MAX), PLACE_REPORTED);
    assert_int_equal(places_get(&places, PLACES_MAX - 1), PLACE_NONE);
    places_free(&places);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),   cmocka_unit_test(test_against_an_array),
        cmocka_unit_test(test_bounded), cmocka_unit_test(test_forgets),
        cmocka_unit_test(test_highest),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
