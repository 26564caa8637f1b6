/*
 * HTTP/1.1 responses (RFC 9112), read with llhttp 8 or 9, with the same result. A message may
 * arrive in pieces of any size. The parser keeps no bytes except an incomplete line of the head.
 *
 * Irregular responses of real servers are accepted as browsers and curl accept them, when they have
 * only one meaning:
 *
 *     LF without a CR     ends a line
 *     CR in a line        is replaced by a space; several CRs before an LF belong to the line end;
 *                         a CR before the text of a line is an error
 *     field               is skipped when its name is not a token or it has a control character
 *     blank before ":"    is ignored
 *     Content-Length      may be repeated with the same value, also as a list
 *     chunk size          may have blanks after it, and any extensions
 *     blank lines         before the status line are skipped
 *
 * NUL, different values of Content-Length, and malformed framing fields are errors. After a
 * repaired message (a CR in a line, a blank before ":", an LF without a CR in a chunked body)
 * `keep_alive` is false.
 */
#ifndef HTTP_H1_H1_PARSER_H
#define HTTP_H1_H1_PARSER_H

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/error.h"
#include "http/h1/chunks.h"
#include "http/h1/head_memo.h"
#include "http/h1/lines.h"
#include "http/stream.h"

/* Limit of a head, together with all 1xx heads before it. Trailers and chunk extensions count too,
   when they are larger than the content. */
#define H1_MAX_HEAD_BYTES (256 * 1024)

#define H1_MAX_NAME_BYTES  STREAM_MAX_NAME_BYTES /* of a reported field */
#define H1_MAX_VALUE_BYTES STREAM_MAX_VALUE_BYTES

enum h1_status {
    H1_MORE,      /* the message is not complete */
    H1_DONE,      /* the message is complete */
    H1_MALFORMED, /* h1_parser_why is the reason */
    H1_TOO_LARGE, /* the head, or trailers and chunk extensions, exceed the limit */
    H1_UPGRADE,   /* status 101: the next bytes are not HTTP/1.1 */
    H1_CUT,       /* from h1_parser_finish: the message was not complete */
};

struct h1_parser;

struct h1_events {
    /* A field of the final head, before `head` is called: name and value as received, without white
       space around them, in the order of the head. They are valid during the call and not
       NUL-terminated. A field is skipped when its name is not a token or is over
       H1_MAX_NAME_BYTES; a value is cut to H1_MAX_VALUE_BYTES. Fields of interim heads and of
       trailers are not reported. Fields may have been reported before the message proves malformed.
       NULL: not called. */
    void (*field)(void *owner, const char *name, size_t name_bytes, const char *value,
                  size_t value_bytes);
    /* The status line, also of interim responses. The reason phrase is cut like a field's value and
       often empty. NULL, or `field` NULL: not called. */
    void (*status)(void *owner, const struct h1_parser *parser, const char *reason,
                   size_t reason_bytes);
    /* NULL: not called. */
    void (*head)(void *owner, const struct h1_parser *parser); /* the final head is complete */
    /* a piece, without transfer coding */
    void (*body)(void *owner, const char *bytes, size_t count);
};

/* The next part of a response. */
enum h1_part {
    H1_HEAD,     /* a head, or the rest of a head */
    H1_LENGTH,   /* `left` bytes of content */
    H1_CHUNKS,   /* a chunked body */
    H1_TRAILERS, /* after the last chunk */
    H1_TO_END,   /* content until the connection ends */
};

struct h1_parser {
    const struct h1_events *events; /* borrowed */
    void *owner;                    /* the argument of the events */
    unsigned status;                /* valid in all events */
    unsigned char major, minor;     /* the HTTP version */
    bool is_head_request;           /* the response has no body */
    bool head_done;                 /* the final head is complete */
    bool done;                      /* the message is complete */
    bool keep_alive;                /* when done: another message may follow */

    /* Heads are looked up here before they are parsed. h1_parser_start_response sets it to NULL;
       the caller may set it before the first byte, if `field` is NULL. */
    struct head_memo *memo;

    /* private */
    enum h1_part part;
    bool has_status;    /* the status line was read */
    bool has_length;    /* Content-Length was read into `left` */
    bool has_coding;    /* Transfer-Encoding was read */
    bool closes;        /* "Connection: close" */
    bool persists;      /* "Connection: keep-alive", in HTTP/1.0 */
    bool repaired;      /* the framing was repaired */
    uint64_t left;      /* remaining bytes of content */
    size_t head_bytes;  /* bytes that count against the limit, so far */
    const char *why;    /* the reason for MALFORMED */
    struct lines lines; /* of the head and of trailers */
    struct chunks chunks;
    llhttp_t llhttp; /* of the status line and of Transfer-Encoding */
};

/* Prepares for the next response. `is_head_request`: its method was HEAD, or CONNECT: the response
   has no body. The previous content of the struct is not read: call h1_parser_free first when a
   message is abandoned before its end. */
void h1_parser_start_response(struct h1_parser *parser, bool is_head_request,
                              const struct h1_events *events, void *owner);

/* Reads bytes; *used is the number that belong to this message: all, unless it is DONE. After any
   result but MORE, call h1_parser_start_response again. */
enum h1_status h1_parser_feed(struct h1_parser *parser, const unsigned char *bytes, size_t count,
                              size_t *used);

/* Stops all events of this message. */
void h1_parser_stop_events(struct h1_parser *parser);

/* The connection ended without an error (FIN; with TLS, close_notify): DONE when this ends the
   message, else CUT. */
enum h1_status h1_parser_finish(struct h1_parser *parser);

/* Frees an incomplete line. Needed when a message is abandoned after MORE; allowed at any time
   outside h1_parser_feed, also on a zeroed struct. */
void h1_parser_free(struct h1_parser *parser);

/* The error for a status other than MORE and DONE. */
enum error error_of_h1(enum h1_status status);

/* How many of these bytes, received after a response, are extra line ends, which are ignored
   (section 2.2). A CR at the end counts, since its LF may follow. */
size_t h1_extra_line_ends(const unsigned char *bytes, size_t count);

/* How many of these bytes are line ends before the expected response: they belong to the previous
   one (section 2.2). A CR at the end does not count: h1_parser_feed checks whether an LF follows.
   The line ends count against the limit of the head: when it is reached none are skipped, and
   h1_parser_feed returns TOO_LARGE. */
size_t h1_parser_skip_line_ends(struct h1_parser *parser, const unsigned char *bytes, size_t count);

/* Why the message is malformed, a static text; "" when it is not. */
const char *h1_parser_why(const struct h1_parser *parser);

/* "8.1.0" */
const char *h1_parser_version(void);

#endif
