/* Figures for people: three digits and a unit, so that a column of them is easy to compare. */
#ifndef CLI_OUTPUT_FIGURES_H
#define CLI_OUTPUT_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIGURE_BYTES 32

struct figure {
    char text[FIGURE_BYTES];
};

/* A time in nanoseconds: "850 ns", "1.32 ms", "250 us", "2.00 s"; "-" for NaN and negative
   values. */
struct figure figure_span(double nanoseconds);

/* "0 B", "999 B", "1.02 kB", "98.8 MB": powers of 1,000. */
struct figure figure_bytes(double bytes);

/* "1,234,567" */
struct figure figure_count(uint64_t count);

/* A rate per second, without the unit: "1,234,567", "431", "43.1", "4.31", "0.000278", "0". */
struct figure figure_rate(double rate);

/* A share from 0 to 1 as a percentage: "43%", "99.2%", "0.12%". Only 0 is shown as 0%, and only 1
   as 100%: others near them are "<0.01%" and "99.99%". */
struct figure figure_share(double share);

/* The last character of a bar that grows to the right or upwards, with 0 to 8 eighths; 0: empty
   text, or a blank. Without `utf8` (terminal_is_utf8) it is in ASCII: # for eight eighths, and two
   smaller ones. */
const char *figure_across(unsigned eighths, bool utf8);
const char *figure_upward(unsigned eighths, bool utf8);

#endif
