/*
 * One line at a time: into words, then each "key=value" into the settings of the site, or into those
 * of all that follow, which begin as what the command line says.
 */
#include "cli/list/grammar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "cli/list/settings.h"
#include "cli/list/stray.h"

#define MAX_SHOWN_BYTES 256 /* of a line that is no site */
#define MAX_WHY_BYTES   512 /* of what is wrong with it */

struct grammar {
    struct settings defaults; /* what "default" lines said */
    struct play play;         /* of the site that was given out last */
    char why[MAX_WHY_BYTES];  /* what is wrong with the line in hand */
};

/* What is not read yet of a line. */
struct rest {
    char *at, *end;
};

/* A word of a line, unquoted in place. */
struct word {
    char *text;
    size_t length; /* there may be a NUL in it */
    bool there;    /* not so at the end of the line; "" is a word */
};

/* One escape after a backslash in quotes. Returns what it stands for, -1 where it is none. */
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

/* Takes the next word; quotes are plain characters in a URL. NULL, or what is wrong; one that is not
   there at the end. What is in quotes may be any character, and what is in a comment. */
static const char *next_word(struct rest *rest, bool quotes, struct word *word)
{
    char *to, *from = rest->at, *end = rest->end;
    bool quoted = false, comment;

    while (from < end && is_blank(*from))
        from++;
    to = word->text = from;
    word->there = from < end;
    comment = word->there && *from == '#';
    while (from < end && (quoted || (*from != ' ' && *from != '\t'))) {
        if (quotes && *from == '"') {
            quoted = !quoted;
            from++;
        } else if (quoted && *from == '\\' && from + 1 < end) {
            int byte;

            from++;
            byte = unescape(&from, end);
            if (byte < 0)
                return "no such escape in the quotes; they are \\\" \\\\ \\n \\r \\t \\xHH";
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
    *to = '\0'; /* over a blank, a quote, or the line's end */
    return NULL;
}

/* One "key=value" word, its "=" put to NUL. NULL, or why not. */
static const char *read_setting(struct grammar *grammar, const struct word *word,
                                struct settings *settings)
{
    char *equals = memchr(word->text, '=', word->length);
    size_t name = equals ? (size_t)(equals - word->text) : 0;
    const char *wrong;

    /* what has no "=" may be the rest of a URL, with a password in it: it is not shown */
    if (!equals || memchr(word->text, '\0', name))
        return "not key=value";
    *equals = '\0';
    wrong = settings_set(settings, word->text, equals + 1, word->length - name - 1);
    if (!wrong)
        return NULL;
    snprintf(grammar->why, sizeof(grammar->why), "%s: %s", word->text, wrong);
    return grammar->why;
}

/* Reads words up to the end of the line. NULL, or why not, which is valid until the next line. */
static const char *read_settings(struct grammar *grammar, struct rest *rest,
                                 struct settings *settings)
{
    const char *wrong = NULL;

    settings_inherit(settings);
    while (!wrong) {
        struct word word;

        wrong = next_word(rest, true, &word);
        if (!wrong && (!word.there || word.text[0] == '#'))
            return NULL;
        if (!wrong)
            wrong = read_setting(grammar, &word, settings);
    }
    return wrong;
}

/* What stands for a URL that is none, without what may be a password: all before its last "@". */
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

/* The site of a URL and of the words behind it. NULL, or why it is none: then *shown, to be freed,
   stands for it where the URL is sound. */
static const char *read_site(struct grammar *grammar, const struct word *url, struct rest *rest,
                             struct listed *listed, char **shown)
{
    struct site *site = site_new();
    struct settings settings;
    const char *wrong = url_parse(&site->url, url->text, url->length);

    settings_copy(&settings, &grammar->defaults);
    if (!wrong)
        wrong = read_settings(grammar, rest, &settings);
    if (wrong) {
        *shown = site->url.shown;
        site->url.shown = NULL;
        site_free(site);
    } else {
        settings_give(&settings, site);
        play_free(&grammar->play);
        grammar->play = settings.play;
        *listed = (struct listed){site, settings.play, settings.weight};
        settings.play = (struct play){0};
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
    if (wrong) /* in a comment too: what is behind it was meant to be a line */
        first.length = strcspn(copy, "\r");
    else
        wrong = too_long ? "the line is over 65536 bytes" : next_word(&rest, false, &first);
    if (!wrong && first.there && first.text[0] != '#')
        wrong = strcmp(first.text, "default") != 0
                    ? read_site(grammar, &first, &rest, listed, shown)
                    : read_settings(grammar, &rest, &grammar->defaults);
    if (wrong && !*shown)
        *shown = safe_text(first.text, first.length);
    free(copy);
    return wrong;
}

/* Whether there is one between other characters: a URL parser would join what stands around it. */
static bool has_line_end(const char *text)
{
    const char *from = text + strspn(text, "\r\n\t "), *close = from + strcspn(from, "\r\n");

    return close[strspn(close, "\r\n\t ")];
}

const char *grammar_read_word(struct grammar *grammar, const char *text, struct listed *listed,
                              char **shown)
{
    char end = '\0', *sound = NULL;
    struct word word = {(char *)text, strlen(text), true};
    struct rest nothing = {&end, &end};
    const char *wrong;

    *listed = (struct listed){.weight = 1};
    wrong = has_line_end(text) ? "there is a line end in it; give each URL as a word of its own"
                               : read_site(grammar, &word, &nothing, listed, &sound);
    if (wrong && !strstr(text, "//"))
        wrong = "neither a command nor an absolute http:// or https:// URL";
    *shown = wrong ? safe_text(text, word.length) : NULL;
    free(sound);
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
    play_free(&grammar->play);
    free(grammar);
}
