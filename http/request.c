/* A request is one block of text: it goes out in one send. */
#include "http/request.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
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

static char *authorization_of(const struct site *site)
{
    char *encoded, *line = NULL;

    if (!site->url.user_info || has_own(site, "Authorization"))
        return memory_text("", 0);
    encoded = base64(site->url.user_info, site->url.user_info_bytes);
    if (asprintf(&line, "Authorization: Basic %s\r\n", encoded) < 0)
        line = memory_text("", 0);
    free(encoded);
    return line;
}

char *request_build(const struct site *site, size_t *length)
{
    const struct url *url = &site->url;
    bool own_host = has_own(site, "Host");
    char *authorization = authorization_of(site), *text;
    int count = asprintf(
        &text, "%s %s HTTP/1.1\r\n%s%s%s%s%s%s%s\r\n", site->head ? "HEAD" : "GET", url->target,
        own_host ? "" : "Host: ", own_host ? "" : url->authority, own_host ? "" : "\r\n",
        has_own(site, "User-Agent") ? "" : "User-Agent: firstbyte/" FIRSTBYTE_VERSION "\r\n",
        has_own(site, "Accept") ? "" : "Accept: */*\r\n", authorization,
        site->headers ? site->headers : "");

    free(authorization);
    *length = count < 0 ? 0 : (size_t)count;
    return count < 0 ? memory_text("", 0) : text;
}
