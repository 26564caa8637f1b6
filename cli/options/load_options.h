/* The options that only `firstbyte bench` has; struct options contains them as `load`. */
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
    /* For all processes together: --arrival, --seed, --ramp FROM:TO/TIME; -n, -d, --warmup;
       --requests-per-conn, --new-conn, --tls-resume, --pipeline, -m (0: not given), --window,
       --header-table. load_options_derive sets the other fields, except the targets, the sources
       and `start`. */
    struct load_options run;

    double rate;                  /* -R, requests per second; 0: not given */
    struct slo knee;              /* --find-knee: one limit of a latency; count 0: not given */
    unsigned processes;           /* --procs; default 1 */
    enum kernel_time kernel_time; /* --kernel-time */
    struct slo slo;               /* --slo; count 0: not given */
    const char *hlog;             /* --hlog FILE; NULL: not given */
    unsigned repeat;              /* --repeat; default 1 */
    const char *versus;           /* --vs URL; NULL: not given */
    bool full_report;             /* --report full */

    /* the progress display of a run; load_options_derive sets it */
    bool live;        /* false with --quiet */
    enum color color; /* --color */
};

#define LOAD_MAX_RATE 10000000 /* requests per second, the maximum of --rate */

struct given;
struct options;

/* Readers of values (cli/options/readers.h). */
bool load_read_duration(const struct given *given);
bool load_read_ramp(const struct given *given);
bool load_read_knee(const struct given *given);
bool load_read_slo(const struct given *given);
bool load_read_resume(const struct given *given);
bool load_read_versus(const struct given *given);
bool load_read_streams(const struct given *given);
bool load_read_window(const struct given *given);
bool load_read_header_table(const struct given *given);

/* False if options contradict each other or have no meaning for bench; the reason is printed. */
bool load_options_check(const struct options *options);

/* Sets the values that depend on several options, and the embedded origin as the target if none was
   given. To be called after load_options_check. */
void load_options_derive(struct options *options);

#endif
