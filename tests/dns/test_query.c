/* Single queries to a scripted nameserver, and the names of a search list. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dns/query.h"
#include "tests/support/nameserver.h"

static const struct nameserver_rule rules[] = {
    {.name = "both.test", .v4 = "1.1.1.1 2.2.2.2", .v6 = "::1", .ttl = 7},
    {.name = "chain.test", .alias = "r.test", .v4 = "1.1.1.1", .ttl = 30, .alias_ttl = 4},
    {.name = "nodata.test"},
    {.name = "servfail.test", .rcode = 2},
    {.name = "refused.test", .rcode = 5},
    {.name = "cut.test", .behavior = NAMESERVER_CUT_RECORD},
    {.name = "tcp.test", .behavior = NAMESERVER_TRUNCATED, .v4 = "6.6.6.6", .v6 = "::6"},
    {.name = "tcptrailing.test", .behavior = NAMESERVER_TCP_TRAILING_BYTES, .v4 = "1.2.3.4"},
    {.name = "trailing.test", .behavior = NAMESERVER_TRAILING_BYTES, .v4 = "1.2.3.4"},
    {.name = "wrong.test", .behavior = NAMESERVER_WRONG_FIRST, .v4 = "1.2.3.4"},
    {.name = "silent.test", .behavior = NAMESERVER_SILENT},
    {.name = NULL},
};

struct test_query {
    struct dns_query query;
    struct dns_query_answer answer;
    int calls;
};

static struct loop *loop;
static struct nameserver server;
static struct query_channel *channel;

static void on_answer(void *owner, const struct dns_query_answer *answer)
{
    struct test_query *test = owner;

    test->answer = *answer;
    test->calls++;
}

static void start_query(struct test_query *test, const char *name, int family)
{
    *test = (struct test_query){.query = {.answered = on_answer, .owner = test, .family = family}};
    query_start(channel, &test->query, name);
}

static int begin(void **state)
{
    const char *why;

    (void)state;
    loop = loop_new();
    nameserver_start(&server, loop, rules);
    channel = query_channel_new(loop, server.servers, NULL, &why);
    assert_non_null(channel);
    return 0;
}

static int end(void **state)
{
    (void)state;
    query_channel_free(channel);
    nameserver_stop(&server);
    loop_free(loop);
    return 0;
}

static void questions_are_answered(void **state)
{
    static const struct {
        const char *name;
        int family;
        enum resolve_status status;
        const char *found; /* "TTL: addresses" */
    } cases[] = {
        {"both.test", AF_INET, RESOLVE_OK, "7: 1.1.1.1:0 2.2.2.2:0"},
        {"both.test", AF_INET6, RESOLVE_OK, "7: [::1]:0"},
        {"chain.test", AF_INET, RESOLVE_OK, "4: 1.1.1.1:0"},
        {"chain.test", AF_INET6, RESOLVE_NO_ADDRESS, ""},
        {"nodata.test", AF_INET, RESOLVE_NO_ADDRESS, ""},
        {"unknown.test", AF_INET, RESOLVE_NXDOMAIN, ""},
        {"servfail.test", AF_INET, RESOLVE_SERVFAIL, ""},
        {"refused.test", AF_INET6, RESOLVE_REFUSED, ""},
        {"cut.test", AF_INET, RESOLVE_MALFORMED, ""},
        {"a..test", AF_INET, RESOLVE_BAD_NAME, ""},
        /* answers that query_sock tidies or ignores */
        {"tcp.test", AF_INET, RESOLVE_OK, "60: 6.6.6.6:0"},
        {"tcp.test", AF_INET6, RESOLVE_OK, "60: [::6]:0"},
        {"tcptrailing.test", AF_INET, RESOLVE_OK, "60: 1.2.3.4:0"},
        {"trailing.test", AF_INET, RESOLVE_OK, "60: 1.2.3.4:0"},
        {"wrong.test", AF_INET, RESOLVE_OK, "60: 1.2.3.4:0"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char found[256] = "", one[ADDRESS_TEXT_BYTES];
        struct test_query test;

        start_query(&test, cases[i].name, cases[i].family);
        TURN_UNTIL(loop, test.calls);
        unit_settle(loop);
        assert_int_equal(test.calls, 1);
        if (test.answer.count)
            snprintf(found, sizeof(found), "%u:", test.answer.ttl);
        for (size_t j = 0; j < test.answer.count; j++) {
            strcat(found, " ");
            strcat(found, address_text(&test.answer.addresses[j], one));
        }
        if (test.answer.status != cases[i].status || strcmp(found, cases[i].found) != 0)
            fail_msg("%s: status %d, %s", cases[i].name, test.answer.status, found);
    }
}

static void many_queries(void **state)
{
    static struct test_query test[200];
    size_t answered = 0;

    (void)state;
    for (size_t i = 0; i < LENGTH(test); i++)
        start_query(&test[i], i % 3 ? "both.test" : "tcp.test", i % 2 ? AF_INET6 : AF_INET);
    for (int turns = 0; answered < LENGTH(test); turns++) {
        assert_true(turns < 1000);
        loop_turn(loop, 10 * NSEC_PER_MS);
        answered = 0;
        for (size_t i = 0; i < LENGTH(test); i++)
            answered += test[i].calls == 1 && test[i].answer.status == RESOLVE_OK;
    }
}

/* Queries in flight end without a call, and their sockets are closed. */
static void freed_with_queries_in_flight(void **state)
{
    struct test_query test[3];
    int before = dup(0), after;

    close(before);
    for (size_t i = 0; i < LENGTH(test); i++)
        start_query(&test[i], i ? "tcp.test" : "silent.test", AF_INET);
    loop_turn(loop, 0);
    end(state);
    for (size_t i = 0; i < LENGTH(test); i++)
        assert_int_equal(test[i].calls, 0);
    begin(state);
    after = dup(0);
    close(after);
    assert_int_equal(after, before);
}

/* All names that are tried for a name, with the search list of a resolv.conf. */
static void candidates(void **state)
{
    static const struct {
        const char *conf, *name, *row;
    } cases[] = {
        {"search a.test b.test\n", "host", "host.a.test host.b.test host"},
        {"search a.test b.test\n", "host.", "host."},
        {"search a.test b.test\n", "x.y", "x.y x.y.a.test x.y.b.test"},
        {"search a.test\noptions ndots:2\n", "x.y", "x.y.a.test x.y"},
        {"search a.test\noptions ndots:2\n", "x.y.z", "x.y.z x.y.z.a.test"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char path[256], row[1024] = "", room[QUERY_NAME_BYTES];
        const char *name, *why;
        int fd = unit_file(path, sizeof(path));
        struct query_channel *searching;
        unsigned number = 0;

        assert_int_equal(write(fd, cases[i].conf, strlen(cases[i].conf)), strlen(cases[i].conf));
        close(fd);
        searching = query_channel_new(loop, server.servers, path, &why);
        unlink(path);
        assert_non_null(searching);
        for (; (name = query_candidate(searching, cases[i].name, number, room)); number++) {
            assert_true(number < 4);
            snprintf(row + strlen(row), sizeof(row) - strlen(row), "%s%s", number ? " " : "", name);
        }
        assert_string_equal(row, cases[i].row);
        assert_true(query_channel_searches(searching));
        query_channel_free(searching);
    }
}

/* With configured servers there is no search list. */
static void without_a_search_list(void **state)
{
    char room[QUERY_NAME_BYTES];

    (void)state;
    assert_false(query_channel_searches(channel));
    assert_string_equal(query_candidate(channel, "host", 0, room), "host");
    assert_null(query_candidate(channel, "host", 1, room));
    assert_string_equal(query_candidate(channel, "", 0, room), "");
}

static void invalid_servers_are_refused(void **state)
{
    const char *why = NULL;

    (void)state;
    assert_null(query_channel_new(loop, "nonsense", NULL, &why));
    assert_non_null(why);
    assert_true(strlen(query_version()) >= 5);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    static const struct CMUnitTest tests[] = {
        CASE(questions_are_answered),       CASE(many_queries),
        CASE(freed_with_queries_in_flight), CASE(candidates),
        CASE(without_a_search_list),        CASE(invalid_servers_are_refused),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
