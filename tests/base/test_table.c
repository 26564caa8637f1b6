/* The hash table, against an array. */
#include "tests/support/unit.h"

#include <stdlib.h>

#include "base/table.h"

struct member {
    uint32_t key;
    bool in;
    struct table_link link;
};

#define MEMBERS 4096

static struct table table;
static struct member members[MEMBERS];
static size_t removed;

static int setup(void **state)
{
    (void)state;
    table = (struct table){0};
    for (uint32_t i = 0; i < MEMBERS; i++)
        members[i] = (struct member){.key = i};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    table_free(&table);
    return 0;
}

static struct member *find(uint32_t hash, uint32_t key)
{
    struct member *member;

    TABLE_EACH (member, &table, hash, link)
        if (member->key == key)
            return member;
    return NULL;
}

static void zeroed_table_is_empty(void **state)
{
    (void)state;
    assert_null(table_find(&table, 0));
    assert_null(table_find(&table, 0xffffffff));
    table_free(&table);
    assert_int_equal(table.count, 0);
}

/* Random additions and removals; many members share a hash, and many a slot. */
static void members_are_found(void **state)
{
    (void)state;
    for (int round = 0; round < 60000; round++) {
        struct member *member = &members[unit_random() % MEMBERS];
        uint32_t hash = member->key % 97 * 0x01000000u;

        if (member->in)
            table_remove(&table, &member->link);
        else
            table_add(&table, &member->link, hash);
        member->in = !member->in;
        assert_ptr_equal(find(hash, member->key), member->in ? member : NULL);
    }
    for (uint32_t i = 0; i < MEMBERS; i++)
        assert_ptr_equal(find(i % 97 * 0x01000000u, i), members[i].in ? &members[i] : NULL);
}

/* Also after the table was resized. */
static void newest_member_is_found_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < 100; i++)
        table_add(&table, &members[i].link, i % 2 ? 5 : 21);
    for (int hash = 5, newest = 99; newest >= 98; newest--, hash = 21) {
        int expected = newest;

        for (struct table_link *link = table_find(&table, (uint32_t)hash); link;
             link = table_next(link), expected -= 2)
            assert_int_equal(TABLE_OWNER(link, struct member, link)->key, expected);
        assert_int_equal(expected, newest - 100);
    }
}

static void note_removed(struct table_link *link)
{
    TABLE_OWNER(link, struct member, link)->in = false;
    removed++;
}

static void cleared_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        table_add(&table, &members[i].link, (uint32_t)i * 2654435761u);
        members[i].in = true;
    }
    removed = 0;
    table_clear(&table, note_removed);
    assert_int_equal(removed, 1000);
    assert_int_equal(table.count, 0);
    for (size_t i = 0; i < 1000; i++)
        assert_false(members[i].in);
    table_add(&table, &members[3].link, 3);
    assert_ptr_equal(find(3, 3), &members[3]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(zeroed_table_is_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(members_are_found, setup, teardown),
        cmocka_unit_test_setup_teardown(newest_member_is_found_first, setup, teardown),
        cmocka_unit_test_setup_teardown(cleared_table, setup, teardown),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
