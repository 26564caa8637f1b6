/*
 * A small nameserver on the test's own loop, over UDP and TCP on one port of loopback. It answers
 * from a table of rules; a rule can also make it misbehave.
 */
#ifndef SUPPORT_NAMESERVER_H
#define SUPPORT_NAMESERVER_H

#include "reactor/loop.h"
#include "reactor/sock.h"

#define NAMESERVER_MAX_BYTES 4096 /* of a message */

enum nameserver_behavior {
    NAMESERVER_ANSWER,             /* correct answers */
    NAMESERVER_SILENT,             /* no answer */
    NAMESERVER_SILENT_ONCE,        /* no answer to the first question of each type */
    NAMESERVER_CUT_RECORD,         /* the record is longer than the message */
    NAMESERVER_NO_RECORDS,         /* a record count above 0, but no records */
    NAMESERVER_TRUNCATED,          /* over UDP only the TC bit (RFC 1035, section 4.2.1) */
    NAMESERVER_TRAILING_BYTES,     /* bytes after the end of the message */
    NAMESERVER_MORE_COUNTS,        /* authority and additional counts above 0, but no records */
    NAMESERVER_CUT_OPT,            /* an additional record that is cut off */
    NAMESERVER_WRONG_FIRST,        /* before the answer, answers to other questions */
    NAMESERVER_TCP_TRAILING_BYTES, /* as TRUNCATED, then as TRAILING_BYTES over TCP */
    NAMESERVER_HELD,               /* no answer before nameserver_release; in order of arrival */
};

/* The question types that a rule's `rcode` and `behavior` apply to. */
enum nameserver_type {
    NAMESERVER_ALL,
    NAMESERVER_A,
    NAMESERVER_AAAA,
};

struct nameserver_rule {
    const char *name; /* NULL ends the table; a name without a rule does not exist */
    const char *v4;   /* addresses, separated by spaces; NULL: none */
    const char *v6;   /* likewise */
    int rcode;        /* RFC 1035, section 4.1.1: 2 SERVFAIL, 5 REFUSED... */
    enum nameserver_behavior behavior;
    const char *alias;         /* the target of a CNAME that precedes the addresses; NULL: none */
    enum nameserver_type only; /* other types are answered correctly */
    unsigned ttl;              /* of the addresses, seconds; 0: NAMESERVER_TTL */
    unsigned alias_ttl;        /* of the CNAME, likewise */
};

#define NAMESERVER_TTL      60
#define NAMESERVER_TTL_NONE UINT32_MAX /* a TTL of 0 */
#define NAMESERVER_MAX_HELD 8          /* questions that can be held */

struct nameserver_peer;

/* A held question; only questions over UDP are held. */
struct nameserver_held {
    unsigned char bytes[512];
    size_t count;
    struct sockaddr_storage from;
    socklen_t from_length;
};

struct nameserver {
    struct loop *loop;
    const struct nameserver_rule *rules;
    struct watch udp, tcp;
    struct nameserver_peer *peers; /* open TCP connections */
    struct address at;
    char servers[ADDRESS_TEXT_BYTES]; /* for the resolver's options */
    int udp_questions, tcp_questions; /* received */
    int a_questions, aaaa_questions;  /* over UDP and TCP */
    char last[256];                   /* the name in the last question */
    unsigned dropped;                 /* SILENT_ONCE: a bit for each rule and type */
    struct nameserver_held held[NAMESERVER_MAX_HELD];
    size_t held_count;
};

void nameserver_start(struct nameserver *server, struct loop *loop,
                      const struct nameserver_rule *rules);
void nameserver_stop(struct nameserver *server);

/* Answers the held questions. */
void nameserver_release(struct nameserver *server);

#endif
