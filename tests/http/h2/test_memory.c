/* The memory of nghttp2: small objects and blocks of one frame are reused. */
#include "tests/support/unit.h"

#include <stdint.h>
#include <string.h>

#include "http/h2/memory.h"

#define FRAME_BUFFER 16394 /* bytes that nghttp2 takes for each session */
#define BLOCK        20480
#define PAGE         4096
#define COUNT        100

#ifdef SANITIZED /* as in http/h2/memory.c */
#define KEEPS_FREED false
#else
#define KEEPS_FREED true
#endif

static nghttp2_mem *memory;

static int setup(void **state)
{
    (void)state;
    memory = h2_memory();
    return 0;
}

static bool is_block(const void *pointer)
{
    return (uintptr_t)pointer % PAGE == 0;
}

/* nghttp2 takes the buffer by realloc of NULL. */
static char *take(size_t bytes)
{
    char *taken = memory->realloc(NULL, bytes, memory->mem_user_data);

    memset(taken, 0x5a, bytes);
    return taken;
}

static void drop(void *pointer)
{
    memory->free(pointer, memory->mem_user_data);
}

static void blocks_are_reused(void **state)
{
    char *blocks[COUNT], *freed;

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = take(FRAME_BUFFER);
        assert_true(is_block(blocks[i]));
        for (size_t j = 0; j < i; j++)
            assert_true(blocks[j] + BLOCK <= blocks[i] || blocks[i] + BLOCK <= blocks[j]);
    }
    freed = blocks[COUNT / 2];
    drop(freed);
    blocks[COUNT / 2] = memory->malloc(BLOCK, NULL);
    assert_ptr_equal(blocks[COUNT / 2], freed);
    for (size_t i = 0; i < COUNT; i++)
        drop(blocks[i]);
}

static void sizes(void **state)
{
    static const struct {
        size_t bytes;
        bool block;
    } cases[] = {{1, false},    {PAGE, false},      {16383, false},  {16384, true},
                 {BLOCK, true}, {BLOCK + 1, false}, {1 << 20, false}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *taken = take(cases[i].bytes);

        assert_int_equal(is_block(taken), cases[i].block);
        drop(taken);
    }
    drop(NULL);
}

/* From ordinary memory to a larger block, within a block, and out of it: the bytes stay. */
static void growing(void **state)
{
    char *taken = take(100), *grown;

    (void)state;
    taken = memory->realloc(taken, FRAME_BUFFER, NULL);
    assert_int_equal(taken[99], 0x5a);
    drop(taken);
    taken = take(FRAME_BUFFER);
    assert_ptr_equal(memory->realloc(taken, BLOCK, NULL), taken);
    taken[BLOCK - 1] = 1;
    grown = memory->realloc(taken, 10 * BLOCK, NULL);
    assert_false(is_block(grown));
    assert_int_equal(grown[0], 0x5a);
    assert_int_equal(grown[BLOCK - 1], 1);
    drop(grown);
    grown = take(FRAME_BUFFER);
    assert_ptr_equal(grown, taken); /* it was freed when it became too small */
    drop(grown);
}

static void zeroed(void **state)
{
    static const char zeros[FRAME_BUFFER];
    char *taken = take(FRAME_BUFFER);

    (void)state;
    drop(taken);
    taken = memory->calloc(1, FRAME_BUFFER, NULL);
    assert_memory_equal(taken, zeros, sizeof(zeros));
    drop(taken);
}

/* Of each size: aligned, writable, and distinct. */
static void objects_of_every_size(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 3000; bytes++) {
        unsigned char *one = memory->malloc(bytes, NULL), *two = memory->malloc(bytes, NULL);

        assert_int_equal((uintptr_t)one % sizeof(void *), 0);
        memset(one, 1, bytes);
        memset(two, 2, bytes);
        for (size_t i = 0; i < bytes; i++)
            assert_int_equal(one[i] + two[i], 3);
        drop(one);
        drop(two);
    }
}

static void small_objects_are_reused(void **state)
{
    void *one = memory->malloc(100, NULL), *two;

    (void)state;
    drop(one);
    two = memory->malloc(101, NULL);
    if (KEEPS_FREED)
        assert_ptr_equal(one, two);
    memset(two, 7, 101);
    drop(two);
    one = memory->calloc(4, 25, NULL);
    if (KEEPS_FREED)
        assert_ptr_equal(one, two);
    for (int i = 0; i < 100; i++)
        assert_int_equal(((char *)one)[i], 0);
    drop(one);
}

static void growing_by_bytes(void **state)
{
    unsigned char *one = memory->realloc(NULL, 1, NULL);

    (void)state;
    *one = 1;
    for (size_t bytes = 2; bytes < 3000; bytes++) {
        one = memory->realloc(one, bytes, NULL);
        one[bytes - 1] = (unsigned char)bytes;
        for (size_t i = 0; i < bytes; i++)
            assert_int_equal(one[i], (unsigned char)(i + 1));
    }
    drop(one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(blocks_are_reused, setup),
        cmocka_unit_test_setup(sizes, setup),
        cmocka_unit_test_setup(growing, setup),
        cmocka_unit_test_setup(zeroed, setup),
        cmocka_unit_test_setup(objects_of_every_size, setup),
        cmocka_unit_test_setup(small_objects_are_reused, setup),
        cmocka_unit_test_setup(growing_by_bytes, setup),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
