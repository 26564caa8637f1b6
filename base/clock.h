/*
 * Time. Every time and duration of the project is an nsec: nanoseconds of CLOCK_MONOTONIC, which
 * neither jumps with the wall clock nor runs backwards. NSEC_NEVER is a deadline that does not come.
 *
 * The wall clock is for dates that are read by people or compared with those of other programs, never
 * for durations: it jumps when it is set. No other file reads a clock of the system.
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

/* CPU time that the calling thread has used. A system call. */
nsec clock_thread_cpu(void);

/* Nanoseconds since 1970-01-01 00:00 UTC. */
uint64_t clock_wall_ns(void);

/* Whole seconds since then. Cheaper, and up to 10 ms behind clock_wall_ns. */
int64_t clock_unix_s(void);

/* For tests: both of these show what `wall_ns` returns. NULL: the system's clock again. Not while
   another thread runs. */
void clock_replace_wall(uint64_t (*wall_ns)(void *arg), void *arg);

/* A duration in seconds. */
static inline double clock_seconds(nsec span)
{
    return (double)span / (double)NSEC_PER_S;
}

/* A moment `after` from `from`; NSEC_NEVER where `after` is NSEC_NEVER or the sum does not fit. */
static inline nsec clock_after(nsec from, nsec after)
{
    return after > NSEC_NEVER - from ? NSEC_NEVER : from + after;
}

/* The earlier and the later of two moments, or the shorter and the longer of two durations. */
static inline nsec nsec_min(nsec one, nsec other)
{
    return one < other ? one : other;
}
static inline nsec nsec_max(nsec one, nsec other)
{
    return one > other ? one : other;
}

#endif
