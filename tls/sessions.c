/* A hash table of serialized sessions, with a list of them from the oldest to the newest. Rejected:
   keeping each SSL_SESSION, which holds the whole certificate, about 8 KB. */
#include "tls/sessions.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/table.h"

#define PEER_TAG 3 /* ASN.1 tag of the certificate in OpenSSL's serialized session */

struct kept {
    struct table_link by_origin;
    struct link by_age;
    char *host;
    uint16_t port;
    bool once; /* TLS 1.3: used only once */
    unsigned char *bytes;
    long length;
    struct tls_certificate *certificate; /* a reference, or NULL */
};

struct sessions {
    bool many;          /* several sessions of an origin are kept */
    struct table table; /* by host and port */
    struct link from_oldest;
};

static uint32_t hash_of(const char *host, uint16_t port)
{
    return hash_text(host) ^ port;
}

struct sessions *sessions_new(bool many)
{
    struct sessions *sessions = memory_zeroed(sizeof(*sessions));

    sessions->many = many;
    list_init(&sessions->from_oldest);
    return sessions;
}

static struct kept *find(struct sessions *sessions, const char *host, uint16_t port)
{
    struct kept *kept;

    TABLE_EACH (kept, &sessions->table, hash_of(host, port), by_origin)
        if (kept->port == port && !strcmp(kept->host, host))
            return kept;
    return NULL;
}

static void drop(struct sessions *sessions, struct kept *kept)
{
    table_remove(&sessions->table, &kept->by_origin);
    list_remove(&kept->by_age);
    free(kept->host);
    free(kept->bytes);
    tls_certificate_drop(kept->certificate);
    free(kept);
}

static void drop_oldest(struct sessions *sessions)
{
    drop(sessions, LIST_OWNER(list_first(&sessions->from_oldest), struct kept, by_age));
}

void sessions_free(struct sessions *sessions)
{
    if (!sessions)
        return;
    while (sessions->table.count)
        drop_oldest(sessions);
    table_free(&sessions->table);
    free(sessions);
}

/* Copies the elements of the session's SEQUENCE, except the certificate, to `to`, which has room
   for all. Returns their length; -1 if the encoding is not as expected. */
static long copy_without_peer(const unsigned char *at, const unsigned char *end, unsigned char *to)
{
    unsigned char *begin = to;

    while (at < end) {
        const unsigned char *element = at;
        long length;
        int tag, class;

        if (ASN1_get_object(&at, &length, &tag, &class, end - at) & 0x80)
            return -1;
        at += length;
        if (class == V_ASN1_CONTEXT_SPECIFIC && tag == PEER_TAG)
            continue;
        memcpy(to, element, (size_t)(at - element));
        to += at - element;
    }
    return to - begin;
}

/* Returns the session in DER without its certificate, to be freed; NULL if it cannot be kept. */
static unsigned char *serialize(SSL_SESSION *session, long *length)
{
    unsigned char *whole = NULL, *small, *to;
    const unsigned char *at;
    int bytes = i2d_SSL_SESSION(session, &whole), tag, class;
    long inside;

    if (bytes <= 0)
        return NULL;
    at = whole;
    small = to = memory_get((size_t)bytes);
    inside = ASN1_get_object(&at, &inside, &tag, &class, bytes) & 0x80
                 ? -1
                 : copy_without_peer(at, whole + bytes, small);
    *length = inside < 0 ? -1 : ASN1_object_size(1, (int)inside, V_ASN1_SEQUENCE);
    if (*length > 0 && *length <= SESSIONS_MAX_BYTES) {
        memmove(small + *length - inside, small, (size_t)inside);
        ASN1_put_object(&to, 1, (int)inside, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    } else {
        free(small);
        small = NULL;
    }
    OPENSSL_free(whole);
    return small;
}

void sessions_keep(struct sessions *sessions, const char *host, uint16_t port, SSL_SESSION *session,
                   struct tls_certificate *certificate)
{
    struct kept *kept = find(sessions, host, port);
    long length;
    unsigned char *bytes = serialize(session, &length);

    if (kept && !(sessions->many && kept->once))
        drop(sessions, kept);
    if (!bytes)
        return;
    if (sessions->table.count == SESSIONS_MAX)
        drop_oldest(sessions);
    kept = memory_zeroed(sizeof(*kept));
    kept->host = memory_text(host, strlen(host));
    kept->port = port;
    kept->once = SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
    kept->bytes = bytes;
    kept->length = length;
    kept->certificate = tls_certificate_hold(certificate);
    table_add(&sessions->table, &kept->by_origin, hash_of(host, port));
    list_put_last(&sessions->from_oldest, &kept->by_age);
}

void sessions_forget(struct sessions *sessions, const char *host, uint16_t port)
{
    struct kept *kept = find(sessions, host, port);

    if (kept)
        drop(sessions, kept);
}

SSL_SESSION *sessions_take(struct sessions *sessions, const char *host, uint16_t port,
                           struct tls_certificate **certificate)
{
    struct kept *kept = find(sessions, host, port);
    const unsigned char *at = kept ? kept->bytes : NULL;
    SSL_SESSION *session;

    *certificate = NULL;
    if (!kept)
        return NULL;
    session = d2i_SSL_SESSION(NULL, &at, kept->length);
    if (session)
        *certificate = tls_certificate_hold(kept->certificate);
    if (kept->once || !session)
        drop(sessions, kept);
    ERR_clear_error();
    return session;
}
