/* The server side of TLS, for the origin of a rehearsal: each connection gets a certificate for the
   name in its SNI. */
#ifndef TLS_TLS_SERVER_H
#define TLS_TLS_SERVER_H

#include "tls/authority.h"
#include "tls/transport.h"

struct tls_server;

/* Returns the kind of certificate for `name`, which is NULL if the client sent no SNI. */
typedef enum certificate_kind tls_choose_fn(void *owner, const char *name);

/* Creates a server, which the caller frees. The authority is borrowed and must outlive it. Returns
   NULL if OpenSSL fails. */
struct tls_server *tls_server_new(struct authority *authority, tls_choose_fn *choose, void *owner);

void tls_server_free(struct tls_server *server);

/* Opens a transport for an accepted connection. The caller ends it with calls->close. */
struct transport *tls_server_open(struct tls_server *server, struct sock *sock);

#endif
