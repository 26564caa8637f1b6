/* One run at a time, also if another file gets the name. */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/output/lock.h"

#define ROOM 256

static char folder[ROOM - 32], path[ROOM], other[ROOM];

static int begin(void **state)
{
    const char *parent = getenv("TMPDIR");

    (void)state;
    snprintf(folder, sizeof(folder), "%s/lock.XXXXXX", parent ? parent : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/file", folder);
    snprintf(other, sizeof(other), "%s/other", folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(path);
    unlink(other);
    return rmdir(folder);
}

static void test_second_is_refused(void **state)
{
    int first = lock_open(path);

    (void)state;
    assert_true(first >= 0);
    assert_int_equal(lock_open(path), -1);
    assert_int_equal(errno, EWOULDBLOCK);
    assert_string_equal(lock_error(errno), "another run is using it");
    close(first);
    first = lock_open(path);
    assert_true(first >= 0);
    close(first);
}

static void test_content_stays(void **state)
{
    int fd = lock_open(path);
    struct stat about;

    (void)state;
    assert_int_equal(write(fd, "abc", 3), 3);
    close(fd);
    fd = lock_open(path);
    assert_int_equal(fstat(fd, &about), 0);
    assert_int_equal(about.st_size, 3);
    close(fd);
}

/* The file that now has the name is locked too, although it was opened with another name. */
static void test_replaced(void **state)
{
    int first = lock_open(path), second = open(other, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    (void)state;
    assert_int_equal(lock_take(second), 0);
    assert_int_equal(rename(other, path), 0);
    close(first);
    assert_int_equal(lock_open(path), -1);
    assert_int_equal(errno, EWOULDBLOCK);
    close(second);
}

static void test_not_regular(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(lock_open(path), -1);
    assert_int_equal(errno, EINVAL);
    assert_string_equal(lock_error(errno), "not a regular file");
    assert_int_equal(lock_open(folder), -1);
    assert_int_equal(errno, EISDIR);
    assert_string_equal(lock_error(errno), "Is a directory");
    assert_int_equal(lock_open("/nowhere/at/all"), -1);
    assert_int_equal(errno, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_second_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_content_stays, begin, end),
        cmocka_unit_test_setup_teardown(test_replaced, begin, end),
        cmocka_unit_test_setup_teardown(test_not_regular, begin, end),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
