/*
 * A host is an address in brackets, or a name, which is percent-decoded and converted to ASCII. A
 * name that ends in a number is an IPv4 address or an error: no top-level domain is a number.
 *
 * International names are converted label by label (http/idna.h): for a whole name, libidn2 would
 * also check the hyphens of its ASCII labels ("r3---sn.example"), which browsers accept.
 */
#include "http/host.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "http/idna.h"
#include "reactor/sock.h"

#define MAX_DECODED_BYTES (4 * HOST_MAX_BYTES) /* UTF-8 has up to 4 bytes per character */

static const char too_long[] = "the host's name is too long";
static const char forbidden[] = "the host's name has a forbidden character";
static const char no_name[] = "the host's name is not a valid international name";
static const char no_host[] = "there is no host";

/* Reads a number in hexadecimal ("0x7f"), octal ("017") or decimal. False: not a number. A number
   above 32 bits remains too large. */
static bool take_number(const char **text, uint64_t *number)
{
    const char *at = *text;
    int base = 10, digit;

    if (at[0] == '0' && at[1] == 'x') {
        base = 16;
        at += 2; /* "0x" alone is 0 */
    } else if (at[0] == '0' && at[1] && at[1] != '.') {
        base = 8;
    }
    for (*number = 0; (digit = hex_digit(*at)) >= 0 && digit < base; at++)
        if (*number <= UINT32_MAX)
            *number = *number * (unsigned)base + (unsigned)digit;
    if (at == *text || (*at && *at != '.'))
        return false;
    *text = at;
    return true;
}

/* Up to four numbers; the last one fills the remaining bytes. A final dot is allowed. */
static bool parse_ipv4(const char *text, uint32_t *address)
{
    uint64_t numbers[4];
    unsigned count = 0;

    do {
        if (count == 4 || !take_number(&text, &numbers[count++]))
            return false;
    } while (*text && *++text);
    if (numbers[count - 1] >> 8 * (5 - count))
        return false;
    *address = (uint32_t)numbers[count - 1];
    for (unsigned i = 0; i + 1 < count; i++) {
        if (numbers[i] > 255)
            return false;
        *address |= (uint32_t)numbers[i] << 8 * (3 - i);
    }
    return true;
}

static void put_ipv4(struct host *host, uint32_t address)
{
    char *to = host->text;

    for (int shift = 24; shift >= 0; shift -= 8) {
        to = put_decimal(to, address >> shift & 255);
        if (shift)
            *to++ = '.';
    }
    host->length = (size_t)(to - host->text);
    host->numeric = true;
}

/* Whether the last label is a number of any size. */
static bool ends_in_number(const struct host *host)
{
    const char *end = host->text + host->length, *at, *dot;
    bool hexadecimal;

    if (end > host->text && end[-1] == '.')
        end--;
    dot = memrchr(host->text, '.', (size_t)(end - host->text));
    at = dot ? dot + 1 : host->text;
    hexadecimal = !strncmp(at, "0x", 2); /* "0x" alone is 0 */
    at += hexadecimal ? 2 : 0;
    return (hexadecimal || at < end) &&
           at + strspn(at, hexadecimal ? "0123456789abcdef" : "0123456789") >= end;
}

/* RFC 5952, but without the dotted IPv4 notation of inet_ntop. */
static void put_ipv6(struct host *host, const struct in6_addr *address)
{
    const uint8_t *bytes = address->s6_addr;

    inet_ntop(AF_INET6, address, host->text, sizeof(host->text));
    if (strchr(host->text, '.'))
        sprintf(strrchr(host->text, ':') + 1, "%x:%x", bytes[12] << 8 | bytes[13],
                bytes[14] << 8 | bytes[15]);
    host->length = strlen(host->text);
}

/* "[::1]" */
static const char *take_literal(struct host *host, const char *text, size_t length)
{
    char inside[INET6_ADDRSTRLEN];
    struct address address;

    if (text[length - 1] != ']')
        return memchr(text, ']', length) ? "junk after the host"
                                         : "the IPv6 address has no closing bracket";
    length -= 2;
    if (length >= sizeof(inside) || memchr(text + 1, '\0', length))
        return "not an IPv6 address in the brackets";
    memcpy(inside, text + 1, length);
    inside[length] = '\0';
    if (!address_parse(&address, inside, 0) || address.any.sa_family != AF_INET6)
        return "not an IPv6 address in the brackets";
    put_ipv6(host, &address.v6.sin6_addr);
    host->numeric = host->literal = true;
    return NULL;
}

/* The length of the full stop at `text`; UTS #46 has four kinds. 0: none. */
static size_t full_stop(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    if (at[0] == '.')
        return 1;
    if ((at[0] == 0xe3 && at[1] == 0x80 && at[2] == 0x82) || /* U+3002, ideographic */
        (at[0] == 0xef && at[1] == 0xbc && at[2] == 0x8e) || /* U+FF0E, fullwidth */
        (at[0] == 0xef && at[1] == 0xbd && at[2] == 0xa1))   /* U+FF61, halfwidth */
        return 3;
    return 0;
}

/* ASCII labels are not changed, even with "xn--": names are registered in the DNS that no version
   of UTS #46 accepts. */
static bool is_plain(const char *label)
{
    for (const char *at = label; *at; at++)
        if (*at & 0x80)
            return false;
    return true;
}

static bool append(struct host *host, const char *bytes, size_t length)
{
    if (length > HOST_MAX_BYTES - host->length)
        return false;
    memcpy(host->text + host->length, bytes, length);
    host->length += length;
    host->text[host->length] = '\0';
    return true;
}

static const char *append_label(struct host *host, const char *label)
{
    char *ascii = is_plain(label) ? NULL : idna_to_ascii(label);
    const char *wrong = NULL;

    if (!ascii && !is_plain(label))
        wrong = no_name;
    else if (!append(host, ascii ? ascii : label, strlen(ascii ? ascii : label)))
        wrong = too_long;
    free(ascii);
    return wrong;
}

/* Converts a name with labels that are not ASCII. `name` is overwritten. */
static const char *put_international(struct host *host, char *name)
{
    const char *wrong = NULL;
    size_t stop;

    do {
        char *end = name;

        while (*end && !full_stop(end))
            end++;
        stop = full_stop(end);
        *end = '\0';
        wrong = append_label(host, name);
        if (!wrong && stop && !append(host, ".", 1))
            wrong = too_long;
        name = end + stop;
    } while (!wrong && stop);
    return wrong;
}

/* Classes of a byte in a name. */
enum { FORBIDDEN = 1, HIGH = 2 };

/* The forbidden domain code points of the standard, and bytes that are not ASCII. */
static const uint8_t classes[256] = {
    [0 ... ' '] = FORBIDDEN, ['#'] = FORBIDDEN, ['%'] = FORBIDDEN,  ['/'] = FORBIDDEN,
    [':'] = FORBIDDEN,       ['<'] = FORBIDDEN, ['>'] = FORBIDDEN,  ['?'] = FORBIDDEN,
    ['@'] = FORBIDDEN,       ['['] = FORBIDDEN, ['\\'] = FORBIDDEN, [']'] = FORBIDDEN,
    ['^'] = FORBIDDEN,       ['|'] = FORBIDDEN, [0x7f] = FORBIDDEN, [0x80 ... 0xff] = HIGH,
};

/* Percent-decodes and converts to lower case, with a NUL. Returns the end, or NULL for more than
   MAX_DECODED_BYTES. *all: the union of the classes. */
static char *decode(char *to, const char *text, size_t length, int *all)
{
    const char *end = text + length, *full = to + MAX_DECODED_BYTES;

    for (*all = 0; text < end; to++) {
        if (to == full)
            return NULL;
        *to = to_lower(take_decoded(&text, end));
        *all |= classes[(unsigned char)*to];
    }
    *to = '\0';
    return to;
}

static const char *take_international(struct host *host, char *name)
{
    const char *wrong = put_international(host, name);

    for (size_t i = 0; !wrong && i < host->length; i++)
        /* a letter may be mapped to a forbidden character */
        if (classes[(unsigned char)host->text[i]])
            wrong = forbidden;
    if (!wrong && !host->length)
        wrong = no_host;
    return wrong;
}

static const char *take_name(struct host *host, const char *text, size_t length)
{
    char name[MAX_DECODED_BYTES + 1], *end;
    const char *wrong = NULL;
    uint32_t address;
    int all;

    end = decode(name, text, length, &all);
    if (!end)
        return too_long;
    if (all & FORBIDDEN)
        return forbidden;
    if (all & HIGH)
        wrong = take_international(host, name);
    else if (!append(host, name, (size_t)(end - name)))
        wrong = too_long;
    if (wrong)
        return wrong;
    if (!ends_in_number(host))
        return *host->text == '.' ? "the host's name begins with a dot" : NULL;
    if (!parse_ipv4(host->text, &address))
        return "the host ends in a number, but is not an IPv4 address";
    put_ipv4(host, address);
    return NULL;
}

const char *host_parse(struct host *host, const char *text, size_t length)
{
    host->length = 0;
    host->text[0] = '\0';
    host->numeric = host->literal = false;
    if (!length)
        return no_host;
    return *text == '[' ? take_literal(host, text, length) : take_name(host, text, length);
}
