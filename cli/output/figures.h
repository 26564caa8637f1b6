/* Figures for people: three digits and a unit, so that a column of them is read at a glance. */
#ifndef CLI_OUTPUT_FIGURES_H
#define CLI_OUTPUT_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#define FIGURE_BYTES 32

struct figure {
    char text[FIGURE_BYTES];
};

/* A time in nanoseconds: "850 ns", "1.32 ms", "250 us", "2.00 s"; "-" for what is not a number. */
struct figure figure_span(double nanoseconds);

/* "0 B", "999 B", "1.02 kB", "98.8 MB": powers of 1,000. */
struct figure figure_bytes(double bytes);

/* "1,234,567" */
struct figure figure_count(uint64_t count);

/* So many a second, without the unit: "1,234,567", "431", "43.1", "4.31", "0.000278",
   "0". */
struct figure figure_rate(double rate);

/* A share of 1 as a percentage: "43%", "99.2%", "0.12%". What is not nothing is not shown as 0%,
   and what is not all not as 100%: "<0.01%", "99.99%". */
struct figure figure_share(double share);

/* A bar's last character, of 0 to 8 eighths: it grows to the right, or upwards. "" and " " for
   0. */
const char *figure_across(unsigned eighths);
const char *figure_upward(unsigned eighths);

#endif
