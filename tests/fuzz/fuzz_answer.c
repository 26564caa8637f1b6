/*
 * A nameserver's answer, raw and normalized: a strict parser accepts the normalized one, and both
 * have the same addresses and TTL. The first byte: bit 0: over TCP, with the greater size limit.
 */
#include "tests/fuzz/fuzz.h"

#include <arpa/nameser.h>

#include "dns/answer.h"

static void check_same(const struct dns_query_answer *raw,
                       const struct dns_query_answer *normalized, bool all)
{
    MUST(normalized->count <= raw->count && (normalized->count == raw->count || !all));
    MUST(!normalized->count || normalized->ttl == raw->ttl);
    for (size_t i = 0; i < normalized->count; i++)
        MUST(!memcmp(&raw->addresses[i].any, &normalized->addresses[i].any,
                     raw->addresses[i].length));
}

static void check_normalized(const struct part *message, const unsigned char *normalized,
                             size_t count, size_t max)
{
    static const int families[] = {AF_INET, AF_INET6};
    bool whole = !(message->at[2] & 2) && !(message->at[3] & 15); /* neither TC nor a failure */
    struct dns_query_answer of_raw, of_normalized;
    ns_msg parsed;

    MUST(!ns_initparse(normalized, (int)count, &parsed));
    MUST(ns_msg_count(parsed, ns_s_qd) == 1 && !ns_msg_count(parsed, ns_s_ns));
    MUST(!memcmp(normalized, message->at, 3));
    for (size_t i = 0; i < 2; i++) {
        enum resolve_status status = answer_read(normalized, count, families[i], &of_normalized);

        MUST(status != RESOLVE_MALFORMED);
        MUST(!of_normalized.count || whole);
        answer_read(message->at, message->size, families[i], &of_raw);
        if (of_normalized.count)
            check_same(&of_raw, &of_normalized, max == ANSWER_MAX_BYTES);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned char normalized[ANSWER_MAX_BYTES];
    struct part message = {data, size};
    size_t max = part_byte(&message) & 1 ? ANSWER_MAX_BYTES : ANSWER_MAX_UDP_BYTES;
    size_t count;

    if (message.size > ANSWER_MAX_BYTES)
        return 0;
    count = answer_normalize(message.at, message.size, normalized, max);
    MUST(count <= max);
    if (count)
        check_normalized(&message, normalized, count, max);
    return 0;
}
