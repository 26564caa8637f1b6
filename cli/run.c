/*
 * Setting up, running and winding up: the two halves of a race, of which fetch is the second alone.
 */
#include "cli/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/blocking.h"
#include "cli/order.h"
#include "cli/output.h"
#include "cli/rehearsal.h"
#include "cli/report.h"
#include "cli/sites.h"
#include "cli/text.h"
#include "http/fetch.h"
#include "reactor/interrupt.h"

#define HOSTS_FILE "/etc/hosts"

/* Descriptors that are no connection: standard ones, epoll, signals, list, nameservers, and some. */
#define OWN_DESCRIPTORS 24

/* What both halves share. */
struct run {
    const struct options *options;
    struct rehearsal rehearsal;
    const char *mode; /* of this half in a race; else NULL */
    struct sites *sites;
    struct output *output;
    struct order *order; /* NULL: lines as sites finish */
    size_t reported, failed;
    nsec slowest; /* of the sites of this half */
    bool interrupted;
    int output_error; /* errno that ended the output, or 0 */
};

/* The asynchronous half. */
struct reactor_half {
    struct run *run;
    struct loop *loop;
    struct dialer dialer;
    struct resolver *resolver;
    struct fetch *fetch;
    struct interrupt interrupt;
    uint64_t taken; /* sites taken from the list */
    bool draining;  /* only the writing of results is left */
    bool hurried;   /* a signal came while draining */
};

/* Says what is wrong, with what came from outside escaped. Returns false, for the caller's. */
static bool complain(const char *what, const char *why)
{
    fputs("firstbyte: ", stderr);
    text_show(stderr, what, strlen(what), TEXT_ALL);
    fputs(": ", stderr);
    text_show(stderr, why, strlen(why), TEXT_ALL);
    putc('\n', stderr);
    return false;
}

static void put_line(void *owner, const char *bytes, size_t length)
{
    struct run *run = owner;

    fwrite(bytes, 1, length, output_begin(run->output));
    output_end(run->output);
}

static void compose(const struct run *run, FILE *to, const struct result *result)
{
    if (run->options->json)
        report_json(to, result);
    else
        report_text(to, result);
}

/* The one place where a result of either half becomes a line. */
static void report(struct run *run, const struct result *fetched)
{
    struct result result = *fetched;
    char status[16], *line = NULL;
    size_t length = 0;
    FILE *aside;

    result.mode = run->mode;
    if (!result.error && run->options->fail && result.status >= 400) {
        snprintf(status, sizeof(status), "%u", result.status);
        result.error = ERROR_STATUS;
        result.phase = PHASE_RECEIVE;
        result.detail = status;
    }
    run->reported++;
    run->failed += result.error != ERROR_NONE;
    if (result.stamps.done - result.stamps.start > run->slowest)
        run->slowest = result.stamps.done - result.stamps.start;
    if (!run->order) {
        compose(run, output_begin(run->output), &result);
        output_end(run->output);
        return;
    }
    aside = open_memstream(&line, &length);
    compose(run, aside, &result);
    fclose(aside);
    order_put(run->order, result.site->number, line, length);
    free(line);
}

/* Opens the list of the options. With a loop, a pipe that has nothing yet does not hold it up. */
static bool open_list(struct run *run, struct loop *loop, void (*ready)(void *owner), void *owner)
{
    const struct options *options = run->options;
    struct sites_options how = {
        .timeout = options->timeout, .loop = loop, .ready = ready, .owner = owner};

    run->sites = options->file ? sites_open(options->file, &how)
                               : sites_from_words(options->words, options->word_count, &how);
    if (!run->sites)
        complain(options->file ? options->file : "URLs",
                 errno == ENOENT ? "no such file; give URLs, or a list with -f FILE"
                                 : strerrordesc_np(errno));
    return run->sites;
}

/* Reads a list to its end, refuses it where a line is no site, and goes back to the beginning. What
   cannot be read twice, a pipe, is judged line by line as it comes. */
static bool check_list(struct run *run)
{
    struct listed listed;
    bool sound = true;

    if (!sites_rewind(run->sites))
        return true;
    while (sound && sites_next(run->sites, &listed) == SITES_ONE) {
        sound = !listed.site->unreadable;
        if (!sound && run->options->file)
            complain(listed.site->unreadable, listed.site->url.shown);
        else if (!sound)
            complain(listed.site->url.shown, listed.site->unreadable);
        site_free(listed.site);
    }
    return sound && sites_rewind(run->sites);
}

/* Room for connections under the limit of descriptors. */
static size_t room_for_connections(size_t *allowed)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return SIZE_MAX;
    *allowed = (size_t)limit.rlim_cur;
    return *allowed > OWN_DESCRIPTORS ? *allowed - OWN_DESCRIPTORS : 1;
}

static enum fetch_next next_site(void *owner, const struct url_origin *near, struct site **site)
{
    struct reactor_half *half = owner;
    struct listed listed;

    if (output_full(half->run->output) ||
        (half->run->order && !order_has_room(half->run->order, half->taken)))
        return FETCH_LATER;
    if (near) { /* in the list's order, looking ahead would only fill the window */
        if (half->run->order || !sites_near(half->run->sites, near, &listed))
            return FETCH_LATER;
        *site = listed.site;
        return FETCH_SITE;
    }
    switch (sites_next(half->run->sites, &listed)) {
    case SITES_LATER: return FETCH_LATER;
    case SITES_END: return FETCH_END;
    case SITES_ONE: break;
    }
    half->taken++;
    *site = listed.site;
    return FETCH_SITE;
}

static void on_report(void *owner, const struct result *result)
{
    struct reactor_half *half = owner;

    report(half->run, result);
}

static void on_lowered(void *owner, size_t now)
{
    (void)owner;
    fprintf(stderr, "firstbyte: no descriptor is left; concurrency lowered to %zu\n", now);
}

static void on_ended(void *owner)
{
    struct reactor_half *half = owner;

    loop_stop(half->loop);
}

static void on_more(void *owner)
{
    struct reactor_half *half = owner;

    if (half->fetch)
        fetch_poke(half->fetch);
}

static void on_broken(void *owner, int error)
{
    struct reactor_half *half = owner;

    (void)error;
    loop_stop(half->loop);
}

static void on_interrupt(void *owner, int number)
{
    struct reactor_half *half = owner;

    (void)number;
    half->run->interrupted = true;
    half->hurried = half->draining;
    loop_stop(half->loop);
}

/* A dialer for one half: each makes its own TLS client, so that neither profits from the other. */
static bool make_dialer(const struct run *run, struct dialer *dialer, struct loop *loop)
{
    const struct options *options = run->options;
    char *why;

    dialer_init(dialer, loop);
    dialer->dns_timeout = options->dns_timeout;
    dialer->connect_timeout = options->connect_timeout;
    dialer->tls_timeout = options->tls_timeout;
    dialer->trust = (struct tls_client_options){
        .authorities_file = options->authorities,
        .authorities_pem = run->rehearsal.authority,
        .insecure = options->insecure,
    };
    if (options->rehearse)
        dialer->map = &run->rehearsal.map;
    if (!options->authorities || options->rehearse)
        return true;
    why = dial_prepare_tls(dialer); /* a file that was named is looked at now, not at a site */
    if (why)
        complain("--cacert", why);
    free(why);
    return dialer->tls;
}

static bool make_resolver(struct reactor_half *half)
{
    char servers[ADDRESS_TEXT_BYTES];
    const struct dial_map *map = half->dialer.map;
    struct resolver_options options = {.hosts = map ? NULL : HOSTS_FILE};
    const char *why;

    if (map)
        options.servers = address_text(&map->nameserver, servers);
    half->resolver = resolver_new(half->loop, &options, &why);
    if (!half->resolver)
        complain("name resolution cannot start", why);
    half->dialer.resolver = half->resolver;
    return half->resolver;
}

static void make_fetch(struct reactor_half *half)
{
    const struct options *options = half->run->options;
    size_t allowed = 0, room = room_for_connections(&allowed);
    struct fetch_settings settings = {
        .concurrency = options->concurrency < room ? options->concurrency : room,
        .ttfb_timeout = options->ttfb_timeout,
        .next = next_site,
        .report = on_report,
        .lowered = on_lowered,
        .ended = on_ended,
        .owner = half,
    };

    settings.idle = room - settings.concurrency;
    if (settings.idle > settings.concurrency)
        settings.idle = settings.concurrency;
    if (settings.concurrency < options->concurrency)
        fprintf(stderr,
                "firstbyte: concurrency lowered from %zu to %zu: %zu descriptors are allowed "
                "(ulimit -n)\n",
                options->concurrency, settings.concurrency, allowed);
    half->fetch = fetch_new(&half->dialer, &settings);
}

/* What is finished is printed: until all is written, the reader is gone, or a signal comes. */
static void drain(struct reactor_half *half)
{
    struct run *run = half->run;

    half->draining = true;
    if (run->order)
        order_flush(run->order);
    while (!output_idle(run->output) && !half->hurried)
        loop_turn(half->loop, NSEC_NEVER);
    run->output_error = output_error(run->output);
}

/* Ends what open_list and run_reactor began; the loop last. */
static void close_half(struct reactor_half *half)
{
    struct run *run = half->run;

    if (half->fetch)
        fetch_free(half->fetch);
    resolver_free(half->resolver);
    dialer_free(&half->dialer);
    order_free(run->order);
    output_free(run->output);
    sites_close(run->sites);
    run->order = NULL;
    run->output = NULL;
    run->sites = NULL;
    loop_free(half->loop);
}

/* A heading of the race. */
static void say(struct run *run, const char *line)
{
    if (run->options->json)
        return;
    fputs(line, output_begin(run->output));
    output_end(run->output);
}

/* Runs all sites at once; *took is the time until the last answer. False where it cannot be set up. */
static bool run_reactor(struct reactor_half *half, nsec *took)
{
    struct run *run = half->run;
    nsec began = clock_now();
    size_t left;
    int error;

    run->output = output_new(half->loop, STDOUT_FILENO, on_more, on_broken, half);
    run->order = run->options->input_order ? order_new(put_line, run) : NULL;
    if (!make_dialer(run, &half->dialer, half->loop) || !make_resolver(half))
        return false;
    error = interrupt_start(&half->interrupt, half->loop, on_interrupt, half);
    if (error)
        return complain("signals", strerrordesc_np(error));
    make_fetch(half);
    if (run->mode)
        say(run, "Running asynchronous example\n");
    fetch_poke(half->fetch);
    loop_run(half->loop);
    *took = clock_now() - began;
    left = fetch_in_flight(half->fetch);
    fetch_free(half->fetch); /* nothing is started any more */
    half->fetch = NULL;
    if (left)
        fprintf(stderr, "firstbyte: %zu sites were under way and are given up\n", left);
    drain(half);
    interrupt_stop(&half->interrupt);
    return true;
}

/* What the whole run came to. */
static enum exit_status verdict(const struct run *run)
{
    if (run->interrupted)
        return EXIT_INTERRUPTED;
    if (run->output_error) {
        fprintf(stderr,
                "firstbyte: output.closed: standard output: %s; not every result was written\n",
                strerrordesc_np(run->output_error));
        return EXIT_SOME_FAILED;
    }
    return run->failed ? EXIT_SOME_FAILED : EXIT_FETCHED;
}

enum exit_status run_fetch(const struct options *options)
{
    struct run run = {.options = options, .rehearsal = {.child = -1, .lifeline = -1}};
    struct reactor_half half = {.run = &run, .loop = loop_new()};
    enum exit_status status = EXIT_USAGE;
    nsec took;

    dialer_init(&half.dialer, half.loop);
    if (open_list(&run, half.loop, on_more, &half) && check_list(&run)) {
        status = EXIT_SETUP;
        if (!options->rehearse || rehearsal_start(&run.rehearsal, options))
            status = run_reactor(&half, &took) ? verdict(&run) : EXIT_SETUP;
    }
    close_half(&half);
    rehearsal_stop(&run.rehearsal);
    return status;
}

/* Set by SIGINT and SIGTERM in the blocking half, where no loop listens: the call under way returns
   EINTR. A signal that comes just before a call would leave that call waiting, so SIGALRM follows
   until the half has ended. */
static volatile sig_atomic_t blocking_interrupted;

static void on_blocking_signal(int number)
{
    (void)number;
    blocking_interrupted = 1;
    alarm(1);
}

/* Installs the handler, or puts back what was there before. */
static void listen_for_signals(bool on)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGALRM};
    static struct sigaction old[sizeof(numbers) / sizeof(*numbers)];
    const struct sigaction ours = {.sa_handler = on_blocking_signal};

    if (!on)
        alarm(0);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        if (on)
            sigaction(numbers[i], &ours, &old[i]);
        else
            sigaction(numbers[i], &old[i], NULL);
    }
}

/* Fetches the sites one after the other. */
static void fetch_in_turn(struct run *run, struct dialer *dialer)
{
    struct blocking blocking = {.dialer = dialer,
                                .ttfb_timeout = run->options->ttfb_timeout,
                                .interrupted = &blocking_interrupted};
    struct listed listed;

    while (!blocking_interrupted && !output_error(run->output) &&
           sites_next(run->sites, &listed) == SITES_ONE) {
        struct result result;

        blocking_fetch(&blocking, listed.site, &result);
        if (result.error != ERROR_INTERRUPTED)
            report(run, &result);
        site_free(listed.site);
    }
}

/* The synchronous half; *took is the time until the last answer. */
static bool run_blocking(struct run *run, nsec *took)
{
    struct dialer dialer;
    nsec began;
    bool made;

    run->mode = "blocking";
    run->output = output_new_blocking(STDOUT_FILENO);
    made = make_dialer(run, &dialer, NULL);
    if (made) {
        listen_for_signals(true);
        say(run, "Running synchronous example\n");
        began = clock_now();
        fetch_in_turn(run, &dialer);
        *took = clock_now() - began;
        listen_for_signals(false);
    }
    dialer_free(&dialer);
    run->interrupted = blocking_interrupted;
    run->output_error = output_error(run->output);
    output_free(run->output);
    run->output = NULL;
    return made;
}

/* The asynchronous half of a race. */
static bool race_reactor(struct run *run, nsec *took)
{
    struct reactor_half half = {.run = run, .loop = loop_new()};
    bool made;

    run->mode = "reactor";
    sites_close(run->sites);
    dialer_init(&half.dialer, half.loop);
    made = open_list(run, half.loop, on_more, &half) && run_reactor(&half, took);
    close_half(&half);
    return made;
}

static void say_totals(struct run *run, const struct race_totals *totals)
{
    FILE *to;

    run->output = output_new_blocking(STDOUT_FILENO);
    to = output_begin(run->output);
    if (run->options->json)
        report_race_json(to, totals);
    else
        report_race_text(to, totals);
    output_end(run->output);
    run->output_error = output_error(run->output);
    output_free(run->output);
}

/* Both halves and the totals; each only where the one before came to its end. */
static enum exit_status race(struct run *run)
{
    struct race_totals totals = {0};

    if (!run_blocking(run, &totals.blocking))
        return EXIT_SETUP;
    totals.slowest = run->slowest;
    if (run->interrupted || run->output_error)
        return verdict(run);
    if (!race_reactor(run, &totals.reactor))
        return EXIT_SETUP;
    if (!run->interrupted && !run->output_error)
        say_totals(run, &totals);
    return verdict(run);
}

enum exit_status run_race(const struct options *options)
{
    struct run run = {.options = options, .rehearsal = {.child = -1, .lifeline = -1}};
    enum exit_status status = EXIT_USAGE;

    if (open_list(&run, NULL, NULL, NULL) && !sites_rewind(run.sites)) {
        complain(options->file, "a race reads its list twice; give it a file");
    } else if (run.sites && check_list(&run)) {
        status = EXIT_SETUP;
        if (!options->rehearse || rehearsal_start(&run.rehearsal, options))
            status = race(&run);
    }
    sites_close(run.sites);
    rehearsal_stop(&run.rehearsal);
    return status;
}
