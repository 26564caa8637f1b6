/*
 * A small nameserver on the test's own loop, over UDP and TCP on one port of loopback. It answers
 * from a table, and misbehaves where the table says so.
 */
#ifndef SUPPORT_NAMESERVER_H
#define SUPPORT_NAMESERVER_H

#include "reactor/loop.h"
#include "reactor/sock.h"

#define NAMESERVER_MOST_BYTES 4096 /* of a message */

enum nameserver_way {
    NAMESERVER_ANSWER,      /* as it should be */
    NAMESERVER_SILENT,      /* never */
    NAMESERVER_SILENT_ONCE, /* not the first question of each type */
    NAMESERVER_CUT_RECORD,  /* the record is longer than the message */
    NAMESERVER_NO_RECORDS,  /* says that there are records, and sends none */
    NAMESERVER_TRUNCATED,   /* over UDP says that TCP should be asked (RFC 1035, section 4.2.1) */
};

struct nameserver_rule {
    const char *name; /* NULL ends the table; names that are not in it do not exist */
    const char *v4;   /* addresses, a space between two of them; NULL: none */
    const char *v6;   /* likewise */
    int rcode;        /* RFC 1035, section 4.1.1: 2 SERVFAIL, 5 REFUSED... */
    enum nameserver_way way;
    const char *alias; /* answered by a CNAME first, whose records these are; or NULL */
};

struct nameserver_peer;

struct nameserver {
    struct loop *loop;
    const struct nameserver_rule *rules;
    struct watch udp, tcp;
    struct nameserver_peer *peers; /* open TCP connections */
    struct address at;
    char servers[ADDRESS_TEXT_BYTES]; /* for the resolver's options */
    int udp_questions, tcp_questions; /* that came */
    unsigned dropped;                 /* a bit for each rule and type of SILENT_ONCE */
};

void nameserver_start(struct nameserver *server, struct loop *loop,
                      const struct nameserver_rule *rules);
void nameserver_stop(struct nameserver *server);

#endif
