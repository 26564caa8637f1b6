/* The commands: those that make requests, and one that compares. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/fetch/session.h"
#include "cli/options/options.h"

/* firstbyte fetch: all sites at once. */
enum exit_status run_fetch(const struct options *options);

/* firstbyte race: one after the other, then at once. */
enum exit_status run_race(const struct options *options);

/* firstbyte bench: the load generator. */
enum exit_status run_bench(const struct options *options);

/* firstbyte diff: sets of runs of the load generator. */
enum exit_status run_diff(const struct options *options);

/* Runs a command with a session whose list was read and checked and whose rehearsal, where one is wanted,
   is up. */
typedef enum exit_status session_fn(const struct options *options, struct session *session);
enum exit_status run_session(const struct options *options, session_fn *run);

/* Fetches all sites of the session at once, the list read from its beginning; *took is the time until
   the last answer. False where it cannot be set up, which is said. */
bool run_reactor_half(const struct options *options, struct session *session, nsec *took);

#endif
