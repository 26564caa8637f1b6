/* Counts in two arrays, which are sorted when they are written. */
#include "cli/output/totals.h"

#include <stdlib.h>

#include "cli/output/figures.h"
#include "http/error.h"

#define MAX_GROUPS 8 /* errors, and statuses, that are listed */

/* The number of results of one kind. */
struct group {
    unsigned kind; /* enum error, or a status */
    uint64_t count;
};

void totals_add(struct totals *totals, const struct result *result)
{
    totals->reported++;
    if (result->error) {
        totals->failed++;
        totals->errors[result->error]++;
    }
    if (result->status >= TOTALS_STATUS_LOW && result->status <= TOTALS_STATUS_HIGH)
        totals->status[result->status - TOTALS_STATUS_LOW]++;
}

/* Sorts the most frequent first, then by kind. */
static int by_count(const void *a, const void *b)
{
    const struct group *one = a, *other = b;

    if (one->count != other->count)
        return one->count < other->count ? 1 : -1;
    return one->kind < other->kind ? -1 : one->kind > other->kind;
}

static void write_error(FILE *to, unsigned kind)
{
    fputs(error_code((enum error)kind), to);
}

static void write_status(FILE *to, unsigned kind)
{
    fprintf(to, "with status %u", kind);
}

/* Writes the counts of an array; its first element is kind `low`. */
static void write_groups(FILE *to, const uint64_t *counts, size_t length, unsigned low,
                         const char *lead, void (*write_kind)(FILE *to, unsigned kind))
{
    struct group groups[TOTALS_STATUS_HIGH];
    size_t count = 0, shown;
    uint64_t others = 0;

    for (size_t i = 0; i < length; i++)
        if (counts[i])
            groups[count++] = (struct group){low + (unsigned)i, counts[i]};
    qsort(groups, count, sizeof(*groups), by_count);
    shown = count < MAX_GROUPS ? count : MAX_GROUPS;
    for (size_t i = 0; i < shown; i++) {
        fprintf(to, "%s%s ", i ? ", " : lead, figure_count(groups[i].count).text);
        write_kind(to, groups[i].kind);
    }
    for (size_t i = shown; i < count; i++)
        others += groups[i].count;
    if (others)
        fprintf(to, ", %s with others", figure_count(others).text);
}

_Static_assert(ERROR_COUNT <= TOTALS_STATUS_HIGH, "a group for each error");

void totals_write(FILE *to, const struct totals *totals)
{
    fprintf(to, "%s ok, %s failed", figure_count(totals->reported - totals->failed).text,
            figure_count(totals->failed).text);
    write_groups(to, totals->errors, ERROR_COUNT, 0, ": ", write_error);
    write_groups(to, totals->status, TOTALS_STATUS_HIGH - TOTALS_STATUS_LOW + 1, TOTALS_STATUS_LOW,
                 "; ", write_status);
}
