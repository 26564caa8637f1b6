/*
 * The next version of a file. It is written where no reader sees it, and takes the place of the
 * file when it is complete: a reader finds the old content or the new one, never a part. No file of
 * somebody else is touched, whatever its name: the new file has no name until it is complete, where
 * the file system can do that (O_TMPFILE); else it has an unpredictable one in the same folder
 * (O_EXCL, O_NOFOLLOW).
 */
#ifndef CLI_OUTPUT_REPLACEMENT_H
#define CLI_OUTPUT_REPLACEMENT_H

#include <stdbool.h>

struct replacement {
    char *target; /* the file to be replaced, symbolic links resolved; owned */
    char *name;   /* of the new file, FILE.part-0123456789abcdef; owned */
    bool named;   /* the new file has that name */
    int fd;       /* of the new file, for reading and appending; the caller closes it */
};

/* Where a path leads: symbolic links are followed, also the last one that leads to no file yet. To
   be freed; NULL and errno where a folder of it is missing. */
char *replacement_target(const char *path);

/* Makes the new file: empty, with the mode and, where that is allowed, the owner of the file that
   it will replace; without one, with 0666 less the umask. False and errno where the folder refuses
   it. The struct is for replacement_free in either case. */
bool replacement_open(struct replacement *replacement, const char *path);

/* Puts the new file in the place of the old one, its content on the disk first. `named` is false
   then. False and errno where it cannot: the old file is as it was. */
bool replacement_commit(struct replacement *replacement);

/* Leaves the new file in the folder under `name`. Allocates nothing. False and errno. */
bool replacement_keep(struct replacement *replacement);

/* Removes the new file. Keeps errno. */
void replacement_drop(struct replacement *replacement);

/* Removes the new file and closes its descriptor. Keeps errno. */
void replacement_abandon(struct replacement *replacement);

/* Frees the names. The descriptor is the caller's. */
void replacement_free(struct replacement *replacement);

#endif
