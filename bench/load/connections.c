/*
 * The clients in their lists. Whether another connection is wanted, and what a failure costs, is the load's.
 */
#include "bench/load/connections.h"

#include <stdlib.h>

#include "base/memory.h"
#include "bench/load/options.h"

#define MAX_CONNECTING 128 /* at once, where requests wait for a connection to be there first */
#define FIRST_PAUSE    NSEC_PER_MS /* after a connection that could not be made; doubled each time */
#define MAX_DOUBLINGS  7
#define TRIAL          NSEC_PER_S /* where each connection that was begun in it fails, the load ends */

static struct loop *loop_of(const struct connections *connections)
{
    return connections->group.dialer->loop;
}

/* --- the trial --- */

/* Each of the first second's connections failed, and none of them is pending: the others would fail too. */
static void judge_trial(void *owner)
{
    struct connections *connections = owner;
    bool over = connections->trial_end && connections->trial.state == TIMER_IDLE;

    if (!over || connections->trial_passed || connections->trial_left || !connections->refusal)
        return;
    connections->events->hopeless(connections->group.owner, connections->refusal);
}

static bool is_timeout(enum error error)
{
    return error == ERROR_DNS_TIMEOUT || error == ERROR_CONNECT_TIMEOUT ||
           error == ERROR_TLS_TIMEOUT;
}

static void enter_trial(struct connections *connections, struct client *client)
{
    nsec now = loop_now(loop_of(connections));

    if (!connections->trial_end) {
        connections->trial_end = now + TRIAL;
        loop_arm(loop_of(connections), &connections->trial, connections->trial_end);
    }
    client->early = now < connections->trial_end;
    connections->trial_left += client->early;
}

static void leave_trial(struct connections *connections, struct client *client, enum error error)
{
    connections->trial_left -= client->early;
    client->early = false;
    if (!error || is_timeout(error))
        connections->trial_passed = true;
    connections->refusal = error;
    judge_trial(connections);
}

/* --- a connection's life --- */

void connections_look(struct connections *connections)
{
    loop_defer(loop_of(connections), &connections->look);
}

struct client *connections_next(const struct connections *connections)
{
    struct link *link = list_first(&connections->absent);

    return link ? LIST_OWNER(link, struct client, link) : NULL;
}

bool connections_full(const struct connections *connections)
{
    return connections->connecting >= MAX_CONNECTING;
}

/* Of the next connection: some resume a TLS session, the others do not. */
static struct tls_client *next_tls(struct connections *connections)
{
    connections->resume_credit += connections->options->resume_percent;
    if (connections->resume_credit < 100)
        return connections->whole;
    connections->resume_credit -= 100;
    return connections->resuming;
}

void connections_begin(struct connections *connections, struct client *client)
{
    const struct load_options *options = connections->options;
    struct dial_options dial = {0};

    list_remove(&client->link);
    connections->connecting++;
    client->dialled = loop_clock(loop_of(connections));
    client->at = NULL;
    if (!connections->trial_passed)
        enter_trial(connections, client);
    if (options->source_count)
        dial.from = &options->sources[connections->sources_taken++ % options->source_count];
    if (connections->group.url->https)
        dial.tls = next_tls(connections);
    client_connect(client, &dial);
}

void connections_opened(struct connections *connections)
{
    connections->connecting--;
    connections->open++;
    connections->trial_passed = true;
}

void connections_closed(struct connections *connections, struct client *client)
{
    list_remove(&client->link);
    if (client->stood)
        connections->open--;
    else
        connections->connecting--;
}

void connections_judge(struct connections *connections, struct client *client, enum error error)
{
    connections_look(connections);
    if (!connections->trial_passed)
        leave_trial(connections, client, error);
}

void connections_again(struct connections *connections, struct client *client)
{
    (client->in_flight ? list_put_first : list_put_last)(&connections->absent, &client->link);
}

void connections_rest(struct connections *connections, struct client *client)
{
    unsigned doublings = client->refused < MAX_DOUBLINGS ? client->refused : MAX_DOUBLINGS;
    struct loop *loop = loop_of(connections);

    client->refused++;
    if (connections->options->open_loop)
        list_put_last(&connections->absent, &client->link);
    else
        loop_arm(loop, &client->pause, loop_clock(loop) + (FIRST_PAUSE << doublings));
}

static void on_pause_over(void *owner)
{
    struct client *client = owner;
    struct connections *connections = LIST_OWNER(client->group, struct connections, group);

    list_put_last(&connections->absent, &client->link);
    connections_look(connections); /* once for all whose pauses end in this turn */
}

void connections_place(struct connections *connections, struct client *client)
{
    bool room = client->state == CLIENT_OPEN && client_has_room(client);

    if (!room || !list_is_in(&client->link)) {
        list_remove(&client->link);
        if (room)
            list_put_last(&connections->idle, &client->link);
    }
}

/* --- making and freeing --- */

/* NULL, or why not. */
static char *make_tls(struct connections *connections)
{
    unsigned percent = connections->options->resume_percent;
    struct tls_client_options options = connections->group.dialer->trust;
    char *why = NULL;

    if (!connections->group.url->https)
        return NULL;
    options.describe = false;
    options.many_sessions = true;
    if (percent)
        connections->resuming = tls_client_new(&options, &why);
    options.no_resumption = true;
    if (!why && percent < 100)
        connections->whole = tls_client_new(&options, &why);
    return why;
}

static void make_clients(struct connections *connections)
{
    const struct load_options *options = connections->options;
    size_t count = options->connections;

    connections->clients = memory_zeroed(count * sizeof(*connections->clients));
    connections->requests =
        memory_zeroed(count * options->pipeline * sizeof(*connections->requests));
    for (size_t i = 0; i < count; i++) {
        struct client *client = &connections->clients[i];

        client_init(client, &connections->group, (unsigned)i,
                    connections->requests + i * options->pipeline);
        client->stamped = options->stamped_every && i % options->stamped_every == 0;
        timer_init(&client->pause, on_pause_over, client, "load client pause");
        list_put_last(&connections->absent, &client->link);
    }
}

char *connections_init(struct connections *connections, const struct load_options *options,
                       struct dialer *dialer, const struct client_events *clients,
                       const struct connections_events *events, void *owner)
{
    *connections = (struct connections){.options = options, .events = events};
    connections->group = (struct client_group){
        .dialer = dialer,
        .url = targets_url(options->targets),
        .events = clients,
        .owner = owner,
        .pipeline = options->pipeline,
    };
    client_group_init(&connections->group);
    list_init(&connections->idle);
    list_init(&connections->absent);
    timer_init(&connections->trial, judge_trial, connections, "load trial end");
    task_init(&connections->look, events->look, owner, "load connect");
    make_clients(connections);
    return make_tls(connections);
}

void connections_quiet(struct connections *connections)
{
    struct loop *loop = loop_of(connections);

    loop_cancel(loop, &connections->trial);
    loop_undefer(loop, &connections->look);
    for (size_t i = 0; i < connections->options->connections; i++)
        loop_cancel(loop, &connections->clients[i].pause);
}

void connections_close(struct connections *connections)
{
    for (size_t i = 0; i < connections->options->connections; i++)
        client_close(&connections->clients[i]);
}

void connections_free(struct connections *connections)
{
    connections_quiet(connections);
    connections_close(connections);
    tls_client_free(connections->whole);
    tls_client_free(connections->resuming);
    free(connections->clients);
    free(connections->requests);
}
