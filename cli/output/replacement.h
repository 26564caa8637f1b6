/*
 * The next version of a file. It is written out of sight and replaces the file when it is complete,
 * so a reader finds the old content or the new, never a part. Files of other users are never
 * changed: the new file has no name until it is complete, if the file system supports that
 * (O_TMPFILE). Otherwise it has an unpredictable name in the same folder (O_EXCL, O_NOFOLLOW).
 */
#ifndef CLI_OUTPUT_REPLACEMENT_H
#define CLI_OUTPUT_REPLACEMENT_H

#include <stdbool.h>

struct replacement {
    char *target; /* the file to be replaced, with symbolic links resolved; owned */
    char *name;   /* of the new file, FILE.part-0123456789abcdef; owned */
    bool named;   /* the new file has that name */
    int fd;       /* of the new file, for reading and appending; the caller closes it */
};

/* Resolves all symbolic links of a path, also if the file does not exist. Free it. NULL and errno
   if a folder is missing. */
char *replacement_target(const char *path);

/* Creates the new file: empty, with the mode and, if allowed, the owner of the file that it will
   replace. If there is none: mode 0666 less the umask. False and errno on an error. Call
   replacement_free in either case. */
bool replacement_open(struct replacement *replacement, const char *path);

/* Synchronizes the new file to the disk, then replaces the old one. `named` is false then. False
   and errno on an error: the old file is unchanged. */
bool replacement_commit(struct replacement *replacement);

/* Keeps the new file in the folder under `name`. Allocates nothing. False and errno on an error. */
bool replacement_keep(struct replacement *replacement);

/* Removes the new file. Keeps errno. */
void replacement_drop(struct replacement *replacement);

/* Removes the new file and closes its descriptor. Keeps errno. */
void replacement_abandon(struct replacement *replacement);

/* Frees the names. The caller closes the descriptor. */
void replacement_free(struct replacement *replacement);

#endif
