/* Requests, parsed as in the origin, whole and in pieces. The first line of the input is the plan
   of the pieces, the rest is a sequence of requests. */
#include "origin/request_parser.h"
#include "tests/fuzz/fuzz.h"

struct reader {
    struct request_parser request;
    struct note note; /* of all requests */
};

/* Notes how a request ended. True if another one may follow. */
static bool conclude(struct reader *reader, enum request_status status, size_t at)
{
    const struct request_parser *request = &reader->request;

    MUST(status != REQUEST_DONE || request->head_done);
    if (request->head_done) {
        MUST(memchr(request->target, '\0', sizeof(request->target)));
        MUST(memchr(request->host, '\0', sizeof(request->host)));
        fprintf(reader->note.to, "%s%s at %s: ", request->is_head_request ? "HEAD " : "",
                request->target, request->host);
    }
    fprintf(reader->note.to, "status %d after %zu bytes\n", status,
            status == REQUEST_DONE ? at : 0);
    return status == REQUEST_DONE && request->keep_alive;
}

/* Feeds one piece, which may have several requests. False if no request may follow. */
static bool feed(struct reader *reader, struct part piece, size_t *at)
{
    while (piece.size) {
        size_t used = SIZE_MAX;
        enum request_status status =
            request_parser_feed(&reader->request, piece.at, piece.size, &used);

        MUST(used <= piece.size && (status != REQUEST_MORE || used == piece.size));
        *at += used;
        piece.at += used;
        piece.size -= used;
        if (status == REQUEST_MORE)
            continue;
        if (!conclude(reader, status, *at))
            return false;
        request_parser_start(&reader->request);
    }
    return true;
}

/* Reads `rest` in the pieces of the plan. */
static void read_all(struct reader *reader, struct part rest, const struct part *plan)
{
    size_t at = 0;
    bool more = true;

    note_open(&reader->note);
    request_parser_start(&reader->request);
    for (size_t i = 0; more && rest.size; i++)
        more = feed(reader, part_piece(&rest, plan, i), &at);
    if (more)
        conclude(reader, REQUEST_MORE, at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct part uncut;
    static struct reader whole, pieces;
    struct part rest = {data, size}, plan = part_line(&rest);

    read_all(&whole, rest, &uncut);
    read_all(&pieces, rest, &plan);
    note_compare(&whole.note, &pieces.note);
    note_free(&whole.note);
    note_free(&pieces.note);
    return 0;
}
