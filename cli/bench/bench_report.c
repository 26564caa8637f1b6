/*
 * The report of a run for people. What decides whether it can be believed comes first: a client that
 * was the bottleneck, a run that was cut short. Then what was done, how long it took, and how the
 * client itself fared; what is 0 and would be, is left out. A table of one format for all tools'
 * numbers was rejected: a percentile means something else in each loop, so its column says what it is.
 */
#include "cli/bench/bench_report.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "cli/output/chart.h"
#include "cli/output/figures.h"
#include "cli/output/terminal.h"
#include "cli/output/text.h"

#define DEFAULT_COLUMNS 80
#define LEAST_COLUMNS   80
#define MOST_COLUMNS    120
#define LABEL_COLUMNS   13 /* of a line's name */
#define CELL_COLUMNS    14 /* of the table of latencies */
#define UNIT_COLUMNS    3  /* of it, " ms" */
#define COUNT_COLUMNS   11
#define MOST_UNIT       2 /* characters of a unit */
#define NOTE_BYTES      512

/* A gap between two answers that a closed loop's percentiles hide: over ten times p99, and over a
   hundredth of the run. */
#define GAP_OVER_P99 10
#define GAP_OVER_RUN 0.01

struct page {
    FILE *to;
    const struct bench_run *run;
    const struct tally *total;
    double duration; /* nanoseconds */
    size_t columns;
    bool color;
};

static void put(const struct page *page, const char *text)
{
    fputs(text, page->to);
}

static void shade(const struct page *page, const char *sequence)
{
    if (page->color)
        put(page, sequence);
}

/* How long the next word is; a figure's unit belongs to it. */
static size_t word_length(const char *text)
{
    size_t length = strcspn(text, " "), unit;

    if (!length || text[length] != ' ' || !is_digit(text[length - 1]))
        return length;
    unit = strcspn(text + length + 1, " ,;:.)");
    return unit <= MOST_UNIT ? length + 1 + strcspn(text + length + 1, " ") : length;
}

/* Words, from column `at` on, in lines that are indented. */
static void put_words(const struct page *page, size_t at, size_t indent, const char *text)
{
    while (*text) {
        size_t length = word_length(text);

        if (at > indent && at + 1 + length > page->columns) {
            fprintf(page->to, "\n%*s", (int)indent, "");
            at = indent;
        }
        at += (at > indent) + length;
        fprintf(page->to, "%s%.*s", at > indent + length ? " " : "", (int)length, text);
        text += length + strspn(text + length, " ");
    }
}

/* The name of a line, or the indent of one that goes on. */
static void put_label(const struct page *page, const char *label)
{
    shade(page, *label ? SHADE_BOLD : "");
    fprintf(page->to, "%-*s", LABEL_COLUMNS, label);
    shade(page, *label ? SHADE_NONE : "");
}

/* A named line of words, in a shade. */
__attribute__((format(printf, 4, 5))) static void
put_line(const struct page *page, const char *label, const char *sequence, const char *format, ...)
{
    char text[NOTE_BYTES];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    put_label(page, label);
    shade(page, sequence);
    put_words(page, LABEL_COLUMNS, LABEL_COLUMNS, text);
    shade(page, *sequence ? SHADE_NONE : "");
    put(page, "\n");
}

/* Appends to a text of NOTE_BYTES. */
__attribute__((format(printf, 2, 3))) static void add(char *text, const char *format, ...)
{
    size_t length = strlen(text);
    va_list list;

    va_start(list, format);
    vsnprintf(text + length, NOTE_BYTES - length, format, list);
    va_end(list);
}

static double per_second(const struct page *page, double count)
{
    return page->duration > 0 ? count * (double)NSEC_PER_S / page->duration : 0;
}

static double share_of(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

/* What was run */

static void describe_loop(const struct bench_run *run, char *text)
{
    const struct load_command *load = &run->options->load;
    struct figure connections = figure_count(run->options->concurrency);

    if (!run->open_loop) {
        add(text, "closed loop, %s connection%s", connections.text,
            run->options->concurrency == 1 ? "" : "s");
        return;
    }
    add(text, "open loop, ");
    if (run->from_rate != run->to_rate)
        add(text, "%s to ", figure_rate(run->from_rate).text);
    add(text, "%s requests/s", figure_rate(run->to_rate).text);
    if (run->from_rate != run->to_rate)
        add(text, " in %s", figure_span((double)load->ramp).text);
    add(text, "%s, up to %s connection%s", load->arrival == ARRIVAL_POISSON ? " (Poisson)" : "",
        connections.text, run->options->concurrency == 1 ? "" : "s");
}

static void describe(const struct page *page, char *text)
{
    const struct load_command *load = &page->run->options->load;

    describe_loop(page->run, text);
    if (load->new_connections)
        add(text, ", a new one for each request");
    if (load->pipeline > 1)
        add(text, ", %u requests in a pipeline", load->pipeline);
    if (page->total->processes > 1)
        add(text, ", %u processes", page->total->processes);
    add(text, ", %s", figure_span(page->duration).text);
    if (load->warmup)
        add(text, " after %s of warm-up", figure_span((double)load->warmup).text);
}

/* In one line where that fits; else what was done with the URL is below it. */
static void put_title(const struct page *page)
{
    const char *url = page->run->url;
    char text[NOTE_BYTES] = "";
    size_t at;

    if (page->run->targets > 1)
        add(text, " and %zu more", page->run->targets - 1);
    shade(page, SHADE_BOLD);
    if (page->run->options->rehearse)
        put(page, "the embedded origin, ");
    at = text_show(page->to, url, strlen(url), TEXT_ALL);
    if (page->run->options->rehearse)
        at += strlen("the embedded origin, ");
    shade(page, SHADE_NONE);
    fprintf(page->to, "%s:", text);
    at += strlen(text) + 1;
    *text = '\0';
    describe(page, text);
    if (at + 1 + strlen(text) > page->columns) {
        put(page, "\n  ");
        at = 2;
    }
    put_words(page, at, 2, text);
    put(page, "\n");
}

/* Why, as parts of a sentence with "and" between them. */
static void describe_reasons(const struct page *page, char *text)
{
    const struct judgement *judgement = &page->run->judgement;
    bool several = page->total->processes > 1;
    const char *and = "";

    if (judgement->busy) {
        add(text, "%s was busy %s of the time", several ? "one of its threads" : "its thread",
            figure_share(judgement->busy_share).text);
        and = ", and ";
    }
    if (judgement->suspended) {
        add(text, "%s%s stopped for %s of the time, %s at once", and,
            several ? "its processes were" : "it was",
            figure_share(judgement->suspended_share).text,
            figure_span((double)judgement->suspension).text);
        and = ", and ";
    }
    if (judgement->starved) {
        add(text, "%s%s waited for a core %s of the time", and,
            several ? "its threads" : "its thread", figure_share(judgement->starved_share).text);
        and = ", and ";
    }
    if (judgement->late)
        add(text, "%s%s of the requests were sent over %d ms late", and,
            figure_share(judgement->late_share).text, (int)(VERDICT_LATE / NSEC_PER_MS));
}

/* What helps. */
static void describe_remedy(const struct page *page, char *text)
{
    const char *many = page->total->processes > 1 ? "more" : "several";

    switch (page->run->judgement.verdict) {
    case VERDICT_OK: break;
    case VERDICT_STARVED: add(text, "Give it a core of its own (taskset)."); break;
    case VERDICT_SUSPENDED:
        add(text, "A signal or the machine stopped it: run it again, undisturbed.");
        break;
    case VERDICT_SATURATED:
        if (page->run->open_loop)
            add(text, "Lower the rate (-R), or share the load among %s processes (--procs).", many);
        else
            add(text,
                "Share the load among %s processes (--procs), or take fewer connections (-c).",
                many);
        break;
    }
}

/* The client was what was measured: said before anything else. */
static void put_bottleneck(const struct page *page)
{
    char text[NOTE_BYTES] = "The client was the bottleneck: ";

    if (page->run->judgement.verdict == VERDICT_OK || page->total->gave_up)
        return;
    describe_reasons(page, text);
    add(text, ". These numbers are the client's, not the server's. ");
    describe_remedy(page, text);
    put(page, "\n");
    shade(page, SHADE_RED);
    put_words(page, 0, 0, text);
    shade(page, SHADE_NONE);
    put(page, "\n");
}

/* The number of connections was a limit: said where the numbers are not the client's own. */
static void put_limited(const struct page *page)
{
    const struct tally *total = page->total;
    char text[NOTE_BYTES] = "";

    if (page->run->judgement.verdict != VERDICT_OK || !verdict_limited(total))
        return;
    add(text,
        "All connections (%s) were busy %s of the time while requests waited for one: their number "
        "was a limit, perhaps before the server was. Compare with more of them (-c).",
        figure_count(page->run->options->concurrency).text,
        figure_share(tally_limited(total)).text);
    put(page, "\n");
    shade(page, SHADE_YELLOW);
    put_words(page, 0, 0, text);
    shade(page, SHADE_NONE);
    put(page, "\n");
}

static void put_interrupted(const struct page *page)
{
    nsec wanted = page->run->options->load.duration;
    char text[NOTE_BYTES] = "";

    if (!page->run->interrupted)
        return;
    add(text, "Interrupted after %s", figure_span(page->duration).text);
    if (wanted != NSEC_NEVER)
        add(text, " of %s", figure_span((double)wanted).text);
    add(text, ": what follows is what was until then.");
    put(page, "\n");
    shade(page, SHADE_YELLOW);
    put_words(page, 0, 0, text);
    shade(page, SHADE_NONE);
    put(page, "\n");
}

/* No server was reached: the run ended by itself. */
static void put_gave_up(const struct page *page)
{
    enum error error = (enum error)page->total->gave_up;
    char text[NOTE_BYTES] = "";

    if (!error)
        return;
    add(text, "Stopped: every connection of the first second failed: %s, %s.", error_code(error),
        error_sentence(error));
    put(page, "\n");
    shade(page, SHADE_RED);
    put_words(page, 0, 0, text);
    shade(page, SHADE_NONE);
    put(page, "\n");
}

/* What was done */

static void put_requests(const struct page *page)
{
    const struct tally *total = page->total;
    char text[NOTE_BYTES] = "";

    if (page->run->open_loop) {
        add(text, "%s scheduled, ", figure_count(total->scheduled).text);
        if (total->waiting)
            add(text, "%s started, %s still waiting", figure_count(total->started).text,
                figure_count(total->waiting).text);
        else
            add(text, "all started");
        put_line(page, "Requests", "", "%s", text);
        *text = '\0';
    }
    add(text, "%s completed, %s failed", figure_count(total->completed).text,
        figure_count(total->failed).text);
    if (total->in_flight)
        add(text, ", %s in flight at the end", figure_count(total->in_flight).text);
    if (total->in_flight && total->unfinished->count)
        add(text, ", the oldest for %s", figure_span((double)total->unfinished->max).text);
    put_line(page, page->run->open_loop ? "" : "Requests", "", "%s", text);
}

static void put_rate(const struct page *page)
{
    const struct tally *total = page->total;
    char text[NOTE_BYTES] = "";

    add(text, "%s/s completed", figure_rate(per_second(page, (double)total->completed)).text);
    if (page->run->open_loop)
        add(text, ", of %s/s scheduled",
            figure_rate(per_second(page, (double)total->scheduled)).text);
    put_line(page, "Rate", "", "%s", text);
    put_line(page, "Transfer", "", "%s in (%s/s), %s out (%s/s)",
             figure_bytes((double)total->bytes_in).text,
             figure_bytes(per_second(page, (double)total->bytes_in)).text,
             figure_bytes((double)total->bytes_out).text,
             figure_bytes(per_second(page, (double)total->bytes_out)).text);
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
        put_label(page, label);
        shade(page, shade_of_status(i));
        fprintf(page->to, "%03u", i);
        shade(page, SHADE_NONE);
        fprintf(page->to, "%*s  %s\n", COUNT_COLUMNS, figure_count(count).text,
                figure_share(share_of(count, page->total->completed)).text);
        label = "";
    }
}

/* An answer is no error of the transport, but --slo counts it where its status is 400 or more. */
static void put_wrong(const struct page *page)
{
    uint64_t wrong = tally_wrong(page->total) - page->total->failed;

    if (wrong)
        fprintf(page->to, "%*s%s answers of 400 and up; --slo counts them as errors too\n",
                LABEL_COLUMNS, "", figure_count(wrong).text);
}

static void put_errors(const struct page *page)
{
    const char *label = "Errors";

    for (enum error i = ERROR_NONE + 1; i < ERROR_COUNT; i++) {
        uint64_t count = page->total->errors[i];

        if (!count)
            continue;
        put_label(page, label);
        shade(page, SHADE_RED);
        fprintf(page->to, "%-20s", error_code(i));
        shade(page, SHADE_NONE);
        fprintf(page->to, "%*s  %s\n", COUNT_COLUMNS, figure_count(count).text, error_sentence(i));
        label = "";
    }
    if (*label)
        put_line(page, label, "", "0");
    put_wrong(page);
}

/* How long it took */

/* A figure whose digits end and whose unit begins at one place in each line. */
static void put_span(const struct page *page, double span, bool last)
{
    struct figure figure = figure_span(span);
    int digits = (int)strcspn(figure.text, " ");

    fprintf(page->to, "%*.*s%-*s", CELL_COLUMNS - UNIT_COLUMNS, digits, figure.text,
            last ? 0 : UNIT_COLUMNS, figure.text + digits);
}

/* The columns of the table of latencies. */
struct column {
    const char *name;
    const struct histogram *histogram;
    struct histogram_summary summary;
};

#define MOST_LATENCIES 4

/* Those that hold something, and the first in any case. Returns how many. */
static size_t choose_columns(const struct page *page, struct column *columns)
{
    const struct tally *total = page->total;
    bool open = page->run->open_loop;
    const struct column all[MOST_LATENCIES] = {
        {.name = open ? "corrected" : "latency", .histogram = total->latency},
        {.name = "raw", .histogram = total->raw},
        {.name = "kernel", .histogram = total->kernel},
        {.name = "client delay", .histogram = total->delay},
    };
    size_t count = 0;

    for (size_t i = 0; i < MOST_LATENCIES; i++) {
        if (i && (!all[i].histogram->count || (all[i].histogram == total->raw && !open)))
            continue;
        columns[count] = all[i];
        histogram_summarize(all[i].histogram, &columns[count++].summary);
    }
    return count;
}

static void put_latency_row(const struct page *page, const char *name, const struct column *columns,
                            size_t count, double (*value)(const struct histogram_summary *summary))
{
    fprintf(page->to, "  %-*s", LABEL_COLUMNS - 5, name);
    for (size_t i = 0; i < count; i++)
        put_span(page, value(&columns[i].summary), i == count - 1);
    put(page, "\n");
}

#define X(member, percent, name)                                                                   \
    static double member##_of(const struct histogram_summary *summary)                             \
    {                                                                                              \
        return (double)summary->member;                                                            \
    }
HISTOGRAM_PERCENTILES(X)
X(min, 0, "min")
X(max, 100, "max")
X(mean, 0, "mean")
X(stddev, 0, "stddev")
#undef X

static void put_latency_table(const struct page *page, const struct column *columns, size_t count)
{
    shade(page, SHADE_BOLD);
    fprintf(page->to, "%-*s", LABEL_COLUMNS - 3,
            page->run->open_loop || count == 1 ? "Latency" : "");
    shade(page, SHADE_NONE);
    shade(page, SHADE_DIM);
    for (size_t i = 0; i < count && count > 1; i++)
        fprintf(page->to, "%*s", CELL_COLUMNS, columns[i].name);
    shade(page, SHADE_NONE);
    put(page, "\n");
#define X(member, percent, name) put_latency_row(page, name, columns, count, member##_of);
    X(min, 0, "min")
    HISTOGRAM_PERCENTILES(X)
    X(max, 100, "max")
    X(mean, 0, "mean")
    X(stddev, 0, "stddev")
#undef X
}

static void put_note(const struct page *page, const char *text)
{
    put(page, "  ");
    shade(page, SHADE_DIM);
    put_words(page, 2, 2, text);
    shade(page, SHADE_NONE);
    put(page, "\n");
}

/* Where so few values were taken that a percentile is the greatest of them. */
static void put_note_of_few(const struct page *page)
{
    uint64_t count = page->total->latency->count;
    char text[NOTE_BYTES] = "";

#define X(member, percent, name)                                                                   \
    if (!*text && (double)count * (100 - (percent)) < 100)                                         \
        add(text, "Of %s value%s, " name " and above %s the greatest.", figure_count(count).text,  \
            count == 1 ? "" : "s", "are");
    HISTOGRAM_PERCENTILES(X)
#undef X
    if (*text)
        put_note(page, text);
}

/* What the columns are, and what is in them that a reader might not expect. */
static void put_latency_notes(const struct page *page)
{
    const struct tally *total = page->total;
    char text[NOTE_BYTES] = "";

    if (page->run->open_loop)
        put_note(page, "corrected: from the time at which it was to be sent; raw: from when it was "
                       "sent.");
    if (total->kernel->count) {
        add(text,
            "kernel: until the kernel had the answer; client delay: from there until this program "
            "had it. Of %s stamped answers.",
            figure_count(total->kernel->count).text);
        put_note(page, text);
    }
    if (total->latency->count > total->completed) {
        *text = '\0';
        add(text, "%s had no response, and are in it with the age that they had.",
            figure_count(total->latency->count - total->completed).text);
        put_note(page, text);
    }
    put_note_of_few(page);
}

static void put_clamped(const struct page *page)
{
    uint64_t clamped = page->total->latency->clamped;

    if (!clamped)
        return;
    shade(page, SHADE_YELLOW);
    fprintf(page->to, "  %s of them took over an hour, and %s counted as an hour.\n",
            figure_count(clamped).text, clamped == 1 ? "is" : "are");
    shade(page, SHADE_NONE);
}

static void put_latency(const struct page *page)
{
    struct column columns[MOST_LATENCIES];

    put(page, "\n");
    if (!page->total->latency->count) {
        put_line(page, "Latency", "", "nothing was answered");
        return;
    }
    put_latency_table(page, columns, choose_columns(page, columns));
    put_latency_notes(page);
    put_clamped(page);
    put(page, "\n");
    shade(page, SHADE_BOLD);
    put(page, page->run->open_loop ? "Corrected latency" : "Latency");
    shade(page, SHADE_NONE);
    put(page, "\n");
    chart_draw(page->to, page->total->latency, page->color, page->columns);
}

static bool gap_is_remarkable(const struct page *page)
{
    nsec p99 = histogram_at(page->total->latency, 99), gap = page->total->gap;

    return gap / GAP_OVER_P99 > p99 && (double)gap > GAP_OVER_RUN * page->duration;
}

/* The program did not look for half of the gap, or more: it says nothing of the server. */
static bool gap_is_ours(const struct tally *total)
{
    return total->gap_away >= total->gap / 2;
}

static void put_gap(const struct page *page)
{
    const struct tally *total = page->total;
    struct figure gap = figure_span((double)total->gap);
    struct figure at = figure_span((double)total->gap_at);

    if (!total->gap || !total->completed)
        return;
    if (total->gap_away && gap_is_ours(total))
        put_line(page, "Longest gap", SHADE_YELLOW,
                 "%s between two answers, at %s: for %s of it the client itself did not look.",
                 gap.text, at.text, figure_span((double)total->gap_away).text);
    else if (!page->run->open_loop && gap_is_remarkable(page))
        put_line(page, "Longest gap", SHADE_YELLOW,
                 "%s between two answers, at %s: %s of the run, which a closed loop hides from its "
                 "percentiles. An open loop (-R) shows it.",
                 gap.text, at.text, figure_share((double)total->gap / page->duration).text);
    else
        put_line(page, "Longest gap", SHADE_DIM, "%s between two answers, at %s", gap.text,
                 at.text);
}

/* How it was done */

static void put_connections(const struct page *page)
{
    const struct tally *total = page->total;
    const struct histogram *connecting = total->connecting;

    put_line(page, "Connections", "", "%s made", figure_count(total->connections).text);
    if (connecting->count)
        put_line(page, "", "", "each took p50 %s, p99 %s, max %s%s",
                 figure_span((double)histogram_at(connecting, 50)).text,
                 figure_span((double)histogram_at(connecting, 99)).text,
                 figure_span((double)connecting->max).text,
                 total->handshakes ? ", handshake included" : "");
    if (total->handshakes)
        put_line(page, "", "", "%s TLS handshakes, %s (%s) of them resumed",
                 figure_count(total->handshakes).text, figure_count(total->resumed).text,
                 figure_share(share_of(total->resumed, total->handshakes)).text);
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

/* A line for each, where there are several. */
static void put_addresses(const struct page *page)
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

        put_label(page, label);
        fprintf(page->to, "%-*s  ", width, name_of_address(one, address));
        if (one->connections || !one->dropped)
            add(text, "%s connection%s, %s completed", figure_count(one->connections).text,
                one->connections == 1 ? "" : "s", figure_count(one->completed).text);
        if (one->completed)
            add(text, ", mean %s", figure_span((double)one->time / (double)one->completed).text);
        if (one->failed)
            add(text, ", %s failed", figure_count(one->failed).text);
        if (one->dropped)
            add(text, "%sdropped: %s", one->connections ? "; " : "",
                error_sentence((enum error)one->dropped));
        shade(page, one->dropped ? SHADE_YELLOW : "");
        put_words(page, LABEL_COLUMNS + (size_t)width + 2, LABEL_COLUMNS + (size_t)width + 2, text);
        shade(page, one->dropped ? SHADE_NONE : "");
        put(page, "\n");
        label = "";
    }
}

static void put_stamps(const struct page *page)
{
    const struct tally *total = page->total;

    if (total->stamps_missing)
        put_line(page, "", SHADE_DIM, "%s answers came without a kernel stamp",
                 figure_count(total->stamps_missing).text);
    if (total->stamps_unusable)
        put_line(page, "", SHADE_YELLOW,
                 "%s kernel stamps could not be used: the wall clock was set meanwhile",
                 figure_count(total->stamps_unusable).text);
}

/* "loop lag    p50 2 us, p99 31 us, max 1.2 ms" */
static void put_spread(const struct page *page, const char *name, const struct histogram *histogram,
                       const char *rest)
{
    if (!histogram->count)
        return;
    put_label(page, "");
    fprintf(page->to, "%s  p50 %s, p99 %s, max %s%s\n", name,
            figure_span((double)histogram_at(histogram, 50)).text,
            figure_span((double)histogram_at(histogram, 99)).text,
            figure_span((double)histogram->max).text, rest);
}

static void put_cpu(const struct page *page)
{
    const struct tally *total = page->total;
    uint64_t ended = tally_ended(total);
    double cpu = (double)(total->cpu_user + total->cpu_system);
    char each[NOTE_BYTES] = "";

    if (ended)
        add(each, ": %s a request", figure_span(cpu / (double)ended).text);
    put_line(page, "", "", "CPU %s user, %s system%s", figure_span((double)total->cpu_user).text,
             figure_span((double)total->cpu_system).text, each);
}

static void put_client(const struct page *page)
{
    const struct judgement *judgement = &page->run->judgement;
    const struct tally *total = page->total;
    bool ok = judgement->verdict == VERDICT_OK;
    char late[NOTE_BYTES] = "";

    put_line(page, "Client", ok ? SHADE_GREEN : SHADE_RED, "%s, %sbusy %s of the time",
             verdict_name(judgement->verdict), total->processes > 1 ? "its busiest process " : "",
             figure_share(judgement->busy_share).text);
    put_cpu(page);
    put_spread(page, "loop lag  ", total->lag, "");
    add(late, "; %s over %d ms", figure_share(judgement->late_share).text,
        (int)(VERDICT_LATE / NSEC_PER_MS));
    if (page->run->open_loop)
        put_spread(page, "send delay", total->lateness, late);
    put_stamps(page);
}

static struct figure figure_of_slo(const struct slo_part *part, double value)
{
    struct figure none = {"nothing"};

    if (isnan(value))
        return none;
    switch (part->kind) {
    case SLO_ERRORS: return figure_share(value);
    case SLO_RPS: return figure_rate(value);
    case SLO_PERCENTILE:
    case SLO_MEAN:
    case SLO_MAX: break;
    }
    return figure_span(value);
}

static void put_slo(const struct page *page)
{
    const struct slo *slo = page->run->slo;

    for (size_t i = 0; i < slo->count; i++) {
        const struct slo_part *part = &slo->part[i];
        const char *unit = part->kind == SLO_RPS ? "/s" : "";

        put_label(page, i ? "" : "SLO");
        shade(page, part->held ? SHADE_GREEN : SHADE_RED);
        fprintf(page->to, "%-8s", part->held ? "held" : "missed");
        shade(page, SHADE_NONE);
        fprintf(page->to, "%-7s at %s %s%s, was %s%s\n", part->name,
                part->kind == SLO_RPS ? "least" : "most", figure_of_slo(part, part->limit).text,
                unit, figure_of_slo(part, part->measured).text, isnan(part->measured) ? "" : unit);
    }
}

void bench_report_text(FILE *to, const struct bench_run *run, bool color, size_t columns)
{
    struct page page = {.to = to, .run = run, .total = run->total, .color = color};

    page.duration = (double)(run->total->to - run->total->from);
    page.columns = !columns                  ? DEFAULT_COLUMNS
                   : columns < LEAST_COLUMNS ? LEAST_COLUMNS
                   : columns > MOST_COLUMNS  ? MOST_COLUMNS
                                             : columns;
    put_title(&page);
    put_bottleneck(&page);
    put_limited(&page);
    put_interrupted(&page);
    put_gave_up(&page);
    put(&page, "\n");
    put_requests(&page);
    put_rate(&page);
    put_statuses(&page);
    put_errors(&page);
    put_latency(&page);
    put(&page, "\n");
    put_gap(&page);
    put_connections(&page);
    put_addresses(&page);
    put_client(&page);
    put_slo(&page);
}
