/*
 * The timer alone composes the line, so that showing it again costs one write. Rejected: two lines,
 * or a progress bar. One line that is cut to the width can always be erased. A terminal that
 * accepts nothing (stopped with ^S) is left alone: progress must never block the loop.
 */
#include "cli/output/progress.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/output/terminal.h"

#define CLEAR          "\r" ERASE_LINE
#define LINE_BYTES     160
#define SAMPLES        20 /* intervals that the rate is measured over: five seconds */
#define DEFAULT_WIDTH  80
#define MIN_WIDTH      10 /* on a narrower terminal nothing is drawn */
#define MAX_HOURS      100
#define HOUR_SECONDS   3600
#define MINUTE_SECONDS 60

/* The number of sites done at a time. */
struct progress_sample {
    nsec time;
    uint64_t done;
};

struct progress {
    struct loop *loop;
    int fd;
    uint64_t total, done, failed;
    size_t (*in_flight)(void *owner);
    void *owner;
    struct timer timer;
    struct task show;                        /* shows the line after progress_hide_for_flush */
    struct progress_sample samples[SAMPLES]; /* a ring */
    size_t sample_count;   /* number of all samples; the next is at sample_count % SAMPLES */
    char line[LINE_BYTES]; /* as last composed; "": not yet */
    bool drawn;            /* it is on the terminal */
    bool hidden;           /* other output is being written */
};

static bool write_all(const struct progress *progress, const char *bytes, size_t count)
{
    struct pollfd one = {.fd = progress->fd, .events = POLLOUT};

    return poll(&one, 1, 0) == 1 && one.revents == POLLOUT &&
           write(progress->fd, bytes, count) == (ssize_t)count;
}

static void clear(struct progress *progress)
{
    if (progress->drawn && write_all(progress, CLEAR, strlen(CLEAR)))
        progress->drawn = false;
}

/* Writes the line, cut before the last column: writing there could move the cursor down. */
static void draw(struct progress *progress)
{
    char bytes[sizeof(CLEAR) + LINE_BYTES];
    size_t width = terminal_columns(progress->fd);
    int count;

    width = width ? width : DEFAULT_WIDTH;
    if (progress->hidden || !*progress->line || width < MIN_WIDTH)
        return;
    count = snprintf(bytes, sizeof(bytes), CLEAR "%.*s",
                     (int)(width - 1 < LINE_BYTES ? width - 1 : LINE_BYTES), progress->line);
    if (write_all(progress, bytes, (size_t)count))
        progress->drawn = true;
}

/* Takes a sample and returns the sites per second of the last five seconds. */
static double measure(struct progress *progress)
{
    struct progress_sample now = {loop_now(progress->loop), progress->done};
    size_t count = progress->sample_count < SAMPLES ? progress->sample_count : SAMPLES;
    struct progress_sample first = progress->samples[(progress->sample_count - count) % SAMPLES];

    progress->samples[progress->sample_count++ % SAMPLES] = now;
    if (now.time <= first.time)
        return 0;
    return (double)(now.done - first.done) * (double)NSEC_PER_S / (double)(now.time - first.time);
}

/* Writes ", 1:02:03 left" to `at`, or nothing if it is not known. */
static void add_time_left(const struct progress *progress, double rate, char *at, size_t room)
{
    double seconds;
    unsigned long left;

    if (progress->total <= progress->done || rate <= 0)
        return;
    seconds = (double)(progress->total - progress->done) / rate;
    if (seconds >= MAX_HOURS * HOUR_SECONDS)
        return;
    left = (unsigned long)(seconds + 0.5);
    if (left >= HOUR_SECONDS)
        snprintf(at, room, ", %lu:%02lu:%02lu left", left / HOUR_SECONDS,
                 left / MINUTE_SECONDS % MINUTE_SECONDS, left % MINUTE_SECONDS);
    else
        snprintf(at, room, ", %lu:%02lu left", left / MINUTE_SECONDS, left % MINUTE_SECONDS);
}

static void compose(struct progress *progress)
{
    double rate = measure(progress);
    char total[32] = "";
    int count;

    if (progress->total)
        snprintf(total, sizeof(total), " of %llu", (unsigned long long)progress->total);
    count =
        snprintf(progress->line, LINE_BYTES, "%llu%s done, %llu failed, %.*f/s, %zu in flight",
                 (unsigned long long)progress->done, total, (unsigned long long)progress->failed,
                 rate < 10 ? 1 : 0, rate, progress->in_flight(progress->owner));
    if (count > 0 && count < LINE_BYTES)
        add_time_left(progress, rate, progress->line + count, LINE_BYTES - (size_t)count);
}

static void on_interval(void *owner)
{
    struct progress *progress = owner;

    compose(progress);
    draw(progress);
    loop_arm(progress->loop, &progress->timer,
             clock_after(loop_now(progress->loop), PROGRESS_INTERVAL));
}

static void on_show(void *owner)
{
    progress_show(owner);
}

struct progress *progress_new(struct loop *loop, int fd, uint64_t total,
                              size_t (*in_flight)(void *owner), void *owner)
{
    struct progress *progress;

    if (!terminal_can_erase(fd))
        return NULL;
    progress = memory_zeroed(sizeof(*progress));
    progress->loop = loop;
    progress->fd = fd;
    progress->total = total;
    progress->in_flight = in_flight;
    progress->owner = owner;
    progress->samples[progress->sample_count++].time = loop_clock(loop);
    task_init(&progress->show, on_show, progress, "progress redraw");
    timer_init(&progress->timer, on_interval, progress, "progress interval");
    loop_arm(loop, &progress->timer, clock_after(progress->samples[0].time, PROGRESS_INTERVAL));
    return progress;
}

void progress_count(struct progress *progress, bool failed)
{
    if (!progress)
        return;
    progress->done++;
    progress->failed += failed;
}

void progress_hide(struct progress *progress)
{
    if (!progress)
        return;
    progress->hidden = true;
    clear(progress);
}

void progress_show(struct progress *progress)
{
    if (!progress)
        return;
    progress->hidden = false;
    draw(progress);
}

void progress_hide_for_flush(struct progress *progress)
{
    if (!progress)
        return;
    progress_hide(progress);
    loop_defer(progress->loop, &progress->show);
}

void progress_free(struct progress *progress)
{
    if (!progress)
        return;
    loop_cancel(progress->loop, &progress->timer);
    loop_undefer(progress->loop, &progress->show);
    clear(progress);
    free(progress);
}
