/*
 * libidn2 implements IDNA2008, which excludes symbols that UTS #46 allows. A label with a symbol,
 * such as U+2603, is converted to Punycode here, because libidn2 checks the encoded form by UTS
 * #46. Rejected: a whole Unicode library for such rare names; an own mapping table, which would be
 * outdated every year.
 */
#include "http/idna.h"

#include <idn2.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

#define MAX_LABEL_CHARS 63

/* A label as code points. */
struct label {
    uint32_t chars[MAX_LABEL_CHARS];
    size_t count;
};

/* Reads one character of valid UTF-8. */
static uint32_t take_char(const char **text)
{
    uint32_t character;
    bool whole;

    *text += utf8_next((const unsigned char *)*text, 4, &character, &whole); /* up to the NUL */
    return character;
}

/* Maps one code point with libidn2: U+00C5 becomes U+00E5, a variation selector becomes empty. A
   code point that libidn2 refuses alone is unchanged, and checked with the whole label. */
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
        fits = label->count < MAX_LABEL_CHARS;
        if (fits)
            label->chars[label->count++] = take_char(&from);
    }
    idn2_free(ascii);
    idn2_free(mapped);
    return fits;
}

/* The adaptation of the bias (RFC 3492, section 6.1). */
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

/* Punycode (RFC 3492, section 6.3): first the ASCII characters, then the others in ascending order,
   each as the distance from the previous one. 63 characters cannot overflow. */
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

/* Converts a label that IDNA2008 refuses for its symbols: maps each character, encodes the label,
   and lets libidn2 check the encoded form. That does not check joiners, which need letters around
   them, so they are refused. */
static int symbols_to_ascii(const char *label, char **ascii)
{
    char encoded[8 + 10 * MAX_LABEL_CHARS] = "xn--"; /* a delta has up to nine digits */
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

/* Converts one label; "xn--" labels are checked. NULL: the label is not valid, and *wrong is the
   reason; else to be freed with idn2_free. */
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

/* Like convert_label, but refuses a result that libidn2 would not accept as input: all programs
   must read it as the same name. */
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

/* The hyphens and underscores of a mapped label, in order. */
struct dashes {
    char kind[MAX_LABEL_CHARS];
    size_t count;
};

/* '-' or '_' if the character at `at`, of *bytes bytes, is mapped to it; else 0. */
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

/* Writes the label with an underscore for each hyphen. False: too many of them. */
static bool hide_hyphens(char *to, const char *label, struct dashes *dashes)
{
    for (size_t bytes; *label; label += bytes) {
        char kind = dash_at(label, &bytes);

        if (kind && dashes->count == MAX_LABEL_CHARS)
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

/* Restores the hyphens, also in Punycode: it begins with the label's ASCII characters, and the rest
   does not depend on them. False: the label has other ones. */
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

/* Whether the mapped label, whose hyphens are hidden, begins with "xn--" and would have to be
   encoded already. */
static bool looks_encoded(const char *ascii, const struct dashes *dashes)
{
    char *text = NULL;
    bool looks = dashes->count >= 2 && dashes->kind[0] == '-' && dashes->kind[1] == '-' &&
                 (idn2_to_unicode_8z8z(ascii, &text, 0) != IDN2_OK || !strncmp(text, "xn__", 4));

    idn2_free(text);
    return looks;
}

/* libidn2 refuses labels with hyphens at either end or in third and fourth position, and has no
   flag to allow them (CheckHyphens of UTS #46). So it gets underscores in their place, to which the
   same rules apply: both are neutral in direction, and neither joins nor combines with other
   characters. */
static char *hyphens_to_ascii(const char *label)
{
    char hidden[IDNA_MAX_BYTES + 1], *ascii = NULL;
    struct dashes dashes = {.count = 0};
    int wrong;

    if (hide_hyphens(hidden, label, &dashes))
        ascii = convert_both_ways(hidden, &wrong);
    if (ascii && !looks_encoded(ascii, &dashes) && restore_hyphens(ascii, &dashes))
        return ascii;
    idn2_free(ascii);
    return NULL;
}

char *idna_to_ascii(const char *label)
{
    int wrong;
    char *ascii = convert_both_ways(label, &wrong);

    return wrong == IDN2_2HYPHEN || wrong == IDN2_HYPHEN_STARTEND ? hyphens_to_ascii(label) : ascii;
}
