/*
 * Jobs and slots. A job is a site from its start to its result:
 *
 *     taken -> [set aside, while its host is busy] -> in flight -> reported
 *                                  ready <- redirected <-|
 *                        ready <- waiting <- retried   <-|
 *
 * One function, pump, starts jobs: ready ones first, then the next of the list. It runs as a task
 * of the loop, after every change.
 */
#include "http/fetch.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "http/politeness.h"

/* When starts are late, starts of this much time may follow without an interval. */
#define CATCH_UP (10 * NSEC_PER_MS)

/* Limit of the exchanges started and the bad lines reported in one call of pump. An exchange that
   fails immediately frees its slot. Without this limit a list of such sites would be processed
   without a check for signals; each exchange may take a millisecond, if few local ports are free
   and the kernel searches for one. */
#define STARTS_PER_TURN 32

/* Maximum concurrent streams of a connection, also when the server allows more: with all of them on
   one connection, the loss of one packet would delay all. */
#define MAX_STREAMS 100

/* The flow-control window of a stream: what a server may still send after the rest of a body is not
   wanted. */
#define PREVIEW_WINDOW (16 * 1024) /* for --until-preview */
#define MIN_WINDOW     (64 * 1024)
#define MAX_WINDOW     (1024 * 1024)

/* The interval between two checks while the table of hosts is full. */
#define FULL_WAIT (100 * NSEC_PER_MS)

struct job {
    struct fetch *fetch;
    struct site *site;
    struct chain chain;
    struct exchange exchange;
    struct permit permit;     /* for a request to its host */
    struct timer retry_timer; /* until the next attempt */
    struct link all;          /* in fetch->jobs */
    struct link ready;        /* in fetch->ready */
    struct link aside;        /* in fetch->aside, before its first start */
    bool urgent;              /* it has waited for its host or was started before */
};

struct fetch {
    struct dialer *dialer;
    struct fetch_settings settings;
    struct pool *pool;
    struct politeness *politeness;
    struct link jobs;  /* all that were taken and not reported */
    struct link ready; /* those that wait for a slot */
    struct link aside; /* not started, because their host is busy; in the list's order */
    uint64_t line;     /* of the site that was last taken in the list's order */
    size_t count;      /* of the jobs */
    size_t in_flight;  /* of them in flight */
    nsec next_start;   /* the earliest, by the overall rate */
    struct timer wake; /* fires at next_start */
    struct task pump;  /* starts jobs */
    uint64_t random;
    unsigned starts_left; /* of STARTS_PER_TURN, in this call of pump */
    bool source_ended;
    bool ended; /* `ended` was called */
};

static void restart(void *owner);

static struct job *job_new(struct fetch *fetch, struct site *site)
{
    struct job *job = memory_zeroed(sizeof(*job));

    job->fetch = fetch;
    job->site = site;
    chain_init(&job->chain, &fetch->settings.chain, site);
    exchange_init(&job->exchange, fetch->dialer, fetch->pool, &fetch->settings.exchange, site);
    timer_init(&job->retry_timer, restart, job, "retry delay");
    list_put_last(&fetch->jobs, &job->all);
    fetch->count++;
    return job;
}

static void job_free(struct job *job)
{
    struct fetch *fetch = job->fetch;

    exchange_clear(&job->exchange);
    politeness_leave(&job->permit);
    loop_cancel(fetch->dialer->loop, &job->retry_timer);
    list_remove(&job->all);
    list_remove(&job->ready);
    list_remove(&job->aside);
    chain_free(&job->chain);
    site_free(job->site);
    free(job);
    fetch->count--;
}

static void make_ready(struct job *job)
{
    job->urgent = true;
    list_put_last(&job->fetch->ready, &job->ready);
    loop_defer(job->fetch->dialer->loop, &job->fetch->pump);
}

/* Clears the exchange and prepares the next one, after a redirect or the wait before a retry. */
static void restart(void *owner)
{
    struct job *job = owner;
    struct fetch *fetch = job->fetch;

    exchange_clear(&job->exchange);
    exchange_init(&job->exchange, fetch->dialer, fetch->pool, &fetch->settings.exchange, job->site);
    make_ready(job);
}

/* The host of the permit accepts another request. */
static void on_permit_ready(void *owner, struct permit *permit)
{
    (void)owner;
    make_ready(LIST_OWNER(permit, struct job, permit));
}

/* The host's limit depends on the version of HTTP. */
static void on_connected(void *owner, const struct conn *conn)
{
    const struct job *job = owner;
    const struct fetch_settings *settings = &job->fetch->settings;
    bool shared = conn->protocol->multiplexed && settings->exchange.keep_alive;

    politeness_set_max(&job->permit, shared ? settings->per_host_shared : settings->per_host);
}

/* No descriptor is left: closes an idle connection, or lowers the concurrency to the exchanges in
   flight, and repeats the exchange later. False: there is no connection to wait for. */
static bool lower_concurrency(struct fetch *fetch, struct job *job)
{
    nsec taken = job->exchange.result.stamps.taken;

    if (!pool_drop_oldest(fetch->pool)) {
        if (!fetch->in_flight)
            return false;
        fetch->settings.concurrency = fetch->in_flight;
        fetch->settings.lowered(fetch->settings.owner, fetch->in_flight);
    }
    restart(job);
    job->exchange.result.stamps.taken = taken;
    return true;
}

static void on_done(void *owner, const struct result *done)
{
    struct job *job = owner;
    struct fetch *fetch = job->fetch;
    struct result *result = &job->exchange.result; /* chain_next sets fields */
    nsec wait;

    fetch->in_flight--;
    politeness_leave(&job->permit);
    loop_defer(fetch->dialer->loop, &fetch->pump);
    if (done->error == ERROR_DESCRIPTORS && lower_concurrency(fetch, job))
        return;
    switch (chain_next(&job->chain, result, &job->exchange.response, random_next(&fetch->random),
                       &wait)) {
    case CHAIN_REDIRECT: restart(job); break;
    case CHAIN_RETRY:
        loop_arm(fetch->dialer->loop, &job->retry_timer, loop_clock(fetch->dialer->loop) + wait);
        break;
    case CHAIN_OVER:
        fetch->settings.report(fetch->settings.owner, result);
        job_free(job);
        break;
    }
}

/* Starts a job that has a slot. */
static void start(struct fetch *fetch, struct job *job)
{
    struct request request = chain_request(&job->chain);
    nsec now = loop_clock(fetch->dialer->loop);

    if (!fetch->next_start)
        fetch->next_start = now; /* the first start is on time */
    else if (fetch->next_start + CATCH_UP < now)
        fetch->next_start = now - CATCH_UP;
    fetch->next_start += fetch->settings.interval;
    list_remove(&job->aside);
    fetch->in_flight++;
    fetch->starts_left--;
    exchange_start(&job->exchange, &request, chain_timeout(&job->chain), &job->chain.jar, on_done,
                   job);
}

/* Adds a job whose host is busy to `aside`, which is sorted by line: at the end, unless later
   sites were taken earlier. */
static void set_aside(struct fetch *fetch, struct job *job)
{
    struct link *at = &fetch->aside;

    while (at->prev != &fetch->aside &&
           LIST_OWNER(at->prev, struct job, aside)->site->line > job->site->line)
        at = at->prev;
    list_put_before(&job->aside, at);
}

/* Starts a job, or leaves it in the queue of its host. */
static void try_start(struct fetch *fetch, struct job *job)
{
    bool first = !job->urgent;

    job->urgent = true;
    if (politeness_admit(fetch->politeness, &job->permit, chain_url(&job->chain)->host, !first))
        start(fetch, job);
    else if (first)
        set_aside(fetch, job);
}

/* Reports a bad line of the list. */
static void report_line_error(struct fetch *fetch, struct site *site)
{
    nsec now = loop_clock(fetch->dialer->loop);
    struct result result = {
        .site = site,
        .error = ERROR_INPUT,
        .detail = site->line_error,
        .stamps = {.taken = now, .start = now, .done = now},
    };

    fetch->starts_left--;
    fetch->settings.report(fetch->settings.owner, &result);
    site_free(site);
}

/* Whether the next site must wait for sites that were taken and could not be started. */
static bool is_far_ahead(struct fetch *fetch)
{
    struct link *first = list_first(&fetch->aside);

    if (politeness_is_full(fetch->politeness)) {
        loop_arm(fetch->dialer->loop, &fetch->wake, loop_clock(fetch->dialer->loop) + FULL_WAIT);
        return true;
    }
    if (fetch->count - fetch->in_flight >= FETCH_MAX_WAITING)
        return true;
    return first &&
           fetch->line + 1 >= LIST_OWNER(first, struct job, aside)->site->line + FETCH_LOOK_AHEAD;
}

/* An origin to which a connection has become idle. The next site is taken from this origin if the
   source has one, because a new connection is most of the cost of a site. An origin whose host has
   waiting sites is skipped: they will use the connection. */
static bool next_idle_origin(struct fetch *fetch, struct url_origin *origin)
{
    while (pool_newly_idle(fetch->pool, origin))
        if (!politeness_is_busy(fetch->politeness, origin->host, origin->host_bytes))
            return true;
    return false;
}

/* Takes the next site from the source. NULL: none now. */
static struct job *take(struct fetch *fetch)
{
    while (fetch->starts_left && !fetch->source_ended && !is_far_ahead(fetch)) {
        struct url_origin origin;
        struct site *site;
        bool of_idle_origin = next_idle_origin(fetch, &origin);

        switch (
            fetch->settings.next(fetch->settings.owner, of_idle_origin ? &origin : NULL, &site)) {
        case FETCH_LATER:
            if (of_idle_origin)
                continue;
            return NULL;
        case FETCH_END: fetch->source_ended = true; continue;
        case FETCH_SITE: break;
        }
        if (!of_idle_origin)
            fetch->line = site->line;
        if (!site->line_error)
            return job_new(fetch, site);
        report_line_error(fetch, site);
    }
    return NULL;
}

/* Whether the overall rate does not allow a start yet. */
static bool is_too_soon(struct fetch *fetch)
{
    if (!fetch->settings.interval || fetch->next_start <= loop_clock(fetch->dialer->loop))
        return false;
    loop_arm(fetch->dialer->loop, &fetch->wake, fetch->next_start);
    return true;
}

static void pump(void *owner)
{
    struct fetch *fetch = owner;

    fetch->starts_left = STARTS_PER_TURN;
    while (fetch->starts_left && fetch->in_flight < fetch->settings.concurrency) {
        struct link *first = list_first(&fetch->ready);
        struct job *job = first ? LIST_OWNER(first, struct job, ready) : take(fetch);

        if (!job)
            break;
        if (!first)
            list_put_last(&fetch->ready, &job->ready);
        /* The job stays first in `ready`. It was taken before this check, so that the end of the
           list is detected without a wait. */
        if (is_too_soon(fetch))
            break;
        list_remove(&job->ready);
        try_start(fetch, job);
    }
    if (!fetch->starts_left)
        loop_defer(fetch->dialer->loop, &fetch->pump);
    if (fetch->source_ended && !fetch->count && !fetch->ended) {
        fetch->ended = true;
        fetch->settings.ended(fetch->settings.owner);
    }
}

static uint32_t stream_window(const struct response_options *options)
{
    if (options->until_preview)
        return PREVIEW_WINDOW;
    if (options->max_body < MIN_WINDOW)
        return MIN_WINDOW;
    return options->max_body < MAX_WINDOW ? (uint32_t)options->max_body : MAX_WINDOW;
}

struct fetch *fetch_new(struct dialer *dialer, const struct fetch_settings *settings)
{
    struct fetch *fetch = memory_zeroed(sizeof(*fetch));
    const struct politeness_options polite = {
        .max = settings->per_host,
        .interval = settings->host_interval,
        .ready = on_permit_ready,
        .owner = fetch,
    };

    fetch->dialer = dialer;
    fetch->settings = *settings;
    fetch->settings.exchange.connected = on_connected;
    fetch->random = settings->seed;
    fetch->pool = pool_new(
        &(struct pool_options){.limit = settings->idle,
                               .max_streams = MAX_STREAMS,
                               .stream_window = stream_window(&settings->exchange.response),
                               .negotiation = negotiation_of(settings->versions)});
    fetch->politeness = politeness_new(dialer->loop, &polite);
    list_init(&fetch->jobs);
    list_init(&fetch->ready);
    list_init(&fetch->aside);
    timer_init(&fetch->wake, pump, fetch, "fetch start");
    task_init(&fetch->pump, pump, fetch, "fetch next jobs");
    return fetch;
}

void fetch_take_sites(struct fetch *fetch)
{
    loop_defer(fetch->dialer->loop, &fetch->pump);
}

size_t fetch_in_flight(const struct fetch *fetch)
{
    return fetch->in_flight;
}

size_t fetch_unreported(const struct fetch *fetch)
{
    return fetch->count;
}

void fetch_free(struct fetch *fetch)
{
    for (struct link *link = fetch->jobs.next, *next; link != &fetch->jobs; link = next) {
        next = link->next;
        job_free(LIST_OWNER(link, struct job, all));
    }
    loop_undefer(fetch->dialer->loop, &fetch->pump);
    loop_cancel(fetch->dialer->loop, &fetch->wake);
    politeness_free(fetch->politeness);
    pool_free(fetch->pool);
    free(fetch);
}
