/*
 * HTTP/1.1 responses (RFC 9112), read with llhttp 8 or 9, with the same result. A message may
 * arrive in pieces of any size. The parser keeps no bytes except an incomplete line of the head.
 *
 * Irregular responses of real servers are accepted as browsers and curl accept them, when they have
 * only one meaning:
 *
 *     bare LF             ends a line
 *     bare CR             counts as a space, or belongs to the line end; at the start of a
 *                         line that continues, it is an error
 *     field               is skipped when its name is not a token or it has a control character
 *     blank before ":"    is ignored
 *     Content-Length      may be repeated with the same value, also as a list
 *     chunk size          may have blanks after it, and any extensions
 *     blank lines         before the status line are skipped
 *
 * NUL, different values of Content-Length, and malformed framing fields are errors. After a
 * repaired message (a bare CR, a blank before ":", a bare LF in a chunked body) `keep_alive` is
 * false.
 */
#ifndef HTTP_H1_H1_PARSER_H
#define HTTP_H1_H1_PARSER_H

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/error.h"
#include "http/h1/chunks.h"
#include "http/h1/lines.h"
#include "http/stream.h"

/* Limit of a head, together with all 1xx heads before it. Trailers and chunk extensions count too,
   when they are larger than the content. */
#define HTTP1_MAX_HEAD_BYTES (256 * 1024)

#define HTTP1_MAX_NAME_BYTES  STREAM_MAX_NAME_BYTES /* of a reported field */
#define HTTP1_MAX_VALUE_BYTES STREAM_MAX_VALUE_BYTES

enum http1_status {
    HTTP1_MORE,      /* the message is not complete */
    HTTP1_DONE,      /* the message is complete */
    HTTP1_MALFORMED, /* http1_why is the reason */
    HTTP1_TOO_LARGE, /* the head, or trailers and chunk extensions, exceed the limit */
    HTTP1_UPGRADE,   /* status 101: the next bytes are not HTTP/1.1 */
    HTTP1_CUT,       /* from http1_finish: the message was not complete */
};

struct http1;

struct http1_events {
    /* A field of the final head, before `head` is called: name and value as received, without white
       space around them, in the order of the head. They are valid during the call and not
       NUL-terminated. A field is skipped when its name is not a token or is over
       HTTP1_MAX_NAME_BYTES; a value is cut to HTTP1_MAX_VALUE_BYTES. Fields of interim heads and of
       trailers are not reported. Fields may have been reported before the message proves malformed.
       NULL: not called. */
    void (*field)(void *owner, const char *name, size_t name_bytes, const char *value,
                  size_t value_bytes);
    /* The status line, also of interim responses. The reason phrase is cut like a field's value and
       often empty. NULL, or `field` NULL: not called. */
    void (*status)(void *owner, const struct http1 *http1, const char *reason, size_t reason_bytes);
    /* NULL: not called. */
    void (*head)(void *owner, const struct http1 *http1); /* the final head is complete */
    /* a piece, without transfer coding */
    void (*body)(void *owner, const char *bytes, size_t count);
};

/* The next part of a response. */
enum http1_part {
    HTTP1_HEAD,     /* a head, or the rest of a head */
    HTTP1_LENGTH,   /* `left` bytes of content */
    HTTP1_CHUNKS,   /* a chunked body */
    HTTP1_TRAILERS, /* after the last chunk */
    HTTP1_TO_END,   /* content until the connection ends */
};

struct http1 {
    const struct http1_events *events; /* borrowed */
    void *owner;                       /* the argument of the events */
    unsigned status;                   /* valid in all events */
    unsigned char major, minor;        /* the HTTP version */
    bool headless;                     /* the response to HEAD: it has no body */
    bool head_done;                    /* the final head is complete */
    bool done;                         /* the message is complete */
    bool keep_alive;                   /* when done: another message may follow */

    /* private */
    enum http1_part part;
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
    llhttp_t parser; /* of the status line and of Transfer-Encoding */
};

/* Prepares for the next response. `headless`: the request was HEAD. The previous content of the
   struct is not read: call http1_free first when a message is abandoned before its end. */
void http1_start_response(struct http1 *http1, bool headless, const struct http1_events *events,
                          void *owner);

/* Reads bytes; *used is the number that belong to this message: all, unless it is DONE. After any
   result but MORE, call http1_start_response again. */
enum http1_status http1_feed(struct http1 *http1, const unsigned char *bytes, size_t count,
                             size_t *used);

/* Stops all events of this message. */
void http1_drop_rest(struct http1 *http1);

/* The connection was closed in order: DONE when this ends the message, else CUT. */
enum http1_status http1_finish(struct http1 *http1);

/* Frees an incomplete line. Needed when a message is abandoned after MORE; allowed at any time
   outside http1_feed, also on a zeroed struct. */
void http1_free(struct http1 *http1);

/* The error for a status other than MORE and DONE. */
enum error error_of_http1(enum http1_status status);

/* How many of these bytes, received after a response, are extra line ends, which are ignored
   (section 2.2). A CR at the end counts, since its LF may follow. */
size_t http1_extra_line_ends(const unsigned char *bytes, size_t count);

/* How many of these bytes are line ends before the expected response: they belong to the previous
   one (section 2.2). A CR at the end does not count: http1_feed checks whether an LF follows. The
   line ends count against the limit of the head: when it is reached none are skipped, and
   http1_feed returns TOO_LARGE. */
size_t http1_skip_line_ends(struct http1 *http1, const unsigned char *bytes, size_t count);

/* Why the message is malformed, a static text; "" when it is not. */
const char *http1_why(const struct http1 *http1);

/* "8.1.0" */
const char *http1_parser_version(void);

#endif
