/*
 * Public suffixes: names under which anybody can register a name of their own, such as "com", "co.uk"
 * or "github.io" (https://publicsuffix.org/). A cookie for all of them would be for strangers.
 */
#ifndef HTTP_SUFFIX_H
#define HTTP_SUFFIX_H

#include <stdbool.h>

/* Whether a name, in lower case and ASCII, perhaps with a dot at its end, is one. A name without a dot
   that the list does not know is one, too. The list is that of the system or of libpsl, the newer one;
   it is read when this is first called, and kept. */
bool suffix_is_public(const char *name);

#endif
