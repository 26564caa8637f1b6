/* The two commands that fetch. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/options.h"

/* firstbyte fetch: all sites at once. */
enum exit_status run_fetch(const struct options *options);

/* firstbyte race: one after the other, then at once. */
enum exit_status run_race(const struct options *options);

#endif
