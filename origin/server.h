/*
 * The embedded origin: a nameserver, a certificate authority in memory, and an HTTP and HTTPS
 * server, on free ports of loopback addresses, in the caller's loop. It serves the sites that were
 * added; for other names it generates a response from a hash of the name.
 *
 * Sites are on 127.0.0.1. Faults of the connection have their own addresses with the same two
 * ports: .2 nothing listens, .3 the backlog is full, .4 accepted without bytes, .5 plain text, .6
 * reset. The nameserver's answer leads a name to its address.
 */
#ifndef ORIGIN_SERVER_H
#define ORIGIN_SERVER_H

#include "http/dial/dialer.h"
#include "origin/faults.h"
#include "reactor/loop.h"

struct origin;

/* Opens the sockets and creates the authority. Returns NULL on failure; *why is then a static
   sentence. */
struct origin *origin_new(struct loop *loop, const char **why);

void origin_free(struct origin *origin);

/* Adds a site; the behaviour is copied. The first site of a host determines its DNS answer, its
   certificate and the response for unknown targets. If a URL is added twice, the first behaviour
   is used. `fail_first` counts the requests of all clients together. */
void origin_add_site(struct origin *origin, const struct url *url,
                     const struct site_behaviour *behaviour);

/* The addresses, and the certificate of the authority, which belongs to the origin. */
void origin_get_map(const struct origin *origin, struct dial_map *map, const char **pem);

#endif
