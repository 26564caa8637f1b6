/*
 * Whether a failed fetch is retried, and after which wait. Pure functions: the time and the random
 * numbers come from the caller.
 */
#ifndef HTTP_RETRY_H
#define HTTP_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "http/error.h"

#define RETRY_MAX_WAIT    (3600 * NSEC_PER_S) /* upper limit of a Retry-After */
#define RETRY_FIRST_WAIT  (1 * NSEC_PER_S)    /* the first backoff, before jitter */
#define RETRY_MAX_BACKOFF (60 * NSEC_PER_S)   /* the longest one */

/* Reads the value of Retry-After (RFC 9110, section 10.2.3): seconds, or an HTTP-date in any of its
   three forms. A date in the past gives 0. *wait is at most RETRY_MAX_WAIT. False: the value is
   neither; *wait is unchanged. */
bool retry_after_parse(const char *text, size_t length, int64_t now_unix, nsec *wait);

/* The wait before a retry when the server sends no Retry-After: RETRY_FIRST_WAIT, doubled `attempt`
   times (0 for the first retry), at most RETRY_MAX_BACKOFF. Half of it is random (equal jitter), so
   that requests that failed together are not repeated together. `random` is any 64 bits. */
nsec retry_backoff(unsigned attempt, uint64_t random);

/* Whether the request is repeated: its method is idempotent (RFC 9110, section 9.2.2) or the server
   has not processed it, and the failure is a transient error of the network or of the server (429,
   503). `status` is 0 without a head. */
bool retry_wanted(enum error error, unsigned status, const char *method, bool unprocessed);

#endif
