/* Reading a whole file and writing a whole block of bytes. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Reads at most `max` bytes of a file or pipe. Returns *length bytes and a NUL after them, which
   the caller frees; NULL with errno set if the file cannot be opened or read. */
char *file_read(const char *path, size_t max, size_t *length);

/* The same for an open descriptor, from its current offset. `fd` stays open. */
char *file_read_open(int fd, size_t max, size_t *length);

/* Writes all bytes, with more than one write(2) only after a short write or EINTR. Returns false
   with errno set if a write fails; a part of the bytes may have been written. */
bool file_write(int fd, const void *bytes, size_t count);

#endif
