/* The text of a list of nameservers: "address[:port][,...]", IPv6 with a port as "[address]:port". */
#ifndef DNS_SERVERS_H
#define DNS_SERVERS_H

#include <stddef.h>

#include "reactor/sock.h"

#define SERVERS_MAX  16 /* nameservers in a list; c-ares asks one after the other */
#define SERVERS_PORT 53 /* where none is given */

/* Reads the list. Returns NULL with 1 to SERVERS_MAX addresses, or a sentence that says why it is
   none; then nothing may be read from `servers`. */
const char *servers_parse(const char *text, struct address servers[SERVERS_MAX], size_t *count);

#endif
