/* ns_parse(3) reads a query, because it handles name compression and its errors. An answer is read
   with answer.h, like those that the resolver receives. */
#include "dns/message.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <resolv.h>
#include <string.h>

#include "dns/answer.h"

#define RECORD_BYTES 16 /* size of an A record whose name is a pointer */
#define TTL_SECONDS  60

bool dns_read_question(const unsigned char *message, size_t length, struct dns_question *question)
{
    ns_msg parsed;
    ns_rr record;

    if (ns_initparse(message, (int)length, &parsed) || ns_msg_getflag(parsed, ns_f_qr) ||
        ns_msg_getflag(parsed, ns_f_opcode) != ns_o_query || ns_msg_count(parsed, ns_s_qd) != 1 ||
        ns_parserr(&parsed, ns_s_qd, 0, &record))
        return false;
    question->type = ns_rr_type(record);
    if (strlen(ns_rr_name(record)) >= sizeof(question->name))
        return false;
    strcpy(question->name, ns_rr_name(record));
    return true;
}

/* The length of header and question; 0 if they are malformed. */
static size_t question_length(const unsigned char *message, size_t length)
{
    const unsigned char *at = message + NS_HFIXEDSZ;

    if (length < NS_HFIXEDSZ || ns_name_skip(&at, message + length))
        return 0;
    at += NS_QFIXEDSZ;
    return at > message + length ? 0 : (size_t)(at - message);
}

size_t dns_write_answer(const unsigned char *query, size_t length, int rcode,
                        const struct in_addr *address, unsigned char *to)
{
    size_t used = question_length(query, length);
    HEADER header;
    unsigned char *at = to + used;

    if (!used || used + RECORD_BYTES > DNS_MAX_BYTES)
        return 0;
    memcpy(to, query, used);
    memcpy(&header, to, sizeof(header));
    header.qr = 1;
    header.aa = 1;
    header.ra = 1;
    header.tc = 0;
    header.rcode = (unsigned)rcode & 15;
    header.ancount = htons(address ? 1 : 0);
    header.nscount = header.arcount = 0;
    memcpy(to, &header, sizeof(header));
    if (!address)
        return used;
    NS_PUT16(NS_CMPRSFLGS << 8 | NS_HFIXEDSZ, at); /* the name of the question */
    NS_PUT16(ns_t_a, at);
    NS_PUT16(ns_c_in, at);
    NS_PUT32(TTL_SECONDS, at);
    NS_PUT16(NS_INADDRSZ, at);
    memcpy(at, address, NS_INADDRSZ);
    return used + RECORD_BYTES;
}

size_t dns_write_question(const char *name, uint16_t id, unsigned char *to)
{
    struct __res_state state = {.options = RES_INIT | RES_RECURSE};
    int length =
        res_nmkquery(&state, ns_o_query, name, ns_c_in, ns_t_a, NULL, 0, NULL, to, DNS_MAX_BYTES);

    if (length < 0)
        return 0;
    to[0] = (unsigned char)(id >> 8);
    to[1] = (unsigned char)id;
    return (size_t)length;
}

static enum resolve_status status_of(int rcode)
{
    switch (rcode) {
    case ns_r_noerror: return RESOLVE_NO_ADDRESS; /* the records are read next */
    case ns_r_nxdomain: return RESOLVE_NXDOMAIN;
    case ns_r_servfail: return RESOLVE_SERVFAIL;
    case ns_r_refused:
    case ns_r_notimpl: return RESOLVE_REFUSED;
    default: return RESOLVE_MALFORMED;
    }
}

enum resolve_status dns_read_answer(const unsigned char *message, size_t length, uint16_t id,
                                    struct address *addresses, size_t max, size_t *count)
{
    struct dns_query_answer answer;
    enum resolve_status status;
    HEADER header;

    *count = 0;
    if (length < sizeof(header))
        return RESOLVE_MALFORMED;
    memcpy(&header, message, sizeof(header));
    if (ntohs(header.id) != id || !header.qr)
        return RESOLVE_MALFORMED;
    status = status_of((int)header.rcode);
    if (status != RESOLVE_NO_ADDRESS)
        return status;
    status = answer_read(message, length, AF_INET, &answer);
    *count = answer.count < max ? answer.count : max;
    memcpy(addresses, answer.addresses, *count * sizeof(*addresses));
    return status;
}
