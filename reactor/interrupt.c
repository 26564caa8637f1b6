/* A signalfd, rather than a handler that writes to a pipe: no code runs in a signal's context. */
#include "reactor/interrupt.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void on_signal(void *owner, uint32_t events)
{
    struct interrupt *interrupt = owner;
    struct signalfd_siginfo info;

    (void)events;
    while (interrupt->watch.fd >= 0 &&
           read(interrupt->watch.fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        interrupt->came(interrupt->owner, (int)info.ssi_signo);
}

int interrupt_start(struct interrupt *interrupt, struct loop *loop,
                    void (*came)(void *owner, int signal), void *owner)
{
    sigset_t set;
    int fd, error;

    *interrupt = (struct interrupt){.loop = loop, .came = came, .owner = owner};
    watch_init(&interrupt->watch, on_signal, interrupt);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        return errno;
    error = loop_watch(loop, &interrupt->watch, fd, EPOLLIN);
    if (error) {
        close(fd);
        return error;
    }
    sigprocmask(SIG_BLOCK, &set, &interrupt->before);
    return 0;
}

void interrupt_stop(struct interrupt *interrupt)
{
    loop_close(interrupt->loop, &interrupt->watch);
    sigprocmask(SIG_SETMASK, &interrupt->before, NULL);
}
