/*
 * The embedded origin: a nameserver, a certificate authority made in memory, and an HTTP and HTTPS
 * server, on free ports of loopback addresses, on the same reactor as everything else. It plays each
 * site that it was told of; for other names it makes something up from a hash of the name.
 *
 * 127.0.0.1 is where sites live. Faults of the connection itself have addresses of their own, all
 * with the same two ports: .2 nobody listens, .3 the queue is full, .4 silence, .5 plain text,
 * .6 reset. A name leads there by the nameserver's answer.
 */
#ifndef ORIGIN_SERVER_H
#define ORIGIN_SERVER_H

#include "http/dial/dialer.h"
#include "origin/faults.h"
#include "reactor/loop.h"

struct origin;

/* Opens its sockets and makes its authority. NULL where it cannot, *why is then a static sentence. */
struct origin *origin_new(struct loop *loop, const char **why);

void origin_free(struct origin *origin);

/* Tells it of a site; the play is copied. The first that is told of a host decides for its name, its
   certificate and the targets that were not told; of several with one target the first is played. A
   play that fails first does so once for all who ask. */
void origin_tell(struct origin *origin, const struct url *url, const struct play *play);

/* Where it can be reached: ports and authority; the texts are the origin's. */
void origin_where(const struct origin *origin, struct dial_map *map, const char **pem);

#endif
