/*
 * A small nameserver on the test's own loop, over UDP and TCP on one port of loopback. It answers
 * from a table, and misbehaves where the table says so.
 */
#ifndef SUPPORT_NAMESERVER_H
#define SUPPORT_NAMESERVER_H

#include "reactor/loop.h"
#include "reactor/sock.h"

#define NAMESERVER_MAX_BYTES 4096 /* of a message */

enum nameserver_behavior {
    NAMESERVER_ANSWER,      /* as it should be */
    NAMESERVER_SILENT,      /* never */
    NAMESERVER_SILENT_ONCE, /* not the first question of each type */
    NAMESERVER_CUT_RECORD,  /* the record is longer than the message */
    NAMESERVER_NO_RECORDS,  /* says that there are records, and sends none */
    NAMESERVER_TRUNCATED,   /* over UDP says that TCP should be asked (RFC 1035, section 4.2.1) */
    NAMESERVER_TRAILING_BYTES, /* with bytes behind the message */
    NAMESERVER_MORE_COUNTS, /* says that there are authority and additional records, and sends none */
    NAMESERVER_CUT_OPT,     /* with an additional record that is cut off */
    NAMESERVER_WRONG_FIRST,        /* and before it one to another question */
    NAMESERVER_TCP_TRAILING_BYTES, /* as TRUNCATED, and over TCP with bytes behind the message */
    NAMESERVER_HELD, /* not before nameserver_release, in the order in which it was asked */
};

/* What may be given in `only`. */
enum nameserver_type {
    NAMESERVER_ALL, /* every type as the rule says */
    NAMESERVER_A,
    NAMESERVER_AAAA,
};

struct nameserver_rule {
    const char *name; /* NULL ends the table; names that are not in it do not exist */
    const char *v4;   /* addresses, a space between two of them; NULL: none */
    const char *v6;   /* likewise */
    int rcode;        /* RFC 1035, section 4.1.1: 2 SERVFAIL, 5 REFUSED... */
    enum nameserver_behavior behavior;
    const char *alias;         /* answered by a CNAME first, whose records these are; or NULL */
    enum nameserver_type only; /* what `rcode` and `way` are for; the other is as it should be */
    unsigned ttl;              /* of the addresses, seconds; 0: NAMESERVER_TTL */
    unsigned alias_ttl;        /* of the CNAME, likewise */
};

#define NAMESERVER_TTL      60
#define NAMESERVER_TTL_NONE UINT32_MAX /* a TTL of 0 */
#define NAMESERVER_MAX_HELD 8          /* questions held at once */

struct nameserver_peer;

/* A question over UDP whose answer waits. */
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
    int udp_questions, tcp_questions; /* that came */
    int a_questions, aaaa_questions;  /* of both */
    char last[256];                   /* the name in the last of them */
    unsigned dropped;                 /* a bit for each rule and type of SILENT_ONCE */
    struct nameserver_held held[NAMESERVER_MAX_HELD];
    size_t held_count;
};

void nameserver_start(struct nameserver *server, struct loop *loop,
                      const struct nameserver_rule *rules);
void nameserver_stop(struct nameserver *server);

/* Answers what was held. */
void nameserver_release(struct nameserver *server);

#endif
