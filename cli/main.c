/* firstbyte: reads the command line and runs one command. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/diff/diff_set.h"
#include "cli/options/options.h"
#include "cli/output/diagnostic.h"
#include "cli/output/files.h"
#include "cli/rehearsal.h"
#include "cli/run.h"
#include "reactor/interrupt.h"
#include "tls/tls.h"

/* Opens /dev/null for each closed standard descriptor. A connection could otherwise get its number
   and receive messages for people. Reading standard input and writing the others then fail. */
static void hold_standard_descriptors(void)
{
    static const int unusable[] = {O_WRONLY, O_RDONLY, O_RDWR};

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", unusable[fd]); /* open() returns the lowest free number: fd */
}

/* Raises the soft limit of descriptors to the hard limit. The rehearsal's origin inherits it. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int run(const struct options *options)
{
    const struct files_options files = {
        .list = &options->list,
        .compared = options->command == COMMAND_DIFF,
        .output = &options->output,
        .trust = &options->network.trust,
        .data = &options->data_files,
        .hlog = options->load.hlog,
    };

    if (options->command != COMMAND_NONE && !files_check(&files))
        return EXIT_USAGE;
    switch (options->command) {
    case COMMAND_FETCH: return run_fetch(options);
    case COMMAND_RACE: return run_race(options);
    case COMMAND_BENCH: return run_bench(options);
    case COMMAND_ORIGIN: return origin_run(&options->list, options->lifeline);
    case COMMAND_DIFF: return run_diff(options);
    case COMMAND_NONE: break; /* help or version was printed */
    }
    return EXIT_FETCHED;
}

int main(int argc, char **argv)
{
    struct options options;
    int status = EXIT_FETCHED;

    interrupts_begin();
    tls_begin();
    diff_set_begin();
    hold_standard_descriptors();
    raise_descriptor_limit();
    signal(SIGPIPE, SIG_IGN); /* a write to a closed pipe then fails with EPIPE */
    signal(SIGXFSZ, SIG_IGN); /* a write over the limit of ulimit -f then fails with EFBIG */
    if (!options_read(&options, argc, argv))
        status = EXIT_USAGE;
    else
        status = run(&options);
    options_free(&options);
    if (!fflush(stdout))
        return status;
    if (errno != EPIPE) /* `firstbyte help | head` ends quietly */
        diagnostic("standard output: %s", strerrordesc_np(errno));
    return EXIT_SOME_FAILED;
}
