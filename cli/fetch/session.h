/*
 * A run over a list: where the sites come from, where their results go, and what it all came to. Both
 * commands that fetch share it; a race has one for both its halves.
 */
#ifndef CLI_FETCH_SESSION_H
#define CLI_FETCH_SESSION_H

#include "cli/fetch/order.h"
#include "cli/fetch/state.h"
#include "cli/list/sites.h"
#include "cli/output/output.h"
#include "cli/output/progress.h"
#include "cli/output/report.h"
#include "cli/output/totals.h"
#include "cli/rehearsal.h"
#include "cli/types.h"
#include "http/exchange.h"

/* What a run is to be; all is borrowed. */
struct session_options {
    const struct list_options *list;
    const struct request_options *request;
    const struct exchange_options *exchange;
    const struct output_options *output;
    bool twice; /* the list is read twice */
};

struct session {
    struct session_options options;
    struct rehearsal rehearsal;
    const char *mode; /* of this half in a race; else NULL */
    struct sites *sites;
    bool judged;               /* session_check_list has read the list */
    uint64_t total;            /* sites of the list, where it could be read beforehand; else 0 */
    struct state *state;       /* --resume; NULL: none */
    struct report *report;     /* how results are written */
    bool report_begun;         /* the header line was written */
    struct output *output;     /* where to */
    struct order *order;       /* NULL: lines as sites finish */
    struct progress *progress; /* NULL: none */
    struct totals totals;      /* of this run */
    uint64_t passed_over;      /* that an earlier run had reported */
    nsec slowest;              /* of the sites of this half */
    bool interrupted;
    bool origin_ended; /* the rehearsal's, by itself, which was said */
    int output_error;  /* errno that ended the output, or 0 */
    int state_error;   /* likewise, the state */
};

/* Begins, with the rehearsal's origin where one is wanted still to be started. */
void session_init(struct session *session, const struct session_options *options);

/* Ends what was begun. */
void session_close(struct session *session);

/* Opens the list. With a loop, a pipe that has nothing yet does not hold it up. False where that
   fails, which is said. */
bool session_open_list(struct session *session, struct loop *loop, void (*ready)(void *owner),
                       void *owner);

/* Opens the state, where --resume names one. False where that fails, which is said. */
bool session_open_state(struct session *session);

/* Reads a list to its end, refuses it where lines are no sites, all of which it names, or where the state
   was made with another one, and goes back to the beginning. What cannot be read twice, a pipe, is judged
   line by line as it comes, or refused where it has to be. Says it where the list is empty. */
bool session_check_list(struct session *session);

/* The same of a list that was read to its end. */
void session_report_empty(const struct session *session);

/* Opens the output; `room`, `broken` and `owner` as in output_new. False where that fails, which is
   said. */
bool session_open_output(struct session *session, struct loop *loop, void (*room)(void *owner),
                         void (*broken)(void *owner, int error), void *owner);

/* The next site that was not reported by an earlier run. SITES_END also where the list turned out not
   to be the state's: then state_error says so. */
enum sites_next session_next(struct session *session, struct listed *listed);

/* The one place where a result becomes a line. */
void session_report(struct session *session, const struct result *result);

/* Writes a line that is no result: a heading of a race. */
void session_write_line(struct session *session, const char *line);

/* All results were handed over: passes on what still waits for its turn. */
void session_flush(struct session *session);

/* Closes the output, which is idle: `complete` where all of the list was reported. */
void session_close_output(struct session *session, bool complete);

/* What the whole run came to; what is wrong is said. */
enum exit_status session_verdict(const struct session *session);

#endif
