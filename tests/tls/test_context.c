/* Options of the TLS client, and the message for each invalid one. */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/cert.h"
#include "tests/support/tls_pair.h"

#define PATH_BYTES 256

static struct tls_pair pair;

static int setup(void **state)
{
    (void)state;
    tls_pair_open(&pair);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tls_pair_close(&pair);
    return 0;
}

/* Expects an error whose message begins with `what` and contains `words`. */
static void refused(struct tls_client_options options, const char *what, const char *words)
{
    char *why = NULL;

    assert_null(tls_client_new(&options, &why));
    assert_non_null(why);
    if (strncmp(why, what, strlen(what)) != 0 || strncmp(why + strlen(what), ": ", 2) != 0 ||
        !strstr(why + strlen(what), words))
        fail_msg("\"%s\" instead of \"%s: ...%s...\"", why, what, words);
    free(why);
}

/* Returns whether a client with these options trusts the pair's server. */
static bool trusts(struct tls_client_options options)
{
    char *why;
    struct tls_client *client = tls_client_new(&options, &why);
    struct io io;

    assert_non_null(client);
    tls_pair_connect(&pair, client, "example.org", false);
    io = tls_pair_handshake(&pair);
    assert_true(io.status == IO_OK || io.error == TLS_UNKNOWN_AUTHORITY);
    tls_pair_disconnect(&pair);
    tls_client_free(client);
    return io.status == IO_OK;
}

/* Writes a new file with this text. */
static void write_file(char *path, const char *text)
{
    int fd = unit_file(path, PATH_BYTES);

    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* Creates an empty directory. */
static void make_directory(char *path)
{
    close(unit_file(path, PATH_BYTES));
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
}

/* Writes the pair's authority into the directory, under its hash. `file` gets the path. */
static void write_hashed(const char *directory, char *file)
{
    BIO *bio = BIO_new_mem_buf(authority_pem(pair.authority), -1);
    X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    FILE *to;

    snprintf(file, PATH_BYTES * 2, "%s/%08lx.0", directory, X509_subject_name_hash(x509));
    to = fopen(file, "w");
    assert_non_null(to);
    assert_true(PEM_write_X509(to, x509));
    fclose(to);
    X509_free(x509);
    BIO_free(bio);
}

static void authorities_that_cannot_be_read(void **state)
{
    static const char *const files[] = {"/nowhere/at/all.pem", "/dev/null", "/"};
    char path[PATH_BYTES];

    (void)state;
    for (size_t i = 0; i < LENGTH(files); i++)
        refused((struct tls_client_options){.authorities_file = files[i]}, files[i], "");
    write_file(path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    refused((struct tls_client_options){.authorities_file = path}, path, "");
    unlink(path);
    refused((struct tls_client_options){.authorities_pem = "x"}, "the authority's certificate", "");
}

static void authorities_in_a_file(void **state)
{
    char path[PATH_BYTES];

    (void)state;
    write_file(path, authority_pem(pair.authority));
    assert_true(trusts((struct tls_client_options){.authorities_file = path}));
    unlink(path);
}

static void authorities_in_a_directory(void **state)
{
    char path[PATH_BYTES], file[PATH_BYTES * 2];
    struct cert other = cert_issue(&(struct cert_spec){.subject = "CN=o"}, NULL);
    char *pem = cert_pem(&other), pem_path[PATH_BYTES];

    (void)state;
    make_directory(path);
    refused((struct tls_client_options){.authorities_directory = path}, path, "openssl rehash");
    write_hashed(path, file);
    assert_true(trusts((struct tls_client_options){.authorities_directory = path}));
    write_file(pem_path, pem); /* the file does not contain it */
    assert_false(trusts((struct tls_client_options){.authorities_file = pem_path}));
    assert_true(trusts(
        (struct tls_client_options){.authorities_file = pem_path, .authorities_directory = path}));
    unlink(pem_path);
    unlink(file);
    rmdir(path);
    refused((struct tls_client_options){.authorities_directory = path}, path, "No such file");
    refused((struct tls_client_options){.authorities_directory = "/dev/null"}, "/dev/null",
            "Not a directory");
    free(pem);
    cert_free(&other);
}

/* OpenSSL's environment variables change the system's store only. */
static void environment_changes_the_systems_store(void **state)
{
    char directory[PATH_BYTES], file[PATH_BYTES * 2], path[PATH_BYTES];

    (void)state;
    write_file(path, authority_pem(pair.authority));
    make_directory(directory);
    write_hashed(directory, file);
    assert_false(trusts((struct tls_client_options){0}));
    setenv("SSL_CERT_FILE", path, 1);
    assert_true(trusts((struct tls_client_options){0}));
    setenv("SSL_CERT_FILE", "/dev/null", 1);
    assert_false(trusts((struct tls_client_options){0}));
    setenv("SSL_CERT_DIR", directory, 1);
    assert_true(trusts((struct tls_client_options){0}));
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
    unlink(path);
    unlink(file);
    rmdir(directory);
}

static void client_certificates(void **state)
{
    struct cert one = cert_issue(&(struct cert_spec){.subject = "CN=1"}, NULL);
    struct cert two = cert_issue(&(struct cert_spec){.subject = "CN=2"}, NULL);
    struct cert rsa = cert_issue(&(struct cert_spec){.subject = "CN=3", .key = "RSA2048"}, NULL);
    struct cert weak = cert_issue(&(struct cert_spec){.subject = "CN=4", .key = "RSA1024"}, NULL);
    char paths[6][PATH_BYTES];
    const char *certificate = paths[0], *both = paths[1], *other = paths[2], *locked = paths[3];
    const char *kind = paths[4], *small = paths[5];

    (void)state;
    cert_file(&one, true, false, NULL, paths[0], PATH_BYTES);
    cert_file(&one, true, true, NULL, paths[1], PATH_BYTES);
    cert_file(&two, false, true, NULL, paths[2], PATH_BYTES);
    cert_file(&one, false, true, "sesame", paths[3], PATH_BYTES);
    cert_file(&rsa, false, true, NULL, paths[4], PATH_BYTES);
    cert_file(&weak, true, true, NULL, paths[5], PATH_BYTES);
    assert_false(trusts((struct tls_client_options){.certificate = both}));
    refused((struct tls_client_options){.certificate = certificate}, certificate, "no private key");
    refused((struct tls_client_options){.key = other}, other, "without a certificate");
    refused((struct tls_client_options){.certificate = other, .key = other}, other, "");
    refused((struct tls_client_options){.certificate = both, .key = other}, other, "not the key");
    refused((struct tls_client_options){.certificate = both, .key = kind}, kind, "not the key");
    refused((struct tls_client_options){.certificate = both, .key = locked}, locked, "encrypted");
    refused((struct tls_client_options){.certificate = both, .key = "/nowhere"}, "/nowhere",
            "No such file");
    refused((struct tls_client_options){.certificate = "/nowhere"}, "/nowhere", "");
    refused((struct tls_client_options){.certificate = small}, small, "too small");
    for (size_t i = 0; i < LENGTH(paths); i++)
        unlink(paths[i]);
    cert_free(&one);
    cert_free(&two);
    cert_free(&rsa);
    cert_free(&weak);
}

static void versions_that_are_not_supported(void **state)
{
    static const struct {
        int min, max;
    } cases[] = {{10, 0}, {11, 0}, {0, 11}, {14, 0}, {0, 14}, {-1, 0}, {13, 12}};

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        refused(
            (struct tls_client_options){.min_version = cases[i].min, .max_version = cases[i].max},
            "TLS", "version");
}

static void invalid_sni_names(void **state)
{
    char name[257];

    (void)state;
    memset(name, 'a', 256);
    name[256] = '\0';
    refused((struct tls_client_options){.sni = name}, name, "SNI");
    refused((struct tls_client_options){.sni = "127.0.0.1"}, "127.0.0.1", "SNI");
    refused((struct tls_client_options){.sni = "::1"}, "::1", "SNI");
}

static void key_log_that_cannot_be_opened(void **state)
{
    (void)state;
    refused((struct tls_client_options){.keylog = "/nowhere/at/all"}, "/nowhere/at/all",
            "No such file");
    refused((struct tls_client_options){.keylog = "/"}, "/", "Is a directory");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(authorities_that_cannot_be_read),
        CASE(authorities_in_a_file),
        CASE(authorities_in_a_directory),
        CASE(environment_changes_the_systems_store),
        CASE(client_certificates),
        CASE(versions_that_are_not_supported),
        CASE(invalid_sni_names),
        CASE(key_log_that_cannot_be_opened),
    };

    unit_time_limit();
    unsetenv("SSL_CERT_FILE"); /* may be set in the environment of the test */
    unsetenv("SSL_CERT_DIR");
    return cmocka_run_group_tests_name("context", tests, NULL, NULL);
}
