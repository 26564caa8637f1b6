/* The progress line on a pseudo-terminal, with a clock that the test advances. */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cli/output/progress.h"
#include "tests/support/fake_clock.h"

#define CLEAR "\r\033[K"
#define MARK  "$" /* in no line of progress */
#define MS    NSEC_PER_MS

struct stage {
    struct loop *loop;
    struct fake_clock clock;
    struct progress *progress;
    int master, slave;
    size_t in_flight;
    char seen[4096]; /* what the terminal was last sent */
};

static size_t in_flight(void *owner)
{
    struct stage *stage = owner;

    return stage->in_flight;
}

static void resize(struct stage *stage, unsigned short columns)
{
    struct winsize size = {.ws_row = 24, .ws_col = columns};

    assert_int_equal(ioctl(stage->master, TIOCSWINSZ, &size), 0);
}

static void open_stage(struct stage *stage, uint64_t total)
{
    memset(stage, 0, sizeof(*stage));
    unsetenv("COLUMNS");
    setenv("TERM", "xterm", 1);
    assert_int_equal(openpty(&stage->master, &stage->slave, NULL, NULL, NULL), 0);
    resize(stage, 80);
    stage->loop = loop_new();
    fake_clock_set(&stage->clock, stage->loop, 0);
    stage->progress = progress_new(stage->loop, stage->slave, total, in_flight, stage);
}

static void close_stage(struct stage *stage)
{
    progress_free(stage->progress);
    loop_free(stage->loop);
    close(stage->slave);
    close(stage->master);
}

/* What was sent to the terminal since it was last asked. The kernel hands it over when it likes: a
   mark is sent behind it, and waited for. */
static const char *seen(struct stage *stage)
{
    size_t count = 0;

    assert_int_equal(write(stage->slave, MARK, 1), 1);
    do {
        ssize_t got = read(stage->master, stage->seen + count, sizeof(stage->seen) - count);

        assert_true(got > 0);
        count += (size_t)got;
    } while (stage->seen[count - 1] != *MARK);
    stage->seen[count - 1] = '\0';
    return stage->seen;
}

static void pass(struct stage *stage, nsec time)
{
    stage->clock.now += time;
    loop_turn(stage->loop, 0);
}

static void count(struct stage *stage, unsigned done, unsigned failed)
{
    for (unsigned i = 0; i < done; i++)
        progress_count(stage->progress, i < failed);
}

static void test_line(void **state)
{
    struct stage stage;

    (void)state;
    open_stage(&stage, 10000);
    assert_non_null(stage.progress);
    stage.in_flight = 256;
    count(&stage, 100, 3);
    pass(&stage, 249 * MS);
    assert_string_equal(seen(&stage), "");
    pass(&stage, 1 * MS);
    assert_string_equal(seen(&stage),
                        CLEAR "100 of 10000 done, 3 failed, 400/s, 256 in flight, 0:25 left");
    pass(&stage, 249 * MS); /* four times a second, no more */
    assert_string_equal(seen(&stage), "");
    pass(&stage, 1 * MS);
    assert_string_equal(seen(&stage),
                        CLEAR "100 of 10000 done, 3 failed, 200/s, 256 in flight, 0:50 left");
    close_stage(&stage);
}

/* The rate is that of the last five seconds. */
static void test_rate(void **state)
{
    struct stage stage;

    (void)state;
    open_stage(&stage, 100000);
    count(&stage, 1000, 0);
    for (int i = 0; i < 40; i++) {
        count(&stage, 1, 0);
        pass(&stage, 250 * MS);
        seen(&stage);
    }
    assert_string_equal(stage.seen,
                        CLEAR "1040 of 100000 done, 0 failed, 4.0/s, 0 in flight, 6:52:20 left");
    for (int i = 0; i < 40; i++) {
        pass(&stage, 250 * MS);
        seen(&stage);
    }
    assert_string_equal(stage.seen, CLEAR "1040 of 100000 done, 0 failed, 0.0/s, 0 in flight");
    close_stage(&stage);
}

static void test_time_left(void **state)
{
    static const struct {
        uint64_t total;
        unsigned done;
        const char *end;
    } cases[] = {
        {0, 100, "100 done, 0 failed, 400/s, 0 in flight"},
        {100, 100, "100 of 100 done, 0 failed, 400/s, 0 in flight"},
        {99, 100, "100 of 99 done, 0 failed, 400/s, 0 in flight"}, /* the list has grown */
        {500, 100, "100 of 500 done, 0 failed, 400/s, 0 in flight, 0:01 left"},
        {24100, 100, "100 of 24100 done, 0 failed, 400/s, 0 in flight, 1:00 left"},
        {1440100, 100, "100 of 1440100 done, 0 failed, 400/s, 0 in flight, 1:00:00 left"},
        {UINT64_MAX, 100, "100 of 18446744073709551615 done, 0 failed, 400/s, 0 in flight"},
        {10, 0, "0 of 10 done, 0 failed, 0.0/s, 0 in flight"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct stage stage;

        open_stage(&stage, cases[i].total);
        count(&stage, cases[i].done, 0);
        pass(&stage, 250 * MS);
        assert_string_equal(seen(&stage) + strlen(CLEAR), cases[i].end);
        close_stage(&stage);
    }
}

/* The last column stays free, and a terminal may change its size. */
static void test_width(void **state)
{
    struct stage stage;

    (void)state;
    open_stage(&stage, 0);
    resize(&stage, 12);
    pass(&stage, 250 * MS);
    assert_string_equal(seen(&stage), CLEAR "0 done, 0 f");
    resize(&stage, 15);
    pass(&stage, 250 * MS);
    assert_string_equal(seen(&stage), CLEAR "0 done, 0 fail");
    resize(&stage, 5);
    pass(&stage, 250 * MS);
    assert_string_equal(seen(&stage), "");
    resize(&stage, 0); /* a terminal that does not know */
    pass(&stage, 250 * MS);
    assert_string_equal(seen(&stage), CLEAR "0 done, 0 failed, 0.0/s, 0 in flight");
    close_stage(&stage);
}

static void test_hide_and_show(void **state)
{
    struct stage stage;

    (void)state;
    open_stage(&stage, 0);
    progress_hide(stage.progress); /* nothing is there yet */
    progress_show(stage.progress);
    assert_string_equal(seen(&stage), "");
    pass(&stage, 250 * MS);
    assert_string_equal(seen(&stage), CLEAR "0 done, 0 failed, 0.0/s, 0 in flight");
    progress_hide(stage.progress);
    progress_hide(stage.progress);
    assert_string_equal(seen(&stage), CLEAR);
    count(&stage, 1, 0);
    pass(&stage, 250 * MS); /* it is made, but not drawn */
    assert_string_equal(seen(&stage), "");
    count(&stage, 1, 0);
    progress_show(stage.progress);
    assert_string_equal(seen(&stage), CLEAR "1 done, 0 failed, 2.0/s, 0 in flight");
    progress_free(stage.progress);
    stage.progress = NULL;
    assert_string_equal(seen(&stage), CLEAR);
    close_stage(&stage);
}

/* What an output does at the end of the turn. */
static void say(void *owner)
{
    struct stage *stage = owner;

    assert_int_equal(write(stage->slave, "a result;", 9), 9);
}

static void test_step_aside(void **state)
{
    struct stage stage;
    struct task output;

    (void)state;
    open_stage(&stage, 0);
    task_init(&output, say, &stage, "test");
    pass(&stage, 250 * MS);
    seen(&stage);
    for (int i = 0; i < 3; i++) { /* three results in one turn, written together */
        loop_defer(stage.loop, &output);
        progress_hide_for_flush(stage.progress);
    }
    pass(&stage, 0);
    assert_string_equal(seen(&stage),
                        CLEAR "a result;" CLEAR "0 done, 0 failed, 0.0/s, 0 in flight");
    loop_defer(stage.loop, &output);
    progress_hide_for_flush(stage.progress);
    progress_free(stage.progress); /* while it is aside */
    stage.progress = NULL;
    pass(&stage, 0);
    assert_string_equal(seen(&stage), CLEAR "a result;");
    close_stage(&stage);
}

/* A terminal that takes nothing does not hold up the loop. */
static void test_stopped_terminal(void **state)
{
    struct stage stage;

    (void)state;
    open_stage(&stage, 0);
    pass(&stage, 250 * MS);
    seen(&stage);
    assert_int_equal(tcflow(stage.slave, TCOOFF), 0);
    pass(&stage, 250 * MS);
    progress_hide(stage.progress);
    progress_show(stage.progress);
    assert_int_equal(tcflow(stage.slave, TCOON), 0);
    pass(&stage, 250 * MS);
    assert_string_equal(seen(&stage), CLEAR "0 done, 0 failed, 0.0/s, 0 in flight");
    close_stage(&stage);
}

static void test_no_terminal(void **state)
{
    struct stage stage;
    int ends[2];

    (void)state;
    open_stage(&stage, 0);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_null(progress_new(stage.loop, ends[1], 0, in_flight, &stage));
    setenv("TERM", "dumb", 1);
    assert_null(progress_new(stage.loop, stage.slave, 0, in_flight, &stage));
    progress_count(NULL, true);
    progress_hide(NULL);
    progress_show(NULL);
    progress_hide_for_flush(NULL);
    progress_free(NULL);
    close(ends[0]);
    close(ends[1]);
    close_stage(&stage);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_time_left),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_hide_and_show),
        cmocka_unit_test(test_step_aside),
        cmocka_unit_test(test_stopped_terminal),
        cmocka_unit_test(test_no_terminal),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
