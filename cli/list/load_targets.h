/* The targets of a load, from a file or from the command line: all of them, for a load asks for each
   again and again. docs/sites.conf.md has the grammar, which is that of sites.conf and a weight. */
#ifndef CLI_LIST_LOAD_TARGETS_H
#define CLI_LIST_LOAD_TARGETS_H

#include "cli/types.h"
#include "http/site.h"

#define TARGETS_MAX 10000

struct target_list {
    struct site **sites; /* `count` of them, for targets_new to take over */
    unsigned *weights;   /* as many, each over 0 */
    size_t count;        /* over 0 where the list was read */
};

/* Reads all, with what `request` says of each. False where one is no target, there is none, or too many, which
   is said. Freed with target_list_free in either case. */
bool target_list_read(struct target_list *list, const struct list_options *options,
                      const struct request_options *request);

/* Frees, with the sites that nobody took over: who did sets `count` to 0. */
void target_list_free(struct target_list *list);

#endif
