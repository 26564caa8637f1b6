#include "tests/support/calls.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define KERNEL_SIGSET_BYTES 8

struct calls calls;

void calls_reset(void)
{
    calls = (struct calls){0};
}

ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
    ssize_t count = syscall(SYS_recvfrom, fd, buffer, size, flags, NULL, NULL);

    calls.recv++;
    if (fd == calls.fd && count > 0)
        calls.recv_bytes += (size_t)count;
    return count;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    calls.recvmsg++;
    return syscall(SYS_recvmsg, fd, message, flags);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    calls.send++;
    return syscall(SYS_sendto, fd, bytes, size, flags, NULL, 0);
}

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    calls.epoll_ctl++;
    return (int)syscall(SYS_epoll_ctl, epoll, operation, fd, event);
}

int epoll_pwait2(int epoll, struct epoll_event *events, int max, const struct timespec *wait,
                 const sigset_t *mask)
{
    calls.epoll_pwait2++;
    return (int)syscall(SYS_epoll_pwait2, epoll, events, max, wait, mask, KERNEL_SIGSET_BYTES);
}
