/*
 * Inside tls/ only: TLS sessions to be resumed, by host and port. A resumed handshake needs neither
 * the server's certificate nor a signature of it. Kept is what the server gave, serialized and
 * without the certificate, which was verified when the session began; the cache is bounded, and a
 * session of TLS 1.3 is used once (RFC 8446, appendix C.4).
 */
#ifndef TLS_SESSIONS_H
#define TLS_SESSIONS_H

#include <openssl/ssl.h>
#include <stdint.h>

#define SESSIONS_MOST       4096 /* kept; the least recently used gives way */
#define SESSIONS_MOST_BYTES 2048 /* of one; a larger one is not kept */

struct sessions;

struct sessions *sessions_new(void);
void sessions_free(struct sessions *sessions);

/* Keeps the session for the origin, in place of an older one. The session stays the caller's. */
void sessions_keep(struct sessions *sessions, const char *host, uint16_t port,
                   SSL_SESSION *session);

/* Drops what is kept for the origin. */
void sessions_forget(struct sessions *sessions, const char *host, uint16_t port);

/* A session to offer to the origin, or NULL. The caller frees it. */
SSL_SESSION *sessions_take(struct sessions *sessions, const char *host, uint16_t port);

#endif
