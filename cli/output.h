/*
 * Standard output, which may be a pipe, a terminal or a file. It is never made O_NONBLOCK, for that
 * flag is shared with whoever else has the file open; a pipe is written to when it says that it has
 * room, no more at a time than a pipe that has room must take. What waits is bounded by its user, who
 * asks output_full before making more.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "reactor/loop.h"

struct output;

/* `room` is called when a full output has room again, `broken` once when it cannot be written to any
   more, with the errno: EPIPE where the reader has gone. Both in the loop. */
struct output *output_new(struct loop *loop, int fd, void (*room)(void *owner),
                          void (*broken)(void *owner, int error), void *owner);

/* Without a loop: writing waits. */
struct output *output_new_blocking(int fd);

/* The stream to compose a line in; output_end sends what is in it on its way. */
FILE *output_begin(struct output *output);
void output_end(struct output *output);

/* Whether more should wait: the reader does not keep up. */
bool output_full(struct output *output);

/* Whether everything has been written, or never will be. */
bool output_idle(const struct output *output);

/* The errno that ended it, or 0. */
int output_error(const struct output *output);

/* Frees; what is not written is dropped. */
void output_free(struct output *output);

#endif
