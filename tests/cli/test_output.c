/* The output over pipes: order, a reader that stops, one that leaves, a full disk. */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/output.h"

struct fixture {
    struct loop *loop;
    struct output *output;
    int reader, writer;
    int rooms;  /* calls of room */
    int broken; /* calls of broken */
    int error;  /* its argument */
};

static void on_room(void *owner)
{
    ((struct fixture *)owner)->rooms++;
}

static void on_broken(void *owner, int error)
{
    ((struct fixture *)owner)->broken++;
    ((struct fixture *)owner)->error = error;
}

static int begin(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    int ends[2];

    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fixture->reader = ends[0];
    fixture->writer = ends[1];
    fixture->loop = loop_new();
    fixture->output = output_new(fixture->loop, fixture->writer, on_room, on_broken, fixture);
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    output_free(fixture->output);
    loop_free(fixture->loop);
    if (fixture->reader >= 0)
        close(fixture->reader);
    close(fixture->writer);
    free(fixture);
    return 0;
}

static void put(struct output *output, const char *line)
{
    fputs(line, output_begin(output));
    output_end(output);
}

/* Reads what is in the pipe, without waiting. */
static size_t take(struct fixture *fixture, char *to, size_t room)
{
    ssize_t count;

    fcntl(fixture->reader, F_SETFL, O_NONBLOCK);
    count = read(fixture->reader, to, room);
    return count > 0 ? (size_t)count : 0;
}

static void test_lines(void **state)
{
    struct fixture *fixture = *state;
    char text[64] = "";

    assert_true(output_idle(fixture->output));
    put(fixture->output, "one\n");
    put(fixture->output, "two\n");
    assert_false(output_idle(fixture->output));
    assert_int_equal(take(fixture, text, sizeof(text)), 0); /* at the end of the turn */
    loop_turn(fixture->loop, 0);
    assert_true(output_idle(fixture->output));
    assert_int_equal(take(fixture, text, sizeof(text)), 8);
    assert_memory_equal(text, "one\ntwo\n", 8);
    assert_int_equal(output_error(fixture->output), 0);
}

/* A line that is shorter than the one before takes nothing of it along. */
static void test_shorter_line(void **state)
{
    struct fixture *fixture = *state;
    char text[64] = "";

    put(fixture->output, "a long one\n");
    put(fixture->output, "b\n");
    loop_turn(fixture->loop, 0);
    assert_int_equal(take(fixture, text, sizeof(text)), 13);
    assert_memory_equal(text, "a long one\nb\n", 13);
}

static void test_never_nonblocking(void **state)
{
    struct fixture *fixture = *state;

    put(fixture->output, "one\n");
    loop_turn(fixture->loop, 0);
    assert_int_equal(fcntl(fixture->writer, F_GETFL) & O_NONBLOCK, 0);
}

/* The pipe fills up; the rest waits, in order, until there is a reader. */
static void test_slow_reader(void **state)
{
    struct fixture *fixture = *state;
    unsigned lines = 0, read = 0;
    char line[32], text[65536 + 1];
    size_t kept = 0;

    while (!output_full(fixture->output)) {
        snprintf(line, sizeof(line), "%u\n", lines++);
        put(fixture->output, line);
        loop_turn(fixture->loop, 0);
    }
    assert_false(output_idle(fixture->output));
    assert_int_equal(fixture->rooms, 0);
    while (read < lines) {
        size_t count = take(fixture, text + kept, sizeof(text) - 1 - kept) + kept;
        char *at = text, *close;

        text[count] = '\0';
        while ((close = strchr(at, '\n'))) {
            assert_int_equal(strtoul(at, NULL, 10), read++);
            at = close + 1;
        }
        kept = count - (size_t)(at - text);
        memmove(text, at, kept);
        loop_turn(fixture->loop, 0);
    }
    unit_settle(fixture->loop);
    assert_true(output_idle(fixture->output));
    assert_false(output_full(fixture->output));
    assert_int_equal(fixture->rooms, 1);
    assert_int_equal(fixture->broken, 0);
}

static void test_reader_has_gone(void **state)
{
    struct fixture *fixture = *state;

    close(fixture->reader);
    fixture->reader = -1;
    put(fixture->output, "nobody reads this\n");
    TURN_UNTIL(fixture->loop, fixture->broken);
    put(fixture->output, "nor this\n");
    unit_settle(fixture->loop);
    assert_int_equal(fixture->broken, 1);
    assert_int_equal(fixture->error, EPIPE);
    assert_int_equal(output_error(fixture->output), EPIPE);
    assert_true(output_idle(fixture->output));
}

/* It goes while the writer waits for room. */
static void test_reader_goes(void **state)
{
    struct fixture *fixture = *state;

    while (!output_full(fixture->output)) {
        put(fixture->output, "a line of some length, to be quick\n");
        loop_turn(fixture->loop, 0);
    }
    close(fixture->reader);
    fixture->reader = -1;
    TURN_UNTIL(fixture->loop, fixture->broken);
    assert_int_equal(fixture->error, EPIPE);
    assert_true(output_idle(fixture->output));
}

/* /dev/full is like any terminal: it can be written to, and then there is no room. */
static void test_full_disk(void **state)
{
    struct fixture *fixture = *state;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    output_free(fixture->output);
    fixture->output = output_new(fixture->loop, full, on_room, on_broken, fixture);
    put(fixture->output, "line\n");
    TURN_UNTIL(fixture->loop, fixture->broken);
    assert_int_equal(fixture->error, ENOSPC);
    output_free(fixture->output);
    fixture->output = NULL;
    close(full);
}

static void test_regular_file(void **state)
{
    struct fixture *fixture = *state;
    FILE *file = tmpfile();
    char text[16] = "";

    output_free(fixture->output);
    fixture->output = output_new(fixture->loop, fileno(file), on_room, on_broken, fixture);
    put(fixture->output, "line\n");
    loop_turn(fixture->loop, 0);
    assert_true(output_idle(fixture->output));
    assert_int_equal(pread(fileno(file), text, sizeof(text), 0), 5);
    assert_string_equal(text, "line\n");
    fclose(file);
}

static void test_blocking(void **state)
{
    struct fixture *fixture = *state;
    struct output *output = output_new_blocking(fixture->writer);
    char text[16] = "";

    put(output, "at once\n");
    assert_int_equal(take(fixture, text, sizeof(text)), 8);
    assert_true(output_idle(output));
    close(fixture->reader);
    fixture->reader = -1;
    put(output, "nobody\n");
    assert_int_equal(output_error(output), EPIPE);
    output_free(output);
}

/* Freed with a line on its way: nothing is written any more, nobody is called. */
static void test_free_early(void **state)
{
    struct fixture *fixture = *state;
    char text[16];

    put(fixture->output, "line\n");
    output_free(fixture->output);
    fixture->output = NULL;
    unit_settle(fixture->loop);
    assert_int_equal(take(fixture, text, sizeof(text)), 0);
    output_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines, begin, end),
        cmocka_unit_test_setup_teardown(test_shorter_line, begin, end),
        cmocka_unit_test_setup_teardown(test_never_nonblocking, begin, end),
        cmocka_unit_test_setup_teardown(test_slow_reader, begin, end),
        cmocka_unit_test_setup_teardown(test_reader_has_gone, begin, end),
        cmocka_unit_test_setup_teardown(test_reader_goes, begin, end),
        cmocka_unit_test_setup_teardown(test_full_disk, begin, end),
        cmocka_unit_test_setup_teardown(test_regular_file, begin, end),
        cmocka_unit_test_setup_teardown(test_blocking, begin, end),
        cmocka_unit_test_setup_teardown(test_free_early, begin, end),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
