/*
 * A file that only one run may use at a time: the state of a run. The lock ends with the
 * descriptor, so a run that was killed leaves no lock.
 */
#ifndef CLI_OUTPUT_LOCK_H
#define CLI_OUTPUT_LOCK_H

/* Opens a regular file for reading and writing, creates it if it is missing, and locks it against
   every other lock_open. Its content stays. Returns the descriptor, which the caller closes, or -1
   and errno: EWOULDBLOCK if another process has the lock, EINVAL if not a regular file, or an
   errno of open(2). */
int lock_open(const char *path);

/* Locks an open file against every other lock_open. Returns 0, or -1 and errno as lock_open. */
int lock_take(int fd);

/* Returns a sentence for an errno of these functions. */
const char *lock_error(int error);

#endif
