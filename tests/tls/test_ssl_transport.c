/* Bytes over TLS: sent, received, ended, and the number of system calls. */
#include "tests/support/unit.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/support/calls.h"
#include "tests/support/cert.h"
#include "tests/support/tls_pair.h"
#include "tls/ssl_transport.h"

#define LARGE      (4u << 20)
#define READ_BYTES 65536

static struct tls_pair pair;
static struct tls_client *client;
static char buffer[READ_BYTES];

static int setup(void **state)
{
    (void)state;
    tls_pair_open(&pair);
    client = tls_pair_client(&pair);
    tls_pair_connect(&pair, client, "example.org", false);
    return tls_pair_handshake(&pair).status != IO_OK || pair.peer.last.status != IO_OK;
}

static int teardown(void **state)
{
    (void)state;
    tls_pair_disconnect(&pair);
    tls_client_free(client);
    tls_pair_close(&pair);
    return 0;
}

static struct io end_read(struct tls_end *end, size_t size)
{
    return end->transport->calls->read(end->transport, buffer, size);
}

static struct io end_write(struct tls_end *end, const char *bytes, size_t size)
{
    return end->transport->calls->write(end->transport, bytes, size);
}

/* Reads the tickets that follow the handshake. */
static void read_tickets(void)
{
    for (int i = 0; i < 5; i++) {
        loop_turn(pair.loop, NSEC_PER_MS);
        assert_int_equal(end_read(&pair.client, sizeof(buffer)).status, IO_WANT_READ);
    }
}

static void expect_bytes(struct tls_end *end, const char *text)
{
    struct io io;

    loop_turn(pair.loop, 10 * NSEC_PER_MS);
    io = end_read(end, sizeof(buffer));
    assert_int_equal(io.status, IO_OK);
    assert_int_equal(io.count, strlen(text));
    assert_memory_equal(buffer, text, io.count);
}

static void bytes_in_both_directions(void **state)
{
    (void)state;
    read_tickets();
    assert_int_equal(end_write(&pair.client, "hello", 5).count, 5);
    expect_bytes(&pair.peer, "hello");
    assert_int_equal(end_write(&pair.peer, "world", 5).count, 5);
    expect_bytes(&pair.client, "world");
    assert_int_equal(end_read(&pair.client, 10).status, IO_WANT_READ);
}

static void small_record_needs_one_receive(void **state)
{
    (void)state;
    read_tickets();
    for (int i = 0; i < 5; i++) {
        end_write(&pair.peer, "small", 5);
        loop_turn(pair.loop, 10 * NSEC_PER_MS);
        calls_reset();
        assert_int_equal(end_read(&pair.client, sizeof(buffer)).count, 5);
        assert_int_equal(end_read(&pair.client, sizeof(buffer)).status, IO_WANT_READ);
        assert_int_equal(calls.recv, 1);
        assert_int_equal(calls.epoll_ctl, 0);
        calls_reset();
        assert_int_equal(end_write(&pair.client, "request", 7).count, 7);
        assert_int_equal(calls.send, 1);
        loop_turn(pair.loop, 10 * NSEC_PER_MS);
        assert_int_equal(end_read(&pair.peer, sizeof(buffer)).count, 7);
    }
}

/* The same receive returns the kernel timestamp. */
static void record_has_a_kernel_timestamp(void **state)
{
    struct sock *sock;
    int receives = 0;

    (void)state;
    pair.tcp = true;
    tls_pair_connect(&pair, client, "example.org", false);
    assert_int_equal(tls_pair_handshake(&pair).status, IO_OK);
    read_tickets();
    sock = pair.client.sock;
    sock_enable_timestamps(sock);
    assert_true(sock->timestamps);
    calls_reset();
    /* until the first timestamp, or the time limit */
    for (; sock->kernel_age_ns == NSEC_NEVER; receives++) {
        end_write(&pair.peer, "small", 5);
        expect_bytes(&pair.client, "small");
        assert_int_equal(end_read(&pair.client, sizeof(buffer)).status, IO_WANT_READ);
    }
    assert_true(sock->kernel_age_ns != NSEC_NEVER);
    assert_int_equal(calls.recvmsg, receives);
    assert_int_equal(calls.recv, 0);
}

/* Several records in one receive; an incomplete record is kept until the rest is received. */
static void records_in_one_receive(void **state)
{
    size_t got = 0;
    struct io io;

    (void)state;
    read_tickets();
    for (int i = 0; i < 10; i++)
        assert_int_equal(end_write(&pair.peer, "0123456789", 10).count, 10);
    loop_turn(pair.loop, 10 * NSEC_PER_MS);
    calls_reset();
    while ((io = end_read(&pair.client, 7)).status == IO_OK)
        got += io.count;
    assert_int_equal(io.status, IO_WANT_READ);
    assert_int_equal(got, 100);
    assert_int_equal(calls.recv, 1);
}

static char pattern(size_t i)
{
    return (char)(i * 31 + (i >> 8) * 7 + (i >> 16));
}

/* Writes from `from`, whose address changes between two calls, and reads with different sizes. */
static void transfer_large(struct tls_end *from, struct tls_end *to)
{
    char *bytes = malloc(LARGE);
    size_t sent = 0, got = 0;
    bool full = false;

    for (size_t i = 0; i < LARGE; i++)
        bytes[i] = pattern(i);
    while (got < LARGE) {
        struct io io = {.status = IO_OK};

        while (sent < LARGE && io.status == IO_OK) {
            io = end_write(from, bytes + sent, LARGE - sent);
            assert_true(io.status == IO_OK || io.status == IO_WANT_WRITE);
            full = full || io.status == IO_WANT_WRITE;
            sent += io.count;
        }
        loop_turn(pair.loop, NSEC_PER_MS);
        while ((io = end_read(to, 1 + unit_random() % sizeof(buffer))).status == IO_OK)
            for (size_t i = 0; i < io.count; i++, got++)
                if (buffer[i] != pattern(got))
                    fail_msg("byte %zu is wrong", got);
        assert_int_equal(io.status, IO_WANT_READ);
    }
    assert_int_equal(got, LARGE);
    assert_true(full); /* some writes were incomplete, or took no bytes */
    free(bytes);
}

static void large_bodies(void **state)
{
    (void)state;
    transfer_large(&pair.peer, &pair.client);
    transfer_large(&pair.client, &pair.peer);
}

static void close_notify_is_the_end(void **state)
{
    (void)state;
    read_tickets();
    end_write(&pair.peer, "last", 4);
    pair.peer.transport->calls->close(pair.peer.transport);
    pair.peer.transport = NULL;
    expect_bytes(&pair.client, "last");
    assert_int_equal(end_read(&pair.client, 10).status, IO_EOF);
}

static void end_without_close_notify_is_a_truncation(void **state)
{
    struct io io;

    (void)state;
    read_tickets();
    end_write(&pair.peer, "last", 4);
    tls_end_truncate(&pair, &pair.peer);
    expect_bytes(&pair.client, "last");
    io = end_read(&pair.client, 10);
    assert_int_equal(io.status, IO_ERROR);
    assert_int_equal(io.error, TLS_TRUNCATED);
}

static void errors_of_the_socket_are_reported(void **state)
{
    struct io io;

    (void)state;
    read_tickets();
    end_write(&pair.client, "unread", 6);
    tls_end_truncate(&pair, &pair.peer); /* with unread bytes: a reset */
    loop_turn(pair.loop, NSEC_PER_MS);
    io = end_write(&pair.client, "x", 1);
    assert_int_equal(io.status, IO_ERROR);
    assert_true(io.error == EPIPE || io.error == ECONNRESET);
}

/* A corrupt record. */
static void corrupt_record_is_an_error(void **state)
{
    struct io io;

    (void)state;
    read_tickets();
    assert_int_equal(sock_send(pair.peer.sock,
                               "\x17\x03\x03\0\x14"
                               "01234567890123456789",
                               25)
                         .count,
                     25);
    loop_turn(pair.loop, 10 * NSEC_PER_MS);
    io = end_read(&pair.client, 10);
    assert_int_equal(io.status, IO_ERROR);
    assert_true(io.error >= TLS_NOT_TLS);
}

/* Floods: messages that the server sends without a request after the handshake. */

static const struct cert_spec server_spec = {
    .subject = "CN=x",
    .extensions = "basicConstraints=critical,CA:TRUE\nsubjectAltName=DNS:example.org\n"};

static SSL *server_ssl; /* of the test's server */

static void on_info(const SSL *ssl, int where, int returned)
{
    (void)where;
    (void)returned;
    server_ssl = (SSL *)ssl;
}

/* Connects to a server with the certificate `own`, which the client trusts, and this version. */
static void connect_own(const struct cert *own, int version, size_t padding)
{
    char *pem = cert_pem(own), *why;
    struct tls_client_options options = {.authorities_pem = pem, .max_version = version};

    tls_pair_disconnect(&pair);
    tls_client_free(client);
    client = tls_client_new(&options, &why);
    free(pem);
    pair.server_context = cert_server(own, &(struct cert){0});
    SSL_CTX_set_info_callback(pair.server_context, on_info);
    SSL_CTX_set_block_padding(pair.server_context, padding);
    tls_pair_connect(&pair, client, "example.org", false);
    assert_int_equal(tls_pair_handshake(&pair).status, IO_OK);
    read_tickets();
}

static void drop_own(void)
{
    tls_pair_disconnect(&pair);
    SSL_CTX_free(pair.server_context);
    pair.server_context = NULL;
}

static void send_key_update(void)
{
    SSL_key_update(server_ssl, SSL_KEY_UPDATE_REQUESTED);
}

static void send_ticket(void)
{
    SSL_new_session_ticket(server_ssl);
}

static void send_hello_request(void)
{
    SSL_renegotiate(server_ssl);
}

/* Sends messages repeatedly and reads, until the client fails or has received `limit` bytes. */
static struct io flood(void (*send_one)(void), size_t limit)
{
    struct io io = {.status = IO_WANT_READ};

    calls_reset();
    calls.fd = pair.client.sock->watch.fd;
    while (io.status == IO_WANT_READ && calls.recv_bytes < limit) {
        for (int i = 0; i < 20; i++) {
            send_one();
            SSL_do_handshake(server_ssl);
        }
        loop_turn(pair.loop, 0);
        io = end_read(&pair.client, sizeof(buffer));
        loop_turn(pair.loop, 0);
        assert_int_not_equal(end_read(&pair.peer, sizeof(buffer)).status, IO_OK);
    }
    return io;
}

static void floods_after_the_handshake_have_a_limit(void **state)
{
    static const struct {
        const char *name;
        int version;
        void (*send_one)(void);
    } cases[] = {
        {"key updates", 13, send_key_update},
        {"tickets", 13, send_ticket},
        {"renegotiation", 12, send_hello_request},
    };
    struct cert own = cert_issue(&server_spec, NULL);

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct io io;

        connect_own(&own, cases[i].version, 0);
        io = flood(cases[i].send_one, 4 * SSL_TRANSPORT_MAX_SILENT_BYTES);
        if (io.status != IO_ERROR || io.error != TLS_FLOOD)
            fail_msg("%s: status %d after %zu bytes", cases[i].name, io.status, calls.recv_bytes);
        assert_true(calls.recv_bytes > SSL_TRANSPORT_MAX_SILENT_BYTES / 2);
        assert_true(calls.recv_bytes < SSL_TRANSPORT_MAX_SILENT_BYTES + 65536);
        assert_non_null(pair.client.transport->why);
        drop_own();
    }
    cert_free(&own);
}

/* Sends one byte of content and receives it. */
static void transfer_byte(void)
{
    assert_int_equal(end_write(&pair.peer, "x", 1).count, 1);
    expect_bytes(&pair.client, "x");
    end_read(&pair.peer, sizeof(buffer)); /* key updates are acknowledged */
}

/* Messages between content, content in small records, and records that are mostly padding. */
static void content_raises_the_limit_of_other_bytes(void **state)
{
    struct cert own = cert_issue(&server_spec, NULL);

    (void)state;
    connect_own(&own, 13, 0);
    for (int i = 0; i < 6000; i++) { /* each has 49 bytes that are not content */
        send_key_update();
        SSL_do_handshake(server_ssl);
        transfer_byte();
    }
    drop_own();
    connect_own(&own, 13, SSL3_RT_MAX_PLAIN_LENGTH);
    for (int i = 0; i < 50; i++)
        transfer_byte();
    drop_own();
    cert_free(&own);
}

static void closed_during_the_handshake(void **state)
{
    (void)state;
    tls_pair_connect(&pair, client, "example.org", false);
    tls_pair_disconnect(&pair);
    tls_pair_connect(&pair, client, "example.org", false);
    loop_turn(pair.loop, 0);
    assert_int_equal(pair.client.transport->calls->handshake(pair.client.transport).status,
                     IO_WANT_READ);
    tls_pair_disconnect(&pair);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(bytes_in_both_directions),
        CASE(small_record_needs_one_receive),
        CASE(record_has_a_kernel_timestamp),
        CASE(records_in_one_receive),
        CASE(large_bodies),
        CASE(close_notify_is_the_end),
        CASE(end_without_close_notify_is_a_truncation),
        CASE(errors_of_the_socket_are_reported),
        CASE(corrupt_record_is_an_error),
        CASE(floods_after_the_handshake_have_a_limit),
        CASE(content_raises_the_limit_of_other_bytes),
        CASE(closed_during_the_handshake),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("ssl_transport", tests, NULL, NULL);
}
