/*
 * The grammar of sites.conf: a line, or a word of the command line, into a site. What a "default" line
 * says holds for the lines behind it. docs/sites.conf.md has the grammar.
 */
#ifndef CLI_LIST_GRAMMAR_H
#define CLI_LIST_GRAMMAR_H

#include "cli/types.h"
#include "http/site.h"
#include "origin/faults.h"

/* A site and what the rehearsal plays for it. */
struct listed {
    struct site *site; /* owned by the caller */
    struct play play;  /* its texts are the reader's, until the next call */
    unsigned weight;   /* over 0; 1 where nothing is said */
};

struct grammar;

/* `request` holds for every site before "default" lines and its own words; borrowed; NULL: GET, and no
   timeout. `weights`: the key `weight` is known. */
struct grammar *grammar_new(const struct request_options *request, bool weights);
void grammar_free(struct grammar *grammar);

/* Reads a line without its LF; of one that is `too_long`, its beginning. Returns NULL where nothing is
   wrong with it: the site is NULL in an empty line, a comment and a "default" line. Else why it is no
   site, until the next call, and *shown, to be freed, is its URL without a password. */
const char *grammar_read_line(struct grammar *grammar, const char *line, size_t length,
                              bool too_long, struct listed *listed, char **shown);

/* Likewise, a word of the command line: a URL alone. */
const char *grammar_read_word(struct grammar *grammar, const char *word, struct listed *listed,
                              char **shown);

/* The bytes of a line without its CRs at the end. */
size_t grammar_trim(const char *line, size_t length);

/* Whether a line begins with "default", without judging the rest; its LF has to be behind it. */
bool grammar_is_default(const char *line, size_t length);

#endif
