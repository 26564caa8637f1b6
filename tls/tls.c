/*
 * The client's connections, all with one context. Rejected: one context per connection, as in other
 * clients. Reading the trust store and fetching the algorithms takes longer than a handshake.
 */
#include "tls/tls.h"

#include <assert.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "tls/certificate.h"
#include "tls/context.h"
#include "tls/keylog.h"
#include "tls/sessions.h"
#include "tls/ssl_transport.h"
#include "tls/verify.h"

#define MAX_NAME_BYTES 255

struct tls_client {
    SSL_CTX *context;
    struct buffers buffers;
    struct sessions *sessions; /* NULL: no session is resumed */
    const char *sni;           /* borrowed; NULL: the host */
    int keylog;                /* a descriptor, or -1 */
    bool insecure;             /* do not verify */
    bool describe;             /* read certificates */
    bool system_store;         /* the system's store is used and has not been read yet */
};

/* The owner of a transport: the data that OpenSSL's callbacks need. */
struct connection {
    struct ssl_owner owner; /* first */
    struct tls_client *client;
    struct tls_certificate *offered; /* kept with the session that is offered; or NULL */
    uint16_t port;
    bool kept; /* a session of this connection was kept; no second one is */
    char host[];
};

/* Reads the certificate once; a resumed session has that of its first connection. Must be called
   after the server has accepted or refused the offered session. */
static void describe(struct ssl_owner *owner, SSL *ssl)
{
    const struct connection *connection = (const struct connection *)owner;

    if (!connection->client->describe || owner->certificate)
        return;
    owner->certificate = SSL_session_reused(ssl) ? tls_certificate_hold(connection->offered)
                                                 : certificate_read(SSL_get0_peer_certificate(ssl));
}

/* The server sends a session in the handshake (TLS 1.2) or after it. 0: OpenSSL keeps it. */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
    struct connection *connection = SSL_get_app_data(ssl);

    describe(&connection->owner, ssl);
    if (!connection->kept && SSL_SESSION_is_resumable(session))
        sessions_keep(connection->client->sessions, connection->host, connection->port, session,
                      connection->owner.certificate);
    connection->kept = true;
    return 0;
}

/* The server requests a certificate and there is none. Returns 0: continue without one. */
static int on_certificate_request(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
    struct connection *connection = SSL_get_app_data(ssl);

    (void)certificate;
    (void)key;
    connection->owner.certificate_requested = true;
    return 0;
}

static void on_secret(const SSL *ssl, const char *line)
{
    const struct connection *connection = SSL_get_app_data(ssl);

    keylog_write(connection->client->keylog, line);
}

struct tls_client *tls_client_new(const struct tls_client_options *options, char **why)
{
    struct tls_client *client;
    SSL_CTX *context = context_new(options, why);
    int keylog = context && options->keylog ? keylog_open(options->keylog, why) : -1;

    if (*why) {
        SSL_CTX_free(context);
        return NULL;
    }
    client = memory_get(sizeof(*client));
    *client = (struct tls_client){
        .context = context,
        .sessions = options->no_resumption ? NULL : sessions_new(options->many_sessions),
        .sni = options->sni,
        .keylog = keylog,
        .insecure = options->insecure,
        .describe = options->describe,
        .system_store = context_wants_system_store(options),
    };
    buffers_init(&client->buffers, options->loop);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (client->sessions) {
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(context, on_session);
    }
    SSL_CTX_set_client_cert_cb(context, on_certificate_request);
    if (keylog >= 0)
        SSL_CTX_set_keylog_callback(context, on_secret);
    return client;
}

void tls_client_free(struct tls_client *client)
{
    if (!client)
        return;
    SSL_CTX_free(client->context);
    sessions_free(client->sessions);
    if (client->keylog >= 0)
        close(client->keylog);
    free(client);
}

/* Sets the name in SNI: that of the options, or the host if it is a name. */
static bool set_sni(SSL *ssl, const char *sni, const char *host, bool numeric)
{
    if (!sni && !numeric)
        sni = host;
    return !sni || !*sni || SSL_set_tlsext_host_name(ssl, sni);
}

/* Sets the host that the certificate must be for, without a dot at the end of the name. */
static bool expect_host(SSL *ssl, const char *text, const struct tls_client *client)
{
    char host[MAX_NAME_BYTES + 1];
    size_t length = strlen(text);
    struct address address;
    bool numeric;

    if (length && text[length - 1] == '.')
        length--;
    if (!length || length > MAX_NAME_BYTES || *text == '.') /* ".a" would match "x.a" */
        return false;
    memcpy(host, text, length);
    host[length] = '\0';
    numeric = address_parse(&address, host, 0);
    if (!set_sni(ssl, client->sni, host, numeric))
        return false;
    return client->insecure || verify_expect(ssl, host, numeric);
}

/* After a failed handshake the session is not offered again. */
static void on_failed(struct ssl_owner *owner)
{
    struct connection *connection = (struct connection *)owner;

    if (connection->client->sessions)
        sessions_forget(connection->client->sessions, connection->host, connection->port);
}

static void on_closed(struct ssl_owner *owner)
{
    struct connection *connection = (struct connection *)owner;

    tls_certificate_drop(owner->certificate);
    tls_certificate_drop(connection->offered);
    free(connection);
}

/* Offers the session of an earlier connection, if there is one. */
static void resume(struct connection *connection, SSL *ssl)
{
    SSL_SESSION *session = sessions_take(connection->client->sessions, connection->host,
                                         connection->port, &connection->offered);

    if (session)
        SSL_set_session(ssl, session);
    SSL_SESSION_free(session);
}

static struct connection *connection_new(struct tls_client *client, SSL *ssl, const char *host,
                                         uint16_t port)
{
    static const struct ssl_owner_calls calls = {
        .handshake_done = describe, .failed = on_failed, .closed = on_closed};
    size_t length = strlen(host);
    struct connection *connection = memory_zeroed(sizeof(*connection) + length + 1);

    connection->owner.calls = &calls;
    connection->client = client;
    connection->port = port;
    memcpy(connection->host, host, length);
    SSL_set_app_data(ssl, connection);
    if (client->sessions)
        resume(connection, ssl);
    return connection;
}

struct transport *tls_client_open(struct tls_client *client, struct sock *sock, const char *host,
                                  uint16_t port, const char *alpn)
{
    SSL *ssl;

    assert(sock && host);
    if (client->system_store) {
        SSL_CTX_set_default_verify_paths(client->context);
        client->system_store = false;
    }
    ERR_clear_error();
    ssl = SSL_new(client->context);
    if (ssl && alpn) /* can fail only for lack of memory, which ends the program */
        SSL_set_alpn_protos(ssl, (const unsigned char *)alpn, (unsigned)strlen(alpn));
    if (!ssl || !expect_host(ssl, host, client)) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_connect_state(ssl);
    return ssl_transport_open(ssl, sock, &connection_new(client, ssl, host, port)->owner,
                              &client->buffers);
}

static void *get(size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    return memory_for_library(bytes);
}

static void *grow(void *old, size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    return memory_grow_for_library(old, bytes);
}

static void drop(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

void tls_begin(void)
{
    CRYPTO_set_mem_functions(get, grow, drop);
}

const char *tls_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
