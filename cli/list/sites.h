/*
 * Lists of sites: sites.conf, any file of that format, standard input, or the command line. A list
 * is read as needed and never stored. docs/sites.conf.md has the grammar.
 */
#ifndef CLI_LIST_SITES_H
#define CLI_LIST_SITES_H

#include "cli/list/grammar.h"
#include "reactor/loop.h"

enum sites_next {
    SITES_ONE,   /* *listed has a site */
    SITES_LATER, /* a pipe has no data: `ready` is called when it has */
    SITES_END,
};

struct sites;

/* Returns the checksum of a list after one more line. `sum` is the checksum before it. */
typedef uint64_t sites_sum_fn(uint64_t sum, const char *line, size_t length);

struct sites_options {
    /* The default for every site; "default" lines and the words of a line override it. Borrowed.
       NULL: GET without a timeout. */
    const struct request_options *request;
    struct loop *loop;          /* NULL: reading blocks */
    void (*ready)(void *owner); /* with a loop: called after SITES_LATER */
    void *owner;                /* argument of `ready` */
    bool weights;               /* the key `weight` is allowed: targets of a load */
    sites_sum_fn *sum;          /* NULL: no checksum is computed */
    uint64_t sum_start;         /* the checksum of an empty list */
};

/* Opens a list from a file, "-" for standard input, or from words. The texts are borrowed. NULL and
   errno if it cannot be opened. */
struct sites *sites_open(const struct list_options *list, const struct sites_options *options);

/* Returns the next site. A bad line is returned as a site whose `line_error` is "file:line: error",
   or just the error for a word. It is numbered as any other site. */
enum sites_next sites_next(struct sites *sites, struct listed *listed);

/* Returns the next site of an origin from the lines in the buffer, before earlier lines of other
   origins. False if there is none. Lines of the command line are not searched, nor those of a list
   with a checksum. */
bool sites_near(struct sites *sites, const struct url_origin *origin, struct listed *listed);

/* How far a list was read in order. Before the first line all fields are 0, and the sum is that of
   an empty list. */
struct sites_position {
    uint64_t count; /* sites returned, including bad lines */
    /* Number of the last line read, or of the last word, from 1. */
    size_t line;
    /* With a checksum: of all lines up to there, comments and empty lines included, each without
       its LF. Of a line that is too long the first READER_MAX_LINE_BYTES count. */
    uint64_t sum;
};

/* Valid until sites_close. */
const struct sites_position *sites_position(const struct sites *sites);

/* Goes back to the beginning; of standard input, to where it was when it was opened. False if that
   is not possible, as for a pipe. */
bool sites_rewind(struct sites *sites);

void sites_close(struct sites *sites);

#endif
