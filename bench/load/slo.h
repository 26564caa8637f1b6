/* What a run is held to: "p99=5ms,p50=1ms,errors=0.1%,rps=10000". */
#ifndef BENCH_LOAD_SLO_H
#define BENCH_LOAD_SLO_H

#include "bench/load/tally.h"

#define SLO_MAX_PARTS    16
#define SLO_WRONG_STATUS 400 /* an answer of this status or over is an error */

enum slo_kind { SLO_PERCENTILE, SLO_MEAN, SLO_MAX, SLO_ERRORS, SLO_RPS };

/* One of its parts. */
struct slo_part {
    char name[16]; /* as given: "p99.9" */
    enum slo_kind kind;
    double percent;  /* of SLO_PERCENTILE */
    double limit;    /* nanoseconds; a share from 0 to 1; requests a second */
    double measured; /* by slo_judge, in the same unit; NaN where nothing was measured */
    bool held;       /* likewise; where nothing was measured a limit is missed */
    bool proven;     /* by slo_judge: it is missed, whatever delay the client caused */
};

struct slo {
    struct slo_part part[SLO_MAX_PARTS];
    size_t count; /* 0: none */
};

/* Reads it: percentiles over 0 and below 100 with a decimal, `mean` and `max`, each with a duration of
   at most an hour; `errors` with a share of the requests that ended, as a number below 1 or as a
   percentage; `rps`, which is the least that is wanted. Nothing twice. NULL, or why it is none: a static
   sentence, and the count is 0 then. */
const char *slo_parse(struct slo *slo, const char *text);

/* Judges a run. Errors are requests that failed, and answers of 400 and up. What was in request at the end of a
   closed loop for longer than a limit counts with its age. True where all is held. */
bool slo_judge(struct slo *slo, const struct tally *tally);

/* Whether any part is missed for which the client is no excuse: errors, and a max that the kernel saw exceeded. */
bool slo_is_proven(const struct slo *slo);

/* The requests that went wrong, as above, and those that ended: completed or failed. */
uint64_t tally_wrong(const struct tally *tally);
uint64_t tally_ended(const struct tally *tally);

#endif
