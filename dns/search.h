/*
 * The search list of a resolv.conf(5): the domains in which a name is looked for. c-ares 1.18 gives out
 * the list that it has read itself; later ones keep it to themselves.
 */
#ifndef DNS_SEARCH_H
#define DNS_SEARCH_H

#include <stddef.h>

#define SEARCH_MAX_DOMAINS 64

struct search {
    char **domains; /* `count` of them, in their order; owned */
    unsigned count;
    unsigned
        dots; /* a name with so many is first asked for as it is: ndots, 1 where nothing is said */
};

/* Reads the text of such a file, not kept: the last "search" or "domain" line holds, and the last ndots
   of the "options". Freed with search_free. */
void search_parse(struct search *search, const char *text);

/* The same of a file. One that cannot be read has no list. */
void search_read(struct search *search, const char *path);

void search_free(struct search *search);

#endif
