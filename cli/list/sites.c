/*
 * One line at a time: into words, then each "key=value" into the settings of the site, or into those
 * of all that follow, which begin as what the command line says. The buffer holds what was read and
 * not used yet: a line at the least, bounded. A line that is wanted before its turn is found through
 * an index of the buffer, and becomes a comment there.
 */
#include "cli/list/sites.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digits.h"
#include "base/memory.h"
#include "base/parse.h"
#include "cli/list/ahead.h"
#include "cli/list/stray.h"
#include "http/fields.h"
#include "http/request.h"

#define BUFFER_BYTES     (256 * 1024) /* what may be read ahead of the line in hand */
#define MOST_SCANNED     (SITES_MOST_LINE_BYTES + 1) /* for the end of a line */
#define MOST_SHOWN_BYTES 256                         /* of a line that is no site */
#define MOST_WHY_BYTES   512                         /* of what is wrong with it */
#define MOST_FAIL_FIRST  1000000
#define FILLS_A_CALL     8 /* of the buffer, in a loop: a list of nothing but comments may never end */

/* What may be said about a site: by the command line, by "default" lines, by its own. */
struct settings {
    nsec timeout;
    char *method, *headers, *user, *cookie; /* as in struct site */
    struct content *content;
    struct play play;
    unsigned weight;
    /* of the headers and of the play's, those that were said before the line in hand */
    size_t inherited, inherited_answer;
};

struct sites {
    struct sites_options options;
    char *name;         /* for messages */
    char *const *words; /* from the command line; NULL: from the file */
    size_t word_count, word;
    int fd;             /* -1: none */
    off_t start;        /* where the list begins in it */
    struct watch watch; /* of a pipe that has nothing yet */
    struct task again;  /* the list has more, in the next turn of the loop */
    unsigned fills;     /* of the buffer since sites_next was called */
    char *buffer;
    size_t begin, end;   /* what is in it */
    bool ended;          /* the file is at its end */
    int read_error;      /* errno of what ended it too soon, until it was told */
    bool skip_line;      /* the rest of a line that was too long */
    size_t line;         /* the number of the last line */
    uint64_t sum;        /* of all lines up to there, where it is kept */
    uint64_t number;     /* of the next site */
    uint64_t offset;     /* in the list, of the buffer's first byte */
    struct ahead *ahead; /* lines in the buffer, by origin; NULL before the first look */
    uint64_t looked;     /* the offset up to which they were looked at */
    size_t looked_line;  /* the number of the line before that */
    struct settings defaults;
    struct play play;         /* of the site that was given out last */
    char why[MOST_WHY_BYTES]; /* what is wrong with the line in hand */
};

static char *copy_text(const char *text)
{
    return text ? memory_text(text, strlen(text)) : NULL;
}

/* Frees; what was given away is NULL. */
static void settings_free(struct settings *settings)
{
    free(settings->method);
    free(settings->headers);
    free(settings->user);
    free(settings->cookie);
    content_drop(settings->content);
    play_free(&settings->play);
    *settings = (struct settings){0};
}

static void settings_copy(struct settings *to, const struct settings *from)
{
    *to = *from;
    to->method = copy_text(from->method);
    to->headers = copy_text(from->headers);
    to->user = copy_text(from->user);
    to->cookie = copy_text(from->cookie);
    content_hold(to->content);
    play_copy(&to->play, &from->play);
}

/* What the command line says. */
static void settings_begin(struct settings *settings, const struct request_options *request)
{
    static const struct request_options nothing = {.timeout = NSEC_NEVER};
    const struct request_options *from = request ? request : &nothing;
    const char *head = from->head ? "HEAD" : NULL;

    *settings = (struct settings){
        .timeout = from->timeout,
        .method = copy_text(from->method ? from->method : head),
        .headers = copy_text(from->headers),
        .user = copy_text(from->user),
        .cookie = copy_text(from->cookie),
        .content = content_hold(from->content),
        .weight = 1,
    };
}

/* "name:password"; what has no colon is a name without a password. To be freed. */
static char *complete_user(const char *user)
{
    char *whole = memory_get(strlen(user) + 2);

    stpcpy(stpcpy(whole, user), strchr(user, ':') ? "" : ":");
    return whole;
}

/* Gives all but the play to a site; an empty user or cookie is none. */
static void settings_give(struct settings *settings, struct site *site)
{
    site->timeout = settings->timeout;
    site->method = settings->method;
    site->headers = settings->headers;
    site->content = settings->content;
    settings->method = settings->headers = NULL;
    settings->content = NULL;
    if (settings->cookie && *settings->cookie) {
        site->cookie = settings->cookie;
        settings->cookie = NULL;
    }
    if (settings->user && *settings->user && !site->url.user_info) {
        site->user = complete_user(settings->user);
        site->url.user_info = site->user;
        site->url.user_info_bytes = strlen(site->user);
        site->url.user_bytes = strcspn(site->user, ":");
    }
}

/* --- the keys: each takes a value into the settings. NULL, or what is wrong with it --- */

static void replace(char **text, const char *value)
{
    free(*text);
    *text = copy_text(value);
}

static const char *set_timeout(struct settings *settings, const char *value, size_t length)
{
    nsec timeout;

    (void)length;
    if (!duration_parse(value, &timeout) || !timeout)
        return "not a duration over 0, like 5s or 250ms";
    settings->timeout = timeout; /* what is wrong in a "default" line changes nothing */
    return NULL;
}

static const char *set_method(struct settings *settings, const char *value, size_t length)
{
    (void)length;
    if (!request_is_method(value))
        return "not a method: a token (RFC 9110, section 9.1), and not CONNECT";
    replace(&settings->method, value);
    return NULL;
}

static const char *set_header(struct settings *settings, const char *value, size_t length)
{
    const char *wrong = request_check_header(value, length);

    if (!wrong)
        fields_add(&settings->headers, value, &settings->inherited);
    return wrong;
}

static const char *set_user(struct settings *settings, const char *value, size_t length)
{
    (void)length;
    replace(&settings->user, value);
    return NULL;
}

static const char *set_cookie(struct settings *settings, const char *value, size_t length)
{
    const char *wrong = request_check_value(value, length);

    if (!wrong)
        replace(&settings->cookie, value);
    return wrong;
}

/* A list reads no files: "@" is a byte like any other. */
static const char *set_data(struct settings *settings, const char *value, size_t length)
{
    content_drop(settings->content);
    settings->content = content_new(value, length);
    return NULL;
}

static const char *set_weight(struct settings *settings, const char *value, size_t length)
{
    unsigned long number;

    (void)length;
    if (!number_parse(value, 1, SITES_MOST_WEIGHT, &number))
        return "not a number from 1 to 1000000";
    settings->weight = (unsigned)number;
    return NULL;
}

static const char *set_delay(struct settings *settings, const char *value, size_t length)
{
    (void)length;
    if (!duration_parse(value, &settings->play.delay))
        return "not a duration, like 798940us or 1.5s";
    return NULL;
}

static const char *set_status(struct settings *settings, const char *value, size_t length)
{
    unsigned long number;

    (void)length;
    if (!number_parse(value, 200, 999, &number))
        return "not a status from 200 to 999";
    settings->play.status = (unsigned)number;
    return NULL;
}

static const char *set_answer_header(struct settings *settings, const char *value, size_t length)
{
    const char *wrong = request_check_header(value, length);

    if (!wrong)
        fields_add(&settings->play.headers, value, &settings->inherited_answer);
    return wrong;
}

static const char *set_body(struct settings *settings, const char *value, size_t length)
{
    free(settings->play.body);
    settings->play.body = memory_text(value, length);
    settings->play.body_bytes = length;
    return NULL;
}

static const char *set_framing(struct settings *settings, const char *value, size_t length)
{
    int named = framing_named(value);

    (void)length;
    if (named < 0)
        return "the framing is length, chunked or close";
    settings->play.framing = (enum framing)named;
    return NULL;
}

static const char *set_fail_first(struct settings *settings, const char *value, size_t length)
{
    unsigned long number;

    (void)length;
    if (!number_parse(value, 0, MOST_FAIL_FIRST, &number))
        return "not a number from 0 to 1000000";
    settings->play.fail_first = (unsigned)number;
    return NULL;
}

static const char *set_fault(struct settings *settings, const char *value, size_t length)
{
    int named = fault_named(value);

    (void)length;
    if (named < 0)
        return "no such fault; README.md lists them";
    settings->play.fault = (enum fault)named;
    return NULL;
}

#define REHEARSE "rehearse-"

static const struct key {
    const char *name;
    const char *(*set)(struct settings *settings, const char *value, size_t length);
    bool bytes; /* there may be a NUL in the value */
} keys[] = {
    {"timeout", set_timeout, false},
    {"method", set_method, false},
    {"header", set_header, false},
    {"user", set_user, false},
    {"cookie", set_cookie, false},
    {"data", set_data, true},
    {"weight", set_weight, false},
    {REHEARSE "delay", set_delay, false},
    {REHEARSE "status", set_status, false},
    {REHEARSE "header", set_answer_header, false},
    {REHEARSE "body", set_body, true},
    {REHEARSE "framing", set_framing, false},
    {REHEARSE "fail-first", set_fail_first, false},
    {REHEARSE "fault", set_fault, false},
};

static const char *set(const struct sites *sites, struct settings *settings, const char *name,
                       const char *value, size_t length)
{
    const struct key *key = keys, *end = keys + sizeof(keys) / sizeof(*keys);

    while (key < end && strcmp(key->name, name) != 0)
        key++;
    if (key == end)
        return "no such key";
    if (key->set == set_weight && !sites->options.weights)
        return "only targets of bench have a weight";
    if (!key->bytes && strlen(value) != length)
        return "the value has a NUL byte";
    if (!strncmp(name, REHEARSE, strlen(REHEARSE)))
        settings->play.given = true;
    return key->set(settings, value, length);
}

/* --- lines --- */

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

    while (from < end && (*from == ' ' || *from == '\t'))
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
static const char *read_setting(struct sites *sites, const struct word *word,
                                struct settings *settings)
{
    char *equals = memchr(word->text, '=', word->length);
    size_t name = equals ? (size_t)(equals - word->text) : 0;
    const char *wrong;

    /* what has no "=" may be the rest of a URL, with a password in it: it is not shown */
    if (!equals || memchr(word->text, '\0', name))
        return "not key=value";
    *equals = '\0';
    wrong = set(sites, settings, word->text, equals + 1, word->length - name - 1);
    if (!wrong)
        return NULL;
    snprintf(sites->why, sizeof(sites->why), "%s: %s", word->text, wrong);
    return sites->why;
}

/* Reads words up to the end of the line. NULL, or why not, which is valid until the next line. */
static const char *read_settings(struct sites *sites, struct rest *rest, struct settings *settings)
{
    const char *wrong = NULL;

    settings->inherited = settings->headers ? strlen(settings->headers) : 0;
    settings->inherited_answer = settings->play.headers ? strlen(settings->play.headers) : 0;
    while (!wrong) {
        struct word word;

        wrong = next_word(rest, true, &word);
        if (!wrong && (!word.there || word.text[0] == '#'))
            return NULL;
        if (!wrong)
            wrong = read_setting(sites, &word, settings);
    }
    return wrong;
}

/* Gives out a site; takes over what is in the play. */
static void give(struct sites *sites, struct listed *listed, struct site *site,
                 const struct play *play, unsigned weight)
{
    site->number = sites->number++;
    site->place = sites->line;
    play_free(&sites->play);
    sites->play = *play;
    listed->site = site;
    listed->play = *play;
    listed->weight = weight;
}

/* What stands for a URL that is none, without what may be a password: all before its last "@". */
static char *safe_text(const char *url, size_t length)
{
    const char *at = memrchr(url, '@', length), *slashes = memmem(url, length, "//", 2);
    size_t scheme = at && slashes && slashes < at ? (size_t)(slashes - url) + 2 : 0;
    size_t from = at ? (size_t)(at - url) + 1 : 0, rest = length - from;
    char *text;

    if (rest > MOST_SHOWN_BYTES)
        rest = MOST_SHOWN_BYTES;
    if (scheme > MOST_SHOWN_BYTES)
        scheme = 0;
    text = memory_get(scheme + rest + 1);
    memcpy(text, url, scheme);
    memcpy(text + scheme, url + from, rest);
    text[scheme + rest] = '\0';
    return text;
}

/* A line that is no site: still one in the list. Takes over `shown`. */
static void give_unreadable(struct sites *sites, struct listed *listed, char *shown,
                            const char *why)
{
    struct site *site = site_new();

    site->unreadable = sites->words ? memory_text(why, strlen(why))
                                    : memory_print("%s:%zu: %s", sites->name, sites->line, why);
    site->url.shown = shown;
    give(sites, listed, site, &(struct play){0}, 1);
}

/* The site of a URL and of the words behind it. NULL, or why it is none: then *shown, to be freed,
   stands for it where the URL is sound. */
static const char *read_site(struct sites *sites, const struct word *url, struct rest *rest,
                             struct listed *listed, char **shown)
{
    struct site *site = site_new();
    struct settings settings;
    const char *wrong = url_parse(&site->url, url->text, url->length);

    settings_copy(&settings, &sites->defaults);
    if (!wrong)
        wrong = read_settings(sites, rest, &settings);
    if (wrong) {
        *shown = site->url.shown;
        site->url.shown = NULL;
        site_free(site);
    } else {
        settings_give(&settings, site);
        give(sites, listed, site, &settings.play, settings.weight);
        settings.play = (struct play){0};
    }
    settings_free(&settings);
    return wrong;
}

/* One line, without its end. False where it holds no site. */
static bool read_line(struct sites *sites, const char *line, size_t length, struct listed *listed)
{
    char *copy = memory_text(line, length), *shown = NULL;
    struct rest rest = {copy, copy + length};
    struct word first;
    const char *wrong = stray_line_end(line, length);
    bool is_site = false;

    if (wrong) /* in a comment too: what is behind it was meant to be a line */
        first = (struct word){copy, strcspn(copy, "\r"), true};
    else
        wrong = next_word(&rest, false, &first);
    if (!wrong && first.there && first.text[0] != '#') {
        is_site = strcmp(first.text, "default") != 0;
        wrong = is_site ? read_site(sites, &first, &rest, listed, &shown)
                        : read_settings(sites, &rest, &sites->defaults);
    }
    if (wrong)
        give_unreadable(sites, listed, shown ? shown : safe_text(first.text, first.length), wrong);
    free(copy);
    return wrong || is_site;
}

/* The next line in the list's own order. */
static void count_line(struct sites *sites, const char *line, size_t length)
{
    sites->line++;
    if (sites->options.sum)
        sites->sum = sites->options.sum(sites->sum, line, length);
}

/* Brings more bytes into the buffer. SITES_ONE: it did. */
static enum sites_next fill(struct sites *sites)
{
    struct pollfd one = {.fd = sites->fd, .events = POLLIN};
    ssize_t count;

    if (sites->begin) {
        memmove(sites->buffer, sites->buffer + sites->begin, sites->end - sites->begin);
        sites->end -= sites->begin;
        sites->offset += sites->begin;
        sites->begin = 0;
    }
    if (sites->options.loop && sites->fills++ >= FILLS_A_CALL) {
        loop_defer(sites->options.loop, &sites->again);
        return SITES_LATER;
    }
    if (sites->options.loop && poll(&one, 1, 0) == 0) {
        if (sites->watch.fd >= 0 ||
            !loop_watch(sites->options.loop, &sites->watch, sites->fd, EPOLLIN))
            return SITES_LATER;
    }
    do
        count = read(sites->fd, sites->buffer + sites->end, BUFFER_BYTES - sites->end);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        sites->read_error = errno;
    if (count <= 0) {
        sites->ended = true;
        return SITES_END;
    }
    sites->end += (size_t)count;
    return SITES_ONE;
}

static void on_readable(void *owner, uint32_t events)
{
    struct sites *sites = owner;

    (void)events;
    loop_unwatch(sites->options.loop, &sites->watch);
    sites->options.ready(sites->options.owner);
}

static void on_again(void *owner)
{
    struct sites *sites = owner;

    sites->options.ready(sites->options.owner);
}

/* The next line from the file into [*line, *length). */
static enum sites_next next_line(struct sites *sites, char **line, size_t *length, bool *too_long)
{
    *too_long = false;
    for (;;) {
        char *from = sites->buffer + sites->begin;
        size_t have = sites->end - sites->begin;
        size_t scan = have < SITES_MOST_LINE_BYTES ? have : SITES_MOST_LINE_BYTES;
        char *close = memchr(from, '\n', have < MOST_SCANNED ? have : MOST_SCANNED);
        enum sites_next more;

        if (close || (sites->ended && have) || have >= MOST_SCANNED) {
            bool rest = sites->skip_line;

            *line = from;
            *length = close ? (size_t)(close - from) : scan;
            *too_long = !close && have > SITES_MOST_LINE_BYTES;
            sites->skip_line = *too_long;
            sites->begin += *length + (close != NULL);
            if (rest)
                continue;
            count_line(sites, from, *length);
            return SITES_ONE;
        }
        if (sites->ended)
            return SITES_END;
        more = fill(sites);
        if (more == SITES_LATER)
            return more;
    }
}

/* Whether there is one between other characters: a URL parser would join what stands around it. */
static bool has_line_end(const char *text)
{
    const char *from = text + strspn(text, "\r\n\t "), *close = from + strcspn(from, "\r\n");

    return close[strspn(close, "\r\n\t ")];
}

static void read_word(struct sites *sites, struct listed *listed)
{
    char *text = sites->words[sites->word++], *shown = NULL, end = '\0';
    struct word word = {text, strlen(text), true};
    struct rest nothing = {&end, &end};
    const char *wrong;

    count_line(sites, text, word.length);
    wrong = has_line_end(text) ? "there is a line end in it; give each URL as a word of its own"
                               : read_site(sites, &word, &nothing, listed, &shown);
    if (wrong && !strstr(text, "//"))
        wrong = "neither a command nor an absolute http:// or https:// URL";
    if (wrong)
        give_unreadable(sites, listed, safe_text(text, word.length), wrong);
    free(shown);
}

/* The bytes of a line without its CRs at the end. */
static size_t trim(const char *line, size_t length)
{
    while (length && line[length - 1] == '\r')
        length--;
    return length;
}

/* A list that cannot be read, or not any further: one line says so, and is its last. */
static void give_up(struct sites *sites, struct listed *listed, const char *why)
{
    sites->ended = true;
    sites->begin = sites->end;
    give_unreadable(sites, listed, safe_text("", 0), why);
}

/* Looks at a line of the file. False where it holds no site. */
static bool take_line(struct sites *sites, const char *line, size_t length, bool too_long,
                      struct listed *listed)
{
    const char *wrong = sites->line == 1 ? stray_encoding(line, length) : NULL;

    if (wrong) {
        give_up(sites, listed, wrong);
        return true;
    }
    if (sites->line == 1 && length >= 3 && !memcmp(line, "\xef\xbb\xbf", 3)) {
        line += 3; /* a byte order mark */
        length -= 3;
    }
    length = trim(line, length);
    if (!too_long)
        return read_line(sites, line, length, listed);
    wrong = stray_line_end(line, length);
    give_unreadable(sites, listed, safe_text(line, wrong ? strcspn(line, "\r") : length),
                    wrong ? wrong : "the line is over 65536 bytes");
    return true;
}

enum sites_next sites_next(struct sites *sites, struct listed *listed)
{
    if (sites->words) {
        if (sites->word == sites->word_count)
            return SITES_END;
        read_word(sites, listed);
        return SITES_ONE;
    }
    sites->fills = 0;
    for (;;) {
        char *line;
        size_t length;
        bool too_long;
        enum sites_next next = next_line(sites, &line, &length, &too_long);

        if (next == SITES_END && sites->read_error) {
            give_up(sites, listed, strerrordesc_np(sites->read_error));
            sites->read_error = 0;
            return SITES_ONE;
        }
        if (next != SITES_ONE)
            return next;
        if (take_line(sites, line, length, too_long, listed))
            return SITES_ONE;
    }
}

/* Reads ahead, where that does not wait, and indexes the lines that are new. A "default" line is
   where it ends: what stands behind it is not known before it has been read in its turn. */
static void look_ahead(struct sites *sites)
{
    uint64_t here = sites->offset + sites->begin;
    const char *at, *close;

    if (!sites->ahead)
        sites->ahead = ahead_new();
    if (!sites->ended && sites->watch.fd < 0 && !sites->again.queued &&
        sites->end - sites->begin < BUFFER_BYTES / 2)
        fill(sites);
    if (sites->looked <= here) {
        sites->looked = here;
        sites->looked_line = sites->line;
    }
    at = sites->buffer + (sites->looked - sites->offset);
    while ((close = memchr(at, '\n', (size_t)(sites->buffer + sites->end - at)))) {
        struct url_origin origin;

        if ((size_t)(close - at) >= 7 && !strncmp(at + strspn(at, " \t"), "default", 7))
            break;
        sites->looked_line++;
        if (close - at <= SITES_MOST_LINE_BYTES &&
            !stray_line_end(at,
                            trim(at, (size_t)(close - at))) && /* which is refused in its turn */
            url_origin(&origin, at, (size_t)(close - at)))
            ahead_add(sites->ahead, url_origin_hash(&origin), sites->looked, sites->looked_line);
        sites->looked += (uint64_t)(close - at) + 1;
        at = close + 1;
    }
}

/* What a line of the index is compared with. */
struct wanted {
    const struct sites *sites;
    const struct url_origin *origin;
};

static const char *line_of(const struct sites *sites, const struct ahead_line *line, size_t *length)
{
    const char *text = sites->buffer + (line->place - sites->offset);
    const char *close = memchr(text, '\n', (size_t)(sites->buffer + sites->end - text));

    *length = (size_t)(close - text);
    return text;
}

/* Two origins may have one hash. */
static bool leads_there(void *owner, const struct ahead_line *line)
{
    const struct wanted *wanted = owner;
    struct url_origin origin;
    size_t length;
    const char *text = line_of(wanted->sites, line, &length);

    return url_origin(&origin, text, length) && url_same_origin(&origin, wanted->origin);
}

bool sites_near(struct sites *sites, const struct url_origin *origin, struct listed *listed)
{
    struct wanted wanted = {sites, origin};
    struct ahead_line found;
    size_t length, line = sites->line;
    char *text;

    if (sites->words || sites->skip_line || sites->options.sum)
        return false;
    look_ahead(sites);
    if (!ahead_take(sites->ahead, url_origin_hash(origin), sites->offset + sites->begin,
                    leads_there, &wanted, &found))
        return false;
    text = (char *)line_of(sites, &found, &length);
    sites->line = found.number;
    read_line(sites, text, trim(text, length), listed);
    sites->line = line;
    *text = '#'; /* its turn will pass it over */
    return true;
}

static struct sites *make(const char *name, const struct sites_options *options)
{
    struct sites *sites = memory_zeroed(sizeof(*sites));

    sites->options = *options;
    sites->name = memory_text(name, strlen(name));
    sites->fd = -1;
    sites->sum = options->sum_start;
    settings_begin(&sites->defaults, options->request);
    watch_init(&sites->watch, on_readable, sites);
    task_init(&sites->again, on_again, sites);
    return sites;
}

struct sites *sites_open(const char *path, const struct sites_options *options)
{
    bool input = !strcmp(path, "-");
    int fd = input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);
    struct sites *sites;
    struct stat about;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &about) == 0 && S_ISDIR(about.st_mode)) {
        close(fd);
        errno = EISDIR;
        return NULL;
    }
    sites = make(input ? "standard input" : path, options);
    sites->fd = fd;
    sites->start = lseek(fd, 0, SEEK_CUR);
    sites->buffer = memory_get(BUFFER_BYTES + 1);
    return sites;
}

struct sites *sites_from_words(char *const *words, size_t count,
                               const struct sites_options *options)
{
    struct sites *sites = make("argument", options);

    sites->words = words;
    sites->word_count = count;
    return sites;
}

uint64_t sites_count(const struct sites *sites)
{
    return sites->number;
}

uint64_t sites_place(const struct sites *sites)
{
    return sites->line;
}

uint64_t sites_sum(const struct sites *sites)
{
    return sites->sum;
}

bool sites_rewind(struct sites *sites)
{
    if (sites->fd >= 0 && (sites->start < 0 || lseek(sites->fd, sites->start, SEEK_SET) < 0))
        return false;
    settings_free(&sites->defaults);
    settings_begin(&sites->defaults, sites->options.request);
    sites->sum = sites->options.sum_start;
    sites->begin = sites->end = sites->line = sites->word = 0;
    sites->offset = sites->looked = 0;
    if (sites->ahead)
        ahead_clear(sites->ahead);
    sites->number = 0;
    sites->ended = sites->skip_line = false;
    return true;
}

void sites_close(struct sites *sites)
{
    if (!sites)
        return;
    if (sites->options.loop) {
        loop_unwatch(sites->options.loop, &sites->watch);
        loop_undefer(sites->options.loop, &sites->again);
    }
    if (sites->fd >= 0)
        close(sites->fd);
    settings_free(&sites->defaults);
    play_free(&sites->play);
    free(sites->name);
    free(sites->buffer);
    ahead_free(sites->ahead);
    free(sites);
}
