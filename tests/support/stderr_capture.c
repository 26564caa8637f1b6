/* A file, because a pipe could become full. */
#include "tests/support/stderr_capture.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static int saved_stderr, file;

void stderr_capture_begin(void)
{
    fflush(stderr);
    saved_stderr = dup(STDERR_FILENO);
    file = memfd_create("stderr", MFD_CLOEXEC);
    dup2(file, STDERR_FILENO);
}

const char *stderr_capture_end(void)
{
    static char captured[2048];
    ssize_t count;

    fflush(stderr);
    dup2(saved_stderr, STDERR_FILENO);
    count = pread(file, captured, sizeof(captured) - 1, 0);
    captured[count > 0 ? count : 0] = '\0';
    close(saved_stderr);
    close(file);
    return captured;
}
