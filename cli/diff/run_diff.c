/* firstbyte diff: from the command line to the comparison. */
#include <stdio.h>

#include "cli/diff/diff.h"
#include "cli/run.h"

enum exit_status run_diff(const struct options *options)
{
    return diff_files(options->list.words, options->list.word_count, options->output.format,
                      stdout);
}
