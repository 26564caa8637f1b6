/*
 * A jar of at most 50 cookies: a list in the order in which they are sent, searched from its
 * beginning. A jar for all sites, indexed by domain and guarded by the list of public suffixes, would
 * be what a browser has; a program that visits each site once has no use for it, and nobody's cookies
 * can get mixed up without it.
 *
 * A Set-Cookie without "=" is refused, as RFC 6265 has it. RFC 6265bis takes it for a value without a
 * name, which then has to be kept from looking like a name with a prefix.
 */
#include "http/cookies.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/date.h"
#include "reactor/memory.h"

#define NEVER INT64_MAX

struct cookie {
    struct cookie *next;
    size_t pair_bytes, name_bytes, path_bytes;
    int64_t expires; /* NEVER: with the jar */
    bool secure;     /* only over https */
    char text[];     /* "name=value", then the path; no NUL */
};

struct cookies {
    struct cookie *first; /* the longest path first, of equally long ones the oldest */
    size_t count, bytes;
};

/* Bytes that lie somewhere else. */
struct span {
    const char *at;
    size_t bytes;
};

/* A Set-Cookie, read. */
struct offer {
    struct span name, value, path, domain; /* `at` NULL: no such attribute */
    int64_t max_age, expires;              /* moments */
    bool secure, has_max_age, has_expires;
};

static bool span_is(struct span span, const char *text)
{
    return span.bytes == strlen(text) && !strncasecmp(span.at, text, span.bytes);
}

static bool span_begins(struct span span, const char *text)
{
    return span.bytes >= strlen(text) && !strncasecmp(span.at, text, strlen(text));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct span trimmed(struct span span)
{
    for (; span.bytes && is_blank(*span.at); span.bytes--)
        span.at++;
    while (span.bytes && is_blank(span.at[span.bytes - 1]))
        span.bytes--;
    return span;
}

/* Takes what stands before the next `mark` off `rest`, which is then behind it; all if none is left. */
static struct span take_until(struct span *rest, char mark)
{
    const char *found = rest->bytes ? memchr(rest->at, mark, rest->bytes) : NULL;
    size_t bytes = found ? (size_t)(found - rest->at) : rest->bytes;
    struct span taken = {rest->at, bytes};

    rest->at += bytes + (found != NULL);
    rest->bytes -= bytes + (found != NULL);
    return taken;
}

/* A tab is allowed around the parts, where it is taken off; in a name or a value it is not. */
static bool has_control(struct span span, bool tab_too)
{
    for (size_t i = 0; i < span.bytes; i++) {
        unsigned char byte = (unsigned char)span.at[i];

        if ((byte < ' ' && (byte != '\t' || tab_too)) || byte == 0x7f)
            return true;
    }
    return false;
}

/* Max-Age as a moment (RFC 6265, section 5.2.2). False: not a number. */
static bool read_max_age(struct span text, int64_t now, int64_t *moment)
{
    bool past = text.bytes && *text.at == '-';
    int64_t sum = 0;

    for (size_t i = past; i < text.bytes; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        if (sum < NEVER / 100)
            sum = 10 * sum + (text.at[i] - '0');
    }
    if (past || !sum)
        *moment = INT64_MIN;
    else
        *moment = now > NEVER - sum ? NEVER : now + sum;
    return text.bytes > past;
}

/* One attribute; of those that come twice the last one counts. */
static void read_attribute(struct offer *offer, struct span text, int64_t now)
{
    struct span name = trimmed(take_until(&text, '=')), value = trimmed(text);
    int64_t moment;

    if (span_is(name, "secure")) {
        offer->secure = true;
    } else if (span_is(name, "path")) {
        offer->path = value;
    } else if (span_is(name, "domain")) {
        bool dot = value.bytes && *value.at == '.';

        offer->domain = (struct span){value.at + dot, value.bytes - dot};
    } else if (span_is(name, "max-age") && read_max_age(value, now, &moment)) {
        offer->max_age = moment;
        offer->has_max_age = true;
    } else if (span_is(name, "expires") && date_cookie(value.at, value.bytes, &moment)) {
        offer->expires = moment;
        offer->has_expires = true;
    }
}

/* False: not a cookie, or one that could break the request. */
static bool read_offer(struct offer *offer, struct span text, int64_t now)
{
    struct span pair = take_until(&text, ';'), name;
    bool has_mark = pair.bytes && memchr(pair.at, '=', pair.bytes);

    name = trimmed(take_until(&pair, '='));
    *offer = (struct offer){.name = name, .value = trimmed(pair)};
    if (!has_mark || !name.bytes || has_control(name, true) || has_control(offer->value, true))
        return false;
    while (text.bytes)
        read_attribute(offer, take_until(&text, ';'), now);
    return true;
}

/* The host itself, or a domain above it (RFC 6265, section 5.1.3). */
static bool domain_matches(struct span domain, const struct url *url)
{
    size_t host = strlen(url->host);
    const char *tail;

    if (domain.bytes > host)
        return false;
    tail = url->host + host - domain.bytes;
    if (strncasecmp(tail, domain.at, domain.bytes) != 0)
        return false;
    return domain.bytes == host || (!url->numeric && tail[-1] == '.');
}

static bool is_allowed(const struct offer *offer, const struct url *url)
{
    bool has_domain = offer->domain.bytes;

    if (has_domain && !domain_matches(offer->domain, url))
        return false;
    if (offer->secure && !url->https)
        return false;
    if (span_begins(offer->name, "__Secure-"))
        return offer->secure;
    if (span_begins(offer->name, "__Host-"))
        return offer->secure && !has_domain && offer->path.bytes == 1 && *offer->path.at == '/';
    return true;
}

static struct span path_of(const struct url *url)
{
    return (struct span){url->target, strcspn(url->target, "?")};
}

/* The attribute, or else the folder of the URL (RFC 6265, section 5.1.4). */
static struct span path_for(const struct offer *offer, const struct url *url)
{
    struct span path = path_of(url);

    if (offer->path.bytes && *offer->path.at == '/')
        return offer->path;
    while (path.bytes > 1 && path.at[path.bytes - 1] != '/')
        path.bytes--;
    if (path.bytes > 1)
        path.bytes--;
    return path;
}

static bool path_matches(const struct cookie *cookie, struct span path)
{
    size_t bytes = cookie->path_bytes;
    const char *own = cookie->text + cookie->pair_bytes;

    if (path.bytes < bytes || memcmp(path.at, own, bytes) != 0)
        return false;
    return path.bytes == bytes || own[bytes - 1] == '/' || path.at[bytes] == '/';
}

static size_t size_of(const struct cookie *cookie)
{
    return cookie->pair_bytes + cookie->path_bytes;
}

static void drop(struct cookies *jar, struct cookie **link)
{
    struct cookie *cookie = *link;

    *link = cookie->next;
    jar->count--;
    jar->bytes -= size_of(cookie);
    free(cookie);
}

static void drop_expired(struct cookies *jar, int64_t now)
{
    for (struct cookie **link = &jar->first; *link;)
        if ((*link)->expires <= now)
            drop(jar, link);
        else
            link = &(*link)->next;
}

static struct cookie *cookie_new(const struct offer *offer, struct span path, int64_t expires)
{
    size_t pair = offer->name.bytes + 1 + offer->value.bytes;
    struct cookie *cookie = memory_get(sizeof(*cookie) + pair + path.bytes);
    char *to = cookie->text;

    *cookie = (struct cookie){.pair_bytes = pair,
                              .name_bytes = offer->name.bytes,
                              .path_bytes = path.bytes,
                              .expires = expires,
                              .secure = offer->secure};
    to = mempcpy(to, offer->name.at, offer->name.bytes);
    *to++ = '=';
    to = mempcpy(to, offer->value.at, offer->value.bytes);
    memcpy(to, path.at, path.bytes);
    return cookie;
}

/* The link to the cookie of this name and path; or else to where it belongs, which is where the next
   one's path is shorter. */
static struct cookie **place_of(struct cookies *jar, struct span name, struct span path)
{
    struct cookie **link = &jar->first;

    for (; *link && (*link)->path_bytes >= path.bytes; link = &(*link)->next) {
        const struct cookie *cookie = *link;

        if (cookie->path_bytes == path.bytes && cookie->name_bytes == name.bytes &&
            !memcmp(cookie->text, name.at, name.bytes) &&
            !memcmp(cookie->text + cookie->pair_bytes, path.at, path.bytes))
            break;
    }
    return link;
}

/* Puts it in where it belongs, in the place of its forerunner, or frees it where there is no room. */
static void keep(struct cookies *jar, struct cookie *cookie, struct cookie **link, bool replaces)
{
    size_t count = jar->count + !replaces;
    size_t bytes = jar->bytes + size_of(cookie) - (replaces ? size_of(*link) : 0);

    if (count > COOKIES_MOST || bytes > COOKIES_MOST_BYTES) {
        free(cookie);
        return;
    }
    if (replaces)
        drop(jar, link);
    cookie->next = *link;
    *link = cookie;
    jar->count = count;
    jar->bytes = bytes;
}

void cookies_take(struct cookies **jar, const struct url *url, const char *value, size_t length,
                  int64_t now_unix)
{
    struct span text = {value, length}, path;
    int64_t expires = NEVER;
    struct cookie **link;
    struct offer offer;
    bool replaces;

    if (length > COOKIES_MOST_FIELD_BYTES || has_control(text, false) ||
        !read_offer(&offer, text, now_unix) || !is_allowed(&offer, url) ||
        offer.name.bytes + offer.value.bytes > COOKIES_MOST_PAIR_BYTES)
        return;
    if (offer.has_max_age)
        expires = offer.max_age;
    else if (offer.has_expires)
        expires = offer.expires;
    if (!*jar && expires <= now_unix)
        return;
    if (!*jar)
        *jar = memory_zeroed(sizeof(**jar));
    drop_expired(*jar, now_unix);
    path = path_for(&offer, url);
    link = place_of(*jar, offer.name, path);
    replaces = *link && (*link)->path_bytes == path.bytes;
    if (expires > now_unix)
        keep(*jar, cookie_new(&offer, path, expires), link, replaces);
    else if (replaces)
        drop(*jar, link);
}

static bool is_sent(const struct cookie *cookie, const struct url *url, int64_t now)
{
    return cookie->expires > now && (!cookie->secure || url->https) &&
           path_matches(cookie, path_of(url));
}

char *cookies_for(const struct cookies *jar, const struct url *url, int64_t now_unix)
{
    char *text, *to;

    if (!jar)
        return NULL;
    text = to = memory_get(jar->bytes + strlen("; ") * jar->count + 1);
    for (const struct cookie *cookie = jar->first; cookie; cookie = cookie->next) {
        if (!is_sent(cookie, url, now_unix))
            continue;
        if (to > text)
            to = mempcpy(to, "; ", 2);
        to = mempcpy(to, cookie->text, cookie->pair_bytes);
    }
    *to = '\0';
    if (to > text)
        return text;
    free(text);
    return NULL;
}

void cookies_free(struct cookies *jar)
{
    if (!jar)
        return;
    while (jar->first)
        drop(jar, &jar->first);
    free(jar);
}
