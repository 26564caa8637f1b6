/*
 * Requests at the origin (RFC 9112). llhttp reads them from the first byte to the last, as strictly as
 * it does by itself: a server that guesses what a request means is how requests are smuggled. A request
 * may come in pieces cut anywhere. Its content is read and not kept.
 */
#ifndef ORIGIN_REQUEST_PARSER_H
#define ORIGIN_REQUEST_PARSER_H

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>

#define REQUEST_MAX_HEAD_BYTES   (256 * 1024) /* with chunk extensions and trailers */
#define REQUEST_MAX_TARGET_BYTES 2048         /* with a NUL; what is beyond is cut */
#define REQUEST_MAX_HOST_BYTES   256          /* likewise */

enum request_status {
    REQUEST_MORE,      /* the request goes on */
    REQUEST_DONE,      /* it is complete */
    REQUEST_MALFORMED, /* llhttp refused it */
    REQUEST_TOO_LARGE, /* the head, or what counts with it, is over its limit */
    REQUEST_UPGRADE,   /* CONNECT or Upgrade: what follows is not HTTP/1.1 */
};

struct request_parser {
    char target[REQUEST_MAX_TARGET_BYTES];
    char host[REQUEST_MAX_HOST_BYTES]; /* "": none */
    bool is_head;                      /* the method is HEAD */
    bool head_done;                    /* the head is complete, and the members above are valid */
    bool keep_alive;                   /* with DONE: another request may follow */

    /* private */
    bool done;
    size_t head_bytes;  /* taken so far, with what counts with the head */
    char field[8];      /* the name being read, cut */
    size_t field_bytes; /* of the name, uncut */
    llhttp_t parser;
};

/* Makes the parser ready for a request. It owns no memory, and may be given up at any time. */
void request_parser_start(struct request_parser *request);

/* Takes bytes; *used says how many belong to this request (all, unless it is DONE). After anything
   but MORE, start anew. */
enum request_status request_parser_feed(struct request_parser *request, const unsigned char *bytes,
                                        size_t count, size_t *used);

#endif
