/*
 * A URL, a reference that is joined with it, and the request for it. The shown text is the same URL
 * without user info, and no text can end a line of the request. The first line of the input is the
 * URL (which may have a CR), the second the reference, and each other line a header field of the
 * site.
 */
#include "tests/fuzz/fuzz.h"

#include <strings.h>

#include "http/request.h"
#include "reactor/sock.h"

static void check_parts(const struct url *url)
{
    struct address address;

    MUST(url->port && url->host && *url->host && *url->host != '.' &&
         strlen(url->host) <= URL_MAX_HOST_BYTES);
    for (const char *at = url->host; *at; at++)
        MUST((unsigned char)*at > ' ' && (unsigned char)*at < 0x7f &&
             !strchr("@/?#[]\\%<>^|", *at));
    for (const char *at = url->target; *at; at++)
        MUST((unsigned char)*at > ' ' && (unsigned char)*at < 0x7f && *at != '#');
    MUST(url->target[0] == '/' && !memmem(url->target, strcspn(url->target, "?"), "/../", 4));
    for (const char *at = url->fragment; at && *at; at++)
        MUST((unsigned char)*at > ' ' && (unsigned char)*at < 0x7f);
    MUST(url->numeric == address_parse(&address, url->host, url->port));
    MUST(!!url->user_info == !!url->user_info_bytes);
    MUST(!url->user_info ||
         (url->user_bytes < url->user_info_bytes && url->user_info[url->user_bytes] == ':'));
}

/* The same request: fragment and user info do not count. */
static bool is_equal(const struct url *a, const struct url *b)
{
    return url_shares_origin(a, b) && !strcmp(a->target, b->target);
}

/* The shown text has no user info and is the same URL. */
static void check_shown(const struct url *url)
{
    const char *begin = strchr(url->shown, ':') + 1;
    struct url again;

    begin += strspn(begin, "/\\");
    MUST(!memchr(begin, '@', strcspn(begin, "/\\?#")));
    MUST(!url_parse(&again, url->shown, strlen(url->shown)));
    MUST(is_equal(&again, url) && again.numeric == url->numeric && !again.user_info);
    MUST(!strcmp(again.authority, url->authority) && !strcmp(again.shown, url->shown));
    MUST(!again.fragment == !url->fragment);
    MUST(!again.fragment || !strcmp(again.fragment, url->fragment));
    url_free(&again);
}

/* The result is normalized: alone and joined with any base it stays the same. */
static void check_result(const struct url *url, const struct url *base)
{
    struct url again;

    check_parts(url);
    check_shown(url);
    MUST(!url->user_info && strlen(url->shown) <= URL_MAX_JOINED_BYTES);
    if (strlen(url->shown) > URL_MAX_BYTES) /* too long for a reference */
        return;
    MUST(!url_join(&again, base, url->shown, strlen(url->shown)));
    MUST(is_equal(&again, url) && !strcmp(again.shown, url->shown));
    url_free(&again);
    MUST(!url_join(&again, url, "", 0));
    MUST(is_equal(&again, url) && !strcmp(again.shown, url->shown));
    url_free(&again);
}

static void check_join(const struct url *base, const char *reference, size_t length)
{
    struct url url, alone;

    if (url_join(&url, base, reference, length)) {
        MUST(!url.host && !url.shown && !url.user_info);
        return;
    }
    check_result(&url, base);
    if (!url_parse(&alone, reference, length)) { /* an absolute URL is the same with any base */
        if (!strncasecmp(alone.shown, alone.https ? "https://" : "http://", 7 + alone.https))
            MUST(is_equal(&alone, &url));
        url_free(&alone);
    }
    url_free(&url);
}

/* A URL of scheme and authority has the same host and port, and the target "/". */
static void check_authority(const struct url *url)
{
    struct url again;
    char text[URL_MAX_HOST_BYTES + 32];
    int length =
        snprintf(text, sizeof(text), "%s://%s", url->https ? "https" : "http", url->authority);

    MUST(length > 0 && (size_t)length < sizeof(text));
    MUST(!url_parse(&again, text, (size_t)length));
    MUST(again.port == url->port && !strcmp(again.host, url->host));
    MUST(!strcmp(again.authority, url->authority) && !strcmp(again.target, "/"));
    url_free(&again);
}

/* Default fields, which a field of the site with the same name replaces. */
enum default_field {
    HOST,
    USER_AGENT,
    ACCEPT,
    ACCEPT_ENCODING,
    AUTHORIZATION,
    COOKIE,
    TYPE,
    LENGTH,
    DEFAULT_FIELDS
};

/* The valid header fields, each with CR LF. *count of them have a value. The caller frees them. */
static char *take_headers(struct part rest, size_t *count, bool replaced[DEFAULT_FIELDS])
{
    static const char *const names[DEFAULT_FIELDS] = {
        "Host:",          "User-Agent:", "Accept:",       "Accept-Encoding:",
        "Authorization:", "Cookie:",     "Content-Type:", "Content-Length:"};
    char *headers = calloc(2 * rest.size + 3, 1), *to = headers;

    MUST(headers);
    for (*count = 0; rest.size;) {
        struct part line = part_line(&rest);

        if (!line.size || request_check_header((const char *)line.at, line.size))
            continue;
        MUST(!memchr(line.at, '\r', line.size) && !memchr(line.at, '\0', line.size));
        memcpy(to, line.at, line.size);
        for (size_t i = 0; i < DEFAULT_FIELDS; i++)
            replaced[i] = replaced[i] || !strncasecmp(to, names[i], strlen(names[i]));
        *count += strspn(strchr(to, ':') + 1, " \t") != strlen(strchr(to, ':') + 1);
        to = stpcpy(to + line.size, "\r\n");
    }
    return headers;
}

/* The number of default fields in the request. */
static size_t count_defaults(const struct site *site, const bool replaced[DEFAULT_FIELDS])
{
    bool length = site->content || !strcmp(site_method(site), "PUT");
    const bool present[DEFAULT_FIELDS] = {
        true, true, true, true, site->url.user_info, site->cookie, site->content, length};
    size_t count = 0;

    for (size_t i = 0; i < DEFAULT_FIELDS; i++)
        count += present[i] && !replaced[i];
    return count;
}

/* Counts lines like a server that accepts a lone LF or CR as a line end. */
static void check_request(const struct site *site, size_t lines)
{
    struct request source = request_of(site);
    size_t length, ends = 0;
    char *request = request_build(&source, &length);
    const char *method = site_method(site);

    MUST(strlen(request) == length && length > 4);
    for (const char *at = request; *at; at++) {
        MUST(*at != '\r' || at[1] == '\n');
        MUST(*at != '\n' || (at > request && at[-1] == '\r'));
        ends += *at == '\n';
    }
    MUST(ends == lines);
    MUST(!strcmp(request + length - 4, "\r\n\r\n") && strstr(request, "\r\n\r\n")[4] == '\0');
    MUST(!strncmp(request, method, strlen(method)) && request[strlen(method)] == ' ');
    free(request);
}

/* The size of the input chooses the method, the content and the cookie. */
static void choose_request(struct site *site, size_t size)
{
    static const char *const methods[] = {NULL, "HEAD", "PUT", "DELETE"};

    if (methods[size % 4])
        site->method = strdup(methods[size % 4]);
    if (size & 4)
        site->content = content_new("a=1", 3);
    if (size & 8)
        site->cookie = strdup("a=1; b=2");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct part rest = {data, size}, line = part_line(&rest), second = part_line(&rest);
    char *text = part_text(&line), *reference = part_text(&second);
    struct site *site = site_new();
    bool replaced[DEFAULT_FIELDS] = {false};
    size_t headers;

    if (url_parse(&site->url, text, line.size)) {
        MUST(!site->url.host && !site->url.shown && !site->url.user_info);
    } else {
        check_parts(&site->url);
        check_shown(&site->url);
        MUST(memchr(text, '\0', line.size) || strlen(site->url.shown) <= line.size);
        check_authority(&site->url);
        check_join(&site->url, reference, second.size);
        choose_request(site, size);
        site->headers = take_headers(rest, &headers, replaced);
        check_request(site, 2 + headers + count_defaults(site, replaced));
    }
    site_free(site);
    free(reference);
    free(text);
    return 0;
}
