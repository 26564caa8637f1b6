/*
 * A regular line is found with one scan for the first control character, which has to be the CR
 * of its CR LF, eight bytes at a time: memchr for CR, LF and NUL would be three calls for a short
 * line. All other lines (cut, folded, irregular, or with a tab) are copied and looked at more
 * closely.
 */
#include "http/h1/lines.h"

#include <endian.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"

#define FIRST_ROOM 256
#define EACH_BYTE  0x0101010101010101ull

/* The first byte below a space, or `end`. */
static const char *first_control(const char *at, const char *end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t word, below;

        memcpy(&word, at, sizeof(word));
        word = le64toh(word);
        below = (word - ' ' * EACH_BYTE) & ~word & 0x80 * EACH_BYTE; /* the lowest bit is right */
        if (below)
            return at + __builtin_ctzll(below) / 8;
    }
    while (at < end && (unsigned char)*at >= ' ')
        at++;
    return at;
}

/* Whether a line begins at `at` that needs no copy; *mark is where its CR LF stands. */
static bool is_regular(bool may_fold, const char *at, const char *end, const char **mark)
{
    const char *cr = first_control(at, end);

    *mark = cr;
    if (end - cr < 2 || cr[0] != '\r' || cr[1] != '\n')
        return false;
    if (end - cr > 2 && !is_blank(cr[2]))
        return true;
    return cr == at || !may_fold;
}

/* Appends to what is held; there is room for CR LF behind it. */
static void append(struct lines *lines, const char *bytes, size_t count)
{
    if (count + 2 > lines->room - lines->bytes) {
        size_t room = lines->room ? lines->room : FIRST_ROOM;

        while (room < lines->bytes + count + 2)
            room *= 2;
        lines->held = memory_grow(lines->held, room, 1);
        lines->room = room;
    }
    memcpy(lines->held + lines->bytes, bytes, count);
    lines->bytes += count;
    lines->text = lines->held;
}

static enum lines_status refuse(struct lines *lines, const char *why)
{
    lines->why = why;
    return LINES_MALFORMED;
}

/* Whether the line still can be one, after `count` bytes were appended: a CR at its beginning
   belongs to its end. */
static bool begins_well(const struct lines *lines, size_t count)
{
    if (lines->bytes == lines->start || lines->held[lines->start] != '\r')
        return true;
    for (size_t i = lines->bytes - count; i < lines->bytes; i++)
        if (lines->held[i] != '\r')
            return false;
    return true;
}

/* The LF came: takes the CRs off, and replaces those that stand elsewhere. False: there is a
   NUL. */
static bool end_line(struct lines *lines)
{
    size_t with_end = lines->bytes;

    if (memchr(lines->held + lines->start, '\0', lines->bytes - lines->start))
        return false;
    while (lines->bytes > lines->start && lines->held[lines->bytes - 1] == '\r')
        lines->bytes--;
    lines->bare_lf |= lines->bytes == with_end;
    lines->repaired |= with_end - lines->bytes > 1;
    for (size_t i = lines->start; i < lines->bytes; i++) {
        if (lines->held[i] != '\r')
            continue;
        lines->held[i] = ' ';
        lines->repaired = true;
    }
    memcpy(lines->held + lines->bytes, "\r\n", 2);
    return true;
}

/* Not inlined: a regular line needs none of the registers that this one saves. */
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
        if (!begins_well(lines, count))
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
    const char *mark;

    if (lines->complete)
        lines->bytes = lines->start = 0;
    if (!lines->bytes && is_regular(may_fold, *at, end, &mark)) {
        lines->text = *at;
        lines->bytes = (size_t)(mark - *at);
        *at = mark + 2;
        status = lines->bytes ? LINES_TEXT : LINES_BLANK;
    } else {
        status = take_copied(lines, may_fold, at, end);
    }
    lines->complete = status == LINES_TEXT || status == LINES_BLANK;
    return status;
}

void lines_free(struct lines *lines)
{
    free(lines->held);
    *lines = (struct lines){0};
}
