/*
 * The report of a run as text: notices that decide whether it can be trusted, a description of the
 * run, the results, the latency, and the client itself. Lines that would only have a 0 are left
 * out. Rejected: one table with the same columns for every loop. A percentile has another meaning
 * in each loop, so the names of the columns show it.
 */
#include "cli/bench/bench_report.h"

#include <math.h>
#include <string.h>

#include "cli/bench/bench_page.h"
#include "cli/output/figures.h"
#include "cli/output/terminal.h"
#include "cli/output/text.h"

#define DEFAULT_COLUMNS 80
#define MIN_COLUMNS     80
#define MAX_COLUMNS     120
#define COUNT_COLUMNS   11

/* The description of the run */

static void describe_loop(const struct bench_run *run, char *text)
{
    const struct schedule_options *schedule = &run->load->schedule;
    struct figure connections = figure_count(run->load->connections);

    if (!run->load->open_loop) {
        page_add(text, "closed loop, %s connection%s", connections.text,
                 run->load->connections == 1 ? "" : "s");
        return;
    }
    page_add(text, "open loop, ");
    if (schedule->from_rate != schedule->to_rate)
        page_add(text, "%s to ", figure_rate(schedule->from_rate).text);
    page_add(text, "%s requests/s", figure_rate(schedule->to_rate).text);
    if (schedule->from_rate != schedule->to_rate)
        page_add(text, " in %s", figure_span((double)schedule->ramp).text);
    page_add(text, "%s, up to %s connection%s",
             schedule->arrival == ARRIVAL_POISSON ? " (Poisson)" : "", connections.text,
             run->load->connections == 1 ? "" : "s");
}

void bench_describe(const struct page *page, char *text)
{
    const struct load_options *load = page->run->load;

    describe_loop(page->run, text);
    if (load->new_connections)
        page_add(text, ", a new one for each request");
    if (load->pipeline > 1)
        page_add(text, ", %u requests in a pipeline", load->pipeline);
    if (load->streams > 1)
        page_add(text, ", %u streams each", load->streams);
    if (page->run->command->processes > 1)
        page_add(text, ", %u processes", page->run->command->processes);
    if (page->duration > 0)
        page_add(text, ", %s", figure_span(page->duration).text);
    else
        page_add(text, ", %s requests", figure_count(load->requests).text);
    if (load->warmup)
        page_add(text, " after %s of warm-up", figure_span((double)load->warmup).text);
}

/* Writes the URL and the description, in one line if they fit, else in two. */
static void put_title(const struct page *page)
{
    const char *url = page->run->url;
    char text[NOTE_BYTES] = "";
    size_t at;

    if (page->run->targets > 1)
        page_add(text, " and %zu more", page->run->targets - 1);
    page_shade(page, SHADE_BOLD);
    if (page->run->rehearsed)
        page_put(page, "the embedded origin, ");
    at = text_show(page->to, url, strlen(url), TEXT_ALL);
    if (page->run->rehearsed)
        at += strlen("the embedded origin, ");
    page_shade(page, SHADE_NONE);
    fprintf(page->to, "%s:", text);
    at += strlen(text) + 1;
    *text = '\0';
    bench_describe(page, text);
    if (at + 1 + strlen(text) > page->columns) {
        page_put(page, "\n  ");
        at = 2;
    }
    page_words(page, "", at, 2, text);
}

/* Requests, responses and errors */

static void put_requests(const struct page *page)
{
    const struct tally *total = page->total;
    char text[NOTE_BYTES] = "";

    if (page->run->load->open_loop) {
        page_add(text, "%s scheduled, ", figure_count(total->scheduled).text);
        if (total->waiting)
            page_add(text, "%s started, %s still waiting", figure_count(total->started).text,
                     figure_count(total->waiting).text);
        else
            page_add(text, "all started");
        page_line(page, "Requests", "", "%s", text);
        *text = '\0';
    }
    page_add(text, "%s completed, %s failed", figure_count(total->completed).text,
             figure_count(total->failed).text);
    if (total->in_flight)
        page_add(text, ", %s in flight at the end", figure_count(total->in_flight).text);
    if (total->in_flight && total->unfinished->count)
        page_add(text, ", the oldest for %s", figure_span((double)total->unfinished->max).text);
    page_line(page, page->run->load->open_loop ? "" : "Requests", "", "%s", text);
}

static void put_rates(const struct page *page)
{
    const struct tally *total = page->total;
    char text[NOTE_BYTES] = "";

    page_add(text, "%s/s completed", figure_rate(tally_per_second(total, total->completed)).text);
    if (page->run->load->open_loop)
        page_add(text, ", of %s/s scheduled",
                 figure_rate(tally_per_second(total, total->scheduled)).text);
    page_line(page, "Rate", "", "%s", text);
    page_line(page, "Transfer", "", "%s in (%s/s), %s out (%s/s)",
              figure_bytes((double)total->bytes_in).text,
              figure_bytes(tally_per_second(total, total->bytes_in)).text,
              figure_bytes((double)total->bytes_out).text,
              figure_bytes(tally_per_second(total, total->bytes_out)).text);
}

static const char *shade_of_status(unsigned status)
{
    return status < 200   ? SHADE_YELLOW
           : status < 300 ? SHADE_GREEN
           : status < 400 ? SHADE_CYAN
                          : SHADE_YELLOW;
}

static void put_statuses(const struct page *page)
{
    const char *label = "Status";

    for (unsigned i = 0; i < TALLY_STATUSES; i++) {
        uint64_t count = page->total->status[i];

        if (!count)
            continue;
        page_label(page, label);
        page_shaded(page, shade_of_status(i), "%03u", i);
        fprintf(page->to, "%*s  %s\n", COUNT_COLUMNS, figure_count(count).text,
                figure_share((double)count / (double)page->total->completed).text);
        label = "";
    }
}

/* Responses of 400 and more are not transport errors, but --slo counts them. */
static void put_error_statuses(const struct page *page)
{
    uint64_t bad = tally_error_count(page->total) - page->total->failed;

    if (bad)
        fprintf(page->to, "%*s%s responses of 400 and more; --slo counts them as errors too\n",
                LABEL_COLUMNS, "", figure_count(bad).text);
}

static void put_error_lines(const struct page *page)
{
    const char *label = "Errors";

    for (enum error i = ERROR_NONE + 1; i < ERROR_COUNT; i++) {
        uint64_t count = page->total->errors[i];

        if (!count)
            continue;
        page_label(page, label);
        page_shaded(page, SHADE_RED, "%-20s", error_code(i));
        fprintf(page->to, "%*s  %s\n", COUNT_COLUMNS, figure_count(count).text, error_sentence(i));
        label = "";
    }
    if (*label)
        page_line(page, label, "", "0");
    put_error_statuses(page);
}

/* Connections, addresses and limits */

static void put_connections(const struct page *page)
{
    const struct tally *total = page->total;
    const struct histogram *connecting = total->connecting;

    page_line(page, "Connections", "", "%s made", figure_count(total->connections).text);
    if (connecting->count)
        page_line(page, "", "", "each took p50 %s, p99 %s, max %s%s",
                  figure_span((double)histogram_at(connecting, 50)).text,
                  figure_span((double)histogram_at(connecting, 99)).text,
                  figure_span((double)connecting->max).text,
                  total->handshakes ? ", handshake included" : "");
    if (total->handshakes)
        page_line(page, "", "", "%s TLS handshakes, %s (%s) of them resumed",
                  figure_count(total->handshakes).text, figure_count(total->resumed).text,
                  figure_share((double)total->resumed / (double)total->handshakes).text);
}

static const char *name_of_address(const struct tally_address *one, char text[ADDRESS_TEXT_BYTES])
{
    return one->address.length ? address_text(&one->address, text) : "others";
}

static int wider(int width, const struct tally_address *one)
{
    char text[ADDRESS_TEXT_BYTES];
    int own = (int)strlen(name_of_address(one, text));

    return own > width ? own : width;
}

/* Writes a line for each address, if there are several. */
static void put_address_lines(const struct page *page)
{
    const struct tally *total = page->total;
    const char *label = "Addresses";
    int width = 0;

    if (total->address_count < 2)
        return;
    for (size_t i = 0; i < total->address_count; i++)
        width = wider(width, &total->addresses[i]);
    for (size_t i = 0; i < total->address_count; i++) {
        const struct tally_address *one = &total->addresses[i];
        char address[ADDRESS_TEXT_BYTES], text[NOTE_BYTES] = "";

        page_label(page, label);
        fprintf(page->to, "%-*s  ", width, name_of_address(one, address));
        if (one->connections || !one->dropped)
            page_add(text, "%s connection%s, %s completed", figure_count(one->connections).text,
                     one->connections == 1 ? "" : "s", figure_count(one->completed).text);
        if (one->completed)
            page_add(text, ", mean %s",
                     figure_span((double)one->time / (double)one->completed).text);
        if (one->failed)
            page_add(text, ", %s failed", figure_count(one->failed).text);
        if (one->dropped)
            page_add(text, "%sdropped: %s", one->connections ? "; " : "",
                     error_sentence((enum error)one->dropped));
        page_words(page, one->dropped ? SHADE_YELLOW : "", LABEL_COLUMNS + (size_t)width + 2,
                   LABEL_COLUMNS + (size_t)width + 2, text);
        label = "";
    }
}

struct figure bench_figure_of_slo(const struct slo_part *part, double value)
{
    if (isnan(value))
        return (struct figure){"nothing"};
    return part->kind == SLO_ERRORS ? figure_share(value)
           : part->kind == SLO_RPS  ? figure_rate(value)
                                    : figure_span(value);
}

static void put_slo_lines(const struct page *page)
{
    const struct slo *slo = page->run->slo;

    for (size_t i = 0; i < slo->count; i++) {
        const struct slo_part *part = &slo->part[i];
        const char *unit = part->kind == SLO_RPS ? "/s" : "";

        page_label(page, i ? "" : "SLO");
        page_shaded(page, part->held ? SHADE_GREEN : SHADE_RED, "%-8s",
                    part->held ? "held" : "missed");
        fprintf(page->to, "%-7s at %s %s%s, was %s%s\n", part->name,
                part->kind == SLO_RPS ? "least" : "most",
                bench_figure_of_slo(part, part->limit).text, unit,
                bench_figure_of_slo(part, part->measured).text, isnan(part->measured) ? "" : unit);
    }
}

void bench_put_top(const struct page *page)
{
    put_title(page);
    bench_put_bottleneck(page);
    bench_put_limited(page);
    bench_put_interrupted(page);
    bench_put_gave_up(page);
    page_put(page, "\n");
}

static void put_full(const struct page *page)
{
    bench_put_top(page);
    put_requests(page);
    put_rates(page);
    bench_put_http2(page);
    put_statuses(page);
    put_error_lines(page);
    bench_put_latency(page);
    page_put(page, "\n");
    bench_put_gap(page);
    put_connections(page);
    put_address_lines(page);
    bench_put_client(page);
    put_slo_lines(page);
}

void bench_report_text(FILE *to, const struct bench_run *run, bool color, size_t columns)
{
    struct page page = {.to = to, .run = run, .total = run->total, .color = color};

    page.duration = (double)(run->total->to - run->total->from);
    page.columns = !columns                ? DEFAULT_COLUMNS
                   : columns < MIN_COLUMNS ? MIN_COLUMNS
                   : columns > MAX_COLUMNS ? MAX_COLUMNS
                                           : columns;
    if (run->command->full_report)
        put_full(&page);
    else
        bench_put_short(&page);
}
