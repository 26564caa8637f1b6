/* Lookups at a nameserver that does as it is told. */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "reactor/resolver.h"
#include "tests/support/nameserver.h"

#define LABEL_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SIXTEEN                                                                                    \
    "1.0.0.1 1.0.0.2 1.0.0.3 1.0.0.4 1.0.0.5 1.0.0.6 1.0.0.7 1.0.0.8 "                             \
    "1.0.0.9 1.0.0.10 1.0.0.11 1.0.0.12 1.0.0.13 1.0.0.14 1.0.0.15 1.0.0.16"
#define SIXTEEN_FOUND                                                                              \
    "1.0.0.1:0 1.0.0.2:0 1.0.0.3:0 1.0.0.4:0 1.0.0.5:0 1.0.0.6:0 1.0.0.7:0 1.0.0.8:0 "             \
    "1.0.0.9:0 1.0.0.10:0 1.0.0.11:0 1.0.0.12:0 1.0.0.13:0 1.0.0.14:0 1.0.0.15:0 1.0.0.16:0"

static const struct nameserver_rule rules[] = {
    {.name = "v4.test", .v4 = "1.2.3.4"},
    {.name = "v6.test", .v6 = "2001:db8::1"},
    {.name = "both.test", .v4 = "1.1.1.1 2.2.2.2", .v6 = "::1 ::2"},
    {.name = "more6.test", .v4 = "1.1.1.1", .v6 = "::1 ::2 ::3"},
    {.name = "more4.test", .v4 = "1.1.1.1 2.2.2.2 3.3.3.3", .v6 = "::1"},
    {.name = "sixteen.test", .v4 = SIXTEEN},
    {.name = "many.test", .v4 = SIXTEEN " 9.9.9.9 9.9.9.8"},
    {.name = "alias.test", .alias = "real.test", .v4 = "5.5.5.5", .v6 = "::5"},
    {.name = "nodata.test"},
    {.name = "servfail.test", .rcode = 2},
    {.name = "refused.test", .rcode = 5},
    {.name = "notimp.test", .rcode = 4},
    {.name = "silent.test", .way = NAMESERVER_SILENT},
    {.name = "late.test", .way = NAMESERVER_SILENT_ONCE, .v4 = "7.7.7.7"},
    {.name = "cut.test", .way = NAMESERVER_CUT_RECORD},
    {.name = "hollow.test", .way = NAMESERVER_NO_RECORDS},
    {.name = "tcp.test", .way = NAMESERVER_TRUNCATED, .v4 = "6.6.6.6 6.6.6.7", .v6 = "::6"},
    {.name = "tcplarge.test", .way = NAMESERVER_TRUNCATED, .v4 = SIXTEEN " " SIXTEEN " " SIXTEEN},
    {.name = "xn--bcher-kva.test", .v4 = "1.2.3.4"},
    {.name = NULL},
};

struct asked {
    struct lookup *lookup;
    enum resolve_status status;
    char found[512]; /* "1.2.3.4:0 [::1]:0" */
    int calls;
    bool returned;             /* resolver_lookup did */
    struct resolver *resolver; /* with it, the same is asked again */
    struct asked *next;
};

static struct loop *loop;
static struct nameserver server;
static struct resolver *resolver;

static void on_done(void *owner, enum resolve_status status, const struct address *addresses,
                    size_t count)
{
    struct asked *asked = owner;
    char one[ADDRESS_TEXT_BYTES];

    assert_true(asked->returned);
    asked->status = status;
    asked->calls++;
    asked->found[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(asked->found);

        snprintf(asked->found + length, sizeof(asked->found) - length, "%s%s", i ? " " : "",
                 address_text(&addresses[i], one));
    }
    if (asked->next) {
        asked->next->lookup = resolver_lookup(resolver, "both.test", on_done, asked->next);
        asked->next->returned = true;
    }
}

static void ask(struct asked *asked, const char *name)
{
    *asked = (struct asked){0};
    asked->lookup = resolver_lookup(resolver, name, on_done, asked);
    asked->returned = true;
}

static int setup(void **state)
{
    struct resolver_options options = {.servers = server.servers};
    const char *why = NULL;

    (void)state;
    loop = loop_new();
    nameserver_start(&server, loop, rules);
    resolver = resolver_new(loop, &options, &why);
    return resolver ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    resolver_free(resolver);
    nameserver_stop(&server);
    loop_free(loop);
    return 0;
}

static void expect(const char *name, enum resolve_status status, const char *found)
{
    struct asked asked;

    ask(&asked, name);
    TURN_UNTIL(loop, asked.calls);
    if (asked.status != status || strcmp(asked.found, found) != 0)
        fail_msg("%s: status %d, \"%s\"", name, asked.status, asked.found);
    unit_settle(loop);
    assert_int_equal(asked.calls, 1);
}

static void names_have_addresses(void **state)
{
    static const struct {
        const char *name, *found;
    } cases[] = {
        {"v4.test", "1.2.3.4:0"},
        {"V4.TEST", "1.2.3.4:0"},
        {"v4.test.", "1.2.3.4:0"},
        {"v6.test", "[2001:db8::1]:0"},
        {"alias.test", "[::5]:0 5.5.5.5:0"},
        {"xn--bcher-kva.test", "1.2.3.4:0"},
        {"localhost", "[::1]:0 127.0.0.1:0"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        expect(cases[i].name, RESOLVE_OK, cases[i].found);
}

static void families_come_in_turn(void **state)
{
    (void)state;
    expect("both.test", RESOLVE_OK, "[::1]:0 1.1.1.1:0 [::2]:0 2.2.2.2:0");
    expect("more6.test", RESOLVE_OK, "[::1]:0 1.1.1.1:0 [::2]:0 [::3]:0");
    expect("more4.test", RESOLVE_OK, "[::1]:0 1.1.1.1:0 2.2.2.2:0 3.3.3.3:0");
}

static void too_many_addresses_are_left(void **state)
{
    (void)state;
    expect("sixteen.test", RESOLVE_OK, SIXTEEN_FOUND);
    expect("many.test", RESOLVE_OK, SIXTEEN_FOUND);
}

static void failures_are_told_apart(void **state)
{
    static const struct {
        const char *name;
        enum resolve_status status;
    } cases[] = {
        {"nowhere.test", RESOLVE_NXDOMAIN},       {"nodata.test", RESOLVE_NO_ADDRESS},
        {"servfail.test", RESOLVE_SERVFAIL},      {"refused.test", RESOLVE_REFUSED},
        {"notimp.test", RESOLVE_REFUSED},         {"cut.test", RESOLVE_MALFORMED},
        {"hollow.test", RESOLVE_MALFORMED},       {"a..test", RESOLVE_BAD_NAME},
        {"a" LABEL_63 ".test", RESOLVE_BAD_NAME},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        expect(cases[i].name, cases[i].status, "");
}

static void truncated_answer_is_asked_for_over_tcp(void **state)
{
    (void)state;
    expect("tcp.test", RESOLVE_OK, "[::6]:0 6.6.6.6:0 6.6.6.7:0");
    assert_int_equal(server.tcp_questions, 2);
    expect("tcplarge.test", RESOLVE_OK, SIXTEEN_FOUND);
    assert_int_equal(server.tcp_questions, 4);
}

/* Takes as long as the first try does: c-ares looks at a clock of its own. */
static void lost_question_is_asked_again(void **state)
{
    (void)state;
    expect("late.test", RESOLVE_OK, "7.7.7.7:0");
    assert_true(server.udp_questions >= 4);
}

/* Nobody can connect to a broadcast address. (A closed port is not found out for sure: one question
   takes the error that was meant for another, and c-ares waits on.) */
static void dead_nameserver_is_unreachable(void **state)
{
    struct resolver_options options = {.servers = "255.255.255.255:53"};
    const char *why;

    (void)state;
    resolver_free(resolver);
    resolver = resolver_new(loop, &options, &why);
    assert_non_null(resolver);
    expect("v4.test", RESOLVE_UNREACHABLE, "");
}

static void many_at_once(void **state)
{
    enum { MANY = 80 }; /* more would not fit into the sockets at once, and be asked again */
    static struct asked asked[MANY];
    int calls = 0;

    (void)state;
    for (size_t i = 0; i < MANY; i++)
        ask(&asked[i], i % 3 ? "both.test" : "nowhere.test");
    while (calls < MANY) {
        loop_turn(loop, 10 * NSEC_PER_MS);
        calls = 0;
        for (size_t i = 0; i < MANY; i++)
            calls += asked[i].calls;
    }
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(asked[i].status, i % 3 ? RESOLVE_OK : RESOLVE_NXDOMAIN);
}

static void lookup_in_the_callback_of_another(void **state)
{
    struct asked first, second = {0};

    (void)state;
    ask(&first, "v4.test");
    first.next = &second;
    TURN_UNTIL(loop, second.calls);
    assert_string_equal(second.found, "[::1]:0 1.1.1.1:0 [::2]:0 2.2.2.2:0");
}

static void detached_lookup_calls_nobody(void **state)
{
    struct asked asked, silent, other;

    (void)state;
    ask(&asked, "v4.test");
    lookup_detach(asked.lookup);
    ask(&silent, "silent.test");
    lookup_detach(silent.lookup);
    ask(&other, "v6.test");
    TURN_UNTIL(loop, other.calls);
    unit_settle(loop);
    assert_int_equal(asked.calls + silent.calls, 0);
}

/* Detached when the answer has come and waits to be handed over. */
static void detached_at_the_last_moment(void **state)
{
    struct asked asked;

    (void)state;
    ask(&asked, "a..test"); /* refused at once, told later */
    lookup_detach(asked.lookup);
    unit_settle(loop);
    assert_int_equal(asked.calls, 0);
}

static void freed_with_lookups_under_way(void **state)
{
    struct asked asked[4];

    (void)state;
    ask(&asked[0], "silent.test");
    ask(&asked[1], "tcp.test");
    TURN_UNTIL(loop, server.tcp_questions);
    ask(&asked[2], "v4.test");
    ask(&asked[3], "a..test");
    resolver_free(resolver);
    resolver = NULL;
    unit_settle(loop);
    for (size_t i = 0; i < LENGTH(asked); i++)
        assert_int_equal(asked[i].calls, 0);
}

/* The next free descriptor tells whether one was left open. */
static void descriptors_are_closed(void **state)
{
    int before = dup(0), after;

    (void)state;
    close(before);
    teardown(state);
    for (int i = 0; i < 20; i++) {
        setup(state);
        expect("tcp.test", RESOLVE_OK, "[::6]:0 6.6.6.6:0 6.6.6.7:0");
        teardown(state);
    }
    setup(state);
    after = dup(0);
    close(after);
    assert_int_equal(before, after);
}

static void wrong_servers_are_refused(void **state)
{
    struct resolver_options options = {.servers = "nonsense"};
    const char *why = NULL;

    (void)state;
    assert_null(resolver_new(loop, &options, &why));
    assert_non_null(why);
    options.servers = NULL;
    resolver_free(resolver_new(loop, &options, &why)); /* the machine's own */
    resolver_free(NULL);
    assert_true(strlen(resolver_version()) >= 5);
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void hosts_file_is_read_once_and_first(void **state)
{
    char path[256];
    struct resolver_options options = {.servers = server.servers, .hosts = path};
    const char *why;

    (void)state;
    close(unit_file(path, sizeof(path)));
    resolver_free(resolver);
    resolver = resolver_new(loop, &options, &why);
    assert_non_null(resolver);
    write_file(path, "9.9.9.9 v4.test\n");
    expect("v4.test", RESOLVE_OK, "9.9.9.9:0");
    expect("localhost", RESOLVE_OK, "[::1]:0 127.0.0.1:0");
    write_file(path, "8.8.8.8 v4.test v6.test\n");
    expect("v4.test", RESOLVE_OK, "9.9.9.9:0");
    assert_int_equal(server.udp_questions, 0);
    expect("v6.test", RESOLVE_OK, "[2001:db8::1]:0");
    unlink(path);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(names_have_addresses),
        CASE(families_come_in_turn),
        CASE(too_many_addresses_are_left),
        CASE(failures_are_told_apart),
        CASE(truncated_answer_is_asked_for_over_tcp),
        CASE(lost_question_is_asked_again),
        CASE(dead_nameserver_is_unreachable),
        CASE(many_at_once),
        CASE(lookup_in_the_callback_of_another),
        CASE(detached_lookup_calls_nobody),
        CASE(detached_at_the_last_moment),
        CASE(freed_with_lookups_under_way),
        CASE(descriptors_are_closed),
        CASE(wrong_servers_are_refused),
        CASE(hosts_file_is_read_once_and_first),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
