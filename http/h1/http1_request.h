/* What the two halves of http1 share: for http1.c and http1_request.c alone. */
#ifndef ORIGIN_HTTP1_REQUEST_H
#define ORIGIN_HTTP1_REQUEST_H

#include "http/h1/h1_parser.h"

/* http1_feed of a message that http1_start_request has begun. */
enum http1_status http1_feed_request(struct http1 *http1, const unsigned char *bytes, size_t count,
                                     size_t *used);

/* Why llhttp failed, static. */
const char *http1_parser_why(const llhttp_t *parser);

#endif
