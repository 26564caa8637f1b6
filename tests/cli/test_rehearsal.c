/*
 * The rehearsal's two sides. The program that is started again is this one: as `origin` it is the
 * child, which does what REHEARSAL_CHILD says.
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
    const char *way = getenv("REHEARSAL_CHILD");

    if (!way)
        return (int)origin_run(&no_sites, true);
    printf("%s", way);
    return 7;
}

/* Runs `call` and returns what it wrote to standard error. */
static const char *said(bool (*call)(struct rehearsal *rehearsal), struct rehearsal *rehearsal)
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
    assert_int_equal(kill(pid, 0), -1); /* ended, and waited for */
    assert_int_equal(errno, ESRCH);
    assert_false(rehearsal_has_ended(&rehearsal));
    rehearsal_stop(&rehearsal); /* nothing to do */
}

/* A stopped child is ended, too. */
static void stops_a_stopped_child(void **state)
{
    struct rehearsal rehearsal;

    (void)state;
    assert_true(rehearsal_start(&rehearsal, &no_sites, NULL));
    kill(rehearsal.child, SIGSTOP);
    rehearsal_stop(&rehearsal);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static bool ended; /* the child, as the loop says */

static void on_end(void *owner, uint32_t events)
{
    (void)events;
    *(bool *)owner = true;
}

static void an_end_is_noticed(void **state)
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
    assert_non_null(strstr(said(rehearsal_report_end, &rehearsal), "was killed by signal 9"));
    rehearsal_stop(&rehearsal);
    loop_free(loop);
}

static bool fail_to_start(struct rehearsal *rehearsal)
{
    assert_false(rehearsal_start(rehearsal, &no_sites, NULL));
    return false;
}

/* Invalid or incomplete announcements. */
static void children_that_do_not_come_up(void **state)
{
#define NAMESERVER "nameserver 127.0.0.1:53\n"
#define HTTP       "http 127.0.0.1:80\n"
#define HTTPS      "https 127.0.0.1:443\n"
    static const char *const ways[] = {
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
    for (size_t i = 0; i < LENGTH(ways); i++) {
        struct rehearsal rehearsal;

        setenv("REHEARSAL_CHILD", ways[i], 1);
        assert_string_equal(said(fail_to_start, &rehearsal),
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
    assert_non_null(strstr(said(rehearsal_report_end, &rehearsal), "ended with status 7"));
    rehearsal_stop(&rehearsal);
}

static int as_it_should_be(void **state)
{
    (void)state;
    return unsetenv("REHEARSAL_CHILD");
}

int main(int count, char **words)
{
#define CASE(name) cmocka_unit_test_setup(name, as_it_should_be)
    static const struct CMUnitTest tests[] = {
        CASE(starts_and_stops),        CASE(stops_a_stopped_child),
        CASE(an_end_is_noticed),       CASE(children_that_do_not_come_up),
        CASE(an_announcement_is_read),
    };

    if (count > 1 && !strcmp(words[1], "origin"))
        return child();
    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
