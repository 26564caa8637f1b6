/*
 * Uses flock(2): its lock belongs to the open file, unlike a lock of fcntl(F_SETLK), which belongs
 * to the process. Rejected: a file FILE.lock. It would stay after a run that was killed.
 */
#include "cli/output/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE         0666 /* less the umask */
#define MAX_ATTEMPTS 64   /* if the file is replaced while it is opened */

static int close_with_error(int fd, int error)
{
    close(fd);
    errno = error;
    return -1;
}

/* Whether the path still names the open file: an earlier owner of the lock may have replaced it. */
static bool is_named(const struct stat *opened, const char *path)
{
    struct stat named;

    return !stat(path, &named) && named.st_dev == opened->st_dev && named.st_ino == opened->st_ino;
}

int lock_open(const char *path)
{
    for (int attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
        /* O_NONBLOCK: opening a FIFO or a serial line must not block; both are refused */
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, MODE);
        struct stat about;

        if (fd < 0)
            return -1;
        if (fstat(fd, &about) || !S_ISREG(about.st_mode))
            return close_with_error(fd, EINVAL);
        if (flock(fd, LOCK_EX | LOCK_NB))
            return close_with_error(fd, errno);
        if (is_named(&about, path))
            return fd;
        close(fd);
    }
    errno = EWOULDBLOCK;
    return -1;
}

int lock_take(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB);
}

const char *lock_error(int error)
{
    if (error == EWOULDBLOCK)
        return "another run is using it";
    return error == EINVAL ? "not a regular file" : strerrordesc_np(error);
}
