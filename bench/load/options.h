/* The options of a load. */
#ifndef BENCH_LOAD_OPTIONS_H
#define BENCH_LOAD_OPTIONS_H

#include "bench/load/schedule.h"
#include "bench/load/targets.h"
#include "http/versions.h"
#include "reactor/sock.h"

#define LOAD_STAMPED_EVERY 16 /* default of stamped_every */

struct load_options {
    const struct targets *targets; /* borrowed */
    enum http_versions versions;   /* HTTP_1_1_ONLY, HTTP_2_ONLY or HTTP_2_ASSUMED */
    size_t connections;            /* maximum, over 0 */

    bool open_loop;
    struct schedule_options schedule; /* of an open loop */
    uint64_t seed;                    /* for the choice of targets */

    /* Open loop: when the schedule begins, the same for several processes. 0: immediately. */
    nsec start;
    nsec warmup;   /* not measured */
    nsec duration; /* measured; NSEC_NEVER: until `requests` have ended */

    /* Measured requests; 0: no limit. Otherwise the run ends when they have ended. */
    uint64_t requests;
    uint64_t all_requests; /* of all shares together; 0: `requests` */
    nsec timeout;          /* of a request, over 0; NSEC_NEVER: none */

    /* After the run is over and reported, connections stay open until the requests in flight have
       ended, for at most this time. 0: the connections are closed immediately. */
    nsec drain;

    uint64_t requests_per_connection; /* then the connection is closed; 0: no limit */
    bool new_connections; /* each request opens a connection, and the latency includes that */
    /* HTTP/1.1: maximum of requests in flight on a connection, over 0 */
    unsigned pipeline;

    /* HTTP/2 */
    unsigned streams;          /* maximum of requests in flight on a connection, over 0 */
    uint32_t window_bytes;     /* flow-control window of a stream; 0: the default */
    size_t header_table_bytes; /* of HPACK, in both directions; SIZE_MAX: the default */

    unsigned stamped_every; /* one connection in this many has kernel timestamps; 0: none */

    /* Share of the TLS connections that resume a session where possible: 0 to 100. */
    unsigned resume_percent;

    const struct sock_source *sources; /* used in rotation; borrowed */
    size_t source_count;               /* 0: the system chooses the source address */
};

#endif
