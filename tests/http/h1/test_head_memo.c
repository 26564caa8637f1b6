/*
 * The memo of heads. The last test feeds a million responses, valid and malformed, in random pieces
 * to a parser with a memo and to one without: all events must be the same.
 */
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "http/h1/h1_parser.h"
#include "http/h1/head_memo.h"

#define MAX_HEADS      8
#define MAX_HEAD_BYTES 2048
#define MAX_MISSES     32
#define HIT_WORTH      4
#define PAUSE          1024

static struct head_memo memo;

static int setup(void **state)
{
    (void)state;
    memo = (struct head_memo){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    head_memo_free(&memo);
    return 0;
}

static void put(const char *head, unsigned status, bool is_head_request)
{
    head_memo_put(&memo, head, strlen(head),
                  &(struct head_facts){.status = status, .is_head_request = is_head_request});
}

/* Returns the status of the head at the beginning of the bytes; 0: not found. */
static unsigned find(const char *bytes, bool is_head_request)
{
    size_t used = 0;
    const struct head_facts *facts = NULL;

    if (head_memo_is_used(&memo))
        facts = head_memo_find(&memo, bytes, strlen(bytes), is_head_request, &used);
    if (!facts)
        return 0;
    assert_true(used && used <= strlen(bytes));
    return facts->status;
}

static void test_key(void **state)
{
    (void)state;
    assert_int_equal(find("a\n\n", false), 0);
    put("a\n\n", 200, false);
    assert_int_equal(find("a\n\n", false), 200);
    assert_int_equal(find("a\n\nbody", false), 200);
    assert_int_equal(find("a\n", false), 0);
    assert_int_equal(find("b\n\n", false), 0);
    assert_int_equal(find("a\n\n", true), 0);
    put("a\n\n", 204, true);
    assert_int_equal(find("a\n\n", true), 204);
    assert_int_equal(find("a\n\n", false), 200);
}

static void test_replaces_the_oldest(void **state)
{
    char head[16];

    (void)state;
    for (unsigned i = 0; i <= MAX_HEADS; i++) {
        snprintf(head, sizeof(head), "%u\n\n", i);
        put(head, 200 + i, false);
    }
    assert_int_equal(find("0\n\n", false), 0);
    for (unsigned i = 1; i <= MAX_HEADS; i++) {
        snprintf(head, sizeof(head), "%u\n\n", i);
        assert_int_equal(find(head, false), 200 + i);
    }
}

static void test_long_head(void **state)
{
    static char head[MAX_HEAD_BYTES + 2];

    (void)state;
    memset(head, 'x', sizeof(head) - 1);
    put(head, 200, false);
    assert_int_equal(find(head, false), 0);
    head[MAX_HEAD_BYTES] = '\0';
    put(head, 200, false);
    assert_int_equal(find(head, false), 200);
}

/* After too many misses the memo is not searched for a while, and then again. */
static void test_pause(void **state)
{
    (void)state;
    put("a\n\n", 200, false);
    for (int i = 0; i < MAX_MISSES - 1; i++)
        assert_int_equal(find("b\n\n", false), 0);
    assert_int_equal(find("a\n\n", false), 200);
    for (int i = 0; i < HIT_WORTH + 1; i++)
        assert_int_equal(find("b\n\n", false), 0);
    put("b\n\n", 201, false); /* not stored */
    for (int i = 0; i < PAUSE; i++)
        assert_int_equal(find("a\n\n", false), 0);
    assert_int_equal(find("a\n\n", false), 200);
    assert_int_equal(find("b\n\n", false), 0);
}

/* Whether the memo is in use after many heads, of which the first of each `each` is found. */
static bool stays_in_use(unsigned each)
{
    memo.pause = memo.misses = 0;
    put("a\n\n", 200, false);
    for (unsigned i = 0; i < 100 * MAX_MISSES && !memo.pause; i++)
        find(i % each ? "b\n\n" : "a\n\n", false);
    return !memo.pause;
}

/* A hit outweighs few misses: rare hits do not keep the memo in use. */
static void test_rare_hits(void **state)
{
    (void)state;
    assert_true(stays_in_use(1));
    assert_true(stays_in_use(HIT_WORTH + 1));
    assert_false(stays_in_use(HIT_WORTH + 2));
    assert_false(stays_in_use(MAX_MISSES));
}

/* A parser with a memo and one without. */

static const char *const seeds[] = {
    "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nConnection: a, Close\r\nContent-Length: 1\r\n\r\na",
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab",
    "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab",
    "HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 900\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: x\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n1\r\na\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\nuntil the end",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
    "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc",
    "HTTP/1.1 200 OK\r\nServer : x\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 3, 3\r\n\r\nabc",
    "\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\n\r\n",
};

#define MESSAGES      1000000
#define POOL          6 /* messages that are repeated, so that heads are found */
#define MESSAGE_BYTES 256

struct message {
    char bytes[MESSAGE_BYTES];
    size_t count;
    bool is_head_request;
};

/* All events of a message, as text. */
struct events {
    char text[2 * MESSAGE_BYTES + 128];
    size_t count;
};

static void on_head(void *owner, const struct h1_parser *parser)
{
    struct events *events = owner;

    events->count +=
        (size_t)snprintf(events->text + events->count, 64, "<%u %d.%d %d>", parser->status,
                         parser->major, parser->minor, parser->head_done);
}

static void on_body(void *owner, const char *bytes, size_t count)
{
    struct events *events = owner;

    events->text[events->count++] = '|';
    memcpy(events->text + events->count, bytes, count);
    events->count += count;
}

/* A pseudo-random number below `limit`. */
static size_t random_below(size_t limit)
{
    return unit_random() % limit;
}

/* Changes, inserts or removes one byte. */
static void mutate(struct message *message)
{
    static const char bytes[] = "\r\n\t :,0123456789aA\x7f\xff";
    size_t at = random_below(message->count);
    char byte = bytes[random_below(sizeof(bytes))]; /* includes a NUL */

    switch (random_below(3)) {
    case 0: message->bytes[at] = byte; break;
    case 1:
        if (message->count == MESSAGE_BYTES)
            break;
        memmove(message->bytes + at + 1, message->bytes + at, message->count - at);
        message->bytes[at] = byte;
        message->count++;
        break;
    default:
        if (message->count == 1)
            break;
        memmove(message->bytes + at, message->bytes + at + 1, message->count - at - 1);
        message->count--;
    }
}

static void choose_message(struct message *message)
{
    const char *seed = seeds[random_below(LENGTH(seeds))];

    message->count = strlen(seed);
    memcpy(message->bytes, seed, message->count);
    message->is_head_request = !random_below(4);
    for (size_t changes = random_below(4); changes > 1; changes--)
        mutate(message);
}

/* Feeds a message to both parsers in the same pieces. Returns whether the memo had its head. */
static bool compare(const struct message *message)
{
    static const struct h1_events calls = {.head = on_head, .body = on_body};
    static struct events events[2];
    struct h1_parser parsers[2];
    enum h1_status status[2] = {H1_MORE, H1_MORE};
    size_t largest = random_below(2) ? MESSAGE_BYTES : 1 + random_below(60);
    bool found;

    for (int i = 0; i < 2; i++) {
        events[i].count = 0;
        h1_parser_start_response(&parsers[i], message->is_head_request, &calls, &events[i]);
    }
    parsers[1].memo = &memo;
    for (size_t at = 0, used[2]; at < message->count && status[0] == H1_MORE; at += used[0]) {
        size_t count = message->count - at;

        if (count > largest)
            count = 1 + random_below(largest);
        for (int i = 0; i < 2; i++)
            status[i] = h1_parser_feed(&parsers[i], (const unsigned char *)message->bytes + at,
                                       count, &used[i]);
        assert_int_equal(status[0], status[1]);
        assert_int_equal(used[0], used[1]);
    }
    found = parsers[1].head_done && !parsers[1].lines.text;
    assert_string_equal(h1_parser_why(&parsers[0]), h1_parser_why(&parsers[1]));
    for (int i = 0; i < 2; i++) {
        if (status[i] == H1_MORE)
            status[i] = h1_parser_finish(&parsers[i]);
        h1_parser_free(&parsers[i]);
    }
    assert_int_equal(status[0], status[1]);
    assert_true(events[0].count < sizeof(events[0].text));
    assert_int_equal(events[0].count, events[1].count);
    assert_memory_equal(events[0].text, events[1].text, events[0].count);
    assert_int_equal(parsers[0].done, parsers[1].done);
    assert_int_equal(parsers[0].keep_alive, parsers[1].keep_alive);
    return found;
}

static void test_same_events(void **state)
{
    struct message pool[POOL];
    unsigned found = 0;

    (void)state;
    for (int i = 0; i < POOL; i++)
        choose_message(&pool[i]);
    for (unsigned i = 0; i < MESSAGES; i++) {
        if (!random_below(8))
            choose_message(&pool[random_below(POOL)]);
        found += compare(&pool[random_below(POOL)]);
    }
    assert_true(found > MESSAGES / 10);
    print_message("%u of %u heads were found\n", found, MESSAGES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_replaces_the_oldest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_head, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pause, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rare_hits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_same_events, setup, teardown),
    };

    unit_time_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
