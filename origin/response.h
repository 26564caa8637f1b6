/*
 * The response to a request, for both versions of HTTP: the site's behaviour, with the part of its
 * fault that does not depend on the version. Fields are written as lines "Name: value" with those
 * of HTTP/1.1; HTTP/2 leaves out the fields of a connection.
 */
#ifndef ORIGIN_RESPONSE_H
#define ORIGIN_RESPONSE_H

#include <stdio.h>

#include "origin/faults.h"
#include "origin/request_parser.h"

/* What the fault `garbage` sends. */
#define RESPONSE_GARBAGE "\x16\x03 this is \x1b[31mno HTTP\r\n\r\n"

/* What the fault `head-endless` sends repeatedly. */
#define RESPONSE_FIELD_FILLER "X-More: of the same\r\n"

/* What the fault `body-endless` sends repeatedly. */
#define RESPONSE_BODY_FILLER "endless "

#define RESPONSE_LOCATION_BYTES                                                                    \
    (sizeof("https://") + REQUEST_MAX_HOST_BYTES + REQUEST_MAX_TARGET_BYTES)

/* The part of a response that is sent. */
enum part { PART_WHOLE, PART_NOTHING, PART_HALF_HEAD, PART_HALF_BODY };

/* What follows after this part. */
enum ending {
    ENDING_KEEP,   /* the next request may follow */
    ENDING_CLOSE,  /* close_notify, then FIN */
    ENDING_FIN,    /* FIN without close_notify */
    ENDING_RESET,  /* RST */
    ENDING_STALL,  /* nothing more is sent, and the connection stays open */
    ENDING_REPEAT, /* the last part is sent repeatedly, without end */
};

struct origin_request {
    const char *host, *target; /* host: the field Host, or ":authority" */
    bool https;
    bool is_head; /* the method is HEAD */
};

struct origin_response {
    unsigned status;
    enum framing framing;
    enum fault fault;
    enum part part;
    enum ending ending;
    const char *headers;  /* of the site's line; they replace default fields of the same name */
    const char *location; /* NULL: none */
    const char *coding;   /* NULL: none */
    const char *body;
    size_t body_bytes;
    size_t declared_bytes; /* for Content-Length */
    bool has_body;         /* false: HEAD, or a status without a body; the body is not sent */

    /* private */
    char *default_body; /* owned */
    char location_buffer[RESPONSE_LOCATION_BYTES];
};

/* Fills in a response, which borrows from the behaviour and the request. */
void origin_response_plan(struct origin_response *response, const struct site_behaviour *behaviour,
                          const struct origin_request *request);

void origin_response_free(struct origin_response *response);

/* Writes the header fields, each line with CR LF, without an empty line at the end. */
void origin_response_write_fields(FILE *to, const struct origin_response *response);

#endif
