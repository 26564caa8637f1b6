/* Memory that is there, or a program that is not. */
#include "tests/support/unit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

static void memory_is_got_and_grown(void **state)
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

/* Runs it in a child; returns its wait status, and what it said on standard error. */
static int status_of(void (*act)(void), char *said, size_t room)
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
    while ((count = read(channel[0], said + length, room - 1 - length)) > 0)
        length += (size_t)count;
    said[length] = '\0';
    close(channel[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void grow_over_the_top(void)
{
    free(memory_grow(NULL, SIZE_MAX / 2, 3));
}

static void running_out_ends_the_program(void **state)
{
    char said[64];
    int status = status_of(grow_over_the_top, said, sizeof(said));

    (void)state;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), MEMORY_EXIT_STATUS);
    assert_string_equal(said, "firstbyte: out of memory\n");
}

static void say_more(void *owner)
{
    if (write(STDERR_FILENO, owner, strlen(owner)) < 0)
        _exit(0);
    free(memory_grow(NULL, SIZE_MAX / 2, 3)); /* once is enough */
}

static void run_out_with_a_last_act(void)
{
    static char kept[] = "kept\n";

    memory_on_exhausted(say_more, kept);
    grow_over_the_top();
}

static void a_last_act_comes_once(void **state)
{
    char said[128];
    int status = status_of(run_out_with_a_last_act, said, sizeof(said));

    (void)state;
    assert_int_equal(WEXITSTATUS(status), MEMORY_EXIT_STATUS);
    assert_string_equal(said, "firstbyte: out of memory\nkept\n");
}

static void texts_are_whole(void **state)
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

/* A stream that could not grow ends the program: its text would be a part of one. */
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

static void a_stream_that_cannot_grow_ends_the_program(void **state)
{
    char said[64];
    int status;

    (void)state;
    if (getenv("FIRSTBYTE_SANITIZED"))
        skip(); /* its own memory is over any limit */
    status = status_of(write_too_much, said, sizeof(said));
    assert_int_equal(WEXITSTATUS(status), MEMORY_EXIT_STATUS);
    assert_string_equal(said, "firstbyte: out of memory\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_got_and_grown),
        cmocka_unit_test(running_out_ends_the_program),
        cmocka_unit_test(a_last_act_comes_once),
        cmocka_unit_test(texts_are_whole),
        cmocka_unit_test(a_stream_that_cannot_grow_ends_the_program),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
