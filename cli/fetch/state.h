/*
 * The state of a run over a long list, kept in a file so that a later run continues after a kill:
 * no recorded site is fetched again, and none is lost. The size of the file depends on the sites in
 * flight, not on the list.
 *
 * A line is a line number of the list, from 1 to LINE_SET_MAX. The caller, which reads the list,
 * calls:
 *
 *   state_is_done    for each site: true if an earlier run reported it; then it is skipped
 *   state_take       before a site is started, also one that is started before earlier lines
 *   state_advance    when the list has been read in order up to a line: every site up to there is
 *                    taken or done, and the other lines are not sites
 *   state_report     when the result of a site has been passed to the output, in output order
 *   state_commit     when the output has been written; once per turn is enough
 *
 * A line is done if it is at or below the frontier and not in flight, or above it and reported.
 * Lines above the frontier are stored one by one: the caller limits their number.
 *
 * Each record is appended with one write(2), and the page cache keeps it however the process ends.
 * A kill or a full disk may leave the last record incomplete: it is ignored, and its sites are
 * fetched again. After a loss of power older records may be missing too: then the output is cut to
 * the length in the last record, or the state is refused as damaged.
 */
#ifndef CLI_FETCH_STATE_H
#define CLI_FETCH_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATE_NO_OUTPUT UINT64_MAX /* the output is not a file that can be cut */

/* The checksum of an empty list. */
#define STATE_EMPTY_SUM UINT64_C(0xcbf29ce484222325)

struct state;

/* The run as a whole, including earlier runs. */
struct state_head {
    uint64_t frontier;     /* the last line of state_advance, 0: none */
    uint64_t list_sum;     /* checksum of the lines up to the frontier */
    uint64_t output_bytes; /* length of the output file at the last commit, or STATE_NO_OUTPUT */
    uint32_t output_sum;   /* checksum of the last bytes of the output (output_sum); 0: no file */
    uint64_t reported;     /* sites */
    uint64_t failed;       /* sites of `reported` that failed */
    bool finished;         /* by state_finish */
};

/* Reads a state, or creates one if the file is missing or empty, and locks it against a second run.
   NULL on an error: *why is then a sentence that begins with the file's name, to be freed. Errors:
   it is locked, not a regular file, not a state, damaged, or open(2) or write(2) fails. A file that
   is not a state is never written. The file is replaced from time to time
   (cli/output/replacement.h); its mode stays. */
struct state *state_open(const char *path, char **why);

/* Frees the state. Events since the last commit are not recorded. */
void state_close(struct state *state);

/* Valid until state_close. */
const struct state_head *state_head(const struct state *state);

/* The number of lines in flight. After state_open: those that were in flight when the earlier run
   ended. */
size_t state_unreported(const struct state *state);

bool state_is_done(const struct state *state, uint64_t line);

/* Returns the checksum of a list after one more line. `sum` is the checksum before it. */
uint64_t state_sum(uint64_t sum, const char *line, size_t length);

/* False if `line` is the frontier of this state and `sum` differs from its checksum: the list is
   another one. Check each line before passing it. A list that ends before state_head()->frontier is
   another one too. */
bool state_fits(const struct state *state, uint64_t line, uint64_t sum);

/* Moves the frontier to `line`, where the list's checksum is `sum`. A lower line is ignored. */
void state_advance(struct state *state, uint64_t line, uint64_t sum);

/* Records that the site of the line is started. Does nothing if the line is done, or an earlier run
   left it in flight. */
void state_take(struct state *state, uint64_t line);

/* Records that the site of the line is reported. Does nothing if the line is not in flight. */
void state_report(struct state *state, uint64_t line, bool failed);

/* Appends all events since the last commit, and the length of the output file with the checksum of
   its last bytes (0 with STATE_NO_OUTPUT). False and errno on
   an error: nothing is lost, and the next commit tries again. If it never succeeds, the sites are
   fetched again by a later run. */
bool state_commit(struct state *state, uint64_t output_bytes, uint32_t output_sum);

/* Records that the whole list was reported, and waits until the record is on the disk. False and
   errno on an error. If the list grows, a later run continues with the new lines. */
bool state_finish(struct state *state, uint64_t output_bytes, uint32_t output_sum);

#endif
