/*
 * Allocation that never returns NULL for lack of memory: the program prints a message to standard
 * error and exits with MEMORY_EXIT_STATUS. No caller could continue, and a partial result is worse
 * than none. The caller frees the returned memory with free().
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>
#include <stdio.h>

void *memory_get(size_t bytes);                          /* not cleared */
void *memory_zeroed(size_t bytes);                       /* all zero */
void *memory_grow(void *old, size_t count, size_t size); /* realloc to count * size, checked */
char *memory_text(const char *text, size_t length);      /* a copy with a NUL after it */

/* malloc and realloc for libraries that take an allocator. Return NULL only for 0 bytes. */
void *memory_for_library(size_t bytes);
void *memory_grow_for_library(void *old, size_t bytes);

/* Returns a stream that writes to memory. After fflush or fclose, *bytes holds the *length bytes
   written so far and a NUL. The caller closes the stream and then frees *bytes. */
FILE *memory_stream(char **bytes, size_t *length);

/* asprintf, checked. The caller frees the text. */
__attribute__((format(printf, 1, 2))) char *memory_print(const char *format, ...);

/* The exit status of a program that ran out of memory. */
#define MEMORY_EXIT_STATUS 3

/* Ends the program as the functions above do, for callers that allocate by other means. */
_Noreturn void memory_exhausted(void);

/* Sets the function that is called once before the program ends for lack of memory; NULL: none. It
   must not allocate. */
void memory_on_exhausted(void (*last)(void *owner), void *owner);

#endif
