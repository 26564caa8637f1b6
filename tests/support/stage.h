/*
 * A stage for connections and exchanges: a loop with a fake clock, a dialer, a pool, and in place of
 * a server a script for each connection. The TCP connection below it is a real one, to a listener
 * that nobody serves, so that the machine's events come from the kernel; what is read and written
 * comes from the script.
 */
#ifndef SUPPORT_STAGE_H
#define SUPPORT_STAGE_H

#include "http/exchange.h"
#include "http/pool.h"
#include "tests/support/fake_clock.h"

/* What happens at a call; SAY to HANG for reads and handshakes, BLOCK and after for writes too. */
enum script_kind {
    SCRIPT_LAST,  /* the end of the list: reads hang, writes take all, handshakes are done */
    SCRIPT_SAY,   /* bytes come */
    SCRIPT_ASKED, /* nothing comes before one more request has been heard */
    SCRIPT_PAUSE, /* would block; an event follows */
    SCRIPT_HANG,  /* would block for ever */
    SCRIPT_END,   /* the end of the stream */
    SCRIPT_AGAIN, /* from the start of the list */
    SCRIPT_TAKE,  /* a write takes so many bytes */
    SCRIPT_BLOCK, /* no room; an event follows */
    SCRIPT_STUCK, /* no room, for ever */
    SCRIPT_BREAK, /* an error */
};

struct script_step {
    enum script_kind kind;
    size_t count;      /* of bytes; of SAY 0: up to the NUL */
    const char *bytes; /* to SAY */
    int error;         /* to BREAK with */
};

#define SAY(text)                                                                                  \
    {                                                                                              \
        .kind = SCRIPT_SAY, .bytes = (text)                                                        \
    }
#define ASKED                                                                                      \
    {                                                                                              \
        .kind = SCRIPT_ASKED                                                                       \
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
#define AGAIN                                                                                      \
    {                                                                                              \
        .kind = SCRIPT_AGAIN                                                                       \
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
#define BREAK(reason)                                                                              \
    {                                                                                              \
        .kind = SCRIPT_BREAK, .error = (reason)                                                    \
    }
#define LAST                                                                                       \
    {                                                                                              \
        .kind = SCRIPT_LAST                                                                        \
    }

/* What one connection does; NULL is an empty list. */
struct script {
    const struct script_step *reads, *writes, *handshakes;
};

#define STAGE_HEARD_BYTES (128 * 1024)

struct actor; /* a connection that plays a script */

struct stage {
    struct loop *loop;
    struct fake_clock clock;
    struct dialer dialer;
    struct pool *pool;
    int listener;
    struct address at;

    const struct script *scripts; /* one a connection; the last is for all that follow */
    size_t script_count;
    size_t opened, closed;         /* connections */
    struct actor *actor;           /* of the connection that was opened last */
    char heard[STAGE_HEARD_BYTES]; /* what was written to it */
    size_t heard_bytes;
    bool pending; /* what transports say of bytes that they hold */
    bool refuse;  /* dialer.open returns NULL */
    struct exchange_options options;
    struct probe probe;
    const char *machine; /* whose states are noted */
    char states[256];    /* "resolve connect ..." */
};

/* What an exchange is told where nothing else matters: ten characters of the preview, the whole body,
   connections kept, no limit. */
extern const struct exchange_options stage_options;

/* The clock goes on by `tick` each time it is read. */
void stage_open(struct stage *stage, nsec tick);
void stage_close(struct stage *stage);

/* Which scripts the connections play from here on. */
void stage_play(struct stage *stage, const struct script *scripts, size_t count);

/* A site at the stage's listener: "http" or "https", a path. To be freed. */
struct site *stage_site(const struct stage *stage, const char *scheme, const char *path);

/* The connection that was opened last reads on behind the HANG that it has come to. */
void stage_skip(struct stage *stage);

/* From here on the states that this kind of machine enters are noted in stage->states. */
void stage_note_states(struct stage *stage, const char *machine);

/* An event for the connection that was opened last. */
void stage_event(struct stage *stage, uint32_t events);

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
void outcome_note(void *owner, const struct result *result);

/* Starts an exchange with the stage's options: the site's own request and its time. Its report goes
   to outcome_note. */
void stage_start(struct stage *stage, struct exchange *exchange, const struct site *site,
                 struct outcome *outcome);

/* The same, and turns the loop until it is reported, then clears it. */
void stage_fetch(struct stage *stage, const struct site *site, struct outcome *outcome);

#endif
