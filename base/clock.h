/*
 * Time. Every time and duration of the project is an nsec: nanoseconds of CLOCK_MONOTONIC, which
 * neither jumps with the wall clock nor runs backwards. NSEC_NEVER is a deadline that does not come.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

typedef uint64_t nsec;

#define NSEC_PER_US UINT64_C(1000)
#define NSEC_PER_MS UINT64_C(1000000)
#define NSEC_PER_S  UINT64_C(1000000000)
#define NSEC_NEVER  UINT64_MAX

/* The time now. Cannot fail: it is read in the vDSO, without a system call. */
nsec clock_now(void);

/* A moment `after` from `from`; NSEC_NEVER where `after` is NSEC_NEVER or the sum does not fit. */
static inline nsec clock_after(nsec from, nsec after)
{
    return after > NSEC_NEVER - from ? NSEC_NEVER : from + after;
}

#endif
