/* Lines of "address name name...", "#" to the end of the line is a comment. */
#include "dns/hosts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/span.h"

#define MOST_BYTES (16 * 1024 * 1024)

struct hosts_entry {
    const char *name;       /* inside hosts->text */
    size_t line;            /* keeps the order of the file among equal names */
    struct address address; /* port 0 */
};

struct hosts {
    char *text;                  /* the file, cut into names by NULs */
    struct hosts_entry *entries; /* sorted by name, then line */
    size_t count;                /* of entries */
    size_t room;                 /* allocated */
};

static int by_name_then_line(const void *a, const void *b)
{
    const struct hosts_entry *x = a, *y = b;
    int order = strcasecmp(x->name, y->name);

    return order ? order : (x->line > y->line) - (x->line < y->line);
}

static void add(struct hosts *hosts, const char *name, size_t line, const struct address *address)
{
    if (hosts->count == hosts->room) {
        hosts->room = hosts->room ? 2 * hosts->room : 16;
        hosts->entries = memory_grow(hosts->entries, hosts->room, sizeof(struct hosts_entry));
    }
    hosts->entries[hosts->count++] = (struct hosts_entry){name, line, *address};
}

static void parse_line(struct hosts *hosts, char *text, size_t line)
{
    struct address address;
    char *rest = text, *word;

    text[strcspn(text, "#\r")] = '\0';
    word = strtok_r(text, " \t", &rest);
    if (!word || !address_parse(&address, word, 0))
        return;
    while ((word = strtok_r(NULL, " \t", &rest)))
        add(hosts, word, line, &address);
}

/* Takes over `text`, which is closed with a NUL; one inside it ends its line. */
static struct hosts *parse_owned(char *text, size_t length)
{
    struct hosts *hosts = memory_zeroed(sizeof(*hosts));
    const char *end = text + length;
    size_t line = 0;

    hosts->text = text;
    for (char *next = text; next; line++) {
        char *this = next;

        next = memchr(this, '\n', (size_t)(end - this));
        if (next)
            *next++ = '\0';
        parse_line(hosts, this, line);
    }
    if (hosts->count)
        qsort(hosts->entries, hosts->count, sizeof(struct hosts_entry), by_name_then_line);
    return hosts;
}

struct hosts *hosts_parse(const char *text, size_t length)
{
    return parse_owned(memory_text(text, length), length);
}

struct hosts *hosts_read(const char *path)
{
    size_t length;
    char *text = file_read(path, MOST_BYTES, &length);

    return parse_owned(text ? text : memory_text("", 0), length);
}

static bool is_localhost(const char *name)
{
    struct span bare = span_of(name, strlen(name));

    bare.end -= span_ends(bare, ".");
    return span_is(bare, "localhost") || span_ends(bare, ".localhost");
}

size_t hosts_find(const struct hosts *hosts, const char *name, struct address *to, size_t most)
{
    size_t low = 0, high = hosts->count, found = 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcasecmp(hosts->entries[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < hosts->count && found < most; low++) {
        if (strcasecmp(hosts->entries[low].name, name) != 0)
            break;
        to[found++] = hosts->entries[low].address;
    }
    if (!found && is_localhost(name) && most >= 2) {
        address_parse(&to[found++], "::1", 0);
        address_parse(&to[found++], "127.0.0.1", 0);
    }
    return found;
}

/* c-ares refuses .onion too, but not with a search list's domain behind it. */
bool hosts_know(const struct hosts *hosts, const char *name,
                struct address to[RESOLVER_MOST_ADDRESSES], size_t *count)
{
    bool literal = address_parse(to, name, 0);

    *count = literal ? 1 : hosts_find(hosts, name, to, RESOLVER_MOST_ADDRESSES);
    return *count || span_ends(span_of(name, strlen(name)), ".onion");
}

void hosts_free(struct hosts *hosts)
{
    if (!hosts)
        return;
    free(hosts->text);
    free(hosts->entries);
    free(hosts);
}
