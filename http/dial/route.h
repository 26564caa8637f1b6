/*
 * Where a connection really goes: the options --resolve and --connect-to, as curl reads them. They
 * change the addresses that are dialled and nothing else: not the Host field, not the name that the
 * certificate is verified for. --connect-to comes first, --resolve is asked for what it leads to.
 *
 * A host is compared as text, without regard to case and to a dot at its end, so that an address has
 * to be written as in the URL; an IPv6 address stands in brackets in both options.
 */
#ifndef HTTP_DIAL_ROUTE_H
#define HTTP_DIAL_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reactor/sock.h"

#define ROUTE_MAX_ADDRESSES 16 /* of one --resolve */

struct routes;

struct routes *routes_new(void);
void routes_free(struct routes *routes); /* NULL is allowed */

/* "[+]HOST:PORT:ADDRESS[,ADDRESS]...": the addresses of a host on a port. "*" is any host or any port;
   what is said of a certain host comes before what is said of any, then likewise with ports. The
   last of several for the same host and port replaces those before it. An IPv6 address may stand in
   brackets. "+" means nothing here: a run is over before it would expire the entry. Returns NULL, or
   why it is refused: a static sentence; "-HOST:PORT" is, for there is no cache to remove it from. */
const char *routes_add_resolve(struct routes *routes, const char *text);

/* "HOST1:PORT1:HOST2[:PORT2]": who is for HOST1:PORT1 is connected to HOST2:PORT2. Empty, the first
   two mean any, the last two the same as before. The first that fits holds. NULL, or a static
   sentence. */
const char *routes_add_connect_to(struct routes *routes, const char *text);

/* The addresses that --resolve gave for a host, with the port put in, in their order. Returns how many
   were written, `most` at most; 0: none was given. `routes` may be NULL. */
size_t routes_addresses(const struct routes *routes, const char *host, uint16_t port,
                        struct address *addresses, size_t max);

/* Where to connect to instead. *to_host is borrowed from `routes` or is `host`; it may be an address,
   without brackets. False where nothing fits: both are as before then. `routes` may be NULL. */
bool routes_connect_to(const struct routes *routes, const char *host, uint16_t port,
                       const char **to_host, uint16_t *to_port);

#endif
