/*
 * Heads that were parsed before, with the result. In a load most heads are the same bytes as an
 * earlier one, except for the second in Date; comparing them costs a small part of parsing them.
 *
 * A head may be remembered if its result depends on nothing else: it was received in one piece, and
 * no byte of its message came before it. All connections of a loop share one memo.
 */
#ifndef HTTP_H1_HEAD_MEMO_H
#define HTTP_H1_HEAD_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The properties of a message that its final head determines. The head has no Transfer-Encoding. */
struct head_facts {
    unsigned status;
    unsigned char major, minor; /* the HTTP version */
    bool is_head_request;       /* the response to HEAD: a part of the key */
    bool keep_alive;            /* the fields of the head allow another message */
    bool repaired;              /* the head was irregular: no other message may follow */
    bool has_length;            /* Content-Length was present: `length` */
    uint64_t length;
};

/* All zeros: empty. */
struct head_memo {
    struct remembered_head *heads; /* allocated for the first head */
    unsigned count, last, oldest;  /* indexes: the last one that was found, the next to replace */
    unsigned misses;               /* less those that hits have outweighed */
    unsigned pause;                /* heads that are parsed without a look at the memo */
};

/* Whether to look for the next head, and to remember it if it is not found. After too many misses
   the memo is not used for a while. Called once for each head. */
static inline bool head_memo_is_used(struct head_memo *memo)
{
    if (!memo->pause)
        return true;
    memo->pause--;
    return false;
}

/* The facts of the remembered head with which these bytes begin; *used is its length. NULL: none.
   The facts are valid until the next head_memo_put. */
const struct head_facts *head_memo_find(struct head_memo *memo, const char *bytes, size_t count,
                                        bool is_head_request, size_t *used);

/* Remembers a complete head, in place of the one that was put first. A long head is not remembered,
   and none is after too many misses. */
void head_memo_put(struct head_memo *memo, const char *head, size_t bytes,
                   const struct head_facts *facts);

void head_memo_free(struct head_memo *memo);

#endif
