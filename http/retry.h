/*
 * Whether a failed fetch is worth another try, and after how long. Pure functions: the time and the
 * random numbers come from the caller.
 */
#ifndef HTTP_RETRY_H
#define HTTP_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "http/error.h"

#define RETRY_MAX_WAIT    (3600 * NSEC_PER_S) /* however long a server asks for */
#define RETRY_FIRST_WAIT  (1 * NSEC_PER_S)    /* the first backoff, before jitter */
#define RETRY_MAX_BACKOFF (60 * NSEC_PER_S)   /* and the last */

/* Reads the value of Retry-After (RFC 9110, section 10.2.3): seconds, or an HTTP-date in any of its
   three forms; one that has passed is a wait of 0. *wait is RETRY_MAX_WAIT at most. False: neither;
   *wait is left alone. */
bool retry_after_parse(const char *text, size_t length, int64_t now_unix, nsec *wait);

/* How long to wait before another try where the server does not say: RETRY_FIRST_WAIT, doubled with
   each of the `attempt` tries that were repeated before (0: none), RETRY_MAX_BACKOFF at most. Of that
   the second half is random (equal jitter), so that what failed together does not come back together.
   `random` is any 64 bits. */
nsec retry_backoff(unsigned attempt, uint64_t random);

/* Whether the same request may do better later: the method is idempotent (RFC 9110, section 9.2.2),
   and what failed was the network, or the server for the moment (429, 503), not what was asked for.
   `status` is 0 where no head came. */
bool retry_wanted(enum error error, unsigned status, const char *method);

#endif
