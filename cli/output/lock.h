/*
 * A file that one run at a time may have: the state of a run. The lock ends with the descriptor, so
 * a run that was killed leaves none behind.
 */
#ifndef CLI_OUTPUT_LOCK_H
#define CLI_OUTPUT_LOCK_H

/* Opens a regular file for reading and writing, makes it where there is none, and locks it against
   every other lock_open. What is in it stays. Returns the descriptor, which the caller closes, or
   -1 with errno: EWOULDBLOCK where somebody else has it, EINVAL where it is no regular file, or
   what open(2) says. */
int lock_open(const char *path);

/* Locks a file that is open against every other lock_open. Returns 0, or -1 with errno as lock_open
   sets it. */
int lock_take(int fd);

/* A sentence for an errno of either. */
const char *lock_error(int error);

#endif
