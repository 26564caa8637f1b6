/* firstbyte: one command line, three commands. */
#include <signal.h>
#include <stdlib.h>

#include "cli/options.h"
#include "cli/rehearsal.h"
#include "cli/run.h"

int main(int argc, char **argv)
{
    struct options options;

    signal(SIGPIPE, SIG_IGN); /* a reader that has gone is an error like any other */
    if (!options_read(&options, argc, argv))
        return EXIT_USAGE;
    switch (options.command) {
    case COMMAND_FETCH: return run_fetch(&options);
    case COMMAND_RACE: return run_race(&options);
    case COMMAND_ORIGIN: return origin_run(&options);
    case COMMAND_NONE: break;
    }
    return EXIT_SUCCESS;
}
