/* Invariants of every result. */
#ifndef SUPPORT_STAMPS_H
#define SUPPORT_STAMPS_H

#include "http/result.h"

/* Fails the test if stamps go backwards, timings do not add up, an error and its phase disagree, or
   the snippet of an ASCII body does not have `preview` characters or the whole body. */
void stamps_check(const struct result *result, size_t preview);

#endif
