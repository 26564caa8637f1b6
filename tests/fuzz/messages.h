/* A sequence of HTTP/1.1 responses, and a note of what the parser reports. */
#ifndef FUZZ_MESSAGES_H
#define FUZZ_MESSAGES_H

#include "http/h1/h1_parser.h"
#include "tests/fuzz/fuzz.h"

struct messages {
    struct h1_parser parser;
    void (*start)(struct messages *messages); /* prepares the parser for a response */
    struct note note;                         /* of all events */
    bool head;                                /* the head of this message was reported */
    size_t body;                              /* bytes of its body so far */
};

/* The event `body` of the parser. */
static inline void messages_body(void *owner, const char *bytes, size_t count)
{
    struct messages *messages = owner;

    MUST(messages->head && count && !messages->parser.is_head_request);
    messages->body += count;
    MUST(fwrite(bytes, 1, count, messages->note.to) == count);
}

static inline void messages_start(struct messages *messages)
{
    messages->head = false;
    messages->body = 0;
    messages->start(messages);
}

/* Notes how a message ended. True if another one may follow. */
static inline bool messages_conclude(struct messages *messages, enum h1_status status, size_t at)
{
    const struct h1_parser *parser = &messages->parser;

    MUST(parser->done || status != H1_DONE);
    MUST(!parser->done || status == H1_DONE || status == H1_UPGRADE);
    MUST(!parser->done || messages->head);
    MUST(error_of_h1(status) != ERROR_NONE && h1_parser_why(parser));
    fprintf(messages->note.to, "\nstatus %d after %zu bytes, %zu of body\n", status,
            status == H1_DONE ? at : 0, messages->body);
    return status == H1_DONE && parser->keep_alive;
}

/* Feeds one piece, which may have several messages. False if no message may follow. */
static inline bool messages_feed(struct messages *messages, struct part piece, size_t *at)
{
    while (piece.size) {
        size_t used = SIZE_MAX;
        enum h1_status status = h1_parser_feed(&messages->parser, piece.at, piece.size, &used);

        MUST(used <= piece.size && (status != H1_MORE || used == piece.size));
        *at += used;
        piece.at += used;
        piece.size -= used;
        if (status == H1_MORE)
            continue;
        if (!messages_conclude(messages, status, *at))
            return false;
        messages_start(messages);
    }
    return true;
}

/* Reads `rest` in the pieces of the plan. */
static inline void messages_read(struct messages *messages, struct part rest,
                                 const struct part *plan)
{
    size_t at = 0;
    bool more = true;

    note_open(&messages->note);
    messages_start(messages);
    for (size_t i = 0; more && rest.size; i++)
        more = messages_feed(messages, part_piece(&rest, plan, i), &at);
    if (more)
        messages_conclude(messages, h1_parser_finish(&messages->parser), at);
}

#endif
