/*
 * A fixture for connections and exchanges: a loop with a fake clock, a dialer, a pool, and in position of
 * a server a script for each connection. The TCP connection below it is a real one, to a listener
 * that nobody serves, so that the machine's events come from the kernel; what is read and written
 * comes from the script.
 */
#ifndef SUPPORT_FIXTURE_H
#define SUPPORT_FIXTURE_H

#include "http/exchange.h"
#include "http/pool.h"
#include "tests/support/fake_clock.h"

/* What happens at a call; SAY to HANG for reads and handshakes, BLOCK and after for writes too. */
enum script_kind {
    SCRIPT_LAST, /* the end of the list: reads hang, writes take all, handshakes are done */
    SCRIPT_SEND, /* bytes come */
    SCRIPT_AFTER_REQUEST, /* nothing comes before one more request has been received */
    SCRIPT_PAUSE,         /* would block; an event follows */
    SCRIPT_HANG,          /* would block for ever */
    SCRIPT_END,           /* the end of the stream */
    SCRIPT_REPEAT,        /* from the start of the list */
    SCRIPT_TAKE,          /* a write takes so many bytes */
    SCRIPT_BLOCK,         /* no room; an event follows */
    SCRIPT_STUCK,         /* no room, for ever */
    SCRIPT_FAIL,          /* an error */
};

struct script_step {
    enum script_kind kind;
    size_t count;      /* of bytes; of SAY 0: up to the NUL */
    const char *bytes; /* to SAY */
    int error;         /* to BREAK with */
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

/* What one connection does; NULL is an empty list. */
struct script {
    const struct script_step *reads, *writes, *handshakes;
};

#define FIXTURE_RECEIVED_BYTES (128 * 1024)

struct scripted_transport; /* a connection that plays a script */

struct fixture {
    struct loop *loop;
    struct fake_clock clock;
    struct dialer dialer;
    struct pool *pool;
    int listener;
    struct address address;

    const struct script *scripts; /* one a connection; the last is for all that follow */
    size_t script_count;
    size_t opened, closed;                 /* connections */
    struct scripted_transport *newest;     /* of the connection that was opened last */
    char received[FIXTURE_RECEIVED_BYTES]; /* what was written to it */
    size_t received_bytes;
    bool pending; /* what transports say of bytes that they hold */
    bool refuse;  /* dialer.open returns NULL */
    struct exchange_options options;
    struct probe probe;
    const char *machine; /* whose states are noted */
    char states[256];    /* "resolve connect ..." */
};

/* What an exchange is told where nothing else matters: ten characters of the preview, the whole body,
   connections kept, no limit. */
extern const struct exchange_options fixture_options;

/* The clock goes on by `tick` each time it is read. */
void fixture_open(struct fixture *fixture, nsec tick);
void fixture_close(struct fixture *fixture);

/* Which scripts the connections run_step from here on. */
void fixture_set_scripts(struct fixture *fixture, const struct script *scripts, size_t count);

/* A site at the fixture's listener: "http" or "https", a path. To be freed. */
struct site *fixture_site(const struct fixture *fixture, const char *scheme, const char *path);

/* The connection that was opened last reads on behind the HANG that it has come to. */
void fixture_skip_hang(struct fixture *fixture);

/* From here on the states that this kind of machine enters are noted in fixture->states. */
void fixture_record_states(struct fixture *fixture, const char *machine);

/* An event for the connection that was opened last. */
void fixture_send_event(struct fixture *fixture, uint32_t events);

#define OUTCOME_SNIPPET_BYTES 64
#define OUTCOME_DETAIL_BYTES  64

/* How a site's fetch came out. */
struct outcome {
    struct result result; /* of what it borrowed, the snippet and the detail are copies; no legs */
    char snippet[OUTCOME_SNIPPET_BYTES];
    char detail[OUTCOME_DETAIL_BYTES]; /* cut */
    int reports;
};

/* A done() that checks the result's stamps and copies it; the owner is a struct outcome. */
void outcome_record(void *owner, const struct result *result);

/* Starts an exchange with the fixture's options: the site's own request and its time. Its report goes
   to outcome_record. */
void fixture_start(struct fixture *fixture, struct exchange *exchange, const struct site *site,
                   struct outcome *outcome);

/* The same, and turns the loop until it is reported, then clears it. */
void fixture_fetch(struct fixture *fixture, const struct site *site, struct outcome *outcome);

#endif
