/*
 * Adds the scheme, and leaves the rest to http/url.h. Rejected: https:// as the default. Browsers
 * try it first, but curl and wrk use http://, and a server under test seldom has TLS.
 */
#include "http/typed_url.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"

#define MAX_ORIGIN_BYTES 512 /* of a text without a scheme whose origin is read */

/* "http:" and "https:" need no slashes (http/url.h); other schemes are recognized by theirs. */
static bool has_scheme(struct span text)
{
    struct span rest = text;

    while (span_bytes(rest) && (is_letter(*rest.at) || is_digit(*rest.at) || *rest.at == '+' ||
                                *rest.at == '-' || *rest.at == '.'))
        rest.at++;
    return span_starts(text, "http:") || span_starts(text, "https:") ||
           (rest.at > text.at && span_starts(rest, "://"));
}

static bool is_path(struct span text)
{
    return span_starts(text, "./") || span_starts(text, "../") || span_starts(text, "~/") ||
           (span_starts(text, "/") && !span_starts(text, "//"));
}

/* Whether the host with its port has only characters of names and addresses, or has user info
   before it. A text with other characters and without a scheme is no URL: "rate=0.5", "a.b,c.d". */
static bool has_usual_host(struct span text)
{
    bool usual = true;

    for (const char *at = text.at + (span_starts(text, "//") ? 2 : 0); at < text.end; at++) {
        if (strchr("/\\?#", *at))
            break;
        if (*at == '@')
            return true;
        usual = usual && (is_letter(*at) || is_digit(*at) || *at & 0x80 || strchr("-._:[]%", *at));
    }
    return usual;
}

static bool is_likely(struct span text)
{
    return has_scheme(text) || is_path(text) ||
           (has_usual_host(text) && (span_is(text, "localhost") || span_find(text, '.') ||
                                     span_find(text, ':') || span_find(text, '/')));
}

/* The prefix that a likely text lacks. */
static const char *missing_prefix(struct span text)
{
    if (has_scheme(text))
        return "";
    return span_starts(text, "//") ? "http:" : "http://";
}

bool typed_url_is_likely(const char *text, size_t length)
{
    return is_likely(span_trim(span_of(text, length), is_space_or_control));
}

const char *typed_url_parse(struct url *url, const char *text, size_t length)
{
    struct span typed = span_trim(span_of(text, length), is_space_or_control);
    const char *prefix, *wrong;
    char *whole;

    *url = (struct url){0};
    if (is_path(typed))
        return "it looks like the path of a file; -f FILE reads a list";
    if (!has_scheme(typed) && !has_usual_host(typed))
        return "not a URL: no scheme, and a character that no host has";
    if (!is_likely(typed))
        return "not a URL: no scheme, and the host has no dot or port";
    prefix = missing_prefix(typed);
    if (!*prefix)
        return url_parse(url, text, length);
    if (span_bytes(typed) > URL_MAX_BYTES)
        return url_parse(url, text, length); /* refuses its length */
    whole = memory_print("%s%.*s", prefix, (int)span_bytes(typed), typed.at);
    wrong = url_parse(url, whole, strlen(prefix) + span_bytes(typed));
    free(whole);
    return wrong;
}

bool typed_url_origin(struct url_origin *origin, const char *line, size_t length)
{
    struct span word = span_of(line, length);
    char whole[MAX_ORIGIN_BYTES];
    const char *prefix;
    size_t added;

    while (span_bytes(word) && is_space_or_control(*word.at))
        word.at++;
    for (word.end = word.at; word.end < line + length && !is_space_or_control(*word.end);)
        word.end++;
    prefix = missing_prefix(word);
    added = strlen(prefix);
    if (!added)
        return url_origin(origin, word.at, (size_t)(line + length - word.at));
    if (!is_likely(word) || is_path(word) || added + span_bytes(word) > sizeof(whole))
        return false;
    memcpy(whole, prefix, added);
    memcpy(whole + added, word.at, span_bytes(word));
    if (!url_origin(origin, whole, added + span_bytes(word)))
        return false;
    origin->host = word.at + (origin->host - whole) - added;
    return true;
}
