/* The intervals of a run: in memory, in the file, and without a file. */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/load/spool.h"

#define THOUSANDS 5000

static void add(struct spool *spool, struct tally *tally, size_t i)
{
    tally_clear(tally);
    tally->from = i * NSEC_PER_S;
    tally->to = tally->from + NSEC_PER_S;
    tally->completed = i;
    spool_add(spool, tally);
}

static void assert_all(struct spool *spool, size_t count)
{
    struct interval interval;

    assert_int_equal(spool_count(spool), count);
    for (size_t i = count; i--;) {
        assert_true(spool_get(spool, i, &interval));
        assert_int_equal(interval.completed, i);
        assert_true(interval.from_s == (double)i);
    }
    assert_false(spool_get(spool, count, &interval));
    assert_false(spool_get(spool, SIZE_MAX, &interval));
}

static void fields_are_kept(void **state)
{
    struct spool *spool = spool_new();
    struct tally *tally = tally_new();
    struct interval interval;

    (void)state;
    tally->from = NSEC_PER_S / 2;
    tally->to = 3 * NSEC_PER_S / 2;
    tally->scheduled = 1;
    tally->waiting = 2;
    tally->started = 3;
    tally->completed = 4;
    tally->failed = 5;
    tally->in_flight = 6;
    tally->bytes_in = 7;
    tally->bytes_out = 8;
    tally->connections = 9;
    tally->cpu_system = NSEC_PER_S / 4;
    for (nsec value = 1; value <= 1000; value++)
        histogram_record(tally->latency, value);
    histogram_record(tally->lag, 77);
    spool_add(spool, tally);
    tally_clear(tally);
    spool_add(spool, tally);
    assert_true(spool_get(spool, 0, &interval));
    assert_true(interval.from_s == 0.5 && interval.to_s == 1.5 && interval.busy == 0.25);
    assert_int_equal(interval.scheduled, 1);
    assert_int_equal(interval.waiting, 2);
    assert_int_equal(interval.started, 3);
    assert_int_equal(interval.completed, 4);
    assert_int_equal(interval.failed, 5);
    assert_int_equal(interval.in_flight, 6);
    assert_int_equal(interval.bytes_in, 7);
    assert_int_equal(interval.bytes_out, 8);
    assert_int_equal(interval.connections, 9);
    assert_int_equal(interval.p50, 500);
    assert_int_equal(interval.p90, 900);
    assert_int_equal(interval.p99, 990);
    assert_int_equal(interval.p999, 999);
    assert_int_equal(interval.max, 1000);
    assert_int_equal(interval.lag_p99, 77);
    assert_true(spool_get(spool, 1, &interval));
    assert_true(interval.p50 == 0 && interval.max == 0 && interval.lag_p99 == 0);
    tally_free(tally);
    spool_free(spool);
    spool_free(NULL);
}

static void thousands(void **state)
{
    struct spool *spool = spool_new();
    struct tally *tally = tally_new();

    (void)state;
    assert_all(spool, 0);
    for (size_t i = 0; i < THOUSANDS; i++) {
        add(spool, tally, i);
        if (i == SPOOL_HELD - 1 || i == SPOOL_HELD)
            assert_all(spool, i + 1);
    }
    assert_all(spool, THOUSANDS);
    assert_int_equal(spool_error(spool), 0);
    tally_free(tally);
    spool_free(spool);
}

/* Nothing can be written: the intervals in memory stay, others are dropped, the error is kept. */
static bool no_such_folder(void)
{
    struct spool *spool = spool_new();
    struct tally *tally = tally_new();
    struct interval interval;

    CHILD_CHECK(!setenv("TMPDIR", "/nonexistent/folder", 1));
    for (size_t i = 0; i < SPOOL_HELD; i++)
        add(spool, tally, i);
    CHILD_CHECK(!spool_error(spool));
    for (size_t i = SPOOL_HELD; i < SPOOL_HELD + 3; i++)
        add(spool, tally, i);
    CHILD_CHECK(spool_error(spool) == ENOENT && spool_count(spool) == SPOOL_HELD);
    CHILD_CHECK(spool_get(spool, SPOOL_HELD - 1, &interval));
    CHILD_CHECK(interval.completed == SPOOL_HELD - 1);
    CHILD_CHECK(!spool_get(spool, SPOOL_HELD, &interval));

    CHILD_CHECK(!setenv("TMPDIR", "", 1)); /* an empty value means /tmp */
    add(spool, tally, SPOOL_HELD);
    CHILD_CHECK(spool_get(spool, SPOOL_HELD, &interval) && interval.completed == SPOOL_HELD);
    CHILD_CHECK(spool_error(spool) == ENOENT); /* the first error is kept */
    tally_free(tally);
    spool_free(spool);
    return true;
}

static void no_folder(void **state)
{
    (void)state;
    unit_in_child(no_such_folder);
}

/* A file size limit of ten and a half intervals, like a disk that fills up. */
static bool a_full_disk(void)
{
    const size_t fit = 10;
    const struct rlimit max = {fit * sizeof(struct interval) + 5, RLIM_INFINITY};
    struct spool *spool = spool_new();
    struct tally *tally = tally_new();
    struct interval interval;

    signal(SIGXFSZ, SIG_IGN);
    CHILD_CHECK(!setrlimit(RLIMIT_FSIZE, &max));
    for (size_t i = 0; i < SPOOL_HELD + fit; i++)
        add(spool, tally, i);
    CHILD_CHECK(!spool_error(spool));
    for (size_t i = 0; i < 3; i++)
        add(spool, tally, 0);
    CHILD_CHECK(spool_error(spool) == EFBIG);
    CHILD_CHECK(spool_count(spool) == SPOOL_HELD + fit);
    CHILD_CHECK(spool_get(spool, SPOOL_HELD + fit - 1, &interval));
    CHILD_CHECK(interval.completed == SPOOL_HELD + fit - 1);
    tally_free(tally);
    spool_free(spool);
    return true;
}

static void the_disk_is_full(void **state)
{
    (void)state;
    unit_in_child(a_full_disk);
}

/* The open descriptor of a file without a name; -1: none. */
static int nameless_file(void)
{
    struct stat about;

    for (int fd = 3; fd < 64; fd++)
        if (!fstat(fd, &about) && S_ISREG(about.st_mode) && !about.st_nlink)
            return fd;
    return -1;
}

static void a_file_that_was_truncated(void **state)
{
    struct spool *spool = spool_new();
    struct tally *tally = tally_new();
    struct interval interval;

    (void)state;
    for (size_t i = 0; i < SPOOL_HELD; i++)
        add(spool, tally, i);
    assert_int_equal(nameless_file(), -1); /* made when it is needed */
    add(spool, tally, SPOOL_HELD);
    assert_true(nameless_file() >= 0);
    assert_int_equal(ftruncate(nameless_file(), sizeof(interval) / 2), 0);
    assert_false(spool_get(spool, SPOOL_HELD, &interval));
    assert_int_equal(spool_error(spool), EIO);
    tally_free(tally);
    spool_free(spool);
    assert_int_equal(nameless_file(), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_kept),
        cmocka_unit_test(thousands),
        cmocka_unit_test(no_folder),
        cmocka_unit_test(the_disk_is_full),
        cmocka_unit_test(a_file_that_was_truncated),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
