/*
 * The search list of a resolv.conf(5): the domains in which a name is looked up. c-ares 1.18
 * returns the list that it has read; later versions do not.
 */
#ifndef DNS_SEARCH_H
#define DNS_SEARCH_H

#include <stddef.h>

#define SEARCH_MAX_DOMAINS 64

struct search {
    char **domains; /* `count` domains in the order of the file; owned */
    unsigned count;
    unsigned dots; /* ndots, 1 by default: a name with so many dots is first queried unchanged */
};

/* Parses the text of a resolv.conf, which is copied. The last "search" or "domain" line and the
   last ndots option are used. The caller frees the list with search_free. */
void search_parse(struct search *search, const char *text);

/* The same for a file. A file that cannot be read has no list. */
void search_read(struct search *search, const char *path);

void search_free(struct search *search);

#endif
