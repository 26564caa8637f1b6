/* Lines of "address name name..."; a comment begins with "#" and ends at the end of the line. */
#include "dns/hosts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/span.h"
#include "base/table.h"

#define MAX_BYTES (16 * 1024 * 1024)

struct hosts_entry {
    struct table_link link; /* in hosts->table, by name */
    const char *name;       /* inside hosts->text */
    struct address address; /* port 0 */
};

struct hosts {
    char *text; /* the file, cut into names by NULs */
    struct table table;
};

static void add(struct hosts *hosts, const char *name, const struct address *address)
{
    struct hosts_entry *entry = memory_get(sizeof(*entry));

    entry->name = name;
    entry->address = *address;
    table_add(&hosts->table, &entry->link, hash_text(name));
}

static void parse_line(struct hosts *hosts, char *text)
{
    struct address address;
    char *rest = text, *word;

    text[strcspn(text, "#\r")] = '\0';
    word = strtok_r(text, " \t", &rest);
    if (!word || !address_parse(&address, word, 0))
        return;
    while ((word = strtok_r(NULL, " \t", &rest)))
        add(hosts, word, &address);
}

/* Takes ownership of `text`, which ends with a NUL; an earlier NUL ends its line. Reads the last
   line first, because the table finds the entry that was added last first. */
static struct hosts *parse_owned(char *text, size_t length)
{
    struct hosts *hosts = memory_zeroed(sizeof(*hosts));
    char *line;

    hosts->text = text;
    do {
        line = memrchr(text, '\n', length);
        line = line ? line + 1 : text;
        parse_line(hosts, line);
        length = (size_t)(line - text);
        if (length)
            text[--length] = '\0';
    } while (line > text);
    return hosts;
}

struct hosts *hosts_parse(const char *text, size_t length)
{
    return parse_owned(memory_text(text, length), length);
}

struct hosts *hosts_read(const char *path)
{
    size_t length;
    char *text = file_read(path, MAX_BYTES, &length);

    return parse_owned(text ? text : memory_text("", 0), length);
}

static bool is_localhost(const char *name)
{
    struct span bare = span_of(name, strlen(name));

    bare.end -= span_ends(bare, ".");
    return span_is(bare, "localhost") || span_ends(bare, ".localhost");
}

size_t hosts_find(const struct hosts *hosts, const char *name, struct address *to, size_t max)
{
    const struct hosts_entry *entry;
    size_t found = 0;

    TABLE_EACH (entry, &hosts->table, hash_text(name), link)
        if (found < max && !strcasecmp(entry->name, name))
            to[found++] = entry->address;
    if (!found && is_localhost(name) && max >= 2) {
        address_parse(&to[found++], "::1", 0);
        address_parse(&to[found++], "127.0.0.1", 0);
    }
    return found;
}

/* c-ares refuses .onion names too, but not after a domain of the search list is appended. */
bool hosts_resolve(const struct hosts *hosts, const char *name,
                   struct address to[RESOLVER_MAX_ADDRESSES], size_t *count)
{
    bool literal = address_parse(to, name, 0);

    *count = literal ? 1 : hosts_find(hosts, name, to, RESOLVER_MAX_ADDRESSES);
    return *count || span_ends(span_of(name, strlen(name)), ".onion");
}

static void free_entry(struct table_link *link)
{
    free(TABLE_OWNER(link, struct hosts_entry, link));
}

void hosts_free(struct hosts *hosts)
{
    if (!hosts)
        return;
    free(hosts->text);
    table_clear(&hosts->table, free_entry);
    free(hosts);
}
