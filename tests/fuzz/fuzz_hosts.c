/* A hosts file, compared with a simple parser that has no table. The first line of the input is a
   name to look up, the rest is the file; each word of the file is looked up too. */
#include "tests/fuzz/fuzz.h"

#include <strings.h>

#include "dns/hosts.h"

#define MAX       5
#define MAX_BYTES 256 /* of an input whose words are all looked up */

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* The next word of a line, empty at its end. */
static struct part next_word(struct part *line)
{
    struct part word;

    while (line->size && is_blank(*line->at))
        part_byte(line);
    word = (struct part){line->at, 0};
    while (line->size && !is_blank(*line->at)) {
        part_byte(line);
        word.size++;
    }
    return word;
}

/* The next line, up to a comment, a CR or a NUL. */
static struct part next_line(struct part *file)
{
    struct part line = part_line(file);

    for (size_t i = 0; i < line.size; i++)
        if (line.at[i] == '#' || line.at[i] == '\r' || !line.at[i])
            line.size = i;
    return line;
}

static bool is_address(const struct part *word, struct address *address)
{
    char *text = part_text(word);
    bool is = address_parse(address, text, 0);

    free(text);
    return is;
}

/* The addresses of `name` in the order of the file. */
static size_t find(struct part file, const char *name, struct address *to, size_t max)
{
    size_t found = 0;

    while (file.size) {
        struct part line = next_line(&file), word = next_word(&line);
        struct address address;

        if (!is_address(&word, &address))
            continue;
        for (word = next_word(&line); word.size && found < max; word = next_word(&line))
            if (strlen(name) == word.size && !strncasecmp(name, (const char *)word.at, word.size))
                to[found++] = address;
    }
    return found;
}

static void check_name(const struct hosts *hosts, const struct part *file, const char *name)
{
    struct address actual[MAX], wanted[MAX];
    size_t count = hosts_find(hosts, name, actual, MAX), length = strlen(name);
    size_t known = find(*file, name, wanted, MAX);
    char one[ADDRESS_TEXT_BYTES], other[ADDRESS_TEXT_BYTES];

    if (!known && count) { /* a name that needs no file */
        length -= name[length - 1] == '.';
        MUST(count == 2 && length >= 9 && !strncasecmp(name + length - 9, "localhost", 9));
        return;
    }
    MUST(count == known);
    for (size_t i = 0; i < count; i++)
        MUST(!strcmp(address_text(&actual[i], one), address_text(&wanted[i], other)));
    MUST(hosts_find(hosts, name, actual, 1) == (known ? 1 : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct part file = {data, size}, rest, name = part_line(&file);
    char *text = part_text(&name);
    struct hosts *hosts = hosts_parse((const char *)file.at, file.size);

    check_name(hosts, &file, text);
    free(text);
    for (rest = file; rest.size && size < MAX_BYTES;) {
        struct part line = part_line(&rest);

        for (name = next_word(&line); name.size; name = next_word(&line)) {
            text = part_text(&name);
            check_name(hosts, &file, text);
            free(text);
        }
    }
    hosts_free(hosts);
    return 0;
}
