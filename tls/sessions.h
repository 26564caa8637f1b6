/*
 * Inside tls/ only: a cache of TLS sessions for resumption, by host and port. A resumed handshake
 * needs neither the server's certificate nor its signature. A session is kept serialized and
 * without the certificate, which was verified when the session began. The facts of the certificate
 * are kept with it if the client reads certificates, because a resumed connection reports them too.
 * The size of the cache is limited. A session of TLS 1.3 is used once (RFC 8446, appendix C.4).
 */
#ifndef TLS_SESSIONS_H
#define TLS_SESSIONS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "tls/transport.h"

#define SESSIONS_MAX       4096 /* sessions; the oldest is dropped for a new one */
#define SESSIONS_MAX_BYTES 2048 /* of one session; a larger one is not kept */

struct sessions;

/* `many`: keeps several sessions of an origin if each can be used once; else only the newest. */
struct sessions *sessions_new(bool many);
void sessions_free(struct sessions *sessions);

/* Keeps a copy of the session for the origin, instead of an older one unless there may be many.
   Adds a reference to the certificate, which may be NULL. */
void sessions_keep(struct sessions *sessions, const char *host, uint16_t port, SSL_SESSION *session,
                   struct tls_certificate *certificate);

/* Drops the newest session of the origin, if there is one. */
void sessions_forget(struct sessions *sessions, const char *host, uint16_t port);

/* Returns a session to offer to the origin, which the caller frees; NULL if there is none.
   *certificate is a reference to the certificate that was kept with it, or NULL; the caller drops
   it. */
SSL_SESSION *sessions_take(struct sessions *sessions, const char *host, uint16_t port,
                           struct tls_certificate **certificate);

#endif
