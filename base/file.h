/* Files that are read as a whole. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>

/* Reads the first `most` bytes of a file, which may be a pipe, or all where it has less. Returns them with a
   NUL behind, *length of them, to be freed; NULL and errno where it cannot be opened or read. */
char *file_read(const char *path, size_t most, size_t *length);

#endif
