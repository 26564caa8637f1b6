/*
 * The blocking way: one site after the other, each step a call that waits. It shares the request,
 * the parser, the transport and the result with the reactor, so that a race compares two ways of
 * waiting and nothing else. Each call gets the time that remains.
 */
#ifndef CLI_RACE_BLOCKING_H
#define CLI_RACE_BLOCKING_H

#include <signal.h>

#include "http/dial/dialer.h"
#include "http/exchange.h"

struct blocking {
    struct dialer *dialer;                    /* borrowed; its loop and resolver are not used */
    const struct exchange_options *options;   /* borrowed; connections are never kept */
    const volatile sig_atomic_t *interrupted; /* not 0: end as soon as a call returns */
    struct response response;                 /* of the last fetch */
};

/* Fetches one site, without redirects, and fills in the result, which is valid until
   blocking_clear. The struct is new or cleared. */
void blocking_fetch(struct blocking *blocking, const struct site *site, struct result *result);

/* Drops what the last result points to. */
void blocking_clear(struct blocking *blocking, struct result *result);

#endif
