/*
 * The retained parts of a response while it arrives: the few fields that are needed, the first
 * characters of the body as text, and the length of the body. The blocking and the non-blocking
 * mode of `race` share it, so that the same bytes give the same result.
 */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include "http/body/preview.h"
#include "http/cookies/cookies.h"
#include "http/result.h"
#include "http/stream.h"

/* Limit for the body of a followed redirect: reading more costs more than a new connection. */
#define RESPONSE_MAX_REDIRECT_BYTES 65536

struct response_options {
    size_t preview;     /* wanted characters of the body */
    uint64_t max_body;  /* maximum bytes of the body that are read */
    bool until_preview; /* stop reading when the preview is complete */
    bool follow;        /* redirects are followed: their bodies are not needed */
};

struct response {
    const struct response_options *options; /* borrowed */
    struct result *result;                  /* filled in; borrowed */
    struct cookies **jar;                   /* receives the cookies; NULL: none */
    const struct url *url;                  /* the URL that sets the cookies; borrowed */
    int64_t unix_time;                      /* time of the cookies, in seconds since 1970 */
    char *location, *retry_after;           /* values of fields; NULL: absent */
    char *content_type, *coding;            /* values of fields; NULL: absent */
    struct preview preview;
    bool preview_started; /* the preview was started */
    bool redirect;        /* the status is a redirect, and it has a Location */
    bool enough;          /* the rest of the body is not wanted */
    bool malformed;       /* the content coding is malformed before the first character */
};

/* Starts a response in a zeroed struct. */
void response_start(struct response *response, const struct response_options *options,
                    struct result *result);

/* Call these from the stream's events (http/stream.h). */
void response_field(struct response *response, const char *name, size_t name_bytes,
                    const char *value, size_t value_bytes);
void response_head(struct response *response, const struct status_line *line);
void response_body(struct response *response, const char *bytes, size_t count);

/* Ends the response, `complete` or not. The result points to its texts from here on, until
   response_free. Returns ERROR_BAD_CODING when the body cannot be decoded from its first character
   on; else ERROR_NONE, also for a response that was not started, all zeros. */
enum error response_finish(struct response *response, bool complete);

/* Frees the texts; a zeroed struct is allowed. */
void response_free(struct response *response);

#endif
