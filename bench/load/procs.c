/*
 * Pipes instead of shared memory: sent tallies survive the child, and a half-written count cannot
 * be read. If a child is ahead of the others, its intervals wait here, packed, because an unpacked
 * one has two megabytes. They do not wait in the pipe, because the child would block in its write
 * and measure that.
 *
 * A stopped child keeps its pipe open and sends nothing, but so does a child in its warm-up.
 * Therefore the parent queries the state of its children once per second (waitid).
 *
 * The end of the pipe means that the child has ended, because only the child has the other end. It
 * is then reaped by its pid, which hardly blocks and does not affect other children of the program.
 */
#include "bench/load/procs.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "reactor/interrupt.h"

#define LENGTH_BYTES      sizeof(uint32_t) /* before each packed tally, little-endian */
#define MAX_FRAME_BYTES   (8 << 20)        /* more than any packed tally */
#define CHILD_FD          3                /* after the standard streams */
#define CHECK_EVERY       NSEC_PER_S       /* whether children are stopped */
#define CHECKS_UNTIL_KILL (PROCS_STOPPED_TIME / CHECK_EVERY)

/* A packed tally that waits for the tallies of the other children. */
struct frame {
    struct link link; /* in `frames` of its child */
    size_t count;
    unsigned char bytes[];
};

struct child {
    struct procs *procs;
    struct proc proc;
    struct watch watch;  /* of the pipe */
    struct link frames;  /* the oldest first */
    unsigned char *rest; /* an incomplete frame */
    size_t rest_bytes;
    uint64_t waiting, in_flight; /* of the last interval that was joined */
};

struct procs {
    struct loop *loop;
    struct procs_options options;
    struct tally *joined, *part; /* buffers */
    struct timer check;          /* CHECK_EVERY */
    unsigned stopped_checks;     /* consecutive; all running children were stopped */
    bool killed;                 /* for this reason */
    struct deferred_free deferred;
    struct child child[];
};

void procs_send(int fd, const struct tally *tally)
{
    size_t count;
    void *bytes = tally_pack(tally, &count);
    uint32_t length = htole32((uint32_t)count);

    if (!file_write(fd, &length, sizeof(length)) || !file_write(fd, bytes, count))
        /* no error if the parent has ended; otherwise the parent reports the status */
        _exit(errno == EPIPE ? EXIT_SUCCESS : EXIT_FAILURE);
    free(bytes);
}

/* Waits for the end of a child. Returns its status, or -1. */
static int reap(pid_t pid)
{
    int status;
    pid_t reaped;

    do {
        reaped = waitpid(pid, &status, 0);
    } while (reaped < 0 && errno == EINTR);
    return reaped == pid ? status : -1;
}

/* The child has ended or has been killed. */
static void end(struct child *child, bool malformed)
{
    struct proc *proc = &child->proc;
    int status = reap(proc->pid), fd = child->watch.fd;

    /* Removed from epoll before close: a child that was forked later may still have a copy of the
       descriptor, and epoll would report this pipe in every turn until the copy is closed. */
    loop_unwatch(child->procs->loop, &child->watch);
    if (fd >= 0)
        close(fd);
    if (status >= 0 && WIFSIGNALED(status)) {
        proc->end = PROC_SIGNAL;
        proc->number = WTERMSIG(status);
    } else {
        proc->number = status >= 0 ? WEXITSTATUS(status) : -1;
        proc->end = proc->number ? PROC_STATUS : PROC_SUCCEEDED;
    }
    if (child->procs->killed)
        proc->end = PROC_STOPPED;
    if (malformed)
        proc->end = PROC_MALFORMED;
}

/* Removes the oldest frame, which the caller frees; NULL: there is none. */
static struct frame *pop(struct child *child)
{
    struct link *link = list_take_first(&child->frames);

    return link ? LIST_OWNER(link, struct frame, link) : NULL;
}

/* Stores a complete frame. False: it is not a tally. */
static bool take_frame(struct child *child, const unsigned char *bytes, size_t count)
{
    struct tally *tally = child->procs->part;
    struct frame *frame;

    if (!tally_unpack(tally, bytes, count))
        return false;
    child->proc.intervals++;
    child->proc.cpu += tally->cpu_user + tally->cpu_system;
    child->proc.span += tally->to - tally->from;
    frame = memory_get(sizeof(*frame) + count);
    *frame = (struct frame){.count = count};
    memcpy(frame->bytes, bytes, count);
    list_put_last(&child->frames, &frame->link);
    return true;
}

/* Splits received bytes into frames. False: they are malformed. */
static bool take_bytes(struct child *child, const unsigned char *bytes, size_t count)
{
    size_t at = 0;

    child->rest = memory_grow(child->rest, child->rest_bytes + count, 1);
    memcpy(child->rest + child->rest_bytes, bytes, count);
    child->rest_bytes += count;
    while (child->rest_bytes - at >= LENGTH_BYTES) {
        uint32_t length;

        memcpy(&length, child->rest + at, LENGTH_BYTES);
        length = le32toh(length);
        if (length > MAX_FRAME_BYTES)
            return false;
        if (child->rest_bytes - at - LENGTH_BYTES < length) /* incomplete */
            break;
        if (!take_frame(child, child->rest + at + LENGTH_BYTES, length))
            return false;
        at += LENGTH_BYTES + length;
    }
    child->rest_bytes -= at;
    memmove(child->rest, child->rest + at, child->rest_bytes);
    return true;
}

/* Whether an interval can be joined: all running children have sent it. */
static bool is_complete(const struct procs *procs)
{
    bool any = false;

    for (unsigned i = 0; i < procs->options.count; i++) {
        if (!list_is_empty(&procs->child[i].frames))
            any = true;
        else if (procs->child[i].proc.end == PROC_RUNNING)
            return false;
    }
    return any;
}

/* Joins the first interval of each child. */
static void join(struct procs *procs)
{
    uint64_t waiting = 0, in_flight = 0; /* of ended children */
    bool any = false;

    tally_clear(procs->joined);
    for (unsigned i = 0; i < procs->options.count; i++) {
        struct child *child = &procs->child[i];
        struct frame *frame = pop(child);

        if (!frame) {
            waiting += child->waiting;
            in_flight += child->in_flight;
            continue;
        }
        tally_unpack(procs->part, frame->bytes, frame->count); /* take_frame has checked it */
        child->waiting = procs->part->waiting;
        child->in_flight = procs->part->in_flight;
        (any ? tally_join : tally_append)(procs->joined, procs->part);
        any = true;
        free(frame);
    }
    procs->joined->waiting += waiting;
    procs->joined->in_flight += in_flight;
}

static bool any_runs(const struct procs *procs)
{
    for (unsigned i = 0; i < procs->options.count; i++)
        if (procs->child[i].proc.end == PROC_RUNNING)
            return true;
    return false;
}

static void on_readable(void *owner, uint32_t events)
{
    struct child *child = owner;
    struct procs *procs = child->procs;
    unsigned char *buffer = loop_buffer(procs->loop);
    ssize_t count = read(child->watch.fd, buffer, LOOP_BUFFER_BYTES);

    (void)events;
    if (count < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (count == 0) {
        end(child, child->rest_bytes > 0);
    } else if (count < 0 || !take_bytes(child, buffer, (size_t)count)) {
        kill(child->proc.pid, SIGKILL);
        end(child, true);
    }
    while (is_complete(procs)) {
        join(procs);
        procs->options.interval(procs->options.owner, procs->joined);
    }
    if (!any_runs(procs))
        procs->options.done(procs->options.owner);
}

/* Whether a running child is stopped now. WNOWAIT: it can still be reaped. */
static bool is_stopped(const struct child *child)
{
    siginfo_t info = {0};

    return !waitid(P_PID, (id_t)child->proc.pid, &info, WSTOPPED | WNOHANG | WNOWAIT) &&
           info.si_pid;
}

/* Whether all running children are stopped. */
static bool all_are_stopped(const struct procs *procs)
{
    for (unsigned i = 0; i < procs->options.count; i++)
        if (procs->child[i].proc.end == PROC_RUNNING && !is_stopped(&procs->child[i]))
            return false;
    return any_runs(procs);
}

/* Sends a signal to all running children. */
static void signal_all(const struct procs *procs, int number)
{
    for (unsigned i = 0; i < procs->options.count; i++)
        if (procs->child[i].proc.end == PROC_RUNNING)
            kill(procs->child[i].proc.pid, number);
}

static void check_stopped(void *owner)
{
    struct procs *procs = owner;

    loop_arm(procs->loop, &procs->check, loop_now(procs->loop) + CHECK_EVERY);
    procs->stopped_checks = all_are_stopped(procs) ? procs->stopped_checks + 1 : 0;
    if (procs->stopped_checks <= CHECKS_UNTIL_KILL)
        return;
    procs->killed = true;
    signal_all(procs, SIGKILL); /* on_readable then reaps them */
}

/* In the child: closes the descriptors of the parent, and runs. */
static _Noreturn void be_child(const struct procs_options *options, unsigned index, int fd,
                               pid_t parent)
{
    signal(SIGPIPE, SIG_IGN);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
        _exit(EXIT_FAILURE);
    if (fd != CHILD_FD && dup3(fd, CHILD_FD, O_CLOEXEC) < 0)
        _exit(EXIT_FAILURE);
    closefrom(CHILD_FD + 1);
    _exit(options->child(options->arg, index, CHILD_FD));
}

/* Starts a child. Returns 0 or an errno. */
static int start(struct procs *procs, unsigned index)
{
    struct child *child = &procs->child[index];
    pid_t parent = getpid(), pid;
    int ends[2], error;

    if (pipe2(ends, O_CLOEXEC))
        return errno;
    pid = fork();
    error = pid < 0 ? errno : 0;
    if (!pid)
        be_child(&procs->options, index, ends[1], parent);
    close(ends[1]);
    if (!error && fcntl(ends[0], F_SETFL, O_NONBLOCK))
        error = errno;
    if (!error)
        error = loop_watch(procs->loop, &child->watch, ends[0], EPOLLIN);
    if (error)
        close(ends[0]);
    if (pid > 0) {
        child->proc.pid = pid;
        child->proc.end = PROC_RUNNING;
    }
    return error;
}

struct procs *procs_start(struct loop *loop, const struct procs_options *options, int *error)
{
    struct procs *procs = memory_zeroed(sizeof(*procs) + options->count * sizeof(*procs->child));
    sigset_t interrupts, prev;

    *error = 0;
    procs->loop = loop;
    procs->options = *options;
    procs->joined = tally_new();
    procs->part = tally_new();
    for (unsigned i = 0; i < options->count; i++) {
        struct child *child = &procs->child[i];

        child->procs = procs;
        child->proc.end = PROC_SUCCEEDED; /* until it starts */
        list_init(&child->frames);
        watch_init(&child->watch, on_readable, child, "load process");
    }
    signal(SIGCHLD, SIG_DFL); /* if it is ignored, no status is kept */
    interrupts_sigset(&interrupts);
    sigprocmask(SIG_BLOCK, &interrupts, &prev);
    for (unsigned i = 0; i < options->count && !*error; i++)
        *error = start(procs, i);
    sigprocmask(SIG_SETMASK, &prev, NULL);
    timer_init(&procs->check, check_stopped, procs, "load processes interval");
    loop_arm(loop, &procs->check, loop_clock(loop) + CHECK_EVERY);
    if (*error) {
        procs_free(procs);
        procs = NULL;
    }
    return procs;
}

void procs_stop(struct procs *procs)
{
    signal_all(procs, interrupts_child_signal());
    signal_all(procs, SIGCONT);
}

static void free_procs(void *owner)
{
    struct procs *procs = owner;

    for (unsigned i = 0; i < procs->options.count; i++) {
        struct child *child = &procs->child[i];
        struct frame *frame;

        while ((frame = pop(child)))
            free(frame);
        free(child->rest);
    }
    tally_free(procs->joined);
    tally_free(procs->part);
    free(procs);
}

void procs_free(struct procs *procs)
{
    if (!procs)
        return;
    loop_cancel(procs->loop, &procs->check);
    signal_all(procs, SIGKILL);
    for (unsigned i = 0; i < procs->options.count; i++)
        if (procs->child[i].proc.end == PROC_RUNNING)
            end(&procs->child[i], false);
    loop_free_later(procs->loop, &procs->deferred, free_procs, procs);
}

const struct proc *procs_child(const struct procs *procs, unsigned index)
{
    return &procs->child[index].proc;
}

unsigned procs_failed(const struct procs *procs)
{
    unsigned failed = 0;

    for (unsigned i = 0; i < procs->options.count; i++) {
        enum proc_end how = procs->child[i].proc.end;

        failed += how != PROC_RUNNING && how != PROC_SUCCEEDED;
    }
    return failed;
}

double procs_busiest(const struct procs *procs)
{
    double busiest = 0;

    for (unsigned i = 0; i < procs->options.count; i++) {
        const struct proc *proc = &procs->child[i].proc;
        double busy = proc->span ? (double)proc->cpu / (double)proc->span : 0;

        if (busy > busiest)
            busiest = busy;
    }
    return busiest;
}
