/* The command line, read and checked once. */
#ifndef CLI_OPTIONS_OPTIONS_H
#define CLI_OPTIONS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/network.h"
#include "cli/options/load_options.h"
#include "cli/types.h"
#include "http/chain.h"
#include "http/exchange.h"

struct options {
    enum command command; /* COMMAND_NONE: help or version was printed */
    struct list_options list;
    size_t concurrency; /* of bench its connections */
    struct request_options request;
    struct texts data_files; /* of --data @FILE */
    struct exchange_options exchange;
    struct chain_options chain;
    struct network_options network;
    struct output_options output;

    /* politeness */
    size_t per_host;            /* at once; 0: no limit */
    double rate, per_host_rate; /* requests a second; 0: no limit */

    struct load_command load; /* of bench alone */

    bool rehearse;
    bool lifeline; /* origin: ends when standard input does */
};

/* Reads the command line, whose words are borrowed. False where it is refused, also for having no
   word at all, which is said on standard error. Freed with options_free in either case. */
bool options_read(struct options *options, int argc, char **argv);

void options_free(struct options *options);

#endif
