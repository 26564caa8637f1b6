/*
 * The lines of a file, a pipe or standard input, each when it is needed, through a buffer of bounded
 * size. Lines of which the buffer has the LF already can be looked at before their turn.
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
    READER_END,   /* or an error: reader_take_error */
};

struct line {
    char *text; /* in the buffer, until the next call; a NUL or CR is a byte like any other */
    size_t length;
    bool
        too_long; /* over READER_MAX_LINE_BYTES: these are the first, and the rest is passed over */
};

/* Opens a file; "-" is standard input, which stays open. With a loop nothing waits, and `ready` is
   called with `owner`; NULL: reading waits. NULL where it cannot be opened: then errno says why. */
struct reader *reader_open(const char *path, struct loop *loop, void (*ready)(void *owner),
                           void *owner);
void reader_close(struct reader *reader);

/* With a loop, a call of the owner fills the buffer some times and no more: here such a call begins. */
void reader_begin(struct reader *reader);

enum reader_next reader_next(struct reader *reader, struct line *line);

/* The errno of what ended the file too soon, and forgets it; 0: none. */
int reader_take_error(struct reader *reader);

/* The rest is not read. */
void reader_end(struct reader *reader);

/* Back to where the file was when it was opened. False where that is not possible: a pipe. */
bool reader_rewind(struct reader *reader);

/* The offset of the first byte that was not given out, from where the file was when it was opened. */
uint64_t reader_offset(const struct reader *reader);

/* Reads ahead, where that does not wait and half of the buffer is free. False in the middle of a line
   that is too long. */
bool reader_look_ahead(struct reader *reader);

/* The line that begins at an offset, which is in the buffer and not given out yet. NULL where its LF has
   not been read. */
char *reader_line_at(struct reader *reader, uint64_t offset, size_t *length);

#endif
