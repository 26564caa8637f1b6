/* firstbyte fetch, and the asynchronous half of a race. */
#include "cli/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/network.h"
#include "cli/output/diagnostic.h"
#include "cli/output/figures.h"
#include "http/fetch.h"
#include "reactor/interrupt.h"

/* Standard streams, epoll, signals, list, nameservers, and a reserve. */
#define OWN_DESCRIPTORS 24

/* Requests to one host at once, unless chosen by the user: over HTTP/1.1, as many as the
   connections of a browser; over HTTP/2, as many as the streams of one connection. */
#define PER_HOST        6
#define PER_HOST_SHARED 100

struct reactor_half {
    const struct options *options;
    struct session *session;
    struct loop *loop;
    struct network network;
    struct fetch *fetch;
    struct interrupt interrupt;
    struct watch origin;  /* becomes ready when the rehearsal's process ends */
    uint64_t taken;       /* sites taken from the list */
    bool all_reported;    /* every site of the list was reported */
    bool writing_rest;    /* only results remain to be written */
    bool writing_aborted; /* a signal came in the meantime: results may be lost */
};

static enum fetch_next next_site(void *owner, const struct url_origin *near, struct site **site)
{
    struct reactor_half *half = owner;
    struct session *session = half->session;
    struct listed listed;

    if (output_full(session->output) ||
        (session->order && !order_has_room(session->order, half->taken)))
        return FETCH_LATER;
    if (near) { /* with --order, looking ahead would only fill the window */
        if (session->order || !sites_near(session->sites, near, &listed))
            return FETCH_LATER;
        session_check_keys(session, &listed);
    } else {
        switch (session_next(session, &listed)) {
        case SITES_LATER: return FETCH_LATER;
        case SITES_END: return FETCH_END;
        case SITES_ONE: half->taken++; break;
        }
    }
    *site = listed.site;
    return FETCH_SITE;
}

static void on_report(void *owner, const struct result *result)
{
    struct reactor_half *half = owner;

    session_report(half->session, result);
    if (half->session->state_error)
        loop_stop(half->loop);
}

static void on_lowered(void *owner, size_t now)
{
    struct reactor_half *half = owner;

    if (half->options->output.quiet)
        return;
    progress_hide(half->session->progress);
    diagnostic("no descriptor is left: concurrency is lowered to %s", figure_count(now).text);
    progress_show(half->session->progress);
}

static void on_ended(void *owner)
{
    struct reactor_half *half = owner;

    half->all_reported = true;
    loop_stop(half->loop);
}

static void on_more(void *owner)
{
    struct reactor_half *half = owner;

    if (half->fetch)
        fetch_take_sites(half->fetch);
}

static void on_broken(void *owner, int error)
{
    const struct reactor_half *half = owner;

    (void)error;
    loop_stop(half->loop);
}

static void on_interrupt(void *owner, int number)
{
    struct reactor_half *half = owner;

    (void)number;
    half->session->interrupted = true;
    half->writing_aborted = half->writing_rest;
    loop_stop(half->loop);
}

static void on_origin_end(void *owner, uint32_t events)
{
    struct reactor_half *half = owner;

    (void)events;
    loop_unwatch(half->loop, &half->origin);
    loop_stop(half->loop);
}

static size_t in_flight(void *owner)
{
    const struct reactor_half *half = owner;

    return half->fetch ? fetch_in_flight(half->fetch) : 0;
}

/* The number of connections that the limit of descriptors allows. */
static size_t max_connections(size_t *allowed)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return SIZE_MAX;
    *allowed = (size_t)limit.rlim_cur;
    return *allowed > OWN_DESCRIPTORS ? *allowed - OWN_DESCRIPTORS : 1;
}

/* Converts a rate per second to an interval between two starts. Rate 0: no limit. */
static nsec interval_of(double rate)
{
    return rate > 0 ? (nsec)((double)NSEC_PER_S / rate) : 0;
}

static void make_fetch(struct reactor_half *half)
{
    const struct options *options = half->options;
    size_t allowed = 0, room = max_connections(&allowed);
    bool chosen = options->per_host != PER_HOST_DEFAULT;
    struct fetch_settings settings = {
        .concurrency = options->concurrency < room ? options->concurrency : room,
        .per_host = chosen ? options->per_host : PER_HOST,
        .per_host_shared = chosen ? options->per_host : PER_HOST_SHARED,
        .host_interval = interval_of(options->per_host_rate),
        .interval = interval_of(options->rate),
        /* the blocking half of a race speaks only HTTP/1.1 */
        .versions = options->command == COMMAND_RACE ? HTTP_1_1_ONLY : options->versions,
        .seed = clock_now() ^ (uint64_t)getpid() << 32,
        .exchange = options->exchange,
        .chain = options->chain,
        .next = next_site,
        .report = on_report,
        .lowered = on_lowered,
        .ended = on_ended,
        .owner = half,
    };

    settings.idle = room - settings.concurrency;
    if (settings.idle > settings.concurrency)
        settings.idle = settings.concurrency;
    if (settings.concurrency < options->concurrency && !options->output.quiet)
        diagnostic("concurrency is lowered from %s to %s: %s descriptors are allowed "
                   "(ulimit -n)",
                   figure_count(options->concurrency).text, figure_count(settings.concurrency).text,
                   figure_count(allowed).text);
    half->fetch = fetch_new(&half->network.dialer, &settings);
}

/* Writes the results that are ready, until all are written, the output fails, or a signal comes. */
static void write_rest(struct reactor_half *half)
{
    struct session *session = half->session;

    half->writing_rest = true;
    session_flush(session);
    while (!output_idle(session->output) && !half->writing_aborted)
        loop_turn(half->loop, NSEC_NEVER);
    session_close_output(session, half->all_reported && !half->writing_aborted);
}

/* Sets up all that the first site needs. False, with a diagnostic, if a part fails. */
static bool set_up(struct reactor_half *half)
{
    struct session *session = half->session;
    const struct options *options = half->options;
    int error;

    if (!session_open_output(session, half->loop, on_more, on_broken, half))
        return false;
    /* not earlier: opening a FIFO waits for its reader and must be interruptible */
    interrupts_hold();
    if (!network_open(&half->network, &options->network, &session->rehearsal, half->loop))
        return false;
    error = interrupt_start(&half->interrupt, half->loop, on_interrupt, half);
    if (error)
        return complain("signals", strerrordesc_np(error));
    error = rehearsal_watch(&session->rehearsal, half->loop, &half->origin, on_origin_end, half);
    if (error)
        return complain("rehearsal", strerrordesc_np(error));
    if (!options->output.quiet && !options->network.verbose && !session->mode)
        session->progress =
            progress_new(half->loop, STDERR_FILENO, session->total, in_flight, half);
    progress_count_earlier(session->progress, session->earlier_reported, session->earlier_failed);
    make_fetch(half);
    return true;
}

/* Whether the run ends without a word: the reader of standard output has left, as in `| head`, and
   no state is to be continued. */
static bool ends_quietly(const struct session *session)
{
    return session_reader_has_left(session) && !session->state;
}

/* Replaces the progress line by the totals of the run. */
static void write_totals(struct session *session, nsec took)
{
    uint64_t reported = session->earlier_reported + session->totals.reported;
    uint64_t failed = session->earlier_failed + session->totals.failed;
    char *text;
    size_t length;
    FILE *to;

    if (!session->progress)
        return;
    progress_free(session->progress);
    session->progress = NULL;
    if (ends_quietly(session))
        return;
    to = memory_stream(&text, &length);
    totals_write(to, &session->totals);
    fprintf(to, "; %s", figure_span((double)took).text);
    if (session->earlier_reported)
        fprintf(to, "; with earlier runs %s ok, %s failed", figure_count(reported - failed).text,
                figure_count(failed).text);
    fclose(to);
    diagnostic("%s", text);
    free(text);
}

/* Fetches all sites concurrently; *took is the time until the last response. */
static bool run_all(struct reactor_half *half, nsec *took)
{
    struct session *session = half->session;
    nsec start = clock_now();
    size_t left;

    if (!set_up(half))
        return false;
    if (session->mode)
        session_write_line(session, "Running asynchronous example\n");
    fetch_take_sites(half->fetch);
    loop_run(half->loop);
    *took = clock_now() - start;
    left = fetch_unreported(half->fetch);
    fetch_free(half->fetch); /* no further site is started */
    half->fetch = NULL;
    write_totals(session, *took);
    loop_unwatch(half->loop, &half->origin);
    /* the origin may have ended earlier in this turn, and the last site failed because of it */
    session->origin_ended = rehearsal_report_end(&session->rehearsal);
    if (half->all_reported && !session->checked)
        session_report_empty(session);
    if (left && !half->options->output.quiet && !ends_quietly(session))
        diagnostic("%s %s in flight and not reported", figure_count(left).text,
                   left == 1 ? "site was" : "sites were");
    write_rest(half);
    interrupt_stop(&half->interrupt);
    return true;
}

bool run_reactor_half(const struct options *options, struct session *session, nsec *took)
{
    struct reactor_half half = {.options = options, .session = session, .loop = loop_new()};
    bool made = false;

    sites_close(session->sites);
    if (session_open_list(session, half.loop, on_more, &half))
        made = run_all(&half, took);
    if (!made)
        session_close_output(session, false);
    network_close(&half.network);
    sites_close(session->sites);
    session->sites = NULL;
    loop_free(half.loop);
    return made;
}

/* The command line that continues the run, or NULL: it does not show where the list comes from or
   where the results go. */
static const char *shown_command(const struct options *options)
{
    const char *list = options->list.file;
    bool piped_list = list && (!strcmp(list, "-") || !strncmp(list, "/dev/", strlen("/dev/")));

    return piped_list || !(options->output.file || isatty(STDOUT_FILENO)) ? NULL
                                                                          : options->command_line;
}

enum exit_status run_session(const struct options *options, session_fn *run)
{
    const struct session_options how = {.list = &options->list,
                                        .request = &options->request,
                                        .exchange = &options->exchange,
                                        .output = &options->output,
                                        .command = shown_command(options),
                                        .twice = options->command == COMMAND_RACE,
                                        .warns_of_keys = options->rehearse &&
                                                         !options->output.quiet &&
                                                         !rehearsal_reads(&options->list)};
    struct session session;
    enum exit_status status = EXIT_USAGE;

    session_init(&session, &how);
    if (!session_open_state(&session)) {
        status = EXIT_SETUP;
    } else if (session_open_list(&session, NULL, NULL, NULL) && session_check_list(&session)) {
        status = EXIT_SETUP;
        if (!options->rehearse || rehearsal_start(&session.rehearsal, &options->list, NULL))
            status = run(options, &session);
    }
    session_close(&session);
    return status;
}

static enum exit_status fetch(const struct options *options, struct session *session)
{
    nsec took;

    return run_reactor_half(options, session, &took) ? session_exit_status(session) : EXIT_SETUP;
}

enum exit_status run_fetch(const struct options *options)
{
    return run_session(options, fetch);
}
