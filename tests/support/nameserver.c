#include "tests/support/nameserver.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "tests/support/unit.h"

#define HEADER_BYTES   12
#define TYPE_A         1
#define TYPE_CNAME     5
#define TYPE_AAAA      28
#define RCODE_NXDOMAIN 3

struct nameserver_peer {
    struct nameserver *server;
    struct watch watch;
    struct nameserver_peer *next;
    unsigned char bytes[NAMESERVER_MAX_BYTES];
    size_t count;
};

/* The message that is being written. */
struct message {
    unsigned char bytes[NAMESERVER_MAX_BYTES];
    size_t count;
    unsigned records;
};

static void put(struct message *message, const void *bytes, size_t count)
{
    assert_true(message->count + count <= sizeof(message->bytes));
    memcpy(message->bytes + message->count, bytes, count);
    message->count += count;
}

static void put16(struct message *message, unsigned value)
{
    const unsigned char bytes[] = {(unsigned char)(value >> 8), (unsigned char)value};

    put(message, bytes, sizeof(bytes));
}

/* "a.example" as labels. */
static void put_name(struct message *message, const char *name)
{
    while (*name) {
        unsigned char length = (unsigned char)strcspn(name, ".");

        put(message, &length, 1);
        put(message, name, length);
        name += length + (name[length] == '.');
    }
    put(message, "", 1);
}

/* Writes the fields before a record's data. `owner` NULL: the name in the question. */
static void put_record(struct message *message, const char *owner, unsigned type, unsigned ttl,
                       size_t length)
{
    if (!ttl)
        ttl = NAMESERVER_TTL;
    else if (ttl == NAMESERVER_TTL_NONE)
        ttl = 0;

    if (owner)
        put_name(message, owner);
    else
        put16(message, 0xc000 | HEADER_BYTES);
    put16(message, type);
    put16(message, 1);
    put16(message, ttl >> 16);
    put16(message, ttl & 0xffff);
    put16(message, (unsigned)length);
    message->records++;
}

static void put_addresses(struct message *message, const struct nameserver_rule *rule,
                          unsigned type)
{
    const char *list = type == TYPE_A ? rule->v4 : type == TYPE_AAAA ? rule->v6 : NULL;

    while (list && *list) {
        unsigned char binary[16];
        char text[64];
        size_t length = strcspn(list, " ");

        snprintf(text, sizeof(text), "%.*s", (int)length, list);
        assert_int_equal(inet_pton(type == TYPE_A ? AF_INET : AF_INET6, text, binary), 1);
        put_record(message, rule->alias, type, rule->ttl, type == TYPE_A ? 4 : 16);
        put(message, binary, type == TYPE_A ? 4 : 16);
        list += length + (list[length] == ' ');
    }
}

/* Reads the question's name. Returns the offset of its end, 0 if it is malformed. */
static size_t question_name(const unsigned char *bytes, size_t count, char name[256])
{
    size_t at = HEADER_BYTES, length = 0;

    while (at < count && bytes[at]) {
        unsigned label = bytes[at++];

        if (label > 63 || at + label >= count || length + label + 2 > 255)
            return 0;
        if (length)
            name[length++] = '.';
        memcpy(name + length, bytes + at, label);
        length += label;
        at += label;
    }
    name[length] = '\0';
    return at + 5 <= count ? at + 1 : 0;
}

static const struct nameserver_rule *rule_of(const struct nameserver *server, const char *name)
{
    static const struct nameserver_rule unknown = {.rcode = RCODE_NXDOMAIN};
    const struct nameserver_rule *rule = server->rules;

    while (rule->name && strcasecmp(rule->name, name) != 0)
        rule++;
    return rule->name ? rule : &unknown;
}

/* The behavior for a question of this type. */
static enum nameserver_behavior behavior_of(const struct nameserver_rule *rule, unsigned type)
{
    unsigned only = rule->only == NAMESERVER_A ? TYPE_A : TYPE_AAAA;

    return rule->only && only != type ? NAMESERVER_ANSWER : rule->behavior;
}

static unsigned rcode_of(const struct nameserver_rule *rule, unsigned type)
{
    unsigned only = rule->only == NAMESERVER_A ? TYPE_A : TYPE_AAAA;

    return rule->only && only != type ? 0 : (unsigned)rule->rcode;
}

/* Whether this question gets no answer. */
static bool is_dropped(struct nameserver *server, const struct nameserver_rule *rule, unsigned type)
{
    unsigned bit = 1u << (((size_t)(rule - server->rules) * 2 + (type == TYPE_AAAA)) % 32);

    if (behavior_of(rule, type) == NAMESERVER_SILENT)
        return true;
    if (behavior_of(rule, type) != NAMESERVER_SILENT_ONCE || server->dropped & bit)
        return false;
    server->dropped |= bit;
    return true;
}

struct question {
    char name[256];
    size_t end; /* of the name, in the message */
    unsigned type;
    const struct nameserver_rule *rule; /* NULL: malformed */
};

static void read_question(const struct nameserver *server, const unsigned char *bytes, size_t count,
                          struct question *question)
{
    size_t end = count > HEADER_BYTES ? question_name(bytes, count, question->name) : 0;

    question->end = end;
    question->type = end ? (unsigned)bytes[end] << 8 | bytes[end + 1] : 0;
    question->rule = end ? rule_of(server, question->name) : NULL;
}

static void note_question(struct nameserver *server, const struct question *question)
{
    if (!question->rule)
        return;
    if (question->type == TYPE_AAAA)
        server->aaaa_questions++;
    else
        server->a_questions++;
    strcpy(server->last, question->name);
}

/* Writes the misbehavior that follows the answer records. */
static void put_rest(struct message *message, enum nameserver_behavior behavior, bool tcp)
{
    if (behavior == NAMESERVER_TRAILING_BYTES || (behavior == NAMESERVER_TCP_TRAILING_BYTES && tcp))
        put(message, "trailing!", 9);
    if (behavior == NAMESERVER_MORE_COUNTS)
        message->bytes[9] = message->bytes[11] = 7;
    if (behavior != NAMESERVER_CUT_OPT)
        return;
    put(message, "\0\0\x29\x04", 4);
    message->bytes[11] = 1;
}

/* Writes the answer to a question. */
static void write_answer(const struct question *question, const unsigned char *bytes, bool tcp,
                         struct message *message)
{
    const struct nameserver_rule *rule = question->rule;
    enum nameserver_behavior behavior = behavior_of(rule, question->type);
    unsigned rcode = rcode_of(rule, question->type);
    bool truncated =
        (behavior == NAMESERVER_TRUNCATED || behavior == NAMESERVER_TCP_TRAILING_BYTES) && !tcp;

    *message = (struct message){0};
    put(message, bytes, 2);
    put16(message, 0x8180 | (truncated ? 0x0200 : 0) | rcode);
    put16(message, 1);
    put(message, "\0\0\0\0\0\0", 6);
    put(message, bytes + HEADER_BYTES, question->end + 4 - HEADER_BYTES);
    if (rule->alias && !truncated) {
        put_record(message, NULL, TYPE_CNAME, rule->alias_ttl, strlen(rule->alias) + 2);
        put_name(message, rule->alias);
    }
    if (behavior == NAMESERVER_CUT_RECORD)
        put_record(message, NULL, question->type, 0, 200);
    else if (behavior == NAMESERVER_NO_RECORDS)
        message->records = 3;
    else if (!truncated && !rcode)
        put_addresses(message, rule, question->type);
    message->bytes[7] = (unsigned char)message->records;
    put_rest(message, behavior, tcp);
}

/* Writes the answer to a received question. Returns false if there is none. */
static bool answer(struct nameserver *server, const unsigned char *bytes, size_t count, bool tcp,
                   struct message *message)
{
    struct question question;

    read_question(server, bytes, count, &question);
    note_question(server, &question);
    if (!question.rule || is_dropped(server, question.rule, question.type))
        return false;
    write_answer(&question, bytes, tcp, message);
    return true;
}

/* Holds the question if its rule says so. */
static bool hold(struct nameserver *server, const struct nameserver_held *held)
{
    struct question question;

    read_question(server, held->bytes, held->count, &question);
    if (!question.rule || behavior_of(question.rule, question.type) != NAMESERVER_HELD)
        return false;
    note_question(server, &question);
    assert_true(server->held_count < NAMESERVER_MAX_HELD);
    server->held[server->held_count++] = *held;
    return true;
}

void nameserver_release(struct nameserver *server)
{
    for (size_t i = 0; i < server->held_count; i++) {
        const struct nameserver_held *held = &server->held[i];
        struct question question;
        struct message message;

        read_question(server, held->bytes, held->count, &question);
        write_answer(&question, held->bytes, false, &message);
        sendto(server->udp.fd, message.bytes, message.count, 0,
               (const struct sockaddr *)&held->from, held->from_length);
    }
    server->held_count = 0;
}

/* If the rule is WRONG_FIRST, sends three answers that must be ignored: to another name, to no
   question, and to two questions. */
static void send_wrong(const struct nameserver *server, const struct nameserver_held *held,
                       const struct message *message)
{
    struct message wrong = *message;
    struct question question;

    read_question(server, held->bytes, held->count, &question);
    if (!question.rule || behavior_of(question.rule, question.type) != NAMESERVER_WRONG_FIRST)
        return;
    wrong.bytes[wrong.count - 1] ^= 1; /* another address */
    for (unsigned i = 0; i < 3; i++) {
        wrong.bytes[HEADER_BYTES + 1] ^= i == 0; /* undone for the second */
        wrong.bytes[HEADER_BYTES + 1] ^= i == 1;
        wrong.bytes[5] = (unsigned char[]){1, 0, 2}[i];
        sendto(server->udp.fd, wrong.bytes, wrong.count, 0, (const struct sockaddr *)&held->from,
               held->from_length);
    }
}

static void on_udp(void *owner, uint32_t events)
{
    struct nameserver *server = owner;
    struct nameserver_held one = {.from_length = sizeof(one.from)};
    struct message message;
    ssize_t count;

    (void)events;
    while ((count = recvfrom(server->udp.fd, one.bytes, sizeof(one.bytes), 0,
                             (struct sockaddr *)&one.from, &one.from_length)) > 0) {
        one.count = (size_t)count;
        server->udp_questions++;
        if (!hold(server, &one) && answer(server, one.bytes, one.count, false, &message)) {
            send_wrong(server, &one, &message);
            sendto(server->udp.fd, message.bytes, message.count, 0, (struct sockaddr *)&one.from,
                   one.from_length);
        }
        one.from_length = sizeof(one.from);
    }
}

/* Answers each complete question. Over TCP its length comes first (RFC 1035, section 4.2.2). */
static void on_peer(void *owner, uint32_t events)
{
    struct nameserver_peer *peer = owner;
    ssize_t got =
        read(peer->watch.fd, peer->bytes + peer->count, sizeof(peer->bytes) - peer->count);
    size_t length;

    (void)events;
    if (got <= 0) {
        loop_close(peer->server->loop, &peer->watch);
        return;
    }
    peer->count += (size_t)got;
    while (peer->count >= 2 &&
           peer->count >= (length = (size_t)peer->bytes[0] << 8 | peer->bytes[1]) + 2) {
        struct message message;

        peer->server->tcp_questions++;
        if (answer(peer->server, peer->bytes + 2, length, true, &message)) {
            uint16_t size = htons((uint16_t)message.count);

            assert_int_equal(write(peer->watch.fd, &size, 2), 2);
            assert_int_equal(write(peer->watch.fd, message.bytes, message.count), message.count);
        }
        peer->count -= length + 2;
        memmove(peer->bytes, peer->bytes + length + 2, peer->count);
    }
}

static void on_tcp(void *owner, uint32_t events)
{
    struct nameserver *server = owner;
    int fd;

    (void)events;
    while ((fd = sock_accept(server->tcp.fd)) >= 0) {
        struct nameserver_peer *peer = calloc(1, sizeof(*peer));

        assert_non_null(peer);
        peer->server = server;
        peer->next = server->peers;
        server->peers = peer;
        watch_init(&peer->watch, on_peer, peer, "test");
        assert_int_equal(loop_watch(server->loop, &peer->watch, fd, EPOLLIN), 0);
    }
}

void nameserver_start(struct nameserver *server, struct loop *loop,
                      const struct nameserver_rule *rules)
{
    int udp, tcp;

    *server = (struct nameserver){.loop = loop, .rules = rules};
    do { /* until a port is free for both */
        address_parse(&server->at, "127.0.0.1", 0);
        udp = sock_bind_udp(&server->at);
        assert_true(udp >= 0);
        tcp = sock_listen(&server->at, SOCK_BACKLOG);
        if (tcp < 0)
            close(udp);
    } while (tcp < 0);
    watch_init(&server->udp, on_udp, server, "test");
    watch_init(&server->tcp, on_tcp, server, "test");
    assert_int_equal(loop_watch(loop, &server->udp, udp, EPOLLIN), 0);
    assert_int_equal(loop_watch(loop, &server->tcp, tcp, EPOLLIN), 0);
    address_text(&server->at, server->servers);
}

void nameserver_stop(struct nameserver *server)
{
    loop_close(server->loop, &server->udp);
    loop_close(server->loop, &server->tcp);
    while (server->peers) {
        struct nameserver_peer *peer = server->peers;

        server->peers = peer->next;
        loop_close(server->loop, &peer->watch);
        free(peer);
    }
}
