/*
 * A ring of a few heads, searched from the last one that was found: a load of one target finds it
 * there, and a load that sends its targets in turn finds the next one after it.
 *
 * Rejected: a hash table. The hash of a head costs more than a comparison, which ends at the first
 * different byte. And a memo for each connection: with 10,000 connections each of them would parse
 * the head of each second, and the memos would not fit in the cache.
 */
#include "http/h1/head_memo.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define MAX_HEADS      8
#define MAX_HEAD_BYTES 2048
#define MAX_MISSES     32   /* then the memo pauses */
#define HIT_WORTH      4    /* misses that a hit outweighs: it saves as many instructions */
#define PAUSE          1024 /* heads */

struct remembered_head {
    struct head_facts facts;
    size_t bytes;
    char text[MAX_HEAD_BYTES];
};

/* Counts a miss. With MAX_MISSES of them the heads differ too much. */
static void miss(struct head_memo *memo)
{
    if (++memo->misses < MAX_MISSES)
        return;
    memo->misses = 0;
    memo->pause = PAUSE;
}

const struct head_facts *head_memo_find(struct head_memo *memo, const char *bytes, size_t count,
                                        bool is_head_request, size_t *used)
{
    for (unsigned i = 0, at = memo->last; i < memo->count; i++, at++) {
        const struct remembered_head *head;

        if (at == memo->count)
            at = 0;
        head = &memo->heads[at];
        if (head->bytes > count || head->facts.is_head_request != is_head_request ||
            memcmp(head->text, bytes, head->bytes) != 0)
            continue;
        memo->last = at;
        memo->misses -= memo->misses < HIT_WORTH ? memo->misses : HIT_WORTH;
        *used = head->bytes;
        return &head->facts;
    }
    miss(memo);
    return NULL;
}

void head_memo_put(struct head_memo *memo, const char *head, size_t bytes,
                   const struct head_facts *facts)
{
    struct remembered_head *to;

    if (memo->pause || bytes > MAX_HEAD_BYTES)
        return;
    if (!memo->heads)
        memo->heads = memory_get(MAX_HEADS * sizeof(*memo->heads));
    if (memo->count < MAX_HEADS)
        memo->oldest = memo->count++;
    to = &memo->heads[memo->oldest];
    to->facts = *facts;
    to->bytes = bytes;
    memcpy(to->text, head, bytes);
    memo->last = memo->oldest;
    memo->oldest = (memo->oldest + 1) % MAX_HEADS;
}

void head_memo_free(struct head_memo *memo)
{
    free(memo->heads);
    *memo = (struct head_memo){0};
}
