/* Lists that are linked through members of their elements. */
#include "tests/support/unit.h"

#include "base/list.h"

struct member {
    int number;
    struct link link;
};

static struct link list;
static struct member members[5];

static int setup(void **state)
{
    (void)state;
    list_init(&list);
    for (int i = 0; i < (int)LENGTH(members); i++)
        members[i] = (struct member){.number = i};
    return 0;
}

/* Checks the list in both directions. */
static void expect(size_t count, const int *numbers)
{
    const struct link *at = list.next;
    const struct member *member;
    size_t seen = 0;

    LIST_EACH (member, &list, link) {
        if (seen < count)
            assert_int_equal(member->number, numbers[seen]);
        seen++;
    }
    assert_int_equal(seen, count);
    for (size_t i = 0; i < count; i++, at = at->next) {
        assert_int_equal(LIST_OWNER(at, struct member, link)->number, numbers[i]);
        assert_ptr_equal(at->next->prev, at);
    }
    assert_ptr_equal(at, &list);
    at = list.prev;
    for (size_t i = count; i > 0; i--, at = at->prev)
        assert_int_equal(LIST_OWNER(at, struct member, link)->number, numbers[i - 1]);
    assert_ptr_equal(at, &list);
    assert_int_equal(list_is_empty(&list), !count);
    assert_ptr_equal(list_first(&list), count ? &members[numbers[0]].link : NULL);
}

#define EXPECT(...)                                                                                \
    expect(sizeof((const int[]){__VA_ARGS__}) / sizeof(int), (const int[]){__VA_ARGS__})

static void empty_list(void **state)
{
    (void)state;
    expect(0, NULL);
    assert_false(list_is_in(&members[0].link)); /* all zeros: not in a list */
    list_remove(&members[0].link);
    expect(0, NULL);
}

static void added_at_each_position(void **state)
{
    (void)state;
    list_put_last(&list, &members[1].link);
    EXPECT(1);
    list_put_last(&list, &members[3].link);
    EXPECT(1, 3);
    list_put_first(&list, &members[0].link);
    EXPECT(0, 1, 3);
    list_put_before(&members[2].link, &members[3].link);
    EXPECT(0, 1, 2, 3);
    list_put_before(&members[4].link, &list);
    EXPECT(0, 1, 2, 3, 4);
}

static void removed_from_each_position(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(members); i++)
        list_put_last(&list, &members[i].link);
    list_remove(&members[2].link);
    assert_false(list_is_in(&members[2].link));
    EXPECT(0, 1, 3, 4);
    list_remove(&members[2].link); /* no effect */
    list_remove(&members[0].link);
    EXPECT(1, 3, 4);
    list_remove(&members[4].link);
    EXPECT(1, 3);
    list_put_last(&list, &members[0].link); /* it can be added again */
    EXPECT(1, 3, 0);
    list_remove(&members[1].link);
    list_remove(&members[3].link);
    list_remove(&members[0].link);
    expect(0, NULL);
}

static void first_is_taken(void **state)
{
    (void)state;
    list_put_last(&list, &members[0].link);
    list_put_last(&list, &members[1].link);
    assert_ptr_equal(list_take_first(&list), &members[0].link);
    assert_false(list_is_in(&members[0].link));
    assert_ptr_equal(list.next, &members[1].link);
    assert_ptr_equal(list.next->prev, &list);
    assert_ptr_equal(list_take_first(&list), &members[1].link);
    assert_true(list_is_empty(&list));
    assert_null(list_take_first(&list));
}

/* list_remove does not need the list. */
static void moved_to_another_list(void **state)
{
    struct link other;

    (void)state;
    list_init(&other);
    list_put_last(&list, &members[0].link);
    list_put_last(&list, &members[1].link);
    list_remove(&members[0].link);
    list_put_last(&other, &members[0].link);
    EXPECT(1);
    assert_ptr_equal(list_first(&other), &members[0].link);
    list_remove(&members[0].link);
    assert_true(list_is_empty(&other));
    EXPECT(1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(empty_list, setup),
        cmocka_unit_test_setup(added_at_each_position, setup),
        cmocka_unit_test_setup(removed_from_each_position, setup),
        cmocka_unit_test_setup(first_is_taken, setup),
        cmocka_unit_test_setup(moved_to_another_list, setup),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
