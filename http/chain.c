/*
 * Decides after each exchange of a site: redirect, retry, or the end. Whether and when an exchange
 * is retried is in http/retry.c, the resolution of a Location in http/url.c.
 *
 * Rejected: an error as soon as a URL is repeated. A page may redirect to itself until a cookie is
 * set; a loop is reported when the limit of redirects is reached.
 */
#include "http/chain.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "http/fields.h"
#include "http/retry.h"

void chain_init(struct chain *chain, const struct chain_options *options, const struct site *site)
{
    *chain = (struct chain){.options = options, .site = site};
}

const struct url *chain_url(const struct chain *chain)
{
    return chain->redirected ? &chain->url : &chain->site->url;
}

static const char *chain_method(const struct chain *chain)
{
    return chain->became_get ? "GET" : site_method(chain->site);
}

/* The site's cookies, then those that responses have set. */
static void put_cookies(struct chain *chain)
{
    char *set = cookies_for(chain->jar, chain_url(chain), clock_unix_s());
    const char *own = chain->left_origin ? NULL : chain->site->cookie;

    free(chain->cookie);
    chain->cookie = set;
    if (!own)
        return;
    chain->cookie = memory_print("%s%s%s", own, set ? "; " : "", set ? set : "");
    free(set);
}

struct request chain_request(struct chain *chain)
{
    struct request request = request_of(chain->site);

    put_cookies(chain);
    request.url = chain_url(chain);
    request.method = chain_method(chain);
    request.cookie = chain->cookie;
    if (chain->headers)
        request.headers = chain->headers;
    if (chain->left_origin)
        request.user_info = NULL;
    if (chain->became_get)
        request.content = NULL;
    return request;
}

nsec chain_timeout(const struct chain *chain)
{
    nsec timeout = chain->site->timeout;

    if (timeout == NSEC_NEVER)
        return timeout;
    return timeout > chain->spent ? timeout - chain->spent : 0;
}

/* Adds a leg for the result. */
static void add_leg(struct chain *chain, const struct result *result, bool redirect, nsec waited)
{
    struct leg *leg;

    chain->legs = memory_grow(chain->legs, chain->leg_count + 1, sizeof(*chain->legs));
    leg = &chain->legs[chain->leg_count++];
    *leg = (struct leg){
        .url = memory_text(result->url, strlen(result->url)),
        .redirect = redirect,
        .status = result->status,
        .error = result->error,
        .phase = result->phase,
        .detail = result->detail ? memory_text(result->detail, strlen(result->detail)) : NULL,
        .address = result->address,
        .stamps = result->stamps,
        .waited = waited,
    };
}

static bool is_one_of(const struct request_field *line, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (field_is_named(line, names[i], strlen(names[i])))
            return true;
    return false;
}

/* Removes fields from the request. */
static void drop_fields(struct chain *chain, const char *const *names, size_t count)
{
    const char *at = chain->headers ? chain->headers : chain->site->headers;
    struct request_field line;
    char *kept, *to;

    if (!at)
        return;
    to = kept = memory_get(strlen(at) + 1);
    while (fields_next(&at, &line))
        if (!is_one_of(&line, names, count))
            to = mempcpy(to, line.text, line.bytes);
    *to = '\0';
    free(chain->headers);
    chain->headers = kept;
}

/* RFC 9110, sections 15.4.2 to 15.4.4: 303 changes all methods but HEAD to GET; 301 and 302 change
   POST, as all browsers do. */
static bool becomes_get(const struct chain *chain, unsigned status)
{
    const char *method = chain_method(chain);

    if (status == 303)
        return strcmp(method, "HEAD") != 0 && strcmp(method, "GET") != 0;
    return (status == 301 || status == 302) && !strcmp(method, "POST");
}

static void become_get(struct chain *chain)
{
    static const char *const content_fields[] = {"Content-Type",     "Content-Length",
                                                 "Content-Encoding", "Content-Language",
                                                 "Expect",           "Content-Location"};

    chain->became_get = true;
    chain->first_get = chain->leg_count;
    drop_fields(chain, content_fields, sizeof(content_fields) / sizeof(*content_fields));
}

static void leave_origin(struct chain *chain)
{
    static const char *const secrets[] = {"Authorization", "Cookie", "Proxy-Authorization", "Host"};

    chain->left_origin = true;
    drop_fields(chain, secrets, sizeof(secrets) / sizeof(*secrets));
}

static enum chain_next refuse(struct result *result, enum error error, const char *detail)
{
    result->error = error;
    result->phase = PHASE_RECEIVE;
    result->detail = detail;
    return CHAIN_OVER;
}

/* Compares URLs without their fragments, which are not sent. */
static bool is_same_request(const char *a, const char *b)
{
    size_t length = strcspn(a, "#");

    return length == strcspn(b, "#") && !strncmp(a, b, length);
}

/* Whether the same request was sent before, by the result's own exchange or by one that was
   redirected. */
static bool was_sent(const struct chain *chain, const struct result *result, const struct url *url)
{
    if (is_same_request(result->url, url->shown))
        return true;
    for (size_t i = chain->first_get; i < chain->leg_count; i++)
        if (chain->legs[i].redirect && is_same_request(chain->legs[i].url, url->shown))
            return true;
    return false;
}

/* The limit is reached. A loop is reported only here: a repeated request before the limit may still
   end, by a cookie or with time. */
static enum chain_next stop(const struct chain *chain, struct result *result,
                            const struct url *next, bool same_method)
{
    bool is_loop = same_method && was_sent(chain, result, next);

    return refuse(result, is_loop ? ERROR_REDIRECT_LOOP : ERROR_REDIRECTS,
                  chain->hops < chain->options->max_hops ? "the URLs are larger than 1 MiB together"
                                                         : NULL);
}

static enum chain_next redirect(struct chain *chain, struct result *result,
                                const struct response *response)
{
    struct url url;
    bool get = becomes_get(chain, result->status);
    const char *wrong =
        url_join(&url, chain_url(chain), response->location, strlen(response->location));

    if (wrong)
        return refuse(result, ERROR_BAD_LOCATION, wrong);
    chain->url_bytes += strlen(url.shown);
    if (chain->hops == chain->options->max_hops || chain->url_bytes > CHAIN_MAX_URL_BYTES) {
        enum chain_next over = stop(chain, result, &url, !get);

        url_free(&url);
        return over;
    }
    add_leg(chain, result, true, 0);
    chain->spent += result->stamps.done - result->stamps.start;
    if (!url_shares_origin(chain_url(chain), &url))
        leave_origin(chain);
    if (get)
        become_get(chain);
    if (chain->redirected)
        url_free(&chain->url);
    chain->url = url;
    chain->redirected = true;
    chain->hops++;
    chain->attempts = 0;
    return CHAIN_REDIRECT;
}

/* The wait of Retry-After, or else of the backoff. */
static nsec wait_before(const struct chain *chain, const struct response *response, uint64_t random)
{
    nsec wait;

    if (response->retry_after &&
        retry_after_parse(response->retry_after, strlen(response->retry_after), clock_unix_s(),
                          &wait))
        return wait;
    return retry_backoff(chain->attempts, random);
}

enum chain_next chain_next(struct chain *chain, struct result *result,
                           const struct response *response, uint64_t random, nsec *wait)
{
    enum chain_next next = CHAIN_OVER;

    if (!result->error && response->redirect && chain->options->follow) {
        next = redirect(chain, result, response);
    } else if (chain->attempts < chain->options->retries &&
               retry_wanted(result->error, result->status, chain_method(chain),
                            result->unprocessed)) {
        *wait = wait_before(chain, response, random);
        chain->attempts++;
        add_leg(chain, result, false, *wait);
        next = CHAIN_RETRY;
    }
    if (next == CHAIN_OVER) {
        result->legs = chain->legs;
        result->leg_count = chain->leg_count;
    }
    return next;
}

void chain_free(struct chain *chain)
{
    for (size_t i = 0; i < chain->leg_count; i++) {
        free(chain->legs[i].url);
        free(chain->legs[i].detail);
    }
    free(chain->legs);
    if (chain->redirected)
        url_free(&chain->url);
    free(chain->headers);
    free(chain->cookie);
    cookies_free(chain->jar);
    *chain = (struct chain){0};
}
