/* Underscores under a wildcard, common names, and trusted authorities that are not self-signed. */
#include "tests/support/unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/support/cert.h"
#include "tests/support/tls_pair.h"

#define LEAF(text)  "basicConstraints=critical,CA:FALSE\n" text
#define NAMES(text) LEAF("subjectAltName=" text "\n")

static struct tls_pair pair;
static struct cert root, intermediate;

static int setup(void **state)
{
    (void)state;
    tls_pair_open(&pair);
    root = cert_issue(&(struct cert_spec){.subject = "CN=root", .extensions = CERT_CA}, NULL);
    intermediate =
        cert_issue(&(struct cert_spec){.subject = "CN=intermediate", .extensions = CERT_CA}, &root);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cert_free(&root);
    cert_free(&intermediate);
    tls_pair_close(&pair);
    return 0;
}

/* Returns the reason of a client for the leaf, sent alone or with `sent_with`; 0: accepted. */
static int reason_of(struct tls_client_options options, const struct cert *leaf,
                     const struct cert *sent_with, const char *host)
{
    char *why;
    struct tls_client *client = tls_client_new(&options, &why);
    struct io io;

    if (!client)
        fail_msg("%s", why);
    pair.server_context = cert_server(leaf, sent_with ? sent_with : &(struct cert){0});
    tls_pair_connect(&pair, client, host, false);
    io = tls_pair_handshake(&pair);
    tls_pair_disconnect(&pair);
    SSL_CTX_free(pair.server_context);
    pair.server_context = NULL;
    tls_client_free(client);
    return io.status == IO_OK ? 0 : io.error;
}

struct name_case {
    const char *subject, *extensions, *host;
    int reason;
};

static void run_cases(const struct name_case *cases, size_t count, const struct cert *issuer)
{
    char *pem = cert_pem(&root);

    for (size_t i = 0; i < count; i++) {
        struct cert leaf = cert_issue(
            &(struct cert_spec){.subject = cases[i].subject, .extensions = cases[i].extensions},
            issuer);
        int reason = reason_of((struct tls_client_options){.authorities_pem = pem}, &leaf,
                               issuer == &root ? NULL : issuer, cases[i].host);

        if (reason != cases[i].reason)
            fail_msg("%s, %s, for %s: %d instead of %d", cases[i].subject, cases[i].extensions,
                     cases[i].host, reason, cases[i].reason);
        cert_free(&leaf);
    }
    free(pem);
}

static void wildcards_match_underscores(void **state)
{
    static const struct name_case cases[] = {
        {"CN=x", NAMES("DNS:*.example.org"), "a_b.example.org", 0},
        {"CN=x", NAMES("DNS:*.example.org"), "_.example.org.", 0},
        {"CN=x", NAMES("DNS:b.example,DNS:*.Example.ORG"), "_dmarc.eXample.org", 0},
        {"CN=x", NAMES("DNS:a_b.example.org"), "a_b.example.org", 0},
        {"CN=*.example.org", LEAF(""), "a_b.example.org", 0},
        {"CN=x", NAMES("DNS:*.example.org"), "a_b.c.example.org", TLS_HOSTNAME_MISMATCH},
        {"CN=x", NAMES("DNS:*.example.org"), "a_b.org", TLS_HOSTNAME_MISMATCH},
        {"CN=x", NAMES("DNS:*.org"), "a_b.org", TLS_HOSTNAME_MISMATCH},
        {"CN=x", NAMES("DNS:*"), "a_b", TLS_HOSTNAME_MISMATCH},
        {"CN=x", NAMES("DNS:a*.example.org"), "a_b.example.org", TLS_HOSTNAME_MISMATCH},
        {"CN=x", NAMES("DNS:*_b.example.org"), "a_b.example.org", TLS_HOSTNAME_MISMATCH},
        {"CN=x", NAMES("DNS:example.org"), "a_b.example.org", TLS_HOSTNAME_MISMATCH},
        {"CN=x", NAMES("DNS:.example.org"), "a_b.example.org", TLS_HOSTNAME_MISMATCH},
        {"CN=x", NAMES("DNS:*.other.org"), "a_b.example.org", TLS_HOSTNAME_MISMATCH},
        {"CN=*.example.org", NAMES("DNS:b.example"), "a_b.example.org", TLS_HOSTNAME_MISMATCH},
    };

    (void)state;
    run_cases(cases, LENGTH(cases), &root);
}

/* With an accepted name, other errors are still reported. */
static void other_errors_are_reported(void **state)
{
    struct cert leaf = cert_issue(&(struct cert_spec){.subject = "CN=x",
                                                      .extensions = NAMES("DNS:*.example.org"),
                                                      .from = -7200,
                                                      .to = -3600},
                                  &root);
    struct cert strange = cert_issue(
        &(struct cert_spec){.subject = "CN=x", .extensions = NAMES("DNS:*.example.org")}, NULL);
    char *pem = cert_pem(&root);

    (void)state;
    assert_int_equal(reason_of((struct tls_client_options){.authorities_pem = pem}, &leaf, NULL,
                               "a_b.example.org"),
                     TLS_CERT_EXPIRED);
    assert_int_equal(reason_of((struct tls_client_options){.authorities_pem = pem}, &strange, NULL,
                               "a_b.example.org"),
                     TLS_CERT_SELF_SIGNED);
    free(pem);
    cert_free(&leaf);
    cert_free(&strange);
}

static void common_names_without_alternative_names(void **state)
{
    static const struct name_case cases[] = {
        {"CN=www.example.org", LEAF(""), "www.example.org", 0},
        {"CN=*.example.org", LEAF(""), "www.example.org", 0},
        {"CN=www.example.org", NAMES("DNS:a.example"), "www.example.org", TLS_HOSTNAME_MISMATCH},
        {"CN=www.example.org", NAMES("IP:192.0.2.1"), "www.example.org", TLS_HOSTNAME_MISMATCH},
        {"CN=www.example.org", NAMES("email:a@b.example"), "www.example.org",
         TLS_HOSTNAME_MISMATCH},
        {"CN=www.example.org", NAMES("DER:3000"), "www.example.org", TLS_HOSTNAME_MISMATCH},
        {"CN=www.example.org", NAMES("URI:http://c.example/"), "www.example.org",
         TLS_HOSTNAME_MISMATCH},
        {"CN=127.0.0.1", NAMES("IP:127.0.0.2"), "127.0.0.1", TLS_HOSTNAME_MISMATCH},
        {"CN=x", NAMES("IP:127.0.0.1"), "127.0.0.1", 0},
    };

    (void)state;
    run_cases(cases, LENGTH(cases), &root);
}

/* Name constraints apply to a common name that is used, also below a wildcard. */
static void name_constraints_apply(void **state)
{
    static const struct name_case cases[] = {
        {"CN=www.example.org", LEAF(""), "www.example.org", 0},
        {"CN=www.example.com", LEAF(""), "www.example.com", TLS_NAME_CONSTRAINTS},
        {"CN=x", NAMES("DNS:*.example.org"), "a_b.example.org", 0},
        {"CN=x", NAMES("DNS:*.example.com"), "a_b.example.com", TLS_NAME_CONSTRAINTS},
    };
    struct cert constrained =
        cert_issue(&(struct cert_spec){.subject = "CN=constrained",
                                       .extensions = CERT_CA
                                       "nameConstraints=critical,permitted;DNS:example.org\n"},
                   &root);

    (void)state;
    run_cases(cases, LENGTH(cases), &constrained);
    cert_free(&constrained);
}

/* Writes the certificate into a directory as `openssl rehash` does. */
static void make_directory(const struct cert *cert, char *directory, char *file, size_t room)
{
    char whole[256];

    snprintf(directory, room, "%s/verify.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(directory));
    cert_file(cert, true, false, NULL, whole, sizeof(whole));
    snprintf(file, room, "%.200s/%08x.0", directory, (unsigned)X509_subject_name_hash(cert->x509));
    assert_int_equal(rename(whole, file), 0);
}

/* A certificate in the file or directory of an option is trusted, also if it is not a root.
   `authorities_pem` needs a root. */
static void named_certificates_are_trusted(void **state)
{
    struct cert leaf = cert_issue(
        &(struct cert_spec){.subject = "CN=x", .extensions = NAMES("DNS:a.test")}, &intermediate);
    struct cert sibling = cert_issue(
        &(struct cert_spec){.subject = "CN=y", .extensions = NAMES("DNS:a.test")}, &intermediate);
    const struct cert *named[3] = {&root, &intermediate, &leaf};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char file[256], directory[256], hashed[256], *pem = cert_pem(named[i]);
        struct tls_client_options by_file = {.authorities_file = file};
        struct tls_client_options by_directory = {.authorities_directory = directory};
        struct tls_client_options by_text = {.authorities_pem = pem};

        cert_file(named[i], true, false, NULL, file, sizeof(file));
        make_directory(named[i], directory, hashed, sizeof(directory));
        assert_int_equal(reason_of(by_file, &leaf, &intermediate, "a.test"), 0);
        assert_int_equal(reason_of(by_directory, &leaf, &intermediate, "a.test"), 0);
        assert_int_equal(reason_of(by_file, &leaf, NULL, "a.test"), i ? 0 : TLS_UNKNOWN_AUTHORITY);
        assert_int_equal(reason_of(by_text, &leaf, &intermediate, "a.test"),
                         i ? TLS_UNKNOWN_AUTHORITY : 0);
        assert_int_equal(reason_of(by_file, &sibling, &intermediate, "a.test"),
                         i < 2 ? 0 : TLS_UNKNOWN_AUTHORITY);
        assert_int_equal(reason_of(by_file, &leaf, &intermediate, "b.test"), TLS_HOSTNAME_MISMATCH);
        unlink(file);
        unlink(hashed);
        rmdir(directory);
        free(pem);
    }
    cert_free(&leaf);
    cert_free(&sibling);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(wildcards_match_underscores),
        CASE(other_errors_are_reported),
        CASE(common_names_without_alternative_names),
        CASE(name_constraints_apply),
        CASE(named_certificates_are_trusted),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
