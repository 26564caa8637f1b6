/* The targets of a load, from a file or from the command line. All are stored, because a load
   requests each many times. The grammar is that of sites.conf with the key `weight`. */
#ifndef CLI_LIST_LOAD_TARGETS_H
#define CLI_LIST_LOAD_TARGETS_H

#include "cli/types.h"
#include "http/site.h"

#define TARGETS_MAX 10000

struct target_list {
    struct site **sites; /* `count` sites; targets_new takes them over */
    unsigned *weights;   /* `count` weights, each 1 or more */
    size_t count;        /* 1 or more after a successful read */
    uint64_t keys_line;  /* the first line whose target has rehearse- keys; 0: none */
};

/* Reads all targets, with `request` as the default of each. False, with a diagnostic, if a line is
   not a target or there are none or too many. Free with target_list_free in either case. */
bool target_list_read(struct target_list *list, const struct list_options *options,
                      const struct request_options *request);

/* Frees the list and its sites. A caller that has taken over the sites sets `count` to 0. */
void target_list_free(struct target_list *list);

#endif
