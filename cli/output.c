/* A buffer between the reports and a descriptor that may have no room. */
#include "cli/output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reactor/memory.h"

#define FULL_BYTES (256 * 1024)

struct output {
    struct loop *loop; /* NULL: writing waits */
    int fd;
    bool file; /* always has room */
    void (*room)(void *owner);
    void (*broken)(void *owner, int error);
    void *owner;
    struct watch watch; /* while there is no room */
    struct task flush;  /* at the end of the turn */
    FILE *line;         /* what is being composed; flushed, it lands in the buffer */
    char *buffer;
    size_t begin, end, allocated;
    bool was_full;
    int error;
};

static void flush(void *owner);
static void on_room(void *owner, uint32_t events);

static void keep(struct output *output, const char *bytes, size_t count)
{
    if (output->begin == output->end)
        output->begin = output->end = 0;
    if (output->begin && output->end + count > output->allocated) {
        memmove(output->buffer, output->buffer + output->begin, output->end - output->begin);
        output->end -= output->begin;
        output->begin = 0;
    }
    if (output->end + count > output->allocated) {
        output->allocated = 2 * (output->end + count);
        output->buffer = memory_grow(output->buffer, output->allocated, 1);
    }
    memcpy(output->buffer + output->end, bytes, count);
    output->end += count;
}

/* The stream hands over what was composed. */
static ssize_t on_flushed(void *owner, const char *bytes, size_t count)
{
    struct output *output = owner;

    if (!output->error)
        keep(output, bytes, count);
    return (ssize_t)count;
}

struct output *output_new(struct loop *loop, int fd, void (*room)(void *owner),
                          void (*broken)(void *owner, int error), void *owner)
{
    struct output *output = memory_zeroed(sizeof(*output));
    struct stat about;

    output->loop = loop;
    output->fd = fd;
    output->file = fstat(fd, &about) || S_ISREG(about.st_mode) || S_ISBLK(about.st_mode);
    output->room = room;
    output->broken = broken;
    output->owner = owner;
    watch_init(&output->watch, on_room, output);
    task_init(&output->flush, flush, output);
    output->line = fopencookie(output, "w", (cookie_io_functions_t){.write = on_flushed});
    if (!output->line)
        abort(); /* out of memory */
    return output;
}

struct output *output_new_blocking(int fd)
{
    struct output *output = output_new(NULL, fd, NULL, NULL, NULL);

    output->file = true;
    return output;
}

FILE *output_begin(struct output *output)
{
    return output->line;
}

void output_end(struct output *output)
{
    fflush(output->line);
    if (output->error)
        return;
    if (!output->loop)
        flush(output);
    else if (output->watch.fd < 0)
        loop_defer(output->loop, &output->flush);
}

/* Whether a write will not wait. */
static bool has_room(struct output *output)
{
    struct pollfd one = {.fd = output->fd, .events = POLLOUT};

    return output->file || poll(&one, 1, 0) != 0;
}

static void fail(struct output *output, int error)
{
    output->error = error;
    output->begin = output->end = 0;
    if (output->broken)
        output->broken(output->owner, error);
}

static void flush(void *owner)
{
    struct output *output = owner;

    while (output->begin < output->end) {
        size_t left = output->end - output->begin;
        ssize_t count;

        if (!has_room(output)) {
            if (!loop_watch(output->loop, &output->watch, output->fd, EPOLLOUT))
                return;
            output->file = true; /* it cannot be watched: then writing must wait */
        }
        if (!output->file && left > PIPE_BUF)
            left = PIPE_BUF;
        count = write(output->fd, output->buffer + output->begin, left);
        if (count >= 0)
            output->begin += (size_t)count;
        else if (errno == EAGAIN) /* somebody else made it non-blocking */
            poll(&(struct pollfd){.fd = output->fd, .events = POLLOUT}, 1, -1);
        else if (errno != EINTR) {
            fail(output, errno);
            return;
        }
    }
    if (output->was_full && output->room) {
        output->was_full = false;
        output->room(output->owner);
    }
}

static void on_room(void *owner, uint32_t events)
{
    struct output *output = owner;

    (void)events;
    loop_unwatch(output->loop, &output->watch);
    flush(output);
}

bool output_full(struct output *output)
{
    if (output->end - output->begin < FULL_BYTES)
        return false;
    output->was_full = true;
    return true;
}

bool output_idle(const struct output *output)
{
    return output->error || output->begin == output->end;
}

int output_error(const struct output *output)
{
    return output->error;
}

void output_free(struct output *output)
{
    if (!output)
        return;
    if (output->loop) {
        loop_unwatch(output->loop, &output->watch);
        loop_undefer(output->loop, &output->flush);
    }
    fclose(output->line);
    free(output->buffer);
    free(output);
}
