/* The address race, over real sockets on loopback and with a fake clock. */
#include "tests/support/unit.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/dial/eyeballs.h"
#include "tests/support/fake_clock.h"

static struct loop *loop;
static struct fake_clock now;
static struct eyeballs *eyeballs;
static struct address last; /* from eyeballs_state */

static struct address live, silent, dead, unreachable;
static int listener, full, filling;

static int inside;         /* a call is under way, so that callbacks are forbidden */
static int settled, tried; /* numbers of callbacks */
static int failures[8];    /* the errors that were reported */
static size_t failed;
static struct address tries[64];
static void (*on_each_try)(void); /* NULL: not called */

static char states[256]; /* reported states, each followed by a space */

static void on_line(void *owner, uint64_t number, enum probe_line_kind kind, const char *text,
                    size_t length)
{
    static const char trying[] = "trying ";
    const char *colon = strrchr(text, ':');
    char host[ADDRESS_TEXT_BYTES];

    assert_ptr_equal(owner, &now);
    assert_int_equal(number, 7);
    assert_int_equal(kind, PROBE_NOTE);
    assert_int_equal(length, strlen(text));
    assert_memory_equal(text, trying, strlen(trying));
    assert_non_null(colon);
    text += strlen(trying);
    snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
    assert_true(
        address_parse(&tries[tried++ % (int)LENGTH(tries)], host, (uint16_t)atoi(colon + 1)));
    if (on_each_try)
        on_each_try();
}

static void on_state(void *owner, const char *machine, uint64_t number, const char *from,
                     const char *to, nsec at)
{
    size_t used = strlen(states);

    (void)from;
    (void)at;
    assert_ptr_equal(owner, &now);
    assert_string_equal(machine, "address race");
    assert_int_equal(number, 7);
    snprintf(states + used, sizeof(states) - used, "%s ", to);
}

static const struct probe probe = {.owner = &now, .line = on_line, .state = on_state};

static void on_failed(void *owner, const struct address *address, int error)
{
    assert_ptr_equal(owner, &now);
    assert_true(address->length && failed < LENGTH(failures));
    failures[failed++] = error;
}

static void on_settled(void *owner)
{
    assert_ptr_equal(owner, &now);
    assert_int_equal(inside, 0);
    settled++;
}

static struct eyeballs_options options;

static enum eyeballs_state state_now(void)
{
    return eyeballs_state(eyeballs, &last);
}

/* Opens a listener with a full backlog: connections to it stay pending. */
static void open_full(void)
{
    assert_true(address_parse(&silent, "127.0.0.1", 0));
    full = sock_listen(&silent, 0);
    assert_true(full >= 0);
    filling = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(filling, &silent.any, silent.length), 0);
}

/* A port without a listener. */
static void find_dead(void)
{
    int fd;

    assert_true(address_parse(&dead, "127.0.0.1", 0));
    fd = sock_listen(&dead, 1);
    assert_true(fd >= 0);
    close(fd);
}

static int setup(void **state)
{
    (void)state;
    loop = loop_new();
    fake_clock_set(&now, loop, 0);
    assert_true(address_parse(&live, "127.0.0.1", 0));
    listener = sock_listen(&live, SOCK_BACKLOG);
    open_full();
    find_dead();
    /* connecting to it fails immediately */
    assert_true(address_parse(&unreachable, "255.255.255.255", 80));
    options =
        (struct eyeballs_options){.loop = loop, .number = 7, .settled = on_settled, .owner = &now};
    loop_set_probe(loop, &probe);
    settled = tried = 0;
    on_each_try = NULL;
    eyeballs = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    eyeballs_free(eyeballs);
    unit_settle(loop);
    close(filling);
    close(full);
    close(listener);
    loop_free(loop);
    return 0;
}

static void add(size_t count, const struct address *const *addresses)
{
    struct address all[64];

    assert_true(count <= LENGTH(all));
    for (size_t i = 0; i < count; i++)
        all[i] = *addresses[i];
    inside++;
    eyeballs_add(eyeballs, all, count);
    inside--;
}

#define ADD(...)                                                                                   \
    add(sizeof((const struct address *const[]){__VA_ARGS__}) / sizeof(void *),                     \
        (const struct address *const[]){__VA_ARGS__})

static void begin(void)
{
    inside++;
    eyeballs_free(eyeballs);
    eyeballs = eyeballs_new(&options);
    inside--;
    settled = tried = 0;
    *states = '\0';
    assert_int_equal(state_now(), EYEBALLS_IDLE);
}

static void expect_tried(int count, const struct address *latest)
{
    assert_int_equal(tried, count);
    assert_int_equal(address_port(&tries[count - 1]), address_port(latest));
}

static void advance_clock(nsec time)
{
    now.now += time;
    unit_settle(loop);
}

static int open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

/* The caller of eyeballs_take owns the socket, which can be used. */
static void take_and_close(void)
{
    struct sock *sock;

    assert_int_equal(state_now(), EYEBALLS_WON);
    assert_int_equal(address_port(&last), address_port(&live));
    sock = eyeballs_take(eyeballs);
    assert_int_equal(sock_send(sock, "x", 1).count, 1);
    eyeballs_free(eyeballs); /* does not close it */
    eyeballs = NULL;
    assert_int_equal(sock_send(sock, "y", 1).count, 1);
    sock_close(sock, loop);
}

static void first_address_wins(void **state)
{
    (void)state;
    begin();
    ADD(&live, &silent, &silent);
    TURN_UNTIL(loop, state_now() == EYEBALLS_WON);
    assert_int_equal(settled, 1);
    assert_string_equal(states, "trying won ");
    advance_clock(10 * EYEBALLS_STAGGER);
    expect_tried(1, &live);
    assert_int_equal(settled, 1);
    take_and_close();
}

/* RFC 8305, section 5: the Connection Attempt Delay. */
static void next_address_after_250_ms(void **state)
{
    (void)state;
    begin();
    ADD(&silent, &silent, &silent, &live);
    for (int i = 1; i <= 3; i++) {
        expect_tried(i, &silent);
        assert_int_equal(state_now(), EYEBALLS_TRYING);
        assert_int_equal(address_port(&last), address_port(&silent));
        advance_clock(EYEBALLS_STAGGER - 1);
        assert_int_equal(tried, i);
        advance_clock(1);
    }
    expect_tried(4, &live);
    TURN_UNTIL(loop, state_now() == EYEBALLS_WON);
    take_and_close();
}

static void next_address_after_a_failure(void **state)
{
    const struct address failing[] = {dead, unreachable};

    (void)state;
    for (size_t i = 0; i < LENGTH(failing); i++) {
        begin();
        ADD(&failing[i], &failing[i], &live);
        TURN_UNTIL(loop, state_now() == EYEBALLS_WON); /* the clock does not advance */
        expect_tried(3, &live);
        take_and_close();
    }
}

/* After a failure the next attempt has 250 ms of its own. */
static void delay_starts_again_after_a_failure(void **state)
{
    (void)state;
    begin();
    ADD(&silent, &dead, &silent, &live);
    advance_clock(EYEBALLS_STAGGER / 2);
    expect_tried(1, &silent);
    advance_clock(EYEBALLS_STAGGER / 2);
    expect_tried(3, &silent);
    advance_clock(EYEBALLS_STAGGER - 1);
    assert_int_equal(tried, 3);
    advance_clock(1);
    expect_tried(4, &live);
}

static void losers_are_closed(void **state)
{
    int before;

    (void)state;
    begin();
    before = open_descriptors();
    ADD(&silent, &silent, &live);
    advance_clock(EYEBALLS_STAGGER);
    assert_int_equal(open_descriptors(), before + 2);
    advance_clock(EYEBALLS_STAGGER);
    TURN_UNTIL(loop, state_now() == EYEBALLS_WON);
    assert_int_equal(open_descriptors(), before + 1);
    take_and_close();
    assert_int_equal(open_descriptors(), before);
}

/* eyeballs_free closes a connection that was not taken. */
static void freed_in_every_state(void **state)
{
    const struct address firsts[] = {silent, dead, live};
    int before = open_descriptors();

    (void)state;
    eyeballs_free(NULL);
    for (size_t i = 0; i < LENGTH(firsts); i++) {
        for (int turns = 0; turns < 2; turns++) {
            begin();
            ADD(&firsts[i], &silent);
            if (turns)
                unit_settle(loop);
            settled = 0;
            eyeballs_free(eyeballs);
            eyeballs = NULL;
            advance_clock(2 * EYEBALLS_STAGGER);
            assert_int_equal(settled, 0);
            assert_int_equal(open_descriptors(), before);
        }
    }
}

/* The addresses of the other family are added during an attempt of the first family. */
static void late_addresses_are_tried_last(void **state)
{
    (void)state;
    begin();
    ADD(&silent, &silent);
    advance_clock(EYEBALLS_STAGGER / 2);
    ADD(&live);
    expect_tried(1, &silent);
    advance_clock(EYEBALLS_STAGGER / 2);
    expect_tried(2, &silent);
    advance_clock(EYEBALLS_STAGGER);
    expect_tried(3, &live);
    TURN_UNTIL(loop, state_now() == EYEBALLS_WON);
    take_and_close();
}

/* The delay counts from the previous attempt, not from the addition. */
static void late_addresses_do_not_wait_longer(void **state)
{
    (void)state;
    begin();
    ADD(&silent);
    advance_clock(EYEBALLS_STAGGER - 1);
    ADD(&silent);
    expect_tried(1, &silent);
    advance_clock(1);
    expect_tried(2, &silent);
    advance_clock(10 * EYEBALLS_STAGGER);
    ADD(&live);
    TURN_UNTIL(loop, state_now() == EYEBALLS_WON);
    expect_tried(3, &live);
    take_and_close();
}

static void late_addresses_of_a_lost_race(void **state)
{
    (void)state;
    begin();
    ADD(&dead);
    TURN_UNTIL(loop, state_now() == EYEBALLS_LOST);
    ADD(&live);
    expect_tried(2, &live);
    TURN_UNTIL(loop, state_now() == EYEBALLS_WON);
    ADD(&silent);
    advance_clock(EYEBALLS_STAGGER);
    assert_int_equal(tried, 2);
    take_and_close();
}

/* Refused addresses, and attempts that are given up after their delay, are reported once each. An
   attempt with less than the delay is not reported. */
static void failures_are_reported(void **state)
{
    (void)state;
    options.failed = on_failed;
    failed = 0;
    begin();
    ADD(&dead, &unreachable, &silent, &silent, &live);
    unit_settle(loop);
    advance_clock(EYEBALLS_STAGGER);
    assert_int_equal(failed, 2);
    advance_clock(EYEBALLS_STAGGER);
    TURN_UNTIL(loop, state_now() == EYEBALLS_WON);
    assert_int_equal(failed, 4);
    assert_int_equal(failures[0], ECONNREFUSED);
    assert_int_equal(failures[2], ETIMEDOUT);
    assert_int_equal(failures[3], ETIMEDOUT);
    take_and_close();
    failed = 0;
    begin();
    ADD(&silent, &live);
    advance_clock(EYEBALLS_STAGGER - 1);
    assert_int_equal(failed, 0);
    eyeballs_free(eyeballs);
    eyeballs = NULL;
    assert_int_equal(failed, 0);
    begin();
    ADD(&live, &silent);
    /* starts the second attempt before the loop has seen the first connection */
    advance_clock(EYEBALLS_STAGGER);
    TURN_UNTIL(loop, state_now() == EYEBALLS_WON);
    expect_tried(2, &silent);
    assert_int_equal(failed, 0);
    take_and_close();
}

static void all_fail(void **state)
{
    (void)state;
    begin();
    ADD(&unreachable, &dead, &dead);
    TURN_UNTIL(loop, state_now() == EYEBALLS_LOST);
    expect_tried(3, &dead);
    assert_int_equal(eyeballs_error(eyeballs), ECONNREFUSED);
    assert_int_equal(address_port(&last), address_port(&dead));
    begin();
    ADD(&unreachable); /* fails immediately, without a callback */
    assert_int_equal(state_now(), EYEBALLS_LOST);
    assert_int_equal(settled, 0);
    assert_true(eyeballs_error(eyeballs) == ENETUNREACH || eyeballs_error(eyeballs) == EACCES);
    assert_int_equal(address_port(&last), 80);
}

static void number_of_addresses_is_limited(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 3; i++)
        ADD(&unreachable, &unreachable, &unreachable, &unreachable, &unreachable, &unreachable,
            &unreachable);
    assert_int_equal(tried, RESOLVER_MAX_ADDRESSES);
    assert_int_equal(state_now(), EYEBALLS_LOST);
}

/* An event of the winning connection before it is taken has no effect. */
static void winner_waits_to_be_taken(void **state)
{
    int fd;

    (void)state;
    begin();
    ADD(&live, &silent);
    TURN_UNTIL(loop, state_now() == EYEBALLS_WON);
    fd = sock_accept(listener);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "hello", 5), 5);
    unit_settle(loop);
    close(fd);
    unit_settle(loop);
    assert_int_equal(settled, 1);
    expect_tried(1, &live);
    assert_int_equal(state_now(), EYEBALLS_WON);
    sock_close(eyeballs_take(eyeballs), loop);
}

/* Too few descriptors. */

/* Allows `more` new descriptors. */
static void allow_more_descriptors(rlim_t more)
{
    int next = dup(0);
    struct rlimit limit = {(rlim_t)next + more, (rlim_t)next + more};

    close_range((unsigned)next, ~0u, 0);
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int held_descriptor; /* held from the second attempt to the third */

static void hold_during_the_second(void)
{
    if (tried == 2)
        held_descriptor = dup(0);
    else if (tried == 3)
        close(held_descriptor);
}

static bool check_shortage(void)
{
    allow_more_descriptors(0);
    begin();
    ADD(&live, &live);
    CHILD_CHECK(state_now() == EYEBALLS_LOST && tried == 2);
    CHILD_CHECK(eyeballs_error(eyeballs) == EMFILE);
    return true;
}

/* A missing descriptor is reported before refused addresses, because the user can fix it. */
static bool check_shortage_is_reported(void)
{
    allow_more_descriptors(1);
    on_each_try = hold_during_the_second;
    begin();
    ADD(&dead, &live, &dead);
    for (int turns = 0; state_now() != EYEBALLS_LOST && turns < 1000; turns++)
        loop_turn(loop, 10 * NSEC_PER_MS);
    CHILD_CHECK(held_descriptor >= 0 && tried == 3);
    CHILD_CHECK(eyeballs_error(eyeballs) == EMFILE);
    return true;
}

static void shortage_is_reported_before_other_errors(void **state)
{
    (void)state;
    unit_in_child(check_shortage);
    unit_in_child(check_shortage_is_reported);
}

/* Source addresses and Unix sockets. */

static void source_address(void **state)
{
    struct sock_source from = {.device = ""};
    struct address peer = {.length = sizeof(peer.v4)};
    int fd;

    (void)state;
    assert_true(address_parse(&from.address, "127.0.0.9", 0));
    options.from = &from;
    begin();
    ADD(&live);
    TURN_UNTIL(loop, state_now() == EYEBALLS_WON);
    fd = sock_accept(listener);
    assert_int_equal(getpeername(fd, &peer.any, &peer.length), 0);
    assert_int_equal(ntohl(peer.v4.sin_addr.s_addr), 0x7f000009);
    take_and_close();
    close(fd);
}

static void unix_socket(void **state)
{
    static const struct address nowhere;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char path[64];
    int fd;

    (void)state;
    close(unit_file(path, sizeof(path)));
    unlink(path);
    options.unix_socket = path;
    begin();
    ADD(&nowhere);
    TURN_UNTIL(loop, state_now() == EYEBALLS_LOST);
    assert_int_equal(eyeballs_error(eyeballs), ENOENT);

    snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 5), 0);
    begin();
    ADD(&nowhere);
    TURN_UNTIL(loop, state_now() == EYEBALLS_WON);
    assert_int_equal(last.length, 0);
    assert_int_equal(tried, 0); /* a Unix socket is not reported as an address */
    sock_close(eyeballs_take(eyeballs), loop);
    close(fd);
    unlink(path);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(first_address_wins),
        CASE(next_address_after_250_ms),
        CASE(next_address_after_a_failure),
        CASE(delay_starts_again_after_a_failure),
        CASE(losers_are_closed),
        CASE(freed_in_every_state),
        CASE(late_addresses_are_tried_last),
        CASE(late_addresses_do_not_wait_longer),
        CASE(late_addresses_of_a_lost_race),
        CASE(failures_are_reported),
        CASE(all_fail),
        CASE(number_of_addresses_is_limited),
        CASE(winner_waits_to_be_taken),
        CASE(shortage_is_reported_before_other_errors),
        CASE(source_address),
        CASE(unix_socket),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("eyeballs", tests, NULL, NULL);
}
