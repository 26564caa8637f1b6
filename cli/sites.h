/*
 * Lists of sites: sites.conf, any file of that form, standard input, or the command line. A list is
 * read as it is needed and never held. README.md has the grammar.
 */
#ifndef CLI_SITES_H
#define CLI_SITES_H

#include "bench/play.h"
#include "http/site.h"
#include "reactor/loop.h"

#define SITES_MOST_LINE_BYTES 65536

/* A site and what the rehearsal plays for it. */
struct listed {
    struct site *site; /* owned by whoever took it */
    struct play play;  /* its body is the reader's, until the next call */
};

enum sites_next {
    SITES_ONE,   /* here it is */
    SITES_LATER, /* a pipe has nothing yet: `ready` will say when */
    SITES_END,
};

struct sites;

struct sites_options {
    nsec timeout;               /* of a site whose line says nothing */
    struct loop *loop;          /* NULL: reading waits */
    void (*ready)(void *owner); /* with a loop: there may be more */
    void *owner;                /* its argument */
};

/* A list from a file, "-" for standard input. NULL where it cannot be opened: then errno says why. */
struct sites *sites_open(const char *path, const struct sites_options *options);

/* A list from the command line; the words are borrowed. */
struct sites *sites_from_words(char *const *words, size_t count,
                               const struct sites_options *options);

/* The next site. A line that is none comes as one whose `unreadable` says "file:line: why",
   of a word just why. */
enum sites_next sites_next(struct sites *sites, struct listed *listed);

/* The next site of that origin among the lines that can be read without waiting, some thousands,
   though others stand before it. False where there is none. Lines of the command line are not looked
   through. */
bool sites_near(struct sites *sites, const struct url_origin *origin, struct listed *listed);

/* Goes to the beginning again. False where that is not possible: a pipe. */
bool sites_rewind(struct sites *sites);

void sites_close(struct sites *sites);

#endif
