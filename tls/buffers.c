/*
 * One timer for all connections, which runs only while a connection keeps its buffers. Rejected: a
 * timer for each connection, which would be armed again with each record.
 */
#include "tls/buffers.h"

static void remove_keeper(struct buffers *buffers, struct buffers_user *user)
{
    list_remove(&user->link);
    user->keeps = false;
    if (list_is_empty(&buffers->keepers))
        loop_cancel(buffers->loop, &buffers->sweep);
}

/* Frees the empty buffers. OpenSSL frees the others when they become empty. */
static void release(struct buffers *buffers, struct buffers_user *user)
{
    remove_keeper(buffers, user);
    SSL_set_mode(user->ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_free_buffers(user->ssl);
}

static void release_all(struct buffers *buffers)
{
    struct link *first;

    while ((first = list_first(&buffers->keepers)))
        release(buffers, LIST_OWNER(first, struct buffers_user, link));
}

static void arm(struct buffers *buffers)
{
    loop_arm(buffers->loop, &buffers->sweep,
             clock_after(loop_clock(buffers->loop), BUFFERS_IDLE_TIME));
}

/* Releases the buffers of all connections that were not used since the last call. */
static void sweep(void *owner)
{
    struct buffers *buffers = owner;
    struct link *next;

    for (struct link *link = buffers->keepers.next; link != &buffers->keepers; link = next) {
        struct buffers_user *user = LIST_OWNER(link, struct buffers_user, link);

        next = link->next;
        if (!user->used)
            release(buffers, user);
        user->used = false;
    }
    if (!list_is_empty(&buffers->keepers))
        arm(buffers);
}

void buffers_init(struct buffers *buffers, struct loop *loop)
{
    *buffers = (struct buffers){.loop = loop};
    list_init(&buffers->keepers);
    timer_init(&buffers->sweep, sweep, buffers, "TLS buffers");
}

void buffers_join(struct buffers *buffers, struct buffers_user *user, SSL *ssl)
{
    user->ssl = ssl;
    if (++buffers->connections > BUFFERS_MAX_CONNECTIONS)
        release_all(buffers);
}

void buffers_leave(struct buffers *buffers, struct buffers_user *user)
{
    buffers->connections--;
    if (user->keeps)
        remove_keeper(buffers, user);
}

void buffers_keep(struct buffers *buffers, struct buffers_user *user)
{
    SSL_clear_mode(user->ssl, SSL_MODE_RELEASE_BUFFERS);
    if (list_is_empty(&buffers->keepers))
        arm(buffers);
    list_put_last(&buffers->keepers, &user->link);
    user->keeps = true;
}
