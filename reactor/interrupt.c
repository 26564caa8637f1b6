/* In a loop: a signalfd, so that no code runs in a signal's context. Rejected: a handler that
   writes to a pipe. Outside a loop: a small handler. */
#include "reactor/interrupt.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

#define NUMBERS (sizeof(numbers) / sizeof(*numbers))

static volatile sig_atomic_t held;    /* interrupts_hold was called */
static volatile sig_atomic_t pending; /* the signal that was noted; 0: none */
static volatile nsec first_at;        /* time of the first signal, in a loop or outside; 0: none */

static bool is_ignored(int number)
{
    struct sigaction action;

    return !sigaction(number, NULL, &action) && action.sa_handler == SIG_IGN;
}

void interrupts_sigset(sigset_t *set)
{
    sigemptyset(set);
    for (size_t i = 0; i < NUMBERS; i++)
        if (!is_ignored(numbers[i]))
            sigaddset(set, numbers[i]);
}

int interrupts_child_signal(void)
{
    for (size_t i = 0; i < NUMBERS; i++)
        if (!is_ignored(numbers[i]))
            return numbers[i];
    return SIGKILL;
}

/* Runs in the signal's context. */
void interrupts_note(int signal)
{
    nsec now = clock_now();

    if (!held || (first_at && now - first_at > INTERRUPT_TWICE))
        _exit(INTERRUPT_EXIT_STATUS);
    pending = signal;
    if (!first_at)
        first_at = now;
}

void interrupts_begin(void)
{
    struct sigaction action = {.sa_handler = interrupts_note}; /* no SA_RESTART */

    interrupts_sigset(&action.sa_mask); /* the handler does not interrupt itself */
    for (size_t i = 0; i < NUMBERS; i++)
        if (!is_ignored(numbers[i]))
            sigaction(numbers[i], &action, NULL);
}

void interrupts_hold(void)
{
    held = 1;
}

int interrupts_pending(void)
{
    return pending;
}

static void on_readable(void *owner, uint32_t events)
{
    struct interrupt *interrupt = owner;
    struct signalfd_siginfo info;

    (void)events;
    while (interrupt->watch.fd >= 0 &&
           read(interrupt->watch.fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (!first_at)
            first_at = loop_clock(interrupt->loop);
        interrupt->on_signal(interrupt->owner, (int)info.ssi_signo);
    }
}

int interrupt_start(struct interrupt *interrupt, struct loop *loop,
                    void (*on_signal)(void *owner, int signal), void *owner)
{
    sigset_t set;
    int fd, error;

    *interrupt = (struct interrupt){.loop = loop, .on_signal = on_signal, .owner = owner};
    watch_init(&interrupt->watch, on_readable, interrupt, "interrupt");
    interrupts_sigset(&set);
    fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        return errno;
    error = loop_watch(loop, &interrupt->watch, fd, EPOLLIN);
    if (error) {
        close(fd);
        return error;
    }
    sigprocmask(SIG_BLOCK, &set, &interrupt->old_mask);
    if (pending)
        raise(pending); /* blocked, so the signalfd receives it */
    pending = 0;
    return 0;
}

void interrupt_stop(struct interrupt *interrupt)
{
    loop_close(interrupt->loop, &interrupt->watch);
    sigprocmask(SIG_SETMASK, &interrupt->old_mask, NULL);
}
