/*
 * Reads the lines of a file, a pipe or standard input one by one, through a buffer of limited size.
 * Lines that are complete in the buffer can be read before earlier lines are returned.
 */
#ifndef CLI_LIST_READER_H
#define CLI_LIST_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reactor/loop.h"

#define READER_MAX_LINE_BYTES 65536

struct reader;

enum reader_next {
    READER_LINE,
    READER_LATER, /* `ready` is called when there may be more */
    READER_END,   /* end of the file, or an error: see reader_take_error */
};

struct line {
    char *text; /* in the buffer, until the next call; may contain NUL and CR */
    size_t length;
    /* over READER_MAX_LINE_BYTES: only the first bytes are returned, the rest is skipped */
    bool too_long;
};

/* Opens a file. "-" is standard input, which stays open. With a loop no call blocks, and `ready`
   is called with `owner` after READER_LATER; without one, reading blocks. NULL and errno on an
   error. */
struct reader *reader_open(const char *path, struct loop *loop, void (*ready)(void *owner),
                           void *owner);
void reader_close(struct reader *reader);

/* With a loop, the number of reads in one call of the owner is limited: call this when such a call
   begins. */
void reader_begin(struct reader *reader);

enum reader_next reader_next(struct reader *reader, struct line *line);

/* Returns the errno of a failed read and clears it; 0: none. */
int reader_take_error(struct reader *reader);

/* Skips the rest of the list. */
void reader_end(struct reader *reader);

/* Goes back to where the file was when it was opened. False if that is not possible, as for a
   pipe. */
bool reader_rewind(struct reader *reader);

/* The offset of the first byte that was not returned, from where the file was when it was
   opened. */
uint64_t reader_offset(const struct reader *reader);

/* Reads ahead if that does not block and half of the buffer is free. False in the middle of a line
   that is too long. */
bool reader_look_ahead(struct reader *reader);

/* The line that begins at an offset, which must be in the buffer and not returned yet. NULL if its
   LF has not been read. */
char *reader_line_at(struct reader *reader, uint64_t offset, size_t *length);

#endif
