/* Parts of the list are pointed to, and the one that counts is copied. Parameters are read for their
   names alone, but for the charset; http/body/charset.h reads its value. */
#include "http/body/media_type.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/memory.h"

#define BLANKS " \t"

/* A part of the list. */
struct part {
    const char *at;
    size_t bytes;
};

/* One value. */
struct type {
    struct part all;
    struct part essence; /* "text/html" */
    struct part charset; /* as it stands there, in quotes or not; no bytes: none */
};

static struct part trimmed(struct part part)
{
    for (; part.bytes && strchr(BLANKS, *part.at); part.bytes--)
        part.at++;
    while (part.bytes && strchr(BLANKS, part.at[part.bytes - 1]))
        part.bytes--;
    return part;
}

/* Takes what stands before the next `mark` that is not in a quoted string; *at is then behind it, NULL
   at the end. */
static struct part take(const char **at, const char *end, char mark)
{
    const char *from = *at, *to = from;
    bool quoted = false;

    for (; to < end && (quoted || *to != mark); to++) {
        if (*to == '"')
            quoted = !quoted;
        else if (quoted && *to == '\\' && to + 1 < end)
            to++;
    }
    *at = to < end ? to + 1 : NULL;
    return (struct part){from, (size_t)(to - from)};
}

static bool is_essence(struct part part)
{
    const char *slash = part.bytes ? memchr(part.at, '/', part.bytes) : NULL;
    size_t type;

    if (!slash)
        return false;
    type = (size_t)(slash - part.at);
    return is_token(part.at, type) && is_token(slash + 1, part.bytes - type - 1);
}

static bool is_text(struct part part, const char *text)
{
    return part.bytes == strlen(text) && !strncasecmp(part.at, text, part.bytes);
}

/* The value of a parameter that is the charset; no bytes: it is none. */
static struct part charset_of(struct part parameter)
{
    const char *at = parameter.at, *end = parameter.at + parameter.bytes;
    struct part name = take(&at, end, '=');

    name = trimmed(name);
    if (!at || !is_text(name, "charset"))
        return (struct part){0};
    return trimmed((struct part){at, (size_t)(end - at)});
}

/* False: it is no type, or any. */
static bool read_type(struct type *type, struct part value)
{
    const char *at = value.at, *end = value.at + value.bytes;

    *type = (struct type){.all = value, .essence = trimmed(take(&at, end, ';'))};
    while (at && !type->charset.bytes)
        type->charset = charset_of(take(&at, end, ';'));
    return is_essence(type->essence) && !is_text(type->essence, "*/*");
}

static bool same_essence(const struct type *a, const struct type *b)
{
    return a->essence.bytes == b->essence.bytes &&
           !strncasecmp(a->essence.at, b->essence.at, a->essence.bytes);
}

static char *text_of(const struct type *type, struct part charset)
{
    static const char name[] = "; charset=";
    char *text = memory_get(type->all.bytes + sizeof(name) + charset.bytes), *to = text;

    to = mempcpy(to, type->all.at, type->all.bytes);
    if (charset.bytes && !type->charset.bytes)
        to = mempcpy(stpcpy(to, name), charset.at, charset.bytes);
    *to = '\0';
    return text;
}

char *media_type_extract(const char *list)
{
    const char *at = list, *end = list + strlen(list);
    struct type last = {0}, next;
    struct part charset = {0}; /* of the first of those of the last one's essence, in a row */

    while (at) {
        if (!read_type(&next, trimmed(take(&at, end, ','))))
            continue;
        if (!last.all.at || !same_essence(&next, &last))
            charset = next.charset;
        last = next;
    }
    return last.all.at ? text_of(&last, charset) : NULL;
}
