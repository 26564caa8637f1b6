/* The plain transport passes all calls to the socket. */
#include "tests/support/unit.h"

#include <unistd.h>

#include "tls/transport.h"

static void on_ready(void *owner, uint32_t events)
{
    struct sock **sock = owner;

    sock_note_events(*sock, events);
}

static void bytes_are_not_changed(void **state)
{
    struct loop *loop = loop_new();
    struct tls_facts facts = {.version = "x", .cipher = "x", .alpn = "x", .resumed = true};
    struct transport *transport;
    struct sock *sock;
    int pair[2], error;
    char buffer[16];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    sock = sock_adopt(loop, pair[0], on_ready, &sock, "test", &error);
    transport = plain_open(sock);
    assert_int_equal(transport->calls->handshake(transport).status, IO_OK);
    transport->calls->facts(transport, &facts);
    assert_null(facts.version);
    assert_null(facts.cipher);
    assert_string_equal(facts.alpn, "");
    assert_false(facts.resumed);
    assert_null(facts.certificate);
    assert_int_equal(transport->calls->read(transport, buffer, 8).status, IO_WANT_READ);
    loop_turn(loop, 0);
    assert_int_equal(transport->calls->write(transport, "abc", 3).count, 3);
    assert_int_equal(read(pair[1], buffer, sizeof(buffer)), 3);
    assert_memory_equal(buffer, "abc", 3);
    assert_int_equal(write(pair[1], "\0\1", 2), 2);
    close(pair[1]);
    loop_turn(loop, 0);
    assert_int_equal(transport->calls->read(transport, buffer, sizeof(buffer)).count, 2);
    assert_int_equal(transport->calls->read(transport, buffer, sizeof(buffer)).status, IO_EOF);
    transport->calls->close(transport);
    sock_close(sock, loop);
    loop_free(loop);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(bytes_are_not_changed)};

    unit_time_limit();
    return cmocka_run_group_tests_name("plain", tests, NULL, NULL);
}
