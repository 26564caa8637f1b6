/*
 * The sockets of c-ares. Each answer of a nameserver is normalized (answer_normalize) before c-ares
 * reads it, because c-ares rejects usable answers: 1.18 drops one of over 512 bytes and repeats the
 * query over TCP; later versions drop one that they cannot parse to its last byte.
 */
#ifndef DNS_QUERY_SOCK_H
#define DNS_QUERY_SOCK_H

#define CARES_NO_DEPRECATED /* 1.18 does not have the functions that later versions recommend */
#include <ares.h>
#include <stdbool.h>

struct query_socks;

/* The caller frees them with query_socks_free, after the channel. */
struct query_socks *query_socks_new(void);
void query_socks_free(struct query_socks *socks);

/* Makes a channel use them. Called before its first query. */
void query_socks_use(struct query_socks *socks, ares_channel channel);

/* Whether a descriptor may have more to read, so that c-ares must be called once more: c-ares does
   not always read to the end, and the kernel does not know the bytes that are buffered here. */
bool query_socks_pending(const struct query_socks *socks, ares_socket_t fd);

#endif
