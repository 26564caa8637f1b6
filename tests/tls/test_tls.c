/* Verification of the server by the client, the reason of each failure, and the ClientHello. */
#include "tests/support/unit.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/support/calls.h"
#include "tests/support/cert.h"
#include "tests/support/tls_pair.h"

static struct tls_pair pair;
static struct tls_client *client;

static int setup(void **state)
{
    (void)state;
    tls_pair_open(&pair);
    client = tls_pair_client(&pair);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tls_pair_disconnect(&pair);
    tls_client_free(client);
    tls_pair_close(&pair);
    return 0;
}

static void valid_certificate_is_accepted(void **state)
{
    struct tls_facts facts;

    (void)state;
    tls_pair_connect(&pair, client, "www.example.org", false);
    assert_int_equal(tls_pair_handshake(&pair).status, IO_OK);
    assert_int_equal(pair.peer.last.status, IO_OK);
    assert_string_equal(pair.sni, "www.example.org");
    pair.client.transport->calls->facts(pair.client.transport, &facts);
    assert_string_equal(facts.version, "TLSv1.3");
    assert_int_equal(strncmp(facts.cipher, "TLS_", 4), 0);
    assert_string_equal(facts.alpn, "http/1.1");
    assert_false(facts.resumed);
    assert_null(facts.certificate); /* `describe` is not set */
}

static void each_invalid_certificate_has_its_reason(void **state)
{
    static const struct {
        enum certificate_kind kind;
        enum transport_reason reason;
    } cases[] = {
        {CERTIFICATE_EXPIRED, TLS_CERT_EXPIRED},
        {CERTIFICATE_NOT_YET, TLS_CERT_NOT_YET},
        {CERTIFICATE_SELF_SIGNED, TLS_CERT_SELF_SIGNED},
        {CERTIFICATE_WRONG_HOST, TLS_HOSTNAME_MISMATCH},
        {CERTIFICATE_UNKNOWN_AUTHORITY, TLS_UNKNOWN_AUTHORITY},
    };
    static const char *const hosts[] = {"example.org", "127.0.0.1"};

    (void)state;
    assert_int_equal(LENGTH(cases), CERTIFICATE_KINDS - 1);
    for (size_t i = 0; i < LENGTH(cases) * LENGTH(hosts); i++) {
        struct io io;

        pair.kind = cases[i / LENGTH(hosts)].kind;
        tls_pair_new_server(&pair);
        tls_pair_connect(&pair, client, hosts[i % LENGTH(hosts)], false);
        io = tls_pair_handshake(&pair);
        assert_int_equal(io.status, IO_ERROR);
        assert_int_equal(io.error, cases[i / LENGTH(hosts)].reason);
    }
}

static void insecure_accepts_all_certificates(void **state)
{
    struct tls_client_options options = {.insecure = true};
    char *why;
    struct tls_client *insecure = tls_client_new(&options, &why);

    (void)state;
    for (int kind = 0; kind < CERTIFICATE_KINDS; kind++) {
        pair.kind = (enum certificate_kind)kind;
        tls_pair_new_server(&pair);
        tls_pair_connect(&pair, insecure, kind % 2 ? "example.org" : "10.1.2.3", false);
        assert_int_equal(tls_pair_handshake(&pair).status, IO_OK);
    }
    tls_pair_disconnect(&pair);
    tls_client_free(insecure);
}

static void addresses_are_verified_without_sni(void **state)
{
    static const char *const known[] = {"127.0.0.1", "::1", "192.0.2.7", "2001:db8::7"};

    (void)state;
    authority_add_address(pair.authority, "192.0.2.7");
    authority_add_address(pair.authority, "2001:db8::7");
    for (size_t i = 0; i < LENGTH(known); i++) {
        tls_pair_connect(&pair, client, known[i], false);
        strcpy(pair.sni, "nothing yet");
        assert_int_equal(tls_pair_handshake(&pair).status, IO_OK);
        tls_pair_new_server(&pair);
        assert_string_equal(pair.sni, ""); /* RFC 6066, section 3: no address in SNI */
    }
    tls_pair_connect(&pair, client, "192.0.2.8", false);
    assert_int_equal(tls_pair_handshake(&pair).error, TLS_HOSTNAME_MISMATCH);
}

/* The final dot of an absolute name is neither in SNI nor in the certificate. */
static void final_dot_is_not_part_of_the_name(void **state)
{
    (void)state;
    tls_pair_connect(&pair, client, "example.org.", false);
    assert_int_equal(tls_pair_handshake(&pair).status, IO_OK);
    assert_string_equal(pair.sni, "example.org");
}

/* The server chooses from the offered protocols, h2 first. */
static void alpn_is_negotiated(void **state)
{
    static const struct {
        const char *offered, *agreed;
    } cases[] = {
        {NULL, "http/1.1"}, {"\x02h2\x08http/1.1", "h2"}, {"\x08http/1.1\x02h2", "h2"},
        {"\x02h2", "h2"},   {"\x08http/1.0", ""},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct tls_facts facts = {0};

        pair.alpn = cases[i].offered;
        tls_pair_connect(&pair, client, "example.org", false);
        assert_int_equal(tls_pair_handshake(&pair).status, IO_OK);
        pair.client.transport->calls->facts(pair.client.transport, &facts);
        assert_string_equal(facts.alpn, cases[i].agreed);
        tls_certificate_drop(facts.certificate);
    }
}

static void invalid_names(void **state)
{
    char long_name[300];
    struct sock sock = {0};

    (void)state;
    memset(long_name, 'a', sizeof(long_name));
    long_name[256] = '\0';
    assert_null(tls_client_open(client, &sock, long_name, 443, NULL));
    assert_null(tls_client_open(client, &sock, "", 443, NULL));
    assert_null(tls_client_open(client, &sock, ".", 443, NULL));
    assert_null(tls_client_open(client, &sock, ".example.org", 443, NULL));
}

/* Servers without TLS, or with an old version: the bytes that they send after the ClientHello. */
static void other_servers(void **state)
{
    static const struct {
        const char *bytes;
        size_t count;
        enum transport_reason reason;
    } cases[] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n", 28, TLS_NOT_TLS},
        {"<html>", 6, TLS_NOT_TLS},
        {"SSH-2.0-OpenSSH_9.2\r\n", 21, TLS_NOT_TLS},
        {"220 mail.example.org ESMTP\r\n", 28, TLS_NOT_TLS},
        {"\0\0\0\0\0\0\0\0", 8, TLS_NOT_TLS},
        {"\x15\x03\x01\0\x02\x02\x46", 7, TLS_PROTOCOL}, /* alert: protocol_version */
        {"\x15\x03\x03\0\x02\x02\x28", 7, TLS_ALERT},    /* alert: handshake_failure */
        {"\x15\x03\x03\0\x02\x02\x70", 7, TLS_ALERT},    /* alert: unrecognized_name */
        /* a ServerHello of TLS 1.1 */
        {"\x16\x03\x02\0\x2a\x02\0\0\x26\x03\x02"
         "0123456789abcdef0123456789abcdef"
         "\0\0\x2f\0",
         47, TLS_PROTOCOL},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct io io;

        tls_pair_connect(&pair, client, "example.org", true);
        assert_int_equal(write(pair.peer.sock->watch.fd, cases[i].bytes, cases[i].count),
                         cases[i].count);
        io = tls_pair_handshake(&pair);
        if (io.status != IO_ERROR || io.error != (int)cases[i].reason)
            fail_msg("case %zu: status %d, reason %d, %s", i, io.status, io.error - TLS_NOT_TLS,
                     pair.client.transport->why);
    }
}

static void server_that_closes(void **state)
{
    struct io io;

    (void)state;
    tls_pair_connect(&pair, client, "example.org", true);
    shutdown(pair.peer.sock->watch.fd, SHUT_WR);
    io = tls_pair_handshake(&pair);
    assert_int_equal(io.status, IO_ERROR);
    assert_int_equal(io.error, TLS_TRUNCATED);
}

/* The server is closed when the client sends the alert for its certificate. */
static void reason_with_an_alert_that_cannot_be_sent(void **state)
{
    struct transport *transport;
    struct io io;

    (void)state;
    pair.kind = CERTIFICATE_EXPIRED;
    tls_pair_connect(&pair, client, "example.org", false);
    transport = pair.client.transport;
    loop_turn(pair.loop, 0);
    assert_int_equal(transport->calls->handshake(transport).status, IO_WANT_READ);
    loop_turn(pair.loop, 0);
    pair.peer.transport->calls->handshake(pair.peer.transport);
    tls_end_truncate(&pair, &pair.peer);
    loop_turn(pair.loop, 0);
    io = transport->calls->handshake(transport);
    assert_int_equal(io.status, IO_ERROR);
    assert_int_equal(io.error, TLS_CERT_EXPIRED);
}

/* The system's store does not contain the pair's authority. */
static void system_store_does_not_trust_the_pair(void **state)
{
    char *why;
    struct tls_client *system = tls_client_new(&(struct tls_client_options){0}, &why);
    struct io io;

    (void)state;
    assert_non_null(system);
    tls_pair_connect(&pair, system, "example.org", false);
    io = tls_pair_handshake(&pair);
    assert_int_equal(io.status, IO_ERROR);
    assert_int_equal(io.error, TLS_UNKNOWN_AUTHORITY);
    tls_pair_disconnect(&pair);
    tls_client_free(system);
    assert_int_equal(strncmp(tls_version(), "OpenSSL ", 8), 0);
}

/* Sessions. */

/* Connects, reads a byte after the handshake, and closes. Returns the number of bytes that the
   client received in the handshake. */
static size_t handshake_bytes(const char *host)
{
    struct transport *transport;
    size_t bytes;
    char byte;

    tls_pair_connect(&pair, client, host, false);
    calls_reset();
    calls.fd = pair.client.sock->watch.fd;
    assert_int_equal(tls_pair_handshake(&pair).status, IO_OK);
    bytes = calls.recv_bytes;
    transport = pair.peer.transport;
    assert_int_equal(transport->calls->write(transport, "x", 1).status, IO_OK);
    loop_turn(pair.loop, NSEC_PER_MS);
    transport = pair.client.transport;
    assert_int_equal(transport->calls->read(transport, &byte, 1).status, IO_OK);
    tls_pair_disconnect(&pair);
    return bytes;
}

/* A resumed handshake is short: the server sends no certificate. */
static void sessions_are_resumed(void **state)
{
    size_t whole = handshake_bytes("a.test");

    (void)state;
    assert_true(whole > 700);
    assert_true(handshake_bytes("a.test") < whole - 400);
    assert_true(handshake_bytes("b.test") > whole - 100); /* another host */
    assert_true(handshake_bytes("a.test") < whole - 400);
    pair.port++;
    assert_true(handshake_bytes("a.test") > whole - 100); /* another port */
}

/* If the server does not know the session, it sends its certificate, which is verified. */
static void unknown_session_needs_a_certificate(void **state)
{
    struct io io;

    (void)state;
    handshake_bytes("a.test");
    pair.kind = CERTIFICATE_EXPIRED;
    tls_pair_new_server(&pair);
    tls_pair_connect(&pair, client, "a.test", false);
    io = tls_pair_handshake(&pair);
    assert_int_equal(io.status, IO_ERROR);
    assert_int_equal(io.error, TLS_CERT_EXPIRED);
}

/* Creates a client with these options that trusts the pair's authority. */
static struct tls_client *client_with(struct tls_client_options options)
{
    char *why;
    struct tls_client *made;

    options.authorities_pem = authority_pem(pair.authority);
    made = tls_client_new(&options, &why);
    assert_non_null(made);
    return made;
}

/* Replaces the client. */
static void use_options(struct tls_client_options options)
{
    tls_pair_disconnect(&pair);
    tls_client_free(client);
    client = client_with(options);
}

static void without_resumption_each_handshake_is_full(void **state)
{
    size_t whole;

    (void)state;
    use_options((struct tls_client_options){.no_resumption = true});
    whole = handshake_bytes("a.test");
    assert_true(handshake_bytes("a.test") > whole - 100);
    pair.kind = CERTIFICATE_EXPIRED; /* a failure without a session */
    tls_pair_new_server(&pair);
    tls_pair_connect(&pair, client, "a.test", false);
    assert_int_equal(tls_pair_handshake(&pair).error, TLS_CERT_EXPIRED);
}

/* Connects, reads a byte, and returns the facts. The caller owns their certificate. */
static struct tls_facts facts_of(const char *host)
{
    struct tls_facts facts;
    struct transport *transport;
    char byte;

    tls_pair_connect(&pair, client, host, false);
    assert_int_equal(tls_pair_handshake(&pair).status, IO_OK);
    transport = pair.peer.transport;
    assert_int_equal(transport->calls->write(transport, "x", 1).status, IO_OK);
    loop_turn(pair.loop, NSEC_PER_MS);
    transport = pair.client.transport;
    assert_int_equal(transport->calls->read(transport, &byte, 1).status, IO_OK);
    transport->calls->facts(transport, &facts);
    tls_pair_disconnect(&pair);
    return facts;
}

static void certificate_is_described(void **state)
{
    struct tls_facts facts;
    int64_t now = clock_unix_s();

    (void)state;
    use_options((struct tls_client_options){.describe = true});
    facts = facts_of("www.example.org");
    assert_string_equal(facts.certificate->subject, "CN=firstbyte rehearsal");
    assert_string_equal(facts.certificate->issuer, "CN=firstbyte rehearsal authority");
    assert_int_equal(facts.certificate->name_count, 1);
    assert_string_equal(facts.certificate->names[0], "www.example.org");
    assert_true(facts.certificate->not_before < now && now < facts.certificate->not_after);
    tls_certificate_drop(facts.certificate);
    facts = facts_of("127.0.0.1");
    assert_int_equal(facts.certificate->name_count, 2);
    assert_string_equal(facts.certificate->names[0], "127.0.0.1");
    assert_string_equal(facts.certificate->names[1], "::1");
    tls_certificate_drop(facts.certificate);
}

/* Sessions are sent after the handshake in TLS 1.3, and in it in TLS 1.2. Three connections report
   the same certificate object. */
static void resumed_connections_have_the_certificate(void **state)
{
    (void)state;
    for (int version = 12; version <= 13; version++) {
        struct tls_facts facts[3];

        use_options((struct tls_client_options){.describe = true, .max_version = version});
        for (size_t i = 0; i < LENGTH(facts); i++) {
            facts[i] = facts_of("www.example.org");
            assert_string_equal(facts[i].version, version == 12 ? "TLSv1.2" : "TLSv1.3");
            assert_int_equal(facts[i].resumed, i > 0);
            assert_ptr_equal(facts[i].certificate, facts[0].certificate);
        }
        assert_string_equal(facts[2].certificate->names[0], "www.example.org");
        for (size_t i = 0; i < LENGTH(facts); i++)
            tls_certificate_drop(facts[i].certificate);
    }
}

/* If the session is not resumed, the certificate is the new one. */
static void new_certificate_is_described(void **state)
{
    struct tls_facts before, after;

    (void)state;
    use_options((struct tls_client_options){.describe = true});
    before = facts_of("127.0.0.1");
    authority_add_address(pair.authority, "192.0.2.7");
    tls_pair_new_server(&pair);
    after = facts_of("127.0.0.1");
    assert_false(after.resumed);
    assert_int_equal(before.certificate->name_count, 2);
    assert_int_equal(after.certificate->name_count, 3);
    tls_certificate_drop(before.certificate);
    tls_certificate_drop(after.certificate);
}

static void insecure_describes_the_certificate(void **state)
{
    struct tls_facts facts;

    (void)state;
    use_options((struct tls_client_options){.describe = true, .insecure = true});
    pair.kind = CERTIFICATE_EXPIRED;
    facts = facts_of("www.example.org");
    assert_true(facts.certificate->not_after < clock_unix_s());
    tls_certificate_drop(facts.certificate);
}

static void sni_does_not_change_the_verified_name(void **state)
{
    static const struct {
        const char *sni, *host, *sent;
        int reason; /* 0: accepted; the server's certificate is for the name in SNI */
    } cases[] = {
        {NULL, "a.example", "a.example", 0},
        {"b.example", "b.example", "b.example", 0},
        {"b.example", "a.example", "b.example", TLS_HOSTNAME_MISMATCH},
        {"b.example", "127.0.0.1", "b.example", TLS_HOSTNAME_MISMATCH},
        {"", "a.example", "", TLS_HOSTNAME_MISMATCH}, /* the certificate for addresses */
        {"", "127.0.0.1", "", 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct io io;

        use_options((struct tls_client_options){.sni = cases[i].sni});
        tls_pair_new_server(&pair);
        strcpy(pair.sni, "nothing yet");
        tls_pair_connect(&pair, client, cases[i].host, false);
        io = tls_pair_handshake(&pair);
        assert_string_equal(pair.sni, cases[i].sent);
        assert_int_equal(io.status == IO_OK ? 0 : io.error, cases[i].reason);
    }
}

static void secrets_are_logged(void **state)
{
    static const char *const labels[] = {
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET ", "SERVER_HANDSHAKE_TRAFFIC_SECRET ",
        "CLIENT_TRAFFIC_SECRET_0 ", "SERVER_TRAFFIC_SECRET_0 ", "CLIENT_RANDOM "};
    char path[256], text[4096];
    size_t length;
    FILE *file;

    (void)state;
    close(unit_file(path, sizeof(path)));
    use_options((struct tls_client_options){.keylog = path});
    handshake_bytes("a.test");
    use_options((struct tls_client_options){.keylog = path, .max_version = 12}); /* appends */
    handshake_bytes("b.test");
    file = fopen(path, "r");
    length = fread(text, 1, sizeof(text) - 1, file);
    text[length] = '\0';
    fclose(file);
    unlink(path);
    for (size_t i = 0; i < LENGTH(labels); i++)
        assert_non_null(strstr(text, labels[i]));
    assert_int_equal(text[length - 1], '\n');
}

/* A server that requires a client certificate of the authority: the certificate of the options is
   sent, in both versions, with the key in the same file or in another one. */
static void client_certificate_is_sent(void **state)
{
    struct cert root =
        cert_issue(&(struct cert_spec){.subject = "CN=r", .extensions = CERT_CA}, NULL);
    struct cert theirs = cert_issue(&(struct cert_spec){.subject = "CN=x"}, &root);
    struct cert client_cert = cert_issue(
        &(struct cert_spec){.subject = "CN=me", .extensions = "extendedKeyUsage=clientAuth\n"},
        &root);
    char both[256], certificate[256], key[256];

    (void)state;
    cert_file(&client_cert, true, true, NULL, both, sizeof(both));
    cert_file(&client_cert, true, false, NULL, certificate, sizeof(certificate));
    cert_file(&client_cert, false, true, NULL, key, sizeof(key));
    pair.server_context = cert_server(&theirs, &(struct cert){0});
    SSL_CTX_set_verify(pair.server_context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       NULL);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(pair.server_context), root.x509);
    for (int i = 0; i < 4; i++) {
        use_options((struct tls_client_options){.insecure = true,
                                                .certificate = i & 1 ? both : certificate,
                                                .key = i & 1 ? NULL : key,
                                                .max_version = i & 2 ? 12 : 13});
        tls_pair_connect(&pair, client, "a.test", false);
        assert_int_equal(tls_pair_handshake(&pair).status, IO_OK);
        assert_int_equal(pair.peer.last.status, IO_OK);
    }
    tls_pair_disconnect(&pair);
    SSL_CTX_free(pair.server_context);
    pair.server_context = NULL;
    unlink(both);
    unlink(certificate);
    unlink(key);
    cert_free(&root);
    cert_free(&theirs);
    cert_free(&client_cert);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(valid_certificate_is_accepted),
        CASE(each_invalid_certificate_has_its_reason),
        CASE(insecure_accepts_all_certificates),
        CASE(addresses_are_verified_without_sni),
        CASE(final_dot_is_not_part_of_the_name),
        CASE(alpn_is_negotiated),
        CASE(invalid_names),
        CASE(other_servers),
        CASE(server_that_closes),
        CASE(reason_with_an_alert_that_cannot_be_sent),
        CASE(system_store_does_not_trust_the_pair),
        CASE(sessions_are_resumed),
        CASE(unknown_session_needs_a_certificate),
        CASE(without_resumption_each_handshake_is_full),
        CASE(certificate_is_described),
        CASE(resumed_connections_have_the_certificate),
        CASE(new_certificate_is_described),
        CASE(insecure_describes_the_certificate),
        CASE(sni_does_not_change_the_verified_name),
        CASE(secrets_are_logged),
        CASE(client_certificate_is_sent),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
