/* A list of nameservers as text: "address[:port][,...]", IPv6 with a port as "[address]:port". */
#ifndef DNS_SERVERS_H
#define DNS_SERVERS_H

#include <stddef.h>

#include "reactor/sock.h"

#define SERVERS_MAX  16 /* nameservers in a list; c-ares queries one after the other */
#define SERVERS_PORT 53 /* default port */

/* Parses the list. Returns NULL with 1 to SERVERS_MAX addresses, or a static sentence that explains
   what is wrong; `servers` is then undefined. */
const char *servers_parse(const char *text, struct address servers[SERVERS_MAX], size_t *count);

#endif
