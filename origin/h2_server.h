/*
 * HTTP/2 at the origin (RFC 9113), by nghttp2: from the received bytes of a connection to the bytes
 * that it sends. There is no I/O here. Requests of one connection are served concurrently.
 *
 * The frames of a client are bounded: REQUEST_MAX_HEAD_BYTES for the fields of a request, at most
 * H2_MAX_STREAMS_LIMIT streams. Content is read and not stored.
 */
#ifndef ORIGIN_H2_SERVER_H
#define ORIGIN_H2_SERVER_H

#include "origin/response.h"
#include "reactor/loop.h"

#define H2_SERVER_OUTPUT_BYTES (32 * 1024)

struct h2_server;

struct h2_server_options {
    struct loop *loop;
    bool https;
    find_behaviour_fn *find_behaviour;
    void *owner; /* argument of find_behaviour */

    /* Called when a timer has produced output; h2_server_free may be called in it. */
    void (*wake)(void *wake_owner);
    void *wake_owner;
};

/* A session for a connection. The preface of the client (section 3.4) is the first bytes that are
   received. */
struct h2_server *h2_server_new(const struct h2_server_options *options);

/* NULL is allowed. */
void h2_server_free(struct h2_server *server);

/* Processes all bytes. */
void h2_server_receive(struct h2_server *server, const unsigned char *bytes, size_t count);

/* Writes the next bytes to be sent, at most H2_SERVER_OUTPUT_BYTES. Returns their number; 0: there
   are none now. */
size_t h2_server_output(struct h2_server *server, unsigned char to[H2_SERVER_OUTPUT_BYTES]);

/* How the connection goes on after the last bytes of the output; ENDING_KEEP: it stays open. */
enum ending h2_server_ending(const struct h2_server *server);

#endif
