/* A histogram drawn in characters. */
#ifndef CLI_OUTPUT_CHART_H
#define CLI_OUTPUT_CHART_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/load/histogram.h"

/* A row for each step of the values, which grow by equal ratios: the most that is in it, a bar, how
   many values and what share of them, and which percentiles lie there. Every value is in some row;
   several empty ones are drawn as one. Nothing for an empty histogram. Takes at most `columns`, 60
   or more. */
void chart_draw(FILE *to, const struct histogram *histogram, bool color, size_t columns);

#endif
