/*
 * A URL is cut at its delimiters from the left: scheme, authority, target. Each part has one
 * function, and all refuse what they do not understand.
 */
#include "http/url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "reactor/hash.h"
#include "reactor/memory.h"
#include "reactor/sock.h"

/* What is left to read. */
struct rest {
    const char *at, *end;
};

static size_t left(const struct rest *rest)
{
    return (size_t)(rest->end - rest->at);
}

static const char *find(const struct rest *rest, char wanted)
{
    return memchr(rest->at, wanted, left(rest));
}

static const char *take_scheme(struct url *url, struct rest *rest)
{
    if (left(rest) >= 8 && !strncasecmp(rest->at, "https://", 8)) {
        url->https = true;
        rest->at += 8;
    } else if (left(rest) >= 7 && !strncasecmp(rest->at, "http://", 7)) {
        rest->at += 7;
    } else {
        return "not an absolute http:// or https:// URL";
    }
    url->port = url->https ? 443 : 80;
    return NULL;
}

static int hex(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit = (char)tolower((unsigned char)digit);
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* User name and password, percent-decoded (RFC 7617 joins them by a colon again). */
static void take_user_info(struct url *url, const char *at, const char *end)
{
    char *to = memory_get((size_t)(end - at) + 2);
    bool colon = false;

    url->user_info = to;
    for (; at < end; at++) {
        colon = colon || *at == ':';
        if (*at == '%' && end - at > 2 && hex(at[1]) >= 0 && hex(at[2]) >= 0) {
            *to++ = (char)(hex(at[1]) * 16 + hex(at[2]));
            at += 2;
        } else {
            *to++ = *at;
        }
    }
    if (!colon)
        *to++ = ':';
    *to = '\0';
    url->user_info_bytes = (size_t)(to - url->user_info);
}

/* ":8080" or ":" or nothing. */
static const char *take_port(struct url *url, struct rest *rest)
{
    unsigned port = 0;

    if (!left(rest))
        return NULL;
    if (*rest->at++ != ':')
        return "junk after the host";
    if (!left(rest))
        return NULL;
    for (; rest->at < rest->end; rest->at++) {
        if (!isdigit((unsigned char)*rest->at))
            return "the port is not a number";
        port = port * 10 + (unsigned)(*rest->at - '0');
        if (port > UINT16_MAX)
            return "the port is over 65535";
    }
    if (!port)
        return "the port is 0";
    url->port = (uint16_t)port;
    return NULL;
}

/* A copy in lower case, to be freed. */
static char *lower_text(const char *text, size_t length)
{
    char *copy = memory_text(text, length);

    for (char *at = copy; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return copy;
}

/* "[::1]" */
static const char *take_literal(struct url *url, struct rest *rest)
{
    const char *close = find(rest, ']');
    struct address address;

    if (!close)
        return "the IPv6 address has no closing bracket";
    url->host = lower_text(rest->at + 1, (size_t)(close - rest->at - 1));
    rest->at = close + 1;
    url->numeric = true;
    if (!strchr(url->host, ':') || !address_parse(&address, url->host, 0))
        return "not an IPv6 address in the brackets";
    return NULL;
}

/* Letters, digits, "-", "_" and "." in labels that the DNS can carry (RFC 1035, section 2.3.4). */
static const char *check_name(const char *host)
{
    size_t label = 0, length = strlen(host);

    if (length > 254 || (length == 254 && host[253] != '.'))
        return "the host's name is too long";
    for (const char *at = host; *at; at++) {
        if (*at == '.' && !label)
            return "the host's name has an empty label";
        if (*at != '.' && !isalnum((unsigned char)*at) && *at != '-' && *at != '_')
            return (unsigned char)*at >= 0x80 ? "the host's name is not ASCII"
                                              : "the host's name has a forbidden character";
        label = *at == '.' ? 0 : label + 1;
        if (label > 63)
            return "a label of the host's name is over 63 bytes";
    }
    return NULL;
}

/* A host whose last label is a number is an IPv4 address or an error (WHATWG URL, "ends in a
   number"): no name in the DNS looks like that. */
static bool ends_in_number(const char *host)
{
    size_t length = strlen(host);
    const char *at;

    if (length && host[length - 1] == '.')
        length--;
    for (at = host + length; at > host && at[-1] != '.'; at--)
        if (!isdigit((unsigned char)at[-1]))
            return false;
    return at < host + length;
}

static const char *take_name(struct url *url, struct rest *rest)
{
    const char *colon = find(rest, ':'), *end = colon ? colon : rest->end;
    struct address address;

    if (end == rest->at)
        return "there is no host";
    if (end - rest->at > URL_MOST_HOST_BYTES)
        return "the host's name is too long";
    if (memchr(rest->at, '\0', (size_t)(end - rest->at)))
        return "the host's name has a forbidden character";
    url->host = lower_text(rest->at, (size_t)(end - rest->at));
    rest->at = end;
    if (!ends_in_number(url->host))
        return check_name(url->host);
    url->numeric = address_parse(&address, url->host, 0);
    return url->numeric ? NULL : "not an IPv4 address in dotted form";
}

/* ":8080"; snprintf would be a sixth of the whole parse. */
static void put_port(char *to, unsigned port)
{
    unsigned unit = 1;

    while (port / unit >= 10)
        unit *= 10;
    *to++ = ':';
    for (; unit; unit /= 10)
        *to++ = (char)('0' + port / unit % 10);
    *to = '\0';
}

/* What the Host field says: no user info, no default port. */
static char *authority_of(const struct url *url)
{
    bool standard = url->port == (url->https ? 443 : 80), literal = strchr(url->host, ':');
    char *text = memory_get(strlen(url->host) + sizeof("[]:65535")), *to;

    to = stpcpy(stpcpy(stpcpy(text, literal ? "[" : ""), url->host), literal ? "]" : "");
    if (!standard)
        put_port(to, url->port);
    return text;
}

/* *host is set to where the text goes on after the user info. */
static const char *take_authority(struct url *url, struct rest *rest, const char **host)
{
    struct rest part = {rest->at, rest->at};
    const char *wrong;

    while (part.end < rest->end && *part.end != '/' && *part.end != '?' && *part.end != '#')
        part.end++;
    rest->at = part.end;
    for (const char *at = part.end; at > part.at; at--) {
        if (at[-1] != '@')
            continue;
        if (at - 1 > part.at)
            take_user_info(url, part.at, at - 1);
        part.at = at;
        break;
    }
    *host = part.at;
    wrong = left(&part) && *part.at == '[' ? take_literal(url, &part) : take_name(url, &part);
    if (!wrong)
        wrong = take_port(url, &part);
    if (!wrong)
        url->authority = authority_of(url);
    return wrong;
}

/* What may not stand in a request line (RFC 3986, section 2). */
static bool must_encode(unsigned char byte)
{
    switch (byte) {
    case '"':
    case '<':
    case '>':
    case '`':
    case '{':
    case '}': return true;
    default: return byte <= ' ' || byte >= 0x7f;
    }
}

/* Path and query up to the fragment. Characters that may not stand in a request line are
   percent-encoded; what is encoded already stays as it is. */
static const char *take_target(struct url *url, struct rest *rest)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *hash = find(rest, '#');
    char *to;

    if (hash)
        rest->end = hash;
    to = url->target = memory_get(3 * left(rest) + 2);
    if (!left(rest) || *rest->at != '/')
        *to++ = '/';
    for (; rest->at < rest->end; rest->at++) {
        unsigned char byte = (unsigned char)*rest->at;

        if (must_encode(byte)) {
            *to++ = '%';
            *to++ = digits[byte >> 4];
            *to++ = digits[byte & 15];
        } else {
            *to++ = (char)byte;
        }
    }
    *to = '\0';
    return NULL;
}

/* The text as given, without what stands before the "@". */
static char *shown_of(const struct rest *whole, const char *host)
{
    size_t scheme = (size_t)(strstr(whole->at, "//") + 2 - whole->at);
    size_t after = (size_t)(whole->end - host);
    char *text = memory_get(scheme + after + 1);

    memcpy(text, whole->at, scheme);
    memcpy(text + scheme, host, after);
    text[scheme + after] = '\0';
    return text;
}

const char *url_parse(struct url *url, const char *text, size_t length)
{
    struct rest rest = {text, text + length}, whole;
    const char *wrong = NULL, *host = NULL;

    *url = (struct url){0};
    while (left(&rest) && (unsigned char)*rest.at <= ' ')
        rest.at++;
    while (left(&rest) && (unsigned char)rest.end[-1] <= ' ')
        rest.end--;
    whole = rest;
    if (left(&rest) > URL_MOST_BYTES)
        wrong = "the URL is over 8192 bytes";
    else if (find(&rest, '\\') || find(&rest, '\0'))
        wrong = "the URL has a backslash or a NUL byte";
    if (!wrong)
        wrong = take_scheme(url, &rest);
    if (!wrong)
        wrong = take_authority(url, &rest, &host);
    if (!wrong)
        wrong = take_target(url, &rest);
    if (wrong)
        url_free(url);
    else
        url->shown = shown_of(&whole, host);
    return wrong;
}

void url_free(struct url *url)
{
    free(url->host);
    free(url->authority);
    free(url->target);
    free(url->user_info);
    free(url->shown);
    *url = (struct url){0};
}

/* What stands in [at, end) up to the first of the characters that end an authority in a line. */
static const char *authority_end(const char *at, const char *end)
{
    while (at<end && * at> ' ' && *at != '/' && *at != '?' && *at != '#')
        at++;
    return at;
}

bool url_origin(struct url_origin *origin, const char *text, size_t length)
{
    struct rest rest = {text, text + length};
    struct url url = {0};
    const char *at, *close;

    while (left(&rest) && (unsigned char)*rest.at <= ' ')
        rest.at++;
    if (take_scheme(&url, &rest))
        return false;
    rest.end = authority_end(rest.at, rest.end);
    at = memrchr(rest.at, '@', left(&rest));
    if (at)
        rest.at = at + 1;
    close = left(&rest) && *rest.at == '[' ? find(&rest, ']') : find(&rest, ':');
    origin->host = rest.at + (left(&rest) && *rest.at == '[');
    origin->host_bytes = (size_t)((close ? close : rest.end) - origin->host);
    rest.at = close ? close + (*close == ']') : rest.end;
    if (!origin->host_bytes || take_port(&url, &rest))
        return false;
    origin->https = url.https;
    origin->port = url.port;
    return true;
}

bool url_same_origin(const struct url_origin *a, const struct url_origin *b)
{
    return a->https == b->https && a->port == b->port && a->host_bytes == b->host_bytes &&
           !strncasecmp(a->host, b->host, a->host_bytes);
}

uint32_t url_origin_hash(const struct url_origin *origin)
{
    return hash_bytes(origin->host, origin->host_bytes) ^ origin->port ^ origin->https;
}
