/*
 * A view of a few lines, redrawn in place. A frame may be larger than a terminal accepts at once.
 * So the terminal is opened a second time with O_NONBLOCK, which does not change the shared
 * descriptor. The rest of a frame waits, and no other frame is drawn before it is sent. Rejected:
 * the alternate screen, because earlier text and the report should stay visible.
 */
#include "cli/output/live.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cli/output/figures.h"
#include "cli/output/items.h"
#include "cli/output/terminal.h"
#include "cli/output/text.h"

#define SAMPLES         60 /* intervals in the graph: the last minute */
#define GRAPH_LINES     2
#define EIGHTHS         8 /* of a character */
#define LINES           8
#define BAR_COLUMNS     30
#define MIN_BAR_COLUMNS 10
#define DEFAULT_COLUMNS 80
#define MAX_COLUMNS     100
#define MIN_COLUMNS     20 /* on a narrower terminal nothing is drawn */
#define TEXT_BYTES      256
#define LAST_WAIT_MS    500 /* limit of waiting for a slow terminal at the end */
#define PATH_BYTES      64
#define DOTS            "..." /* at the end of a URL that is shortened */
#define MIN_URL_COLUMNS 10
#define MAX_ERRORS      3 /* that are listed */

/* The rank of the errors after the most frequent one: they are left out before the statuses. */
#define MORE_ERRORS_RANK (2 + ITEMS_CLASSES)

/* An interval in the graph. */
struct live_sample {
    double rate; /* completed requests per second */
    bool failed; /* a request failed */
};

struct live {
    int fd;     /* of the terminal; borrowed */
    int own_fd; /* the same terminal, opened again; -1: it could not be opened */
    char *url;  /* owned */
    size_t others;
    nsec duration;
    uint64_t requests;
    bool color;
    bool utf8;                           /* otherwise bars are drawn in ASCII */
    struct live_sample samples[SAMPLES]; /* a ring */
    size_t sample_count; /* number of all samples; the next is at sample_count % SAMPLES */
    size_t lines;        /* on the terminal when `frame` is sent */
    size_t max_lines;    /* of this frame: one less than the terminal has */
    size_t line;         /* of this frame, that is being composed */
    size_t room;         /* columns left in that line */
    FILE *to;            /* the stream that composes the frame */
    char *frame;         /* the composed bytes; owned */
    size_t bytes, sent;  /* of the frame */
};

/* Sends the rest of the frame. False if the terminal does not accept all of it within `wait_ms`. A
   write to the shared descriptor blocks, so only a few bytes are written there at once, and only
   when poll() reports room. */
static bool flush(struct live *live, int wait_ms)
{
    int fd = live->own_fd >= 0 ? live->own_fd : live->fd;
    size_t max = live->own_fd >= 0 ? SIZE_MAX : TEXT_BYTES;

    while (live->sent < live->bytes) {
        struct pollfd one = {.fd = fd, .events = POLLOUT};
        size_t left = live->bytes - live->sent;
        ssize_t wrote;

        if (poll(&one, 1, wait_ms) != 1 || one.revents != POLLOUT)
            return false;
        wrote = write(fd, live->frame + live->sent, left < max ? left : max);
        if (wrote <= 0)
            return false;
        live->sent += (size_t)wrote;
    }
    return true;
}

/* Composing: text beyond the end of the line or of the frame is dropped */

static bool is_cut(const struct live *live)
{
    return live->line > live->max_lines;
}

static void put_sequence(struct live *live, const char *sequence)
{
    if (!is_cut(live))
        fputs(sequence, live->to);
}

static void shade(struct live *live, const char *sequence)
{
    if (live->color)
        put_sequence(live, sequence);
}

/* Characters of one column each. */
static void put(struct live *live, const char *text)
{
    if (!is_cut(live))
        live->room -= text_show(live->to, text, strlen(text), live->room);
}

/* Ends the current line and begins the next one. */
static void begin_line(struct live *live, size_t columns)
{
    if (live->line)
        put_sequence(live, "\n");
    live->line++;
    live->room = columns - 1; /* writing in the last column could move the cursor down */
    put_sequence(live, "\r" ERASE_LINE);
}

/* The lines */

/* The share of the run that is done, 0 to 1, by the nearer limit; negative if there is no limit. */
static double done_share(const struct live *live, const struct tally *total)
{
    double share = -1;

    if (live->duration != NSEC_NEVER && live->duration)
        share = (double)total->to / (double)live->duration;
    if (live->requests) {
        double ended = (double)(total->completed + total->failed) / (double)live->requests;

        share = ended > share ? ended : share;
    }
    return share < 1 ? share : 1;
}

/* Writes the shown items. */
static void put_items(struct live *live, const struct items *items)
{
    bool any = false;

    for (size_t i = 0; i < items->count; i++) {
        const struct item *item = &items->list[i];

        if (!item->shown)
            continue;
        put(live, any ? item->between : "");
        shade(live, item->shade);
        put(live, item->text);
        shade(live, *item->shade ? SHADE_NONE : "");
        any = true;
    }
}

static void put_fitting(struct live *live, struct items *items)
{
    items_fit(items, live->room);
    put_items(live, items);
}

/* Writes the URL, and the number of the others. A URL that does not fit is shortened at its end. */
static void put_title(struct live *live)
{
    char others[TEXT_BYTES] = "";
    size_t length = strlen(live->url), room = live->room;

    if (is_cut(live))
        return;
    if (live->others)
        snprintf(others, sizeof(others), " and %s more", figure_count(live->others).text);
    if (strlen(others) + MIN_URL_COLUMNS > room)
        *others = '\0';
    room -= strlen(others);
    shade(live, SHADE_BOLD);
    if (text_width(live->url, length) <= room) {
        text_show(live->to, live->url, length, TEXT_ALL);
    } else {
        text_cell(live->to, live->url, length, TEXT_ALL, room - strlen(DOTS));
        fputs(DOTS, live->to);
    }
    shade(live, SHADE_NONE);
    fputs(others, live->to);
}

static void put_bar(struct live *live, double share, size_t columns)
{
    unsigned eighths = (unsigned)(share * (double)columns * EIGHTHS + 0.5);
    const char *empty = live->utf8 ? "·" : ".";

    shade(live, SHADE_CYAN);
    for (size_t i = 0; i < columns; i++, eighths -= eighths < EIGHTHS ? eighths : EIGHTHS)
        put(live, eighths ? figure_across(eighths, live->utf8) : empty);
    shade(live, SHADE_NONE);
}

/* Writes the limits, and how much of the run is done, with a bar if there is room for it. */
static void put_time(struct live *live, const struct tally *total)
{
    double share = done_share(live, total);
    struct items items = {.count = 0};
    size_t room = live->room, taken;
    struct item *percent;

    if (live->duration != NSEC_NEVER)
        items_add(&items, 0, "", "%.0f s of %.0f s", clock_seconds(total->to),
                  clock_seconds(live->duration));
    else
        items_add(&items, 0, "", "%.0f s", clock_seconds(total->to));
    if (live->requests)
        items_add(&items, 2, ", ", "%s of %s requests",
                  figure_count(total->completed + total->failed).text,
                  figure_count(live->requests).text);
    if (share < 0) {
        put_fitting(live, &items);
        return;
    }
    percent = items_add(&items, 1, ", ", "%.0f%%", 100 * share);
    taken = items_fit(&items, room) + 1; /* the bar is between three blanks, not after ", " */
    items.count--;                       /* the bar stands before the percentage */
    put_items(live, &items);
    if (!percent->shown)
        return;
    if (taken + MIN_BAR_COLUMNS <= room) {
        put(live, "  ");
        put_bar(live, share, room - taken < BAR_COLUMNS ? room - taken : BAR_COLUMNS);
        put(live, " ");
    } else {
        put(live, percent->between);
    }
    put(live, percent->text);
}

static void put_rate(struct live *live, const struct tally *interval, const struct tally *total)
{
    struct items items = {.count = 0};

    items_add(&items, 0, "", "%s/s now",
              figure_rate(tally_per_second(interval, interval->completed)).text);
    items_add(&items, 1, ", ", "%s/s mean",
              figure_rate(tally_per_second(total, total->completed)).text);
    put_fitting(live, &items);
}

/* Adds the most frequent errors, the most frequent first. */
static void add_errors(struct items *items, const struct tally *total)
{
    enum error listed[MAX_ERRORS];
    size_t count = 0;

    while (count < MAX_ERRORS) {
        enum error error = ERROR_NONE;

        for (enum error e = ERROR_NONE + 1; e < ERROR_COUNT; e++) {
            bool is_listed = false;

            for (size_t i = 0; i < count; i++)
                is_listed = is_listed || listed[i] == e;
            if (!is_listed && total->errors[e] > (error ? total->errors[error] : 0))
                error = e;
        }
        if (!error)
            return;
        items_add(items, count ? MORE_ERRORS_RANK : 1, count ? ", " : ": ", "%s %s",
                  figure_count(total->errors[error]).text, error_code(error))
            ->shade = SHADE_RED;
        listed[count++] = error;
    }
}

/* Writes the responses by the class of their status, and the failures by their error. */
static void put_outcomes(struct live *live, const struct tally *total)
{
    uint64_t classes[ITEMS_CLASSES] = {0};
    struct items items = {.count = 0};
    struct item *failed;

    for (unsigned status = 0; status < TALLY_STATUSES; status++)
        classes[status / 100] += total->status[status];
    items_add_classes(&items, 2, classes);
    failed = items_add(&items, 0, ", ", "%s failed", figure_count(total->failed).text);
    failed->shade = total->failed ? SHADE_RED : "";
    add_errors(&items, total);
    put_fitting(live, &items);
}

static void put_latency(struct live *live, const struct tally *total)
{
    const struct histogram *latency = total->latency;
    struct items items = {.count = 0};

    if (latency->count) {
        items_add(&items, 0, "", "latency p50 %s",
                  figure_span((double)histogram_at(latency, 50)).text);
        items_add(&items, 1, ", ", "p99 %s", figure_span((double)histogram_at(latency, 99)).text);
        items_add(&items, 2, ", ", "max %s", figure_span((double)latency->max).text);
    } else {
        items_add(&items, 0, "", "no response yet");
    }
    put_fitting(live, &items);
}

static void put_state(struct live *live, const struct tally *interval)
{
    struct items items = {.count = 0};

    items_add(&items, 3, "", "%s connections", figure_count(interval->open).text);
    items_add(&items, 1, ", ", "%s in flight", figure_count(interval->in_flight).text);
    if (interval->waiting)
        items_add(&items, 0, ", ", "%s waiting", figure_count(interval->waiting).text);
    items_add(&items, 2, ", ", "client %s busy", figure_share(tally_busy(interval)).text);
    put_fitting(live, &items);
}

/* Sample `i` of the last `count` samples. */
static const struct live_sample *sample_of(const struct live *live, size_t count, size_t i)
{
    return &live->samples[(live->sample_count - count + i) % SAMPLES];
}

/* Draws one line of the graph; `level` 0 is at the bottom. A rate over 0 is always visible. */
static void put_graph(struct live *live, size_t count, double max, unsigned level)
{
    const char *current = "";

    for (size_t i = 0; i < count; i++) {
        const struct live_sample *sample = sample_of(live, count, i);
        const char *next = sample->failed ? SHADE_RED : SHADE_GREEN;
        double share = max > 0 ? sample->rate / max : 0;
        unsigned eighths = (unsigned)(share * GRAPH_LINES * EIGHTHS + 0.5);

        eighths = !eighths && (sample->rate > 0 || sample->failed) ? 1 : eighths;
        if (next != current)
            shade(live, next);
        current = next;
        eighths = eighths > level * EIGHTHS ? eighths - level * EIGHTHS : 0;
        put(live, figure_upward(eighths, live->utf8));
    }
    shade(live, SHADE_NONE);
}

static void put_graphs(struct live *live, size_t columns)
{
    char label[TEXT_BYTES];
    size_t count = live->sample_count < SAMPLES ? live->sample_count : SAMPLES, room;
    double max = 0;

    for (size_t i = 0; i < count; i++)
        if (sample_of(live, count, i)->rate > max)
            max = sample_of(live, count, i)->rate;
    snprintf(label, sizeof(label), " %s/s", figure_rate(max).text);
    room = columns - 1 > strlen(label) ? columns - 1 - strlen(label) : 0;
    count = count < room ? count : room;
    for (unsigned level = GRAPH_LINES; level-- > 0;) {
        begin_line(live, columns);
        put_graph(live, count, max, level);
        if (level == GRAPH_LINES - 1) {
            shade(live, SHADE_DIM);
            put(live, label);
            shade(live, SHADE_NONE);
        }
    }
}

static void compose(struct live *live, const struct tally *interval, const struct tally *total,
                    size_t columns)
{
    begin_line(live, columns);
    put_title(live);
    begin_line(live, columns);
    put_time(live, total);
    begin_line(live, columns);
    put_rate(live, interval, total);
    begin_line(live, columns);
    put_outcomes(live, total);
    begin_line(live, columns);
    put_latency(live, total);
    begin_line(live, columns);
    put_state(live, interval);
    put_graphs(live, columns);
}

/* Begins a frame: moves the cursor to the first line of the last frame. */
static void begin_frame(struct live *live)
{
    free(live->frame);
    live->to = memory_stream(&live->frame, &live->bytes);
    live->sent = live->line = 0;
    if (live->lines)
        fprintf(live->to, CURSOR_UP, live->lines);
}

/* Ends the frame and erases the lines below it. */
static void end_frame(struct live *live, int wait_ms)
{
    fputs(ERASE_BELOW, live->to);
    fclose(live->to);
    flush(live, wait_ms);
}

static size_t rows_of(const struct live *live)
{
    struct winsize size;

    return ioctl(live->fd, TIOCGWINSZ, &size) || !size.ws_row ? LINES + 1 : size.ws_row;
}

/* The number of columns to use. */
static size_t columns_of(const struct live *live)
{
    size_t columns = terminal_columns(live->fd);

    columns = columns ? columns : DEFAULT_COLUMNS;
    return columns < MAX_COLUMNS ? columns : MAX_COLUMNS;
}

struct live *live_new(int fd, const struct live_options *options)
{
    char path[PATH_BYTES];
    struct live *live;

    if (!terminal_can_erase(fd))
        return NULL;
    live = memory_zeroed(sizeof(*live));
    live->fd = fd;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    live->own_fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    live->url = memory_text(options->url, strlen(options->url));
    live->others = options->others;
    live->duration = options->duration;
    live->requests = options->requests;
    live->color = options->color;
    live->utf8 = terminal_is_utf8();
    return live;
}

void live_show(struct live *live, const struct tally *interval, const struct tally *total)
{
    size_t columns, rows;

    if (!live)
        return;
    live->samples[live->sample_count++ % SAMPLES] =
        (struct live_sample){tally_per_second(interval, interval->completed), interval->failed > 0};
    columns = columns_of(live);
    rows = rows_of(live);
    if (!flush(live, 0) || columns < MIN_COLUMNS || rows < 2)
        return;
    live->max_lines = rows - 1;
    begin_frame(live);
    compose(live, interval, total, columns);
    put_sequence(live, "\n");
    live->lines = is_cut(live) ? live->max_lines : live->line;
    end_frame(live, 0);
}

void live_free(struct live *live)
{
    if (!live)
        return;
    if (flush(live, LAST_WAIT_MS) && live->lines) {
        begin_frame(live);
        fputs("\r", live->to);
        end_frame(live, LAST_WAIT_MS);
    }
    if (live->own_fd >= 0)
        close(live->own_fd);
    free(live->frame);
    free(live->url);
    free(live);
}
