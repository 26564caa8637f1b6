/* The key log file: its permissions, and complete lines from several writers. */
#include "tests/support/unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tls/keylog.h"

static void lines_of_two_writers_are_complete(void **state)
{
    char path[256], text[64] = "", *why = NULL;
    int fd = unit_file(path, sizeof(path)), one, two;
    struct stat stat;

    (void)state;
    assert_int_equal(write(fd, "old\n", 4), 4);
    one = keylog_open(path, &why);
    two = keylog_open(path, &why);
    assert_true(one >= 0 && two >= 0);
    keylog_write(one, "CLIENT_RANDOM 1 2");
    keylog_write(two, "CLIENT_RANDOM 3 4");
    keylog_write(one, "");
    assert_int_equal(pread(fd, text, sizeof(text) - 1, 0), 41);
    assert_string_equal(text, "old\nCLIENT_RANDOM 1 2\nCLIENT_RANDOM 3 4\n\n");
    close(one);
    close(two);
    close(fd);
    unlink(path);
    one = keylog_open(path, &why); /* a new file has mode 0600 */
    assert_int_equal(fstat(one, &stat), 0);
    assert_int_equal(stat.st_mode & 0777, 0600);
    close(one);
    unlink(path);
    assert_null(why);
}

static void failures(void **state)
{
    char *why = NULL;
    int full;

    (void)state;
    assert_int_equal(keylog_open("/nowhere/at/all", &why), -1);
    assert_string_equal(why, "/nowhere/at/all: No such file or directory");
    free(why);
    full = keylog_open("/dev/full", &why);
    assert_true(full >= 0);
    keylog_write(full, "lost"); /* ignored */
    close(full);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_two_writers_are_complete),
        cmocka_unit_test(failures),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("keylog", tests, NULL, NULL);
}
