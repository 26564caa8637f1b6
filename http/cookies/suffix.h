/*
 * Public suffixes: names under which anyone can register a name, such as "com", "co.uk" or
 * "github.io" (https://publicsuffix.org/). A cookie for a public suffix would be sent to unrelated
 * sites.
 */
#ifndef HTTP_SUFFIX_H
#define HTTP_SUFFIX_H

#include <stdbool.h>

/* Whether a name is a public suffix. The name is lower case and ASCII, perhaps with a dot at its
   end. A name without a dot that is not on the list is one too. The list is that of the system or
   of libpsl, whichever is newer; it is read at the first call and kept. */
bool suffix_is_public(const char *name);

#endif
