/* The reason of each failure: for OpenSSL's error numbers, then for real chains and servers. */
#include "tests/support/unit.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/cert.h"
#include "tests/support/tls_pair.h"
#include "tls/reason.h"

#define HOUR 3600L
#define DAY  (24 * HOUR)

/* A critical extension that OpenSSL does not know. */
#define UNKNOWN_CRITICAL "1.2.3.4.5=critical,DER:0500\n"

static struct tls_pair pair;
static struct tls_client *client;
static struct cert root, unknown_root;

static struct tls_client *client_with(struct tls_client_options options)
{
    char *pem = cert_pem(&root), *why;
    struct tls_client *made;

    options.authorities_pem = pem;
    made = tls_client_new(&options, &why);
    free(pem);
    assert_non_null(made);
    return made;
}

static int setup(void **state)
{
    (void)state;
    tls_pair_open(&pair);
    root = cert_issue(&(struct cert_spec){.subject = "CN=root", .extensions = CERT_CA}, NULL);
    unknown_root =
        cert_issue(&(struct cert_spec){.subject = "CN=unknown", .extensions = CERT_CA}, NULL);
    client = client_with((struct tls_client_options){0});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tls_pair_disconnect(&pair);
    tls_client_free(client);
    cert_free(&root);
    cert_free(&unknown_root);
    tls_pair_close(&pair);
    return 0;
}

static void verify_errors(void **state)
{
    static const struct {
        long error;
        enum transport_reason reason;
    } cases[] = {
        {X509_V_ERR_CERT_HAS_EXPIRED, TLS_CERT_EXPIRED},
        {X509_V_ERR_CERT_NOT_YET_VALID, TLS_CERT_NOT_YET},
        {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, TLS_CERT_SELF_SIGNED},
        {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, TLS_CERT_SELF_SIGNED},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, TLS_UNKNOWN_AUTHORITY},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, TLS_UNKNOWN_AUTHORITY},
        {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, TLS_UNKNOWN_AUTHORITY},
        {X509_V_ERR_CERT_UNTRUSTED, TLS_UNKNOWN_AUTHORITY},
        {X509_V_ERR_CERT_REJECTED, TLS_UNKNOWN_AUTHORITY},
        {X509_V_ERR_HOSTNAME_MISMATCH, TLS_HOSTNAME_MISMATCH},
        {X509_V_ERR_IP_ADDRESS_MISMATCH, TLS_HOSTNAME_MISMATCH},
        {X509_V_ERR_INVALID_PURPOSE, TLS_WRONG_PURPOSE},
        {X509_V_ERR_INVALID_CA, TLS_WRONG_PURPOSE},
        {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, TLS_WRONG_PURPOSE},
        {X509_V_ERR_EE_KEY_TOO_SMALL, TLS_WEAK_KEY},
        {X509_V_ERR_CA_KEY_TOO_SMALL, TLS_WEAK_KEY},
        {X509_V_ERR_CA_MD_TOO_WEAK, TLS_WEAK_KEY},
        {X509_V_ERR_PERMITTED_VIOLATION, TLS_NAME_CONSTRAINTS},
        {X509_V_ERR_EXCLUDED_VIOLATION, TLS_NAME_CONSTRAINTS},
        {X509_V_ERR_SUBTREE_MINMAX, TLS_NAME_CONSTRAINTS},
        {X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, TLS_NAME_CONSTRAINTS},
        {X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, TLS_NAME_CONSTRAINTS},
        {X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, TLS_NAME_CONSTRAINTS},
        {X509_V_ERR_PATH_LENGTH_EXCEEDED, TLS_CERT_INVALID},
        {X509_V_ERR_CERT_CHAIN_TOO_LONG, TLS_CERT_INVALID},
        {X509_V_ERR_CERT_SIGNATURE_FAILURE, TLS_CERT_INVALID},
        {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, TLS_CERT_INVALID},
        {X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, TLS_CERT_INVALID},
        {X509_V_ERR_UNSPECIFIED, TLS_CERT_INVALID},
        {-1, TLS_CERT_INVALID},
        {12345, TLS_CERT_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        if (reason_of_verify(cases[i].error) != cases[i].reason)
            fail_msg("%ld: reason %d", cases[i].error, reason_of_verify(cases[i].error));
}

#define LEAF(text) "basicConstraints=critical,CA:FALSE\n" text
#define NAMED      LEAF("subjectAltName=DNS:www.example.org\n")

enum from { FROM_ROOT, FROM_INTERMEDIATE, FROM_UNKNOWN_ROOT, SELF_SIGNED };

struct chain_case {
    const char *name;
    struct cert_spec leaf;
    enum from from;
    struct cert_spec intermediate; /* used if `from` is FROM_INTERMEDIATE */
    const char *host;              /* NULL: www.example.org */
    int reason;                    /* 0: accepted */
    bool omits_intermediate;       /* the server does not send the second certificate */
};

static void run_case(const struct chain_case *each)
{
    bool has_intermediate = each->from == FROM_INTERMEDIATE;
    struct cert intermediate =
        has_intermediate ? cert_issue(&each->intermediate, &root) : (struct cert){0};
    const struct cert *issuers[] = {&root, &intermediate, &unknown_root, NULL};
    struct cert leaf = cert_issue(&each->leaf, issuers[each->from]);
    struct io io;

    pair.server_context =
        cert_server(&leaf, each->omits_intermediate ? &(struct cert){0} : &intermediate);
    tls_pair_connect(&pair, client, each->host ? each->host : "www.example.org", false);
    io = tls_pair_handshake(&pair);
    if (each->reason ? io.error != each->reason : io.status != IO_OK)
        fail_msg("%s: status %d, reason %d instead of %d, %s", each->name, io.status,
                 io.error - TLS_NOT_TLS, each->reason - TLS_NOT_TLS, pair.client.transport->why);
    tls_pair_disconnect(&pair);
    SSL_CTX_free(pair.server_context);
    pair.server_context = NULL;
    cert_free(&leaf);
    cert_free(&intermediate);
}

#define CERT(...)  .leaf = {.subject = "CN=x", .extensions = __VA_ARGS__}
#define SAN(names) CERT(LEAF("subjectAltName=" names "\n"))
#define VALID      CERT(NAMED)
#define BY(...)                                                                                    \
    VALID, FROM_INTERMEDIATE, .intermediate = {.subject = "CN=b", .extensions = __VA_ARGS__}

static void names(void **state)
{
    static const struct chain_case cases[] = {
        {"the name", SAN("DNS:www.example.org")},
        {"one of several", SAN("DNS:a.example,IP:192.0.2.1,DNS:www.example.org")},
        {"case does not matter", SAN("DNS:WWW.Example.ORG")},
        {"another name", SAN("DNS:example.org"), .reason = TLS_HOSTNAME_MISMATCH},
        {"a wildcard", SAN("DNS:*.example.org")},
        {"a wildcard is for one label", SAN("DNS:*.example.org"), .host = "a.b.example.org",
         .reason = TLS_HOSTNAME_MISMATCH},
        {"a wildcard needs a label", SAN("DNS:*.example.org"), .host = "example.org",
         .reason = TLS_HOSTNAME_MISMATCH},
        {"a wildcard for a part of a label", SAN("DNS:w*.example.org"),
         .reason = TLS_HOSTNAME_MISMATCH},
        {"a wildcard inside the name", SAN("DNS:www.*.org"), .reason = TLS_HOSTNAME_MISMATCH},
        {"a wildcard for a top-level domain", SAN("DNS:*.org"), .host = "example.org",
         .reason = TLS_HOSTNAME_MISMATCH},
        {"a wildcard for all names", SAN("DNS:*"), .host = "localhost",
         .reason = TLS_HOSTNAME_MISMATCH},
        {"an A-label", SAN("DNS:xn--bcher-kva.example"), .host = "xn--bcher-kva.example"},
        {"no wildcard for an address", SAN("DNS:*.0.0.1"), .host = "127.0.0.1",
         .reason = TLS_HOSTNAME_MISMATCH},
        {"an address as a name", SAN("DNS:127.0.0.1"), .host = "127.0.0.1",
         .reason = TLS_HOSTNAME_MISMATCH},
        {"an address", SAN("IP:127.0.0.1"), .host = "127.0.0.1"},
        {"an IPv6 address", SAN("IP:2001:db8::1"), .host = "2001:db8:0::1"},
        {"no common name", .leaf = {.subject = "O=x", .extensions = NAMED}},
        {"no subject",
         .leaf = {.subject = NULL,
                  .extensions = LEAF("subjectAltName=critical,DNS:www.example.org\n")}},
        {"only a common name: RFC 6125, 6.4.4",
         .leaf = {.subject = "CN=www.example.org", .extensions = LEAF("")}},
        {"a common name and another name",
         .leaf = {.subject = "CN=www.example.org",
                  .extensions = LEAF("subjectAltName=DNS:a.example\n")},
         .reason = TLS_HOSTNAME_MISMATCH},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        run_case(&cases[i]);
}

static void authorities(void **state)
{
    static const struct chain_case cases[] = {
        {"issued by the root", VALID},
        {"issued by an intermediate", BY(CERT_CA)},
        {"without the intermediate", BY(CERT_CA), .omits_intermediate = true,
         .reason = TLS_UNKNOWN_AUTHORITY},
        {"issued by an unknown root", VALID, FROM_UNKNOWN_ROOT, .reason = TLS_UNKNOWN_AUTHORITY},
        {"self-signed", VALID, SELF_SIGNED, .reason = TLS_CERT_SELF_SIGNED},
        {"an invalid signature", CERT(NAMED, .bad_signature = true), .reason = TLS_CERT_INVALID},
        {"an invalid signature of the intermediate", BY(CERT_CA, .bad_signature = true),
         .reason = TLS_CERT_INVALID},
        {"an intermediate that is no authority", BY(LEAF("")), .reason = TLS_WRONG_PURPOSE},
        {"an intermediate that may not sign",
         BY("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature\n"),
         .reason = TLS_WRONG_PURPOSE},
        {"an intermediate for clients", BY(CERT_CA "extendedKeyUsage=clientAuth\n"),
         .reason = TLS_WRONG_PURPOSE},
        {"for clients", CERT(NAMED "extendedKeyUsage=clientAuth\n"), .reason = TLS_WRONG_PURPOSE},
        {"for mail", CERT(NAMED "extendedKeyUsage=emailProtection\n"), .reason = TLS_WRONG_PURPOSE},
        {"for clients and servers", CERT(NAMED "extendedKeyUsage=clientAuth,serverAuth\n")},
        {"an unknown critical extension", CERT(NAMED UNKNOWN_CRITICAL), .reason = TLS_CERT_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        run_case(&cases[i]);
}

static void strength(void **state)
{
    static const struct chain_case cases[] = {
        {"RSA 2048", CERT(NAMED, .key = "RSA2048")},
        {"P-384", CERT(NAMED, .key = "P-384")},
        {"RSA 1024", CERT(NAMED, .key = "RSA1024"), .reason = TLS_WEAK_KEY},
        {"P-192, which the client does not offer", CERT(NAMED, .key = "P-192"),
         .reason = TLS_ALERT},
        {"SHA-1", CERT(NAMED, .digest = "SHA1"), .reason = TLS_WEAK_KEY},
        {"SHA-512", CERT(NAMED, .digest = "SHA512")},
        {"RSA 1024 intermediate", BY(CERT_CA, .key = "RSA1024"), .reason = TLS_WEAK_KEY},
        {"P-192 intermediate", BY(CERT_CA, .key = "P-192"), .reason = TLS_WEAK_KEY},
        {"SHA-1 intermediate", BY(CERT_CA, .digest = "SHA1"), .reason = TLS_WEAK_KEY},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        run_case(&cases[i]);
}

static void name_constraints(void **state)
{
    static const struct chain_case cases[] = {
        {"permitted", BY(CERT_CA "nameConstraints=critical,permitted;DNS:example.org\n")},
        {"not permitted", BY(CERT_CA "nameConstraints=critical,permitted;DNS:example.com\n"),
         .reason = TLS_NAME_CONSTRAINTS},
        {"excluded", BY(CERT_CA "nameConstraints=critical,excluded;DNS:example.org\n"),
         .reason = TLS_NAME_CONSTRAINTS},
        {"a second name that is not permitted", SAN("DNS:www.example.org,DNS:www.example.com"),
         FROM_INTERMEDIATE,
         .intermediate = {.subject = "CN=b",
                          .extensions =
                              CERT_CA "nameConstraints=critical,permitted;DNS:example.org\n"},
         .reason = TLS_NAME_CONSTRAINTS},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        run_case(&cases[i]);
}

#define EXPIRED .from = -2 * DAY, .to = -DAY

/* Two errors in a chain: the one that reason.h lists first is reported. */
static void first_error_is_reported(void **state)
{
    static const struct chain_case cases[] = {
        {"expired", CERT(NAMED, EXPIRED), .reason = TLS_CERT_EXPIRED},
        {"not yet valid", CERT(NAMED, .from = DAY, .to = 2 * DAY), .reason = TLS_CERT_NOT_YET},
        {"expired intermediate", BY(CERT_CA, EXPIRED), .reason = TLS_CERT_EXPIRED},
        {"key before authority", CERT(NAMED, .key = "RSA1024"), FROM_UNKNOWN_ROOT,
         .reason = TLS_WEAK_KEY},
        {"authority before purpose", CERT(NAMED "extendedKeyUsage=clientAuth\n"), FROM_UNKNOWN_ROOT,
         .reason = TLS_UNKNOWN_AUTHORITY},
        {"authority before dates", CERT(NAMED, EXPIRED), SELF_SIGNED,
         .reason = TLS_CERT_SELF_SIGNED},
        {"purpose before digest", CERT(NAMED "extendedKeyUsage=clientAuth\n", .digest = "SHA1"),
         .reason = TLS_WRONG_PURPOSE},
        {"digest before host", CERT(NAMED, .digest = "SHA1"), .host = "other.example",
         .reason = TLS_WEAK_KEY},
        {"host before dates", CERT(NAMED, EXPIRED), .host = "other.example",
         .reason = TLS_HOSTNAME_MISMATCH},
        {"host before signature", CERT(NAMED, .bad_signature = true), .host = "other.example",
         .reason = TLS_HOSTNAME_MISMATCH},
        {"signature before dates", CERT(NAMED, EXPIRED, .bad_signature = true),
         .reason = TLS_CERT_INVALID},
        {"dates before constraints", CERT(NAMED, EXPIRED), FROM_INTERMEDIATE,
         .intermediate = {.subject = "CN=b",
                          .extensions =
                              CERT_CA "nameConstraints=critical,excluded;DNS:example.org\n"},
         .reason = TLS_CERT_EXPIRED},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        run_case(&cases[i]);
}

/* Makes a handshake with the prepared server; returns the client's result. */
static struct io handshake_with(struct tls_client *tls_client)
{
    tls_pair_connect(&pair, tls_client, "www.example.org", false);
    return tls_pair_handshake(&pair);
}

static void make_server(const char *key)
{
    struct cert leaf =
        cert_issue(&(struct cert_spec){.subject = "CN=x", .extensions = NAMED, .key = key}, &root);

    pair.server_context = cert_server(&leaf, &(struct cert){0});
    cert_free(&leaf);
}

static void drop_server(void)
{
    tls_pair_disconnect(&pair);
    SSL_CTX_free(pair.server_context);
    pair.server_context = NULL;
}

static void versions(void **state)
{
    static const struct {
        int min, max, server; /* `server`: the only version of the server */
        const char *agreed;   /* NULL: the handshake fails */
    } cases[] = {
        {0, 0, TLS1_3_VERSION, "TLSv1.3"},   {0, 0, TLS1_2_VERSION, "TLSv1.2"},
        {12, 12, TLS1_2_VERSION, "TLSv1.2"}, {13, 13, TLS1_3_VERSION, "TLSv1.3"},
        {13, 0, TLS1_3_VERSION, "TLSv1.3"},  {12, 13, TLS1_2_VERSION, "TLSv1.2"},
        {13, 0, TLS1_2_VERSION, NULL},       {0, 12, TLS1_3_VERSION, NULL},
        {0, 0, TLS1_1_VERSION, NULL},        {0, 0, TLS1_VERSION, NULL},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct tls_client *limited = client_with(
            (struct tls_client_options){.min_version = cases[i].min, .max_version = cases[i].max});
        struct tls_facts facts;
        struct io io;

        make_server(NULL);
        SSL_CTX_set_min_proto_version(pair.server_context, cases[i].server);
        SSL_CTX_set_max_proto_version(pair.server_context, cases[i].server);
        io = handshake_with(limited);
        if (!cases[i].agreed && io.error != TLS_PROTOCOL)
            fail_msg("case %zu: reason %d", i, io.error - TLS_NOT_TLS);
        if (cases[i].agreed) {
            assert_int_equal(io.status, IO_OK);
            pair.client.transport->calls->facts(pair.client.transport, &facts);
            assert_string_equal(facts.version, cases[i].agreed);
        }
        drop_server();
        tls_client_free(limited);
    }
}

/* Diffie-Hellman with a group of 1,024 bits, which OpenSSL's server uses with dh_auto 2. */
static void weak_key_exchange(void **state)
{
    struct io io;

    (void)state;
    make_server("RSA2048");
    SSL_CTX_set_max_proto_version(pair.server_context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(pair.server_context, "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0");
    SSL_CTX_set_dh_auto(pair.server_context, 2);
    io = handshake_with(client);
    assert_int_equal(io.error, TLS_WEAK_KEY);
    assert_string_equal(pair.client.transport->why, "dh key too small");
    drop_server();
}

static void no_common_cipher(void **state)
{
    struct io io;

    (void)state;
    make_server("RSA2048");
    SSL_CTX_set_max_proto_version(pair.server_context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(pair.server_context, "NULL-SHA256:@SECLEVEL=0");
    io = handshake_with(client);
    assert_int_equal(io.error, TLS_ALERT);
    assert_non_null(strstr(pair.client.transport->why, "handshake failure"));
    drop_server();
}

/* A record of TLS 1.2, where the certificate is not encrypted: a ServerHello with an empty
   renegotiation_info (RFC 5746), then a Certificate message whose only certificate is not DER. */
static void malformed_certificate(void **state)
{
    static const char bytes[] = "\x16\x03\x03\0\x3e"
                                "\x02\0\0\x2d\x03\x03"
                                "0123456789abcdef0123456789abcdef"
                                "\0\xc0\x2f\0\0\x05\xff\x01\0\x01\0"
                                "\x0b\0\0\x09\0\0\x06\0\0\x03"
                                "\x30\x01\x00";
    struct io io;

    (void)state;
    tls_pair_connect(&pair, client, "example.org", true);
    assert_int_equal(write(pair.peer.sock->watch.fd, bytes, sizeof(bytes) - 1), sizeof(bytes) - 1);
    io = tls_pair_handshake(&pair);
    assert_int_equal(io.status, IO_ERROR);
    assert_int_equal(io.error, TLS_CERT_INVALID);
    assert_non_null(pair.client.transport->why);
}

/* Prepares a server that requires a client certificate. */
static void require_certificate(int version)
{
    make_server(NULL);
    SSL_CTX_set_max_proto_version(pair.server_context, version);
    SSL_CTX_set_verify(pair.server_context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       NULL);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(pair.server_context), root.x509);
}

static void client_certificate_is_required(void **state)
{
    struct transport *transport;
    char byte;
    struct io io;

    (void)state;
    require_certificate(TLS1_2_VERSION);
    io = handshake_with(client);
    assert_int_equal(io.error, TLS_ALERT);
    assert_string_equal(pair.client.transport->why, "client certificate required");
    drop_server();

    /* the client's handshake is complete before the server has verified */
    require_certificate(TLS1_3_VERSION);
    assert_int_equal(handshake_with(client).status, IO_OK);
    assert_int_equal(pair.peer.last.status, IO_ERROR);
    loop_turn(pair.loop, NSEC_PER_MS);
    transport = pair.client.transport;
    io = transport->calls->read(transport, &byte, 1);
    assert_int_equal(io.status, IO_ERROR);
    assert_int_equal(io.error, TLS_ALERT);
    assert_non_null(strstr(transport->why, "certificate required"));
    drop_server();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(verify_errors),
        CASE(names),
        CASE(authorities),
        CASE(strength),
        CASE(name_constraints),
        CASE(first_error_is_reported),
        CASE(versions),
        CASE(weak_key_exchange),
        CASE(no_common_cipher),
        CASE(malformed_certificate),
        CASE(client_certificate_is_required),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("reason", tests, NULL, NULL);
}
