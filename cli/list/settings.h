/*
 * What may be said about a site: by the command line, by "default" lines, by its own line.
 * docs/sites.conf.md has the keys.
 */
#ifndef CLI_LIST_SETTINGS_H
#define CLI_LIST_SETTINGS_H

#include "cli/types.h"
#include "http/site.h"
#include "origin/faults.h"

/* Its texts are owned. */
struct settings {
    nsec timeout;
    char *method, *headers, *user, *cookie; /* as in struct site */
    struct content *content;
    struct play play;
    unsigned weight; /* over 0; 1 where nothing is said */
    bool weights;    /* the key `weight` is known: targets of a load */
    /* of the headers and of the play's, those that were said before the line in hand */
    size_t inherited, inherited_answer;
};

/* What the command line says; NULL: GET, and no timeout. */
void settings_begin(struct settings *settings, const struct request_options *request, bool weights);

void settings_copy(struct settings *to, const struct settings *from);

/* Frees; what was given away is NULL. */
void settings_free(struct settings *settings);

/* A line begins: a header in it replaces those of its name that were said before, not its own. */
void settings_inherit(struct settings *settings);

/* Takes the value of a key, in which there may be a NUL. NULL, or why not: then nothing is changed but
   play.given. */
const char *settings_set(struct settings *settings, const char *name, const char *value,
                         size_t length);

/* Gives all but the play to a site; an empty user or cookie is none. */
void settings_give(struct settings *settings, struct site *site);

#endif
