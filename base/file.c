/* Without a stream, whose buffer would be a copy more; into memory that doubles, as a pipe has no size. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"

#define FIRST_ROOM 8192

char *file_read(const char *path, size_t most, size_t *length)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), error = errno;
    size_t room = FIRST_ROOM;
    char *bytes = fd < 0 ? NULL : memory_get(room + 1);
    ssize_t got = 1;

    *length = 0;
    while (bytes && got > 0 && *length < most) {
        if (*length == room)
            bytes = memory_grow(bytes, (room *= 2) + 1, 1);
        got = read(fd, bytes + *length, (room < most ? room : most) - *length);
        error = errno;
        *length += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0)
        close(fd);
    if (bytes && got >= 0) {
        bytes[*length] = '\0';
        return bytes;
    }
    free(bytes);
    errno = error;
    return NULL;
}
