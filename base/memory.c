/* malloc, calloc, realloc and vasprintf, each checked. */
#include "base/memory.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void (*before_exit)(void *owner);
static void *before_exit_owner;

void memory_on_exhausted(void (*last)(void *owner), void *owner)
{
    before_exit = last;
    before_exit_owner = owner;
}

/* Calls _exit: the functions that exit(3) runs may allocate. */
void memory_exhausted(void)
{
    static const char message[] = "firstbyte: out of memory\n";
    static bool ending;
    void (*last)(void *owner) = ending ? NULL : before_exit;

    if (!ending && write(STDERR_FILENO, message, sizeof(message) - 1) < 0) {
        /* the failure cannot be reported elsewhere */
    }
    ending = true;
    if (last)
        last(before_exit_owner);
    _exit(MEMORY_EXIT_STATUS);
}

static void *checked(void *memory)
{
    if (!memory)
        memory_exhausted();
    return memory;
}

void *memory_get(size_t bytes)
{
    return checked(malloc(bytes ? bytes : 1));
}

void *memory_for_library(size_t bytes)
{
    return bytes ? checked(malloc(bytes)) : NULL;
}

void *memory_grow_for_library(void *old, size_t bytes)
{
    if (bytes)
        return checked(realloc(old, bytes));
    free(old);
    return NULL;
}

void *memory_zeroed(size_t bytes)
{
    return checked(calloc(1, bytes ? bytes : 1));
}

void *memory_grow(void *old, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        checked(NULL);
    return checked(realloc(old, count && size ? count * size : 1));
}

char *memory_text(const char *text, size_t length)
{
    char *copy = memory_get(length + 1);

    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

/* The destination of a memory stream. */
struct text {
    char **bytes;
    size_t *length;
    size_t capacity;
};

static ssize_t on_write(void *owner, const char *bytes, size_t count)
{
    struct text *text = owner;
    size_t length = *text->length + count;

    if (length + 1 > text->capacity) {
        text->capacity = 2 * (length + 1);
        *text->bytes = memory_grow(*text->bytes, text->capacity, 1);
    }
    memcpy(*text->bytes + *text->length, bytes, count);
    (*text->bytes)[length] = '\0';
    *text->length = length;
    return (ssize_t)count;
}

static int on_close(void *owner)
{
    free(owner);
    return 0;
}

/* Rejected: open_memstream, which loses bytes without a report when memory runs out. */
FILE *memory_stream(char **bytes, size_t *length)
{
    struct text *text = memory_zeroed(sizeof(*text));
    const cookie_io_functions_t calls = {.write = on_write, .close = on_close};

    *text = (struct text){.bytes = bytes, .length = length};
    *bytes = memory_zeroed(1);
    *length = 0;
    return checked(fopencookie(text, "w", calls));
}

char *memory_print(const char *format, ...)
{
    va_list arguments;
    char *text;
    int length;

    va_start(arguments, format);
    length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return checked(length < 0 ? NULL : text);
}
