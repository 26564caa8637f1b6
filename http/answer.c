/* Fields are compared by name, kept as text; the body passes through to the preview. */
#include "http/answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "http/body/media_type.h"

/* Of all fields of a name together. */
#define MOST_CODING_BYTES 8192
#define MOST_TYPE_BYTES   STREAM_MAX_VALUE_BYTES

void answer_start(struct answer *answer, const struct answer_options *options,
                  struct result *result)
{
    *answer = (struct answer){.options = options, .result = result};
}

/* The first of a name that is not empty counts; "Location" twice is a mistake of the server's. */
static void keep(char **field, const char *value, size_t length)
{
    if (!*field && length)
        *field = memory_text(value, length);
}

/* Several fields of a name are one list (RFC 9110, section 5.3), as far as `most` bytes reach. */
static void append(char **field, const char *value, size_t length, size_t most)
{
    size_t old = *field ? strlen(*field) : 0;
    char *text;

    if (old + length > most)
        return;
    text = memory_get(old + length + 3);
    if (old)
        memcpy(mempcpy(text, *field, old), ", ", 2);
    memcpy(text + old + (old ? 2 : 0), value, length);
    text[old + length + (old ? 2 : 0)] = '\0';
    free(*field);
    *field = text;
}

/* Replaces a list of types by the one that counts. */
static void settle_type(struct answer *answer)
{
    char *type = NULL;

    if (answer->content_type && strchr(answer->content_type, ','))
        type = media_type_extract(answer->content_type);
    if (!type)
        return;
    free(answer->content_type);
    answer->content_type = type;
}

static bool is(const char *name, size_t length, const char *wanted)
{
    return length == strlen(wanted) && !strncasecmp(name, wanted, length);
}

void answer_field(struct answer *answer, const char *name, size_t name_bytes, const char *value,
                  size_t value_bytes)
{
    if (is(name, name_bytes, "Content-Type"))
        append(&answer->content_type, value, value_bytes, MOST_TYPE_BYTES);
    else if (is(name, name_bytes, "Content-Encoding"))
        append(&answer->coding, value, value_bytes, MOST_CODING_BYTES);
    else if (is(name, name_bytes, "Location"))
        keep(&answer->location, value, value_bytes);
    else if (is(name, name_bytes, "Retry-After"))
        keep(&answer->retry_after, value, value_bytes);
    else if (answer->jar && is(name, name_bytes, "Set-Cookie"))
        cookies_take(answer->jar, answer->url, value, value_bytes, answer->unix_time);
}

/* RFC 9110, section 15.4: those that carry a Location to go on with by oneself. */
static bool is_redirect(unsigned status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

void answer_head(struct answer *answer, const struct response *response)
{
    struct result *result = answer->result;

    settle_type(answer);
    result->status = response->status;
    result->major = response->major;
    result->minor = response->minor;
    answer->redirect = is_redirect(response->status) && answer->location;
    if (answer->redirect && answer->options->follow)
        return;
    preview_start(&answer->preview, answer->options->preview, answer->content_type, answer->coding);
    answer->previewed = true;
}

void answer_body(struct answer *answer, const char *bytes, size_t count)
{
    const struct answer_options *options = answer->options;
    struct result *result = answer->result;
    uint64_t most = answer->previewed ? options->max_body : ANSWER_MOST_REDIRECT_BYTES;
    enum preview_status status;

    if (answer->enough) {
        result->truncated = true;
        return;
    }
    if (count > most - result->body_bytes) {
        count = (size_t)(most - result->body_bytes);
        answer->enough = result->truncated = true;
    }
    result->body_bytes += count;
    if (!answer->previewed || !count)
        return;
    status = preview_feed(&answer->preview, (const unsigned char *)bytes, count);
    answer->malformed = status == PREVIEW_MALFORMED;
    if (answer->malformed || (status == PREVIEW_READY && options->until_preview))
        answer->enough = true;
}

enum error answer_finish(struct answer *answer, bool complete)
{
    struct result *result = answer->result;

    if (!result) /* it never began */
        return ERROR_NONE;
    result->content_type = answer->content_type;
    result->coding = answer->coding;
    if (!answer->previewed)
        return ERROR_NONE;
    preview_finish(&answer->preview, complete);
    result->snippet = (const char *)preview_text(&answer->preview, &result->snippet_bytes);
    result->charset = result->body_bytes ? preview_charset(&answer->preview) : NULL;
    return answer->malformed ? ERROR_BAD_CODING : ERROR_NONE;
}

void answer_free(struct answer *answer)
{
    if (answer->previewed)
        preview_free(&answer->preview);
    free(answer->location);
    free(answer->retry_after);
    free(answer->content_type);
    free(answer->coding);
    *answer = (struct answer){0};
}
