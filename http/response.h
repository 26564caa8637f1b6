/*
 * What is kept of an answer while it comes: the few fields that matter here, the first characters of
 * its body as text, and how much of it there was. Both halves of a race use it, so that they make the
 * same result of the same bytes.
 */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include "http/body/preview.h"
#include "http/cookies/cookies.h"
#include "http/result.h"
#include "http/stream.h"

/* Of a redirect that will be followed no more is read than this: beyond it the connection is not worth
   the wait. */
#define ANSWER_MAX_REDIRECT_BYTES 65536

struct response_options {
    size_t preview;     /* characters of the body that are wanted */
    uint64_t max_body;  /* bytes of it that are taken, at most */
    bool until_preview; /* no more of it is wanted when those characters are there */
    bool follow;        /* a redirect's body is not wanted at all */
};

struct response {
    const struct response_options *options; /* borrowed */
    struct result *result;                  /* what it grows into; borrowed */
    struct cookies **jar;                   /* where cookies go; NULL: nowhere */
    const struct url *url;                  /* who sets them; borrowed */
    int64_t unix_time;                      /* when they come */
    char *location, *retry_after;           /* fields; NULL: absent */
    char *content_type, *coding;            /* likewise */
    struct preview preview;
    bool previewed; /* it was begun */
    bool redirect;  /* the status and Location ask to go elsewhere */
    bool enough;    /* the rest of the body is not wanted */
    bool malformed; /* the content coding is, from the first character on */
};

/* Begins, in a zeroed struct. */
void response_start(struct response *response, const struct response_options *options,
                    struct result *result);

/* The events of a stream (http/stream.h). */
void response_field(struct response *response, const char *name, size_t name_bytes,
                    const char *value, size_t value_bytes);
void response_head(struct response *response, const struct status_line *line);
void response_body(struct response *response, const char *bytes, size_t count);

/* The answer is over, `complete` or not: the result points to its texts from here on, until
   response_free. ERROR_BAD_CODING where the body does not decode from its first character on; else
   ERROR_NONE, also for an answer that never began, all zeros. */
enum error response_finish(struct response *response, bool complete);

/* Frees; also one that is all zeros. */
void response_free(struct response *response);

#endif
