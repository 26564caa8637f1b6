/* One writev() per line: O_APPEND keeps the lines of several writers separate only then. */
#include "tls/keylog.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>

#include "base/memory.h"

#define OWNER_ONLY 0600

int keylog_open(const char *path, char **why)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, OWNER_ONLY);

    if (fd < 0)
        *why = memory_print("%s: %s", path, strerrordesc_np(errno));
    return fd;
}

void keylog_write(int fd, const char *line)
{
    char end = '\n';
    struct iovec parts[] = {
        {.iov_base = (char *)line, .iov_len = strlen(line)},
        {.iov_base = &end, .iov_len = 1},
    };

    while (writev(fd, parts, 2) < 0 && errno == EINTR)
        ;
}
