/* The commands that run in this process. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/fetch/session.h"
#include "cli/options/options.h"

/* firstbyte fetch: fetches all sites concurrently. */
enum exit_status run_fetch(const struct options *options);

/* firstbyte race: fetches the sites one after the other, then concurrently. */
enum exit_status run_race(const struct options *options);

/* firstbyte bench: the load generator. */
enum exit_status run_bench(const struct options *options);

/* firstbyte diff: compares sets of runs of the load generator. */
enum exit_status run_diff(const struct options *options);

/* Runs a command with an open session: its list was read and checked, and its rehearsal is running
   if the options ask for one. */
typedef enum exit_status session_fn(const struct options *options, struct session *session);
enum exit_status run_session(const struct options *options, session_fn *run);

/* Reads the list from its beginning and fetches all its sites concurrently. *took is the time until
   the last response. False, with a diagnostic, if it cannot be set up. */
bool run_reactor_half(const struct options *options, struct session *session, nsec *took);

#endif
