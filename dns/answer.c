/*
 * Reads the records in order and skips names without following their pointers: the names are not
 * needed, and circular pointers cause no harm. Rejected: ns_parse(3). It measures all sections
 * before it returns the first record, so that a wrong count at the end loses the addresses at the
 * beginning.
 */
#include "dns/answer.h"

#include <arpa/nameser.h>
#include <string.h>

#define POINTER_BITS  0xc0 /* in a length byte: a pointer to the rest of the name */
#define RECORD_BYTES  10   /* size of a record's fields between its name and its data */
#define CODE_BITS     0xf  /* response code in a header's fourth byte */
#define COUNTS_OFFSET 4    /* offset of the four counts in a header */

#define MAX_HEAD_BYTES    (NS_HFIXEDSZ + NS_MAXCDNAME + NS_QFIXEDSZ)
#define MAX_ADDRESS_BYTES (NS_INT16SZ + RECORD_BYTES + NS_IN6ADDRSZ) /* of a written record */

/* The bytes that have not been read. */
struct cursor {
    const unsigned char *at, *end;
};

struct resource_record {
    unsigned type, class;
    uint32_t ttl; /* as received */
    size_t length;
    const unsigned char *data; /* `length` bytes */
};

static unsigned get16(const unsigned char *from)
{
    return (unsigned)from[0] << 8 | from[1];
}

static unsigned char *put16(unsigned char *to, size_t value)
{
    *to++ = (unsigned char)(value >> 8);
    *to++ = (unsigned char)value;
    return to;
}

/* One of the header's counts: ns_s_qd, ns_s_an, ... */
static unsigned count_of(const unsigned char *message, ns_sect section)
{
    return get16(message + COUNTS_OFFSET + (size_t)section * NS_INT16SZ);
}

/* Returns false if the name is truncated or malformed. */
static bool skip_name(struct cursor *cursor)
{
    while (cursor->at < cursor->end) {
        size_t length = *cursor->at++;

        if (!length)
            return true;
        if ((length & POINTER_BITS) == POINTER_BITS) {
            cursor->at++;
            return cursor->at <= cursor->end;
        }
        if (length & POINTER_BITS || length > (size_t)(cursor->end - cursor->at))
            return false;
        cursor->at += length;
    }
    return false;
}

/* Reads a record. Returns false if it is truncated or malformed. */
static bool take_record(struct cursor *cursor, struct resource_record *record)
{
    const unsigned char *at;

    if (!skip_name(cursor) || cursor->end - cursor->at < RECORD_BYTES)
        return false;
    at = cursor->at;
    record->type = get16(at);
    record->class = get16(at + 2);
    record->ttl = (uint32_t)get16(at + 4) << 16 | get16(at + 6);
    record->length = get16(at + 8);
    record->data = at + RECORD_BYTES;
    if (record->length > (size_t)(cursor->end - record->data))
        return false;
    cursor->at = record->data + record->length;
    return true;
}

/* Moves the cursor past the header and the questions. Returns false if they are incomplete. */
static bool skip_questions(struct cursor *cursor, const unsigned char *message, size_t length)
{
    if (length < NS_HFIXEDSZ)
        return false;
    *cursor = (struct cursor){message + NS_HFIXEDSZ, message + length};
    for (unsigned i = count_of(message, ns_s_qd); i; i--) {
        if (!skip_name(cursor) || cursor->end - cursor->at < NS_QFIXEDSZ)
            return false;
        cursor->at += NS_QFIXEDSZ;
    }
    return true;
}

/* A TTL with the first bit set is 0 (RFC 2181, section 8). */
static void note_ttl(struct dns_query_answer *answer, uint32_t ttl)
{
    uint32_t seconds = ttl > INT32_MAX ? 0 : ttl;

    if (seconds < answer->ttl)
        answer->ttl = seconds;
}

static bool has(const struct dns_query_answer *answer, const struct address *address)
{
    for (size_t i = 0; i < answer->count; i++)
        if (!memcmp(&answer->addresses[i].any, &address->any, address->length))
            return true;
    return false;
}

/* Uses the address of a record, or the TTL of an alias. */
static void use_record(struct dns_query_answer *answer, const struct resource_record *record,
                       int family)
{
    struct address one = {0};

    if (record->class != ns_c_in)
        return;
    if (record->type == ns_t_cname) {
        note_ttl(answer, record->ttl);
    } else if (family == AF_INET6 && record->type == ns_t_aaaa && record->length == NS_IN6ADDRSZ) {
        one.length = sizeof(one.v6);
        one.v6.sin6_family = AF_INET6;
        memcpy(&one.v6.sin6_addr, record->data, NS_IN6ADDRSZ);
    } else if (family == AF_INET && record->type == ns_t_a && record->length == NS_INADDRSZ) {
        one.length = sizeof(one.v4);
        one.v4.sin_family = AF_INET;
        memcpy(&one.v4.sin_addr, record->data, NS_INADDRSZ);
    }
    if (!one.length)
        return;
    note_ttl(answer, record->ttl);
    if (!has(answer, &one) && answer->count < RESOLVER_MAX_ADDRESSES)
        answer->addresses[answer->count++] = one;
}

/* Reads the answer section, where the cursor is. Returns false if it is incomplete. */
static bool read_section(struct cursor *cursor, unsigned count, int family,
                         struct dns_query_answer *answer)
{
    struct resource_record record;

    answer->count = 0;
    answer->ttl = UINT32_MAX;
    for (unsigned i = 0; i < count; i++) {
        if (!take_record(cursor, &record))
            return false;
        use_record(answer, &record, family);
    }
    return true;
}

enum resolve_status answer_read(const unsigned char *message, size_t length, int family,
                                struct dns_query_answer *answer)
{
    struct cursor cursor;
    bool whole;

    answer->count = 0;
    whole = skip_questions(&cursor, message, length) &&
            read_section(&cursor, count_of(message, ns_s_an), family, answer);
    if (answer->count)
        return RESOLVE_OK;
    return whole ? RESOLVE_NO_ADDRESS : RESOLVE_MALFORMED;
}

/* Finds the OPT record after the answer section; NULL if there is no complete one. */
static const unsigned char *find_opt(struct cursor cursor, unsigned count, size_t *length)
{
    struct resource_record record;

    for (unsigned i = 0; i < count; i++) {
        const unsigned char *from = cursor.at;

        if (!take_record(&cursor, &record))
            break;
        *length = (size_t)(cursor.at - from);
        if (record.type == ns_t_opt && !*from)
            return from;
    }
    return NULL;
}

/* Writes an address record. Its name is a pointer to that of the question. */
static unsigned char *put_address(unsigned char *to, const struct address *address, uint32_t ttl)
{
    bool v6 = address->any.sa_family == AF_INET6;
    size_t length = v6 ? NS_IN6ADDRSZ : NS_INADDRSZ;

    to = put16(to, POINTER_BITS << 8 | NS_HFIXEDSZ);
    to = put16(to, v6 ? ns_t_aaaa : ns_t_a);
    to = put16(to, ns_c_in);
    to = put16(to, ttl >> 16);
    to = put16(to, ttl & 0xffff);
    to = put16(to, length);
    return mempcpy(to,
                   v6 ? (const void *)&address->v6.sin6_addr : (const void *)&address->v4.sin_addr,
                   length);
}

/* Sets the counts of the three sections after the questions. */
static void put_counts(unsigned char *message, size_t answers, size_t additional)
{
    unsigned char *at = message + COUNTS_OFFSET + NS_INT16SZ;

    at = put16(at, answers);
    at = put16(at, 0);
    put16(at, additional);
}

/* The parts of an answer that are written again. */
struct parts {
    size_t head; /* size of header and question in bytes */
    int family;  /* of the question */
    struct dns_query_answer answer;
    const unsigned char *opt; /* NULL: none */
    size_t opt_bytes;
};

/* Reads header and question. Returns false if there is not exactly one question for addresses. */
static bool read_head(struct parts *parts, struct cursor *cursor, const unsigned char *message,
                      size_t length)
{
    unsigned type;

    if (!skip_questions(cursor, message, length) || count_of(message, ns_s_qd) != 1)
        return false;
    parts->head = (size_t)(cursor->at - message);
    type = get16(cursor->at - NS_QFIXEDSZ);
    parts->family = type == ns_t_aaaa ? AF_INET6 : AF_INET;
    return parts->head <= MAX_HEAD_BYTES && (type == ns_t_aaaa || type == ns_t_a);
}

/* Reads the part after the question. Returns false if it is malformed. */
static bool read_records(struct parts *parts, struct cursor cursor, const unsigned char *message)
{
    bool truncated, failed, whole;

    parts->answer.count = 0;
    parts->opt = NULL;
    truncated = message[2] & 2; /* TC */
    failed = message[3] & CODE_BITS;
    if (truncated)
        return true;
    whole = read_section(&cursor, count_of(message, ns_s_an), parts->family, &parts->answer);
    if (whole)
        parts->opt = find_opt(cursor, count_of(message, ns_s_ns) + count_of(message, ns_s_ar),
                              &parts->opt_bytes);
    if (failed)
        parts->answer.count = 0;
    return whole || failed || parts->answer.count;
}

size_t answer_normalize(const unsigned char *message, size_t length, unsigned char *to, size_t max)
{
    unsigned char *at, *end = to + max;
    struct cursor cursor;
    struct parts parts;
    size_t written = 0;
    bool whole;

    if (!read_head(&parts, &cursor, message, length))
        return 0;
    whole = read_records(&parts, cursor, message);
    at = mempcpy(to, message, parts.head);
    if (!whole)
        to[3] = (unsigned char)((to[3] & ~CODE_BITS) | ns_r_formerr);
    for (; written < parts.answer.count && end - at >= MAX_ADDRESS_BYTES; written++)
        at = put_address(at, &parts.answer.addresses[written], parts.answer.ttl);
    if (parts.opt && parts.opt_bytes > (size_t)(end - at))
        parts.opt = NULL;
    if (parts.opt)
        at = mempcpy(at, parts.opt, parts.opt_bytes);
    put_counts(to, written, parts.opt != NULL);
    return (size_t)(at - to);
}
