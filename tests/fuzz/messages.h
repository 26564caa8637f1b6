/* HTTP/1.1 answers one after another, noted as they are read. */
#ifndef FUZZ_MESSAGES_H
#define FUZZ_MESSAGES_H

#include "http/h1/h1_parser.h"
#include "tests/fuzz/fuzz.h"

struct messages {
    struct http1 http1;
    void (*start)(struct messages *messages); /* makes http1 ready for the next one */
    struct note note;                         /* all that came */
    bool head;                                /* of this message came */
    size_t body;                              /* bytes of it so far */
};

/* An event of http1, for the owner's own. */
static inline void messages_body(void *owner, const char *bytes, size_t count)
{
    struct messages *messages = owner;

    MUST(messages->head && count && !messages->http1.headless);
    messages->body += count;
    MUST(fwrite(bytes, 1, count, messages->note.to) == count);
}

static inline void messages_start(struct messages *messages)
{
    messages->head = false;
    messages->body = 0;
    messages->start(messages);
}

/* Notes how a message ended. True where another one may follow. */
static inline bool messages_conclude(struct messages *messages, enum http1_status status, size_t at)
{
    const struct http1 *http1 = &messages->http1;

    MUST(http1->done || status != HTTP1_DONE);
    MUST(!http1->done || status == HTTP1_DONE || status == HTTP1_UPGRADE);
    MUST(!http1->done || messages->head);
    MUST(error_of_http1(status) != ERROR_NONE && http1_why(http1));
    fprintf(messages->note.to, "\nstatus %d after %zu bytes, %zu of body\n", status,
            status == HTTP1_DONE ? at : 0, messages->body);
    return status == HTTP1_DONE && http1->keep_alive;
}

/* Feeds one piece, and goes on to the next messages in it. False at the end of all. */
static inline bool messages_feed(struct messages *messages, struct part piece, size_t *at)
{
    while (piece.size) {
        size_t used = SIZE_MAX;
        enum http1_status status = http1_feed(&messages->http1, piece.at, piece.size, &used);

        MUST(used <= piece.size && (status != HTTP1_MORE || used == piece.size));
        *at += used;
        piece.at += used;
        piece.size -= used;
        if (status == HTTP1_MORE)
            continue;
        if (!messages_conclude(messages, status, *at))
            return false;
        messages_start(messages);
    }
    return true;
}

/* Reads all of `rest`, cut as planned. */
static inline void messages_read(struct messages *messages, struct part rest,
                                 const struct part *plan)
{
    size_t at = 0;
    bool goes_on = true;

    note_open(&messages->note);
    messages_start(messages);
    for (size_t i = 0; goes_on && rest.size; i++)
        goes_on = messages_feed(messages, part_piece(&rest, plan, i), &at);
    if (goes_on)
        messages_conclude(messages, http1_finish(&messages->http1), at);
}

#endif
