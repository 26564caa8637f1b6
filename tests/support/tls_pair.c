#include "tests/support/tls_pair.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/unit.h"
#include "tls/ssl_transport.h"

static void on_ready(void *owner, uint32_t events)
{
    struct tls_end *end = owner;

    sock_note_events(end->sock, events);
}

static enum certificate_kind choose(void *owner, const char *name)
{
    struct tls_pair *pair = owner;

    snprintf(pair->sni, sizeof(pair->sni), "%s", name ? name : "");
    return pair->kind;
}

void tls_pair_open(struct tls_pair *pair)
{
    memset(pair, 0, sizeof(*pair));
    pair->port = 443;
    pair->loop = loop_new();
    pair->authority = authority_new();
    assert_non_null(pair->authority);
    pair->server = tls_server_new(pair->authority, choose, pair);
    assert_non_null(pair->server);
}

void tls_pair_close(struct tls_pair *pair)
{
    tls_pair_disconnect(pair);
    tls_server_free(pair->server);
    authority_free(pair->authority);
    loop_free(pair->loop);
}

void tls_pair_new_server(struct tls_pair *pair)
{
    tls_pair_disconnect(pair);
    tls_server_free(pair->server);
    pair->server = tls_server_new(pair->authority, choose, pair);
    assert_non_null(pair->server);
}

struct tls_client *tls_pair_client(const struct tls_pair *pair)
{
    struct tls_client_options options = {.authorities_pem = authority_pem(pair->authority)};
    char *why;
    struct tls_client *client = tls_client_new(&options, &why);

    assert_non_null(client);
    return client;
}

static void adopt(struct tls_pair *pair, struct tls_end *end, int fd)
{
    int error;

    *end = (struct tls_end){.last.status = IO_WANT_READ};
    end->sock = sock_adopt(pair->loop, fd, on_ready, end, "test", &error);
    assert_non_null(end->sock);
}

static struct transport *serve(struct tls_pair *pair)
{
    SSL *ssl;

    if (!pair->server_context)
        return tls_server_open(pair->server, pair->peer.sock);
    ssl = SSL_new(pair->server_context);
    SSL_set_accept_state(ssl);
    return ssl_transport_open(ssl, pair->peer.sock, NULL, NULL);
}

/* The two ends of a TCP connection. */
static void open_tcp(int fds[2])
{
    struct address at;
    int listener;

    assert_true(address_parse(&at, "127.0.0.1", 0));
    listener = sock_listen(&at, 1);
    assert_true(listener >= 0);
    fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fds[0], &at.any, at.length), 0);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    fds[1] = sock_accept(listener);
    assert_true(fds[1] >= 0);
    close(listener);
}

void tls_pair_connect(struct tls_pair *pair, struct tls_client *client, const char *host,
                      bool client_only)
{
    int fds[2];

    tls_pair_disconnect(pair);
    if (pair->tcp)
        open_tcp(fds);
    else
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
                         0);
    adopt(pair, &pair->client, fds[0]);
    adopt(pair, &pair->peer, fds[1]);
    pair->client.transport =
        tls_client_open(client, pair->client.sock, host, pair->port, pair->alpn);
    assert_non_null(pair->client.transport);
    if (!client_only)
        pair->peer.transport = serve(pair);
}

static bool is_waiting(const struct tls_end *end)
{
    return end->transport &&
           (end->last.status == IO_WANT_READ || end->last.status == IO_WANT_WRITE);
}

static void handshake(struct tls_end *end)
{
    if (is_waiting(end))
        end->last = end->transport->calls->handshake(end->transport);
}

struct io tls_pair_handshake(struct tls_pair *pair)
{
    for (int turns = 0; is_waiting(&pair->client) || is_waiting(&pair->peer); turns++) {
        assert_true(turns < 1000);
        loop_turn(pair->loop, NSEC_PER_MS);
        handshake(&pair->client);
        handshake(&pair->peer);
        if (pair->client.last.status == IO_ERROR) /* the server waits for more bytes */
            break;
    }
    return pair->client.last;
}

static void close_end(struct tls_pair *pair, struct tls_end *end)
{
    if (end->transport)
        end->transport->calls->close(end->transport);
    sock_close(end->sock, pair->loop);
    *end = (struct tls_end){0};
}

void tls_pair_disconnect(struct tls_pair *pair)
{
    close_end(pair, &pair->client);
    close_end(pair, &pair->peer);
    loop_turn(pair->loop, 0);
}

void tls_end_truncate(struct tls_pair *pair, struct tls_end *end)
{
    shutdown(end->sock->watch.fd, SHUT_WR); /* close can no longer send close_notify */
    close_end(pair, end);
}
