/*
 * Nameservers out of text. c-ares reads such lists by itself, but takes much that was never meant
 * (a port of 99999, brackets that do not close) and cannot say what is wrong with the rest.
 */
#include "dns/servers.h"

#include <string.h>

#include "base/parse.h"

/* Cuts "host", "host:port", "[host]" or "[host]:port" in two; *port NULL where there is none. More
   than one colon without brackets is an IPv6 address. False where brackets are not as they should. */
static bool cut(char *text, char **host, char **port)
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
        return "a nameserver is missing: the list has an empty place";
    if (!cut(text, &host, &port))
        return "a nameserver of IPv6 with a port is written [address]:port";
    if (port && !number_parse(port, 1, UINT16_MAX, &number))
        return "the port of a nameserver is a number from 1 to 65535";
    if (!address_parse(server, host, (uint16_t)number))
        return "a nameserver is given by its numeric address, as in 192.0.2.1 or [2001:db8::1]:53";
    if (bracket && server->any.sa_family != AF_INET6)
        return "only an IPv6 address stands in brackets";
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
            length = sizeof(one) - 1; /* no address is so long: it is none, cut or not */
        memcpy(one, next, length);
        one[length] = '\0';
        why = server_parse(one, &servers[(*count)++]);
        next += strcspn(next, ",");
    } while (!why && *next++);
    return why;
}
