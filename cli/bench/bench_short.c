/*
 * The short report of a run: the verdict and the rate first, and no more than fits a terminal of 80
 * by 24 together with the command. The full report has all of its numbers, too. Notices that decide
 * whether the numbers can be trusted are always written; the last lines only if there is space.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/bench/bench_page.h"
#include "cli/output/figures.h"
#include "cli/output/terminal.h"

#define MAX_LINES  20
#define MAX_LISTED 3 /* statuses, errors, and missed limits that are listed */

/* An entry of a list: a status or an error, and how often it occurred. */
struct entry {
    char name[32];
    uint64_t count;
};

static int by_count(const void *one, const void *other)
{
    const struct entry *a = one, *b = other;

    return a->count < b->count ? 1 : -(a->count > b->count);
}

/* Writes the most frequent entries: "200: 9,990; 503: 10; 2 others: 3". */
static void put_entries(const struct page *page, const char *label, struct entry *entries,
                        size_t count, const char *sequence)
{
    char text[NOTE_BYTES] = "";
    uint64_t others = 0;

    qsort(entries, count, sizeof(*entries), by_count);
    for (size_t i = 0; i < count; i++) {
        if (i >= MAX_LISTED)
            others += entries[i].count;
        else
            page_add(text, "%s%s: %s", i ? "; " : "", entries[i].name,
                     figure_count(entries[i].count).text);
    }
    if (others)
        page_add(text, "; %zu others: %s", count - MAX_LISTED, figure_count(others).text);
    page_line(page, label, sequence, "%s", text);
}

static void put_statuses(const struct page *page)
{
    struct entry entries[TALLY_STATUSES];
    size_t count = 0;

    for (unsigned i = 0; i < TALLY_STATUSES; i++) {
        if (!page->total->status[i])
            continue;
        snprintf(entries[count].name, sizeof(entries[count].name), "%03u", i);
        entries[count++].count = page->total->status[i];
    }
    if (count)
        put_entries(page, "Status", entries, count,
                    tally_error_count(page->total) > page->total->failed ? SHADE_YELLOW : "");
}

static void put_errors(const struct page *page)
{
    struct entry entries[ERROR_COUNT];
    size_t count = 0;

    for (enum error i = ERROR_NONE + 1; i < ERROR_COUNT; i++) {
        if (!page->total->errors[i])
            continue;
        snprintf(entries[count].name, sizeof(entries[count].name), "%s", error_code(i));
        entries[count++].count = page->total->errors[i];
    }
    if (count)
        put_entries(page, "Errors", entries, count, SHADE_RED);
}

static void put_verdict(const struct page *page)
{
    const struct judgement *judgement = &page->run->judgement;

    if (judgement->verdict == VERDICT_OK)
        page_line(page, "Client", SHADE_GREEN, "ok, busy %s of the time",
                  figure_share(judgement->busy_share).text);
}

static void put_rate(const struct page *page)
{
    const struct tally *total = page->total;
    char text[NOTE_BYTES] = "";

    page_add(text, "%s/s completed", figure_rate(tally_per_second(total, total->completed)).text);
    if (page->run->load->open_loop)
        page_add(text, " of %s/s scheduled",
                 figure_rate(tally_per_second(total, total->scheduled)).text);
    page_line(page, "Rate", SHADE_BOLD, "%s", text);
}

static void put_requests(const struct page *page)
{
    const struct tally *total = page->total;
    char text[NOTE_BYTES] = "";

    page_add(text, "%s completed, %s failed", figure_count(total->completed).text,
             figure_count(total->failed).text);
    if (total->waiting)
        page_add(text, ", %s never started", figure_count(total->waiting).text);
    if (total->in_flight)
        page_add(text, ", %s in flight", figure_count(total->in_flight).text);
    page_line(page, "Requests", total->failed || total->waiting ? SHADE_YELLOW : "", "%s", text);
}

static void put_transfer(const struct page *page)
{
    const struct tally *total = page->total;

    page_line(page, "Transfer", "", "%s/s in, %s/s out",
              figure_bytes(tally_per_second(total, total->bytes_in)).text,
              figure_bytes(tally_per_second(total, total->bytes_out)).text);
}

/* Appends a limit to its list: "missed p99 8.21 ms (limit 5.00 ms)", "held errors 0%". */
static void add_slo_part(char *text, const struct slo_part *part)
{
    const char *unit = part->kind == SLO_RPS ? "/s" : "";

    page_add(text, "%s%s %s%s",
             *text        ? ", "
             : part->held ? "held "
                          : "missed ",
             part->name, bench_figure_of_slo(part, part->measured).text, unit);
    if (!part->held)
        page_add(text, " (limit %s%s)", bench_figure_of_slo(part, part->limit).text, unit);
}

/* Writes the limits, those that were missed first. */
static void put_slo(const struct page *page)
{
    const struct slo *slo = page->run->slo;
    char missed[NOTE_BYTES] = "", held[NOTE_BYTES] = "";
    size_t misses = 0;

    for (size_t i = 0; i < slo->count; i++)
        if (slo->part[i].held || misses++ < MAX_LISTED)
            add_slo_part(slo->part[i].held ? held : missed, &slo->part[i]);
    if (misses > MAX_LISTED)
        page_add(missed, ", and %zu more", misses - MAX_LISTED);
    if (slo->count)
        page_line(page, "SLO", misses ? SHADE_RED : SHADE_GREEN, "%s%s%s", missed,
                  misses && *held ? "; " : "", held);
}

static void put_pointer(const struct page *page)
{
    page_shaded(page, SHADE_DIM, "%*s--report full has the rest\n", LABEL_COLUMNS, "");
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;

    while ((text = strchr(text, '\n'))) {
        lines++;
        text++;
    }
    return lines;
}

/* Returns a part of the report as text; to be freed. */
static char *text_of(const struct page *page, void (*put)(const struct page *page))
{
    struct page part = *page;
    char *text;
    size_t length;

    part.to = memory_stream(&text, &length);
    put(&part);
    fclose(part.to);
    return text;
}

/* Writes a part if the lines with it are at most MAX_LINES. */
static void put_if_it_fits(const struct page *page, size_t *lines,
                           void (*put)(const struct page *page))
{
    char *text = text_of(page, put);
    size_t more = count_lines(text);

    if (*lines + more <= MAX_LINES) {
        *lines += more;
        page_put(page, text);
    }
    free(text);
}

/* Writes the lines above the table of latencies. */
static void put_above(const struct page *page)
{
    bench_put_top(page);
    put_verdict(page);
    put_rate(page);
    put_requests(page);
    bench_put_streams(page);
    put_statuses(page);
    put_errors(page);
}

/* Writes the lines below the table of latencies that are always written. */
static void put_below(const struct page *page)
{
    bench_put_clamped(page);
    put_slo(page);
}

void bench_put_short(const struct page *to)
{
    struct page page = *to;
    char *above, *below, *table;
    size_t lines;

    page.compact = true;
    above = text_of(&page, put_above);
    below = text_of(&page, put_below);
    lines = count_lines(above) + count_lines(below);
    page.max_lines = lines < MAX_LINES ? MAX_LINES - lines : 1;
    table = text_of(&page, bench_put_percentiles);
    lines += count_lines(table);
    page_put(&page, above);
    page_put(&page, table);
    page_put(&page, below);
    free(above);
    free(table);
    free(below);
    put_if_it_fits(&page, &lines, bench_put_slot_wait);
    put_if_it_fits(&page, &lines, bench_put_gap);
    put_if_it_fits(&page, &lines, put_transfer);
    put_if_it_fits(&page, &lines, bench_put_protocol);
    put_if_it_fits(&page, &lines, bench_put_headers);
    put_if_it_fits(&page, &lines, put_pointer);
}
