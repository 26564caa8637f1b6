/*
 * Private to the load generator: the counts of a run. Only measured requests are recorded. A count
 * that is a single addition is added to the tally directly, by the module that knows it. Nothing
 * but reports depends on the counts.
 *
 * A failed request is counted by its error. Whether its age also enters the latencies depends on
 * the error:
 *
 *   timeout of the name lookup, the connection, the     yes: the request took at least this long
 *   handshake or the response; also the requests
 *   after it in a pipeline, which end with it
 *
 *   other error of the server or the network            if the age is above the mean latency so
 *   (refused, reset, TLS, truncated, malformed), with   far, or above -T: an immediate refusal
 *   or without an open connection                       must not count as a fast response
 *
 *   error of this machine (descriptors, ports)          no: the server did not cause it
 *
 * The age is measured from the intended start. In a closed loop it is measured from the start of
 * the request, or of the dial if that failed, without the wait for a handshake slot.
 */
#ifndef BENCH_LOAD_RECORD_H
#define BENCH_LOAD_RECORD_H

#include "bench/load/client.h"
#include "bench/load/stalls.h"
#include "bench/load/tally.h"

#define RECORD_ABSENCE      (10 * NSEC_PER_MS) /* a lag of at least this much is an absence */
#define RECORD_SAMPLE_EVERY (50 * NSEC_PER_MS) /* period of the samples of the thread's time */

/* The thread's time so far. */
struct thread_time {
    nsec at;           /* on the loop's clock */
    nsec cpu, starved; /* on a core; waiting for a core */
};

/* The last absence of the loop. It can be reported several times, and can grow with each report. */
struct counted_absence {
    struct thread_time since; /* before it began */
    nsec to;                  /* when it was last reported */
    nsec length;              /* as counted already */
    nsec suspended;           /* part of it in which the thread was stopped, as counted already */
};

struct record {
    struct tally *tally;              /* of the interval; other modules count in it too; owned */
    const struct client_group *group; /* for its byte counts; borrowed */
    bool open_loop;
    nsec from;          /* when measuring begins; NSEC_NEVER: not known yet */
    nsec timeout;       /* of a request; NSEC_NEVER: none */
    uint64_t responses; /* of the run */
    nsec response_time; /* sum of their latencies */
    nsec last_response; /* when it was received; `from` before the first */

    /* At the last call of count_thread: bytes of the group, and times of the thread. */
    uint64_t bytes_in, bytes_out;
    struct protocol_counters counters;
    uint64_t resent;
    nsec cpu_user, cpu_system;
    nsec starved;

    int schedstat;                 /* descriptor of /proc/thread-self/schedstat, or -1 */
    struct thread_time samples[2]; /* the last two, the older one first */
    nsec absent;                   /* absences since the last response */
    nsec prev_gap, prev_gap_at;    /* the longest gap of the previous tally */
    struct counted_absence last_absence;
    struct absences absences;
    bool over; /* record_end was called */
};

void record_init(struct record *record, const struct client_group *group, bool open_loop,
                 nsec timeout);
void record_free(struct record *record);

/* Sets the time at which measuring begins; it may be in the future. */
void record_set_start(struct record *record, nsec from);

/* Measuring begins now: discards the thread's times and bytes so far. */
void record_start(struct record *record);

/* A turn of the loop began `lag` too late. Calls record_absence. */
void record_turn(struct record *record, nsec now, nsec lag);

/* If the lag is long, counts an absence, and finds how much of it the thread spent on a core or
   waiting for one. In the rest the thread was stopped. */
void record_absence(struct record *record, nsec now, nsec lag);

/* `dial` has opened `conn`. */
void record_connection(struct record *record, const struct dial *dial, const struct conn *conn);

/* A counted request has completed. */
void record_response(struct record *record, const struct load_request *request,
                     const struct load_response *response);

/* A counted request has failed at this age. */
void record_failure(struct record *record, enum error error, nsec age);

/* `count` requests of this age have not ended at the end of the run. In an open loop the age enters
   the latencies, as a lower bound. A closed loop does not send while it waits, so there the ages
   are counted separately, for the SLO. */
void record_unfinished(struct record *record, nsec age, uint64_t count);

/* The interval is over: completes its tally, which is valid until record_next. `open`: number of
   open connections. `waiting`, `in_flight`: numbers of counted requests. */
const struct tally *record_interval(struct record *record, nsec now, size_t open, uint64_t waiting,
                                    uint64_t in_flight);

/* The run is over: the time since the last response is a gap too. Later CPU time is not counted. */
void record_end(struct record *record, nsec now);

/* The next interval begins. */
void record_next(struct record *record, nsec now);

#endif
