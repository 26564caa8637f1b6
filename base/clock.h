/*
 * Time. Every time and duration of the project is an nsec: nanoseconds of CLOCK_MONOTONIC, which
 * neither jumps with the wall clock nor runs backwards. NSEC_NEVER is a deadline that never passes.
 *
 * The wall clock is for dates that people read or that are compared with dates of other programs.
 * It is never used for durations: it jumps when it is set. No other file reads a system clock.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

typedef uint64_t nsec;

#define NSEC_PER_US UINT64_C(1000)
#define NSEC_PER_MS UINT64_C(1000000)
#define NSEC_PER_S  UINT64_C(1000000000)
#define NSEC_NEVER  UINT64_MAX

/* The current time. Cannot fail: it is read in the vDSO, without a system call. */
nsec clock_now(void);

/* The CPU time that the calling thread has used. Costs a system call. */
nsec clock_thread_cpu(void);

/* Nanoseconds since 1970-01-01 00:00 UTC. */
uint64_t clock_wall_ns(void);

/* Whole seconds since 1970-01-01 00:00 UTC. Cheaper than clock_wall_ns; up to 10 ms late. */
int64_t clock_unix_s(void);

/* For tests: makes clock_wall_ns and clock_unix_s use `wall_ns`; NULL restores the system clock.
   Must not be called while another thread runs. */
void clock_replace_wall(uint64_t (*wall_ns)(void *arg), void *arg);

/* A duration in seconds. */
static inline double clock_seconds(nsec span)
{
    return (double)span / (double)NSEC_PER_S;
}

/* The time `after` later than `from`; NSEC_NEVER if `after` is NSEC_NEVER or the sum overflows. */
static inline nsec clock_after(nsec from, nsec after)
{
    return after > NSEC_NEVER - from ? NSEC_NEVER : from + after;
}

static inline nsec nsec_min(nsec one, nsec other)
{
    return one < other ? one : other;
}
static inline nsec nsec_max(nsec one, nsec other)
{
    return one > other ? one : other;
}

#endif
