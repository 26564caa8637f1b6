/* Certificates that the temporary authority issues, and names that it refuses. */
#include "tests/support/unit.h"

#include <openssl/x509v3.h>

#include "tls/issue.h"

static void names_are_checked(void **state)
{
    static const struct {
        const char *name;
        bool issued;
    } cases[] = {
        {"example.org", true},
        {"xn--bcher-kva.example", true},
        {"a_b.example", true},
        {NULL, true}, /* the certificate for addresses */
        {"", false},
        {"a,DNS:b", false}, /* would be another extension value for OpenSSL */
        {"a b", false},
        {"a\nb", false},
        {"*.example", false},
        {"b\xc3\xbc"
         "cher.example",
         false},
    };
    struct authority *authority = authority_new();

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        EVP_PKEY *key = NULL;
        X509 *certificate = authority_issue(authority, cases[i].name, CERTIFICATE_VALID, &key);

        assert_int_equal(certificate != NULL, cases[i].issued);
        if (certificate && cases[i].name)
            assert_int_equal(X509_check_host(certificate, cases[i].name, 0, 0, NULL), 1);
        if (certificate && !cases[i].name)
            assert_int_equal(X509_check_ip_asc(certificate, "127.0.0.1", 0), 1);
        if (certificate)
            assert_int_equal(X509_check_private_key(certificate, key), 1);
        X509_free(certificate);
    }
    authority_free(authority);
}

static void certificate_is_for_one_name(void **state)
{
    struct authority *authority = authority_new();
    EVP_PKEY *key;
    X509 *certificate = authority_issue(authority, "example.org", CERTIFICATE_VALID, &key);

    (void)state;
    assert_int_equal(X509_check_host(certificate, "www.example.org", 0, 0, NULL), 0);
    assert_int_equal(X509_check_ip_asc(certificate, "127.0.0.1", 0), 0);
    X509_free(certificate);
    authority_free(authority);
}

/* Two authorities have the same name, but different keys. */
static void each_authority_has_its_own_key(void **state)
{
    struct authority *a = authority_new(), *b = authority_new();

    (void)state;
    assert_int_equal(strncmp(authority_pem(a), "-----BEGIN CERTIFICATE-----\n", 28), 0);
    assert_string_not_equal(authority_pem(a), authority_pem(b));
    authority_free(a);
    authority_free(b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(certificate_is_for_one_name),
        cmocka_unit_test(each_authority_has_its_own_key),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("authority", tests, NULL, NULL);
}
