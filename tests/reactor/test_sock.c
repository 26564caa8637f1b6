/* Addresses as text, and the readiness that a sock remembers from the loop's events. */
#include "tests/support/unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "reactor/sock.h"
#include "tests/support/calls.h"

/* Addresses. */

static void addresses_as_text(void **state)
{
    static const struct {
        const char *text;
        uint16_t port;
        const char *written; /* NULL: not an address */
    } cases[] = {
        {"127.0.0.1", 80, "127.0.0.1:80"},
        {"0.0.0.0", 0, "0.0.0.0:0"},
        {"255.255.255.255", 65535, "255.255.255.255:65535"},
        {"::", 1, "[::]:1"},
        {"::1", 443, "[::1]:443"},
        {"2001:DB8:0:0:0:0:0:1", 8080, "[2001:db8::1]:8080"},
        {"::ffff:1.2.3.4", 5, "[::ffff:1.2.3.4]:5"},
        {"1111:2222:3333:4444:5555:6666:7777:8888", 65535,
         "[1111:2222:3333:4444:5555:6666:7777:8888]:65535"},
        {"", 80, NULL},
        {"localhost", 80, NULL},
        {"[::1]", 80, NULL},
        {"127.0.0.1:80", 80, NULL},
        {"127.0.0.1 ", 80, NULL},
        {" 127.0.0.1", 80, NULL},
        {"127.1", 80, NULL},
        {"0x7f.0.0.1", 80, NULL},
        {"256.0.0.1", 80, NULL},
        {"fe80::1%lo", 80, NULL},
        {":::", 80, NULL},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct address address;
        char text[ADDRESS_TEXT_BYTES];
        bool parsed = address_parse(&address, cases[i].text, cases[i].port);

        if (parsed != (cases[i].written != NULL))
            fail_msg("\"%s\": %d", cases[i].text, parsed);
        if (!parsed)
            continue;
        assert_string_equal(address_text(&address, text), cases[i].written);
        assert_int_equal(address_port(&address), cases[i].port);
        address_set_port(&address, 7);
        assert_int_equal(address_port(&address), 7);
    }
}

static void missing_address_is_an_empty_text(void **state)
{
    struct address none = {0};
    char text[ADDRESS_TEXT_BYTES] = "x";

    (void)state;
    assert_string_equal(address_text(&none, text), "");
}

/* Socks. */

struct end {
    struct sock *sock;
    uint32_t events; /* all events so far */
    int wakes;
};

static struct loop *loop;
static struct end end; /* of the program */
static int peer;       /* the other end of its connection, or -1 */

static void on_ready(void *owner, uint32_t events)
{
    struct end *one = owner;

    sock_note_events(one->sock, events);
    one->events |= events;
    one->wakes++;
}

static int setup_loop(void **state)
{
    (void)state;
    loop = loop_new();
    end = (struct end){0};
    peer = -1;
    return 0;
}

static int setup_pair(void **state)
{
    int pair[2], error;

    setup_loop(state);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
        return -1;
    peer = pair[1];
    end.sock = sock_adopt(loop, pair[0], on_ready, &end, "test", &error);
    return end.sock ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    sock_close(end.sock, loop);
    if (peer >= 0)
        close(peer);
    loop_free(loop);
    return 0;
}

static void put(const char *text)
{
    assert_int_equal(write(peer, text, strlen(text)), strlen(text));
}

static void expect_read(size_t size, const char *text)
{
    char buffer[64];
    struct io io = sock_recv(end.sock, buffer, size);

    assert_int_equal(io.status, IO_OK);
    assert_int_equal(io.count, strlen(text));
    assert_memory_equal(buffer, text, io.count);
}

static void expect_status(enum io_status status)
{
    char buffer[64];

    assert_int_equal(sock_recv(end.sock, buffer, sizeof(buffer)).status, status);
}

static void short_receive_has_emptied_the_socket(void **state)
{
    (void)state;
    expect_status(IO_WANT_READ); /* no event yet, so no receive */
    put("abc");
    TURN_UNTIL(loop, end.events & EPOLLIN);
    calls_reset();
    expect_read(10, "abc");
    put("def"); /* without an event */
    expect_status(IO_WANT_READ);
    assert_int_equal(calls.recv, 1);
    end.events = 0;
    TURN_UNTIL(loop, end.events & EPOLLIN);
    expect_read(10, "def");
    assert_int_equal(calls.recv, 2);
}

static void full_receive_is_followed_by_another(void **state)
{
    (void)state;
    put("abcdef");
    TURN_UNTIL(loop, end.events & EPOLLIN);
    expect_read(3, "abc");
    expect_read(3, "def");
    calls_reset();
    expect_status(IO_WANT_READ); /* receives, and the buffer is empty */
    expect_status(IO_WANT_READ); /* does not receive again */
    assert_int_equal(calls.recv, 1);
}

static void data_and_end_in_one_event(void **state)
{
    (void)state;
    loop_turn(loop, 0); /* the event for EPOLLOUT */
    end.wakes = 0;
    put("abc");
    shutdown(peer, SHUT_WR);
    TURN_UNTIL(loop, end.wakes);
    assert_true(end.events & EPOLLRDHUP);
    expect_read(10, "abc"); /* fewer bytes than the buffer, but no other event follows */
    expect_status(IO_EOF);
    unit_settle(loop);
    assert_int_equal(end.wakes, 1);
}

static void full_send_waits_for_room(void **state)
{
    static char bytes[1 << 20];
    struct io io;
    char sink[1 << 16];

    (void)state;
    assert_int_equal(sock_send(end.sock, bytes, 1).status, IO_WANT_WRITE); /* no event yet */
    TURN_UNTIL(loop, end.events & EPOLLOUT);
    while ((io = sock_send(end.sock, bytes, sizeof(bytes))).status == IO_OK)
        assert_true(io.count > 0 && io.count <= sizeof(bytes));
    assert_int_equal(io.status, IO_WANT_WRITE);
    calls_reset();
    assert_int_equal(sock_send(end.sock, bytes, 1).status, IO_WANT_WRITE);
    assert_int_equal(calls.send, 0);
    end.events = 0;
    while (read(peer, sink, sizeof(sink)) > 0)
        ;
    TURN_UNTIL(loop, end.events & EPOLLOUT);
    assert_int_equal(sock_send(end.sock, bytes, 1).status, IO_OK);
}

/* The error is EPIPE, without SIGPIPE. */
static void send_to_a_closed_peer_is_an_error(void **state)
{
    struct io io;

    (void)state;
    close(peer);
    peer = -1;
    TURN_UNTIL(loop, end.events & EPOLLHUP);
    io = sock_send(end.sock, "x", 1);
    assert_int_equal(io.status, IO_ERROR);
    assert_int_equal(io.error, EPIPE);
}

static void reset_is_an_error(void **state)
{
    char buffer[8];
    struct io io;

    (void)state;
    TURN_UNTIL(loop, end.events & EPOLLOUT);
    assert_int_equal(sock_send(end.sock, "x", 1).status, IO_OK);
    close(peer); /* with a byte unread */
    peer = -1;
    TURN_UNTIL(loop, end.events & EPOLLHUP);
    io = sock_recv(end.sock, buffer, sizeof(buffer));
    assert_int_equal(io.status, IO_ERROR);
    assert_int_equal(io.error, ECONNRESET);
}

/* Connecting on loopback. */

static int listen_on(const char *text, struct address *at)
{
    int fd;

    assert_true(address_parse(at, text, 0));
    fd = sock_listen(at, SOCK_BACKLOG);
    assert_true(fd >= 0);
    assert_true(address_port(at) > 0);
    return fd;
}

static void connect_succeeds(void **state)
{
    struct address at;
    int listener = listen_on("127.0.0.1", &at), error;

    (void)state;
    assert_int_equal(sock_accept(listener), -EAGAIN);
    end.sock = sock_connect(loop, &at, NULL, on_ready, &end, "test", &error);
    assert_non_null(end.sock);
    TURN_UNTIL(loop, end.wakes);
    assert_true(end.sock->writable);
    assert_false(end.sock->ended);
    assert_int_equal(sock_connect_result(end.sock), 0);
    sock_no_delay(end.sock);
    peer = sock_accept(listener);
    assert_true(peer >= 0);
    assert_int_equal(sock_accept(listener), -EAGAIN);
    end.events = 0;
    put("hello");
    TURN_UNTIL(loop, end.events & EPOLLIN);
    expect_read(10, "hello");
    close(listener);
}

/* If the server accepts and shuts down immediately, the connect succeeds and the end is read. */
static void connected_and_ended_immediately(void **state)
{
    struct address at;
    int listener = listen_on("127.0.0.1", &at), error;

    (void)state;
    end.sock = sock_connect(loop, &at, NULL, on_ready, &end, "test", &error);
    assert_non_null(end.sock);
    peer = sock_accept(listener);
    shutdown(peer, SHUT_WR);
    TURN_UNTIL(loop, end.sock->ended);
    assert_int_equal(sock_connect_result(end.sock), 0);
    expect_status(IO_EOF);
    close(listener);
}

static void connect_is_refused(void **state)
{
    struct address at;
    int error;

    (void)state;
    close(listen_on("127.0.0.1", &at));
    end.sock = sock_connect(loop, &at, NULL, on_ready, &end, "test", &error);
    assert_non_null(end.sock);
    TURN_UNTIL(loop, end.wakes);
    assert_true(end.sock->ended);
    assert_int_equal(sock_connect_result(end.sock), ECONNREFUSED);
}

static bool check_no_descriptors(void)
{
    struct rlimit none = {0, 0};
    struct address at;
    int error = 0;

    address_parse(&at, "127.0.0.1", 9);
    CHILD_CHECK(!setrlimit(RLIMIT_NOFILE, &none));
    CHILD_CHECK(!sock_connect(loop, &at, NULL, on_ready, &end, "test", &error));
    CHILD_CHECK(error == EMFILE);
    error = 0;
    CHILD_CHECK(!sock_connect_blocking(&at, clock_now() + NSEC_PER_S, &error));
    CHILD_CHECK(error == EMFILE);
    CHILD_CHECK(sock_listen(&at, SOCK_BACKLOG) == -EMFILE);
    return true;
}

static void connect_without_descriptors(void **state)
{
    (void)state;
    unit_in_child(check_no_descriptors);
}

/* A connect that fails immediately leaves no descriptor open. */
static void connect_fails_immediately(void **state)
{
    struct address at;
    int error = 0, next = dup(0);

    (void)state;
    close(next);
    address_parse(&at, "255.255.255.255", 9); /* connecting to a broadcast address fails */
    assert_null(sock_connect(loop, &at, NULL, on_ready, &end, "test", &error));
    assert_int_not_equal(error, 0);
    assert_null(sock_connect_blocking(&at, clock_now() + NSEC_PER_S, &error));
    assert_int_not_equal(error, 0);
    assert_int_equal(dup(0), next);
    close(next);
}

static void udp_and_ports_in_use(void **state)
{
    struct address at, same;
    int one, two;

    (void)state;
    address_parse(&at, "127.0.0.1", 0);
    one = sock_bind_udp(&at);
    assert_true(one >= 0);
    assert_true(address_port(&at) > 0);
    same = at;
    assert_int_equal(sock_bind_udp(&same), -EADDRINUSE);
    two = sock_listen(&same, SOCK_BACKLOG); /* the same port, but UDP */
    assert_true(two >= 0 || two == -EADDRINUSE);
    if (two >= 0)
        assert_int_equal(sock_listen(&same, SOCK_BACKLOG), -EADDRINUSE);
    close(one);
    if (two >= 0)
        close(two);
}

/* Kernel timestamps. */

/* Connects `end` to `peer` over TCP. */
static void connect_tcp(void)
{
    struct address at;
    int listener = listen_on("127.0.0.1", &at), error;

    end.sock = sock_connect(loop, &at, NULL, on_ready, &end, "test", &error);
    assert_non_null(end.sock);
    TURN_UNTIL(loop, end.wakes);
    peer = sock_accept(listener);
    assert_true(peer >= 0);
    close(listener);
}

static void receive_one(void)
{
    end.events = 0;
    put("abc");
    TURN_UNTIL(loop, end.events & EPOLLIN);
    expect_read(10, "abc");
}

/* The kernel enables timestamps some time after the request. */
static void timestamp_is_received_with_the_bytes(void **state)
{
    nsec before = 0;
    int receives = 0;

    (void)state;
    connect_tcp();
    receive_one();
    assert_false(end.sock->timestamps);
    sock_enable_timestamps(end.sock);
    assert_true(end.sock->timestamps);
    assert_true(end.sock->kernel_age_ns == NSEC_NEVER);
    calls_reset();
    /* until the first timestamp, or the time limit */
    for (; end.sock->kernel_age_ns == NSEC_NEVER; receives++) {
        before = clock_wall_ns();
        receive_one();
    }
    assert_true(end.sock->kernel_age_ns <= clock_wall_ns() - before);
    assert_int_equal(calls.recvmsg, receives); /* one call for each receive */
    assert_int_equal(calls.recv, 0);
    expect_status(IO_WANT_READ); /* the socket is empty: no call */
    assert_int_equal(calls.recvmsg, receives);
    close(peer);
    peer = -1;
    TURN_UNTIL(loop, end.sock->ended);
    expect_status(IO_EOF);
    assert_true(end.sock->kernel_age_ns ==
                NSEC_NEVER); /* the end of the connection has no timestamp */
}

static void without_timestamps_recv_is_called(void **state)
{
    (void)state;
    connect_tcp();
    calls_reset();
    receive_one();
    assert_int_equal(calls.recv, 1);
    assert_int_equal(calls.recvmsg, 0);
}

/* Unix sockets have no timestamps. */
static void unix_socket_has_no_timestamp(void **state)
{
    (void)state;
    sock_enable_timestamps(end.sock);
    receive_one();
    assert_true(end.sock->kernel_age_ns == NSEC_NEVER);
}

/* Blocking calls. */

static void blocking_send_and_receive(void **state)
{
    struct address at;
    int listener = listen_on("127.0.0.1", &at), error;
    nsec deadline;
    char buffer[8];

    (void)state;
    deadline = clock_now() + 50 * NSEC_PER_MS;
    end.sock = sock_connect_blocking(&at, deadline, &error);
    assert_non_null(end.sock);
    peer = sock_accept(listener);
    assert_int_equal(sock_send(end.sock, "x", 1).count, 1);
    assert_int_equal(read(peer, buffer, sizeof(buffer)), 1);
    put("abc");
    expect_read(8, "abc");
    put("d"); /* without a loop there is no event: it receives anyway */
    expect_read(8, "d");
    expect_status(IO_WANT_READ); /* until the deadline */
    assert_true(clock_now() >= deadline);
    calls_reset();
    expect_status(IO_WANT_READ);
    assert_int_equal(sock_send(end.sock, "x", 1).status, IO_WANT_WRITE);
    assert_int_equal(calls.recv + calls.send, 0);
    sock_close(end.sock, NULL);
    end.sock = NULL;
    close(listener);
}

static void blocking_send_stops_at_the_deadline(void **state)
{
    static char bytes[1 << 20];
    struct address at;
    int listener = listen_on("127.0.0.1", &at), error;
    nsec deadline = clock_now() + 50 * NSEC_PER_MS;
    struct io io;

    (void)state;
    end.sock = sock_connect_blocking(&at, deadline, &error);
    assert_non_null(end.sock);
    while ((io = sock_send(end.sock, bytes, sizeof(bytes))).status == IO_OK)
        ;
    assert_int_equal(io.status, IO_WANT_WRITE);
    assert_true(clock_now() >= deadline);
    sock_close(end.sock, NULL);
    end.sock = NULL;
    close(listener);
}

static void blocking_connect_is_refused(void **state)
{
    struct address at;
    int error = 0;

    (void)state;
    close(listen_on("127.0.0.1", &at));
    assert_null(sock_connect_blocking(&at, NSEC_NEVER, &error));
    assert_int_equal(error, ECONNREFUSED);
    assert_null(sock_connect_blocking(&at, clock_now(), &error));
    assert_int_equal(error, ETIMEDOUT);
}

/* A listener whose backlog is full drops connection requests. */
static void blocking_connect_stops_at_the_deadline(void **state)
{
    struct address at;
    int listener = listen_on("127.0.0.1", &at), error = 0, queued[4];
    nsec deadline;

    (void)state;
    assert_int_equal(listen(listener, 0), 0); /* shortens the backlog */
    for (size_t i = 0; i < LENGTH(queued); i++) {
        queued[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(queued[i], &at.any, at.length);
    }
    deadline = clock_now() + 50 * NSEC_PER_MS;
    assert_null(sock_connect_blocking(&at, deadline, &error));
    assert_int_equal(error, ETIMEDOUT);
    assert_true(clock_now() >= deadline);
    for (size_t i = 0; i < LENGTH(queued); i++)
        close(queued[i]);
    close(listener);
}

static void on_signal(int signal)
{
    (void)signal;
}

/* Sends SIGUSR1 every 5 ms, because the first may arrive before the call to interrupt. */
static timer_t signal_often(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec often = {.it_value.tv_nsec = 5000000, .it_interval.tv_nsec = 5000000};
    struct sigaction action = {.sa_handler = on_signal};
    timer_t timer;

    sigaction(SIGUSR1, &action, NULL);
    assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    timer_settime(timer, 0, &often, NULL);
    return timer;
}

static void signal_ends_a_blocking_call(void **state)
{
    struct address at;
    int listener = listen_on("127.0.0.1", &at), error;
    char buffer[8];
    timer_t timer;
    struct io io;

    (void)state;
    end.sock = sock_connect_blocking(&at, NSEC_NEVER, &error);
    assert_non_null(end.sock);
    timer = signal_often();
    io = sock_recv(end.sock, buffer, sizeof(buffer));
    timer_delete(timer);
    assert_int_equal(io.status, IO_ERROR);
    assert_int_equal(io.error, EINTR);
    sock_close(end.sock, NULL);
    end.sock = NULL;
    close(listener);
}

static void close_without_a_sock(void **state)
{
    (void)state;
    sock_close(NULL, loop);
    sock_close(NULL, NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup_loop, teardown)
#define PAIR(name) cmocka_unit_test_setup_teardown(name, setup_pair, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_as_text),
        cmocka_unit_test(missing_address_is_an_empty_text),
        PAIR(short_receive_has_emptied_the_socket),
        PAIR(full_receive_is_followed_by_another),
        PAIR(data_and_end_in_one_event),
        PAIR(full_send_waits_for_room),
        PAIR(send_to_a_closed_peer_is_an_error),
        PAIR(reset_is_an_error),
        CASE(connect_succeeds),
        CASE(connected_and_ended_immediately),
        CASE(connect_is_refused),
        CASE(connect_without_descriptors),
        CASE(connect_fails_immediately),
        CASE(udp_and_ports_in_use),
        CASE(timestamp_is_received_with_the_bytes),
        CASE(without_timestamps_recv_is_called),
        PAIR(unix_socket_has_no_timestamp),
        CASE(blocking_send_and_receive),
        CASE(blocking_send_stops_at_the_deadline),
        CASE(blocking_connect_is_refused),
        CASE(blocking_connect_stops_at_the_deadline),
        CASE(signal_ends_a_blocking_call),
        CASE(close_without_a_sock),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("sock", tests, NULL, NULL);
}
