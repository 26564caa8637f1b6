/*
 * HTTP/1.1 responses (RFC 9112), read with llhttp, 8 or 9, and in the same way with both. A message
 * may come in pieces cut anywhere. Of its bytes only a line of the head that was cut is kept, until it
 * is complete.
 *
 * What real servers send is read as browsers and curl read it, where it can mean one thing only:
 *
 *     bare LF             ends a line
 *     bare CR             is a space, or belongs to the end of the line; at the beginning of a
 *                         line, with other bytes behind it, it is an error
 *     field               with a name that is no token, or a control character: skipped
 *     blank before ":"    is ignored
 *     Content-Length      may be repeated with the same value, also as a list
 *     chunk size          may have blanks behind it, and any extensions
 *     blank lines         before the status line are skipped
 *
 * NUL, different values of Content-Length, and faults of the fields that frame the message are
 * errors. After a message that was repaired (a bare CR, a blank before a ":", a bare LF in a
 * chunked body) `keep_alive` is false.
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

/* A head, with all 1xx heads before it, may have this many bytes. Trailers and chunk extensions
   count, too, as far as they are more than the content. */
#define HTTP1_MAX_HEAD_BYTES (256 * 1024)

#define HTTP1_MAX_NAME_BYTES  STREAM_MAX_NAME_BYTES /* of a field that is reported */
#define HTTP1_MAX_VALUE_BYTES STREAM_MAX_VALUE_BYTES

enum http1_status {
    HTTP1_MORE,      /* the message goes on */
    HTTP1_DONE,      /* it is complete */
    HTTP1_MALFORMED, /* it is none; http1_why says more */
    HTTP1_TOO_LARGE, /* the head, or what counts with it, is over its limit */
    HTTP1_UPGRADE,   /* 101: what follows is not HTTP/1.1 */
    HTTP1_CUT,       /* http1_finish: the message was not complete */
};

struct http1;

struct http1_events {
    /* A field of an answer's final head, before `head` is called: name and value as they came,
       without white space around, in the order in which they came. They live during the call and
       are not closed with a NUL. A name that is no token or over HTTP1_MAX_NAME_BYTES is skipped
       with its value, a value over HTTP1_MAX_VALUE_BYTES cut. Not reported are the fields of interim
       heads and of trailers. What is malformed may turn out so after some of its
       fields were reported. NULL: not called. */
    void (*field)(void *owner, const char *name, size_t name_bytes, const char *value,
                  size_t value_bytes);
    /* The first line of an answer's head, of an interim one too, with its reason phrase: as a
       field's value, and often empty. NULL, or `field` NULL: not called. */
    void (*status)(void *owner, const struct http1 *http1, const char *reason, size_t reason_bytes);
    /* Each may be NULL: not called. */
    void (*head)(void *owner, const struct http1 *http1);       /* the final head is complete */
    void (*body)(void *owner, const char *bytes, size_t count); /* a piece, transfer coding off */
};

/* What comes next of a response. */
enum http1_part {
    HTTP1_HEAD,     /* a head, or the rest of one */
    HTTP1_LENGTH,   /* `left` bytes of content */
    HTTP1_CHUNKS,   /* a chunked body */
    HTTP1_TRAILERS, /* behind the last chunk */
    HTTP1_TO_END,   /* content, until the connection ends */
};

struct http1 {
    const struct http1_events *events; /* borrowed */
    void *owner;                       /* their argument */
    unsigned status;                   /* of an answer; valid in each call of the events */
    unsigned char major, minor;        /* the version of HTTP */
    bool headless;                     /* the answer to HEAD: no body, whatever it says */
    bool head_done;                    /* the final head is complete */
    bool done;                         /* the message is complete */
    bool keep_alive;                   /* when done: another message may follow */

    /* private */
    enum http1_part part;
    bool has_status;    /* its status line was read */
    bool has_length;    /* it has a Content-Length: `left` */
    bool has_coding;    /* it has a Transfer-Encoding */
    bool closes;        /* "Connection: close" */
    bool persists;      /* "Connection: keep-alive", in HTTP/1.0 */
    bool repaired;      /* the frame was repaired */
    uint64_t left;      /* of the content */
    size_t head_bytes;  /* taken so far, with what counts with the head */
    const char *why;    /* of MALFORMED */
    struct lines lines; /* of a head that is read line by line, and of trailers */
    struct chunks chunks;
    llhttp_t parser; /* of the status line and of Transfer-Encoding */
};

/* Makes ready for the next answer. `headless`: the request was HEAD. What the struct held before is
   not looked at: a message that is given up before its end needs http1_free first. */
void http1_start_response(struct http1 *http1, bool headless, const struct http1_events *events,
                          void *owner);

/* Takes bytes; *used says how many belong to this message (all, unless it is DONE). After anything
   but MORE, start anew. */
enum http1_status http1_feed(struct http1 *http1, const unsigned char *bytes, size_t count,
                             size_t *used);

/* The rest of the message is not wanted: its events are not called any more. */
void http1_drop_rest(struct http1 *http1);

/* The connection ended in order: DONE where that ends the message, else CUT. */
enum http1_status http1_finish(struct http1 *http1);

/* Frees a line that is not complete. Needed where a message is given up while it says MORE; allowed
   at any time outside of http1_feed, also on a zeroed struct. */
void http1_free(struct http1 *http1);

/* What a status other than MORE and DONE means for an answer. */
enum error error_of_http1(enum http1_status status);

/* How many of these bytes, which came behind a response, are extra line ends: they are ignored
   (section 2.2). A CR at their end counts, as its LF may still come. */
size_t http1_extra_line_ends(const unsigned char *bytes, size_t count);

/* How many of these bytes are line ends in front of the response that is expected: they belong to the one
   before it (section 2.2). A CR at their end does not count: whether an LF follows is for http1_feed to
   see. They count with the head: at its limit none are skipped, and http1_feed returns TOO_LARGE. */
size_t http1_skip_line_ends(struct http1 *http1, const unsigned char *bytes, size_t count);

/* What was malformed, static; "" where nothing is. */
const char *http1_why(const struct http1 *http1);

/* "8.1.0" */
const char *http1_parser_version(void);

#endif
