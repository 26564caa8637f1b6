/*
 * The options --resolve and --connect-to, as curl reads them. They change only the addresses that
 * are dialled, neither the Host field nor the name that the certificate is verified for.
 * --connect-to is applied first, --resolve to its result.
 *
 * Hosts are compared as text, without regard to case or to a dot at the end, so an address must be
 * written as in the URL. An IPv6 address is in brackets in both options.
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

/* "[+]HOST:PORT:ADDRESS[,ADDRESS]...": the addresses of a host on a port. "*" is any host or any
   port; a specific host takes precedence over any host, then a specific port over any port. A later
   entry for the same host and port replaces an earlier one. An IPv6 address may be in brackets. "+"
   has no effect: a run ends before the entry would expire. Returns NULL, or why the text is
   refused, a static sentence. "-HOST:PORT" is refused, because there is no cache to remove it
   from. */
const char *routes_add_resolve(struct routes *routes, const char *text);

/* "HOST1:PORT1:HOST2[:PORT2]": connections to HOST1:PORT1 are made to HOST2:PORT2. An empty HOST1
   or PORT1 matches any; an empty HOST2 or PORT2 is unchanged. The first match applies. Returns
   NULL, or a static sentence. */
const char *routes_add_connect_to(struct routes *routes, const char *text);

/* The addresses that --resolve gives for a host, in order, with the port set. Returns how many were
   written, at most `max`; 0: none. `routes` may be NULL. */
size_t routes_addresses(const struct routes *routes, const char *host, uint16_t port,
                        struct address *addresses, size_t max);

/* The destination after --connect-to. *to_host is borrowed from `routes` or is `host`; it may be an
   address without brackets. False: no match; both are then the arguments. `routes` may be NULL. */
bool routes_connect_to(const struct routes *routes, const char *host, uint16_t port,
                       const char **to_host, uint16_t *to_port);

#endif
