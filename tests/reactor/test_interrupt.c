/* Signals are delivered by the loop, and the signal mask is restored afterwards. */
#include "tests/support/unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reactor/interrupt.h"

struct received {
    struct interrupt *interrupt;
    int count;
    int signals[4];
    bool stop; /* call interrupt_stop at the first signal */
};

static void on_signal(void *owner, int signal)
{
    struct received *received = owner;

    assert_true(received->count < (int)LENGTH(received->signals));
    received->signals[received->count++] = signal;
    if (received->stop)
        interrupt_stop(received->interrupt);
}

static bool same_mask(const sigset_t *a, const sigset_t *b)
{
    for (int signal = 1; signal < NSIG; signal++)
        if (sigismember(a, signal) != sigismember(b, signal))
            return false;
    return true;
}

static void signals_arrive_through_the_loop(void **state)
{
    struct loop *loop = loop_new();
    struct interrupt interrupt;
    struct received received = {0};
    sigset_t before, after;

    (void)state;
    sigprocmask(SIG_SETMASK, NULL, &before);
    assert_int_equal(interrupt_start(&interrupt, loop, on_signal, &received), 0);
    raise(SIGINT);
    assert_int_equal(received.count, 0); /* not delivered in the signal handler */
    TURN_UNTIL(loop, received.count == 1);
    assert_int_equal(received.signals[0], SIGINT);

    kill(getpid(), SIGTERM);
    TURN_UNTIL(loop, received.count == 2);
    assert_int_equal(received.signals[1], SIGTERM);

    raise(SIGINT);
    raise(SIGTERM);
    TURN_UNTIL(loop, received.count == 4);

    interrupt_stop(&interrupt);
    sigprocmask(SIG_SETMASK, NULL, &after);
    assert_true(same_mask(&before, &after));
    loop_free(loop);
}

static void may_be_stopped_by_its_own_callback(void **state)
{
    struct loop *loop = loop_new();
    struct interrupt interrupt;
    struct received received = {.interrupt = &interrupt, .stop = true};
    sigset_t after;

    (void)state;
    assert_int_equal(interrupt_start(&interrupt, loop, on_signal, &received), 0);
    raise(SIGINT);
    TURN_UNTIL(loop, received.count == 1);
    unit_settle(loop);
    sigprocmask(SIG_SETMASK, NULL, &after);
    assert_int_equal(sigismember(&after, SIGINT), 0);
    loop_free(loop);
}

static void a_blocked_signal_stays_blocked(void **state)
{
    struct loop *loop = loop_new();
    struct interrupt interrupt;
    struct received received = {0};
    sigset_t terminate, after;

    (void)state;
    sigemptyset(&terminate);
    sigaddset(&terminate, SIGTERM);
    sigprocmask(SIG_BLOCK, &terminate, NULL);
    assert_int_equal(interrupt_start(&interrupt, loop, on_signal, &received), 0);
    interrupt_stop(&interrupt);
    sigprocmask(SIG_SETMASK, NULL, &after);
    assert_int_equal(sigismember(&after, SIGTERM), 1);
    assert_int_equal(sigismember(&after, SIGINT), 0);
    sigprocmask(SIG_UNBLOCK, &terminate, NULL);
    loop_free(loop);
}

/* A signal that was raised before the loop is delivered by it; an ignored signal is not. */
static bool raised_before_the_loop(void)
{
    struct loop *loop = loop_new();
    struct interrupt interrupt;
    struct received received = {0};

    signal(SIGINT, SIG_IGN);
    interrupts_begin();
    interrupts_hold();
    raise(SIGINT);
    CHILD_CHECK(!interrupts_pending());
    raise(SIGTERM);
    raise(SIGTERM); /* two pending signals are delivered as one */
    CHILD_CHECK(interrupts_pending() == SIGTERM);
    CHILD_CHECK(!interrupt_start(&interrupt, loop, on_signal, &received));
    CHILD_CHECK(!interrupts_pending() && !received.count);
    raise(SIGINT);
    loop_turn(loop, NSEC_PER_S);
    CHILD_CHECK(received.count == 1 && received.signals[0] == SIGTERM);
    interrupt_stop(&interrupt);
    loop_turn(loop, 0);
    CHILD_CHECK(received.count == 1);
    loop_free(loop);
    return true;
}

/* A signal that the loop had not delivered when it was stopped is still pending. */
static bool pending_after_the_loop(void)
{
    struct loop *loop = loop_new();
    struct interrupt interrupt;
    struct received received = {0};

    interrupts_begin();
    interrupts_hold();
    CHILD_CHECK(!interrupt_start(&interrupt, loop, on_signal, &received));
    raise(SIGHUP);
    interrupt_stop(&interrupt);
    CHILD_CHECK(!received.count && interrupts_pending() == SIGHUP);
    loop_free(loop);
    return true;
}

static bool signal_without_a_hold(void)
{
    interrupts_begin();
    raise(SIGHUP);
    return true;
}

static bool second_signal(void)
{
    interrupts_begin();
    interrupts_hold();
    raise(SIGINT);
    for (nsec until = clock_now() + 2 * INTERRUPT_TWICE; clock_now() < until;) {
    }
    raise(SIGTERM);
    return true;
}

static int status_of(bool (*act)(void))
{
    int status;
    pid_t child = fork();

    if (!child)
        _exit(!act());
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void signals_outside_a_loop(void **state)
{
    (void)state;
    unit_in_child(raised_before_the_loop);
    unit_in_child(pending_after_the_loop);
    assert_int_equal(status_of(signal_without_a_hold), INTERRUPT_EXIT_STATUS << 8);
    assert_int_equal(status_of(second_signal), INTERRUPT_EXIT_STATUS << 8);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_arrive_through_the_loop),
        cmocka_unit_test(may_be_stopped_by_its_own_callback),
        cmocka_unit_test(a_blocked_signal_stays_blocked),
        cmocka_unit_test(signals_outside_a_loop),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("interrupt", tests, NULL, NULL);
}
