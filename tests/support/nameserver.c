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
#define TTL_SECONDS    60

struct nameserver_peer {
    struct nameserver *server;
    struct watch watch;
    struct nameserver_peer *next;
    unsigned char bytes[NAMESERVER_MOST_BYTES];
    size_t count;
};

/* The message that is being written. */
struct message {
    unsigned char bytes[NAMESERVER_MOST_BYTES];
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

/* The start of a record: whose it is, 0 being the name that was asked for. */
static void put_record(struct message *message, const char *owner, unsigned type, size_t length)
{
    if (owner)
        put_name(message, owner);
    else
        put16(message, 0xc000 | HEADER_BYTES);
    put16(message, type);
    put16(message, 1);
    put16(message, 0);
    put16(message, TTL_SECONDS);
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
        put_record(message, rule->alias, type, type == TYPE_A ? 4 : 16);
        put(message, binary, type == TYPE_A ? 4 : 16);
        list += length + (list[length] == ' ');
    }
}

/* Reads the question's name; returns where it ends, 0 where it makes no sense. */
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

/* Whether this question gets no answer. */
static bool is_dropped(struct nameserver *server, const struct nameserver_rule *rule, unsigned type)
{
    unsigned bit = 1u << (((size_t)(rule - server->rules) * 2 + (type == TYPE_AAAA)) % 32);

    if (rule->way == NAMESERVER_SILENT)
        return true;
    if (rule->way != NAMESERVER_SILENT_ONCE || server->dropped & bit)
        return false;
    server->dropped |= bit;
    return true;
}

/* Writes the answer to a question. False: there is none. */
static bool answer(struct nameserver *server, const unsigned char *bytes, size_t count, bool tcp,
                   struct message *message)
{
    char name[256];
    size_t end = count > HEADER_BYTES ? question_name(bytes, count, name) : 0;
    unsigned type = end ? (unsigned)bytes[end] << 8 | bytes[end + 1] : 0;
    const struct nameserver_rule *rule = end ? rule_of(server, name) : NULL;
    bool truncated = rule && rule->way == NAMESERVER_TRUNCATED && !tcp;

    if (!rule || is_dropped(server, rule, type))
        return false;
    *message = (struct message){0};
    put(message, bytes, 2);
    put16(message, 0x8180 | (truncated ? 0x0200 : 0) | (unsigned)rule->rcode);
    put16(message, 1);
    put(message, "\0\0\0\0\0\0", 6);
    put(message, bytes + HEADER_BYTES, end + 4 - HEADER_BYTES);
    if (rule->alias && !truncated) {
        put_record(message, NULL, TYPE_CNAME, strlen(rule->alias) + 2);
        put_name(message, rule->alias);
    }
    if (rule->way == NAMESERVER_CUT_RECORD)
        put_record(message, NULL, type, 200);
    else if (rule->way == NAMESERVER_NO_RECORDS)
        message->records = 3;
    else if (!truncated)
        put_addresses(message, rule, type);
    message->bytes[7] = (unsigned char)message->records;
    return true;
}

static void on_udp(void *owner, uint32_t events)
{
    struct nameserver *server = owner;
    unsigned char bytes[NAMESERVER_MOST_BYTES];
    struct sockaddr_storage from;
    socklen_t length = sizeof(from);
    struct message message;
    ssize_t count;

    (void)events;
    while ((count = recvfrom(server->udp.fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from,
                             &length)) > 0) {
        server->udp_questions++;
        if (answer(server, bytes, (size_t)count, false, &message))
            sendto(server->udp.fd, message.bytes, message.count, 0, (struct sockaddr *)&from,
                   length);
        length = sizeof(from);
    }
}

/* Answers each whole question; a message over TCP has its length in front. */
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
        watch_init(&peer->watch, on_peer, peer);
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
    watch_init(&server->udp, on_udp, server);
    watch_init(&server->tcp, on_tcp, server);
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
