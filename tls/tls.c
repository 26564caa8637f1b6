/*
 * The client's connections, on one context. Rejected: a context a connection, which is what makes
 * other clients slow: reading the trust store and fetching the algorithms cost more than a
 * handshake.
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
#include "tls/stream.h"
#include "tls/verify.h"

#define MAX_NAME_BYTES 255

struct tls_client {
    SSL_CTX *context;
    struct sessions *sessions; /* to be resumed; NULL: none ever is */
    const char *sni;           /* borrowed; NULL: the host */
    int keylog;                /* a descriptor, or -1 */
    bool insecure;             /* verify nothing */
    bool describe;             /* read certificates */
    bool system_store;         /* the system's store is wanted and not read yet */
};

/* Whom a connection leads to, for the callback that brings its session. */
struct call {
    struct stream_owner owner; /* first */
    struct tls_client *client;
    struct tls_certificate *offered; /* of the session that is offered to the server, or NULL */
    uint16_t port;
    bool kept; /* one session a connection is enough */
    char host[];
};

/* Reads the certificate once; that of a resumed session was read when it began. To be called when
   it is known whether the session is resumed. */
static void describe(struct stream_owner *owner, SSL *ssl)
{
    const struct call *call = (const struct call *)owner;

    if (!call->client->describe || owner->certificate)
        return;
    owner->certificate = SSL_session_reused(ssl) ? tls_certificate_hold(call->offered)
                                                 : certificate_read(SSL_get0_peer_certificate(ssl));
}

/* The server gave a session: in TLS 1.2 within the handshake, in 1.3 after it. 0: the reference stays
   OpenSSL's. */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
    struct call *call = SSL_get_app_data(ssl);

    describe(&call->owner, ssl);
    if (!call->kept && SSL_SESSION_is_resumable(session))
        sessions_keep(call->client->sessions, call->host, call->port, session,
                      call->owner.certificate);
    call->kept = true;
    return 0;
}

/* The server asks for a certificate and the options named none. 0: go on without. */
static int on_asked(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
    struct call *call = SSL_get_app_data(ssl);

    (void)certificate;
    (void)key;
    call->owner.asked = true;
    return 0;
}

static void on_secret(const SSL *ssl, const char *line)
{
    const struct call *call = SSL_get_app_data(ssl);

    keylog_write(call->client->keylog, line);
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
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (client->sessions) {
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(context, on_session);
    }
    SSL_CTX_set_client_cert_cb(context, on_asked);
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

/* Sets the name in SNI: what the options say, or the host where it is a name. */
static bool ask_for(SSL *ssl, const char *sni, const char *host, bool numeric)
{
    if (!sni && !numeric)
        sni = host;
    return !sni || !*sni || SSL_set_tlsext_host_name(ssl, sni);
}

/* Sets who the other side must be. The dot that closes an absolute name is not part of it here. */
static bool expect_host(SSL *ssl, const char *text, const struct tls_client *client)
{
    char host[MAX_NAME_BYTES + 1];
    size_t length = strlen(text);
    struct address address;
    bool numeric;

    if (length && text[length - 1] == '.')
        length--;
    if (!length || length > MAX_NAME_BYTES || *text == '.') /* to OpenSSL all names below */
        return false;
    memcpy(host, text, length);
    host[length] = '\0';
    numeric = address_parse(&address, host, 0);
    if (!ask_for(ssl, client->sni, host, numeric))
        return false;
    return client->insecure || verify_expect(ssl, host, numeric);
}

/* A server that fails with a session gets none the next time. */
static void on_failed(struct stream_owner *owner)
{
    struct call *call = (struct call *)owner;

    if (call->client->sessions)
        sessions_forget(call->client->sessions, call->host, call->port);
}

static void on_closed(struct stream_owner *owner)
{
    struct call *call = (struct call *)owner;

    tls_certificate_drop(owner->certificate);
    tls_certificate_drop(call->offered);
    free(call);
}

/* Offers the session of an earlier connection, where there is one. */
static void resume(struct call *call, SSL *ssl)
{
    SSL_SESSION *session =
        sessions_take(call->client->sessions, call->host, call->port, &call->offered);

    if (session)
        SSL_set_session(ssl, session);
    SSL_SESSION_free(session);
}

static struct call *make_call(struct tls_client *client, SSL *ssl, const char *host, uint16_t port)
{
    static const struct stream_owner_calls calls = {
        .handshake_done = describe, .failed = on_failed, .closed = on_closed};
    size_t length = strlen(host);
    struct call *call = memory_zeroed(sizeof(*call) + length + 1);

    call->owner.calls = &calls;
    call->client = client;
    call->port = port;
    memcpy(call->host, host, length);
    SSL_set_app_data(ssl, call);
    if (client->sessions)
        resume(call, ssl);
    return call;
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
    if (ssl && alpn) /* 0: done; else there is no memory, which ends the program before */
        SSL_set_alpn_protos(ssl, (const unsigned char *)alpn, (unsigned)strlen(alpn));
    if (!ssl || !expect_host(ssl, host, client)) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_connect_state(ssl);
    return stream_open(ssl, sock, &make_call(client, ssl, host, port)->owner);
}

static void *get(size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    return memory_of_library(bytes);
}

static void *grow(void *old, size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    return memory_of_library_grown(old, bytes);
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
