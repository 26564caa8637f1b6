/* The fields of a certificate, and certificates that are malformed on purpose. */
#include "tests/support/unit.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/cert.h"
#include "tls/certificate.h"

static struct tls_certificate *read_spec(const struct cert_spec *spec)
{
    struct cert cert = cert_issue(spec, NULL);
    struct tls_certificate *certificate = certificate_read(cert.x509);

    cert_free(&cert);
    assert_int_equal(certificate->references, 1);
    return certificate;
}

/* Reads a certificate whose subject has one attribute of this type, with these bytes. */
static struct tls_certificate *read_subject(int type, const char *bytes, size_t size)
{
    X509 *x509 = X509_new();
    struct tls_certificate *certificate;

    X509_NAME_add_entry_by_NID(X509_get_subject_name(x509), NID_organizationName, type,
                               (const unsigned char *)bytes, (int)size, -1, 0);
    certificate = certificate_read(x509);
    X509_free(x509);
    return certificate;
}

static void join_names(const struct tls_certificate *certificate, char *text, size_t room)
{
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < certificate->name_count; i++)
        length += (size_t)snprintf(text + length, room - length, "%s%s", i ? " " : "",
                                   certificate->names[i]);
}

static void names_are_in_order(void **state)
{
    static const struct {
        const char *extensions, *names;
    } cases[] = {
        {NULL, ""},
        {"subjectAltName=DNS:b.example,DNS:*.a.example\n", "b.example *.a.example"},
        {"subjectAltName=IP:192.0.2.1,DNS:a.example,IP:2001:db8::1\n",
         "192.0.2.1 a.example 2001:db8::1"},
        {"subjectAltName=email:a@b.example,URI:http://c.example/,DNS:d.example,RID:1.2.3\n",
         "d.example"},
        {"subjectAltName=DER:0500\n", ""},             /* not a sequence */
        {"subjectAltName=DER:30058203612062\n", ""},   /* "a b" */
        {"subjectAltName=DER:30058203610062\n", ""},   /* "a", NUL, "b" */
        {"subjectAltName=DER:30028200\n", ""},         /* empty */
        {"subjectAltName=DER:3003820161\n", "a"},      /* one letter */
        {"subjectAltName=DER:3004870201028201\n", ""}, /* a truncated sequence */
        {"subjectAltName=DER:300487020102\n", ""},     /* an address of two bytes */
        /* the first name is not ASCII */
        {"subjectAltName=DER:300d8202c3bc820161870401020304\n", "a 1.2.3.4"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char text[256];
        struct tls_certificate *certificate =
            read_spec(&(struct cert_spec){.subject = "CN=x", .extensions = cases[i].extensions});

        join_names(certificate, text, sizeof(text));
        if (strcmp(text, cases[i].names) != 0)
            fail_msg("case %zu: \"%s\" instead of \"%s\"", i, text, cases[i].names);
        tls_certificate_drop(certificate);
    }
}

static void number_of_names_is_limited(void **state)
{
    char extensions[16000] = "subjectAltName=DNS:";
    size_t length = strlen(extensions);
    struct tls_certificate *certificate;

    (void)state;
    memset(extensions + length, 'a', 256); /* too long; the next name has the maximum length */
    length += 256;
    length += (size_t)sprintf(extensions + length, ",DNS:");
    memset(extensions + length, 'b', 255);
    length += 255;
    for (int i = 0; i < 200; i++)
        length += (size_t)sprintf(extensions + length, ",DNS:n%d.example", i);
    certificate = read_spec(&(struct cert_spec){.subject = "CN=x", .extensions = extensions});
    assert_int_equal(certificate->name_count, CERTIFICATE_MAX_NAMES);
    assert_int_equal(strlen(certificate->names[0]), 255);
    assert_string_equal(certificate->names[1], "n0.example");
    assert_string_equal(certificate->names[99], "n98.example");
    tls_certificate_drop(certificate);
}

/* Names of 127 bytes and a NUL fill the buffer to its last byte. */
static void bytes_of_names_are_limited(void **state)
{
    enum { ROOM = CERTIFICATE_NAMES_BYTES / 128 };
    char extensions[8192] = "subjectAltName=DNS:first.example";
    size_t length = strlen(extensions);
    struct tls_certificate *certificate;

    (void)state;
    for (int i = 0; i < ROOM + 2; i++)
        length += (size_t)sprintf(extensions + length, ",DNS:%0127d", i);
    sprintf(extensions + length, ",DNS:last.example");
    certificate = read_spec(&(struct cert_spec){.subject = "CN=x", .extensions = extensions});
    assert_int_equal(certificate->name_count, 1 + ROOM - 1); /* the last name does not fit */
    assert_string_equal(certificate->names[0], "first.example");
    assert_int_equal(strlen(certificate->names[ROOM - 1]), 127);
    tls_certificate_drop(certificate);

    sprintf(extensions + strlen("subjectAltName="), "DNS:%0127d", 0);
    length = strlen(extensions);
    for (int i = 1; i < ROOM; i++)
        length += (size_t)sprintf(extensions + length, ",DNS:%0127d", i);
    certificate = read_spec(&(struct cert_spec){.subject = "CN=x", .extensions = extensions});
    assert_int_equal(certificate->name_count, ROOM);
    tls_certificate_drop(certificate);
    sprintf(extensions + length, "x"); /* its NUL does not fit */
    certificate = read_spec(&(struct cert_spec){.subject = "CN=x", .extensions = extensions});
    assert_int_equal(certificate->name_count, ROOM - 1);
    tls_certificate_drop(certificate);
}

static void subject_and_issuer(void **state)
{
    struct cert root = cert_issue(&(struct cert_spec){.subject = "C=XX,O=Root \"& Sons\""}, NULL);
    struct cert leaf = cert_issue(&(struct cert_spec){.subject = "O=B\xc3\xbc"
                                                                 "cher,CN=example.org"},
                                  &root);
    struct cert empty = cert_issue(&(struct cert_spec){0}, &root);
    struct tls_certificate *certificate = certificate_read(leaf.x509);

    (void)state;
    assert_string_equal(certificate->subject, "CN=example.org,O=B\xc3\xbc"
                                              "cher");
    assert_string_equal(certificate->issuer, "O=Root \\\"& Sons\\\",C=XX");
    tls_certificate_drop(certificate);
    certificate = certificate_read(empty.x509);
    assert_string_equal(certificate->subject, "");
    assert_int_equal(certificate->name_count, 0);
    tls_certificate_drop(certificate);
    cert_free(&root);
    cert_free(&leaf);
    cert_free(&empty);
}

static void malformed_subjects(void **state)
{
    static const struct {
        int type;
        const char *bytes;
        size_t size;
        const char *subject;
    } cases[] = {
        {V_ASN1_UTF8STRING, "a\0b", 3, "O=a\\00b"},
        {V_ASN1_UTF8STRING, "a\r\nb", 4, "O=a\\0D\\0Ab"},
        {V_ASN1_UTF8STRING, "\x1b[2J", 4, "O=\\1B[2J"},
        {V_ASN1_UTF8STRING, "a,O=b+c=d", 9, "O=a\\,O=b\\+c=d"},
        {V_ASN1_UTF8STRING, "\xff\xfe", 2, "O=\xff\xfe"}, /* not UTF-8: unchanged */
        /* not a character: RFC 4514, section 2.4 */
        {V_ASN1_BMPSTRING, "\xd8\0", 2, "O=#1E02D800"},
        {V_ASN1_T61STRING, "B\xfc", 2, "O=B\xc3\xbc"},
        {V_ASN1_BMPSTRING, "\0B\0\xfc", 4, "O=B\xc3\xbc"},
        {V_ASN1_UTF8STRING, "", 0, "O="},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct tls_certificate *certificate =
            read_subject(cases[i].type, cases[i].bytes, cases[i].size);

        if (strcmp(certificate->subject, cases[i].subject) != 0)
            fail_msg("case %zu: \"%s\"", i, certificate->subject);
        tls_certificate_drop(certificate);
    }
}

/* The limit is inside a character, which is omitted. */
static void long_subject_is_truncated(void **state)
{
    char bytes[20001];
    struct tls_certificate *certificate;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) /* U+00FC */
        bytes[i] = i % 2 ? '\xbc' : '\xc3';
    certificate = read_subject(V_ASN1_UTF8STRING, bytes, sizeof(bytes) - 1);
    assert_int_equal(strlen(certificate->subject), CERTIFICATE_MAX_DN_BYTES);
    tls_certificate_drop(certificate);
    bytes[0] = bytes[1] = bytes[2] = 'a';
    for (size_t i = 3; i < sizeof(bytes); i++)
        bytes[i] = i % 2 ? '\xc3' : '\xbc';
    certificate = read_subject(V_ASN1_UTF8STRING, bytes, sizeof(bytes));
    assert_int_equal(strlen(certificate->subject), CERTIFICATE_MAX_DN_BYTES - 1);
    tls_certificate_drop(certificate);
}

static void dates(void **state)
{
    static const struct {
        const char *from, *to;
        int64_t before, after;
    } cases[] = {
        {"700101000000Z", "20380119031408Z", 0, INT64_C(2147483648)},
        {"991231235959Z", "99991231235959Z", 946684799, INT64_C(253402300799)},
        {"19491231235959Z", "20000101000000Z", -631152001, 946684800},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        X509 *x509 = X509_new();
        struct tls_certificate *certificate;

        assert_true(ASN1_TIME_set_string(X509_getm_notBefore(x509), cases[i].from));
        assert_true(ASN1_TIME_set_string(X509_getm_notAfter(x509), cases[i].to));
        certificate = certificate_read(x509);
        assert_int_equal(certificate->not_before, cases[i].before);
        assert_int_equal(certificate->not_after, cases[i].after);
        tls_certificate_drop(certificate);
        X509_free(x509);
    }
}

/* A malformed date is unknown, not the beginning of 1970. */
static void malformed_dates(void **state)
{
    static const struct {
        int type;
        const char *text;
        bool is_time;
    } cases[] = {
        {V_ASN1_UTCTIME, "700101000000Z", true},
        {V_ASN1_GENERALIZEDTIME, "00000101000000Z", true},
        {V_ASN1_UTCTIME, "", false},
        {V_ASN1_UTCTIME, "701301000000Z", false},
        {V_ASN1_UTCTIME, "700100000000Z", false},
        {V_ASN1_UTCTIME, "tomorrow", false},
        {V_ASN1_GENERALIZEDTIME, "20260229000000Z", false},
        {V_ASN1_GENERALIZEDTIME, "2026", false},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        X509 *x509 = X509_new();
        ASN1_TIME *time = X509_getm_notAfter(x509);
        struct tls_certificate *certificate;

        ASN1_STRING_set(time, cases[i].text, -1);
        time->type = cases[i].type;
        certificate = certificate_read(x509);
        assert_true(certificate->not_before == TLS_NO_TIME);
        if ((certificate->not_after != TLS_NO_TIME) != cases[i].is_time)
            fail_msg("\"%s\"", cases[i].text);
        tls_certificate_drop(certificate);
        X509_free(x509);
    }
}

static void references_are_counted(void **state)
{
    struct tls_certificate *certificate = read_spec(&(struct cert_spec){.subject = "CN=x"});

    (void)state;
    assert_ptr_equal(tls_certificate_hold(certificate), certificate);
    tls_certificate_drop(certificate);
    assert_string_equal(certificate->subject, "CN=x");
    tls_certificate_drop(certificate);
    assert_null(tls_certificate_hold(NULL));
    tls_certificate_drop(NULL);
    assert_null(certificate_read(NULL));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_in_order),
        cmocka_unit_test(number_of_names_is_limited),
        cmocka_unit_test(bytes_of_names_are_limited),
        cmocka_unit_test(subject_and_issuer),
        cmocka_unit_test(malformed_subjects),
        cmocka_unit_test(long_subject_is_truncated),
        cmocka_unit_test(dates),
        cmocka_unit_test(malformed_dates),
        cmocka_unit_test(references_are_counted),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("certificate", tests, NULL, NULL);
}
