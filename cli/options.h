/* The command line, read and checked once. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "reactor/clock.h"

/* Exit statuses. */
enum exit_status {
    EXIT_FETCHED = 0,      /* every site answered */
    EXIT_SOME_FAILED = 1,  /* some did not */
    EXIT_USAGE = 2,        /* bad options or a bad list */
    EXIT_SETUP = 3,        /* could not set up */
    EXIT_INTERRUPTED = 130 /* SIGINT or SIGTERM */
};

enum command { COMMAND_FETCH, COMMAND_RACE, COMMAND_ORIGIN, COMMAND_NONE };

struct options {
    enum command command; /* COMMAND_NONE: help or version was printed */
    const char *file;     /* the list; NULL: the words */
    char **words;         /* URLs */
    size_t word_count;
    size_t concurrency;
    nsec dns_timeout, connect_timeout, tls_timeout, ttfb_timeout, timeout;
    const char *authorities; /* --cacert */
    bool insecure;
    bool fail; /* a status of 400 and up is a failure */
    bool json;
    bool input_order;
    bool rehearse;
    bool lifeline; /* origin: ends when standard input does */
};

/* Reads the command line. False where it is refused, which is said on standard error. */
bool options_read(struct options *options, int argc, char **argv);

#endif
