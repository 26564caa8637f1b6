/*
 * One scan finds the first control character, eight bytes at a time. In a regular line it is the CR
 * of CR LF. memchr for CR, LF and NUL would be three calls for a short line. All other lines (cut,
 * folded, irregular, or with a tab) are copied and examined byte by byte.
 */
#include "http/h1/lines.h"

#include <endian.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"

#define FIRST_CAPACITY 256
#define EACH_BYTE      0x0101010101010101ull

/* The first byte below a space, or `end`. */
static const char *first_control(const char *at, const char *end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t word, below;

        memcpy(&word, at, sizeof(word));
        word = le64toh(word);
        /* only the lowest bit is exact */
        below = (word - ' ' * EACH_BYTE) & ~word & 0x80 * EACH_BYTE;
        if (below)
            return at + __builtin_ctzll(below) / 8;
    }
    while (at < end && (unsigned char)*at >= ' ')
        at++;
    return at;
}

/* Whether the line at `at` needs no copy; *line_end points to its CR LF. */
static bool is_regular(bool may_fold, const char *at, const char *end, const char **line_end)
{
    const char *cr = first_control(at, end);

    *line_end = cr;
    if (end - cr < 2 || cr[0] != '\r' || cr[1] != '\n')
        return false;
    if (end - cr > 2 && !is_blank(cr[2]))
        return true;
    return cr == at || !may_fold;
}

/* Appends to the copy; there is always space for CR LF after it. */
static void append(struct lines *lines, const char *bytes, size_t count)
{
    if (count + 2 > lines->capacity - lines->bytes) {
        size_t capacity = lines->capacity ? lines->capacity : FIRST_CAPACITY;

        while (capacity < lines->bytes + count + 2)
            capacity *= 2;
        lines->copy = memory_grow(lines->copy, capacity, 1);
        lines->capacity = capacity;
    }
    memcpy(lines->copy + lines->bytes, bytes, count);
    lines->bytes += count;
    lines->text = lines->copy;
}

static enum lines_status refuse(struct lines *lines, const char *why)
{
    lines->why = why;
    return LINES_MALFORMED;
}

/* Whether the line is still valid after `count` bytes were appended: a CR at its start must belong
   to its line end. */
static bool has_valid_start(const struct lines *lines, size_t count)
{
    if (lines->bytes == lines->start || lines->copy[lines->start] != '\r')
        return true;
    for (size_t i = lines->bytes - count; i < lines->bytes; i++)
        if (lines->copy[i] != '\r')
            return false;
    return true;
}

/* The LF was read: removes the CRs before it, and replaces all others. False: the line contains a
   NUL. */
static bool end_line(struct lines *lines)
{
    size_t with_end = lines->bytes;

    if (memchr(lines->copy + lines->start, '\0', lines->bytes - lines->start))
        return false;
    while (lines->bytes > lines->start && lines->copy[lines->bytes - 1] == '\r')
        lines->bytes--;
    lines->bare_lf |= lines->bytes == with_end;
    lines->repaired |= with_end - lines->bytes > 1;
    for (size_t i = lines->start; i < lines->bytes; i++) {
        if (lines->copy[i] != '\r')
            continue;
        lines->copy[i] = ' ';
        lines->repaired = true;
    }
    memcpy(lines->copy + lines->bytes, "\r\n", 2);
    return true;
}

/* Not inlined: a regular line does not need the registers that this function saves. */
__attribute__((noinline)) static enum lines_status take_copied(struct lines *lines, bool may_fold,
                                                               const char **at, const char *end)
{
    while (*at < end) {
        const char *lf;
        size_t count;

        if (lines->ended && !is_blank(**at)) {
            lines->ended = false;
            return LINES_TEXT;
        }
        if (lines->ended)
            lines->start = lines->bytes;
        lines->ended = false;
        lf = memchr(*at, '\n', (size_t)(end - *at));
        count = (size_t)((lf ? lf : end) - *at);
        append(lines, *at, count);
        *at += count + (lf != NULL);
        if (!has_valid_start(lines, count))
            return refuse(lines, "CR without LF at the beginning of a line");
        if (!lf)
            break;
        if (!end_line(lines))
            return refuse(lines, "NUL in the head");
        if (!lines->bytes)
            return LINES_BLANK;
        if (!may_fold)
            return LINES_TEXT;
        lines->ended = true;
    }
    return LINES_MORE;
}

enum lines_status lines_take(struct lines *lines, bool may_fold, const char **at, const char *end)
{
    enum lines_status status;
    const char *line_end;

    if (lines->complete)
        lines->bytes = lines->start = 0;
    if (!lines->bytes && is_regular(may_fold, *at, end, &line_end)) {
        lines->text = *at;
        lines->bytes = (size_t)(line_end - *at);
        *at = line_end + 2;
        status = lines->bytes ? LINES_TEXT : LINES_BLANK;
    } else {
        status = take_copied(lines, may_fold, at, end);
    }
    lines->complete = status == LINES_TEXT || status == LINES_BLANK;
    return status;
}

void lines_free(struct lines *lines)
{
    free(lines->copy);
    *lines = (struct lines){0};
}
