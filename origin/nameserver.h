/* The nameserver of a rehearsal: UDP on a free port of 127.0.0.1. It answers for all names. */
#ifndef ORIGIN_NAMESERVER_H
#define ORIGIN_NAMESERVER_H

#include "origin/faults.h"
#include "reactor/loop.h"
#include "reactor/sock.h"

struct nameserver;

/* Returns the fault of the DNS answer; sets the last byte of its address, 127.0.0.x. */
typedef enum fault nameserver_lookup_fn(void *owner, const char *name, unsigned char *last_byte);

/* Returns NULL if the socket cannot be opened; *error is then the errno. */
struct nameserver *nameserver_new(struct loop *loop, nameserver_lookup_fn *lookup, void *owner,
                                  int *error);

void nameserver_free(struct nameserver *nameserver);

const struct address *nameserver_address(const struct nameserver *nameserver);

#endif
