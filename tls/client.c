/*
 * The client's context and its connections. Rejected: a context a connection, which is what makes
 * other clients slow: reading the trust store and fetching the algorithms cost more than a
 * handshake.
 */
#include "tls/client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reactor/memory.h"
#include "tls/sessions.h"
#include "tls/stream.h"

#define MOST_NAME_BYTES 255

struct tls_client {
    SSL_CTX *context;
    struct sessions *sessions; /* to be resumed */
    bool insecure;             /* verify nothing */
    bool system_store;         /* the system's store is wanted and not read yet */
};

/* Whom a connection leads to, for the callback that brings its session. */
struct call {
    struct visit visit; /* first */
    struct tls_client *client;
    uint16_t port;
    bool kept; /* one session a connection is enough */
    char host[];
};

/* "what: OpenSSL's reason", to be freed. */
static char *sentence(const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    char *text = NULL;

    if (asprintf(&text, "%s: %s", what, reason ? reason : "unknown error") < 0)
        text = memory_text(what, strlen(what));
    return text;
}

/* Adds each certificate of a PEM text to the context's store. */
static bool trust_pem(SSL_CTX *context, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate;
    bool any = false;

    while ((certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        any = X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate) || any;
        X509_free(certificate);
    }
    BIO_free(bio);
    return any;
}

/* What the options name instead of the system's store. */
static bool trust_named(struct tls_client *client, const struct tls_client_options *options,
                        char **why)
{
    if (options->authorities_pem && !trust_pem(client->context, options->authorities_pem))
        *why = sentence("the authority's certificate");
    else if (!options->authorities_pem && options->authorities_file &&
             !SSL_CTX_load_verify_file(client->context, options->authorities_file))
        *why = sentence(options->authorities_file);
    return !*why;
}

/* The server gave a session. 0: the reference stays OpenSSL's. */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
    struct call *call = SSL_get_app_data(ssl);

    if (!call->kept && SSL_SESSION_is_resumable(session))
        sessions_keep(call->client->sessions, call->host, call->port, session);
    call->kept = true;
    return 0;
}

static SSL_CTX *make_context(void)
{
    static const unsigned char alpn[] = "\x08http/1.1";
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (!context)
        return NULL;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, on_session);
    SSL_CTX_set_alpn_protos(context, alpn, sizeof(alpn) - 1);
    return context;
}

struct tls_client *tls_client_new(const struct tls_client_options *options, char **why)
{
    struct tls_client *client = memory_zeroed(sizeof(*client));

    *why = NULL;
    ERR_clear_error();
    client->insecure = options->insecure;
    client->system_store =
        !options->insecure && !options->authorities_pem && !options->authorities_file;
    client->context = make_context();
    client->sessions = sessions_new();
    if (!client->context)
        *why = sentence("OpenSSL");
    else if (trust_named(client, options, why))
        SSL_CTX_set_verify(client->context, options->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                           NULL);
    if (*why) {
        tls_client_free(client);
        return NULL;
    }
    return client;
}

void tls_client_free(struct tls_client *client)
{
    if (!client)
        return;
    SSL_CTX_free(client->context);
    sessions_free(client->sessions);
    free(client);
}

/* Sets who the other side must be. The dot that closes an absolute name is not part of it here. */
static bool expect_host(SSL *ssl, const char *text, bool insecure)
{
    char host[MOST_NAME_BYTES + 1];
    size_t length = strlen(text);
    X509_VERIFY_PARAM *expected = SSL_get0_param(ssl);
    struct address address;
    bool numeric;

    if (length && text[length - 1] == '.')
        length--;
    if (!length || length > MOST_NAME_BYTES)
        return false;
    memcpy(host, text, length);
    host[length] = '\0';
    numeric = address_parse(&address, host, 0);
    if (!numeric && !SSL_set_tlsext_host_name(ssl, host))
        return false;
    if (insecure)
        return true;
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return numeric ? X509_VERIFY_PARAM_set1_ip_asc(expected, host)
                   : X509_VERIFY_PARAM_set1_host(expected, host, 0);
}

/* A server that fails with a session gets none the next time. */
static void on_failed(struct visit *visit)
{
    struct call *call = (struct call *)visit;

    sessions_forget(call->client->sessions, call->host, call->port);
}

/* Offers the session of an earlier connection, where there is one. */
static struct visit *resume(struct tls_client *client, SSL *ssl, const char *host, uint16_t port)
{
    size_t length = strlen(host);
    struct call *call = memory_zeroed(sizeof(*call) + length + 1);
    SSL_SESSION *session = sessions_take(client->sessions, host, port);

    call->visit.failed = on_failed;
    call->client = client;
    call->port = port;
    memcpy(call->host, host, length);
    SSL_set_app_data(ssl, call);
    if (session)
        SSL_set_session(ssl, session);
    SSL_SESSION_free(session);
    return &call->visit;
}

struct transport *tls_client_open(struct tls_client *client, struct sock *sock, const char *host,
                                  uint16_t port)
{
    SSL *ssl;

    if (client->system_store) {
        SSL_CTX_set_default_verify_paths(client->context);
        client->system_store = false;
    }
    ERR_clear_error();
    ssl = SSL_new(client->context);
    if (!ssl || !expect_host(ssl, host, client->insecure)) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_connect_state(ssl);
    return stream_open(ssl, sock, resume(client, ssl, host, port));
}

const char *tls_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
