/* The rehearsal's nameserver: UDP on a free port of 127.0.0.1, answers for every name. */
#ifndef ORIGIN_NAMESERVER_H
#define ORIGIN_NAMESERVER_H

#include "origin/faults.h"
#include "reactor/loop.h"
#include "reactor/sock.h"

struct nameserver;

/* What the name leads to: the last byte of 127.0.0.x, or a fault of the answer itself. */
typedef enum fault nameserver_ask_fn(void *owner, const char *name, unsigned char *last_byte);

/* NULL and an errno in *error where the socket cannot be opened. */
struct nameserver *nameserver_new(struct loop *loop, nameserver_ask_fn *ask, void *owner,
                                  int *error);

void nameserver_free(struct nameserver *nameserver);

const struct address *nameserver_address(const struct nameserver *nameserver);

#endif
