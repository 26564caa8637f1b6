/* A signalfd, rather than a handler that writes to a pipe: no code runs in a signal's context. Where no
   loop runs, a handler of one branch. */
#include "reactor/interrupt.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

#define NUMBERS (sizeof(numbers) / sizeof(*numbers))

static volatile sig_atomic_t held;    /* a signal is noted; else it ends the program */
static volatile sig_atomic_t pending; /* one that was noted; 0: none */
static volatile nsec first_at;        /* when the first came, wherever; 0: none has */

static bool is_ignored(int number)
{
    struct sigaction action;

    return !sigaction(number, NULL, &action) && action.sa_handler == SIG_IGN;
}

void interrupts_set(sigset_t *set)
{
    sigemptyset(set);
    for (size_t i = 0; i < NUMBERS; i++)
        if (!is_ignored(numbers[i]))
            sigaddset(set, numbers[i]);
}

int interrupts_number(void)
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

    interrupts_set(&action.sa_mask); /* one at a time */
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

static void on_signal(void *owner, uint32_t events)
{
    struct interrupt *interrupt = owner;
    struct signalfd_siginfo info;

    (void)events;
    while (interrupt->watch.fd >= 0 &&
           read(interrupt->watch.fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (!first_at)
            first_at = loop_clock(interrupt->loop);
        interrupt->came(interrupt->owner, (int)info.ssi_signo);
    }
}

int interrupt_start(struct interrupt *interrupt, struct loop *loop,
                    void (*came)(void *owner, int signal), void *owner)
{
    sigset_t set;
    int fd, error;

    *interrupt = (struct interrupt){.loop = loop, .came = came, .owner = owner};
    watch_init(&interrupt->watch, on_signal, interrupt, "interrupt");
    interrupts_set(&set);
    fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        return errno;
    error = loop_watch(loop, &interrupt->watch, fd, EPOLLIN);
    if (error) {
        close(fd);
        return error;
    }
    sigprocmask(SIG_BLOCK, &set, &interrupt->before);
    if (pending)
        raise(pending); /* blocked: it waits for the descriptor */
    pending = 0;
    return 0;
}

void interrupt_stop(struct interrupt *interrupt)
{
    loop_close(interrupt->loop, &interrupt->watch);
    sigprocmask(SIG_SETMASK, &interrupt->before, NULL);
}
