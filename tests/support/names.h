/* Names for content codings and faults, which only tests print and compare. */
#ifndef SUPPORT_NAMES_H
#define SUPPORT_NAMES_H

#include <string.h>

#include "http/body/coding.h"
#include "origin/faults.h"

#define CODING_NAME_BYTES sizeof("deflate, deflate, deflate, deflate") /* of a list, with its NUL */

/* "identity", "deflate, gzip", "unknown". Returns `to`. */
static inline const char *coding_list_name(const struct coding_list *list,
                                           char to[CODING_NAME_BYTES])
{
    static const char *const names[] = {
        [CODING_GZIP] = "gzip",
        [CODING_DEFLATE] = "deflate",
        [CODING_BROTLI] = "br",
        [CODING_ZSTD] = "zstd",
    };
    char *at = to;

    if (list->unknown || list->too_many || !list->count)
        return strcpy(to, list->unknown || list->too_many ? "unknown" : "identity");
    for (unsigned i = 0; i < list->count; i++)
        at = stpcpy(stpcpy(at, i ? ", " : ""), names[list->coding[i]]);
    return to;
}

static inline const char *fault_name(enum fault fault)
{
    static const char *const names[] = {
#define X(constant, name) [constant] = name,
        FAULTS(X)
#undef X
    };

    return names[fault];
}

#endif
