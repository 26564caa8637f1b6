/*
 * The blocking half of a race: fetches one site after the other with calls that block. It uses the
 * same request, parser, transport and result as the asynchronous half, so that a race compares only
 * two ways of waiting. Each call has the time that remains.
 */
#ifndef CLI_RACE_BLOCKING_H
#define CLI_RACE_BLOCKING_H

#include <signal.h>

#include "http/dial/dialer.h"
#include "http/exchange.h"

struct blocking {
    struct dialer *dialer;                    /* borrowed; its loop and resolver are not used */
    const struct exchange_options *options;   /* borrowed; connections are never kept */
    const volatile sig_atomic_t *interrupted; /* not 0: stop when the current call returns */
    struct response response;                 /* of the last fetch */
};

/* Fetches one site, without redirects, and fills in the result, which is valid until
   blocking_clear. The struct must be new or cleared. */
void blocking_fetch(struct blocking *blocking, const struct site *site, struct result *result);

/* Frees the data of the last result. */
void blocking_clear(struct blocking *blocking, struct result *result);

#endif
