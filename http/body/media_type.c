/* Parts of the list are spans into it, and only the effective one is copied. Only the names of the
   parameters are parsed, and the charset; http/body/charset.h reads its value. */
#include "http/body/media_type.h"

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/span.h"

/* One value. */
struct type {
    struct span all;
    struct span essence; /* "text/html" */
    struct span charset; /* as it stands there, in quotes or not; no bytes: none */
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
    struct span type = span_take(&part, '/'); /* without one the rest is empty, and no token */

    return is_token(type.at, span_bytes(type)) && is_token(part.at, span_bytes(part));
}

/* The value of a parameter that is the charset; no bytes: it is none. */
static struct span charset_of(struct span parameter)
{
    struct span name = media_type_take(&parameter, '=');

    return span_is(name, "charset") ? span_trim(parameter, is_blank) : (struct span){0};
}

/* False: it is no type, or any. */
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
    struct span charset = {0}; /* of the first of those of the last one's essence, in a row */

    while (rest.at) {
        if (!read_type(&next, media_type_take(&rest, ',')))
            continue;
        if (!last.all.at || !span_same(next.essence, last.essence))
            charset = next.charset;
        last = next;
    }
    return last.all.at ? text_of(&last, charset) : NULL;
}
