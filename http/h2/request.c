/*
 * A request as pseudo-header fields and fields (RFC 9113, section 8.3.1). Names become lower case;
 * fields of a connection are not sent (section 8.2.2). The list and its texts are one block, so
 * that a load prepares each request once, and nghttp2 copies nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "http/fields.h"
#include "http/h2/session.h"
#include "http/request.h"

#define PSEUDO_FIELDS 4

/* Where the next field and the next text are written. */
struct writer {
    struct h2_request *to;
    char *text;
};

/* Fields that HTTP/2 does not have. */
static bool is_forbidden(struct span name, struct span value)
{
    return span_is(name, "Connection") || span_is(name, "Keep-Alive") ||
           span_is(name, "Proxy-Connection") || span_is(name, "Upgrade") ||
           span_is(name, "Transfer-Encoding") ||
           (span_is(name, "TE") && !span_is(value, "trailers"));
}

static void put(struct writer *writer, struct span name, struct span value)
{
    char *text = writer->text;
    nghttp2_nv *field = &writer->to->list[writer->to->count++];

    *field = (nghttp2_nv){.name = (uint8_t *)text,
                          .namelen = span_bytes(name),
                          .value = (uint8_t *)text + span_bytes(name),
                          .valuelen = span_bytes(value),
                          .flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
    for (const char *at = name.at; at < name.end; at++)
        *text++ = to_lower(*at);
    writer->text = mempcpy(text, value.at, span_bytes(value));
    writer->to->plain_bytes += span_bytes(name) + span_bytes(value) + H2_LINE_OVERHEAD_BYTES;
}

static struct span text_of(const char *text)
{
    return span_of(text, strlen(text));
}

struct h2_request *h2_request_new(const struct request *request, bool https)
{
    struct request_fields fields;
    struct span pseudo[PSEUDO_FIELDS][2] = {
        {text_of(":method"), text_of(request->method)},
        {text_of(":scheme"), text_of(https ? "https" : "http")},
        {text_of(":authority"), text_of(request->url->authority)},
        {text_of(":path"), text_of(request->url->target)},
    };
    size_t bytes = 0, list_bytes;
    struct writer writer;

    request_fields_init(&fields, request);
    for (size_t i = 0; i < fields.count; i++) {
        bytes += span_bytes(fields.list[i].name) + span_bytes(fields.list[i].value);
        if (span_is(fields.list[i].name, "Host"))
            pseudo[2][1] = fields.list[i].value;
    }
    for (size_t i = 0; i < PSEUDO_FIELDS; i++)
        bytes += span_bytes(pseudo[i][0]) + span_bytes(pseudo[i][1]);
    list_bytes = sizeof(*writer.to) + (PSEUDO_FIELDS + fields.count) * sizeof(*writer.to->list);
    writer.to = memory_get(list_bytes + bytes);
    writer.text = (char *)writer.to + list_bytes;
    *writer.to = (struct h2_request){.content = request->content};
    for (size_t i = 0; i < PSEUDO_FIELDS; i++)
        put(&writer, pseudo[i][0], pseudo[i][1]);
    for (size_t i = 0; i < fields.count; i++) {
        struct span name = fields.list[i].name, value = fields.list[i].value;

        if (!span_is(name, "Host") && !is_forbidden(name, value))
            put(&writer, name, value);
    }
    request_fields_free(&fields);
    return writer.to;
}

const char *h2_forbidden_field(const char *fields, size_t *length)
{
    struct request_field line;

    while (fields_next(&fields, &line)) {
        struct span value = span_of(line.text, line.bytes), name = span_take(&value, ':');

        *length = span_bytes(name);
        if (!line.empty && is_forbidden(name, span_trim(value, is_space_or_control)))
            return name.at;
    }
    return NULL;
}

void h2_request_free(struct h2_request *prepared)
{
    free(prepared);
}
