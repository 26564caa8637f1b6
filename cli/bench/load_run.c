/*
 * In one process a run is a loop, the network and a load. With several, each child has its own,
 * with its share of the connections, the rate and the requests, and the parent adds up the tallies.
 */
#include "cli/bench/load_run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/memory.h"
#include "bench/load/load.h"
#include "bench/load/procs.h"
#include "cli/network.h"
#include "cli/output/diagnostic.h"
#include "reactor/interrupt.h"

/* time for several processes to start and to read the files that they need */
#define START_AFTER (200 * NSEC_PER_MS)

/* The exit status of a child that a signal ended early is this plus the number of the signal. */
#define ENDED_BY_SIGNAL 128

struct runner {
    const struct load_plan *plan;
    unsigned share, shares; /* this process is number `share` of `shares` */
    struct loop *loop;
    struct network network;
    struct sock_source *sources; /* the addresses of --interface, or any */
    size_t source_count;
    struct interrupt interrupt;
    struct load *load;
    int signal;          /* the signal that ended the run; 0: none */
    struct watch origin; /* becomes ready when the rehearsal's process ends */
    void (*interval)(void *owner, const struct tally *tally);
    void *owner;
};

/* Returns a share of a whole that is divided as evenly as possible. */
static uint64_t part(uint64_t whole, unsigned share, unsigned shares)
{
    return whole / shares + (share < whole % shares);
}

/* Returns the options of this process's share. */
static struct load_options options_of(const struct runner *runner)
{
    struct load_options options = runner->plan->load.run;

    options.all_requests = options.requests;
    options.requests = part(options.requests, runner->share, runner->shares);
    options.connections = part(options.connections, runner->share, runner->shares);
    options.schedule.share = runner->share;
    options.schedule.shares = runner->shares;
    options.seed = options.schedule.seed + runner->share;
    options.sources = runner->sources;
    options.source_count = runner->source_count;
    return options;
}

static void on_interrupt(void *owner, int number)
{
    struct runner *runner = owner;

    runner->signal = number;
    load_stop(runner->load);
}

static void on_origin_end(void *owner, uint32_t events)
{
    struct runner *runner = owner;

    (void)events;
    loop_unwatch(runner->loop, &runner->origin);
    load_stop(runner->load);
}

/* Watches the rehearsal's process. With several processes the parent watches it. */
static bool watch_origin(struct runner *runner)
{
    int error = runner->shares > 1 ? 0
                                   : rehearsal_watch(runner->plan->rehearsal, runner->loop,
                                                     &runner->origin, on_origin_end, runner);

    return !error || complain("rehearsal", strerrordesc_np(error));
}

static void on_interval(void *owner, const struct tally *tally)
{
    const struct runner *runner = owner;

    runner->interval(runner->owner, tally);
}

static void on_done(void *owner)
{
    const struct runner *runner = owner;

    loop_stop(runner->loop);
}

static bool read_sources(struct runner *runner)
{
    const struct texts *texts = &runner->plan->network->interfaces;

    runner->source_count = texts->count ? texts->count : 1;
    runner->sources = memory_zeroed(runner->source_count * sizeof(*runner->sources));
    for (size_t i = 0; i < texts->count; i++) {
        const char *wrong = sock_source_parse(&runner->sources[i], texts->list[i]);

        if (wrong)
            return complain(texts->list[i], wrong);
    }
    for (size_t i = 0; i < runner->source_count; i++)
        runner->sources[i].any_port = true;
    return true;
}

/* Limits each phase of a connection to the timeout of a request. */
static void limit_phases(struct dialer *dialer, nsec timeout)
{
    nsec *limits[] = {&dialer->dns_timeout, &dialer->connect_timeout, &dialer->tls_timeout};

    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
        if (*limits[i] > timeout)
            *limits[i] = timeout;
}

static bool make_load(struct runner *runner)
{
    const struct load_options options = options_of(runner);
    char *why;

    limit_phases(&runner->network.dialer, options.timeout);
    runner->load = load_new(&options, &runner->network.dialer, on_interval, on_done, runner, &why);
    return runner->load || complain_and_free("TLS", why);
}

/* Runs the load to its end. False, with a diagnostic, if it cannot be set up. */
static bool run_here(struct runner *runner)
{
    bool made = false;
    int error;

    runner->loop = loop_new();
    watch_init(&runner->origin, on_origin_end, runner, "load origin process");
    if (network_open(&runner->network, runner->plan->network, runner->plan->rehearsal,
                     runner->loop) &&
        read_sources(runner) && make_load(runner) && watch_origin(runner)) {
        error = interrupt_start(&runner->interrupt, runner->loop, on_interrupt, runner);
        made = !error || complain("signals", strerrordesc_np(error));
    }
    if (made) {
        load_start(runner->load);
        loop_run(runner->loop);
        interrupt_stop(&runner->interrupt);
    }
    loop_unwatch(runner->loop, &runner->origin);
    load_free(runner->load);
    network_close(&runner->network);
    free(runner->sources);
    loop_free(runner->loop);
    return made;
}

/* --- several processes --- */

struct parent {
    struct loop *loop;
    struct procs *procs;
    struct recorder *recorder;
    struct load_outcome *outcome;
    struct watch origin; /* becomes ready when the rehearsal's process ends */
};

static void send_interval(void *owner, const struct tally *tally)
{
    const int *fd = owner;

    procs_send(*fd, tally);
}

static int run_child(void *arg, unsigned index, int fd)
{
    const struct load_plan *plan = arg;
    struct runner runner = {
        .plan = plan,
        .share = index,
        .shares = plan->load.processes,
        .interval = send_interval,
        .owner = &fd,
    };

    if (!run_here(&runner))
        return EXIT_SETUP;
    return runner.signal ? ENDED_BY_SIGNAL + runner.signal : EXIT_FETCHED;
}

/* Takes an interval of this process, or of all children together. */
static void on_joined(void *owner, const struct tally *joined)
{
    const struct parent *parent = owner;

    parent->outcome->ended = clock_now();
    recorder_interval(parent->recorder, joined);
}

static void on_all_done(void *owner)
{
    const struct parent *parent = owner;

    loop_stop(parent->loop);
}

static void on_parent_interrupt(void *owner, int number)
{
    struct parent *parent = owner;

    (void)number;
    parent->outcome->interrupted = true;
    procs_stop(parent->procs);
}

static void on_parents_origin_end(void *owner, uint32_t events)
{
    struct parent *parent = owner;

    (void)events;
    loop_unwatch(parent->loop, &parent->origin);
    parent->outcome->origin_ended = true;
    procs_stop(parent->procs);
}

/* Whether a signal ended a child early. */
static bool ended_early(const struct proc *proc)
{
    return proc->end == PROC_STATUS && proc->number > ENDED_BY_SIGNAL;
}

#define PROCESS "process %u of %u "

/* Reports a child that failed. */
static void report_failure(const struct proc *proc, unsigned number, unsigned count)
{
    if (proc->end == PROC_SIGNAL)
        diagnostic(PROCESS "was killed by signal %d", number, count, proc->number);
    else if (proc->end == PROC_STOPPED)
        diagnostic(PROCESS "was stopped (SIGSTOP) when the others had ended, and was killed",
                   number, count);
    else if (ended_early(proc))
        diagnostic(PROCESS "was ended early by signal %d", number, count,
                   proc->number - ENDED_BY_SIGNAL);
    else if (proc->end == PROC_STATUS)
        diagnostic(PROCESS "ended with status %d", number, count, proc->number);
    else
        diagnostic(PROCESS "sent an invalid tally", number, count);
}

/* Reports failed children. Returns whether there are any. After an interrupt they may end early. */
static bool report_failures(const struct parent *parent, unsigned count)
{
    const struct load_outcome *outcome = parent->outcome;
    bool lost = false;

    if (!procs_failed(parent->procs))
        return false;
    for (unsigned i = 0; i < count; i++) {
        const struct proc *proc = procs_child(parent->procs, i);

        if (proc->end == PROC_SUCCEEDED ||
            ((outcome->interrupted || outcome->origin_ended) && ended_early(proc)))
            continue;
        report_failure(proc, i + 1, count);
        lost = true;
    }
    return lost;
}

/* Starts the children. They begin the schedule at the same time, when all should be ready. */
static bool run_parent(struct parent *parent, const struct load_plan *plan)
{
    struct load_plan whole = *plan;
    const struct procs_options options = {
        .count = plan->load.processes,
        .child = run_child,
        .arg = &whole,
        .interval = on_joined,
        .done = on_all_done,
        .owner = parent,
    };
    struct interrupt interrupt;
    int error;

    whole.load.run.start = clock_now() + START_AFTER;
    parent->procs = procs_start(parent->loop, &options, &error);
    if (!parent->procs)
        return complain("processes", strerrordesc_np(error));
    error = interrupt_start(&interrupt, parent->loop, on_parent_interrupt, parent);
    if (!error) {
        error = rehearsal_watch(plan->rehearsal, parent->loop, &parent->origin,
                                on_parents_origin_end, parent);
        if (error)
            interrupt_stop(&interrupt);
    }
    if (!error) {
        loop_run(parent->loop);
        loop_turn(parent->loop, 0); /* a signal to the process group may have arrived here too */
        interrupt_stop(&interrupt);
        loop_unwatch(parent->loop, &parent->origin);
        parent->outcome->lost = report_failures(parent, options.count);
        parent->outcome->busiest = procs_busiest(parent->procs);
    }
    procs_free(parent->procs);
    return !error || complain("descriptors", strerrordesc_np(error));
}

bool load_run(const struct load_plan *plan, struct recorder *recorder, struct load_outcome *outcome)
{
    struct parent parent = {.recorder = recorder, .outcome = outcome};
    struct runner runner = {.plan = plan, .shares = 1, .interval = on_joined, .owner = &parent};
    bool made;

    *outcome = (struct load_outcome){.interrupted = interrupts_pending()};
    if (outcome->interrupted) /* the signal came between two runs */
        return true;
    if (plan->load.processes == 1) {
        made = run_here(&runner);
        outcome->interrupted = runner.signal;
        outcome->busiest = tally_busy(recorder->total);
    } else {
        parent.loop = loop_new();
        made = run_parent(&parent, plan) && recorder->total->processes;
        loop_free(parent.loop);
    }
    outcome->origin_ended = rehearsal_has_ended(plan->rehearsal);
    return made;
}
