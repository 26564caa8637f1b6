/* Several processes: their tallies are joined second by second, however each process ends. Each
   child completes 10^index requests per interval, so that sums show which children took part. */
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

/* What the parent received. */
struct results {
    struct loop *loop;
    struct procs *procs;
    uint64_t completed[MAX]; /* of each interval */
    unsigned processes[MAX];
    nsec to[MAX];
    size_t count;
    unsigned done;            /* calls */
    bool stop;                /* with the first interval */
    struct fake_clock *clock; /* NULL: the real one */
};

static void on_interval(void *owner, const struct tally *joined)
{
    struct results *results = owner;

    assert_true(results->count < MAX);
    assert_int_equal(results->done, 0);
    assert_int_equal(joined->latency->count, joined->completed);
    results->completed[results->count] = joined->completed;
    results->processes[results->count] = joined->processes;
    results->to[results->count++] = joined->to;
    if (results->stop && results->count == 1)
        procs_stop(results->procs);
}

static void on_done(void *owner)
{
    struct results *results = owner;

    results->done++;
    loop_stop(results->loop);
}

static void start_children(struct results *results, unsigned count,
                           int (*child)(void *, unsigned, int), void *arg)
{
    const struct procs_options options = {
        .count = count,
        .child = child,
        .arg = arg,
        .interval = on_interval,
        .done = on_done,
        .owner = results,
    };
    int error = 99;

    results->loop = loop_new();
    if (results->clock)
        fake_clock_set(results->clock, results->loop, 0);
    results->procs = procs_start(results->loop, &options, &error);
    assert_int_equal(error, 0);
    assert_non_null(results->procs);
}

static void run_children(struct results *results, unsigned count,
                         int (*child)(void *, unsigned, int), void *arg)
{
    start_children(results, count, child, arg);
    loop_run(results->loop);
    assert_int_equal(results->done, 1);
}

/* Frees all; no child process is left. */
static void free_all(struct results *results)
{
    procs_free(results->procs);
    loop_free(results->loop);
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

/* Child n sends n + 1 intervals. */
static int several_intervals(void *arg, unsigned index, int fd)
{
    (void)arg;
    for (unsigned i = 0; i <= index; i++)
        send_interval(fd, index, i);
    return 0;
}

static void four_of_different_length(void **state)
{
    static const uint64_t completed[] = {1111, 1110, 1100, 1000};
    struct results results = {0};

    (void)state;
    run_children(&results, 4, several_intervals, NULL);
    assert_int_equal(results.count, 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(results.completed[i], completed[i]);
        assert_int_equal(results.processes[i], 4 - i);
        assert_int_equal(results.to[i], (i + 1) * NSEC_PER_S);
        assert_int_equal(procs_child(results.procs, i)->end, PROC_SUCCEEDED);
        assert_int_equal(procs_child(results.procs, i)->intervals, i + 1);
        assert_int_equal(procs_child(results.procs, i)->span, (i + 1) * NSEC_PER_S);
    }
    assert_int_equal(procs_failed(results.procs), 0);
    assert_true(procs_busiest(results.procs) == 0.4);
    free_all(&results);
}

static int no_interval(void *arg, unsigned index, int fd)
{
    (void)arg, (void)index, (void)fd;
    return 0;
}

static void no_interval_at_all(void **state)
{
    struct results results = {0};

    (void)state;
    run_children(&results, 3, no_interval, NULL);
    assert_int_equal(results.count, 0);
    assert_true(procs_busiest(results.procs) == 0);
    free_all(&results);
}

/* Child 1 of three fails after its first interval. */
static int one_fails(void *arg, unsigned index, int fd)
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

static void a_child_fails(void **state)
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
        struct results results = {0};
        int number = cases[i].signal;

        run_children(&results, 3, one_fails, &number);
        assert_int_equal(results.count, 2);
        assert_int_equal(results.completed[0], 111);
        assert_int_equal(results.completed[1], 101);
        assert_int_equal(procs_failed(results.procs), 1);
        assert_int_equal(procs_child(results.procs, 0)->end, PROC_SUCCEEDED);
        assert_int_equal(procs_child(results.procs, 1)->end, cases[i].end);
        assert_int_equal(procs_child(results.procs, 1)->number, cases[i].number);
        assert_int_equal(procs_child(results.procs, 1)->intervals, 1);
        free_all(&results);
    }
}

/* Writes all bytes in one call. */
static void write_bytes(int fd, const void *bytes, size_t count)
{
    if (write(fd, bytes, count) != (ssize_t)count)
        _exit(99);
}

/* A frame as procs_send makes it. The caller frees it. */
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

/* Waits until it is killed. */
static void wait_for_kill(void)
{
    for (;;)
        pause();
}

/* Waits until the parent has read all bytes. */
static void wait_until_read(int fd)
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
        write_bytes(fd, bytes + at, piece < one + two - at ? piece : one + two - at);
        wait_until_read(fd);
    }
    free(second);
    free(bytes);
    return 0;
}

static void frames_cut_anywhere(void **state)
{
    static const size_t pieces[] = {1, 2, 3, 5, 17, 100, 9999};

    (void)state;
    for (size_t i = 0; i < LENGTH(pieces); i++) {
        struct results results = {0};
        size_t piece = pieces[i];

        run_children(&results, 2, in_pieces, &piece);
        assert_int_equal(results.count, 2);
        assert_int_equal(results.completed[0], 11);
        assert_int_equal(results.completed[1], 11);
        assert_int_equal(procs_failed(results.procs), 0);
        free_all(&results);
    }
}

enum damage {
    DAMAGE_LENGTH,
    DAMAGE_BYTES,
    DAMAGE_EMPTY,
    DAMAGE_CUT,
    DAMAGE_CUT_LENGTH,
    DAMAGE_COUNT
};

/* Child 0 sends one interval, then a malformed frame; the other child sends two intervals. */
static int damaging_child(void *arg, unsigned index, int fd)
{
    size_t count;
    unsigned char *bytes = frame(index, 1, &count);

    send_interval(fd, index, 0);
    if (!index) {
        switch (*(const enum damage *)arg) {
        case DAMAGE_LENGTH: memset(bytes, 0xff, 4); break;
        case DAMAGE_BYTES: memset(bytes + 4, 0xff, count - 4); break;
        case DAMAGE_EMPTY: memset(bytes, 0, 4); break;
        case DAMAGE_CUT: write_bytes(fd, bytes, count - 1); return 0;
        case DAMAGE_CUT_LENGTH: write_bytes(fd, bytes, 3); return 0;
        case DAMAGE_COUNT: break;
        }
    }
    write_bytes(fd, bytes, count);
    free(bytes);
    if (!index)
        wait_for_kill();
    return 0;
}

static void malformed_frames(void **state)
{
    (void)state;
    for (enum damage damage = 0; damage < DAMAGE_COUNT; damage++) {
        struct results results = {0};

        run_children(&results, 2, damaging_child, &damage);
        assert_int_equal(results.count, 2);
        assert_int_equal(results.completed[0], 11);
        assert_int_equal(results.completed[1], 10);
        assert_int_equal(procs_child(results.procs, 0)->end, PROC_MALFORMED);
        assert_int_equal(procs_child(results.procs, 1)->end, PROC_SUCCEEDED);
        assert_int_equal(procs_failed(results.procs), 1);
        free_all(&results);
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

static void interrupted(void **state)
{
    struct results results = {.stop = true};

    (void)state;
    run_children(&results, 3, until_interrupted, NULL);
    assert_int_equal(results.count, 2);
    assert_int_equal(results.completed[1], 111);
    assert_int_equal(procs_failed(results.procs), 0);
    procs_stop(results.procs); /* no processes */
    free_all(&results);
}

/* Interrupted before the handler is installed: the signal stays pending. */
static void interrupted_immediately(void **state)
{
    struct results results = {0};

    (void)state;
    start_children(&results, 4, until_interrupted, NULL);
    procs_stop(results.procs);
    loop_run(results.loop);
    assert_int_equal(results.count, 2);
    assert_int_equal(results.completed[0], 1111);
    assert_int_equal(procs_failed(results.procs), 0);
    free_all(&results);
}

/* Child 1 is stopped after its first interval and sends the next one when it is continued. */
static int one_is_stopped(void *arg, unsigned index, int fd)
{
    (void)arg;
    send_interval(fd, index, 0);
    if (index == 1)
        raise(SIGSTOP);
    send_interval(fd, index, 1);
    return 0;
}

static bool is_stopped(pid_t pid)
{
    siginfo_t info = {0};

    return !waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG | WNOWAIT) && info.si_pid == pid;
}

/* Starts three children, waits until child 1 is stopped and the others have ended, then lets so
   many seconds pass. */
static void pass_with_a_stopped_child(struct results *results, struct fake_clock *clock,
                                      int seconds)
{
    results->clock = clock;
    start_children(results, 3, one_is_stopped, NULL);
    TURN_UNTIL(results->loop, is_stopped(procs_child(results->procs, 1)->pid) &&
                                  procs_child(results->procs, 0)->end == PROC_SUCCEEDED &&
                                  procs_child(results->procs, 2)->end == PROC_SUCCEEDED);
    while (seconds--) {
        clock->now += NSEC_PER_S;
        loop_turn(results->loop, 0);
    }
}

/* A stopped child is killed some time after the others have ended. */
static void stopped_child_is_killed(void **state)
{
    struct results results = {0};
    struct fake_clock clock;

    (void)state;
    pass_with_a_stopped_child(&results, &clock, 4);
    TURN_UNTIL(results.loop, results.done);
    assert_int_equal(procs_child(results.procs, 1)->end, PROC_STOPPED);
    assert_int_equal(procs_failed(results.procs), 1);
    assert_int_equal(results.count, 2);
    assert_int_equal(results.completed[0], 111);
    assert_int_equal(results.completed[1], 101);
    free_all(&results);
}

/* A child that is continued or interrupted in time ends normally. */
static void stopped_child_may_continue(void **state)
{
    (void)state;
    for (int interrupts = 0; interrupts < 2; interrupts++) {
        struct results results = {0};
        struct fake_clock clock;

        pass_with_a_stopped_child(&results, &clock, 3);
        if (interrupts)
            procs_stop(results.procs);
        else
            kill(procs_child(results.procs, 1)->pid, SIGCONT);
        TURN_UNTIL(results.loop, results.done);
        assert_int_equal(procs_child(results.procs, 1)->end, PROC_SUCCEEDED);
        assert_int_equal(results.completed[1], 111);
        free_all(&results);
    }
}

/* A child may stay stopped while another one runs. */
static int one_stopped_one_interrupted(void *arg, unsigned index, int fd)
{
    return index ? one_is_stopped(arg, index, fd) : until_interrupted(arg, index, fd);
}

static void stopped_child_while_another_runs(void **state)
{
    struct results results = {0};
    struct fake_clock clock;

    (void)state;
    results.clock = &clock;
    start_children(&results, 2, one_stopped_one_interrupted, NULL);
    TURN_UNTIL(results.loop, is_stopped(procs_child(results.procs, 1)->pid) && results.count == 1);
    for (int seconds = 0; seconds < 20; seconds++) {
        clock.now += NSEC_PER_S;
        loop_turn(results.loop, 0);
    }
    assert_true(is_stopped(procs_child(results.procs, 1)->pid));
    procs_stop(results.procs);
    TURN_UNTIL(results.loop, results.done);
    assert_int_equal(procs_failed(results.procs), 0);
    assert_int_equal(results.completed[1], 11);
    free_all(&results);
}

/* Child 0 sends without end, the others send nothing. */
static int forever(void *arg, unsigned index, int fd)
{
    (void)arg;
    if (index)
        wait_for_kill();
    for (unsigned i = 0; i < UINT32_MAX; i++)
        send_interval(fd, 0, i);
    return 0;
}

/* Unfinished intervals are freed too. */
static void freed_in_mid_run(void **state)
{
    struct results results = {0};

    (void)state;
    start_children(&results, 3, forever, NULL);
    for (int i = 0; i < 20; i++)
        loop_turn(results.loop, NSEC_PER_MS);
    assert_int_equal(results.count, 0);
    assert_int_equal(procs_failed(results.procs), 0);
    free_all(&results);
}

/* Fails if a descriptor other than 0 to 2 and its pipe is open in the child. */
static int check_descriptors(void *arg, unsigned index, int fd)
{
    int count = 0;

    (void)arg, (void)index;
    for (int i = 3; i < 256; i++)
        count += fcntl(i, F_GETFD) >= 0;
    return fd == 3 && count == 1 ? 0 : 1;
}

static void only_its_own_descriptor(void **state)
{
    struct results results = {0};
    int other = open("/dev/null", O_RDONLY);

    (void)state;
    run_children(&results, 4, check_descriptors, NULL);
    assert_int_equal(procs_failed(results.procs), 0);
    free_all(&results);
    close(other);
}

/* Sends an incomplete frame and waits. */
static int incomplete_frame(void *arg, unsigned index, int fd)
{
    (void)arg, (void)index;
    write_bytes(fd, "", 1);
    wait_for_kill();
    return 0;
}

/* A program with three children is killed: they are killed too, and this process reaps them. */
static void none_outlives_its_parent(void **state)
{
    pid_t parent;
    int status;

    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    parent = fork();
    assert_true(parent >= 0);
    if (!parent) {
        struct results results = {0};

        start_children(&results, 3, incomplete_frame, NULL);
        for (int i = 0; i < 20; i++)
            loop_turn(results.loop, NSEC_PER_MS);
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

/* Runs in its own process: there is no descriptor for the second pipe. */
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

static void free_in_done(void *owner)
{
    struct results *results = owner;

    procs_free(results->procs);
    on_done(owner);
}

static void done_may_free(void **state)
{
    struct results results = {.loop = loop_new()};
    const struct procs_options options = {.count = 2,
                                          .child = several_intervals,
                                          .interval = on_interval,
                                          .done = free_in_done,
                                          .owner = &results};
    int error;

    (void)state;
    results.procs = procs_start(results.loop, &options, &error);
    loop_run(results.loop);
    assert_int_equal(results.count, 2);
    results.procs = NULL;
    free_all(&results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_of_different_length),
        cmocka_unit_test(no_interval_at_all),
        cmocka_unit_test(a_child_fails),
        cmocka_unit_test(frames_cut_anywhere),
        cmocka_unit_test(malformed_frames),
        cmocka_unit_test(interrupted),
        cmocka_unit_test(interrupted_immediately),
        cmocka_unit_test(stopped_child_is_killed),
        cmocka_unit_test(stopped_child_may_continue),
        cmocka_unit_test(stopped_child_while_another_runs),
        cmocka_unit_test(freed_in_mid_run),
        cmocka_unit_test(only_its_own_descriptor),
        cmocka_unit_test(none_outlives_its_parent),
        cmocka_unit_test(no_descriptor_is_left),
        cmocka_unit_test(done_may_free),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
