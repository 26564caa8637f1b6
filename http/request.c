/* A request head is one block of text, which one send transmits. */
#include "http/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "base/span.h"
#include "http/fields.h"

#define PROXY_AUTHORIZATION "Proxy-Authorization"

const char *request_check_value(const char *value, size_t length)
{
    return has_control_byte(value, length) ? "the value has a control character" : NULL;
}

const char *request_check_header(const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    struct span name = {line, colon};

    if (!colon || colon == line)
        return "a header field is \"Name: value\"";
    if (span_is(name, "Transfer-Encoding") || span_is(name, "Content-Length"))
        return "the framing fields are set by firstbyte";
    if (!is_token(line, span_bytes(name)))
        return "the header's name has a forbidden character";
    return request_check_value(colon, length - span_bytes(name));
}

bool request_is_method(const char *text)
{
    size_t length = strlen(text);

    return is_token(text, length) && length <= 32 && strcmp(text, "CONNECT") != 0;
}

/* The parts of a request's head, in order; they are joined at the end. */
struct request_parts {
    const char *own; /* the user's fields */
    struct {
        const char *text;
        size_t length;
    } part[64];
    size_t count, length;
};

static void add(struct request_parts *parts, const char *text)
{
    parts->part[parts->count].text = text;
    parts->part[parts->count].length = strlen(text);
    parts->length += parts->part[parts->count++].length;
}

/* Adds a default field, unless the user's fields have that name. NULL: none. */
static void add_field(struct request_parts *parts, const char *name, const char *value)
{
    if (!value || fields_have(parts->own, name))
        return;
    add(parts, name);
    add(parts, ": ");
    add(parts, value);
    add(parts, "\r\n");
}

/* Joins the parts, followed by the user's fields. A user's field without a value only removes the
   default one, as in curl. */
static char *join(const struct request_parts *parts, bool omit_proxy_authorization, size_t *length)
{
    size_t own = parts->own ? strlen(parts->own) : 0;
    char *text = memory_get(parts->length + own + sizeof("\r\n")), *to = text;
    const char *at = parts->own;
    size_t name = strlen(PROXY_AUTHORIZATION);
    struct request_field line;

    for (size_t i = 0; i < parts->count; i++)
        to = mempcpy(to, parts->part[i].text, parts->part[i].length);
    while (fields_next(&at, &line))
        if (!line.empty &&
            !(omit_proxy_authorization && field_is_named(&line, PROXY_AUTHORIZATION, name)))
            to = mempcpy(to, line.text, line.bytes);
    to = stpcpy(to, "\r\n");
    *length = (size_t)(to - text);
    return text;
}

char *request_basic(const char *user_info, size_t length)
{
    char *digits, *text;

    if (!user_info)
        return NULL;
    digits = base64_encode(user_info, length);
    text = memory_print("Basic %s", digits);
    free(digits);
    return text;
}

static void add_request_line(struct request_parts *parts, const struct request *request)
{
    add(parts, request->method);
    add(parts, request->absolute_url ? " http://" : " ");
    if (request->absolute_url)
        add(parts, request->url->authority);
    add(parts, request->url->target);
    add(parts, " HTTP/1.1\r\n");
}

/* Methods that need "Content-Length: 0" when they have no content (RFC 9110, section 8.6). */
static bool expects_content(const char *method)
{
    return !strcmp(method, "POST") || !strcmp(method, "PUT") || !strcmp(method, "PATCH");
}

char *request_build(const struct request *request, size_t *length)
{
    struct request_parts parts = {.own = request->headers};
    char *authorization = request_basic(request->user_info, request->user_info_bytes);
    char *proxy = request_basic(request->proxy_user_info, request->proxy_user_info_bytes);
    const char *given = request->proxy_authorization;
    char count[24] = "", *text;
    bool content = request->content;

    if (content)
        snprintf(count, sizeof(count), "%zu", request->content->count);
    else if (expects_content(request->method))
        strcpy(count, "0");
    add_request_line(&parts, request);
    add_field(&parts, "Host", request->url->authority);
    add_field(&parts, "User-Agent",
              request->minimal_fields ? NULL : "firstbyte/" FIRSTBYTE_VERSION);
    add_field(&parts, "Accept", request->minimal_fields ? NULL : "*/*");
    add_field(&parts, "Accept-Encoding",
              request->minimal_fields ? NULL : "gzip, deflate, br, zstd");
    add_field(&parts, "Authorization", authorization);
    add_field(&parts, "Cookie", request->cookie);
    add_field(&parts, PROXY_AUTHORIZATION, given ? *given ? given : NULL : proxy);
    add_field(&parts, "Connection", request->connection_close ? "close" : NULL);
    add_field(&parts, "Content-Type", content ? "application/x-www-form-urlencoded" : NULL);
    add_field(&parts, "Content-Length", *count ? count : NULL);
    text = join(&parts, request->omit_proxy_authorization, length);
    free(authorization);
    free(proxy);
    return text;
}

struct request request_of(const struct site *site)
{
    return (struct request){
        .url = &site->url,
        .method = site_method(site),
        .headers = site->headers,
        .cookie = site->cookie,
        .user_info = site->url.user_info,
        .user_info_bytes = site->url.user_info_bytes,
        .content = site->content,
    };
}

bool request_is_idempotent(const char *method)
{
    static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};

    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
        if (!strcmp(method, methods[i]))
            return true;
    return false;
}
