/*
 * Memory. Running out of it ends the program at once, said on standard error: no caller has a use
 * for a NULL, and half a result is worse than none. The exit status is MEMORY_EXIT_STATUS. What is returned is freed with free().
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>
#include <stdio.h>

void *memory_get(size_t bytes);                          /* not cleared */
void *memory_zeroed(size_t bytes);                       /* all zero */
void *memory_grow(void *old, size_t count, size_t size); /* realloc to count * size, checked */
char *memory_text(const char *text, size_t length);      /* a copy, closed with a NUL */

/* malloc and realloc for libraries: as they, but for running out. NULL for no bytes. */
void *memory_of_library(size_t bytes);
void *memory_of_library_grown(void *old, size_t bytes);

/* A stream into memory: after fflush and fclose *bytes is all that was written, *length of them and a
   NUL. To be freed, when the stream is closed. */
FILE *memory_stream(char **bytes, size_t *length);

/* asprintf, checked; to be freed. */
__attribute__((format(printf, 1, 2))) char *memory_print(const char *format, ...);

/* The exit status of a program that ran out of memory. */
#define MEMORY_EXIT_STATUS 3

/* Ends the program as these functions do, for callers that allocate by other means. */
_Noreturn void memory_exhausted(void);

/* `last` is called before the program ends so, once, with the owner. It must not allocate. NULL: none. */
void memory_on_exhausted(void (*last)(void *owner), void *owner);

#endif
