/* malloc and its kin for callers that cannot go on without. */
#include "reactor/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *held(void *memory)
{
    static const char said[] = "firstbyte: out of memory\n";

    if (!memory) {
        if (write(STDERR_FILENO, said, sizeof(said) - 1) < 0) {
            /* nobody is left to tell */
        }
        abort();
    }
    return memory;
}

void *memory_get(size_t bytes)
{
    return held(malloc(bytes ? bytes : 1));
}

void *memory_zeroed(size_t bytes)
{
    return held(calloc(1, bytes ? bytes : 1));
}

void *memory_grow(void *old, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        held(NULL);
    return held(realloc(old, count && size ? count * size : 1));
}

char *memory_text(const char *text, size_t length)
{
    char *copy = memory_get(length + 1);

    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}
