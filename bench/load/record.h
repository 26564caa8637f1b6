/*
 * Inside of the load generator: what is counted of a run, interval after interval, and since its
 * beginning. A request is told of when it starts and when it ends, and counts as a whole: where it was
 * due before measuring began, its request is not `counted` and nothing of it is told. A count that
 * takes one addition is added to the tally directly, by the module that knows of it. Nothing depends on what is
 * counted here but reports.
 *
 * A request that failed is counted by its error. Whether it enters the latencies as well, with the age that
 * it had then, depends on what ended it:
 *
 *   its time ran out: in the name lookup, the connection,       enters: it took that long at least
 *   the handshake or the response; those behind it in a
 *   pipeline too, which end with the connection
 *   anything else of the server or the network (refused,        enters where it had waited for longer than
 *   reset, TLS, cut off, malformed), with or without a          a response has taken on average until then,
 *   connection of its own                                       or for longer than -T. Else not: a refusal
 *                                                               at once is no fast response
 *   this machine (descriptors, ports)                           does not enter: the server had no part in it
 *
 * The age counts from the intended time; in a closed loop from the start, or where no connection could be made,
 * from the start of that, without our own wait for a turn to shake hands.
 */
#ifndef BENCH_LOAD_RECORD_H
#define BENCH_LOAD_RECORD_H

#include "bench/load/client.h"
#include "bench/load/stalls.h"
#include "bench/load/tally.h"

#define RECORD_AWAY         (10 * NSEC_PER_MS) /* the loop was away when it lagged by so much */
#define RECORD_SAMPLE_EVERY (50 * NSEC_PER_MS) /* how often is asked where the thread's time went */

/* How much time the thread had until then. */
struct sample {
    nsec at;           /* by the loop's clock */
    nsec cpu, starved; /* on a core; waiting for one */
};

/* An absence, of which several signs may tell within a turn or a few. */
struct stop {
    struct sample since; /* before it */
    nsec to;             /* when it was last reported */
    nsec away; /* its length, and how much of it the thread was stopped, as counted already */
    nsec suspended;
};

struct record {
    struct tally *tally;              /* of this interval, which others count in too; owned */
    const struct client_group *group; /* whose bytes are counted; borrowed */
    bool open_loop;                   /* there are intended times */
    nsec from;                        /* measuring begins; NSEC_NEVER: not known yet */
    nsec timeout;                     /* of a request; NSEC_NEVER: none */
    uint64_t responses;               /* and the sum of their latencies, for their mean */
    nsec response_time;
    nsec last_response;           /* when it came; `from` while there is none */
    uint64_t bytes_in, bytes_out; /* the group's when the interval began */
    nsec cpu_user, cpu_system;    /* the thread's then */
    nsec starved;                 /* likewise */
    int schedstat;                /* where the kernel tells of that; -1: it does not */
    struct sample samples[2];     /* the last, and before it the one before */
    nsec away;                    /* since the last answer */
    struct stop stop;             /* the last absence */
    struct absences absences;
    bool over; /* record_end was called */
};

void record_init(struct record *record, const struct client_group *group, bool open_loop,
                 nsec timeout);
void record_free(struct record *record);

/* Measuring begins at that time, which may be to come; called again, it begins at another. */
void record_from(struct record *record, nsec from);

/* It begins: what the thread used and what passed until now is forgotten. */
void record_begin(struct record *record);

/* A turn of the loop lagged so long behind what it found. Where that is long, it is found out why: the thread's
   time on a core, and its wait for one, are known, and in what remains it was stopped. */
void record_turn(struct record *record, nsec now, nsec lag);

/* The same of the last turn, in which the run ends. */
void record_away(struct record *record, nsec now, nsec lag);

/* A connection was opened by this dial. */
void record_connection(struct record *record, const struct dial *dial, const struct conn *conn);

/* A request that counts was answered. */
void record_response(struct record *record, const struct load_request *request,
                     const struct response_arrival *arrival);

/* A request that counts failed, at this age. */
void record_failure(struct record *record, enum error error, nsec age);

/* So many requests are unfinished at the end: each is at least as slow as its age. Of an open loop they are
   latencies; of a closed one, which stops sending where it is not responded to, they are for judgement. */
void record_ages(struct record *record, nsec age, uint64_t count);

/* The interval is over: the rest of its tally is filled in, and is valid until record_next. So many connections
   are open, and so many requests that count wait and are in request. */
const struct tally *record_interval(struct record *record, nsec now, size_t open, uint64_t waiting,
                                    uint64_t in_flight);

/* The run is over: also the time since the last answer is one without. What the thread does from here on
   is no part of the run. */
void record_end(struct record *record, nsec now);

/* The next interval begins. */
void record_next(struct record *record, nsec now);

#endif
