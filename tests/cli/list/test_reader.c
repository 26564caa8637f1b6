/* Lines of files and pipes: long lines, the last line, and lines that are read ahead. */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/list/reader.h"

static char path[64];

/* Opens a file with this text. */
static struct reader *open_text(const char *text, size_t length)
{
    int fd = memfd_create("lines", MFD_CLOEXEC);
    struct reader *reader;

    assert_int_equal(write(fd, text, length), length);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    reader = reader_open(path, NULL, NULL, NULL);
    assert_non_null(reader);
    close(fd);
    return reader;
}

static void expect(struct reader *reader, const char *text)
{
    struct line line;

    assert_int_equal(reader_next(reader, &line), READER_LINE);
    assert_int_equal(line.length, strlen(text));
    assert_memory_equal(line.text, text, line.length);
    assert_false(line.too_long);
}

static void expect_end(struct reader *reader)
{
    struct line line;

    assert_int_equal(reader_next(reader, &line), READER_END);
    assert_int_equal(reader_take_error(reader), 0);
}

static void lines_and_the_last_one(void **state)
{
    static const char text[] = "a\n\nb\r\nlast";
    struct reader *reader = open_text(text, strlen(text));

    (void)state;
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(reader_offset(reader), 0);
        expect(reader, "a");
        expect(reader, "");
        assert_int_equal(reader_offset(reader), 3);
        expect(reader, "b\r");
        expect(reader, "last");
        expect_end(reader);
        assert_true(reader_rewind(reader));
    }
    expect(reader, "a");
    reader_end(reader);
    expect_end(reader);
    reader_close(reader);
}

/* A line that is too long is truncated, and its rest is skipped. */
static void lines_that_are_too_long(void **state)
{
    (void)state;
    for (size_t length = READER_MAX_LINE_BYTES - 1; length < READER_MAX_LINE_BYTES + 3; length++) {
        char *text = malloc(length + 3);
        struct reader *reader;
        struct line line;

        memset(text, 'x', length);
        memcpy(text + length, "\nb", 3);
        reader = open_text(text, length + 2);
        assert_int_equal(reader_next(reader, &line), READER_LINE);
        assert_int_equal(line.too_long, length > READER_MAX_LINE_BYTES);
        assert_int_equal(line.length, line.too_long ? READER_MAX_LINE_BYTES : length);
        assert_int_equal(reader_look_ahead(reader), !line.too_long);
        expect(reader, "b");
        expect_end(reader);
        reader_close(reader);
        free(text);
    }
}

static void lines_read_ahead(void **state)
{
    static const char text[] = "a\nbc\nd";
    struct reader *reader = open_text(text, strlen(text));
    char *line;
    size_t length;

    (void)state;
    assert_true(reader_look_ahead(reader));
    line = reader_line_at(reader, 2, &length);
    assert_int_equal(length, 2);
    assert_memory_equal(line, "bc\n", 3);
    *line = '#';
    assert_null(reader_line_at(reader, 5, &length)); /* its LF has not been read */
    expect(reader, "a");
    expect(reader, "#c");
    expect(reader, "d");
    expect_end(reader);
    reader_close(reader);
}

static void on_ready(void *owner)
{
    ++*(int *)owner;
}

/* In a loop, the callback is called when more can be read. */
static void a_pipe_in_a_loop(void **state)
{
    struct loop *loop = loop_new();
    struct reader *reader;
    struct line line;
    int ends[2], called = 0;

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
    reader = reader_open(path, loop, on_ready, &called);
    close(ends[0]);
    assert_false(reader_rewind(reader));
    assert_int_equal(reader_next(reader, &line), READER_LATER);
    assert_int_equal(write(ends[1], "a\nb", 3), 3);
    loop_turn(loop, 0);
    assert_int_equal(called, 1);
    reader_begin(reader);
    expect(reader, "a");
    assert_int_equal(reader_next(reader, &line), READER_LATER);
    close(ends[1]);
    loop_turn(loop, 0);
    assert_int_equal(called, 2);
    expect(reader, "b");
    expect_end(reader);
    reader_close(reader);
    loop_free(loop);
}

/* A call fills the buffer a bounded number of times, however fast the file is. */
static void a_call_is_bounded(void **state)
{
    struct loop *loop = loop_new();
    int called = 0, lines = 0;
    struct reader *reader = reader_open("/dev/zero", loop, on_ready, &called);
    enum reader_next next;
    struct line line;

    (void)state;
    reader_begin(reader);
    while ((next = reader_next(reader, &line)) == READER_LINE)
        assert_int_equal(++lines, 1);
    assert_int_equal(next, READER_LATER);
    loop_turn(loop, 0);
    assert_int_equal(called, 1);
    assert_int_equal(reader_next(reader, &line), READER_LATER); /* until reader_begin */
    reader_close(reader);
    loop_free(loop);
}

static void unreadable_files(void **state)
{
    struct reader *reader;
    struct line line;

    (void)state;
    errno = 0;
    assert_null(reader_open("/nowhere/lines", NULL, NULL, NULL));
    assert_int_equal(errno, ENOENT);
    assert_null(reader_open("/", NULL, NULL, NULL));
    assert_int_equal(errno, EISDIR);
    reader = reader_open("/proc/self/mem", NULL, NULL, NULL); /* nothing is mapped at 0 */
    assert_int_equal(reader_next(reader, &line), READER_END);
    assert_int_equal(reader_take_error(reader), EIO);
    assert_int_equal(reader_take_error(reader), 0);
    reader_close(reader);
    reader_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_the_last_one), cmocka_unit_test(lines_that_are_too_long),
        cmocka_unit_test(lines_read_ahead),       cmocka_unit_test(a_pipe_in_a_loop),
        cmocka_unit_test(a_call_is_bounded),      cmocka_unit_test(unreadable_files),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
