/*
 * Collects the parts of a response that a result needs; all other fields are ignored. It does not
 * decide what follows: redirects and retries are in http/chain.c.
 */
#include "http/response.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "http/body/media_type.h"

/* Limits for all fields of the same name together. */
#define MAX_CODING_BYTES 8192
#define MAX_TYPE_BYTES   STREAM_MAX_VALUE_BYTES

void response_start(struct response *response, const struct response_options *options,
                    struct result *result)
{
    *response = (struct response){.options = options, .result = result};
}

/* Keeps the first non-empty field of a name; a second Location is a server error. */
static void keep(char **field, const char *value, size_t length)
{
    if (!*field && length)
        *field = memory_text(value, length);
}

/* Joins the fields of a name to one list (RFC 9110, section 5.3), up to `max` bytes. */
static void append(char **field, const char *value, size_t length, size_t max)
{
    size_t old = *field ? strlen(*field) : 0;
    char *text;

    if (old + length > max)
        return;
    text = memory_get(old + length + 3);
    if (old)
        memcpy(mempcpy(text, *field, old), ", ", 2);
    memcpy(text + old + (old ? 2 : 0), value, length);
    text[old + length + (old ? 2 : 0)] = '\0';
    free(*field);
    *field = text;
}

/* Replaces a list of types by the effective one. */
static void select_type(struct response *response)
{
    char *type = NULL;

    if (response->content_type && strchr(response->content_type, ','))
        type = media_type_extract(response->content_type);
    if (!type)
        return;
    free(response->content_type);
    response->content_type = type;
}

static bool is(const char *name, size_t length, const char *wanted)
{
    return length == strlen(wanted) && !strncasecmp(name, wanted, length);
}

void response_field(struct response *response, const char *name, size_t name_bytes,
                    const char *value, size_t value_bytes)
{
    if (is(name, name_bytes, "Content-Type"))
        append(&response->content_type, value, value_bytes, MAX_TYPE_BYTES);
    else if (is(name, name_bytes, "Content-Encoding"))
        append(&response->coding, value, value_bytes, MAX_CODING_BYTES);
    else if (is(name, name_bytes, "Location"))
        keep(&response->location, value, value_bytes);
    else if (is(name, name_bytes, "Retry-After"))
        keep(&response->retry_after, value, value_bytes);
    else if (response->jar && is(name, name_bytes, "Set-Cookie"))
        cookies_store(response->jar, response->url, value, value_bytes, response->unix_time);
}

/* The statuses whose Location is followed automatically (RFC 9110, section 15.4). */
static bool is_redirect(unsigned status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

void response_head(struct response *response, const struct status_line *line)
{
    struct result *result = response->result;

    select_type(response);
    result->status = line->status;
    result->major = line->major;
    result->minor = line->minor;
    response->redirect = is_redirect(line->status) && response->location;
    if (response->redirect && response->options->follow)
        return;
    preview_start(&response->preview, response->options->preview, response->content_type,
                  response->coding);
    response->preview_started = true;
}

void response_body(struct response *response, const char *bytes, size_t count)
{
    const struct response_options *options = response->options;
    struct result *result = response->result;
    uint64_t max = response->preview_started ? options->max_body : RESPONSE_MAX_REDIRECT_BYTES;
    enum preview_status status;

    if (response->enough) {
        result->truncated = true;
        return;
    }
    if (count > max - result->body_bytes) {
        count = (size_t)(max - result->body_bytes);
        response->enough = result->truncated = true;
    }
    result->body_bytes += count;
    if (!response->preview_started || !count)
        return;
    status = preview_feed(&response->preview, (const unsigned char *)bytes, count);
    response->malformed = status == PREVIEW_MALFORMED;
    if (response->malformed || (status == PREVIEW_READY && options->until_preview))
        response->enough = true;
}

enum error response_finish(struct response *response, bool complete)
{
    struct result *result = response->result;

    if (!result) /* it was not started */
        return ERROR_NONE;
    result->content_type = response->content_type;
    result->coding = response->coding;
    if (!response->preview_started)
        return ERROR_NONE;
    preview_finish(&response->preview, complete);
    result->snippet = (const char *)preview_text(&response->preview, &result->snippet_bytes);
    result->charset = result->body_bytes ? preview_charset(&response->preview) : NULL;
    return response->malformed ? ERROR_BAD_CODING : ERROR_NONE;
}

void response_free(struct response *response)
{
    if (response->preview_started)
        preview_free(&response->preview);
    free(response->location);
    free(response->retry_after);
    free(response->content_type);
    free(response->coding);
    *response = (struct response){0};
}
