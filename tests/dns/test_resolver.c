/* Lookups at a scripted nameserver. */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dns/resolver.h"
#include "tests/support/fake_clock.h"
#include "tests/support/nameserver.h"

#define LABEL_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SIXTEEN                                                                                    \
    "1.0.0.1 1.0.0.2 1.0.0.3 1.0.0.4 1.0.0.5 1.0.0.6 1.0.0.7 1.0.0.8 "                             \
    "1.0.0.9 1.0.0.10 1.0.0.11 1.0.0.12 1.0.0.13 1.0.0.14 1.0.0.15 1.0.0.16"
#define SIXTEEN_FOUND                                                                              \
    "1.0.0.1:0 1.0.0.2:0 1.0.0.3:0 1.0.0.4:0 1.0.0.5:0 1.0.0.6:0 1.0.0.7:0 1.0.0.8:0 "             \
    "1.0.0.9:0 1.0.0.10:0 1.0.0.11:0 1.0.0.12:0 1.0.0.13:0 1.0.0.14:0 1.0.0.15:0 1.0.0.16:0"

/* With this name, 16 addresses need more than 512 bytes, even compressed. */
#define LONG_NAME  LABEL_63 ".test"
#define SIXTEEN_V6 "::1 ::2 ::3 ::4 ::5 ::6 ::7 ::8 ::9 ::a ::b ::c ::d ::e ::f ::10"
#define FIFTEEN_V6_FOUND                                                                           \
    "[::1]:0 [::2]:0 [::3]:0 [::4]:0 [::5]:0 [::6]:0 [::7]:0 [::8]:0 [::9]:0 [::a]:0 [::b]:0 "     \
    "[::c]:0 [::d]:0 [::e]:0 [::f]:0"

#define ONLY(type) .only = NAMESERVER_##type
#define HELD(type) ONLY(type), .behavior = NAMESERVER_HELD

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
    {.name = "silent.test", .behavior = NAMESERVER_SILENT},
    {.name = "late.test", .behavior = NAMESERVER_SILENT_ONCE, .v4 = "7.7.7.7"},
    {.name = "cut.test", .behavior = NAMESERVER_CUT_RECORD},
    {.name = "hollow.test", .behavior = NAMESERVER_NO_RECORDS},
    {.name = "tcp.test", .behavior = NAMESERVER_TRUNCATED, .v4 = "6.6.6.6 6.6.6.7", .v6 = "::6"},
    {.name = "tcplarge.test",
     .behavior = NAMESERVER_TRUNCATED,
     .v4 = SIXTEEN " " SIXTEEN " " SIXTEEN},
    {.name = "trailing.test", .behavior = NAMESERVER_TRAILING_BYTES, .v4 = "1.2.3.4", .v6 = "::1"},
    {.name = "counts.test", .behavior = NAMESERVER_MORE_COUNTS, .v4 = "1.2.3.4", .v6 = "::1"},
    {.name = "cutopt.test", .behavior = NAMESERVER_CUT_OPT, .v4 = "1.2.3.4", .v6 = "::1"},
    {.name = "wrong.test", .behavior = NAMESERVER_WRONG_FIRST, .v4 = "1.2.3.4", .v6 = "::1"},
    {.name = LONG_NAME, .v6 = SIXTEEN_V6},
    {.name = "large.test", .v4 = SIXTEEN " " SIXTEEN " " SIXTEEN},
    {.name = "tcptrailing.test",
     .behavior = NAMESERVER_TCP_TRAILING_BYTES,
     .v4 = "1.2.3.4",
     .v6 = "::1"},
    {.name = "xn--bcher-kva.test", .v4 = "1.2.3.4"},
    {.name = "held.test", .v4 = "1.1.1.1", .v6 = "::1", .behavior = NAMESERVER_HELD},
    {.name = "held4.test", HELD(A), .v4 = "1.1.1.1 2.2.2.2", .v6 = "::1 ::2"},
    {.name = "held6.test", HELD(AAAA), .v4 = "1.1.1.1 2.2.2.2", .v6 = "::1 ::2"},
    {.name = "stale.test", HELD(A), .v4 = "1.1.1.1", .v6 = "::1", .ttl = 7},
    {.name = "none4.test", HELD(A), .v6 = "::1"},
    {.name = "late6.test", HELD(AAAA), .v6 = "::1"},
    {.name = "dropped6.test", ONLY(AAAA), .behavior = NAMESERVER_SILENT, .v4 = "1.1.1.1"},
    {.name = "fails6.test", ONLY(AAAA), .rcode = 2, .v4 = "1.1.1.1"},
    {.name = "fails4.test", ONLY(A), .rcode = 5, .v6 = "::1"},
    {.name = "cut6.test", ONLY(AAAA), .behavior = NAMESERVER_CUT_RECORD, .v4 = "1.1.1.1"},
    {.name = "unlike.test", ONLY(A), .rcode = 3},
    {.name = "servfail6.test", ONLY(AAAA), .rcode = 2},
    {.name = "refused4.test", ONLY(A), .rcode = 5},
    {.name = "short.test", .v4 = "1.1.1.1", .v6 = "::1", .ttl = 7},
    {.name = "long.test", .v4 = "1.1.1.1", .ttl = 10 * 86400},
    {.name = "never.test", .v4 = "1.1.1.1", .ttl = NAMESERVER_TTL_NONE},
    {.name = "negative.test", .v4 = "1.1.1.1", .ttl = 0x80000001},
    {.name = "chain.test", .alias = "r.test", .v4 = "1.1.1.1", .ttl = 30, .alias_ttl = 4},
    {.name = "host.b.search", .v4 = "1.1.1.1"},
    {.name = "empty.a.search"},
    {.name = NULL},
};

struct waiter {
    struct lookup *lookup;
    enum resolve_status status;
    char found[512]; /* "[::1]:0 1.2.3.4:0"; "| " is between two callbacks */
    int calls;
    bool over;             /* the last callback was called */
    bool returned;         /* resolver_lookup has returned */
    struct waiter *next;   /* started in the callback; or NULL */
    struct waiter *detach; /* detached in the callback; may be itself; or NULL */
};

static struct loop *loop;
static struct nameserver server;
static struct resolver *resolver;
static struct fake_clock clock_of_tests;

static void put(struct waiter *waiter, const char *text)
{
    size_t length = strlen(waiter->found);

    snprintf(waiter->found + length, sizeof(waiter->found) - length, "%s%s", length ? " " : "",
             text);
}

static void on_done(void *owner, enum resolve_status status, const struct address *addresses,
                    size_t count, bool more)
{
    struct waiter *waiter = owner;
    char one[ADDRESS_TEXT_BYTES];

    assert_true(waiter->returned && !waiter->over);
    assert_true(waiter->calls < 2 && (!more || count));
    assert_true(count <= RESOLVER_MAX_ADDRESSES);
    waiter->status = status;
    if (waiter->calls++)
        put(waiter, "|");
    for (size_t i = 0; i < count; i++)
        put(waiter, address_text(&addresses[i], one));
    waiter->over = !more;
    if (waiter->next) {
        waiter->next->lookup = resolver_lookup(resolver, "both.test", on_done, waiter->next);
        waiter->next->returned = true;
    }
    if (waiter->detach)
        lookup_detach(waiter->detach->lookup);
}

static void look_up(struct waiter *waiter, const char *name)
{
    *waiter = (struct waiter){0};
    waiter->lookup = resolver_lookup(resolver, name, on_done, waiter);
    waiter->returned = true;
}

/* Replaces the resolver of setup. */
static void restart(struct resolver_options options)
{
    const char *why;

    resolver_free(resolver);
    if (!options.servers)
        options.servers = server.servers;
    resolver = resolver_new(loop, &options, &why);
    assert_non_null(resolver);
}

static int setup(void **state)
{
    (void)state;
    loop = loop_new();
    nameserver_start(&server, loop, rules);
    restart((struct resolver_options){0});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    resolver_free(resolver);
    resolver = NULL;
    nameserver_stop(&server);
    loop_free(loop);
    return 0;
}

static int setup_with_clock(void **state)
{
    int failed = setup(state);

    fake_clock_set(&clock_of_tests, loop, 0);
    return failed;
}

static void expect(const char *name, enum resolve_status status, const char *found)
{
    struct waiter waiter;

    look_up(&waiter, name);
    TURN_UNTIL(loop, waiter.over);
    if (waiter.status != status || strcmp(waiter.found, found) != 0)
        fail_msg("%s: status %d, \"%s\"", name, waiter.status, waiter.found);
    unit_settle(loop);
}

static void check(const struct waiter *waiter, const char *found, bool over)
{
    assert_string_equal(waiter->found, found);
    assert_int_equal(waiter->over, over);
    if (waiter->calls)
        assert_int_equal(waiter->status, RESOLVE_OK);
}

/* Expects this number of questions since the last call. */
static void check_questions(int a, int aaaa)
{
    assert_int_equal(server.a_questions, a);
    assert_int_equal(server.aaaa_questions, aaaa);
    server.a_questions = server.aaaa_questions = 0;
}

/* Expects these addresses from the cache. */
static void check_cached(const char *name, const char *found)
{
    struct address addresses[RESOLVER_MAX_ADDRESSES];
    struct waiter waiter = {0};
    char one[ADDRESS_TEXT_BYTES];
    size_t count = 0;
    bool known = resolver_cached(resolver, name, addresses, &count);

    assert_int_equal(known, found != NULL);
    assert_int_equal(known, count > 0);
    for (size_t i = 0; i < count; i++)
        put(&waiter, address_text(&addresses[i], one));
    assert_string_equal(waiter.found, found ? found : "");
}

/* Until both questions were received, and all answers that are not held. */
static void turn_until_questions(void)
{
    TURN_UNTIL(loop, server.a_questions && server.aaaa_questions);
    unit_settle(loop);
}

static void addresses_of_names(void **state)
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
        {"a.localhost.", "[::1]:0 127.0.0.1:0"},
        {"192.0.2.1", "192.0.2.1:0"},
        {"2001:db8::1", "[2001:db8::1]:0"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        expect(cases[i].name, RESOLVE_OK, cases[i].found);
}

static void families_alternate(void **state)
{
    (void)state;
    expect("both.test", RESOLVE_OK, "[::1]:0 1.1.1.1:0 [::2]:0 2.2.2.2:0");
    expect("more6.test", RESOLVE_OK, "[::1]:0 1.1.1.1:0 [::2]:0 [::3]:0");
    expect("more4.test", RESOLVE_OK, "[::1]:0 1.1.1.1:0 2.2.2.2:0 3.3.3.3:0");
}

static void number_of_addresses_is_limited(void **state)
{
    (void)state;
    expect("sixteen.test", RESOLVE_OK, SIXTEEN_FOUND);
    expect("many.test", RESOLVE_OK, SIXTEEN_FOUND);
}

static void failures_have_their_own_status(void **state)
{
    static const struct {
        const char *name;
        enum resolve_status status;
    } cases[] = {
        {"nowhere.test", RESOLVE_NXDOMAIN},
        {"nodata.test", RESOLVE_NO_ADDRESS},
        {"servfail.test", RESOLVE_SERVFAIL},
        {"refused.test", RESOLVE_REFUSED},
        {"notimp.test", RESOLVE_REFUSED},
        {"cut.test", RESOLVE_MALFORMED},
        {"hollow.test", RESOLVE_MALFORMED},
        {"a..test", RESOLVE_BAD_NAME},
        {"a" LABEL_63 ".test", RESOLVE_BAD_NAME},
        {"", RESOLVE_BAD_NAME},
        {".", RESOLVE_BAD_NAME},
        {"..", RESOLVE_BAD_NAME},
        {LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63, RESOLVE_BAD_NAME},
        {"a.onion", RESOLVE_NXDOMAIN},
        {"A.ONION.", RESOLVE_NXDOMAIN},
        {"unlike.test", RESOLVE_NXDOMAIN},
        {"servfail6.test", RESOLVE_SERVFAIL},
        {"refused4.test", RESOLVE_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        expect(cases[i].name, cases[i].status, "");
}

/* Over TCP the two answers may be received one after the other. */
static void expect_over_tcp(const char *name, const char *found, const char *in_two)
{
    struct waiter waiter;

    look_up(&waiter, name);
    TURN_UNTIL(loop, waiter.over);
    assert_string_equal(waiter.found, waiter.calls == 2 ? in_two : found);
}

static void truncated_answer_is_repeated_over_tcp(void **state)
{
    (void)state;
    expect_over_tcp("tcp.test", "[::6]:0 6.6.6.6:0 6.6.6.7:0", "[::6]:0 | 6.6.6.6:0 6.6.6.7:0");
    assert_int_equal(server.tcp_questions, 2);
    expect("tcplarge.test", RESOLVE_OK, SIXTEEN_FOUND);
    assert_int_equal(server.tcp_questions, 4);
}

/* Malformed parts that are not needed cause no further question. */
static void malformed_rest_is_ignored(void **state)
{
    (void)state;
    expect("trailing.test", RESOLVE_OK, "[::1]:0 1.2.3.4:0");
    expect("counts.test", RESOLVE_OK, "[::1]:0 1.2.3.4:0");
    expect("cutopt.test", RESOLVE_OK, "[::1]:0 1.2.3.4:0");
    expect("large.test", RESOLVE_OK, SIXTEEN_FOUND);
    expect(LONG_NAME, RESOLVE_OK, FIFTEEN_V6_FOUND);
    assert_int_equal(server.tcp_questions, 0);
    assert_int_equal(server.udp_questions, 10);
    expect_over_tcp("tcptrailing.test", "[::1]:0 1.2.3.4:0", "[::1]:0 | 1.2.3.4:0");
    assert_int_equal(server.tcp_questions, 2);
}

static void responses_to_other_questions_are_ignored(void **state)
{
    (void)state;
    expect("wrong.test", RESOLVE_OK, "[::1]:0 1.2.3.4:0");
    assert_int_equal(server.udp_questions, 2);
}

/* As slow as the timeout of the first try, because c-ares has its own clock. */
static void lost_query_is_sent_again(void **state)
{
    (void)state;
    expect("late.test", RESOLVE_OK, "7.7.7.7:0");
    assert_true(server.udp_questions >= 4);
}

/* Sending to a broadcast address fails. (A closed port is not reliable: the error of one query may
   be reported to another, and then c-ares has to wait.) */
static void dead_nameserver_is_unreachable(void **state)
{
    (void)state;
    restart((struct resolver_options){.servers = "255.255.255.255:53"});
    expect("v4.test", RESOLVE_UNREACHABLE, "");
}

static void many_lookups(void **state)
{
    enum { MANY = 80 }; /* more queries would overflow the socket's buffer, and be sent again */
    static struct waiter waiter[MANY];
    int over = 0;

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        char name[32];

        snprintf(name, sizeof(name), "n%zu.test", i);
        look_up(&waiter[i], i % 3 ? name : "both.test");
    }
    while (over < MANY) {
        loop_turn(loop, 10 * NSEC_PER_MS);
        over = 0;
        for (size_t i = 0; i < MANY; i++)
            over += waiter[i].over;
    }
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(waiter[i].status, i % 3 ? RESOLVE_NXDOMAIN : RESOLVE_OK);
}

static void note_state(void *owner, const char *machine, uint64_t number, const char *from,
                       const char *to, nsec at)
{
    char *noted = owner;
    size_t length = strlen(noted);

    assert_string_equal(machine, "dns question");
    assert_true(at == loop_clock(loop));
    snprintf(noted + length, 128 - length, "%u:%s-%s ", (unsigned)number, from, to);
}

static void probe_gets_states(void **state)
{
    char noted[128] = "";
    struct probe probe = {.owner = noted, .state = note_state};
    struct waiter waiter;

    (void)state;
    loop_set_probe(loop, &probe);
    look_up(&waiter, "v4.test");
    TURN_UNTIL(loop, waiter.over);
    loop_set_probe(loop, NULL);
    assert_string_equal(noted, "0:queued-sent 0:sent-complete ");
}

static void aaaa_is_reported_immediately(void **state)
{
    struct waiter waiter;

    (void)state;
    look_up(&waiter, "held4.test");
    turn_until_questions();
    check(&waiter, "[::1]:0 [::2]:0", false);
    nameserver_release(&server);
    TURN_UNTIL(loop, waiter.over);
    check(&waiter, "[::1]:0 [::2]:0 | 1.1.1.1:0 2.2.2.2:0", true);
    check_cached("held4.test", "[::1]:0 1.1.1.1:0 [::2]:0 2.2.2.2:0");
}

static void a_waits_for_the_resolution_delay(void **state)
{
    struct waiter waiter;

    (void)state;
    look_up(&waiter, "held6.test");
    turn_until_questions();
    clock_of_tests.now += RESOLVER_DELAY - 1;
    unit_settle(loop);
    check(&waiter, "", false);
    clock_of_tests.now++;
    unit_settle(loop);
    check(&waiter, "1.1.1.1:0 2.2.2.2:0", false);
    check_cached("held6.test", NULL);
    nameserver_release(&server);
    TURN_UNTIL(loop, waiter.over);
    check(&waiter, "1.1.1.1:0 2.2.2.2:0 | [::1]:0 [::2]:0", true);
    check_cached("held6.test", "[::1]:0 1.1.1.1:0 [::2]:0 2.2.2.2:0");
}

static void aaaa_within_the_delay(void **state)
{
    struct waiter waiter;

    (void)state;
    look_up(&waiter, "held6.test");
    turn_until_questions();
    clock_of_tests.now += RESOLVER_DELAY - 1;
    nameserver_release(&server);
    TURN_UNTIL(loop, waiter.over);
    clock_of_tests.now += RESOLVER_DELAY;
    unit_settle(loop);
    check(&waiter, "[::1]:0 1.1.1.1:0 [::2]:0 2.2.2.2:0", true);
}

/* Only an answer with addresses starts the delay. */
static void empty_answer_does_not_start_the_delay(void **state)
{
    struct waiter waiter[2];

    (void)state;
    look_up(&waiter[0], "late6.test");
    turn_until_questions();
    server.a_questions = server.aaaa_questions = 0;
    look_up(&waiter[1], "none4.test");
    turn_until_questions();
    check(&waiter[1], "[::1]:0", false);
    clock_of_tests.now += 2 * RESOLVER_DELAY;
    unit_settle(loop);
    check(&waiter[0], "", false);
    nameserver_release(&server);
    TURN_UNTIL(loop, waiter[0].over && waiter[1].over);
    check(&waiter[0], "[::1]:0", true);
    /* a callback without addresses, because the lookup is over */
    check(&waiter[1], "[::1]:0 |", true);
}

/* With the real clock: the lookup ends with the delay, before c-ares times out. */
static void nameserver_that_drops_aaaa(void **state)
{
    struct waiter waiter, other;

    (void)state;
    look_up(&waiter, "dropped6.test");
    TURN_UNTIL(loop, waiter.calls);
    check(&waiter, "1.1.1.1:0", false);
    look_up(&other, "dropped6.test"); /* does not wait for the delay again */
    unit_settle(loop);
    check(&other, "1.1.1.1:0", false);
    check_questions(1, 1);
    lookup_detach(waiter.lookup);
    lookup_detach(other.lookup);
}

static void failure_of_one_family_is_ignored(void **state)
{
    (void)state;
    expect("fails6.test", RESOLVE_OK, "1.1.1.1:0");
    expect("fails4.test", RESOLVE_OK, "[::1]:0");
    expect("cut6.test", RESOLVE_OK, "1.1.1.1:0");
    check_cached("fails6.test", "1.1.1.1:0");
}

static void lookups_of_a_name_share_a_question(void **state)
{
    static const char *const spellings[] = {"held.test", "HELD.test", "held.test.", "Held.Test"};
    struct waiter waiter[LENGTH(spellings)], late;

    (void)state;
    for (size_t i = 0; i < LENGTH(spellings); i++)
        look_up(&waiter[i], spellings[i]);
    turn_until_questions();
    lookup_detach(waiter[1].lookup);
    look_up(&late, "held.test");
    nameserver_release(&server);
    TURN_UNTIL(loop, late.over);
    for (size_t i = 0; i < LENGTH(spellings); i++)
        check(&waiter[i], i == 1 ? "" : "[::1]:0 1.1.1.1:0", i != 1);
    check(&late, "[::1]:0 1.1.1.1:0", true);
    check_questions(1, 1);
}

/* A lookup between two answers gets the same addresses as earlier ones. */
static void lookup_between_two_answers(void **state)
{
    struct waiter waiter, late;

    (void)state;
    look_up(&waiter, "held4.test");
    turn_until_questions();
    look_up(&late, "held4.test");
    unit_settle(loop);
    check(&late, "[::1]:0 [::2]:0", false);
    nameserver_release(&server);
    TURN_UNTIL(loop, late.over && waiter.over);
    assert_string_equal(waiter.found, late.found);
    check_questions(1, 1);
}

static void detached_between_two_callbacks(void **state)
{
    struct waiter waiter, other;

    (void)state;
    look_up(&waiter, "held4.test");
    look_up(&other, "held4.test");
    waiter.detach = &waiter;
    turn_until_questions();
    check(&waiter, "[::1]:0 [::2]:0", false);
    nameserver_release(&server);
    TURN_UNTIL(loop, other.over);
    check(&waiter, "[::1]:0 [::2]:0", false);
}

/* A lookup may detach itself in its last callback, or another one before its callback. */
static void detached_in_a_callback(void **state)
{
    struct waiter self, first, second, third;

    (void)state;
    look_up(&self, "v4.test");
    self.detach = &self;
    look_up(&first, "v6.test");
    look_up(&second, "v6.test");
    look_up(&third, "v6.test");
    first.detach = &second;
    TURN_UNTIL(loop, self.over && third.over);
    unit_settle(loop);
    assert_true(first.over && !second.calls);
}

static void answers_are_kept_for_their_ttl(void **state)
{
    static const struct {
        const char *name;
        nsec seconds;
    } cases[] = {
        {"short.test", 7},
        {"v4.test", NAMESERVER_TTL},
        {"chain.test", 4},
        {"negative.test", 0},
        {"long.test", RESOLVER_MAX_TTL},
        {"never.test", 0},
        {"nowhere.test", 5},
        {"nodata.test", 5},
        {"unlike.test", 5},
        {"servfail.test", 0},
        {"refused.test", 0},
        {"cut.test", 0},
        {"servfail6.test", 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *name = cases[i].name;
        struct waiter first, again, after;
        int kept = cases[i].seconds ? 0 : 1;

        look_up(&first, name);
        TURN_UNTIL(loop, first.over);
        check_questions(1, 1);
        if (kept == 0)
            clock_of_tests.now += cases[i].seconds * NSEC_PER_S - 1;
        look_up(&again, name);
        assert_int_equal(again.calls, 0);
        TURN_UNTIL(loop, again.over);
        check_questions(kept, kept);
        clock_of_tests.now++;
        look_up(&after, name);
        TURN_UNTIL(loop, after.over);
        check_questions(1, 1);
        assert_int_equal(first.status, again.status);
        assert_string_equal(first.found, again.found);
        assert_string_equal(first.found, after.found);
    }
}

/* The TTL of AAAA starts with the AAAA answer; the TTL that ends first applies to both. */
static void ttl_starts_with_the_answer(void **state)
{
    struct waiter waiter[2];

    (void)state;
    for (size_t i = 0; i < LENGTH(waiter); i++) {
        look_up(&waiter[i], "stale.test");
        turn_until_questions();
        check_questions(1, 1);
        clock_of_tests.now += 7 * NSEC_PER_S - (i == 0);
        nameserver_release(&server);
        TURN_UNTIL(loop, waiter[i].over);
        check_cached("stale.test", i == 0 ? "[::1]:0 1.1.1.1:0" : NULL);
        clock_of_tests.now++;
        check_cached("stale.test", NULL);
    }
}

/* An answer with a TTL of 0 is for the lookups that already wait for it. */
static void ttl_of_zero_is_shared(void **state)
{
    struct waiter waiter[3];

    (void)state;
    for (size_t i = 0; i < LENGTH(waiter); i++)
        look_up(&waiter[i], "never.test");
    TURN_UNTIL(loop, waiter[2].over);
    for (size_t i = 0; i < LENGTH(waiter); i++)
        check(&waiter[i], "1.1.1.1:0", true);
    check_questions(1, 1);
    check_cached("never.test", NULL);
}

static void cached_and_literal_names(void **state)
{
    (void)state;
    check_cached("both.test", NULL);
    check_cached("192.0.2.1", "192.0.2.1:0");
    check_cached("localhost", "[::1]:0 127.0.0.1:0");
    check_cached("", NULL);
    check_cached("a.onion", NULL);
    expect("a.onion", RESOLVE_NXDOMAIN, "");
    check_questions(0, 0);
    expect("both.test", RESOLVE_OK, "[::1]:0 1.1.1.1:0 [::2]:0 2.2.2.2:0");
    check_cached("BOTH.test.", "[::1]:0 1.1.1.1:0 [::2]:0 2.2.2.2:0");
    expect("nowhere.test", RESOLVE_NXDOMAIN, "");
    check_cached("nowhere.test", NULL);
}

static void one_family_only(void **state)
{
    (void)state;
    restart((struct resolver_options){.family = RESOLVE_IPV4});
    expect("both.test", RESOLVE_OK, "1.1.1.1:0 2.2.2.2:0");
    expect("held6.test", RESOLVE_OK, "1.1.1.1:0 2.2.2.2:0");
    expect("v6.test", RESOLVE_NO_ADDRESS, "");
    expect("localhost", RESOLVE_OK, "127.0.0.1:0");
    expect("::1", RESOLVE_NO_ADDRESS, "");
    check_questions(3, 0);
    restart((struct resolver_options){.family = RESOLVE_IPV6});
    expect("both.test", RESOLVE_OK, "[::1]:0 [::2]:0");
    expect("v4.test", RESOLVE_NO_ADDRESS, "");
    expect("localhost", RESOLVE_OK, "[::1]:0");
    expect("127.0.0.1", RESOLVE_NO_ADDRESS, "");
    check_cached("127.0.0.1", NULL);
    check_questions(0, 2);
}

static void questions_are_queued(void **state)
{
    struct waiter held, detached, queued;

    (void)state;
    restart((struct resolver_options){.max_questions = 1});
    look_up(&held, "held.test");
    look_up(&detached, "v4.test");
    look_up(&queued, "v6.test");
    turn_until_questions();
    check_questions(1, 1);
    lookup_detach(detached.lookup);
    nameserver_release(&server);
    TURN_UNTIL(loop, queued.over);
    assert_true(held.over && !detached.calls);
    check(&queued, "[2001:db8::1]:0", true);
    check_questions(1, 1);
}

static void freed_with_queued_questions(void **state)
{
    struct waiter waiter[3];

    (void)state;
    restart((struct resolver_options){.max_questions = 1});
    look_up(&waiter[0], "held4.test");
    look_up(&waiter[1], "v4.test");
    look_up(&waiter[2], "v4.test");
    turn_until_questions();
    nameserver_release(&server);
    teardown(state); /* one lookup has the addresses of one family */
    setup(state);
    look_up(&waiter[0], "held6.test");
    turn_until_questions(); /* during the delay */
}

static void lookup_in_the_callback_of_another(void **state)
{
    struct waiter first, second = {0};

    (void)state;
    look_up(&first, "v4.test");
    first.next = &second;
    TURN_UNTIL(loop, second.calls);
    assert_string_equal(second.found, "[::1]:0 1.1.1.1:0 [::2]:0 2.2.2.2:0");
}

static void detached_lookup_has_no_callback(void **state)
{
    struct waiter waiter, silent, other;

    (void)state;
    look_up(&waiter, "short.test");
    lookup_detach(waiter.lookup);
    look_up(&silent, "silent.test");
    lookup_detach(silent.lookup);
    look_up(&other, "v6.test");
    TURN_UNTIL(loop, other.calls);
    unit_settle(loop);
    assert_int_equal(waiter.calls + silent.calls, 0);
    check_cached("short.test", "[::1]:0 1.1.1.1:0"); /* the answer is cached */
}

/* Detached when the answer was received, before the callback. */
static void detached_before_the_callback(void **state)
{
    struct waiter waiter;

    (void)state;
    look_up(&waiter, "a..test"); /* the error is reported later */
    lookup_detach(waiter.lookup);
    unit_settle(loop);
    assert_int_equal(waiter.calls, 0);
}

static void freed_with_lookups_in_flight(void **state)
{
    struct waiter waiter[4];

    (void)state;
    look_up(&waiter[0], "silent.test");
    look_up(&waiter[1], "tcp.test");
    TURN_UNTIL(loop, server.tcp_questions);
    look_up(&waiter[2], "v4.test");
    look_up(&waiter[3], "a..test");
    resolver_free(resolver);
    resolver = NULL;
    unit_settle(loop);
    for (size_t i = 0; i < LENGTH(waiter); i++)
        assert_int_equal(waiter[i].calls, 0);
}

/* If all descriptors are closed, the next one has the same number. */
static void descriptors_are_closed(void **state)
{
    int before = dup(0), after;

    (void)state;
    close(before);
    teardown(state);
    for (int i = 0; i < 20; i++) {
        setup(state);
        expect_over_tcp("tcp.test", "[::6]:0 6.6.6.6:0 6.6.6.7:0", "[::6]:0 | 6.6.6.6:0 6.6.6.7:0");
        teardown(state);
    }
    setup(state);
    after = dup(0);
    close(after);
    assert_int_equal(before, after);
}

static void invalid_servers_are_refused(void **state)
{
    struct resolver_options options = {.servers = "nonsense"};
    const char *why = NULL;

    (void)state;
    assert_null(resolver_new(loop, &options, &why));
    assert_string_equal(why, resolver_check_servers("nonsense"));
    assert_null(resolver_check_servers("192.0.2.1:53,[::1]:53"));
    options.servers = NULL;
    resolver_free(resolver_new(loop, &options, &why)); /* the servers of the system */
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

    (void)state;
    close(unit_file(path, sizeof(path)));
    restart((struct resolver_options){.hosts = path});
    write_file(path, "9.9.9.9 v4.test\n1.1.1.1 two\n::1 two\n2.2.2.2 two\n");
    expect("v4.test", RESOLVE_OK, "9.9.9.9:0");
    expect("v4.test.", RESOLVE_OK, "9.9.9.9:0");
    expect("two", RESOLVE_OK, "[::1]:0 1.1.1.1:0 2.2.2.2:0");
    expect("localhost", RESOLVE_OK, "[::1]:0 127.0.0.1:0");
    write_file(path, "8.8.8.8 v4.test v6.test\n");
    check_cached("V4.test", "9.9.9.9:0");
    expect("v4.test", RESOLVE_OK, "9.9.9.9:0");
    assert_int_equal(server.udp_questions, 0);
    expect("v6.test", RESOLVE_OK, "[2001:db8::1]:0");
    restart((struct resolver_options){.hosts = path, .family = RESOLVE_IPV6});
    expect("v6.test", RESOLVE_NO_ADDRESS, ""); /* no question for a name that is in the file */
    unlink(path);
}

/* Both families use the same name of the search list. */
static void search_list_of_resolv_conf(void **state)
{
    char path[256];

    (void)state;
    close(unit_file(path, sizeof(path)));
    write_file(path, "search a.search b.search\n");
    restart((struct resolver_options){.servers = server.servers, .resolv_conf = path});
    expect("host", RESOLVE_OK, "1.1.1.1:0");
    assert_string_equal(server.last, "host.b.search");
    check_questions(2, 2);
    expect("host", RESOLVE_OK, "1.1.1.1:0");
    check_questions(0, 0);
    expect("host.", RESOLVE_NXDOMAIN, "");
    check_questions(1, 1);
    expect("empty", RESOLVE_NO_ADDRESS, "");
    assert_string_equal(server.last, "empty");
    check_questions(3, 3);
    expect("v4.test", RESOLVE_OK, "1.2.3.4:0");
    check_questions(1, 1);
    expect("nowhere.test", RESOLVE_NXDOMAIN, "");
    assert_string_equal(server.last, "nowhere.test.b.search");
    check_questions(3, 3);
    expect("a..test", RESOLVE_BAD_NAME, "");
    expect("a.onion", RESOLVE_NXDOMAIN, "");
    check_questions(0, 0);
    unlink(path);
}

#define CLOCK(name) cmocka_unit_test_setup_teardown(name, setup_with_clock, teardown)
#define CASE(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(addresses_of_names),
        CASE(families_alternate),
        CASE(number_of_addresses_is_limited),
        CASE(failures_have_their_own_status),
        CASE(truncated_answer_is_repeated_over_tcp),
        CASE(malformed_rest_is_ignored),
        CASE(responses_to_other_questions_are_ignored),
        CASE(lost_query_is_sent_again),
        CASE(dead_nameserver_is_unreachable),
        CASE(many_lookups),
        CLOCK(probe_gets_states),
        CLOCK(aaaa_is_reported_immediately),
        CLOCK(a_waits_for_the_resolution_delay),
        CLOCK(aaaa_within_the_delay),
        CLOCK(empty_answer_does_not_start_the_delay),
        CASE(nameserver_that_drops_aaaa),
        CASE(failure_of_one_family_is_ignored),
        CASE(lookups_of_a_name_share_a_question),
        CASE(lookup_between_two_answers),
        CASE(detached_between_two_callbacks),
        CASE(detached_in_a_callback),
        CLOCK(answers_are_kept_for_their_ttl),
        CLOCK(ttl_starts_with_the_answer),
        CLOCK(ttl_of_zero_is_shared),
        CASE(cached_and_literal_names),
        CASE(one_family_only),
        CASE(questions_are_queued),
        CASE(freed_with_queued_questions),
        CASE(search_list_of_resolv_conf),
        CASE(lookup_in_the_callback_of_another),
        CASE(detached_lookup_has_no_callback),
        CASE(detached_before_the_callback),
        CASE(freed_with_lookups_in_flight),
        CASE(descriptors_are_closed),
        CASE(invalid_servers_are_refused),
        CASE(hosts_file_is_read_once_and_first),
    };

    unit_time_limit();
    return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
