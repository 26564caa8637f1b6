/* Files that are read as a whole, and bytes that are written as a whole. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Reads the first `most` bytes of a file, which may be a pipe, or all where it has less. Returns them with a
   NUL behind, *length of them, to be freed; NULL and errno where it cannot be opened or read. */
char *file_read(const char *path, size_t max, size_t *length);

/* The same of what is open at `fd`, from its offset on; it stays open. */
char *file_read_open(int fd, size_t max, size_t *length);

/* Writes all bytes: one write(2), and another only where that took a part, or to learn why. False and
   errno; a part may be written then. */
bool file_write(int fd, const void *bytes, size_t count);

#endif
