/* Allocated memory, and the end of the program when there is none. */
#include "tests/support/unit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

static void memory_is_allocated_and_grown(void **state)
{
    char *zeroed = memory_zeroed(100), *grown, *text;

    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(zeroed[i], 0);
    memset(zeroed, 'x', 100);
    grown = memory_grow(zeroed, 1000, 8);
    assert_memory_equal(grown, "xxxx", 4);
    free(grown);
    free(memory_get(0));
    free(memory_zeroed(0));
    free(memory_grow(NULL, 0, 8));
    text = memory_text("ab\0cd", 5);
    assert_memory_equal(text, "ab\0cd", 6);
    free(text);
}

/* Runs `act` in a child. Returns its wait status, and in `written` its standard error. */
static int status_of(void (*act)(void), char *written, size_t room)
{
    static const struct rlimit no_core = {0, 0};
    int channel[2], status = 0;
    size_t length = 0;
    ssize_t count;
    pid_t child;

    assert_int_equal(pipe(channel), 0);
    child = fork();
    assert_true(child >= 0);
    if (!child) {
        signal(SIGABRT, SIG_DFL);
        setrlimit(RLIMIT_CORE, &no_core);
        dup2(channel[1], STDERR_FILENO);
        act();
        _exit(0);
    }
    close(channel[1]);
    while ((count = read(channel[0], written + length, room - 1 - length)) > 0)
        length += (size_t)count;
    written[length] = '\0';
    close(channel[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void allocate_too_much(void)
{
    free(memory_grow(NULL, SIZE_MAX / 2, 3));
}

static void exhausted_memory_ends_the_program(void **state)
{
    char written[64];
    int status = status_of(allocate_too_much, written, sizeof(written));

    (void)state;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), MEMORY_EXIT_STATUS);
    assert_string_equal(written, "firstbyte: out of memory\n");
}

static void write_more(void *owner)
{
    if (write(STDERR_FILENO, owner, strlen(owner)) < 0)
        _exit(0);
    free(memory_grow(NULL, SIZE_MAX / 2, 3)); /* does not call write_more again */
}

static void allocate_too_much_with_a_callback(void)
{
    static char kept[] = "kept\n";

    memory_on_exhausted(write_more, kept);
    allocate_too_much();
}

static void callback_is_called_once(void **state)
{
    char written[128];
    int status = status_of(allocate_too_much_with_a_callback, written, sizeof(written));

    (void)state;
    assert_int_equal(WEXITSTATUS(status), MEMORY_EXIT_STATUS);
    assert_string_equal(written, "firstbyte: out of memory\nkept\n");
}

static void formatted_texts(void **state)
{
    char *bytes, *text = memory_print("%s %d", "a", 5);
    size_t length;
    FILE *stream = memory_stream(&bytes, &length);

    (void)state;
    assert_string_equal(text, "a 5");
    free(text);
    fputs("ab\n", stream);
    fclose(stream);
    assert_int_equal(length, 3);
    assert_string_equal(bytes, "ab\n");
    free(bytes);
}

/* The text of a stream that could not grow would be incomplete. */
static void write_too_much(void)
{
    const struct rlimit limit = {256 << 20, 256 << 20};
    char *bytes, block[65536] = "";
    size_t length;
    FILE *stream = memory_stream(&bytes, &length);

    setrlimit(RLIMIT_AS, &limit);
    for (size_t i = 0; i < 8192; i++)
        fwrite(block, 1, sizeof(block), stream);
    fclose(stream);
}

static void stream_that_cannot_grow_ends_the_program(void **state)
{
    char written[64];
    int status;

    (void)state;
    if (getenv("FIRSTBYTE_SANITIZED"))
        skip(); /* a sanitizer needs more memory than the limit */
    status = status_of(write_too_much, written, sizeof(written));
    assert_int_equal(WEXITSTATUS(status), MEMORY_EXIT_STATUS);
    assert_string_equal(written, "firstbyte: out of memory\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_allocated_and_grown),
        cmocka_unit_test(exhausted_memory_ends_the_program),
        cmocka_unit_test(callback_is_called_once),
        cmocka_unit_test(formatted_texts),
        cmocka_unit_test(stream_that_cannot_grow_ends_the_program),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
