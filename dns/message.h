/*
 * The few messages of the DNS (RFC 1035) that a rehearsal needs: the question of the blocking half,
 * the nameserver's answer, and reading both. libresolv takes them apart and puts them together.
 */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/resolve.h"

#define DNS_MAX_BYTES      512 /* of a message over UDP, RFC 1035 section 2.3.4 */
#define DNS_MAX_NAME_BYTES 256 /* of a name as text, with its NUL */

struct dns_question {
    char name[DNS_MAX_NAME_BYTES]; /* as asked, without the last dot */
    int type;                      /* ns_t_a, ns_t_aaaa, ... */
};

/* Reads the one question of a query. False where the message is none. */
bool dns_read_question(const unsigned char *message, size_t length, struct dns_question *question);

/* Writes the answer to `query` into `to`, DNS_MAX_BYTES: rcode (0 to 15), and an A record where
   `address` is not NULL. Returns its length, 0 where the query is not answerable. */
size_t dns_write_answer(const unsigned char *query, size_t length, int rcode,
                        const struct in_addr *address, unsigned char *to);

/* Writes a question for the A records of `name`. Returns its length, 0 where the name is not one. */
size_t dns_write_question(const char *name, uint16_t id, unsigned char *to);

/* Reads the answer to a question with that id: the addresses (port 0), at most `most`. RESOLVE_OK
   with *count over 0, or why not. */
enum resolve_status dns_read_answer(const unsigned char *message, size_t length, uint16_t id,
                                    struct address *addresses, size_t max, size_t *count);

#endif
