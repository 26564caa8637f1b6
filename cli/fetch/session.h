/*
 * A run over a list: its sites, its output, its totals and its exit status. fetch and race use it;
 * a race has one session for both halves.
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

/* The options of a run; all borrowed. */
struct session_options {
    const struct list_options *list;
    const struct request_options *request;
    const struct exchange_options *exchange;
    const struct output_options *output;
    const char *command; /* the command line for a shell; NULL: it is not shown */
    bool twice;          /* the list is read twice */
    bool warns_of_keys;  /* warn if a site has rehearse- keys: they have no effect */
};

struct session {
    struct session_options options;
    struct rehearsal rehearsal;
    const char *mode; /* name of this half of a race; NULL: not a race */
    struct sites *sites;
    bool checked;              /* session_check_list has read the whole list */
    uint64_t total;            /* number of sites if the list was checked; else 0 */
    struct state *state;       /* --resume; NULL: none */
    struct report *report;     /* the format of the results */
    bool report_begun;         /* the header line was written */
    struct output *output;     /* NULL after session_close_output */
    struct order *order;       /* NULL: lines as sites finish */
    struct progress *progress; /* NULL: none */
    struct totals totals;
    uint64_t skipped; /* sites that an earlier run reported */
    /* sites that earlier runs of this state reported, and those of them that failed */
    uint64_t earlier_reported, earlier_failed;
    bool warned;  /* of rehearse- keys, once */
    nsec slowest; /* the longest time of a site in this half */
    bool interrupted;
    bool origin_ended; /* the rehearsal's process ended by itself, and a diagnostic was written */
    int output_error;  /* errno that ended the output, or 0 */
    int state_error;   /* errno that ended the state, or 0; EINVAL: another list */
};

/* Initializes the session. The rehearsal's origin is started by the caller. */
void session_init(struct session *session, const struct session_options *options);

/* Closes the list and the state, and stops the rehearsal. */
void session_close(struct session *session);

/* Opens the list. With a loop, an empty pipe does not block. False, with a diagnostic, on
   errors. */
bool session_open_list(struct session *session, struct loop *loop, void (*ready)(void *owner),
                       void *owner);

/* Opens the state if --resume names one. False, with a diagnostic, on an error. */
bool session_open_state(struct session *session);

/* Reads the whole list, then goes back to its beginning. False, with diagnostics, if lines are not
   sites or the state belongs to another list. A pipe cannot be read twice: its lines are checked as
   they are read, and a race refuses it. Reports an empty list. */
bool session_check_list(struct session *session);

/* Reports an empty list that was read to its end. */
void session_report_empty(const struct session *session);

/* Opens the output; `room`, `broken` and `owner` as in output_new. False, with a diagnostic, on an
   error. */
bool session_open_output(struct session *session, struct loop *loop, void (*room)(void *owner),
                         void (*broken)(void *owner, int error), void *owner);

/* Returns the next site that no earlier run reported. Returns SITES_END and sets state_error if the
   list is not the list of the state. */
enum sites_next session_next(struct session *session, struct listed *listed);

/* Warns of rehearse- keys, for a site that was not returned by session_next. */
void session_check_keys(struct session *session, const struct listed *listed);

/* Writes a result and adds it to the totals. */
void session_report(struct session *session, const struct result *result);

/* Writes a heading of a race, if the format is text. */
void session_write_line(struct session *session, const char *line);

/* Writes the lines that still wait in `order`, after the last result. */
void session_flush(struct session *session);

/* Whether writing to standard output failed because its reader has closed the pipe. */
bool session_reader_has_left(const struct session *session);

/* Closes the output, which must be idle. `complete`: the whole list was reported. */
void session_close_output(struct session *session, bool complete);

/* Reports errors of the output and the state, and returns the exit status of the run. */
enum exit_status session_exit_status(const struct session *session);

#endif
