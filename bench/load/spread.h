/*
 * Spreads the connections of a load over the addresses of its host, in rotation. Only addresses of
 * the family that won the first race (RFC 8305) are used. An address that refuses a connection, or
 * does not respond while another one does, is dropped: it is tried again only if all others fail.
 * Results are counted for each address.
 *
 * The set of addresses comes from the resolver or --resolve for each connection, so a set that
 * changes after its TTL is used from then on.
 */
#ifndef BENCH_LOAD_SPREAD_H
#define BENCH_LOAD_SPREAD_H

#include "bench/load/tally.h"
#include "http/dial/dialer.h"

struct spread;

/* Sets the dialer's choice of addresses until spread_free. `first`: index of the first address, so
   that processes begin with different ones; also the seed of the order of the other addresses. */
struct spread *spread_new(struct dialer *dialer, unsigned first);
void spread_free(struct spread *spread);

/* A connection to an address is open. Returns the entry with its counts, valid until spread_free;
   NULL for a Unix socket. */
struct tally_address *spread_opened(struct spread *spread, const struct address *address);

/* Moves the counts to the tally of an interval. */
void spread_report(struct spread *spread, struct tally *tally);

#endif
