/*
 * A set of repeated runs of the load generator, read from consecutive objects of schema
 * firstbyte.bench/1. For each run only the compared metrics and its options are kept.
 */
#ifndef CLI_DIFF_DIFF_SET_H
#define CLI_DIFF_DIFF_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define DIFF_MAX_FILE_BYTES ((size_t)64 * 1024 * 1024)
#define DIFF_MAX_RUNS       1000 /* of a set */

/* The metrics of a run. */
enum diff_metric {
    DIFF_RPS, /* requests per second; more is better, of all others less is better */
    DIFF_P50, /* latency in microseconds, from here on */
    DIFF_P90,
    DIFF_P99,
    DIFF_P999,
    DIFF_MEAN, /* until here */
    DIFF_CPU,  /* the client's CPU time in microseconds per completed request */
    /* share, 0 to 1, of ended requests that failed or had a status of 400 or more */
    DIFF_ERRORS,
    DIFF_METRICS
};

struct json_t;

struct diff_run {
    double value[DIFF_METRICS]; /* NaN: not measured; never infinite or negative */
    bool saturated;             /* the client was the bottleneck */
    bool interrupted;           /* a signal ended it */
    bool open_loop;             /* an open loop */
    bool waited;                /* requests were due and not started at the end */
    struct json_t *config;      /* its options; owned; NULL: not known */
};

struct diff_set {
    const char *name;      /* the file name, or the name in reports; borrowed */
    struct diff_run *runs; /* owned */
    size_t count;          /* at least 1 after a successful read */
};

/* Makes the JSON library handle a lack of memory as this program does. Call it first. */
void diff_set_begin(void);

/* Reads a file, which may be a pipe. False if it is refused: *why is then a sentence without the
   name, to be freed. It may contain untrusted text: write it with cli/output/text.h. The set is
   then empty. */
bool diff_set_read(struct diff_set *set, const char *path, char **why);

/* The same for reports in memory. */
bool diff_set_parse(struct diff_set *set, const char *name, const char *bytes, size_t count,
                    char **why);

void diff_set_free(struct diff_set *set);

/* Writes the options that differ: "loop (closed and open), rate (5000 and 7000)". Seeds may differ,
   and with `two_servers` targets too. Returns the number of differences. */
size_t diff_run_differs(const struct diff_run *one, const struct diff_run *other, bool two_servers,
                        FILE *to);

#endif
