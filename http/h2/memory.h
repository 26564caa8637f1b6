/*
 * Inside http/h2/ only: the memory of nghttp2's sessions. It has two kinds of objects.
 *
 * Small ones, some ten for a request, are kept in lists by size when they are freed, and used
 * again without a search. The C library's allocator does this only for seven of each size.
 *
 * Each session has one block of 16 KB for the frame that is sent, and uses its first page alone
 * unless a request is large. The allocator of the C library would take it from memory that OpenSSL
 * has used and freed during the handshakes, which the system already provides: 12 KB for each
 * connection. Here such blocks begin at a page that was never used, or that another session has
 * freed.
 */
#ifndef HTTP_H2_MEMORY_H
#define HTTP_H2_MEMORY_H

#include <nghttp2/nghttp2.h>

/* Never fails: if memory runs out, the program ends. For one thread. The lists keep what they
   have. */
nghttp2_mem *h2_memory(void);

#endif
