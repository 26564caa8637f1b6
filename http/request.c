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

static void add(struct request_fields *fields, struct span name, struct span value,
                const struct request_field *line)
{
    if (fields->count == fields->room) {
        fields->room = fields->room ? 2 * fields->room : 16;
        fields->list = memory_grow(fields->list, fields->room, sizeof(*fields->list));
    }
    fields->list[fields->count++] =
        (struct request_name_value){name, value, line ? line->text : NULL, line ? line->bytes : 0};
}

/* Adds a default field, unless the user's fields have that name. NULL: none. */
static void add_default(struct request_fields *fields, const struct request *request,
                        const char *name, const char *value)
{
    if (value && !fields_have(request->headers, name))
        add(fields, span_of(name, strlen(name)), span_of(value, strlen(value)), NULL);
}

/* Adds the user's fields. One without a value only removes the default field, as in curl. */
static void add_own(struct request_fields *fields, const struct request *request)
{
    const char *at = request->headers;
    struct request_field line;

    while (fields_next(&at, &line)) {
        struct span value = span_of(line.text, line.bytes), name = span_take(&value, ':');

        if (line.empty || (request->omit_proxy_authorization && span_is(name, PROXY_AUTHORIZATION)))
            continue;
        add(fields, name, span_trim(value, is_space_or_control), &line);
    }
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

/* Methods that need "Content-Length: 0" when they have no content (RFC 9110, section 8.6). */
static bool expects_content(const char *method)
{
    return !strcmp(method, "POST") || !strcmp(method, "PUT") || !strcmp(method, "PATCH");
}

void request_fields_init(struct request_fields *fields, const struct request *request)
{
    const char *proxy = request->proxy_authorization;
    bool plain = request->minimal_fields, content = request->content;

    *fields = (struct request_fields){0};
    fields->authorization = request_basic(request->user_info, request->user_info_bytes);
    fields->proxy = request_basic(request->proxy_user_info, request->proxy_user_info_bytes);
    if (content)
        snprintf(fields->length, sizeof(fields->length), "%zu", request->content->count);
    else if (expects_content(request->method))
        strcpy(fields->length, "0");
    add_default(fields, request, "Host", request->url->authority);
    add_default(fields, request, "User-Agent", plain ? NULL : "firstbyte/" FIRSTBYTE_VERSION);
    add_default(fields, request, "Accept", plain ? NULL : "*/*");
    add_default(fields, request, "Accept-Encoding", plain ? NULL : "gzip, deflate, br, zstd");
    add_default(fields, request, "Authorization", fields->authorization);
    add_default(fields, request, "Cookie", request->cookie);
    add_default(fields, request, PROXY_AUTHORIZATION,
                proxy ? *proxy ? proxy : NULL : fields->proxy);
    add_default(fields, request, "Connection", request->connection_close ? "close" : NULL);
    add_default(fields, request, "Content-Type",
                content ? "application/x-www-form-urlencoded" : NULL);
    add_default(fields, request, "Content-Length", *fields->length ? fields->length : NULL);
    add_own(fields, request);
}

void request_fields_free(struct request_fields *fields)
{
    free(fields->list);
    free(fields->authorization);
    free(fields->proxy);
}

static size_t line_bytes(const struct request_name_value *field)
{
    return field->line ? field->line_bytes
                       : span_bytes(field->name) + span_bytes(field->value) + strlen(": \r\n");
}

/* Writes a field; the user's line is not changed. */
static char *put_field(char *to, const struct request_name_value *field)
{
    if (field->line)
        return mempcpy(to, field->line, field->line_bytes);
    to = stpcpy(span_put(to, field->name), ": ");
    return stpcpy(span_put(to, field->value), "\r\n");
}

char *request_build(const struct request *request, size_t *length)
{
    const char *authority = request->absolute_url ? request->url->authority : "";
    size_t bytes = strlen(request->method) + strlen(authority) + strlen(request->url->target) +
                   sizeof(" http:// HTTP/1.1\r\n\r\n");
    struct request_fields fields;
    char *text, *to;

    request_fields_init(&fields, request);
    for (size_t i = 0; i < fields.count; i++)
        bytes += line_bytes(&fields.list[i]);
    to = text = memory_get(bytes);
    to = stpcpy(stpcpy(to, request->method), request->absolute_url ? " http://" : " ");
    to = stpcpy(stpcpy(stpcpy(to, authority), request->url->target), " HTTP/1.1\r\n");
    for (size_t i = 0; i < fields.count; i++)
        to = put_field(to, &fields.list[i]);
    to = stpcpy(to, "\r\n");
    *length = (size_t)(to - text);
    request_fields_free(&fields);
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
