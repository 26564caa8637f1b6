/* The buffer holds the bytes that were read and not returned yet: at least one line. */
#include "cli/list/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define BUFFER_BYTES (256 * 1024)                /* limit of reading ahead */
#define MAX_SCANNED  (READER_MAX_LINE_BYTES + 1) /* where the end of a line is searched */
#define MAX_FILLS    8 /* reads in one call with a loop: endless comments must not block it */

struct reader {
    struct loop *loop;
    void (*ready)(void *owner);
    void *owner;
    int fd;
    off_t start;        /* the file offset of the list's first byte */
    struct watch watch; /* of a pipe that has no data */
    struct task again;  /* continues in the next turn of the loop */
    unsigned fills;     /* reads since reader_begin was called */
    char *buffer;
    size_t begin, end; /* of the bytes in the buffer */
    uint64_t offset;   /* of the buffer's first byte in the list */
    bool ended;        /* the end of the file was reached */
    int read_error;    /* errno of a failed read, until reader_take_error */
    bool skip_line;    /* the rest of a line that is too long is skipped */
};

/* Reads more bytes into the buffer. READER_LINE: there are new bytes. */
static enum reader_next fill(struct reader *reader)
{
    struct pollfd one = {.fd = reader->fd, .events = POLLIN};
    ssize_t count;

    if (reader->begin) {
        memmove(reader->buffer, reader->buffer + reader->begin, reader->end - reader->begin);
        reader->end -= reader->begin;
        reader->offset += reader->begin;
        reader->begin = 0;
    }
    if (reader->loop && reader->fills++ >= MAX_FILLS) {
        loop_defer(reader->loop, &reader->again);
        return READER_LATER;
    }
    if (reader->loop && poll(&one, 1, 0) == 0) {
        if (reader->watch.fd >= 0 || !loop_watch(reader->loop, &reader->watch, reader->fd, EPOLLIN))
            return READER_LATER;
    }
    do
        count = read(reader->fd, reader->buffer + reader->end, BUFFER_BYTES - reader->end);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        reader->read_error = errno;
    if (count <= 0) {
        reader->ended = true;
        return READER_END;
    }
    reader->end += (size_t)count;
    return READER_LINE;
}

static void on_readable(void *owner, uint32_t events)
{
    struct reader *reader = owner;

    (void)events;
    loop_unwatch(reader->loop, &reader->watch);
    reader->ready(reader->owner);
}

void reader_begin(struct reader *reader)
{
    reader->fills = 0;
}

enum reader_next reader_next(struct reader *reader, struct line *line)
{
    for (;;) {
        char *from = reader->buffer + reader->begin;
        size_t available = reader->end - reader->begin;
        size_t scan = available < READER_MAX_LINE_BYTES ? available : READER_MAX_LINE_BYTES;
        char *close = memchr(from, '\n', available < MAX_SCANNED ? available : MAX_SCANNED);

        if (close || (reader->ended && available) || available >= MAX_SCANNED) {
            bool rest = reader->skip_line;

            line->text = from;
            line->length = close ? (size_t)(close - from) : scan;
            line->too_long = !close && available > READER_MAX_LINE_BYTES;
            reader->skip_line = line->too_long;
            reader->begin += line->length + (close != NULL);
            if (rest)
                continue;
            return READER_LINE;
        }
        if (reader->ended)
            return READER_END;
        if (fill(reader) == READER_LATER)
            return READER_LATER;
    }
}

int reader_take_error(struct reader *reader)
{
    int error = reader->read_error;

    reader->read_error = 0;
    return error;
}

void reader_end(struct reader *reader)
{
    reader->ended = true;
    reader->begin = reader->end;
}

uint64_t reader_offset(const struct reader *reader)
{
    return reader->offset + reader->begin;
}

bool reader_look_ahead(struct reader *reader)
{
    if (reader->skip_line)
        return false;
    if (!reader->ended && reader->watch.fd < 0 && !task_is_queued(&reader->again) &&
        reader->end - reader->begin < BUFFER_BYTES / 2)
        fill(reader);
    return true;
}

char *reader_line_at(struct reader *reader, uint64_t offset, size_t *length)
{
    char *text = reader->buffer + (offset - reader->offset);
    char *close = memchr(text, '\n', (size_t)(reader->buffer + reader->end - text));

    if (!close)
        return NULL;
    *length = (size_t)(close - text);
    return text;
}

struct reader *reader_open(const char *path, struct loop *loop, void (*ready)(void *owner),
                           void *owner)
{
    bool input = !strcmp(path, "-");
    int fd = input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);
    struct reader *reader;
    struct stat about;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &about) == 0 && S_ISDIR(about.st_mode)) {
        close(fd);
        errno = EISDIR;
        return NULL;
    }
    reader = memory_zeroed(sizeof(*reader));
    reader->loop = loop;
    reader->ready = ready;
    reader->owner = owner;
    reader->fd = fd;
    reader->start = lseek(fd, 0, SEEK_CUR);
    reader->buffer = memory_get(BUFFER_BYTES + 1);
    watch_init(&reader->watch, on_readable, reader, "list input");
    if (loop)
        task_init(&reader->again, ready, owner, "list next lines");
    return reader;
}

bool reader_rewind(struct reader *reader)
{
    if (reader->start < 0 || lseek(reader->fd, reader->start, SEEK_SET) < 0)
        return false;
    reader->begin = reader->end = 0;
    reader->offset = 0;
    reader->ended = reader->skip_line = false;
    return true;
}

void reader_close(struct reader *reader)
{
    if (!reader)
        return;
    if (reader->loop) {
        loop_unwatch(reader->loop, &reader->watch);
        loop_undefer(reader->loop, &reader->again);
    }
    close(reader->fd);
    free(reader->buffer);
    free(reader);
}
