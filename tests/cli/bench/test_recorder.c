/* The intervals of a run: the totals, the spool and the log, and errors of the log. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/bench/recorder.h"
#include "tests/support/stderr_capture.h"
#include "tests/support/sums.h"

#define INTERVALS 3

static struct recorder recorder;
static struct load_command load;
static char printed[1024]; /* the last text on standard error */

static int setup(void **state)
{
    (void)state;
    load = (struct load_command){0};
    return 0;
}

/* Records interval i of one second, with i + 1 responses. */
static void record(uint64_t i)
{
    struct tally *tally = tally_new();

    tally->from = i * NSEC_PER_S;
    tally->to = (i + 1) * NSEC_PER_S;
    tally->scheduled = tally->started = i + 2;
    tally->completed = i + 1;
    tally->in_flight = 1 + i;
    for (uint64_t n = 0; n <= i; n++)
        histogram_record(tally->latency, (i + 1) * NSEC_PER_MS);
    recorder_interval(&recorder, tally);
    tally_free(tally);
}

/* Records a run of INTERVALS seconds. Returns whether all of it was written. */
static bool record_all(void)
{
    bool opened, ended = false;

    stderr_capture_begin();
    opened = recorder_open(&recorder, &load);
    for (uint64_t i = 0; opened && i < INTERVALS; i++)
        record(i);
    ended = opened && recorder_end(&recorder);
    snprintf(printed, sizeof(printed), "%s", stderr_capture_end());
    return ended;
}

static void totals_and_intervals(void **state)
{
    struct interval interval;

    (void)state;
    assert_true(record_all());
    assert_string_equal(printed, "");
    assert_true(recorder.total->from == 0 && recorder.total->to == INTERVALS * NSEC_PER_S);
    assert_int_equal(recorder.total->completed, 1 + 2 + 3);
    assert_int_equal(recorder.total->started, 2 + 3 + 4);
    assert_int_equal(recorder.total->in_flight, 3); /* at the end */
    assert_true(tally_adds_up(recorder.total));
    assert_int_equal(recorder.total->latency->count, 6);
    assert_int_equal(recorder.total->processes, 1);
    assert_int_equal(spool_count(recorder.spool), INTERVALS);
    for (size_t i = 0; i < INTERVALS; i++) {
        assert_true(spool_get(recorder.spool, i, &interval));
        assert_int_equal(interval.completed, i + 1);
        assert_true(interval.from_s == (double)i);
    }
    recorder_close(&recorder);
}

static void nothing_recorded(void **state)
{
    (void)state;
    assert_true(recorder_open(&recorder, &load));
    assert_int_equal(recorder.total->processes, 0); /* no process has reported */
    assert_true(recorder_end(&recorder));
    assert_int_equal(spool_count(recorder.spool), 0);
    recorder_close(&recorder);
}

/* A line for each interval, in seconds, with its greatest value in milliseconds. */
static void log_is_written(void **state)
{
    static const char *const begins[INTERVALS] = {"0.000,1.000,1.000,", "1.000,1.000,2.000,",
                                                  "2.000,1.000,3.000,"};
    char path[256], line[4096];
    size_t count = 0;
    FILE *file;

    (void)state;
    close(unit_file(path, sizeof(path)));
    load.hlog = path;
    assert_true(record_all());
    assert_string_equal(printed, "");
    recorder_close(&recorder);
    file = fopen(path, "r");
    assert_non_null(file);
    while (count < INTERVALS && fgets(line, sizeof(line), file)) {
        if (line[0] < '0' || line[0] > '9')
            continue;
        assert_memory_equal(line, begins[count], strlen(begins[count]));
        count++;
    }
    assert_int_equal(count, INTERVALS);
    assert_null(fgets(line, sizeof(line), file));
    fclose(file);
    unlink(path);
}

/* The start time in the log is the end of the warm-up. */
static void log_begins_after_the_warm_up(void **state)
{
    uint64_t first;

    (void)state;
    assert_true(recorder_open(&recorder, &load));
    first = recorder.wall_start;
    recorder_close(&recorder);
    load.run.warmup = 1000 * NSEC_PER_S;
    assert_true(recorder_open(&recorder, &load));
    assert_true(recorder.wall_start >= first + 900 * NSEC_PER_S);
    recorder_close(&recorder);
}

static void full_disk_is_printed(void **state)
{
    (void)state;
    load.hlog = "/dev/full";
    assert_false(record_all());
    assert_string_equal(printed, "firstbyte: /dev/full: No space left on device\n");
    assert_int_equal(recorder.total->completed, 6); /* the totals are complete */
    recorder_close(&recorder);
}

static void log_creation_error_is_printed(void **state)
{
    (void)state;
    load.hlog = "/no/such\nfolder/x";
    assert_false(record_all());
    assert_non_null(strstr(printed, "No such file or directory\n"));
    assert_null(strstr(printed, "such\nfolder"));
    recorder_close(&recorder);
}

/* Closed before its end: all memory is freed, and the log is closed. */
static void closed_before_its_end(void **state)
{
    char path[256];

    (void)state;
    close(unit_file(path, sizeof(path)));
    load.hlog = path;
    assert_true(recorder_open(&recorder, &load));
    record(0);
    recorder_close(&recorder);
    unlink(path);
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(totals_and_intervals),  CASE(nothing_recorded),
        CASE(log_is_written),        CASE(log_begins_after_the_warm_up),
        CASE(full_disk_is_printed),  CASE(log_creation_error_is_printed),
        CASE(closed_before_its_end),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("recorder", tests, NULL, NULL);
}
