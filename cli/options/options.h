/* The command line: read and checked once, before a command starts. */
#ifndef CLI_OPTIONS_OPTIONS_H
#define CLI_OPTIONS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/network.h"
#include "cli/options/load_options.h"
#include "cli/types.h"
#include "http/chain.h"
#include "http/exchange.h"
#include "http/versions.h"

/* The limit depends on the version of HTTP. */
#define PER_HOST_DEFAULT SIZE_MAX

struct options {
    enum command command; /* COMMAND_NONE: help or the version was printed */
    struct list_options list;
    size_t concurrency; /* requests at once; of bench, connections */
    struct request_options request;
    enum http_versions versions;
    struct texts data_files; /* of --data @FILE */
    struct exchange_options exchange;
    struct chain_options chain;
    struct network_options network;
    struct output_options output;

    /* politeness */
    size_t per_host;            /* requests at once; 0: no limit; or PER_HOST_DEFAULT */
    double rate, per_host_rate; /* requests per second; 0: no limit */

    struct load_command load; /* only of bench */

    char *command_line; /* for a shell; owned; NULL: it may hold a secret, or cannot be shown */

    bool rehearse;
    bool lifeline; /* origin: ends when standard input is closed */
};

/* Reads the command line; its words must stay valid as long as the options. False if it is
   refused or empty; the reason is printed on standard error. options_free is needed in both
   cases. */
bool options_read(struct options *options, int argc, char **argv);

void options_free(struct options *options);

#endif
