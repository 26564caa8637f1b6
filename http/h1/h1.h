/* HTTP/1.1 as a protocol of a connection (http/protocol.h): a FIFO of streams, whose responses
   h1_parser.h reads. */
#ifndef HTTP_H1_H1_H
#define HTTP_H1_H1_H

#include "http/protocol.h"

extern const struct protocol h1_protocol;

/* For struct conn_options: h1_protocol for every ALPN result. */
const struct protocol *h1_always(const char *alpn);

#endif
