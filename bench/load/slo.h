/* The limits of a run, from --slo: "p99=5ms,p50=1ms,errors=0.1%,rps=10000". */
#ifndef BENCH_LOAD_SLO_H
#define BENCH_LOAD_SLO_H

#include "bench/load/tally.h"

#define SLO_MAX_PARTS    16
#define SLO_ERROR_STATUS 400 /* a response with this status or a higher one is an error */

enum slo_kind { SLO_PERCENTILE, SLO_MEAN, SLO_MAX, SLO_ERRORS, SLO_RPS };

/* One limit. */
struct slo_part {
    char name[16]; /* as given: "p99.9" */
    enum slo_kind kind;
    double percent; /* of SLO_PERCENTILE */
    double limit;   /* nanoseconds; a share from 0 to 1; requests per second */

    /* Set by slo_judge. */
    double measured; /* in the unit of the limit; NaN: nothing was measured */
    bool held;       /* false if nothing was measured */
    bool proven;     /* the limit is missed, even without the delays of the client */
};

struct slo {
    struct slo_part part[SLO_MAX_PARTS];
    size_t count; /* 0: none */
};

/* Parses the text. Percentiles (over 0, below 100, decimals allowed), `mean` and `max` have a
   duration of at most an hour; `errors` has a share of the ended requests, as a number below 1 or a
   percentage; `rps` has the minimum rate. No limit may occur twice. Returns NULL, or the error as a
   static sentence; the count is then 0. */
const char *slo_parse(struct slo *slo, const char *text);

/* Judges a run; returns whether all limits are held. Errors are failed requests and responses with
   a status of 400 or higher. A request in flight at the end of a closed loop counts with its age,
   if that is over the limit. */
bool slo_judge(struct slo *slo, const struct tally *tally);

/* Whether a limit is missed that the client cannot have caused: errors, or a max that is exceeded
   by the kernel's timestamps. */
bool slo_is_proven(const struct slo *slo);

/* The number of errors, as in slo_judge. */
uint64_t tally_error_count(const struct tally *tally);

/* The number of requests that completed or failed. */
uint64_t tally_ended(const struct tally *tally);

#endif
