/*
 * The addresses of a load's host: connections are spread over those of the family that won the first race
 * (RFC 8305), one after the other. An address that refuses, or does not respond while another does, is
 * dropped: it is tried again only where all others failed. What came of each is counted.
 *
 * The set is whatever the resolver, or --resolve, says when a connection is made; so one that changes when
 * its TTL is over holds for the connections after that.
 */
#ifndef BENCH_LOAD_SPREAD_H
#define BENCH_LOAD_SPREAD_H

#include "bench/load/tally.h"
#include "http/dial/dialer.h"

struct spread;

/* The dialer's connections use it from here on, until it is freed. `first`: the place in the set at which it begins, so that several processes do not begin at the same; it is
   also the seed of the order in which others are tried. Freed with spread_free. */
struct spread *spread_new(struct dialer *dialer, unsigned first);
void spread_free(struct spread *spread);

/* A connection to an address is open. Returns its entry, for the counts: valid as long as the spread; NULL for
   what is no address, a Unix socket. */
struct tally_address *spread_opened(struct spread *spread, const struct address *address);

/* Hands the counts over to an interval's tally, and begins anew. */
void spread_report(struct spread *spread, struct tally *tally);

#endif
