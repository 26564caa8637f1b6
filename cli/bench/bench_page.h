/* A page: a report while it is written as text, in lines of a limited width, perhaps with colours.
   And the parts of the report. */
#ifndef CLI_BENCH_BENCH_PAGE_H
#define CLI_BENCH_BENCH_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/bench/bench_run.h"
#include "cli/output/figures.h"

#define LABEL_COLUMNS 13 /* width of a line's label */
#define NOTE_BYTES    512

struct page {
    FILE *to;
    const struct bench_run *run;
    const struct tally *total;
    double duration; /* nanoseconds; 0: the number of requests is written instead */
    size_t columns;
    bool color;
    bool compact;     /* no blank lines before notices */
    size_t max_lines; /* of the table of latencies in a short report */
};

void page_put(const struct page *page, const char *text);

/* Writes a control sequence of cli/output/terminal.h, if the page has colours. */
void page_shade(const struct page *page, const char *sequence);

/* Writes words in a colour (`sequence`; "": none), from column `column`; further lines are
   indented. Ends the last line. */
void page_words(const struct page *page, const char *sequence, size_t column, size_t indent,
                const char *text);

/* Writes text in a colour ("": none). */
__attribute__((format(printf, 3, 4))) void
page_shaded(const struct page *page, const char *sequence, const char *format, ...);

/* Writes a paragraph in a colour. */
void page_notice(const struct page *page, const char *sequence, const char *text);

/* Writes the label of a line; "" only indents. */
void page_label(const struct page *page, const char *label);

/* Writes a line with a label, and words in a colour. */
__attribute__((format(printf, 4, 5))) void page_line(const struct page *page, const char *label,
                                                     const char *sequence, const char *format, ...);

/* Appends to a buffer of NOTE_BYTES. */
__attribute__((format(printf, 2, 3))) void page_add(char *text, const char *format, ...);

/* bench_verdict.c: notices above the report, each only if it applies, and the lines about the
   client. */
void bench_put_bottleneck(const struct page *page);
void bench_put_limited(const struct page *page);
void bench_put_interrupted(const struct page *page);
void bench_put_gave_up(const struct page *page);
void bench_put_client(const struct page *page);

/* bench_latency.c: the table with its notes and the histogram; only some rows of the table; a
   warning if values were cut to an hour; the longest gap. */
void bench_put_latency(const struct page *page);
void bench_put_percentiles(const struct page *page);
void bench_put_clamped(const struct page *page);
void bench_put_gap(const struct page *page);

/* bench_report.c: the loop, its options and its length, appended to a buffer of NOTE_BYTES; the
   title of the run with the notices; a value of an SLO, without "/s". */
void bench_describe(const struct page *page, char *text);
void bench_put_top(const struct page *page);
struct figure bench_figure_of_slo(const struct slo_part *part, double value);

/* bench_http2.c; each writes nothing with HTTP/1.1: all lines of the full report; of the short one,
   what the reader must know; the wait for streams; the protocol; the bytes of fields. */
void bench_put_http2(const struct page *page);
void bench_put_streams(const struct page *page);
void bench_put_slot_wait(const struct page *page);
void bench_put_protocol(const struct page *page);
void bench_put_headers(const struct page *page);

/* What may raise the rate of a load whose connections are all busy: "more connections (-c)", with
   HTTP/2 also more streams, if the server allows them. */
const char *bench_remedy(const struct load_options *load, const struct tally *total);

/* bench_short.c: the short report, at most 20 lines. */
void bench_put_short(const struct page *page);

#endif
