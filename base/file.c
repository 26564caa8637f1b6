/* read(2) into memory that doubles: a pipe has no known size. Rejected: stdio copies once more. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"

#define FIRST_ROOM 8192

char *file_read_open(int fd, size_t max, size_t *length)
{
    size_t room = FIRST_ROOM;
    char *bytes = memory_get(room + 1);
    ssize_t got = 1;

    *length = 0;
    while (got > 0 && *length < max) {
        if (*length == room)
            bytes = memory_grow(bytes, (room *= 2) + 1, 1);
        got = read(fd, bytes + *length, (room < max ? room : max) - *length);
        *length += got > 0 ? (size_t)got : 0;
    }
    bytes[*length] = '\0';
    if (got >= 0)
        return bytes;
    free(bytes); /* preserves errno */
    return NULL;
}

char *file_read(const char *path, size_t max, size_t *length)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), error;
    char *bytes;

    *length = 0;
    if (fd < 0)
        return NULL;
    bytes = file_read_open(fd, max, length);
    error = errno;
    close(fd);
    errno = error;
    return bytes;
}

bool file_write(int fd, const void *bytes, size_t count)
{
    const char *at = bytes, *end = at + count;

    while (at < end) {
        ssize_t wrote = write(fd, at, (size_t)(end - at));

        if (wrote < 0 && errno != EINTR)
            return false;
        at += wrote > 0 ? wrote : 0;
    }
    return true;
}
