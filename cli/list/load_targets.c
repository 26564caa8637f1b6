/*
 * Reads targets with the reader of lists, and stores them. Rejected: a grammar for targets. It
 * would need every key of a request a second time.
 */
#include "cli/list/load_targets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/list/bad_lines.h"
#include "cli/list/sites.h"
#include "cli/output/diagnostic.h"

/* Adds a valid target. The site then belongs to the list. */
static void add(struct target_list *list, const struct listed *listed)
{
    list->sites = memory_grow(list->sites, list->count + 1, sizeof(struct site *));
    list->weights = memory_grow(list->weights, list->count + 1, sizeof(*list->weights));
    if (listed->behaviour.given && !list->keys_line)
        list->keys_line = listed->site->line;
    list->sites[list->count] = listed->site;
    list->weights[list->count++] = listed->weight;
}

/* Returns the reason why a site is not a target, or NULL. */
static const char *find_fault(const struct target_list *list, const struct site *site,
                              const struct request_options *request)
{
    if (site->line_error)
        return site->line_error;
    if (site->timeout != request->timeout)
        return "a target cannot have its own timeout; use --timeout for all";
    return list->count == TARGETS_MAX ? "over 10000 targets" : NULL;
}

/* Reports a site that is not a target. An unreadable line has its line number in the message. */
static void refuse_site(struct bad_lines *bad, const struct site *site, const char *why)
{
    char *where = NULL;

    if (site->line_error) {
        bad_lines_add(bad, site);
    } else if (!bad->file) {
        bad_lines_add_as(bad, site->url.shown, why);
    } else if (asprintf(&where, "%s:%llu", bad->file, (unsigned long long)site->line) >= 0) {
        bad_lines_add_as(bad, where, why);
        free(where);
    }
}

/* Reads the list, at most TARGETS_MAX targets. `file` is its name in messages; NULL: words. */
static bool read_list(struct target_list *list, struct sites *sites, const char *file,
                      const struct request_options *request)
{
    struct bad_lines bad = {.file = file};
    struct listed listed;
    bool full = false;

    while (!full && sites_next(sites, &listed) == SITES_ONE) {
        const char *why = find_fault(list, listed.site, request);

        full = list->count == TARGETS_MAX;
        if (why) {
            refuse_site(&bad, listed.site, why);
            site_free(listed.site);
        } else {
            add(list, &listed);
        }
    }
    return bad_lines_end(&bad) &&
           (list->count || complain(file ? file : "URLs", "it contains no target"));
}

bool target_list_read(struct target_list *list, const struct list_options *options,
                      const struct request_options *request)
{
    const struct sites_options how = {.request = request, .weights = true};
    const char *file = options->file;
    struct sites *sites = sites_open(options, &how);
    bool sound;

    *list = (struct target_list){0};
    if (!sites)
        return complain(file, errno == ENOENT ? "no such file; give URLs, or targets with -f FILE"
                                              : strerrordesc_np(errno));
    sound = read_list(list, sites, bad_lines_file(file), request);
    sites_close(sites);
    return sound;
}

void target_list_free(struct target_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        site_free(list->sites[i]);
    free(list->sites);
    free(list->weights);
    *list = (struct target_list){0};
}
