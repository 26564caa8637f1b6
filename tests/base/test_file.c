/* Files with sizes around that of the buffer, pipes, and files that cannot be read. */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"

static char path[256];

static void write_file(size_t size)
{
    FILE *to = fopen(path, "w");

    for (size_t i = 0; i < size; i++)
        putc((int)(i * 7 % 251), to);
    fclose(to);
}

static void first_bytes_are_read(void **state)
{
    static const size_t sizes[] = {0, 1, 8191, 8192, 8193, 16384, 40000};

    (void)state;
    close(unit_file(path, sizeof(path)));
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        write_file(sizes[i]);
        for (size_t k = 0; k < LENGTH(sizes); k++) {
            size_t expected = sizes[k] < sizes[i] ? sizes[k] : sizes[i], length;
            char *bytes = file_read(path, sizes[k], &length);

            assert_non_null(bytes);
            assert_int_equal(length, expected);
            for (size_t at = 0; at < length; at++)
                assert_int_equal((unsigned char)bytes[at], at * 7 % 251);
            assert_int_equal(bytes[length], '\0');
            free(bytes);
        }
    }
    unlink(path);
}

static void pipes_are_read_to_their_end(void **state)
{
    int ends[2];
    size_t length;
    char *bytes;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "ab", 2), 2);
    close(ends[1]);
    snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
    bytes = file_read(path, 100, &length);
    assert_int_equal(length, 2);
    assert_string_equal(bytes, "ab");
    free(bytes);
    close(ends[0]);
}

static void failures_have_their_errno(void **state)
{
    size_t length = 1;

    (void)state;
    errno = 0;
    assert_null(file_read("/nonexistent", 10, &length));
    assert_int_equal(errno, ENOENT);
    assert_int_equal(length, 0);
    assert_null(file_read("/", 10, &length));
    assert_int_equal(errno, EISDIR);
}

static void open_file_is_read_from_its_offset(void **state)
{
    int fd = unit_file(path, sizeof(path));
    size_t length;
    char *bytes;

    (void)state;
    assert_true(file_write(fd, "abcdef", 6));
    assert_int_equal(lseek(fd, 2, SEEK_SET), 2);
    bytes = file_read_open(fd, 3, &length);
    assert_int_equal(length, 3);
    assert_string_equal(bytes, "cde");
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 5);
    free(bytes);
    close(fd);
    unlink(path);
}

/* A full pipe takes a part, then no bytes. */
static void incomplete_writes_fail(void **state)
{
    static char many[1 << 20];
    int ends[2], room;

    (void)state;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    assert_false(file_write(ends[1], many, sizeof(many)));
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(ioctl(ends[0], FIONREAD, &room), 0);
    assert_int_equal(room, fcntl(ends[0], F_GETPIPE_SZ));
    close(ends[0]);
    close(ends[1]);
    assert_false(file_write(-1, "a", 1));
    assert_int_equal(errno, EBADF);
    assert_true(file_write(-1, "", 0));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_bytes_are_read),
        cmocka_unit_test(pipes_are_read_to_their_end),
        cmocka_unit_test(failures_have_their_errno),
        cmocka_unit_test(open_file_is_read_from_its_offset),
        cmocka_unit_test(incomplete_writes_fail),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
