/*
 * When requests start: the schedule, who takes what is due, and when another connection is made.
 *
 * The queue of an open loop is its schedule: `queue` is the place of the next request to be started, and
 * what lies between that and the present waits. A queue of the waiting ones themselves was rejected: it
 * grows with the length of a stall, which is when memory must not.
 */
#include "bench/load/load.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "bench/load/client.h"
#include "bench/load/record.h"
#include "bench/load/spread.h"
#include "bench/load/verdict.h"

#define MOST_CONNECTING 128 /* at once, where requests wait for a connection to be there first */
#define FIRST_PAUSE     NSEC_PER_MS /* after a connection that could not be made; doubled each time */
#define MOST_DOUBLINGS  7
#define PATIENCE        NSEC_PER_S /* for the next connection of those that are to stand first */
#define TRIAL           NSEC_PER_S /* where each connection that was begun in it fails, the load ends */
#define MOST_ABSENCES   16         /* remembered; of more, the shortest is forgotten */
#define GRACE           (10 * NSEC_PER_MS) /* for what came while the loop was away */
#define MARK_EVERY      UINT64_C(1000000)  /* requests that became due */

/* Connections begun, and requests started on idle ones, in one turn: the rest is deferred. A connection that
   fails at once makes room for the next one, and as fast as they fail more requests become due: timers and
   signals would never be served. */
#define DIALS_A_TURN  64
#define STARTS_A_TURN 256

struct load {
    struct load_options options;
    struct loop *loop; /* borrowed */
    struct crew crew;
    struct client *clients; /* options.connections of them */
    struct flight *flights; /* all their rings */
    struct link idle;       /* clients that have room, in turns */
    struct link absent;     /* clients that may connect */
    size_t connecting;      /* clients that do */
    size_t open;            /* that have a connection */

    /* open loop: when the connections were the limit */
    nsec busy_since;    /* all of them, without a break; 0: they are not */
    nsec limited_until; /* what was counted of that */

    /* the trial: whether any connection can be made */
    struct timer trial; /* TRIAL after the first connection was begun */
    nsec trial_end;     /* 0: none was begun */
    size_t trial_left;  /* connections that were begun before that, and are being made */
    bool trial_passed;  /* a connection was made, or timed out: a server that hangs may go on */
    enum error refusal; /* of the last that failed */

    /* when */
    nsec end;                 /* of measuring; NSEC_NEVER: not known yet, or by number alone */
    struct schedule queue;    /* open loop: what was not started yet */
    struct schedule due;      /* open loop: what was not counted as scheduled yet */
    struct schedule marks[2]; /* where it was a million times ago, and more, the older one first */
    struct absence absences[MOST_ABSENCES]; /* open loop: those that what waits is older than */
    size_t absence_count;
    struct timer wake;   /* open loop: the next request is due */
    struct timer expiry; /* the oldest request in flight is too old */
    struct timer tick;   /* an interval is over, or the warm-up */
    struct timer finish; /* the run is */
    struct timer
        patience;       /* no connection has opened for PATIENCE: it begins with those that stand */
    struct task dial;   /* clients that are absent may connect */
    struct task opened; /* the connections stand, or one cannot be made: requests start */
    struct task over;   /* it ended inside of an event */
    bool put_off;       /* the expiry was, since it came late */
    bool opening;       /* a closed loop's connections are made; no request starts before */
    bool measuring;     /* the warm-up is over */
    bool stopping;      /* nothing is started any more */
    bool stopped;       /* it is over */
    bool draining;      /* and reported; what was in flight is waited for */

    /* TLS */
    struct tls_client *whole, *resuming; /* NULL: not needed */
    unsigned resume_credit;              /* 100: the next one resumes */
    size_t sources_taken;                /* of options.sources */

    struct record record;  /* what is counted */
    struct spread *spread; /* over the host's addresses */
    uint64_t random;       /* for the choice of targets */
    void (*interval)(void *owner, const struct tally *tally);
    void (*done)(void *owner);
    void *owner; /* their argument */
};

/* --- when requests start --- */

/* When the next request of an open loop is intended; NSEC_NEVER where there is none any more. */
static nsec next_intended(const struct load *load, const struct schedule *schedule,
                          uint64_t counted)
{
    nsec next = schedule_peek(schedule);

    return next < load->end && (!load->options.requests || counted < load->options.requests)
               ? next
               : NSEC_NEVER;
}

static nsec queue_head(const struct load *load)
{
    return load->stopping ? NSEC_NEVER : next_intended(load, &load->queue, load->record.begun);
}

/* Remembers where a Poisson schedule is, once in a while; any other can be skipped over. */
static void mark_due(struct load *load)
{
    if (load->options.schedule.arrival != ARRIVAL_POISSON ||
        load->due.count - load->marks[1].count < MARK_EVERY)
        return;
    load->marks[0] = load->marks[1];
    load->marks[1] = load->due;
}

/* Counts what has become due until now. */
static void count_due(struct load *load, nsec now)
{
    nsec last = now < load->end ? now : load->end - 1;
    uint64_t requests = load->options.requests, most, count;

    if (schedule_peek(&load->due) > last)
        return;
    if (schedule_peek(&load->due) < load->record.from)
        schedule_skip(&load->due, last < load->record.from ? last : load->record.from - 1,
                      UINT64_MAX);
    do {
        most = requests ? requests - load->record.scheduled : UINT64_MAX;
        count = schedule_skip(&load->due, last, most < MARK_EVERY ? most : MARK_EVERY);
        record_due(&load->record, count);
        mark_due(load);
    } while (count == MARK_EVERY);
}

/* Whether a closed loop has another request. */
static bool has_more(const struct load *load)
{
    return !load->stopping && !load->opening &&
           (!load->options.requests || load->record.begun < load->options.requests);
}

/* Starts a request. */
static void start(struct load *load, struct client *client, nsec intended, nsec now)
{
    const struct targets *targets = load->options.targets;
    uint64_t random = targets_count(targets) > 1 ? random_next(&load->random) : 0;
    bool counted = intended >= load->record.from;

    client_start(client, targets_pick(targets, random), intended, now, counted);
    if (load->options.requests_per_connection &&
        client->asked >= load->options.requests_per_connection)
        client->last = true;
    if (load->expiry.state == TIMER_IDLE)
        loop_arm(load->loop, &load->expiry, clock_after(now, load->options.timeout));
    if (!counted)
        return;
    if (!load->options.open_loop)
        record_due(&load->record, 1);
    record_start(&load->record);
}

/* How long a request that was due then had to wait for the loop to come back. What is intended later asks
   later: an absence that is over by then is forgotten. */
static nsec absence_after(struct load *load, nsec intended)
{
    nsec longest = 0;
    size_t kept = 0;

    for (size_t i = 0; i < load->absence_count; i++) {
        struct absence absence = load->absences[i];

        if (absence.to <= intended)
            continue;
        load->absences[kept++] = absence;
        if (intended >= absence.from && absence.to - intended > longest)
            longest = absence.to - intended;
    }
    load->absence_count = kept;
    return longest;
}

static void note_absence(struct load *load, nsec from, nsec to)
{
    struct absence *shortest = load->absences;

    if (load->absence_count < MOST_ABSENCES) {
        load->absences[load->absence_count++] = (struct absence){from, to};
        return;
    }
    for (struct absence *one = load->absences; one < load->absences + MOST_ABSENCES; one++)
        if (one->to - one->from < shortest->to - shortest->from)
            shortest = one;
    if (to - from > shortest->to - shortest->from)
        *shortest = (struct absence){from, to};
}

/* How late a request is by our own fault. Of one that waited until a connection was free that is the loop's
   lag, or its absence at the time at which it became due; of one that waited for a connection to be made, name
   lookup included, that absence alone. */
static nsec own_delay(struct load *load, const struct client *client, nsec intended, nsec late,
                      bool waited)
{
    bool fresh = client->state == CLIENT_OPEN && client->asked <= load->options.pipeline;
    nsec lag = fresh ? 0 : loop_lag(load->loop), away = absence_after(load, intended);
    nsec own = waited && late > lag ? lag : late;

    return own > away ? own : away;
}

/* Open loop: the request that is first in the queue, or was until now, waits for a connection since it was due,
   or since all are busy. Requests wait in their order, so that the time that is counted adds up. */
static void count_limited(struct load *load, nsec intended, nsec now)
{
    const nsec bounds[] = {intended, load->busy_since, load->limited_until, load->record.from};
    nsec from = 0;

    if (!load->busy_since)
        return;
    for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++)
        if (bounds[i] > from)
            from = bounds[i];
    if (from >= now)
        return;
    load->record.tally->limited += now - from;
    load->limited_until = now;
}

/* Open loop: starts the request that is next in the queue. `waited`: until there was a connection. */
static void start_queued(struct load *load, struct client *client, bool waited)
{
    nsec now = loop_clock(load->loop), intended;

    count_due(load, now);
    intended = schedule_take(&load->queue);
    count_limited(load, intended, now);
    start(load, client, intended, now);
    if (intended >= load->record.from)
        record_lateness(&load->record, own_delay(load, client, intended, now - intended, waited));
}

/* A client that has room waits for its next turn: all connections do their share, those with stamps too. */
static void place(struct load *load, struct client *client)
{
    bool room = client->state == CLIENT_OPEN && client_has_room(client);

    if (!room || !list_is_in(&client->link)) {
        list_remove(&client->link);
        if (room)
            list_put_last(&load->idle, &client->link);
    }
}

/* Whether another connection is to be begun. Where each request makes its own, one that is due is. */
static bool wants_connection(struct load *load)
{
    if (load->options.new_connections)
        return load->options.open_loop ? queue_head(load) <= loop_now(load->loop) : has_more(load);
    if (load->connecting >= MOST_CONNECTING || load->stopping)
        return false;
    if (!load->options.open_loop)
        return load->opening || has_more(load);
    if (!list_is_empty(&load->idle))
        return false;
    count_due(load, loop_now(load->loop));
    return load->due.count - load->queue.count > load->connecting;
}

/* Open loop: whether another request would have to wait for a connection that is busy. Where connections are
   being made it waits for those, but with one for each request they are busy then. */
static void note_busy(struct load *load)
{
    bool busy = list_is_empty(&load->idle) && list_is_empty(&load->absent) &&
                (load->options.new_connections || !load->connecting);

    if (!busy)
        load->busy_since = 0;
    else if (!load->busy_since)
        load->busy_since = loop_now(load->loop);
}

/* Open loop: what waits has a connection made for it; the timer is armed for what comes next, where there
   will be something to be done: a client is idle, or another connection may be made. */
static void arm_wake(struct load *load)
{
    bool idle = !list_is_empty(&load->idle);
    bool full = load->connecting >= MOST_CONNECTING && !load->options.new_connections;
    bool absent = !list_is_empty(&load->absent) && !full; /* on_open and on_gone look again */
    nsec next = NSEC_NEVER;

    note_busy(load);
    if (absent && wants_connection(load))
        loop_defer(load->loop, &load->dial);
    if (idle)
        next = queue_head(load);
    else if (absent && !load->stopping)
        next = next_intended(load, &load->due, load->record.scheduled);
    if (load->wake.state == TIMER_IDLE ? next != NSEC_NEVER : load->wake.deadline != next)
        loop_arm(load->loop, &load->wake, next);
}

/* A client has room: it takes what is due, in the order of the intended times. */
static void on_room(void *owner, struct client *client)
{
    struct load *load = owner;

    if (!load->options.open_loop) {
        while (client_has_room(client) && has_more(load)) {
            nsec now = loop_clock(load->loop);

            start(load, client, now, now);
        }
        return;
    }
    while (client_has_room(client) && queue_head(load) <= loop_clock(load->loop))
        start_queued(load, client, list_is_empty(&load->idle));
    place(load, client);
    arm_wake(load);
}

/* --- how they end --- */

/* The last of those that were asked for has ended. */
static void end_when_done(struct load *load)
{
    if (load->options.requests && load->record.ended == load->options.requests)
        loop_defer(load->loop, &load->over);
}

/* The run is over: what ends now was reported as in flight. The last of it ends the wait. */
static bool end_when_drained(struct load *load)
{
    if (load->draining && list_is_empty(&load->crew.flights))
        loop_defer(load->loop, &load->over);
    return load->draining;
}

static void on_answered(void *owner, const struct flight *flight,
                        const struct answer_arrival *arrival)
{
    struct load *load = owner;

    flight->client->refused = 0;
    if (end_when_drained(load))
        return;
    record_answer(&load->record, flight, arrival);
    if (flight->counted && flight->client->at) {
        flight->client->at->completed++;
        flight->client->at->time += arrival->at - flight->started;
    }
    end_when_done(load);
}

/* For how long a request had waited, less its own wait for a handshake slot; what was intended in an
   open loop stays. */
static nsec age_of(const struct load *load, const struct client *client, nsec began)
{
    nsec age = loop_clock(load->loop) - began;

    if (load->options.open_loop)
        return age;
    return age > client->queued ? age - client->queued : 0;
}

static void on_failed(void *owner, const struct flight *flight, enum error error)
{
    struct load *load = owner;

    if (end_when_drained(load))
        return;
    if (flight->counted)
        record_failure(&load->record, error, age_of(load, flight->client, flight->intended));
    if (flight->counted && flight->client->at)
        flight->client->at->failed++;
    end_when_done(load);
}

/* --- connections --- */

/* Each of the first second's connections failed, and none of them is pending: the others would fail too. */
static void judge_trial(void *owner)
{
    struct load *load = owner;
    bool over = load->trial_end && load->trial.state == TIMER_IDLE;

    if (!over || load->trial_passed || load->trial_left || !load->refusal || load->stopping)
        return;
    load->record.tally->gave_up = load->refusal;
    load_stop(load);
}

static bool is_timeout(enum error error)
{
    return error == ERROR_DNS_TIMEOUT || error == ERROR_CONNECT_TIMEOUT ||
           error == ERROR_TLS_TIMEOUT;
}

static void enter_trial(struct load *load, struct client *client)
{
    nsec now = loop_now(load->loop);

    if (!load->trial_end) {
        load->trial_end = now + TRIAL;
        loop_arm(load->loop, &load->trial, load->trial_end);
    }
    client->early = now < load->trial_end;
    load->trial_left += client->early;
}

/* The connection is over; `error` says why it could not be made, ERROR_NONE that its request timed out. */
static void leave_trial(struct load *load, struct client *client, enum error error)
{
    load->trial_left -= client->early;
    client->early = false;
    if (!error || is_timeout(error))
        load->trial_passed = true;
    load->refusal = error;
    judge_trial(load);
}

/* `waited`: until there was a client. */
static void connect_client(struct load *load, struct client *client, bool waited)
{
    const struct load_options *options = &load->options;

    list_remove(&client->link);
    load->connecting++;
    client->dialled = loop_clock(load->loop);
    client->at = NULL;
    if (!load->trial_passed)
        enter_trial(load, client);
    if (options->new_connections && !client->flying) {
        nsec now = loop_clock(load->loop);

        if (options->open_loop)
            start_queued(load, client, waited);
        else
            start(load, client, now, now);
    }
    if (options->source_count)
        load->crew.dialer->from = &options->sources[load->sources_taken++ % options->source_count];
    client_connect(client);
}

/* Connects clients as far as requests want it. Those that still have requests come first. */
static void dial(struct load *load, bool waited)
{
    struct link *link;
    unsigned left = DIALS_A_TURN;

    while (left && !load->stopped && (link = list_first(&load->absent))) {
        struct client *client = LIST_OWNER(link, struct client, link);

        if (!client->flying && !wants_connection(load))
            break;
        connect_client(load, client, waited);
        left--;
    }
    if (!left)
        loop_defer(load->loop, &load->dial);
    if (load->options.open_loop && !load->stopped)
        arm_wake(load);
}

static void on_dial(void *owner)
{
    dial(owner, true);
}

/* Open loop: a request is due. */
static void on_wake(void *owner)
{
    struct load *load = owner;
    struct link *link;
    unsigned left = STARTS_A_TURN; /* then arm_wake calls again in the next turn */

    while (left && queue_head(load) <= loop_now(load->loop) && (link = list_first(&load->idle))) {
        struct client *client = LIST_OWNER(link, struct client, link);

        start_queued(load, client, false);
        place(load, client);
        client_send(client);
        left--;
    }
    dial(load, false);
}

/* With a connection for each request, a wait for a handshake slot is not the server's: the
   request starts later by that. What was intended in an open loop stays. */
static void shift(const struct load *load, struct client *client)
{
    struct flight *flight = &client->flights[client->first];
    nsec queued = client->conn->dial->stamps.queued;

    flight->started += queued;
    if (!load->options.open_loop)
        flight->intended += queued;
}

static void on_open(void *owner, struct client *client)
{
    struct load *load = owner;

    load->connecting--;
    load->open++;
    load->trial_passed = true;
    if (load->draining)
        return;
    record_connection(&load->record, client->conn);
    client->at = spread_opened(load->spread, &client->conn->address);
    if (load->options.new_connections)
        shift(load, client);
    loop_defer(load->loop, &load->dial); /* there is room for another to connect */
    if (!load->opening)
        return;
    loop_arm(load->loop, &load->patience, loop_clock(load->loop) + PATIENCE);
    if (load->open == load->options.connections)
        loop_defer(load->loop, &load->opened);
}

/* No connection could be made, and no request was there to be failed by it: the next one is. In a closed loop
   it is the one that the connection was made for, and waited for it. */
static void fail_next(struct load *load, const struct client *client, enum error error)
{
    nsec now = loop_clock(load->loop), began = client->dialled;

    if (load->options.open_loop) {
        count_due(load, now);
        if (queue_head(load) > now)
            return;
        began = schedule_take(&load->queue);
        if (began < load->record.from)
            return;
    } else {
        if (!has_more(load) || now < load->record.from)
            return;
        record_due(&load->record, 1);
    }
    record_start(&load->record);
    record_failure(&load->record, error, age_of(load, client, began));
    end_when_done(load);
}

static void begin(struct load *load);

/* No connection could be made. A closed loop would try again and again: it waits a little. In an open loop
   each try is a request that was due, and the schedule bounds them. */
static void rest(struct load *load, struct client *client, enum error error)
{
    unsigned doublings = client->refused < MOST_DOUBLINGS ? client->refused : MOST_DOUBLINGS;

    if (load->opening) { /* not all can be made: the others have waited long enough */
        begin(load);
        loop_defer(load->loop, &load->opened);
    }
    if (!client->blamed)
        fail_next(load, client, error);
    client->refused++;
    if (load->options.open_loop)
        list_put_last(&load->absent, &client->link);
    else
        loop_arm(load->loop, &client->pause, loop_clock(load->loop) + (FIRST_PAUSE << doublings));
}

static void on_gone(void *owner, struct client *client, enum error error)
{
    struct load *load = owner;

    list_remove(&client->link);
    if (client->stood)
        load->open--;
    else
        load->connecting--;
    if (load->draining) { /* what would go on the next connection is given up */
        client_close(client);
        end_when_drained(load);
        return;
    }
    loop_defer(load->loop, &load->dial);
    if (!load->trial_passed)
        leave_trial(load, client, error);
    if (error)
        rest(load, client, error);
    else
        (client->flying ? list_put_first : list_put_last)(&load->absent, &client->link);
}

static void on_pause_over(void *owner)
{
    struct client *client = owner;
    struct load *load = client->crew->owner;

    list_put_last(&load->absent, &client->link);
    loop_defer(load->loop, &load->dial); /* once for all whose pauses end in this turn */
}

/* Where the loop was away, responses may have come in time: they are read first, for this once. */
static bool expires_later(struct load *load)
{
    load->put_off = !load->put_off && loop_lag(load->loop) > VERDICT_LATE;
    if (load->put_off)
        loop_arm(load->loop, &load->expiry, loop_now(load->loop) + GRACE);
    return load->put_off;
}

static void on_expiry(void *owner)
{
    struct load *load = owner;
    struct link *link;

    if (expires_later(load))
        return;
    while ((link = list_first(&load->crew.flights))) {
        const struct flight *flight = LIST_OWNER(link, struct flight, link);
        nsec deadline = clock_after(flight->started, load->options.timeout);

        if (deadline > loop_now(load->loop)) {
            loop_arm(load->loop, &load->expiry, deadline);
            return;
        }
        client_fail(flight->client, ERROR_TOTAL_TIMEOUT);
    }
}

/* --- the run --- */

/* Hands an interval over and begins the next. */
static void report(struct load *load, nsec now)
{
    if (load->options.open_loop)
        count_due(load, now);
    if (load->due.count > load->queue.count)
        count_limited(load, schedule_peek(&load->queue), now);
    spread_report(load->spread, load->record.tally);
    load->interval(load->owner, record_interval(&load->record, now, load->open));
    record_next(&load->record, now);
}

static void on_turn(void *owner, nsec lag)
{
    struct load *load = owner;
    nsec now = loop_now(load->loop);

    record_turn(&load->record, now, lag);
    if (load->options.open_loop && lag > VERDICT_LATE)
        note_absence(load, now - lag, now);
}

/* The warm-up is over. */
static void begin_measuring(struct load *load)
{
    load->measuring = true;
    record_begin(&load->record);
    loop_meter(load->loop, on_turn, load);
}

/* The next whole interval; those that passed while the program stood still are one. */
static nsec next_tick(const struct load *load)
{
    nsec next = load->tick.deadline + LOAD_INTERVAL, now = loop_now(load->loop);

    return next > now ? next : next + (now - next + LOAD_INTERVAL) / LOAD_INTERVAL * LOAD_INTERVAL;
}

static void on_tick(void *owner)
{
    struct load *load = owner;
    nsec now;

    if (!load->measuring) {
        begin_measuring(load);
    } else if (load->tick.deadline >= load->end) { /* the last interval is on_over's */
        return;
    } else {
        if (load->options.open_loop)
            on_wake(load); /* what is due at this moment does not wait */
        now = loop_now(load->loop);
        report(load, load->options.open_loop && now > load->end ? load->end : now);
    }
    loop_arm(load->loop, &load->tick, next_tick(load)); /* no drift */
}

/* What waits of a schedule, from its `first` time to before its `end`: all whose age is counted in one place of
   the histogram at once, but the youngest by itself. */
static void count_ages_of(struct load *load, struct schedule rest, uint64_t first, uint64_t end,
                          nsec now)
{
    uint64_t left;

    schedule_skip(&rest, NSEC_NEVER - 1, first - rest.count);
    while ((left = end - rest.count)) {
        nsec age = now - schedule_peek(&rest);
        nsec until = now - histogram_least(age);

        record_ages(&load->record, age, schedule_skip(&rest, until, left > 1 ? left - 1 : 1));
    }
}

/* What waits at the end, which may be more than could be counted one by one. Of a Poisson schedule only the
   youngest millions are; the older ones are taken as evenly spread, which is off by less than the histogram
   can tell at their age. */
static void count_waiting(struct load *load, nsec now)
{
    uint64_t end = load->due.count, first = end - (load->record.scheduled - load->record.begun);
    const struct schedule *mark = &load->marks[0];
    struct schedule rest = load->queue;

    if (mark->count > rest.count) {
        if (mark->count > first) {
            count_ages_of(load, schedule_even(&rest, mark), first, mark->count, now);
            first = mark->count;
        }
        rest = *mark;
    }
    count_ages_of(load, rest, first, end, now);
}

/* What is unfinished has the age that it has by now. */
static void count_ages(struct load *load, nsec now)
{
    struct link *head = &load->crew.flights;

    for (struct link *link = head->next; link != head; link = link->next) {
        const struct flight *flight = LIST_OWNER(link, struct flight, link);

        if (flight->counted)
            record_ages(&load->record, now - flight->intended, 1);
    }
    if (load->options.open_loop)
        count_waiting(load, now);
}

/* When the run is over, for its rates. An open loop that was not stopped has at least the span of its
   schedule, and none but that where its time ends it. */
static nsec end_of(const struct load *load, nsec now)
{
    const struct load_options *options = &load->options;
    nsec end = now;

    if (!options->open_loop)
        return now;
    if (options->requests && load->record.ended == options->requests)
        end = options->schedule.arrival == ARRIVAL_POISSON
                  ? schedule_peek(&load->due)
                  : schedule_end(&load->due, load->record.from, options->all_requests);
    end = end > now ? end : now;
    return end < load->end ? end : load->end;
}

/* No timer or task is to come any more. */
static void be_quiet(struct load *load)
{
    loop_cancel(load->loop, &load->wake);
    loop_cancel(load->loop, &load->expiry);
    loop_cancel(load->loop, &load->tick);
    loop_cancel(load->loop, &load->finish);
    loop_cancel(load->loop, &load->patience);
    loop_cancel(load->loop, &load->trial);
    loop_undefer(load->loop, &load->dial);
    loop_undefer(load->loop, &load->opened);
    loop_undefer(load->loop, &load->over);
    loop_meter(load->loop, NULL, NULL);
    for (size_t i = 0; i < load->options.connections; i++)
        loop_cancel(load->loop, &load->clients[i].pause);
}

static void close_all(struct load *load)
{
    load->draining = false;
    be_quiet(load);
    for (size_t i = 0; i < load->options.connections; i++)
        client_close(&load->clients[i]);
    load->done(load->owner);
}

static void on_over(void *owner)
{
    struct load *load = owner;
    nsec now = loop_clock(load->loop);

    if (load->draining) {
        close_all(load);
        return;
    }
    if (load->stopped)
        return;
    load->stopped = load->stopping = true;
    be_quiet(load);
    if (!load->measuring) { /* it ends in the warm-up: nothing was measured */
        load->record.from = now;
        begin_measuring(load);
    }
    record_away(&load->record, now,
                loop_lag(load->loop)); /* a timer ended the run: record_turn is not called again */
    record_end(&load->record, now);
    if (load->options.open_loop)
        count_due(load, now);
    count_ages(load, now);
    report(load, end_of(load, now));
    if (load->options.drain && !list_is_empty(&load->crew.flights)) {
        load->draining = true;
        loop_arm(load->loop, &load->finish, clock_after(now, load->options.drain));
    } else {
        close_all(load);
    }
}

void load_stop(struct load *load)
{
    load->stopping = true;
    loop_defer(load->loop, &load->over);
}

/* Requests start, or in an open loop become due, from here on. */
static void begin(struct load *load)
{
    const struct load_options *options = &load->options;
    nsec now = loop_clock(load->loop), start = now;

    if (options->open_loop && options->start > now)
        start = options->start;
    load->opening = false;
    loop_cancel(load->loop, &load->patience);
    load->record.from = load->record.last_answer = clock_after(start, options->warmup);
    load->end = clock_after(load->record.from, options->duration);
    loop_arm(load->loop, &load->finish, load->end);
    loop_arm(load->loop, &load->tick, load->record.from);
    if (options->open_loop) {
        schedule_start(&load->queue, &options->schedule, start);
        load->due = load->queue;
    }
    if (load->record.from <= now)
        on_tick(load);
    loop_defer(load->loop, &load->dial);
}

/* The connections of a closed loop stand, as far as they can be made: all begin at once. */
static void on_opened(void *owner)
{
    struct load *load = owner;

    if (load->opening)
        begin(load);
    for (size_t i = 0; i < load->options.connections; i++)
        if (load->clients[i].state == CLIENT_OPEN) {
            on_room(load, &load->clients[i]);
            client_send(&load->clients[i]);
        }
}

void load_start(struct load *load)
{
    const struct load_options *options = &load->options;

    load->record.from = load->end = NSEC_NEVER;
    load->opening = !options->open_loop && !options->new_connections;
    if (load->opening) {
        loop_defer(load->loop, &load->dial);
        loop_arm(load->loop, &load->patience, loop_clock(load->loop) + PATIENCE);
    } else {
        begin(load);
    }
}

/* --- making and freeing --- */

/* The dialer's way to a transport: some TLS connections resume a session, the others do not. */
static struct transport *open_transport(void *owner, struct sock *sock, const char *host,
                                        uint16_t port, bool https)
{
    struct load *load = owner;
    bool resume;

    if (!https)
        return plain_open(sock);
    load->resume_credit += load->options.resume_percent;
    resume = load->resume_credit >= 100;
    if (resume)
        load->resume_credit -= 100;
    return tls_client_open(resume ? load->resuming : load->whole, sock, host, port);
}

/* NULL, or why not. */
static char *make_tls(struct load *load)
{
    struct tls_client_options options = load->crew.dialer->trust;
    char *why = NULL;

    if (!targets_url(load->options.targets)->https)
        return NULL;
    options.describe = false;
    options.many_sessions = true;
    if (load->options.resume_percent)
        load->resuming = tls_client_new(&options, &why);
    options.no_resumption = true;
    if (!why && load->options.resume_percent < 100)
        load->whole = tls_client_new(&options, &why);
    return why;
}

static void make_clients(struct load *load)
{
    const struct load_options *options = &load->options;
    size_t count = options->connections;

    load->clients = memory_zeroed(count * sizeof(*load->clients));
    load->flights = memory_zeroed(count * options->pipeline * sizeof(*load->flights));
    for (size_t i = 0; i < count; i++) {
        struct client *client = &load->clients[i];

        client->crew = &load->crew;
        client->flights = load->flights + i * options->pipeline;
        client->stamped = options->stamped_every && i % options->stamped_every == 0;
        timer_init(&client->pause, on_pause_over, client);
        list_put_last(&load->absent, &client->link);
    }
}

struct load *load_new(const struct load_options *options, struct dialer *dialer,
                      void (*interval)(void *owner, const struct tally *tally),
                      void (*done)(void *owner), void *owner, char **why)
{
    static const struct client_events events = {.open = on_open,
                                                .room = on_room,
                                                .answered = on_answered,
                                                .failed = on_failed,
                                                .gone = on_gone};
    struct load *load = memory_zeroed(sizeof(*load));

    load->options = *options;
    if (options->requests && options->requests < options->connections)
        load->options.connections = options->requests;
    if (!options->all_requests)
        load->options.all_requests = options->requests;
    load->loop = dialer->loop;
    load->crew = (struct crew){
        .dialer = dialer,
        .url = targets_url(options->targets),
        .events = &events,
        .owner = load,
        .pipeline = options->pipeline,
        .scratch = memory_get(CREW_SCRATCH_BYTES),
    };
    list_init(&load->crew.flights);
    list_init(&load->idle);
    list_init(&load->absent);
    timer_init(&load->wake, on_wake, load);
    timer_init(&load->expiry, on_expiry, load);
    timer_init(&load->tick, on_tick, load);
    timer_init(&load->finish, on_over, load);
    timer_init(&load->patience, on_opened, load);
    timer_init(&load->trial, judge_trial, load);
    task_init(&load->dial, on_dial, load);
    task_init(&load->opened, on_opened, load);
    task_init(&load->over, on_over, load);
    load->random = options->seed;
    record_init(&load->record, &load->crew, options->open_loop, options->timeout);
    load->interval = interval;
    load->done = done;
    load->owner = owner;
    load->spread = spread_new(options->schedule.share);
    make_clients(load);
    *why = make_tls(load);
    if (*why) {
        load_free(load);
        return NULL;
    }
    spread_use(load->spread, dialer);
    dialer->open = open_transport;
    dialer->open_owner = load;
    return load;
}

void load_free(struct load *load)
{
    if (!load)
        return;
    be_quiet(load);
    for (size_t i = 0; i < load->options.connections; i++)
        client_close(&load->clients[i]);
    tls_client_free(load->whole);
    tls_client_free(load->resuming);
    record_free(&load->record);
    load->crew.dialer->choice = NULL;
    spread_free(load->spread);
    free(load->crew.scratch);
    free(load->clients);
    free(load->flights);
    free(load);
}
