/*
 * Parses a list of nameservers. Rejected: the parser of c-ares. It accepts invalid lists (a port of
 * 99999, a missing bracket) and does not report what is wrong.
 */
#include "dns/servers.h"

#include <string.h>

#include "base/parse.h"

/* Splits "host", "host:port", "[host]" or "[host]:port"; *port is NULL if there is none. Without
   brackets, two colons mean an IPv6 address. Returns false if brackets are wrong. */
static bool split(char *text, char **host, char **port)
{
    char *close = strchr(text, ']'), *colon = strchr(text, ':');

    *port = NULL;
    *host = text;
    if (*text == '[') {
        if (!close || (close[1] && close[1] != ':'))
            return false;
        *host = text + 1;
        *port = close[1] ? close + 2 : NULL;
        *close = '\0';
    } else if (colon && !strchr(colon + 1, ':')) {
        *port = colon + 1;
        *colon = '\0';
    }
    return true;
}

static const char *server_parse(char *text, struct address *server)
{
    bool bracket = *text == '[';
    unsigned long number = SERVERS_PORT;
    char *host, *port;

    if (!*text)
        return "the list of nameservers has an empty entry";
    if (!split(text, &host, &port))
        return "an IPv6 nameserver with a port is written [address]:port";
    if (port && !number_parse(port, 1, UINT16_MAX, &number))
        return "the port of a nameserver must be a number from 1 to 65535";
    if (!address_parse(server, host, (uint16_t)number))
        return "a nameserver must be a numeric address, such as 192.0.2.1 or [2001:db8::1]:53";
    if (bracket && server->any.sa_family != AF_INET6)
        return "only an IPv6 address may be in brackets";
    return NULL;
}

const char *servers_parse(const char *text, struct address servers[SERVERS_MAX], size_t *count)
{
    const char *why = NULL, *next = text;

    *count = 0;
    do {
        char one[ADDRESS_TEXT_BYTES];
        size_t length = strcspn(next, ",");

        if (*count == SERVERS_MAX)
            return "there are more than 16 nameservers";
        if (length >= sizeof(one))
            length = sizeof(one) - 1; /* longer than any address: invalid, also when cut */
        memcpy(one, next, length);
        one[length] = '\0';
        why = server_parse(one, &servers[(*count)++]);
        next += strcspn(next, ",");
    } while (!why && *next++);
    return why;
}
