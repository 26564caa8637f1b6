/* The decisions that the blocking and the non-blocking mode of `race` share. */
#include "http/dial/dialer.h"

#include <stdlib.h>

void dialer_init(struct dialer *dialer, struct loop *loop)
{
    *dialer = (struct dialer){
        .loop = loop,
        .dns_timeout = NSEC_NEVER,
        .connect_timeout = NSEC_NEVER,
        .tls_timeout = NSEC_NEVER,
        .open = dialer_open_transport,
        .open_owner = dialer,
    };
    list_init(&dialer->slot_queue);
}

void dialer_free(struct dialer *dialer)
{
    free(dialer->scratch);
    dialer->scratch = NULL;
    tls_client_free(dialer->tls);
    dialer->tls = NULL;
}

void dialer_set_destination(const struct dialer *dialer, struct address *address, bool https,
                            uint16_t port, bool numeric)
{
    const struct dial_map *map = dialer->map;

    if (!map)
        address_set_port(address, port);
    else if (numeric)
        *address = https ? map->https : map->http;
    else
        address_set_port(address, address_port(https ? &map->https : &map->http));
}

char *dialer_prepare_tls(struct dialer *dialer)
{
    char *why = NULL;

    if (!dialer->tls)
        dialer->tls = tls_client_new(&dialer->trust, &why);
    return why;
}

struct transport *dialer_open_transport(void *owner, struct sock *sock,
                                        const struct dial_peer *peer)
{
    struct dialer *dialer = owner;
    struct tls_client *tls = peer->tls;

    if (!peer->https)
        return plain_open(sock);
    if (!tls) {
        free(dialer_prepare_tls(dialer)); /* the connection reports that TLS failed */
        tls = dialer->tls;
    }
    return tls ? tls_client_open(tls, sock, peer->host, peer->port, peer->alpn) : NULL;
}
