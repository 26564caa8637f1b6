/* Which connections keep the buffers of OpenSSL: those without SSL_MODE_RELEASE_BUFFERS. */
#include "tests/support/unit.h"

#include "tests/support/fake_clock.h"
#include "tls/buffers.h"

#define MANY (BUFFERS_MAX_CONNECTIONS + 1)

static struct loop *loop;
static struct fake_clock clock_of_test;
static SSL_CTX *context;
static struct buffers buffers;
static struct buffers_user users[MANY];

static int setup(void **state)
{
    (void)state;
    loop = loop_new();
    fake_clock_set(&clock_of_test, loop, 0);
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    buffers_init(&buffers, loop);
    memset(users, 0, sizeof(users));
    return !context;
}

static void join(unsigned i)
{
    buffers_join(&buffers, &users[i], SSL_new(context));
}

static void leave(unsigned i)
{
    buffers_leave(&buffers, &users[i]);
    SSL_free(users[i].ssl);
    users[i].ssl = NULL;
}

static int teardown(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MANY; i++)
        if (users[i].ssl)
            leave(i);
    assert_int_equal(buffers.connections, 0);
    assert_int_equal(buffers.sweep.state, TIMER_IDLE); /* the loop may be freed */
    SSL_CTX_free(context);
    loop_free(loop);
    return 0;
}

static bool keeps(unsigned i)
{
    bool releases = SSL_get_mode(users[i].ssl) & SSL_MODE_RELEASE_BUFFERS;

    assert_int_equal(users[i].keeps, !releases);
    return !releases;
}

static void pass(nsec time)
{
    clock_of_test.now += time;
    loop_turn(loop, 0);
}

static void test_idle(void **state)
{
    (void)state;
    join(0);
    join(1);
    assert_false(keeps(0)); /* not used yet */
    buffers_use(&buffers, &users[0]);
    buffers_use(&buffers, &users[1]);
    assert_true(keeps(0) && keeps(1));
    pass(BUFFERS_IDLE_TIME);
    assert_true(keeps(0) && keeps(1)); /* they were used */
    buffers_use(&buffers, &users[1]);
    pass(BUFFERS_IDLE_TIME);
    assert_false(keeps(0));
    assert_true(keeps(1));
    pass(BUFFERS_IDLE_TIME);
    assert_false(keeps(1));
    assert_int_equal(buffers.sweep.state, TIMER_IDLE);
    buffers_use(&buffers, &users[0]);
    assert_true(keeps(0));
}

static void test_closed(void **state)
{
    (void)state;
    join(0);
    join(1);
    buffers_use(&buffers, &users[0]);
    buffers_use(&buffers, &users[1]);
    leave(0);
    assert_true(keeps(1));
    assert_int_equal(buffers.sweep.state, TIMER_ARMED);
    leave(1);
    assert_int_equal(buffers.sweep.state, TIMER_IDLE);
}

static void test_many_streams(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BUFFERS_MAX_CONNECTIONS; i++) {
        join(i);
        buffers_use(&buffers, &users[i]);
        assert_true(keeps(i));
    }
    join(BUFFERS_MAX_CONNECTIONS);
    for (unsigned i = 0; i < MANY; i++) {
        buffers_use(&buffers, &users[i]);
        assert_false(keeps(i));
    }
    assert_int_equal(buffers.sweep.state, TIMER_IDLE);
    leave(0);
    buffers_use(&buffers, &users[1]);
    assert_true(keeps(1));
}

static void test_without_loop(void **state)
{
    (void)state;
    buffers_init(&buffers, NULL);
    join(0);
    buffers_use(&buffers, &users[0]);
    assert_false(keeps(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_idle, setup, teardown),
        cmocka_unit_test_setup_teardown(test_closed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_streams, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_loop, setup, teardown),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
