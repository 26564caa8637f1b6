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
#define MARK  "$" /* not in any progress line */
#define MS    NSEC_PER_MS

struct fixture {
    struct loop *loop;
    struct fake_clock clock;
    struct progress *progress;
    int master, slave;
    size_t in_flight;
    char seen[4096]; /* the text of the last call of `seen` */
};

static size_t in_flight(void *owner)
{
    struct fixture *fixture = owner;

    return fixture->in_flight;
}

static void resize(struct fixture *fixture, unsigned short columns)
{
    struct winsize size = {.ws_row = 24, .ws_col = columns};

    assert_int_equal(ioctl(fixture->master, TIOCSWINSZ, &size), 0);
}

static void open_fixture(struct fixture *fixture, uint64_t total)
{
    memset(fixture, 0, sizeof(*fixture));
    unsetenv("COLUMNS");
    setenv("TERM", "xterm", 1);
    assert_int_equal(openpty(&fixture->master, &fixture->slave, NULL, NULL, NULL), 0);
    resize(fixture, 80);
    fixture->loop = loop_new();
    fake_clock_set(&fixture->clock, fixture->loop, 0);
    fixture->progress = progress_new(fixture->loop, fixture->slave, total, in_flight, fixture);
}

static void close_fixture(struct fixture *fixture)
{
    progress_free(fixture->progress);
    loop_free(fixture->loop);
    close(fixture->slave);
    close(fixture->master);
}

/* The text sent to the terminal since the last call. The kernel delivers it with a delay: the test
   sends a mark after it and waits for the mark. */
static const char *seen(struct fixture *fixture)
{
    size_t count = 0;

    assert_int_equal(write(fixture->slave, MARK, 1), 1);
    do {
        ssize_t got = read(fixture->master, fixture->seen + count, sizeof(fixture->seen) - count);

        assert_true(got > 0);
        count += (size_t)got;
    } while (fixture->seen[count - 1] != *MARK);
    fixture->seen[count - 1] = '\0';
    return fixture->seen;
}

static void pass(struct fixture *fixture, nsec time)
{
    fixture->clock.now += time;
    loop_turn(fixture->loop, 0);
}

static void count(struct fixture *fixture, unsigned done, unsigned failed)
{
    for (unsigned i = 0; i < done; i++)
        progress_count(fixture->progress, 0, i < failed);
}

static void test_line(void **state)
{
    struct fixture fixture;

    (void)state;
    open_fixture(&fixture, 10000);
    assert_non_null(fixture.progress);
    fixture.in_flight = 256;
    count(&fixture, 100, 3);
    pass(&fixture, 249 * MS);
    assert_string_equal(seen(&fixture), "");
    pass(&fixture, 1 * MS);
    assert_string_equal(seen(&fixture),
                        CLEAR "100 of 10,000 done, 3 failed, 400/s, 256 in flight, 0:25 left");
    pass(&fixture, 249 * MS); /* at most four times a second */
    assert_string_equal(seen(&fixture), "");
    pass(&fixture, 1 * MS);
    assert_string_equal(seen(&fixture),
                        CLEAR "100 of 10,000 done, 3 failed, 200/s, 256 in flight, 0:50 left");
    close_fixture(&fixture);
}

/* Sites of earlier runs are included in the counts and not in the rate. */
static void test_earlier_runs(void **state)
{
    struct fixture fixture;

    (void)state;
    open_fixture(&fixture, 10000);
    progress_count_earlier(fixture.progress, 1000, 9);
    count(&fixture, 100, 3);
    pass(&fixture, 250 * MS);
    assert_string_equal(seen(&fixture), CLEAR
                        "1,100 of 10,000 done (1,000 earlier), 12 failed, 400/s, 0 in flight, "
                        "0:22 left");
    progress_count_earlier(NULL, 1, 1);
    close_fixture(&fixture);
}

/* The rate is that of the last five seconds. */
static void test_rate(void **state)
{
    struct fixture fixture;

    (void)state;
    open_fixture(&fixture, 100000);
    count(&fixture, 1000, 0);
    for (int i = 0; i < 40; i++) {
        count(&fixture, 1, 0);
        pass(&fixture, 250 * MS);
        seen(&fixture);
    }
    assert_string_equal(fixture.seen,
                        CLEAR "1,040 of 100,000 done, 0 failed, 4.00/s, 0 in flight, 6:52:20 left");
    for (int i = 0; i < 40; i++) {
        pass(&fixture, 250 * MS);
        seen(&fixture);
    }
    assert_string_equal(fixture.seen, CLEAR "1,040 of 100,000 done, 0 failed, 0/s, 0 in flight");
    close_fixture(&fixture);
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
        {24100, 100, "100 of 24,100 done, 0 failed, 400/s, 0 in flight, 1:00 left"},
        {1440100, 100, "100 of 1,440,100 done, 0 failed, 400/s, 0 in flight, 1:00:00 left"},
        {UINT64_MAX, 100, "100 of 18,446,744,073,709,551,615 done, 0 failed, 400/s, 0 in flight"},
        {10, 0, "0 of 10 done, 0 failed, 0/s, 0 in flight"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct fixture fixture;

        open_fixture(&fixture, cases[i].total);
        count(&fixture, cases[i].done, 0);
        pass(&fixture, 250 * MS);
        assert_string_equal(seen(&fixture) + strlen(CLEAR), cases[i].end);
        close_fixture(&fixture);
    }
}

/* The last column stays free, and a terminal may change its size. The items that do not fit are
   left out, the least important first; a number is never cut. */
static void test_width(void **state)
{
    static const struct {
        unsigned short columns;
        const char *line;
    } cases[] = {
        {120, "2,000 of 10,000 done, 2xx 1,900, 3xx 1, 4xx 20, 5xx 9, 12 failed, 8,000/s, "
              "256 in flight, 0:01 left"},
        {97,
         "2,000 of 10,000 done, 2xx 1,900, 3xx 1, 4xx 20, 5xx 9, 12 failed, 8,000/s, 0:01 left"},
        {82, "2,000 of 10,000 done, 2xx 1,900, 4xx 20, 5xx 9, 12 failed, 8,000/s, 0:01 left"},
        {73, "2,000 of 10,000 done, 4xx 20, 5xx 9, 12 failed, 8,000/s, 0:01 left"},
        {57, "2,000 of 10,000 done, 12 failed, 8,000/s, 0:01 left"},
        {51, "2,000 of 10,000 done, 12 failed, 0:01 left"},
        {40, "2,000 of 10,000 done, 12 failed"},
        {25, "2,000 of 10,000 done"},
        {12, ""},
    };
    struct fixture fixture;

    (void)state;
    open_fixture(&fixture, 10000);
    fixture.in_flight = 256;
    count(&fixture, 70, 12);
    for (unsigned i = 0; i < 1930; i++)
        progress_count(fixture.progress,
                       i < 1900   ? 200 + i % 7
                       : i < 1901 ? 304
                       : i < 1921 ? 404
                                  : 503,
                       false);
    pass(&fixture, 250 * MS);
    seen(&fixture);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        resize(&fixture, cases[i].columns);
        progress_hide(fixture.progress);
        seen(&fixture);
        progress_show(fixture.progress);
        assert_string_equal(seen(&fixture) + strlen(CLEAR), cases[i].line);
        assert_true(strlen(cases[i].line) < cases[i].columns);
    }
    resize(&fixture, 5);
    pass(&fixture, 250 * MS);
    assert_string_equal(seen(&fixture), "");
    resize(&fixture, 0); /* unknown width */
    progress_show(fixture.progress);
    assert_string_equal(seen(&fixture),
                        CLEAR "2,000 of 10,000 done, 2xx 1,900, 4xx 20, 5xx 9, 12 failed, "
                              "4,000/s, 0:02 left");
    close_fixture(&fixture);
}

static void test_hide_and_show(void **state)
{
    struct fixture fixture;

    (void)state;
    open_fixture(&fixture, 0);
    progress_hide(fixture.progress); /* not drawn yet */
    progress_show(fixture.progress);
    assert_string_equal(seen(&fixture), "");
    pass(&fixture, 250 * MS);
    assert_string_equal(seen(&fixture), CLEAR "0 done, 0 failed, 0/s, 0 in flight");
    progress_hide(fixture.progress);
    progress_hide(fixture.progress);
    assert_string_equal(seen(&fixture), CLEAR);
    count(&fixture, 1, 0);
    pass(&fixture, 250 * MS); /* updated, but hidden */
    assert_string_equal(seen(&fixture), "");
    count(&fixture, 1, 0);
    progress_show(fixture.progress);
    assert_string_equal(seen(&fixture), CLEAR "1 done, 0 failed, 2.00/s, 0 in flight");
    progress_free(fixture.progress);
    fixture.progress = NULL;
    assert_string_equal(seen(&fixture), CLEAR);
    close_fixture(&fixture);
}

/* Writes at the end of the turn, as an output does. */
static void write_result(void *owner)
{
    struct fixture *fixture = owner;

    assert_int_equal(write(fixture->slave, "a result;", 9), 9);
}

static void test_hide_for_flush(void **state)
{
    struct fixture fixture;
    struct task output;

    (void)state;
    open_fixture(&fixture, 0);
    task_init(&output, write_result, &fixture, "test");
    pass(&fixture, 250 * MS);
    seen(&fixture);
    for (int i = 0; i < 3; i++) { /* three results in one turn, written together */
        loop_defer(fixture.loop, &output);
        progress_hide_for_flush(fixture.progress);
    }
    pass(&fixture, 0);
    assert_string_equal(seen(&fixture),
                        CLEAR "a result;" CLEAR "0 done, 0 failed, 0/s, 0 in flight");
    loop_defer(fixture.loop, &output);
    progress_hide_for_flush(fixture.progress);
    progress_free(fixture.progress); /* while it is hidden */
    fixture.progress = NULL;
    pass(&fixture, 0);
    assert_string_equal(seen(&fixture), CLEAR "a result;");
    close_fixture(&fixture);
}

/* A stopped terminal does not block the loop. */
static void test_stopped_terminal(void **state)
{
    struct fixture fixture;

    (void)state;
    open_fixture(&fixture, 0);
    pass(&fixture, 250 * MS);
    seen(&fixture);
    assert_int_equal(tcflow(fixture.slave, TCOOFF), 0);
    pass(&fixture, 250 * MS);
    progress_hide(fixture.progress);
    progress_show(fixture.progress);
    assert_int_equal(tcflow(fixture.slave, TCOON), 0);
    pass(&fixture, 250 * MS);
    assert_string_equal(seen(&fixture), CLEAR "0 done, 0 failed, 0/s, 0 in flight");
    close_fixture(&fixture);
}

static void test_no_terminal(void **state)
{
    struct fixture fixture;
    int ends[2];

    (void)state;
    open_fixture(&fixture, 0);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_null(progress_new(fixture.loop, ends[1], 0, in_flight, &fixture));
    setenv("TERM", "dumb", 1);
    assert_null(progress_new(fixture.loop, fixture.slave, 0, in_flight, &fixture));
    progress_count(NULL, 200, true);
    progress_hide(NULL);
    progress_show(NULL);
    progress_hide_for_flush(NULL);
    progress_free(NULL);
    close(ends[0]);
    close(ends[1]);
    close_fixture(&fixture);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),           cmocka_unit_test(test_earlier_runs),
        cmocka_unit_test(test_rate),           cmocka_unit_test(test_time_left),
        cmocka_unit_test(test_width),          cmocka_unit_test(test_hide_and_show),
        cmocka_unit_test(test_hide_for_flush), cmocka_unit_test(test_stopped_terminal),
        cmocka_unit_test(test_no_terminal),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
