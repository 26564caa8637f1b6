/*
 * Inside tls/ only: TLS sessions to be resumed, by host and port. A resumed handshake needs neither
 * the server's certificate nor a signature of it. Kept is what the server gave, serialized and
 * without the certificate, which was verified when the session began; its facts are held beside the
 * session where somebody asked for them, for a resumed connection tells them too. The cache is bounded,
 * and a session of TLS 1.3 is used once (RFC 8446, appendix C.4).
 */
#ifndef TLS_SESSIONS_H
#define TLS_SESSIONS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "tls/transport.h"

#define SESSIONS_MAX       4096 /* kept; the least recently used gives way */
#define SESSIONS_MAX_BYTES 2048 /* of one; a larger one is not kept */

struct sessions;

/* `many`: several of an origin, where each serves one connection; else the newest. */
struct sessions *sessions_new(bool many);
void sessions_free(struct sessions *sessions);

/* Keeps the session for the origin, in place of an older one but where there may be many. The session stays the caller's; the
   certificate, which may be NULL, is held. */
void sessions_keep(struct sessions *sessions, const char *host, uint16_t port, SSL_SESSION *session,
                   struct tls_certificate *certificate);

/* Drops what is kept for the origin. */
void sessions_forget(struct sessions *sessions, const char *host, uint16_t port);

/* A session to offer to the origin, or NULL. The caller frees it, and drops the certificate that was
   kept with it; NULL where there is none. */
SSL_SESSION *sessions_take(struct sessions *sessions, const char *host, uint16_t port,
                           struct tls_certificate **certificate);

#endif
