/*
 * A state machine that reads one byte at a time. A bare LF ends a line, as in curl, and sets
 * `bare_lf`. A CR is valid only before an LF. An LF in a quoted value is refused: parsers disagree
 * on whether it ends the line, and then on where the data begins. Control characters in extensions
 * are refused too.
 */
#include "http/h1/chunks.h"

#include "base/bytes.h"

#define MAX_SIZE   (UINT64_MAX >> 4) /* another digit may follow */
#define MAX_DIGITS 16                /* further digits count in `extra` */

static enum chunks_status refuse(struct chunks *chunks, const char *why)
{
    chunks->why = why;
    return CHUNKS_MALFORMED;
}

/* A size line is complete. */
static enum chunks_status end_line(struct chunks *chunks)
{
    chunks->digits = 0;
    if (!chunks->left) {
        chunks->state = CHUNKS_SIZE_START;
        return CHUNKS_TRAILERS;
    }
    chunks->state = CHUNKS_IN_DATA;
    return CHUNKS_DATA;
}

static enum chunks_status take_digit(struct chunks *chunks, int digit)
{
    if (chunks->left > MAX_SIZE)
        return refuse(chunks, "Chunk size is out of range");
    if (chunks->digits < MAX_DIGITS)
        chunks->digits++;
    else
        chunks->extra++;
    chunks->left = chunks->left * 16 + (unsigned)digit;
    chunks->state = CHUNKS_SIZE;
    return CHUNKS_MORE;
}

/* A byte after the size, or after a blank that follows it. */
static enum chunks_status take_separator(struct chunks *chunks, char byte)
{
    switch (byte) {
    case '\n': chunks->bare_lf = true; return end_line(chunks);
    case '\r': chunks->state = CHUNKS_LF; return CHUNKS_MORE;
    case ' ':
    case '\t': chunks->state = CHUNKS_SPACE; break;
    case ';': chunks->state = CHUNKS_EXTENSION; break;
    default: return refuse(chunks, "Invalid character in chunk size");
    }
    chunks->extra++;
    return CHUNKS_MORE;
}

static enum chunks_status take_extension(struct chunks *chunks, char byte)
{
    bool quoted = chunks->state != CHUNKS_EXTENSION;

    if (!quoted && (byte == '\n' || byte == '\r'))
        return take_separator(chunks, byte);
    if (is_control(byte))
        return refuse(chunks, "Invalid character in chunk extension");
    chunks->extra++;
    if (chunks->state == CHUNKS_ESCAPED)
        chunks->state = CHUNKS_QUOTED;
    else if (byte == '"')
        chunks->state = quoted ? CHUNKS_EXTENSION : CHUNKS_QUOTED;
    else if (quoted && byte == '\\')
        chunks->state = CHUNKS_ESCAPED;
    return CHUNKS_MORE;
}

/* The line end after the data. */
static enum chunks_status take_data_end(struct chunks *chunks, char byte)
{
    if (byte == '\r' && chunks->state == CHUNKS_DATA_CR) {
        chunks->state = CHUNKS_DATA_LF;
        return CHUNKS_MORE;
    }
    if (byte != '\n')
        return refuse(chunks, "Expected a line end after chunk data");
    chunks->bare_lf |= chunks->state == CHUNKS_DATA_CR;
    chunks->state = CHUNKS_SIZE_START;
    return CHUNKS_MORE;
}

static enum chunks_status take_byte(struct chunks *chunks, char byte)
{
    int digit = hex_digit(byte);

    switch (chunks->state) {
    case CHUNKS_SIZE_START:
        return digit < 0 ? refuse(chunks, "Invalid character in chunk size")
                         : take_digit(chunks, digit);
    case CHUNKS_SIZE: return digit < 0 ? take_separator(chunks, byte) : take_digit(chunks, digit);
    case CHUNKS_SPACE: return take_separator(chunks, byte);
    case CHUNKS_EXTENSION:
    case CHUNKS_QUOTED:
    case CHUNKS_ESCAPED: return take_extension(chunks, byte);
    case CHUNKS_LF:
        return byte == '\n' ? end_line(chunks) : refuse(chunks, "Expected LF after chunk size");
    case CHUNKS_DATA_CR:
    case CHUNKS_DATA_LF: return take_data_end(chunks, byte);
    case CHUNKS_IN_DATA: break;
    }
    return CHUNKS_DATA;
}

enum chunks_status chunks_take(struct chunks *chunks, size_t max, const char **at, const char *end)
{
    enum chunks_status status = CHUNKS_MORE;

    while (status == CHUNKS_MORE && *at < end && chunks->extra < max) {
        status = take_byte(chunks, **at);
        *at += 1;
    }
    return status;
}

void chunks_skip(struct chunks *chunks, size_t count)
{
    chunks->left -= count;
    chunks->extra -= count < chunks->extra ? count : chunks->extra;
    if (!chunks->left)
        chunks->state = CHUNKS_DATA_CR;
}
