/*
 * Checks that no file of a run is both read and written, or written twice. Files are compared by
 * device and inode, so hard links, symbolic links and other spellings of a name are found. A file
 * that does not exist is compared by its folder and name.
 */
#ifndef CLI_OUTPUT_FILES_H
#define CLI_OUTPUT_FILES_H

#include "cli/types.h"
#include "tls/tls.h"

/* The options that name files; all borrowed. */
struct files_options {
    const struct list_options *list;
    bool compared; /* the words are files that are read (diff) */
    const struct output_options *output;
    const struct tls_client_options *trust;
    const struct texts *data; /* of --data @FILE */
    const char *hlog;         /* NULL: none */
};

/* Checks all regular files that are named, and the standard streams, before any file is opened.
   False, with a diagnostic, if one would be destroyed. The output may be the file of a standard
   stream: it is then written through that stream (cli/output/output.h). */
bool files_check(const struct files_options *options);

#endif
