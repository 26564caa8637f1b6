/*
 * Splits a line into words, then reads each "key=value" into the settings of its site or, in a
 * "default" line, into the defaults. The defaults begin as the settings of the command line.
 */
#include "cli/list/grammar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "cli/list/settings.h"
#include "cli/list/stray.h"
#include "http/typed_url.h"

#define MAX_SHOWN_BYTES 256 /* of a bad line */
#define MAX_WHY_BYTES   512 /* of an error message */

struct grammar {
    struct settings defaults;        /* of the command line and "default" lines */
    struct site_behaviour behaviour; /* of the last site returned */
    char why[MAX_WHY_BYTES];         /* the error of the current line */
};

/* The unread part of a line. */
struct rest {
    char *at, *end;
};

/* A word of a line, unquoted in place. */
struct word {
    char *text;
    size_t length; /* may contain a NUL */
    bool present;  /* false at the end of the line; "" is a word */
};

/* Reads one escape after a backslash in quotes. Returns its byte, or -1. */
static int unescape(char **at, const char *end)
{
    char letter = *(*at)++;

    switch (letter) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case '"':
    case '\\': return letter;
    case 'x':
        if (end - *at < 2 || hex_digit((*at)[0]) < 0 || hex_digit((*at)[1]) < 0)
            return -1;
        *at += 2;
        return hex_digit((*at)[-2]) * 16 + hex_digit((*at)[-1]);
    default: return -1;
    }
}

/* Reads the next word. Without `quotes` a quote is an ordinary character, as in a URL. Returns
   NULL, or the error. At the end of the line the word is not `present`. */
static const char *next_word(struct rest *rest, bool quotes, struct word *word)
{
    char *to, *from = rest->at, *end = rest->end;
    bool quoted = false, comment;

    while (from < end && is_blank(*from))
        from++;
    to = word->text = from;
    word->present = from < end;
    comment = word->present && *from == '#';
    while (from < end && (quoted || (*from != ' ' && *from != '\t'))) {
        if (quotes && *from == '"') {
            quoted = !quoted;
            from++;
        } else if (quoted && *from == '\\' && from + 1 < end) {
            int byte;

            from++;
            byte = unescape(&from, end);
            if (byte < 0)
                return "unknown escape in quotes; the escapes are \\\" \\\\ \\n \\r \\t \\xHH";
            *to++ = (char)byte;
        } else {
            const char *stray = quoted || comment ? NULL : stray_character(from, end);

            if (stray) {
                word->length = (size_t)(end - word->text);
                return stray;
            }
            *to++ = *from++;
        }
    }
    if (quoted)
        return "the quotes are not closed";
    word->length = (size_t)(to - word->text);
    rest->at = from < end ? from + 1 : end;
    *to = '\0'; /* overwrites a blank, a quote, or the line's end */
    return NULL;
}

/* Reads a "key=value" word, and replaces its "=" by a NUL. Returns NULL, or the error. */
static const char *read_setting(struct grammar *grammar, const struct word *word,
                                struct settings *settings)
{
    char *equals = memchr(word->text, '=', word->length);
    size_t name = equals ? (size_t)(equals - word->text) : 0;
    const char *wrong;

    /* the word is not shown: it may be the end of a URL with a password */
    if (!equals || memchr(word->text, '\0', name))
        return "not key=value";
    *equals = '\0';
    wrong = settings_set(settings, word->text, equals + 1, word->length - name - 1);
    if (!wrong)
        return NULL;
    snprintf(grammar->why, sizeof(grammar->why), "%s: %s", word->text, wrong);
    return grammar->why;
}

/* Reads the settings of a line. Returns NULL, or the error, valid until the next line. */
static const char *read_settings(struct grammar *grammar, struct rest *rest,
                                 struct settings *settings)
{
    const char *wrong = NULL;

    settings_inherit(settings);
    while (!wrong) {
        struct word word;

        wrong = next_word(rest, true, &word);
        if (!wrong && (!word.present || word.text[0] == '#'))
            return NULL;
        if (!wrong)
            wrong = read_setting(grammar, &word, settings);
    }
    return wrong;
}

/* Returns the text to show for a bad URL. All before the last "@", maybe a password, is left
   out. */
static char *safe_text(const char *url, size_t length)
{
    const char *at = memrchr(url, '@', length), *slashes = memmem(url, length, "//", 2);
    size_t scheme = at && slashes && slashes < at ? (size_t)(slashes - url) + 2 : 0;
    size_t from = at ? (size_t)(at - url) + 1 : 0, rest = length - from;
    char *text;

    if (rest > MAX_SHOWN_BYTES)
        rest = MAX_SHOWN_BYTES;
    if (scheme > MAX_SHOWN_BYTES)
        scheme = 0;
    text = memory_get(scheme + rest + 1);
    memcpy(text, url, scheme);
    memcpy(text + scheme, url + from, rest);
    text[scheme + rest] = '\0';
    return text;
}

/* Reads a site from a URL and the words after it. Returns NULL, or the error. Then, if the URL is
   valid, *shown is the text to show, to be freed. */
static const char *read_site(struct grammar *grammar, const struct word *url, struct rest *rest,
                             struct listed *listed, char **shown)
{
    struct site *site = site_new();
    struct settings settings;
    const char *wrong = typed_url_parse(&site->url, url->text, url->length);

    settings_copy(&settings, &grammar->defaults);
    if (!wrong)
        wrong = read_settings(grammar, rest, &settings);
    if (wrong) {
        *shown = site->url.shown;
        site->url.shown = NULL;
        site_free(site);
    } else {
        settings_give(&settings, site);
        site_behaviour_free(&grammar->behaviour);
        grammar->behaviour = settings.behaviour;
        *listed = (struct listed){site, settings.behaviour, settings.weight};
        settings.behaviour = (struct site_behaviour){0};
    }
    settings_free(&settings);
    return wrong;
}

size_t grammar_trim(const char *line, size_t length)
{
    while (length && line[length - 1] == '\r')
        length--;
    return length;
}

bool grammar_is_default(const char *line, size_t length)
{
    return length >= 7 && !strncmp(line + strspn(line, " \t"), "default", 7);
}

const char *grammar_read_line(struct grammar *grammar, const char *line, size_t length,
                              bool too_long, struct listed *listed, char **shown)
{
    char *copy = memory_text(line, length = grammar_trim(line, length));
    struct rest rest = {copy, copy + length};
    struct word first = {copy, length, true};
    const char *wrong = stray_line_end(line, length);

    *listed = (struct listed){.weight = 1};
    *shown = NULL;
    if (wrong) /* checked in comments too: the text after the CR was meant to be a line */
        first.length = strcspn(copy, "\r");
    else
        wrong = too_long ? "the line is over 65536 bytes" : next_word(&rest, false, &first);
    if (!wrong && first.present && first.text[0] != '#')
        wrong = strcmp(first.text, "default") != 0
                    ? read_site(grammar, &first, &rest, listed, shown)
                    : read_settings(grammar, &rest, &grammar->defaults);
    if (wrong && !*shown)
        *shown = safe_text(first.text, first.length);
    free(copy);
    return wrong;
}

/* Whether a line end is between other characters: the URL parser would join both parts. */
static bool has_line_end(const char *text)
{
    const char *from = text + strspn(text, "\r\n\t "), *close = from + strcspn(from, "\r\n");

    return close[strspn(close, "\r\n\t ")];
}

const char *grammar_read_word(struct grammar *grammar, const char *text, struct listed *listed,
                              char **shown)
{
    char end = '\0', *valid_shown = NULL;
    struct word word = {(char *)text, strlen(text), true};
    struct rest nothing = {&end, &end};
    const char *wrong;

    *listed = (struct listed){.weight = 1};
    wrong = has_line_end(text) ? "it contains a line end; give each URL as an argument of its own"
                               : read_site(grammar, &word, &nothing, listed, &valid_shown);
    if (!typed_url_is_likely(text, word.length))
        wrong = "neither a command nor a URL";
    *shown = wrong ? safe_text(text, word.length) : NULL;
    free(valid_shown);
    return wrong;
}

struct grammar *grammar_new(const struct request_options *request, bool weights)
{
    struct grammar *grammar = memory_zeroed(sizeof(*grammar));

    settings_begin(&grammar->defaults, request, weights);
    return grammar;
}

void grammar_free(struct grammar *grammar)
{
    settings_free(&grammar->defaults);
    site_behaviour_free(&grammar->behaviour);
    free(grammar);
}
