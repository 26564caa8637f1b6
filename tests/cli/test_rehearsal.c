/*
 * Both sides of a rehearsal. The child process is this program again, with the argument `origin`.
 * It prints REHEARSAL_CHILD, or runs the origin if that is not set.
 */
#include "tests/support/unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/rehearsal.h"

static char *no_words[1];
static const struct list_options no_sites = {.words = no_words};

static int child(void)
{
    const char *announcement = getenv("REHEARSAL_CHILD");

    if (!announcement)
        return (int)origin_run(&no_sites, true);
    printf("%s", announcement);
    return 7;
}

/* Runs `call` and returns what it wrote to standard error. */
static const char *stderr_of(bool (*call)(struct rehearsal *rehearsal), struct rehearsal *rehearsal)
{
    static char text[512];
    char path[256];
    int fd = unit_file(path, sizeof(path)), kept = dup(STDERR_FILENO);
    ssize_t count;

    unlink(path);
    dup2(fd, STDERR_FILENO);
    call(rehearsal);
    dup2(kept, STDERR_FILENO);
    close(kept);
    count = pread(fd, text, sizeof(text) - 1, 0);
    close(fd);
    text[count > 0 ? count : 0] = '\0';
    return text;
}

static void starts_and_stops(void **state)
{
    struct rehearsal rehearsal;
    pid_t pid;

    (void)state;
    assert_true(rehearsal_start(&rehearsal, &no_sites, NULL));
    assert_true(address_port(&rehearsal.map.nameserver));
    assert_true(address_port(&rehearsal.map.http));
    assert_true(address_port(&rehearsal.map.https));
    assert_int_equal(strncmp(rehearsal.authority, "-----BEGIN CERTIFICATE-----", 27), 0);
    assert_false(rehearsal_has_ended(&rehearsal));
    pid = rehearsal.child;
    assert_int_equal(kill(pid, 0), 0);
    rehearsal_stop(&rehearsal);
    assert_int_equal(kill(pid, 0), -1); /* ended and reaped */
    assert_int_equal(errno, ESRCH);
    assert_false(rehearsal_has_ended(&rehearsal));
    rehearsal_stop(&rehearsal); /* nothing to do */
}

/* A stopped child is ended too. */
static void stops_a_stopped_child(void **state)
{
    struct rehearsal rehearsal;

    (void)state;
    assert_true(rehearsal_start(&rehearsal, &no_sites, NULL));
    kill(rehearsal.child, SIGSTOP);
    rehearsal_stop(&rehearsal);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static bool ended; /* the child, reported by the loop */

static void on_end(void *owner, uint32_t events)
{
    (void)events;
    *(bool *)owner = true;
}

static void the_end_of_the_child_is_reported(void **state)
{
    struct loop *loop = loop_new();
    struct rehearsal rehearsal;
    struct watch watch;

    (void)state;
    ended = false;
    assert_true(rehearsal_start(&rehearsal, &no_sites, NULL));
    assert_int_equal(rehearsal_watch(&rehearsal, loop, &watch, on_end, &ended), 0);
    loop_turn(loop, 0);
    assert_false(ended);
    assert_false(rehearsal_report_end(&rehearsal));
    kill(rehearsal.child, SIGKILL);
    TURN_UNTIL(loop, ended);
    assert_true(rehearsal_has_ended(&rehearsal));
    loop_unwatch(loop, &watch);
    assert_non_null(strstr(stderr_of(rehearsal_report_end, &rehearsal), "was killed by signal 9"));
    rehearsal_stop(&rehearsal);
    loop_free(loop);
}

static bool fail_to_start(struct rehearsal *rehearsal)
{
    assert_false(rehearsal_start(rehearsal, &no_sites, NULL));
    return false;
}

/* Invalid or incomplete announcements of a child. */
static void invalid_announcements(void **state)
{
#define NAMESERVER "nameserver 127.0.0.1:53\n"
#define HTTP       "http 127.0.0.1:80\n"
#define HTTPS      "https 127.0.0.1:443\n"
    static const char *const announcements[] = {
        "",
        "garbage",
        NAMESERVER,
        NAMESERVER HTTP HTTPS, /* no certificate */
        HTTP NAMESERVER HTTPS "pem",
        "nameserver 127.0.0.1\n" HTTP HTTPS "pem",
        "nameserver x:53\n" HTTP HTTPS "pem",
        NAMESERVER HTTP "https 127.0.0.1:443",
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(announcements); i++) {
        struct rehearsal rehearsal;

        setenv("REHEARSAL_CHILD", announcements[i], 1);
        assert_string_equal(stderr_of(fail_to_start, &rehearsal),
                            "firstbyte: the rehearsal's origin did not start\n");
        assert_int_equal(rehearsal.child, -1);
        assert_null(rehearsal.authority);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    }
}

static void an_announcement_is_read(void **state)
{
    struct rehearsal rehearsal;
    char text[ADDRESS_TEXT_BYTES];

    (void)state;
    setenv("REHEARSAL_CHILD", NAMESERVER HTTP HTTPS "pem", 1);
    assert_true(rehearsal_start(&rehearsal, &no_sites, NULL));
    assert_string_equal(address_text(&rehearsal.map.nameserver, text), "127.0.0.1:53");
    assert_string_equal(address_text(&rehearsal.map.http, text), "127.0.0.1:80");
    assert_string_equal(address_text(&rehearsal.map.https, text), "127.0.0.1:443");
    assert_string_equal(rehearsal.authority, "pem");
    while (!rehearsal_has_ended(&rehearsal))
        poll(NULL, 0, 1);
    assert_non_null(strstr(stderr_of(rehearsal_report_end, &rehearsal), "ended with status 7"));
    rehearsal_stop(&rehearsal);
}

static int reset_environment(void **state)
{
    (void)state;
    return unsetenv("REHEARSAL_CHILD");
}

int main(int count, char **words)
{
#define CASE(name) cmocka_unit_test_setup(name, reset_environment)
    static const struct CMUnitTest tests[] = {
        CASE(starts_and_stops),
        CASE(stops_a_stopped_child),
        CASE(the_end_of_the_child_is_reported),
        CASE(invalid_announcements),
        CASE(an_announcement_is_read),
    };

    if (count > 1 && !strcmp(words[1], "origin"))
        return child();
    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
