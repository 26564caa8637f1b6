/*
 * The settings of a site, from the command line, "default" lines and its own line.
 * docs/sites.conf.md has the keys.
 */
#ifndef CLI_LIST_SETTINGS_H
#define CLI_LIST_SETTINGS_H

#include "cli/types.h"
#include "http/site.h"
#include "origin/faults.h"

/* The texts are owned. */
struct settings {
    nsec timeout;
    char *method, *headers, *user, *cookie; /* as in struct site */
    struct content *content;
    struct site_behaviour behaviour;
    unsigned weight; /* 1 or more; 1 by default */
    bool weights;    /* the key `weight` is allowed: targets of a load */
    /* bytes of `headers` and `behaviour.headers` that were set before the current line */
    size_t inherited_headers, inherited_behaviour_headers;
};

/* Initializes the settings from the command line; NULL: GET without a timeout. */
void settings_begin(struct settings *settings, const struct request_options *request, bool weights);

void settings_copy(struct settings *to, const struct settings *from);

/* Frees the texts. Those that settings_give has moved are NULL. */
void settings_free(struct settings *settings);

/* Call at the beginning of a line: its headers replace inherited headers of the same name, but not
   each other. */
void settings_inherit(struct settings *settings);

/* Sets the value of a key; it may contain a NUL. Returns NULL, or the error: then only
   behaviour.given may have changed. */
const char *settings_set(struct settings *settings, const char *name, const char *value,
                         size_t length);

/* Moves all settings except the behaviour to a site. An empty user or cookie is ignored. */
void settings_give(struct settings *settings, struct site *site);

#endif
