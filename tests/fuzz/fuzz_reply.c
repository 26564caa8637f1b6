/*
 * A nameserver's response, as it came and made tidy: a strict reader takes the tidy one, and both
 * have the same addresses and TTL. The first byte: bit 0 over TCP, where a message may be longer.
 */
#include "tests/fuzz/fuzz.h"

#include <arpa/nameser.h>

#include "dns/reply.h"

static void check_same(const struct dns_query_answer *raw, const struct dns_query_answer *tidy,
                       bool all)
{
    MUST(tidy->count <= raw->count && (tidy->count == raw->count || !all));
    MUST(!tidy->count || tidy->ttl == raw->ttl);
    for (size_t i = 0; i < tidy->count; i++)
        MUST(!memcmp(&raw->addresses[i].any, &tidy->addresses[i].any, raw->addresses[i].length));
}

static void check_tidy(const struct part *message, const unsigned char *tidy, size_t count,
                       size_t max)
{
    static const int families[] = {AF_INET, AF_INET6};
    bool whole = !(message->at[2] & 2) && !(message->at[3] & 15); /* neither TC nor a failure */
    struct dns_query_answer before, after;
    ns_msg parsed;

    MUST(!ns_initparse(tidy, (int)count, &parsed));
    MUST(ns_msg_count(parsed, ns_s_qd) == 1 && !ns_msg_count(parsed, ns_s_ns));
    MUST(!memcmp(tidy, message->at, 3));
    for (size_t i = 0; i < 2; i++) {
        enum resolve_status status = reply_read(tidy, count, families[i], &after);

        MUST(status != RESOLVE_MALFORMED);
        MUST(!after.count || whole);
        reply_read(message->at, message->size, families[i], &before);
        if (after.count)
            check_same(&before, &after, max == REPLY_MAX_BYTES);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned char tidy[REPLY_MAX_BYTES];
    struct part message = {data, size};
    size_t max = part_byte(&message) & 1 ? REPLY_MAX_BYTES : REPLY_MAX_UDP_BYTES;
    size_t count;

    if (message.size > REPLY_MAX_BYTES)
        return 0;
    count = reply_normalize(message.at, message.size, tidy, max);
    MUST(count <= max);
    if (count)
        check_tidy(&message, tidy, count, max);
    return 0;
}
