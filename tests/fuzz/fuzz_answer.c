/*
 * Answers of a server, whole and in pieces: wherever they are cut, the same heads, the same bytes
 * and the same end. The first byte is 'G' or 'H' for an answer to GET or HEAD, 'g' or 'h' likewise
 * with most of the head's limit used up; the rest of the first line says where to cut.
 */
#include "tests/fuzz/messages.h"

#define LEFT_OF_HEAD 64 /* for 'g' and 'h' */

struct reader {
    struct messages messages; /* the first, so that one is the other */
    bool headless, limited;
};

static void on_head(void *owner, const struct http1 *http1)
{
    struct messages *messages = owner;

    MUST(!messages->head && http1 == &messages->http1 && http1->head_done);
    MUST(http1->status >= 100 && http1->status <= 999);
    MUST(http1->status / 100 != 1 || http1->status == 101);
    messages->head = true;
    fprintf(messages->note.to, "%u HTTP/%u.%u: ", http1->status, http1->major, http1->minor);
}

static void start(struct messages *messages)
{
    static const struct http1_events events = {.head = on_head, .body = messages_body};
    struct reader *reader = (struct reader *)messages;

    http1_start_answer(&messages->http1, reader->headless, &events, messages);
    if (reader->limited)
        messages->http1.head_bytes = HTTP1_MOST_HEAD_BYTES - LEFT_OF_HEAD;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct part uncut;
    struct part rest = {data, size}, plan = part_line(&rest);
    uint8_t how = part_byte(&plan);
    struct reader whole = {{.start = start}, .headless = !(how & 1), .limited = how & 0x20};
    struct reader pieces = whole;

    messages_read(&whole.messages, rest, &uncut);
    messages_read(&pieces.messages, rest, &plan);
    note_compare(&whole.messages.note, &pieces.messages.note);
    note_free(&whole.messages.note);
    note_free(&pieces.messages.note);
    return 0;
}
