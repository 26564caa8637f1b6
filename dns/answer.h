/*
 * Answers of nameservers (RFC 1035, section 4). Only the addresses in the answer section and their
 * TTL are read. An error in another part cannot make a lookup fail: wrong counts, a truncated
 * authority or additional section, bytes after the message. The caller checks that an answer
 * belongs to a query (c-ares compares ID, question and sender).
 */
#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include "dns/query.h"

#define ANSWER_MAX_UDP_BYTES 512   /* RFC 1035, section 4.2.1: limit of a message over UDP */
#define ANSWER_MAX_BYTES     65535 /* limit of any message */

/*
 * Reads at most RESOLVER_MAX_ADDRESSES different addresses of `family` (AF_INET6, AF_INET) and
 * their TTL. Returns RESOLVE_OK if there is any, even if the answer section is truncated after it;
 * RESOLVE_NO_ADDRESS if the section is complete and has none; else RESOLVE_MALFORMED. Does not read
 * the response code and does not set answer->status.
 *
 * The names of the records are not compared along the chain of aliases, which may be in any order:
 * an attacker who can put a record into this answer could also use the right name.
 */
enum resolve_status answer_read(const unsigned char *message, size_t length, int family,
                                struct dns_query_answer *answer);

/*
 * Writes the answer again in a form that a strict parser accepts: the header, the question, the
 * addresses that answer_read finds, each with the shortest TTL, and the OPT record (RFC 6891) if it
 * is complete. `to` has ANSWER_MAX_BYTES. The result has at most `max` bytes, which is at least
 * ANSWER_MAX_UDP_BYTES; addresses that do not fit are left out. An answer with the TC bit keeps it
 * and gets no record. A malformed answer without an address gets the code FORMERR, because c-ares
 * 1.34 drops the other queries of a socket that receives a malformed answer. Returns the length; 0
 * if the message does not have exactly one question for addresses, so that it answers no query of
 * this program.
 */
size_t answer_normalize(const unsigned char *message, size_t length, unsigned char *to, size_t max);

#endif
