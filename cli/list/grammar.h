/*
 * The grammar of sites.conf: reads a line, or a word of the command line, into a site. The settings
 * of a "default" line apply to the lines after it. docs/sites.conf.md has the grammar.
 */
#ifndef CLI_LIST_GRAMMAR_H
#define CLI_LIST_GRAMMAR_H

#include "cli/types.h"
#include "http/site.h"
#include "origin/faults.h"

/* A site and its faults in a rehearsal. */
struct listed {
    struct site *site;               /* owned by the caller */
    struct site_behaviour behaviour; /* its texts are valid until the next call */
    unsigned weight;                 /* 1 or more; 1 by default */
};

struct grammar;

/* `request` is the default for every site; "default" lines and the words of a line override it.
   Borrowed. NULL: GET without a timeout. `weights`: the key `weight` is allowed. */
struct grammar *grammar_new(const struct request_options *request, bool weights);
void grammar_free(struct grammar *grammar);

/* Reads a line without its LF, or the beginning of a line that is `too_long`. Returns NULL if the
   line is valid: the site is NULL for an empty line, a comment and a "default" line. Otherwise
   returns the error, valid until the next call, and *shown is the URL without a password, to be
   freed. */
const char *grammar_read_line(struct grammar *grammar, const char *line, size_t length,
                              bool too_long, struct listed *listed, char **shown);

/* The same for a word of the command line: only a URL. */
const char *grammar_read_word(struct grammar *grammar, const char *word, struct listed *listed,
                              char **shown);

/* The length of a line without CRs at its end. */
size_t grammar_trim(const char *line, size_t length);

/* Whether a line begins with "default"; the rest is not checked. A LF must follow the line. */
bool grammar_is_default(const char *line, size_t length);

#endif
