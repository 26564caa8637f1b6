/*
 * Common functions of the fuzz targets. An input begins with a few bytes of parameters, often with
 * a line that is the plan of the pieces; then come the bytes for the code under test.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Called by libFuzzer, once for each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts unless the condition is true. */
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: ERROR: it is false that %s\n", __FILE__, __LINE__,             \
                    #condition);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* A part of the input. */
struct part {
    const uint8_t *at;
    size_t size;
};

/* The next byte, 0 at the end. */
static inline uint8_t part_byte(struct part *part)
{
    if (!part->size)
        return 0;
    part->size--;
    return *part->at++;
}

/* Takes the bytes before the next '\n', and skips it. Without one, takes all bytes. */
static inline struct part part_line(struct part *part)
{
    const uint8_t *close = part->size ? memchr(part->at, '\n', part->size) : NULL;
    struct part line = {part->at, close ? (size_t)(close - part->at) : part->size};
    size_t passed = line.size + (close != NULL);

    if (passed) {
        part->at += passed;
        part->size -= passed;
    }
    return line;
}

/* Returns a part as a NUL-terminated text, which ends at a NUL in the part. The caller frees it. */
static inline char *part_text(const struct part *part)
{
    char *text = memory_zeroed(part->size + 1);

    if (part->size)
        memcpy(text, part->at, part->size);
    return text;
}

/* Takes the next piece of `rest`. The plan has a digit for the length of each piece and repeats:
   "13" is one byte, three, one, ...; '0' and an empty plan take the rest. */
static inline struct part part_piece(struct part *rest, const struct part *plan, size_t number)
{
    size_t size = plan->size ? plan->at[number % plan->size] ^ '0' : 0;
    struct part piece = {rest->at, !size || size > rest->size ? rest->size : size};

    if (piece.size) {
        rest->at += piece.size;
        rest->size -= piece.size;
    }
    return piece;
}

/* A text in memory. Two ways of reading an input write a note each, and the notes must be equal. */
struct note {
    FILE *to;
    char *text;
    size_t length;
};

static inline void note_open(struct note *note)
{
    *note = (struct note){0};
    note->to = open_memstream(&note->text, &note->length);
    MUST(note->to);
}

/* Ends writing; `text` is valid afterwards. */
static inline void note_close(struct note *note)
{
    if (note->to)
        MUST(!fclose(note->to));
    note->to = NULL;
}

/* Closes both and aborts if they differ. */
static inline void note_compare(struct note *one, struct note *other)
{
    note_close(one);
    note_close(other);
    if (one->length != other->length || memcmp(one->text, other->text, one->length) != 0) {
        fprintf(stderr, "one way:\n%s\nthe other way:\n%s\n", one->text, other->text);
        MUST(!"both ways give the same");
    }
}

static inline void note_free(struct note *note)
{
    note_close(note);
    free(note->text);
}

#endif
