/*
 * The blocking way: one site after the other, each step a call that waits. It shares the request,
 * the parser, the transport and the result with the reactor, so that a race compares two ways of
 * waiting and nothing else. Each call gets the time that remains.
 */
#ifndef BENCH_BLOCKING_H
#define BENCH_BLOCKING_H

#include <signal.h>

#include "http/dial.h"
#include "http/result.h"

struct blocking {
    struct dialer *dialer;                    /* borrowed; its loop and resolver are not used */
    nsec ttfb_timeout;                        /* NSEC_NEVER: none */
    const volatile sig_atomic_t *interrupted; /* not 0: end as soon as a call returns */
};

/* Fetches one site and fills in the result. */
void blocking_fetch(const struct blocking *blocking, const struct site *site,
                    struct result *result);

#endif
