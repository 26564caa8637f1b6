/*
 * Responses of nameservers (RFC 1035, section 4), read as far as a lookup needs them: the addresses in
 * the answer section, and how long they hold. Whatever else is in a response, or should be, is of no
 * use and cannot make a lookup fail: wrong counts, a cut authority or additional section, bytes behind
 * the message. Whether a response belongs to a question is for others to check (c-ares compares id,
 * question and sender).
 */
#ifndef DNS_REPLY_H
#define DNS_REPLY_H

#include "dns/query.h"

#define REPLY_MAX_UDP_BYTES 512   /* RFC 1035, section 4.2.1: more is not expected over UDP */
#define REPLY_MAX_BYTES     65535 /* of any message */

/*
 * Reads the addresses of `family` (AF_INET6, AF_INET) into answer->addresses, at most
 * RESOLVER_MAX_ADDRESSES, none twice, and their TTL. Returns RESOLVE_OK where there are any, also
 * where the answer section is cut off behind them; RESOLVE_NO_ADDRESS where the section is whole and
 * has none; else RESOLVE_MALFORMED. The response code is not looked at; answer->status is not set.
 *
 * Whose the records are is not compared along the chain of aliases, which may stand in any order:
 * an attacker who can put a record into this response could put it under the right name.
 */
enum resolve_status reply_read(const unsigned char *message, size_t length, int family,
                               struct dns_query_answer *answer);

/*
 * Writes the response anew, with nothing in it that a strict reader could refuse: the header, the
 * question, what reply_read finds, each address with the least TTL, and the OPT record (RFC 6891) where
 * one is whole. `to` has room for REPLY_MAX_BYTES; the result is not longer than `most`, at least
 * REPLY_MAX_UDP_BYTES: addresses that do not fit are left out. A response with the TC bit keeps it and
 * has no record. One that has no address because it is malformed gets the code FORMERR, for c-ares 1.34
 * gives up the other questions of a socket on which something malformed came. Returns the length; 0 for
 * what has not one question for addresses in it: it belongs to none of ours.
 */
size_t reply_tidy(const unsigned char *message, size_t length, unsigned char *to, size_t max);

#endif
