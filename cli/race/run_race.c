/* firstbyte race: the blocking half, the asynchronous half, and their times. */
#include <signal.h>
#include <unistd.h>

#include "cli/network.h"
#include "cli/race/blocking.h"
#include "cli/run.h"
#include "reactor/interrupt.h"

/* Set by a signal in the blocking half, which has no loop: the current call returns EINTR. A signal
   just before a call would leave that call blocked, so SIGALRM follows until the half has ended. */
static volatile sig_atomic_t blocking_interrupted;

static void on_blocking_signal(int number)
{
    if (number != SIGALRM && number != SIGCHLD)
        interrupts_note(number);
    blocking_interrupted = 1;
    alarm(1);
}

/* Installs the handlers, or restores the earlier ones. */
static void set_handlers(bool on)
{
    static struct sigaction old[NSIG];
    const struct sigaction handler = {.sa_handler = on_blocking_signal, .sa_flags = SA_NOCLDSTOP};
    sigset_t set;

    if (!on)
        alarm(0);
    interrupts_sigset(&set);
    sigaddset(&set, SIGALRM);
    sigaddset(&set, SIGCHLD); /* the rehearsal's process has ended */
    for (int number = 1; number < NSIG; number++)
        if (sigismember(&set, number) > 0)
            sigaction(number, on ? &handler : &old[number], on ? &old[number] : NULL);
}

/* Fetches the sites one after the other. */
static void fetch_in_turn(struct session *session, struct dialer *dialer)
{
    struct blocking blocking = {.dialer = dialer,
                                .options = session->options.exchange,
                                .interrupted = &blocking_interrupted};
    struct listed listed;

    while (!blocking_interrupted && !output_error(session->output) &&
           sites_next(session->sites, &listed) == SITES_ONE) {
        struct result result;

        blocking_fetch(&blocking, listed.site, &result);
        if (result.error != ERROR_INTERRUPTED)
            session_report(session, &result);
        blocking_clear(&blocking, &result);
        site_free(listed.site);
    }
}

/* Runs the synchronous half; *took is the time until the last response. */
static bool run_blocking_half(const struct options *options, struct session *session, nsec *took)
{
    struct network network;
    nsec start;
    bool made = network_open(&network, &options->network, &session->rehearsal, NULL) &&
                session_open_output(session, NULL, NULL, NULL, NULL);

    if (made) {
        interrupts_hold();
        set_handlers(true);
        if (interrupts_pending() || rehearsal_has_ended(&session->rehearsal))
            blocking_interrupted = 1; /* the signal came before the handlers were installed */
        session_write_line(session, "Running synchronous example\n");
        start = clock_now();
        fetch_in_turn(session, &network.dialer);
        *took = clock_now() - start;
        set_handlers(false);
    }
    network_close(&network);
    session->interrupted = interrupts_pending();
    session_close_output(session, true);
    session->origin_ended = rehearsal_report_end(&session->rehearsal);
    return made;
}

static void write_totals(struct session *session, const struct race_totals *totals)
{
    struct output *output = output_new_blocking(STDOUT_FILENO);
    FILE *to = output_begin(output);

    if (session->options.output->format == FORMAT_JSON)
        report_race_json(to, totals);
    else if (session->options.output->format == FORMAT_TEXT)
        report_race_text(to, totals);
    output_end(output);
    session->output_error = output_error(output);
    output_free(output);
}

/* Runs both halves and writes the totals. Each runs only if the one before completed. */
static enum exit_status race(const struct options *options, struct session *session)
{
    struct race_totals totals = {0};

    session->mode = "blocking";
    if (!run_blocking_half(options, session, &totals.blocking))
        return EXIT_SETUP;
    totals.slowest = session->slowest;
    if (session->interrupted || session->origin_ended || session->output_error)
        return session_exit_status(session);
    session->mode = "reactor";
    if (!run_reactor_half(options, session, &totals.reactor))
        return EXIT_SETUP;
    if (!session->interrupted && !session->origin_ended && !session->output_error)
        write_totals(session, &totals);
    return session_exit_status(session);
}

enum exit_status run_race(const struct options *options)
{
    return run_session(options, race);
}
