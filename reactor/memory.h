/*
 * Memory. Running out of it ends the program at once, said on standard error: no caller has a use
 * for a NULL, and half a result is worse than none. What is returned is freed with free().
 */
#ifndef REACTOR_MEMORY_H
#define REACTOR_MEMORY_H

#include <stddef.h>

void *memory_get(size_t bytes);                          /* not cleared */
void *memory_zeroed(size_t bytes);                       /* all zero */
void *memory_grow(void *old, size_t count, size_t size); /* realloc to count * size, checked */
char *memory_text(const char *text, size_t length);      /* a copy, closed with a NUL */

#endif
