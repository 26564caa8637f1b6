/* Several processes: what they send is joined second by second, whatever becomes of one of them.
   Each child here sends counts that tell who it was: 10^index completed an interval. */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/load/procs.h"
#include "reactor/interrupt.h"
#include "tests/support/fake_clock.h"

#define MAX 64

/* What came, in the parent. */
struct heard {
    struct loop *loop;
    struct procs *procs;
    uint64_t completed[MAX]; /* of each interval */
    unsigned processes[MAX];
    nsec to[MAX];
    size_t count;
    unsigned done;
    bool stop;                /* with the first interval */
    struct fake_clock *clock; /* NULL: the real one */
};

static void on_interval(void *owner, const struct tally *joined)
{
    struct heard *heard = owner;

    assert_true(heard->count < MAX);
    assert_int_equal(heard->done, 0);
    assert_int_equal(joined->latency->count, joined->completed);
    heard->completed[heard->count] = joined->completed;
    heard->processes[heard->count] = joined->processes;
    heard->to[heard->count++] = joined->to;
    if (heard->stop && heard->count == 1)
        procs_stop(heard->procs);
}

static void on_done(void *owner)
{
    struct heard *heard = owner;

    heard->done++;
    loop_stop(heard->loop);
}

static void hear(struct heard *heard, unsigned count, int (*child)(void *, unsigned, int),
                 void *arg)
{
    const struct procs_options options = {
        .count = count,
        .child = child,
        .arg = arg,
        .interval = on_interval,
        .done = on_done,
        .owner = heard,
    };
    int error = 99;

    heard->loop = loop_new();
    if (heard->clock)
        fake_clock_set(heard->clock, heard->loop, 0);
    heard->procs = procs_start(heard->loop, &options, &error);
    assert_int_equal(error, 0);
    assert_non_null(heard->procs);
}

static void hear_all(struct heard *heard, unsigned count, int (*child)(void *, unsigned, int),
                     void *arg)
{
    hear(heard, count, child, arg);
    loop_run(heard->loop);
    assert_int_equal(heard->done, 1);
}

/* No child is left, and no descriptor. */
static void no_more(struct heard *heard)
{
    procs_free(heard->procs);
    loop_free(heard->loop);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* The i-th interval of a child. */
static struct tally *interval(unsigned index, unsigned i)
{
    struct tally *tally = tally_new();

    tally->from = i * NSEC_PER_S;
    tally->to = (i + 1) * NSEC_PER_S;
    tally->completed = 1;
    for (unsigned n = 0; n < index; n++)
        tally->completed *= 10;
    tally->cpu_user = (index + 1) * NSEC_PER_S / 10;
    for (uint64_t n = 0; n < tally->completed; n++)
        histogram_record(tally->latency, n);
    return tally;
}

static void send_interval(int fd, unsigned index, unsigned i)
{
    struct tally *tally = interval(index, i);

    procs_send(fd, tally);
    tally_free(tally);
}

/* The child number n sends n + 1 intervals, the last number first. */
static int some(void *arg, unsigned index, int fd)
{
    (void)arg;
    for (unsigned i = 0; i <= index; i++)
        send_interval(fd, index, i);
    return 0;
}

static void four_of_different_length(void **state)
{
    static const uint64_t completed[] = {1111, 1110, 1100, 1000};
    struct heard heard = {0};

    (void)state;
    hear_all(&heard, 4, some, NULL);
    assert_int_equal(heard.count, 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(heard.completed[i], completed[i]);
        assert_int_equal(heard.processes[i], 4 - i);
        assert_int_equal(heard.to[i], (i + 1) * NSEC_PER_S);
        assert_int_equal(procs_child(heard.procs, i)->end, PROC_WELL);
        assert_int_equal(procs_child(heard.procs, i)->intervals, i + 1);
        assert_int_equal(procs_child(heard.procs, i)->span, (i + 1) * NSEC_PER_S);
    }
    assert_int_equal(procs_failed(heard.procs), 0);
    assert_true(procs_busiest(heard.procs) == 0.4);
    no_more(&heard);
}

static int nothing(void *arg, unsigned index, int fd)
{
    (void)arg, (void)index, (void)fd;
    return 0;
}

static void nothing_at_all(void **state)
{
    struct heard heard = {0};

    (void)state;
    hear_all(&heard, 3, nothing, NULL);
    assert_int_equal(heard.count, 0);
    assert_true(procs_busiest(heard.procs) == 0);
    no_more(&heard);
}

/* A child that ends otherwise: number 1 of three, after its first interval. */
static int one_ends(void *arg, unsigned index, int fd)
{
    const int *signal_number = arg;

    send_interval(fd, index, 0);
    if (index == 1 && *signal_number)
        raise(*signal_number);
    if (index == 1)
        return 7;
    send_interval(fd, index, 1);
    return 0;
}

static void one_dies(void **state)
{
    static const struct {
        int signal;
        enum proc_end end;
        int number;
    } cases[] = {
        {SIGKILL, PROC_SIGNAL, SIGKILL}, {SIGABRT, PROC_SIGNAL, SIGABRT}, {0, PROC_STATUS, 7}};
    const struct rlimit none = {0, 0};

    (void)state;
    setrlimit(RLIMIT_CORE, &none);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct heard heard = {0};
        int number = cases[i].signal;

        hear_all(&heard, 3, one_ends, &number);
        assert_int_equal(heard.count, 2);
        assert_int_equal(heard.completed[0], 111);
        assert_int_equal(heard.completed[1], 101);
        assert_int_equal(procs_failed(heard.procs), 1);
        assert_int_equal(procs_child(heard.procs, 0)->end, PROC_WELL);
        assert_int_equal(procs_child(heard.procs, 1)->end, cases[i].end);
        assert_int_equal(procs_child(heard.procs, 1)->number, cases[i].number);
        assert_int_equal(procs_child(heard.procs, 1)->intervals, 1);
        no_more(&heard);
    }
}

/* Writes as it likes, piece by piece, whatever the parent reads at once. */
static void put(int fd, const void *bytes, size_t count)
{
    if (write(fd, bytes, count) != (ssize_t)count)
        _exit(99);
}

/* A frame as procs_send makes it; its length is to be freed. */
static unsigned char *frame(unsigned index, unsigned i, size_t *count)
{
    struct tally *tally = interval(index, i);
    unsigned char *packed = tally_pack(tally, count), *bytes = malloc(*count + 4);

    for (int n = 0; n < 4; n++)
        bytes[n] = (unsigned char)(*count >> 8 * n);
    memcpy(bytes + 4, packed, *count);
    *count += 4;
    tally_free(tally);
    free(packed);
    return bytes;
}

/* Stays until it is killed. */
static void linger(void)
{
    for (;;)
        pause();
}

/* Waits until the parent has read all. */
static void until_read(int fd)
{
    int left = 1;

    while (left && !ioctl(fd, FIONREAD, &left) && left)
        poll(NULL, 0, 1);
}

/* Two frames, cut every *arg bytes. */
static int in_pieces(void *arg, unsigned index, int fd)
{
    size_t piece = *(const size_t *)arg, one, two;
    unsigned char *bytes = frame(index, 0, &one), *second = frame(index, 1, &two);

    bytes = realloc(bytes, one + two);
    if (!bytes)
        return 1;
    memcpy(bytes + one, second, two);
    for (size_t at = 0; at < one + two; at += piece) {
        put(fd, bytes + at, piece < one + two - at ? piece : one + two - at);
        until_read(fd);
    }
    free(second);
    free(bytes);
    return 0;
}

static void frames_of_any_cut(void **state)
{
    static const size_t pieces[] = {1, 2, 3, 5, 17, 100, 9999};

    (void)state;
    for (size_t i = 0; i < LENGTH(pieces); i++) {
        struct heard heard = {0};
        size_t piece = pieces[i];

        hear_all(&heard, 2, in_pieces, &piece);
        assert_int_equal(heard.count, 2);
        assert_int_equal(heard.completed[0], 11);
        assert_int_equal(heard.completed[1], 11);
        assert_int_equal(procs_failed(heard.procs), 0);
        no_more(&heard);
    }
}

enum harm { HARM_LENGTH, HARM_BYTES, HARM_EMPTY, HARM_CUT, HARM_CUT_LENGTH, HARM_COUNT };

/* Number 0 sends one interval, then what is none, and would stay; the other sends two. */
static int harmful(void *arg, unsigned index, int fd)
{
    size_t count;
    unsigned char *bytes = frame(index, 1, &count);

    send_interval(fd, index, 0);
    if (!index) {
        switch (*(const enum harm *)arg) {
        case HARM_LENGTH: memset(bytes, 0xff, 4); break;
        case HARM_BYTES: memset(bytes + 4, 0xff, count - 4); break;
        case HARM_EMPTY: memset(bytes, 0, 4); break;
        case HARM_CUT: put(fd, bytes, count - 1); return 0;
        case HARM_CUT_LENGTH: put(fd, bytes, 3); return 0;
        case HARM_COUNT: break;
        }
    }
    put(fd, bytes, count);
    free(bytes);
    if (!index)
        linger();
    return 0;
}

static void malformed_frames(void **state)
{
    (void)state;
    for (enum harm harm = 0; harm < HARM_COUNT; harm++) {
        struct heard heard = {0};

        hear_all(&heard, 2, harmful, &harm);
        assert_int_equal(heard.count, 2);
        assert_int_equal(heard.completed[0], 11);
        assert_int_equal(heard.completed[1], 10);
        assert_int_equal(procs_child(heard.procs, 0)->end, PROC_MALFORMED);
        assert_int_equal(procs_child(heard.procs, 1)->end, PROC_WELL);
        assert_int_equal(procs_failed(heard.procs), 1);
        no_more(&heard);
    }
}

static void on_signal(void *owner, int number)
{
    (void)number;
    loop_stop(owner);
}

/* Runs until it is interrupted, like a load, and sends its counts so far. */
static int until_interrupted(void *arg, unsigned index, int fd)
{
    struct loop *loop = loop_new();
    struct interrupt interrupt;

    (void)arg;
    send_interval(fd, index, 0);
    if (interrupt_start(&interrupt, loop, on_signal, loop))
        return 1;
    loop_run(loop);
    send_interval(fd, index, 1);
    interrupt_stop(&interrupt);
    loop_free(loop);
    return 0;
}

static void stopped(void **state)
{
    struct heard heard = {.stop = true};

    (void)state;
    hear_all(&heard, 3, until_interrupted, NULL);
    assert_int_equal(heard.count, 2);
    assert_int_equal(heard.completed[1], 111);
    assert_int_equal(procs_failed(heard.procs), 0);
    procs_stop(heard.procs); /* no processes */
    no_more(&heard);
}

/* Interrupted before it could ask for it: the signal waits for it. */
static void stopped_at_once(void **state)
{
    struct heard heard = {0};

    (void)state;
    hear(&heard, 4, until_interrupted, NULL);
    procs_stop(heard.procs);
    loop_run(heard.loop);
    assert_int_equal(heard.count, 2);
    assert_int_equal(heard.completed[0], 1111);
    assert_int_equal(procs_failed(heard.procs), 0);
    no_more(&heard);
}

/* Number 1 is stopped behind its first interval; what follows is sent when it is continued. */
static int one_is_stopped(void *arg, unsigned index, int fd)
{
    (void)arg;
    send_interval(fd, index, 0);
    if (index == 1)
        raise(SIGSTOP);
    send_interval(fd, index, 1);
    return 0;
}

static bool stands_still(pid_t pid)
{
    siginfo_t info = {0};

    return !waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG | WNOWAIT) && info.si_pid == pid;
}

/* Starts them, and looks for so many seconds, from when number 1 is stopped and the others have
   ended. */
static void look_at_stopped(struct heard *heard, struct fake_clock *clock, int seconds)
{
    heard->clock = clock;
    hear(heard, 3, one_is_stopped, NULL);
    TURN_UNTIL(heard->loop, stands_still(procs_child(heard->procs, 1)->pid) &&
                                procs_child(heard->procs, 0)->end == PROC_WELL &&
                                procs_child(heard->procs, 2)->end == PROC_WELL);
    while (seconds--) {
        clock->now += NSEC_PER_S;
        loop_turn(heard->loop, 0);
    }
}

/* A child that is stopped does not hold the parent for ever. */
static void stopped_child_is_killed(void **state)
{
    struct heard heard = {0};
    struct fake_clock clock;

    (void)state;
    look_at_stopped(&heard, &clock, 4);
    TURN_UNTIL(heard.loop, heard.done);
    assert_int_equal(procs_child(heard.procs, 1)->end, PROC_STOPPED);
    assert_int_equal(procs_failed(heard.procs), 1);
    assert_int_equal(heard.count, 2);
    assert_int_equal(heard.completed[0], 111);
    assert_int_equal(heard.completed[1], 101);
    no_more(&heard);
}

/* One that is continued in time is waited for, and so is one that is interrupted. */
static void stopped_child_may_go_on(void **state)
{
    (void)state;
    for (int interrupts = 0; interrupts < 2; interrupts++) {
        struct heard heard = {0};
        struct fake_clock clock;

        look_at_stopped(&heard, &clock, 3);
        if (interrupts)
            procs_stop(heard.procs);
        else
            kill(procs_child(heard.procs, 1)->pid, SIGCONT);
        TURN_UNTIL(heard.loop, heard.done);
        assert_int_equal(procs_child(heard.procs, 1)->end, PROC_WELL);
        assert_int_equal(heard.completed[1], 111);
        no_more(&heard);
    }
}

/* While another runs, it may take its time. */
static int one_stopped_one_interrupted(void *arg, unsigned index, int fd)
{
    return index ? one_is_stopped(arg, index, fd) : until_interrupted(arg, index, fd);
}

static void stopped_child_beside_one_that_runs(void **state)
{
    struct heard heard = {0};
    struct fake_clock clock;

    (void)state;
    heard.clock = &clock;
    hear(&heard, 2, one_stopped_one_interrupted, NULL);
    TURN_UNTIL(heard.loop, stands_still(procs_child(heard.procs, 1)->pid) && heard.count == 1);
    for (int seconds = 0; seconds < 20; seconds++) {
        clock.now += NSEC_PER_S;
        loop_turn(heard.loop, 0);
    }
    assert_true(stands_still(procs_child(heard.procs, 1)->pid));
    procs_stop(heard.procs);
    TURN_UNTIL(heard.loop, heard.done);
    assert_int_equal(procs_failed(heard.procs), 0);
    assert_int_equal(heard.completed[1], 11);
    no_more(&heard);
}

/* Number 0 sends without end, the others nothing. */
static int forever(void *arg, unsigned index, int fd)
{
    (void)arg;
    if (index)
        linger();
    for (unsigned i = 0; i < UINT32_MAX; i++)
        send_interval(fd, 0, i);
    return 0;
}

/* What waits is freed with them. */
static void freed_in_mid_run(void **state)
{
    struct heard heard = {0};

    (void)state;
    hear(&heard, 3, forever, NULL);
    for (int i = 0; i < 20; i++)
        loop_turn(heard.loop, NSEC_PER_MS);
    assert_int_equal(heard.count, 0);
    assert_int_equal(procs_failed(heard.procs), 0);
    no_more(&heard);
}

/* Which descriptors are open in a child, as the number of them. */
static int descriptors(void *arg, unsigned index, int fd)
{
    int count = 0;

    (void)arg, (void)index;
    for (int i = 3; i < 256; i++)
        count += fcntl(i, F_GETFD) >= 0;
    return fd == 3 && count == 1 ? 0 : 1;
}

static void only_its_own_descriptor(void **state)
{
    struct heard heard = {0};
    int other = open("/dev/null", O_RDONLY);

    (void)state;
    hear_all(&heard, 4, descriptors, NULL);
    assert_int_equal(procs_failed(heard.procs), 0);
    no_more(&heard);
    close(other);
}

/* Is in the middle of a frame, for good. */
static int holds(void *arg, unsigned index, int fd)
{
    (void)arg, (void)index;
    put(fd, "", 1); /* no frame yet */
    linger();
    return 0;
}

/* A program with three children is killed: they come to us, killed too. */
static void none_outlives_its_parent(void **state)
{
    pid_t parent;
    int status;

    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    parent = fork();
    assert_true(parent >= 0);
    if (!parent) {
        struct heard heard = {0};

        hear(&heard, 3, holds, NULL);
        for (int i = 0; i < 20; i++)
            loop_turn(heard.loop, NSEC_PER_MS);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(parent, &status, 0), parent);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    for (int i = 0; i < 3; i++) {
        assert_true(waitpid(-1, &status, 0) > 0);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

/* In a child of its own: no descriptor for the second pipe. */
static bool too_few_descriptors(void)
{
    struct loop *loop = loop_new();
    const struct procs_options options = {
        .count = 8, .child = forever, .interval = on_interval, .done = on_done};
    struct rlimit max = {0, 0};
    sigset_t before, after;
    int error = 0, fd = dup(0);

    close(fd);
    max.rlim_cur = max.rlim_max = (rlim_t)fd + 4;
    CHILD_CHECK(!setrlimit(RLIMIT_NOFILE, &max));
    sigprocmask(SIG_BLOCK, NULL, &before);
    CHILD_CHECK(!procs_start(loop, &options, &error));
    CHILD_CHECK(error == EMFILE);
    CHILD_CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    sigprocmask(SIG_BLOCK, NULL, &after);
    CHILD_CHECK(sigismember(&before, SIGINT) == sigismember(&after, SIGINT));
    CHILD_CHECK(dup(0) == fd);
    loop_free(loop);
    return true;
}

static void no_descriptor_is_left(void **state)
{
    (void)state;
    unit_in_child(too_few_descriptors);
}

static void freed_in_done(void *owner)
{
    struct heard *heard = owner;

    procs_free(heard->procs);
    on_done(owner);
}

static void done_may_free(void **state)
{
    struct heard heard = {.loop = loop_new()};
    const struct procs_options options = {
        .count = 2, .child = some, .interval = on_interval, .done = freed_in_done, .owner = &heard};
    int error;

    (void)state;
    heard.procs = procs_start(heard.loop, &options, &error);
    loop_run(heard.loop);
    assert_int_equal(heard.count, 2);
    heard.procs = NULL;
    no_more(&heard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_of_different_length),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(one_dies),
        cmocka_unit_test(frames_of_any_cut),
        cmocka_unit_test(malformed_frames),
        cmocka_unit_test(stopped),
        cmocka_unit_test(stopped_at_once),
        cmocka_unit_test(stopped_child_is_killed),
        cmocka_unit_test(stopped_child_may_go_on),
        cmocka_unit_test(stopped_child_beside_one_that_runs),
        cmocka_unit_test(freed_in_mid_run),
        cmocka_unit_test(only_its_own_descriptor),
        cmocka_unit_test(none_outlives_its_parent),
        cmocka_unit_test(no_descriptor_is_left),
        cmocka_unit_test(done_may_free),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
