/* firstbyte diff: from the command line to the comparison. */
#include <stdio.h>

#include "cli/diff/diff.h"
#include "cli/run.h"

enum exit_status run_diff(const struct options *options)
{
    const struct diff_options diff = {.files = options->list.words,
                                      .file_count = options->list.word_count,
                                      .format = options->output.format,
                                      .to = stdout};

    return diff_files(&diff);
}
