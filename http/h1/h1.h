/* HTTP/1.1 as a protocol of a connection (http/protocol.h): llhttp and our own reading of heads, behind a FIFO
   of streams. */
#ifndef HTTP_H1_H1_H
#define HTTP_H1_H1_H

#include "http/protocol.h"

extern const struct protocol h1_protocol;

/* For struct conn_options: h1_protocol, whatever was agreed on. */
const struct protocol *h1_always(const char *alpn);

#endif
