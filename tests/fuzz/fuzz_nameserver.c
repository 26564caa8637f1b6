/*
 * The DNS messages of a rehearsal. The input is parsed as a query, as in the nameserver, and as an
 * answer, as in the blocking half. Messages that are written can be parsed.
 */
#include "tests/fuzz/fuzz.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>

#include "dns/message.h"

#define MAX_ADDRESSES 3

static uint16_t id_of(const unsigned char *message)
{
    return (uint16_t)(message[0] << 8 | message[1]);
}

static void check_read_answer(const struct part *answer, size_t max)
{
    struct address addresses[MAX_ADDRESSES];
    size_t count = SIZE_MAX;
    uint16_t id = answer->size >= 2 ? id_of(answer->at) : 0;
    enum resolve_status status =
        dns_read_answer(answer->at, answer->size, id, addresses, max, &count);

    MUST(count <= max && (status != RESOLVE_OK || count));
    for (size_t i = 0; i < count; i++)
        MUST(addresses[i].v4.sin_family == AF_INET && !address_port(&addresses[i]));
    status = dns_read_answer(answer->at, answer->size, id ^ 1, addresses, max, &count);
    MUST(status == RESOLVE_MALFORMED && !count);
}

/* The answer to a valid query is valid and has the given address. */
static void check_answer_to(const unsigned char *query, size_t length)
{
    unsigned char answer[DNS_MAX_BYTES];
    struct in_addr address = {htonl(0x7f000102)};
    struct address read;
    size_t count, size = dns_write_answer(query, length, ns_r_noerror, &address, answer);

    MUST(size && size <= sizeof(answer));
    MUST(dns_read_answer(answer, size, id_of(query), &read, 1, &count) == RESOLVE_OK);
    MUST(count == 1 && read.v4.sin_addr.s_addr == address.s_addr);
    size = dns_write_answer(query, length, ns_r_nxdomain, NULL, answer);
    MUST(dns_read_answer(answer, size, id_of(query), &read, 1, &count) == RESOLVE_NXDOMAIN);
    size = dns_write_answer(query, length, ns_r_noerror, NULL, answer);
    MUST(dns_read_answer(answer, size, id_of(query), &read, 1, &count) == RESOLVE_NO_ADDRESS);
}

/* A name that was read from a message stays the same when it is written and read again. */
static void check_name(const char *name)
{
    unsigned char query[DNS_MAX_BYTES];
    struct dns_question again;
    size_t length = dns_write_question(name, 0xbeef, query);

    MUST(length && length <= sizeof(query) && id_of(query) == 0xbeef);
    MUST(dns_read_question(query, length, &again));
    MUST(!strcmp(again.name, name) && again.type == ns_t_a);
    check_answer_to(query, length);
}

static void check_query(const struct part *query)
{
    struct dns_question question;
    unsigned char answer[DNS_MAX_BYTES];
    struct in_addr address = {0};

    if (!dns_read_question(query->at, query->size, &question)) {
        MUST(dns_write_answer(query->at, query->size, ns_r_formerr, NULL, answer) <=
             sizeof(answer));
        MUST(dns_write_answer(query->at, query->size, -1, &address, answer) <= sizeof(answer));
        return;
    }
    MUST(strlen(question.name) < sizeof(question.name) && question.type >= 0);
    MUST(dns_write_answer(query->at, query->size, 0, &address, answer) <= sizeof(answer));
    check_name(question.name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct part input = {data, size};
    unsigned char query[DNS_MAX_BYTES];
    char *name = part_text(&input);
    size_t length = dns_write_question(name, 1, query);

    if (length)
        check_answer_to(query, length);
    free(name);
    check_query(&input);
    check_read_answer(&input, 1);
    check_read_answer(&input, MAX_ADDRESSES);
    return 0;
}
