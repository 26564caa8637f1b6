/*
 * One range of addresses for all blocks; the system provides a page of it when that is first
 * written. A pointer into the range is therefore recognized by two comparisons. If the range is
 * used up, or the system does not grant it (ulimit -v), the C library's allocator is used.
 *
 * Rejected: returning freed buffers of OpenSSL to the system (madvise): a system call for each
 * handshake.
 */
#include "http/h2/memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/memory.h"

#define MIN_BYTES   (16 * 1024) /* smaller blocks are from the C library's allocator */
#define BLOCK_BYTES (20 * 1024) /* whole pages; larger blocks are from there too */
#define MAX_BLOCKS  (16 * 1024)

#define RANGE_BYTES ((size_t)BLOCK_BYTES * MAX_BLOCKS)

struct spare_block {
    struct spare_block *next;
};

static char *range; /* NULL: not made yet, or not granted */
static bool range_tried;
static size_t used_blocks; /* from the beginning of the range; some of them are spare */
static struct spare_block *spare;

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

static void *get(size_t bytes, void *owner)
{
    void *block = bytes >= MIN_BYTES && bytes <= BLOCK_BYTES ? take_block() : NULL;

    (void)owner;
    return block ? block : memory_get(bytes);
}

static void drop(void *memory, void *owner)
{
    struct spare_block *block = memory;

    (void)owner;
    if (!is_in_range(memory)) {
        free(memory);
        return;
    }
    block->next = spare;
    spare = block;
}

static void *get_zeroed(size_t count, size_t bytes, void *owner)
{
    (void)owner;
    return memory_zeroed(count * bytes);
}

static void *grow(void *old, size_t bytes, void *owner)
{
    void *grown;

    if (!old)
        return get(bytes, owner);
    if (!is_in_range(old))
        return memory_grow(old, bytes, 1);
    if (bytes <= BLOCK_BYTES)
        return old;
    grown = memory_get(bytes);
    memcpy(grown, old, BLOCK_BYTES);
    drop(old, owner);
    return grown;
}

nghttp2_mem *h2_memory(void)
{
    static nghttp2_mem memory = {
        .malloc = get, .free = drop, .calloc = get_zeroed, .realloc = grow};

    return &memory;
}
