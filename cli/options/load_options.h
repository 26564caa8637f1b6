/* The options of `firstbyte bench` that no other command has; struct options holds them as `load`. */
#ifndef CLI_OPTIONS_LOAD_OPTIONS_H
#define CLI_OPTIONS_LOAD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "bench/load/options.h"
#include "bench/load/slo.h"
#include "cli/types.h"

enum kernel_time { KERNEL_TIME_OFF, KERNEL_TIME_SAMPLE, KERNEL_TIME_ALL };

struct load_command {
    /* Of all processes together: --arrival, --seed, --ramp FROM:TO/TIME; -n, -d, --warmup;
       --requests-per-conn, --new-conn, --tls-resume, --pipeline. load_options_settle decides the rest, but
       not the targets, the sources and `start`. */
    struct load_options run;

    double rate;                  /* -R, requests a second; 0: not given */
    struct slo knee;              /* --find-knee: a percentile's limit; count 0: not asked for */
    unsigned processes;           /* --procs; 1 */
    enum kernel_time kernel_time; /* --kernel-time */
    struct slo slo;               /* --slo; count 0: none */
    const char *hlog;             /* --hlog FILE; NULL: none */
    unsigned repeat;              /* --repeat; 1 */
    const char *versus;           /* --vs URL; NULL: none */

    /* the view of a run while it goes on; load_options_settle decides */
    bool live;        /* unless --quiet */
    enum color color; /* of it: --color */
};

#define LOAD_MAX_RATE 10000000 /* requests a second that can be asked for */

struct given;
struct options;

/* Readers of values (cli/options/readers.h). */
bool load_read_ramp(const struct given *given);
bool load_read_knee(const struct given *given);
bool load_read_slo(const struct given *given);
bool load_read_resume(const struct given *given);
bool load_read_versus(const struct given *given);

/* What has no meaning together, or not for bench: false, which is said. */
bool load_options_check(const struct options *options);

/* When all is read and sound: what follows from it, and whom to ask where nobody was named. */
void load_options_settle(struct options *options);

#endif
