/* The transport without encryption: calls the socket functions directly. */
#include <stdlib.h>

#include "base/memory.h"
#include "tls/transport.h"

static struct io plain_handshake(struct transport *transport)
{
    (void)transport;
    return (struct io){.status = IO_OK};
}

static struct io plain_read(struct transport *transport, void *buffer, size_t size)
{
    return sock_recv(transport->sock, buffer, size);
}

static struct io plain_write(struct transport *transport, const void *bytes, size_t size)
{
    return sock_send(transport->sock, bytes, size);
}

static void plain_facts(const struct transport *transport, struct tls_facts *facts)
{
    (void)transport;
    *facts = (struct tls_facts){0};
}

static void plain_close(struct transport *transport)
{
    free(transport);
}

struct transport *plain_open(struct sock *sock)
{
    static const struct transport_calls calls = {
        .handshake = plain_handshake,
        .read = plain_read,
        .write = plain_write,
        .facts = plain_facts,
        .close = plain_close,
    };
    struct transport *transport = memory_get(sizeof(*transport));

    *transport = (struct transport){.calls = &calls, .sock = sock};
    return transport;
}
