/*
 * Parses requests at the origin (RFC 9112) with llhttp in its strict mode: a lenient server would
 * allow request smuggling. The bytes of a request can be split anywhere. Content is not stored.
 */
#ifndef ORIGIN_REQUEST_PARSER_H
#define ORIGIN_REQUEST_PARSER_H

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>

#define REQUEST_MAX_HEAD_BYTES   (256 * 1024) /* with chunk extensions and trailers */
#define REQUEST_MAX_TARGET_BYTES 2048         /* with the NUL; longer ones are truncated */
#define REQUEST_MAX_HOST_BYTES   256          /* with the NUL; longer ones are truncated */

enum request_status {
    REQUEST_MORE,      /* the request is incomplete */
    REQUEST_DONE,      /* it is complete */
    REQUEST_MALFORMED, /* llhttp has rejected it */
    REQUEST_TOO_LARGE, /* over REQUEST_MAX_HEAD_BYTES */
    REQUEST_HTTP2,     /* the preface of HTTP/2 (RFC 9113, section 3.4) instead of a request */
    REQUEST_UPGRADE,   /* CONNECT or Upgrade: the next bytes are not HTTP/1.1 */
};

struct request_parser {
    char target[REQUEST_MAX_TARGET_BYTES];
    char host[REQUEST_MAX_HOST_BYTES]; /* "": none */
    bool is_head_request;              /* the method is HEAD */
    bool head_done;                    /* the fields above are valid */
    bool keep_alive;                   /* with DONE: another request may follow */

    /* private */
    bool done;
    size_t head_bytes;  /* so far, including chunk extensions and trailers */
    char field[8];      /* current field name, truncated */
    size_t field_bytes; /* its full length */
    llhttp_t parser;
};

/* Initializes the parser for a request. It owns no memory and need not be freed. */
void request_parser_start(struct request_parser *request);

/* Parses bytes. *used is the number of bytes that belong to this request or preface: all, unless it
   is DONE or HTTP2.
   After any result but MORE, call request_parser_start. */
enum request_status request_parser_feed(struct request_parser *request, const unsigned char *bytes,
                                        size_t count, size_t *used);

#endif
