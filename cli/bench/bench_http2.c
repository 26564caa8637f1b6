/* The lines of a report about HTTP/2. With HTTP/1.1 there are none. */
#include <string.h>

#include "cli/bench/bench_page.h"
#include "cli/output/figures.h"
#include "cli/output/terminal.h"

static bool is_http2(const struct page *page)
{
    return page->run->load->versions != HTTP_1_1_ONLY;
}

/* The server's limit is valid only if it has sent SETTINGS. */
static bool allows_fewer_streams(const struct page *page)
{
    return page->total->any_settings && page->total->streams_limit_min < page->run->load->streams;
}

static struct figure figure_of_limit(uint64_t limit)
{
    return limit == UINT32_MAX ? (struct figure){"any number"} : figure_count(limit);
}

/* Appends the limit of the server. */
static void add_limit(const struct page *page, char *text)
{
    const struct tally *total = page->total;

    if (!total->any_settings)
        page_add(text, "limit of the server unknown: it sent no SETTINGS");
    else if (total->streams_limit_min == total->streams_limit_max)
        page_add(text, "the server allows %s", figure_of_limit(total->streams_limit_min).text);
    else
        page_add(text, "the server allows %s to %s, not always the same",
                 figure_of_limit(total->streams_limit_min).text,
                 figure_of_limit(total->streams_limit_max).text);
}

/* Writes "the server allows fewer streams than -m: 8"; "8 to 100" if the limit has changed. */
static void put_fewer_streams(const struct page *page, const char *label)
{
    const struct tally *total = page->total;
    struct figure min = figure_of_limit(total->streams_limit_min);

    if (!allows_fewer_streams(page))
        return;
    if (total->streams_limit_min == total->streams_limit_max)
        page_line(page, label, SHADE_YELLOW, "the server allows fewer streams than -m: %s",
                  min.text);
    else
        page_line(page, label, SHADE_YELLOW,
                  "the server allows fewer streams than -m: %s, at other times %s", min.text,
                  figure_of_limit(total->streams_limit_max).text);
}

/* Appends what servers sent and what was sent again, each with ", " before it. */
static void add_events(const struct page *page, char *text)
{
    const struct tally *total = page->total;
    const struct {
        uint64_t count;
        const char *name;
    } events[] = {
        {total->goaways, "GOAWAY"},
        {total->resets, "reset"},
        {total->refused, "refused"},
        {total->resent, "resent"},
    };

    for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)
        if (events[i].count)
            page_add(text, "%s%s %s", *text ? ", " : "", figure_count(events[i].count).text,
                     events[i].name);
}

static void put_protocol_line(const struct page *page)
{
    const struct load_options *load = page->run->load;

    page_line(page, "Protocol", "", "HTTP/2 %s, %u stream%s per connection",
              strncmp(page->run->url, "https:", strlen("https:")) != 0 ? "with prior knowledge"
                                                                       : "over TLS",
              load->streams, load->streams == 1 ? "" : "s");
}

/* Appends the mean of the bytes of fields on the wire, and what HPACK has saved. */
static void add_headers(char *text, const char *direction, uint64_t bytes, uint64_t plain,
                        uint64_t messages)
{
    const char *subject = strstr(text, "HPACK") ? "" : "HPACK ";

    if (*text)
        page_add(text, ", ");
    if (!messages || !plain) {
        page_add(text, "unknown %s", direction);
        return;
    }
    page_add(text, "%s %s (%s", figure_bytes((double)bytes / (double)messages).text, direction,
             subject);
    if (bytes <= plain)
        page_add(text, "saves %s)", figure_share(1 - (double)bytes / (double)plain).text);
    else
        page_add(text, "adds %s)", figure_share((double)bytes / (double)plain - 1).text);
}

void bench_put_headers(const struct page *page)
{
    const struct tally *total = page->total;
    char text[NOTE_BYTES] = "";

    if (!is_http2(page))
        return;
    add_headers(text, "in", total->header_bytes_in, total->header_bytes_in_plain, total->heads_in);
    add_headers(text, "out", total->header_bytes_out, total->header_bytes_out_plain,
                total->heads_out);
    page_line(page, "Headers", "", "a request: %s", text);
}

void bench_put_protocol(const struct page *page)
{
    if (is_http2(page))
        put_protocol_line(page);
}

static void put_slot_wait(const struct page *page)
{
    const struct histogram *wait = page->total->slot_wait;

    if (wait->count)
        page_line(page, "Slot wait", "", "%s requests waited: p50 %s, p99 %s, max %s",
                  figure_count(wait->count).text, figure_span((double)histogram_at(wait, 50)).text,
                  figure_span((double)histogram_at(wait, 99)).text,
                  figure_span((double)wait->max).text);
}

void bench_put_http2(const struct page *page)
{
    char text[NOTE_BYTES] = "";

    if (!is_http2(page))
        return;
    put_protocol_line(page);
    put_fewer_streams(page, "");
    bench_put_headers(page);
    add_limit(page, text);
    add_events(page, text);
    page_line(page, "Streams", "", "%s", text);
    put_slot_wait(page);
}

void bench_put_slot_wait(const struct page *page)
{
    if (is_http2(page))
        put_slot_wait(page);
}

void bench_put_streams(const struct page *page)
{
    char text[NOTE_BYTES] = "";

    if (!is_http2(page))
        return;
    add_events(page, text);
    put_fewer_streams(page, "Streams");
    if (*text)
        page_line(page, allows_fewer_streams(page) ? "" : "Streams", SHADE_YELLOW, "%s", text);
}

const char *bench_remedy(const struct load_options *load, const struct tally *total)
{
    return load->versions != HTTP_1_1_ONLY && total->any_settings &&
                   load->streams < total->streams_limit_min
               ? "more connections (-c), or more streams (-m)"
               : "more connections (-c)";
}
