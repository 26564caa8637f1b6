/*
 * The counts of a time span of a run, in one process or several. The load passes only tallies to
 * its owner. Tallies can be added: intervals to a run, processes to a whole.
 *
 * For a run from its beginning, and for sums of such tallies: scheduled = started + waiting, and
 * started = completed + failed + in_flight. A later interval alone does not satisfy this, because
 * it also counts the end of earlier requests.
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

   latency         open loop: from the intended start; closed loop: from the start. Contains
                   completed requests, failures that had waited (bench/load/record.h), and in an
                   open loop the ages of requests that had not ended at the end of the run
   raw             open loop: from the start to the response
   kernel_latency  with kernel timestamps: from the start until the kernel received the response
   client_delay    with kernel timestamps: from then until the program received the response
   connecting      from the start of a dial until the connection is open, handshake included
   lag             of each turn of the loop: how late it began
   send_delay      open loop: the delay of a start that the load generator has caused; waits for a
                   free connection are not included
   unfinished      closed loop: ages of the requests in flight at the end of the run, for the SLO
   slot_wait       HTTP/2: time that a request waited on its open connection for a stream that the
                   server's limit allows; requests that did not wait are not recorded */
#define TALLY_HISTOGRAMS(X)                                                                        \
    X(latency)                                                                                     \
    X(raw)                                                                                         \
    X(kernel_latency)                                                                              \
    X(client_delay)                                                                                \
    X(connecting)                                                                                  \
    X(lag)                                                                                         \
    X(send_delay)                                                                                  \
    X(unfinished)                                                                                  \
    X(slot_wait)

#define TALLY_STATUSES 1000

#define TALLY_ADDRESSES 64 /* if there are more, the last entry counts all others */

struct tally_address {
    struct address address; /* length 0: all others */
    uint64_t connections;   /* opened */
    uint64_t refused;       /* attempts that failed, or were abandoned for a faster one */
    uint64_t completed;     /* requests */
    uint64_t failed;        /* requests */
    uint64_t time;          /* sum of the times from start to response of the completed requests */

    /* The enum error that ended the use of the address, in at least one process; 0: in use. */
    uint64_t dropped;
};

/* All fields before `processes` have 64 bits. tally.c handles each group as an array. */
struct tally {
    /* added over time and over processes, as are `errors` and `status` below */
    uint64_t scheduled;           /* requests that became due */
    uint64_t started;             /* requests that got a connection, or for which one was dialled */
    uint64_t completed;           /* requests with a complete response, whatever its status */
    uint64_t failed;              /* requests that ended with an error */
    uint64_t bytes_in, bytes_out; /* HTTP heads and bodies, without TLS overhead */
    uint64_t connections;         /* opened */
    uint64_t handshakes;          /* TLS handshakes completed, including resumed ones */
    uint64_t resumed;             /* of the handshakes */
    uint64_t stamps_missing;      /* responses without the expected kernel timestamp */
    uint64_t stamps_unusable;     /* responses with a timestamp before the request */
    nsec cpu_user, cpu_system;    /* of the loops' threads */
    nsec starved; /* waiting for a core; 0 without CONFIG_SCHED_INFO in the kernel */

    /* The threads were stopped: neither on a core nor waiting for one, although there was work.
       Times below RECORD_ABSENCE are not detected. */
    nsec suspended;
    nsec limited; /* open loop: all connections were busy while requests waited for one */

    /* HTTP/2; 0 with HTTP/1.1 */
    uint64_t goaways; /* GOAWAY frames received */
    uint64_t resets;  /* RST_STREAM frames received, except with REFUSED_STREAM */
    uint64_t refused; /* RST_STREAM frames received with REFUSED_STREAM */

    /* Requests sent again on another connection, because the server did not process them. */
    uint64_t resent;

    /* Payload of the frames that carry fields, and the bytes of the same fields in HTTP/1.1. */
    uint64_t header_bytes_in, header_bytes_in_plain;
    uint64_t header_bytes_out, header_bytes_out_plain;
    uint64_t heads_in, heads_out; /* the HEADERS frames of these bytes */

    /* values at `to`, added over processes */
    uint64_t waiting, in_flight; /* requests: due and not started; started and not ended */
    uint64_t open;               /* connections */

    /* maxima over time and processes */
    nsec suspension; /* the longest single part of `suspended` */
    nsec proven;     /* the longest kernel latency that no absence of the process explains */

    /* The enum error of the dials, if the load ended early because all failed; otherwise 0. */
    uint64_t gave_up;

    /* HTTP/2: the limits of concurrent streams that servers have sent so far; UINT32_MAX: SETTINGS
       without a limit. Valid if `any_settings` is 1; all 0: no SETTINGS were received. */
    uint64_t any_settings;
    uint64_t streams_limit_max;

    /* a minimum, of spans with any_settings */
    uint64_t streams_limit_min;

    /* times */
    nsec from, to; /* the span, since measuring began; `to` of the last interval is the duration */
    nsec gap;      /* the longest time between two responses, in one process */
    nsec gap_at;   /* its beginning, since measuring began */
    nsec gap_absent; /* the part of it in which the loop did not run */

    /* numbers of requests */
    uint64_t errors[ERROR_COUNT];    /* failed, by error */
    uint64_t status[TALLY_STATUSES]; /* completed, by status */

    unsigned processes; /* number of processes in the sum */

    size_t address_count; /* addresses used; 0 for a Unix socket */
    struct tally_address addresses[TALLY_ADDRESSES];

#define X(member) struct histogram *member;
    TALLY_HISTOGRAMS(X)
#undef X
};

struct tally *tally_new(void);        /* empty, of one process */
void tally_free(struct tally *tally); /* NULL is allowed */
void tally_clear(struct tally *tally);

/* Adds the next span of the same processes; `waiting`, `in_flight` and `open` are taken from it. If
   `to` is empty, it becomes a copy. `processes` becomes the larger of both. */
void tally_append(struct tally *to, const struct tally *next);

/* Adds the same span of another process; `waiting`, `in_flight` and `open` are added. */
void tally_join(struct tally *to, const struct tally *other);

/* Finds or adds the entry of an address in a table of TALLY_ADDRESSES with *count used entries. If
   the table is full, returns the last entry, which counts all others. */
struct tally_address *tally_entry(struct tally_address *table, size_t *count,
                                  const struct address *address);

/* `count` per second of the span; 0 if the span has no length. */
double tally_per_second(const struct tally *tally, uint64_t count);

/* The most frequent error; ERROR_NONE: there was none. */
enum error tally_commonest_error(const struct tally *tally);

/* `time` as a share of the span and of all processes; 0 if the span has no length. */
double tally_share(const struct tally *tally, nsec time);

/* CPU time as a share of the span, 0 to 1; the mean of all processes; 0 if the span is 0. */
double tally_busy(const struct tally *tally);

/* `limited` as a share of the span, 0 to 1; the mean of all processes. */
double tally_limited(const struct tally *tally);

/* Serializes for a pipe between two processes of the same program; the caller frees. */
void *tally_pack(const struct tally *tally, size_t *count);

/* The inverse of tally_pack. Returns false if the bytes are malformed; the tally is then empty. */
bool tally_unpack(struct tally *tally, const void *bytes, size_t count);

#endif
