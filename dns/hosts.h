/*
 * The machine's hosts file (hosts(5)), read once and kept as a hash table. c-ares would open and
 * read the file for each lookup.
 */
#ifndef DNS_HOSTS_H
#define DNS_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

#include "dns/resolve.h"

struct hosts;

/* Reads the file; the caller frees the result. A missing or unreadable file is an empty table, as
   for getaddrinfo. Lines that are not valid and bytes beyond 16 MiB are ignored. */
struct hosts *hosts_read(const char *path);

/* The same from a text in memory, which is copied. */
struct hosts *hosts_parse(const char *text, size_t length);

/* Writes at most `max` addresses of `name` (port 0, case ignored) and returns their number.
   localhost and names under it have the loopback addresses even if they are not in the file (RFC
   6761, section 6.3). */
size_t hosts_find(const struct hosts *hosts, const char *name, struct address *to, size_t max);

/* Returns true if no query is necessary for the name: an address literal, a name that
   hosts_find finds, or a name under .onion, which never exists in the DNS (RFC 7686). Writes its
   *count addresses, at most RESOLVER_MAX_ADDRESSES. */
bool hosts_resolve(const struct hosts *hosts, const char *name,
                   struct address to[RESOLVER_MAX_ADDRESSES], size_t *count);

void hosts_free(struct hosts *hosts);

#endif
