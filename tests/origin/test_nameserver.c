/* The rehearsal's nameserver, queried over a UDP socket of the test. */
#include "tests/support/unit.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <unistd.h>

#include "dns/message.h"
#include "origin/nameserver.h"

#define ID 77

struct fixture {
    struct loop *loop;
    struct nameserver *nameserver;
    int fd; /* of the client, connected to the nameserver */
    enum fault fault;
    char last_name[DNS_MAX_NAME_BYTES]; /* of the last query */
};

static enum fault on_query(void *owner, const char *name, unsigned char *last_byte)
{
    struct fixture *fixture = owner;

    strcpy(fixture->last_name, name);
    *last_byte = 7;
    return fixture->fault;
}

static int begin(void **state)
{
    static struct fixture fixture;
    const struct address *at;
    int error;

    fixture = (struct fixture){.loop = loop_new()};
    fixture.nameserver = nameserver_new(fixture.loop, on_query, &fixture, &error);
    assert_non_null(fixture.nameserver);
    at = nameserver_address(fixture.nameserver);
    fixture.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(fixture.fd, &at->any, at->length), 0);
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    close(fixture->fd);
    nameserver_free(fixture->nameserver);
    loop_free(fixture->loop);
    nameserver_free(NULL);
    return 0;
}

/* Sends a message. Returns the length of the reply, 0 without one. */
static size_t send_message(struct fixture *fixture, const void *message, size_t length,
                           unsigned char *reply)
{
    ssize_t count = -1;

    assert_int_equal(send(fixture->fd, message, length, 0), length);
    for (int turns = 0; turns < 20 && count < 0; turns++) {
        loop_turn(fixture->loop, NSEC_PER_MS);
        count = recv(fixture->fd, reply, DNS_MAX_BYTES, 0);
    }
    return count > 0 ? (size_t)count : 0;
}

static void test_faults(void **state)
{
    static const struct {
        enum fault fault;
        enum resolve_status status;
    } cases[] = {
        {FAULT_NONE, RESOLVE_OK},
        {FAULT_DRIP, RESOLVE_OK}, /* not a DNS fault: has no effect here */
        {FAULT_DNS_NXDOMAIN, RESOLVE_NXDOMAIN},
        {FAULT_DNS_EMPTY, RESOLVE_NO_ADDRESS},
        {FAULT_DNS_SERVFAIL, RESOLVE_SERVFAIL},
        {FAULT_DNS_REFUSED, RESOLVE_REFUSED},
        {FAULT_DNS_GARBAGE, RESOLVE_MALFORMED},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < LENGTH(cases); i++) {
        unsigned char query[DNS_MAX_BYTES], reply[DNS_MAX_BYTES];
        size_t length = dns_write_question("www.Example.org", ID, query), count;
        struct address found[2];
        char text[ADDRESS_TEXT_BYTES];

        fixture->fault = cases[i].fault;
        length = send_message(fixture, query, length, reply);
        assert_true(length > 0);
        assert_int_equal(dns_read_answer(reply, length, ID, found, 2, &count), cases[i].status);
        assert_string_equal(fixture->last_name, "www.Example.org");
        if (count)
            assert_string_equal(address_text(&found[0], text), "127.0.0.7:0");
    }
}

static void test_stall(void **state)
{
    struct fixture *fixture = *state;
    unsigned char query[DNS_MAX_BYTES], reply[DNS_MAX_BYTES];
    size_t length = dns_write_question("a", ID, query);

    fixture->fault = FAULT_DNS_STALL;
    assert_int_equal(send_message(fixture, query, length, reply), 0);
    assert_string_equal(fixture->last_name, "a");
}

/* The answer to an AAAA query is: the name exists and has no address of this type. */
static void test_aaaa(void **state)
{
    struct fixture *fixture = *state;
    unsigned char query[DNS_MAX_BYTES], reply[DNS_MAX_BYTES];
    size_t length = dns_write_question("a", ID, query), count;
    struct address found[2];

    query[length - 3] = ns_t_aaaa;
    length = send_message(fixture, query, length, reply);
    assert_int_equal(dns_read_answer(reply, length, ID, found, 2, &count), RESOLVE_NO_ADDRESS);
}

/* Malformed messages are ignored: the next query is answered. */
static void test_garbage(void **state)
{
    struct fixture *fixture = *state;
    unsigned char bytes[DNS_MAX_BYTES], reply[DNS_MAX_BYTES];
    size_t length = dns_write_question("a", ID, bytes);

    for (size_t cut = 0; cut < length; cut++)
        send(fixture->fd, bytes, cut, 0);
    for (int round = 0; round < 200; round++) {
        unsigned char noise[64];

        for (size_t i = 0; i < sizeof(noise); i++)
            noise[i] = (unsigned char)unit_random();
        send(fixture->fd, noise, unit_random() % sizeof(noise), 0);
        loop_turn(fixture->loop, 0);
    }
    unit_settle(fixture->loop);
    while (recv(fixture->fd, reply, sizeof(reply), 0) >= 0)
        ;
    assert_int_equal(errno, EAGAIN);
    fixture->fault = FAULT_DNS_NXDOMAIN;
    assert_true(send_message(fixture, bytes, length, reply) > 0);
}

/* Each of many simultaneous queries is answered. */
static void test_many(void **state)
{
    struct fixture *fixture = *state;
    unsigned char query[DNS_MAX_BYTES], reply[DNS_MAX_BYTES];
    bool answered[200] = {false};
    int count = 0;

    for (unsigned i = 0; i < LENGTH(answered); i++) {
        size_t length = dns_write_question("a", (uint16_t)i, query);

        assert_int_equal(send(fixture->fd, query, length, 0), length);
    }
    unit_settle(fixture->loop);
    while (recv(fixture->fd, reply, sizeof(reply), 0) > 0) {
        unsigned id = (unsigned)reply[0] << 8 | reply[1];

        assert_in_range(id, 0, LENGTH(answered) - 1);
        assert_false(answered[id]);
        answered[id] = true;
        count++;
    }
    assert_int_equal(count, LENGTH(answered));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_faults, begin, end),
        cmocka_unit_test_setup_teardown(test_stall, begin, end),
        cmocka_unit_test_setup_teardown(test_aaaa, begin, end),
        cmocka_unit_test_setup_teardown(test_garbage, begin, end),
        cmocka_unit_test_setup_teardown(test_many, begin, end),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
