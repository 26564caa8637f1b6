/* Requests as the rehearsal's origin reads them, whole and in pieces. The first line of the input
   says where to cut, the rest are requests one after another. */
#include "tests/fuzz/messages.h"

struct reader {
    struct messages messages; /* the first, so that one is the other */
    struct http1_request request;
};

static void on_head(void *owner, const struct http1 *http1)
{
    struct messages *messages = owner;
    const struct http1_request *request = http1->request;

    MUST(!messages->head && http1 == &messages->http1 && request);
    MUST(memchr(request->target, '\0', sizeof(request->target)));
    MUST(memchr(request->host, '\0', sizeof(request->host)));
    messages->head = true;
    fprintf(messages->note.to, "%s%s at %s, HTTP/%u.%u: ", request->head ? "HEAD " : "",
            request->target, request->host, http1->major, http1->minor);
}

static void start(struct messages *messages)
{
    static const struct http1_events events = {.head = on_head, .body = messages_body};
    struct reader *reader = (struct reader *)messages;

    http1_start_request(&messages->http1, &reader->request, &events, messages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct part uncut;
    static struct reader whole, pieces;
    struct part rest = {data, size}, plan = part_line(&rest);

    whole.messages.start = pieces.messages.start = start;
    messages_read(&whole.messages, rest, &uncut);
    messages_read(&pieces.messages, rest, &plan);
    note_compare(&whole.messages.note, &pieces.messages.note);
    note_free(&whole.messages.note);
    note_free(&pieces.messages.note);
    return 0;
}
