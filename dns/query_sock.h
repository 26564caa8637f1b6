/*
 * The sockets of c-ares: what a nameserver sends is made tidy (reply_tidy) before c-ares sees it, for
 * c-ares refuses responses with which nothing serious is wrong: 1.18 drops what is over 512 bytes and
 * asks again over TCP, later ones drop what they cannot read to its last byte.
 */
#ifndef DNS_QUERY_SOCK_H
#define DNS_QUERY_SOCK_H

#define CARES_NO_DEPRECATED /* what later ones advise is not in 1.18 */
#include <ares.h>
#include <stdbool.h>

struct query_socks;

/* Freed with query_socks_free, after the channel. */
struct query_socks *query_socks_new(void);
void query_socks_free(struct query_socks *socks);

/* Makes a channel use them; before its first question. */
void query_socks_use(struct query_socks *socks, ares_channel channel);

/* Whether there may be more to be read on a descriptor: c-ares does not always read to the end, and the
   kernel does not know of all that waits. Then c-ares is to be called again. */
bool query_socks_pending(const struct query_socks *socks, ares_socket_t fd);

#endif
