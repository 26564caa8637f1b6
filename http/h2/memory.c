/*
 * A small object has a header with its class: the multiple of UNIT_BYTES that it has room for. All
 * objects are aligned for a pointer, which is enough for nghttp2.
 *
 * One range of addresses for all blocks; the system provides a page of it when that is first
 * written. A pointer into the range is therefore recognized by two comparisons. If the range is
 * used up, or the system does not grant it (ulimit -v), the C library's allocator is used.
 *
 * Rejected: returning freed buffers of OpenSSL to the system (madvise): a system call for each
 * handshake.
 */
#include "http/h2/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/memory.h"

#define UNIT_BYTES 16
#define CLASSES    64 /* small objects have up to 1,008 bytes */

/* Sanitizers find uses of a freed object only if it is not kept. */
#ifdef SANITIZED
#define KEEPS_FREED false
#else
#define KEEPS_FREED true
#endif

#define MIN_BYTES   (16 * 1024)
#define BLOCK_BYTES (20 * 1024) /* whole pages */
#define MAX_BLOCKS  (16 * 1024)

#define RANGE_BYTES ((size_t)BLOCK_BYTES * MAX_BLOCKS)

struct spare_block {
    struct spare_block *next;
};

static char *range; /* NULL: not made yet, or not granted */
static bool range_tried;
static size_t used_blocks; /* from the beginning of the range; some of them are spare */
static struct spare_block *spare;

/* --- blocks --- */

static void make_range(void)
{
    void *made = mmap(NULL, RANGE_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    range_tried = true;
    range = made == MAP_FAILED ? NULL : made;
}

static bool is_in_range(const void *memory)
{
    return range && (const char *)memory >= range && (const char *)memory < range + RANGE_BYTES;
}

/* NULL: there is none. */
static void *take_block(void)
{
    struct spare_block *block = spare;

    if (block) {
        spare = block->next;
        return block;
    }
    if (!range_tried)
        make_range();
    return range && used_blocks < MAX_BLOCKS ? range + BLOCK_BYTES * used_blocks++ : NULL;
}

/* --- small objects --- */

/* Before each object. */
union header {
    union header *next; /* in a list */
    /* The class, below CLASSES; or the bytes of a larger object from the C library's allocator. */
    size_t class_or_bytes;
};

static union header *lists[CLASSES];

static union header *header_of(void *memory)
{
    return (union header *)memory - 1;
}

static bool is_small(const union header *header)
{
    return header->class_or_bytes < CLASSES;
}

static size_t room_of(void *memory)
{
    const union header *header = header_of(memory);

    if (is_in_range(memory))
        return BLOCK_BYTES;
    return is_small(header) ? header->class_or_bytes * UNIT_BYTES : header->class_or_bytes;
}

static void *get_object(size_t class_or_bytes, size_t bytes)
{
    union header *header = memory_get(sizeof(*header) + bytes);

    header->class_or_bytes = class_or_bytes;
    return header + 1;
}

static void *get_large(size_t bytes)
{
    void *block = bytes >= MIN_BYTES && bytes <= BLOCK_BYTES ? take_block() : NULL;

    return block ? block : get_object(bytes, bytes);
}

/* --- the functions of nghttp2_mem --- */

static void *get(size_t bytes, void *owner)
{
    size_t class = bytes ? (bytes + UNIT_BYTES - 1) / UNIT_BYTES : 1;
    union header *header;

    (void)owner;
    if (class >= CLASSES)
        return get_large(bytes);
    header = lists[class];
    if (!header)
        return get_object(class, class * UNIT_BYTES);
    lists[class] = header->next;
    header->class_or_bytes = class;
    return header + 1;
}

static void drop_block(struct spare_block *block)
{
    block->next = spare;
    spare = block;
}

static void drop(void *memory, void *owner)
{
    union header *header;
    size_t class;

    (void)owner;
    if (!memory)
        return;
    if (is_in_range(memory)) {
        drop_block(memory);
        return;
    }
    header = header_of(memory);
    if (!is_small(header) || !KEEPS_FREED) {
        free(header);
        return;
    }
    class = header->class_or_bytes;
    header->next = lists[class];
    lists[class] = header;
}

static void *get_zeroed(size_t count, size_t bytes, void *owner)
{
    void *memory;

    if (bytes && count > SIZE_MAX / 2 / bytes)
        memory_exhausted();
    memory = get(count * bytes, owner);
    memset(memory, 0, count * bytes);
    return memory;
}

static void *grow(void *old, size_t bytes, void *owner)
{
    void *grown;
    size_t room;

    if (!old)
        return get(bytes, owner);
    room = room_of(old);
    if (bytes <= room)
        return old;
    grown = get(bytes, owner);
    memcpy(grown, old, room);
    drop(old, owner);
    return grown;
}

nghttp2_mem *h2_memory(void)
{
    static nghttp2_mem memory = {
        .malloc = get, .free = drop, .calloc = get_zeroed, .realloc = grow};

    return &memory;
}
