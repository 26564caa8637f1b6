/*
 * HTTP/1.1 (RFC 9112) read by llhttp: answers for us, requests for the rehearsal's origin. This is
 * the only place that knows llhttp. The parser keeps its place between two calls, so that a message
 * may come in pieces cut anywhere. Nothing of it is kept but a field that was cut in two, until its
 * other half is there.
 */
#ifndef HTTP_HTTP1_H
#define HTTP_HTTP1_H

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/error.h"

/* A head, with all 1xx heads before it, may have this many bytes. */
#define HTTP1_MOST_HEAD_BYTES (256 * 1024)

#define HTTP1_MOST_TARGET_BYTES 2048 /* of a request at the origin; what is beyond is cut */
#define HTTP1_MOST_HOST_BYTES   256  /* likewise */

#define HTTP1_MOST_NAME_BYTES  256             /* of a field that is told */
#define HTTP1_MOST_VALUE_BYTES (64 * 1024 + 1) /* likewise; over that of a URL */

enum http1_status {
    HTTP1_MORE,      /* the message goes on */
    HTTP1_DONE,      /* it is complete */
    HTTP1_MALFORMED, /* it is none; http1_why says more */
    HTTP1_TOO_LARGE, /* the head is over its limit */
    HTTP1_UPGRADE,   /* 101: what follows is not HTTP/1.1 */
    HTTP1_CUT,       /* http1_finish: the message was not complete */
};

struct http1;

struct http1_events {
    /* A field of an answer's final head, before `head` is called: name and value as they came, without
       white space around, in the order in which they came. They live during the call and are not
       closed with a NUL. A name that is empty or over HTTP1_MOST_NAME_BYTES is skipped with its value, a
       value over HTTP1_MOST_VALUE_BYTES cut. Not told are the fields of interim heads, of trailers, and of
       requests. What is malformed may turn out so after some of its fields were told.
       NULL: nobody asks, and no field is put together. */
    void (*field)(void *owner, const char *name, size_t name_bytes, const char *value,
                  size_t value_bytes);
    /* The first line of an answer's head, of an interim one too, with its reason phrase: as a field's
       value, and often empty. NULL: nobody asks; without `field` it is not called. */
    void (*status)(void *owner, const struct http1 *http1, const char *reason, size_t reason_bytes);
    /* Each may be NULL: nobody asks. */
    void (*head)(void *owner, const struct http1 *http1);       /* the final head is complete */
    void (*body)(void *owner, const char *bytes, size_t count); /* a piece, transfer coding off */
};

/* A name or value that is being read. */
struct http1_piece {
    const char *at; /* in the bytes being fed, or `held` */
    size_t bytes;   /* so far; 0: none yet */
    char *held;     /* the copy of what came in more than one piece; NULL: none was needed */
};

struct http1 {
    const struct http1_events *events; /* borrowed */
    void *owner;                       /* their argument */
    llhttp_t parser;
    size_t head_bytes;              /* taken so far, while the head goes on */
    unsigned status;                /* of an answer; valid in each call of the events */
    unsigned char major, minor;     /* the version of HTTP */
    bool headless;                  /* the answer to HEAD: no body, whatever it says */
    bool head_done;                 /* the final head is complete */
    bool done;                      /* the message is complete */
    bool keep_alive;                /* when done: another message may follow */
    struct http1_request *request;  /* of the origin's side; else NULL */
    struct http1_piece name, value; /* of an answer's field, where somebody asks; the reason phrase
                                       is a value */
};

/* What the origin knows of a request. */
struct http1_request {
    char target[HTTP1_MOST_TARGET_BYTES];
    char host[HTTP1_MOST_HOST_BYTES];
    char field[8];      /* the name being read, cut */
    size_t field_bytes; /* of the name, uncut */
    bool head;          /* HEAD */
};

/* Makes ready for the next answer. `headless`: the request was HEAD. What the struct held before is
   not looked at: a message that is given up before its end needs http1_free first. */
void http1_start_answer(struct http1 *http1, bool headless, const struct http1_events *events,
                        void *owner);

/* Makes ready for the next request, which is noted in `request`, borrowed. */
void http1_start_request(struct http1 *http1, struct http1_request *request,
                         const struct http1_events *events, void *owner);

/* Takes bytes; *used says how many belong to this message (all, unless it is DONE). After anything
   but MORE, start anew. */
enum http1_status http1_feed(struct http1 *http1, const unsigned char *bytes, size_t count,
                             size_t *used);

/* The rest of the message is not wanted: its events are not called any more. */
void http1_drop_rest(struct http1 *http1);

/* The connection ended in order: DONE where that closes the message, else CUT. */
enum http1_status http1_finish(struct http1 *http1);

/* Frees what a field cut in two holds. Needed where a message is given up while it says MORE; allowed
   at any time outside of http1_feed, also on a zeroed struct. */
void http1_free(struct http1 *http1);

/* What a status other than MORE and DONE means for an answer. */
enum error error_of_http1(enum http1_status status);

/* llhttp's word for what was malformed, static. */
const char *http1_why(const struct http1 *http1);

/* "8.1.0" */
const char *http1_parser_version(void);

#endif
