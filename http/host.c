/*
 * A host is an address in brackets, or a name that is percent-decoded, put into ASCII and then looked
 * at once more: what ends in a number is an IPv4 address or an error, for no name in the DNS does.
 *
 * International names go through libidn2 label by label, not whole: it would judge the hyphens of
 * ASCII labels beside them ("r3---sn.example"), which browsers let pass. And it follows IDNA2008,
 * which knows no symbols, where UTS #46 does: a label with U+2603 in it is put into Punycode here,
 * for libidn2 judges the encoded form by UTS #46. Rejected: a whole Unicode library for names
 * that are rare; a mapping table of our own, which would be out of date every year.
 */
#include "http/host.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "reactor/sock.h"

#define MOST_DECODED_BYTES (4 * HOST_MOST_BYTES) /* UTF-8 takes up to 4 bytes a character */
#define MOST_LABEL_CHARS   63

static const char too_long[] = "the host's name is too long";
static const char forbidden[] = "the host's name has a forbidden character";
static const char no_name[] = "the host's name is no valid international name";
static const char no_host[] = "there is no host";

/* A number in hexadecimal ("0x7f"), octal ("017") or decimal. False where it is none; one that does
   not fit in 32 bits stays too big. */
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

/* Up to four numbers; the last one fills the bytes that are left. A dot may close them. */
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

/* Whether the last label is a number, also one that is too big. */
static bool ends_in_number(const struct host *host)
{
    const char *end = host->text + host->length, *at, *dot;
    bool hexadecimal;

    if (end > host->text && end[-1] == '.')
        end--;
    dot = memrchr(host->text, '.', (size_t)(end - host->text));
    at = dot ? dot + 1 : host->text;
    if (at == end || *at < '0' || *at > '9')
        return false;
    hexadecimal = end - at > 1 && at[0] == '0' && at[1] == 'x';
    for (at += hexadecimal ? 2 : 0; at < end; at++)
        if (hex_digit(*at) < 0 || (!hexadecimal && hex_digit(*at) > 9))
            return false;
    return true;
}

/* RFC 5952, but never with the dotted end that inet_ntop writes. */
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

/* A label as code points. */
struct label {
    uint32_t chars[MOST_LABEL_CHARS];
    size_t count;
};

/* Takes one character of valid UTF-8. */
static uint32_t take_char(const char **text)
{
    uint32_t character;
    bool whole;

    *text += utf8_next((const unsigned char *)*text, 4, &character, &whole); /* up to the NUL */
    return character;
}

/* One code point as libidn2 maps it when it stands alone: U+00C5 becomes U+00E5, a variation
   selector nothing. One that it refuses alone stays as it is, to be judged with the others. */
static bool map_char(struct label *label, const char *at, size_t length)
{
    char alone[5] = "", *ascii = NULL, *mapped = NULL;
    const char *from = alone;
    bool fits = true;

    memcpy(alone, at, length);
    if (idn2_lookup_u8((uint8_t *)alone, (uint8_t **)&ascii, IDN2_NONTRANSITIONAL) == IDN2_OK &&
        idn2_to_unicode_8z8z(ascii, &mapped, 0) == IDN2_OK)
        from = mapped;
    while (*from && fits) {
        fits = label->count < MOST_LABEL_CHARS;
        if (fits)
            label->chars[label->count++] = take_char(&from);
    }
    idn2_free(ascii);
    idn2_free(mapped);
    return fits;
}

/* How far a delta counts before the digits are spread anew (RFC 3492, section 6.1). */
static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
    uint32_t steps = 0;

    delta = first ? delta / 700 : delta / 2;
    delta += delta / points;
    for (; delta > 455; delta /= 35)
        steps += 36;
    return steps + 36 * delta / (delta + 38);
}

static char *put_delta(char *to, uint32_t delta, uint32_t bias)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

    for (uint32_t place = 36;; place += 36) {
        uint32_t least = place <= bias ? 1 : place >= bias + 26 ? 26 : place - bias;

        if (delta < least)
            break;
        *to++ = digits[least + (delta - least) % (36 - least)];
        delta = (delta - least) / (36 - least);
    }
    *to++ = digits[delta];
    return to;
}

/* Punycode (RFC 3492, section 6.3): the ASCII ones first, then the others in order of their number,
   each as the distance from the one before. 63 characters give far less than what overflows. */
static void put_punycode(char *to, const struct label *label)
{
    uint32_t code = 0x80, delta = 0, bias = 72, done = 0, basic;

    for (size_t i = 0; i < label->count; i++)
        if (label->chars[i] < 0x80) {
            *to++ = (char)label->chars[i];
            done++;
        }
    if (done)
        *to++ = '-';
    for (basic = done; done < label->count; delta++, code++) {
        uint32_t next = UINT32_MAX;

        for (size_t i = 0; i < label->count; i++)
            if (label->chars[i] >= code && label->chars[i] < next)
                next = label->chars[i];
        delta += (next - code) * (done + 1);
        code = next;
        for (size_t i = 0; i < label->count; i++) {
            delta += label->chars[i] < code;
            if (label->chars[i] != code)
                continue;
            to = put_delta(to, delta, bias);
            bias = adapt(delta, done + 1, done == basic);
            delta = 0;
            done++;
        }
    }
    *to = '\0';
}

/* A label that IDNA2008 refuses for its symbols: it is mapped character by character, encoded here,
   and the encoded form judged. Joiners, which need letters around them, are not judged there. */
static int symbols_to_ascii(const char *label, char **ascii)
{
    char encoded[8 + 10 * MOST_LABEL_CHARS] = "xn--"; /* a delta has up to nine digits */
    struct label mapped = {.count = 0};
    const char *at = label, *next;

    if (strstr(label, "\u200c") || strstr(label, "\u200d"))
        return IDN2_CONTEXTJ;
    for (; *at; at = next) {
        next = at;
        take_char(&next);
        if (!map_char(&mapped, at, (size_t)(next - at)))
            return IDN2_TOO_BIG_LABEL;
    }
    put_punycode(encoded + 4, &mapped);
    return idn2_lookup_u8((uint8_t *)encoded, (uint8_t **)ascii,
                          IDN2_NONTRANSITIONAL | IDN2_NO_ALABEL_ROUNDTRIP);
}

/* One label, which may be "xn--" and so on already: then it is judged. NULL where it is no valid
   one, *wrong says why then; else to be freed with idn2_free. */
static char *convert_label(const char *label, int *wrong)
{
    int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;
    char *ascii = NULL;

    *wrong = idn2_lookup_u8((const uint8_t *)label, (uint8_t **)&ascii, flags);
    if (*wrong == IDN2_MALLOC)
        memory_exhausted();
    if (*wrong == IDN2_DISALLOWED)
        *wrong = idn2_lookup_u8((const uint8_t *)label, (uint8_t **)&ascii,
                                flags | IDN2_NO_ALABEL_ROUNDTRIP);
    if (*wrong == IDN2_DISALLOWED && strncmp(label, "xn--", 4) != 0)
        *wrong = symbols_to_ascii(label, &ascii);
    return *wrong == IDN2_OK ? ascii : NULL;
}

/* Likewise. What libidn2 makes of a label and would not take back is none: what we write must be read
   as the same name by everybody. */
static char *convert_both_ways(const char *label, int *wrong)
{
    int ignored;
    char *ascii = convert_label(label, wrong);
    char *again = ascii ? convert_label(ascii, &ignored) : NULL;
    bool same = again && !strcmp(ascii, again);

    idn2_free(again);
    if (same || !ascii)
        return ascii;
    idn2_free(ascii);
    return NULL;
}

/* The hyphens and underscores that a label has when it is mapped, in their order. */
struct dashes {
    char kind[MOST_LABEL_CHARS];
    size_t count;
};

/* '-' or '_' where the character at `at`, of *bytes bytes, is mapped to that; else 0. */
static char dash_at(const char *at, size_t *bytes)
{
    static const struct {
        const char *text;
        char kind;
    } all[] = {{"-", '-'},      {"_", '_'},      {"\uff0d", '-'}, {"\ufe63", '-'}, {"\uff3f", '_'},
               {"\ufe33", '_'}, {"\ufe34", '_'}, {"\ufe4d", '_'}, {"\ufe4e", '_'}, {"\ufe4f", '_'}};

    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        *bytes = strlen(all[i].text);
        if (!strncmp(at, all[i].text, *bytes))
            return all[i].kind;
    }
    return 0;
}

/* Writes the label with an underscore for each of its hyphens. False where they are too many. */
static bool hide_hyphens(char *to, const char *label, struct dashes *dashes)
{
    for (size_t bytes; *label; label += bytes) {
        char kind = dash_at(label, &bytes);

        if (kind && dashes->count == MOST_LABEL_CHARS)
            return false;
        if (kind)
            dashes->kind[dashes->count++] = kind;
        else
            bytes = 1;
        *to++ = kind ? '_' : *label;
    }
    *to = '\0';
    return true;
}

/* Puts the hyphens back, also into Punycode: it begins with the ASCII characters of the label, and
   which ones they are changes nothing in what follows. False where others are there. */
static bool restore_hyphens(char *ascii, const struct dashes *dashes)
{
    bool encoded = !strncmp(ascii, "xn--", 4);
    char *at = encoded ? ascii + 4 : ascii, *end = encoded ? strrchr(at, '-') : strchr(at, '\0');
    size_t count = 0;

    for (; end && at < end; at++) {
        if (*at == '-' || (*at == '_' && count == dashes->count))
            return false;
        if (*at == '_')
            *at = dashes->kind[count++];
    }
    return count == dashes->count;
}

/* Whether the label, whose hyphens are hidden, begins with "xn--" when it is mapped: it would have to
   be encoded already. */
static bool looks_encoded(const char *ascii, const struct dashes *dashes)
{
    char *text = NULL;
    bool looks = dashes->count >= 2 && dashes->kind[0] == '-' && dashes->kind[1] == '-' &&
                 (idn2_to_unicode_8z8z(ascii, &text, 0) != IDN2_OK || !strncmp(text, "xn__", 4));

    idn2_free(text);
    return looks;
}

/* libidn2 refuses labels with hyphens at either end or in third and fourth place, and has no flag for
   it (CheckHyphens of UTS #46). It judges the label with underscores in their place, which differ in
   no other rule: both are neutral in direction, join nothing, and combine with nothing. */
static char *hyphens_to_ascii(const char *label)
{
    char hidden[MOST_DECODED_BYTES + 1], *ascii = NULL;
    struct dashes dashes = {.count = 0};
    int wrong;

    if (hide_hyphens(hidden, label, &dashes))
        ascii = convert_both_ways(hidden, &wrong);
    if (ascii && !looks_encoded(ascii, &dashes) && restore_hyphens(ascii, &dashes))
        return ascii;
    idn2_free(ascii);
    return NULL;
}

static char *label_to_ascii(const char *label)
{
    int wrong;
    char *ascii = convert_both_ways(label, &wrong);

    return wrong == IDN2_2HYPHEN || wrong == IDN2_HYPHEN_STARTEND ? hyphens_to_ascii(label) : ascii;
}

/* The bytes of the full stop at `text`, of which UTS #46 knows four. 0: it is none. */
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

/* ASCII goes on as it is, also where it begins with "xn--": whether the encoding is sound is for the
   DNS to say, which has registered names that no version of UTS #46 takes. */
static bool is_plain(const char *label)
{
    for (const char *at = label; *at; at++)
        if (*at & 0x80)
            return false;
    return true;
}

static bool append(struct host *host, const char *bytes, size_t length)
{
    if (length > HOST_MOST_BYTES - host->length)
        return false;
    memcpy(host->text + host->length, bytes, length);
    host->length += length;
    host->text[host->length] = '\0';
    return true;
}

static const char *append_label(struct host *host, const char *label)
{
    char *ascii = is_plain(label) ? NULL : label_to_ascii(label);
    const char *wrong = NULL;

    if (!ascii && !is_plain(label))
        wrong = no_name;
    else if (!append(host, ascii ? ascii : label, strlen(ascii ? ascii : label)))
        wrong = too_long;
    idn2_free(ascii);
    return wrong;
}

/* A name with labels that are not ASCII. `name` is written over. */
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

/* What a byte is in a name. */
enum { FORBIDDEN = 1, HIGH = 2 };

/* The forbidden domain code points of the standard, and what is not ASCII. */
static const uint8_t classes[256] = {
    [0 ... ' '] = FORBIDDEN, ['#'] = FORBIDDEN, ['%'] = FORBIDDEN,  ['/'] = FORBIDDEN,
    [':'] = FORBIDDEN,       ['<'] = FORBIDDEN, ['>'] = FORBIDDEN,  ['?'] = FORBIDDEN,
    ['@'] = FORBIDDEN,       ['['] = FORBIDDEN, ['\\'] = FORBIDDEN, [']'] = FORBIDDEN,
    ['^'] = FORBIDDEN,       ['|'] = FORBIDDEN, [0x7f] = FORBIDDEN, [0x80 ... 0xff] = HIGH,
};

/* Percent-decodes into lower case, closed with a NUL. Returns the end, or NULL where there are over
   MOST_DECODED_BYTES. *all: the classes of all bytes. */
static char *decode(char *to, const char *text, size_t length, int *all)
{
    const char *end = text + length, *full = to + MOST_DECODED_BYTES;

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
        if (classes[(unsigned char)host->text[i]]) /* a letter may be mapped to such a one */
            wrong = forbidden;
    if (!wrong && !host->length)
        wrong = no_host;
    return wrong;
}

static const char *take_name(struct host *host, const char *text, size_t length)
{
    char name[MOST_DECODED_BYTES + 1], *end;
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
        return "the host ends in a number, but is no IPv4 address";
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
