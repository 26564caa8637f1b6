/*
 * Reads subject, issuer, names and dates. A name that is not valid (empty, too long, or with bytes
 * outside printable ASCII, such as a NUL) is left out, because other code may compare names.
 * Subject and issuer are for people and are escaped. Rejected: keeping the X509, which takes about
 * 8 KB for each connection and session.
 */
#include "tls/certificate.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"

#define IPV4_BYTES 4
#define IPV6_BYTES 16

/* RFC 4514, with UTF-8 unescaped; and its form for values that are not text: #1E02D800. */
#define DN_FORM (XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB)
#define DN_DUMP (XN_FLAG_RFC2253 | ASN1_STRFLGS_DUMP_ALL)

struct tls_certificate *tls_certificate_hold(struct tls_certificate *certificate)
{
    if (certificate)
        certificate->references++;
    return certificate;
}

void tls_certificate_drop(struct tls_certificate *certificate)
{
    if (!certificate || --certificate->references)
        return;
    free(certificate->names);
    free(certificate->subject);
    free(certificate->issuer);
    free(certificate);
}

/* The length of a text, cut to at most `max` bytes without splitting a UTF-8 character. */
static size_t cut(const char *text, size_t length, size_t max)
{
    if (length <= max)
        return length;
    while (max && ((unsigned char)text[max] & 0xc0) == 0x80)
        max--;
    return max;
}

static char *text_of_dn(const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes, *text;
    long length;

    if (X509_NAME_print_ex(bio, name, 0, DN_FORM) < 0) {
        (void)BIO_reset(bio);
        X509_NAME_print_ex(bio, name, 0, DN_DUMP);
    }
    length = BIO_get_mem_data(bio, &bytes);
    text = length > 0 ? memory_text(bytes, cut(bytes, strnlen(bytes, (size_t)length),
                                               CERTIFICATE_MAX_DN_BYTES))
                      : memory_text("", 0);
    BIO_free(bio);
    return text;
}

/* Seconds since 1970. NULL is tested because OpenSSL would take it as the current time. */
static int64_t seconds_of(const ASN1_TIME *when)
{
    struct tm tm;

    return when && ASN1_TIME_to_tm(when, &tm) ? timegm(&tm) : TLS_NO_TIME;
}

/* The names that were read, each with a NUL after it. */
struct certificate_names {
    size_t count, bytes;
    bool full; /* a name had no room: it and all further names are left out */
    char text[CERTIFICATE_NAMES_BYTES];
};

static void add_name(struct certificate_names *names, const void *bytes, size_t length)
{
    names->full = names->full || names->count == CERTIFICATE_MAX_NAMES ||
                  length >= sizeof(names->text) - names->bytes;
    if (names->full)
        return;
    memcpy(names->text + names->bytes, bytes, length);
    names->bytes += length;
    names->text[names->bytes++] = '\0';
    names->count++;
}

static void add_host(struct certificate_names *names, const ASN1_IA5STRING *host)
{
    const unsigned char *bytes = ASN1_STRING_get0_data(host);
    int length = ASN1_STRING_length(host);

    if (length <= 0 || length > CERTIFICATE_MAX_NAME_BYTES)
        return;
    for (int i = 0; i < length; i++)
        if (bytes[i] <= ' ' || bytes[i] >= 0x7f)
            return;
    add_name(names, bytes, (size_t)length);
}

static void add_address(struct certificate_names *names, const ASN1_OCTET_STRING *address)
{
    char text[INET6_ADDRSTRLEN];
    int length = ASN1_STRING_length(address);

    if (length != IPV4_BYTES && length != IPV6_BYTES)
        return;
    inet_ntop(length == IPV4_BYTES ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), text,
              sizeof(text));
    add_name(names, text, strlen(text));
}

/* Returns one block with the pointers followed by the texts; NULL if there is no name. */
static char **block_of(const struct certificate_names *names)
{
    size_t pointers = names->count * sizeof(char *);
    char **block = names->count ? memory_get(pointers + names->bytes) : NULL;
    char *text;

    if (!block)
        return NULL;
    text = memcpy((char *)block + pointers, names->text, names->bytes);
    for (size_t i = 0; i < names->count; i++, text += strlen(text) + 1)
        block[i] = text;
    return block;
}

static void read_names(struct tls_certificate *certificate, const X509 *x509)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    int count = sk_GENERAL_NAME_num(all); /* -1 for NULL */
    struct certificate_names names;

    names.count = names.bytes = 0;
    names.full = false;
    for (int i = 0; i < count && !names.full; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);

        if (name->type == GEN_DNS)
            add_host(&names, name->d.dNSName);
        else if (name->type == GEN_IPADD)
            add_address(&names, name->d.iPAddress);
    }
    GENERAL_NAMES_free(all);
    certificate->names = block_of(&names);
    certificate->name_count = names.count;
}

struct tls_certificate *certificate_read(const X509 *x509)
{
    struct tls_certificate *certificate;

    if (!x509)
        return NULL;
    certificate = memory_zeroed(sizeof(*certificate));
    certificate->references = 1;
    certificate->subject = text_of_dn(X509_get_subject_name(x509));
    certificate->issuer = text_of_dn(X509_get_issuer_name(x509));
    certificate->not_before = seconds_of(X509_get0_notBefore(x509));
    certificate->not_after = seconds_of(X509_get0_notAfter(x509));
    read_names(certificate, x509);
    ERR_clear_error();
    return certificate;
}
