/*
 * A buffer between the reports and a descriptor that may have no room. A file of --output is
 * replaced when all is written (cli/output/replacement.h), so that a reader finds the old results
 * or the new ones, never a part of them.
 */
#include "cli/output/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "cli/output/figures.h"
#include "cli/output/replacement.h"

#define FULL_BYTES (256 * 1024)
#define MODE       0666 /* less the umask */
#define INHERITED  64   /* descriptors below this may be inherited */
#define SUM_BYTES  256  /* that output_sum reads */

struct output {
    struct loop *loop; /* NULL: writing blocks */
    int fd;
    bool own_fd;    /* the output closes it */
    bool file;      /* written without polling */
    bool direct;    /* a regular file of --output, not replaced */
    char *name;     /* for messages */
    char why[128];  /* the reason why it could not be opened */
    bool replacing; /* written to `new`, which will replace the file */
    bool kept;      /* `new` stays in the folder under its own name */
    struct replacement new;
    void (*room)(void *owner);
    void (*broken)(void *owner, int error);
    void *owner;
    void (*written)(void *owner);
    void *written_owner;
    struct watch watch; /* waits for room */
    struct task flush;  /* runs at the end of the turn */
    FILE *line;         /* composes a line; flushing it appends to the buffer */
    char *buffer;
    size_t begin, end, allocated;
    uint64_t bytes;
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

/* Receives the bytes of the composing stream. */
static ssize_t on_flushed(void *owner, const char *bytes, size_t count)
{
    struct output *output = owner;

    if (!output->error)
        keep(output, bytes, count);
    return (ssize_t)count;
}

/* Whether writing does not need polling: there is no loop, or it is a file or block device. */
static bool never_waits(const struct loop *loop, int fd)
{
    struct stat about;

    return !loop || fstat(fd, &about) || S_ISREG(about.st_mode) || S_ISBLK(about.st_mode);
}

struct output *output_new(struct loop *loop, int fd, void (*room)(void *owner),
                          void (*broken)(void *owner, int error), void *owner)
{
    struct output *output = memory_zeroed(sizeof(*output));

    output->loop = loop;
    output->fd = fd;
    output->file = never_waits(loop, fd);
    output->name = memory_text("standard output", strlen("standard output"));
    output->room = room;
    output->broken = broken;
    output->owner = owner;
    watch_init(&output->watch, on_room, output, "output");
    task_init(&output->flush, flush, output, "output flush");
    output->line = fopencookie(output, "w", (cookie_io_functions_t){.write = on_flushed});
    if (!output->line)
        memory_exhausted();
    return output;
}

struct output *output_new_blocking(int fd)
{
    return output_new(NULL, fd, NULL, NULL, NULL);
}

/* An inherited descriptor through which the file is written already; -1: none. */
static int find_writer(const struct stat *file)
{
    for (int fd = STDIN_FILENO; fd < INHERITED; fd++) {
        int flags = fcntl(fd, F_GETFL);
        struct stat open;

        if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && !fstat(fd, &open) &&
            open.st_dev == file->st_dev && open.st_ino == file->st_ino)
            return fd;
    }
    return -1;
}

/* Whether offset `at` of an open file is the start of a line. */
static bool is_line_end(int fd, uint64_t at)
{
    char last = '\n';

    return !at || (pread(fd, &last, 1, (off_t)(at - 1)) == 1 && last == '\n');
}

/* The checksum of the bytes of an open file before offset `at`. */
static uint32_t sum_before(int fd, uint64_t at)
{
    char bytes[SUM_BYTES];
    size_t count = at < SUM_BYTES ? (size_t)at : SUM_BYTES;

    return pread(fd, bytes, count, (off_t)(at - count)) == (ssize_t)count ? hash_bytes(bytes, count)
                                                                          : 0;
}

/* Cuts the file to `keep` bytes and ends its last line. Returns the error, or NULL. */
static const char *cut(struct output *output, uint64_t keep, uint32_t sum)
{
    struct stat about;

    if (fstat(output->fd, &about))
        return strerrordesc_np(errno);
    output->bytes = (uint64_t)about.st_size;
    if (keep != OUTPUT_ALL && keep > output->bytes) {
        snprintf(output->why, sizeof(output->why),
                 "it has %s bytes and should have %s: it is not the output of that run",
                 figure_count(output->bytes).text, figure_count(keep).text);
        return output->why;
    }
    if (keep != OUTPUT_ALL && keep && sum_before(output->fd, keep) != sum) {
        snprintf(output->why, sizeof(output->why),
                 "its bytes before offset %" PRIu64
                 " are not those that the run wrote: it is not the output of that run",
                 keep);
        return output->why;
    }
    if (keep < output->bytes) {
        if (ftruncate(output->fd, (off_t)keep))
            return strerrordesc_np(errno);
        output->bytes = keep;
    }
    if (is_line_end(output->fd, output->bytes))
        return NULL;
    output->bytes++;
    return write(output->fd, "\n", 1) == 1 ? NULL : strerrordesc_np(errno);
}

/* Called before the program ends because memory ran out: keeps the new file and writes its name. */
static void rescue(void *owner)
{
    static const char message[] = "firstbyte: the results are in ";
    struct output *output = owner;
    size_t left = output->end - output->begin;
    ssize_t count = left ? write(output->fd, output->buffer + output->begin, left) : 0;

    if ((!output->bytes && count <= 0) || !replacement_keep(&output->new))
        return;
    if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0 ||
        write(STDERR_FILENO, output->new.name, strlen(output->new.name)) < 0 ||
        write(STDERR_FILENO, "\n", 1) < 0)
        return; /* nothing else can be done */
}

/* Opens the file that will replace this one. Returns the error, or NULL. */
static const char *open_replacement(struct output *output, bool is_there)
{
    if (is_there && access(output->name, W_OK))
        return strerrordesc_np(errno);
    if (!replacement_open(&output->new, output->name))
        return is_there && (errno == EACCES || errno == EROFS)
                   ? "no file can be created in its directory; --append writes to the file itself"
                   : strerrordesc_np(errno);
    output->fd = output->new.fd;
    output->replacing = true;
    memory_on_exhausted(rescue, output);
    return NULL;
}

/* Opens the file as its type requires. Returns the error, or NULL. */
static const char *open_file(struct output *output, const struct output_file *file)
{
    struct stat about;
    /* otherwise it must exist */
    int create = file->keep == 0 || file->keep == OUTPUT_ALL ? O_CREAT : 0;
    bool is_there = !stat(file->path, &about), regular = !is_there || S_ISREG(about.st_mode);
    int writer = is_there && regular ? find_writer(&about) : -1;

    if (writer >= 0)
        output->fd = fcntl(writer, F_DUPFD_CLOEXEC, 0);
    else if (!regular)
        output->fd = open(file->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    else if (!file->append)
        return open_replacement(output, is_there);
    else
        output->fd = open(file->path, O_RDWR | O_APPEND | create | O_CLOEXEC | O_NOCTTY, MODE);
    if (output->fd < 0)
        return strerrordesc_np(errno);
    output->direct = writer < 0 && regular;
    return output->direct ? cut(output, file->keep, file->sum) : NULL;
}

struct output *output_open(struct loop *loop, const struct output_file *file,
                           void (*room)(void *owner), void (*broken)(void *owner, int error),
                           void *owner, char **why)
{
    struct output *output = output_new(loop, -1, room, broken, owner);
    const char *wrong;

    output->own_fd = true;
    output->new.fd = -1;
    free(output->name);
    output->name = memory_text(file->path, strlen(file->path));
    wrong = open_file(output, file);
    *why = wrong ? memory_print("%s: %s", file->path, wrong) : NULL;
    if (wrong) {
        output_free(output);
        return NULL;
    }
    output->file = never_waits(loop, output->fd);
    return output;
}

bool output_continues(struct output *output)
{
    char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)], last = '\n';
    struct stat about;
    int fd;

    if (fstat(output->fd, &about) || !S_ISREG(about.st_mode) || !about.st_size)
        return false;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", output->fd);
    fd = open(path, O_RDONLY | O_CLOEXEC); /* output->fd may be open for writing only */
    if (fd >= 0 && pread(fd, &last, 1, about.st_size - 1) == 1 && last != '\n') {
        fputc('\n', output_begin(output));
        output_end(output);
    }
    if (fd >= 0)
        close(fd);
    return true;
}

void output_on_written(struct output *output, void (*written)(void *owner), void *owner)
{
    output->written = written;
    output->written_owner = owner;
}

uint64_t output_bytes(const struct output *output)
{
    return output->bytes;
}

bool output_can_be_cut(const struct output *output)
{
    return output->direct;
}

uint32_t output_sum(const struct output *output)
{
    return sum_before(output->fd, output->bytes);
}

const char *output_name(const struct output *output)
{
    return output->name;
}

const char *output_kept(const struct output *output)
{
    return output->kept ? output->new.name : NULL;
}

bool output_finish(struct output *output, bool complete)
{
    if (!output->replacing)
        return !output->error;
    memory_on_exhausted(NULL, NULL);
    if (complete && !output->error && !replacement_commit(&output->new))
        output->error = errno;
    output->replacing = !complete || output->error;
    if (output->replacing && output->bytes) {
        output->kept = replacement_keep(&output->new);
        if (!output->kept && !output->error)
            output->error = errno;
    }
    return !output->error;
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

static void fail(struct output *output, int error)
{
    output->error = error;
    output->begin = output->end = 0;
    if (output->broken)
        output->broken(output->owner, error);
}

/* Writes a part of the buffer. False and errno on an error. */
static bool write_some(struct output *output)
{
    size_t left = output->end - output->begin;
    ssize_t count;

    if (!output->file && left > PIPE_BUF)
        left = PIPE_BUF;
    count = write(output->fd, output->buffer + output->begin, left);
    if (count < 0 && errno == EAGAIN) { /* another process has set O_NONBLOCK */
        poll(&(struct pollfd){.fd = output->fd, .events = POLLOUT}, 1, -1);
        return true;
    }
    if (count < 0)
        return errno == EINTR;
    output->begin += (size_t)count;
    output->bytes += (uint64_t)count;
    return true;
}

static void flush(void *owner)
{
    struct output *output = owner;
    bool any = output->begin < output->end;
    struct pollfd one = {.fd = output->fd, .events = POLLOUT};

    while (output->begin < output->end) {
        if (!output->file && !poll(&one, 1, 0)) { /* a write would block */
            if (!loop_watch(output->loop, &output->watch, output->fd, EPOLLOUT))
                return;
            output->file = true; /* epoll refuses it: write without polling */
        }
        if (!write_some(output)) {
            fail(output, errno);
            return;
        }
    }
    if (any && output->written)
        output->written(output->written_owner);
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
    if (output->replacing)
        memory_on_exhausted(NULL, NULL);
    if (!output->kept)
        replacement_drop(&output->new);
    replacement_free(&output->new);
    if (output->own_fd && output->fd >= 0)
        close(output->fd);
    free(output->name);
    free(output->buffer);
    free(output);
}
