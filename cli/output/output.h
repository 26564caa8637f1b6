/*
 * The destination of results: standard output (a pipe, a terminal or a file), or a file of
 * --output. Standard output is never made O_NONBLOCK, because all processes that share the open
 * file would be affected. A pipe is written when poll() reports room, with at most as many bytes as
 * a pipe with room must accept. Callers limit the buffered bytes: they check output_full before
 * composing more.
 *
 * Bytes composed between output_begin and output_end are written together at the end of the turn.
 * The file never ends in a part of them, except after a full disk or a kill during a write.
 */
#ifndef CLI_OUTPUT_OUTPUT_H
#define CLI_OUTPUT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "reactor/loop.h"

struct output;

/* `room` is called when a full output has room again. `broken` is called once when writing fails,
   with the errno: EPIPE if the reader has closed the pipe. Both are called in the loop. */
struct output *output_new(struct loop *loop, int fd, void (*room)(void *owner),
                          void (*broken)(void *owner, int error), void *owner);

/* Without a loop: writing blocks. */
struct output *output_new_blocking(int fd);

#define OUTPUT_ALL UINT64_MAX

/* A file of --output. A file that is not regular (a FIFO, a device), and a file that this process
   has open for writing, as standard output (/dev/stdout, /dev/fd/3), is written as standard output
   is: then `append` and `keep` are ignored. */
struct output_file {
    const char *path;
    bool append;   /* keep the content; false: output_finish replaces the file */
    uint64_t keep; /* append: the file is first cut to this length; OUTPUT_ALL: not cut */
    uint32_t sum;  /* with a length in `keep`: what output_sum returned at that length */
};

/* Opens a file; other arguments as in output_new. With a length in `keep` the file is cut only if
   its bytes before that length have the checksum `sum`: it may be the file of another program. If
   `keep` is OUTPUT_ALL and the last line has no end, it is ended before the first write, because it
   may be of another program. NULL on an error: *why is then a sentence that begins with the file's
   name, to be freed: the file is shorter than `keep` or has other bytes there, no file can be
   created in its folder, or an error of open(2). Opening a FIFO waits for its reader. */
struct output *output_open(struct loop *loop, const struct output_file *file,
                           void (*room)(void *owner), void (*broken)(void *owner, int error),
                           void *owner, char **why);

/* Whether the output is a regular file with content, such as a standard output to which several
   runs append. Ends a line that a kill in the middle of a write has cut. Call it before the first
   line. */
bool output_continues(struct output *output);

/* `written` is called with `owner` whenever all composed bytes have been written: the time to
   record that. It is not called if writing fails. */
void output_on_written(struct output *output, void (*written)(void *owner), void *owner);

/* The length of the file in bytes, including its earlier content, without buffered bytes. For other
   types of file: the bytes written. If it is 0, a table needs its heading. */
uint64_t output_bytes(const struct output *output);

/* Whether output_bytes is the length of a file that can be cut: a regular file that output_open has
   opened to append. */
bool output_can_be_cut(const struct output *output);

/* The checksum of the last bytes of the file, at most 256, before output_bytes. Only if
   output_can_be_cut. A file that cannot be read has the checksum 0. */
uint32_t output_sum(const struct output *output);

/* The name for messages: the file's name as given, or "standard output". */
const char *output_name(const struct output *output);

/* Call when all is written and output_idle is true. With `complete`, the new file is synchronized
   to the disk and replaces the old one. Otherwise, or on an error, the new file is kept under its
   own name in the same folder, unless nothing was written. False if something failed, now or
   earlier: see output_error. */
bool output_finish(struct output *output, bool complete);

/* After output_finish: the name of the new file if it was kept; else NULL. */
const char *output_kept(const struct output *output);

/* The stream for composing; output_end passes the composed bytes to the buffer. */
FILE *output_begin(struct output *output);
void output_end(struct output *output);

/* Whether the caller should not compose more: the reader is too slow. */
bool output_full(struct output *output);

/* Whether all bytes have been written, or an error has ended the output. */
bool output_idle(const struct output *output);

/* The errno that ended the output, or 0. */
int output_error(const struct output *output);

/* Frees the output. Buffered bytes are dropped, and a new file that output_finish has not kept is
   removed. */
void output_free(struct output *output);

#endif
