/*
 * A request as pseudo-header fields and fields (RFC 9113, section 8.3.1). Names become lower case;
 * fields of a connection are not sent (section 8.2.2).
 */
#include <string.h>

#include "base/bytes.h"
#include "http/h2/session.h"
#include "http/request.h"

static nghttp2_nv pair(struct span name, struct span value)
{
    return (nghttp2_nv){.name = (uint8_t *)name.at,
                        .namelen = span_bytes(name),
                        .value = (uint8_t *)value.at,
                        .valuelen = span_bytes(value)};
}

static nghttp2_nv pseudo(const char *name, const char *value)
{
    return pair(span_of(name, strlen(name)), span_of(value, strlen(value)));
}

/* Fields that HTTP/2 does not have. */
static bool is_forbidden(struct span name, struct span value)
{
    return span_is(name, "Connection") || span_is(name, "Keep-Alive") ||
           span_is(name, "Proxy-Connection") || span_is(name, "Upgrade") ||
           span_is(name, "Transfer-Encoding") ||
           (span_is(name, "TE") && !span_is(value, "trailers"));
}

size_t h2_request_fields(nghttp2_nv *list, size_t max, const struct request_fields *fields,
                         const struct request *request, bool https)
{
    struct span authority = span_of(request->url->authority, strlen(request->url->authority));
    size_t count = 0;

    for (size_t i = 0; i < fields->count; i++)
        if (span_is(fields->list[i].name, "Host"))
            authority = fields->list[i].value;
    list[count++] = pseudo(":method", request->method);
    list[count++] = pseudo(":scheme", https ? "https" : "http");
    list[count++] = pair(span_of(":authority", strlen(":authority")), authority);
    list[count++] = pseudo(":path", request->url->target);
    for (size_t i = 0; i < fields->count && count < max; i++) {
        const struct request_name_value *field = &fields->list[i];

        if (!span_is(field->name, "Host") && !is_forbidden(field->name, field->value))
            list[count++] = pair(field->name, field->value);
    }
    return count;
}
