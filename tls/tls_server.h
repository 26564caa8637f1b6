/* The server side of TLS, for the rehearsal's origin: each connection gets a certificate for the
   name that it asks for. */
#ifndef TLS_TLS_SERVER_H
#define TLS_TLS_SERVER_H

#include "tls/authority.h"
#include "tls/transport.h"

struct tls_server;

/* Says which kind of certificate `name` gets; `name` is NULL where the client sent none. */
typedef enum certificate_kind tls_choose_fn(void *owner, const char *name);

/* The authority is borrowed and must outlive the server. NULL where OpenSSL cannot. */
struct tls_server *tls_server_new(struct authority *authority, tls_choose_fn *choose, void *owner);

void tls_server_free(struct tls_server *server);

/* A transport for an accepted connection; ended with calls->close. */
struct transport *tls_server_open(struct tls_server *server, struct sock *sock);

#endif
