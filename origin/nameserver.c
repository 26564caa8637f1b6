/* Each datagram is one question, and is answered immediately. AAAA has no addresses. */
#include "origin/nameserver.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "dns/message.h"

/* Maximum of datagrams per turn. The watch is level-triggered, so the rest follows. */
#define DATAGRAMS_PER_TURN 64

struct nameserver {
    struct loop *loop;
    struct watch watch;
    struct address at;
    nameserver_lookup_fn *lookup;
    void *owner; /* argument of lookup */
};

/* Writes the DNS answer and returns its length; 0: no answer is sent. */
static size_t write_answer(struct nameserver *nameserver, const unsigned char *query, size_t length,
                           unsigned char *to)
{
    struct in_addr address = {htonl(INADDR_LOOPBACK)};
    struct dns_question question;
    unsigned char last = 1;
    bool wanted;

    if (!dns_read_question(query, length, &question))
        return dns_write_answer(query, length, ns_r_formerr, NULL, to);
    wanted = question.type == ns_t_a;
    switch (nameserver->lookup(nameserver->owner, question.name, &last)) {
    case FAULT_DNS_NXDOMAIN: return dns_write_answer(query, length, ns_r_nxdomain, NULL, to);
    case FAULT_DNS_SERVFAIL: return dns_write_answer(query, length, ns_r_servfail, NULL, to);
    case FAULT_DNS_REFUSED: return dns_write_answer(query, length, ns_r_refused, NULL, to);
    case FAULT_DNS_EMPTY: wanted = false; break;
    case FAULT_DNS_STALL: return 0;
    case FAULT_DNS_GARBAGE: /* the header announces an address, its record is truncated */
        length = dns_write_answer(query, length, ns_r_noerror, &address, to);
        return length ? length - 6 : 0;
    default: break;
    }
    address.s_addr = htonl((INADDR_LOOPBACK & ~UINT32_C(255)) | last);
    return dns_write_answer(query, length, ns_r_noerror, wanted ? &address : NULL, to);
}

static void on_readable(void *owner, uint32_t events)
{
    struct nameserver *nameserver = owner;
    unsigned char query[DNS_MAX_BYTES], answer[DNS_MAX_BYTES];

    (void)events;
    for (int i = 0; i < DATAGRAMS_PER_TURN; i++) {
        struct sockaddr_storage from;
        socklen_t size = sizeof(from);
        ssize_t count = recvfrom(nameserver->watch.fd, query, sizeof(query), 0,
                                 (struct sockaddr *)&from, &size);
        size_t length = count > 0 ? write_answer(nameserver, query, (size_t)count, answer) : 0;

        if (count < 0)
            return;
        if (length) /* if the answer is lost, the client sends its query again */
            sendto(nameserver->watch.fd, answer, length, 0, (struct sockaddr *)&from, size);
    }
}

struct nameserver *nameserver_new(struct loop *loop, nameserver_lookup_fn *lookup, void *owner,
                                  int *error)
{
    struct nameserver *nameserver = memory_zeroed(sizeof(*nameserver));
    int fd;

    assert(lookup);
    nameserver->loop = loop;
    nameserver->lookup = lookup;
    nameserver->owner = owner;
    watch_init(&nameserver->watch, on_readable, nameserver, "origin nameserver");
    address_parse(&nameserver->at, "127.0.0.1", 0);
    fd = sock_bind_udp(&nameserver->at);
    *error = fd < 0 ? -fd : loop_watch(loop, &nameserver->watch, fd, EPOLLIN);
    if (!*error)
        return nameserver;
    if (fd >= 0)
        close(fd);
    free(nameserver);
    return NULL;
}

void nameserver_free(struct nameserver *nameserver)
{
    if (!nameserver)
        return;
    loop_close(nameserver->loop, &nameserver->watch);
    free(nameserver);
}

const struct address *nameserver_address(const struct nameserver *nameserver)
{
    return &nameserver->at;
}
