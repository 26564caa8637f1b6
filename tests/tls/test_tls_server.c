/* The server side: the certificate for a name, and the protocol that it chooses. */
#include "tests/support/unit.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include "tls/ssl_transport.h"
#include "tls/tls_server.h"

struct end {
    struct sock *sock;
    struct transport *transport;
    struct io last;
};

struct fixture {
    struct loop *loop;
    struct authority *authority;
    struct tls_server *server;
    enum certificate_kind kind; /* returned by on_choose */
    unsigned chosen;            /* number of calls of on_choose */
    bool named;                 /* the last call had a name */
    SSL_CTX *context;           /* of the client */
    SSL *ssl;
    struct end client, peer;
};

static struct fixture fixture;

static enum certificate_kind on_choose(void *owner, const char *name)
{
    struct fixture *its = owner;

    its->chosen++;
    its->named = name;
    return its->kind;
}

static void on_ready(void *owner, uint32_t events)
{
    struct end *end = owner;

    sock_note_events(end->sock, events);
}

static int begin(void **state)
{
    (void)state;
    fixture = (struct fixture){.loop = loop_new(), .authority = authority_new()};
    fixture.server = tls_server_new(fixture.authority, on_choose, &fixture);
    fixture.context = SSL_CTX_new(TLS_client_method());
    assert_non_null(fixture.server);
    assert_non_null(fixture.context);
    return 0;
}

static void end_open(struct end *end, int fd)
{
    int error;

    *end = (struct end){.last.status = IO_WANT_READ};
    end->sock = sock_adopt(fixture.loop, fd, on_ready, end, "test", &error);
    assert_non_null(end->sock);
}

static void end_close(struct end *end)
{
    if (end->transport)
        end->transport->calls->close(end->transport);
    if (end->sock)
        sock_close(end->sock, fixture.loop);
    *end = (struct end){0};
}

static void disconnect(void)
{
    end_close(&fixture.client);
    end_close(&fixture.peer);
    loop_turn(fixture.loop, 0);
}

static int end(void **state)
{
    (void)state;
    disconnect();
    SSL_CTX_free(fixture.context);
    tls_server_free(fixture.server);
    authority_free(fixture.authority);
    loop_free(fixture.loop);
    return 0;
}

static void handshake_step(struct end *end)
{
    if (end->last.status == IO_WANT_READ || end->last.status == IO_WANT_WRITE)
        end->last = end->transport->calls->handshake(end->transport);
}

/* Makes a handshake of a client with this name and ALPN list (in OpenSSL's format); NULL: none. */
static enum io_status handshake(const char *sni, const char *alpn)
{
    int fds[2];

    disconnect();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    end_open(&fixture.client, fds[0]);
    end_open(&fixture.peer, fds[1]);
    fixture.ssl = SSL_new(fixture.context);
    SSL_set_connect_state(fixture.ssl);
    if (sni)
        SSL_set_tlsext_host_name(fixture.ssl, sni);
    if (alpn)
        SSL_set_alpn_protos(fixture.ssl, (const unsigned char *)alpn, (unsigned)strlen(alpn));
    fixture.client.transport = ssl_transport_open(fixture.ssl, fixture.client.sock, NULL, NULL);
    fixture.peer.transport = tls_server_open(fixture.server, fixture.peer.sock);
    assert_non_null(fixture.peer.transport);
    for (int turns = 0; turns < 100; turns++) {
        handshake_step(&fixture.client);
        handshake_step(&fixture.peer);
        loop_turn(fixture.loop, 0);
    }
    return fixture.client.last.status;
}

static bool certificate_names(const char *host)
{
    X509 *certificate = SSL_get1_peer_certificate(fixture.ssl);
    bool names = X509_check_host(certificate, host, 0, 0, NULL) == 1;

    X509_free(certificate);
    return names;
}

/* One certificate for each name; case is ignored. */
static void each_name_has_a_certificate(void **state)
{
    static const struct {
        const char *sni;
        unsigned chosen;
    } cases[] = {{"a.example", 1}, {"b.example", 2}, {"a.example", 2}, {"B.EXAMPLE", 2}};

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        assert_int_equal(handshake(cases[i].sni, NULL), IO_OK);
        assert_int_equal(fixture.peer.last.status, IO_OK);
        assert_int_equal(fixture.chosen, cases[i].chosen);
        assert_true(fixture.named);
        assert_true(certificate_names(cases[i].sni));
        assert_false(certificate_names("c.example"));
    }
}

static void without_sni(void **state)
{
    (void)state;
    assert_int_equal(handshake(NULL, NULL), IO_OK);
    assert_int_equal(handshake(NULL, NULL), IO_OK);
    assert_int_equal(fixture.chosen, 1);
    assert_false(fixture.named);
}

static void kind_of_certificate(void **state)
{
    (void)state;
    fixture.kind = CERTIFICATE_WRONG_HOST;
    assert_int_equal(handshake("a.example", NULL), IO_OK);
    assert_false(certificate_names("a.example"));
}

static void alpn(void **state)
{
    static const struct {
        const char *offered, *chosen;
    } cases[] = {
        {NULL, ""},       {"\x08http/1.1", "http/1.1"}, {"\x02h2\x08http/1.1", "h2"},
        {"\x02h2", "h2"}, {"\x08http/1.0", ""},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const unsigned char *chosen = NULL;
        unsigned length = 0;

        assert_int_equal(handshake("a.example", cases[i].offered), IO_OK);
        SSL_get0_alpn_selected(fixture.ssl, &chosen, &length);
        assert_int_equal(length, strlen(cases[i].chosen));
        assert_memory_equal(chosen ? (const char *)chosen : "", cases[i].chosen, length);
    }
}

static void old_versions_are_refused(void **state)
{
    (void)state;
    SSL_CTX_set_max_proto_version(fixture.context, TLS1_2_VERSION);
    assert_int_equal(handshake("a.example", NULL), IO_OK);
    SSL_CTX_set_security_level(fixture.context, 0);
    SSL_CTX_set_min_proto_version(fixture.context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(fixture.context, TLS1_1_VERSION);
    assert_int_equal(handshake("a.example", NULL), IO_ERROR);
    assert_int_equal(fixture.peer.last.status, IO_ERROR);
}

static void bytes_in_both_directions(void **state)
{
    char buffer[16];
    struct io io = {.status = IO_WANT_READ};

    (void)state;
    assert_int_equal(handshake("a.example", NULL), IO_OK);
    assert_int_equal(fixture.peer.transport->calls->write(fixture.peer.transport, "abc", 3).count,
                     3);
    for (int turns = 0; turns < 100 && io.status == IO_WANT_READ; turns++) {
        loop_turn(fixture.loop, NSEC_PER_MS);
        io =
            fixture.client.transport->calls->read(fixture.client.transport, buffer, sizeof(buffer));
    }
    assert_int_equal(io.count, 3);
    assert_memory_equal(buffer, "abc", 3);
    tls_server_free(NULL);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    static const struct CMUnitTest tests[] = {
        CASE(each_name_has_a_certificate), CASE(without_sni),
        CASE(kind_of_certificate),         CASE(alpn),
        CASE(old_versions_are_refused),    CASE(bytes_in_both_directions),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
