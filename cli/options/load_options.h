/* The options of `firstbyte bench` that no other command has; struct options holds them as `load`. */
#ifndef CLI_OPTIONS_LOAD_OPTIONS_H
#define CLI_OPTIONS_LOAD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "bench/load/schedule.h"
#include "bench/load/slo.h"
#include "cli/types.h"

enum kernel_time { KERNEL_TIME_OFF, KERNEL_TIME_SAMPLE, KERNEL_TIME_ALL };

struct load_command {
    /* loops */
    double rate; /* -R, requests a second; 0: not given */
    /* --arrival, --seed, --ramp FROM:TO/TIME; where there is no ramp, load_options_settle makes the rates
       that of -R; 0: a closed loop. The shares are those of a run */
    struct schedule_options schedule;
    struct slo knee; /* --find-knee: a percentile's limit; count 0: not asked for */

    /* stopping */
    uint64_t requests; /* -n; 0: no limit */
    nsec duration;     /* -d; NSEC_NEVER: with -n alone */
    nsec warmup;       /* --warmup */

    /* shape */
    uint64_t requests_per_connection; /* --requests-per-conn; 0: no limit */
    bool new_connections;             /* --new-conn */
    unsigned resume_percent;          /* --tls-resume on|off|PERCENT; off */
    unsigned pipeline;                /* --pipeline; 1 */
    unsigned processes;               /* --procs; 1 */

    /* measuring */
    enum kernel_time kernel_time; /* --kernel-time */
    struct slo slo;               /* --slo; count 0: none */
    const char *hlog;             /* --hlog FILE; NULL: none */
    unsigned repeat;              /* --repeat; 1 */
    const char *versus;           /* --vs URL; NULL: none */

    /* the view of a run while it goes on; load_options_settle decides */
    bool live;        /* unless --quiet */
    enum color color; /* of it: --color */
};

#define LOAD_MOST_RATE 10000000 /* requests a second that can be asked for */

struct given;
struct options;

/* Readers of values (cli/options/readers.h). */
bool load_read_ramp(const struct given *given);
bool load_read_knee(const struct given *given);
bool load_read_slo(const struct given *given);
bool load_read_resume(const struct given *given);
bool load_read_versus(const struct given *given);

/* What holds where nothing else is said; the duration is decided by load_options_settle. */
void load_options_begin(struct load_command *load);

/* What has no meaning together, or not for bench: false, which is said. */
bool load_options_check(const struct options *options);

/* When all is read and sound: what follows from it, and whom to ask where nobody was named. */
void load_options_settle(struct options *options);

#endif
