/*
 * What a result is made of: its fields, by the names that JSON, CSV, the table and --fields share.
 * One table says what each is called, one switch what its value is; every format is written from
 * these two, so that no two formats can drift apart.
 *
 * A field may lie inside another, an object: "tls.version" in "tls". The fields inside an object
 * follow it in the table.
 */
#ifndef CLI_OUTPUT_RESULT_FIELDS_H
#define CLI_OUTPUT_RESULT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/result.h"

/* How the names of the fields inside an object begin. */
#define IN_RESULT      ""
#define IN_ERROR       "error."
#define IN_TLS         "tls."
#define IN_CERTIFICATE "tls.certificate."
#define IN_TIMINGS     "timings."
#define IN_TCP         "tcp."

/* Widths of columns that are not fixed. */
#define COLUMNS_URL     0   /* as wide as there is room */
#define COLUMNS_PREVIEW 100 /* as wide as the preview */

/* X(identifier, the object it is in, last part of its name, columns in a table). Numbers stand at
   the right of their column; what stands at the left has a negative width. What is added to an
   object comes last in it, but before an object inside it. */
#define FIELDS(X)                                                                                  \
    X(FIELD_SCHEMA, RESULT, "schema", -17)                                                         \
    X(FIELD_MODE, RESULT, "mode", -8)                                                              \
    X(FIELD_URL, RESULT, "url", COLUMNS_URL)                                                       \
    X(FIELD_STATUS, RESULT, "status", 6)                                                           \
    X(FIELD_ERROR, RESULT, "error", 0)                                                             \
    X(FIELD_ERROR_PHASE, ERROR, "phase", -8)                                                       \
    X(FIELD_ERROR_CODE, ERROR, "code", -23)                                                        \
    X(FIELD_ERROR_MESSAGE, ERROR, "message", -40)                                                  \
    X(FIELD_SNIPPET, RESULT, "snippet", -COLUMNS_PREVIEW)                                          \
    X(FIELD_BODY_BYTES, RESULT, "body_bytes", 10)                                                  \
    X(FIELD_ADDRESS, RESULT, "address", -21)                                                       \
    X(FIELD_PROTOCOL, RESULT, "protocol", -8)                                                      \
    X(FIELD_TLS, RESULT, "tls", 0)                                                                 \
    X(FIELD_TLS_VERSION, TLS, "version", -7)                                                       \
    X(FIELD_TLS_CIPHER, TLS, "cipher", -28)                                                        \
    X(FIELD_TLS_ALPN, TLS, "alpn", -8)                                                             \
    X(FIELD_TLS_RESUMED, TLS, "resumed", -7)                                                       \
    X(FIELD_CERTIFICATE, TLS, "certificate", 0)                                                    \
    X(FIELD_SUBJECT, CERTIFICATE, "subject", -30)                                                  \
    X(FIELD_ISSUER, CERTIFICATE, "issuer", -30)                                                    \
    X(FIELD_NAMES, CERTIFICATE, "names", 5)                                                        \
    X(FIELD_NOT_BEFORE, CERTIFICATE, "not_before", -20)                                            \
    X(FIELD_NOT_AFTER, CERTIFICATE, "not_after", -20)                                              \
    X(FIELD_DAYS_LEFT, CERTIFICATE, "days_left", 9)                                                \
    X(FIELD_ELAPSED, RESULT, "elapsed_ms", 10)                                                     \
    X(FIELD_TIMINGS, RESULT, "timings", 0)                                                         \
    X(FIELD_BLOCKED, TIMINGS, "blocked", 8)                                                        \
    X(FIELD_DNS, TIMINGS, "dns", 8)                                                                \
    X(FIELD_CONNECT, TIMINGS, "connect", 8)                                                        \
    X(FIELD_HANDSHAKE, TIMINGS, "tls", 8)                                                          \
    X(FIELD_SEND, TIMINGS, "send", 8)                                                              \
    X(FIELD_WAIT, TIMINGS, "wait", 8)                                                              \
    X(FIELD_RECEIVE, TIMINGS, "receive", 8)                                                        \
    X(FIELD_FINAL_URL, RESULT, "final_url", COLUMNS_URL)                                           \
    X(FIELD_REDIRECTS, RESULT, "redirects", 9)                                                     \
    X(FIELD_ATTEMPTS, RESULT, "attempts", 8)                                                       \
    X(FIELD_TRUNCATED, RESULT, "truncated", -9)                                                    \
    X(FIELD_CONTENT_TYPE, RESULT, "content_type", -24)                                             \
    X(FIELD_ENCODING, RESULT, "encoding", -8)                                                      \
    X(FIELD_CHARSET, RESULT, "charset", -12)                                                       \
    X(FIELD_PROXY, RESULT, "proxy", -28)                                                           \
    X(FIELD_CERT_WARNING, RESULT, "cert_warning", -12)                                             \
    X(FIELD_TCP, RESULT, "tcp", 0)                                                                 \
    X(FIELD_RTT, TCP, "rtt_us", 8)                                                                 \
    X(FIELD_RTTVAR, TCP, "rttvar_us", 9)                                                           \
    X(FIELD_RETRANSMITS, TCP, "retransmits", 11)                                                   \
    X(FIELD_MSS, TCP, "mss_bytes", 9)

enum field {
#define X(id, parent, key, columns) id,
    FIELDS(X)
#undef X
        FIELD_RESULT, /* the whole: what a field is in that is in no object */
    FIELD_COUNT = FIELD_RESULT
};

/* What each is called, and how it is shown. */
struct field_row {
    const char *name, *key; /* "tls.version", and its last part: "version" */
    const char *member;     /* the name as it begins a member in JSON: "\"tls.version\":" */
    const char *own_member; /* its last part alone */
    unsigned char member_bytes, own_member_bytes;
    unsigned char parent; /* the object it is in, or FIELD_RESULT */
    short columns;        /* in a table, as in FIELDS */
};

extern const struct field_row field_rows[FIELD_COUNT];

/* What the values depend on beside the result. */
struct fields_options {
    size_t preview;          /* characters of the snippet */
    unsigned cert_warn_days; /* a certificate with fewer days left is warned of; 0: none is */
    int64_t unix_time;       /* now, to count those days from */
    bool tcp_info;           /* `tcp` is wanted */
};

enum value_kind {
    VALUE_ABSENT, /* not a part of this result: left out, null where it was asked for by name */
    VALUE_NULL,   /* there is none */
    VALUE_WORD,   /* `text`, closed with a NUL: of our own making, fit to be written as it is */
    VALUE_TEXT,   /* `text` of `length` bytes from a stranger, `most` characters of which count */
    VALUE_NUMBER, /* `number` */
    VALUE_STATUS, /* `number`: an HTTP status */
    VALUE_SPAN,   /* `number`: nanoseconds */
    VALUE_DATE,   /* `number`: seconds since 1970 */
    VALUE_TRUTH,  /* `number`: 0 or 1 */
    VALUE_OBJECT, /* the fields inside it are its value */
    VALUE_NAMES,  /* a list of `number` names of the certificate */
    VALUE_REDIRECTS, /* a list of `number` legs of the result that are redirects */
    VALUE_ATTEMPTS,  /* likewise, that were tried again */
};

struct value {
    enum value_kind kind;
    const char *text; /* valid until the same field of the same view is asked again */
    size_t length, max;
    int64_t number;
    enum field object; /* of VALUE_OBJECT */
};

#define FIELDS_MESSAGE_BYTES 512 /* what is over is cut */
#define FIELDS_ADDRESS_BYTES 128 /* room for "unix:" and a path as long as sockaddr_un holds */

/* A result while it is written: what several fields share, and room for those that are composed. */
struct view {
    const struct result *result;          /* borrowed */
    const struct fields_options *options; /* borrowed */
    nsec timings[PHASE_COUNT];
    char address[FIELDS_ADDRESS_BYTES];
    char protocol[16];
    char message[FIELDS_MESSAGE_BYTES];
};

/* Begins a view, which is never closed: it owns nothing. */
void view_open(struct view *view, const struct result *result,
               const struct fields_options *options);

struct value view_value(struct view *view, enum field field);

/* Whether others are inside it. */
bool field_is_object(enum field field);

/* The field of that name, of `length` bytes. False where there is none. */
bool field_find(const char *name, size_t length, enum field *field);

#endif
