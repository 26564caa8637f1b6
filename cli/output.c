/*
 * A buffer between the reports and a descriptor that may have no room. A file of the user's is written
 * beside itself and renamed, so that whoever reads it meets the old results or the new ones, never
 * half of them. O_TMPFILE, which leaves nothing behind, was rejected: linkat(2) does not replace, and
 * the results of an interrupted run are worth keeping.
 */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/lock.h"
#include "cli/text.h"
#include "reactor/memory.h"

#define FULL_BYTES (256 * 1024)
#define ASIDE      ".part"
#define MODE       0666 /* less the umask */

struct output {
    struct loop *loop; /* NULL: writing waits */
    int fd;
    bool own_fd;   /* closed with the output */
    bool file;     /* always has room, or writing waits */
    bool in_place; /* a regular file of the user's */
    char *name;    /* for messages */
    char *target;  /* aside: what it becomes, links resolved; else NULL */
    char *aside;   /* aside: its name until then; else NULL */
    void (*room)(void *owner);
    void (*broken)(void *owner, int error);
    void (*wrote)(void *owner);
    void *owner;
    struct watch watch; /* while there is no room */
    struct task flush;  /* at the end of the turn */
    FILE *line;         /* what is being composed; flushed, it lands in the buffer */
    char *buffer;
    size_t begin, end, allocated;
    uint64_t bytes; /* in the file */
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

/* Whether it is written to without asking for room. */
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
    watch_init(&output->watch, on_room, output);
    task_init(&output->flush, flush, output);
    output->line = fopencookie(output, "w", (cookie_io_functions_t){.write = on_flushed});
    if (!output->line)
        abort(); /* out of memory */
    return output;
}

struct output *output_new_blocking(int fd)
{
    return output_new(NULL, fd, NULL, NULL, NULL);
}

/* A descriptor for what is not a regular file, or is standard output itself. Returns -1 and errno. */
static int open_stream(const char *path, bool standard)
{
    return standard ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                    : open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
}

/* Whether a line of an open file ends there, or the file begins. */
static bool is_line_end(int fd, uint64_t at)
{
    char last = '\n';

    return !at || (pread(fd, &last, 1, (off_t)(at - 1)) == 1 && last == '\n');
}

/* Cuts a file to `keep` bytes and ends its last line; *bytes is its length then. Returns what is wrong,
   to be freed, or NULL. */
static char *cut(const char *path, int fd, uint64_t keep, uint64_t *bytes)
{
    struct stat about;
    char *why;

    if (fstat(fd, &about))
        return text_complaint(path, strerrordesc_np(errno));
    *bytes = (uint64_t)about.st_size;
    if (keep != OUTPUT_ALL && keep > *bytes) {
        if (asprintf(&why,
                     "%s: it has %" PRIu64 " bytes and should have %" PRIu64
                     ": it is not what the run wrote",
                     path, *bytes, keep) < 0)
            abort(); /* out of memory */
        return why;
    }
    if (keep != OUTPUT_ALL && !is_line_end(fd, keep))
        return text_complaint(
            path, "no line ends where the run's last one did: it is not what the run wrote");
    if (keep < *bytes) {
        if (ftruncate(fd, (off_t)keep))
            return text_complaint(path, strerrordesc_np(errno));
        *bytes = keep;
    }
    if (is_line_end(fd, *bytes))
        return NULL;
    ++*bytes;
    return write(fd, "\n", 1) == 1 ? NULL : text_complaint(path, strerrordesc_np(errno));
}

/* Opens the file beside the one it will become. Returns what is wrong, to be freed, or NULL. */
static char *open_aside(struct output *output, const struct stat *old)
{
    const char *path = output->name;
    char *why;

    output->target = realpath(path, NULL);
    if (!output->target)
        output->target = memory_text(path, strlen(path));
    if (old && access(output->target, W_OK))
        return text_complaint(path, strerrordesc_np(errno));
    if (asprintf(&output->aside, "%s" ASIDE, output->target) < 0)
        abort(); /* out of memory */
    output->fd = lock_open(output->aside);
    if (output->fd >= 0 && !ftruncate(output->fd, 0) &&
        (!old || !fchmod(output->fd, old->st_mode & 07777)))
        return NULL;
    why = text_complaint(output->aside, lock_error(errno));
    free(output->aside); /* somebody else's */
    output->aside = NULL;
    return why;
}

/* Opens the file in the way that its kind asks for. Returns what is wrong, to be freed, or NULL. */
static char *open_file(struct output *output, const struct output_file *file)
{
    struct stat about, standard;
    int create = file->keep == 0 || file->keep == OUTPUT_ALL ? O_CREAT : 0; /* else it was there */
    bool is_there = !stat(file->path, &about);
    bool is_standard = is_there && !fstat(STDOUT_FILENO, &standard) &&
                       about.st_dev == standard.st_dev && about.st_ino == standard.st_ino;

    if (is_standard || (is_there && !S_ISREG(about.st_mode)))
        output->fd = open_stream(file->path, is_standard);
    else if (!file->append)
        return open_aside(output, is_there ? &about : NULL);
    else
        output->fd = open(file->path, O_RDWR | O_APPEND | create | O_CLOEXEC | O_NOCTTY, MODE);
    if (output->fd < 0)
        return text_complaint(file->path, strerrordesc_np(errno));
    output->in_place = !is_standard && (!is_there || S_ISREG(about.st_mode));
    return output->in_place ? cut(file->path, output->fd, file->keep, &output->bytes) : NULL;
}

struct output *output_open(struct loop *loop, const struct output_file *file,
                           void (*room)(void *owner), void (*broken)(void *owner, int error),
                           void *owner, char **why)
{
    struct output *output = output_new(loop, -1, room, broken, owner);

    output->own_fd = true;
    free(output->name);
    output->name = memory_text(file->path, strlen(file->path));
    *why = open_file(output, file);
    if (*why) {
        output_free(output);
        return NULL;
    }
    output->file = never_waits(loop, output->fd);
    return output;
}

bool output_goes_on(struct output *output)
{
    char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)], last = '\n';
    struct stat about;
    int fd;

    if (fstat(output->fd, &about) || !S_ISREG(about.st_mode) || !about.st_size)
        return false;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", output->fd);
    fd = open(path, O_RDONLY | O_CLOEXEC); /* ours may be for writing only */
    if (fd >= 0 && pread(fd, &last, 1, about.st_size - 1) == 1 && last != '\n') {
        fputc('\n', output_begin(output));
        output_end(output);
    }
    if (fd >= 0)
        close(fd);
    return true;
}

void output_on_wrote(struct output *output, void (*wrote)(void *owner))
{
    output->wrote = wrote;
}

uint64_t output_bytes(const struct output *output)
{
    return output->bytes;
}

bool output_can_be_cut(const struct output *output)
{
    return output->in_place;
}

const char *output_name(const struct output *output)
{
    return output->name;
}

const char *output_aside(const struct output *output)
{
    return output->aside;
}

/* An empty file aside is of use to nobody. */
static void drop_empty(struct output *output)
{
    if (!output->aside || output->bytes)
        return;
    unlink(output->aside);
    free(output->aside);
    output->aside = NULL;
}

int output_finish(struct output *output, bool complete)
{
    if (output->error)
        return output->error;
    if (!complete)
        drop_empty(output);
    if (!complete || !output->aside)
        return 0;
    if (fsync(output->fd) || rename(output->aside, output->target))
        return errno;
    free(output->aside);
    output->aside = NULL;
    return 0;
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

/* Writes some of what waits, at least a byte or none. Returns 0 or errno. */
static int write_some(struct output *output)
{
    size_t left = output->end - output->begin;
    ssize_t count;

    if (!output->file && left > PIPE_BUF)
        left = PIPE_BUF;
    count = write(output->fd, output->buffer + output->begin, left);
    if (count < 0 && errno == EAGAIN) { /* somebody else made it non-blocking */
        poll(&(struct pollfd){.fd = output->fd, .events = POLLOUT}, 1, -1);
        return 0;
    }
    if (count < 0)
        return errno == EINTR ? 0 : errno;
    output->begin += (size_t)count;
    output->bytes += (uint64_t)count;
    return 0;
}

static void flush(void *owner)
{
    struct output *output = owner;
    bool any = output->begin < output->end;

    while (output->begin < output->end) {
        int error;

        if (!has_room(output)) {
            if (!loop_watch(output->loop, &output->watch, output->fd, EPOLLOUT))
                return;
            output->file = true; /* it cannot be watched: then writing must wait */
        }
        error = write_some(output);
        if (error) {
            fail(output, error);
            return;
        }
    }
    if (any && output->wrote)
        output->wrote(output->owner);
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
    drop_empty(output);
    if (output->own_fd && output->fd >= 0)
        close(output->fd);
    free(output->aside);
    free(output->target);
    free(output->name);
    free(output->buffer);
    free(output);
}
