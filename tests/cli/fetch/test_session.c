/* A session without a network: the list, the output, the state and the exit status. */
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/fetch/session.h"
#include "tests/support/stderr_capture.h"

static char *words[] = {(char *)"http://a/", (char *)"http://b/", (char *)"http://c/"};
static const char *fields[] = {"url,status,error.code"};

/* The configuration of the session. */
static struct list_options list;
static struct output_options output;
static const struct request_options request = {.timeout = NSEC_PER_S};
static const struct exchange_options exchange = {.response = {.preview = 10}};
static const struct session_options plain = {
    .list = &list, .request = &request, .exchange = &exchange, .output = &output};
static char output_path[256], state_path[256];

static struct session session;

static int setup(void **state)
{
    (void)state;
    close(unit_file(output_path, sizeof(output_path)));
    close(unit_file(state_path, sizeof(state_path)));
    list = (struct list_options){.words = words, .word_count = LENGTH(words)};
    output = (struct output_options){.file = output_path,
                                     .fields = {.list = fields, .count = LENGTH(fields)}};
    session_init(&session, &plain);
    return 0;
}

static int cleanup(void **state)
{
    (void)state;
    session_close(&session);
    unlink(output_path);
    unlink(state_path);
    return 0;
}

static const char *content_of(const char *path)
{
    static char text[2048];
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void write_list(const char *text)
{
    FILE *file = fopen(state_path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    list.file = state_path;
}

/* Returns the next site. Fails without one. */
static struct site *take(void)
{
    struct listed listed;

    assert_int_equal(session_next(&session, &listed), SITES_ONE);
    return listed.site;
}

static void report_status(const struct site *site, unsigned status)
{
    const struct result result = {
        .site = site, .url = site->url.shown, .status = status, .major = 1, .minor = 1};

    session_report(&session, &result);
}

/* Reports all remaining sites, with the status 200, 201, ... */
static void report_all(void)
{
    struct listed listed;
    unsigned status = 200;

    while (session_next(&session, &listed) == SITES_ONE) {
        report_status(listed.site, status++);
        site_free(listed.site);
    }
}

static void open_all(struct loop *loop)
{
    assert_true(session_open_state(&session));
    assert_true(session_open_list(&session, NULL, NULL, NULL));
    assert_true(session_check_list(&session));
    assert_true(session_open_output(&session, loop, NULL, NULL, NULL));
}

static void results_become_lines(void **state)
{
    (void)state;
    open_all(NULL);
    assert_int_equal(session.total, 3);
    report_all();
    session_close_output(&session, true);
    assert_string_equal(content_of(output_path),
                        "http://a/\t200\t-\nhttp://b/\t201\t-\nhttp://c/\t202\t-\n");
    assert_int_equal(session_exit_status(&session), EXIT_FETCHED);
}

static void a_status_may_be_a_failure(void **state)
{
    struct site *site;

    (void)state;
    output.fail = true;
    open_all(NULL);
    site = take();
    report_status(site, 399);
    report_status(site, 400);
    site_free(site);
    session_close_output(&session, true);
    assert_string_equal(content_of(output_path),
                        "http://a/\t399\t-\nhttp://a/\t400\thttp.status\n");
    assert_int_equal(session.totals.failed, 1);
    assert_int_equal(session_exit_status(&session), EXIT_SOME_FAILED);
}

/* Turns the loop until all lines are written. */
static void drain(struct loop *loop)
{
    session_flush(&session);
    while (!output_idle(session.output))
        loop_turn(loop, NSEC_NEVER);
}

/* Lines are written in the list's order; a line that waits for an earlier one is written last. */
static void lines_in_the_order_of_the_list(void **state)
{
    struct loop *loop = loop_new();
    struct site *sites[LENGTH(words)];

    (void)state;
    output.input_order = true;
    open_all(loop);
    for (size_t i = 0; i < LENGTH(words); i++)
        sites[i] = take();
    report_status(sites[2], 203);
    report_status(sites[0], 201);
    drain(loop);
    session_close_output(&session, true);
    assert_string_equal(content_of(output_path), "http://a/\t201\t-\nhttp://c/\t203\t-\n");
    for (size_t i = 0; i < LENGTH(words); i++)
        site_free(sites[i]);
    loop_free(loop);
}

/* Both halves of a race have one header, which has a field for the half. */
static void a_race_has_one_header(void **state)
{
    int ends[2], terminal = dup(STDOUT_FILENO);
    char text[1024] = "";

    (void)state;
    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
    output = (struct output_options){.format = FORMAT_CSV};
    session.mode = "blocking";
    open_all(NULL);
    session_write_line(&session, "a heading\n"); /* not written in CSV */
    session_close_output(&session, true);
    session.mode = "reactor";
    assert_true(session_open_output(&session, NULL, NULL, NULL, NULL));
    session_close_output(&session, true);
    dup2(terminal, STDOUT_FILENO);
    close(terminal);
    assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
    close(ends[0]);
    assert_memory_equal(text, "mode,url,", strlen("mode,url,"));
    assert_int_equal(strcspn(text, "\n") + 1, strlen(text));
}

/* The second run skips reported sites; the third reports that the list is complete. */
static void a_run_is_resumed(void **state)
{
    struct loop *loop = loop_new();
    struct site *site;

    (void)state;
    output.resume = state_path;
    open_all(loop);
    site = take();
    report_status(site, 200);
    site_free(site);
    drain(loop);
    session_close_output(&session, false);
    session_close(&session);
    session_init(&session, &plain);
    open_all(loop);
    site = take();
    assert_string_equal(site->url.shown, "http://b/");
    assert_int_equal(session.skipped, 1);
    assert_int_equal(site->number, 0);
    report_status(site, 201);
    site_free(site);
    report_all();
    drain(loop);
    session_close_output(&session, true);
    assert_string_equal(content_of(output_path),
                        "http://a/\t200\t-\nhttp://b/\t201\t-\nhttp://c/\t200\t-\n");
    session_close(&session);
    session_init(&session, &plain);
    stderr_capture_begin();
    assert_true(session_open_state(&session));
    assert_non_null(strstr(stderr_capture_end(), "this list is complete"));
    loop_free(loop);
}

/* The state belongs to another list. */
static void another_list_is_refused(void **state)
{
    char *others[] = {(char *)"http://x/", (char *)"http://b/"};
    struct loop *loop = loop_new();
    struct site *site;

    (void)state;
    output.resume = state_path;
    open_all(loop);
    site = take();
    report_status(site, 200);
    site_free(site);
    drain(loop);
    session_close_output(&session, false);
    session_close(&session);
    list = (struct list_options){.words = others, .word_count = LENGTH(others)};
    session_init(&session, &plain);
    assert_true(session_open_state(&session));
    assert_true(session_open_list(&session, NULL, NULL, NULL));
    stderr_capture_begin();
    assert_false(session_check_list(&session));
    assert_non_null(strstr(stderr_capture_end(), "the state file belongs to another list"));
    loop_free(loop);
}

static void lists_are_checked(void **state)
{
    (void)state;
    write_list("# nothing\n");
    assert_true(session_open_list(&session, NULL, NULL, NULL));
    stderr_capture_begin();
    assert_true(session_check_list(&session));
    assert_non_null(strstr(stderr_capture_end(), "it contains no site"));
    session_close(&session);
    session_init(&session, &plain);
    write_list("http://a/\nftp://b/\n");
    assert_true(session_open_list(&session, NULL, NULL, NULL));
    stderr_capture_begin();
    assert_false(session_check_list(&session));
    assert_non_null(strstr(stderr_capture_end(), ":2"));
    session_close(&session);
    session_init(&session, &plain);
    list.file = "/nowhere/x";
    stderr_capture_begin();
    assert_false(session_open_list(&session, NULL, NULL, NULL));
    assert_string_equal(stderr_capture_end(),
                        "firstbyte: /nowhere/x: no such file; give URLs, or a list "
                        "with -f FILE\n");
}

/* A pipe is not checked in advance. If the list is read twice, a pipe is refused. */
static void a_pipe_is_not_read_twice(void **state)
{
    char path[32];
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
    list.file = path;
    assert_true(session_open_list(&session, NULL, NULL, NULL));
    assert_true(session_check_list(&session));
    assert_false(session.checked);
    session.options.twice = true;
    stderr_capture_begin();
    assert_false(session_check_list(&session));
    assert_non_null(
        strstr(stderr_capture_end(), ": a race reads its list twice; give it a file\n"));
    close(ends[0]);
    close(ends[1]);
}

static void an_output_is_refused(void **state)
{
    (void)state;
    output.file = "/nowhere/x";
    stderr_capture_begin();
    assert_false(session_open_output(&session, NULL, NULL, NULL, NULL));
    assert_non_null(strstr(stderr_capture_end(), "firstbyte: --output: /nowhere/x"));
    session_close_output(&session, false);
}

/* The worst outcome decides the exit status, and errors are printed. */
static void verdicts(void **state)
{
    static const struct {
        bool interrupted, origin_ended;
        int output_error, state_error;
        uint64_t failed;
        enum exit_status status;
        const char *message;
        bool no_state;
    } cases[] = {
        {.status = EXIT_FETCHED, .message = ""},
        {.failed = 1, .status = EXIT_SOME_FAILED, .message = ""},
        {.output_error = EPIPE, .status = EXIT_SOME_FAILED, .message = "output.closed: "},
        {.output_error = EPIPE, .status = EXIT_SOME_FAILED, .message = "", .no_state = true},
        {.output_error = ENOSPC,
         .status = EXIT_SOME_FAILED,
         .message = "output.closed: standard output: No space left",
         .no_state = true},
        {.state_error = EINVAL, .output_error = EPIPE, .status = EXIT_USAGE, .message = "output."},
        {.state_error = ENOSPC, .status = EXIT_SETUP, .message = "No space left on device"},
        {.origin_ended = true, .state_error = EINVAL, .status = EXIT_SETUP, .message = ""},
        {.interrupted = true, .origin_ended = true, .status = EXIT_INTERRUPTED, .message = ""},
    };

    (void)state;
    output.file = NULL;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *printed;

        output.resume = cases[i].no_state ? NULL : "state";
        session.interrupted = cases[i].interrupted;
        session.origin_ended = cases[i].origin_ended;
        session.output_error = cases[i].output_error;
        session.state_error = cases[i].state_error;
        session.totals.failed = cases[i].failed;
        stderr_capture_begin();
        assert_int_equal(session_exit_status(&session), cases[i].status);
        printed = stderr_capture_end();
        if (*cases[i].message ? !strstr(printed, cases[i].message) : *printed)
            fail_msg("case %zu: %s", i, printed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(results_become_lines, setup, cleanup),
        cmocka_unit_test_setup_teardown(a_status_may_be_a_failure, setup, cleanup),
        cmocka_unit_test_setup_teardown(lines_in_the_order_of_the_list, setup, cleanup),
        cmocka_unit_test_setup_teardown(a_race_has_one_header, setup, cleanup),
        cmocka_unit_test_setup_teardown(a_run_is_resumed, setup, cleanup),
        cmocka_unit_test_setup_teardown(another_list_is_refused, setup, cleanup),
        cmocka_unit_test_setup_teardown(lists_are_checked, setup, cleanup),
        cmocka_unit_test_setup_teardown(a_pipe_is_not_read_twice, setup, cleanup),
        cmocka_unit_test_setup_teardown(an_output_is_refused, setup, cleanup),
        cmocka_unit_test_setup_teardown(verdicts, setup, cleanup),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
