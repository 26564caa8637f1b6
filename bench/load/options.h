/* What a load is to be. */
#ifndef BENCH_LOAD_OPTIONS_H
#define BENCH_LOAD_OPTIONS_H

#include "bench/load/schedule.h"
#include "bench/load/targets.h"
#include "reactor/sock.h"

#define LOAD_STAMPED_EVERY 16 /* connections, by default one in so many */

struct load_options {
    const struct targets *targets; /* borrowed */
    size_t connections;            /* at most, over 0 */

    bool open_loop;
    struct schedule_options schedule; /* of an open loop */
    uint64_t seed;                    /* of the choice of targets */

    nsec start;  /* open loop: when the schedule begins, for several processes alike; 0: at once */
    nsec warmup; /* not measured */
    nsec duration;         /* measured; NSEC_NEVER: until `requests` are done */
    uint64_t requests;     /* measured; 0: no limit. With it, the run ends when they have ended */
    uint64_t all_requests; /* of all shares together; 0: `requests` */
    nsec timeout;          /* of a request, over 0; NSEC_NEVER: none */

    nsec
        drain; /* when the run is over, and reported, connections stay until what was in request has ended, for
                   so long at most; 0: they are closed at once */

    uint64_t requests_per_connection; /* then it is closed; 0: no limit */
    bool new_connections;   /* each request makes its own, and its time counts in the latency */
    unsigned pipeline;      /* requests in request on a connection, over 0 */
    unsigned stamped_every; /* one connection in so many asks for kernel stamps; 0: none */
    unsigned
        resume_percent; /* of TLS connections that resume a session, where they can: 0 to 100 */

    const struct sock_from *sources; /* connections take turns; borrowed */
    size_t source_count;             /* 0: from anywhere */
};

#endif
