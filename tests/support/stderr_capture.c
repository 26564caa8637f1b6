/* A file, for a pipe could be full. */
#include "tests/support/stderr_capture.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static int terminal, file;

void stderr_capture_begin(void)
{
    fflush(stderr);
    terminal = dup(STDERR_FILENO);
    file = memfd_create("stderr", MFD_CLOEXEC);
    dup2(file, STDERR_FILENO);
}

const char *stderr_capture_end(void)
{
    static char said[2048];
    ssize_t count;

    fflush(stderr);
    dup2(terminal, STDERR_FILENO);
    count = pread(file, said, sizeof(said) - 1, 0);
    said[count > 0 ? count : 0] = '\0';
    close(terminal);
    close(file);
    return said;
}
