/* One context for all connections; the certificate is set after the client has sent its SNI. */
#include "tls/tls_server.h"

#include <assert.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/memory.h"
#include "tls/issue.h"
#include "tls/ssl_transport.h"

#define CACHE_SLOTS 1024 /* certificates, one per slot; a collision replaces the old one */
#define NO_NAME     ""   /* name in the cache for connections without SNI */

struct slot {
    char *name; /* NULL: empty */
    X509 *certificate;
};

struct tls_server {
    SSL_CTX *context;
    struct authority *authority; /* borrowed */
    tls_choose_fn *choose;
    void *owner;   /* argument of `choose` */
    EVP_PKEY *key; /* of all certificates, owned by the authority; NULL before the first */
    struct slot cache[CACHE_SLOTS];
};

/* The certificate for `name`, from the cache or new; owned by the cache. */
static X509 *certificate_for(struct tls_server *server, const char *name)
{
    const char *label = name ? name : NO_NAME;
    struct slot *slot = &server->cache[hash_text(label) % CACHE_SLOTS];
    X509 *fresh;

    if (slot->name && !strcasecmp(slot->name, label))
        return slot->certificate;
    fresh =
        authority_issue(server->authority, name, server->choose(server->owner, name), &server->key);
    if (!fresh)
        return NULL;
    free(slot->name);
    X509_free(slot->certificate);
    *slot = (struct slot){memory_text(label, strlen(label)), fresh};
    return fresh;
}

/* Called in a handshake to set the certificate. 1 continues the handshake, 0 ends it. */
static int on_certificate(SSL *ssl, void *owner)
{
    struct tls_server *server = owner;
    X509 *certificate = certificate_for(server, SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));

    return certificate && SSL_use_certificate(ssl, certificate) &&
           SSL_use_PrivateKey(ssl, server->key);
}

/* Selects h2 if it is offered, then http/1.1; otherwise continues without ALPN. */
static int on_alpn(SSL *ssl, const unsigned char **chosen, unsigned char *length,
                   const unsigned char *offered, unsigned int size, void *owner)
{
    static const unsigned char wanted[] = "\x02h2\x08http/1.1";

    (void)ssl;
    (void)owner;
    return SSL_select_next_proto((unsigned char **)chosen, length, wanted, sizeof(wanted) - 1,
                                 offered, size) == OPENSSL_NPN_NEGOTIATED
               ? SSL_TLSEXT_ERR_OK
               : SSL_TLSEXT_ERR_NOACK;
}

struct tls_server *tls_server_new(struct authority *authority, tls_choose_fn *choose, void *owner)
{
    struct tls_server *server = memory_zeroed(sizeof(*server));
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    assert(authority && choose);
    if (!context) {
        free(server);
        return NULL;
    }
    *server = (struct tls_server){
        .context = context, .authority = authority, .choose = choose, .owner = owner};
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_cert_cb(context, on_certificate, server);
    SSL_CTX_set_alpn_select_cb(context, on_alpn, NULL);
    return server;
}

void tls_server_free(struct tls_server *server)
{
    if (!server)
        return;
    for (size_t i = 0; i < CACHE_SLOTS; i++) {
        free(server->cache[i].name);
        X509_free(server->cache[i].certificate);
    }
    SSL_CTX_free(server->context);
    free(server);
}

struct transport *tls_server_open(struct tls_server *server, struct sock *sock)
{
    SSL *ssl = SSL_new(server->context);

    assert(sock);
    if (!ssl)
        return NULL;
    SSL_set_accept_state(ssl);
    return ssl_transport_open(ssl, sock, NULL, NULL);
}
