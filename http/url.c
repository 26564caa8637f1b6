/*
 * A URL is split at its delimiters from the left (scheme, user info, host, port, path, query,
 * fragment). Then its parts are written in their normal form into one allocation: with one malloc
 * per part, a third of the time was spent in malloc. A reference is resolved as text: the inherited
 * part of the base is put before it, and the result is parsed.
 *
 * Rejected: the state machine of the WHATWG standard, one character at a time. It needs three times
 * the code and hides the structure of a URL.
 */
#include "http/url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/span.h"
#include "http/host.h"

static const char too_long[] = "the URL is over 65536 bytes";
static const char not_absolute[] = "not an absolute http:// or https:// URL";

/* Classes of a byte, by the part that contains it. */
enum {
    IN_PATH = 1,     /* percent-encoded in a path */
    IN_QUERY = 2,    /* percent-encoded in a query */
    IN_FRAGMENT = 4, /* percent-encoded in a fragment */
    SLASH = 8,       /* "/" and "\", which end a segment */
    REMOVED = 16,    /* removed everywhere; a NUL is percent-encoded instead */
    EVERYWHERE = IN_PATH | IN_QUERY | IN_FRAGMENT,
};

/* The percent-encode sets of the standard, without the delimiters that a part cannot have. */
static const uint8_t classes[256] = {
    [0x00] = EVERYWHERE | REMOVED,
    [0x01 ... 0x08] = EVERYWHERE,
    ['\t'] = EVERYWHERE | REMOVED,
    ['\n'] = EVERYWHERE | REMOVED,
    [0x0b ... 0x0c] = EVERYWHERE,
    ['\r'] = EVERYWHERE | REMOVED,
    [0x0e ... ' '] = EVERYWHERE,
    ['"'] = EVERYWHERE,
    ['\''] = IN_QUERY,
    ['/'] = SLASH,
    ['<'] = EVERYWHERE,
    ['>'] = EVERYWHERE,
    ['\\'] = SLASH,
    ['^'] = IN_PATH,
    ['`'] = IN_PATH | IN_FRAGMENT,
    ['{'] = IN_PATH,
    ['}'] = IN_PATH,
    [0x7f ... 0xff] = EVERYWHERE,
};

/* A URL, split into parts. */
struct parts {
    bool https;
    struct span before;   /* all before the authority */
    struct span user;     /* without the "@" */
    struct span host;     /* with its brackets */
    struct span port;     /* with its colon */
    struct span path;     /* from the first slash on */
    struct span query;    /* with its "?" */
    struct span fragment; /* with its "#" */
};

static bool is(char byte, int class)
{
    return classes[(unsigned char)byte] & class;
}

/* Reads "http:" or "https:". */
static bool take_scheme(struct span *rest, bool *https)
{
    if (span_bytes(*rest) < 5 || strncasecmp(rest->at, "http", 4) != 0)
        return false;
    *https = (rest->at[4] | 32) == 's';
    if (span_bytes(*rest) < 5u + *https || rest->at[4 + *https] != ':')
        return false;
    rest->at += 5 + *https;
    return true;
}

/* Reads up to the first delimiter that ends an authority. */
static struct span take_authority(struct span *rest)
{
    struct span part = {rest->at, rest->at};

    while (part.end < rest->end && !is(*part.end, SLASH) && *part.end != '?' && *part.end != '#')
        part.end++;
    rest->at = part.end;
    return part;
}

/* Reads up to the last "@", and the "@"; without one: nothing. */
static struct span take_user(struct span *authority)
{
    const char *at = memrchr(authority->at, '@', span_bytes(*authority));
    struct span part = {authority->at, at ? at : authority->at};

    if (at)
        authority->at = at + 1;
    return part;
}

/* Reads the host; the rest begins with the colon of the port. */
static struct span take_host(struct span *authority)
{
    bool literal = span_bytes(*authority) && *authority->at == '[';
    const char *close = span_find(*authority, literal ? ']' : ':');
    struct span part = {authority->at, authority->end};

    if (close && literal) /* without a port, the rest belongs to the host, which is refused then */
        close = close + 1 < authority->end && close[1] == ':' ? close + 1 : NULL;
    if (close)
        part.end = close;
    authority->at = part.end;
    return part;
}

/* Reads from the first `mark` on; without one: nothing. */
static struct span take_tail(struct span *rest, char mark)
{
    const char *found = span_find(*rest, mark);
    struct span tail = {found ? found : rest->end, rest->end};

    rest->end = tail.at;
    return tail;
}

const char *url_read_port(uint16_t *number, struct span digits)
{
    unsigned port = 0;

    for (const char *at = digits.at; at < digits.end; at++) {
        if (!is_digit(*at))
            return "the port is not a number";
        port = port * 10 + (unsigned)(*at - '0');
        if (port > UINT16_MAX)
            return "the port is over 65535";
    }
    if (!port)
        return "the port is 0";
    *number = (uint16_t)port;
    return NULL;
}

/* Reads ":8080" or ":" or nothing. *number is set on success. */
static const char *take_port(uint16_t *number, bool https, struct span part)
{
    *number = https ? 443 : 80;
    return span_bytes(part) > 1 ? url_read_port(number, (struct span){part.at + 1, part.end})
                                : NULL;
}

/* Splits the whole URL; only the scheme is checked. */
static const char *split_url(struct parts *parts, struct span rest)
{
    parts->before.at = rest.at;
    if (!take_scheme(&rest, &parts->https))
        return not_absolute;
    while (span_bytes(rest) && is(*rest.at, SLASH))
        rest.at++;
    parts->before.end = rest.at;
    parts->port = take_authority(&rest);
    parts->user = take_user(&parts->port);
    parts->host = take_host(&parts->port);
    parts->fragment = take_tail(&rest, '#');
    parts->query = take_tail(&rest, '?');
    parts->path = rest;
    return NULL;
}

static char *put_byte(char *to, char byte, int part)
{
    static const char digits[] = "0123456789ABCDEF";

    if (!is(byte, part)) {
        *to++ = byte;
        return to;
    }
    *to++ = '%';
    *to++ = digits[(unsigned char)byte >> 4];
    *to++ = digits[byte & 15];
    return to;
}

/* Existing percent-encoding is unchanged. */
static char *put_encoded(char *to, const struct span *part, int class)
{
    for (const char *at = part->at; at < part->end; at++)
        to = put_byte(to, *at, class);
    return to;
}

/* 1 for the segment "." and 2 for "..", in any spelling; 0 for any other. */
static int dots_in(const char *at, const char *end)
{
    int dots = 0;

    for (; at < end; dots++) {
        if (*at == '.')
            at++;
        else if (end - at > 2 && !strncasecmp(at, "%2e", 3))
            at += 3;
        else
            return 0;
    }
    return dots <= 2 ? dots : 0;
}

/* Writes each segment with the slash before it; ".." removes the previous one. */
static char *put_path(char *to, struct span path)
{
    char *begin = to, *segment;

    do {
        int dots;

        segment = to;
        *to++ = '/';
        if (span_bytes(path))
            path.at++;
        while (span_bytes(path) && !is(*path.at, SLASH))
            to = put_byte(to, *path.at++, IN_PATH);
        dots = dots_in(segment + 1, to);
        if (!dots)
            continue;
        to = segment;
        if (dots == 2 && segment > begin)
            to = memrchr(begin, '/', (size_t)(segment - begin));
        if (!span_bytes(path))
            *to++ = '/';
    } while (span_bytes(path));
    return to;
}

/* Writes user name and password, percent-decoded and joined by a colon (RFC 7617). Both empty:
   none. */
static void put_user_info(struct url *url, char *to, const struct span *user)
{
    const char *colon = span_find(*user, ':'), *at = user->at;
    const char *name_end = colon ? colon : user->end;

    if (span_bytes(*user) == (colon != NULL))
        return;
    url->user_info = to;
    while (at < name_end)
        *to++ = take_decoded(&at, name_end);
    url->user_bytes = (size_t)(to - url->user_info);
    if (!colon)
        *to++ = ':';
    while (at < user->end)
        *to++ = take_decoded(&at, user->end);
    *to = '\0';
    url->user_info_bytes = (size_t)(to - url->user_info);
}

/* Writes the value of the Host field: without user info and default port. Returns the position
   after it. */
static char *put_authority(struct url *url, char *to, const struct host *host)
{
    bool standard = url->port == (url->https ? 443 : 80);

    url->authority = standard && !host->literal ? url->host : to;
    if (url->authority == url->host)
        return to;
    to = stpcpy(stpcpy(stpcpy(to, host->literal ? "[" : ""), host->text), host->literal ? "]" : "");
    if (!standard) {
        *to++ = ':';
        to = put_decimal(to, url->port);
    }
    return to + 1;
}

/* Space for the slash of an empty path, four NULs, the colons of port and user info, the port, and
   the brackets of an address. */
#define BLOCK_EXTRA_BYTES 32

/* Writes all texts, each with a NUL. Percent-encoding may triple a byte if `all`, the union of the
   classes in `whole`, contains EVERYWHERE. */
static void put_url(struct url *url, const struct parts *parts, const struct host *host,
                    const struct span *whole, int all)
{
    size_t times = all & EVERYWHERE ? 4 : 2; /* the text is also copied to `shown` */
    char *to = memory_get(times * span_bytes(*whole) + 2 * host->length + BLOCK_EXTRA_BYTES);

    url->https = parts->https;
    url->numeric = host->numeric;
    url->shown = to;
    to = span_put(span_put(to, parts->before), (struct span){parts->host.at, whole->end});
    *to++ = '\0';
    url->host = to;
    to = mempcpy(to, host->text, host->length + 1);
    to = put_authority(url, to, host);
    url->target = to;
    to = put_encoded(put_path(to, parts->path), &parts->query, IN_QUERY);
    *to++ = '\0';
    if (span_bytes(parts->fragment)) {
        url->fragment = to + 1; /* the "#" is copied too */
        to = put_encoded(to, &parts->fragment, IN_FRAGMENT);
        *to++ = '\0';
    }
    put_user_info(url, to, &parts->user);
}

static int classes_in(const struct span *rest)
{
    int all = 0;

    for (const char *at = rest->at; at < rest->end; at++)
        all |= classes[(unsigned char)*at];
    return all;
}

/* A copy without tabs and line ends, and with "%00" for each NUL. To be freed. */
static char *without_removed(struct span *rest)
{
    char *copy = memory_get(3 * span_bytes(*rest) + 1), *to = copy;

    for (const char *at = rest->at; at < rest->end; at++) {
        if (!is(*at, REMOVED))
            *to++ = *at;
        else if (!*at)
            to = stpcpy(to, "%00");
    }
    *rest = (struct span){copy, to};
    return copy;
}

/* Like url_parse, for a text of at most `max` bytes. */
static const char *parse(struct url *url, const char *text, size_t length, size_t max)
{
    struct span whole = span_trim(span_of(text, length), is_space_or_control);
    struct host host;
    struct parts parts;
    const char *wrong;
    char *copy = NULL;
    int all;

    *url = (struct url){0};
    if (span_bytes(whole) > max)
        return too_long;
    all = classes_in(&whole);
    if (all & REMOVED)
        copy = without_removed(&whole);
    wrong = split_url(&parts, whole);
    if (!wrong)
        wrong = host_parse(&host, parts.host.at, span_bytes(parts.host));
    if (!wrong)
        wrong = take_port(&url->port, parts.https, parts.port);
    if (!wrong)
        put_url(url, &parts, &host, &whole, all);
    free(copy);
    return wrong;
}

const char *url_parse(struct url *url, const char *text, size_t length)
{
    return parse(url, text, length, URL_MAX_BYTES);
}

void url_free(struct url *url)
{
    free(url->shown);
    *url = (struct url){0};
}

/* Whether it begins with a scheme and a colon (RFC 3986, section 3.1). */
static bool has_scheme(const struct span *rest)
{
    const char *at = rest->at;

    if (at == rest->end || !is_letter(*at))
        return false;
    while (at < rest->end && (is_letter(*at) || is_digit(*at) || strchr("+-.", *at)))
        at++;
    return at < rest->end && *at == ':';
}

/* The length of the base's target that a reference without authority inherits (RFC 3986, section
   5.2.2): all for a fragment, the path for a query, the folder for a relative path. */
static int inherited_bytes(const char *target, const struct span *reference)
{
    int path = (int)strcspn(target, "?");
    char first = span_bytes(*reference) ? *reference->at : '#';

    if (first == '#')
        return (int)strlen(target);
    if (first == '?')
        return path;
    if (is(first, SLASH))
        return 0;
    return (int)((const char *)memrchr(target, '/', (size_t)path) + 1 - target);
}

static const char *scheme_of(bool https)
{
    return https ? "https" : "http";
}

/* Joins the inherited part of the base and the reference to an absolute URL; to be freed. NULL:
   another scheme. */
static char *resolve(const struct url *base, struct span reference)
{
    const char *inherited = span_find(reference, '#') ? NULL : base->fragment;
    bool https = base->https, has_authority = false;

    if (has_scheme(&reference)) {
        if (!take_scheme(&reference, &https))
            return NULL;
        /* "http:g" is a relative path if the base is http (RFC 3986, section 5.2.2: not strict) */
        has_authority = https != base->https;
    }
    has_authority =
        has_authority || (span_bytes(reference) > 1 && is(reference.at[0], SLASH) &&
                          is(reference.at[1], SLASH)); /* any number of slashes counts as two */
    return memory_print(
        "%s://%s%.*s%.*s%s%s", scheme_of(https), has_authority ? "" : base->authority,
        has_authority ? 0 : inherited_bytes(base->target, &reference), base->target,
        (int)span_bytes(reference), reference.at, inherited ? "#" : "", inherited ? inherited : "");
}

/* Parses the result again from its normal form: `shown` is then normalized and within the limit. */
const char *url_join(struct url *url, const struct url *base, const char *reference, size_t length)
{
    struct span rest = span_trim(span_of(reference, length), is_space_or_control);
    char *copy, *text;
    const char *wrong;

    *url = (struct url){0};
    if (span_bytes(rest) > URL_MAX_BYTES)
        return too_long;
    copy = without_removed(&rest);
    text = resolve(base, rest);
    free(copy);
    if (!text)
        return "its scheme is not http or https";
    wrong = parse(url, text, strlen(text), URL_MAX_JOINED_BYTES);
    free(text);
    if (wrong)
        return wrong;
    text = memory_print("%s://%s%s%s%s", scheme_of(url->https), url->authority, url->target,
                        url->fragment ? "#" : "", url->fragment ? url->fragment : "");
    url_free(url);
    wrong = parse(url, text, strlen(text), URL_MAX_JOINED_BYTES);
    free(text);
    return wrong;
}

bool url_shares_origin(const struct url *a, const struct url *b)
{
    return a->https == b->https && a->port == b->port && !strcmp(a->host, b->host);
}

/* Reads only what the hash of the origin needs. */
bool url_origin(struct url_origin *origin, const char *text, size_t length)
{
    struct span rest = {text, text + length}, authority, host;

    while (span_bytes(rest) && is_space_or_control(*rest.at))
        rest.at++;
    if (!take_scheme(&rest, &origin->https) || span_bytes(rest) < 2 ||
        memcmp(rest.at, "//", 2) != 0)
        return false;
    rest.at += 2;
    authority = take_authority(&rest);
    for (const char *at = authority.at; at < authority.end; at++)
        if (is_space_or_control(*at))
            authority.end = at;
    take_user(&authority);
    host = take_host(&authority);
    if (take_port(&origin->port, origin->https, authority))
        return false;
    if (span_bytes(host) && *host.at == '[') {
        host.at++;
        host.end -= host.end > host.at;
    }
    origin->host = host.at;
    origin->host_bytes = span_bytes(host);
    return span_bytes(host);
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
