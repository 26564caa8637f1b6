/*
 * Responses of a server, whole and in pieces: the heads, the body bytes, the header fields and the
 * end are the same; without field callbacks, all but the fields is the same.
 * The first byte of the input is 'G' or 'H' for a response to GET or HEAD; 'g' or 'h': the same
 * with most of the head limit used up. The rest of the first line is the plan of the pieces.
 */
#include "tests/fuzz/messages.h"

#define LEFT_OF_HEAD 64 /* for 'g' and 'h' */

struct reader {
    struct messages messages; /* first, so that pointers can be cast */
    bool is_head_request, limited;
    bool silent;        /* without field callbacks */
    struct note fields; /* of all heads, with their first lines */
};

static bool is_clean(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
            return false;
    return !bytes || (!strchr(" \t", text[0]) && !strchr(" \t", text[bytes - 1]));
}

static void on_field(void *owner, const char *name, size_t name_bytes, const char *value,
                     size_t value_bytes)
{
    struct reader *reader = owner;

    MUST(!reader->messages.head && !reader->messages.parser.head_done);
    MUST(name_bytes && name_bytes <= H1_MAX_NAME_BYTES && is_clean(name, name_bytes));
    MUST(!memchr(name, ' ', name_bytes) && !memchr(name, ':', name_bytes));
    MUST(value_bytes <= H1_MAX_VALUE_BYTES && is_clean(value, value_bytes));
    fprintf(reader->fields.to, "%.*s: %.*s\n", (int)name_bytes, name, (int)value_bytes, value);
}

static void on_status(void *owner, const struct h1_parser *parser, const char *reason,
                      size_t reason_bytes)
{
    struct reader *reader = owner;

    MUST(!reader->messages.head && parser == &reader->messages.parser && !parser->head_done);
    MUST(reason_bytes <= H1_MAX_VALUE_BYTES);
    MUST(!memchr(reason, '\r', reason_bytes) && !memchr(reason, '\n', reason_bytes));
    MUST(!memchr(reason, '\0', reason_bytes));
    fprintf(reader->fields.to, "HTTP/%u.%u %u %.*s\n", parser->major, parser->minor, parser->status,
            (int)reason_bytes, reason);
}

static void on_head(void *owner, const struct h1_parser *parser)
{
    struct messages *messages = owner;

    MUST(!messages->head && parser == &messages->parser && parser->head_done);
    MUST(parser->status >= 100 && parser->status <= 999);
    MUST(parser->status / 100 != 1 || parser->status == 101);
    messages->head = true;
    fprintf(messages->note.to, "%u HTTP/%u.%u: ", parser->status, parser->major, parser->minor);
}

static void start(struct messages *messages)
{
    static const struct h1_events silent = {.head = on_head, .body = messages_body};
    static const struct h1_events verbose = {
        .field = on_field, .status = on_status, .head = on_head, .body = messages_body};
    struct reader *reader = (struct reader *)messages;

    h1_parser_start_response(&messages->parser, reader->is_head_request,
                             reader->silent ? &silent : &verbose, messages);
    if (reader->limited)
        messages->parser.head_bytes = H1_MAX_HEAD_BYTES - LEFT_OF_HEAD;
}

static void read_all(struct reader *reader, struct part rest, const struct part *plan)
{
    note_open(&reader->fields);
    messages_read(&reader->messages, rest, plan);
    MUST(!reader->messages.parser.lines.copy);
}

static void reader_free(struct reader *reader)
{
    note_free(&reader->messages.note);
    note_free(&reader->fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct part uncut;
    struct part rest = {data, size}, plan = part_line(&rest);
    uint8_t how = part_byte(&plan);
    struct reader whole = {{.start = start}, .is_head_request = !(how & 1), .limited = how & 0x20};
    struct reader pieces = whole, silent = whole;

    silent.silent = true;
    read_all(&whole, rest, &uncut);
    read_all(&pieces, rest, &plan);
    read_all(&silent, rest, &plan);
    note_compare(&whole.messages.note, &pieces.messages.note);
    note_compare(&whole.messages.note, &silent.messages.note);
    note_compare(&whole.fields, &pieces.fields);
    reader_free(&whole);
    reader_free(&pieces);
    reader_free(&silent);
    return 0;
}
