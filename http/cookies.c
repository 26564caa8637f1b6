/*
 * A jar of at most 400 cookies: a list in the order in which they are sent, searched from its
 * beginning. A table by domain would be what a browser has; a chain of redirects meets a few hosts. One
 * jar for all sites of a run was rejected: what a site answers would depend on those fetched before it.
 *
 * A Set-Cookie without "=" is refused, as RFC 6265 has it. RFC 6265bis takes it for a value without a
 * name, which then has to be kept from looking like a name with a prefix.
 */
#include "http/cookies.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "http/date.h"
#include "http/suffix.h"

#define NEVER INT64_MAX

struct cookie {
    struct cookie *next;
    size_t pair_bytes, name_bytes, path_bytes, domain_bytes;
    int64_t expires; /* NEVER: with the jar */
    bool secure;     /* only over https */
    bool host_only;  /* not for hosts below the domain */
    char text[];     /* "name=value", then the path, then the domain; no NUL */
};

struct cookies {
    struct cookie *first; /* the longest path first, of equally long ones the oldest */
    size_t count, bytes;
};

/* Bytes that lie somewhere else. */
struct text_span {
    const char *at;
    size_t bytes;
};

/* Whose a cookie is: what makes it another than one of the same name. */
struct scope {
    struct text_span path, domain;
    bool host_only;
};

/* A Set-Cookie, read. */
struct offer {
    struct text_span name, value, path, domain; /* `at` NULL: no such attribute */
    int64_t max_age, expires;                   /* moments */
    bool secure, has_max_age, has_expires;
};

static bool span_is(struct text_span span, const char *text)
{
    return span.bytes == strlen(text) && !strncasecmp(span.at, text, span.bytes);
}

static bool span_begins(struct text_span span, const char *text)
{
    return span.bytes >= strlen(text) && !strncasecmp(span.at, text, strlen(text));
}

static struct text_span trimmed(struct text_span span)
{
    for (; span.bytes && is_blank(*span.at); span.bytes--)
        span.at++;
    while (span.bytes && is_blank(span.at[span.bytes - 1]))
        span.bytes--;
    return span;
}

/* Takes what stands before the next `mark` off `rest`, which is then behind it; all if none is left. */
static struct text_span take_until(struct text_span *rest, char mark)
{
    const char *found = rest->bytes ? memchr(rest->at, mark, rest->bytes) : NULL;
    size_t bytes = found ? (size_t)(found - rest->at) : rest->bytes;
    struct text_span taken = {rest->at, bytes};

    rest->at += bytes + (found != NULL);
    rest->bytes -= bytes + (found != NULL);
    return taken;
}

/* A tab is allowed around the parts, where it is taken off; in a name or a value it is not. */
static bool has_control(struct text_span span, bool tab_too)
{
    return has_control_byte(span.at, span.bytes) ||
           (tab_too && span.bytes && memchr(span.at, '\t', span.bytes));
}

/* Max-Age as a moment (RFC 6265, section 5.2.2). False: not a number. */
static bool read_max_age(struct text_span text, int64_t now, int64_t *moment)
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
static void read_attribute(struct offer *offer, struct text_span text, int64_t now)
{
    struct text_span name = trimmed(take_until(&text, '=')), value = trimmed(text);
    int64_t moment;

    if (span_is(name, "secure")) {
        offer->secure = true;
    } else if (span_is(name, "path")) {
        offer->path = value;
    } else if (span_is(name, "domain")) {
        bool dot = value.bytes && *value.at == '.';

        offer->domain = (struct text_span){value.at + dot, value.bytes - dot};
    } else if (span_is(name, "max-age") && read_max_age(value, now, &moment)) {
        offer->max_age = moment;
        offer->has_max_age = true;
    } else if (span_is(name, "expires") && date_cookie(value.at, value.bytes, &moment)) {
        offer->expires = moment;
        offer->has_expires = true;
    }
}

/* False: not a cookie, or one that could break the request. */
static bool read_offer(struct offer *offer, struct text_span text, int64_t now)
{
    struct text_span pair = take_until(&text, ';'), name;
    bool has_mark = pair.bytes && memchr(pair.at, '=', pair.bytes);

    name = trimmed(take_until(&pair, '='));
    *offer = (struct offer){.name = name, .value = trimmed(pair)};
    if (!has_mark || !name.bytes || has_control(name, true) || has_control(offer->value, true))
        return false;
    while (text.bytes)
        read_attribute(offer, take_until(&text, ';'), now);
    return true;
}

static struct text_span host_of(const struct url *url)
{
    return (struct text_span){url->host, strlen(url->host)};
}

/* Whether the domain is the host itself, or one above it (RFC 6265, section 5.1.3). */
static bool domain_matches(struct text_span domain, struct text_span host, bool numeric)
{
    const char *tail;

    if (domain.bytes > host.bytes)
        return false;
    tail = host.at + host.bytes - domain.bytes;
    if (strncasecmp(tail, domain.at, domain.bytes) != 0)
        return false;
    return domain.bytes == host.bytes || (!numeric && tail[-1] == '.');
}

/* RFC 6265, section 5.3, steps 5 and 6. False: the host may not set it. */
static bool find_domain(const struct offer *offer, const struct url *url, struct scope *scope)
{
    struct text_span host = host_of(url);
    const char *tail;

    scope->domain = host;
    scope->host_only = true;
    if (!offer->domain.bytes)
        return true;
    if (!domain_matches(offer->domain, host, url->numeric))
        return false;
    tail = host.at + host.bytes - offer->domain.bytes;
    if (url->numeric || suffix_is_public(tail))
        return offer->domain.bytes == host.bytes;
    scope->domain = (struct text_span){tail, offer->domain.bytes}; /* in lower case */
    scope->host_only = false;
    return true;
}

static bool is_allowed(const struct offer *offer, const struct url *url)
{
    if (offer->secure && !url->https)
        return false;
    if (span_begins(offer->name, "__Secure-"))
        return offer->secure;
    if (span_begins(offer->name, "__Host-"))
        return offer->secure && !offer->domain.bytes && offer->path.bytes == 1 &&
               *offer->path.at == '/';
    return true;
}

static struct text_span path_of(const struct url *url)
{
    return (struct text_span){url->target, strcspn(url->target, "?")};
}

/* The attribute, or else the folder of the URL (RFC 6265, section 5.1.4). */
static struct text_span path_for(const struct offer *offer, const struct url *url)
{
    struct text_span path = path_of(url);

    if (offer->path.bytes && *offer->path.at == '/')
        return offer->path;
    while (path.bytes > 1 && path.at[path.bytes - 1] != '/')
        path.bytes--;
    if (path.bytes > 1)
        path.bytes--;
    return path;
}

static struct text_span name_in(const struct cookie *cookie)
{
    return (struct text_span){cookie->text, cookie->name_bytes};
}

static struct text_span path_in(const struct cookie *cookie)
{
    return (struct text_span){cookie->text + cookie->pair_bytes, cookie->path_bytes};
}

static struct text_span domain_in(const struct cookie *cookie)
{
    return (struct text_span){cookie->text + cookie->pair_bytes + cookie->path_bytes,
                              cookie->domain_bytes};
}

static bool spans_equal(struct text_span a, struct text_span b)
{
    return a.bytes == b.bytes && !memcmp(a.at, b.at, a.bytes);
}

/* Whether a cookie of the path `own` is for `path` (RFC 6265, section 5.1.4). */
static bool path_matches(struct text_span own, struct text_span path)
{
    if (path.bytes < own.bytes || memcmp(path.at, own.at, own.bytes) != 0)
        return false;
    return path.bytes == own.bytes || own.at[own.bytes - 1] == '/' || path.at[own.bytes] == '/';
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

static struct cookie *cookie_new(const struct offer *offer, const struct scope *scope,
                                 int64_t expires)
{
    size_t pair = offer->name.bytes + 1 + offer->value.bytes;
    struct cookie *cookie =
        memory_get(sizeof(*cookie) + pair + scope->path.bytes + scope->domain.bytes);
    char *to = cookie->text;

    *cookie = (struct cookie){.pair_bytes = pair,
                              .name_bytes = offer->name.bytes,
                              .path_bytes = scope->path.bytes,
                              .domain_bytes = scope->domain.bytes,
                              .expires = expires,
                              .secure = offer->secure,
                              .host_only = scope->host_only};
    to = mempcpy(to, offer->name.at, offer->name.bytes);
    *to++ = '=';
    to = mempcpy(to, offer->value.at, offer->value.bytes);
    to = mempcpy(to, scope->path.at, scope->path.bytes);
    memcpy(to, scope->domain.at, scope->domain.bytes);
    return cookie;
}

static bool is_same(const struct cookie *cookie, struct text_span name, const struct scope *scope)
{
    return spans_equal(path_in(cookie), scope->path) && spans_equal(name_in(cookie), name) &&
           spans_equal(domain_in(cookie), scope->domain);
}

/* The link to the cookie of this name, path and domain; or else to where it belongs, which is where
   the next one's path is shorter. */
static struct cookie **place_of(struct cookies *jar, struct text_span name,
                                const struct scope *scope)
{
    struct cookie **link = &jar->first;

    while (*link && (*link)->path_bytes >= scope->path.bytes && !is_same(*link, name, scope))
        link = &(*link)->next;
    return link;
}

/* What came in the clear does not stand before what came over https (RFC 6265bis, section 5.7). */
static bool hides_secure(const struct cookies *jar, struct text_span name,
                         const struct scope *scope)
{
    for (const struct cookie *cookie = jar->first; cookie; cookie = cookie->next)
        if (cookie->secure && spans_equal(name_in(cookie), name) &&
            path_matches(path_in(cookie), scope->path) &&
            (domain_matches(domain_in(cookie), scope->domain, false) ||
             domain_matches(scope->domain, domain_in(cookie), false)))
            return true;
    return false;
}

/* Whether one more fits, without the one that it replaces, which may be NULL. */
static bool has_room(const struct cookies *jar, const struct cookie *more,
                     const struct cookie *replaced)
{
    size_t count = 1, bytes = size_of(more);

    if (jar->count + !replaced > COOKIES_MOST_IN_ALL ||
        jar->bytes + size_of(more) - (replaced ? size_of(replaced) : 0) > COOKIES_MOST_BYTES_IN_ALL)
        return false;
    for (const struct cookie *cookie = jar->first; cookie; cookie = cookie->next) {
        if (cookie == replaced || !spans_equal(domain_in(cookie), domain_in(more)))
            continue;
        count++;
        bytes += size_of(cookie);
    }
    return count <= COOKIES_MOST && bytes <= COOKIES_MOST_BYTES;
}

/* Puts it in where it belongs, in the place of its forerunner, or frees it where there is no room. */
static void keep(struct cookies *jar, struct cookie *cookie, struct cookie **link, bool replaces)
{
    if (!has_room(jar, cookie, replaces ? *link : NULL)) {
        free(cookie);
        return;
    }
    if (replaces)
        drop(jar, link);
    cookie->next = *link;
    *link = cookie;
    jar->count++;
    jar->bytes += size_of(cookie);
}

/* Puts an allowed one into the jar. */
static void put(struct cookies *jar, const struct offer *offer, const struct scope *scope,
                int64_t expires, int64_t now)
{
    struct cookie **link = place_of(jar, offer->name, scope);
    bool replaces = *link && is_same(*link, offer->name, scope);

    if (expires > now)
        keep(jar, cookie_new(offer, scope, expires), link, replaces);
    else if (replaces)
        drop(jar, link);
}

void cookies_take(struct cookies **jar, const struct url *url, const char *value, size_t length,
                  int64_t now_unix)
{
    struct text_span text = {value, length};
    int64_t expires = NEVER;
    struct scope scope;
    struct offer offer;

    if (length > COOKIES_MOST_FIELD_BYTES || has_control(text, false) ||
        !read_offer(&offer, text, now_unix) || !is_allowed(&offer, url) ||
        offer.name.bytes + offer.value.bytes > COOKIES_MOST_PAIR_BYTES ||
        !find_domain(&offer, url, &scope))
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
    scope.path = path_for(&offer, url);
    if (url->https || !hides_secure(*jar, offer.name, &scope))
        put(*jar, &offer, &scope, expires, now_unix);
}

static bool is_sent(const struct cookie *cookie, const struct url *url, int64_t now)
{
    struct text_span host = host_of(url), domain = domain_in(cookie);

    if (cookie->expires <= now || (cookie->secure && !url->https))
        return false;
    if (cookie->host_only ? !spans_equal(domain, host)
                          : !domain_matches(domain, host, url->numeric))
        return false;
    return path_matches(path_in(cookie), path_of(url));
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
