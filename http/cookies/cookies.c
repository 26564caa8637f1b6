/*
 * A jar of at most 400 cookies: a list in the order in which they are sent, searched from its
 * start. A browser needs a table by domain; a chain of redirects reaches few hosts. Rejected: one
 * jar for all sites of a run, because a result would depend on earlier sites.
 *
 * A Set-Cookie without "=" is refused, as in RFC 6265. RFC 6265bis accepts it as a value without a
 * name, which needs extra checks against names with a prefix.
 */
#include "http/cookies/cookies.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/span.h"
#include "http/cookies/date.h"
#include "http/cookies/suffix.h"

#define NEVER INT64_MAX

struct cookie {
    struct cookie *next;
    struct span pair;               /* "name=value" */
    struct span name, path, domain; /* all point into `text` */
    int64_t expires;                /* NEVER: kept as long as the jar */
    bool secure;                    /* sent only over https */
    bool host_only;                 /* not for subdomains */
    char text[];
};

struct cookies {
    struct cookie *first; /* sorted by descending length of the path, then by age */
    size_t count, bytes;
};

/* A parsed Set-Cookie. Path and domain are first those of the field, then those of the cookie. */
struct set_cookie {
    struct span name, value, path, domain; /* `at` NULL: no such attribute */
    int64_t expires;                       /* from Max-Age, else from Expires; NEVER: neither */
    bool secure, has_max_age;
    bool host_only; /* set with the domain */
};

/* A tab is allowed around the parts, where it is removed, but not in a name or a value. */
static bool has_control(struct span span, bool tab_too)
{
    return has_control_byte(span.at, span_bytes(span)) || (tab_too && span_find(span, '\t'));
}

/* Max-Age as an absolute time (RFC 6265, section 5.2.2). False: not a number. */
static bool read_max_age(struct span text, int64_t now, int64_t *moment)
{
    bool past = span_starts(text, "-");
    const char *at = text.at + past;
    int64_t sum = 0;

    for (; at < text.end && is_digit(*at); at++)
        if (sum < NEVER / 100)
            sum = 10 * sum + (*at - '0');
    if (past || !sum)
        *moment = INT64_MIN;
    else
        *moment = now > NEVER - sum ? NEVER : now + sum;
    return at == text.end && at > text.at + past;
}

/* Reads one attribute; the last of several with the same name is used. */
static void read_attribute(struct set_cookie *set_cookie, struct span text, int64_t now)
{
    struct span name = span_trim(span_take(&text, '='), is_blank);
    struct span value = span_trim(text, is_blank);
    int64_t moment;

    if (span_is(name, "secure")) {
        set_cookie->secure = true;
    } else if (span_is(name, "path")) {
        set_cookie->path = value;
    } else if (span_is(name, "domain")) {
        value.at += span_starts(value, ".");
        set_cookie->domain = value;
    } else if (span_is(name, "max-age") && read_max_age(value, now, &moment)) {
        set_cookie->expires = moment;
        set_cookie->has_max_age = true;
    } else if (!set_cookie->has_max_age && span_is(name, "expires") &&
               date_cookie(value.at, span_bytes(value), &moment)) {
        set_cookie->expires = moment;
    }
}

/* False: not a cookie, or its characters would make the request invalid. */
static bool read_set_cookie(struct set_cookie *set_cookie, struct span text, int64_t now)
{
    struct span pair = span_take(&text, ';'), name;
    bool has_mark = span_find(pair, '=');

    name = span_trim(span_take(&pair, '='), is_blank);
    *set_cookie =
        (struct set_cookie){.name = name, .value = span_trim(pair, is_blank), .expires = NEVER};
    if (!has_mark || !span_bytes(name) || has_control(name, true) ||
        has_control(set_cookie->value, true))
        return false;
    while (span_bytes(text))
        read_attribute(set_cookie, span_take(&text, ';'), now);
    return true;
}

static struct span host_of(const struct url *url)
{
    return span_of(url->host, strlen(url->host));
}

/* Whether the domain is the host itself or a parent domain (RFC 6265, section 5.1.3). */
static bool domain_matches(struct span domain, struct span host, bool numeric)
{
    size_t bytes = span_bytes(domain), all = span_bytes(host);

    if (bytes > all || strncasecmp(host.end - bytes, domain.at, bytes) != 0)
        return false;
    return bytes == all || (!numeric && host.end[-1 - (ptrdiff_t)bytes] == '.');
}

/* Sets the domain (RFC 6265, section 5.3, steps 5 and 6). False: the host must not set it. */
static bool set_domain(struct set_cookie *set_cookie, const struct url *url)
{
    struct span host = host_of(url);
    size_t bytes = span_bytes(set_cookie->domain);

    if (bytes && !domain_matches(set_cookie->domain, host, url->numeric))
        return false;
    set_cookie->host_only = !bytes || url->numeric || suffix_is_public(host.end - bytes);
    if (bytes && set_cookie->host_only && bytes != span_bytes(host))
        return false;
    if (!set_cookie->host_only)
        host.at = host.end - bytes; /* in lower case */
    set_cookie->domain = host;
    return true;
}

static bool is_allowed(const struct set_cookie *set_cookie, const struct url *url)
{
    if (set_cookie->secure && !url->https)
        return false;
    if (span_starts(set_cookie->name, "__Secure-"))
        return set_cookie->secure;
    if (span_starts(set_cookie->name, "__Host-"))
        return set_cookie->secure && !span_bytes(set_cookie->domain) &&
               span_is(set_cookie->path, "/");
    return true;
}

static struct span path_of(const struct url *url)
{
    return span_of(url->target, strcspn(url->target, "?"));
}

/* Sets the path: the attribute, or else the folder of the URL (RFC 6265, section 5.1.4). */
static void set_path(struct set_cookie *set_cookie, const struct url *url)
{
    struct span path = path_of(url);

    if (span_starts(set_cookie->path, "/"))
        return;
    while (span_bytes(path) > 1 && path.end[-1] != '/')
        path.end--;
    if (span_bytes(path) > 1)
        path.end--;
    set_cookie->path = path;
}

static bool spans_equal(struct span a, struct span b)
{
    return span_bytes(a) == span_bytes(b) && !memcmp(a.at, b.at, span_bytes(a));
}

/* Whether a cookie with the path `own` is sent to `path` (RFC 6265, section 5.1.4). */
static bool path_matches(struct span own, struct span path)
{
    size_t bytes = span_bytes(own), all = span_bytes(path);

    if (all < bytes || memcmp(path.at, own.at, bytes) != 0)
        return false;
    return all == bytes || own.end[-1] == '/' || path.at[bytes] == '/';
}

static size_t size_of(const struct cookie *cookie)
{
    return span_bytes(cookie->pair) + span_bytes(cookie->path);
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

/* Copies a text to *to and moves *to after it. */
static struct span copy(char **to, struct span text)
{
    const char *at = *to;

    *to = span_put(*to, text);
    return (struct span){at, *to};
}

static struct cookie *cookie_new(const struct set_cookie *set_cookie)
{
    size_t pair = span_bytes(set_cookie->name) + 1 + span_bytes(set_cookie->value);
    struct cookie *cookie = memory_get(sizeof(*cookie) + pair + span_bytes(set_cookie->path) +
                                       span_bytes(set_cookie->domain));
    char *to = cookie->text;

    cookie->expires = set_cookie->expires;
    cookie->secure = set_cookie->secure;
    cookie->host_only = set_cookie->host_only;
    cookie->name = copy(&to, set_cookie->name);
    *to++ = '=';
    to = span_put(to, set_cookie->value);
    cookie->pair = (struct span){cookie->text, to};
    cookie->path = copy(&to, set_cookie->path);
    cookie->domain = copy(&to, set_cookie->domain);
    return cookie;
}

static bool is_same(const struct cookie *cookie, const struct set_cookie *set_cookie)
{
    return spans_equal(cookie->path, set_cookie->path) &&
           spans_equal(cookie->name, set_cookie->name) &&
           spans_equal(cookie->domain, set_cookie->domain);
}

/* The link to the cookie of this name, path and domain; or else to its position, before the first
   cookie with a shorter path. */
static struct cookie **position_of(struct cookies *jar, const struct set_cookie *set_cookie)
{
    struct cookie **link = &jar->first;

    while (*link && span_bytes((*link)->path) >= span_bytes(set_cookie->path) &&
           !is_same(*link, set_cookie))
        link = &(*link)->next;
    return link;
}

/* A cookie received over http must not be sent before a Secure one (RFC 6265bis, section 5.7). */
static bool hides_secure(const struct cookies *jar, const struct set_cookie *set_cookie)
{
    for (const struct cookie *cookie = jar->first; cookie; cookie = cookie->next)
        if (cookie->secure && spans_equal(cookie->name, set_cookie->name) &&
            path_matches(cookie->path, set_cookie->path) &&
            (domain_matches(cookie->domain, set_cookie->domain, false) ||
             domain_matches(set_cookie->domain, cookie->domain, false)))
            return true;
    return false;
}

/* Whether one more cookie is within the limits, without the one that it replaces, which may be
   NULL. */
static bool has_room(const struct cookies *jar, const struct cookie *more,
                     const struct cookie *replaced)
{
    size_t count = 1, bytes = size_of(more);

    if (jar->count + !replaced > COOKIES_MAX_IN_ALL ||
        jar->bytes + size_of(more) - (replaced ? size_of(replaced) : 0) > COOKIES_MAX_BYTES_IN_ALL)
        return false;
    for (const struct cookie *cookie = jar->first; cookie; cookie = cookie->next) {
        if (cookie == replaced || !spans_equal(cookie->domain, more->domain))
            continue;
        count++;
        bytes += size_of(cookie);
    }
    return count <= COOKIES_MAX && bytes <= COOKIES_MAX_BYTES;
}

/* Inserts the cookie at its position, replacing an earlier one, or frees it if a limit is
   exceeded. */
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

void cookies_store(struct cookies **jar, const struct url *url, const char *value, size_t length,
                   int64_t now_unix)
{
    struct span text = span_of(value, length);
    struct cookie **link;
    struct set_cookie set_cookie;
    bool replaces;

    if (length > COOKIES_MAX_FIELD_BYTES || has_control(text, false) ||
        !read_set_cookie(&set_cookie, text, now_unix) || !is_allowed(&set_cookie, url) ||
        span_bytes(set_cookie.name) + span_bytes(set_cookie.value) > COOKIES_MAX_PAIR_BYTES ||
        !set_domain(&set_cookie, url))
        return;
    if (!*jar && set_cookie.expires <= now_unix)
        return;
    if (!*jar)
        *jar = memory_zeroed(sizeof(**jar));
    drop_expired(*jar, now_unix);
    set_path(&set_cookie, url);
    if (!url->https && hides_secure(*jar, &set_cookie))
        return;
    link = position_of(*jar, &set_cookie);
    replaces = *link && is_same(*link, &set_cookie);
    if (set_cookie.expires > now_unix)
        keep(*jar, cookie_new(&set_cookie), link, replaces);
    else if (replaces)
        drop(*jar, link);
}

static bool is_sent(const struct cookie *cookie, const struct url *url, int64_t now)
{
    struct span host = host_of(url);

    if (cookie->expires <= now || (cookie->secure && !url->https))
        return false;
    if (cookie->host_only ? !spans_equal(cookie->domain, host)
                          : !domain_matches(cookie->domain, host, url->numeric))
        return false;
    return path_matches(cookie->path, path_of(url));
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
        to = span_put(to, cookie->pair);
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
