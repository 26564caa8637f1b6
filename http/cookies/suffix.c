/* The list is global: it is the same for all callers, read-only, and loaded only when it is
   needed. */
#include "http/cookies/suffix.h"

#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

bool suffix_is_public(const char *name)
{
    static psl_ctx_t *list;
    static bool looked;
    size_t length = strlen(name);
    char *bare;
    bool public;

    if (!looked)
        list = psl_latest(NULL);
    looked = true;
    if (length && name[length - 1] == '.') /* libpsl would count an empty label */
        length--;
    bare = memory_text(name, length);
    public = list ? psl_is_public_suffix(list, bare) : !strchr(bare, '.');
    free(bare);
    return public;
}
