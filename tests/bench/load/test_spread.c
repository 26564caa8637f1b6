/* Which address the next connection tries, which ones are dropped, and the counts of each. */
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>

#include "bench/load/spread.h"

static struct spread *spread;
static struct dialer dialer;
static struct tally *tally;

static int setup(void **state)
{
    (void)state;
    spread = spread_new(&dialer, 0);
    tally = tally_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    spread_free(spread);
    tally_free(tally);
    return 0;
}

/* "1.0.0.1", "::1": port 80. */
static struct address at(const char *text)
{
    struct address address;

    assert_true(address_parse(&address, text, 80));
    return address;
}

/* Chooses from a set such as "1.0.0.1 ::1". Returns the chosen addresses in order. */
static const char *choose(const char *set, bool all)
{
    static char found[1024];
    struct address addresses[RESOLVER_MAX_ADDRESSES];
    char copy[1024], *rest = NULL;
    size_t count = 0, length = 0;

    snprintf(copy, sizeof(copy), "%s", set);
    for (char *one = strtok_r(copy, " ", &rest); one; one = strtok_r(NULL, " ", &rest))
        addresses[count++] = at(one);
    count = dialer.choice->choose(dialer.choice->owner, addresses, count, all);
    found[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        char text[ADDRESS_TEXT_BYTES];

        address_text(&addresses[i], text);
        assert_int_equal(address_port(&addresses[i]), 80);
        *strrchr(text, ':') = '\0';
        length +=
            (size_t)snprintf(found + length, sizeof(found) - length, "%s%.*s", i ? " " : "",
                             (int)strcspn(text + 1, "]") + (*text != '['), text + (*text == '['));
    }
    return found;
}

/* The first chosen address. */
static const char *first(const char *set)
{
    static char text[ADDRESS_TEXT_BYTES];
    const char *all = choose(set, true);

    snprintf(text, sizeof(text), "%.*s", (int)strcspn(all, " "), all);
    return text;
}

static bool win(const char *text)
{
    struct address address = at(text);

    return dialer.choice->won(dialer.choice->owner, &address);
}

static void fail_at(const char *text, int reason)
{
    struct address address = at(text);

    dialer.choice->attempt_failed(dialer.choice->owner, &address, reason);
}

static struct tally_address *open_at(const char *text)
{
    struct address address = at(text);

    return spread_opened(spread, &address);
}

#define THREE "1.0.0.1 1.0.0.2 1.0.0.3"

static void round_robin(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_string_equal(first(THREE), "1.0.0.1");
        assert_string_equal(first(THREE), "1.0.0.2");
        assert_string_equal(first(THREE), "1.0.0.3");
    }
    assert_int_equal(strlen(choose(THREE, true)), strlen(THREE)); /* the others follow */
    assert_string_equal(first("1.0.0.1"), "1.0.0.1");
}

/* Processes begin with different addresses. */
static void processes_begin_with_different_addresses(void **state)
{
    static const char *const firsts[] = {"1.0.0.1", "1.0.0.2", "1.0.0.3", "1.0.0.1"};

    (void)state;
    for (unsigned i = 0; i < LENGTH(firsts); i++) {
        spread_free(spread);
        spread = spread_new(&dialer, i);
        assert_string_equal(first(THREE), firsts[i]);
    }
}

static void order_of_the_others_varies(void **state)
{
    unsigned second = 0;

    (void)state;
    for (int i = 0; i < 300; i++)
        second += !strcmp(choose(THREE, true) + strlen("1.0.0.1 "), "1.0.0.2 1.0.0.3");
    assert_in_range(second, 20, 80); /* of 100 that begin with the first */
}

#define MIXED "::1 1.0.0.1 ::2 1.0.0.2"

/* Until an address wins the race, both families are tried; then only its family is. */
static void family_that_won(void **state)
{
    (void)state;
    assert_string_equal(choose(MIXED, true), MIXED);
    assert_string_equal(choose(MIXED, true), "::2 1.0.0.2 ::1 1.0.0.1");
    assert_true(win("1.0.0.2"));
    assert_false(win("::1")); /* began before the win */
    assert_true(win("1.0.0.1"));
    assert_string_equal(choose(MIXED, true), "1.0.0.1 1.0.0.2");
    assert_string_equal(choose("::1 ::2", false), ""); /* the IPv4 addresses are still to come */
    assert_string_equal(choose("1.0.0.1 1.0.0.2", true), "1.0.0.2 1.0.0.1");
    /* no address of that family: another race */
    assert_int_equal(strlen(choose("::1 ::2", true)), 7);
    assert_true(win("::2"));
    assert_false(win("1.0.0.1"));
}

static void refused_is_dropped(void **state)
{
    (void)state;
    assert_string_equal(first(THREE), "1.0.0.1");
    fail_at("1.0.0.1", ECONNREFUSED);
    open_at("1.0.0.2");
    for (int i = 0; i < 6; i++) {
        const char *chosen = choose(THREE, true);

        assert_int_equal(strncmp(chosen, i % 2 ? "1.0.0.3 " : "1.0.0.2 ", 8), 0);
        assert_string_equal(strrchr(chosen, ' '), " 1.0.0.1");
    }
    fail_at("1.0.0.2", ETIMEDOUT);
    fail_at("1.0.0.3", EHOSTUNREACH); /* the last one stays */
    assert_string_equal(first(THREE), "1.0.0.3");
    spread_report(spread, tally);
    assert_int_equal(tally->address_count, 3);
    assert_int_equal(tally->addresses[0].dropped, ERROR_CONNECT_REFUSED);
    assert_int_equal(tally->addresses[1].dropped, ERROR_CONNECT_TIMEOUT);
    assert_int_equal(tally->addresses[2].dropped, ERROR_NONE);
    assert_int_equal(tally->addresses[2].refused, 1);
    open_at("1.0.0.1"); /* it was tried when all others had failed */
    tally_clear(tally);
    spread_report(spread, tally);
    assert_int_equal(tally->addresses[0].dropped, ERROR_NONE);
    assert_int_equal(tally->addresses[1].dropped, ERROR_CONNECT_TIMEOUT);
}

/* Local errors do not count against an address. */
static void local_errors_are_no_refusals(void **state)
{
    static const int reasons[] = {EMFILE, ENFILE, EADDRNOTAVAIL, ENOBUFS, ENOMEM, EACCES};

    (void)state;
    choose(THREE, true);
    for (size_t i = 0; i < LENGTH(reasons); i++)
        fail_at("1.0.0.1", reasons[i]);
    spread_report(spread, tally);
    assert_int_equal(tally->addresses[0].dropped, ERROR_NONE);
    assert_int_equal(tally->addresses[0].refused, 0);
}

static void set_that_changes(void **state)
{
    (void)state;
    assert_string_equal(first("1.0.0.1 1.0.0.2"), "1.0.0.1");
    assert_string_equal(first("1.0.0.2 1.0.0.3"), "1.0.0.3"); /* was never used */
    assert_string_equal(first("1.0.0.2 1.0.0.3"), "1.0.0.2");
    assert_string_equal(first("1.0.0.2 1.0.0.3"), "1.0.0.3");
    spread_report(spread, tally);
    assert_int_equal(tally->address_count, 3);
}

static void counts_restart(void **state)
{
    struct tally_address *entry;
    struct address none = {0};

    (void)state;
    assert_null(spread_opened(spread, &none)); /* a Unix socket */
    choose(THREE, true);
    entry = open_at("1.0.0.2");
    assert_ptr_equal(open_at("1.0.0.2"), entry);
    entry->completed += 5;
    entry->time += 7;
    spread_report(spread, tally);
    assert_int_equal(tally->addresses[1].connections, 2);
    assert_int_equal(tally->addresses[1].completed, 5);
    assert_int_equal(tally->addresses[1].time, 7);
    tally_clear(tally);
    entry->failed++;
    spread_report(spread, tally);
    assert_int_equal(tally->addresses[1].connections, 0);
    assert_int_equal(tally->addresses[1].completed, 0);
    assert_int_equal(tally->addresses[1].failed, 1);
}

/* Addresses beyond the table's size are used too; the last entry counts all of them. */
static void many_addresses(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * TALLY_ADDRESSES; i++) {
        char text[32];

        snprintf(text, sizeof(text), "1.0.1.%d", i);
        assert_string_equal(first(text), text);
        open_at(text);
    }
    spread_report(spread, tally);
    assert_int_equal(tally->address_count, TALLY_ADDRESSES);
    assert_int_equal(tally->addresses[0].connections, 1);
    assert_int_equal(tally->addresses[TALLY_ADDRESSES - 1].address.length, 0);
    assert_int_equal(tally->addresses[TALLY_ADDRESSES - 1].connections, TALLY_ADDRESSES + 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(round_robin),
        CASE(processes_begin_with_different_addresses),
        CASE(order_of_the_others_varies),
        CASE(family_that_won),
        CASE(refused_is_dropped),
        CASE(local_errors_are_no_refusals),
        CASE(set_that_changes),
        CASE(counts_restart),
        CASE(many_addresses),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("spread", tests, NULL, NULL);
}
