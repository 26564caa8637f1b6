/* HTTP/1.1 as a protocol of a connection (http/protocol.h): llhttp and our own reading of heads, behind a FIFO
   of streams. */
#ifndef HTTP_H1_H1_H
#define HTTP_H1_H1_H

#include "http/protocol.h"

extern const struct protocol h1_protocol;

#endif
