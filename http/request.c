/* A request is one block of text: it goes out in one send. */
#include "http/request.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "reactor/memory.h"

static bool is_token(unsigned char byte)
{
    return isalnum(byte) || (byte && strchr("!#$%&'*+-.^_`|~", byte));
}

const char *request_check_header(const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);

    if (!colon || colon == line)
        return "a header is \"Name: value\"";
    for (const char *at = line; at < colon; at++)
        if (!is_token((unsigned char)*at))
            return "the header's name has a forbidden character";
    for (const char *at = colon; at < line + length; at++)
        if (((unsigned char)*at < ' ' && *at != '\t') || *at == 0x7f)
            return "the header's value has a control character";
    return NULL;
}

/* Whether the site brings its own field of that name. */
static bool has_own(const struct site *site, const char *name)
{
    size_t length = strlen(name);

    for (const char *line = site->headers; line && *line; line = strchr(line, '\n') + 1)
        if (!strncasecmp(line, name, length) && line[length] == ':')
            return true;
    return false;
}

/* Basic authorization (RFC 7617) is the user info in base64 (RFC 4648, section 4). To be freed. */
static char *base64(const char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = memory_get((length + 2) / 3 * 4 + 1), *to = text;

    for (size_t i = 0; i < length; i += 3) {
        size_t have = length - i < 3 ? length - i : 3;
        unsigned three = (unsigned)(unsigned char)bytes[i] << 16;

        if (have > 1)
            three |= (unsigned)(unsigned char)bytes[i + 1] << 8;
        if (have > 2)
            three |= (unsigned char)bytes[i + 2];
        *to++ = digits[three >> 18];
        *to++ = digits[three >> 12 & 63];
        *to++ = have > 1 ? digits[three >> 6 & 63] : '=';
        *to++ = have > 2 ? digits[three & 63] : '=';
    }
    *to = '\0';
    return text;
}

/* The parts of a request, in order; they are joined when all are known. */
struct parts {
    const char *text[16];
    size_t count, length;
};

static void add(struct parts *parts, const char *text)
{
    parts->text[parts->count++] = text;
    parts->length += strlen(text);
}

static char *join(const struct parts *parts)
{
    char *text = memory_get(parts->length + 1), *to = text;

    *to = '\0';
    for (size_t i = 0; i < parts->count; i++)
        to = stpcpy(to, parts->text[i]);
    return text;
}

char *request_build(const struct site *site, size_t *length)
{
    const struct url *url = &site->url;
    struct parts parts = {0};
    char *credentials = NULL, *text;

    add(&parts, site->head ? "HEAD " : "GET ");
    add(&parts, url->target);
    add(&parts, " HTTP/1.1\r\n");
    if (!has_own(site, "Host")) {
        add(&parts, "Host: ");
        add(&parts, url->authority);
        add(&parts, "\r\n");
    }
    if (!has_own(site, "User-Agent"))
        add(&parts, "User-Agent: firstbyte/" FIRSTBYTE_VERSION "\r\n");
    if (!has_own(site, "Accept"))
        add(&parts, "Accept: */*\r\n");
    if (url->user_info && !has_own(site, "Authorization")) {
        credentials = base64(url->user_info, url->user_info_bytes);
        add(&parts, "Authorization: Basic ");
        add(&parts, credentials);
        add(&parts, "\r\n");
    }
    if (site->headers)
        add(&parts, site->headers);
    add(&parts, "\r\n");
    text = join(&parts);
    free(credentials);
    *length = parts.length;
    return text;
}
