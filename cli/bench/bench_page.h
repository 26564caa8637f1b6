/* The page of a report: words in lines of its width, in colours where wanted; and the report's
   parts. */
#ifndef CLI_BENCH_BENCH_PAGE_H
#define CLI_BENCH_BENCH_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/bench/bench_run.h"

#define LABEL_COLUMNS 13 /* of a line's name */
#define NOTE_BYTES    512

struct page {
    FILE *to;
    const struct bench_run *run;
    const struct tally *total;
    double duration; /* nanoseconds */
    size_t columns;
    bool color;
};

void page_put(const struct page *page, const char *text);

/* A sequence of cli/output/terminal.h, where the page has colours. */
void page_shade(const struct page *page, const char *sequence);

/* Words in a shade ("": none), from column `at` on, in lines that are indented; the last is
   ended. */
void page_words(const struct page *page, const char *sequence, size_t at, size_t indent,
                const char *text);

/* Text in a shade ("": none). */
__attribute__((format(printf, 3, 4))) void
page_shaded(const struct page *page, const char *sequence, const char *format, ...);

/* A paragraph above the report, in a shade. */
void page_notice(const struct page *page, const char *sequence, const char *text);

/* The name of a line, or the indent of one that goes on. */
void page_label(const struct page *page, const char *label);

/* A named line of words, in a shade. */
__attribute__((format(printf, 4, 5))) void page_line(const struct page *page, const char *label,
                                                     const char *sequence, const char *format, ...);

/* Appends to a text of NOTE_BYTES. */
__attribute__((format(printf, 2, 3))) void page_add(char *text, const char *format, ...);

/* bench_verdict.c: notices above the report, each only where it applies; the lines of the
   client. */
void bench_put_bottleneck(const struct page *page);
void bench_put_limited(const struct page *page);
void bench_put_interrupted(const struct page *page);
void bench_put_gave_up(const struct page *page);
void bench_put_client(const struct page *page);

/* bench_latency.c: the table with its notes and the histogram; the longest gap, where
   remarkable. */
void bench_put_latency(const struct page *page);
void bench_put_gap(const struct page *page);

#endif
