/*
 * Where results go: standard output, which may be a pipe, a terminal or a file, or a file of the
 * user's. Standard output is never made O_NONBLOCK, for that flag is shared with whoever else has
 * the file open; a pipe is written to when it says that it has room, no more at a time than a pipe
 * that has room must take. What waits is bounded by its user, who asks output_full before making
 * more.
 *
 * What is composed between output_begin and output_end goes into a file together, at the end of the
 * turn; the file never ends in a part of it but for a full disk, or a kill in the middle of a
 * write.
 */
#ifndef CLI_OUTPUT_OUTPUT_H
#define CLI_OUTPUT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "reactor/loop.h"

struct output;

/* `room` is called when a full output has room again, `broken` once when it cannot be written to
   any more, with the errno: EPIPE where the reader has gone. Both in the loop. */
struct output *output_new(struct loop *loop, int fd, void (*room)(void *owner),
                          void (*broken)(void *owner, int error), void *owner);

/* Without a loop: writing waits. */
struct output *output_new_blocking(int fd);

#define OUTPUT_ALL UINT64_MAX

/* A file of the user's. What is not a regular file (a FIFO, a device), and what this process has
   open for writing already, as standard output (/dev/stdout, /dev/fd/3), is written to as standard
   output is, whatever is said here. */
struct output_file {
    const char *path;
    bool append;   /* to what is there; else the file is replaced in output_finish */
    uint64_t keep; /* append: how many bytes stay, what is behind them is cut off; or OUTPUT_ALL */
};

/* Opens a file; the rest as in output_new. Where `keep` is OUTPUT_ALL and the last line has no end,
   it gets one before the first line that is written: whose it is, nobody knows. Returns NULL where
   that fails: then *why is a sentence that begins with the file's name, to be freed: that it is
   shorter than `keep` or has no end of a line there, that no file can be made beside it, or what
   open(2) says. A FIFO waits for its reader. */
struct output *output_open(struct loop *loop, const struct output_file *file,
                           void (*room)(void *owner), void (*broken)(void *owner, int error),
                           void *owner, char **why);

/* Whether there is something in a regular file already, as in a standard output that one run after
   another appends to. The part of a line that a kill in the middle of a write left is ended. To be
   called before the first line. */
bool output_continues(struct output *output);

/* `wrote` is called with `owner` each time when all that was composed has been written, and not
   where it cannot be: the time to record that it is there. */
void output_on_written(struct output *output, void (*wrote)(void *owner), void *owner);

/* The length of the file in bytes, what was there before included, without what is still to be
   written; for what is not a regular file, how many bytes were written. 0 where a table needs its
   heading. */
uint64_t output_bytes(const struct output *output);

/* Whether output_bytes is the length of a file that can be cut: it was opened by output_open, and
   is a regular one. */
bool output_can_be_cut(const struct output *output);

/* What to call it in a message: the file's name as it was given, or "standard output". */
const char *output_name(const struct output *output);

/* When nothing more is to be written and output_idle says that it was. With `complete` what was
   written takes the place of FILE, on the disk first. Without, and where that or writing fails, it
   is kept under a name of its own in the same folder, unless nothing was written. False where
   something failed, now or before: output_error says what. */
bool output_finish(struct output *output, bool complete);

/* After output_finish: the name under which what was written is kept; NULL where it is in place, or
   there is nothing to keep. */
const char *output_kept(const struct output *output);

/* The stream to compose a line in; output_end sends what is in it on its way. */
FILE *output_begin(struct output *output);
void output_end(struct output *output);

/* Whether more should wait: the reader does not keep up. */
bool output_full(struct output *output);

/* Whether everything has been written, or never will be. */
bool output_idle(const struct output *output);

/* The errno that ended it, or 0. */
int output_error(const struct output *output);

/* Frees; what is not written is dropped, and what was aside and not kept by output_finish. */
void output_free(struct output *output);

#endif
