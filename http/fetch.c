/* Slots and jobs. A job is a site with its exchange; what starts it is one function, pump. */
#include "http/fetch.h"

#include <stdlib.h>

#include "reactor/memory.h"

struct job {
    struct fetch *fetch;
    struct site *site;
    struct job *next, *before; /* under way; `next` alone in the waiting list */
    struct exchange exchange;
};

struct fetch {
    struct dialer *dialer;
    struct fetch_settings settings;
    struct pool *pool;
    struct job *running; /* under way */
    struct job *waiting; /* to be tried again when there are descriptors */
    size_t in_flight;
    struct task pump; /* starts what can be started */
    bool source_ended;
};

static void job_free(struct job *job)
{
    site_free(job->site);
    free(job);
}

static void running_add(struct fetch *fetch, struct job *job)
{
    job->before = NULL;
    job->next = fetch->running;
    if (job->next)
        job->next->before = job;
    fetch->running = job;
    fetch->in_flight++;
}

static void running_remove(struct fetch *fetch, struct job *job)
{
    if (job->before)
        job->before->next = job->next;
    else
        fetch->running = job->next;
    if (job->next)
        job->next->before = job->before;
    fetch->in_flight--;
}

/* No descriptor for one more: an idle connection gives up its own, or from here on there are fewer
   at once and this one is tried again when another has ended. False where there is nothing to wait
   for. */
static bool do_with_fewer(struct fetch *fetch, struct job *job)
{
    if (!pool_drop_oldest(fetch->pool)) {
        if (!fetch->in_flight)
            return false;
        fetch->settings.concurrency = fetch->in_flight;
        fetch->settings.lowered(fetch->settings.owner, fetch->in_flight);
    }
    job->next = fetch->waiting;
    fetch->waiting = job;
    return true;
}

static void on_done(void *owner, const struct result *result)
{
    struct job *job = owner;
    struct fetch *fetch = job->fetch;

    running_remove(fetch, job);
    loop_defer(fetch->dialer->loop, &fetch->pump);
    if (result->error == ERROR_DESCRIPTORS && do_with_fewer(fetch, job))
        return;
    fetch->settings.report(fetch->settings.owner, result);
    job_free(job);
}

static void start(struct fetch *fetch, struct job *job)
{
    nsec taken = job->exchange.result.stamps.taken; /* at a second try it is known */

    exchange_init(&job->exchange, fetch->dialer, fetch->pool, job->site,
                  fetch->settings.ttfb_timeout);
    if (taken)
        job->exchange.result.stamps.taken = taken;
    running_add(fetch, job);
    exchange_start(&job->exchange, on_done, job);
}

/* A line that is no site is a result like any other. */
static void report_unreadable(struct fetch *fetch, struct site *site)
{
    nsec now = loop_clock(fetch->dialer->loop);
    struct result result = {
        .site = site,
        .error = ERROR_INPUT,
        .detail = site->unreadable,
        .stamps = {.taken = now, .start = now, .done = now},
    };

    fetch->settings.report(fetch->settings.owner, &result);
    site_free(site);
}

/* Takes the next site from the source, of the origin `near` where one is given. False where there is
   none now. */
static bool take(struct fetch *fetch, const struct url_origin *near)
{
    struct site *site;
    struct job *job;

    switch (fetch->settings.next(fetch->settings.owner, near, &site)) {
    case FETCH_LATER: return false;
    case FETCH_END: fetch->source_ended = true; return false;
    case FETCH_SITE: break;
    }
    if (site->unreadable) {
        report_unreadable(fetch, site);
        return true;
    }
    job = memory_zeroed(sizeof(*job));
    job->fetch = fetch;
    job->site = site;
    start(fetch, job);
    return true;
}

static bool has_slot(const struct fetch *fetch)
{
    return !fetch->source_ended && !fetch->waiting &&
           fetch->in_flight < fetch->settings.concurrency;
}

/* A connection that has just become idle goes on with a site of its own origin, where the source has
   one at hand: a connection saved is most of what a site costs. Then comes the list's next. */
static void fill_slots(struct fetch *fetch)
{
    while (has_slot(fetch)) {
        struct url_origin origin;
        bool fresh = pool_fresh(fetch->pool, &origin);

        if (!take(fetch, fresh ? &origin : NULL) && !fresh)
            return;
    }
}

static void pump(void *owner)
{
    struct fetch *fetch = owner;

    while (fetch->waiting && fetch->in_flight < fetch->settings.concurrency) {
        struct job *job = fetch->waiting;

        fetch->waiting = job->next;
        start(fetch, job);
    }
    fill_slots(fetch);
    if (fetch->source_ended && !fetch->waiting && !fetch->in_flight)
        fetch->settings.ended(fetch->settings.owner);
}

struct fetch *fetch_new(struct dialer *dialer, const struct fetch_settings *settings)
{
    struct fetch *fetch = memory_zeroed(sizeof(*fetch));

    fetch->dialer = dialer;
    fetch->settings = *settings;
    fetch->pool = pool_new(settings->idle);
    task_init(&fetch->pump, pump, fetch);
    return fetch;
}

void fetch_poke(struct fetch *fetch)
{
    loop_defer(fetch->dialer->loop, &fetch->pump);
}

size_t fetch_in_flight(const struct fetch *fetch)
{
    return fetch->in_flight;
}

static void jobs_free(struct job *job)
{
    while (job) {
        struct job *next = job->next;

        exchange_abort(&job->exchange);
        job_free(job);
        job = next;
    }
}

void fetch_free(struct fetch *fetch)
{
    jobs_free(fetch->running);
    jobs_free(fetch->waiting);
    loop_undefer(fetch->dialer->loop, &fetch->pump);
    pool_free(fetch->pool);
    free(fetch);
}
