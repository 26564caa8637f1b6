/* Signals that arrive in the loop, and a mask that is given back. */
#include "tests/support/unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reactor/interrupt.h"

struct heard {
    struct interrupt *interrupt;
    int count;
    int signals[4];
    bool stop; /* at the first */
};

static void on_signal(void *owner, int signal)
{
    struct heard *heard = owner;

    assert_true(heard->count < (int)LENGTH(heard->signals));
    heard->signals[heard->count++] = signal;
    if (heard->stop)
        interrupt_stop(heard->interrupt);
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
    struct heard heard = {0};
    sigset_t before, after;

    (void)state;
    sigprocmask(SIG_SETMASK, NULL, &before);
    assert_int_equal(interrupt_start(&interrupt, loop, on_signal, &heard), 0);
    raise(SIGINT);
    assert_int_equal(heard.count, 0); /* not in the signal's own context */
    TURN_UNTIL(loop, heard.count == 1);
    assert_int_equal(heard.signals[0], SIGINT);

    kill(getpid(), SIGTERM);
    TURN_UNTIL(loop, heard.count == 2);
    assert_int_equal(heard.signals[1], SIGTERM);

    raise(SIGINT);
    raise(SIGTERM);
    TURN_UNTIL(loop, heard.count == 4);

    interrupt_stop(&interrupt);
    sigprocmask(SIG_SETMASK, NULL, &after);
    assert_true(same_mask(&before, &after));
    loop_free(loop);
}

static void may_be_stopped_by_its_own_callback(void **state)
{
    struct loop *loop = loop_new();
    struct interrupt interrupt;
    struct heard heard = {.interrupt = &interrupt, .stop = true};
    sigset_t after;

    (void)state;
    assert_int_equal(interrupt_start(&interrupt, loop, on_signal, &heard), 0);
    raise(SIGINT);
    TURN_UNTIL(loop, heard.count == 1);
    unit_settle(loop);
    sigprocmask(SIG_SETMASK, NULL, &after);
    assert_int_equal(sigismember(&after, SIGINT), 0);
    loop_free(loop);
}

static void a_blocked_signal_stays_blocked(void **state)
{
    struct loop *loop = loop_new();
    struct interrupt interrupt;
    struct heard heard = {0};
    sigset_t terminate, after;

    (void)state;
    sigemptyset(&terminate);
    sigaddset(&terminate, SIGTERM);
    sigprocmask(SIG_BLOCK, &terminate, NULL);
    assert_int_equal(interrupt_start(&interrupt, loop, on_signal, &heard), 0);
    interrupt_stop(&interrupt);
    sigprocmask(SIG_SETMASK, NULL, &after);
    assert_int_equal(sigismember(&after, SIGTERM), 1);
    assert_int_equal(sigismember(&after, SIGINT), 0);
    sigprocmask(SIG_UNBLOCK, &terminate, NULL);
    loop_free(loop);
}

/* One that came before the loop is delivered in it; one that is ignored is not. */
static bool noted_before(void)
{
    struct loop *loop = loop_new();
    struct interrupt interrupt;
    struct heard heard = {0};

    signal(SIGINT, SIG_IGN);
    interrupts_begin();
    interrupts_hold();
    raise(SIGINT);
    CHILD_CHECK(!interrupts_pending());
    raise(SIGTERM);
    raise(SIGTERM); /* twice at once is once */
    CHILD_CHECK(interrupts_pending() == SIGTERM);
    CHILD_CHECK(!interrupt_start(&interrupt, loop, on_signal, &heard));
    CHILD_CHECK(!interrupts_pending() && !heard.count);
    raise(SIGINT);
    loop_turn(loop, NSEC_PER_S);
    CHILD_CHECK(heard.count == 1 && heard.signals[0] == SIGTERM);
    interrupt_stop(&interrupt);
    loop_turn(loop, 0);
    CHILD_CHECK(heard.count == 1);
    loop_free(loop);
    return true;
}

/* One that the loop had not taken when it ended is noted. */
static bool left_by_the_loop(void)
{
    struct loop *loop = loop_new();
    struct interrupt interrupt;
    struct heard heard = {0};

    interrupts_begin();
    interrupts_hold();
    CHILD_CHECK(!interrupt_start(&interrupt, loop, on_signal, &heard));
    raise(SIGHUP);
    interrupt_stop(&interrupt);
    CHILD_CHECK(!heard.count && interrupts_pending() == SIGHUP);
    loop_free(loop);
    return true;
}

static bool nothing_to_report(void)
{
    interrupts_begin();
    raise(SIGHUP);
    return true;
}

static bool insisting(void)
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

static void outside_a_loop(void **state)
{
    (void)state;
    unit_in_child(noted_before);
    unit_in_child(left_by_the_loop);
    assert_int_equal(status_of(nothing_to_report), INTERRUPT_EXIT_STATUS << 8);
    assert_int_equal(status_of(insisting), INTERRUPT_EXIT_STATUS << 8);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_arrive_through_the_loop),
        cmocka_unit_test(may_be_stopped_by_its_own_callback),
        cmocka_unit_test(a_blocked_signal_stays_blocked),
        cmocka_unit_test(outside_a_loop),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("interrupt", tests, NULL, NULL);
}
