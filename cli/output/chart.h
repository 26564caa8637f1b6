/* A histogram drawn in characters. */
#ifndef CLI_OUTPUT_CHART_H
#define CLI_OUTPUT_CHART_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/load/histogram.h"

/* Draws a row for each step of the values, which grow in equal ratios: the row's upper limit, a
   bar, the number and share of its values, and the percentiles in it. Several empty rows are
   drawn as one. Draws nothing for an empty histogram. Uses at most `columns`, which must be 60
   or more. In ASCII unless terminal_is_utf8. */
void chart_draw(FILE *to, const struct histogram *histogram, bool color, size_t columns);

#endif
