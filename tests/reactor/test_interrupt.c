/* Signals that arrive in the loop, and a mask that is given back. */
#include "tests/support/unit.h"

#include <signal.h>
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_arrive_through_the_loop),
        cmocka_unit_test(may_be_stopped_by_its_own_callback),
        cmocka_unit_test(a_blocked_signal_stays_blocked),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("interrupt", tests, NULL, NULL);
}
