/*
 * A body passes three steps: its codings are removed, its head is kept until the character set is
 * known, its text is collected. No step produces more than the next can use.
 *
 * Rejected: collecting enough bytes first and converting them at the end, because the number of
 * bytes that ten characters need, encoded and compressed, is not known in advance.
 */
#include "http/body/preview.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "http/body/page_charset.h"

#define MAX_CHARACTER_BYTES 4 /* in UTF-8 */
#define PIECE_BYTES         1024

/* Escape sequences produce no characters: a text that needs more bytes than this ends early. */
#define MAX_SOURCE_BYTES(characters) (1024 + 16 * (characters))

void preview_start(struct preview *preview, size_t characters, const char *content_type,
                   const char *content_encoding)
{
    *preview = (struct preview){
        .charset = charset_of_type(content_type),
        .convertible = MAX_SOURCE_BYTES(characters),
        .max = characters,
        .room = PREVIEW_SHORT_BYTES,
    };
    coding_list_read(&preview->codings, content_encoding);
    preview->scans = !preview->charset && charset_is_page(content_type);
}

static unsigned char *text_of(struct preview *preview)
{
    return preview->long_text ? preview->long_text : preview->short_text;
}

/* Grows the buffer to `wanted` bytes. */
static void text_grow(struct preview *preview, size_t wanted)
{
    unsigned char *long_text;

    if (wanted <= preview->room)
        return;
    while (preview->room < wanted)
        preview->room *= 2;
    long_text = memory_grow(preview->long_text, preview->room, 1);
    if (!preview->long_text)
        memcpy(long_text, preview->short_text, preview->used);
    preview->long_text = long_text;
}

/* Counts the characters that are complete now. */
static void text_count(struct preview *preview)
{
    const unsigned char *text = text_of(preview);
    bool whole = true;

    while (whole && preview->complete_bytes < preview->used && preview->characters < preview->max) {
        const unsigned char *at = text + preview->complete_bytes;
        uint32_t character;
        size_t size = utf8_next(at, preview->used - preview->complete_bytes, &character, &whole);

        preview->complete_bytes += whole ? size : 0;
        preview->characters += whole;
    }
}

/* Adds UTF-8 to the text, up to the wanted length. */
static void text_add(struct preview *preview, const unsigned char *bytes, size_t count)
{
    size_t room = MAX_CHARACTER_BYTES * (preview->max - preview->characters);
    size_t incomplete = preview->used - preview->complete_bytes;
    size_t keep = count < room - incomplete ? count : room - incomplete;

    if (!keep)
        return;
    text_grow(preview, preview->used + keep);
    memcpy(text_of(preview) + preview->used, bytes, keep);
    preview->used += keep;
    text_count(preview);
    if (preview->characters == preview->max) {
        preview->used = preview->complete_bytes;
        preview->status = PREVIEW_READY;
    }
}

static void text_convert(struct preview *preview, const unsigned char *bytes, size_t count)
{
    unsigned char converted[CONVERSION_ROOM];

    if (count > preview->convertible)
        count = preview->convertible;
    preview->convertible -= count;
    while (count && preview->status == PREVIEW_MORE) {
        size_t made = conversion_step(preview->conversion, &bytes, &count, converted);

        text_add(preview, converted, made);
    }
    if (!preview->convertible)
        preview->status = PREVIEW_READY;
}

/* Reads bytes when the character set is known. */
static void take_text(struct preview *preview, const unsigned char *bytes, size_t count)
{
    if (preview->conversion)
        text_convert(preview, bytes, count);
    else
        text_add(preview, bytes, count);
}

/* Determines the character set from the received bytes, if they are enough, or are `all` of the
   body. *skip becomes the length of the byte order mark. */
static bool determine_charset(struct preview *preview, const unsigned char *bytes, size_t count,
                              bool all, size_t *skip)
{
    enum charset_mark mark;

    *skip = 0;
    mark = charset_of_mark(bytes, count, &preview->charset, skip);
    if (!all && mark == CHARSET_MAYBE_MARK)
        return false;
    if (preview->scans && mark != CHARSET_MARK) {
        if (!all && count < PAGE_CHARSET_BYTES)
            return false;
        preview->charset = page_charset(bytes, count);
    }
    if (preview->charset)
        preview->conversion = conversion_new(preview->charset);
    if (!preview->conversion)
        preview->charset = &charset_utf8;
    return preview->charset_known = true;
}

/* Reads the first bytes. They are kept only when one piece does not determine the character
   set. */
static void take_head(struct preview *preview, const unsigned char *bytes, size_t count)
{
    size_t skip, room = PAGE_CHARSET_BYTES - preview->head_bytes;
    size_t keep = count < room ? count : room;
    unsigned char *head;

    if (!preview->head && determine_charset(preview, bytes, count, false, &skip)) {
        take_text(preview, bytes + skip, count - skip);
        return;
    }
    if (!preview->head)
        preview->head = memory_get(PAGE_CHARSET_BYTES);
    memcpy(preview->head + preview->head_bytes, bytes, keep);
    preview->head_bytes += keep;
    if (!determine_charset(preview, preview->head, preview->head_bytes, false, &skip))
        return;
    head = preview->head;
    preview->head = NULL;
    take_text(preview, head + skip, preview->head_bytes - skip);
    take_text(preview, bytes + keep, count - keep);
    free(head);
}

/* Reads decoded bytes. */
static void take(struct preview *preview, const unsigned char *bytes, size_t count)
{
    if (!count)
        return;
    if (preview->charset_known)
        take_text(preview, bytes, count);
    else
        take_head(preview, bytes, count);
}

/* The number of decoded bytes that are certainly needed. */
static size_t useful(const struct preview *preview)
{
    size_t bytes = preview->scans && !preview->charset_known
                       ? PAGE_CHARSET_BYTES - preview->head_bytes
                       : MAX_CHARACTER_BYTES * (preview->max - preview->characters);

    return bytes < PIECE_BYTES ? bytes : PIECE_BYTES;
}

/* False: the coding is malformed before the text is complete. */
static bool decode(struct preview *preview, const unsigned char *bytes, size_t count)
{
    unsigned char piece[PIECE_BYTES];
    enum decoder_status status = DECODER_FULL;
    size_t made;

    if (!preview->decoder)
        preview->decoder = decoder_new(&preview->codings);
    while (status == DECODER_FULL && preview->status == PREVIEW_MORE) {
        status = decoder_feed(preview->decoder, &bytes, &count, piece, useful(preview), &made);
        take(preview, piece, made);
    }
    return status != DECODER_MALFORMED || preview->status == PREVIEW_READY;
}

/* Converts all pending bytes. `cut`: omits an incomplete last character. */
static void flush(struct preview *preview, bool cut)
{
    unsigned char converted[CONVERSION_ROOM];
    size_t skip;

    if (!preview->charset_known) {
        determine_charset(preview, preview->head, preview->head_bytes, true, &skip);
        if (preview->head)
            take_text(preview, preview->head + skip, preview->head_bytes - skip);
    }
    if (preview->conversion)
        text_add(preview, converted, conversion_end(preview->conversion, cut, converted));
    if (cut)
        preview->used = preview->complete_bytes;
}

/* Frees the memory that is not needed for the text itself. */
static enum preview_status conclude(struct preview *preview, enum preview_status status)
{
    decoder_free(preview->decoder);
    conversion_free(preview->conversion);
    free(preview->head);
    preview->decoder = NULL;
    preview->conversion = NULL;
    preview->head = NULL;
    return preview->status = status;
}

enum preview_status preview_feed(struct preview *preview, const unsigned char *bytes, size_t count)
{
    if (preview->status != PREVIEW_MORE || !count)
        return preview->status;
    if (preview->codings.too_many)
        return conclude(preview, PREVIEW_MALFORMED);
    if (!preview->codings.count) {
        take(preview, bytes, count);
    } else if (!decode(preview, bytes, count)) {
        flush(preview, true);
        return conclude(preview, preview->characters ? PREVIEW_READY : PREVIEW_MALFORMED);
    }
    return preview->status == PREVIEW_READY ? conclude(preview, PREVIEW_READY) : PREVIEW_MORE;
}

enum preview_status preview_finish(struct preview *preview, bool complete)
{
    bool stopped = preview->decoder && decoder_is_cut(preview->decoder);

    if (preview->status != PREVIEW_MORE)
        return preview->status;
    flush(preview, !complete || stopped);
    return conclude(preview, PREVIEW_READY);
}

const unsigned char *preview_text(const struct preview *preview, size_t *bytes)
{
    *bytes = preview->used;
    return preview->long_text ? preview->long_text : preview->short_text;
}

const char *preview_charset(const struct preview *preview)
{
    return preview->charset ? preview->charset->name : charset_utf8.name;
}

void preview_free(struct preview *preview)
{
    conclude(preview, PREVIEW_READY);
    free(preview->long_text);
    *preview = (struct preview){0};
}
