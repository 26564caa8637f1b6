/*
 * A view of a few lines, redrawn in place. A frame may be larger than a terminal accepts at once.
 * So the terminal is opened a second time with O_NONBLOCK, which does not change the shared
 * descriptor. The rest of a frame waits, and no other frame is drawn before it is sent. Rejected:
 * the alternate screen, because earlier text and the report should stay visible.
 */
#include "cli/output/live.h"

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cli/output/figures.h"
#include "cli/output/terminal.h"
#include "cli/output/text.h"

#define SAMPLES         60 /* intervals in the graph: the last minute */
#define GRAPH_LINES     2
#define EIGHTHS         8 /* of a character */
#define LINES           6
#define BAR_COLUMNS     30
#define DEFAULT_COLUMNS 80
#define MAX_COLUMNS     100
#define MIN_COLUMNS     20 /* on a narrower terminal nothing is drawn */
#define TEXT_BYTES      256
#define LAST_WAIT_MS    500 /* limit of waiting for a slow terminal at the end */
#define PATH_BYTES      64

/* An interval in the graph. */
struct live_sample {
    double rate; /* completed requests per second */
    bool failed; /* a request failed */
};

struct live {
    int fd;     /* of the terminal; borrowed */
    int own_fd; /* the same terminal, opened again; -1: it could not be opened */
    nsec duration;
    uint64_t requests;
    bool color;
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

__attribute__((format(printf, 2, 3))) static void put_format(struct live *live, const char *format,
                                                             ...)
{
    char text[TEXT_BYTES];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    put(live, text);
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

static void put_bar(struct live *live, double share)
{
    unsigned eighths = (unsigned)(share * BAR_COLUMNS * EIGHTHS + 0.5);

    put(live, "  ");
    shade(live, SHADE_CYAN);
    for (unsigned i = 0; i < BAR_COLUMNS; i++, eighths -= eighths < EIGHTHS ? eighths : EIGHTHS)
        put(live, eighths ? figure_across(eighths) : "·");
    shade(live, SHADE_NONE);
    put_format(live, " %.0f%%", 100 * share);
}

static void put_time(struct live *live, const struct tally *total)
{
    double share = done_share(live, total);

    shade(live, SHADE_BOLD);
    put_format(live, "%.0f s", clock_seconds(total->to));
    if (live->duration != NSEC_NEVER)
        put_format(live, " of %.0f s", clock_seconds(live->duration));
    shade(live, SHADE_NONE);
    if (live->requests)
        put_format(live, ", %s of %s requests", figure_count(total->completed + total->failed).text,
                   figure_count(live->requests).text);
    if (share >= 0)
        put_bar(live, share);
}

static void put_rate(struct live *live, const struct tally *interval, const struct tally *total)
{
    enum error error = tally_commonest_error(total);

    put_format(live, "%s/s now, %s/s mean, ",
               figure_rate(tally_per_second(interval, interval->completed)).text,
               figure_rate(tally_per_second(total, total->completed)).text);
    shade(live, total->failed ? SHADE_RED : "");
    put_format(live, "%s failed", figure_count(total->failed).text);
    if (error)
        put_format(live, " (%s)", error_code(error));
    shade(live, total->failed ? SHADE_NONE : "");
}

static void put_latency(struct live *live, const struct tally *total)
{
    const struct histogram *latency = total->latency;

    if (latency->count)
        put_format(live, "latency p50 %s, p99 %s, max %s",
                   figure_span((double)histogram_at(latency, 50)).text,
                   figure_span((double)histogram_at(latency, 99)).text,
                   figure_span((double)latency->max).text);
    else
        put(live, "no response yet");
}

static void put_state(struct live *live, const struct tally *interval)
{
    put_format(live, "%s connections, %s in flight", figure_count(interval->open).text,
               figure_count(interval->in_flight).text);
    if (interval->waiting)
        put_format(live, ", %s waiting", figure_count(interval->waiting).text);
    put_format(live, ", client %s busy", figure_share(tally_busy(interval)).text);
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
        put(live, figure_upward(eighths > level * EIGHTHS ? eighths - level * EIGHTHS : 0));
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
    put_time(live, total);
    begin_line(live, columns);
    put_rate(live, interval, total);
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

struct live *live_new(int fd, nsec duration, uint64_t requests, bool color)
{
    char path[PATH_BYTES];
    struct live *live;

    if (!terminal_can_erase(fd))
        return NULL;
    live = memory_zeroed(sizeof(*live));
    live->fd = fd;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    live->own_fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    live->duration = duration;
    live->requests = requests;
    live->color = color;
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
    free(live);
}
