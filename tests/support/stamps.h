/* What holds for every result, whatever happened. */
#ifndef SUPPORT_STAMPS_H
#define SUPPORT_STAMPS_H

#include "http/result.h"

/* Fails where stamps go backwards, timings do not add up, an error and its phase do not agree, or the
   snippet of a plain body is not its first `preview` characters. */
void stamps_check(const struct result *result, size_t preview);

#endif
