/*
 * What was counted in a span of a run, in one process. A run is the sum of its intervals, and its
 * processes' intervals add up to one of all: so a tally is all that passes from the engine to those
 * who report, and nothing is counted twice or elsewhere.
 *
 * Two sums hold at any time for what was counted from a run's beginning on, for the sums of tallies
 * too: scheduled = started + waiting, and started = completed + failed + in_flight. In a later
 * interval alone they need not: what was waiting or in request before it is started or ended in it.
 */
#ifndef BENCH_LOAD_TALLY_H
#define BENCH_LOAD_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/load/histogram.h"
#include "http/error.h"
#include "reactor/sock.h"

/* The histograms of a tally: X(member).

   latency     open loop: from the intended send; closed loop: from the start. Responses, what failed
               after a wait (bench/load/record.h), and in an open loop what was unfinished at the end, with
               the age that it had then
   raw         open loop only: from the start to the answer
   kernel      of stamped connections: from the start until the kernel had the answer
   delay       of the same: from there until the program had it
   connecting  from the start of a connection until bytes may pass, handshake included
   lag         of each turn: how long what it found may have waited for it
   lateness    open loop only: how much later than it could have been a request was started, by the
               client's own fault; a wait for a free connection is not
   unfinished  closed loop only: the ages at the end of what was in request then, for judgement alone */
#define TALLY_HISTOGRAMS(X)                                                                        \
    X(latency)                                                                                     \
    X(raw)                                                                                         \
    X(kernel)                                                                                      \
    X(delay)                                                                                       \
    X(connecting)                                                                                  \
    X(lag)                                                                                         \
    X(lateness)                                                                                    \
    X(unfinished)

#define TALLY_STATUSES 1000

#define TALLY_ADDRESSES 64 /* counted apart; the last of a full table is all others together */

/* One of the addresses of the host, with what is counted of it. */
struct tally_address {
    struct address address; /* length 0: all others */
    uint64_t connections;   /* that opened */
    uint64_t refused;       /* attempts that were refused, or given up since another was faster */
    uint64_t completed;     /* requests that were responded to on its connections */
    uint64_t failed;        /* that failed on them */
    uint64_t time;          /* of those that were completed, from start to response, together */

    /* the enum error for which it is not used any more, by one process at least; 0: it is */
    uint64_t dropped;
};

/* Up to `processes` all are of 64 bits, in groups: tally.c goes over a group as over an array. */
struct tally {
    /* what adds up over time and over processes, like `errors` and `status` below */
    uint64_t scheduled;           /* requests that were due */
    uint64_t started;             /* that got a connection, or began to make one for them */
    uint64_t completed;           /* that were answered whole, whatever the status */
    uint64_t failed;              /* that ended with an error */
    uint64_t bytes_in, bytes_out; /* of HTTP: heads and bodies, without TLS around them */
    uint64_t connections;         /* that opened */
    uint64_t handshakes;          /* TLS handshakes that were completed, resumed ones included */
    uint64_t resumed;             /* of them */
    uint64_t stamps_missing;      /* answers of stamped connections that came without a stamp */
    uint64_t stamps_unusable;  /* whose stamp lies outside of the request: the wall clock was set */
    nsec cpu_user, cpu_system; /* of the loops' threads */
    nsec starved; /* for which they could have run and had no core; 0 where the kernel does not
                                  say (CONFIG_SCHED_INFO) */
    nsec
        suspended; /* for which they were stopped: neither on a core nor waiting for one, though there was
                         something to do; what is shorter than RECORD_ABSENCE is not seen */
    nsec limited; /* open loop: for which all connections were busy while requests waited for one */

    /* what holds at `to`, and adds up over processes */
    uint64_t waiting, in_flight; /* due and not started; started and not ended */
    uint64_t open;               /* connections */

    /* of which the greatest is kept */
    nsec suspension; /* the longest of `suspended` at once, of one process */
    nsec proven;     /* the longest kernel latency that no absence of the process explains */
    uint64_t
        gave_up; /* why the load ended before its time: the enum error of a connection, none of which
                         could be made; 0: it did not */

    /* times */
    nsec from, to; /* the span, since measuring began; `to` of the last interval is the duration */
    nsec gap;      /* the longest time between two answers, of one process */
    nsec gap_at;   /* when it began, since measuring began */
    nsec gap_away; /* for how much of it the process did not look at its connections */

    /* numbers of requests */
    uint64_t errors[ERROR_COUNT];    /* failed, by error */
    uint64_t status[TALLY_STATUSES]; /* completed, by status */

    unsigned processes; /* whose sum it is */

    size_t address_count; /* that were tried; none of a Unix socket */
    struct tally_address addresses[TALLY_ADDRESSES];

#define X(member) struct histogram *member;
    TALLY_HISTOGRAMS(X)
#undef X
};

struct tally *tally_new(void);        /* empty, of one process */
void tally_free(struct tally *tally); /* NULL is allowed */
void tally_clear(struct tally *tally);

/* Adds the next span of the same processes: `waiting`, `in_flight` and `open` are those of its end.
   To an empty tally: copies it. Where a process has ended meanwhile, `processes` stays the greater
   number. */
void tally_append(struct tally *to, const struct tally *next);

/* Adds the same span of another process: `waiting`, `in_flight` and `open` add up. */
void tally_join(struct tally *to, const struct tally *other);

/* The entry of an address in a table of TALLY_ADDRESSES, of which *count are used. A new one is
   added; the last stands for all that have no room. */
struct tally_address *tally_entry(struct tally_address *table, size_t *count,
                                  const struct address *address);

/* So many in the span, a second; 0 for a span without length. */
double tally_per_second(const struct tally *tally, uint64_t count);

/* The error that came most often; ERROR_NONE: none came. */
enum error tally_commonest_error(const struct tally *tally);

/* The share of the processes' time that `time` is, of all of them together; 0 for a span without
   length. */
double tally_share(const struct tally *tally, nsec time);

/* The share of the span for which the processes were on a core, 0 to 1: CPU time over time, for
   several processes their mean. 0 for a span without length. */
double tally_busy(const struct tally *tally);

/* Likewise, for which all connections were busy while requests waited for one. */
double tally_limited(const struct tally *tally);

/* As bytes, for a pipe between two processes of this very program; to be freed. */
void *tally_pack(const struct tally *tally, size_t *count);

/* Takes them apart again. False where they are not such, and the tally is then empty. */
bool tally_unpack(struct tally *tally, const void *bytes, size_t count);

#endif
