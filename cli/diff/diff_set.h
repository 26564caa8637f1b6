/*
 * A set of repeated runs of the load generator, read from objects of the schema firstbyte.bench/1,
 * one after the other. Of each run the few numbers are kept that can be compared, and what was
 * asked for.
 */
#ifndef CLI_DIFF_DIFF_SET_H
#define CLI_DIFF_DIFF_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define DIFF_MAX_FILE_BYTES ((size_t)64 * 1024 * 1024)
#define DIFF_MAX_RUNS       1000 /* of a set */

/* What a run is compared by. */
enum diff_metric {
    DIFF_RPS, /* requests a second; more is better, of all others less is */
    DIFF_P50, /* latency in microseconds, from here on */
    DIFF_P90,
    DIFF_P99,
    DIFF_P999,
    DIFF_MEAN,   /* until here */
    DIFF_CPU,    /* the client's CPU time, microseconds a completed request */
    DIFF_ERRORS, /* requests that failed, or were answered 400 and up, of those that ended: 0 to 1 */
    DIFF_METRICS
};

struct json_t;

struct diff_run {
    double value[DIFF_METRICS]; /* NaN: nothing was measured; never infinite or below 0 */
    bool saturated;             /* the client was the bottleneck */
    bool interrupted;           /* it was ended before its time */
    bool open_loop;             /* it followed a schedule */
    bool waited;                /* requests were due and not started at its end */
    struct json_t *config;      /* what was asked for; owned; NULL: not known */
};

struct diff_set {
    const char *name;      /* of the file, or what people are to call it; borrowed */
    struct diff_run *runs; /* owned */
    size_t count;          /* one at least, once it is read */
};

/* Lets the JSON library run out of memory as the rest of the program does. To be called before the
   rest. */
void diff_set_begin(void);

/* Reads a file, which may be a pipe. False where it is refused: *why is then a sentence, to be
   freed, without the name. What is in it may come from a stranger: cli/output/text.h shows it. The
   set is empty then. */
bool diff_set_read(struct diff_set *set, const char *path, char **why);

/* The same of bytes in memory: the reports of runs just made, in JSON. */
bool diff_set_parse(struct diff_set *set, const char *name, const char *bytes, size_t count,
                    char **why);

void diff_set_free(struct diff_set *set);

/* Writes what was asked for differently: "loop (closed and open), rate (5000 and 7000)". Seeds may
   differ, and with `elsewhere` what was asked too. Returns how many such things there are. */
size_t diff_run_differs(const struct diff_run *one, const struct diff_run *other, bool elsewhere,
                        FILE *to);

#endif
