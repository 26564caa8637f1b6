/*
 * A certificate in DER, with any content: its texts are within their limits, and its names are
 * printable ASCII without spaces.
 */
#include "tests/fuzz/fuzz.h"

#include <openssl/err.h>

#include "tls/certificate.h"

static void check(const struct tls_certificate *certificate)
{
    size_t bytes = 0;

    MUST(certificate->references == 1);
    MUST(strlen(certificate->subject) <= CERTIFICATE_MAX_DN_BYTES);
    MUST(strlen(certificate->issuer) <= CERTIFICATE_MAX_DN_BYTES);
    for (const char *at = certificate->subject; *at; at++)
        MUST((unsigned char)*at >= ' ' && *at != 0x7f);
    MUST(certificate->name_count <= CERTIFICATE_MAX_NAMES);
    for (size_t i = 0; i < certificate->name_count; i++) {
        const char *name = certificate->names[i];

        MUST(*name && strlen(name) <= CERTIFICATE_MAX_NAME_BYTES);
        bytes += strlen(name) + 1;
        for (; *name; name++)
            MUST(*name > ' ' && *name < 0x7f);
    }
    MUST(bytes <= CERTIFICATE_NAMES_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const unsigned char *at = data;
    X509 *x509 = d2i_X509(NULL, &at, (long)size);
    struct tls_certificate *certificate = certificate_read(x509);

    MUST(!certificate == !x509);
    if (certificate)
        check(certificate);
    tls_certificate_drop(certificate);
    X509_free(x509);
    ERR_clear_error();
    return 0;
}
