/*
 * The clients in their lists. dispatch.c decides when another connection is needed.
 */
#include "bench/load/connections.h"

#include <stdlib.h>

#include "base/memory.h"
#include "bench/load/options.h"

#define MAX_CONNECTING 128         /* pending dials, if requests wait for an open connection */
#define FIRST_PAUSE    NSEC_PER_MS /* after a failed dial; doubled after each further failure */
#define MAX_DOUBLINGS  7
#define TRIAL          NSEC_PER_S

static struct loop *loop_of(const struct connections *connections)
{
    return connections->group.dialer->loop;
}

/* --- the trial --- */

static void check_trial(void *owner)
{
    struct connections *connections = owner;
    bool over = connections->trial_end && connections->trial.state == TIMER_IDLE;

    if (!over || connections->trial_passed || connections->trial_left || !connections->last_error)
        return;
    connections->events->all_failed(connections->group.owner, connections->last_error);
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
    client->in_trial = now < connections->trial_end;
    connections->trial_left += client->in_trial;
}

static void leave_trial(struct connections *connections, struct client *client, enum error error)
{
    connections->trial_left -= client->in_trial;
    client->in_trial = false;
    if (!error || is_timeout(error))
        connections->trial_passed = true;
    connections->last_error = error;
    check_trial(connections);
}

/* --- a connection's life --- */

void connections_dial_later(struct connections *connections)
{
    loop_defer(loop_of(connections), &connections->dial_task);
}

struct client *connections_next_absent(const struct connections *connections)
{
    struct link *link = list_first(&connections->absent);

    return link ? LIST_OWNER(link, struct client, link) : NULL;
}

bool connections_dial_limit_reached(const struct connections *connections)
{
    return connections->connecting >= MAX_CONNECTING;
}

/* For the next connection: resume_percent of the connections resume a TLS session. */
static struct tls_client *next_tls(struct connections *connections)
{
    connections->resume_credit += connections->options->resume_percent;
    if (connections->resume_credit < 100)
        return connections->tls_full;
    connections->resume_credit -= 100;
    return connections->tls_resuming;
}

void connections_dial(struct connections *connections, struct client *client)
{
    const struct load_options *options = connections->options;
    const struct negotiation *negotiation = connections->group.negotiation;
    struct dial_options dial = {.alpn = negotiation->alpn,
                                .required_alpn = negotiation->required_alpn,
                                .tunnels = negotiation->tunnels};

    list_remove(&client->link);
    connections->connecting++;
    client->dial_start = loop_clock(loop_of(connections));
    client->address_counts = NULL;
    if (!connections->trial_passed)
        enter_trial(connections, client);
    if (options->source_count)
        dial.from = &options->sources[connections->sources_taken++ % options->source_count];
    if (connections->group.url->https)
        dial.tls = next_tls(connections);
    client_connect(client, &dial);
}

void connections_note_opened(struct connections *connections)
{
    connections->connecting--;
    connections->open++;
    connections->trial_passed = true;
}

void connections_note_closed(struct connections *connections, struct client *client)
{
    list_remove(&client->link);
    if (client->was_open)
        connections->open--;
    else
        connections->connecting--;
}

void connections_judge_trial(struct connections *connections, struct client *client,
                             enum error error)
{
    connections_dial_later(connections);
    if (!connections->trial_passed)
        leave_trial(connections, client, error);
}

void connections_requeue(struct connections *connections, struct client *client)
{
    (client->in_flight ? list_put_first : list_put_last)(&connections->absent, &client->link);
}

void connections_requeue_failed(struct connections *connections, struct client *client)
{
    unsigned doublings = client->failures < MAX_DOUBLINGS ? client->failures : MAX_DOUBLINGS;
    struct loop *loop = loop_of(connections);

    client->failures++;
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
    connections_dial_later(connections); /* one call for all pauses that end in this turn */
}

void connections_update_idle(struct connections *connections, struct client *client)
{
    bool room = client->state == CLIENT_OPEN && client_has_room(client);

    if (!room || !list_is_in(&client->link)) {
        list_remove(&client->link);
        if (room)
            list_put_last(&connections->idle, &client->link);
    }
}

void connections_rotate_idle(struct connections *connections, struct client *client)
{
    if (connections->group.multiplexed)
        list_remove(&client->link);
    connections_update_idle(connections, client);
}

/* --- creating and freeing --- */

/* Returns NULL, or the reason of the failure, which the caller frees. */
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
        connections->tls_resuming = tls_client_new(&options, &why);
    options.no_resumption = true;
    if (!why && percent < 100)
        connections->tls_full = tls_client_new(&options, &why);
    return why;
}

static void make_clients(struct connections *connections)
{
    const struct load_options *options = connections->options;
    size_t count = options->connections;
    unsigned slots = connections->group.slots;

    connections->clients = memory_zeroed(count * sizeof(*connections->clients));
    connections->requests = memory_zeroed(count * slots * sizeof(*connections->requests));
    for (size_t i = 0; i < count; i++) {
        struct client *client = &connections->clients[i];

        client_init(client, &connections->group, (unsigned)i, connections->requests + i * slots);
        client->stamped = options->stamped_every && i % options->stamped_every == 0;
        timer_init(&client->pause, on_pause_over, client, "load client pause");
        list_put_last(&connections->absent, &client->link);
    }
}

char *connections_init(struct connections *connections, const struct load_options *options,
                       struct dialer *dialer, const struct client_events *clients,
                       const struct connections_events *events, void *owner)
{
    const struct url *url = targets_url(options->targets);
    bool multiplexed = versions_multiplex(options->versions, url->https);

    *connections = (struct connections){.options = options, .events = events};
    connections->group = (struct client_group){
        .dialer = dialer,
        .url = url,
        .events = clients,
        .owner = owner,
        .negotiation = negotiation_of(options->versions),
        .multiplexed = multiplexed,
        .slots = multiplexed ? options->streams : options->pipeline,
    };
    client_group_init(&connections->group);
    connections->group.conn_options.stream_window = options->window_bytes;
    if (options->header_table_bytes <= UINT32_MAX) {
        connections->group.conn_options.sets_header_table = true;
        connections->group.conn_options.header_table = (uint32_t)options->header_table_bytes;
    }
    list_init(&connections->idle);
    list_init(&connections->absent);
    timer_init(&connections->trial, check_trial, connections, "load trial end");
    task_init(&connections->dial_task, events->dial, owner, "load connect");
    make_clients(connections);
    return make_tls(connections);
}

void connections_stop_timers(struct connections *connections)
{
    struct loop *loop = loop_of(connections);

    loop_cancel(loop, &connections->trial);
    loop_undefer(loop, &connections->dial_task);
    for (size_t i = 0; i < connections->options->connections; i++)
        loop_cancel(loop, &connections->clients[i].pause);
}

void connections_close_all(struct connections *connections)
{
    for (size_t i = 0; i < connections->options->connections; i++)
        client_close(&connections->clients[i]);
}

void connections_free(struct connections *connections)
{
    connections_stop_timers(connections);
    connections_close_all(connections);
    client_group_free(&connections->group);
    tls_client_free(connections->tls_full);
    tls_client_free(connections->tls_resuming);
    free(connections->clients);
    free(connections->requests);
}
