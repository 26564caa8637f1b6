/*
 * Lists of sites: sites.conf, any file of that form, standard input, or the command line. A list is
 * read as it is needed and never held. docs/sites.conf.md has the grammar.
 */
#ifndef CLI_LIST_SITES_H
#define CLI_LIST_SITES_H

#include "cli/list/grammar.h"
#include "reactor/loop.h"

enum sites_next {
    SITES_ONE,   /* here it is */
    SITES_LATER, /* a pipe has nothing yet: `ready` will say when */
    SITES_END,
};

struct sites;

/* The checksum of a list that is one line longer than that of `sum`. */
typedef uint64_t sites_sum_fn(uint64_t sum, const char *line, size_t length);

struct sites_options {
    /* What holds for every site before "default" lines and its own words; borrowed. NULL: GET, and no
       timeout. */
    const struct request_options *request;
    struct loop *loop;          /* NULL: reading waits */
    void (*ready)(void *owner); /* with a loop: there may be more */
    void *owner;                /* its argument */
    bool weights;               /* the key `weight` is known: targets of a load */
    sites_sum_fn *sum;          /* NULL: no checksum is kept */
    uint64_t sum_start;         /* that of an empty list */
};

/* A list from a file, "-" for standard input, or from words; the texts are borrowed. NULL where it cannot
   be opened: then errno says why. */
struct sites *sites_open(const struct list_options *list, const struct sites_options *options);

/* The next site. A line that is none comes as one whose `unreadable` says "file:line: why",
   of a word just why; it has a number and a place as any other. */
enum sites_next sites_next(struct sites *sites, struct listed *listed);

/* The next site of that origin among the lines that can be read without waiting, some thousands,
   though others stand before it. False where there is none. Lines of the command line are not looked
   through, nor those of a list whose checksum is kept. */
bool sites_near(struct sites *sites, const struct url_origin *origin, struct listed *listed);

/* How far a list was read in its own order; all 0, and the sum that of an empty list, before the first
   line. */
struct sites_position {
    uint64_t count; /* sites, and lines that are none, that were given out */
    /* Of the last line. As a site's place, it is a line's number in a file, of a word its own. */
    size_t line;
    /* Where it is kept, the checksum of all lines up to there, comments and empty ones too, each without its
       LF; of one that is too long, of its first READER_MAX_LINE_BYTES. */
    uint64_t sum;
};

/* Valid until sites_close. */
const struct sites_position *sites_position(const struct sites *sites);

/* Goes to the beginning again: of standard input, to where it was when it was opened. False where that
   is not possible: a pipe. */
bool sites_rewind(struct sites *sites);

void sites_close(struct sites *sites);

#endif
