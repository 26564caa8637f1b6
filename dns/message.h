/*
 * Reading and writing of the few DNS messages (RFC 1035) that a rehearsal needs: the query of the
 * blocking client and the answer of the nameserver. Uses libresolv.
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
    char name[DNS_MAX_NAME_BYTES]; /* in the case of the query, without the last dot */
    int type;                      /* ns_t_a, ns_t_aaaa, ... */
};

/* Reads the question of a query. Returns false if the message is not a query with one question. */
bool dns_read_question(const unsigned char *message, size_t length, struct dns_question *question);

/* Writes the answer to `query` into `to`, which has DNS_MAX_BYTES: `rcode` (0 to 15), and an A
   record if `address` is not NULL. Returns its length; 0 if the query cannot be answered. */
size_t dns_write_answer(const unsigned char *query, size_t length, int rcode,
                        const struct in_addr *address, unsigned char *to);

/* Writes a query for the A records of `name`. Returns its length; 0 if the name is invalid. */
size_t dns_write_question(const char *name, uint16_t id, unsigned char *to);

/* Reads the answer to the query with this id: at most `max` addresses (port 0). Returns RESOLVE_OK
   with *count over 0, or the failure. */
enum resolve_status dns_read_answer(const unsigned char *message, size_t length, uint16_t id,
                                    struct address *addresses, size_t max, size_t *count);

#endif
