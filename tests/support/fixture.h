/*
 * A fixture for tests of connections and exchanges: a loop with a fake clock, a dialer, a pool, and
 * transports that follow a script and need no server. The TCP connection below a transport is real
 * and leads to a listener that never accepts: events come from the kernel, bytes from the script.
 */
#ifndef SUPPORT_FIXTURE_H
#define SUPPORT_FIXTURE_H

#include "http/exchange.h"
#include "http/pool/pool.h"
#include "tests/support/fake_clock.h"

/* The result of one call of a transport. Reads and handshakes take SEND to HANG, and BLOCK to FAIL;
   writes take REPEAT to FAIL. */
enum script_kind {
    SCRIPT_LAST,          /* end of the list: reads hang, writes and handshakes succeed */
    SCRIPT_SEND,          /* the peer sends bytes */
    SCRIPT_AFTER_REQUEST, /* the next step waits until one more request has been written */
    SCRIPT_PAUSE,         /* would block; an event follows */
    SCRIPT_HANG,          /* would block for ever */
    SCRIPT_END,           /* the peer ends its direction */
    SCRIPT_REPEAT,        /* start the list again */
    SCRIPT_TAKE,          /* a write takes `count` bytes */
    SCRIPT_BLOCK,         /* not writable; an event follows */
    SCRIPT_STUCK,         /* not writable, for ever */
    SCRIPT_FAIL,          /* an error */
};

struct script_step {
    enum script_kind kind;
    size_t count;      /* in bytes; SEND with 0: up to the NUL */
    const char *bytes; /* SEND only */
    int error;         /* FAIL only */
};

#define SEND(text)                                                                                 \
    {                                                                                              \
        .kind = SCRIPT_SEND, .bytes = (text)                                                       \
    }
#define AFTER_REQUEST                                                                              \
    {                                                                                              \
        .kind = SCRIPT_AFTER_REQUEST                                                               \
    }
#define PAUSE                                                                                      \
    {                                                                                              \
        .kind = SCRIPT_PAUSE                                                                       \
    }
#define HANG                                                                                       \
    {                                                                                              \
        .kind = SCRIPT_HANG                                                                        \
    }
#define END                                                                                        \
    {                                                                                              \
        .kind = SCRIPT_END                                                                         \
    }
#define REPEAT                                                                                     \
    {                                                                                              \
        .kind = SCRIPT_REPEAT                                                                      \
    }
#define TAKE(n)                                                                                    \
    {                                                                                              \
        .kind = SCRIPT_TAKE, .count = (n)                                                          \
    }
#define BLOCK                                                                                      \
    {                                                                                              \
        .kind = SCRIPT_BLOCK                                                                       \
    }
#define STUCK                                                                                      \
    {                                                                                              \
        .kind = SCRIPT_STUCK                                                                       \
    }
#define FAIL(reason)                                                                               \
    {                                                                                              \
        .kind = SCRIPT_FAIL, .error = (reason)                                                     \
    }
#define LAST                                                                                       \
    {                                                                                              \
        .kind = SCRIPT_LAST                                                                        \
    }

/* The script of one connection. A NULL list is empty. */
struct script {
    const struct script_step *reads, *writes, *handshakes;
};

#define FIXTURE_RECEIVED_BYTES (128 * 1024)

struct scripted_transport;

struct fixture {
    struct loop *loop;
    struct fake_clock clock;
    struct dialer dialer;
    struct pool *pool;
    int listener;
    struct address address; /* of the listener */

    const struct script *scripts; /* one for each connection; the last is for all that follow */
    size_t script_count;
    size_t opened, closed;                 /* numbers of connections */
    struct scripted_transport *newest;     /* the transport that was opened last */
    char received[FIXTURE_RECEIVED_BYTES]; /* bytes written to `newest`, NUL-terminated */
    size_t received_bytes;
    bool pending; /* what each transport's pending() returns */
    bool refuse;  /* dialer.open returns NULL */
    struct exchange_options options;
    struct probe probe;
    const char *machine; /* the kind of state machine to record */
    char states[256];    /* its states, "resolve connect ..." */
};

/* Options for tests that need no others: a preview of ten characters, the whole body, keep-alive,
   no limit. */
extern const struct exchange_options fixture_options;

/* `tick` is added to the clock each time it is read. */
void fixture_open(struct fixture *fixture, nsec tick);
void fixture_close(struct fixture *fixture);

/* Replaces the pool, which must be idle, by one whose connections speak HTTP/2 at once. */
void fixture_use_http2(struct fixture *fixture);

/* Sets the scripts of later connections, and sets `opened` and `closed` to 0. */
void fixture_set_scripts(struct fixture *fixture, const struct script *scripts, size_t count);

/* Returns a site on the fixture's listener; `scheme` is "http" or "https". The caller frees it. */
struct site *fixture_site(const struct fixture *fixture, const char *scheme, const char *path);

/* Moves the reads of the newest connection past their current HANG. */
void fixture_skip_hang(struct fixture *fixture);

/* Records the states of machines of this kind in fixture->states from now on. */
void fixture_record_states(struct fixture *fixture, const char *machine);

/* Sends an event to the newest connection. */
void fixture_send_event(struct fixture *fixture, uint32_t events);

#define OUTCOME_SNIPPET_BYTES 64
#define OUTCOME_DETAIL_BYTES  64

/* The result of a site's fetch. */
struct outcome {
    struct result result; /* its snippet and detail are copies; it has no legs and no certificate */
    char snippet[OUTCOME_SNIPPET_BYTES];
    char detail[OUTCOME_DETAIL_BYTES]; /* truncated */
    int reports;
};

/* A done() that checks the result's stamps and copies the result; the owner is a struct outcome. */
void outcome_record(void *owner, const struct result *result);

/* Starts an exchange with the fixture's options and the site's request and timeout. The result goes
   to outcome_record. */
void fixture_start(struct fixture *fixture, struct exchange *exchange, const struct site *site,
                   struct outcome *outcome);

/* Like fixture_start; then turns the loop until the result is reported, and clears the exchange. */
void fixture_fetch(struct fixture *fixture, const struct site *site, struct outcome *outcome);

#endif
