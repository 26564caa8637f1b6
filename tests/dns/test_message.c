/* DNS messages: written and read, truncated, with inverted bits, and with pointer loops. */
#include "tests/support/unit.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <stdlib.h>

#include "dns/message.h"

#define ID 0xbeef

static const struct in_addr there = {0x0100007f}; /* 127.0.0.1 */

static void test_question(void **state)
{
    static const struct {
        const char *name, *read;
    } names[] = {
        {"a", "a"},
        {"www.example.org", "www.example.org"},
        {"www.example.org.", "www.example.org"},
        {"WWW.Example.ORG", "WWW.Example.ORG"},
        {"_x-y.a1", "_x-y.a1"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(names); i++) {
        unsigned char query[DNS_MAX_BYTES];
        size_t length = dns_write_question(names[i].name, ID, query);
        struct dns_question question;

        assert_true(length > 12);
        assert_int_equal(query[0] << 8 | query[1], ID);
        assert_true(dns_read_question(query, length, &question));
        assert_string_equal(question.name, names[i].read);
        assert_int_equal(question.type, ns_t_a);
    }
}

static void test_invalid_names(void **state)
{
    unsigned char query[DNS_MAX_BYTES];
    char name[300];

    (void)state;
    assert_int_equal(dns_write_question("a..b", ID, query), 0);
    memset(name, 'a', sizeof(name));
    name[64] = '\0';
    assert_int_equal(dns_write_question(name, ID, query), 0); /* a label of 64 bytes */
    name[63] = '\0';
    assert_true(dns_write_question(name, ID, query) > 0);
    for (size_t i = 0; i < sizeof(name) - 1; i++)
        name[i] = i % 2 ? '.' : 'a';
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(dns_write_question(name, ID, query), 0); /* more than 255 bytes in total */
}

/* Writes the answer to a question for `name`. */
static size_t answer(const char *name, int rcode, const struct in_addr *address, unsigned char *to)
{
    unsigned char query[DNS_MAX_BYTES];
    size_t length = dns_write_question(name, ID, query);

    length = dns_write_answer(query, length, rcode, address, to);
    assert_true(length > 0);
    return length;
}

static void test_answers(void **state)
{
    static const struct {
        int rcode;
        bool address;
        enum resolve_status status;
    } answers[] = {
        {ns_r_noerror, true, RESOLVE_OK},         {ns_r_noerror, false, RESOLVE_NO_ADDRESS},
        {ns_r_nxdomain, false, RESOLVE_NXDOMAIN}, {ns_r_servfail, false, RESOLVE_SERVFAIL},
        {ns_r_refused, false, RESOLVE_REFUSED},   {ns_r_notimpl, false, RESOLVE_REFUSED},
        {ns_r_formerr, false, RESOLVE_MALFORMED}, {15, false, RESOLVE_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(answers); i++) {
        unsigned char message[DNS_MAX_BYTES];
        size_t length = answer("www.example.org", answers[i].rcode,
                               answers[i].address ? &there : NULL, message);
        struct address found[2];
        size_t count = 42;

        assert_int_equal(dns_read_answer(message, length, ID, found, 2, &count), answers[i].status);
        assert_int_equal(count, answers[i].address ? 1 : 0);
        if (count) {
            char text[ADDRESS_TEXT_BYTES];

            assert_string_equal(address_text(&found[0], text), "127.0.0.1:0");
        }
        assert_int_equal(dns_read_answer(message, length, ID + 1, found, 2, &count),
                         RESOLVE_MALFORMED);
    }
}

/* Copies bytes to a block of exactly this size, so that a sanitizer detects reads beyond it. */
static unsigned char *exact_copy(const unsigned char *bytes, size_t length)
{
    unsigned char *copy = malloc(length ? length : 1);

    memcpy(copy, bytes, length);
    return copy;
}

static void test_truncated(void **state)
{
    unsigned char message[DNS_MAX_BYTES], query[DNS_MAX_BYTES], reply[DNS_MAX_BYTES];
    size_t length = answer("www.example.org", ns_r_noerror, &there, message);
    size_t query_bytes = dns_write_question("www.example.org", ID, query);
    struct dns_question question;
    struct address found[2];
    size_t count;

    (void)state;
    for (size_t cut = 0; cut < length; cut++) {
        unsigned char *part = exact_copy(message, cut);

        assert_int_equal(dns_read_answer(part, cut, ID, found, 2, &count), RESOLVE_MALFORMED);
        assert_int_equal(count, 0);
        free(part);
    }
    for (size_t cut = 0; cut < query_bytes; cut++) {
        unsigned char *part = exact_copy(query, cut);

        assert_false(dns_read_question(part, cut, &question));
        assert_int_equal(dns_write_answer(part, cut, ns_r_noerror, &there, reply), 0);
        free(part);
    }
}

/* With any one bit inverted, nothing is read or written beyond the end. */
static void test_inverted_bits(void **state)
{
    unsigned char message[DNS_MAX_BYTES], query[DNS_MAX_BYTES], reply[DNS_MAX_BYTES];
    size_t length = answer("www.example.org", ns_r_noerror, &there, message);
    size_t query_bytes = dns_write_question("www.example.org", ID, query);

    (void)state;
    for (size_t bit = 0; bit < 8 * length; bit++) {
        unsigned char *inverted = exact_copy(message, length);
        struct address found[2];
        size_t count;

        inverted[bit / 8] ^= (unsigned char)(1u << bit % 8);
        dns_read_answer(inverted, length, ID, found, 2, &count);
        assert_true(count <= 2);
        free(inverted);
    }
    for (size_t bit = 0; bit < 8 * query_bytes; bit++) {
        unsigned char *inverted = exact_copy(query, query_bytes);
        struct dns_question question;

        inverted[bit / 8] ^= (unsigned char)(1u << bit % 8);
        dns_read_question(inverted, query_bytes, &question);
        assert_true(dns_write_answer(inverted, query_bytes, ns_r_noerror, &there, reply) <=
                    DNS_MAX_BYTES);
        free(inverted);
    }
}

/* A pointer to itself, to a pointer back to it, or beyond the message. */
static void test_pointer_loops(void **state)
{
    static const unsigned char header[] = {ID >> 8, ID & 255, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0};
    static const unsigned char names[][4] = {
        {0xc0, 12, 0, 0},   {0xc0, 14, 0xc0, 12}, {0xff, 0xff, 0, 0},
        {1, 'a', 0xc0, 12}, {0x40, 0, 0, 0},      {0x80, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(names); i++) {
        unsigned char message[64] = {0}, reply[DNS_MAX_BYTES];
        struct dns_question question;
        struct address found[2];
        size_t count;

        memcpy(message, header, sizeof(header));
        memcpy(message + sizeof(header), names[i], 4);
        assert_int_not_equal(dns_read_answer(message, sizeof(message), ID, found, 2, &count),
                             RESOLVE_OK);
        message[2] = 1; /* a query */
        message[3] = message[7] = 0;
        assert_false(dns_read_question(message, sizeof(message), &question));
        dns_write_answer(message, sizeof(message), ns_r_noerror, &there, reply);
    }
}

/* More addresses than fit, and records of other types between them. */
static void test_many_records(void **state)
{
    unsigned char message[DNS_MAX_BYTES];
    size_t length = answer("a", ns_r_noerror, NULL, message);
    struct address found[3];
    size_t count;

    (void)state;
    for (int i = 0; i < 6; i++) {
        unsigned char *at = message + length;

        NS_PUT16(0xc00c, at);
        NS_PUT16(i % 2 ? ns_t_a : ns_t_txt, at);
        NS_PUT16(ns_c_in, at);
        NS_PUT32(60, at);
        NS_PUT16(4, at);
        NS_PUT32(0x7f000001 + i, at);
        length = (size_t)(at - message);
    }
    message[7] = 6;
    assert_int_equal(dns_read_answer(message, length, ID, found, 3, &count), RESOLVE_OK);
    assert_int_equal(count, 3);
    assert_int_equal(ntohl(found[0].v4.sin_addr.s_addr), 0x7f000002);
    assert_int_equal(dns_read_answer(message, length, ID, found, 1, &count), RESOLVE_OK);
    assert_int_equal(count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_question),      cmocka_unit_test(test_invalid_names),
        cmocka_unit_test(test_answers),       cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_inverted_bits), cmocka_unit_test(test_pointer_loops),
        cmocka_unit_test(test_many_records),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
