/* The functions are in the order in which a run calls them. */
#include "cli/fetch/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cli/list/bad_lines.h"
#include "cli/output/diagnostic.h"
#include "cli/output/figures.h"
#include "cli/output/terminal.h"

#define LONG_LIST 1000 /* sites: an interrupted run over so many is worth continuing */

void session_init(struct session *session, const struct session_options *options)
{
    *session = (struct session){.options = *options, .rehearsal = {.child = -1, .lifeline = -1}};
}

void session_close(struct session *session)
{
    sites_close(session->sites);
    rehearsal_stop(&session->rehearsal);
    state_close(session->state);
}

bool session_open_list(struct session *session, struct loop *loop, void (*ready)(void *owner),
                       void *owner)
{
    const struct list_options *list = session->options.list;
    struct sites_options how = {.request = session->options.request,
                                .loop = loop,
                                .ready = ready,
                                .owner = owner,
                                .sum = session->options.output->resume ? state_sum : NULL,
                                .sum_start = STATE_EMPTY_SUM};

    session->sites = sites_open(list, &how);
    if (!session->sites)
        complain(list->file ? list->file : "URLs",
                 errno == ENOENT ? "no such file; give URLs, or a list with -f FILE"
                                 : strerrordesc_np(errno));
    return session->sites;
}

bool session_open_state(struct session *session)
{
    const char *path = session->options.output->resume;
    char *why;

    if (!path)
        return true;
    session->state = state_open(path, &why);
    if (!session->state)
        return complain_and_free("--resume", why);
    session->earlier_reported = state_head(session->state)->reported;
    session->earlier_failed = state_head(session->state)->failed;
    if (state_head(session->state)->finished && !session->options.output->quiet)
        diagnostic("%s: this list is complete; only new lines are fetched "
                   "(delete this file to fetch all lines again)",
                   path);
    return true;
}

/* Whether a site that was read agrees with the state. NULL: whether the list may end here. */
static bool fits_state(const struct session *session, const struct site *site)
{
    const struct state *state = session->state;

    if (!state)
        return true;
    if (!site)
        return sites_position(session->sites)->line >= state_head(state)->frontier;
    return state_fits(state, site->line, sites_position(session->sites)->sum);
}

static bool refuse_list(const struct session *session)
{
    return complain(
        session->options.output->resume,
        "the state file belongs to another list, or the list was changed above the last line "
        "that was read");
}

void session_report_empty(const struct session *session)
{
    const char *file = bad_lines_file(session->options.list->file);

    if (file && !session->options.output->quiet && !sites_position(session->sites)->count)
        complain(file, "it contains no site");
}

void session_check_keys(struct session *session, const struct listed *listed)
{
    if (!session->options.warns_of_keys || session->warned || !listed->behaviour.given)
        return;
    session->warned = true;
    progress_hide(session->progress);
    rehearsal_warn_ignored(session->options.list, listed->site->line);
    progress_show(session->progress);
}

bool session_check_list(struct session *session)
{
    const char *file = session->options.list->file;
    struct bad_lines bad = {.file = bad_lines_file(file)};
    struct listed listed;
    bool fits = true;

    session->checked = sites_rewind(session->sites);
    if (!session->checked)
        return !session->options.twice ||
               complain(file, "a race reads its list twice; give it a file");
    while (fits && sites_next(session->sites, &listed) == SITES_ONE) {
        session->total++;
        fits = fits_state(session, listed.site) || refuse_list(session);
        if (listed.site->line_error && fits)
            bad_lines_add(&bad, listed.site);
        session_check_keys(session, &listed);
        site_free(listed.site);
    }
    fits = fits && (fits_state(session, NULL) || refuse_list(session));
    if (fits)
        session_report_empty(session);
    return bad_lines_end(&bad) && fits && sites_rewind(session->sites);
}

static struct report *make_report(const struct session *session)
{
    const struct output_options *output = session->options.output;
    const struct exchange_options *exchange = session->options.exchange;
    const struct report_options how = {
        .format = output->format,
        .fields = output->fields,
        .values = {.preview = exchange->response.preview,
                   .cert_warn_days = output->cert_warn_days,
                   .unix_time = clock_unix_s(),
                   .tcp_info = exchange->tcp_facts},
        .race = session->mode,
        .color = !output->file && terminal_wants_color(output->color, STDOUT_FILENO),
        .terminal_columns = output->file ? 0 : terminal_columns(STDOUT_FILENO),
    };

    return report_new(&how);
}

/* Writes a line of `order`. */
static void put_line(void *owner, const struct order_line *line)
{
    struct session *session = owner;

    fwrite(line->bytes, 1, line->length, output_begin(session->output));
    output_end(session->output);
    if (session->state)
        state_report(session->state, line->line, line->failed);
}

/* Writes the record of the state with `write`: state_commit or state_finish. */
static void record(struct session *session, bool (*write)(struct state *, uint64_t, uint32_t))
{
    bool can_be_cut = output_can_be_cut(session->output);
    uint64_t bytes = can_be_cut ? output_bytes(session->output) : STATE_NO_OUTPUT;
    uint32_t sum = can_be_cut ? output_sum(session->output) : 0;

    if (!write(session->state, bytes, sum) && !session->state_error)
        session->state_error = errno;
}

/* All composed results have been written: records them, so that they are not fetched again. */
static void on_written(void *owner)
{
    struct session *session = owner;

    record(session, state_commit);
}

/* Opens the file of --output. With --resume it is cut to the length that the state recorded. */
static struct output *open_file(struct session *session, struct loop *loop,
                                void (*room)(void *owner), void (*broken)(void *owner, int error),
                                void *owner)
{
    const struct output_options *options = session->options.output;
    struct output_file how = {.path = options->file, .append = options->append, .keep = OUTPUT_ALL};
    struct output *output;
    char *why;

    if (session->state) {
        how.append = true;
        how.keep = state_head(session->state)->output_bytes;
        how.sum = state_head(session->state)->output_sum;
    }
    output = output_open(loop, &how, room, broken, owner, &why);
    if (!output && how.keep != OUTPUT_ALL) { /* both files are named: one of them may be wrong */
        char *sentence = memory_print("%s (--resume %s)", why, options->resume);

        free(why);
        why = sentence;
    }
    if (!output)
        complain_and_free("--output", why);
    return output;
}

/* Whether the results of this run go where those of the earlier runs went: both to a file that
   --output names, or both to an output that cannot be cut. */
static bool output_fits_state(const struct session *session)
{
    const struct output_options *options = session->options.output;
    const struct state_head *head = state_head(session->state);
    bool was_file = head->output_bytes != STATE_NO_OUTPUT;
    char *why;

    if (!session->earlier_reported || was_file == output_can_be_cut(session->output))
        return true;
    if (was_file)
        why = memory_print("%s: the earlier run wrote its results to a file, and this run would "
                           "write to %s; give the same -o FILE, or delete this state to fetch all "
                           "lines again",
                           options->resume, output_name(session->output));
    else
        why = memory_print("%s: the earlier run wrote its results to standard output or to a pipe, "
                           "and this run would write to %s; write to the same output, or delete "
                           "this state to fetch all lines again",
                           options->resume, output_name(session->output));
    return complain_and_free("--resume", why);
}

bool session_open_output(struct session *session, struct loop *loop, void (*room)(void *owner),
                         void (*broken)(void *owner, int error), void *owner)
{
    const struct output_options *options = session->options.output;
    bool continues = false;

    session->report = make_report(session);
    session->output = options->file ? open_file(session, loop, room, broken, owner)
                      : loop        ? output_new(loop, STDOUT_FILENO, room, broken, owner)
                                    : output_new_blocking(STDOUT_FILENO);
    if (!session->output)
        return false;
    if (session->state && !output_fits_state(session))
        return false;
    if (session->state) {
        continues = output_continues(session->output);
        output_on_written(session->output, on_written, session);
        /* a kill after the first write must not leave a file longer than the state knows */
        on_written(session);
    }
    session->order = loop && options->input_order ? order_new(put_line, session) : NULL;
    if (!continues && !output_bytes(session->output) && !(session->mode && session->report_begun)) {
        report_begin(session->report, output_begin(session->output));
        output_end(session->output);
        session->report_begun = true;
    }
    return true;
}

/* The list, read from a pipe, is not the list of the state. */
static enum sites_next end_at_wrong_list(struct session *session)
{
    refuse_list(session);
    session->state_error = EINVAL;
    return SITES_END;
}

enum sites_next session_next(struct session *session, struct listed *listed)
{
    struct state *state = session->state;

    while (!session->state_error) {
        enum sites_next next = sites_next(session->sites, listed);
        uint64_t line;

        if (next == SITES_ONE)
            session_check_keys(session, listed);
        if (!state || next == SITES_LATER)
            return next;
        if (next == SITES_END)
            return fits_state(session, NULL) ? SITES_END : end_at_wrong_list(session);
        line = listed->site->line;
        if (!fits_state(session, listed->site)) {
            site_free(listed->site);
            return end_at_wrong_list(session);
        }
        if (!state_is_done(state, line)) {
            state_take(state, line);
            state_advance(state, line, sites_position(session->sites)->sum);
            listed->site->number -= session->skipped; /* numbered among the sites of this run */
            return SITES_ONE;
        }
        site_free(listed->site);
        session->skipped++;
    }
    return SITES_END;
}

/* With --fail a status of 400 or more becomes an error. */
static void apply_fail(const struct session *session, struct result *result, char status[16])
{
    if (result->error || !session->options.output->fail || result->status < 400)
        return;
    snprintf(status, 16, "%u", result->status);
    result->error = ERROR_STATUS;
    result->phase = PHASE_RECEIVE;
    result->detail = status;
}

/* Composes the line and adds it to `order`. */
static void report_in_order(struct session *session, const struct result *result)
{
    struct order_line line = {.number = result->site->number,
                              .line = result->site->line,
                              .failed = result->error != ERROR_NONE};
    char *bytes = NULL;
    FILE *line_stream = memory_stream(&bytes, &line.length);

    report_result(session->report, line_stream, result);
    fclose(line_stream);
    line.bytes = bytes;
    order_put(session->order, &line);
    free(bytes);
}

void session_report(struct session *session, const struct result *fetched)
{
    struct result result = *fetched;
    nsec took = result.stamps.done - result.stamps.start;
    char status[16];

    result.mode = session->mode;
    apply_fail(session, &result, status);
    totals_add(&session->totals, &result);
    if (took > session->slowest)
        session->slowest = took;
    progress_count(session->progress, result.status, result.error != ERROR_NONE);
    if (session->order) {
        report_in_order(session, &result);
    } else {
        report_result(session->report, output_begin(session->output), &result);
        output_end(session->output);
        if (session->state)
            state_report(session->state, result.site->line, result.error != ERROR_NONE);
    }
    if (!session->options.output->file)
        progress_hide_for_flush(session->progress);
}

void session_write_line(struct session *session, const char *line)
{
    if (session->options.output->format != FORMAT_TEXT)
        return;
    fputs(line, output_begin(session->output));
    output_end(session->output);
}

void session_flush(struct session *session)
{
    /* with --resume a later run fetches and prints them in order */
    if (session->order && !session->state)
        order_flush(session->order);
}

bool session_reader_has_left(const struct session *session)
{
    int error = session->output ? output_error(session->output) : session->output_error;

    return error == EPIPE && !session->options.output->file;
}

/* Finishes the output first, then records in the state that the list is done. */
static void finish(struct session *session, bool complete)
{
    bool finished = output_finish(session->output, complete);
    const char *kept = output_kept(session->output);

    if (!finished)
        session->output_error = output_error(session->output);
    if (kept)
        diagnostic("the results are in %s", kept);
    if (finished && complete && session->state)
        record(session, state_finish);
}

void session_close_output(struct session *session, bool complete)
{
    if (session->output) {
        session->output_error = output_error(session->output);
        finish(session, complete && !session->output_error && !session->state_error);
        output_free(session->output);
    }
    order_free(session->order);
    report_free(session->report);
    session->order = NULL;
    session->output = NULL;
    session->report = NULL;
}

/* Reports how to continue a run that a signal or the reader of its output has ended. */
static void hint_at_continuing(const struct session *session)
{
    const struct output_options *output = session->options.output;
    const struct state_head *head = session->state ? state_head(session->state) : NULL;
    char total[FIGURE_BYTES + sizeof(" of ")] = "";

    if (output->quiet || (head && head->finished))
        return;
    if (!head) {
        if (session->interrupted && !session->mode && session->total >= LONG_LIST)
            diagnostic("with --resume STATE, an interrupted run can be continued");
        return;
    }
    if (session->total)
        snprintf(total, sizeof(total), " of %s", figure_count(session->total).text);
    diagnostic("%s%s sites are done; to continue%s%s", figure_count(head->reported).text, total,
               session->options.command ? ": " : ", repeat the same command",
               session->options.command ? session->options.command : "");
}

enum exit_status session_exit_status(const struct session *session)
{
    const char *output =
        session->options.output->file ? session->options.output->file : "standard output";

    if (session->state_error && session->state_error != EINVAL)
        complain(session->options.output->resume, strerrordesc_np(session->state_error));
    /* `| head` ends quietly; a run with --resume still reports that it is not complete */
    if (session->output_error &&
        (session->options.output->resume || !session_reader_has_left(session)))
        diagnostic("output.closed: %s: %s; some results were not written", output,
                   strerrordesc_np(session->output_error));
    if (session->interrupted || session_reader_has_left(session))
        hint_at_continuing(session);
    if (session->interrupted)
        return EXIT_INTERRUPTED;
    if (session->origin_ended)
        return EXIT_SETUP;
    if (session->state_error)
        return session->state_error == EINVAL ? EXIT_USAGE : EXIT_SETUP;
    return session->output_error || session->totals.failed ? EXIT_SOME_FAILED : EXIT_FETCHED;
}
