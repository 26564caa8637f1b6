/*
 * Creates a context from options. Files that options name are read immediately, and each failure is
 * a sentence for the user. OpenSSL does not report two of the failures: a directory without hashed
 * names, which it accepts, and an encrypted key, for which it asks for a password on the terminal.
 */
#include "tls/context.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "tls/verify.h"

#define MAX_SNI_BYTES     255
#define HASHED_NAME_BYTES 8 /* of "5ed36f99.0" before the dot */

/* Puts "subject: reason" into *why. Returns false, which the caller returns too. */
static bool refuse(char **why, const char *subject, const char *reason)
{
    *why = memory_print("%s: %s", subject, reason);
    return false;
}

/* Like refuse, with the errno of a system call that failed in OpenSSL, or OpenSSL's reason. */
static bool refuse_from_queue(char **why, const char *subject)
{
    unsigned long first = ERR_peek_error();
    const char *reason = ERR_SYSTEM_ERROR(first) ? strerrordesc_np(ERR_GET_REASON(first))
                                                 : ERR_reason_error_string(ERR_peek_last_error());

    return refuse(why, subject, reason ? reason : "unknown error");
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

/* Whether `openssl rehash` made the name: eight hexadecimal digits, a dot, a number. */
static bool is_hashed_name(const char *name)
{
    size_t length = strspn(name, "0123456789abcdef");

    return length == HASHED_NAME_BYTES && name[length] == '.' && is_digit(name[length + 1]);
}

/* OpenSSL reads the directory during verification and does not report one without hashed names. */
static bool trust_directory(SSL_CTX *context, const char *path, char **why)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    bool found;

    if (!directory)
        return refuse(why, path, strerrordesc_np(errno));
    while ((entry = readdir(directory)))
        if (is_hashed_name(entry->d_name))
            break;
    found = entry;
    closedir(directory);
    if (!found)
        return refuse(why, path, "no certificate named by its hash (run openssl rehash)");
    return SSL_CTX_load_verify_dir(context, path) || refuse_from_queue(why, path);
}

/* Sets the authorities that the options name instead of the system's store. As with curl, a file or
   directory may contain any certificate of a chain, also the server's. */
static bool set_trust(SSL_CTX *context, const struct tls_client_options *options, char **why)
{
    const char *file = options->authorities_file, *directory = options->authorities_directory;

    if (options->insecure)
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    else
        verify_begin(context);
    if (options->authorities_pem)
        return trust_pem(context, options->authorities_pem) ||
               refuse_from_queue(why, "the authority's certificate");
    if (file || directory)
        X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
    if (file && !SSL_CTX_load_verify_file(context, file))
        return refuse_from_queue(why, file);
    return !directory || trust_directory(context, directory, why);
}

bool context_wants_system_store(const struct tls_client_options *options)
{
    return !options->insecure && !options->authorities_pem && !options->authorities_file &&
           !options->authorities_directory;
}

/* Called instead of OpenSSL's prompt for a password: notes that the key is encrypted. */
static int on_password(char *buffer, int size, int writing, void *owner)
{
    bool *encrypted = owner;

    (void)buffer;
    (void)size;
    (void)writing;
    *encrypted = true;
    return -1;
}

static EVP_PKEY *read_key(const char *path, char **why)
{
    bool encrypted = false;
    BIO *bio = BIO_new_file(path, "r");
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, on_password, &encrypted) : NULL;

    if (encrypted)
        refuse(why, path, "the key is encrypted; it must be unencrypted");
    else if (!bio)
        refuse_from_queue(why, path);
    else if (!key)
        refuse(why, path, "no private key in PEM");
    BIO_free(bio);
    return key;
}

/* Sets the client certificate and its key. */
static bool set_identity(SSL_CTX *context, const struct tls_client_options *options, char **why)
{
    const char *certificate = options->certificate;
    const char *key_file = options->key ? options->key : certificate;
    EVP_PKEY *key;

    if (!certificate)
        return !key_file || refuse(why, key_file, "a key without a certificate");
    if (!SSL_CTX_use_certificate_chain_file(context, certificate))
        return refuse_from_queue(why, certificate);
    key = read_key(key_file, why);
    if (key && !X509_check_private_key(SSL_CTX_get0_certificate(context), key))
        refuse(why, key_file, "not the key of the certificate");
    else if (key && !SSL_CTX_use_PrivateKey(context, key))
        refuse_from_queue(why, key_file);
    EVP_PKEY_free(key);
    return !*why;
}

static bool is_version(int number)
{
    return !number || number == 12 || number == 13;
}

static bool set_versions(SSL_CTX *context, const struct tls_client_options *options, char **why)
{
    int min = options->min_version, max = options->max_version;

    if (!is_version(min) || !is_version(max))
        return refuse(why, "TLS", "the versions are 1.2 and 1.3");
    if (max && min > max)
        return refuse(why, "TLS", "the lowest version is above the highest");
    SSL_CTX_set_min_proto_version(context, min == 13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    if (max)
        SSL_CTX_set_max_proto_version(context, max == 12 ? TLS1_2_VERSION : TLS1_3_VERSION);
    return true;
}

/* RFC 6066, section 3: SNI has a host name, not an address. */
static bool check_sni(const char *sni, char **why)
{
    struct address address;

    return !sni || (strlen(sni) <= MAX_SNI_BYTES && !address_parse(&address, sni, 0)) ||
           refuse(why, sni, "no host name for SNI");
}

SSL_CTX *context_new(const struct tls_client_options *options, char **why)
{
    static const unsigned char alpn[] = "\x08http/1.1";
    /* The order of browsers: many CPUs compute SHA-256 in hardware, but not SHA-384. */
    static const char suites[] =
        "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
    SSL_CTX *context;
    bool valid;

    *why = NULL;
    ERR_clear_error();
    context = SSL_CTX_new(TLS_client_method());
    if (!context) {
        refuse_from_queue(why, "OpenSSL");
        return NULL;
    }
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_ciphersuites(context, suites);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_alpn_protos(context, alpn, sizeof(alpn) - 1);
    valid = set_versions(context, options, why) && check_sni(options->sni, why) &&
            set_trust(context, options, why) && set_identity(context, options, why);
    ERR_clear_error();
    if (valid)
        return context;
    SSL_CTX_free(context);
    return NULL;
}
