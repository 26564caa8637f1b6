/*
 * Finds the effective media type in a list. The parts of the list are spans that point into it, and
 * only the effective one is copied. Of the parameters only the names and the charset are parsed;
 * http/body/charset.c interprets the charset.
 */
#include "http/body/media_type.h"

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/span.h"

/* One media type of the list. */
struct type {
    struct span all;
    struct span essence; /* "text/html" */
    struct span charset; /* as received, perhaps in quotes; empty: none */
};

struct span media_type_take(struct span *rest, char mark)
{
    struct span taken = *rest;
    const char *to = rest->at;
    bool quoted = false;

    for (; to < rest->end && (quoted || *to != mark); to++) {
        if (*to == '"')
            quoted = !quoted;
        else if (quoted && *to == '\\' && to + 1 < rest->end)
            to++;
    }
    taken.end = to;
    *rest = to < rest->end ? (struct span){to + 1, rest->end} : (struct span){0};
    return span_trim(taken, is_blank);
}

static bool is_essence(struct span part)
{
    struct span type = span_take(&part, '/'); /* without "/" the rest is empty, and not a token */

    return is_token(type.at, span_bytes(type)) && is_token(part.at, span_bytes(part));
}

/* The value of the parameter if its name is charset; else empty. */
static struct span charset_of(struct span parameter)
{
    struct span name = media_type_take(&parameter, '=');

    return span_is(name, "charset") ? span_trim(parameter, is_blank) : (struct span){0};
}

/* False: the value is not a media type, or is the range of all media types. */
static bool read_type(struct type *type, struct span value)
{
    *type = (struct type){.all = value};
    type->essence = media_type_take(&value, ';');
    while (value.at && !span_bytes(type->charset))
        type->charset = charset_of(media_type_take(&value, ';'));
    return is_essence(type->essence) && !span_is(type->essence, "*/*");
}

static char *text_of(const struct type *type, struct span charset)
{
    static const char name[] = "; charset=";
    char *text = memory_get(span_bytes(type->all) + sizeof(name) + span_bytes(charset));
    char *to = span_put(text, type->all);

    if (span_bytes(charset) && !span_bytes(type->charset))
        to = span_put(stpcpy(to, name), charset);
    *to = '\0';
    return text;
}

char *media_type_extract(const char *list)
{
    struct span rest = span_of(list, strlen(list));
    struct type last = {0}, next;
    /* of the first of the consecutive values that have the same essence as `last` */
    struct span charset = {0};

    while (rest.at) {
        if (!read_type(&next, media_type_take(&rest, ',')))
            continue;
        if (!last.all.at || !span_same(next.essence, last.essence))
            charset = next.charset;
        last = next;
    }
    return last.all.at ? text_of(&last, charset) : NULL;
}
