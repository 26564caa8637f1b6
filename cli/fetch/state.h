/*
 * The state of a run over a long list, kept in a file, so that a run that was killed goes on where it
 * was: nothing that was recorded is fetched again, nothing is lost. The file is bounded by what is in
 * flight, not by the list.
 *
 * A line is a line of the list, from 1 to LINE_SET_MAX. The caller follows its reader:
 *
 *   state_is_done    at each site: an earlier run reported it, so it is passed over
 *   state_take       before a site is given out, also one that is given out before its turn
 *   state_advance    when the reader has gone on in the list's own order: every site up to there has
 *                    been taken by then or is done, and what else stands there is no site
 *   state_report     when the line of a site has been handed to the output (where lines wait for
 *                    their turn: when it has come)
 *   state_commit     when what was handed over has been written. Once a turn is enough.
 *
 * So a line is done when it is at or below the frontier and not taken, or beyond it and reported.
 * Sites beyond the frontier are remembered one by one: the caller keeps them to a window.
 *
 * Records are appended, a write(2) each, and the page cache keeps them whatever ends the process.
 * The last one may be torn, by a kill or a full disk: then it does not count, and what it told is
 * fetched again. After a loss of power older records may be missing too: then the state is older than
 * the output, which is cut to what belongs to it, or it is refused as damaged.
 */
#ifndef CLI_FETCH_STATE_H
#define CLI_FETCH_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATE_NO_OUTPUT UINT64_MAX /* results went to no file that could be cut */

/* The checksum of an empty list. */
#define STATE_EMPTY_SUM UINT64_C(0xcbf29ce484222325)

struct state;

/* What is known of the run as a whole, earlier runs included. */
struct state_head {
    uint64_t frontier;     /* the last line of state_advance; 0: none */
    uint64_t list_sum;     /* of the lines up to there */
    uint64_t output_bytes; /* of the output file, at the last commit; or STATE_NO_OUTPUT */
    uint64_t reported;     /* sites */
    uint64_t failed;       /* of these */
    bool finished;         /* by state_finish */
};

/* Reads a state, or makes a new one where the file is missing or empty, and locks it against a second
   run. NULL where that fails: then *why is a sentence that begins with the file's name, to be freed:
   locked, not a regular file, not a state, damaged, or what open(2) and write(2) say. What is no state
   is never written to. The file is replaced now and then (cli/output/replacement.h); its mode stays. */
struct state *state_open(const char *path, char **why);

/* Frees; what was not committed is not recorded. */
void state_close(struct state *state);

/* Valid until state_close. */
const struct state_head *state_head(const struct state *state);

/* How many lines were taken and not reported: after state_open, what was in flight when the run
   ended. */
size_t state_unreported(const struct state *state);

bool state_is_done(const struct state *state, uint64_t line);

/* The checksum of a list that is one line longer than that of `sum`. */
uint64_t state_sum(uint64_t sum, const char *line, size_t length);

/* False where `line` is the frontier of this state and `sum` not its checksum: it is another list.
   To be asked of each line before it is passed; a list that ends before state_head()->frontier is
   another one too. */
bool state_fits(const struct state *state, uint64_t line, uint64_t sum);

/* The frontier is at `line`, where the list's checksum is `sum`. Nothing happens below the frontier. */
void state_advance(struct state *state, uint64_t line, uint64_t sum);

/* The line is given out. Nothing happens where it is done, or taken already: by an earlier run. */
void state_take(struct state *state, uint64_t line);

/* The line is reported. Nothing happens where it was not taken. */
void state_report(struct state *state, uint64_t line, bool failed);

/* Records all that was reported since the last time, and how long the output file is now.
   False and errno: then nothing is lost yet, the next commit tries again; but a run that goes on all the same
   goes on unrecorded. */
bool state_commit(struct state *state, uint64_t output_bytes);

/* Records that the list's end was reached and all of it reported, on the disk when it returns.
   False and errno where it cannot be. The list may grow: a state goes on when another line is taken. */
bool state_finish(struct state *state, uint64_t output_bytes);

#endif
