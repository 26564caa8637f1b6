#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS      30
#define SETTLE_TURNS 10

uint32_t unit_random(void)
{
    static uint32_t state = 2463534242u; /* xorshift32, Marsaglia 2003 */

    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

void unit_time_limit(void)
{
    const char *seconds = getenv("UNIT_SECONDS");

    alarm(seconds ? (unsigned)strtoul(seconds, NULL, 10) : SECONDS);
}

void unit_in_child(bool (*check)(void))
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (!child) {
        unit_time_limit();
        _exit(check() ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int unit_file(char *path, size_t room)
{
    const char *folder = getenv("TMPDIR");
    int fd;

    snprintf(path, room, "%s/unit.XXXXXX", folder ? folder : "/tmp");
    fd = mkostemp(path, O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

void unit_settle(struct loop *loop)
{
    for (int i = 0; i < SETTLE_TURNS; i++)
        loop_turn(loop, 0);
}
