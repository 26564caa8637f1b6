/*
 * The timer alone composes the items, so that showing them again costs one write. Rejected: two
 * lines, or a progress bar. One line that fits the width can always be erased. A terminal that
 * accepts nothing (stopped with ^S) is left alone: progress must never block the loop.
 */
#include "cli/output/progress.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/output/figures.h"
#include "cli/output/items.h"
#include "cli/output/terminal.h"

#define CLEAR          "\r" ERASE_LINE
#define LINE_BYTES     160
#define SAMPLES        20 /* intervals that the rate is measured over: five seconds */
#define DEFAULT_WIDTH  80
#define MIN_WIDTH      10 /* on a narrower terminal nothing is drawn */
#define MAX_HOURS      100
#define HOUR_SECONDS   3600
#define MINUTE_SECONDS 60
#define CLASSES_RANK   4 /* the rank of the first class of statuses */

/* The number of sites done at a time. */
struct progress_sample {
    nsec time;
    uint64_t done;
};

struct progress {
    struct loop *loop;
    int fd;
    uint64_t total, done, failed; /* with those of earlier runs */
    uint64_t earlier;             /* sites of `done` that earlier runs reported */
    size_t (*in_flight)(void *owner);
    void *owner;
    struct timer timer;
    struct task show;                        /* shows the line after progress_hide_for_flush */
    struct progress_sample samples[SAMPLES]; /* a ring */
    size_t sample_count; /* number of all samples; the next is at sample_count % SAMPLES */
    uint64_t classes[ITEMS_CLASSES]; /* number of sites by the class of their status */
    struct items items;              /* of the line, as last composed; none: not yet */
    bool drawn;                      /* the line is on the terminal */
    bool hidden;                     /* other output is being written */
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

/* Writes the items that fit before the last column: writing there could move the cursor down. */
static void draw(struct progress *progress)
{
    char bytes[sizeof(CLEAR) + LINE_BYTES] = CLEAR, *end = bytes + strlen(CLEAR);
    size_t width = terminal_columns(progress->fd), room = LINE_BYTES;

    width = width ? width : DEFAULT_WIDTH;
    if (progress->hidden || !progress->items.count || width < MIN_WIDTH)
        return;
    items_fit(&progress->items, width - 1 < room ? width - 1 : room);
    for (size_t i = 0; i < progress->items.count; i++) {
        const struct item *item = &progress->items.list[i];

        if (item->shown) {
            end = stpcpy(end, end > bytes + strlen(CLEAR) ? item->between : "");
            end = stpcpy(end, item->text);
        }
    }
    if (write_all(progress, bytes, (size_t)(end - bytes)))
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

/* Adds "1:02:03 left", or nothing if it is not known. */
static void add_time_left(struct progress *progress, double rate)
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
        items_add(&progress->items, 2, ", ", "%lu:%02lu:%02lu left", left / HOUR_SECONDS,
                  left / MINUTE_SECONDS % MINUTE_SECONDS, left % MINUTE_SECONDS);
    else
        items_add(&progress->items, 2, ", ", "%lu:%02lu left", left / MINUTE_SECONDS,
                  left % MINUTE_SECONDS);
}

static void compose(struct progress *progress)
{
    struct items *items = &progress->items;
    double rate = measure(progress);

    items->count = 0;
    if (progress->total)
        items_add(items, 0, "", "%s of %s done", figure_count(progress->done).text,
                  figure_count(progress->total).text);
    else
        items_add(items, 0, "", "%s done", figure_count(progress->done).text);
    if (progress->earlier)
        items_add(items, CLASSES_RANK + ITEMS_CLASSES + 1, " ", "(%s earlier)",
                  figure_count(progress->earlier).text);
    items_add_classes(items, CLASSES_RANK, progress->classes);
    items_add(items, 1, ", ", "%s failed", figure_count(progress->failed).text);
    items_add(items, 3, ", ", "%s/s", figure_rate(rate).text);
    items_add(items, CLASSES_RANK + ITEMS_CLASSES, ", ", "%zu in flight",
              progress->in_flight(progress->owner));
    add_time_left(progress, rate);
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

void progress_count_earlier(struct progress *progress, uint64_t done, uint64_t failed)
{
    if (!progress)
        return;
    progress->done += done;
    progress->failed += failed;
    progress->earlier += done;
    progress->samples[0].done = progress->done; /* the rate is that of this run */
}

void progress_count(struct progress *progress, unsigned status, bool failed)
{
    if (!progress)
        return;
    progress->done++;
    progress->failed += failed;
    if (status / 100 && status / 100 < ITEMS_CLASSES)
        progress->classes[status / 100]++;
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
