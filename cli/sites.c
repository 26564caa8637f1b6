/*
 * One line at a time: into words, then each "key=value" into the site, the play, or the defaults. The
 * buffer holds what was read and not used yet: a line at the least, bounded. A line that is wanted
 * before its turn is found through an index of the buffer, and becomes a comment there.
 */
#include "cli/sites.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/ahead.h"
#include "cli/duration.h"
#include "http/request.h"
#include "reactor/memory.h"

#define BUFFER_BYTES     (256 * 1024) /* what may be read ahead of the line in hand */
#define MOST_SHOWN_BYTES 256          /* of a line that is no site */

/* What a line may say about a site. */
struct settings {
    nsec timeout;
    bool head;
    char *headers;    /* lines closed with CR LF; NULL: none */
    struct play play; /* its body is owned */
};

struct sites {
    struct sites_options options;
    char *name;         /* for messages */
    char *const *words; /* from the command line; NULL: from the file */
    size_t word_count, word;
    int fd;             /* -1: none */
    struct watch watch; /* of a pipe that has nothing yet */
    char *buffer;
    size_t begin, end;   /* what is in it */
    bool ended;          /* the file is at its end */
    int read_error;      /* errno of what ended it too soon, until it was told */
    bool skip_line;      /* the rest of a line that was too long */
    size_t line;         /* the number of the last line */
    uint64_t number;     /* of the next site */
    uint64_t place;      /* in the list, of the buffer's first byte */
    struct ahead *ahead; /* lines in the buffer, by origin; NULL before the first look */
    uint64_t looked;     /* the place up to which they were looked at */
    size_t looked_line;  /* the number of the line before that */
    struct settings defaults;
    struct settings current; /* of the site that was given out last */
};

static void settings_free(struct settings *settings)
{
    free(settings->headers);
    free(settings->play.body);
    *settings = (struct settings){0};
}

static void settings_copy(struct settings *to, const struct settings *from)
{
    *to = *from;
    if (from->headers)
        to->headers = memory_text(from->headers, strlen(from->headers));
    if (from->play.body)
        to->play.body = memory_text(from->play.body, from->play.body_bytes);
}

/* Adds a field; one of the same name that came from the defaults gives way. Those are the first
   *inherited bytes. */
static void add_header(struct settings *settings, const char *line, size_t *inherited)
{
    size_t name = (size_t)(strchr(line, ':') - line) + 1, length = strlen(line);
    size_t old = settings->headers ? strlen(settings->headers) : 0, kept = 0, theirs = *inherited;
    char *lines = memory_get(old + length + 3);

    for (size_t at = 0; at < old;) {
        size_t size = (size_t)(strchr(settings->headers + at, '\n') + 1 - (settings->headers + at));

        if (at >= theirs || strncasecmp(settings->headers + at, line, name) != 0) {
            memcpy(lines + kept, settings->headers + at, size);
            kept += size;
        } else {
            *inherited -= size;
        }
        at += size;
    }
    snprintf(lines + kept, length + 3, "%s\r\n", line);
    free(settings->headers);
    settings->headers = lines;
}

/* A key's value into the settings. NULL, or what is wrong with it. */
static const char *set(struct settings *settings, const char *key, const char *value, size_t length,
                       size_t *inherited)
{
    struct play *play = &settings->play;
    unsigned long number;
    nsec timeout;
    const char *wrong;
    int named;

    if (strncmp(key, "rehearse-", 9) != 0 && strlen(value) != length)
        return "the value has a NUL byte";
    if (!strcmp(key, "timeout")) {
        if (!duration_parse(value, &timeout) || !timeout)
            return "not a duration over 0, like 5s or 250ms";
        settings->timeout = timeout;
    } else if (!strcmp(key, "method")) {
        if (strcmp(value, "GET") != 0 && strcmp(value, "HEAD") != 0)
            return "the method is GET or HEAD";
        settings->head = value[0] == 'H';
    } else if (!strcmp(key, "header")) {
        wrong = request_check_header(value, length);
        if (wrong)
            return wrong;
        add_header(settings, value, inherited);
    } else if (!strcmp(key, "rehearse-delay")) {
        if (!duration_parse(value, &play->delay))
            return "not a duration, like 798940us or 1.5s";
    } else if (!strcmp(key, "rehearse-status")) {
        if (!number_parse(value, 200, 999, &number))
            return "not a status from 200 to 999";
        play->status = (unsigned)number;
    } else if (!strcmp(key, "rehearse-framing")) {
        named = framing_named(value);
        if (named < 0)
            return "the framing is length, chunked or close";
        play->framing = (enum framing)named;
    } else if (!strcmp(key, "rehearse-fault")) {
        named = fault_named(value);
        if (named < 0)
            return "no such fault; README.md lists them";
        play->fault = (enum fault)named;
    } else if (!strcmp(key, "rehearse-body")) {
        free(play->body);
        play->body = memory_text(value, length);
        play->body_bytes = length;
    } else {
        return "no such key";
    }
    if (!strncmp(key, "rehearse-", 9))
        play->given = true;
    return NULL;
}

/* A word of a line, unquoted in place. */
struct word {
    char *text;
    size_t length; /* there may be a NUL in it */
    bool there;    /* not so at the end of the line; "" is a word */
};

static int hex(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit = (char)tolower((unsigned char)digit);
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

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
        if (end - *at < 2 || hex((*at)[0]) < 0 || hex((*at)[1]) < 0)
            return -1;
        *at += 2;
        return hex((*at)[-2]) * 16 + hex((*at)[-1]);
    default: return -1;
    }
}

/* Takes the next word from [*at, end); quotes are plain characters in a URL. NULL, or what is wrong;
   one that is not there at the end. */
static const char *next_word(char **at, char *end, bool quotes, struct word *word)
{
    char *to, *from;
    bool quoted = false;

    while (*at < end && (**at == ' ' || **at == '\t'))
        ++*at;
    to = from = word->text = *at;
    word->there = from < end;
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
            *to++ = *from++;
        }
    }
    if (quoted)
        return "the quotes are not closed";
    word->length = (size_t)(to - word->text);
    *at = from < end ? from + 1 : end;
    *to = '\0'; /* over a blank, a quote, or the line's end */
    return NULL;
}

/* Reads "key=value" words up to the end of the line. Returns NULL, or why not in `why`. */
static const char *read_settings(char *at, char *end, struct settings *settings, char *why,
                                 size_t room)
{
    size_t inherited = settings->headers ? strlen(settings->headers) : 0;

    for (;;) {
        struct word word;
        const char *wrong = next_word(&at, end, true, &word);
        char *value;

        if (wrong) {
            snprintf(why, room, "%s", wrong);
            return why;
        }
        if (!word.there || word.text[0] == '#')
            return NULL;
        value = memchr(word.text, '=', word.length);
        if (value)
            *value++ = '\0';
        wrong = value && value == word.text + strlen(word.text) + 1
                    ? set(settings, word.text, value, word.length - (size_t)(value - word.text),
                          &inherited)
                    : "not key=value";
        if (wrong) {
            /* what has no "=" may be the rest of a URL, with a password in it */
            snprintf(why, room, "%s%s%s", value ? word.text : "", value ? ": " : "", wrong);
            return why;
        }
    }
}

static void give(struct sites *sites, struct listed *listed, struct site *site)
{
    site->number = sites->number++;
    listed->site = site;
    listed->play = sites->current.play;
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

    if (sites->words ||
        asprintf(&site->unreadable, "%s:%zu: %s", sites->name, sites->line, why) < 0)
        site->unreadable = memory_text(why, strlen(why));
    site->url.shown = shown;
    settings_free(&sites->current);
    give(sites, listed, site);
}

/* One line, without its end. False where it holds no site. */
static bool read_line(struct sites *sites, char *line, size_t length, struct listed *listed)
{
    char *copy = memory_text(line, length), *at = copy, *end = copy + length, why[512];
    char *shown = NULL;
    const char *wrong;
    struct site *site;
    struct word url;
    bool is_site = true;

    wrong = next_word(&at, end, false, &url);
    if (!wrong && (!url.there || url.text[0] == '#')) {
        is_site = false;
    } else if (!wrong && !strcmp(url.text, "default")) {
        wrong = read_settings(at, end, &sites->defaults, why, sizeof(why));
        is_site = false;
    } else if (!wrong) {
        site = site_new();
        settings_free(&sites->current);
        settings_copy(&sites->current, &sites->defaults);
        wrong = url_parse(&site->url, url.text, url.length);
        if (!wrong)
            wrong = read_settings(at, end, &sites->current, why, sizeof(why));
        if (wrong) {
            shown = site->url.shown;
            site->url.shown = NULL;
            site_free(site);
        } else {
            site->timeout = sites->current.timeout;
            site->head = sites->current.head;
            if (sites->current.headers)
                site->headers = memory_text(sites->current.headers, strlen(sites->current.headers));
            give(sites, listed, site);
        }
    }
    if (wrong)
        give_unreadable(sites, listed, shown ? shown : safe_text(url.text, url.length), wrong);
    free(copy);
    return wrong || is_site;
}

/* Brings more bytes into the buffer. SITES_ONE: it did. */
static enum sites_next fill(struct sites *sites)
{
    struct pollfd one = {.fd = sites->fd, .events = POLLIN};
    ssize_t count;

    if (sites->begin) {
        memmove(sites->buffer, sites->buffer + sites->begin, sites->end - sites->begin);
        sites->end -= sites->begin;
        sites->place += sites->begin;
        sites->begin = 0;
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

/* The next line from the file into [*line, *length). */
static enum sites_next next_line(struct sites *sites, char **line, size_t *length, bool *too_long)
{
    *too_long = false;
    for (;;) {
        char *from = sites->buffer + sites->begin;
        size_t have = sites->end - sites->begin;
        size_t scan = have < SITES_MOST_LINE_BYTES ? have : SITES_MOST_LINE_BYTES;
        char *close = memchr(from, '\n', scan);
        enum sites_next more;

        if (close || (sites->ended && have) || scan == SITES_MOST_LINE_BYTES) {
            bool rest = sites->skip_line;

            *line = from;
            *length = close ? (size_t)(close - from) : scan;
            *too_long = !close && scan == SITES_MOST_LINE_BYTES;
            sites->skip_line = *too_long;
            sites->begin += *length + (close != NULL);
            if (rest)
                continue;
            sites->line++;
            return SITES_ONE;
        }
        if (sites->ended)
            return SITES_END;
        more = fill(sites);
        if (more == SITES_LATER)
            return more;
    }
}

static void read_word(struct sites *sites, struct listed *listed)
{
    const char *word = sites->words[sites->word++], *wrong;
    struct site *site = site_new();

    sites->line++;
    settings_free(&sites->current);
    wrong = url_parse(&site->url, word, strlen(word));
    site->timeout = sites->options.timeout;
    if (wrong && !strstr(word, "//"))
        wrong = "neither a command nor an absolute http:// or https:// URL";
    if (wrong) {
        site_free(site);
        give_unreadable(sites, listed, safe_text(word, strlen(word)), wrong);
    } else {
        give(sites, listed, site);
    }
}

enum sites_next sites_next(struct sites *sites, struct listed *listed)
{
    if (sites->words) {
        if (sites->word == sites->word_count)
            return SITES_END;
        read_word(sites, listed);
        return SITES_ONE;
    }
    for (;;) {
        char *line;
        size_t length;
        bool too_long;
        enum sites_next next = next_line(sites, &line, &length, &too_long);

        if (next == SITES_END && sites->read_error) {
            give_unreadable(sites, listed, safe_text("", 0), strerrordesc_np(sites->read_error));
            sites->read_error = 0;
            return SITES_ONE;
        }
        if (next != SITES_ONE)
            return next;
        if (sites->line == 1 && length >= 3 && !memcmp(line, "\xef\xbb\xbf", 3)) {
            line += 3; /* a byte order mark */
            length -= 3;
        }
        if (length && line[length - 1] == '\r')
            length--;
        if (too_long) {
            give_unreadable(sites, listed, safe_text(line, length), "the line is over 65536 bytes");
            return SITES_ONE;
        }
        if (read_line(sites, line, length, listed))
            return SITES_ONE;
    }
}

/* Reads ahead, where that does not wait, and indexes the lines that are new. A "default" line is
   where it ends: what stands behind it is not known before it has been read in its turn. */
static void look_ahead(struct sites *sites)
{
    uint64_t here = sites->place + sites->begin;
    const char *at, *close;

    if (!sites->ahead)
        sites->ahead = ahead_new();
    if (!sites->ended && sites->watch.fd < 0 && sites->end - sites->begin < BUFFER_BYTES / 2)
        fill(sites);
    if (sites->looked <= here) {
        sites->looked = here;
        sites->looked_line = sites->line;
    }
    at = sites->buffer + (sites->looked - sites->place);
    while ((close = memchr(at, '\n', (size_t)(sites->buffer + sites->end - at)))) {
        struct url_origin origin;

        if ((size_t)(close - at) >= 7 && !strncmp(at + strspn(at, " \t"), "default", 7))
            break;
        sites->looked_line++;
        if (close - at < SITES_MOST_LINE_BYTES && url_origin(&origin, at, (size_t)(close - at)))
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
    const char *text = sites->buffer + (line->place - sites->place);
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

    if (sites->words || sites->skip_line)
        return false;
    look_ahead(sites);
    if (!ahead_take(sites->ahead, url_origin_hash(origin), sites->place + sites->begin, leads_there,
                    &wanted, &found))
        return false;
    text = (char *)line_of(sites, &found, &length);
    sites->line = found.number;
    read_line(sites, text, length && text[length - 1] == '\r' ? length - 1 : length, listed);
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
    sites->defaults.timeout = options->timeout;
    watch_init(&sites->watch, on_readable, sites);
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

bool sites_rewind(struct sites *sites)
{
    if (sites->fd >= 0 && lseek(sites->fd, 0, SEEK_SET) < 0)
        return false;
    settings_free(&sites->defaults);
    sites->defaults.timeout = sites->options.timeout;
    sites->begin = sites->end = sites->line = sites->word = 0;
    sites->place = sites->looked = 0;
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
    if (sites->options.loop)
        loop_unwatch(sites->options.loop, &sites->watch);
    if (sites->fd >= 0)
        close(sites->fd);
    settings_free(&sites->defaults);
    settings_free(&sites->current);
    free(sites->name);
    free(sites->buffer);
    ahead_free(sites->ahead);
    free(sites);
}
