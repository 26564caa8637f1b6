/*
 * The fields of a result, with the names that JSON, CSV, the table and --fields share. One table
 * has the names, one switch the values. Every format uses both, so formats cannot differ.
 *
 * A field may be inside another, which is an object: "tls.version" is in "tls". The fields of an
 * object follow it in the table.
 */
#ifndef CLI_OUTPUT_RESULT_FIELDS_H
#define CLI_OUTPUT_RESULT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/result.h"

/* Prefixes of the names of fields in objects. */
#define IN_RESULT      ""
#define IN_ERROR       "error."
#define IN_TLS         "tls."
#define IN_CERTIFICATE "tls.certificate."
#define IN_TIMINGS     "timings."
#define IN_CONNECTION  "connection."
#define IN_TCP         "tcp."

/* Variable widths of columns. */
#define COLUMNS_URL     0   /* the available width */
#define COLUMNS_PREVIEW 100 /* the width of the preview */

/* X(identifier, its object, last part of its name, columns in a table). A positive width is
   right-aligned, for numbers; a negative width is left-aligned. A new field is added at the end of
   its object, but before an object in it. */
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
    X(FIELD_STREAM, RESULT, "stream", 10)                                                          \
    X(FIELD_CONNECTION, RESULT, "connection", 0)                                                   \
    X(FIELD_NUMBER, CONNECTION, "number", 10)                                                      \
    X(FIELD_REQUESTS_BEFORE, CONNECTION, "requests_before", 15)                                    \
    X(FIELD_TCP, RESULT, "tcp", 0)                                                                 \
    X(FIELD_RTT, TCP, "rtt_us", 8)                                                                 \
    X(FIELD_RTTVAR, TCP, "rttvar_us", 9)                                                           \
    X(FIELD_RETRANSMITS, TCP, "retransmits", 11)                                                   \
    X(FIELD_MSS, TCP, "mss_bytes", 9)

enum field {
#define X(id, parent, key, columns) id,
    FIELDS(X)
#undef X
        FIELD_RESULT, /* the result itself, the parent of fields that are in no object */
    FIELD_COUNT = FIELD_RESULT
};

/* The names and the width of each field. */
struct field_row {
    const char *name, *key; /* "tls.version", and its last part: "version" */
    const char *member;     /* the encoded name for JSON: "\"tls.version\":" */
    const char *own_member; /* the same with the last part only */
    unsigned char member_bytes, own_member_bytes;
    unsigned char parent; /* its object, or FIELD_RESULT */
    short columns;
};

extern const struct field_row field_rows[FIELD_COUNT];

/* Options that the values depend on. */
struct fields_options {
    size_t preview;          /* in characters */
    unsigned cert_warn_days; /* a certificate with fewer days left has a warning; 0: no warnings */
    int64_t unix_time;       /* the current time */
    bool tcp_info;           /* with the object `tcp` */
};

enum value_kind {
    VALUE_ABSENT,    /* not part of this result: left out, or null if chosen by name */
    VALUE_NULL,      /* has no value */
    VALUE_WORD,      /* `text`, ends with a NUL: made by this program, needs no escaping */
    VALUE_TEXT,      /* `text` of `length` bytes, untrusted; only `max` characters count */
    VALUE_NUMBER,    /* `number` */
    VALUE_STATUS,    /* `number`: an HTTP status */
    VALUE_SPAN,      /* `number`: nanoseconds */
    VALUE_DATE,      /* `number`: seconds since 1970 */
    VALUE_TRUTH,     /* `number`: 0 or 1 */
    VALUE_OBJECT,    /* the value is its fields */
    VALUE_NAMES,     /* `number` names of the certificate */
    VALUE_REDIRECTS, /* `number` legs that are redirects */
    VALUE_ATTEMPTS,  /* `number` legs that are earlier attempts */
};

struct value {
    enum value_kind kind;
    const char *text; /* valid until the same field of the same view is read again */
    size_t length, max;
    int64_t number;
    enum field object; /* of VALUE_OBJECT */
};

#define FIELDS_MESSAGE_BYTES 512 /* longer messages are cut */
#define FIELDS_ADDRESS_BYTES 128 /* fits "unix:" and the longest path of sockaddr_un */

/* A result while it is written: values that several fields share, and buffers for composed
   values. */
struct view {
    const struct result *result;          /* borrowed */
    const struct fields_options *options; /* borrowed */
    nsec timings[PHASE_COUNT];
    char address[FIELDS_ADDRESS_BYTES];
    char protocol[16];
    char message[FIELDS_MESSAGE_BYTES];
};

/* Initializes a view. It owns nothing and need not be closed. */
void view_open(struct view *view, const struct result *result,
               const struct fields_options *options);

struct value view_value(struct view *view, enum field field);

/* Whether a field is an object. */
bool field_is_object(enum field field);

/* Finds the field with a name of `length` bytes. False if there is none. */
bool field_find(const char *name, size_t length, enum field *field);

#endif
