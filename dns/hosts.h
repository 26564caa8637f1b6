/*
 * The machine's hosts file (hosts(5)), read once and kept as a table. c-ares would open and
 * read it anew for each lookup.
 */
#ifndef DNS_HOSTS_H
#define DNS_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

#include "dns/resolve.h"

struct hosts;

/* Reads the file. One that is missing or unreadable is an empty table, as for getaddrinfo; what
   lies beyond 16 MiB is not read, lines that make no sense are passed over. The caller frees it. */
struct hosts *hosts_read(const char *path);

/* The same from memory, not kept. */
struct hosts *hosts_parse(const char *text, size_t length);

/* Writes at most `most` addresses of `name` (port 0, case ignored) and returns how many it wrote.
   localhost and names under it are the loopback addresses even where the file is silent (RFC 6761,
   section 6.3). */
size_t hosts_find(const struct hosts *hosts, const char *name, struct address *to, size_t max);

/* Whether no nameserver is asked for the name: an address, what hosts_find finds, and what is under .onion,
   which is not in the DNS (RFC 7686). Writes *count addresses, at most RESOLVER_MAX_ADDRESSES. */
bool hosts_know(const struct hosts *hosts, const char *name,
                struct address to[RESOLVER_MAX_ADDRESSES], size_t *count);

void hosts_free(struct hosts *hosts);

#endif
