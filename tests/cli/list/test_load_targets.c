/* The targets of a load: from a file, from arguments, and invalid ones. */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/list/load_targets.h"
#include "tests/support/stderr_capture.h"

static char path[4096];

static const struct request_options request = {.timeout = 10 * NSEC_PER_S, .method = "PUT"};

/* Puts the text into the file and reads it as targets. */
static bool read_text_of(struct target_list *list, const char *text, size_t length)
{
    const struct list_options from = {.file = path};
    FILE *file = fopen(path, "w");

    fwrite(text, 1, length, file);
    fclose(file);
    return target_list_read(list, &from, &request);
}

/* The last text on standard error. */
static char printed[2048];

/* Likewise, with standard error captured in `printed`. */
static bool read_captured(struct target_list *list, const char *text, size_t length)
{
    bool valid;

    stderr_capture_begin();
    valid = read_text_of(list, text, length);
    snprintf(printed, sizeof(printed), "%s", stderr_capture_end());
    return valid;
}

static void test_file(void **state)
{
    static const char text[] = "# a comment\n"
                               "http://a/ weight=3 header=\"A: b\"\n"
                               "\n"
                               "http://a/b method=GET rehearse-delay=1ms\n"
                               "default weight=1000000 user=x:y\n"
                               "http://a/c data=z\n"
                               "http://a/d weight=2 weight=5 timeout=10s";
    static const struct {
        const char *url, *method;
        unsigned weight;
    } wanted[] = {
        {"http://a/", "PUT", 3},
        {"http://a/b", "GET", 1},
        {"http://a/c", "PUT", 1000000},
        {"http://a/d", "PUT", 5},
    };
    struct target_list list;

    (void)state;
    assert_true(read_text_of(&list, text, strlen(text)));
    assert_int_equal(list.count, LENGTH(wanted));
    for (size_t i = 0; i < list.count; i++) {
        assert_string_equal(list.sites[i]->url.shown, wanted[i].url);
        assert_string_equal(site_method(list.sites[i]), wanted[i].method);
        assert_int_equal(list.weights[i], wanted[i].weight);
    }
    assert_string_equal(list.sites[0]->headers, "A: b\r\n");
    assert_int_equal(list.sites[2]->content->count, 1);
    assert_string_equal(list.sites[3]->user, "x:y");
    target_list_free(&list);
    assert_int_equal(list.count, 0);
}

static void test_words(void **state)
{
    char first[] = "http://a/", second[] = "http://a/b";
    char *words[] = {first, second};
    const struct list_options from = {.words = words, .word_count = LENGTH(words)};
    struct target_list list;

    (void)state;
    assert_true(target_list_read(&list, &from, &request));
    assert_int_equal(list.count, 2);
    assert_string_equal(list.sites[1]->url.shown, second);
    assert_string_equal(site_method(list.sites[1]), "PUT");
    assert_true(list.weights[0] == 1 && list.weights[1] == 1);
    target_list_free(&list);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } refused[] = {
        {"", ": it contains no target"},
        {"# nothing\ndefault weight=2\n", ": it contains no target"},
        {"http://a/\nhttp://a/ weight=0\n", ":2: weight: not a number from 1 to 1000000"},
        {"http://a/ weight=1000001", ":1: weight: not a number from 1 to 1000000"},
        {"http://a/ weight=-1", ":1: weight: not a number from 1 to 1000000"},
        {"http://a/ weight=", ":1: weight: not a number from 1 to 1000000"},
        {"http://a/ weight=1.5", ":1: weight: not a number from 1 to 1000000"},
        {"http://a/ weight", ":1: not key=value"},
        {"default weight=x\nhttp://a/", ":1: weight: not a number"},
        {"http://a/ wait=1", ":1: wait: no such key"},
        {"ftp://a/", ":1: "},
        {"\n\nhttp://a/ timeout=1s", ":3: a target cannot have its own timeout"},
        {"default timeout=1s\nhttp://a/", ":2: a target cannot have its own timeout"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(refused); i++) {
        struct target_list list;
        char wanted[256];

        if (read_captured(&list, refused[i].text, strlen(refused[i].text)))
            fail_msg("%s is accepted", refused[i].text);
        target_list_free(&list);
        snprintf(wanted, sizeof(wanted), "firstbyte: %.200s", path);
        if (strncmp(printed, wanted, strlen(wanted)) != 0 || !strstr(printed, refused[i].message))
            fail_msg("%s: %s", refused[i].text, printed);
    }
}

/* The greatest number of targets, and one more; a line that is too long. */
static void test_bounds(void **state)
{
    static const char one[] = "http://a/\n";
    size_t length = (TARGETS_MAX + 1) * (sizeof(one) - 1);
    char *text = malloc(length + 1);
    struct target_list list;

    (void)state;
    for (size_t i = 0; i <= TARGETS_MAX; i++)
        memcpy(text + i * (sizeof(one) - 1), one, sizeof(one) - 1);
    assert_true(read_text_of(&list, text, length - (sizeof(one) - 1)));
    assert_int_equal(list.count, TARGETS_MAX);
    target_list_free(&list);
    assert_false(read_captured(&list, text, length));
    assert_non_null(strstr(printed, ":10001: over 10000 targets\n"));
    target_list_free(&list);
    memset(text, '#', 70000);
    memcpy(text, one, sizeof(one) - 2);
    text[sizeof(one) - 2] = ' ';
    assert_false(read_captured(&list, text, 70000));
    assert_non_null(strstr(printed, ":1: the line is over 65536 bytes"));
    target_list_free(&list);
    free(text);
}

static void test_input(void **state)
{
    static const char text[] = "http://a/ weight=9\nhttp://a/ weight=0\n";
    struct list_options from = {.file = "-"};
    struct target_list list;
    int ends[2], old = dup(STDIN_FILENO);

    (void)state;
    for (int bad = 0; bad < 2; bad++) {
        size_t length = bad ? strlen(text) : strcspn(text, "\n");

        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], text, length), length);
        close(ends[1]);
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        assert_int_equal(target_list_read(&list, &from, &request), !bad);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.weights[0], 9);
        target_list_free(&list);
    }
    dup2(old, STDIN_FILENO);
    close(old);
    from.file = "/nowhere/x";
    assert_false(target_list_read(&list, &from, &request));
    target_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),   cmocka_unit_test(test_words), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bounds), cmocka_unit_test(test_input),
    };
    int failed;

    unit_time_limit();
    close(unit_file(path, 256));
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
