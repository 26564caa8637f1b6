/*
 * flock(2), which belongs to the open file and not to the process, as fcntl's older locks do. A
 * file named FILE.lock beside each was rejected: it outlives a run that is killed.
 */
#include "cli/output/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE     0666 /* less the umask */
#define MAX_TIES 64   /* times that the file is renamed while it is being opened */

static int give_up(int fd, int error)
{
    close(fd);
    errno = error;
    return -1;
}

/* Whether the name still means the file that was opened: whoever had the lock before may have put
   another one in its place. */
static bool is_named(const struct stat *opened, const char *path)
{
    struct stat named;

    return !stat(path, &named) && named.st_dev == opened->st_dev && named.st_ino == opened->st_ino;
}

int lock_open(const char *path)
{
    for (int ties = 0; ties < MAX_TIES; ties++) {
        /* O_NONBLOCK: a FIFO or a line is not waited for, only refused */
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, MODE);
        struct stat about;

        if (fd < 0)
            return -1;
        if (fstat(fd, &about) || !S_ISREG(about.st_mode))
            return give_up(fd, EINVAL);
        if (flock(fd, LOCK_EX | LOCK_NB))
            return give_up(fd, errno);
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
    return error == EINVAL ? "it is not a regular file" : strerrordesc_np(error);
}
