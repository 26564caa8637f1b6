/* What holds for every result, whatever happened. */
#ifndef SUPPORT_STAMPS_H
#define SUPPORT_STAMPS_H

#include "http/result.h"

/* Fails where stamps go backwards, timings do not add up, or an error and its phase do not agree. */
void stamps_check(const struct result *result);

#endif
