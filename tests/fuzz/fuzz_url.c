/*
 * A URL, and the request that is made from it: user info stays out of what is shown, what is shown
 * is the same URL, and nothing in it can end a line of the request. The first line of the input is
 * the URL (a '\r' stands for itself), every other one a header that the site brings.
 */
#include "tests/fuzz/fuzz.h"

#include <strings.h>

#include "http/request.h"
#include "reactor/sock.h"

/* Where the authority of a URL ends. */
static const char *authority_end(const char *shown)
{
    const char *at = strstr(shown, "//");

    MUST(at);
    return at + 2 + strcspn(at + 2, "/?#");
}

static void check_parts(const struct url *url)
{
    struct address address;

    MUST(url->port && url->host && *url->host && strlen(url->host) <= URL_MOST_HOST_BYTES);
    for (const char *at = url->host; *at; at++)
        MUST((unsigned char)*at > ' ' && (unsigned char)*at < 0x7f && !strchr("@/?#[]\\", *at));
    for (const char *at = url->target; *at; at++)
        MUST((unsigned char)*at > ' ' && (unsigned char)*at < 0x7f && *at != '#');
    MUST(url->target[0] == '/');
    MUST(url->numeric == address_parse(&address, url->host, url->port));
    MUST(!!url->user_info == !!url->user_info_bytes);
    MUST(!url->user_info || memchr(url->user_info, ':', url->user_info_bytes));
}

static void check_shown(const struct url *url, const char *text, size_t length)
{
    const char *at = memchr(url->shown, '@', (size_t)(authority_end(url->shown) - url->shown));
    struct url again;

    MUST(!at);
    MUST(strlen(url->shown) <= length);
    MUST(strlen(url->shown) < length || !memcmp(url->shown, text, length));
    MUST(!url_parse(&again, url->shown, strlen(url->shown)));
    MUST(again.https == url->https && again.port == url->port && again.numeric == url->numeric);
    MUST(!strcmp(again.host, url->host) && !strcmp(again.authority, url->authority));
    MUST(!strcmp(again.target, url->target) && !strcmp(again.shown, url->shown));
    MUST(!again.user_info);
    url_free(&again);
}

/* "http://" and the authority come to the same host and port, "/" as the target. */
static void check_authority(const struct url *url)
{
    struct url again;
    char text[URL_MOST_HOST_BYTES + 32];
    int length =
        snprintf(text, sizeof(text), "%s://%s", url->https ? "https" : "http", url->authority);

    MUST(length > 0 && (size_t)length < sizeof(text));
    MUST(!url_parse(&again, text, (size_t)length));
    MUST(again.port == url->port && !strcmp(again.host, url->host));
    MUST(!strcmp(again.authority, url->authority) && !strcmp(again.target, "/"));
    url_free(&again);
}

/* The headers that may be sent, each closed with CR LF. */
static char *take_headers(struct part rest, size_t *count, bool own[4])
{
    static const char *const names[] = {"Host:", "User-Agent:", "Accept:", "Authorization:"};
    char *headers = calloc(2 * rest.size + 3, 1), *to = headers;

    MUST(headers);
    for (*count = 0; rest.size;) {
        struct part line = part_line(&rest);

        if (!line.size || request_check_header((const char *)line.at, line.size))
            continue;
        MUST(!memchr(line.at, '\r', line.size) && !memchr(line.at, '\0', line.size));
        memcpy(to, line.at, line.size);
        for (size_t i = 0; i < 4; i++)
            own[i] = own[i] || !strncasecmp(to, names[i], strlen(names[i]));
        to = stpcpy(to + line.size, "\r\n");
        ++*count;
    }
    return headers;
}

/* Lines are counted as a server would, which may take a lone LF or CR for an end too. */
static void check_request(const struct site *site, size_t lines)
{
    size_t length, ends = 0;
    char *request = request_build(site, &length);
    const char *method = site->head ? "HEAD " : "GET ";

    MUST(strlen(request) == length && length > 4);
    for (const char *at = request; *at; at++) {
        MUST(*at != '\r' || at[1] == '\n');
        MUST(*at != '\n' || (at > request && at[-1] == '\r'));
        ends += *at == '\n';
    }
    MUST(ends == lines);
    MUST(!strcmp(request + length - 4, "\r\n\r\n") && strstr(request, "\r\n\r\n")[4] == '\0');
    MUST(!strncmp(request, method, strlen(method)));
    free(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct part rest = {data, size}, line = part_line(&rest);
    char *text = part_text(&line);
    struct site *site = site_new();
    bool own[4] = {false};
    size_t headers;

    if (url_parse(&site->url, text, line.size)) {
        MUST(!site->url.host && !site->url.shown && !site->url.user_info);
    } else {
        check_parts(&site->url);
        check_shown(&site->url, text, line.size);
        check_authority(&site->url);
        site->head = size & 1;
        site->headers = take_headers(rest, &headers, own);
        check_request(site,
                      2 + headers + !own[0] + !own[1] + !own[2] + (site->url.user_info && !own[3]));
    }
    site_free(site);
    free(text);
    return 0;
}
