/*
 * The files of a run: none of them is read and written, or written in two ways. Files are the same
 * by device and inode, so hard links, symbolic links and other spellings of a name make no
 * difference; of a file that does not exist yet, by its folder and name.
 */
#ifndef CLI_OUTPUT_FILES_H
#define CLI_OUTPUT_FILES_H

#include "cli/types.h"
#include "tls/tls.h"

/* What names files; all is borrowed. */
struct files_options {
    const struct list_options *list;
    bool compared; /* the words are files, too */
    const struct output_options *output;
    const struct tls_client_options *trust;
    const struct texts *data; /* of --data @FILE */
    const char *hlog;         /* NULL: none */
};

/* Looks at all regular files that are named, standard streams included, before any of them is
   opened. False where one would be destroyed, which is said. The output may be a standard stream's
   file: then it is written through that stream (cli/output/output.h). */
bool files_check(const struct files_options *options);

#endif
